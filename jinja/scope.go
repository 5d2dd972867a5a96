package jinja

import (
	"cmp"
	"maps"
	"slices"
)

// The names of a template are resolved before it runs. Every scope (template,
// loop body, macro, with …) has a table of the names it mentions, and says how
// each gets its value when the scope is entered. The rules are those of the
// original, whose scopes have surprising corners that templates depend on: a
// name set in one branch of an if is known behind it; a name that a loop body
// sets starts each iteration with the value outside.

// function is what runs with an activation record of its own: the template, a
// block, a macro, the body of a recursive loop.
type function struct {
	outer *function
	level int
	slots int
}

func (f *function) inner() *function { return &function{outer: f, level: f.level + 1} }

// variable is a name in one scope.
type variable struct {
	name string
	fn   *function
	slot int
}

// origin tells how a variable gets its value on entry to its scope.
type origin uint8

const (
	fromContext   origin = iota // looked up when first needed
	fromOuter                   // copied from the scope around
	fromNowhere                 // set later
	fromParameter               // set by whoever enters
)

type binding struct {
	origin origin
	outer  *variable // of fromOuter
}

// table is the names of one scope. Branches of an if work on copies.
type table struct {
	outer    *table
	owner    map[string]*variable // all variables of the scope, shared by copies
	fn       *function
	refs     map[string]*variable
	bindings map[*variable]binding
	stores   map[string]bool
}

func newTable(outer *table, fn *function) *table {
	return &table{
		outer: outer, fn: fn, owner: map[string]*variable{}, refs: map[string]*variable{},
		bindings: map[*variable]binding{}, stores: map[string]bool{},
	}
}

func (t *table) clone() *table {
	c := *t
	c.refs, c.bindings, c.stores = maps.Clone(t.refs), maps.Clone(t.bindings), maps.Clone(t.stores)
	return &c
}

// find returns the variable that name means here, or nil.
func (t *table) find(name string) *variable {
	for ; t != nil; t = t.outer {
		if v := t.refs[name]; v != nil {
			return v
		}
	}
	return nil
}

func (t *table) define(name string, b binding) *variable {
	v := t.owner[name]
	if v == nil {
		v = &variable{name, t.fn, t.fn.slots}
		t.fn.slots++
		t.owner[name] = v
	}
	t.refs[name] = v
	t.bindings[v] = b
	return v
}

func (t *table) load(name string) {
	if t.find(name) == nil {
		t.define(name, binding{origin: fromContext})
	}
}

func (t *table) store(name string) {
	t.stores[name] = true
	if t.refs[name] != nil {
		return
	}
	if outer := t.outer.find(name); outer != nil {
		t.define(name, binding{fromOuter, outer})
		return
	}
	t.define(name, binding{origin: fromNowhere})
}

func (t *table) parameter(name string) *variable {
	t.stores[name] = true
	return t.define(name, binding{origin: fromParameter})
}

// join takes over what the branches of an if did to copies of t. What only
// some branch sets keeps the value from before when another branch is taken.
func (t *table) join(branches ...*table) {
	fresh := map[string]bool{}
	for _, b := range branches {
		for name := range b.stores {
			if !t.stores[name] {
				fresh[name] = true
			}
		}
	}
	for _, b := range branches {
		maps.Copy(t.refs, b.refs)
		maps.Copy(t.bindings, b.bindings)
		maps.Copy(t.stores, b.stores)
	}
	for name := range fresh {
		v := t.find(name)
		if outer := t.outer.find(name); outer != nil {
			t.bindings[v] = binding{fromOuter, outer}
		} else {
			t.bindings[v] = binding{origin: fromContext}
		}
	}
}

// entries returns the variables of the scope in a fixed order.
func (t *table) entries() []*variable {
	return slices.SortedFunc(maps.Keys(t.bindings), func(a, b *variable) int { return cmp.Compare(a.slot, b.slot) })
}

// visible returns what a scoped block may see: the names set here or in a
// scope around.
func (t *table) visible() map[string]*variable {
	out := map[string]*variable{}
	for inner := t; t != nil; t = t.outer {
		for name := range t.stores {
			if out[name] == nil {
				out[name] = inner.find(name)
			}
		}
	}
	return out
}

// note records in t the names that the nodes mention in this very scope: not
// those within scopes that the nodes open.
func (t *table) note(nodes ...node) {
	for _, n := range nodes {
		t.noteOne(n)
	}
}

func (t *table) noteOne(n node) {
	switch n := n.(type) {
	case *nameExpr:
		switch n.mode {
		case load:
			t.load(n.name)
		case store:
			t.store(n.name)
		case param:
			t.parameter(n.name)
		}
	case *attrTarget:
		t.load(n.name)
	case *ifStmt:
		t.noteIf(n)
	case *macroStmt:
		t.store(n.name)
	case *loadStmt:
		n.each(t.noteOne)
		for _, name := range n.names {
			t.store(name.alias)
		}
	case *setStmt:
		t.note(n.value, n.target)
	case *forStmt:
		t.note(n.iter)
	case *callStmt:
		t.note(n.call)
	case *filterStmt:
		t.note(n.filter)
	case *withStmt:
		eachExpr(t.noteOne, n.values...)
	case *setBlockStmt:
		// The original forgets the names in the filter's arguments and fails;
		// here they belong to the scope around.
		if n.filter != nil {
			t.note(n.filter)
		}
		t.note(n.target)
	case *blockStmt, *autoescapeStmt:
	default:
		n.each(t.noteOne)
	}
}

func (t *table) noteIf(n *ifStmt) {
	t.note(n.test)
	branch := func(f func(*table)) *table {
		c := t.clone()
		f(c)
		return c
	}
	body := branch(func(c *table) { c.note(nodesOf(n.body)...) })
	elifs := branch(func(c *table) {
		for _, e := range n.elifs {
			c.noteIf(e)
		}
	})
	orelse := branch(func(c *table) { c.note(nodesOf(n.orelse)...) })
	t.join(body, elifs, orelse)
}

// noteTarget records the names of a loop's target as parameters.
func (t *table) noteTarget(target expr) {
	walk(target, func(n node) bool {
		if name, ok := n.(*nameExpr); ok {
			t.parameter(name.name)
		}
		return true
	})
}

// mentioned returns which of the names are read somewhere below the nodes,
// macros and loops included, before any assignment to them.
func mentioned(nodes []node, names ...string) map[string]bool {
	found, gone := map[string]bool{}, map[string]bool{}
	for _, n := range nodes {
		walk(n, func(n node) bool {
			switch n := n.(type) {
			case *nameExpr:
				switch {
				case !slices.Contains(names, n.name) || gone[n.name]:
				case n.mode == load:
					found[n.name] = true
				default:
					gone[n.name] = true
				}
			case *blockStmt:
				return false
			}
			return true
		})
	}
	return found
}
