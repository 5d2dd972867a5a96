package cli

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

func executionCommand() Command {
	return Command{Name: "execution", Summary: "Runs of actions.",
		Help: "An execution is one run of an action: started by a user, a rule or a workflow.",
		Commands: []Command{
			executionList(), executionGet(), rerunCommand(), cancelCommand(),
			statusCommand("pause", gale.Pausing), statusCommand("resume", gale.Resuming), tailCommand(),
		}}
}

var (
	greaterArg = argparse.Option("Show only what is later than this time (2026-01-01T12:00:00.000Z).", "-tg", "--timestamp-gt")
	lessArg    = argparse.Option("Show only what is earlier than this time (2026-01-01T12:00:00.000Z).", "-tl", "--timestamp-lt")
)

// sortArg orders by start time.
func sortArg(what string) argparse.Arg {
	return argparse.Arg{Names: []string{"-s", "--sort"}, Metavar: "ORDER", Default: "descending",
		Choices: []string{"asc", "ascending", "desc", "descending"},
		Help:    "Take the first (asc) or the newest (desc) N " + what + "."}
}

func executionList() Command {
	return Command{Name: "list", Summary: "Show the newest executions.",
		Args: []argparse.Arg{
			lastArg("executions"), sortArg("executions"),
			argparse.Option("Only runs of this action.", "--action"),
			argparse.Option("Only executions with this status.", "--status"),
			argparse.Option("Only executions of this user.", "--user"),
			argparse.Option("Only executions that this trigger instance started.", "--trigger_instance", "--trigger-instance"),
			greaterArg, lessArg,
			argparse.Flag("Show the tasks of workflows too.", "-l", "--showall"),
			attrArg, widthArg,
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.listExecutions(ctx, args) }}
}

func (env *Env) listExecutions(ctx context.Context, args *argparse.Values) error {
	v := view{attrs: executionColumns, widths: args.Ints("width"), change: executionChange, empty: true}
	if a := args.Strings("attr"); len(a) > 0 {
		v.attrs = a
	}
	q := url.Values{"limit": {strconv.Itoa(args.Int("last"))}}
	for _, key := range []string{"action", "status", "user", "trigger_instance", "timestamp_gt", "timestamp_lt"} {
		if s := args.String(key); s != "" {
			q.Set(key, s)
		}
	}
	if !args.Bool("showall") {
		q.Set("parent", "null")
	}
	if strings.HasPrefix(args.String("sort"), "asc") {
		q.Set("sort_asc", "True")
	} else {
		q.Set("sort_desc", "True")
	}
	if !v.all() {
		q.Set("include_attributes", strings.Join(v.attrs, ","))
	}
	page, err := env.Client.List(ctx, "/executions/", q)
	if err != nil {
		return err
	}
	reverse(page.Items)
	items := page.Items
	if slices.ContainsFunc(items, func(d *py.Dict) bool { return len(client.Array(d, "children")) > 0 }) && env.Format == Table {
		items = marked(items)
	}
	if err := env.printList(items, v); err != nil {
		return err
	}
	env.truncated(args.Int("last"), page.Total, "action execution")
	return nil
}

// marked copies executions with "+ " before the ids of workflows.
func marked(items []*py.Dict) []*py.Dict {
	out := make([]*py.Dict, len(items))
	for i, d := range items {
		out[i] = d.Clone()
	}
	markWorkflows(out, items, nil)
	return out
}

func executionGet() Command {
	return Command{Name: "get", Summary: "Show an execution.",
		Args: append([]argparse.Arg{
			argparse.Positional("id", argparse.Some, `Id of the execution; "last" is the newest one.`),
			argparse.Flag("Leave the result out.", "-x", "--exclude-result"),
		}, displayArgs()...),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.getExecutions(ctx, args) }}
}

func (env *Env) getExecutions(ctx context.Context, args *argparse.Values) error {
	attrs := executionAttrs
	if args.Bool("exclude_result") {
		attrs = attrs[:len(attrs)-1]
	}
	shown := attrs
	if a := args.Strings("attr"); len(a) > 0 {
		shown = a
	}
	q := url.Values{}
	switch {
	case args.String("key") != "":
		q.Set("include_attributes", "id,action.ref,action.runner_type,status,result")
	case !slices.Contains(shown, "all"):
		need := []string{"id", "action.ref", "action.runner_type", "start_timestamp", "end_timestamp", "status", "log"}
		for _, a := range shown {
			if !slices.Contains(need, a) {
				need = append(need, a)
			}
		}
		q.Set("include_attributes", strings.Join(need, ","))
	case args.Bool("exclude_result"):
		q.Set("exclude_attributes", "result")
	}
	return env.each(args.Strings("id"), "Action Execution", func(id string) error {
		d, err := env.Client.Get(ctx, client.Path("executions", id), q)
		if err != nil {
			return err
		}
		return env.showRun(ctx, d, args, attrs)
	})
}

func cancelCommand() Command {
	return Command{Name: "cancel", Summary: "Cancel executions.",
		Args: []argparse.Arg{argparse.Positional("ids", argparse.Some, "Ids of the executions.")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			for _, id := range args.Strings("ids") {
				reason, err := env.Client.Cancel(ctx, id)
				if client.NotFound(err) {
					reason, err = err.Error(), nil
				}
				if err != nil {
					return err
				}
				if reason != "" {
					env.println(reason)
					continue
				}
				env.printf("action execution with id %s canceled.\n", id)
			}
			return nil
		}}
}

// statusCommand asks for a status: pause and resume.
func statusCommand(verb string, status gale.Status) Command {
	return Command{Name: verb, Summary: strings.ToUpper(verb[:1]) + verb[1:] + " executions (of workflows only).",
		Args: append([]argparse.Arg{argparse.Positional("ids", argparse.Some, "Ids of the executions.")}, displayArgs()...),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			return env.each(args.Strings("ids"), "Action Execution", func(id string) error {
				d, err := env.Client.SetStatus(ctx, id, status)
				if err != nil {
					return err
				}
				return env.printExecution(d, args, runAttrs)
			})
		}}
}
