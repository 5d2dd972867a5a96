package pyre

import (
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

// template is a replacement: texts and numbers of groups in turn.
type template struct{ pieces []piece }

type piece struct {
	text  string
	group int // -1 for text
}

// Expand writes a replacement template out for one match. \1 and \g<1> stand for a group, \g<name> for a named one,
// \g<0> for the whole match, and the escapes of Python's strings for their characters. A group that took no part is
// empty. Errors are Python's: re.error, or IndexError for an unknown name.
func (m *Match) Expand(text string) (string, error) {
	t, err := m.pattern.template(text)
	if err != nil {
		return "", err
	}
	return t.expand(m), nil
}

func (t *template) expand(m *Match) string {
	if len(t.pieces) == 1 && t.pieces[0].group < 0 {
		return t.pieces[0].text
	}
	var b strings.Builder
	for _, p := range t.pieces {
		if p.group < 0 {
			b.WriteString(p.text)
			continue
		}
		s, _ := m.Group(p.group)
		b.WriteString(s)
	}
	return b.String()
}

type templateParser struct {
	*source
	pattern *Pattern
	literal strings.Builder
	out     template
}

func (p *Pattern) template(text string) (*template, error) {
	if !strings.Contains(text, `\`) {
		return &template{[]piece{{text: text, group: -1}}}, nil
	}
	t := &templateParser{source: newSource(text), pattern: p}
	for r := t.next(); r >= 0; r = t.next() {
		if r != '\\' {
			t.literal.WriteRune(r)
			continue
		}
		if err := t.escape(); err != nil {
			return nil, err
		}
	}
	t.flush()
	return &t.out, nil
}

func (t *templateParser) flush() {
	if t.literal.Len() > 0 {
		t.out.pieces = append(t.out.pieces, piece{text: t.literal.String(), group: -1})
		t.literal.Reset()
	}
}

func (t *templateParser) addGroup(group, back int) error {
	if group > t.pattern.Groups() {
		return t.errorf(back, "invalid group reference %d", group)
	}
	t.flush()
	t.out.pieces = append(t.out.pieces, piece{group: group})
	return nil
}

func (t *templateParser) escape() error {
	r := t.next()
	switch {
	case r < 0:
		return t.errorf(1, "bad escape (end of pattern)")
	case r == 'g':
		return t.reference()
	case r == '0':
		n, _ := strconv.ParseUint("0"+t.while(2, isOctal), 8, 32)
		t.literal.WriteRune(rune(n))
		return nil
	case isDigit(r):
		return t.numbered(r)
	}
	if c, ok := controlEscapes[r]; ok {
		t.literal.WriteRune(c)
		return nil
	}
	switch {
	case isASCIILetter(r):
		return t.errorf(2, "bad escape \\%c", r)
	case r != '\\':
		t.literal.WriteRune('\\') // an escape without a meaning stays as it is
	}
	t.literal.WriteRune(r)
	return nil
}

// numbered reads \1, \12 or an octal character of three digits.
func (t *templateParser) numbered(r rune) error {
	digits := string(r)
	if isDigit(t.peek()) {
		digits += string(t.next())
		if isOctal(r) && isOctal(rune(digits[1])) && isOctal(t.peek()) {
			digits += string(t.next())
			n, _ := strconv.ParseUint(digits, 8, 32)
			if n > 0o377 {
				return t.errorf(len(digits)+1, "octal escape value \\%s outside of range 0-0o377", digits)
			}
			t.literal.WriteRune(rune(n))
			return nil
		}
	}
	n, _ := strconv.Atoi(digits)
	return t.addGroup(n, len(digits))
}

// reference reads \g<name> or \g<number> after the letter.
func (t *templateParser) reference() error {
	if !t.accept('<') {
		return t.errorf(0, "missing <")
	}
	name, err := t.until('>', "group name")
	if err != nil {
		return err
	}
	back := len([]rune(name)) + 1
	if isIdentifier(name) {
		group, ok := t.pattern.names[name]
		if !ok {
			return py.Errorf("IndexError", "unknown group name %s", py.Repr(name))
		}
		return t.addGroup(group, back)
	}
	group, err := strconv.Atoi(strings.TrimSpace(name))
	if err != nil || group < 0 {
		return t.errorf(back, "bad character in group name %s", py.Repr(name))
	}
	return t.addGroup(group, back)
}
