// Package python holds Gale's Python SDK: the package gale_sdk, which runs
// actions, and shims with the names that StackStorm's packs import.
package python

import "embed"

// Files holds the SDK under the directory lib.
//
//go:embed all:lib
var Files embed.FS
