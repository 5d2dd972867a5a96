package jinja

import (
	"github.com/galehq/gale/py"
)

// body compiles statements.
func (c *compiler) body(body []stmt, s *scope) execFn {
	execs := make([]execFn, len(body))
	for i, st := range body {
		execs[i] = c.stmt(st, s)
	}
	if len(execs) == 1 {
		return execs[0]
	}
	return func(r *run, f *frame) error {
		for _, exec := range execs {
			if err := exec(r, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// stmt compiles a statement; its errors get its position.
func (c *compiler) stmt(st stmt, s *scope) execFn {
	exec := c.bare(st, s)
	if _, ok := st.(*outputStmt); ok {
		return exec // places its errors itself
	}
	at := st.place()
	return func(r *run, f *frame) error {
		if err := exec(r, f); err != nil {
			return locate(err, at)
		}
		return nil
	}
}

func (c *compiler) bare(st stmt, s *scope) execFn {
	switch st := st.(type) {
	case *outputStmt:
		return c.output(st, s)
	case *ifStmt:
		return c.ifElse(st, s)
	case *forStmt:
		return c.forLoop(st, s)
	case *setStmt:
		return c.set(st, s)
	case *setBlockStmt:
		return c.setBlock(st, s)
	case *withStmt:
		return c.with(st, s)
	case *macroStmt:
		return c.macro(st, s)
	case *callStmt:
		return c.callBlock(st, s)
	case *filterStmt:
		return c.filterBlock(st, s)
	case *blockStmt:
		return c.blockRef(st, s)
	case *autoescapeStmt:
		return c.autoescape(st, s)
	}
	return c.load(st.(*loadStmt), s)
}

func (c *compiler) output(st *outputStmt, s *scope) execFn {
	execs := make([]execFn, len(st.items))
	for i, x := range st.items {
		execs[i] = c.print(x, s)
	}
	if len(execs) == 1 {
		return execs[0]
	}
	return func(r *run, f *frame) error {
		for _, exec := range execs {
			if err := exec(r, f); err != nil {
				return err
			}
		}
		return nil
	}
}

func (c *compiler) print(x expr, s *scope) execFn {
	if d, ok := x.(*dataExpr); ok {
		text := d.text
		return func(r *run, f *frame) error { return r.write(text) }
	}
	value, at := c.expr(x, s), x.place()
	escape, volatile := s.escape, s.volatile
	return func(r *run, f *frame) error {
		v, err := value(r, f)
		if err != nil {
			return locate(err, at)
		}
		if escape && !volatile || volatile && r.escaping {
			err = r.printEscaped(v)
		} else {
			err = r.print(v)
		}
		if err != nil {
			return locate(err, at)
		}
		return nil
	}
}

func (c *compiler) ifElse(st *ifStmt, s *scope) execFn {
	s = s.softer()
	type branch struct {
		test evalFn
		body execFn
		at   pos
	}
	var branches []branch
	for _, b := range append([]*ifStmt{st}, st.elifs...) {
		branches = append(branches, branch{c.expr(b.test, s), c.body(b.body, s), b.pos})
	}
	orelse := c.body(st.orelse, s)
	return func(r *run, f *frame) error {
		for i := range branches {
			b := &branches[i]
			v, err := b.test(r, f)
			if err != nil {
				return locate(err, b.at)
			}
			ok, err := r.truth(v)
			if err != nil {
				return locate(err, b.at)
			}
			if ok {
				return b.body(r, f)
			}
		}
		return orelse(r, f)
	}
}

func (c *compiler) set(st *setStmt, s *scope) execFn {
	check := c.checkNamespaces(st.target, s)
	value, assign := c.expr(st.value, s), c.target(st.target, s)
	return func(r *run, f *frame) error {
		if err := check(r, f); err != nil {
			return err
		}
		v, err := value(r, f)
		if err != nil {
			return err
		}
		return assign(r, f, v)
	}
}

// checkNamespaces compiles the check that the ns of targets ns.attr are
// namespaces. It comes before the value is evaluated.
func (c *compiler) checkNamespaces(target expr, s *scope) execFn {
	var gets []evalFn
	walk(target, func(n node) bool {
		if a, ok := n.(*attrTarget); ok {
			gets = append(gets, c.name(&nameExpr{a.pos, a.name, load}, s))
		}
		return true
	})
	return func(r *run, f *frame) error {
		for _, get := range gets {
			v, err := get(r, f)
			if err != nil {
				return err
			}
			if _, ok := v.(*namespace); !ok {
				return errorf(ClassRuntime, "cannot assign attribute on non-namespace object")
			}
		}
		return nil
	}
}

func (c *compiler) setBlock(st *setBlockStmt, s *scope) execFn {
	inner := s.inner()
	inner.names.note(nodesOf(st.body)...)
	body := c.captured(c.enter(inner, c.body(st.body, inner)))
	if st.filter != nil {
		body = c.chain(st.filter, inner, body)
	}
	check, assign := c.checkNamespaces(st.target, s), c.target(st.target, s)
	return func(r *run, f *frame) error {
		v, err := body(r, f)
		if err != nil {
			return err
		}
		if r.escaping {
			if v, err = r.markSafe(v); err != nil {
				return err
			}
		}
		if err := check(r, f); err != nil {
			return err
		}
		return assign(r, f, v)
	}
}

// captured turns output into a value.
func (c *compiler) captured(exec execFn) evalFn {
	return func(r *run, f *frame) (any, error) { return r.capture(exec, f) }
}

func (c *compiler) filterBlock(st *filterStmt, s *scope) execFn {
	inner := s.inner()
	inner.names.note(append(nodesOf(st.body), st.filter)...)
	body := c.enter(inner, c.body(st.body, inner))
	value := c.chain(st.filter, inner, func(r *run, f *frame) (any, error) {
		text, err := r.capture(body, f)
		if inner.escape && err == nil {
			return Markup(text.(string)), nil
		}
		return text, err
	})
	return func(r *run, f *frame) error {
		v, err := value(r, f)
		if err != nil {
			return err
		}
		return r.print(v)
	}
}

func (c *compiler) with(st *withStmt, s *scope) execFn {
	values := c.exprs(st.values, s)
	inner := s.inner()
	for _, t := range st.targets {
		inner.names.note(t)
	}
	inner.names.note(nodesOf(st.body)...)
	targets := make([]assignFn, len(st.targets))
	for i, t := range st.targets {
		targets[i] = c.target(t, inner)
	}
	body := c.body(st.body, inner)
	return c.enter(inner, func(r *run, f *frame) error {
		for i, value := range values {
			v, err := value(r, f)
			if err != nil {
				return err
			}
			if err := targets[i](r, f, v); err != nil {
				return err
			}
		}
		return body(r, f)
	})
}

// blockRef compiles the place of a block: its content is a function.
func (c *compiler) blockRef(st *blockStmt, s *scope) execFn {
	type local struct {
		name       string
		slot, hops int
	}
	var locals []local
	if st.scoped {
		for name, v := range s.names.visible() {
			if v != nil {
				locals = append(locals, local{name, v.slot, s.names.fn.level - v.fn.level})
			}
		}
	}
	b := c.blocks[st.name]
	return func(r *run, f *frame) error {
		if st.required {
			return errorf(ClassRuntime, "Required block %s not found", py.Repr(st.name))
		}
		if len(locals) == 0 {
			return r.block(b)
		}
		outer := r.context
		defer func() { r.context = outer }()
		r.context = outer.derive()
		for _, l := range locals {
			if v := f.outer(l.hops).vars[l.slot]; v != any(missing) && v != any(unresolved) {
				r.context.Set(l.name, v)
			}
		}
		return r.block(b)
	}
}

// block writes the content of a block.
func (r *run) block(b *block) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	return b.body(r, newFrame(b.slots, nil))
}

// autoescape compiles {% autoescape value %}. Whether output is escaped is
// known at compile time unless value is no literal; filters and macros ask at
// run time.
func (c *compiler) autoescape(st *autoescapeStmt, s *scope) execFn {
	inner := s.inner()
	inner.names.note(st.value)
	inner.names.note(nodesOf(st.body)...)
	if v, ok := constant(st.value); ok {
		inner.escape = py.Truth(v)
	} else {
		inner.volatile = true
	}
	value, body := c.expr(st.value, inner), c.body(st.body, inner)
	return c.enter(inner, func(r *run, f *frame) error {
		v, err := value(r, f)
		if err != nil {
			return err
		}
		outer := r.escaping
		defer func() { r.escaping = outer }()
		if r.escaping, err = r.truth(v); err != nil {
			return err
		}
		return body(r, f)
	})
}

// load compiles what would need a loader; there is none.
func (c *compiler) load(st *loadStmt, s *scope) execFn {
	if st.tag == "extends" && !s.toplevel {
		c.fail(st.pos, "cannot use extend from a non top-level scope")
	}
	template := c.expr(st.template, s)
	return func(r *run, f *frame) error {
		v, err := template(r, f)
		if err != nil {
			return err
		}
		if st.tag == "include" {
			if names, ok := v.(string); !ok || names == "" {
				if err := r.selectTemplate(v, st.ignoreMissing); err != nil || st.ignoreMissing {
					return err
				}
			}
		}
		return py.Errorf("TypeError", "no loader for this environment specified")
	}
}

// selectTemplate gives the errors of an include of a list of names.
func (r *run) selectTemplate(v any, ignoreMissing bool) error {
	if isText(v) || IsUndefined(v) {
		return py.Errorf("TypeError", "no loader for this environment specified")
	}
	ok, err := r.truth(v)
	switch {
	case err != nil:
		return err
	case !ok && ignoreMissing:
		return nil
	case !ok:
		return errorf("TemplatesNotFound", "Tried to select from an empty list of templates.")
	}
	if _, err := r.iterate(v); err != nil {
		return err
	}
	return py.Errorf("TypeError", "no loader for this environment specified")
}
