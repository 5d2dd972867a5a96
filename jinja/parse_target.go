package jinja

import (
	"slices"

	"github.com/galehq/gale/py"
)

var constantNames = map[string]any{
	"true": true, "True": true, "false": false, "False": false, "none": nil, "None": nil,
}

// nameTarget parses a name that is assigned to.
func (p *parser) nameTarget(m mode) *nameExpr {
	t := p.expect(tName)
	if _, ok := constantNames[t.text]; ok {
		p.fail(t.pos, "can't assign to 'name'")
	}
	return &nameExpr{t.pos, t.text, m}
}

// target parses what a for or set tag assigns to.
func (p *parser) target(o tupleOptions) expr {
	o.simple = true
	x := p.tuple(o)
	if !assignable(x) {
		p.fail(x.place(), "can't assign to %s", py.Repr(nodeName(x)))
	}
	setMode(x, store)
	return x
}

func assignable(x expr) bool {
	switch x := x.(type) {
	case *nameExpr, *attrTarget:
		return true
	case *tupleExpr:
		return !slices.ContainsFunc(x.items, func(x expr) bool { return !assignable(x) })
	}
	return false
}

func setMode(x expr, m mode) {
	walk(x, func(n node) bool {
		if name, ok := n.(*nameExpr); ok {
			name.mode = m
		}
		return true
	})
}

// nodeName returns the name by which the original calls a node.
func nodeName(x expr) string {
	switch x := x.(type) {
	case *constExpr:
		return "const"
	case *tupleExpr:
		return "tuple"
	case *listExpr:
		return "list"
	case *dictExpr:
		return "dict"
	case *condExpr:
		return "condexpr"
	case *boolExpr:
		if x.and {
			return "and"
		}
		return "or"
	case *binExpr:
		return map[kind]string{tAdd: "add", tSub: "sub", tMul: "mul", tDiv: "div",
			tFloorDiv: "floordiv", tMod: "mod", tPow: "pow"}[x.op]
	case *unaryExpr:
		if x.op == tSub {
			return "neg"
		}
		return "pos"
	case *notExpr:
		return "not"
	case *compareExpr:
		return "compare"
	case *concatExpr:
		return "concat"
	case *attrExpr:
		return "getattr"
	case *itemExpr:
		return "getitem"
	case *callExpr:
		return "call"
	case *filterExpr:
		return "filter"
	case *testExpr:
		return "test"
	}
	return "name"
}
