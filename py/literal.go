package py

import (
	"strings"
	"unicode/utf8"
)

// literalDepth bounds nesting; CPython's own parser gives up at 200 brackets.
const literalDepth = 200

// LiteralEval is ast.literal_eval: strings and bytes with all prefixes but f,
// numbers but complex ones, tuples, lists, dictionaries, sets, set(), None,
// True and False. Errors are a SyntaxError or ValueError in Python's words as
// far as they can be told without its parser.
func LiteralEval(s string) (any, error) {
	p := literalParser{src: strings.TrimLeft(s, " \t")}
	if len(s) > MaxSize {
		return nil, errTooBig
	}
	if strings.ContainsRune(s, 0) {
		return nil, &Error{"SyntaxError", "source code string cannot contain null bytes"}
	}
	p.space(true)
	v, err := p.tuple(0)
	if err != nil {
		return nil, err
	}
	if p.space(true); p.pos < len(p.src) {
		return nil, p.trailing()
	}
	return v, nil
}

var errLiteral = &Error{Class: "SyntaxError", Message: "invalid syntax"}

type literalParser struct {
	src   string
	pos   int
	depth int // open brackets: inside them newlines are blanks
}

// space skips blanks, comments and line continuations, and newlines too where
// they do not count.
func (p *literalParser) space(newlines bool) {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || c == '\f':
			p.pos++
		case (c == '\n' || c == '\r') && (newlines || p.depth > 0):
			p.pos++
		case c == '#':
			if i := strings.IndexByte(p.src[p.pos:], '\n'); i >= 0 {
				p.pos += i
			} else {
				p.pos = len(p.src)
			}
		case c == '\\' && strings.HasPrefix(p.src[p.pos:], "\\\n") && p.pos+2 < len(p.src):
			p.pos += 2
		default:
			return
		}
	}
}

func (p *literalParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// trailing tells apart what is no Python at all from what is no literal:
// 1 + x, f(), a.b parse as Python and are then refused by literal_eval.
func (p *literalParser) trailing() error {
	if p.pos < len(p.src) && strings.IndexByte("+-*/%.([<>=&|^@", p.peek()) >= 0 {
		return malformedNode()
	}
	for _, w := range []string{"if ", "and ", "or ", "in ", "is ", "not in "} {
		if strings.HasPrefix(p.src[p.pos:], w) {
			return malformedNode()
		}
	}
	return errLiteral
}

func malformedNode() error { return valueErrorf("malformed node or string") }

// tuple reads a value, or a tuple without parentheses.
func (p *literalParser) tuple(depth int) (any, error) {
	if p.pos >= len(p.src) {
		return nil, errLiteral
	}
	v, err := p.value(depth)
	if err != nil {
		return nil, err
	}
	if p.space(false); p.peek() != ',' {
		return v, nil
	}
	out := Tuple{v}
	for p.peek() == ',' {
		p.pos++
		if p.space(false); p.pos >= len(p.src) || p.peek() == '\n' {
			break
		}
		if v, err = p.value(depth); err != nil {
			return nil, err
		}
		out = append(out, v)
		p.space(false)
	}
	return out, nil
}

func (p *literalParser) value(depth int) (any, error) {
	if depth >= literalDepth {
		return nil, &Error{"SyntaxError", "too many nested parentheses"}
	}
	switch c := p.peek(); {
	case c == '[':
		v, _, err := p.bracket(']', depth)
		return v, err
	case c == '(':
		v, comma, err := p.bracket(')', depth)
		if err != nil {
			return nil, err
		}
		if len(v) == 1 && !comma {
			return v[0], nil
		}
		return Tuple(v), nil
	case c == '{':
		return p.braces(depth)
	case c == '+' || c == '-':
		return p.signed(depth)
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case c == '"' || c == '\'':
		return p.strings("")
	case c == '*' && p.depth > 0:
		return nil, malformedNode()
	}
	return p.word()
}

// bracket reads items up to end; comma tells whether one stood last.
func (p *literalParser) bracket(end byte, depth int) (out []any, comma bool, err error) {
	p.pos++
	p.depth++
	out = []any{}
	for {
		p.space(true)
		if p.peek() == end {
			break
		}
		if len(out) > 0 && !comma {
			return nil, false, p.expected()
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, false, err
		}
		out = append(out, v)
		p.space(true)
		if comma = p.peek() == ','; comma {
			p.pos++
		}
	}
	p.pos++
	p.depth--
	return out, comma, nil
}

// expected is the error at something other than a comma or bracket.
func (p *literalParser) expected() error {
	if p.pos >= len(p.src) {
		return &Error{"SyntaxError", "'(' was never closed"}
	}
	return p.trailing()
}

func (p *literalParser) braces(depth int) (any, error) {
	p.pos++
	p.depth++
	dict, set := &Dict{}, &Set{}
	for comma := true; ; {
		p.space(true)
		if p.peek() == '}' {
			break
		}
		if !comma {
			return nil, p.expected()
		}
		if err := p.element(dict, set, depth); err != nil {
			return nil, err
		}
		p.space(true)
		if comma = p.peek() == ','; comma {
			p.pos++
		}
	}
	p.pos++
	p.depth--
	if set.Len() > 0 {
		return set, nil
	}
	return dict, nil
}

// element reads a member of a set or an entry of a dictionary.
func (p *literalParser) element(dict *Dict, set *Set, depth int) error {
	k, err := p.value(depth + 1)
	if err != nil {
		return err
	}
	p.space(true)
	if p.peek() != ':' {
		if dict.Len() > 0 {
			return p.expected()
		}
		return set.Add(k)
	}
	if set.Len() > 0 {
		return errLiteral
	}
	p.pos++
	p.space(true)
	v, err := p.value(depth + 1)
	if err != nil {
		return err
	}
	return dict.SetKey(k, v)
}

// signed reads a number with signs in front. Python allows one sign before a
// number, and nothing else behind it.
func (p *literalParser) signed(depth int) (any, error) {
	minus := p.peek() == '-'
	signs := 0
	for c := p.peek(); c == '+' || c == '-'; c = p.peek() {
		p.pos++
		signs++
		p.space(false)
	}
	v, err := p.value(depth + 1)
	if err != nil {
		return nil, err
	}
	if _, isBool := v.(bool); signs > 1 || isBool || !isNumber(v) {
		return nil, malformedNode()
	}
	if minus {
		return Neg(v)
	}
	return v, nil
}

func (p *literalParser) number() (any, error) {
	start := p.pos
	hex := p.src[p.pos] == '0' && p.pos+1 < len(p.src) && p.src[p.pos+1]|0x20 == 'x'
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		exp := (c == '+' || c == '-') && p.pos > start && p.src[p.pos-1]|0x20 == 'e' && !hex
		if !exp && c != '.' && c != '_' && digitValue(c) > 35 {
			break
		}
		p.pos++
	}
	text := p.src[start:p.pos]
	if strings.HasPrefix(text, "...") {
		return nil, valueErrorf("Ellipsis is not supported")
	}
	if v, err := IntBase(text, 0); err == nil {
		return v, nil
	} else if e := err.(*Error); e.Class != "ValueError" {
		return nil, err
	}
	return numberOf(text)
}

// numberOf reads what is no int: a float, 0777, 1j.
func numberOf(text string) (any, error) {
	if floatSyntax(text) && strings.ContainsAny(text, ".eE") {
		f, _ := floatBody(text)
		return f, nil
	}
	if last := text[len(text)-1] | 0x20; last == 'j' && floatSyntax(text[:len(text)-1]) {
		return nil, valueErrorf("complex numbers are not supported")
	}
	if strings.Trim(text, "0123456789_") == "" {
		return nil, &Error{"SyntaxError", "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers"}
	}
	return nil, &Error{"SyntaxError", "invalid decimal literal"}
}

// word reads a name: a constant, set(), or the prefix of a string.
func (p *literalParser) word() (any, error) {
	start := p.pos
	for p.pos < len(p.src) {
		r, n := utf8.DecodeRuneInString(p.src[p.pos:])
		if r != '_' && !isAlnum(r) {
			break
		}
		p.pos += n
	}
	name := p.src[start:p.pos]
	if c := p.peek(); (c == '"' || c == '\'') && isStringPrefix(name) {
		return p.strings(strings.ToLower(name))
	}
	if c := p.peek(); c == '"' || c == '\'' && !strings.EqualFold(name, "f") {
		return nil, errLiteral
	}
	switch name {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "set":
		if rest := strings.TrimLeft(p.src[p.pos:], " \t"); strings.HasPrefix(rest, "()") {
			p.pos = len(p.src) - len(rest) + 2
			return &Set{}, nil
		}
	case "":
		if p.pos >= len(p.src) && p.depth > 0 {
			return nil, &Error{"SyntaxError", "'(' was never closed"}
		}
		return nil, errLiteral
	}
	return nil, malformedNode()
}

func isStringPrefix(s string) bool {
	switch strings.ToLower(s) {
	case "r", "u", "b", "br", "rb":
		return true
	}
	return false
}

// strings reads adjacent string literals, the first with the given prefix.
func (p *literalParser) strings(prefix string) (any, error) {
	isBytes := strings.Contains(prefix, "b")
	var out []byte
	for {
		var err error
		if out, err = p.quoted(out, prefix); err != nil {
			return nil, err
		}
		p.space(false)
		more, next := p.nextPrefix()
		if !more {
			break
		}
		if strings.Contains(next, "b") != isBytes {
			return nil, &Error{"SyntaxError", "cannot mix bytes and nonbytes literals"}
		}
		prefix = next
	}
	if isBytes {
		return Bytes(out), nil
	}
	return string(out), nil
}

// nextPrefix skips the prefix of a string that follows, if one does.
func (p *literalParser) nextPrefix() (more bool, prefix string) {
	rest := p.src[p.pos:]
	i := strings.IndexAny(rest[:min(3, len(rest))], `"'`)
	if i < 0 || i > 0 && !isStringPrefix(rest[:i]) {
		return false, ""
	}
	p.pos += i
	return true, strings.ToLower(rest[:i])
}

var errUnterminated = &Error{Class: "SyntaxError", Message: "unterminated string literal"}

// quoted appends one string literal, from its opening quote on.
func (p *literalParser) quoted(out []byte, prefix string) ([]byte, error) {
	quote := p.src[p.pos : p.pos+1]
	if strings.HasPrefix(p.src[p.pos:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	p.pos += len(quote)
	raw, isBytes := strings.Contains(prefix, "r"), strings.Contains(prefix, "b")
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case strings.HasPrefix(p.src[p.pos:], quote):
			p.pos += len(quote)
			return out, nil
		case c == '\n' && len(quote) == 1:
			return nil, errUnterminated
		case isBytes && c >= utf8.RuneSelf:
			return nil, &Error{"SyntaxError", "bytes can only contain ASCII literal characters"}
		case c == '\\' && p.pos+1 >= len(p.src):
			return nil, errUnterminated
		case c == '\\' && raw:
			out = append(out, c, p.src[p.pos+1])
			p.pos += 2
		case c == '\\':
			var err error
			if out, err = p.escape(out, isBytes); err != nil {
				return nil, err
			}
		case c == '\r': // all line ends are read as \n
			out = append(out, '\n')
			p.pos++
			if p.peek() == '\n' {
				p.pos++
			}
		default:
			out = append(out, c)
			p.pos++
		}
	}
	return nil, errUnterminated
}

// escape appends what a backslash and the text after it stand for.
func (p *literalParser) escape(out []byte, isBytes bool) ([]byte, error) {
	c := p.src[p.pos+1]
	p.pos += 2
	if i := strings.IndexByte(`\'"abfnrtv`, c); i >= 0 {
		return append(out, "\\'\"\a\b\f\n\r\t\v"[i]), nil
	}
	switch {
	case c == '\n':
		return out, nil
	case c >= '0' && c <= '7':
		p.pos--
		return appendCode(out, p.octal(), isBytes), nil
	case c == 'x':
		return p.hex(out, 2, isBytes)
	case c == 'u' && !isBytes:
		return p.hex(out, 4, false)
	case c == 'U' && !isBytes:
		return p.hex(out, 8, false)
	case c == 'N' && !isBytes:
		return nil, &Error{"SyntaxError", "(unicode error) 'unicodeescape' codec can't decode bytes: character names are not supported"}
	}
	return append(out, '\\', c), nil
}

func appendCode(out []byte, r rune, isBytes bool) []byte {
	if isBytes {
		return append(out, byte(r))
	}
	return utf8.AppendRune(out, r)
}

func (p *literalParser) octal() rune {
	r := rune(0)
	for i := 0; i < 3 && p.peek() >= '0' && p.peek() <= '7'; i++ {
		r = r<<3 | rune(p.src[p.pos]-'0')
		p.pos++
	}
	return r
}

func (p *literalParser) hex(out []byte, digits int, isBytes bool) ([]byte, error) {
	r := int64(0)
	for range digits {
		n, ok := hexValue(p.peek())
		if !ok {
			return nil, truncatedEscape(digits, isBytes)
		}
		r = r<<4 | int64(n)
		p.pos++
	}
	if r > utf8.MaxRune {
		return nil, &Error{"SyntaxError", "(unicode error) 'unicodeescape' codec can't decode bytes: illegal Unicode character"}
	}
	return appendCode(out, rune(r), isBytes), nil
}

func truncatedEscape(digits int, isBytes bool) error {
	if isBytes {
		return &Error{"SyntaxError", "(value error) invalid \\x escape"}
	}
	return Errorf("SyntaxError", "(unicode error) 'unicodeescape' codec can't decode bytes: truncated \\%s escape",
		map[int]string{2: "xXX", 4: "uXXXX", 8: "UXXXXXXXX"}[digits])
}
