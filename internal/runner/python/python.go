// Package python runs Python actions, each in an interpreter of its own.
package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/internal/pyenv"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// Config is about all Python actions.
type Config struct {
	Environments *pyenv.Environments
	// CommonLibs makes <pack>/lib importable.
	CommonLibs bool
	// EagerSite has interpreters read site-packages when they start instead
	// of when something needs it.
	EagerSite bool
	BasePath  string      // told to actions that look for StackStorm's directory
	PackPaths []string    // directories of packs, likewise
	Environ   []string    // base environment; nil: runner.Environ
	Limits    proc.Limits // of each action's processes
}

// Entries is python-script.
func Entries(c Config) []runner.Entry {
	if c.Environ == nil {
		c.Environ = runner.Environ()
	}
	return []runner.Entry{{Type: scriptType(), Runner: scriptRunner{c}}}
}

// badStatus is the exit code of an action whose answer made no sense.
const badStatus = 220

// channel is the descriptor on which an action's result arrives.
const channel = 3

type scriptRunner struct{ Config }

// Run runs the action class of the entry point.
func (r scriptRunner) Run(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
	dir, done, err := runner.CheckOut(ctx, job)
	if err != nil {
		return runner.Fail(err)
	}
	defer done()
	limited, cancel, expired, err := runner.Limit(ctx, job.RunnerParameters)
	if err != nil {
		return runner.Fail(err)
	}
	defer cancel()
	command, err := r.command(ctx, job.In(dir))
	if err != nil {
		return runner.Fail(err)
	}
	exit, err := runner.RunProcess(limited, job, command, out)
	if err != nil {
		return runner.Fail(err)
	}
	return result(limited, exit, expired)
}

// command is the interpreter to start, with everything about the job on its
// standard input.
func (r Config) command(ctx context.Context, job *runner.Job) (proc.Command, error) {
	path, err := job.EntryPath()
	if err != nil {
		return proc.Command{}, err
	}
	python, err := r.interpreter(ctx, job.Pack)
	if err != nil {
		return proc.Command{}, err
	}
	sdk, err := r.Environments.SDK(ctx, python)
	if err != nil {
		return proc.Command{}, err
	}
	input, err := line(job, path, python)
	if err != nil {
		return proc.Command{}, err
	}
	env, err := r.environ(job, python, sdk)
	if err != nil {
		return proc.Command{}, err
	}
	args := []string{"-u", "-S", filepath.Join(sdk, "run_action.py")}
	if r.EagerSite || customized(python, env) {
		args = []string{"-u", filepath.Join(sdk, "run_action.py")}
	}
	return proc.Command{Path: python.Executable, Args: args, Env: env, Stdin: input, Channel: true, Limits: r.Limits}, nil
}

// systemPacks never have a virtual environment.
var systemPacks = map[string]bool{"chatops": true, "core": true, "linux": true, "packs": true}

func (r Config) interpreter(ctx context.Context, pack string) (*pyenv.Interpreter, error) {
	if systemPacks[pack] {
		return r.Environments.System(ctx)
	}
	return r.Environments.For(ctx, pack)
}

// line is what the wrapper reads: one line of JSON.
func line(job *runner.Job, path string, python *pyenv.Interpreter) ([]byte, error) {
	level := runner.String(job.RunnerParameters, "log_level")
	if (level == "" || level == "DEBUG") && job.LogLevel != "" {
		level = job.LogLevel
	}
	doc := py.DictOf(
		"pack", job.Pack,
		"file_path", path,
		"user", job.User,
		"log_level", level,
		"parameters", orEmpty(job.ActionParameters),
		"config", orEmpty(job.PackConfig),
		"channel", int64(channel),
		"packages", python.Packages,
		"prefix", python.Prefix,
	)
	input, err := py.AppendJSON(nil, doc)
	if err != nil {
		return nil, fmt.Errorf("encode the parameters of %s: %w", job.ActionRef, err)
	}
	return append(input, '\n'), nil
}

func orEmpty(d *py.Dict) *py.Dict {
	if d == nil {
		return py.NewDict(0)
	}
	return d
}

// environ is the environment of the action's process.
func (r Config) environ(job *runner.Job, python *pyenv.Interpreter, sdk string) ([]string, error) {
	given, err := runner.EnvParameter(job.RunnerParameters)
	if err != nil {
		return nil, err
	}
	own := []string{"PYTHONPATH=" + r.searchPath(job, python, sdk)}
	if bin := python.Bin(); bin != "" {
		own = append(own, "PATH="+bin+":"+lookup(r.Environ, "PATH"))
	}
	if r.BasePath != "" {
		own = append(own, "GALE_BASE_PATH="+r.BasePath)
	}
	if len(r.PackPaths) > 0 {
		own = append(own, "GALE_PACKS_PATH="+strings.Join(r.PackPaths, ":"))
	}
	api := []string{"ST2_API_URL=" + job.APIURL}
	if job.AuthToken != "" {
		api = append(api, "ST2_AUTH_TOKEN="+job.AuthToken)
	}
	return runner.MergeEnv(r.Environ, own, withoutPythonPath(given), job.ActionEnv(), api), nil
}

// searchPath is PYTHONPATH: the pack's own before what the service brings.
func (r Config) searchPath(job *runner.Job, python *pyenv.Interpreter, sdk string) string {
	var path []string
	if r.CommonLibs {
		path = append(path, filepath.Join(job.PackDir, "lib"))
	}
	if python.Prefix != "" {
		path = append(path, python.Stdlib, python.Packages)
	}
	if !systemPacks[job.Pack] {
		path = append(path, filepath.Join(job.PackDir, "actions", "lib"))
	}
	for _, entry := range filepath.SplitList(lookup(r.Environ, "PYTHONPATH")) {
		if entry != "" { // the working directory of the service: not for actions
			path = append(path, entry)
		}
	}
	return strings.Join(append(path, sdk), ":")
}

// withoutPythonPath drops what users may not set: it would hide the SDK.
func withoutPythonPath(env []string) []string {
	var out []string
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); !strings.EqualFold(name, "PYTHONPATH") {
			out = append(out, kv)
		}
	}
	return out
}

func lookup(env []string, key string) string {
	for _, kv := range env {
		if name, value, _ := strings.Cut(kv, "="); name == key {
			return value
		}
	}
	return ""
}

// customized says that somebody wants code to run when interpreters start,
// which must then not wait.
func customized(python *pyenv.Interpreter, env []string) bool {
	dirs := filepath.SplitList(lookup(env, "PYTHONPATH"))
	for _, dir := range append(dirs, python.Packages) {
		for _, name := range []string{"sitecustomize.py", "usercustomize.py"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return true
			}
		}
	}
	return false
}

// result is what the end of the process comes to.
func result(ctx context.Context, exit proc.Exit, expired string) runner.Result {
	if exit.Code == badStatus && !exit.Killed {
		return runner.Fail(errors.New(strings.TrimSpace(exit.Stderr)))
	}
	value, status, err := answer(exit)
	if err != nil {
		return runner.Fail(err)
	}
	doc := py.DictOf(
		"stdout", exit.Stdout,
		"stderr", exit.Stderr,
		"exit_code", int64(exit.Code),
		"result", value,
	)
	if exit.Killed {
		final, message, _ := runner.Interrupted(ctx)
		if final == gale.TimedOut {
			doc.Set("exit_code", int64(-int(syscall.SIGKILL)))
			if expired != "" {
				message = expired
			}
		}
		doc.Set("error", message)
		return runner.Result{Status: final, Result: doc}
	}
	final := gale.Succeeded
	if exit.Code != 0 || status == false {
		final = gale.Failed
	}
	return runner.Result{Status: final, Result: doc}
}

// answer reads the wrapper's line. An action that did not get as far as
// returning has the result "None", as text: workflows test for it.
func answer(exit proc.Exit) (value, status any, err error) {
	if exit.ChannelFull {
		return nil, nil, fmt.Errorf("the result of the action is larger than %d MiB", proc.DefaultChannel>>20)
	}
	data := bytes.TrimSpace(exit.Channel)
	if len(data) == 0 || exit.Channel[len(exit.Channel)-1] != '\n' {
		return "None", nil, nil // nothing, or cut off when the process was ended
	}
	doc, err := py.DecodeJSON(data)
	if err != nil {
		return nil, nil, fmt.Errorf("read the result of the action: %w", err)
	}
	d, _ := doc.(*py.Dict)
	value, ok := d.GetString("result")
	if !ok {
		return nil, nil, errors.New("read the result of the action: something else wrote to its channel")
	}
	status, _ = d.GetString("status")
	return value, status, nil
}

func scriptType() gale.RunnerType {
	anything := py.NewDict(1)
	var kinds []any
	for _, kind := range []string{"object", "string", "integer", "number", "boolean", "array", "null"} {
		kinds = append(kinds, py.DictOf("type", kind))
	}
	anything.Set("anyOf", kinds)
	return gale.RunnerType{
		Name:          "python-script",
		Description:   "Runs a Python class of the pack.",
		Enabled:       true,
		RunnerPackage: "python_runner",
		RunnerModule:  "python_runner",
		OutputKey:     "result",
		OutputSchema: py.DictOf(
			"type", "object",
			"properties", py.DictOf(
				"result", anything,
				"stderr", py.DictOf("type", "string", "required", true),
				"stdout", py.DictOf("type", "string", "required", true),
				"exit_code", py.DictOf("type", "integer", "required", true),
			),
			"additionalProperties", false,
		),
		Parameters: py.DictOf(
			"debug", py.DictOf("description", "Keep temporary files of the run.", "type", "boolean", "required", false, "default", false),
			"content_version", py.DictOf("description", "Git revision of the pack to use (commit, tag or branch). The pack must be a Git repository.", "type", "string", "required", false),
			"env", py.DictOf("description", "Environment variables for the action.", "type", "object"),
			"timeout", py.DictOf("description", "Seconds after which the action is ended.", "type", "integer", "default", int64(600)),
			"log_level", py.DictOf("description", "Lowest level of the action's log messages to keep.", "type", "string", "default", "DEBUG",
				"enum", []any{"AUDIT", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"}),
		),
	}
}
