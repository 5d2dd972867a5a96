package jinja

import (
	"strings"

	"github.com/galehq/gale/py"
)

// expression parses an expression with an optional inline if.
func (p *parser) expression() expr {
	p.enter()
	defer p.leave()
	at := p.cur.pos
	x := p.or()
	for n := 0; p.skipName("if"); p.chain(&n) {
		c := &condExpr{pos: at, then: x}
		c.test = p.or()
		if p.skipName("else") {
			c.otherwise = p.expression()
		}
		x, at = c, p.cur.pos
	}
	return x
}

func (p *parser) or() expr {
	at := p.cur.pos
	x := p.and()
	for n := 0; p.skipName("or"); p.chain(&n) {
		x = &boolExpr{at, false, x, p.and()}
		at = p.cur.pos
	}
	return x
}

func (p *parser) and() expr {
	at := p.cur.pos
	x := p.not()
	for n := 0; p.skipName("and"); p.chain(&n) {
		x = &boolExpr{at, true, x, p.not()}
		at = p.cur.pos
	}
	return x
}

func (p *parser) not() expr {
	if !p.cur.is("not") {
		return p.compare()
	}
	p.enter()
	defer p.leave()
	at := p.advance().pos
	return &notExpr{at, p.not()}
}

func (p *parser) compare() expr {
	c := &compareExpr{pos: p.cur.pos}
	c.x = p.sum()
	for {
		op := ""
		switch {
		case p.cur.kind == tEq, p.cur.kind == tNe, p.cur.kind == tLt,
			p.cur.kind == tLtEq, p.cur.kind == tGt, p.cur.kind == tGtEq:
			op = operatorText[p.cur.kind]
		case p.cur.is("in"):
			op = "in"
		case p.cur.is("not") && p.peek().is("in"):
			p.advance()
			op = "not in"
		}
		if op == "" {
			break
		}
		p.advance()
		c.ops = append(c.ops, operand{op, p.sum()})
	}
	if c.ops == nil {
		return c.x
	}
	return c
}

func (p *parser) sum() expr {
	at := p.cur.pos
	x := p.concat()
	for n := 0; p.cur.kind == tAdd || p.cur.kind == tSub; p.chain(&n) {
		op := p.advance().kind
		x = &binExpr{at, op, x, p.concat()}
		at = p.cur.pos
	}
	return x
}

func (p *parser) concat() expr {
	at := p.cur.pos
	x := p.product()
	if p.cur.kind != tTilde {
		return x
	}
	c := &concatExpr{at, []expr{x}}
	for p.skip(tTilde) {
		c.items = append(c.items, p.product())
	}
	return c
}

func (p *parser) product() expr {
	at := p.cur.pos
	x := p.power()
	for n := 0; ; p.chain(&n) {
		switch p.cur.kind {
		case tMul, tDiv, tFloorDiv, tMod:
			op := p.advance().kind
			x = &binExpr{at, op, x, p.power()}
			at = p.cur.pos
		default:
			return x
		}
	}
}

// power is left associative, unlike Python's.
func (p *parser) power() expr {
	at := p.cur.pos
	x := p.unary(true)
	for n := 0; p.skip(tPow); p.chain(&n) {
		x = &binExpr{at, tPow, x, p.unary(true)}
		at = p.cur.pos
	}
	return x
}

// unary parses signs, and with filters what binds less than a sign: filters
// and tests.
func (p *parser) unary(filters bool) expr {
	p.enter()
	defer p.leave()
	var x expr
	switch p.cur.kind {
	case tSub, tAdd:
		t := p.advance()
		x = &unaryExpr{t.pos, t.kind, p.unary(false)}
	default:
		x = p.primary(false)
	}
	x = p.postfix(x)
	if filters {
		x = p.filters(x)
	}
	return x
}

func (p *parser) primary(namespace bool) expr {
	t := p.cur
	switch t.kind {
	case tName:
		p.advance()
		if v, ok := constantNames[t.text]; ok {
			return &constExpr{t.pos, v}
		}
		if namespace && p.skip(tDot) {
			return &attrTarget{t.pos, t.text, p.expect(tName).text}
		}
		return &nameExpr{t.pos, t.text, load}
	case tString:
		return p.strings()
	case tInteger, tFloat:
		p.advance()
		return &constExpr{t.pos, t.value}
	case tLParen:
		p.advance()
		x := p.tuple(tupleOptions{cond: true, parens: true})
		p.expect(tRParen)
		return x
	case tLBracket:
		return p.list()
	case tLBrace:
		return p.dict()
	}
	p.fail(t.pos, "unexpected %s", py.Repr(t.describe()))
	return nil
}

// strings joins adjacent string literals.
func (p *parser) strings() expr {
	t := p.advance()
	s := t.value.(string)
	if p.cur.kind != tString {
		return &constExpr{t.pos, t.value}
	}
	var b strings.Builder
	b.WriteString(s)
	for p.cur.kind == tString {
		b.WriteString(p.advance().value.(string))
	}
	return &constExpr{t.pos, b.String()}
}

// tupleOptions tell how a place that admits a tuple without parentheses is
// parsed.
type tupleOptions struct {
	simple    bool   // targets: primaries only
	namespace bool   // targets may be name.attr
	cond      bool   // inline if is allowed
	parens    bool   // inside parentheses: may be empty
	end       string // a name that ends it
}

func (p *parser) tuple(o tupleOptions) expr {
	p.enter()
	defer p.leave()
	at := p.cur.pos
	var items []expr
	comma := false
	for {
		if len(items) > 0 {
			p.expect(tComma)
		}
		if p.tupleEnd(o.end) {
			break
		}
		items = append(items, p.tupleItem(o))
		if p.cur.kind != tComma {
			break
		}
		comma = true
		at = p.cur.pos
	}
	if !comma {
		if len(items) > 0 {
			return items[0]
		}
		if !o.parens {
			p.fail(p.cur.pos, "Expected an expression, got %s", py.Repr(p.cur.describe()))
		}
	}
	return &tupleExpr{at, items}
}

func (p *parser) tupleItem(o tupleOptions) expr {
	switch {
	case o.simple:
		return p.primary(o.namespace)
	case o.cond:
		return p.expression()
	}
	return p.or()
}

func (p *parser) tupleEnd(name string) bool {
	switch p.cur.kind {
	case tVariableEnd, tBlockEnd, tRParen:
		return true
	}
	return name != "" && p.cur.is(name)
}

func (p *parser) list() expr {
	x := &listExpr{pos: p.expect(tLBracket).pos}
	for p.cur.kind != tRBracket {
		if len(x.items) > 0 {
			p.expect(tComma)
			if p.cur.kind == tRBracket {
				break
			}
		}
		x.items = append(x.items, p.expression())
	}
	p.expect(tRBracket)
	return x
}

func (p *parser) dict() expr {
	x := &dictExpr{pos: p.expect(tLBrace).pos}
	for p.cur.kind != tRBrace {
		if len(x.keys) > 0 {
			p.expect(tComma)
			if p.cur.kind == tRBrace {
				break
			}
		}
		key := p.expression()
		p.expect(tColon)
		x.keys = append(x.keys, key)
		x.values = append(x.values, p.expression())
	}
	p.expect(tRBrace)
	return x
}

// postfix parses subscripts and calls.
func (p *parser) postfix(x expr) expr {
	for n := 0; ; p.chain(&n) {
		switch p.cur.kind {
		case tDot:
			x = p.attribute(x)
		case tLBracket:
			x = p.subscript(x)
		case tLParen:
			x = p.call(x)
		default:
			return x
		}
	}
}

func (p *parser) attribute(x expr) expr {
	at := p.advance().pos
	t := p.advance()
	switch t.kind {
	case tName:
		return &attrExpr{at, x, t.text}
	case tInteger:
		return &itemExpr{at, x, &constExpr{t.pos, t.value}}
	}
	p.fail(t.pos, "expected name or number")
	return nil
}

func (p *parser) subscript(x expr) expr {
	at := p.advance().pos
	var keys []expr
	for p.cur.kind != tRBracket {
		if len(keys) > 0 {
			p.expect(tComma)
		}
		keys = append(keys, p.sliceOrKey())
	}
	p.expect(tRBracket)
	if len(keys) == 1 {
		return &itemExpr{at, x, keys[0]}
	}
	return &itemExpr{at, x, &tupleExpr{at, keys}}
}

func (p *parser) sliceOrKey() expr {
	s := &sliceExpr{pos: p.cur.pos}
	if p.cur.kind != tColon {
		s.low = p.expression()
		if p.cur.kind != tColon {
			return s.low
		}
	}
	p.advance()
	s.high = p.bound()
	if p.skip(tColon) {
		s.step = p.bound()
	}
	return s
}

// bound parses a part of a slice, which may be missing.
func (p *parser) bound() expr {
	switch p.cur.kind {
	case tColon, tRBracket, tComma:
		return nil
	}
	return p.expression()
}

func (p *parser) call(x expr) expr {
	return &callExpr{p.cur.pos, x, p.arguments()}
}

func (p *parser) arguments() arguments {
	var a arguments
	at := p.expect(tLParen).pos
	ensure := func(ok bool) {
		if !ok {
			p.fail(at, "invalid syntax for function call expression")
		}
	}
	for first := true; p.cur.kind != tRParen; first = false {
		if !first {
			p.expect(tComma)
			if p.cur.kind == tRParen {
				break
			}
		}
		switch {
		case p.cur.kind == tMul:
			ensure(a.star == nil && a.dstar == nil)
			p.advance()
			a.star = p.expression()
		case p.cur.kind == tPow:
			ensure(a.dstar == nil)
			p.advance()
			a.dstar = p.expression()
		case p.cur.kind == tName && p.peek().kind == tAssign:
			ensure(a.dstar == nil)
			name := p.advance().text
			p.advance()
			a.kwargs = append(a.kwargs, keyword{name, p.expression()})
		default:
			ensure(a.star == nil && a.dstar == nil && a.kwargs == nil)
			a.args = append(a.args, p.expression())
		}
	}
	p.expect(tRParen)
	return a
}

// filters parses filters, tests, and calls of their results. Within the chain
// of a block, where x starts as nil, only filters are allowed.
func (p *parser) filters(x expr) expr {
	inBlock := x == nil
	if f, ok := x.(*filterExpr); ok && f.x == nil {
		inBlock = true
	}
	for n := 0; ; p.chain(&n) {
		switch {
		case p.cur.kind == tPipe:
			p.advance()
			x = p.filter(x)
		case inBlock:
			return x
		case p.cur.is("is"):
			x = p.test(x)
		case p.cur.kind == tLParen:
			x = p.call(x)
		default:
			return x
		}
	}
}

// dotted parses the name of a filter or test.
func (p *parser) dotted() (string, pos) {
	t := p.expect(tName)
	name := t.text
	for p.skip(tDot) {
		name += "." + p.expect(tName).text
	}
	return name, t.pos
}

func (p *parser) filter(x expr) expr {
	name, at := p.dotted()
	f := &filterExpr{pos: at, x: x, name: name}
	if p.cur.kind == tLParen {
		f.arguments = p.arguments()
	}
	return f
}

func (p *parser) test(x expr) expr {
	at := p.advance().pos
	negated := p.skipName("not")
	name, _ := p.dotted()
	t := &testExpr{pos: at, x: x, name: name}
	switch {
	case p.cur.kind == tLParen:
		t.arguments = p.arguments()
	case p.startsTestArgument():
		if p.cur.is("is") {
			p.fail(p.cur.pos, "You cannot chain multiple tests with is")
		}
		p.enter()
		t.args = []expr{p.postfix(p.primary(false))}
		p.leave()
	}
	if negated {
		return &notExpr{at, t}
	}
	return t
}

// startsTestArgument reports whether the current token begins the argument of
// a test without parentheses, as in "x is divisibleby 3".
func (p *parser) startsTestArgument() bool {
	switch p.cur.kind {
	case tString, tInteger, tFloat, tLBracket, tLBrace:
		return true
	case tName:
		return !p.cur.is("else") && !p.cur.is("or") && !p.cur.is("and")
	}
	return false
}
