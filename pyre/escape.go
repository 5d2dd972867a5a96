package pyre

import (
	"strconv"
	"strings"
)

// controlEscapes are the letters that stand for a control character after a backslash.
var controlEscapes = map[rune]rune{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// categories are \d, \s, \w and, in capitals, what they leave out.
var categories = map[rune]class{
	'd': classDigit, 's': classSpace, 'w': classWord,
	'D': classDigit | negated, 'S': classSpace | negated, 'W': classWord | negated,
}

func category(r rune, flags Flags) (class, bool) {
	c, ok := categories[r]
	if ok && flags&ASCII != 0 {
		c += classASCIIDigit - classDigit
	}
	return c, ok
}

// escape reads what follows a backslash outside brackets.
func (p *parser) escape(sc scope) (*node, error) {
	r := p.next()
	if c, ok := category(r, sc.flags); ok {
		return &node{kind: kindSet, set: (&set{classes: []class{c}}).freeze()}, nil
	}
	ascii := sc.flags&ASCII != 0
	switch {
	case r < 0:
		return nil, p.errorf(1, "bad escape (end of pattern)")
	case r == 'A':
		return &node{kind: kindAssert, at: placeStart}, nil
	case r == 'Z':
		return &node{kind: kindAssert, at: placeEnd}, nil
	case r == 'b' && ascii:
		return &node{kind: kindAssert, at: placeASCIIEdge}, nil
	case r == 'b':
		return &node{kind: kindAssert, at: placeWordEdge}, nil
	case r == 'B' && ascii:
		return &node{kind: kindAssert, at: placeASCIINoEdge}, nil
	case r == 'B':
		return &node{kind: kindAssert, at: placeNoEdge}, nil
	case r == '0':
		digits := p.while(2, isOctal)
		n, _ := strconv.ParseUint("0"+digits, 8, 32)
		return literal(rune(n), sc.flags), nil
	case isDigit(r):
		return p.numbered(r, sc)
	}
	lit, err := p.charEscape(r)
	if err != nil {
		return nil, err
	}
	return literal(lit, sc.flags), nil
}

// numbered reads a back reference or, when it has three octal digits, a character.
func (p *parser) numbered(r rune, sc scope) (*node, error) {
	digits := string(r)
	if isDigit(p.peek()) {
		digits += string(p.next())
		if isOctal(rune(digits[0])) && isOctal(rune(digits[1])) && isOctal(p.peek()) {
			digits += string(p.next())
			n, err := p.octal(digits)
			return literal(n, sc.flags), err
		}
	}
	if n, _ := strconv.Atoi(digits); n < p.groups {
		return p.reference(n, len(digits)+1, sc.flags)
	}
	return nil, p.errorf(len(digits), "invalid group reference %s", digits)
}

func (p *parser) octal(digits string) (rune, error) {
	n, _ := strconv.ParseUint(digits, 8, 32)
	if n > 0o377 {
		return 0, p.errorf(len(digits)+1, "octal escape value \\%s outside of range 0-0o377", digits)
	}
	return rune(n), nil
}

// charEscape reads the rest of an escape that stands for one character, in brackets or outside.
func (p *parser) charEscape(r rune) (rune, error) {
	if c, ok := controlEscapes[r]; ok {
		return c, nil
	}
	switch r {
	case 'x':
		return p.hex(r, 2)
	case 'u':
		return p.hex(r, 4)
	case 'U':
		return p.hex(r, 8)
	case 'N':
		return 0, p.characterName()
	}
	if isASCIILetter(r) || isDigit(r) {
		return 0, p.errorf(2, "bad escape \\%c", r)
	}
	return r, nil
}

func (p *parser) hex(r rune, n int) (rune, error) {
	digits := p.while(n, isHex)
	if len(digits) != n {
		return 0, p.errorf(len(digits)+2, "incomplete escape \\%c%s", r, digits)
	}
	v, _ := strconv.ParseUint(digits, 16, 32)
	if v > 0x10ffff {
		return 0, p.errorf(len(digits)+2, "bad escape \\%c%s", r, digits)
	}
	return rune(v), nil
}

// characterName refuses \N{NAME}: the table of names is a megabyte that no pattern in the wild needs.
func (p *parser) characterName() error {
	if !p.accept('{') {
		return p.errorf(0, "missing {")
	}
	name, err := p.until('}', "character name")
	if err != nil {
		return err
	}
	return p.errorf(len([]rune(name))+4, "undefined character name '%s'", name)
}

// bracket reads a set up to its closing bracket.
func (p *parser) bracket(sc scope) (*node, error) {
	start := p.pos - 1
	s := &set{negate: p.accept('^')}
	for first := true; ; first = false {
		if p.peek() == ']' && !first {
			p.pos++
			break
		}
		if err := p.bracketItem(s, start, sc.flags); err != nil {
			return nil, err
		}
	}
	return bracketNode(s, sc.flags), nil
}

func bracketNode(s *set, flags Flags) *node {
	if len(s.ranges) == 1 && len(s.classes) == 0 && !s.negate && s.ranges[0].lo == s.ranges[0].hi {
		return literal(s.ranges[0].lo, flags)
	}
	if flags&IgnoreCase != 0 {
		s.addFolds(flags&ASCII != 0)
	}
	return &node{kind: kindSet, set: s.freeze()}
}

// bracketItem reads a character, a category or a range and adds it to s. start is where the bracket opened.
func (p *parser) bracketItem(s *set, start int, flags Flags) error {
	from := p.pos
	lo, c, err := p.bracketChar(start, flags)
	if err != nil {
		return err
	}
	if !p.accept('-') {
		s.add(lo, lo, c)
		return nil
	}
	if p.peek() == ']' {
		s.add(lo, lo, c)
		s.add('-', '-', 0)
		return nil
	}
	hi, c2, err := p.bracketChar(start, flags)
	if err != nil {
		return err
	}
	if c != 0 || c2 != 0 || hi < lo {
		text := string(p.text[from:p.pos])
		return p.errorf(p.pos-from, "bad character range %s", text)
	}
	s.add(lo, hi, 0)
	return nil
}

func (s *set) add(lo, hi rune, c class) {
	if c != 0 {
		s.classes = append(s.classes, c)
		return
	}
	s.ranges = append(s.ranges, span{lo, hi})
}

// bracketChar reads one member of a set: a character or a category.
func (p *parser) bracketChar(start int, flags Flags) (rune, class, error) {
	r := p.next()
	if r < 0 {
		return 0, 0, p.errorAt(start, "unterminated character set")
	}
	if r != '\\' {
		return r, 0, nil
	}
	r = p.next()
	if c, ok := category(r, flags); ok {
		return 0, c, nil
	}
	switch {
	case r < 0:
		return 0, 0, p.errorf(1, "bad escape (end of pattern)")
	case isOctal(r):
		n, err := p.octal(string(r) + p.while(2, isOctal))
		return n, 0, err
	}
	lit, err := p.charEscape(r)
	return lit, 0, err
}

// Escape returns text with a backslash before every character that a pattern gives a meaning to, as re.escape.
func Escape(text string) string {
	const special = "()[]{}?*+-|^$\\.&~# \t\n\r\v\f"
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
