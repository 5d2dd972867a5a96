package pyre

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/galehq/gale/py"
)

// source is a pattern or a replacement template while it is read: one character at a time, except that a backslash
// and what follows it are one token.
type source struct {
	text []rune
	pos  int
}

func newSource(text string) *source { return &source{text: []rune(text)} }

func (s *source) done() bool { return s.pos >= len(s.text) }

// peek returns the next character, or -1 at the end.
func (s *source) peek() rune {
	if s.done() {
		return -1
	}
	return s.text[s.pos]
}

func (s *source) next() rune {
	r := s.peek()
	if r >= 0 {
		s.pos++
	}
	return r
}

func (s *source) accept(r rune) bool {
	if s.peek() != r {
		return false
	}
	s.pos++
	return true
}

// while takes up to n characters that ok admits.
func (s *source) while(n int, ok func(rune) bool) string {
	start := s.pos
	for s.pos-start < n && !s.done() && ok(s.text[s.pos]) {
		s.pos++
	}
	return string(s.text[start:s.pos])
}

// until takes what precedes the terminator, which it consumes. what is the noun of the errors.
func (s *source) until(terminator rune, what string) (string, error) {
	start := s.pos
	for {
		switch c := s.next(); {
		case c < 0 && s.pos == start:
			return "", s.errorf(0, "missing %s", what)
		case c < 0:
			return "", s.errorf(s.pos-start, "missing %c, unterminated name", terminator)
		case c == terminator && s.pos-1 == start:
			return "", s.errorf(1, "missing %s", what)
		case c == terminator:
			return string(s.text[start : s.pos-1]), nil
		case c == '\\' && !s.done():
			s.pos++
		}
	}
}

// errorf makes Python's re.error about the place back characters before the current one.
func (s *source) errorf(back int, format string, args ...any) error {
	return s.errorAt(s.pos-back, fmt.Sprintf(format, args...))
}

func (s *source) errorAt(pos int, msg string) error {
	msg = fmt.Sprintf("%s at position %d", msg, pos)
	if all := string(s.text); strings.Contains(all, "\n") {
		before := string(s.text[:min(pos, len(s.text))])
		line := strings.Count(before, "\n")
		column := pos - len([]rune(before[:strings.LastIndexByte(before, '\n')+1])) + 1
		msg += fmt.Sprintf(" (line %d, column %d)", line+1, column)
	}
	return &py.Error{Class: "re.error", Message: msg}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
func isOctal(r rune) bool { return '0' <= r && r <= '7' }

func isHex(r rune) bool {
	return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
}

func isASCIILetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// isIdentifier is str.isidentifier.
func isIdentifier(name string) bool {
	for i, r := range name {
		start := r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || unicode.Is(unicode.Other_ID_Start, r)
		part := unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
		if !start && (i == 0 || !part) {
			return false
		}
	}
	return name != ""
}
