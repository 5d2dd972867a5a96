// Package argparse reads command lines by the rules of Python's argparse, so
// that every line an st2 user has in a script means the same here: options
// with several values (--attr a b), negative numbers as values, --opt=value,
// abbreviated long options, joined short ones (-jd), exclusive groups, "--".
//
// It differs where argparse refuses what is plainly meant: positional words
// that come after an option still go to a trailing "*" or "+" argument (run
// REF -a key=value).
//
// A Parser is data; nothing is built before Parse or Help is called.
package argparse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Action says what an argument does with its words.
type Action int

const (
	Store      Action = iota // keep the value
	StoreTrue                // no value: true
	StoreFalse               // no value: false
	StoreConst               // no value: Const
	Append                   // collect the values of a repeated option
	Count                    // count the repetitions
	ShowHelp                 // stop with a *HelpWanted
)

// Numbers of words an argument takes (Arg.NArgs); a decimal number is exact.
const (
	One      = ""    // exactly one; the value is no list
	Optional = "?"   // one or none; none gives Const for an option and Default for a positional
	Any      = "*"   // any number
	Some     = "+"   // at least one
	Rest     = "..." // everything that follows, options too
)

// Type turns a word into a value.
type Type struct {
	Name  string // for the message "invalid NAME value: 'x'"; empty: the error's own text is shown
	Parse func(string) (any, error)
}

// Int and Float are Python's int() and float() for plain decimal numbers.
var (
	Int = &Type{"int", func(s string) (any, error) {
		return strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(s), "_", ""))
	}}
	Float = &Type{"float", func(s string) (any, error) { return strconv.ParseFloat(strings.TrimSpace(s), 64) }}
)

// Arg is one argument: an option when its names begin with a dash, otherwise
// a positional with one name.
type Arg struct {
	Names     []string
	Dest      string // key of the value; default: first long name, or the positional's name
	Action    Action
	NArgs     string
	Const     any
	Default   any
	Type      *Type    // nil: strings
	Choices   []string // allowed words
	Required  bool     // of an option
	Metavar   string   // default: the name, in capitals for an option
	Help      string
	Hidden    bool   // not shown in usage and help
	Exact     bool   // a long name that cannot be abbreviated
	Exclusive string // arguments with the same word here exclude one another
	Section   string // heading in the help; default "positional arguments" or "options"
}

// Option and Positional shorten the declarations of commands.
func Option(help string, names ...string) Arg { return Arg{Names: names, Help: help} }

// Flag is an option without a value.
func Flag(help string, names ...string) Arg {
	return Arg{Names: names, Help: help, Action: StoreTrue}
}

// Positional is an argument without a dash.
func Positional(name, nargs, help string) Arg {
	return Arg{Names: []string{name}, NArgs: nargs, Help: help}
}

func (a *Arg) option() bool { return strings.HasPrefix(a.Names[0], "-") }

// key is the name under which the value is found.
func (a *Arg) key() string {
	if a.Dest != "" {
		return a.Dest
	}
	name := a.Names[0]
	for _, n := range a.Names {
		if strings.HasPrefix(n, "--") {
			name = n
			break
		}
	}
	return strings.ReplaceAll(strings.TrimLeft(name, "-"), "-", "_")
}

// title is how errors call the argument: -n/--last.
func (a *Arg) title() string {
	if !a.option() && a.Metavar != "" {
		return a.Metavar
	}
	return strings.Join(a.Names, "/")
}

func (a *Arg) wordless() bool {
	switch a.Action {
	case StoreTrue, StoreFalse, StoreConst, Count, ShowHelp:
		return true
	}
	return false
}

// bounds returns the least and the greatest number of words; -1: no limit.
func (a *Arg) bounds() (least, most int) {
	switch {
	case a.wordless():
		return 0, 0
	case a.NArgs == One:
		return 1, 1
	case a.NArgs == Optional:
		return 0, 1
	case a.NArgs == Any, a.NArgs == Rest:
		return 0, -1
	case a.NArgs == Some:
		return 1, -1
	}
	n, err := strconv.Atoi(a.NArgs)
	if err != nil || n < 0 {
		return 1, 1
	}
	return n, n
}

// Command is a word that hands the rest of the line to another parser.
type Command struct {
	Name    string
	Aliases []string
	Help    string
	Hidden  bool
}

// Parser describes a command line.
type Parser struct {
	Prog        string
	Description string // paragraphs, separated by empty lines
	Epilog      string // shown as it is
	Args        []Arg
	Commands    []Command // sub-commands; the line must name one
	CommandHelp string    // what the sub-commands are
	CommandName string    // shown instead of their list in braces
	NeedOne     []string  // exclusive groups of which one argument must be given
	NoHelp      bool      // -h is not added
	Width       int       // terminal columns for usage and help; 0: 80
}

// Error is a misuse. Message is argparse's text without the program's name.
type Error struct {
	Prog, Usage, Message string
}

func (e *Error) Error() string { return e.Prog + ": error: " + e.Message }

// HelpWanted says that the line asks for the help text.
type HelpWanted struct{ Text string }

func (h *HelpWanted) Error() string { return "help requested" }

// Values are the results, by the arguments' keys.
type Values struct {
	values map[string]any
	given  map[string]bool

	Command string   // the sub-command's own name (never an alias)
	Rest    []string // the words that belong to it
}

// Any returns the value as the argument's type made it: nil when absent and
// without default, a list for arguments with several words.
func (v *Values) Any(key string) any { return v.values[key] }

// Given reports whether the line itself set the value.
func (v *Values) Given(key string) bool { return v.given[key] }

// String returns a string, or "" for anything else.
func (v *Values) String(key string) string { s, _ := v.values[key].(string); return s }

// Bool returns the value of a flag.
func (v *Values) Bool(key string) bool { b, _ := v.values[key].(bool); return b }

// Int returns a number, or 0.
func (v *Values) Int(key string) int { n, _ := v.values[key].(int); return n }

// Strings returns the words of an argument with several; one word alone gives
// a list of one.
func (v *Values) Strings(key string) []string {
	switch x := v.values[key].(type) {
	case string:
		return []string{x}
	case []string:
		return x
	case []any:
		return typed[string](x)
	}
	return nil
}

// Ints is Strings for numbers.
func (v *Values) Ints(key string) []int {
	switch x := v.values[key].(type) {
	case int:
		return []int{x}
	case []any:
		return typed[int](x)
	}
	return nil
}

func typed[T any](list []any) []T {
	out := make([]T, 0, len(list))
	for _, e := range list {
		if t, ok := e.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// Set puts a value as a line would.
func (v *Values) Set(key string, value any) {
	if v.values == nil {
		v.values, v.given = map[string]any{}, map[string]bool{}
	}
	v.values[key] = value
}

func (p *Parser) errorf(format string, args ...any) *Error {
	return &Error{Prog: p.Prog, Usage: p.Usage(), Message: fmt.Sprintf(format, args...)}
}

func (p *Parser) argErrorf(a *Arg, format string, args ...any) *Error {
	return p.errorf("argument %s: %s", a.title(), fmt.Sprintf(format, args...))
}

// command finds a sub-command by name or alias.
func (p *Parser) command(word string) *Command {
	for i := range p.Commands {
		c := &p.Commands[i]
		if c.Name == word || slices.Contains(c.Aliases, word) {
			return c
		}
	}
	return nil
}

// names lists the sub-commands that are not hidden, without aliases.
func (p *Parser) names() []string {
	var out []string
	for _, c := range p.Commands {
		if !c.Hidden {
			out = append(out, c.Name)
		}
	}
	return out
}

// quote is Python's repr of a plain string, for messages.
func quote(s string) string {
	q := strconv.Quote(s)
	q = q[1 : len(q)-1]
	q = strings.ReplaceAll(q, `\"`, `"`)
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + q + `"`
	}
	return "'" + strings.ReplaceAll(q, "'", `\'`) + "'"
}

func quoteAll(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quote(w)
	}
	return strings.Join(out, ", ")
}
