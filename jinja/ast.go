package jinja

// A node is a piece of the syntax tree. each calls f for the direct children,
// in the order in which the original visits them; analyses rely on it.
type node interface {
	place() pos
	each(f func(node))
}

func (p pos) place() pos { return p }

type expr interface {
	node
	isExpr()
}

type stmt interface {
	node
	isStmt()
}

// mode tells what a name does.
type mode uint8

const (
	load  mode = iota
	store      // set, for
	param      // macro, call, with
)

// Expressions.
type (
	nameExpr struct {
		pos
		name string
		mode mode
	}
	// attrTarget is the target of {% set ns.attr = … %}.
	attrTarget struct {
		pos
		name, attr string
	}
	constExpr struct {
		pos
		value any
	}
	// dataExpr is template text between tags.
	dataExpr struct {
		pos
		text string
	}
	tupleExpr struct {
		pos
		items []expr
	}
	listExpr struct {
		pos
		items []expr
	}
	dictExpr struct {
		pos
		keys, values []expr
	}
	condExpr struct {
		pos
		test, then expr
		otherwise  expr // nil without else
	}
	// binExpr is an arithmetic operation.
	binExpr struct {
		pos
		op          kind
		left, right expr
	}
	// boolExpr is "and" or "or".
	boolExpr struct {
		pos
		and         bool
		left, right expr
	}
	unaryExpr struct {
		pos
		op kind // tAdd, tSub
		x  expr
	}
	notExpr struct {
		pos
		x expr
	}
	compareExpr struct {
		pos
		x   expr
		ops []operand
	}
	concatExpr struct {
		pos
		items []expr
	}
	attrExpr struct {
		pos
		x    expr
		name string
	}
	itemExpr struct {
		pos
		x, key expr // key may be a sliceExpr
	}
	sliceExpr struct {
		pos
		low, high, step expr // each may be nil
	}
	callExpr struct {
		pos
		x expr
		arguments
	}
	// filterExpr applies a filter. x is nil at the start of the chain of a
	// filter or set block, where it stands for the block's text.
	filterExpr struct {
		pos
		x    expr
		name string
		arguments
	}
	testExpr struct {
		pos
		x    expr
		name string
		arguments
	}
)

// operand is one step of a chain of comparisons.
type operand struct {
	op string // == != < <= > >= in, not in
	x  expr
}

// arguments are what stands between the parentheses of a call.
type arguments struct {
	args   []expr
	kwargs []keyword
	star   expr // *x, or nil
	dstar  expr // **x, or nil
}

type keyword struct {
	name  string
	value expr
}

// Statements.
type (
	// outputStmt prints text and expressions.
	outputStmt struct {
		pos
		items []expr
	}
	forStmt struct {
		pos
		target    expr
		iter      expr
		body      []stmt
		orelse    []stmt
		test      expr // nil without if
		recursive bool
	}
	ifStmt struct {
		pos
		test   expr
		body   []stmt
		elifs  []*ifStmt
		orelse []stmt
	}
	signature struct {
		params   []*nameExpr
		defaults []expr // of the last params
	}
	macroStmt struct {
		pos
		name string
		signature
		body []stmt
	}
	callStmt struct {
		pos
		call *callExpr
		signature
		body []stmt
	}
	filterStmt struct {
		pos
		body   []stmt
		filter *filterExpr
	}
	withStmt struct {
		pos
		targets, values []expr
		body            []stmt
	}
	setStmt struct {
		pos
		target, value expr
	}
	setBlockStmt struct {
		pos
		target expr
		filter *filterExpr // nil without filter
		body   []stmt
	}
	blockStmt struct {
		pos
		name             string
		body             []stmt
		scoped, required bool
	}
	autoescapeStmt struct {
		pos
		value expr
		body  []stmt
	}
	// loadStmt is extends, include, import or from: what needs a loader.
	loadStmt struct {
		pos
		tag           string
		template      expr
		names         []importedName // of import (one, with only an alias) and from
		ignoreMissing bool
		context       bool // with context
	}
)

type importedName struct{ name, alias string }

func (*nameExpr) isExpr()    {}
func (*attrTarget) isExpr()  {}
func (*constExpr) isExpr()   {}
func (*dataExpr) isExpr()    {}
func (*tupleExpr) isExpr()   {}
func (*listExpr) isExpr()    {}
func (*dictExpr) isExpr()    {}
func (*condExpr) isExpr()    {}
func (*binExpr) isExpr()     {}
func (*boolExpr) isExpr()    {}
func (*unaryExpr) isExpr()   {}
func (*notExpr) isExpr()     {}
func (*compareExpr) isExpr() {}
func (*concatExpr) isExpr()  {}
func (*attrExpr) isExpr()    {}
func (*itemExpr) isExpr()    {}
func (*sliceExpr) isExpr()   {}
func (*callExpr) isExpr()    {}
func (*filterExpr) isExpr()  {}
func (*testExpr) isExpr()    {}

func (*outputStmt) isStmt()     {}
func (*forStmt) isStmt()        {}
func (*ifStmt) isStmt()         {}
func (*macroStmt) isStmt()      {}
func (*callStmt) isStmt()       {}
func (*filterStmt) isStmt()     {}
func (*withStmt) isStmt()       {}
func (*setStmt) isStmt()        {}
func (*setBlockStmt) isStmt()   {}
func (*blockStmt) isStmt()      {}
func (*autoescapeStmt) isStmt() {}
func (*loadStmt) isStmt()       {}

func eachExpr(f func(node), xs ...expr) {
	for _, x := range xs {
		if x != nil {
			f(x)
		}
	}
}

func eachStmt(f func(node), body []stmt) {
	for _, s := range body {
		f(s)
	}
}

func (*nameExpr) each(func(node))       {}
func (*attrTarget) each(func(node))     {}
func (*constExpr) each(func(node))      {}
func (*dataExpr) each(func(node))       {}
func (x *tupleExpr) each(f func(node))  { eachExpr(f, x.items...) }
func (x *listExpr) each(f func(node))   { eachExpr(f, x.items...) }
func (x *condExpr) each(f func(node))   { eachExpr(f, x.test, x.then, x.otherwise) }
func (x *binExpr) each(f func(node))    { eachExpr(f, x.left, x.right) }
func (x *boolExpr) each(f func(node))   { eachExpr(f, x.left, x.right) }
func (x *unaryExpr) each(f func(node))  { eachExpr(f, x.x) }
func (x *notExpr) each(f func(node))    { eachExpr(f, x.x) }
func (x *concatExpr) each(f func(node)) { eachExpr(f, x.items...) }
func (x *attrExpr) each(f func(node))   { eachExpr(f, x.x) }
func (x *itemExpr) each(f func(node))   { eachExpr(f, x.x, x.key) }
func (x *sliceExpr) each(f func(node))  { eachExpr(f, x.low, x.high, x.step) }

func (x *dictExpr) each(f func(node)) {
	for i := range x.keys {
		eachExpr(f, x.keys[i], x.values[i])
	}
}

func (x *compareExpr) each(f func(node)) {
	f(x.x)
	for _, op := range x.ops {
		f(op.x)
	}
}

func (a *arguments) each(f func(node)) {
	eachExpr(f, a.args...)
	for _, k := range a.kwargs {
		f(k.value)
	}
	eachExpr(f, a.star, a.dstar)
}

func (x *callExpr) each(f func(node)) {
	f(x.x)
	x.arguments.each(f)
}

func (x *filterExpr) each(f func(node)) {
	eachExpr(f, x.x)
	x.arguments.each(f)
}

func (x *testExpr) each(f func(node)) {
	f(x.x)
	x.arguments.each(f)
}

func (s *signature) each(f func(node)) {
	for _, p := range s.params {
		f(p)
	}
	eachExpr(f, s.defaults...)
}

func (s *outputStmt) each(f func(node)) { eachExpr(f, s.items...) }

func (s *forStmt) each(f func(node)) {
	eachExpr(f, s.target, s.iter)
	eachStmt(f, s.body)
	eachStmt(f, s.orelse)
	eachExpr(f, s.test)
}

func (s *ifStmt) each(f func(node)) {
	f(s.test)
	eachStmt(f, s.body)
	for _, e := range s.elifs {
		f(e)
	}
	eachStmt(f, s.orelse)
}

func (s *macroStmt) each(f func(node)) {
	s.signature.each(f)
	eachStmt(f, s.body)
}

func (s *callStmt) each(f func(node)) {
	f(s.call)
	s.signature.each(f)
	eachStmt(f, s.body)
}

func (s *filterStmt) each(f func(node)) {
	eachStmt(f, s.body)
	f(s.filter)
}

func (s *withStmt) each(f func(node)) {
	eachExpr(f, s.targets...)
	eachExpr(f, s.values...)
	eachStmt(f, s.body)
}

func (s *setStmt) each(f func(node)) { eachExpr(f, s.target, s.value) }

func (s *setBlockStmt) each(f func(node)) {
	f(s.target)
	if s.filter != nil {
		f(s.filter)
	}
	eachStmt(f, s.body)
}

func (s *blockStmt) each(f func(node)) { eachStmt(f, s.body) }

func (s *autoescapeStmt) each(f func(node)) {
	f(s.value)
	eachStmt(f, s.body)
}

func (s *loadStmt) each(f func(node)) { f(s.template) }

// walk calls f for n and all below it, down to where f returns false.
func walk(n node, f func(node) bool) {
	if f(n) {
		n.each(func(c node) { walk(c, f) })
	}
}

// nodesOf returns the statements as nodes.
func nodesOf(body []stmt) []node {
	out := make([]node, len(body))
	for i, s := range body {
		out[i] = s
	}
	return out
}
