package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// maxNesting is how many containers may be nested in what is stored. It is
// less than what can be written as JSON at all: an answer or an event puts the
// document into others, and one that could be stored but not shown would spoil
// every list that it is in.
const maxNesting = py.MaxDocumentDepth - 16

// nestedTooDeeply reports whether a JSON text has more than maxNesting
// containers inside each other.
func nestedTooDeeply(text []byte) bool {
	if bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) <= maxNesting {
		return false // nearly all texts are let go here, at the speed of memory
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '{', '[':
			if depth++; depth > maxNesting {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// endOfString returns where the string that begins at i ends.
func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

func errNesting(what string) error {
	return gale.Errorf(gale.Invalid, "%s is nested too deeply: at most %d levels can be stored", what, maxNesting)
}

// encodeError is gale.Invalid for what is nested too deeply or too large to
// be written, which is the fault of whoever made it.
func encodeError(what string, err error) error {
	var e *py.Error
	if errors.As(err, &e) && (e.Class == "ValueError" || e.Class == "MemoryError") {
		return gale.Errorf(gale.Invalid, "%s cannot be stored: %w", what, err)
	}
	return fmt.Errorf("encode %s: %w", what, err)
}
