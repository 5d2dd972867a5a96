package runner

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func TestPositionalArgumentsByDeclaredType(t *testing.T) {
	for _, test := range []struct {
		kind  any
		value any
		want  string
	}{
		{"string", nil, ""}, {"string", "a b", "a b"}, {"string", int64(5), "5"}, {"string", true, "True"},
		{"number", nil, ""}, {"number", 1.5, "1.5"}, {"number", int64(0), "0"}, {"number", 1e16, "1e+16"}, {"float", 0.0, "0.0"},
		{"boolean", nil, ""}, {"boolean", true, "1"}, {"boolean", false, "0"},
		{"array", nil, ""}, {"array", []any{}, ""}, {"array", []any{"a", int64(1), nil, []any{"b"}}, "a,1,None,['b']"}, {"array", "a,b", "a,b"},
		{"list", []any{"x"}, "x"},
		{"object", nil, ""}, {"object", py.NewDict(0), ""}, {"object", py.DictOf("b", 1.0, "a", []any{"é"}), `{"b":1.0,"a":["é"]}`},
		{"null", "x", "x"}, {"null", nil, ""},
		{"integer", int64(0), "0"}, {"integer", int64(7), "7"}, {"integer", nil, ""}, {"integer", "", ""},
		{nil, false, ""}, {nil, true, "True"}, {nil, int64(0), "0"}, {[]any{"string", "null"}, "x", "x"},
	} {
		schema := py.DictOf("p", py.DictOf("type", test.kind, "position", int64(0)))
		got := MakeArgs(py.DictOf("p", test.value), schema, ArgOptions{Prefix: "--"})
		if len(got.Positional) != 1 || got.Positional[0] != test.want || len(got.Named) != 0 {
			t.Errorf("%v %s: got %q, want %q", test.kind, py.Repr(test.value), got, test.want)
		}
	}
	schema := py.DictOf("p", py.DictOf("type", "integer", "position", int64(0)))
	if got := MakeArgs(py.DictOf("p", int64(0)), schema, ArgOptions{ZeroIsEmpty: true}); got.Positional[0] != "" {
		t.Errorf("0 in StackStorm's way: got %q, want the empty text", got.Positional[0])
	}
}

func TestPositionsOrderArguments(t *testing.T) {
	at := func(position any) *py.Dict { return py.DictOf("type", "string", "position", position) }
	schema := py.DictOf("c", at(int64(10)), "a", at(int64(2)), "b", at(2.5), "x", at(int64(3)), "y", at(int64(3)), "named", py.DictOf("type", "string"))
	values := py.DictOf("named", "n", "a", "A", "b", "B", "c", "C", "x", "X", "y", "Y")
	got := MakeArgs(values, schema, ArgOptions{Prefix: "--"})
	if !slices.Equal(got.Positional, []string{"A", "B", "Y", "C"}) {
		t.Errorf("positional: got %q, want A, B, Y (the last of two at 3), C", got.Positional)
	}
	if !slices.Equal(got.Named, []string{"--named=n", "--x=X"}) {
		t.Errorf("named: got %q", got.Named)
	}
}

func TestNamedArguments(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string // empty: none
	}{
		{nil, ""}, {"", ""}, {false, ""}, {true, "-n"}, {"x", "-n=x"}, {"a b", "-n='a b'"}, {int64(0), "-n=0"}, {1.0, "-n=1.0"},
		{[]any{"x", "y"}, `-n='['"'"'x'"'"', '"'"'y'"'"']'`}, {py.DictOf("a", nil), `-n='{'"'"'a'"'"': None}'`}, {[]any{}, "-n='[]'"},
	} {
		got := MakeArgs(py.DictOf("n", test.value), nil, ArgOptions{Prefix: "-"})
		if strings.Join(got.Named, "|") != test.want {
			t.Errorf("%s: got %q, want %q", py.Repr(test.value), got.Named, test.want)
		}
	}
	got := MakeArgs(py.DictOf("a b", true), nil, ArgOptions{Prefix: "--"}).CommandLine("/s p.sh")
	if want := "'/s p.sh' '--a b'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "a@%+=:,./-_9": "a@%+=:,./-_9", "a b": "'a b'", "it's": `'it'"'"'s'`, "$(x)": "'$(x)'", "é": "'é'", "a\nb": "'a\nb'", "~": "'~'",
	} {
		if got := Quote(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("it's")
	f.Add("a\\b\n$`\"!*?[")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\x00") || len(text) > 1000 {
			return
		}
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+Quote(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q: the shell got %q, %v", text, out, err)
		}
	})
}

func TestParseOutput(t *testing.T) {
	for text, want := range map[string]any{
		"": "", "\n": "", "x\n\n": "x\n", "x\r\n": "x", "42\n": int64(42), "-1": int64(-1), "1e3": 1000.0, " [1] ": []any{int64(1)},
		"123456789012345678901234567890": nil, "true": true, "True": "True", "nan": "nan", "NaN": "NaN", "{'a': 1}": "{'a': 1}", `"q"`: "q", "1 2": "1 2", "{": "{",
	} {
		got := ParseOutput(text)
		if text == "123456789012345678901234567890" {
			if py.TypeName(got) != "int" || py.Str(got) != text {
				t.Errorf("%q: got %s, want the exact integer", text, py.Repr(got))
			}
			continue
		}
		if py.Repr(got) != py.Repr(want) {
			t.Errorf("%q: got %s, want %s", text, py.Repr(got), py.Repr(want))
		}
	}
}

func TestSettingsAndCredentialsAreNotInherited(t *testing.T) {
	got := inheritable([]string{"A=1", "GALE_DATABASE=x", "ST2_DATABASE__PASSWORD=x", "ST2_AUTH_TOKEN=x", "ST2_API_KEY=x", "ST2_BASE_URL=u", "PATH=/bin", "=odd"})
	if want := []string{"A=1", "ST2_BASE_URL=u", "PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMergeEnvLastWins(t *testing.T) {
	got := MergeEnv([]string{"A=1", "B=2", "A=3"}, []string{"B=4", "C=5"}, nil, []string{"C="})
	if want := []string{"A=3", "B=4", "C="}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEnvParameter(t *testing.T) {
	got, err := EnvParameter(py.DictOf("env", py.DictOf("A", "x=y", "B", true, "C", nil, "D", []any{"q"})))
	if want := []string{"A=x=y", "B=True", "C=", "D=['q']"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, bad := range []*py.Dict{py.DictOf("", "x"), py.DictOf("A", "x\x00"), py.DictOf("A\x00", "x")} {
		if _, err := EnvParameter(py.DictOf("env", bad)); err == nil {
			t.Errorf("%s: no error", py.Repr(bad))
		}
	}
}

func TestTheCauseDecidesTheStatus(t *testing.T) {
	for _, test := range []struct {
		cause error
		want  gale.Status
	}{
		{ErrCanceled, gale.Canceled}, {ErrTimeout, gale.TimedOut}, {ErrShutdown, gale.Abandoned},
		{fmt.Errorf("node drained: %w", ErrShutdown), gale.Abandoned}, {ErrLeaseLost, gale.Abandoned},
		{context.DeadlineExceeded, gale.TimedOut}, {nil, gale.Canceled},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if _, _, ok := Interrupted(ctx); ok {
			t.Error("interrupted before it was")
		}
		cancel(test.cause)
		if got, _, _ := Interrupted(ctx); got != test.want {
			t.Errorf("%v: got %s, want %s", test.cause, got, test.want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrCanceled)
	got := Interruption(ctx, &Job{User: "ann"}).Result
	if want := py.DictOf("message", "Action canceled by user.", "user", "ann"); !py.Equal(got, want) {
		t.Errorf("got %s, want %s", py.Repr(got), py.Repr(want))
	}
}

func TestEntryPointsStayInThePack(t *testing.T) {
	for entry, want := range map[string]string{
		"a.py": "/packs/p/actions/a.py", "sub/../a.py": "/packs/p/actions/a.py", "../etc/x.sh": "/packs/p/etc/x.sh", "/packs/p/actions/b.sh": "/packs/p/actions/b.sh",
		"../../q/a.py": "", "/etc/passwd": "", "/packs/pq/a.py": "", "": "",
	} {
		got, err := (&Job{PackDir: "/packs/p", EntryPoint: entry}).EntryPath()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", entry, got, err, want)
		}
	}
	moved := (&Job{PackDir: "/packs/p", EntryPoint: "/packs/p/actions/b.sh"}).In("/tmp/tree")
	if got, err := moved.EntryPath(); got != "/tmp/tree/actions/b.sh" || err != nil {
		t.Errorf("moved: got %q, %v", got, err)
	}
}

func TestRegistry(t *testing.T) {
	r, err := NewRegistry(Entry{Type: gale.RunnerType{Name: "local-shell-cmd"}}, Entry{Type: gale.RunnerType{Name: "noop"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"local-shell-cmd", "local_shell_cmd"} {
		if e, err := r.Find(name); err != nil || e.Type.Name != "local-shell-cmd" {
			t.Errorf("%s: got %+v, %v", name, e.Type, err)
		}
	}
	if _, err := r.Find("run-local"); err == nil || err.Error() != `no runner "run-local"; there are local-shell-cmd, noop` {
		t.Errorf("got %v", err)
	}
	if _, err := NewRegistry(Entry{Type: gale.RunnerType{Name: "noop"}}, Entry{Type: gale.RunnerType{Name: "noop"}}); err == nil {
		t.Error("a name may be taken twice")
	}
}
