package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

func TestVersion(t *testing.T) {
	s := newShell(t, nil)
	for _, line := range []string{"--version", "version"} {
		if r := s.run(line); r.code != 0 || !strings.HasPrefix(r.out, "st2 3.") || !strings.Contains(r.out, ", on Gale ") {
			t.Errorf("%s: got %d %q", line, r.code, r.out)
		}
	}
}

func TestMisuseOfCommands(t *testing.T) {
	s := newShell(t, nil)
	if r := s.run(); r.code != 2 || !strings.Contains(r.out, "usage: st2 [-h]") {
		t.Errorf("no arguments: got %d %q, want 2 and the help", r.code, r.out)
	}
	for line, want := range map[string]string{
		"exection list":         "did you mean 'execution'?",
		"execution lst":         "st2 execution: error: argument command: invalid choice: 'lst'",
		"execution":             "st2 execution: error: the following arguments are required: command",
		"execution get":         "st2 execution get: error: the following arguments are required: id",
		"--bogus execution get": "st2: error: unrecognized arguments: --bogus",
		"workflow inspect":      "one of the arguments --file --action is required",
	} {
		if r := s.run(line); r.code != 2 || !strings.Contains(r.errOut, want) || r.out != "" {
			t.Errorf("%s: got %d %q, want 2 and %s", line, r.code, r.errOut, want)
		}
	}
}

// TestTheTable checks what every command must have.
func TestTheTable(t *testing.T) {
	var walk func(path string, table []Command)
	walk = func(path string, table []Command) {
		seen := map[string]bool{}
		for _, c := range table {
			name := strings.TrimSpace(path + " " + c.Name)
			for _, n := range append([]string{c.Name}, c.Aliases...) {
				if seen[n] {
					t.Errorf("%s: the name %s is there twice", name, n)
				}
				seen[n] = true
			}
			if (c.Run == nil) == (len(c.Commands) == 0) {
				t.Errorf("%s needs either Run or Commands", name)
			}
			if c.Summary == "" || !strings.HasSuffix(c.Summary, ".") {
				t.Errorf("%s: summary %q is no sentence", name, c.Summary)
			}
			options := map[string]bool{}
			p := c.parser("gale "+name, 80)
			for _, a := range p.Args {
				for _, n := range a.Names {
					if options[n] {
						t.Errorf("%s: the option %s is there twice", name, n)
					}
					options[n] = true
				}
				if a.Help == "" {
					t.Errorf("%s: %s is not explained", name, a.Names)
				}
			}
			if help := p.Help(); strings.Contains(help, "\t") || !strings.HasPrefix(help, "usage: gale "+name) {
				t.Errorf("%s: help begins with %.40q", name, help)
			}
			walk(name, c.Commands)
		}
	}
	walk("", commands())
}

func TestManualNamesEveryCommand(t *testing.T) {
	m := Manual(Command{Name: "server", Summary: "Start a server.", Access: Local})
	for _, want := range []string{"## gale run\n", "## gale execution re-run\n", "## gale rule explain\n", "## gale server\n", "Parameters are words of the form"} {
		if !strings.Contains(m, want) {
			t.Errorf("the manual is without %q", want)
		}
	}
}

func TestCommandsOfOtherPackages(t *testing.T) {
	ran := ""
	run := func(name string) runFunc {
		return func(_ context.Context, env *Env, args *argparse.Values) error {
			ran = name + " " + strings.Join(args.Strings("words"), " ")
			return nil
		}
	}
	words := []argparse.Arg{argparse.Positional("words", argparse.Any, "Words.")}
	s := newShell(t, nil)
	s.extra = []Command{
		{Name: "server", Summary: "Start a server.", Access: Local, Args: words, Run: run("server")},
		{Name: "pack", Commands: []Command{{Name: "test", Summary: "Test a pack.", Access: Local, Args: words, Run: run("pack test")}}},
		{Name: "ctl", Programs: []string{"st2"}, Hidden: true, Access: Local, Args: words, Run: run("ctl")},
	}
	program := s.extra[2]
	s.extra = s.extra[:2]
	for line, want := range map[string]string{"server a b": "server a b", "pack test x": "pack test x"} {
		if r := s.run(line); r.code != 0 || ran != want {
			t.Errorf("%s: got %d %q, want %q\n%s", line, r.code, ran, want, r.errOut)
		}
	}
	if r := s.run("pack -h"); !strings.Contains(r.out, "install") || !strings.Contains(r.out, "Test a pack.") {
		t.Errorf("pack -h: got\n%s", r.out)
	}
	s.extra = []Command{program}
	if r := s.run("status now"); r.code != 0 || ran != "ctl status now" {
		t.Errorf("by the program's name: got %d %q\n%s", r.code, ran, r.errOut)
	}
}

func TestLocalCommandsTakeGlobalOptionsOfTheirNames(t *testing.T) {
	got := ""
	s := newShell(t, nil)
	s.extra = []Command{{Name: "server", Summary: "Start.", Access: Local, Args: []argparse.Arg{argparse.Option("Where.", "--data-dir")},
		Run: func(_ context.Context, _ *Env, args *argparse.Values) error {
			got = args.String("data_dir")
			return nil
		}}}
	for line, want := range map[string]string{"--data-dir /a server": "/a", "server --data-dir /b": "/b", "--data-dir /a server --data-dir /b": "/b", "server": ""} {
		if r := s.run(line); r.code != 0 || got != want {
			t.Errorf("%s: got %d %q, want %q\n%s", line, r.code, got, want, r.errOut)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
		out  string
	}{{nil, 0, ""}, {ExitCode(7, nil), 7, ""}, {context.Canceled, 130, ""}, {refused(context.DeadlineExceeded), 2, "ERROR: context deadline exceeded\n\n"}} {
		s := newShell(t, nil)
		s.extra = []Command{{Name: "x", Summary: "X.", Access: Local, Run: func(context.Context, *Env, *argparse.Values) error { return tt.err }}}
		if r := s.run("x"); r.code != tt.want || r.out != tt.out {
			t.Errorf("%v: got %d %q, want %d %q", tt.err, r.code, r.out, tt.want, tt.out)
		}
	}
}

func TestDebugShowsRequestsWithoutSecrets(t *testing.T) {
	routes := runRoutes("succeeded", "")
	routes["PUT /keys/a"] = ok(`{"name":"a","value":"hush-value","secret":true}`)
	a := newAPI(t, routes)
	s := newShell(t, a)
	s.vars["ST2_API_KEY"] = "hush-key"
	for _, line := range []string{"-d key set a hush-value -e", "--debug run core.local cmd=it's secret_key=hush-param -a", "run core.local --debug --token hush-token -a"} {
		r := s.run(line)
		if r.code != 0 || !strings.Contains(r.errOut, "curl -X ") {
			t.Errorf("%s: got %d %q", line, r.code, r.errOut)
		}
		if strings.Contains(r.errOut, "hush") {
			t.Errorf("%s shows a secret:\n%s", line, r.errOut)
		}
	}
	if r := s.run("--debug", "run", "core.local", "cmd=it's", "-a"); !strings.Contains(r.errOut, `{"cmd":"it'"'"'s"}`) {
		t.Errorf("the command cannot be pasted into a shell:\n%s", r.errOut)
	}
}

func TestExplain(t *testing.T) {
	body := `{"instance":{"id":"i1","trigger":"core.x","occurrence_time":"2026-11-22T07:55:42.226000Z","status":"processed"},"rules":[
		{"rule":"p.other","fired":false,"reason":"criterion trigger.body.n is not met","criterion":{"key":"trigger.body.n","operator":"gt","value":3,"pattern":5}},
		{"rule":"p.off","fired":false,"reason":"the rule is disabled"},
		{"rule":"p.gone","fired":false,"reason":"the key is absent","criterion":{"key":"trigger.body.z","operator":"exists","pattern":null}},
		{"rule":"p.hit","fired":true,"reason":"all criteria are met","execution_id":"e1"}]}`
	a := newAPI(t, map[string]answer{"GET /_gale/triggerinstances/i1/explain": ok(body), "GET /_gale/triggerinstances/i2/explain": ok(`{"instance":{},"rules":[]}`)})
	s := newShell(t, a)
	s.want("rule explain i1", `
Trigger instance i1 of core.x, 2026-11-22T07:55:42.226000Z (processed)

Fired:
  p.hit: all criteria are met
    execution: e1

Did not fire:
  p.other: criterion trigger.body.n is not met
    criterion: trigger.body.n gt 5
    value:     3
  p.off: the rule is disabled
  p.gone: the key is absent
    criterion: trigger.body.z exists null
    value:     (absent)
`)
	s.want("rule explain i1 --rule p.off", "Trigger instance i1 of core.x, 2026-11-22T07:55:42.226000Z (processed)\n\nDid not fire:\n  p.off: the rule is disabled\n")
	s.want("rule explain i2", "Trigger instance i2\n\nNo rule listens to this trigger.\n")
	if r := s.run("rule explain i1 --rule p.hit -j"); !strings.Contains(r.out, `"fired": true`) || strings.Contains(r.out, "p.off") {
		t.Errorf("got %s", r.out)
	}
	if r := s.run("rule explain nope"); r.code != 1 || !strings.HasPrefix(r.out, `Trigger Instance "nope" is not found.`) {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestYAMLForPeople(t *testing.T) {
	tests := []struct{ name, json, want string }{
		{"nested", `{"a":{"b":[1,{"c":null,"d":[]},[2]],"e":{}}}`, "a:\n  b:\n  - 1\n  - c: null\n    d: []\n  -\n    - 2\n  e: {}\n"},
		{"texts that look like something else", `["yes","1","1.5","null","2026-11-22","~","1e3","0x1f","12:30",""]`, "- 'yes'\n- '1'\n- '1.5'\n- 'null'\n- '2026-11-22'\n- '~'\n- 1e3\n- '0x1f'\n- '12:30'\n- ''\n"},
		{"texts that need quotes", `["a: b","- x","#c","a #b","it's","'q","[x","x:","@a"," lead"]`, "- 'a: b'\n- '- x'\n- '#c'\n- 'a #b'\n- it's\n- '''q'\n- '[x'\n- 'x:'\n- '@a'\n- ' lead'\n"},
		{"plain texts", `["C:\\temp\\new","a:b","x-y","6b02a3cb1d52","é字"]`, "- C:\\temp\\new\n- a:b\n- x-y\n- 6b02a3cb1d52\n- é字\n"},
		{"lines", `{"a":"x\ny","b":"x\n\ny\n","c":"x\ny\n\n","d":"\n","e":" x\ny"}`, "a: |-\n  x\n  y\nb: |\n  x\n\n  y\nc: |+\n  x\n  y\n\nd: \"\\n\"\ne: \" x\\ny\"\n"},
		{"control characters", `["a\u001b[0m","t\tt"]`, "- \"a\\x1b[0m\"\n- \"t\\tt\"\n"},
		{"numbers", `[1.0,1e20,1e300,-5]`, "- 1.0\n- 1.0e+20\n- 1.0e+300\n- -5\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := py.DecodeJSON([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			got, err := encodeYAML(v)
			if err != nil || got != tt.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, tt.want)
			}
			if back, err := yaml.Decode([]byte(got)); err != nil || !py.Equal(back, v) {
				t.Errorf("reads back as %s, %v", py.Repr(back), err)
			}
		})
	}
}

func FuzzYAMLReadsBack(f *testing.F) {
	for _, s := range []string{"a", "a\nb\n", "yes", "- x", "a: b", " x\n y", "\x1b", "1:30", "# c\n", "---", "|\n", "é\u2028", "\ufeff", "a\n\tb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := py.DictOf("k", s, "l", []any{s, py.DictOf("x", []any{s})})
		if s == "" || strings.ToValidUTF8(s, "") != s {
			return
		}
		v.Set(s, "key")
		text, err := encodeYAML(v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := yaml.Decode([]byte(text))
		if err != nil || !py.Equal(back, v) {
			t.Fatalf("%q is written as\n%s\nand reads back as %s, %v", s, text, py.Repr(back), err)
		}
	})
}
