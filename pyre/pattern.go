package pyre

import (
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// Pattern is a compiled regular expression. It may be used by many goroutines at once.
//
// A method that searches returns an error only when the search was given up: class TimeoutError after too many steps,
// MemoryError after too much backtracking. The error never holds the text.
type Pattern struct {
	source string
	flags  Flags
	names  map[string]int
	prog   *program
	steps  int
}

// Compile reads a pattern. The error is a *py.Error: re.error with Python's message and position, or OverflowError,
// ValueError and RecursionError where Python raises those. Patterns used recently are kept, so compiling again costs
// a look-up.
func Compile(pattern string, flags Flags) (*Pattern, error) {
	k := cacheKey{pattern, flags}
	if p := recent.get(k); p != nil {
		return p, nil
	}
	p, err := compile(pattern, flags)
	if err != nil {
		return nil, err
	}
	recent.put(k, p)
	return p, nil
}

func compile(pattern string, flags Flags) (*Pattern, error) {
	root, parsed, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	return &Pattern{
		source: pattern,
		flags:  parsed.flags,
		names:  parsed.names,
		prog:   compileTree(root, parsed.groups),
		steps:  DefaultSteps,
	}, nil
}

// WithSteps returns a pattern whose searches may take n steps instead of [DefaultSteps], plus the share for the text.
func (p *Pattern) WithSteps(n int) *Pattern {
	q := *p
	q.steps = n
	return &q
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.source }

// Flags returns the flags given to Compile and those that the pattern sets for all of itself.
func (p *Pattern) Flags() Flags { return p.flags }

// Groups returns the number of capturing groups, the whole match not counted.
func (p *Pattern) Groups() int { return p.prog.groups - 1 }

// GroupIndex maps the names of groups to their numbers. The map is the caller's.
func (p *Pattern) GroupIndex() map[string]int { return maps.Clone(p.names) }

// Match looks for the pattern at the start of text. It returns nil when it is not there.
func (p *Pattern) Match(text string) (*Match, error) {
	return p.at(text, false)
}

// FullMatch asks that the pattern match the whole of text.
func (p *Pattern) FullMatch(text string) (*Match, error) {
	return p.at(text, true)
}

func (p *Pattern) at(text string, whole bool) (*Match, error) {
	m := newMachine(p.prog, text, p.steps)
	m.whole = whole
	ok, err := m.match(0)
	if !ok || err != nil {
		return nil, err
	}
	return p.newMatch(m), nil
}

// Search returns the first match anywhere in text, or nil.
func (p *Pattern) Search(text string) (*Match, error) {
	m := newMachine(p.prog, text, p.steps)
	ok, err := m.search(0)
	if !ok || err != nil {
		return nil, err
	}
	return p.newMatch(m), nil
}

// FindIter returns all matches from left to right that do not overlap. An empty match may touch the end of the one
// before it, as in Python.
func (p *Pattern) FindIter(text string) ([]*Match, error) {
	var all []*Match
	err := p.each(text, 0, func(m *Match) error {
		all = append(all, m)
		return nil
	})
	return all, err
}

// each calls fn for every match, or for the first count of them if count is above zero.
func (p *Pattern) each(text string, count int, fn func(*Match) error) error {
	m := newMachine(p.prog, text, p.steps)
	for pos, n := 0, 0; pos <= len(text) && (count <= 0 || n < count); n++ {
		if n > py.MaxSize {
			return py.Errorf("MemoryError", "too many matches")
		}
		ok, err := m.search(pos)
		if !ok || err != nil {
			return err
		}
		match := p.newMatch(m)
		if err := fn(match); err != nil {
			return err
		}
		pos = match.regs[1]
		m.refuse = -1
		if match.regs[0] == pos {
			m.refuse = pos
		}
	}
	return nil
}

// FindAll returns what re.findall does: the texts of the matches, of their group if the pattern has one, or tuples
// of their groups. A group that took no part is an empty text.
func (p *Pattern) FindAll(text string) ([]any, error) {
	all := []any{}
	err := p.each(text, 0, func(m *Match) error {
		switch p.Groups() {
		case 0:
			all = append(all, m.Text())
		case 1:
			s, _ := m.Group(1)
			all = append(all, s)
		default:
			t := make(py.Tuple, p.Groups())
			for i := range t {
				t[i], _ = m.Group(i + 1)
			}
			all = append(all, t)
		}
		return nil
	})
	return all, err
}

// Sub replaces the first count matches, or all if count is 0, by the template (see [Pattern.Expand]).
func (p *Pattern) Sub(template, text string, count int) (string, error) {
	t, err := p.template(template)
	if err != nil {
		return "", err
	}
	return p.SubFunc(func(m *Match) (string, error) { return t.expand(m), nil }, text, count)
}

// SubFunc replaces matches by what repl returns for them, as it is. An error of repl ends the work and is returned.
func (p *Pattern) SubFunc(repl func(*Match) (string, error), text string, count int) (string, error) {
	var b strings.Builder
	last := 0
	err := p.each(text, count, func(m *Match) error {
		s, err := repl(m)
		if err != nil {
			return err
		}
		b.WriteString(text[last:m.regs[0]])
		b.WriteString(s)
		last = m.regs[1]
		if b.Len() > py.MaxSize {
			return py.Errorf("MemoryError", "")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	b.WriteString(text[last:])
	return b.String(), nil
}

// Split cuts text at the first limit matches, or at all if limit is 0. The groups of the matches stand between the
// pieces, nil where a group took no part.
func (p *Pattern) Split(text string, limit int) ([]any, error) {
	var parts []any
	last := 0
	err := p.each(text, limit, func(m *Match) error {
		parts = append(append(parts, text[last:m.regs[0]]), m.Groups()...)
		last = m.regs[1]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(parts, text[last:]), nil
}

// Match is where a pattern matched.
type Match struct {
	pattern *Pattern
	text    string
	regs    []int // byte offsets, two per group; -1 for none
}

func (p *Pattern) newMatch(m *machine) *Match {
	return &Match{pattern: p, text: m.text, regs: append([]int(nil), m.regs[:2*p.prog.groups]...)}
}

// Pattern returns the pattern that matched.
func (m *Match) Pattern() *Pattern { return m.pattern }

// Text returns what the whole pattern matched.
func (m *Match) Text() string { return m.text[m.regs[0]:m.regs[1]] }

// Group returns the text of a group; 0 is the whole match. ok is false when the group took no part or does not exist.
func (m *Match) Group(i int) (text string, ok bool) {
	lo, hi, ok := m.offsets(i)
	if !ok {
		return "", false
	}
	return m.text[lo:hi], true
}

func (m *Match) offsets(i int) (lo, hi int, ok bool) {
	if i < 0 || 2*i+1 >= len(m.regs) || m.regs[2*i] < 0 || m.regs[2*i+1] < m.regs[2*i] {
		return 0, 0, false
	}
	return m.regs[2*i], m.regs[2*i+1], true
}

// GroupNamed returns the text of a named group.
func (m *Match) GroupNamed(name string) (text string, ok bool) {
	i, ok := m.pattern.names[name]
	if !ok {
		return "", false
	}
	return m.Group(i)
}

// Groups returns the texts of groups 1 and up, nil for one that took no part.
func (m *Match) Groups() []any {
	all := make([]any, m.pattern.Groups())
	for i := range all {
		if s, ok := m.Group(i + 1); ok {
			all[i] = s
		}
	}
	return all
}

// GroupDict returns the named groups in the order of their numbers.
func (m *Match) GroupDict() *py.Dict {
	byNumber := make([]string, m.pattern.prog.groups)
	for name, i := range m.pattern.names {
		byNumber[i] = name
	}
	d := py.NewDict(len(m.pattern.names))
	for i, name := range byNumber {
		if name == "" {
			continue
		}
		var v any
		if s, ok := m.Group(i); ok {
			v = s
		}
		d.Set(name, v)
	}
	return d
}

// Span returns where a group begins and ends in code points, or -1, -1.
func (m *Match) Span(i int) (start, end int) {
	lo, hi, ok := m.offsets(i)
	if !ok {
		return -1, -1
	}
	start = utf8.RuneCountInString(m.text[:lo])
	return start, start + utf8.RuneCountInString(m.text[lo:hi])
}

// Start returns where the group begins in code points, or -1.
func (m *Match) Start(i int) int {
	start, _ := m.Span(i)
	return start
}

// End returns where the group ends in code points, or -1.
func (m *Match) End(i int) int {
	_, end := m.Span(i)
	return end
}
