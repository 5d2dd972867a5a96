package argparse

import (
	"errors"
	"slices"
	"strings"
)

// found is what an option-like word means.
type found struct {
	arg      *Arg   // nil: unknown
	name     string // the option's full name
	equals   bool   // written as name=value
	explicit *string
}

// line is one command line being read.
type line struct {
	p           *Parser
	args        []*Arg
	words       []string
	pattern     []byte // per word: A argument, O option, - the double dash
	options     map[int]found
	positionals []*Arg
	last        *Arg              // the positional that took words last
	taken       map[*Arg][]string // words of the positionals
	extras      []string
	excluded    map[string]*Arg // group → the argument that was given
	seen        map[*Arg]bool
	out         *Values
}

// Parse reads the words after the program's name. The error is an *Error or a
// *HelpWanted.
func (p *Parser) Parse(words []string) (*Values, error) {
	l := &line{p: p, args: p.arguments(), words: words, options: map[int]found{}, taken: map[*Arg][]string{},
		excluded: map[string]*Arg{}, seen: map[*Arg]bool{},
		out: &Values{values: map[string]any{}, given: map[string]bool{}}}
	for _, a := range l.args {
		if !a.option() {
			l.positionals = append(l.positionals, a)
		}
	}
	if err := l.classify(); err != nil {
		return nil, err
	}
	if err := l.read(); err != nil {
		return nil, err
	}
	return l.finish()
}

// arguments returns the declared arguments with -h and the sub-command.
func (p *Parser) arguments() []*Arg {
	out := make([]*Arg, 0, len(p.Args)+2)
	if !p.NoHelp {
		out = append(out, &Arg{Names: []string{"-h", "--help"}, Action: ShowHelp, Help: "show this help message and exit"})
	}
	for i := range p.Args {
		out = append(out, &p.Args[i])
	}
	if len(p.Commands) > 0 {
		out = append(out, &Arg{Names: []string{commandKey}, Metavar: p.commandName(), Help: p.CommandHelp})
	}
	return out
}

func (p *Parser) commandName() string {
	if p.CommandName != "" {
		return p.CommandName
	}
	return "{" + strings.Join(p.names(), ",") + "}"
}

const commandKey = "command"

func (l *line) isCommand(a *Arg) bool {
	return len(l.p.Commands) > 0 && a.Names[0] == commandKey
}

// classify marks every word as option or argument. A line with a sub-command
// is only ours up to it: what follows may hold options that mean something
// else there.
func (l *line) classify() error {
	l.pattern = make([]byte, 0, len(l.words))
	for i, w := range l.words {
		if w == "--" {
			l.pattern = append(l.pattern, '-')
			for len(l.pattern) < len(l.words) {
				l.pattern = append(l.pattern, 'A')
			}
			return nil
		}
		f, ok, err := l.lookup(w)
		if err != nil {
			return err
		}
		if !ok {
			l.pattern = append(l.pattern, 'A')
			continue
		}
		l.pattern = append(l.pattern, 'O')
		l.options[i] = f
	}
	return nil
}

// lookup decides whether a word is an option.
func (l *line) lookup(w string) (found, bool, error) {
	if len(w) < 2 || w[0] != '-' {
		return found{}, false, nil
	}
	if a := exact(l.args, w); a != nil {
		return found{arg: a, name: w}, true, nil
	}
	name, value, eq := strings.Cut(w, "=")
	if eq {
		if a := exact(l.args, name); a != nil {
			return found{arg: a, name: name, equals: true, explicit: &value}, true, nil
		}
	}
	matches := prefixed(l.args, w)
	if len(matches) > 1 && l.ambiguous(matches) {
		if len(l.p.Commands) > 0 {
			return found{}, true, nil // may belong to the sub-command
		}
		var names []string
		for _, m := range matches {
			names = append(names, m.name)
		}
		return found{}, false, l.p.errorf("ambiguous option: %s could match %s", w, strings.Join(names, ", "))
	}
	if len(matches) > 0 {
		return matches[0], true, nil
	}
	if negative(w) && !l.hasNumberOptions() || strings.Contains(w, " ") {
		return found{}, false, nil
	}
	return found{}, true, nil
}

// ambiguous reports whether the matches mean different arguments.
func (l *line) ambiguous(matches []found) bool {
	return slices.ContainsFunc(matches, func(m found) bool { return m.arg != matches[0].arg })
}

func exact(args []*Arg, name string) *Arg {
	for _, a := range args {
		if a.option() && slices.Contains(a.Names, name) {
			return a
		}
	}
	return nil
}

// prefixed finds the options that w abbreviates, or the short option that it
// begins with.
func prefixed(args []*Arg, w string) []found {
	var out []found
	long := strings.HasPrefix(w, "--")
	prefix, value, eq := strings.Cut(w, "=")
	for _, a := range args {
		if !a.option() {
			continue
		}
		for _, name := range a.Names {
			switch {
			case long && !a.Exact && strings.HasPrefix(name, prefix):
				f := found{arg: a, name: name, equals: eq}
				if eq {
					f.explicit = &value
				}
				out = append(out, f)
			case !long && name == w[:2]:
				rest := w[2:]
				out = append(out, found{arg: a, name: name, explicit: &rest})
			case !long && !strings.HasPrefix(name, "--") && strings.HasPrefix(name, w):
				out = append(out, found{arg: a, name: name})
			}
		}
	}
	return out
}

// negative reports whether w is a negative decimal number: -5, -.5, -1.5.
func negative(w string) bool {
	whole, fraction, dot := strings.Cut(w[1:], ".")
	return digits(whole) && (!dot && whole != "" || dot && fraction != "" && digits(fraction))
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func (l *line) hasNumberOptions() bool {
	return slices.ContainsFunc(l.args, func(a *Arg) bool {
		return slices.ContainsFunc(a.Names, func(n string) bool { return len(n) > 1 && n[0] == '-' && negative(n) })
	})
}

// read goes through the line: positionals up to the next option, the option
// with its words, and so on.
func (l *line) read() error {
	at := 0
	for at < len(l.words) {
		next := l.nextOption(at)
		if next != at {
			end, err := l.positionalsFrom(at)
			if err != nil {
				return err
			}
			if end > at {
				at = end
				continue
			}
			l.late(at, next)
			if at = next; at >= len(l.words) {
				break
			}
		}
		end, err := l.option(at)
		if err != nil {
			return err
		}
		at = end
	}
	_, err := l.positionalsFrom(at)
	return err
}

func (l *line) nextOption(at int) int {
	for at < len(l.words) && l.pattern[at] != 'O' {
		at++
	}
	return at
}

// late handles words that no positional is left for: they go to the last one
// when it takes any number, otherwise they are extra.
func (l *line) late(from, to int) {
	words := l.plain(from, to)
	if l.last != nil {
		if _, most := l.last.bounds(); most < 0 {
			l.taken[l.last] = append(l.taken[l.last], words...)
			return
		}
	}
	l.extras = append(l.extras, words...)
}

// plain returns the words from..to without the double dash.
func (l *line) plain(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		if l.pattern[i] != '-' {
			out = append(out, l.words[i])
		}
	}
	return out
}

// positionalsFrom gives the words at the position to as many positionals as
// can be served, and returns where they end.
func (l *line) positionalsFrom(at int) (int, error) {
	counts := l.match(at)
	// An argument that may stay empty waits while words are left: they may
	// come behind an option.
	total := 0
	for _, n := range counts {
		total += n
	}
	for len(counts) > 0 && counts[len(counts)-1] == 0 && at+total < len(l.words) {
		counts = counts[:len(counts)-1]
	}
	for i, n := range counts {
		a := l.positionals[i]
		if l.isCommand(a) {
			return len(l.words), l.subCommand(at)
		}
		words := l.plain(at, at+n)
		if a.NArgs == Rest {
			words = l.words[at : at+n]
		}
		if n > 0 {
			l.taken[a], l.last = words, a
		} else {
			l.taken[a] = nil
		}
		at += n
	}
	l.positionals = l.positionals[len(counts):]
	return at, nil
}

func (l *line) subCommand(at int) error {
	if l.pattern[at] == '-' {
		at++
	}
	word := l.words[at]
	c := l.p.command(word)
	if c == nil {
		e := l.p.argErrorf(&Arg{Names: []string{"command"}}, "invalid choice: %s (choose from %s)%s", quote(word), quoteAll(l.p.names()), didYouMean(word, l.p.names()))
		return e
	}
	l.out.Command, l.out.Rest = c.Name, l.words[at+1:]
	l.positionals = nil
	return nil
}

// match returns how many words (double dashes included) each of the waiting
// positionals takes, for as many of them as possible, greedily from the left.
func (l *line) match(at int) []int {
	for n := len(l.positionals); n > 0; n-- {
		counts := make([]int, n)
		if l.fill(counts, 0, at) {
			return counts
		}
	}
	return nil
}

func (l *line) fill(counts []int, i, at int) bool {
	if i == len(counts) {
		return true
	}
	a := l.positionals[i]
	least, most := a.bounds()
	if l.isCommand(a) {
		least, most = 1, -1
	}
	ends := l.ends(at, least, most, a.NArgs == Rest || l.isCommand(a))
	for k := len(ends) - 1; k >= 0; k-- {
		counts[i] = ends[k] - at
		if l.fill(counts, i+1, ends[k]) {
			return true
		}
	}
	return false
}

// ends lists the positions behind least..most arguments from at. Options stop
// the search unless everything is taken.
func (l *line) ends(at, least, most int, everything bool) []int {
	var out []int
	n := 0
	if least == 0 {
		out = append(out, at)
	}
	for i := at; i < len(l.words) && (most < 0 || n < most); i++ {
		switch {
		case l.pattern[i] == '-':
			continue
		case l.pattern[i] == 'O' && (!everything || n == 0 && least > 0):
			return out
		}
		if n++; n >= least {
			out = append(out, i+1)
		}
	}
	return out
}

// finish puts the positionals' values and the defaults in and complains about
// what is missing or too much.
func (l *line) finish() (*Values, error) {
	if err := l.takePositionals(); err != nil {
		return nil, err
	}
	var missing []string
	for _, a := range l.args {
		if l.seen[a] {
			continue
		}
		least, _ := a.bounds()
		if a.Required || !a.option() && least > 0 && (!l.isCommand(a) || l.out.Command == "") {
			name := a.title()
			if l.isCommand(a) {
				name = commandKey
			}
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, l.p.errorf("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	for _, group := range l.p.NeedOne {
		if l.excluded[group] == nil {
			return nil, l.p.errorf("one of the arguments %s is required", strings.Join(l.group(group), " "))
		}
	}
	if len(l.extras) > 0 {
		return nil, l.p.errorf("unrecognized arguments: %s%s", strings.Join(l.extras, " "), l.meant())
	}
	return l.out, l.defaults()
}

func (l *line) takePositionals() error {
	for _, a := range l.args {
		words, ok := l.taken[a]
		if !ok || len(words) == 0 {
			continue
		}
		if err := l.take(a, words); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) defaults() error {
	for _, a := range l.args {
		key := a.key()
		if _, ok := l.out.values[key]; ok || l.isCommand(a) || a.Action == ShowHelp {
			continue
		}
		v, err := l.standard(a)
		if err != nil {
			return err
		}
		if v != nil {
			l.out.values[key] = v
		}
	}
	return nil
}

func (l *line) group(name string) []string {
	var out []string
	for i := range l.p.Args {
		if l.p.Args[i].Exclusive == name {
			out = append(out, l.p.Args[i].title())
		}
	}
	return out
}

// meant suggests the option that an unknown one may have been.
func (l *line) meant() string {
	var names []string
	for _, a := range l.args {
		for _, n := range a.Names {
			if strings.HasPrefix(n, "--") && !a.Hidden {
				names = append(names, n)
			}
		}
	}
	for _, w := range l.extras {
		name, _, _ := strings.Cut(w, "=")
		if len(name) < 3 || !strings.HasPrefix(name, "--") || slices.Contains(names, name) {
			continue
		}
		if s := didYouMean(name, names); s != "" {
			return s
		}
	}
	return ""
}

// IsUsage reports whether err is a misuse of the command line.
func IsUsage(err error) bool {
	var e *Error
	return errors.As(err, &e)
}
