package jinja

import (
	"maps"
	"slices"

	"github.com/galehq/gale/py"
)

// A template is compiled once, to closures, and run many times. evalFn yields
// the value of an expression, execFn runs a statement, in an activation.
type (
	evalFn   func(*run, *frame) (any, error)
	execFn   func(*run, *frame) error
	assignFn func(*run, *frame, any) error
)

// frame is the activation record of a function.
type frame struct {
	vars []any
	up   *frame
}

// mark is what a variable holds while it has no value.
type mark uint8

const (
	unresolved mark = iota // to be looked up in the context
	missing
)

func newFrame(slots int, up *frame) *frame {
	f := &frame{make([]any, slots), up}
	for i := range f.vars {
		f.vars[i] = unresolved
	}
	return f
}

// outer returns the frame of a function further out.
func (f *frame) outer(hops int) *frame {
	for ; hops > 0; hops-- {
		f = f.up
	}
	return f
}

// program is a compiled template or expression.
type program struct {
	env        *Env
	slots      int
	body       execFn // of a template
	value      evalFn // of an expression
	blocks     map[string]*block
	undeclared []string
	mutates    bool // calls a method that changes a list, dictionary or set
}

// block is the compiled content of a {% block %}.
type block struct {
	name  string
	slots int
	body  execFn
}

// compiler holds what is known of the whole template.
type compiler struct {
	env        *Env
	blocks     map[string]*block
	undeclared map[string]bool
	mutates    bool
}

// scope is where a statement or expression is compiled.
type scope struct {
	names *table
	// toplevel: what is set here becomes visible to blocks.
	toplevel bool
	// soft: in an if. Unknown filters and tests are found when they are used.
	soft bool
	// escape: {% autoescape %} is on here; volatile: only known at run time.
	escape, volatile bool
}

func (s *scope) inner() *scope { return s.in(s.names.fn) }

// in is inner for a scope whose variables live in the activation of fn.
func (s *scope) in(fn *function) *scope {
	return &scope{names: newTable(s.names, fn), escape: s.escape, volatile: s.volatile}
}

func (s *scope) softer() *scope {
	c := *s
	c.soft = true
	return &c
}

// compileTemplate resolves the names of a template and turns it into closures.
func compileTemplate(env *Env, body []stmt) (prog *program, err error) {
	defer catch(&err)
	c := newCompiler(env)
	c.collectBlocks(body)
	fn := &function{}
	s := &scope{names: newTable(nil, fn), toplevel: true}
	nodes := nodesOf(body)
	self := c.declareSelf(s, nodes)
	s.names.note(nodes...)
	exec := c.enter(s, c.body(body, s))
	prog = c.program(fn)
	prog.body = func(r *run, f *frame) error {
		if self != nil {
			f.vars[self.slot] = &blockNames{prog}
		}
		return exec(r, f)
	}
	return prog, nil
}

// compileLone compiles an expression to be evaluated by itself.
func compileLone(env *Env, x expr) (prog *program, err error) {
	defer catch(&err)
	c := newCompiler(env)
	fn := &function{}
	s := &scope{names: newTable(nil, fn), toplevel: true}
	s.names.note(x)
	value := c.expr(x, s)
	for _, v := range s.names.entries() {
		c.undeclared[v.name] = true
	}
	prog = c.program(fn)
	at := x.place()
	prog.value = func(r *run, f *frame) (any, error) {
		v, err := value(r, f)
		if err != nil {
			return nil, locate(err, at)
		}
		return v, nil
	}
	return prog, nil
}

func newCompiler(env *Env) *compiler {
	return &compiler{env: env, blocks: map[string]*block{}, undeclared: map[string]bool{}}
}

func (c *compiler) program(fn *function) *program {
	p := &program{env: c.env, slots: fn.slots, blocks: c.blocks, mutates: c.mutates}
	for _, name := range slices.Sorted(maps.Keys(c.undeclared)) {
		if _, ok := c.env.globals[name]; !ok {
			p.undeclared = append(p.undeclared, name)
		}
	}
	return p
}

func (c *compiler) fail(at pos, format string, args ...any) {
	panic(failure{errorf(ClassAssertion, format, args...).at(at)})
}

// collectBlocks compiles the blocks of the template; each is a function that
// sees the context and nothing of where it stands.
func (c *compiler) collectBlocks(body []stmt) {
	var found []*blockStmt
	for _, s := range body {
		walk(s, func(n node) bool {
			if b, ok := n.(*blockStmt); ok {
				if c.blocks[b.name] != nil {
					c.fail(b.pos, "block %s defined twice", py.Repr(b.name))
				}
				c.blocks[b.name] = &block{name: b.name}
				found = append(found, b)
			}
			return true
		})
	}
	for _, b := range found {
		c.compileBlock(b)
	}
}

func (c *compiler) compileBlock(b *blockStmt) {
	fn := &function{}
	s := &scope{names: newTable(nil, fn)}
	nodes := nodesOf(b.body)
	self := c.declareSelf(s, nodes)
	var super *variable
	if mentioned(nodes, "super")["super"] {
		super = s.names.parameter("super")
	}
	s.names.note(nodes...)
	exec := c.enter(s, c.body(b.body, s))
	out := c.blocks[b.name]
	out.slots = fn.slots
	out.body = func(r *run, f *frame) error {
		if self != nil {
			f.vars[self.slot] = &blockNames{r.prog}
		}
		if super != nil {
			f.vars[super.slot] = r.undefined(&Undefined{
				hint: "there is no parent block called " + py.Repr(b.name) + ".", name: "super"})
		}
		return exec(r, f)
	}
}

// declareSelf makes self a variable if it is used.
func (c *compiler) declareSelf(s *scope, nodes []node) *variable {
	if mentioned(nodes, "self")["self"] {
		return s.names.parameter("self")
	}
	return nil
}

// enter puts in front of exec what gives the variables of s their values.
func (c *compiler) enter(s *scope, exec execFn) execFn {
	prologue := c.prologue(s)
	if prologue == nil {
		return exec
	}
	return func(r *run, f *frame) error {
		if err := prologue(r, f); err != nil {
			return err
		}
		return exec(r, f)
	}
}

// prologue returns what gives the variables of s their values on entry, or
// nil. It runs at each iteration of a loop. A variable from the context that
// nothing assigns to keeps its value once it is looked up.
func (c *compiler) prologue(s *scope) execFn {
	type copyOp struct {
		slot, from, hops int
		name             string
	}
	var reset []int
	var none []int
	var copies []copyOp
	for _, v := range s.names.entries() {
		switch b := s.names.bindings[v]; b.origin {
		case fromContext:
			c.undeclared[v.name] = true
			if s.names.stores[v.name] {
				reset = append(reset, v.slot)
			}
		case fromNowhere:
			none = append(none, v.slot)
		case fromOuter:
			copies = append(copies, copyOp{v.slot, b.outer.slot, v.fn.level - b.outer.fn.level, v.name})
		}
	}
	if reset == nil && none == nil && copies == nil {
		return nil
	}
	return func(r *run, f *frame) error {
		for _, i := range reset {
			f.vars[i] = unresolved
		}
		for _, i := range none {
			f.vars[i] = missing
		}
		for _, op := range copies {
			from := f.outer(op.hops)
			if from.vars[op.from] == any(unresolved) {
				if err := r.resolve(from, op.from, op.name); err != nil {
					return err
				}
			}
			f.vars[op.slot] = from.vars[op.from]
		}
		return nil
	}
}

// name compiles the reading of a variable.
func (c *compiler) name(x *nameExpr, s *scope) evalFn {
	v := s.names.find(x.name)
	if v == nil {
		// Only reachable where the analysis of names is incomplete.
		v = s.names.define(x.name, binding{origin: fromContext})
	}
	slot, hops, name := v.slot, s.names.fn.level-v.fn.level, x.name
	if hops == 0 {
		return func(r *run, f *frame) (any, error) {
			if m, ok := f.vars[slot].(mark); ok {
				return r.load(f, slot, name, m)
			}
			return f.vars[slot], nil
		}
	}
	return func(r *run, f *frame) (any, error) {
		f = f.outer(hops)
		if m, ok := f.vars[slot].(mark); ok {
			return r.load(f, slot, name, m)
		}
		return f.vars[slot], nil
	}
}

// load returns the value of a variable that has none yet.
func (r *run) load(f *frame, slot int, name string, m mark) (any, error) {
	if m == unresolved {
		if err := r.resolve(f, slot, name); err != nil {
			return nil, err
		}
	}
	if f.vars[slot] == any(missing) {
		return r.undefined(&Undefined{name: name}), nil
	}
	return f.vars[slot], nil
}

// resolve looks a variable up in the context.
func (r *run) resolve(f *frame, slot int, name string) error {
	v, ok, err := r.lookup(name)
	if err != nil {
		return err
	}
	if !ok {
		v = missing
	}
	f.vars[slot] = v
	return nil
}

// target compiles an assignment. The names become visible to blocks if the
// scope is the top level.
func (c *compiler) target(x expr, s *scope) assignFn {
	switch x := x.(type) {
	case *nameExpr:
		slot, name, export := s.names.find(x.name).slot, x.name, s.toplevel
		return func(r *run, f *frame, v any) error {
			f.vars[slot] = v
			if export {
				r.export(name, v)
			}
			return nil
		}
	case *attrTarget:
		get := c.name(&nameExpr{x.pos, x.name, load}, s)
		return func(r *run, f *frame, v any) error {
			ns, err := get(r, f)
			if err != nil {
				return err
			}
			// The statement has checked that it is a namespace.
			ns.(*namespace).attrs.Set(x.attr, v)
			return nil
		}
	}
	items := x.(*tupleExpr).items
	targets := make([]assignFn, len(items))
	for i, item := range items {
		targets[i] = c.target(item, s)
	}
	return func(r *run, f *frame, v any) error {
		parts, err := r.unpack(v, len(targets))
		if err != nil {
			return err
		}
		for i, t := range targets {
			if err := t(r, f, parts[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// unpack takes exactly n values out of v.
func (r *run) unpack(v any, n int) ([]any, error) {
	if u, ok := v.(*Undefined); ok && u.strict {
		return nil, u.Err()
	}
	cur, err := r.iterate(v)
	if err != nil {
		if Class(err) == "TypeError" {
			return nil, py.Errorf("TypeError", "cannot unpack non-iterable %s object", py.TypeName(v))
		}
		return nil, err
	}
	out := make([]any, 0, n)
	for {
		x, ok, err := cur.next(r)
		switch {
		case err != nil:
			return nil, err
		case !ok && len(out) < n:
			return nil, py.Errorf("ValueError", "not enough values to unpack (expected %d, got %d)", n, len(out))
		case !ok:
			return out, nil
		case len(out) == n:
			return nil, py.Errorf("ValueError", "too many values to unpack (expected %d)", n)
		}
		out = append(out, x)
	}
}

// constant returns the value of an expression that is a literal.
func constant(x expr) (any, bool) {
	if k, ok := x.(*constExpr); ok {
		return k.value, true
	}
	return nil, false
}
