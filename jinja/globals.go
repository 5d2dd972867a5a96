package jinja

import (
	"reflect"
	"strings"

	"github.com/galehq/gale/py"
)

// builtinGlobals are the functions that every template sees.
var builtinGlobals = map[string]any{
	"range":     Def("safe_range(*args)", globalRange),
	"dict":      dictType{},
	"lipsum":    Def("generate_lorem_ipsum(n=5, html=True, min=20, max=100)", globalLipsum),
	"cycler":    Def("Cycler.__init__(@self, *items)", globalCycler),
	"joiner":    Def("Joiner.__init__(@self, sep=', ')", globalJoiner),
	"namespace": Def("Namespace.__init__(*args, **kwargs)", globalNamespace),
}

func reflectComparable(v any) bool { return reflect.TypeOf(v).Comparable() }

// maxRange is how long the sandbox lets a range be.
const maxRange = 100_000

func globalRange(c *Call, a []any) (any, error) {
	args := a[0].(py.Tuple)
	switch n := len(args); {
	case n == 0:
		return nil, typeErrorf("range expected at least 1 argument, got 0")
	case n > 3:
		return nil, typeErrorf("range expected at most 3 arguments, got %d", n)
	}
	bounds := [3]int64{0, 0, 1}
	for i, v := range args {
		n, err := rangeArg(v)
		if err != nil {
			return nil, err
		}
		bounds[i] = n
	}
	if len(args) == 1 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	if bounds[2] == 0 {
		return nil, py.Errorf("ValueError", "range() arg 3 must not be zero")
	}
	r := py.Range{Start: bounds[0], Stop: bounds[1], Step: bounds[2]}
	if r.Len() > maxRange {
		return nil, py.Errorf("OverflowError", "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return r, nil
}

func rangeArg(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case *Undefined:
		return 0, typeErrorf("'%s' object cannot be interpreted as an integer", py.TypeName(v))
	}
	if isInteger(v) {
		return 0, py.Errorf("OverflowError", "Python int too large to convert to C ssize_t")
	}
	return 0, typeErrorf("'%s' object cannot be interpreted as an integer", py.TypeName(v))
}

// dictType is the type dict.
type dictType struct{}

func (dictType) PyType() string { return "type" }
func (dictType) PyRepr() string { return "<class 'dict'>" }

func (dictType) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	return c.r.newDict(args, kwargs)
}

func (dictType) attr(r *run, name string) (any, bool, error) {
	switch name {
	case "fromkeys":
		fn, ok := py.Method(&py.Dict{}, name)
		return fn, ok, nil
	case "mro":
		return r.unsafe(dictType{}, name), true, nil
	}
	return nil, false, nil
}

// newDict is dict(*args, **kwargs).
func (r *run) newDict(args []any, kwargs *py.Dict) (*py.Dict, error) {
	if len(args) > 1 {
		return nil, typeErrorf("dict expected at most 1 argument, got %d", len(args))
	}
	for i, a := range args {
		if u, ok := a.(*Undefined); ok {
			return nil, u.Err()
		}
		if err := r.chargeLen(a); err != nil {
			return nil, err
		}
		if cur, ok := a.(cursor); ok {
			items, err := r.drain(cur)
			if err != nil {
				return nil, err
			}
			args[i] = items
		}
	}
	d := &py.Dict{}
	if _, err := py.CallMethod(d, "update", args, kwargs); err != nil {
		return nil, err
	}
	return d, nil
}

func (r *run) chargeLen(v any) error {
	if n, err := py.Len(v); err == nil {
		return r.spend(n)
	}
	return nil
}

// namespace is an object whose attributes a set tag may assign to.
type namespace struct{ attrs *py.Dict }

func globalNamespace(c *Call, a []any) (any, error) {
	d, err := c.r.newDict(a[0].(py.Tuple), a[1].(*py.Dict))
	if err != nil {
		return nil, err
	}
	c.r.own(d)
	return &namespace{d}, nil
}

func (*namespace) PyType() string   { return "Namespace" }
func (*namespace) pyModule() string { return "jinja2.utils" }
func (n *namespace) PyRepr() string { return "<Namespace " + py.Repr(n.attrs) + ">" }

func (n *namespace) attr(r *run, name string) (any, bool, error) {
	v, ok := n.attrs.GetString(name)
	return v, ok, nil
}

// cycler yields its items in turn.
type cycler struct {
	items py.Tuple
	at    int
}

func globalCycler(c *Call, a []any) (any, error) {
	items := a[0].(py.Tuple)
	if len(items) == 0 {
		return nil, py.Errorf("RuntimeError", "at least one item has to be provided")
	}
	return &cycler{items: items}, nil
}

func (*cycler) PyType() string   { return "Cycler" }
func (*cycler) pyModule() string { return "jinja2.utils" }
func (*cycler) PyRepr() string   { return "<jinja2.utils.Cycler object at 0x7f0000000000>" }

func (y *cycler) attr(r *run, name string) (any, bool, error) {
	switch name {
	case "items":
		return y.items, true, nil
	case "pos":
		return int64(y.at), true, nil
	case "current":
		return y.items[y.at], true, nil
	case "next":
		return y.method(name, func() any {
			v := y.items[y.at]
			y.at = (y.at + 1) % len(y.items)
			return v
		}), true, nil
	case "reset":
		return y.method(name, func() any { y.at = 0; return nil }), true, nil
	}
	return nil, false, nil
}

func (y *cycler) method(name string, f func() any) *method {
	sig := mustSignature("Cycler." + name + "(@self)")
	return &method{y, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
		if _, err := sig.bind(args, kwargs); err != nil {
			return nil, err
		}
		return f(), nil
	}}
}

// joiner is called for a separator: the first time it returns nothing.
type joiner struct {
	sep  any
	used bool
}

func globalJoiner(c *Call, a []any) (any, error) { return &joiner{sep: a[0]}, nil }

func (*joiner) PyType() string   { return "Joiner" }
func (*joiner) pyModule() string { return "jinja2.utils" }
func (*joiner) PyRepr() string   { return "<jinja2.utils.Joiner object at 0x7f0000000000>" }

func (j *joiner) attr(r *run, name string) (any, bool, error) {
	switch name {
	case "sep":
		return j.sep, true, nil
	case "used":
		return j.used, true, nil
	}
	return nil, false, nil
}

var joinerCallSig = mustSignature("Joiner.__call__(@self)")

func (j *joiner) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	if _, err := joinerCallSig.bind(args, kwargs); err != nil {
		return nil, err
	}
	if !j.used {
		j.used = true
		return "", nil
	}
	return j.sep, nil
}

var loremWords = strings.Fields(`ab ad alias amet animi aperiam at aut autem beatae cum debitis dicta dolor
	dolorem ea eius enim error esse est et eum ex facere fuga fugit harum id illo in ipsa ipsam ipsum iste
	iure labore lorem magnam maxime minus modi natus nemo neque nihil nisi non nulla odit omnis optio pariatur
	porro quae quam quas qui quia quis quo rem rerum saepe sed sequi sint sit sunt tempora totam ullam unde ut
	vel velit vero vitae`)

// globalLipsum makes n paragraphs of min to max-1 words.
func globalLipsum(c *Call, a []any) (any, error) {
	n, err := intArg(a[0])
	if err != nil {
		return nil, err
	}
	asHTML, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	low, err := intArg(a[2])
	if err != nil {
		return nil, err
	}
	high, err := intArg(a[3])
	if err != nil {
		return nil, err
	}
	if low >= high && n > 0 {
		return nil, py.Errorf("ValueError", "empty range for randrange() (%d, %d, %d)", low, high, high-low)
	}
	var paragraphs []string
	for range max(n, 0) {
		p, err := lorem(c, low+c.Rand(high-low))
		if err != nil {
			return nil, err
		}
		if asHTML {
			p = "<p>" + p + "</p>"
		}
		paragraphs = append(paragraphs, p)
	}
	if asHTML {
		return c.r.mark(Markup(strings.Join(paragraphs, "\n")), nil)
	}
	return strings.Join(paragraphs, "\n\n"), nil
}

// lorem makes one paragraph.
func lorem(c *Call, words int) (string, error) {
	if err := c.Spend(max(words, 1)); err != nil {
		return "", err
	}
	var b strings.Builder
	start, comma := true, 0
	for i := range words {
		w := loremWords[c.Rand(len(loremWords))]
		if start {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		start = i-comma > 3+c.Rand(15)
		switch {
		case i == words-1:
		case start:
			b.WriteByte('.')
			comma = i
		case i-comma > 3+c.Rand(5):
			b.WriteByte(',')
			comma = i
		}
	}
	b.WriteByte('.')
	return b.String(), nil
}
