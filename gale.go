// Package gale is the vocabulary of Gale: packs, actions, rules, triggers,
// executions and the words their users know them by, as plain values.
//
// The package does no I/O. Every type here has one form that is stored, sent
// and shown: its JSON is StackStorm's JSON of the same resource, so that what
// a client reads is what the database holds. Values that users wrote or
// actions produced (parameters, payloads, results) are document values of
// package py: nil, bool, int64, *big.Int, float64, string, []any, *py.Dict.
package gale

import (
	"fmt"
	"strings"
	"time"
)

// Version is the version of this build; releases set it with -ldflags.
var Version = "0.1.0-dev"

// Time is a moment in microseconds since the Unix epoch, the resolution that
// the API shows. Its text form is ISO 8601 in UTC with six decimals and a Z.
// The zero Time means "not yet".
type Time int64

const timeLayout = "2006-01-02T15:04:05.000000Z"

// TimeOf returns t rounded down to a microsecond.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// Std returns t as a time.Time in UTC.
func (t Time) Std() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Add returns t moved by d.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Microseconds()) }

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t-u) * time.Microsecond }

// String returns the text form, or "" for the zero Time.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(timeLayout)
}

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the text form; it also takes other RFC 3339 texts.
func (t *Time) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = 0
		return nil
	}
	std, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("time %q is not ISO 8601: %w", b, err)
	}
	*t = TimeOf(std)
	return nil
}

// Ref names a resource inside its pack, written "pack.name". It is split at
// the first dot, so names may contain dots (core.st2.webhook).
type Ref struct{ Pack, Name string }

// ParseRef splits a reference; ok is false when there is no dot or a side is empty.
func ParseRef(s string) (r Ref, ok bool) {
	pack, name, found := strings.Cut(s, ".")
	return Ref{pack, name}, found && pack != "" && name != ""
}

func (r Ref) String() string { return r.Pack + "." + r.Name }

// UID returns StackStorm's uid of a resource: its kind, pack and name joined by colons.
func (r Ref) UID(kind string) string { return kind + ":" + r.Pack + ":" + r.Name }

// Tag is a name and value that users attach to resources.
type Tag struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DefaultPack receives resources that are created through the API without a pack.
const DefaultPack = "default"

// SystemPacks cannot be removed; their actions use the system interpreter.
var SystemPacks = map[string]bool{"chatops": true, "core": true, "linux": true, "packs": true}
