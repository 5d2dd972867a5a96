package jsonpath

import (
	"unicode"

	"github.com/galehq/gale/py"
)

// kind is the type of a token: a character that stands for itself, or one of the constants.
type kind rune

const (
	end kind = -iota - 1
	doubleDot
	number
	id
	where
	named // `this` and `parent`
)

func (k kind) String() string {
	switch k {
	case end:
		return "end"
	case doubleDot:
		return "DOUBLEDOT"
	case number:
		return "NUMBER"
	case id:
		return "ID"
	case where:
		return "WHERE"
	case named:
		return "NAMED_OPERATOR"
	}
	return string(rune(k))
}

type token struct {
	kind      kind
	text      string
	n         int
	line, col int // the column counts from 0, as in the library's messages
}

// lexer reads one token after the other.
type lexer struct {
	text    []rune
	pos     int
	line    int
	newline int // where the last newline was
}

func errorf(format string, args ...any) error {
	return py.Errorf("Exception", format, args...)
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case ' ', '\t':
			l.pos++
			continue
		case '\n':
			l.line++
			l.newline = l.pos
			l.pos++
			continue
		}
		return l.token()
	}
	return token{kind: end, line: l.line, col: l.pos - l.newline}, nil
}

func (l *lexer) token() (token, error) {
	t := token{line: l.line, col: l.pos - l.newline}
	start, r := l.pos, l.text[l.pos]
	l.pos++
	switch {
	case isNameStart(r):
		l.skip(func(r rune) bool { return isNameStart(r) || isDigit(r) || r == '-' })
		t.kind, t.text = id, string(l.text[start:l.pos])
		if t.text == "where" {
			t.kind = where
		}
		return t, nil
	case isNumber(r) || r == '-' && l.pos < len(l.text) && isNumber(l.text[l.pos]):
		l.skip(isNumber)
		t.kind, t.text = number, string(l.text[start:l.pos])
		n, err := py.IntBase(t.text, 10)
		if err != nil {
			return t, err
		}
		t.n = clamp(n)
		return t, nil
	case r == '\'' || r == '"' || r == '`':
		return l.quoted(t, r)
	case r == '.' && l.pos < len(l.text) && l.text[l.pos] == '.':
		l.pos++
		t.kind, t.text = doubleDot, ".."
		return t, nil
	}
	switch r {
	case '*', '.', '[', ']', '(', ')', '$', ',', ':', '|', '&':
		t.kind, t.text = kind(r), string(r)
		return t, nil
	}
	return t, errorf("Error on line %d, col %d: Unexpected character: %c ", t.line, t.col, r)
}

// clamp makes an index fit; no list is that long.
func clamp(n any) int {
	if i, ok := n.(int64); ok && -1<<40 < i && i < 1<<40 {
		return int(i)
	}
	if neg, _ := py.Compare(n, int64(0)); neg < 0 {
		return -1 << 40
	}
	return 1 << 40
}

func (l *lexer) skip(ok func(rune) bool) {
	for l.pos < len(l.text) && ok(l.text[l.pos]) {
		l.pos++
	}
}

// quoted reads to the closing quote. A backslash makes the next character stand for itself.
func (l *lexer) quoted(t token, quote rune) (token, error) {
	var text []rune
	for l.pos < len(l.text) {
		r := l.text[l.pos]
		l.pos++
		switch {
		case r == quote:
			if t.kind = id; quote == '`' {
				t.kind = named
			}
			t.text = string(text)
			return t, nil
		case r == '\\' && l.pos < len(l.text) && l.text[l.pos] != '\n':
			r = l.text[l.pos]
			l.pos++
		case r == '\\':
			return t, errorf("Error on line %d, col %d while lexing %s: Unexpected character: %c ",
				t.line, l.pos-1-l.newline, quoteName(quote), r)
		}
		text = append(text, r)
	}
	return t, errorf("Unexpected EOF in string literal or identifier")
}

func quoteName(quote rune) string {
	switch quote {
	case '\'':
		return "singlequoted field"
	case '"':
		return "doublequoted field"
	}
	return "backquoted operator"
}

func isNameStart(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_' || r == '@'
}

func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
func isNumber(r rune) bool { return unicode.Is(unicode.Nd, r) }
