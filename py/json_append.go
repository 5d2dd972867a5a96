package py

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends v as compact JSON: no blanks, text beyond ASCII as it is,
// floats as orjson writes them (1e16), NaN and infinities as null. Keys that
// are int, float, bool or None become text, as in json.dumps. Tuples are
// arrays. Other engine values are a TypeError; cycles and nesting beyond
// MaxDocumentDepth a ValueError; a text beyond 4·MaxSize a MemoryError.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	a := appender{limit: len(dst) + 4*MaxSize}
	return a.value(dst, v, 0)
}

// appender carries what the values of one text have in common.
type appender struct {
	limit int                                                // of the whole text, in bytes
	host  func(dst []byte, v any, depth int) ([]byte, error) // what to do with other Go types
}

func (a *appender) value(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendJSONString(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		return appendJSONFloat(dst, v), nil
	case *Dict:
		return a.dict(dst, v, depth)
	case []any:
		return a.array(dst, v, depth)
	case *List:
		return a.array(dst, v.Items, depth)
	case Tuple:
		return a.array(dst, v, depth)
	case *big.Int:
		return v.Append(dst, 10), nil
	}
	if a.host != nil {
		return a.host(dst, v, depth)
	}
	return dst, notSerializable(v)
}

func notSerializable(v any) *Error {
	name := TypeName(v)
	switch v.(type) {
	case Date:
		name = "date"
	case DateTime:
		name = "datetime"
	}
	return typeErrorf("Object of type %s is not JSON serializable", name)
}

var errJSONDepth = &Error{Class: "ValueError", Message: "Circular reference detected"}

func (a *appender) array(dst []byte, items []any, depth int) ([]byte, error) {
	if depth >= MaxDocumentDepth {
		return dst, errJSONDepth
	}
	dst = append(dst, '[')
	var err error
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dst) > a.limit {
			return dst, errTooBig
		}
		if dst, err = a.value(dst, item, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (a *appender) dict(dst []byte, d *Dict, depth int) ([]byte, error) {
	if depth >= MaxDocumentDepth {
		return dst, errJSONDepth
	}
	dst = append(dst, '{')
	var err error
	first := true
	for k, v := range d.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if len(dst) > a.limit {
			return dst, errTooBig
		}
		if s, ok := k.(string); ok {
			dst = appendJSONString(dst, s)
		} else if dst, err = appendJSONKey(dst, k); err != nil {
			return dst, err
		}
		dst = append(dst, ':')
		if dst, err = a.value(dst, v, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendJSONKey(dst []byte, k any) ([]byte, error) {
	s, err := jsonKey(k)
	if err != nil {
		return dst, err
	}
	return appendJSONString(dst, s), nil
}

// jsonKey is the text json.dumps makes of a key.
func jsonKey(k any) (string, error) {
	switch k := k.(type) {
	case string:
		return k, nil
	case nil:
		return "null", nil
	case bool:
		return strconv.FormatBool(k), nil
	case int64, *big.Int:
		return Str(k), nil
	case float64:
		return pythonJSONFloat(k), nil
	}
	return "", typeErrorf("keys must be str, int, float, bool or None, not %s", TypeName(k))
}

// pythonJSONFloat is the text of json.dumps: NaN, Infinity.
func pythonJSONFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return string(appendFloat(nil, f))
}

// plain marks the bytes that stand for themselves in a JSON string.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// appendJSONString appends s in quotes; bytes that are not UTF-8 become U+FFFD.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start, ascii := 0, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plain[c] {
			ascii = ascii && c < utf8.RuneSelf
			continue
		}
		dst = appendValid(dst, s[start:i], ascii)
		dst = appendJSONEscape(dst, c)
		start = i + 1
	}
	dst = appendValid(dst, s[start:], ascii)
	return append(dst, '"')
}

func appendValid(dst []byte, s string, ascii bool) []byte {
	if ascii || utf8.ValidString(s) {
		return append(dst, s...)
	}
	for _, r := range s {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func appendJSONEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
