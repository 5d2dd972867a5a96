package httpapi

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const hidden = "********"

// shownPath is the path for the log: of an operation whose path may hold a
// secret the document's path is shown, and so is that of a path that could not
// be matched but looks like one of those.
func (x *exchange) shownPath() string {
	op := x.req.Op
	if op == nil {
		return clip(hideAfter(x.req.HTTP.URL.Path, "/apikeys/"))
	}
	for i := range op.Params {
		if p := &op.Params[i]; p.Secret && p.In == "path" {
			return op.Path
		}
	}
	return clip(x.req.HTTP.URL.Path)
}

func hideAfter(path, mark string) string {
	if before, _, found := strings.Cut(path, mark); found {
		return before + mark + hidden
	}
	return path
}

// maxShown bounds what a client can write into the log at once.
const maxShown = 1024

func clip(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}

// maskQuery returns a query for the log. Values of names that look like
// credentials are hidden, whatever their case: a misspelt name is the likely
// way for a token to go where it is not expected.
func maskQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var b strings.Builder
	for raw != "" && b.Len() < maxShown {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, text, has := strings.Cut(pair, "=")
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		switch {
		case has && secretName(unescape(name)):
			b.WriteString("=" + hidden)
		case has:
			b.WriteString("=" + text)
		}
	}
	return clip(b.String())
}

var secretWords = [...]string{"token", "key", "password", "secret", "auth"}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// maxRequestID is the longest request id that is taken from a client.
const maxRequestID = 128

// requestID returns the client's id of a request if it is fit for logs and
// headers, else a new random UUID.
func requestID(given string) string {
	if given != "" && len(given) <= maxRequestID && printable(given) {
		return given
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:36], b[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
