package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var aliases = noun{name: "Action Alias", plural: "action aliases", path: "/actionalias", id: "ref-or-id", byName: true,
	columns: []string{"ref", "pack", "description", "enabled"},
	order:   []string{"id", "ref", "pack", "name", "description", "enabled", "action_ref", "formats"}}

func aliasCommand() Command {
	return Command{Name: "action-alias", Summary: "Actions as words in a chat.",
		Help: "An action alias lets people run an action by a sentence in a chat.",
		Commands: []Command{
			aliases.list(listing{args: []argparse.Arg{packArg}, filters: filters{"pack": "pack"}}),
			aliases.get(), aliases.create(), aliases.update(), aliases.remove(), aliasMatch(), aliasExecute(), aliasTest(),
		}}
}

var sentenceArg = argparse.Arg{Names: []string{"match_text"}, Metavar: "command", Help: "The sentence, in quotes."}

func aliasMatch() Command {
	return Command{Name: "match", Summary: "Show which alias a sentence means.",
		Args: []argparse.Arg{sentenceArg, attrArg, widthArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			d, err := env.Client.Post(ctx, "/actionalias/match", py.DictOf("command", args.String("match_text")))
			if err != nil {
				return err
			}
			v := view{attrs: firstList(args.Strings("attr"), []string{"name", "description"}), widths: args.Ints("width")}
			alias := client.Dict(d, "actionalias")
			if alias == nil {
				alias = d
			}
			return env.printList([]*py.Dict{alias}, v)
		}}
}

// sayToAlias runs what a sentence means and returns the first execution.
func (env *Env) sayToAlias(ctx context.Context, args *argparse.Values) (*py.Dict, error) {
	user := args.String("user")
	d, err := env.Client.Post(ctx, "/aliasexecution/match_and_execute",
		py.DictOf("command", args.String("match_text"), "user", user, "source_channel", "cli"))
	if err != nil {
		return nil, err
	}
	results := objects(client.Array(d, "results"))
	if len(results) == 0 {
		return nil, fmt.Errorf("the server started nothing for this sentence")
	}
	if env.Format == Table {
		env.printf("Matching Action-alias: '%s'\n", client.String(client.Dict(results[0], "actionalias"), "ref"))
	}
	return client.Dict(results[0], "execution"), nil
}

func aliasExecute() Command {
	return Command{Name: "execute", Summary: "Run the action that a sentence means.",
		Args: []argparse.Arg{sentenceArg, argparse.Option("Run in the name of this user (administrators only).", "-u", "--user")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			e, err := env.sayToAlias(ctx, args)
			if err != nil {
				return err
			}
			if env.Format != Table {
				return env.printData(e)
			}
			env.hintAt(client.ID(e))
			return nil
		}}
}

func aliasTest() Command {
	return Command{Name: "test", Summary: "Run the action that a sentence means and show the answer as the chat would.",
		Args: append([]argparse.Arg{sentenceArg, argparse.Option("Run in the name of this user (administrators only).", "-u", "--user"),
			argparse.Flag("Do not wait for the end.", "-a", "--async")}, displayArgs()...),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.testAlias(ctx, args) }}
}

func (env *Env) testAlias(ctx context.Context, args *argparse.Values) error {
	e, err := env.sayToAlias(ctx, args)
	if err != nil {
		return err
	}
	if args.Bool("async") {
		env.hintAt(client.ID(e))
		return nil
	}
	if _, err := env.waitWithDots(ctx, client.ID(e)); err != nil {
		return err
	}
	format, err := env.Client.Run(ctx, client.RunRequest{Action: "chatops.format_execution_result",
		Parameters: py.DictOf("execution_id", client.ID(e))})
	if err != nil {
		return err
	}
	final, err := env.waitWithDots(ctx, client.ID(format))
	if err != nil {
		return err
	}
	if client.StatusOf(final) != gale.Succeeded {
		return fmt.Errorf("the answer could not be formatted; see `%s execution get %s`", env.Program, client.ID(format))
	}
	result := client.Dict(client.Dict(final, "result"), "result")
	rule := strings.Repeat("=", 60)
	env.printf("\nFormatted ChatOps result message\n\n%s\n%s\n%s\n", rule, client.String(result, "message"), rule)
	return nil
}
