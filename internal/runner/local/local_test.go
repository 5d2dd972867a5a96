package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/runnertest"
	"github.com/galehq/gale/py"
)

var commands, scripts = entries(Config{})

func entries(c Config) (command, script runner.Entry) {
	e := Entries(c)
	return e[0], e[1]
}

func command(cmd string, more ...any) *runner.Job {
	return &runner.Job{
		ActionRef: "core.local", Pack: "core", Action: "local", ExecutionID: "e1", APIURL: "http://api/v1",
		RunnerParameters: py.DictOf(append([]any{"cmd", cmd, "timeout", int64(60)}, more...)...),
		Grace:            200 * time.Millisecond,
	}
}

// script is a job whose entry point holds text.
func script(t *testing.T, text string, schema, parameters *py.Dict) *runner.Job {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mypack")
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "actions", "it's a script.sh"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &runner.Job{
		ActionRef: "mypack.script", Pack: "mypack", PackDir: dir, EntryPoint: "it's a script.sh",
		RunnerParameters: py.DictOf("timeout", int64(60)), ActionParameters: parameters, ActionSchema: schema,
	}
}

func run(t *testing.T, entry runner.Entry, job *runner.Job) runner.Result {
	t.Helper()
	return entry.Runner.Run(t.Context(), job, runner.Discard)
}

// long is a job that says when it has begun, by way of a pipe.
func long(t *testing.T, cmd string) (*runner.Job, <-chan struct{}) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", fifo).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	started := make(chan struct{})
	go func() {
		os.ReadFile(fifo)
		close(started)
	}()
	return command(": >" + fifo + "; " + cmd), started
}

func TestCommandRunner(t *testing.T) {
	runnertest.Run(t, runnertest.Subject{
		Entry:   commands,
		Quick:   func(*testing.T) *runner.Job { return command("echo out; echo err >&2") },
		Failing: func(*testing.T) *runner.Job { return command("exit 3") },
		Long: func(t *testing.T) (*runner.Job, <-chan struct{}) {
			return long(t, `trap "" TERM; setsid sleep 100 & while :; do sleep 0.05; done`)
		},
		Prints: map[string]string{"stdout": "out\n", "stderr": "err\n"},
		Keys:   []string{"failed", "succeeded", "return_code", "stdout", "stderr"},
	})
}

func TestScriptRunner(t *testing.T) {
	runnertest.Run(t, runnertest.Subject{
		Entry:   scripts,
		Quick:   func(t *testing.T) *runner.Job { return script(t, "#!/bin/sh\necho out\n", nil, nil) },
		Failing: func(t *testing.T) *runner.Job { return script(t, "#!/bin/sh\nexit 1\n", nil, nil) },
		Prints:  map[string]string{"stdout": "out\n"},
		Keys:    []string{"failed", "succeeded", "return_code", "stdout", "stderr"},
	})
}

func TestResultsOfCommands(t *testing.T) {
	for _, test := range []struct {
		cmd    string
		status gale.Status
		code   int64
		stdout any
		stderr any
	}{
		{"true", gale.Succeeded, 0, "", ""},
		{"exit 1", gale.Failed, 1, "", ""},
		{"exit 143", gale.Failed, 143, "", ""},
		{"kill -9 $$", gale.Failed, -9, "", ""},
		{"kill -15 $$", gale.Abandoned, -15, "", ""},
		{"nosuchcommand_ 2>/dev/null", gale.Failed, 127, "", ""},
		{"echo 42", gale.Succeeded, 0, int64(42), ""},
		{"echo true >&2", gale.Succeeded, 0, "", true},
		{"echo null", gale.Succeeded, 0, nil, ""},
		{"echo ' 1.5 '", gale.Succeeded, 0, 1.5, ""},
		{`echo '{"b": [1], "a": {}}'`, gale.Succeeded, 0, py.DictOf("b", []any{int64(1)}, "a", py.NewDict(0)), ""},
		{"echo 1 2", gale.Succeeded, 0, "1 2", ""},
		{"echo NaN; echo", gale.Succeeded, 0, "NaN\n", ""},
		{`printf 'x\r\n'`, gale.Succeeded, 0, "x", ""},
		{`printf 'x\n\r'`, gale.Succeeded, 0, "x\n", ""},
		{`printf 'a\202b\303\251'`, gale.Succeeded, 0, "a\uFFFDbé", ""},
		{`printf '%s' 'C:\temp\new'`, gale.Succeeded, 0, `C:\temp\new`, ""},
		{"cat", gale.Succeeded, 0, "", ""},
	} {
		got := run(t, commands, command(test.cmd))
		ok := test.status == gale.Succeeded
		want := py.DictOf("failed", !ok, "succeeded", ok, "return_code", test.code, "stdout", test.stdout, "stderr", test.stderr)
		if got.Status != test.status || py.Repr(got.Result) != py.Repr(want) {
			t.Errorf("%s:\ngot  %s %s\nwant %s %s", test.cmd, got.Status, py.Repr(got.Result), test.status, py.Repr(want))
		}
	}
}

func TestTimeout(t *testing.T) {
	got := run(t, commands, command("echo before; sleep 100", "timeout", int64(1)))
	want := py.DictOf("failed", true, "succeeded", false, "return_code", int64(-9), "stdout", "before", "stderr", "",
		"error", "Action failed to complete in 1 seconds")
	if got.Status != gale.TimedOut || py.Repr(got.Result) != py.Repr(want) {
		t.Errorf("got %s %s, want timeout %s", got.Status, py.Repr(got.Result), py.Repr(want))
	}
	for _, limit := range []any{nil, "30", 2.5} {
		if got := run(t, commands, command("true", "timeout", limit)); got.Status != gale.Succeeded {
			t.Errorf("timeout %v: got %s %s", limit, got.Status, py.Repr(got.Result))
		}
	}
	if got := run(t, commands, command("true", "timeout", "soon")); !strings.Contains(runner.String(got.Result, "error"), "parameter timeout") {
		t.Errorf("timeout soon: got %s", py.Repr(got.Result))
	}
}

func TestCancelSaysSo(t *testing.T) {
	job, started := long(t, "sleep 100")
	done := make(chan runner.Result, 1)
	ctx, cancel := contextWithCause(t)
	go func() { done <- commands.Runner.Run(ctx, job, runner.Discard) }()
	<-started
	cancel(runner.ErrCanceled)
	got := <-done
	if runner.String(got.Result, "error") != "Action canceled by user." || runner.String(got.Result, "return_code") != "-15" {
		t.Errorf("got %s", py.Repr(got.Result))
	}
}

func TestDirectoryAndEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GALE_DATABASE_PASSWORD", "leak")
	job := command(`pwd; env | grep -E '^(ST2_|A=|N=|HOME=|GALE_)' | sort`, "cwd", dir,
		"env", py.DictOf("A", "x y", "N", int64(5), "HOME", "/h", "ST2_ACTION_PACK_NAME", "forged"))
	job.AuthToken = "tok"
	got := run(t, commands, job)
	want := dir + "\nA=x y\nHOME=/h\nN=5\nST2_ACTION_API_URL=http://api/v1\nST2_ACTION_AUTH_TOKEN=tok\nST2_ACTION_DEBUG=False\nST2_ACTION_EXECUTION_ID=e1\nST2_ACTION_PACK_NAME=core"
	if out := runner.String(got.Result, "stdout"); out != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

func TestLimits(t *testing.T) {
	limited, _ := entries(Config{Limits: proc.Limits{OpenFiles: 77}})
	if out := runner.String(run(t, limited, command("ulimit -n")).Result, "stdout"); out != "77" {
		t.Errorf("got %s open files, want 77", out)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	for _, test := range []struct {
		name string
		job  *runner.Job
		want string
	}{
		{"directory", command("true", "cwd", "/no/such"), "chdir /no/such: no such file or directory"},
		{"env of another type", command("true", "env", "A=1"), "parameter env is of type str, want an object"},
		{"env with a bad name", command("true", "env", py.DictOf("A=B", "1")), "parameter env"},
		{"too long", command("true " + strings.Repeat("x", 1<<18)), "longer than the system allows"},
		{"NUL", command("echo a\x00b"), "NUL"},
		{"entry point", &runner.Job{EntryPoint: "x.sh"}, "entry_point is only valid for script actions"},
	} {
		got := run(t, commands, test.job)
		if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, "error"), test.want) {
			t.Errorf("%s: got %s %s, want %q", test.name, got.Status, py.Repr(got.Result), test.want)
		}
	}
	job := script(t, "", nil, nil)
	for entry, want := range map[string]string{"": "missing the entry_point", "../../x.sh": "outside of the pack", "/etc/passwd": "outside of the pack"} {
		job.EntryPoint = entry
		if got := run(t, scripts, job); !strings.Contains(runner.String(got.Result, "error"), want) {
			t.Errorf("entry point %q: got %s, want %q", entry, py.Repr(got.Result), want)
		}
	}
}

const printArgs = "#!/bin/sh\nfor a in \"$@\"; do printf '[%s]' \"$a\"; done\n"

func TestScriptsGetTheirParametersAsArguments(t *testing.T) {
	schema := py.DictOf(
		"last", py.DictOf("type", "string", "position", int64(5)),
		"first", py.DictOf("type", "string", "position", int64(0)),
		"flag", py.DictOf("type", "boolean", "position", int64(1)),
		"list", py.DictOf("type", "array", "position", int64(2)),
		"obj", py.DictOf("type", "object", "position", int64(3)),
		"num", py.DictOf("type", "integer", "position", int64(4)),
		"named", py.DictOf("type", "string"),
	)
	got := run(t, scripts, script(t, printArgs, schema, py.DictOf(
		"first", `it's "q" $HOME`, "flag", true, "list", []any{"x", "y z", int64(3)},
		"obj", py.DictOf("k", "v w"), "num", int64(0), "named", "a b", "on", true, "off", false, "none", nil,
		"words", []any{"x", nil},
	)))
	want := `[--named=a b][--on][--words=['x', None]][it's "q" $HOME][1][x,y z,3][{"k":"v w"}][0][]`
	if out := runner.String(got.Result, "stdout"); out != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
	job := script(t, printArgs, nil, py.DictOf("n", int64(0)))
	job.RunnerParameters.Set("kwarg_op", "-")
	if out := runner.String(run(t, scripts, job).Result, "stdout"); out != "[-n=0]" {
		t.Errorf("kwarg_op: got %s, want [-n=0]", out)
	}
}

func TestScriptsBecomeExecutable(t *testing.T) {
	job := script(t, "#!/bin/sh\necho yes\n", nil, nil)
	if out := runner.String(run(t, scripts, job).Result, "stdout"); out != "yes" {
		t.Errorf("got %q, want yes", out)
	}
}

// fakeSudo stands in for sudo: it writes down how it was called and what the
// password was, and runs the rest.
func fakeSudo(t *testing.T, answer string) (Config, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "sudo")
	text := "#!/bin/sh\nprintf '<%s>' \"$@\" >>" + dir + "/called; echo >>" + dir + "/called\n" + answer + `
while [ "$1" != -- ]; do shift; done; shift
exec "$@"
`
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return Config{Sudo: path}, filepath.Join(dir, "called")
}

func TestSudo(t *testing.T) {
	t.Run("without a password", func(t *testing.T) {
		c, called := fakeSudo(t, "")
		entry, _ := entries(c)
		got := run(t, entry, command("echo \"$BASH\" '$x'; cat", "sudo", true))
		if out := runner.String(got.Result, "stdout"); !strings.HasSuffix(out, "bash $x") {
			t.Errorf("got %s", py.Repr(got.Result))
		}
		if log, _ := os.ReadFile(called); string(log) != "<-E><--><bash><-c><echo \"$BASH\" '$x'; cat>\n" {
			t.Errorf("called with %s", log)
		}
	})
	t.Run("the password goes over standard input and no further", func(t *testing.T) {
		c, called := fakeSudo(t, "")
		entry, _ := entries(c)
		got := run(t, entry, command("cat; echo done", "sudo", true, "sudo_password", "S3CRET"))
		if out := runner.String(got.Result, "stdout"); out != "done" {
			t.Errorf("got %q, want done", out)
		}
		if log, _ := os.ReadFile(called); strings.Contains(string(log), "S3CRET") || !strings.HasPrefix(string(log), "<-S><-p><><-E><-->") {
			t.Errorf("called with %s", log)
		}
	})
	t.Run("a wrong password", func(t *testing.T) {
		c, _ := fakeSudo(t, `echo "sudo: 1 incorrect password attempt" >&2; exit 1`)
		entry, _ := entries(c)
		got := run(t, entry, command("true", "sudo", true, "sudo_password", "wrong"))
		if got.Status != gale.Failed || runner.String(got.Result, "return_code") != "-1" ||
			!strings.HasPrefix(runner.String(got.Result, "error"), "Invalid sudo password provided or sudo is not configured for this user") {
			t.Errorf("got %s %s", got.Status, py.Repr(got.Result))
		}
	})
	t.Run("another system user", func(t *testing.T) {
		c, called := fakeSudo(t, "")
		c.User = "somebody-else"
		_, entry := entries(c)
		job := script(t, printArgs, nil, py.DictOf("a", "x y"))
		if out := runner.String(run(t, entry, job).Result, "stdout"); out != "[--a=x y]" {
			t.Errorf("got %s", out)
		}
		if log, _ := os.ReadFile(called); !strings.HasPrefix(string(log), "<-E><-H><-u><somebody-else><--><bash><-c>") {
			t.Errorf("called with %s", log)
		}
	})
	t.Run("the service's own user needs none", func(t *testing.T) {
		c, called := fakeSudo(t, "")
		c.User = currentUser()
		entry, _ := entries(c)
		run(t, entry, command("true"))
		if _, err := os.Stat(called); err == nil {
			t.Error("sudo was called")
		}
	})
}

func TestContentVersion(t *testing.T) {
	job := script(t, "#!/bin/sh\necho new\n", nil, nil)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", job.PackDir, "-c", "user.name=t", "-c", "user.email=t@t"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	job.RunnerParameters.Set("content_version", "v1")
	wantError := func(want string) {
		t.Helper()
		if got := run(t, scripts, job); !strings.Contains(runner.String(got.Result, "error"), want) {
			t.Errorf("got %s, want %q", py.Repr(got.Result), want)
		}
	}
	wantError("is not a git repository. To utilize this functionality")
	path := filepath.Join(job.PackDir, "actions", job.EntryPoint)
	git("init", "-q")
	os.WriteFile(path, []byte("#!/bin/sh\necho old; pwd; dirname \"$0\"\n"), 0o755)
	git("add", ".")
	git("commit", "-q", "-m", "one")
	git("tag", "v1")
	os.WriteFile(path, []byte("#!/bin/sh\necho new\n"), 0o755)
	var wg sync.WaitGroup
	for range 3 { // of the same revision at once
		wg.Go(func() {
			out := runner.String(run(t, scripts, job).Result, "stdout")
			lines := strings.Split(out, "\n")
			if lines[0] != "old" || !strings.Contains(out, "st2-git-worktree-") {
				t.Errorf("got %q, want the old script from a work tree", out)
			}
			if _, err := os.Stat(lines[len(lines)-1]); err == nil {
				t.Error("the work tree was not removed")
			}
		})
	}
	wg.Wait()
	job.RunnerParameters.Set("content_version", "nosuch")
	wantError(`Invalid content_version "nosuch" provided. Make sure that git repository is up to date`)
	job.RunnerParameters.Set("content_version", "--help")
	wantError("Invalid content_version")
}
