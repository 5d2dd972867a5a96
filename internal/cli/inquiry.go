package cli

import (
	"context"
	"fmt"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

func respondCommand() Command {
	return Command{Name: "respond", Summary: "Answer an inquiry.",
		Args: []argparse.Arg{
			argparse.Positional("id", "", "Id of the inquiry."),
			{Names: []string{"-r", "--response"}, Type: jsonType, Help: `The answer as a JSON object; without it, questions are asked.`},
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			id := args.String("id")
			response := args.Any("response")
			if response == nil {
				d, err := env.Client.Get(ctx, client.Path("inquiries", id), nil)
				if client.NotFound(err) {
					return env.notFound("Inquiry", id)
				}
				if err != nil {
					return err
				}
				f := &form{env: env}
				answer, err := f.object(client.Dict(client.Dict(d, "schema"), "properties"))
				if err != nil {
					return err
				}
				response = answer
			}
			d, err := env.Client.Put(ctx, client.Path("inquiries", id), py.DictOf("id", id, "response", response))
			if err != nil {
				return refused(err)
			}
			if env.Format != Table {
				return env.printData(d)
			}
			env.printf("\n Response accepted for inquiry %s.\n", id)
			return nil
		}}
}

func packConfig() Command {
	return Command{Name: "config", Summary: "Configure a pack by answering questions.",
		Args: []argparse.Arg{argparse.Positional("name", "", "Name of the pack.")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			return env.configurePack(ctx, args.String("name"))
		}}
}

func (env *Env) configurePack(ctx context.Context, pack string) error {
	schema, err := env.Client.Get(ctx, client.Path("config_schemas", pack), nil)
	if client.NotFound(err) {
		return refused(fmt.Errorf("%s pack doesn't exist or doesn't have a config schema defined", pack))
	}
	if err != nil {
		return err
	}
	f := &form{env: env}
	values, err := f.object(client.Dict(schema, "attributes"))
	if err != nil {
		return err
	}
	text, err := encodeYAML(f.hidden(values, client.Dict(schema, "attributes")))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "---\n%s---\n", text)
	save, err := f.yes("Do you want me to save it?", true)
	if err != nil || !save {
		return refused(fmt.Errorf("configuration of %s is not saved", pack))
	}
	d, err := env.Client.Put(ctx, client.Path("configs", pack), values)
	if err != nil {
		return refused(err)
	}
	return env.printOne(d, view{attrs: []string{"id", "pack", "values"}, order: []string{"id", "pack", "values"}})
}
