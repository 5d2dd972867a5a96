package py

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"
)

// JSONFormat selects one of the texts json.dumps produces. The zero value is
// compact. Python's own default is {ASCII, Spaces, Constants}.
type JSONFormat struct {
	Indent    string // of one level; not empty means one item per line
	Lines     bool   // one item per line also without indentation, as indent=0
	SortKeys  bool
	ASCII     bool // escape what is not ASCII, as ensure_ascii
	Spaces    bool // ", " and ": "; with one item per line only ": "
	Constants bool // NaN, Infinity and -Infinity; null otherwise
}

// PythonJSON is what json.dumps writes without options.
var PythonJSON = JSONFormat{ASCII: true, Spaces: true, Constants: true}

// Append appends v as JSON text. Floats are Python's repr; keys and errors are
// as in AppendJSON.
func (f JSONFormat) Append(dst []byte, v any) ([]byte, error) {
	w := jsonWriter{JSONFormat: f, buf: dst, start: len(dst)}
	err := w.value(v, 0)
	return w.buf, err
}

// Text is Append as a string.
func (f JSONFormat) Text(v any) (string, error) {
	b, err := f.Append(nil, v)
	return string(b), err
}

type jsonWriter struct {
	JSONFormat
	buf   []byte
	start int
}

func (w *jsonWriter) value(v any, depth int) error {
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case string:
		w.text(v)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case *big.Int:
		w.buf = v.Append(w.buf, 10)
	case float64:
		w.float(v)
	case *Dict:
		return w.dict(v, depth)
	default:
		x, ok := items(v)
		if !ok {
			return notSerializable(v)
		}
		return w.array(x, depth)
	}
	return nil
}

func (w *jsonWriter) float(f float64) {
	if special(f) && !w.Constants {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = append(w.buf, pythonJSONFloat(f)...)
}

func (w *jsonWriter) text(s string) {
	if w.ASCII {
		w.buf = appendASCIIString(w.buf, s)
	} else {
		w.buf = appendJSONString(w.buf, s)
	}
}

func (w *jsonWriter) multiline() bool { return w.Lines || w.Indent != "" }

// open begins a container; the depth of its items is one more.
func (w *jsonWriter) open(c byte, depth int) error {
	if depth >= MaxDocumentDepth {
		return errJSONDepth
	}
	w.buf = append(w.buf, c)
	return nil
}

func (w *jsonWriter) separate(first bool, depth int) error {
	if !first {
		w.buf = append(w.buf, ',')
	}
	switch {
	case w.multiline():
		w.newline(depth)
	case !first && w.Spaces:
		w.buf = append(w.buf, ' ')
	}
	if len(w.buf)-w.start > 4*MaxSize {
		return errTooBig
	}
	return nil
}

func (w *jsonWriter) newline(depth int) {
	w.buf = append(w.buf, '\n')
	for range depth {
		w.buf = append(w.buf, w.Indent...)
	}
}

func (w *jsonWriter) close(c byte, empty bool, depth int) {
	if !empty && w.multiline() {
		w.newline(depth)
	}
	w.buf = append(w.buf, c)
}

func (w *jsonWriter) array(items []any, depth int) error {
	if err := w.open('[', depth); err != nil {
		return err
	}
	for i, item := range items {
		if err := w.separate(i == 0, depth+1); err != nil {
			return err
		}
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	w.close(']', len(items) == 0, depth)
	return nil
}

func (w *jsonWriter) dict(d *Dict, depth int) error {
	if err := w.open('{', depth); err != nil {
		return err
	}
	if w.SortKeys && d.Len() > 1 {
		sorted, err := sortedDict(d)
		if err != nil {
			return err
		}
		d = sorted
	}
	first := true
	for k, v := range d.All() {
		if err := w.separate(first, depth+1); err != nil {
			return err
		}
		first = false
		if err := w.key(k); err != nil {
			return err
		}
		if err := w.value(v, depth+1); err != nil {
			return err
		}
	}
	w.close('}', first, depth)
	return nil
}

func sortedDict(d *Dict) (*Dict, error) {
	keys := d.Keys()
	if err := Sort(keys, nil, false); err != nil {
		return nil, err
	}
	out := NewDict(len(keys))
	for _, k := range keys {
		v, _ := d.Get(k)
		out.Set(k, v)
	}
	return out, nil
}

func (w *jsonWriter) key(k any) error {
	text, err := jsonKey(k)
	if err != nil {
		return err
	}
	w.text(text)
	w.buf = append(w.buf, ':')
	if w.Spaces {
		w.buf = append(w.buf, ' ')
	}
	return nil
}

// appendASCIIString escapes what is not printable ASCII, characters beyond the
// BMP as two surrogates.
func appendASCIIString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == 0x7f || !plain[c]:
				dst = appendJSONEscape(dst, c)
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r > 0xffff {
			r -= 0x10000
			dst = appendU(dst, 0xd800|r>>10)
			r = 0xdc00 | r&0x3ff
		}
		dst = appendU(dst, r)
		i += n
	}
	return append(dst, '"')
}

func appendU(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendJSONFloat writes floats as orjson does: as repr, but with an exponent
// only below 1e-5, and without "+" and leading zeros in it (1e16, 1e-7).
func appendJSONFloat(dst []byte, f float64) []byte {
	if special(f) {
		return append(dst, "null"...)
	}
	a := math.Abs(f)
	if a == 0 || a >= 1e-5 && a < 1e16 {
		n := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if slices.Contains(dst[n:], '.') {
			return dst
		}
		return append(dst, '.', '0')
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	e := n + slices.Index(dst[n:], 'e') + 1
	out := dst[:e]
	if dst[e] == '-' {
		out = append(out, '-')
	}
	digits := dst[e+1:]
	if digits[0] == '0' {
		digits = digits[1:]
	}
	return append(out, digits...)
}
