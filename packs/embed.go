// Package packs holds the packs that every installation has, embedded so that
// the binary is all there is to install. A pack of the same name on disk wins.
package packs

import "embed"

// FS has one directory for each pack.
//
//go:embed all:core all:default all:examples
var FS embed.FS
