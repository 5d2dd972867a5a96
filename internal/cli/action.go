package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var actions = noun{name: "Action", plural: "actions", path: "/actions", id: "ref-or-id",
	columns: []string{"ref", "pack", "description"},
	order:   []string{"id", "uid", "ref", "pack", "name", "description", "enabled", "entry_point", "runner_type", "parameters"}}

func actionCommand() Command {
	remove := actions.removeWith(
		func(args *argparse.Values) any { return py.DictOf("remove_files", args.Bool("remove_files")) },
		argparse.Flag("Remove the action's files from disk too.", "-r", "--remove-files"))
	remove.Run = quietlyMissing(remove.Run)
	return Command{Name: "action", Summary: "What can be run.",
		Help: "An action is a script, a command or a workflow with declared parameters.",
		Commands: []Command{
			actions.list(listing{args: []argparse.Arg{packArg}, filters: filters{"pack": "pack"}}),
			actions.get(), actions.create(), actions.update(), remove, cloneCommand(),
			actions.enable(), actions.disable(), executeCommand(),
		}}
}

// quietlyMissing lets the deletion of an action that does not exist succeed,
// as in st2.
func quietlyMissing(run runFunc) runFunc {
	return func(ctx context.Context, env *Env, args *argparse.Values) error {
		err := run(ctx, env, args)
		if e, ok := err.(*exitError); ok && e.err == nil {
			return nil
		}
		return err
	}
}

func cloneCommand() Command {
	return Command{Name: "clone", Summary: "Copy an action to another pack or name.",
		Args: []argparse.Arg{
			{Names: []string{"source_ref"}, Metavar: "source-ref-or-id", Help: "The action to copy."},
			{Names: []string{"dest_pack"}, Metavar: "dest-pack-name", Help: "The pack to copy it to."},
			{Names: []string{"dest_action"}, Metavar: "dest-action-name", Help: "The name of the copy."},
			argparse.Flag("Overwrite an action of that name without asking.", "-f", "--force"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.cloneAction(ctx, args) }}
}

func (env *Env) cloneAction(ctx context.Context, args *argparse.Values) error {
	source := args.String("source_ref")
	d, err := env.Client.Get(ctx, client.Path("actions", source), nil)
	if client.NotFound(err) {
		return env.notFound("Action", source)
	}
	if err != nil {
		return err
	}
	pack, name := args.String("dest_pack"), args.String("dest_action")
	overwrite := args.Bool("force")
	if !overwrite {
		_, err := env.Client.Get(ctx, client.Path("actions", pack+"."+name), nil)
		switch {
		case client.NotFound(err):
		case err != nil:
			return err
		default:
			answer, err := env.ask("The destination action already exists. Do you want to overwrite? (y/n): ")
			if err != nil || !strings.EqualFold(strings.TrimSpace(answer), "y") {
				return fmt.Errorf("Action is not cloned") // st2's text
			}
			overwrite = true
		}
	}
	copied, err := env.Client.Post(ctx, client.Path("actions", client.String(d, "ref"), "clone"),
		py.DictOf("dest_pack", pack, "dest_action", name, "overwrite", overwrite))
	if err != nil {
		return refused(err)
	}
	return env.printOne(copied, view{order: actions.order})
}
