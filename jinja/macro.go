package jinja

import (
	"slices"

	"github.com/galehq/gale/py"
)

// macro is a macro, or the caller of a call block. Its body reads the
// variables around it as they are when it is called.
type macro struct {
	code  *macroCode
	outer *frame
}

// macroCode is a compiled macro.
type macroCode struct {
	name     any // nil in a call block
	params   []string
	slots    []int // of params
	defaults []evalFn
	caller   *variable // the special variables, nil where not used
	kwargs   *variable
	varargs  *variable
	explicit bool // caller is among the parameters
	// catchCaller: the body uses caller.
	catchCaller bool
	fn          *function
	enter       execFn // prologue, may be nil
	body        execFn
}

func (c *compiler) macro(st *macroStmt, s *scope) execFn {
	code := c.macroCode(st.name, &st.signature, st.body, s, st.pos)
	slot, name, export := s.names.find(st.name).slot, st.name, s.toplevel
	return func(r *run, f *frame) error {
		m := &macro{code, f}
		f.vars[slot] = m
		if export {
			r.export(name, m)
		}
		return nil
	}
}

func (c *compiler) callBlock(st *callStmt, s *scope) execFn {
	code := c.macroCode(nil, &st.signature, st.body, s, st.pos)
	call := c.call(st.call, s, func(r *run, f *frame) (any, error) { return &macro{code, f}, nil })
	escape := s.escape
	return func(r *run, f *frame) error {
		v, err := call(r, f)
		if err != nil {
			return err
		}
		if escape {
			return r.printEscaped(v)
		}
		return r.print(v)
	}
}

func (c *compiler) macroCode(name any, sig *signature, body []stmt, s *scope, at pos) *macroCode {
	code := &macroCode{name: name, fn: s.names.fn.inner()}
	inner := s.in(code.fn)
	nodes := nodesOf(body)
	sig.each(inner.names.noteOne)
	inner.names.note(nodes...)
	special := mentioned(nodes, "caller", "kwargs", "varargs")
	for i, p := range sig.params {
		if slices.Contains(code.params, p.name) {
			panic(failure{&placed{py.Errorf("SyntaxError", "duplicate argument '%s' in function definition", p.name), at}})
		}
		code.params = append(code.params, p.name)
		code.slots = append(code.slots, inner.names.find(p.name).slot)
		switch p.name {
		case "caller":
			code.explicit = true
			if special["caller"] && i < len(sig.params)-len(sig.defaults) {
				c.fail(at, `When defining macros or call blocks the special "caller" argument must be omitted or be given a default.`)
			}
		case "kwargs", "varargs":
			special[p.name] = false
		}
	}
	if special["caller"] && !code.explicit {
		code.caller = inner.names.parameter("caller")
	}
	if special["kwargs"] {
		code.kwargs = inner.names.parameter("kwargs")
	}
	if special["varargs"] {
		code.varargs = inner.names.parameter("varargs")
	}
	code.catchCaller = special["caller"]
	code.defaults = c.exprs(sig.defaults, inner)
	code.body = c.body(body, inner)
	code.enter = c.prologue(inner)
	return code
}

func (*macro) PyType() string   { return "Macro" }
func (*macro) pyModule() string { return "jinja2.runtime" }

func (m *macro) PyRepr() string {
	if m.code.name == nil {
		return "<Macro anonymous>"
	}
	return "<Macro " + py.Repr(m.code.name) + ">"
}

func (m *macro) attr(r *run, name string) (v any, ok bool, err error) {
	switch name {
	case "name":
		return m.code.name, true, nil
	case "arguments":
		t := py.Tuple{}
		for _, p := range m.code.params {
			t = append(t, p)
		}
		return t, true, nil
	case "catch_kwargs":
		return m.code.kwargs != nil, true, nil
	case "catch_varargs":
		return m.code.varargs != nil, true, nil
	case "caller":
		return m.code.catchCaller, true, nil
	case "explicit_caller":
		return m.code.explicit, true, nil
	}
	return nil, false, nil
}

func (m *macro) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	f := newFrame(m.code.fn.slots, m.outer)
	if err := m.bind(c.r, f, args, kwargs.Clone()); err != nil {
		return nil, err
	}
	if err := c.r.enter(); err != nil {
		return nil, err
	}
	defer c.r.leave()
	text, err := c.r.capture(m.code.run, f)
	if err == nil && c.r.escaping {
		return Markup(text.(string)), nil
	}
	return text, err
}

// bind stores the arguments in the frame of the body; it may empty kwargs.
func (m *macro) bind(r *run, f *frame, args []any, kwargs *py.Dict) error {
	code := m.code
	named := args[:min(len(args), len(code.params))]
	foundCaller := code.explicit && len(named) == len(code.params)
	for i, name := range code.params {
		var v any = missing
		if i < len(named) {
			v = named[i]
		} else if given, ok := kwargs.GetString(name); ok {
			v = given
			kwargs.Delete(name)
		}
		if i >= len(named) && name == "caller" {
			foundCaller = true
		}
		f.vars[code.slots[i]] = v
	}
	if code.caller != nil && !foundCaller {
		caller, _ := kwargs.GetString("caller")
		kwargs.Delete("caller")
		if caller == nil {
			caller = r.undefined(&Undefined{hint: "No caller defined", name: "caller"})
		}
		f.vars[code.caller.slot] = caller
	}
	if err := m.checkRest(len(args), kwargs); err != nil {
		return err
	}
	if code.kwargs != nil {
		r.own(kwargs)
		f.vars[code.kwargs.slot] = kwargs
	}
	if code.varargs != nil {
		f.vars[code.varargs.slot] = append(py.Tuple{}, args[len(named):]...)
	}
	return nil
}

// checkRest refuses the arguments that no parameter took.
func (m *macro) checkRest(n int, kwargs *py.Dict) error {
	name := py.Repr(m.code.name)
	if m.code.kwargs == nil && kwargs.Len() > 0 {
		if _, ok := kwargs.GetString("caller"); ok {
			return py.Errorf("TypeError", "macro %s was invoked with two values for the special"+
				" caller argument. This is most likely a bug.", name)
		}
		return py.Errorf("TypeError", "macro %s takes no keyword argument %s", name, py.Repr(kwargs.Keys()[0]))
	}
	if m.code.varargs == nil && n > len(m.code.params) {
		return py.Errorf("TypeError", "macro %s takes not more than %d argument(s)", name, len(m.code.params))
	}
	return nil
}

// run executes the body in a frame that holds the arguments.
func (code *macroCode) run(r *run, f *frame) error {
	if code.enter != nil {
		if err := code.enter(r, f); err != nil {
			return err
		}
	}
	first := len(code.params) - len(code.defaults)
	for i, slot := range code.slots {
		if f.vars[slot] != any(missing) {
			continue
		}
		if i < first {
			f.vars[slot] = r.undefined(&Undefined{
				hint: "parameter " + py.Repr(code.params[i]) + " was not provided", name: code.params[i]})
			continue
		}
		v, err := code.defaults[i-first](r, f)
		if err != nil {
			return err
		}
		f.vars[slot] = v
	}
	return code.body(r, f)
}
