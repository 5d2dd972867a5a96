package jinja

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

// Options say what an Env is to be. The zero value is a strict environment
// with the built-in filters, tests and globals, and the whitespace rules that
// Jinja has by default.
type Options struct {
	// Lenient makes undefined values print as nothing instead of failing.
	Lenient bool

	// TrimBlocks removes the first newline behind a block or comment tag,
	// LstripBlocks the blanks in front of one at the start of a line.
	TrimBlocks, LstripBlocks bool

	// KeepTrailingNewline keeps a newline at the end of a template, of which
	// one is removed otherwise.
	KeepTrailingNewline bool

	// Filters, Tests and Globals join the built-in ones, or replace those of
	// the same name; a nil value removes one.
	Filters map[string]*Function
	Tests   map[string]*Function
	Globals map[string]any
}

// StackStorm returns the options under which StackStorm and Orquesta run
// templates: strict, with trimmed blocks.
func StackStorm() Options { return Options{TrimBlocks: true, LstripBlocks: true} }

// Env is an environment: it parses templates and knows their filters, tests
// and globals. It is immutable and may be used by many goroutines at a time.
type Env struct {
	opts    Options
	lenient bool
	filters map[string]*Function
	tests   map[string]*Function
	globals map[string]any
}

// New returns an environment. The maps in o are copied.
func New(o Options) *Env {
	e := &Env{opts: o, lenient: o.Lenient}
	e.filters = merge(builtinFilters, o.Filters)
	e.tests = merge(builtinTests, o.Tests)
	e.globals = merge(builtinGlobals, o.Globals)
	for name, v := range o.Globals {
		if v == nil {
			delete(e.globals, name)
		}
	}
	e.opts.Filters, e.opts.Tests, e.opts.Globals = nil, nil, nil
	return e
}

func merge[V any](base, more map[string]V) map[string]V {
	out := maps.Clone(base)
	maps.Copy(out, more)
	maps.DeleteFunc(out, func(_ string, v V) bool { return any(v) == any((*Function)(nil)) })
	return out
}

// Filters returns the filters by name. Tests and Globals likewise.
func (e *Env) Filters() map[string]*Function { return maps.Clone(e.filters) }

// Tests returns the tests by name.
func (e *Env) Tests() map[string]*Function { return maps.Clone(e.tests) }

// Globals returns the names of the globals, sorted.
func (e *Env) Globals() []string { return slices.Sorted(maps.Keys(e.globals)) }

// Vars are the variables of an evaluation. Lookup is asked at most a few times
// for each name that the template mentions, and only for those that it comes
// across. Values are those of package py, *Function, and whatever implements
// the interfaces of py. The template never changes them.
type Vars interface {
	Lookup(name string) (v any, ok bool)
}

// MapVars are variables in a map.
type MapVars map[string]any

// Lookup implements Vars.
func (m MapVars) Lookup(name string) (any, bool) {
	v, ok := m[name]
	return v, ok
}

// DictVars returns the entries of d with string keys as variables.
func DictVars(d *py.Dict) Vars { return dictVars{d} }

type dictVars struct{ d *py.Dict }

func (v dictVars) Lookup(name string) (any, bool) { return v.d.GetString(name) }

// Limits bound one evaluation. Zero fields mean the defaults.
type Limits struct {
	Fuel   int64 // steps; an iteration or call is one, as are 16 bytes of text
	Output int   // bytes of output, text that is captured included
	Depth  int   // calls of macros, blocks and recursive loops within one another

	// Rand returns a number from 0 to n-1, n > 0. It is the only source of
	// chance for the filter random and for lipsum; nil always returns 0.
	Rand func(n int) int
}

// Defaults of Limits.
const (
	DefaultFuel   = 5_000_000
	DefaultOutput = 16 << 20
	DefaultDepth  = 200
)

func (l Limits) withDefaults() Limits {
	if l.Fuel == 0 {
		l.Fuel = DefaultFuel
	}
	if l.Output == 0 {
		l.Output = DefaultOutput
	}
	if l.Depth == 0 {
		l.Depth = DefaultDepth
	}
	if l.Rand == nil {
		l.Rand = func(int) int { return 0 }
	}
	return l
}

// Template is a parsed template. It is immutable and may be rendered by many
// goroutines at a time.
type Template struct {
	body []stmt
	text string // the whole output, if constant
	prog *program
}

// Parse compiles a template. Errors are *Error of a syntax or assertion class,
// with a position.
func (e *Env) Parse(src string) (*Template, error) {
	if findTag(src) < 0 {
		text := normalizeNewlines(src)
		if !e.opts.KeepTrailingNewline {
			text = strings.TrimSuffix(text, "\n")
		}
		return &Template{text: text}, nil
	}
	body, err := parseTemplate(src, &e.opts)
	if err != nil {
		return nil, err
	}
	prog, err := compileTemplate(e, body)
	if err != nil {
		return nil, err
	}
	return &Template{body: body, prog: prog}, nil
}

// Render returns the text of the template with the variables vars, which may
// be nil. Errors are *Error or *py.Error, or come from functions given by the
// caller; Position tells where in the template they arose.
func (t *Template) Render(vars Vars, limits Limits) (string, error) {
	if t.prog == nil {
		return t.text, nil
	}
	var s string
	err := t.prog.evaluate(vars, limits, func(r *run) error {
		if err := t.prog.body(r, newFrame(t.prog.slots, nil)); err != nil {
			return err
		}
		s = string(r.out)
		return nil
	})
	return s, err
}

// Undeclared returns the names, sorted, that the template looks up in its
// variables: neither set by the template nor globals of the environment. On
// which path they are needed does not matter.
func (t *Template) Undeclared() []string {
	if t.prog == nil {
		return nil
	}
	return slices.Clone(t.prog.undeclared)
}

// Expr is a parsed expression. It is immutable and may be evaluated by many
// goroutines at a time.
type Expr struct {
	root expr
	prog *program
}

// ParseExpr compiles an expression that stands alone, without delimiters.
func (e *Env) ParseExpr(src string) (*Expr, error) {
	root, err := parseLone(src, &e.opts)
	if err != nil {
		return nil, err
	}
	prog, err := compileLone(e, root)
	if err != nil {
		return nil, err
	}
	return &Expr{root, prog}, nil
}

// Eval returns the native value of the expression. Generators come as lists
// and Markup as text. An undefined result is no error but an *Undefined, which
// may also occur within a list or dictionary. The value may share parts with
// the variables.
func (x *Expr) Eval(vars Vars, limits Limits) (any, error) {
	var v any
	err := x.prog.evaluate(vars, limits, func(r *run) error {
		result, err := x.prog.value(r, newFrame(x.prog.slots, nil))
		if err != nil {
			return err
		}
		v, err = r.release(result)
		return err
	})
	return v, err
}

// Undeclared is Template.Undeclared for an expression.
func (x *Expr) Undeclared() []string { return slices.Clone(x.prog.undeclared) }

// evaluate calls f with a run, and again with one that works on copies if the
// first turns out to change values.
func (p *program) evaluate(vars Vars, limits Limits, f func(*run) error) error {
	err := f(newRun(p, vars, limits, p.mutates))
	if !p.mutates && err != nil && errors.Is(err, errRestart) {
		return f(newRun(p, vars, limits, true))
	}
	return err
}
