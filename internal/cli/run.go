package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

const runHelp = `Run an action and wait for its end.

Parameters are words of the form name=value. They are cast to the types that the action declares:

  integer, number, boolean   n=5 ratio=0.5 sudo=true
  array                      hosts=a,b   ids='[1, 2]'   given again, the lists are joined
  object                     env=A=1,B=2   body='{"a": 1}'
  any                        @script=./file   the content of a file

Words without "=" are joined to the parameter cmd: run core.local -- ls -l.

The exit code is 1 when the run ends as failed, and 0 otherwise.`

// runArgs are the arguments of run and execute; wait says which of them is
// the default.
func runArgs() []argparse.Arg {
	args := []argparse.Arg{
		argparse.Positional("ref-or-id", argparse.Optional, "The action's reference (pack.name) or id."),
		argparse.Positional("parameters", argparse.Any, "Parameters of the action."),
		argparse.Flag("Explain the action and its parameters.", "-h", "--help"),
	}
	args = append(args, displayArgs()...)
	return append(args, append(startArgs(),
		argparse.Option("Tag of a trace, to find the run by.", "--trace-tag", "--trace_tag"),
		argparse.Option("Id of the trace that the run belongs to.", "--trace-id"),
		argparse.Option("Run in the name of this user (administrators only).", "-u", "--user"))...)
}

// startArgs are what run and re-run share.
func startArgs() []argparse.Arg {
	return []argparse.Arg{
		{Names: []string{"--delay"}, Type: argparse.Int, Help: "Milliseconds to wait before the run is scheduled."},
		argparse.Flag("Show the output while it runs.", "--tail"),
		argparse.Flag("Read arrays of key:value items as objects.", "--auto-dict"),
		argparse.Flag("Do not wait for the end.", "-a", "--async"),
		argparse.Flag("Pass this shell's environment as the parameter env.", "-e", "--inherit-env"),
	}
}

func runCommand() Command {
	return Command{Name: "run", Summary: "Run an action.", Help: runHelp, NoHelp: true, Args: runArgs(),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.run(ctx, args, "run") }}
}

// executeCommand is run that does not wait.
func executeCommand() Command {
	c := runCommand()
	c.Name, c.Summary = "execute", "Run an action without waiting for its end."
	c.Help = strings.Replace(runHelp, "Run an action and wait for its end.", "Run an action without waiting for its end.", 1)
	c.Run = func(ctx context.Context, env *Env, args *argparse.Values) error {
		args.Set("async", true)
		return env.run(ctx, args, "action execute")
	}
	return c
}

func (env *Env) run(ctx context.Context, args *argparse.Values, verb string) error {
	ref := args.String("ref_or_id")
	switch {
	case args.Bool("help") && ref == "":
		c := runCommand()
		fmt.Fprint(env.Stdout, c.parser(env.Program+" "+verb, env.Width).Help())
		return nil
	case ref == "":
		return env.usage(runCommand(), verb, "Missing action reference or id")
	}
	action, schema, err := env.actionOf(ctx, ref)
	if err != nil {
		return err
	}
	if args.Bool("help") {
		env.explainAction(action, schema)
		return nil
	}
	params, err := env.parameters(args, action, schema)
	if err != nil {
		return err
	}
	started, err := env.Client.Run(ctx, client.RunRequest{
		Action: client.String(action, "ref"), Parameters: params, User: args.String("user"),
		Delay:    time.Duration(args.Int("delay")) * time.Millisecond,
		TraceTag: args.String("trace_tag"), TraceID: args.String("trace_id"),
	})
	if err != nil {
		return err
	}
	return env.follow(ctx, started, args)
}

// usage is a complaint about the command line made after it was read.
func (env *Env) usage(c Command, path, message string) error {
	p := c.parser(env.Program+" "+path, env.Width)
	return &argparse.Error{Prog: p.Prog, Usage: p.Usage(), Message: message}
}

// actionOf reads an action and the parameters that it takes.
func (env *Env) actionOf(ctx context.Context, ref string) (*py.Dict, paramSchema, error) {
	action, err := env.Client.Get(ctx, client.Path("actions", ref), nil)
	if client.NotFound(err) {
		return nil, paramSchema{}, fmt.Errorf("Resource with id or reference %q doesn't exist.", ref) // st2's text
	}
	if err != nil {
		return nil, paramSchema{}, err
	}
	s := paramSchema{action: client.Dict(action, "parameters")}
	name := client.String(action, "runner_type")
	page, err := env.Client.List(ctx, "/runnertypes/", client.Query("name", name))
	if err != nil {
		return nil, s, err
	}
	if len(page.Items) != 1 {
		return nil, s, fmt.Errorf("runner %q of action %s is not registered", name, ref)
	}
	s.runner = client.Dict(page.Items[0], "runner_parameters")
	if env.trace != nil {
		for _, secret := range s.secrets() {
			env.trace.extra[secret] = true
		}
	}
	return action, s, nil
}

// parameters reads the words of the command line.
func (env *Env) parameters(args *argparse.Values, action *py.Dict, schema paramSchema) (*py.Dict, error) {
	r := paramReader{schema: schema, autoDict: args.Bool("auto_dict"), upload: client.String(action, "ref") == "core.http"}
	params, err := r.read(args.Strings("parameters"))
	if err != nil {
		return nil, err
	}
	if args.Bool("inherit_env") {
		params.Set("env", inherited(env.Environ))
	}
	return params, nil
}

// follow waits for a run and shows it, as far as the options ask for.
func (env *Env) follow(ctx context.Context, started *py.Dict, args *argparse.Values) error {
	id := client.ID(started)
	if args.Bool("async") {
		if env.Format != Table {
			return env.printData(started)
		}
		env.hintAt(id)
		return nil
	}
	var err error
	final := started
	if args.Bool("tail") {
		env.printf("Tailing execution %q\n", id)
		if err = env.tail(ctx, id, tailOptions{}); err == nil {
			final, err = env.Client.Wait(ctx, id)
		}
	} else {
		final, err = env.waitWithDots(ctx, id)
	}
	if err != nil {
		return err
	}
	if err := env.showRun(ctx, final, args, runAttrs); err != nil {
		return err
	}
	if client.StatusOf(final) == gale.Failed {
		return ExitCode(exitFailed, nil)
	}
	return nil
}

func (env *Env) hintAt(id string) {
	env.printf("To get the results, execute:\n %s execution get %s\n\nTo view output in real-time, execute:\n %s execution tail %s\n",
		env.Program, id, env.Program, id)
}

// waitWithDots waits for the end and prints a dot every two seconds.
func (env *Env) waitWithDots(ctx context.Context, id string) (*py.Dict, error) {
	if env.Format != Table {
		return env.Client.Wait(ctx, id)
	}
	type outcome struct {
		d   *py.Dict
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		d, err := env.Client.Wait(ctx, id)
		done <- outcome{d, err}
	}()
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	dots := 0
	for {
		select {
		case o := <-done:
			if dots > 0 {
				env.println()
			}
			return o.d, o.err
		case <-ticker.C:
			env.printf(".")
			dots++
		}
	}
}

// showRun prints an execution; a workflow with its tasks.
func (env *Env) showRun(ctx context.Context, d *py.Dict, args *argparse.Values, attrs []string) error {
	tasks := isWorkflow(d)
	switch {
	case args.Bool("show_tasks") && !tasks:
		return fmt.Errorf("--show-tasks option only applies to workflows.") // st2's text
	case tasks && !args.Bool("raw") && !args.Bool("detail") && args.String("key") == "" && (env.Format == Table || args.Bool("show_tasks")):
		children, err := env.Client.Children(ctx, client.ID(d), strconv.Itoa(args.Int("depth")))
		if err != nil {
			return err
		}
		return env.printTasks(d, children, args)
	}
	return env.printExecution(d, args, attrs)
}

// explainAction prints what an action does and takes.
func (env *Env) explainAction(action *py.Dict, schema paramSchema) {
	if s := client.String(action, "description"); s != "" {
		env.printf("\n%s\n\n", s)
	}
	merged := py.NewDict(8)
	for _, d := range []*py.Dict{schema.runner, schema.action} {
		for k, v := range d.All() {
			p, _ := v.(*py.Dict)
			if old := client.Dict(merged, py.Str(k)); old != nil {
				p = overlay(old, p)
			}
			merged.Set(k, p)
		}
	}
	var required, optional []string
	for k, v := range merged.All() {
		p, _ := v.(*py.Dict)
		immutable, _ := p.GetString("immutable")
		need, _ := p.GetString("required")
		switch {
		case immutable == true:
		case need == true:
			required = append(required, py.Str(k))
		default:
			optional = append(optional, py.Str(k))
		}
	}
	env.explainParameters("Required Parameters:", merged, required)
	env.explainParameters("Optional Parameters:", merged, optional)
}

func overlay(base, top *py.Dict) *py.Dict {
	out := base.Clone()
	for k, v := range top.All() {
		out.Set(k, v)
	}
	return out
}

func (env *Env) explainParameters(heading string, all *py.Dict, names []string) {
	if len(names) == 0 {
		return
	}
	position := func(name string) int64 {
		v, _ := client.Dict(all, name).GetString("position")
		if n, ok := v.(int64); ok {
			return n
		}
		return 1 << 40
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := position(a) - position(b); d != 0 {
			return int(max(min(d, 1), -1))
		}
		return strings.Compare(a, b)
	})
	env.println(heading)
	for _, name := range names {
		env.explainParameter(name, client.Dict(all, name))
	}
}

func (env *Env) explainParameter(name string, p *py.Dict) {
	env.printf("    %s\n", name)
	if s := client.String(p, "description"); s != "" {
		env.printf("        %s\n", s)
	}
	if s := typeOf(p); s != "" {
		env.printf("        Type: %s\n", s)
	}
	if list := client.Array(p, "enum"); len(list) > 0 {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = py.Str(v)
		}
		env.printf("        Enum: %s\n", strings.Join(words, ", "))
	}
	if v, ok := p.GetString("default"); ok && v != nil {
		if secret, _ := p.GetString("secret"); secret == true {
			v = mask
		}
		env.printf("        Default: %s\n", py.Str(v))
	}
	env.println()
}

// rerun is the verb that runs an execution's action again.
func rerunCommand() Command {
	args := []argparse.Arg{
		argparse.Positional("id", argparse.Optional, "The execution to run again."),
		argparse.Positional("parameters", argparse.Any, "Parameters that differ this time."),
		{Names: []string{"--tasks"}, NArgs: argparse.Any, Help: "Tasks of the workflow to run again; the rest keeps its results."},
		{Names: []string{"--no-reset"}, NArgs: argparse.Any, Help: "Of those, tasks with items that repeat only the items that failed."},
		argparse.Flag("Explain the action and its parameters.", "-h", "--help"),
	}
	return Command{Name: "re-run", Aliases: []string{"rerun"}, Summary: "Run an execution's action again.", NoHelp: true,
		Args: append(append(args, displayArgs()...), startArgs()...),
		Run:  func(ctx context.Context, env *Env, args *argparse.Values) error { return env.rerun(ctx, args) }}
}

func (env *Env) rerun(ctx context.Context, args *argparse.Values) error {
	id := args.String("id")
	switch {
	case args.Bool("help") && id == "":
		c := rerunCommand()
		fmt.Fprint(env.Stdout, c.parser(env.Program+" execution re-run", env.Width).Help())
		return nil
	case id == "":
		return env.usage(rerunCommand(), "execution re-run", "the following arguments are required: id")
	}
	tasks, keep := args.Strings("tasks"), args.Strings("no_reset")
	for _, name := range keep {
		if !slices.Contains(tasks, name) {
			return fmt.Errorf("Unable to reset following task(s): %s. It is not in list of tasks to be rerun.", name) // st2's text
		}
	}
	old, err := env.Client.Execution(ctx, id)
	if client.NotFound(err) {
		return env.notFound("Action Execution", id)
	}
	if err != nil {
		return err
	}
	action, schema, err := env.actionOf(ctx, client.String(client.Dict(old, "action"), "ref"))
	if err != nil {
		return err
	}
	if args.Bool("help") {
		env.explainAction(action, schema)
		return nil
	}
	params, err := env.parameters(args, action, schema)
	if err != nil {
		return err
	}
	reset := slices.DeleteFunc(slices.Clone(tasks), func(t string) bool { return slices.Contains(keep, t) })
	started, err := env.Client.Post(ctx, client.Path("executions", client.ID(old), "re_run"),
		py.DictOf("parameters", params, "tasks", anyList(tasks), "reset", anyList(reset), "delay", int64(args.Int("delay"))))
	if err != nil {
		return err
	}
	return env.follow(ctx, started, args)
}

func anyList(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

func (env *Env) notFound(noun, id string) error {
	env.printf("%s %q is not found.\n\n", noun, id)
	return fmt.Errorf("Resource %s not found.", id) // st2's text
}

// outputOf reads what an execution has printed so far.
func (env *Env) outputOf(ctx context.Context, id, kind string) (string, error) {
	resp, err := env.Client.Do(ctx, client.Request{Method: http.MethodGet, Path: client.Path("executions", id, "output"),
		Query: client.Query("output_type", kind)})
	if err != nil {
		return "", err
	}
	return string(resp.Body), nil
}
