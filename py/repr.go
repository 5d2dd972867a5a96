package py

import (
	"math/big"
	"strconv"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Str is str(v). What exceeds MaxSize is cut off, and containers nested
// deeper than Python's recursion limit print as "..."; StrOf reports both.
func Str(v any) string {
	s, _ := StrOf(v)
	return s
}

// Repr is repr(v), limited as Str is.
func Repr(v any) string {
	s, _ := ReprOf(v)
	return s
}

// StrOf is Str with a MemoryError or RecursionError for what Str cuts off.
func StrOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case Date:
		return v.String(), nil
	case DateTime:
		return v.String(), nil
	case *Error:
		return v.Message, nil
	case Strer:
		return v.PyStr(), nil
	}
	return ReprOf(v)
}

// ReprOf is Repr with a MemoryError or RecursionError for what Repr cuts off.
func ReprOf(v any) (string, error) {
	p := printer{}
	p.repr(v)
	return string(p.buf), p.err
}

// printer builds one repr.
type printer struct {
	buf  []byte
	path []uintptr // containers being printed, to find cycles
	err  error
}

func (p *printer) text(s string) { p.buf = append(p.buf, s...) }

func (p *printer) repr(v any) {
	if len(p.buf) > MaxSize {
		p.err = errTooBig
		return
	}
	switch v := v.(type) {
	case nil:
		p.text("None")
	case bool:
		if v {
			p.text("True")
		} else {
			p.text("False")
		}
	case int64:
		p.buf = strconv.AppendInt(p.buf, v, 10)
	case *big.Int:
		p.buf = v.Append(p.buf, 10)
	case float64:
		p.buf = appendFloat(p.buf, v)
	case string:
		p.buf = appendQuoted(p.buf, v)
	case []any:
		p.sequence("[", v, "]", sliceID(v))
	case *List:
		p.sequence("[", v.Items, "]", uintptr(unsafe.Pointer(v)))
	case Tuple:
		p.tuple(v)
	case *Dict:
		p.dict(v)
	default:
		p.rare(v)
	}
}

// sliceID identifies a []any by its first item: a list that contains itself
// shares it.
func sliceID(v []any) uintptr {
	if len(v) == 0 {
		return 0
	}
	return uintptr(unsafe.Pointer(unsafe.SliceData(v)))
}

// enter reports whether the container may be printed; leave must follow.
func (p *printer) enter(id uintptr, open, end string) bool {
	for _, q := range p.path {
		if q == id && id != 0 {
			p.text(open + "..." + end)
			return false
		}
	}
	if len(p.path) >= maxDepth {
		p.err = errTooDeep
		p.text(open + "..." + end)
		return false
	}
	p.path = append(p.path, id)
	return true
}

func (p *printer) leave() { p.path = p.path[:len(p.path)-1] }

func (p *printer) sequence(open string, items []any, end string, id uintptr) {
	if !p.enter(id, open, end) {
		return
	}
	p.text(open)
	for i, item := range items {
		if i > 0 {
			p.text(", ")
		}
		if p.repr(item); len(p.buf) > MaxSize {
			break
		}
	}
	p.text(end)
	p.leave()
}

func (p *printer) tuple(t Tuple) {
	end := ")"
	if len(t) == 1 {
		end = ",)"
	}
	p.sequence("(", t, end, sliceID(t))
}

func (p *printer) dict(d *Dict) {
	if !p.enter(uintptr(unsafe.Pointer(d)), "{", "}") {
		return
	}
	p.text("{")
	first := true
	for k, v := range d.All() {
		if !first {
			p.text(", ")
		}
		first = false
		p.repr(k)
		p.text(": ")
		if p.repr(v); len(p.buf) > MaxSize {
			break
		}
	}
	p.text("}")
	p.leave()
}

func (p *printer) rare(v any) {
	switch v := v.(type) {
	case *Set:
		p.set(v)
	case Bytes:
		p.buf = appendBytesRepr(p.buf, string(v))
	case Range:
		p.text("range(" + strconv.FormatInt(v.Start, 10) + ", " + strconv.FormatInt(v.Stop, 10))
		if v.Step != 1 {
			p.text(", " + strconv.FormatInt(v.Step, 10))
		}
		p.text(")")
	case *View:
		p.text(v.kind.String() + "(")
		p.view(v)
		p.text(")")
	case Date:
		p.text(v.repr())
	case DateTime:
		p.text(v.repr())
	case *Error:
		p.text(v.Class + "(" + Repr(v.Message) + ")")
	case int:
		p.buf = strconv.AppendInt(p.buf, int64(v), 10)
	case Reprer:
		p.text(v.PyRepr())
	case Strer:
		p.text(v.PyStr())
	default:
		// Python adds an address; nobody can depend on it, and output that
		// repeats is worth more.
		p.text("<" + TypeName(v) + " object>")
	}
}

func (p *printer) view(v *View) {
	id := uintptr(unsafe.Pointer(v.d))
	items := make([]any, 0, v.Len())
	for item := range v.All() {
		items = append(items, item)
	}
	p.sequence("[", items, "]", id)
}

func (p *printer) set(s *Set) {
	switch {
	case s.Len() == 0 && s != nil && s.Frozen:
		p.text("frozenset()")
	case s.Len() == 0:
		p.text("set()")
	case s.Frozen:
		p.sequence("frozenset({", s.Items(), "})", uintptr(unsafe.Pointer(s)))
	default:
		p.sequence("{", s.Items(), "}", uintptr(unsafe.Pointer(s)))
	}
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends the repr of a string: single quotes, unless it holds
// single quotes and no double ones.
func appendQuoted(dst []byte, s string) []byte {
	quote := quoteFor(s)
	dst = append(dst, quote)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendASCII(dst, c, quote)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if printable(r) {
			dst = append(dst, s[i:i+n]...)
		} else {
			dst = appendEscape(dst, r)
		}
		i += n
	}
	return append(dst, quote)
}

func quoteFor(s string) byte {
	single := false
	for i := range len(s) {
		switch s[i] {
		case '"':
			return '\''
		case '\'':
			single = true
		}
	}
	if single {
		return '"'
	}
	return '\''
}

func appendASCII(dst []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(dst, '\\', c)
	case c >= ' ' && c < 0x7f:
		return append(dst, c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

func appendEscape(dst []byte, r rune) []byte {
	letter, digits := byte('U'), 8
	switch {
	case r <= 0xff:
		letter, digits = 'x', 2
	case r <= 0xffff:
		letter, digits = 'u', 4
	}
	dst = append(dst, '\\', letter)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[r>>shift&15])
	}
	return dst
}

// printable is str.isprintable of one character. Unassigned characters are in
// none of Go's tables, hence not printable, as in Python.
func printable(r rune) bool {
	return r == ' ' || unicode.IsPrint(r)
}

func appendBytesRepr(dst []byte, s string) []byte {
	quote := quoteFor(s)
	dst = append(dst, 'b', quote)
	for i := range len(s) {
		dst = appendASCII(dst, s[i], quote)
	}
	return append(dst, quote)
}

// ASCII is ascii(v): repr with everything beyond ASCII escaped.
func ASCII(v any) string {
	s := Repr(v)
	dst := make([]byte, 0, len(s))
	for _, r := range s {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
		} else {
			dst = appendEscape(dst, r)
		}
	}
	return string(dst)
}
