package yaml

import (
	"encoding/base64"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

// Format says how values are written. The zero value is PyYAML's safe_dump(v, default_flow_style=False).
type Format struct {
	// KeepOrder writes mappings in their own order instead of sorting them by key. Keys of types that have no common
	// order are never sorted.
	KeepOrder bool
	// Unicode writes characters beyond ASCII as they are instead of escaping them.
	Unicode bool
	// Indent is the step of indentation, from 2 to 9; other values mean 2.
	Indent int
}

// Append writes v with sorted keys and in ASCII.
func Append(dst []byte, v any) ([]byte, error) { return Format{}.Append(dst, v) }

// Append writes v as one document and returns the extended slice. What has no safe form is refused with a *py.Error of
// class RepresenterError, too large a text with MemoryError.
func (f Format) Append(dst []byte, v any) ([]byte, error) {
	e := &emitter{out: dst, limit: len(dst) + py.MaxSize, format: f, step: 2, indent: -1, whitespace: true, indention: true}
	if 2 <= f.Indent && f.Indent <= 9 {
		e.step = f.Indent
	}
	if err := e.node(v, position{}, 0); err != nil {
		return dst, err
	}
	e.writeIndent()
	return e.out, nil
}

// position says where a node stands.
type position struct {
	mapping   bool // it is a key or value of a mapping
	simpleKey bool // it is a key on the line of its value
}

var errTooDeep = py.Errorf("RecursionError", "maximum recursion depth exceeded")

func (e *emitter) node(v any, at position, depth int) error {
	if depth > py.MaxDocumentDepth {
		return errTooDeep
	}
	if len(e.out) > e.limit {
		return py.Errorf("MemoryError", "")
	}
	switch v := v.(type) {
	case *py.Dict:
		return e.mapping(pairsOf(v, !e.format.KeepOrder), at, depth)
	case *py.Set:
		e.tag("!!set")
		d := py.NewDict(v.Len())
		for item := range v.All() {
			d.Set(item, nil)
		}
		return e.mapping(pairsOf(d, !e.format.KeepOrder), at, depth)
	case []any:
		return e.sequence(v, at, depth)
	case *py.List:
		return e.sequence(v.Items, at, depth)
	case py.Tuple:
		return e.sequence(v, at, depth)
	}
	s, err := represent(v)
	if err != nil {
		return err
	}
	e.scalar(s, at)
	return nil
}

// scalarNode is a scalar before its style is chosen.
type scalarNode struct {
	text    string
	tag     string // written in front if not empty
	plain   bool   // the plain text has the right type
	literal bool   // wanted as a block
}

func represent(v any) (scalarNode, error) {
	s := scalarNode{plain: true}
	switch v := v.(type) {
	case nil:
		s.text = "null"
	case bool:
		s.text = strconv.FormatBool(v)
	case int64:
		s.text = strconv.FormatInt(v, 10)
	case *big.Int:
		s.text = v.String()
	case float64:
		s.text = representFloat(v)
	case string:
		s.text, s.plain = v, implicit(v) == tagStr
	case py.Bytes:
		s = scalarNode{text: encodeBytes([]byte(v)), tag: tagBinary, literal: true}
	case py.Date:
		s.text = v.String()
	case py.DateTime:
		s.text = v.String()
	default:
		return s, py.Errorf("RepresenterError", "('cannot represent an object', %s)", py.Repr(v))
	}
	return s, nil
}

func representFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	text := py.Repr(f)
	if !strings.Contains(text, ".") {
		text = strings.Replace(text, "e", ".0e", 1) // so that it is read as a float again
	}
	return text
}

// encodeBytes writes base64 in lines of 76 characters, each with a newline.
func encodeBytes(data []byte) string {
	var b strings.Builder
	for chunk := range slices.Chunk(data, 57) {
		b.WriteString(base64.StdEncoding.EncodeToString(chunk))
		b.WriteByte('\n')
	}
	return b.String()
}

// entryPair is a member of a mapping.
type entryPair struct{ key, value any }

// pairsOf lists the members of a mapping, sorted by key if sorting is wanted and possible.
func pairsOf(d *py.Dict, sorted bool) []entryPair {
	pairs := make([]entryPair, 0, d.Len())
	for k, v := range d.All() {
		pairs = append(pairs, entryPair{k, v})
	}
	if !sorted {
		return pairs
	}
	ordered := slices.Clone(pairs)
	var failed error
	slices.SortStableFunc(ordered, func(a, b entryPair) int {
		n, err := py.Compare(a.key, b.key)
		if err != nil {
			failed = err
		}
		return n
	})
	if failed != nil {
		return pairs
	}
	return ordered
}
