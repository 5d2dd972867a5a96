// Package local runs shell commands and scripts on this machine.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// Config is about all actions of the two runners.
type Config struct {
	// User runs the actions, through sudo, when it is not the user of this
	// process. Empty: no switching.
	User string
	Sudo string // program; empty: sudo
	// ZeroIsEmpty passes a positional integer 0 as the empty text.
	ZeroIsEmpty bool
	Environ     []string    // base environment; nil: runner.Environ
	Limits      proc.Limits // of each action's processes
}

// Entries are local-shell-cmd and local-shell-script.
func Entries(c Config) []runner.Entry {
	if c.Sudo == "" {
		c.Sudo = "sudo"
	}
	if c.Environ == nil {
		c.Environ = runner.Environ()
	}
	return []runner.Entry{
		{Type: commandType(), Runner: commandRunner{c}},
		{Type: scriptType(), Runner: scriptRunner{c}},
	}
}

type commandRunner struct{ Config }

// Run runs the parameter cmd with the shell.
func (r commandRunner) Run(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
	if job.EntryPoint != "" {
		return runner.Failf("entry_point is only valid for script actions; a local-shell-cmd action has cmd")
	}
	return r.shell(ctx, job, runner.String(job.RunnerParameters, "cmd"), out)
}

type scriptRunner struct{ Config }

// Run runs the entry point with the action's parameters as arguments.
func (r scriptRunner) Run(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
	dir, done, err := runner.CheckOut(ctx, job)
	if err != nil {
		return runner.Fail(err)
	}
	defer done()
	job = job.In(dir)
	path, err := job.EntryPath()
	if err != nil {
		return runner.Fail(err)
	}
	makeExecutable(path)
	prefix := "--"
	if v, ok := job.RunnerParameters.GetString("kwarg_op"); ok && v != nil {
		prefix = py.Str(v)
	}
	args := runner.MakeArgs(job.ActionParameters, job.ActionSchema, runner.ArgOptions{Prefix: prefix, ZeroIsEmpty: r.ZeroIsEmpty})
	return r.shell(ctx, job, args.CommandLine(path), out)
}

// makeExecutable lets the script run that came without the permission. Where
// that is not possible the shell says why it cannot run it.
func makeExecutable(path string) {
	if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0o111 {
		os.Chmod(path, info.Mode().Perm()|0o111)
	}
}

// shell runs a command line to its end.
func (c Config) shell(ctx context.Context, job *runner.Job, line string, out runner.Output) runner.Result {
	limited, cancel, expired, err := runner.Limit(ctx, job.RunnerParameters)
	if err != nil {
		return runner.Fail(err)
	}
	defer cancel()
	command, err := c.command(job, line)
	if err != nil {
		return runner.Fail(err)
	}
	exit, err := runner.RunProcess(limited, job, command, out)
	if errors.Is(err, syscall.E2BIG) {
		return runner.Failf("the command and its environment are longer than the system allows (a single argument may have 128 KiB): %w", err)
	}
	if err != nil {
		return runner.Fail(err)
	}
	o := outcome{code: exit.Code, exit: exit}
	if exit.Killed {
		o.interrupted(limited, expired)
	} else {
		o.ended(runner.String(job.RunnerParameters, "sudo_password") != "")
	}
	return o.result()
}

// command is the process to start for a command line.
func (c Config) command(job *runner.Job, line string) (proc.Command, error) {
	env, err := runner.EnvParameter(job.RunnerParameters)
	if err != nil {
		return proc.Command{}, err
	}
	command := proc.Command{
		Path: "/bin/sh", Args: []string{"-c", line},
		Dir:    runner.String(job.RunnerParameters, "cwd"),
		Env:    runner.MergeEnv(c.Environ, env, job.ActionEnv()),
		Limits: c.Limits,
	}
	if strings.Contains(line, "\x00") {
		return proc.Command{}, errors.New("the command has a NUL character in it")
	}
	other := c.otherUser()
	if runner.Bool(job.RunnerParameters, "sudo") {
		other = ""
	} else if other == "" {
		return command, nil
	}
	c.sudo(&command, other, runner.String(job.RunnerParameters, "sudo_password"), line)
	return command, nil
}

// sudo has the command run by bash as another user; empty is root. The
// password goes over standard input; a sudo that did not ask for it leaves it
// there, so the command is cut off from it.
func (c Config) sudo(command *proc.Command, as, password, line string) {
	flags := []string{"-E"}
	if password != "" {
		flags = []string{"-S", "-p", "", "-E"}
		command.Stdin = []byte(password + "\n")
		line = "exec </dev/null; " + line
	}
	target := flags
	if as != "" {
		target = append(flags, "-H", "-u", as)
	}
	command.Path = c.Sudo
	command.Args = append(target, "--", "bash", "-c", line)
	env, input := command.Env, command.Stdin
	command.Elevate = func(sig syscall.Signal, group int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		args := append([]string{}, flags...)
		args = append(args, "--", "kill", fmt.Sprintf("-%d", sig), "--", fmt.Sprintf("-%d", group))
		_, err := proc.Run(ctx, proc.Command{Path: c.Sudo, Args: args, Env: env, Stdin: input})
		return err
	}
}

// otherUser is the user to switch to; empty when that is who we are.
func (c Config) otherUser() string {
	if c.User == "" || c.User == currentUser() {
		return ""
	}
	return c.User
}

var currentUser = sync.OnceValue(func() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
})

// outcome is what a run comes to.
type outcome struct {
	exit   proc.Exit
	code   int
	status gale.Status
	error  string
}

func (o *outcome) interrupted(ctx context.Context, expired string) {
	o.status, o.error, _ = runner.Interrupted(ctx)
	if o.status == gale.TimedOut {
		o.code = -int(syscall.SIGKILL)
		if expired != "" {
			o.error = expired
		}
	}
}

var badPassword = regexp.MustCompile(`sudo: (\d+ incorrect password attempts?|no password was provided|a password is required)`)

func (o *outcome) ended(password bool) {
	if password && badPassword.MatchString(o.exit.Stderr) {
		o.code = -1
		o.error = fmt.Sprintf("Invalid sudo password provided or sudo is not configured for this user (%s)", currentUser())
	}
	switch o.code {
	case 0:
		o.status = gale.Succeeded
	case -int(syscall.SIGTERM):
		o.status = gale.Abandoned
	default:
		o.status = gale.Failed
	}
}

func (o *outcome) result() runner.Result {
	succeeded := o.status == gale.Succeeded
	result := py.DictOf(
		"failed", !succeeded,
		"succeeded", succeeded,
		"return_code", int64(o.code),
		"stdout", runner.ParseOutput(o.exit.Stdout),
		"stderr", runner.ParseOutput(o.exit.Stderr),
	)
	if o.error != "" {
		result.Set("error", o.error)
	}
	return runner.Result{Status: o.status, Result: result}
}
