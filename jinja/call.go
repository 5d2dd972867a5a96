package jinja

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

// Func is the body of a Function. args holds one value for each parameter of
// the signature, in its order: *args as a py.Tuple, **kwargs as a *py.Dict.
// The error is a *py.Error or *Error, or any error that the caller of the
// evaluation is to get as it is.
type Func func(c *Call, args []any) (any, error)

// Function is a filter, test or global function with a Python signature. The
// first parameter of a filter or test gets the value it is applied to.
type Function struct {
	sig *parameters
	fn  Func
}

// Def returns a Function with the signature, which is written as in Python:
//
//	replace(value, old, new, count=None)
//	map(value, *args, **kwargs)
//
// Defaults are literals. The name is the one that error messages show. Def
// panics on a malformed signature, which is a mistake of the program.
func Def(signature string, fn Func) *Function {
	return &Function{mustSignature(signature), fn}
}

// Signature returns the text that Def got, without hidden parameters.
func (f *Function) Signature() string { return f.sig.text }

// class returns the name of the class that f makes objects of, if any.
func (f *Function) class() (string, bool) { return strings.CutSuffix(f.sig.name, ".__init__") }

func (f *Function) PyType() string {
	if _, ok := f.class(); ok {
		return "type"
	}
	return "function"
}

func (f *Function) PyRepr() string {
	if name, ok := f.class(); ok {
		return "<class 'jinja2.utils." + name + "'>"
	}
	return "<function " + f.sig.name + " at 0x7f0000000000>"
}

func (f *Function) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	bound, err := f.sig.bind(args, kwargs)
	if err != nil {
		return nil, err
	}
	return f.fn(c, bound)
}

// Call is the running evaluation as a filter, test or function sees it. It is
// valid until the function returns.
type Call struct{ r *run }

// Lookup returns the value that the name has in the template's context: what
// was set at the top level, the variables given by the caller, the globals.
func (c *Call) Lookup(name string) (v any, ok bool) {
	v, ok, err := c.r.lookup(name)
	return v, ok && err == nil
}

// Spend charges n steps to the evaluation. A function that does more work than
// its result shows calls it first and returns its error.
func (c *Call) Spend(n int) error { return c.r.spend(n) }

// Str is str(v). It fails on a strict undefined value.
func (c *Call) Str(v any) (string, error) { return c.r.str(v) }

// Truth is bool(v). It fails on a strict undefined value.
func (c *Call) Truth(v any) (bool, error) { return c.r.truth(v) }

// Len is len(v).
func (c *Call) Len(v any) (int, error) { return c.r.length(v) }

// List is list(v), a new slice.
func (c *Call) List(v any) ([]any, error) { return c.r.list(v) }

// Each calls f for the items of v until it fails.
func (c *Call) Each(v any, f func(any) error) error {
	cur, err := c.r.iterate(v)
	if err != nil {
		return err
	}
	for {
		x, ok, err := cur.next(c.r)
		if err != nil || !ok {
			return err
		}
		if err := c.r.spend(1); err != nil {
			return err
		}
		if err := f(x); err != nil {
			return err
		}
	}
}

// Item is v[key] as templates see it: the item, else the attribute, else an
// undefined value.
func (c *Call) Item(v, key any) (any, error) { return c.r.item(v, key) }

// Attr is v.name as templates see it.
func (c *Call) Attr(v any, name string) (any, error) { return c.r.attr(v, name) }

// Call calls a callable value.
func (c *Call) Call(fn any, args []any, kwargs *py.Dict) (any, error) {
	return c.r.callValue(fn, args, kwargs)
}

// Filter applies the filter of that name.
func (c *Call) Filter(name string, value any, args []any, kwargs *py.Dict) (any, error) {
	return c.r.byName("filter", c.r.env.filters, name, value, args, kwargs)
}

// Test applies the test of that name.
func (c *Call) Test(name string, value any, args []any, kwargs *py.Dict) (any, error) {
	return c.r.byName("test", c.r.env.tests, name, value, args, kwargs)
}

// Undefined returns an undefined value, as strict as the environment, with the
// message hint.
func (c *Call) Undefined(hint string) *Undefined { return c.r.undefined(&Undefined{hint: hint}) }

// Rand returns a number from 0 to n-1 from the source that Limits gave.
func (c *Call) Rand(n int) int { return c.r.rand(n) }

// Autoescape reports whether {% autoescape %} is on.
func (c *Call) Autoescape() bool { return c.r.escaping }

// byName applies a filter or test whose name is a value.
func (r *run) byName(what string, table map[string]*Function, name, value any, args []any, kwargs *py.Dict) (any, error) {
	if err := strictError(name); err != nil {
		return nil, err
	}
	text, _ := plain(name).(string)
	fn := table[text]
	if fn == nil {
		message := fmt.Sprintf("No %s named %s.", what, py.Repr(name))
		if u, ok := name.(*Undefined); ok {
			message += " (" + u.Message() + "; did you forget to quote the callable name?)"
		}
		return nil, errorf(ClassRuntime, "%s", message)
	}
	return r.applyFunction(fn, append([]any{value}, args...), kwargs)
}

// parameters is a parsed signature.
type parameters struct {
	text     string
	name     string
	params   []parameter
	required int   // how many have no default
	hidden   int   // leading parameters that the engine passes, counted in messages
	posOnly  int   // how many cannot be named
	star     bool  // *args
	dstar    bool  // **kwargs
	builtin  bool  // messages as of functions written in C
	full     []any // defaults, nil for required ones
}

type parameter struct {
	name string
	def  any
}

// mustSignature parses a signature. Beyond Python's syntax, a parameter with @
// in front is passed by the engine and only counted, and a name with ! in front
// is a function written in C, which words its errors differently.
func mustSignature(text string) *parameters {
	p, err := parseSignature(text)
	if err != nil {
		panic("jinja: signature " + strconv.Quote(text) + ": " + err.Error())
	}
	return p
}

func parseSignature(text string) (*parameters, error) {
	name, rest, ok := strings.Cut(text, "(")
	list, end := strings.CutSuffix(rest, ")")
	if !ok || !end || name == "" {
		return nil, fmt.Errorf("want name(parameters)")
	}
	p := &parameters{name: strings.TrimPrefix(name, "!"), builtin: name[0] == '!'}
	var shown []string
	for _, field := range splitParameters(list) {
		if strings.HasPrefix(field, "@") {
			p.hidden++
			continue
		}
		shown = append(shown, field)
		if err := p.add(field); err != nil {
			return nil, err
		}
	}
	p.text = p.name + "(" + strings.Join(shown, ", ") + ")"
	for _, q := range p.params {
		p.full = append(p.full, q.def)
	}
	return p, nil
}

// splitParameters splits at commas outside of quotes.
func splitParameters(list string) []string {
	var out []string
	quoted := false
	start := 0
	for i := range len(list) {
		switch {
		case list[i] == '\'':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			out = append(out, strings.TrimSpace(list[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(list[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

func (p *parameters) add(field string) error {
	switch {
	case field == "/":
		p.posOnly = len(p.params)
		return nil
	case strings.HasPrefix(field, "**"):
		p.dstar = true
		return nil
	case strings.HasPrefix(field, "*"):
		p.star = true
		return nil
	}
	name, def, ok := strings.Cut(field, "=")
	if !ok {
		if p.required < len(p.params) {
			return fmt.Errorf("%s has no default", name)
		}
		p.required++
		p.params = append(p.params, parameter{name: name})
		return nil
	}
	x, err := parseLone(def, &Options{})
	if err != nil {
		return err
	}
	k, ok := constantOf(x)
	if !ok {
		return fmt.Errorf("the default of %s is no literal", name)
	}
	p.params = append(p.params, parameter{name, k})
	return nil
}

// constantOf is constant, and negative numbers.
func constantOf(x expr) (any, bool) {
	if u, ok := x.(*unaryExpr); ok && u.op == tSub {
		if k, ok := constant(u.x); ok {
			v, err := py.Neg(k)
			return v, err == nil
		}
	}
	return constant(x)
}

// bind assigns arguments to parameters; the result is one value for each, then
// *args, then **kwargs.
func (p *parameters) bind(args []any, kwargs *py.Dict) ([]any, error) {
	if len(args) == len(p.params) && kwargs.Len() == 0 && !p.star && !p.dstar {
		return args, nil
	}
	if p.builtin {
		if err := p.checkBuiltin(args, kwargs); err != nil {
			return nil, err
		}
	}
	out := make([]any, len(p.params), len(p.params)+2)
	n := copy(out, args)
	given := make([]bool, len(out))
	for i := range n {
		given[i] = true
	}
	var rest *py.Dict
	if p.dstar {
		rest = &py.Dict{}
	}
	for k, v := range kwargs.All() {
		name, _ := k.(string)
		i := p.index(name)
		switch {
		case i >= p.posOnly && given[i]:
			return nil, py.Errorf("TypeError", "%s() got multiple values for argument %s", p.name, py.Repr(name))
		case i >= p.posOnly:
			out[i], given[i] = v, true
		case p.dstar:
			rest.Set(name, v)
		case i >= 0:
			return nil, py.Errorf("TypeError", "%s() got some positional-only arguments passed as keyword arguments: %s",
				p.name, py.Repr(name))
		default:
			return nil, py.Errorf("TypeError", "%s() got an unexpected keyword argument %s", p.name, py.Repr(name))
		}
	}
	if len(args) > len(out) && !p.star {
		return nil, p.tooMany(len(args))
	}
	if err := p.fill(out, given); err != nil {
		return nil, err
	}
	if p.star {
		out = append(out, append(py.Tuple{}, args[n:]...))
	}
	if p.dstar {
		out = append(out, rest)
	}
	return out, nil
}

// index returns the position of the named parameter, or -1.
func (p *parameters) index(name string) int {
	for i, q := range p.params {
		if q.name == name {
			return i
		}
	}
	return -1
}

// fill sets the defaults of what is not given.
func (p *parameters) fill(out []any, given []bool) error {
	var lacking []string
	for i := range out {
		switch {
		case given[i]:
		case i < p.required:
			lacking = append(lacking, py.Repr(p.params[i].name))
		default:
			out[i] = p.full[i]
		}
	}
	n := len(lacking)
	if n == 0 {
		return nil
	}
	list, s := lacking[0], ""
	switch {
	case n == 2:
		list, s = lacking[0]+" and "+lacking[1], "s"
	case n > 2:
		list, s = strings.Join(lacking[:n-1], ", ")+", and "+lacking[n-1], "s"
	}
	return py.Errorf("TypeError", "%s() missing %d required positional argument%s: %s", p.name, n, s, list)
}

func (p *parameters) tooMany(given int) error {
	most, least := len(p.params)+p.hidden, p.required+p.hidden
	takes, s := strconv.Itoa(most), "s"
	if least < most {
		takes = fmt.Sprintf("from %d to %d", least, most)
	} else if most == 1 {
		s = ""
	}
	were := "were"
	given += p.hidden
	if given == 1 {
		were = "was"
	}
	return py.Errorf("TypeError", "%s() takes %s positional argument%s but %d %s given", p.name, takes, s, given, were)
}

// checkBuiltin words the errors of functions with a fixed number of arguments
// that are written in C.
func (p *parameters) checkBuiltin(args []any, kwargs *py.Dict) error {
	n := len(p.params)
	switch {
	case kwargs.Len() > 0 && n == 1:
		return py.Errorf("TypeError", "%s() takes no keyword arguments", p.name)
	case kwargs.Len() > 0:
		return py.Errorf("TypeError", "%s() takes no keyword arguments", "_operator."+p.name)
	case len(args) == n:
		return nil
	case n == 1:
		return py.Errorf("TypeError", "%s() takes exactly one argument (%d given)", p.name, len(args))
	}
	return py.Errorf("TypeError", "%s expected %d arguments, got %d", p.name, n, len(args))
}

func unexpectedKeyword(name string, kwargs *py.Dict) error {
	return py.Errorf("TypeError", "%s() got an unexpected keyword argument %s", name, py.Repr(kwargs.Keys()[0]))
}
