// Package api holds the API document: what Gale serves, and what its clients
// and its own router are made from. openapi.yaml is the source; openapi.json
// says the same and is embedded, because it is read in a fraction of the time.
package api

import _ "embed"

// Document is openapi.json. It must not be changed.
//
//go:embed openapi.json
var Document []byte
