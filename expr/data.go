package expr

import (
	"errors"
	"strings"

	"github.com/galehq/gale/jsonpath"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// NoneMarker is the text that stands for null where only a text can be passed on: use_none makes it, a cast turns it
// back.
const NoneMarker = "%*****__%NONE%__*****%"

func useNone(_ Caller, args []any) (any, error) {
	if args[0] == nil {
		return NoneMarker, nil
	}
	return args[0], nil
}

func fromJSONString(c Caller, args []any) (any, error) {
	s, err := c.Str(args[0])
	if err != nil {
		return nil, err
	}
	if err := c.Spend(len(s) / 16); err != nil {
		return nil, err
	}
	return decodeJSON(s)
}

// decodeJSON reads strict JSON. The error is the *py.Error that Python has for it.
func decodeJSON(s string) (any, error) {
	v, err := py.DecodeJSON([]byte(s))
	var e *py.JSONError
	if errors.As(err, &e) {
		return nil, &py.Error{Class: "JSONDecodeError", Message: e.Error()}
	}
	return v, err
}

func fromYAMLString(c Caller, args []any) (any, error) {
	s, err := c.Str(args[0])
	if err != nil {
		return nil, err
	}
	if err := c.Spend(len(s) / 4); err != nil {
		return nil, err
	}
	v, err := yaml.Decode([]byte(s))
	var e *yaml.Error
	if errors.As(err, &e) {
		return nil, &py.Error{Class: "YAMLError", Message: e.Python("<unicode string>")}
	}
	return v, err
}

func toYAMLString(_ Caller, args []any) (any, error) {
	step := 0
	if n, ok := args[1].(int64); ok {
		step = int(min(max(n, 0), 10))
	}
	out, err := yaml.Format{Unicode: py.Truth(args[2]), Indent: step}.Append(nil, text(args[0]))
	return string(out), err
}

func toComplex(_ Caller, args []any) (any, error) { return dumps(args[0]) }

// dumps is json.dumps without options.
func dumps(v any) (string, error) { return py.PythonJSON.Text(text(v)) }

func jsonEscape(_ Caller, args []any) (any, error) {
	s, err := dumps(args[0])
	return strings.Trim(s, `"`), err
}

func toJSONString(c Caller, args []any) (any, error) {
	f := py.JSONFormat{ASCII: true, Constants: true, Lines: true, Spaces: true}
	sorted, err := c.Truth(args[2])
	if err != nil {
		return nil, err
	}
	f.SortKeys = sorted
	if f.Indent, err = indentation(args[1]); err != nil {
		return nil, err
	}
	item, key, err := separators(args[1], args[3])
	if err != nil {
		return nil, err
	}
	s, err := f.Text(text(args[0]))
	if err != nil {
		return nil, err
	}
	return separate(s, item, key, args[1] != nil)
}

// indentation returns one level of it: a text as it is, a number as so many blanks.
func indentation(v any) (string, error) {
	if s, ok := text(v).(string); ok || v == nil {
		return s, nil
	}
	blanks, err := py.Mul(" ", v)
	if err != nil {
		return "", err
	}
	s, _ := blanks.(string)
	return s, nil
}

// separators returns what stands between items and behind keys. Without an argument, which is the text compact, items
// follow each other without a blank, unlike in Python's default, which null asks for.
func separators(indent, v any) (item, key string, err error) {
	switch {
	case v == "compact" || v == nil && indent != nil:
		return ",", ": ", nil
	case v == nil:
		return ", ", ": ", nil
	}
	pair, err := py.AsList(v)
	if err != nil {
		return "", "", err
	}
	if len(pair) != 2 {
		return "", "", py.Errorf("ValueError", "separators must be two texts")
	}
	item, ok := text(pair[0]).(string)
	key, ok2 := text(pair[1]).(string)
	if !ok || !ok2 {
		return "", "", py.Errorf("TypeError", "separators must be two texts")
	}
	return item, key, nil
}

// separate gives JSON of one item per line other separators. Without lines it joins the lines: inside of a JSON text
// newlines are escaped, so that every newline is one between items.
func separate(s, item, key string, lines bool) (string, error) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			b.WriteByte(c)
			i++
			b.WriteByte(s[i])
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case quoted:
			b.WriteByte(c)
		case c == ',':
			b.WriteString(item)
		case c == ':':
			b.WriteString(key)
			i++ // the blank behind it
		case c != '\n' || lines:
			b.WriteByte(c)
		}
		if b.Len() > py.MaxSize {
			return "", py.Errorf("MemoryError", "")
		}
	}
	return b.String(), nil
}

func jsonpathQuery(_ Caller, args []any) (any, error) {
	if err := strictUndefined(args[0]); err != nil {
		return nil, err
	}
	query, ok := text(args[1]).(string)
	if !ok {
		return nil, py.Errorf("TypeError", "expected string or bytes-like object, got '%s'", py.TypeName(args[1]))
	}
	p, err := jsonpath.Parse(query)
	if err != nil {
		if e, ok := err.(*py.Error); ok && e.Class == "AttributeError" {
			// Templates show the words of the library, which trips over a path that ends too early.
			err = py.Errorf("AttributeError", "'NoneType' object has no attribute 'lineno'")
		}
		return nil, err
	}
	found, err := p.Find(text(args[0]))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, nil
}

func basename(_ Caller, args []any) (any, error) {
	p, err := path(args[0])
	return p[strings.LastIndexByte(p, '/')+1:], err
}

func dirname(_ Caller, args []any) (any, error) {
	p, err := path(args[0])
	head := p[:strings.LastIndexByte(p, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		head = trimmed // a head of slashes only is the root
	}
	return head, err
}
