package jinja

import (
	"fmt"

	"github.com/galehq/gale/py"
)

// forCode is a compiled for statement.
type forCode struct {
	slots      int // of the body's function, if the loop is recursive
	recursive  bool
	loop       *variable // the variable "loop", nil where the body does not need it
	assign     assignFn
	enter      execFn // prologue of the body, may be nil
	body       execFn
	orelse     execFn // nil without else
	test       evalFn // nil without if
	testEnter  execFn // prologue of the test, may be nil
	testAssign assignFn
	rebuild    evalFn // yields the target again, of a loop with if
}

func (c *compiler) forLoop(st *forStmt, s *scope) execFn {
	walk(st, func(n node) bool {
		if name, ok := n.(*nameExpr); ok && name.mode == store && name.name == "loop" {
			c.fail(name.pos, "Can't assign to special loop variable in for-loop target")
		}
		return true
	})
	iter := c.expr(st.iter, s)
	code := c.forCode(st, s)
	return func(r *run, f *frame) error {
		v, err := iter(r, f)
		if err != nil {
			return err
		}
		if !code.recursive {
			return code.run(r, f, f, v, 0)
		}
		text, err := code.recurse(r, f, v, 0)
		if err != nil {
			return err
		}
		return r.print(text)
	}
}

func (c *compiler) forCode(st *forStmt, s *scope) *forCode {
	fn := s.names.fn
	if st.recursive {
		fn = fn.inner()
	}
	code := &forCode{recursive: st.recursive}
	body, orelse := s.in(fn), s.in(fn)
	if c.needsLoop(st) {
		code.loop = body.names.parameter("loop")
	}
	body.names.noteTarget(st.target)
	body.names.note(nodesOf(st.body)...)
	orelse.names.note(nodesOf(st.orelse)...)
	if st.test != nil {
		c.loopTest(code, st, s)
	}
	code.assign = c.target(st.target, body)
	code.enter = c.prologue(body)
	code.body = c.body(st.body, body)
	if st.orelse != nil {
		code.orelse = c.enter(orelse, c.body(st.orelse, orelse))
	}
	code.slots = fn.slots
	return code
}

// needsLoop reports whether the body can see the variable loop.
func (c *compiler) needsLoop(st *forStmt) bool {
	if st.recursive || mentioned(nodesOf(st.body), "loop")["loop"] {
		return true
	}
	scoped := false
	walk(st, func(n node) bool {
		if b, ok := n.(*blockStmt); ok && b.scoped {
			scoped = true
		}
		return true
	})
	return scoped
}

// loopTest compiles the if of a loop, which has a scope of its own: it sees
// the target but not the variable loop.
func (c *compiler) loopTest(code *forCode, st *forStmt, s *scope) {
	test := s.inner()
	test.names.noteTarget(st.target)
	test.names.note(st.test)
	code.test = c.expr(st.test, test)
	code.testEnter = c.prologue(test)
	code.testAssign = c.target(st.target, test)
	code.rebuild = c.expr(reading(st.target), test)
}

// reading returns the target as an expression that reads it.
func reading(target expr) expr {
	switch x := target.(type) {
	case *nameExpr:
		return &nameExpr{x.pos, x.name, load}
	case *tupleExpr:
		t := &tupleExpr{pos: x.pos}
		for _, item := range x.items {
			t.items = append(t.items, reading(item))
		}
		return t
	}
	return target
}

// filtered yields the items that pass the test. outer is the activation of
// the function around the loop.
func (code *forCode) filtered(r *run, outer *frame, v any) (*generator, error) {
	cur, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	started := false
	return r.generator("t_1", func() (any, bool, error) {
		if !started && code.testEnter != nil {
			if err := code.testEnter(r, outer); err != nil {
				return nil, false, err
			}
		}
		started = true
		for {
			x, ok, err := cur.next(r)
			if err != nil || !ok {
				return nil, false, err
			}
			if err := code.testAssign(r, outer, x); err != nil {
				return nil, false, err
			}
			keep, err := code.test(r, outer)
			if err != nil {
				return nil, false, err
			}
			if ok, err = r.truth(keep); err != nil {
				return nil, false, err
			}
			if ok {
				v, err := code.rebuild(r, outer)
				return v, true, err
			}
		}
	}), nil
}

// run executes the loop over v. f is the activation of the body, outer the
// one around; they differ only in a recursive loop.
func (code *forCode) run(r *run, outer, f *frame, v any, depth int) error {
	if u, ok := v.(*Undefined); ok && u.strict {
		return u.Err()
	}
	if code.test != nil {
		g, err := code.filtered(r, outer, v)
		if err != nil {
			return err
		}
		v = g
	}
	cur, err := r.iterate(v)
	if err != nil {
		return err
	}
	if code.loop != nil {
		l := &loopContext{sized: v, cur: cur, depth0: depth, index0: -1, length: -1}
		if code.recursive {
			l.recurse = func(r *run, v any) (any, error) { return code.recurse(r, outer, v, depth+1) }
		}
		f.vars[code.loop.slot] = l
		cur = l
	}
	any := false
	for {
		x, ok, err := cur.next(r)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		any = true
		if err := r.spend(1); err != nil {
			return err
		}
		if err := code.iteration(r, f, x); err != nil {
			return err
		}
	}
	if !any && code.orelse != nil {
		return code.orelse(r, f)
	}
	return nil
}

func (code *forCode) iteration(r *run, f *frame, x any) error {
	if err := code.assign(r, f, x); err != nil {
		return err
	}
	if code.enter != nil {
		if err := code.enter(r, f); err != nil {
			return err
		}
	}
	return code.body(r, f)
}

// recurse runs a recursive loop in an activation of its own and returns what
// it printed.
func (code *forCode) recurse(r *run, outer *frame, v any, depth int) (any, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	text, err := r.capture(func(r *run, f *frame) error { return code.run(r, outer, f, v, depth) }, newFrame(code.slots, outer))
	if err == nil && r.escaping {
		return Markup(text.(string)), nil
	}
	return text, err
}

// loopContext is the variable "loop".
type loopContext struct {
	sized   any // what is iterated
	cur     cursor
	index0  int
	length  int // -1 while unknown
	depth0  int
	after   any // the next item, read in advance
	peeked  bool
	ended   bool // there is no next item
	current any
	before  any
	changed py.Tuple // last arguments of changed()
	recurse func(r *run, v any) (any, error)
}

func (*loopContext) PyType() string   { return "LoopContext" }
func (*loopContext) pyModule() string { return "jinja2.runtime" }

// PyRepr shows the length only if it is known: finding out may run template
// code, which a repr cannot report errors of.
func (l *loopContext) PyRepr() string {
	n := l.length
	if n < 0 {
		n, _ = py.Len(l.sized)
	}
	return fmt.Sprintf("<LoopContext %d/%d>", l.index0+1, max(n, l.index0+1))
}

func (l *loopContext) next(r *run) (any, bool, error) {
	x, ok, err := l.peek(r)
	if err != nil || !ok {
		return nil, false, err
	}
	l.peeked, l.after = false, nil
	l.index0++
	l.before, l.current = l.current, x
	return x, true, nil
}

func (l *loopContext) peek(r *run) (any, bool, error) {
	if l.peeked {
		return l.after, !l.ended, nil
	}
	x, ok, err := l.cur.next(r)
	if err != nil {
		return nil, false, err
	}
	l.after, l.ended, l.peeked = x, !ok, true
	return x, ok, nil
}

// len returns the length, reading all items in advance if there is no other
// way.
func (l *loopContext) len(r *run) (int, error) {
	if l.length >= 0 {
		return l.length, nil
	}
	if n, err := r.length(l.sized); err == nil {
		l.length = n
		return n, nil
	}
	rest, err := r.drain(l.cur)
	if err != nil {
		return 0, err
	}
	l.length = l.index0 + 1 + len(rest)
	if l.peeked && !l.ended {
		l.length++
	}
	l.cur = &sliceCursor{items: rest}
	return l.length, nil
}

func (l *loopContext) attr(r *run, name string) (v any, ok bool, err error) {
	switch name {
	case "index":
		return int64(l.index0 + 1), true, nil
	case "index0":
		return int64(l.index0), true, nil
	case "first":
		return l.index0 == 0, true, nil
	case "depth":
		return int64(l.depth0 + 1), true, nil
	case "depth0":
		return int64(l.depth0), true, nil
	case "cycle":
		return &method{l, "cycle", l.cycle}, true, nil
	case "changed":
		return &method{l, "changed", l.hasChanged}, true, nil
	case "length", "revindex", "revindex0":
		n, err := l.len(r)
		switch name {
		case "revindex":
			n -= l.index0
		case "revindex0":
			n -= l.index0 + 1
		}
		return int64(n), true, err
	case "last":
		_, more, err := l.peek(r)
		return !more, true, err
	case "previtem":
		if l.index0 == 0 {
			return r.undefined(&Undefined{hint: "there is no previous item"}), true, nil
		}
		return l.before, true, nil
	case "nextitem":
		x, more, err := l.peek(r)
		if !more && err == nil {
			x = r.undefined(&Undefined{hint: "there is no next item"})
		}
		return x, true, err
	}
	return nil, false, nil
}

func (l *loopContext) cycle(c *Call, args []any, kwargs *py.Dict) (any, error) {
	if kwargs.Len() > 0 {
		return nil, unexpectedKeyword("LoopContext.cycle", kwargs)
	}
	if len(args) == 0 {
		return nil, py.Errorf("TypeError", "no items for cycling given")
	}
	return args[l.index0%len(args)], nil
}

func (l *loopContext) hasChanged(c *Call, args []any, kwargs *py.Dict) (any, error) {
	if kwargs.Len() > 0 {
		return nil, unexpectedKeyword("LoopContext.changed", kwargs)
	}
	for _, a := range args {
		if err := strictError(a); err != nil && l.changed != nil {
			return nil, err
		}
	}
	value := py.Tuple(args)
	if l.changed != nil && py.Equal(l.changed, value) {
		return false, nil
	}
	if value == nil {
		value = py.Tuple{}
	}
	l.changed = value
	return true, nil
}

// callIn renders the body of a recursive loop for other items.
func (l *loopContext) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	a, err := loopCallSig.bind(args, kwargs)
	if err != nil {
		return nil, err
	}
	if l.recurse == nil {
		return nil, py.Errorf("TypeError", "The loop must have the 'recursive' marker to be called recursively.")
	}
	return l.recurse(c.r, a[0])
}

var loopCallSig = mustSignature("LoopContext.__call__(@self, iterable)")
