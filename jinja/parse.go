package jinja

import (
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

// maxNesting bounds how deep statements and expressions may be nested, and
// maxChain how many binary operators, filters or subscripts may follow one
// another in one expression: trees are walked recursively.
const (
	maxNesting = 600
	maxChain   = 1000
)

// parser is a recursive descent parser with one token in hand. It reports an
// error by panicking with a failure, which parseTemplate and parseLone turn
// into a result.
type parser struct {
	lex    *lexer
	cur    token
	ahead  token // valid if peeked
	peeked bool
	depth  int
	last   pos // of the last token read; the end of the template is reported there

	// For the messages about missing and unknown tags.
	ends [][]string // names that would end each open body
	tags []string   // open tags
}

type failure struct{ err error }

func (p *parser) throw(err error) { panic(failure{err}) }

func (p *parser) fail(at pos, format string, args ...any) {
	p.throw(errorf(ClassSyntax, format, args...).at(at))
}

// catch stores the failure of a parser in err.
func catch(err *error) {
	if r := recover(); r != nil {
		f, ok := r.(failure)
		if !ok {
			panic(r)
		}
		*err = f.err
	}
}

func newParser(src string, opts *Options) *parser {
	return &parser{lex: newLexer(src, opts)}
}

// parseTemplate returns the statements of a template.
func parseTemplate(src string, opts *Options) (body []stmt, err error) {
	defer catch(&err)
	p := newParser(src, opts)
	p.advance()
	return p.body(nil), nil
}

// parseLone parses a text that is one expression without delimiters.
func parseLone(src string, opts *Options) (x expr, err error) {
	defer catch(&err)
	p := newParser(src, opts)
	p.lex.inside = tVariableBegin
	p.advance()
	x = p.expression()
	if p.cur.kind != tEOF {
		p.fail(p.cur.pos, "chunk after expression")
	}
	return x, nil
}

func (p *parser) read() token {
	t, err := p.lex.next()
	if err != nil {
		p.throw(err)
	}
	if t.kind == tEOF && p.last.line > 0 {
		t.pos = p.last
	}
	p.last = t.pos
	return t
}

// advance returns the current token and reads the next.
func (p *parser) advance() token {
	t := p.cur
	if p.peeked {
		p.cur, p.peeked = p.ahead, false
	} else {
		p.cur = p.read()
	}
	return t
}

func (p *parser) peek() token {
	if !p.peeked {
		p.ahead, p.peeked = p.read(), true
	}
	return p.ahead
}

// skip advances over a token of kind k.
func (p *parser) skip(k kind) bool {
	if p.cur.kind != k {
		return false
	}
	p.advance()
	return true
}

// skipName advances over the name s.
func (p *parser) skipName(s string) bool {
	if !p.cur.is(s) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(k kind) token {
	if p.cur.kind != k {
		p.unexpected(k.describe())
	}
	return p.advance()
}

func (p *parser) expectName(s string) token {
	if !p.cur.is(s) {
		p.unexpected(s)
	}
	return p.advance()
}

func (p *parser) unexpected(want string) {
	if p.cur.kind == tEOF {
		p.fail(p.cur.pos, "unexpected end of template, expected %s.", py.Repr(want))
	}
	p.fail(p.cur.pos, "expected token %s, got %s", py.Repr(want), py.Repr(p.cur.describe()))
}

// enter counts a level of nesting; the caller defers leave.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxNesting {
		p.tooDeep()
	}
}

func (p *parser) leave() { p.depth-- }

// chain counts the n-th repetition within one expression.
func (p *parser) chain(n *int) {
	*n++
	if *n > maxChain {
		p.tooDeep()
	}
}

func (p *parser) tooDeep() {
	p.throw(&placed{py.Errorf("RecursionError", "maximum recursion depth exceeded"), p.cur.pos})
}

// body parses until one of the names in ends opens a tag, which is then the
// current token, or to the end of the template.
func (p *parser) body(ends []string) []stmt {
	p.enter()
	defer p.leave()
	if ends != nil {
		p.ends = append(p.ends, ends)
		defer func() { p.ends = p.ends[:len(p.ends)-1] }()
	}
	var out []stmt
	var text *outputStmt
	add := func(x expr) {
		if text == nil {
			text = &outputStmt{pos: x.place()}
			out = append(out, text)
		}
		text.items = append(text.items, x)
	}
	for {
		switch p.cur.kind {
		case tData:
			t := p.advance()
			add(&dataExpr{t.pos, t.text})
		case tVariableBegin:
			p.advance()
			add(p.tuple(tupleOptions{cond: true}))
			p.expect(tVariableEnd)
		case tBlockBegin:
			text = nil
			p.advance()
			if p.cur.kind == tName && slices.Contains(ends, p.cur.text) {
				return out
			}
			out = append(out, p.statement())
			p.expect(tBlockEnd)
		default:
			return out
		}
	}
}

// block parses the body of a statement, from behind its opening tag's last
// expression to the name that ends it, which stays the current token.
func (p *parser) block(ends ...string) []stmt {
	p.skip(tColon) // allowed for the sake of Python's habits
	p.expect(tBlockEnd)
	body := p.body(ends)
	if p.cur.kind == tEOF {
		p.ends = append(p.ends, ends)
		p.unknownTag("", p.cur.pos)
	}
	return body
}

// blockTo is block with one possible end, which it skips.
func (p *parser) blockTo(end string) []stmt {
	body := p.block(end)
	p.advance()
	return body
}

// unknownTag fails on a tag of that name, or on the end of the template if
// name is empty.
func (p *parser) unknownTag(name string, at pos) {
	var b strings.Builder
	if name == "" {
		b.WriteString("Unexpected end of template.")
	} else {
		b.WriteString("Encountered unknown tag " + py.Repr(name) + ".")
	}
	if n := len(p.ends); n > 0 {
		var wanted []string
		for _, e := range p.ends[n-1] {
			wanted = append(wanted, py.Repr(e))
		}
		known := slices.ContainsFunc(p.ends, func(names []string) bool { return slices.Contains(names, name) })
		if list := strings.Join(wanted, " or "); name != "" && known {
			b.WriteString(" You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for " + list + ".")
		} else {
			b.WriteString(" Jinja was looking for the following tags: " + list + ".")
		}
	}
	if n := len(p.tags); n > 0 {
		b.WriteString(" The innermost block that needs to be closed is " + py.Repr(p.tags[n-1]) + ".")
	}
	p.fail(at, "%s", b.String())
}

func (p *parser) statement() stmt {
	t := p.cur
	if t.kind != tName {
		p.fail(t.pos, "tag name expected")
	}
	parse := p.statementOf(t.text)
	if parse == nil {
		p.unknownTag(t.text, t.pos)
	}
	p.tags = append(p.tags, t.text)
	p.advance()
	s := parse(t.pos)
	p.tags = p.tags[:len(p.tags)-1]
	return s
}

// statementOf returns the function that parses the tag behind its name.
func (p *parser) statementOf(tag string) func(pos) stmt {
	switch tag {
	case "for":
		return p.forTag
	case "if":
		return p.ifTag
	case "set":
		return p.setTag
	case "with":
		return p.withTag
	case "macro":
		return p.macroTag
	case "call":
		return p.callTag
	case "filter":
		return p.filterTag
	case "block":
		return p.blockTag
	case "autoescape":
		return p.autoescapeTag
	case "print":
		return p.printTag
	case "extends":
		return p.extendsTag
	case "include":
		return p.includeTag
	case "import":
		return p.importTag
	case "from":
		return p.fromTag
	}
	return nil
}

func (p *parser) forTag(at pos) stmt {
	s := &forStmt{pos: at}
	s.target = p.target(tupleOptions{end: "in"})
	p.expectName("in")
	s.iter = p.tuple(tupleOptions{end: "recursive"})
	if p.skipName("if") {
		s.test = p.expression()
	}
	s.recursive = p.skipName("recursive")
	s.body = p.block("endfor", "else")
	if p.advance().is("else") {
		s.orelse = p.blockTo("endfor")
	}
	return s
}

func (p *parser) ifTag(at pos) stmt {
	first := &ifStmt{pos: at}
	for s := first; ; {
		s.test = p.tuple(tupleOptions{})
		s.body = p.block("elif", "else", "endif")
		switch t := p.advance(); t.text {
		case "elif":
			s = &ifStmt{pos: t.pos}
			first.elifs = append(first.elifs, s)
			continue
		case "else":
			first.orelse = p.blockTo("endif")
		}
		return first
	}
}

func (p *parser) setTag(at pos) stmt {
	target := p.target(tupleOptions{namespace: true})
	if p.skip(tAssign) {
		return &setStmt{at, target, p.tuple(tupleOptions{cond: true})}
	}
	s := &setBlockStmt{pos: at, target: target}
	if p.cur.kind == tPipe {
		s.filter = p.filters(nil).(*filterExpr)
	}
	s.body = p.blockTo("endset")
	return s
}

func (p *parser) withTag(at pos) stmt {
	s := &withStmt{pos: at}
	for p.cur.kind != tBlockEnd {
		if len(s.targets) > 0 {
			p.expect(tComma)
		}
		target := p.target(tupleOptions{})
		setMode(target, param)
		s.targets = append(s.targets, target)
		p.expect(tAssign)
		s.values = append(s.values, p.expression())
	}
	s.body = p.blockTo("endwith")
	return s
}

func (p *parser) autoescapeTag(at pos) stmt {
	value := p.expression()
	return &autoescapeStmt{at, value, p.blockTo("endautoescape")}
}

func (p *parser) blockTag(at pos) stmt {
	s := &blockStmt{pos: at, name: p.expect(tName).text}
	s.scoped = p.skipName("scoped")
	s.required = p.skipName("required")
	if p.cur.kind == tSub {
		p.fail(p.cur.pos, "Block names in Jinja have to be valid Python identifiers and may not"+
			" contain hyphens, use an underscore instead.")
	}
	s.body = p.blockTo("endblock")
	if s.required && !blank(s.body) {
		p.fail(p.cur.pos, "Required blocks can only contain comments or whitespace")
	}
	p.skipName(s.name)
	return s
}

// blank reports whether body is nothing but white space.
func blank(body []stmt) bool {
	for _, s := range body {
		out, ok := s.(*outputStmt)
		if !ok {
			return false
		}
		for _, x := range out.items {
			if d, ok := x.(*dataExpr); !ok || strings.TrimLeftFunc(d.text, isSpace) != "" {
				return false
			}
		}
	}
	return true
}

func (p *parser) macroTag(at pos) stmt {
	s := &macroStmt{pos: at, name: p.nameTarget(store).name}
	s.signature = p.signature()
	s.body = p.blockTo("endmacro")
	return s
}

func (p *parser) signature() signature {
	var s signature
	p.expect(tLParen)
	for p.cur.kind != tRParen {
		if len(s.params) > 0 {
			p.expect(tComma)
		}
		name := p.nameTarget(param)
		if p.skip(tAssign) {
			s.defaults = append(s.defaults, p.expression())
		} else if len(s.defaults) > 0 {
			p.fail(p.cur.pos, "non-default argument follows default argument")
		}
		s.params = append(s.params, name)
	}
	p.expect(tRParen)
	return s
}

func (p *parser) callTag(at pos) stmt {
	s := &callStmt{pos: at}
	if p.cur.kind == tLParen {
		s.signature = p.signature()
	}
	call, ok := p.expression().(*callExpr)
	if !ok {
		p.fail(at, "expected call")
	}
	s.call = call
	s.body = p.blockTo("endcall")
	return s
}

func (p *parser) filterTag(at pos) stmt {
	filter := p.filters(p.filter(nil)).(*filterExpr)
	return &filterStmt{at, p.blockTo("endfilter"), filter}
}

func (p *parser) printTag(at pos) stmt {
	s := &outputStmt{pos: at}
	for p.cur.kind != tBlockEnd {
		if len(s.items) > 0 {
			p.expect(tComma)
		}
		s.items = append(s.items, p.expression())
	}
	return s
}

func (p *parser) extendsTag(at pos) stmt {
	return &loadStmt{pos: at, tag: "extends", template: p.expression()}
}

func (p *parser) includeTag(at pos) stmt {
	s := &loadStmt{pos: at, tag: "include", template: p.expression(), context: true}
	if p.cur.is("ignore") && p.peek().is("missing") {
		s.ignoreMissing = true
		p.advance()
		p.advance()
	}
	p.importContext(s)
	return s
}

// importContext parses "with context" or "without context", if it is there.
func (p *parser) importContext(s *loadStmt) bool {
	if (p.cur.is("with") || p.cur.is("without")) && p.peek().is("context") {
		s.context = p.advance().text == "with"
		p.advance()
		return true
	}
	return false
}

func (p *parser) importTag(at pos) stmt {
	s := &loadStmt{pos: at, tag: "import", template: p.expression()}
	p.expectName("as")
	s.names = []importedName{{alias: p.nameTarget(store).name}}
	p.importContext(s)
	return s
}

func (p *parser) fromTag(at pos) stmt {
	s := &loadStmt{pos: at, tag: "from", template: p.expression()}
	p.expectName("import")
	for {
		if len(s.names) > 0 {
			p.expect(tComma)
		}
		if p.cur.kind != tName {
			p.expect(tName)
		}
		if p.importContext(s) {
			return s
		}
		name := p.nameTarget(store)
		if strings.HasPrefix(name.name, "_") {
			p.throw(errorf(ClassAssertion, "names starting with an underline can not be imported").at(name.pos))
		}
		n := importedName{name.name, name.name}
		if p.skipName("as") {
			n.alias = p.nameTarget(store).name
		}
		s.names = append(s.names, n)
		if p.importContext(s) || p.cur.kind != tComma {
			return s
		}
	}
}
