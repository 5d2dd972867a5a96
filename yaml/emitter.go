package yaml

import (
	"strings"
	"unicode/utf8"
)

// width is the column after which texts are folded.
const width = 80

// emitter writes by the rules of libyaml's emitter, which PyYAML uses when it can: when a text needs quotes and which,
// where long texts are broken, how sequences are indented.
type emitter struct {
	out    []byte
	limit  int
	format Format
	step   int

	indent     int
	column     int
	whitespace bool // the last character was a blank
	indention  bool // nothing but indentation and indicators on this line
}

func (e *emitter) put(r rune) {
	e.out = utf8.AppendRune(e.out, r)
	e.column++
}

func (e *emitter) puts(s string) {
	e.out = append(e.out, s...)
	e.column += utf8.RuneCountInString(s)
}

func (e *emitter) lineBreak(r rune) {
	e.out = utf8.AppendRune(e.out, r)
	e.column = 0
}

func (e *emitter) writeIndent() {
	indent := max(e.indent, 0)
	if !e.indention || e.column > indent || e.column == indent && !e.whitespace {
		e.lineBreak('\n')
	}
	for e.column < indent {
		e.put(' ')
	}
	e.whitespace, e.indention = true, true
}

func (e *emitter) indicator(s string, needBlank, isBlank, isIndention bool) {
	if needBlank && !e.whitespace {
		e.put(' ')
	}
	e.puts(s)
	e.whitespace = isBlank
	e.indention = e.indention && isIndention
}

func (e *emitter) tag(t string) {
	if !e.whitespace {
		e.put(' ')
	}
	e.puts(t)
	e.whitespace, e.indention = false, false
}

// nest runs body with a deeper indentation.
func (e *emitter) nest(indentless bool, body func() error) error {
	outer := e.indent
	if e.indent < 0 {
		e.indent = 0
	} else if !indentless {
		e.indent += e.step
	}
	err := body()
	e.indent = outer
	return err
}

func (e *emitter) sequence(items []any, at position, depth int) error {
	if len(items) == 0 {
		e.indicator("[", true, true, false)
		e.indicator("]", false, false, false)
		return nil
	}
	return e.nest(at.mapping && !e.indention, func() error {
		for _, item := range items {
			e.writeIndent()
			e.indicator("-", true, false, true)
			if err := e.node(item, position{}, depth+1); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *emitter) mapping(pairs []entryPair, _ position, depth int) error {
	if len(pairs) == 0 {
		e.indicator("{", true, true, false)
		e.indicator("}", false, false, false)
		return nil
	}
	return e.nest(false, func() error {
		for _, p := range pairs {
			e.writeIndent()
			simple := e.isSimpleKey(p.key)
			if !simple {
				e.indicator("?", true, false, true)
			}
			if err := e.node(p.key, position{mapping: true, simpleKey: simple}, depth+1); err != nil {
				return err
			}
			if simple {
				e.indicator(":", false, false, false)
			} else {
				e.writeIndent()
				e.indicator(":", true, false, true)
			}
			if err := e.node(p.value, position{mapping: true}, depth+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// isSimpleKey reports whether a key can stand on the line of its value.
func (e *emitter) isSimpleKey(key any) bool {
	s, err := represent(key)
	if err != nil {
		n, ok := key.(interface{ Len() int })
		return ok && n.Len() == 0
	}
	return len(s.text)+len(s.tag) <= 128 && !strings.ContainsFunc(s.text, isBreak)
}

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

func (e *emitter) scalar(s scalarNode, at position) {
	a := analyze(s.text, e.format.Unicode)
	if s.tag != "" {
		e.tag(s.tag)
	}
	outer := e.indent
	e.indent = max(e.indent, 0) + e.step // for the lines that follow the first
	defer func() { e.indent = outer }()
	switch e.styleOf(s, a, at) {
	case '|':
		e.literal(s.text)
	case '"':
		e.doubleQuoted(s.text, !at.simpleKey)
	case '\'':
		e.singleQuoted(s.text, !at.simpleKey)
	default:
		e.plain(s.text, at)
	}
}

func (e *emitter) styleOf(s scalarNode, a analysis, at position) byte {
	switch {
	case at.simpleKey && a.multiline:
		return '"'
	case s.literal && a.block && !at.simpleKey:
		return '|'
	case s.literal:
		return '"'
	case a.plain && !(s.text == "" && at.simpleKey) && (s.plain || s.tag != ""):
		return 0
	case a.single:
		return '\''
	}
	return '"'
}

func (e *emitter) plain(text string, at position) {
	if !e.whitespace && text != "" {
		e.put(' ')
	}
	spaces := false
	for i, r := range text {
		if r != ' ' {
			e.put(r)
			spaces, e.indention = false, false
			continue
		}
		if !at.simpleKey && !spaces && e.column > width && !strings.HasPrefix(text[i+1:], " ") {
			e.writeIndent()
		} else {
			e.put(r)
		}
		spaces = true
	}
	e.whitespace, e.indention = false, false
}

func (e *emitter) singleQuoted(text string, fold bool) {
	e.indicator("'", true, false, false)
	spaces, breaks := false, false
	for i, r := range text {
		switch {
		case r == ' ':
			if fold && !spaces && e.column > width && i != 0 && i != len(text)-1 && text[i+1] != ' ' {
				e.writeIndent()
			} else {
				e.put(r)
			}
			spaces = true
		case isBreak(r):
			if !breaks && r == '\n' {
				e.lineBreak('\n')
			}
			e.lineBreak(r)
			e.indention, breaks = true, true
		default:
			if breaks {
				e.writeIndent()
			}
			if r == '\'' {
				e.put('\'')
			}
			e.put(r)
			e.indention, spaces, breaks = false, false, false
		}
	}
	if breaks {
		e.writeIndent()
	}
	e.indicator("'", false, false, false)
	e.whitespace, e.indention = false, false
}

func (e *emitter) doubleQuoted(text string, fold bool) {
	e.indicator(`"`, true, false, false)
	spaces := false
	for i, r := range text {
		switch {
		case r == ' ':
			if fold && !spaces && e.column > width && i != 0 && i != len(text)-1 {
				e.writeIndent()
				if text[i+1] == ' ' {
					e.put('\\')
				}
			} else {
				e.put(r)
			}
			spaces = true
			continue
		case !printable(r) || r > 0x7e && !e.format.Unicode || isBreak(r) || r == '"' || r == '\\':
			e.escaped(r)
		default:
			e.put(r)
		}
		spaces = false
	}
	e.indicator(`"`, false, false, false)
	e.whitespace, e.indention = false, false
}

// shortEscapes are the escapes of one letter in double quotes.
var shortEscapes = map[rune]byte{
	0: '0', 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 27: 'e', '"': '"', '\\': '\\',
	0x85: 'N', 0xa0: '_', 0x2028: 'L', 0x2029: 'P',
}

func (e *emitter) escaped(r rune) {
	e.put('\\')
	if c, ok := shortEscapes[r]; ok {
		e.put(rune(c))
		return
	}
	digits := 2
	e.put([]rune{'x', 'u', 'U'}[btoi(r > 0xff)+btoi(r > 0xffff)])
	if r > 0xff {
		digits = 4
	}
	if r > 0xffff {
		digits = 8
	}
	for i := digits - 1; i >= 0; i-- {
		e.put(rune("0123456789ABCDEF"[r>>(4*i)&15]))
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// literal writes a block. Only base64 is written so, hence no hints about leading blanks.
func (e *emitter) literal(text string) {
	e.indicator("|", true, false, false)
	e.lineBreak('\n')
	e.indention, e.whitespace = true, true
	for line := range strings.Lines(text) {
		e.writeIndent()
		e.puts(strings.TrimSuffix(line, "\n"))
		e.lineBreak('\n')
		e.indention, e.whitespace = true, true
	}
}

// analysis says in which styles a text can be written.
type analysis struct {
	multiline            bool
	plain, single, block bool
}

// analyze looks at the characters of a text as libyaml does.
func analyze(text string, unicode bool) analysis {
	if text == "" {
		return analysis{plain: true, single: true}
	}
	var f features
	runes := []rune(text)
	f.indicators = strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...")
	afterBlank := true
	for i, r := range runes {
		f.indicator(r, i == 0, afterBlank, i+1 == len(runes) || isBlank(runes[i+1]))
		f.special = f.special || !printable(r) || r > 0x7e && !unicode
		f.blank(r, i == 0, i == len(runes)-1)
		afterBlank = isBlank(r)
	}
	bad := f.spaceBreak || f.special
	return analysis{
		multiline: f.breaks,
		plain:     !bad && !f.edge && !f.breakSpace && !f.breaks && !f.indicators,
		single:    !bad && !f.breakSpace,
		block:     !bad && !f.trailingSpace,
	}
}

// features are what analyze finds in a text.
type features struct {
	indicators, special, breaks  bool
	edge, trailingSpace          bool // a blank or break at the beginning or end; a blank at the end
	breakSpace, spaceBreak       bool // a blank after a break; a break after a blank
	previousSpace, previousBreak bool
}

// indicator notes a character that would mean something in a plain text.
func (f *features) indicator(r rune, first, afterBlank, beforeBlank bool) {
	switch {
	case first && strings.ContainsRune("#,[]{}&*!|>'\"%@`", r),
		first && strings.ContainsRune("?:-", r) && beforeBlank,
		!first && r == ':' && beforeBlank,
		!first && r == '#' && afterBlank:
		f.indicators = true
	}
}

func (f *features) blank(r rune, first, last bool) {
	switch {
	case r == ' ':
		f.edge = f.edge || first || last
		f.trailingSpace = f.trailingSpace || last
		f.breakSpace = f.breakSpace || f.previousBreak
		f.previousSpace, f.previousBreak = true, false
	case isBreak(r):
		f.breaks = true
		f.edge = f.edge || first || last
		f.spaceBreak = f.spaceBreak || f.previousSpace
		f.previousSpace, f.previousBreak = false, true
	default:
		f.previousSpace, f.previousBreak = false, false
	}
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || isBreak(r) || r == 0 }

// printable is libyaml's notion, which leaves out all characters beyond the basic plane.
func printable(r rune) bool {
	return r == '\n' || 0x20 <= r && r <= 0x7e || 0xa0 <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd && r != 0xfeff
}
