// Package cli is the command line of Gale, as `gale` and as `st2`.
//
// Commands are rows of one table: values of type Command, one file for each
// noun. They are clients of the HTTP API and know nothing of the server; other
// packages hand in commands of their own (Main's extra), which join the table.
//
// Names, options, output and exit codes are those of StackStorm's st2, so that
// scripts and habits go on working. What Gale adds is said in the help texts.
package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/cli/argparse"
)

// StackStorm is the release whose command line and API these are.
const StackStorm = "3.9.0"

// Access is what a command needs of the server.
type Access int

const (
	Remote  Access = iota // credentials, and the options -t, --api-key, -j, -y
	Account               // credentials, and -j, -y
	Login                 // no credentials yet; -j, -y
	Local                 // no server
)

type runFunc = func(ctx context.Context, env *Env, args *argparse.Values) error

// Command is one row of the table: a verb that runs, or a noun with verbs
// below it.
type Command struct {
	Name     string
	Aliases  []string
	Programs []string // names of the program that mean this command: st2ctl
	Summary  string   // one sentence for the list of commands
	Help     string   // prose behind the usage; default: Summary
	Args     []argparse.Arg
	NeedOne  []string // exclusive groups of Args of which one must be given
	NoHelp   bool     // -h is the command's own
	Hidden   bool
	Access   Access
	Run      runFunc
	Commands []Command
}

// Main runs one command line, of which args[0] is the program's name, and
// returns the exit code.
func Main(ctx context.Context, args []string, extra ...Command) int {
	return Execute(ctx, processEnv(), args, extra...)
}

// Execute is Main in a given environment.
func Execute(ctx context.Context, env *Env, args []string, extra ...Command) int {
	env.Program = "gale"
	if len(args) > 0 {
		env.Program = strings.TrimSuffix(filepath.Base(args[0]), ".exe")
		args = args[1:]
	}
	table := join(commands(), extra)
	for i := range table {
		if slices.Contains(table[i].Programs, env.Program) {
			return env.exit(env.dispatch(ctx, env.Program, &table[i], nil, args))
		}
	}
	return env.exit(env.top(ctx, table, args))
}

// join adds commands to a table. Verbs for a noun that is there already go
// below it.
func join(table, extra []Command) []Command {
	for _, c := range extra {
		at := slices.IndexFunc(table, func(t Command) bool { return t.Name == c.Name })
		if at < 0 {
			table = append(table, c)
			continue
		}
		if len(c.Commands) > 0 && len(table[at].Commands) > 0 {
			table[at].Commands = join(slices.Clone(table[at].Commands), c.Commands)
			continue
		}
		table[at] = c
	}
	return table
}

// top reads the options before the command and finds it.
func (env *Env) top(ctx context.Context, table []Command, args []string) error {
	p := env.topParser(table)
	if len(args) == 0 {
		fmt.Fprint(env.Stdout, p.Help())
		return &exitError{code: exitUsage}
	}
	if slices.Contains([]string{"--version", "version"}, args[0]) {
		env.printVersion()
		return nil
	}
	opts, err := p.Parse(args)
	if opts != nil && (opts.Bool("version") || opts.Bool("print_config")) {
		return env.topAction(opts)
	}
	if err != nil {
		return env.explainTop(err, args)
	}
	return env.dispatch(ctx, env.Program, find(table, opts.Command), opts, opts.Rest)
}

// explainTop lets --version and --print-config work without a command.
func (env *Env) explainTop(err error, args []string) error {
	if !argparse.IsUsage(err) || !slices.Contains(args, "--version") && !slices.Contains(args, "--print-config") {
		return err
	}
	p := argparse.Parser{Prog: env.Program, Args: topArgs()}
	opts, again := p.Parse(args)
	if again != nil {
		return err
	}
	return env.topAction(opts)
}

func (env *Env) topAction(opts *argparse.Values) error {
	if opts.Bool("version") {
		env.printVersion()
		return nil
	}
	s, err := newSettings(env, opts)
	if err != nil {
		return err
	}
	env.printConfig(s)
	return &exitError{code: 3}
}

func topArgs() []argparse.Arg {
	return append([]argparse.Arg{
		argparse.Flag("Show the version and exit.", "--version"),
		argparse.Flag("Show the configuration that is in force and exit with code 3.", "--print-config"),
	}, withShortDebug(globalArgs())...)
}

// withShortDebug adds -d before the command, where no command's -d is.
func withShortDebug(args []argparse.Arg) []argparse.Arg {
	for i := range args {
		if args[i].Names[0] == "--debug" {
			args[i].Names = []string{"-d", "--debug"}
		}
		args[i].Exact = false
	}
	return args
}

func (env *Env) topParser(table []Command) *argparse.Parser {
	p := &argparse.Parser{Prog: env.Program, Width: env.Width, Args: topArgs(), CommandName: "<command>",
		Description: topHelp, CommandHelp: "one of:",
		Epilog: fmt.Sprintf("%s <command> -h explains a command.", env.Program)}
	for _, c := range table {
		p.Commands = append(p.Commands, argparse.Command{Name: c.Name, Aliases: c.Aliases, Help: c.Summary, Hidden: c.Hidden})
	}
	return p
}

const topHelp = `Event-driven automation: run actions, react to events with rules, orchestrate workflows.

The commands talk to a server over its HTTP API. On the server's own machine no login is needed: its credentials are read from the data directory.`

func (env *Env) printVersion() {
	if env.Program == "st2" {
		fmt.Fprintf(env.Stdout, "st2 %s, on Gale %s\n", StackStorm, gale.Version)
		return
	}
	fmt.Fprintf(env.Stdout, "gale %s\n", gale.Version)
}

// printConfig shows the configuration by sections, credentials masked.
func (env *Env) printConfig(s *Settings) {
	w := env.Stdout
	show := func(value string) string {
		if value == "" {
			return ""
		}
		return mask
	}
	fmt.Fprintf(w, "[general]\nconfig_file = %s\ndata_dir = %s\ncacert = %s\n\n", s.ConfigFile, s.DataDir, s.CACert)
	fmt.Fprintf(w, "[cli]\ndebug = %s\ncache_token = %s\ntimezone = %s\n\n", title(s.Debug), title(s.cacheToken), s.Location)
	fmt.Fprintf(w, "[credentials]\nusername = %s\npassword = %s\ntoken = %s\napi_key = %s\nbasic_auth = %s\n\n",
		s.Username, show(s.Password), show(s.Token), show(s.APIKey), show(s.BasicAuth))
	fmt.Fprintf(w, "[api]\nurl = %s\n\n[auth]\nurl = %s\n\n[stream]\nurl = %s\n", s.APIURL, s.AuthURL, s.StreamURL)
}

func title(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func find(table []Command, name string) *Command {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// dispatch goes down the table to the verb and runs it.
func (env *Env) dispatch(ctx context.Context, prog string, c *Command, top *argparse.Values, args []string) error {
	if prog != c.Name && !slices.Contains(c.Programs, prog) {
		prog += " " + c.Name
	}
	p := c.parser(prog, env.Width)
	vals, err := p.Parse(args)
	if err != nil {
		return err
	}
	if vals.Command != "" {
		return env.dispatch(ctx, prog, find(c.Commands, vals.Command), top, vals.Rest)
	}
	inherit(c, top, vals)
	if err := env.prepare(ctx, c, merge(top, vals), vals); err != nil {
		return err
	}
	return c.Run(ctx, env, vals)
}

// merge lets the options behind the command overrule those before it.
func merge(top, vals *argparse.Values) *argparse.Values {
	out := &argparse.Values{}
	for _, a := range globalArgs() {
		for _, v := range []*argparse.Values{top, vals} {
			if v != nil && v.Given(a.Dest) {
				out.Set(a.Dest, v.Any(a.Dest))
			}
		}
	}
	return out
}

// inherit gives a local command that has options of its own by the names of
// global ones what stands before it: gale --data-dir DIR server.
func inherit(c *Command, top, vals *argparse.Values) {
	if c.Access != Local || top == nil {
		return
	}
	for _, g := range globalArgs() {
		name := g.Names[0]
		has := slices.ContainsFunc(c.Args, func(a argparse.Arg) bool { return slices.Contains(a.Names, name) })
		key := strings.ReplaceAll(strings.TrimLeft(name, "-"), "-", "_")
		if has && top.Given(g.Dest) && !vals.Given(key) {
			vals.Set(key, top.Any(g.Dest))
		}
	}
}

// parser builds the parser of one command.
func (c *Command) parser(prog string, width int) *argparse.Parser {
	p := &argparse.Parser{Prog: prog, Width: width, NeedOne: c.NeedOne, NoHelp: c.NoHelp}
	p.Description = first(c.Help, c.Summary)
	if len(c.Commands) > 0 {
		p.CommandHelp = "One of:"
		for _, s := range c.Commands {
			p.Commands = append(p.Commands, argparse.Command{Name: s.Name, Aliases: s.Aliases, Help: s.Summary, Hidden: s.Hidden})
		}
		return p
	}
	if c.Access == Remote {
		p.Args = append(p.Args,
			argparse.Option("Access token. Environment: ST2_AUTH_TOKEN.", "-t", "--token"),
			argparse.Option("API key. Environment: ST2_API_KEY.", "--api-key"))
	}
	if c.Access != Local {
		p.Args = append(p.Args,
			argparse.Flag("Print JSON.", "-j", "--json"),
			argparse.Flag("Print YAML.", "-y", "--yaml"))
	}
	p.Args = append(p.Args, c.Args...)
	if c.Access != Local {
		p.Args = append(p.Args, c.hiddenGlobals()...)
	}
	return p
}

// hiddenGlobals accepts the global options behind the command too, as far as
// the command has no option of that name.
func (c *Command) hiddenGlobals() []argparse.Arg {
	var out []argparse.Arg
	for _, g := range globalArgs() {
		taken := slices.ContainsFunc(c.Args, func(a argparse.Arg) bool { return slices.Contains(a.Names, g.Names[0]) })
		if !taken {
			g.Hidden = true
			out = append(out, g)
		}
	}
	return out
}

// prepare fills the environment with what the command needs.
func (env *Env) prepare(ctx context.Context, c *Command, global, vals *argparse.Values) error {
	if c.Access == Local {
		return nil
	}
	s, err := newSettings(env, global)
	if err != nil {
		return err
	}
	env.Settings = s
	env.useOptions(vals, c.Access)
	return env.connect(ctx, c.Access)
}

// Exit codes.
const (
	exitFailed = 1 // the run failed, or something unexpected happened
	exitUsage  = 2 // the command line is wrong, or the operation was refused
)

// exitError carries an exit code; without err nothing is printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// ExitCode makes an error that ends the program with a code and prints err,
// when there is one.
func ExitCode(code int, err error) error { return &exitError{code, err} }

// refused marks the error of a create, update or delete.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}
