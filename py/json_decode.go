package py

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// JSONError tells where a JSON text is wrong. Its text is that of Python's
// JSONDecodeError where Python has one.
type JSONError struct {
	Message string
	Line    int // 1-based
	Column  int // 1-based, in characters
	Offset  int // 0-based, in bytes
}

// Error returns "message: line L column C (char N)".
func (e *JSONError) Error() string {
	return fmt.Sprintf("%s: line %d column %d (char %d)", e.Message, e.Line, e.Column, e.Offset)
}

// DecodeJSON reads one JSON value. Objects keep their order (of equal keys the
// last value counts, at the first one's place), integers are exact, numbers
// with a fraction or exponent are float64. Refused, with *JSONError: what the
// JSON grammar refuses, nesting beyond MaxDocumentDepth, invalid UTF-8, NaN
// and Infinity, numbers beyond float64. A lone surrogate becomes U+FFFD.
func DecodeJSON(data []byte) (any, error) { return JSONOptions{}.Decode(data) }

// DecodePythonJSON is json.loads: DecodeJSON that takes NaN, Infinity and
// -Infinity, and reads a float beyond the range as infinite.
func DecodePythonJSON(data []byte) (any, error) { return JSONOptions{Constants: true}.Decode(data) }

// JSONOptions loosens DecodeJSON.
type JSONOptions struct {
	Constants bool // NaN, Infinity, -Infinity, and 1e999 as infinite
	Control   bool // control characters in strings, as strict=False
}

// Decode reads one JSON value.
func (o JSONOptions) Decode(data []byte) (any, error) {
	d := decoder{data: data, opt: o}
	if !utf8.Valid(data) {
		return nil, d.invalidUTF8()
	}
	if len(data) <= shareMax {
		d.text = string(data)
	}
	d.space()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return v, nil
}

// shareMax is the size of a document up to which its strings are parts of one
// copy of the text. In a larger document a short string that lives on would
// keep too much alive, so each is copied.
const shareMax = 64 << 10

type decoder struct {
	data []byte
	text string // copy of data whose parts become values, or ""
	pos  int
	opt  JSONOptions
	// stack collects the items of open arrays, so that each array is
	// allocated once, at its final size.
	stack []any
	name  string // of the member that members has come to
}

func (d *decoder) invalidUTF8() error {
	i := 0
	for i < len(d.data) {
		r, n := utf8.DecodeRune(d.data[i:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		i += n
	}
	return d.errorAt(i, "Invalid UTF-8")
}

func (d *decoder) errorAt(pos int, msg string) error {
	pos = min(pos, len(d.data))
	head := d.data[:pos]
	e := &JSONError{Message: msg, Line: 1, Offset: pos}
	start := 0
	for i, c := range head {
		if c == '\n' {
			e.Line++
			start = i + 1
		}
	}
	e.Column = utf8.RuneCount(head[start:]) + 1
	return e
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\n', '\r', '\t':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) (any, error) {
	if d.pos >= len(d.data) {
		return nil, d.errorAt(d.pos, "Expecting value")
	}
	switch c := d.data[d.pos]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		d.pos++
		s, err := d.str()
		if err != nil {
			return nil, err
		}
		return s, nil
	case 't':
		return d.word("true", true)
	case 'f':
		return d.word("false", false)
	case 'n':
		return d.word("null", nil)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return d.number()
	case 'N', 'I':
		return d.constant()
	}
	return nil, d.errorAt(d.pos, "Expecting value")
}

func (d *decoder) word(w string, v any) (any, error) {
	if end := d.pos + len(w); end <= len(d.data) && string(d.data[d.pos:end]) == w {
		d.pos = end
		return v, nil
	}
	return nil, d.errorAt(d.pos, "Expecting value")
}

// constant reads NaN, Infinity and -Infinity.
func (d *decoder) constant() (any, error) {
	rest := d.data[d.pos:]
	for w, f := range constants {
		if d.opt.Constants && len(rest) >= len(w) && string(rest[:len(w)]) == w {
			d.pos += len(w)
			return f, nil
		}
	}
	return nil, d.errorAt(d.pos, "Expecting value")
}

var constants = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func (d *decoder) array(depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, d.errorAt(d.pos, "Nested too deeply")
	}
	d.pos++
	if d.space(); d.peek() == ']' {
		d.pos++
		return []any{}, nil
	}
	base := len(d.stack)
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.stack = append(d.stack, v)
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case ']':
			d.pos++
			out := make([]any, len(d.stack)-base)
			copy(out, d.stack[base:])
			clear(d.stack[base:])
			d.stack = d.stack[:base]
			return out, nil
		default:
			return nil, d.errorAt(d.pos, "Expecting ',' delimiter")
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (d *decoder) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

const propertyExpected = "Expecting property name enclosed in double quotes"

func (d *decoder) object(depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, d.errorAt(d.pos, "Nested too deeply")
	}
	d.pos++
	if d.space(); d.peek() == '}' {
		d.pos++
		return &Dict{}, nil
	}
	base := len(d.stack)
	for {
		if d.peek() != '"' {
			return nil, d.errorAt(d.pos, propertyExpected)
		}
		k, v, err := d.member(depth)
		if err != nil {
			return nil, err
		}
		d.stack = append(d.stack, k, v)
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case '}':
			d.pos++
			out := dictOfStrings(d.stack[base:])
			clear(d.stack[base:])
			d.stack = d.stack[:base]
			return out, nil
		default:
			return nil, d.errorAt(d.pos, "Expecting ',' delimiter")
		}
	}
}

func (d *decoder) member(depth int) (k, v any, err error) {
	d.pos++
	if k, err = d.key(); err != nil {
		return nil, nil, err
	}
	if d.space(); d.peek() != ':' {
		return nil, nil, d.errorAt(d.pos, "Expecting ':' delimiter")
	}
	d.pos++
	d.space()
	v, err = d.value(depth + 1)
	return k, v, err
}

// dictOfStrings makes a dictionary of pairs whose keys are strings.
func dictOfStrings(pairs []any) *Dict {
	n := len(pairs) / 2
	d := &Dict{entries: make([]entry, 0, n)}
	if n > linearMax {
		d.index = make([]int32, 1<<bits.Len(uint(2*n)))
	}
	for i := 0; i < len(pairs); i += 2 {
		s := pairs[i].(string)
		if at := d.findString(s); at >= 0 {
			d.entries[at].val = pairs[i+1]
			continue
		}
		d.entries = append(d.entries, entry{pairs[i], pairs[i+1]})
		if d.index != nil {
			d.addSlot(stringHash(s), len(d.entries))
		}
	}
	return d
}

// keyMax is the length of keys up to which they are shared between documents.
const keyMax = 32

// keyCache holds keys met lately, boxed: most objects of a system have the
// same few keys, and finding one here costs less than allocating it. A slot is
// replaced by the next key that falls into it.
var keyCache [1024]atomic.Pointer[boxedKey]

type boxedKey struct {
	text string
	box  any
}

// key reads a property name whose opening quote has been read.
func (d *decoder) key() (any, error) {
	hash := uint32(2166136261)
	for i := d.pos; i < len(d.data) && i-d.pos <= keyMax; i++ {
		c := d.data[i]
		if c == '"' {
			k := internKey(d.data[d.pos:i], hash)
			d.pos = i + 1
			return k, nil
		}
		if !plain[c] {
			break
		}
		hash = (hash ^ uint32(c)) * 16777619
	}
	s, err := d.str()
	return s, err
}

func internKey(b []byte, hash uint32) any {
	slot := &keyCache[hash%uint32(len(keyCache))]
	if k := slot.Load(); k != nil && k.text == string(b) {
		return k.box
	}
	k := &boxedKey{text: string(b)}
	k.box = k.text
	slot.Store(k)
	return k.box
}

// str reads a string whose opening quote has been read.
func (d *decoder) str() (string, error) {
	start, data := d.pos, d.data
	i := start
	for i < len(data) && plain[data[i]] {
		i++
	}
	switch {
	case i >= len(data):
		return "", d.errorAt(start-1, "Unterminated string starting at")
	case data[i] == '"':
		d.pos = i + 1
		return d.slice(start, i), nil
	}
	return d.escaped(start, i)
}

func (d *decoder) slice(from, to int) string {
	if d.text != "" {
		return d.text[from:to]
	}
	return string(d.data[from:to])
}

// escaped reads on from the first byte that does not stand for itself, at i.
func (d *decoder) escaped(start, i int) (string, error) {
	buf := append(make([]byte, 0, 2*(i-start)+16), d.data[start:i]...)
	for i < len(d.data) {
		c := d.data[i]
		switch {
		case plain[c]:
			buf = append(buf, c)
			i++
		case c == '"':
			d.pos = i + 1
			return unsafe.String(unsafe.SliceData(buf), len(buf)), nil
		case c == '\\' && i+1 >= len(d.data):
			return "", d.errorAt(start-1, "Unterminated string starting at")
		case c == '\\':
			n, err := 0, error(nil)
			if buf, n, err = d.escape(buf, i); err != nil {
				return "", err
			}
			i += n
		case !d.opt.Control:
			return "", d.errorAt(i, "Invalid control character at")
		default:
			buf = append(buf, c)
			i++
		}
	}
	return "", d.errorAt(start-1, "Unterminated string starting at")
}

// escape appends what the escape at i stands for and returns its length.
func (d *decoder) escape(buf []byte, i int) ([]byte, int, error) {
	c := d.data[i+1]
	if c == 'u' {
		return d.escapeU(buf, i)
	}
	if j := strings.IndexByte(`"\/bfnrt`, c); j >= 0 {
		return append(buf, "\"\\/\b\f\n\r\t"[j]), 2, nil
	}
	return nil, 0, d.errorAt(i, "Invalid \\escape")
}

func (d *decoder) escapeU(buf []byte, i int) ([]byte, int, error) {
	r, ok := d.hex4(i + 2)
	if !ok {
		return nil, 0, d.errorAt(i+1, "Invalid \\uXXXX escape")
	}
	if utf16.IsSurrogate(r) {
		if i+7 < len(d.data) && d.data[i+6] == '\\' && d.data[i+7] == 'u' {
			if low, ok := d.hex4(i + 8); ok {
				if p := utf16.DecodeRune(r, low); p != utf8.RuneError {
					return utf8.AppendRune(buf, p), 12, nil
				}
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(buf, r), 6, nil
}

func (d *decoder) hex4(i int) (rune, bool) {
	if i+4 > len(d.data) {
		return 0, false
	}
	r := rune(0)
	for _, c := range d.data[i : i+4] {
		n, ok := hexValue(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(n)
	}
	return r, true
}

func hexValue(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10, true
	}
	return 0, false
}

func (d *decoder) number() (any, error) {
	start, i := d.pos, d.pos
	neg := d.data[i] == '-'
	if neg {
		i++
		if i < len(d.data) && d.data[i] == 'I' {
			return d.constant()
		}
	}
	first := i
	n := uint64(0)
	for i < len(d.data) && d.data[i]-'0' <= 9 {
		n = n*10 + uint64(d.data[i]-'0')
		i++
	}
	if i == first || (d.data[first] == '0' && i > first+1) {
		return nil, d.badNumber(start, first, i)
	}
	if i < len(d.data) && (d.data[i] == '.' || d.data[i]|0x20 == 'e') {
		return d.float(start, i)
	}
	d.pos = i
	if i-first <= 18 {
		if neg {
			return -int64(n), nil
		}
		return int64(n), nil
	}
	return d.bigInt(start, i)
}

// badNumber places the error as Python does: a leading zero is a number of its
// own, followed by extra data.
func (d *decoder) badNumber(start, first, end int) error {
	if end == first {
		return d.errorAt(start, "Expecting value")
	}
	return d.errorAt(first+1, "Extra data")
}

func (d *decoder) bigInt(start, end int) (any, error) {
	text := string(d.data[start:end])
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	if len(text) > MaxBits/4 {
		return nil, d.errorAt(start, "Integer too long")
	}
	b, _ := new(big.Int).SetString(text, 10)
	return normal(b), nil
}

// float reads on from the point or exponent, at i.
func (d *decoder) float(start, i int) (any, error) {
	if d.data[i] == '.' {
		j := d.digits(i + 1)
		if j == i+1 {
			return nil, d.errorAt(i, "Extra data")
		}
		i = j
	}
	if i < len(d.data) && d.data[i]|0x20 == 'e' {
		j := i + 1
		if j < len(d.data) && (d.data[j] == '+' || d.data[j] == '-') {
			j++
		}
		end := d.digits(j)
		if end == j {
			return nil, d.errorAt(i, "Extra data")
		}
		i = end
	}
	f, err := strconv.ParseFloat(unsafe.String(&d.data[start], i-start), 64)
	if err != nil && !d.opt.Constants {
		return nil, d.errorAt(start, "Number out of range")
	}
	d.pos = i
	return f, nil
}

func (d *decoder) digits(i int) int {
	for i < len(d.data) && d.data[i]-'0' <= 9 {
		i++
	}
	return i
}
