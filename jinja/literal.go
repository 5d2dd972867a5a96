package jinja

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// maxDigits is the length of the longest decimal integer that Python converts
// from or to text.
const maxDigits = 4300

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digitsLen returns the length of decimal digits with single underscores
// between them at the start of s.
func digitsLen(s string) int {
	n := 0
	for n < len(s) {
		switch {
		case isDigit(s[n]):
			n++
		case s[n] == '_' && n > 0 && n+1 < len(s) && isDigit(s[n+1]):
			n += 2
		default:
			return n
		}
	}
	return n
}

// floatLen returns the length of the float literal at the start of s, or 0.
// Behind a dot there is none: x.1.2 is two subscripts.
func floatLen(s string, afterDot bool) int {
	n := digitsLen(s)
	if n == 0 || afterDot {
		return 0
	}
	fraction := 0
	if n < len(s) && s[n] == '.' {
		if d := digitsLen(s[n+1:]); d > 0 {
			fraction = 1 + d
		}
	}
	if exp := exponentLen(s[n+fraction:]); exp > 0 {
		return n + fraction + exp
	}
	if fraction > 0 {
		return n + fraction
	}
	return 0
}

func exponentLen(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	if d := digitsLen(s[n:]); d > 0 {
		return n + d
	}
	return 0
}

// integerLen returns the length of the integer literal at the start of s, or
// 0. A leading zero ends a decimal literal, as in the original.
func integerLen(s string) int {
	if s == "" || !isDigit(s[0]) {
		return 0
	}
	if s[0] != '0' {
		return digitsLen(s)
	}
	if len(s) > 1 {
		if ok := baseDigits[s[1]|0x20]; ok != nil {
			if n := prefixedLen(s[2:], ok); n > 0 {
				return 2 + n
			}
		}
	}
	return prefixedLen(s[1:], func(c byte) bool { return c == '0' }) + 1
}

var baseDigits = map[byte]func(c byte) bool{
	'b': func(c byte) bool { return c == '0' || c == '1' },
	'o': func(c byte) bool { return c >= '0' && c <= '7' },
	'x': func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' },
}

// prefixedLen returns the length of digits that may each have an underscore
// in front.
func prefixedLen(s string, digit func(byte) bool) int {
	n := 0
	for n < len(s) {
		switch {
		case digit(s[n]):
			n++
		case s[n] == '_' && n+1 < len(s) && digit(s[n+1]):
			n += 2
		default:
			return n
		}
	}
	return n
}

func (l *lexer) float(n int) (token, error) {
	t := l.take(tFloat, n)
	// A value out of range is ±Inf, as in Python.
	f, _ := strconv.ParseFloat(strings.ReplaceAll(t.text, "_", ""), 64)
	t.value = f
	return t, nil
}

func (l *lexer) integer(n int) (token, error) {
	t := l.take(tInteger, n)
	s := strings.ReplaceAll(t.text, "_", "")
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		t.value = i
		return t, nil
	}
	if len(s) > maxDigits && isDigit(s[1]) {
		return t, &placed{py.Errorf("ValueError", "Exceeds the limit (%d digits) for integer string conversion:"+
			" value has %d digits; use sys.set_int_max_str_digits() to increase the limit", maxDigits, len(s)), t.pos}
	}
	b, ok := new(big.Int).SetString(s, 0)
	switch {
	case !ok || b.BitLen() > py.MaxBits:
		return t, &placed{py.Errorf("OverflowError", "integer literal too large"), t.pos}
	case b.IsInt64():
		t.value = b.Int64()
	default:
		t.value = b
	}
	return t, nil
}

// stringLen returns the length of the quoted string at the start of s, or 0
// if there is none or it does not end.
func stringLen(s string) int {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

func (l *lexer) string(n int) (token, error) {
	t := l.take(tString, n)
	s, err := unescape(t.text[1 : n-1])
	if err != nil {
		return t, err.at(t.pos)
	}
	t.value, t.text = s, ""
	return t, nil
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b",
	'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape resolves backslash escapes as Python's unicode-escape codec does.
// Unknown escapes stay as they are.
func unescape(s string) (string, *Error) {
	if !strings.Contains(s, "\\") {
		return s, nil
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		n, err := unescapeOne(&b, s)
		if err != nil {
			return "", err
		}
		s = s[n:]
	}
	return b.String(), nil
}

// unescapeOne writes the meaning of the escape whose text behind the backslash
// begins s, and returns how many bytes of s it took.
func unescapeOne(b *strings.Builder, s string) (int, *Error) {
	if s == "" {
		return 0, errorf(ClassSyntax, "\\ at end of string")
	}
	c := s[0]
	if text, ok := simpleEscapes[c]; ok {
		b.WriteString(text)
		return 1, nil
	}
	switch {
	case c == 'x':
		return unescapeHex(b, s, 2, "truncated \\xXX escape")
	case c == 'u':
		return unescapeHex(b, s, 4, "truncated \\uXXXX escape")
	case c == 'U':
		return unescapeHex(b, s, 8, "truncated \\UXXXXXXXX escape")
	case c == 'N':
		return 0, namedEscape(s)
	case c >= '0' && c <= '7':
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[:n], 8, 32)
		b.WriteRune(rune(v))
		return n, nil
	case c >= utf8.RuneSelf:
		// The original first turns the character into an escape of its own,
		// whose backslash this one then quotes.
		r, n := utf8.DecodeRuneInString(s)
		b.WriteString("\\" + asciiEscape(r))
		return n, nil
	}
	b.WriteByte('\\')
	b.WriteByte(c)
	return 1, nil
}

func unescapeHex(b *strings.Builder, s string, digits int, message string) (int, *Error) {
	if len(s) < 1+digits {
		return 0, errorf(ClassSyntax, "%s", message)
	}
	v, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || s[1] == '+' {
		return 0, errorf(ClassSyntax, "%s", message)
	}
	if v > utf8.MaxRune {
		return 0, errorf(ClassSyntax, "illegal Unicode character")
	}
	b.WriteRune(rune(v)) // a surrogate becomes U+FFFD
	return 1 + digits, nil
}

// namedEscape refuses \N{...}: the names are not worth their megabyte here.
func namedEscape(s string) *Error {
	if len(s) > 3 && s[1] == '{' && strings.IndexByte(s, '}') > 2 {
		return errorf(ClassSyntax, "unknown Unicode character name")
	}
	return errorf(ClassSyntax, "malformed \\N character escape")
}

func asciiEscape(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf("x%02x", r)
	case r < 0x10000:
		return fmt.Sprintf("u%04x", r)
	}
	return fmt.Sprintf("U%08x", r)
}
