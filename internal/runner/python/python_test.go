package python

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/internal/pyenv"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/runnertest"
	"github.com/galehq/gale/py"
)

// dirs is what the tests of this package share: the SDK is unpacked once.
var dirs struct {
	once      sync.Once
	data, env string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gale-python-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dirs.data, dirs.env = filepath.Join(dir, "data"), filepath.Join(dir, "virtualenvs")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var environments = sync.OnceValue(func() *pyenv.Environments {
	return pyenv.New(pyenv.Config{Data: dirs.data, Virtualenvs: dirs.env})
})

func entry(c Config) runner.Entry {
	if c.Environments == nil {
		c.Environments = environments()
	}
	return Entries(c)[0]
}

const header = "from st2common.runners.base_action import Action\n\n\nclass A(Action):\n    def run(self, **kw):\n"

// action is a job whose entry point is a class with the given body of run.
func action(t testing.TB, body string, files map[string]string) *runner.Job {
	t.Helper()
	text := header
	for line := range strings.Lines(body) {
		text += "        " + line
	}
	all := map[string]string{"actions/act.py": text + "\n"}
	for name, text := range files {
		all[name] = text
	}
	dir := filepath.Join(t.TempDir(), "mypack")
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &runner.Job{
		ActionRef: "mypack.act", Pack: "mypack", Action: "act", PackDir: dir, EntryPoint: "act.py", ExecutionID: "e1",
		APIURL: "http://127.0.0.1:1/v1", User: "ann", Grace: 200 * time.Millisecond,
		RunnerParameters: py.DictOf("timeout", int64(600), "log_level", "DEBUG"),
		ActionParameters: py.NewDict(0),
	}
}

func run(t *testing.T, job *runner.Job) runner.Result {
	t.Helper()
	return entry(Config{}).Runner.Run(t.Context(), job, runner.Discard)
}

func TestPythonRunner(t *testing.T) {
	runnertest.Run(t, runnertest.Subject{
		Entry: entry(Config{}),
		Quick: func(t *testing.T) *runner.Job {
			return action(t, "import sys\nprint('out')\nsys.stderr.write('err')\nreturn {'a': 1}", nil)
		},
		Failing: func(t *testing.T) *runner.Job { return action(t, "return (False, 'no')", nil) },
		Long: func(t *testing.T) (*runner.Job, <-chan struct{}) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if out, err := exec.Command("mkfifo", fifo).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			started := make(chan struct{})
			go func() { os.ReadFile(fifo); close(started) }()
			return action(t, "import signal, subprocess, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"+
				"subprocess.Popen(['sleep', '100'], start_new_session=True)\nopen('"+fifo+"', 'w').close()\nwhile True: time.sleep(0.05)", nil), started
		},
		Prints: map[string]string{"stdout": "out\n", "stderr": "err"},
		Keys:   []string{"stdout", "stderr", "exit_code", "result"},
	})
}

func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		body   string
		status gale.Status
		code   int64
		result string // as Python prints it
	}{
		{"return {'b': [1, 2.5, None, True], 'a': 'é'}", gale.Succeeded, 0, "{'b': [1, 2.5, None, True], 'a': 'é'}"},
		{"pass", gale.Succeeded, 0, "None"},
		{"return (True, 1 << 63)", gale.Succeeded, 0, "9223372036854775808"},
		{"return (False, 'why')", gale.Failed, 0, "'why'"},
		{"return (None, 'x')", gale.Succeeded, 0, "'x'"},
		{"return (1, 2, 3)", gale.Succeeded, 0, "[1, 2, 3]"},
		{"return {1: 2}", gale.Succeeded, 0, `"{1: 2}, 'status': None}"`},
		{"return (True, {1: 2})", gale.Succeeded, 0, "'{1: 2}'"},
		{"raise Exception('x')", gale.Failed, 1, "'None'"},
		{"import sys; sys.exit(4)", gale.Failed, 4, "'None'"},
		{"import sys; sys.exit(0)", gale.Succeeded, 0, "'None'"},
		{"import os; os.kill(os.getpid(), 9)", gale.Failed, -9, "'None'"},
		{"import os; os.kill(os.getpid(), 15)", gale.Failed, -15, "'None'"},
		{"import atexit, os; atexit.register(os._exit, 3); return (True, 'said')", gale.Failed, 3, "'said'"},
	} {
		got := run(t, action(t, test.body, nil))
		value, _ := got.Result.GetString("result")
		code, _ := got.Result.GetString("exit_code")
		if got.Status != test.status || code != test.code || py.Repr(value) != test.result {
			t.Errorf("%s:\ngot  %s %v %s\nwant %s %v %s\n%s", test.body, got.Status, code, py.Repr(value), test.status, test.code, test.result, py.Repr(got.Result))
		}
	}
}

func TestATupleThatIsNoStatusFails(t *testing.T) {
	got := run(t, action(t, "return ('ok', 1)", nil))
	if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, "error"), "True, False or None") {
		t.Errorf("got %s %s", got.Status, py.Repr(got.Result))
	}
}

func TestTimeout(t *testing.T) {
	job := action(t, "import time\nprint('begun')\ntime.sleep(100)", nil)
	job.RunnerParameters.Set("timeout", int64(1))
	got := run(t, job)
	want := py.DictOf("stdout", "begun\n", "stderr", "", "exit_code", int64(-9), "result", "None", "error", "Action failed to complete in 1 seconds")
	if got.Status != gale.TimedOut || !py.Equal(got.Result, want) {
		t.Errorf("got %s %s, want timeout %s", got.Status, py.Repr(got.Result), py.Repr(want))
	}
}

func TestParametersConfigAndLogLevel(t *testing.T) {
	job := action(t, "self.logger.info('hidden'); self.logger.error('shown')\nreturn [kw, self.config['token'], self.action_service is not None]", nil)
	job.ActionParameters = py.DictOf("z", int64(356686000032329832), "a", "ü☠", "o", py.DictOf("k", []any{nil, 1.0}))
	job.PackConfig = py.DictOf("token", "S3CRET")
	job.LogLevel = "ERROR"
	got := run(t, job)
	value, _ := got.Result.GetString("result")
	if want := "[{'z': 356686000032329832, 'a': 'ü☠', 'o': {'k': [None, 1.0]}}, 'S3CRET', True]"; py.Repr(value) != want {
		t.Errorf("result: got %s, want %s", py.Repr(value), want)
	}
	if stderr := runner.String(got.Result, "stderr"); stderr != "actions.python.A: ERROR    shown\n" {
		t.Errorf("stderr: got %q", stderr)
	}
}

func TestNothingSecretOnTheCommandLine(t *testing.T) {
	job := action(t, "return open('/proc/self/cmdline').read()", nil)
	job.ActionParameters, job.PackConfig = py.DictOf("p", "S3CRET"), py.DictOf("c", "S3CRET")
	if got := runner.String(run(t, job).Result, "result"); got == "" || strings.Contains(got, "S3CRET") {
		t.Errorf("command line: %q", got)
	}
}

func TestLargeParametersAndResults(t *testing.T) {
	job := action(t, "return kw['x']", nil)
	want := strings.Repeat("ü", 2_000_000)
	job.ActionParameters = py.DictOf("x", want)
	if got := runner.String(run(t, job).Result, "result"); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("GALE_SECRET", "leak")
	job := action(t, "import os\nreturn {k: v for k, v in os.environ.items() if k.startswith(('ST2_', 'GALE_', 'MINE', 'PYTHONPATH'))}", nil)
	job.AuthToken = "tok"
	job.RunnerParameters.Set("env", py.DictOf("MINE", "1", "PythonPath", "/evil", "PYTHONPATH", "/evil", "ST2_AUTH_TOKEN", "forged"))
	got := entry(Config{BasePath: "/opt/gale", PackPaths: []string{"/a", "/b"}, CommonLibs: true, Environ: []string{"PATH=/usr/bin:/bin", "PYTHONPATH=/parent:"}}).
		Runner.Run(t.Context(), job, runner.Discard)
	env, ok := first(got.Result.GetString("result")).(*py.Dict)
	if !ok {
		t.Fatalf("got %s", py.Repr(got.Result))
	}
	for name, want := range map[string]string{
		"ST2_ACTION_PACK_NAME": "mypack", "ST2_ACTION_EXECUTION_ID": "e1", "ST2_ACTION_API_URL": "http://127.0.0.1:1/v1", "ST2_ACTION_DEBUG": "False",
		"ST2_ACTION_AUTH_TOKEN": "tok", "ST2_API_URL": "http://127.0.0.1:1/v1", "ST2_AUTH_TOKEN": "tok", "MINE": "1",
		"GALE_BASE_PATH": "/opt/gale", "GALE_PACKS_PATH": "/a:/b", "GALE_SECRET": "",
	} {
		if got := runner.String(env, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	path := strings.Split(runner.String(env, "PYTHONPATH"), ":")
	want := []string{job.PackDir + "/lib", job.PackDir + "/actions/lib", "/parent"}
	if len(path) != 4 || strings.Join(path[:3], ":") != strings.Join(want, ":") || !strings.HasPrefix(path[3], dirs.data) {
		t.Errorf("PYTHONPATH: got %q, want %q and the SDK", path, want)
	}
}

func first(v any, _ bool) any { return v }

func TestLibrariesOfThePack(t *testing.T) {
	files := map[string]string{
		"actions/lib/__init__.py": "", "actions/lib/tools.py": "name = 'tools'\n", "lib/shared_.py": "name = 'shared'\n",
	}
	job := action(t, "import tools\nfrom lib.tools import name\nreturn [tools.name, name]", files)
	if got := py.Repr(first(run(t, job).Result.GetString("result"))); got != "['tools', 'tools']" {
		t.Errorf("got %s", got)
	}
	job = action(t, "import shared_\nreturn shared_.name", files)
	if got := run(t, job); got.Status != gale.Failed {
		t.Errorf("<pack>/lib without being asked for: got %s", py.Repr(got.Result))
	}
	got := entry(Config{CommonLibs: true}).Runner.Run(t.Context(), job, runner.Discard)
	if name := runner.String(got.Result, "result"); name != "shared" {
		t.Errorf("<pack>/lib: got %s", py.Repr(got.Result))
	}
}

func TestAPackRunsInItsVirtualenv(t *testing.T) {
	e := environments()
	system, err := e.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	venv := filepath.Join(dirs.env, "withvenv")
	if out, err := exec.Command(system.Executable, "-m", "venv", "--without-pip", venv).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	python, err := e.For(t.Context(), "withvenv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(python.Packages, "vendor_.py"), []byte("who = 'requirement'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(venv, "bin", "tool_"), []byte("#!/bin/sh\necho tool\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	body := "import sys, vendor_, subprocess\nreturn [sys.prefix, sys.executable, vendor_.who, subprocess.check_output(['tool_']).decode()]"
	for _, eager := range []bool{false, true} {
		job := action(t, body, map[string]string{"actions/lib/vendor_.py": "who = 'pack'\n"})
		job.Pack = "withvenv"
		got := entry(Config{EagerSite: eager}).Runner.Run(t.Context(), job, runner.Discard)
		want := py.Repr([]any{venv, venv + "/bin/python", "requirement", "tool\n"})
		if value := py.Repr(first(got.Result.GetString("result"))); value != want {
			t.Errorf("eager %v:\ngot  %s\nwant %s\n%s", eager, value, want, runner.String(got.Result, "stderr"))
		}
	}
	job := action(t, "import sys; return sys.prefix", nil)
	job.Pack = "core" // never has one
	if got := runner.String(run(t, job).Result, "result"); got == venv || got == "" {
		t.Errorf("system pack: prefix %q", got)
	}
}

func TestSitecustomizeRunsAtTheStart(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "sitecustomize.py"), []byte("import sys\nsys.customized = True\n"), 0o644)
	got := entry(Config{Environ: []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=" + dir}}).
		Runner.Run(t.Context(), action(t, "import sys; return sys.customized", nil), runner.Discard)
	if value, _ := got.Result.GetString("result"); value != true {
		t.Errorf("got %s", py.Repr(got.Result))
	}
}

func TestLimits(t *testing.T) {
	got := entry(Config{Limits: proc.Limits{OpenFiles: 77}}).Runner.Run(t.Context(),
		action(t, "import resource; return resource.getrlimit(resource.RLIMIT_NOFILE)[0]", nil), runner.Discard)
	if out := runner.String(got.Result, "result"); out != "77" {
		t.Errorf("got %s, want 77 open files", py.Repr(got.Result))
	}
}

func TestOutputIsLive(t *testing.T) {
	dir := t.TempDir()
	job := action(t, "import os, time\nprint('first')\nwhile not os.path.exists('"+dir+"/go'): time.sleep(0.01)\nreturn 1", nil)
	got := entry(Config{}).Runner.Run(t.Context(), job, runner.OutputFunc(func(stream string, data []byte) {
		if string(data) == "first\n" {
			os.WriteFile(filepath.Join(dir, "go"), nil, 0o600)
		}
	}))
	if got.Status != gale.Succeeded {
		t.Errorf("got %s %s", got.Status, py.Repr(got.Result))
	}
}

func TestChildrenThatOutliveTheAction(t *testing.T) {
	// multiprocessing and daemons keep the channel and the output open; the
	// result must not wait for them.
	job := action(t, "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(2)\n    os._exit(0)\nreturn 'parent'", nil)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, runner.ErrShutdown)
	defer cancel()
	got := entry(Config{}).Runner.Run(ctx, job, runner.Discard)
	if got.Status != gale.Succeeded || runner.String(got.Result, "result") != "parent" {
		t.Errorf("got %s %s", got.Status, py.Repr(got.Result))
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	missing := action(t, "pass", nil)
	missing.EntryPoint = "nosuch.py"
	outside := action(t, "pass", nil)
	outside.EntryPoint = "../../x.py"
	broken := action(t, "pass", map[string]string{"actions/act.py": "def broken(:\n"})
	for _, test := range []struct {
		name, key, want string
		job             *runner.Job
	}{
		{"missing file", "stderr", "Failed to load action class from file", missing},
		{"outside", "error", "outside of the pack's directory", outside},
		{"broken", "stderr", "SyntaxError", broken},
	} {
		got := run(t, test.job)
		if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, test.key), test.want) {
			t.Errorf("%s: got %s %s", test.name, got.Status, py.Repr(got.Result))
		}
	}
	got := entry(Config{Environments: pyenv.New(pyenv.Config{Data: t.TempDir(), Python: "nosuchpython"})}).
		Runner.Run(t.Context(), action(t, "pass", nil), runner.Discard)
	if !strings.Contains(runner.String(got.Result, "error"), "there is no nosuchpython") {
		t.Errorf("no Python: got %s", py.Repr(got.Result))
	}
}

// TestSDK runs the SDK's own tests, written in Python.
func TestSDK(t *testing.T) {
	python, err := environments().System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../../sdk/python")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python.Executable, "-B", "-m", "unittest", "discover", "-s", filepath.Join(root, "tests"))
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(root, "lib")+":"+filepath.Join(root, "tests"), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
