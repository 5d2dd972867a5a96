package pyre

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/galehq/gale/py"
)

// maxNesting bounds the parser's recursion; Python stops at a few hundred too.
const maxNesting = 200

// parser reads a pattern by the grammar of Python 3.11.
type parser struct {
	*source
	flags  Flags // of the whole pattern; inline flags at its start are added
	groups int   // the number of the next group
	names  map[string]int
	open   map[int]bool   // groups whose end has not been seen
	widths map[int][2]int // of the groups that are closed
	conds  []condRef
	behind int  // groups before the outermost look-behind being read, 0 outside
	uneven bool // a look-behind has no fixed width; Python reports that after all errors of syntax
}

// condRef is a numbered condition, whose group may be defined later.
type condRef struct{ group, pos int }

// scope is what differs from group to group while parsing.
type scope struct {
	flags Flags
	depth int
}

// restart asks to read the pattern again because it turned on verbose mode for all of it.
type restart struct{ flags Flags }

func (restart) Error() string { return "verbose" }

// parse returns the pattern's tree and the parser, which knows its groups.
func parse(pattern string, flags Flags) (*node, *parser, error) {
	for {
		p := &parser{
			source: newSource(pattern), flags: flags, groups: 1,
			names: map[string]int{}, open: map[int]bool{}, widths: map[int][2]int{},
		}
		root, err := p.pattern()
		if again, ok := err.(restart); ok {
			flags = again.flags
			continue
		}
		return root, p, err
	}
}

func (p *parser) pattern() (*node, error) {
	root, err := p.alternatives(scope{flags: p.flags}, true)
	if err != nil {
		return nil, err
	}
	if p.flags&typeFlags == typeFlags {
		return nil, py.Errorf("ValueError", "ASCII and UNICODE flags are incompatible")
	}
	if !p.done() {
		return nil, p.errorf(0, "unbalanced parenthesis")
	}
	for _, c := range p.conds {
		if c.group >= p.groups {
			return nil, p.errorAt(c.pos, fmt.Sprintf("invalid group reference %d", c.group))
		}
	}
	if p.uneven {
		return nil, &py.Error{Class: "re.error", Message: "look-behind requires fixed-width pattern"}
	}
	return root, nil
}

// alternatives reads sequences between bars, up to a closing parenthesis or the end. top says that this is the whole
// pattern, where flags for all of it may stand.
func (p *parser) alternatives(sc scope, top bool) (*node, error) {
	if sc.depth++; sc.depth > maxNesting {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	var subs []*node
	for {
		seq, err := p.sequence(sc, top && len(subs) == 0)
		if err != nil {
			return nil, err
		}
		if subs = append(subs, seq); !p.accept('|') {
			break
		}
	}
	if len(subs) == 1 {
		return subs[0], nil
	}
	return &node{kind: kindAlt, subs: subs}, nil
}

func (p *parser) sequence(sc scope, first bool) (*node, error) {
	seq := &node{kind: kindSeq}
	for !p.done() && p.peek() != '|' && p.peek() != ')' {
		if first {
			sc.flags = p.flags // flags in front of everything reach as far as the pattern
		}
		if sc.flags&Verbose != 0 && p.skipBlank() {
			continue
		}
		item, err := p.item(sc, seq, first)
		if err != nil {
			return nil, err
		}
		if item != nil {
			seq.subs = append(seq.subs, item)
		}
	}
	return seq, nil
}

// skipBlank skips a blank or a comment of verbose mode.
func (p *parser) skipBlank() bool {
	switch r := p.peek(); {
	case r == ' ' || '\t' <= r && r <= '\r':
		p.pos++
	case r == '#':
		for r := p.next(); r >= 0 && r != '\n'; r = p.next() {
			if r == '\\' {
				p.next() // an escaped newline is one token, so it does not end the comment
			}
		}
	default:
		return false
	}
	return true
}

// item reads one element. It returns nil for what leaves no node, and changes the end of seq for a quantifier.
func (p *parser) item(sc scope, seq *node, first bool) (*node, error) {
	switch r := p.next(); r {
	case '\\':
		return p.escape(sc)
	case '[':
		return p.bracket(sc)
	case '*', '+', '?', '{':
		return p.quantifier(r, sc, seq)
	case '.':
		if sc.flags&DotAll != 0 {
			return &node{kind: kindAny}, nil
		}
		return &node{kind: kindSet, set: (&set{ranges: []span{{'\n', '\n'}}, negate: true}).freeze()}, nil
	case '(':
		return p.group(sc, first && len(seq.subs) == 0)
	case '^':
		if sc.flags&Multiline != 0 {
			return &node{kind: kindAssert, at: placeLineStart}, nil
		}
		return &node{kind: kindAssert, at: placeStart}, nil
	case '$':
		if sc.flags&Multiline != 0 {
			return &node{kind: kindAssert, at: placeLineEnd}, nil
		}
		return &node{kind: kindAssert, at: placeLastLine}, nil
	default:
		return literal(r, sc.flags), nil
	}
}

// literal matches r, or its other cases too.
func literal(r rune, flags Flags) *node {
	if flags&IgnoreCase != 0 {
		if all := folded(r, flags&ASCII != 0); len(all) > 1 {
			s := &set{}
			for _, o := range all {
				s.ranges = append(s.ranges, span{o, o})
			}
			return &node{kind: kindSet, set: s.freeze()}
		}
	}
	return &node{kind: kindChar, r: r}
}

func (p *parser) quantifier(r rune, sc scope, seq *node) (*node, error) {
	start := p.pos
	n := &node{kind: kindRepeat, max: unlimited}
	switch r {
	case '?':
		n.max = 1
	case '+':
		n.min = 1
	case '{':
		ok, err := p.bounds(n)
		if err != nil {
			return nil, err
		}
		if !ok {
			p.pos = start
			return literal('{', sc.flags), nil
		}
	}
	last := len(seq.subs) - 1
	if last < 0 || seq.subs[last].kind == kindAssert {
		return nil, p.errorf(p.pos-start+1, "nothing to repeat")
	}
	if seq.subs[last].kind == kindRepeat {
		return nil, p.errorf(p.pos-start+1, "multiple repeat")
	}
	n.subs = []*node{seq.subs[last]}
	if p.accept('?') {
		n.mode = lazy
	} else if p.accept('+') {
		n.mode = possessive
	}
	seq.subs[last] = n
	return nil, nil
}

// bounds reads {n}, {n,}, {,m} or {n,m} after the brace. ok is false when it is none of them, hence text.
func (p *parser) bounds(n *node) (ok bool, err error) {
	start := p.pos
	if p.peek() == '}' {
		return false, nil
	}
	lo := p.while(len(p.text), isDigit)
	hi := lo
	if p.accept(',') {
		hi = p.while(len(p.text), isDigit)
	}
	if !p.accept('}') {
		return false, nil
	}
	if n.min, err = bound(lo, 0); err != nil {
		return false, err
	}
	if n.max, err = bound(hi, unlimited); err != nil {
		return false, err
	}
	if n.max < n.min {
		return false, p.errorf(p.pos-start, "min repeat greater than max repeat")
	}
	return true, nil
}

func bound(digits string, otherwise int) (int, error) {
	if digits == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n >= 1<<32-1 {
		return 0, py.Errorf("OverflowError", "the repetition number is too large")
	}
	return int(min(n, unlimited)), nil
}

// group reads what follows an opening parenthesis, the closing one included.
func (p *parser) group(sc scope, flagsAllowed bool) (*node, error) {
	start := p.pos - 1
	if !p.accept('?') {
		return p.capture(sc, start, "")
	}
	r := p.next()
	switch {
	case r < 0:
		return nil, p.errorf(0, "unexpected end of pattern")
	case r == 'P':
		return p.named(sc, start)
	case r == ':':
		return p.wrapped(kindPlain, sc, start)
	case r == '>':
		return p.wrapped(kindAtomic, sc, start)
	case r == '#':
		return nil, p.comment(start)
	case r == '=' || r == '!' || r == '<':
		return p.look(r, sc, start)
	case r == '(':
		return p.conditional(sc, start)
	case r == '-' || flagByLetter[r] != 0 || r == 'L':
		return p.inlineFlags(r, sc, start, flagsAllowed)
	}
	return nil, p.errorf(2, "unknown extension ?%c", r)
}

// wrapped reads the inside of a group that is not remembered.
func (p *parser) wrapped(k kind, sc scope, start int) (*node, error) {
	inner, err := p.alternatives(sc, false)
	if err != nil {
		return nil, err
	}
	if err := p.closing(start); err != nil {
		return nil, err
	}
	return &node{kind: k, subs: []*node{inner}}, nil
}

func (p *parser) closing(start int) error {
	if !p.accept(')') {
		return p.errorf(p.pos-start, "missing ), unterminated subpattern")
	}
	return nil
}

func (p *parser) capture(sc scope, start int, name string) (*node, error) {
	g := p.groups
	if name != "" {
		if was, dup := p.names[name]; dup {
			return nil, p.errorf(len([]rune(name))+1, "redefinition of group name %s as group %d; was group %d",
				py.Repr(name), g, was)
		}
		p.names[name] = g
	}
	p.groups++
	p.open[g] = true
	n, err := p.wrapped(kindGroup, sc, start)
	if err != nil {
		return nil, err
	}
	delete(p.open, g)
	n.group = g
	lo, hi := n.widths(p.widths)
	p.widths[g] = [2]int{lo, hi}
	return n, nil
}

// named reads (?P<name>...) and (?P=name).
func (p *parser) named(sc scope, start int) (*node, error) {
	switch {
	case p.accept('<'):
		name, err := p.name('>')
		if err != nil {
			return nil, err
		}
		return p.capture(sc, start, name)
	case p.accept('='):
		name, err := p.name(')')
		if err != nil {
			return nil, err
		}
		back := len([]rune(name)) + 1
		g, ok := p.names[name]
		if !ok {
			return nil, p.errorf(back, "unknown group name %s", py.Repr(name))
		}
		return p.reference(g, back, sc.flags)
	}
	r := p.next()
	if r < 0 {
		return nil, p.errorf(0, "unexpected end of pattern")
	}
	ext := "?P" + string(r)
	if r == '\\' && !p.done() {
		ext += string(p.next())
	}
	return nil, p.errorf(len([]rune(ext)), "unknown extension %s", ext)
}

func (p *parser) name(terminator rune) (string, error) {
	name, err := p.until(terminator, "group name")
	if err == nil && !isIdentifier(name) {
		err = p.errorf(len([]rune(name))+1, "bad character in group name %s", py.Repr(name))
	}
	return name, err
}

// reference makes a back reference; back is how far its error points back.
func (p *parser) reference(group, back int, flags Flags) (*node, error) {
	if p.open[group] {
		return nil, p.errorf(back, "cannot refer to an open group")
	}
	if err := p.checkBehind(group); err != nil {
		return nil, err
	}
	return &node{kind: kindRef, group: group, fold: flags&IgnoreCase != 0, ascii: flags&ASCII != 0}, nil
}

// checkBehind refuses a reference inside a look-behind to a group of the same one: its width is not known.
func (p *parser) checkBehind(group int) error {
	switch {
	case p.behind == 0:
		return nil
	case p.open[group] || group >= p.groups:
		return p.errorf(0, "cannot refer to an open group")
	case group >= p.behind:
		return p.errorf(0, "cannot refer to group defined in the same lookbehind subpattern")
	}
	return nil
}

func (p *parser) comment(start int) error {
	for {
		switch p.next() {
		case -1:
			return p.errorf(p.pos-start, "missing ), unterminated comment")
		case ')':
			return nil
		case '\\':
			p.next()
		}
	}
}

func (p *parser) look(r rune, sc scope, start int) (*node, error) {
	n := &node{kind: kindLook}
	if r == '<' {
		n.behind = true
		if r = p.next(); r < 0 {
			return nil, p.errorf(0, "unexpected end of pattern")
		}
		if r != '=' && r != '!' {
			return nil, p.errorf(3, "unknown extension ?<%c", r)
		}
		if p.behind == 0 {
			p.behind = p.groups
			defer func() { p.behind = 0 }()
		}
	}
	n.negate = r == '!'
	inner, err := p.alternatives(sc, false)
	if err != nil {
		return nil, err
	}
	if err := p.closing(start); err != nil {
		return nil, err
	}
	if n.subs = []*node{inner}; n.behind {
		lo, hi := inner.widths(p.widths)
		n.width = lo
		p.uneven = p.uneven || lo != hi
	}
	return n, nil
}

// conditional reads (?(group)yes|no) after its second parenthesis.
func (p *parser) conditional(sc scope, start int) (*node, error) {
	name, err := p.until(')', "group name")
	if err != nil {
		return nil, err
	}
	g, err := p.condition(name)
	if err != nil {
		return nil, err
	}
	if err := p.checkBehind(g); err != nil {
		return nil, err
	}
	if sc.depth++; sc.depth > maxNesting {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	n := &node{kind: kindCond, group: g, subs: []*node{nil, {kind: kindEmpty}}}
	if n.subs[0], err = p.sequence(sc, false); err != nil {
		return nil, err
	}
	if p.accept('|') {
		if n.subs[1], err = p.sequence(sc, false); err != nil {
			return nil, err
		}
		if p.peek() == '|' {
			return nil, p.errorf(0, "conditional backref with more than two branches")
		}
	}
	return n, p.closing(start)
}

func (p *parser) condition(name string) (int, error) {
	back := len([]rune(name)) + 1
	if isIdentifier(name) {
		g, ok := p.names[name]
		if !ok {
			return 0, p.errorf(back, "unknown group name %s", py.Repr(name))
		}
		return g, nil
	}
	g, err := strconv.Atoi(strings.TrimSpace(name))
	if err != nil || g < 0 {
		return 0, p.errorf(back, "bad character in group name %s", py.Repr(name))
	}
	if g == 0 {
		return 0, p.errorf(back, "bad group number")
	}
	known := slices.ContainsFunc(p.conds, func(c condRef) bool { return c.group == g })
	if !known {
		p.conds = append(p.conds, condRef{group: g, pos: p.pos - back})
	}
	return g, nil
}

// inlineFlags reads (?i), (?i:...), (?-i:...) and (?i-s:...) from their first letter on.
func (p *parser) inlineFlags(r rune, sc scope, start int, allowed bool) (*node, error) {
	add, r, err := p.flagsOn(r)
	if err != nil {
		return nil, err
	}
	if r == ')' {
		return nil, p.globalFlags(add, start, allowed)
	}
	var del Flags
	if r == '-' {
		if del, err = p.flagsOff(); err != nil {
			return nil, err
		}
	}
	if add&del != 0 {
		return nil, p.errorf(1, "bad inline flags: flag turned on and off")
	}
	sc.flags = sc.flags.combine(add, del)
	return p.wrapped(kindPlain, sc, start)
}

func (p *parser) globalFlags(add Flags, start int, allowed bool) error {
	if !allowed {
		return p.errorf(p.pos-start, "global flags not at the start of the expression")
	}
	verbose := p.flags&Verbose != 0
	p.flags |= add
	if add&Verbose != 0 && !verbose {
		return restart{p.flags}
	}
	return nil
}

func (p *parser) flagsOn(r rune) (add Flags, last rune, err error) {
	for r != '-' {
		if r == 'L' {
			return 0, 0, p.errorf(0, "bad inline flags: cannot use 'L' flag with a str pattern")
		}
		f := flagByLetter[r]
		if add |= f; f&typeFlags != 0 && add&typeFlags != f {
			return 0, 0, p.errorf(0, "bad inline flags: flags 'a', 'u' and 'L' are incompatible")
		}
		if r = p.next(); r == ')' || r == ':' || r == '-' {
			break
		}
		if err := p.flagLetter(r, "missing -, : or )"); err != nil {
			return 0, 0, err
		}
	}
	return add, r, nil
}

func (p *parser) flagsOff() (del Flags, err error) {
	missing := "missing flag"
	for {
		r := p.next()
		if r == ':' && del != 0 {
			return del, nil
		}
		if err := p.flagLetter(r, missing); err != nil {
			return 0, err
		}
		missing = "missing :"
		if f := flagByLetter[r]; f&typeFlags != 0 || r == 'L' {
			return 0, p.errorf(0, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
		}
		del |= flagByLetter[r]
	}
}

// flagLetter refuses what is no flag; missing is the error when it is no letter either.
func (p *parser) flagLetter(r rune, missing string) error {
	switch {
	case r < 0:
		return p.errorf(0, "%s", missing)
	case flagByLetter[r] != 0 || r == 'L':
		return nil
	case unicode.IsLetter(r):
		return p.errorf(1, "unknown flag")
	}
	return p.errorf(1, "%s", missing)
}
