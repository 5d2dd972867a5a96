package cli

import (
	"context"
	"net/http"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
)

var triggers = noun{name: "Trigger", plural: "triggers", path: "/triggertypes", id: "ref-or-id",
	columns: []string{"ref", "pack", "description"},
	order:   []string{"id", "ref", "pack", "name", "description"}}

func triggerCommand() Command {
	return Command{Name: "trigger", Summary: "Kinds of events.",
		Help: "A trigger is a kind of event that rules can react to.",
		Commands: []Command{
			triggers.list(listing{args: []argparse.Arg{packArg}, filters: filters{"pack": "pack"}}),
			triggers.get(), triggers.create(), triggers.update(), triggers.remove(), specsCommand(),
		}}
}

// specsCommand shows a trigger with the parameters that rules have given it.
func specsCommand() Command {
	return Command{Name: "getspecs", Summary: "Show the parameters with which rules use a trigger.",
		Args: []argparse.Arg{argparse.Positional("ref", argparse.Optional, "Reference of the trigger."), widthArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			ref := args.String("ref")
			page, err := env.Client.List(ctx, "/triggers/", client.Query("type", ref))
			if err != nil {
				return err
			}
			items := page.Items[:0]
			for _, d := range page.Items { // servers may ignore the filter
				if ref == "" || client.String(d, "type") == ref {
					items = append(items, d)
				}
			}
			return env.printList(items, view{widths: args.Ints("width")})
		}}
}

var instances = noun{name: "Trigger Instance", plural: "trigger instances", path: "/triggerinstances", id: "id", last: true,
	columns: []string{"id", "trigger", "occurrence_time", "status"},
	order:   []string{"id", "trigger", "occurrence_time", "payload", "status"}}

func instanceCommand() Command {
	list := listing{
		args: []argparse.Arg{
			argparse.Option("Only events of this trigger.", "--trigger"), greaterArg, lessArg,
			argparse.Option("pending, processing, processed or processing_failed.", "--status"),
		},
		filters: filters{"trigger": "trigger", "timestamp_gt": "timestamp_gt", "timestamp_lt": "timestamp_lt", "status": "status"},
		reverse: always,
	}
	return Command{Name: "trigger-instance", Summary: "Events that happened.",
		Help:     "A trigger instance is one event, with what it carried.",
		Commands: []Command{instances.list(list), instances.get(), reemitCommand()}}
}

func reemitCommand() Command {
	return Command{Name: "re-emit", Aliases: []string{"reemit"}, Summary: "Let an event happen again.",
		Args: []argparse.Arg{argparse.Positional("id", "", "The trigger instance.")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			id := args.String("id")
			v, err := env.Client.Value(ctx, client.Request{Method: http.MethodPost,
				Path: client.Path("triggerinstances", id, "re_emit"), Raw: []byte("null")})
			if client.NotFound(err) {
				return env.notFound("Trigger Instance", id)
			}
			if err != nil {
				return err
			}
			return env.printMessage(v)
		}}
}

// printMessage shows the sentence of an answer, or all of it as data.
func (env *Env) printMessage(v any) error {
	d := object(v)
	if env.Format != Table {
		return env.printData(v)
	}
	env.println(client.String(d, "message"))
	return nil
}
