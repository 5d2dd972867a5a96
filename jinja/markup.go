package jinja

import (
	"iter"
	"math/big"
	"strings"

	"github.com/galehq/gale/py"
)

// Markup is text that is safe in HTML, as made by the filters escape and safe.
// It behaves as a str that escapes what is added to it.
type Markup string

func (Markup) PyType() string           { return "Markup" }
func (Markup) pyModule() string         { return "markupsafe" }
func (m Markup) PyRepr() string         { return "Markup(" + py.Repr(string(m)) + ")" }
func (m Markup) PyStr() string          { return string(m) }
func (m Markup) PyTruth() bool          { return m != "" }
func (m Markup) PyHash() any            { return string(m) }
func (m Markup) PyEqual(other any) bool { return py.Equal(string(m), plain(other)) }

func (m Markup) PyLen() int {
	n, _ := py.Len(string(m))
	return n
}

func (m Markup) PyIter() iter.Seq[any] {
	seq, _ := py.Iter(string(m))
	return seq
}

func (m Markup) PyItem(key any) (any, error) {
	v, err := py.GetItem(string(m), key)
	if s, ok := v.(string); ok {
		return Markup(s), err
	}
	return v, err
}

// plain turns Markup into str and leaves other values alone.
func plain(v any) any {
	if m, ok := v.(Markup); ok {
		return string(m)
	}
	return v
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;")

// escapeText escapes the five characters that matter in HTML.
func escapeText(s string) Markup { return Markup(htmlEscaper.Replace(s)) }

// escape is markupsafe's escape: Markup stays as it is.
func (r *run) escape(v any) (Markup, error) {
	if m, ok := v.(Markup); ok {
		return m, nil
	}
	s, err := r.str(v)
	if err != nil {
		return "", err
	}
	if len(s) > py.MaxSize/6 && len(s)+5*strings.Count(s, "&") > py.MaxSize {
		return "", &py.Error{Class: "MemoryError"}
	}
	m := escapeText(s)
	return m, r.spendBytes(len(m))
}

// soft is markupsafe's soft_str: str(v), but Markup stays Markup. The result
// is a string or Markup.
func (r *run) soft(v any) (any, error) {
	switch v.(type) {
	case string, Markup:
		return v, nil
	}
	return r.str(v)
}

// markupMethods are the methods of Markup that are more than a str method with
// escaped arguments.
var markupMethods = map[string]bool{"join": true, "format": true, "unescape": true, "striptags": true}

// escapedArgs tells which argument of a str method Markup escapes.
var escapedArgs = map[string]int{"replace": 1, "ljust": 1, "rjust": 1, "center": 1}

// remark are the str methods whose text results are Markup again.
var remark = map[string]bool{
	"split": true, "rsplit": true, "splitlines": true, "capitalize": true, "title": true, "lower": true,
	"upper": true, "replace": true, "ljust": true, "rjust": true, "lstrip": true, "rstrip": true,
	"center": true, "strip": true, "translate": true, "expandtabs": true, "swapcase": true, "zfill": true,
	"casefold": true, "removeprefix": true, "removesuffix": true, "partition": true, "rpartition": true,
}

// callMarkup calls a method of m, which exists.
func callMarkup(c *Call, m Markup, name string, args []any, kwargs *py.Dict) (any, error) {
	switch name {
	case "join":
		return markupJoin(c, m, args, kwargs)
	case "format":
		return markupFormat(c, m, args, kwargs)
	case "unescape":
		return unescapeHTML(string(m)), nil
	case "striptags":
		return stripTags(string(m)), nil
	}
	for i, a := range args {
		if at, ok := escapedArgs[name]; ok && at == i {
			e, err := c.r.escape(a)
			if err != nil {
				return nil, err
			}
			a = string(e)
		}
		args[i] = plain(a)
	}
	v, err := py.CallMethod(string(m), name, args, kwargs)
	if err != nil || !remark[name] {
		return v, err
	}
	return markAll(v), nil
}

// markAll turns the strings of a result, or of the list or tuple that it is,
// into Markup.
func markAll(v any) any {
	var items []any
	switch v := v.(type) {
	case string:
		return Markup(v)
	case []any:
		items = v
	case *py.List:
		items = v.Items
	case py.Tuple:
		items = v
	}
	for i, x := range items {
		if s, ok := x.(string); ok {
			items[i] = Markup(s)
		}
	}
	return v
}

func markupJoin(c *Call, m Markup, args []any, kwargs *py.Dict) (any, error) {
	if len(args) != 1 {
		return py.CallMethod(string(m), "join", args, kwargs)
	}
	var parts []any
	err := c.Each(args[0], func(x any) error {
		e, err := c.r.escape(x)
		parts = append(parts, string(e))
		return err
	})
	if err != nil {
		return nil, err
	}
	v, err := py.CallMethod(string(m), "join", []any{parts}, nil)
	return markAll(v), err
}

// addMarkup is + with Markup on at least one side, the other being text.
func (r *run) addMarkup(a, b any) (any, error) {
	x, err := r.escape(a)
	if err != nil {
		return nil, err
	}
	y, err := r.escape(b)
	if err != nil {
		return nil, err
	}
	v, err := py.Add(string(x), string(y))
	return markAll(v), err
}

// repeatMarkup is m * n.
func (r *run) repeatMarkup(m Markup, n any) (any, error) {
	switch n.(type) {
	case int64, bool, *big.Int:
		v, err := r.product(string(m), n)
		return markAll(v), err
	}
	return nil, typeErrorf("'%s' object cannot be interpreted as an integer", py.TypeName(n))
}

// modMarkup is m % args: text among the arguments is escaped.
func (r *run) modMarkup(m Markup, args any) (any, error) {
	var err error
	escaped := func(v any) any {
		switch v.(type) {
		case nil, bool, int64, float64:
			return v
		}
		e, e1 := r.escape(v)
		if e1 != nil {
			err = e1
		}
		return string(e)
	}
	switch a := args.(type) {
	case py.Tuple:
		t := make(py.Tuple, len(a))
		for i, v := range a {
			t[i] = escaped(v)
		}
		args = t
	case *py.Dict:
		d := py.NewDict(a.Len())
		for k, v := range a.All() {
			d.Set(k, escaped(v))
		}
		args = d
	default:
		// What has items may be left unused.
		if isSequence(args) && !isText(args) && !strings.Contains(string(m), "%") {
			return m, nil
		}
		args = py.Tuple{escaped(args)}
	}
	if err != nil {
		return nil, err
	}
	v, err := py.Mod(string(m), args)
	return markAll(v), err
}
