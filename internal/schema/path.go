package schema

import (
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

// Path leads from a document to a part of it: strings are keys of objects,
// ints are indices of arrays. Keys of other types appear as they are.
type Path []any

// String joins the steps with dots, as in "hosts.0.name".
func (p Path) String() string {
	steps := make([]string, len(p))
	for i, s := range p {
		steps[i] = step(s)
	}
	return strings.Join(steps, ".")
}

func step(s any) string {
	switch s := s.(type) {
	case string:
		return s
	case int:
		return strconv.Itoa(s)
	}
	return py.Str(s)
}

// key is a text that no other path has.
func (p Path) key() string {
	var b []byte
	for _, s := range p {
		switch s := s.(type) {
		case string:
			b = strconv.AppendQuote(b, s)
		case int:
			b = strconv.AppendInt(append(b, '#'), int64(s), 10)
		default:
			b = append(append(b, '='), py.Repr(s)...)
		}
	}
	return string(b)
}

// join returns head followed by tail in fresh memory.
func join(head Path, tail ...any) Path {
	p := make(Path, 0, len(head)+len(tail))
	return append(append(p, head...), tail...)
}

// items returns the elements of a list.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *py.List:
		return v.Items, true
	}
	return nil, false
}

// dict returns the entry of d under key when it is a dictionary, else nil.
func dict(d *py.Dict, key string) *py.Dict {
	v, _ := d.GetString(key)
	sub, _ := v.(*py.Dict)
	return sub
}

func truth(d *py.Dict, key string) bool {
	v, _ := d.GetString(key)
	return py.Truth(v)
}

func text(d *py.Dict, key string) string {
	v, _ := d.GetString(key)
	s, _ := v.(string)
	return s
}
