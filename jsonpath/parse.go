package jsonpath

import "github.com/galehq/gale/py"

// maxLength bounds a path, and so the recursion of parser and evaluator.
const maxLength = 4096

const maxNesting = 200

// Path is a parsed path. It may be used by many goroutines at once.
type Path struct {
	text string
	root step
}

// String returns the path as it was written.
func (p *Path) String() string { return p.text }

// Parse reads a path. The error is a *py.Error, of class AttributeError if the path ends too early, else Exception.
// Paths used recently are kept.
func Parse(text string) (*Path, error) {
	if p := recent.get(text); p != nil {
		return p, nil
	}
	if len(text) > maxLength {
		return nil, errorf("a path of %d bytes is too long", len(text))
	}
	p := &parser{lexer: lexer{text: []rune(text), line: 1}}
	root, err := p.whole()
	if err != nil {
		return nil, err
	}
	path := &Path{text: text, root: root}
	recent.put(path)
	return path, nil
}

// parser climbs precedences. tok is the next token.
type parser struct {
	lexer
	tok   token
	depth int
}

// Precedences of what can follow a path. Brackets have the lowest, so that they apply to all before them.
const (
	lowest = iota - 1
	bracket
	descendants
	child
	union
	intersection
	filter
)

func precedence(k kind) (level int, ok bool) {
	switch k {
	case '[':
		return bracket, true
	case doubleDot:
		return descendants, true
	case '.':
		return child, true
	case '|':
		return union, true
	case '&':
		return intersection, true
	case where:
		return filter, true
	}
	return 0, false
}

func (p *parser) whole() (step, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	s, err := p.path(lowest)
	if err == nil && p.tok.kind != end {
		err = p.unexpected()
	}
	return s, err
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected() error {
	if p.tok.kind == end {
		// The library trips over the end; the class of that accident is kept.
		return py.Errorf("AttributeError", "Parse error at %d:%d near the end of the path", p.tok.line, p.tok.col)
	}
	return errorf("Parse error at %d:%d near token %s (%s)", p.tok.line, p.tok.col, p.tok.text, p.tok.kind)
}

func (p *parser) expect(k kind) error {
	if p.tok.kind != k {
		return p.unexpected()
	}
	return p.advance()
}

// path reads a path whose operators bind tighter than min.
func (p *parser) path(min int) (step, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	defer func() { p.depth-- }()
	left, err := p.primary()
	for err == nil {
		op := p.tok.kind
		level, ok := precedence(op)
		if !ok || level <= min {
			return left, nil
		}
		var right step
		if op == '[' {
			right, err = p.brackets()
		} else if err = p.advance(); err == nil {
			right, err = p.path(level)
		}
		left = combine(op, left, right)
	}
	return nil, err
}

func combine(op kind, left, right step) step {
	switch op {
	case doubleDot:
		return descend{left, right}
	case '|':
		return unite{left, right}
	case '&':
		return intersect{}
	case where:
		return whereHas{left, right}
	}
	return into{left, right}
}

func (p *parser) primary() (step, error) {
	switch t := p.tok; t.kind {
	case '$':
		return root{}, p.advance()
	case '*':
		return fields{"*"}, p.advance()
	case '[':
		return p.brackets()
	case id:
		return p.names()
	case named:
		switch t.text {
		case "this":
			return this{}, p.advance()
		case "parent":
			return parent{}, p.advance()
		}
		return nil, errorf("Unknown named operator `%s` at %d:%d", t.text, t.line, t.col)
	case '(':
		if err := p.advance(); err != nil {
			return nil, err
		}
		s, err := p.path(lowest)
		if err != nil {
			return nil, err
		}
		return s, p.expect(')')
	}
	return nil, p.unexpected()
}

// names reads a,b,c.
func (p *parser) names() (step, error) {
	var all fields
	for {
		name := p.tok.text
		if err := p.expect(id); err != nil {
			return nil, err
		}
		if all = append(all, name); p.tok.kind != ',' {
			return all, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// brackets reads [0], [1:2], [*] or [a,"b"].
func (p *parser) brackets() (step, error) {
	if err := p.expect('['); err != nil {
		return nil, err
	}
	s, err := p.inBrackets()
	if err != nil {
		return nil, err
	}
	return s, p.expect(']')
}

func (p *parser) inBrackets() (step, error) {
	switch p.tok.kind {
	case '*':
		return slice{}, p.advance()
	case id:
		return p.names()
	}
	from, err := p.maybeNumber()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != ':' {
		if from == nil {
			return nil, p.unexpected()
		}
		return index(*from), nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	to, err := p.maybeNumber()
	return slice{from, to}, err
}

func (p *parser) maybeNumber() (*int, error) {
	if p.tok.kind != number {
		return nil, nil
	}
	n := p.tok.n
	return &n, p.advance()
}
