//go:build !failpoint

package store

// FailPoint does nothing: this build has no fail-points.
func FailPoint(string) error { return nil }
