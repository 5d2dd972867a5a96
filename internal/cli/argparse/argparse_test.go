package argparse

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// listParser has the shapes of `execution list` and `execution get`.
func listParser() *Parser {
	return &Parser{Prog: "st2 x", Args: []Arg{
		{Names: []string{"-n", "--last"}, Type: Int, Default: 50, Help: "How many."},
		{Names: []string{"-a", "--attr"}, NArgs: Some, Default: []any{"id"}},
		{Names: []string{"-w", "--width"}, NArgs: Some, Type: Int},
		Option("Later than.", "-tg", "--timestamp-gt"),
		Option("Token.", "-t", "--token"),
		Flag("Print JSON.", "-j", "--json"),
		Flag("Detail.", "-d", "--detail"),
		Flag("Tail.", "--tail"),
		{Names: []string{"-o"}, NArgs: Optional, Const: "C", Default: "D"},
		Positional("ids", Some, "Ids."),
	}}
}

// runParser has the shape of `run`.
func runParser() *Parser {
	return &Parser{Prog: "st2 run", NoHelp: true, Args: []Arg{
		Flag("", "-a", "--async"),
		Flag("", "-h", "--help"),
		{Names: []string{"--attr"}, NArgs: Some, Exclusive: "shown"},
		{Names: []string{"-k", "--key"}, Exclusive: "shown"},
		{Names: []string{"--delay"}, Type: Int},
		Option("", "--trace-tag", "--trace_tag"),
		Option("", "--trace-id"),
		Flag("", "-e", "--inherit-env"),
		Positional("ref", Optional, ""),
		Positional("parameters", Any, ""),
	}}
}

// show writes the values that are set, in the order of the arguments.
func show(p *Parser, v *Values) string {
	var parts []string
	for _, a := range p.arguments() {
		if x := v.Any(a.key()); x != nil && x != false {
			parts = append(parts, fmt.Sprintf("%s=%v", a.key(), x))
		}
	}
	return strings.Join(parts, " ")
}

func TestLinesMeanWhatArgparseTakesThemFor(t *testing.T) {
	tests := []struct {
		name   string
		parser func() *Parser
		line   string // words are separated by spaces; _ stands for a space in a word
		want   string
	}{
		{"defaults", listParser, "x", "last=50 attr=[id] o=D ids=[x]"},
		{"a value behind the option", listParser, "-n 5 x", "last=5 attr=[id] o=D ids=[x]"},
		{"a value joined to a short option", listParser, "-n5 x", "last=5 attr=[id] o=D ids=[x]"},
		{"a negative number as a value", listParser, "-n -1 x", "last=-1 attr=[id] o=D ids=[x]"},
		{"a negative number joined", listParser, "-n-1 x", "last=-1 attr=[id] o=D ids=[x]"},
		{"a negative number as a positional", listParser, "-5 -1.5", "last=50 attr=[id] o=D ids=[-5 -1.5]"},
		{"a long option with =", listParser, "--last=3 x", "last=3 attr=[id] o=D ids=[x]"},
		{"an abbreviated long option", listParser, "--las 3 x", "last=3 attr=[id] o=D ids=[x]"},
		{"an abbreviated long option with =", listParser, "--las=3 x", "last=3 attr=[id] o=D ids=[x]"},
		{"several values", listParser, "x --attr a b -j", "last=50 attr=[a b] json=true o=D ids=[x]"},
		{"several numbers", listParser, "x -w 10 20", "last=50 attr=[id] width=[10 20] o=D ids=[x]"},
		{"one joined value of several", listParser, "x --attr=a", "last=50 attr=[a] o=D ids=[x]"},
		{"joined flags", listParser, "-jd x", "last=50 attr=[id] json=true detail=true o=D ids=[x]"},
		{"joined flags and a value", listParser, "-jdtT x", "last=50 attr=[id] token=T json=true detail=true o=D ids=[x]"},
		{"a short option of two letters", listParser, "-tg 2026 x", "last=50 attr=[id] timestamp_gt=2026 o=D ids=[x]"},
		{"two letters with a joined value are the shorter option", listParser, "-tgx y", "last=50 attr=[id] token=gx o=D ids=[y]"},
		{"an optional value that is there", listParser, "x -o y", "last=50 attr=[id] o=y ids=[x]"},
		{"an optional value that is not", listParser, "x -o", "last=50 attr=[id] o=C ids=[x]"},
		{"everything behind the double dash is positional", listParser, "-j -- -d --attr", "last=50 attr=[id] json=true o=D ids=[-d --attr]"},
		{"a word with a space is no option", listParser, "-z_1 x", "last=50 attr=[id] o=D ids=[-z 1 x]"},
		{"the last of several counts", listParser, "-n 1 -n 2 x", "last=2 attr=[id] o=D ids=[x]"},
		{"a dash alone is a word", listParser, "-", "last=50 attr=[id] o=D ids=[-]"},
		{"options first", runParser, "-a core.local cmd=date", "async=true ref=core.local parameters=[cmd=date]"},
		{"options last", runParser, "core.local cmd=date -a", "async=true ref=core.local parameters=[cmd=date]"},
		{"options between", runParser, "core.local -a cmd=date", "async=true ref=core.local parameters=[cmd=date]"},
		{"positionals go on behind an option", runParser, "core.local a=1 -a b=2 -e c=3", "async=true inherit_env=true ref=core.local parameters=[a=1 b=2 c=3]"},
		{"values that look like options", runParser, "core.local x=-1 -- -l --foo", "ref=core.local parameters=[x=-1 -l --foo]"},
		{"two names of one option abbreviated", runParser, "--trace-t T core.local", "trace_tag=T ref=core.local"},
		{"nothing", runParser, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.parser()
			v, err := p.Parse(words(tt.line))
			if err != nil {
				t.Fatalf("%s: %v", tt.line, err)
			}
			if got := show(p, v); got != tt.want {
				t.Errorf("%s:\n got %s\nwant %s", tt.line, got, tt.want)
			}
		})
	}
}

func words(line string) []string {
	out := strings.Fields(line)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "_", " ")
	}
	return out
}

func TestMisuse(t *testing.T) {
	tests := []struct {
		name   string
		parser func() *Parser
		line   string
		want   string
	}{
		{"a missing positional", listParser, "-j", "the following arguments are required: ids"},
		{"no number", listParser, "-n x y", "argument -n/--last: invalid int value: 'x'"},
		{"a missing value", listParser, "x -n", "argument -n/--last: expected one argument"},
		{"an option instead of a value", listParser, "x -n -j", "argument -n/--last: expected one argument"},
		{"not one value of several", listParser, "x --attr", "argument -a/--attr: expected at least one argument"},
		{"a value for a flag", listParser, "x --json=1", "argument -j/--json: ignored explicit argument '1'"},
		{"an unknown option", listParser, "x --bogus", "unrecognized arguments: --bogus"},
		{"a misspelt option", listParser, "x --detial", "unrecognized arguments: --detial - did you mean '--detail'?"},
		{"an ambiguous abbreviation", listParser, "x --t 1", "ambiguous option: --t could match --timestamp-gt, --token, --tail"},
		{"an unknown short option", listParser, "x -z", "unrecognized arguments: -z"},
		{"an unknown option joined to a flag", listParser, "x -jz", "unrecognized arguments: -z"},
		{"two that exclude one another", runParser, "x --attr a -k b", "argument -k/--key: not allowed with argument --attr"},
		{"an ambiguous abbreviation of two options", runParser, "x --trace 1", "ambiguous option: --trace could match --trace-tag, --trace_tag, --trace-id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.parser().Parse(words(tt.line))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: got %v, want a misuse", tt.line, err)
			}
			if e.Message != tt.want {
				t.Errorf("%s:\n got %s\nwant %s", tt.line, e.Message, tt.want)
			}
			if !strings.HasPrefix(e.Usage, "usage: st2") {
				t.Errorf("usage is %q", e.Usage)
			}
		})
	}
}

func TestChoicesAndNeededGroups(t *testing.T) {
	p := &Parser{Prog: "p", NeedOne: []string{"source"}, Args: []Arg{
		{Names: []string{"--sort"}, Choices: []string{"asc", "desc"}},
		{Names: []string{"--file"}, Exclusive: "source"},
		{Names: []string{"--action"}, Exclusive: "source"},
		{Names: []string{"-p", "--prefix"}, Required: true},
		{Names: []string{"-v"}, Action: Count},
		{Names: []string{"-D"}, Action: Append},
	}}
	for line, want := range map[string]string{
		"--sort asx --file f -p x": "argument --sort: invalid choice: 'asx' (choose from 'asc', 'desc') - did you mean 'asc'?",
		"-p x":                     "one of the arguments --file --action is required",
		"--file f":                 "the following arguments are required: -p/--prefix",
		"-p x --file f --action a": "argument --action: not allowed with argument --file",
	} {
		if _, err := p.Parse(words(line)); err == nil || err.(*Error).Message != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
	v, err := p.Parse(words("-p x --file f -vv -v -D a -D b"))
	if err != nil || v.Int("v") != 3 || fmt.Sprint(v.Any("D")) != "[a b]" {
		t.Errorf("got %v %v, want v=3 and D=[a b]", v, err)
	}
	if got, want := p.Usage(), "usage: p [-h] [--sort {asc,desc}] (--file FILE | --action ACTION) -p PREFIX\n         [-v] [-D D]"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSubCommands(t *testing.T) {
	p := &Parser{Prog: "st2", Args: []Arg{Option("", "--url"), Flag("", "--debug")},
		Commands: []Command{{Name: "run"}, {Name: "execution", Aliases: []string{"exec"}}, {Name: "ghost", Hidden: true}}}
	tests := []struct{ line, command, rest string }{
		{"run core.local -a", "run", "[core.local -a]"},
		{"--url u run --url v -- x", "run", "[--url v -- x]"},
		{"--debug exec list -n 5", "execution", "[list -n 5]"},
		{"ghost", "ghost", "[]"},
	}
	for _, tt := range tests {
		v, err := p.Parse(words(tt.line))
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		if v.Command != tt.command || fmt.Sprint(v.Rest) != tt.rest {
			t.Errorf("%s: got %s %v, want %s %s", tt.line, v.Command, v.Rest, tt.command, tt.rest)
		}
	}
	for line, want := range map[string]string{
		"exection list": "argument command: invalid choice: 'exection' (choose from 'run', 'execution') - did you mean 'execution'?",
		"--debug":       "the following arguments are required: command",
	} {
		if _, err := p.Parse(words(line)); err == nil || err.(*Error).Message != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

func TestRestTakesOptionsToo(t *testing.T) {
	p := &Parser{Prog: "p", Args: []Arg{Flag("", "-a"), Positional("cmd", Rest, "")}}
	v, err := p.Parse(words("-a ls -a --x"))
	if err != nil || fmt.Sprint(v.Strings("cmd")) != "[ls -a --x]" || !v.Bool("a") {
		t.Errorf("got %v %v, want everything behind ls", v, err)
	}
}

func TestExactOptionsCannotBeAbbreviated(t *testing.T) {
	p := &Parser{Prog: "p", Args: []Arg{{Names: []string{"--url"}, Exact: true}, Option("", "--user")}}
	v, err := p.Parse(words("--u joe"))
	if err != nil || v.String("user") != "joe" {
		t.Errorf("got %v %v, want user=joe", v, err)
	}
}

func TestHelpIsLaidOutAsArgparseDoes(t *testing.T) {
	p := listParser()
	p.Description = "Show executions. " + strings.Repeat("And more of them. ", 5)
	_, err := p.Parse(words("x -h"))
	var h *HelpWanted
	if !errors.As(err, &h) {
		t.Fatalf("got %v, want the help", err)
	}
	want := `usage: st2 x [-h] [-n LAST] [-a ATTR [ATTR ...]] [-w WIDTH [WIDTH ...]]
             [-tg TIMESTAMP_GT] [-t TOKEN] [-j] [-d] [--tail] [-o [O]]
             ids [ids ...]

Show executions. And more of them. And more of them. And more of them. And
more of them. And more of them.

positional arguments:
  ids                   Ids.

options:
  -h, --help            show this help message and exit
  -n LAST, --last LAST  How many.
  -a ATTR [ATTR ...], --attr ATTR [ATTR ...]
  -w WIDTH [WIDTH ...], --width WIDTH [WIDTH ...]
  -tg TIMESTAMP_GT, --timestamp-gt TIMESTAMP_GT
                        Later than.
  -t TOKEN, --token TOKEN
                        Token.
  -j, --json            Print JSON.
  -d, --detail          Detail.
  --tail                Tail.
  -o [O]
`
	if h.Text != want {
		t.Errorf("got\n%s\nwant\n%s", h.Text, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-n 5 x", "-jd --attr a b -- -c", "--la=3 -o -- --", "-tgx -n-1 - -5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, p := range []*Parser{listParser(), runParser()} {
			v, err := p.Parse(strings.Split(line, " "))
			if (v == nil) == (err == nil) {
				t.Fatalf("%q: got %v and %v", line, v, err)
			}
			var e *Error
			var h *HelpWanted
			if err != nil && !errors.As(err, &e) && !errors.As(err, &h) {
				t.Fatalf("%q: error of another kind: %v", line, err)
			}
		}
	})
}
