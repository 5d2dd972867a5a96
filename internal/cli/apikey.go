package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var apiKeys = noun{name: "API Key", plural: "API keys", path: "/apikeys", id: "key-or-id", whole: true,
	columns: []string{"id", "user", "metadata"}, order: []string{"id", "user", "metadata"}}

func apiKeyCommand() Command {
	list := listing{
		args: []argparse.Arg{
			argparse.Option("Only keys of this user.", "-u", "--user"),
			argparse.Flag("Show all attributes.", "-d", "--detail"),
			argparse.Flag("Show what is masked otherwise (administrators only).", "--show-secrets"),
		},
		filters: filters{"user": "user"},
		query: func(args *argparse.Values, q url.Values) {
			if args.Bool("show_secrets") {
				q.Set("show_secrets", "True")
			}
		},
		columns: func(args *argparse.Values) []string {
			if args.Bool("detail") {
				return []string{"all"}
			}
			return apiKeys.columns
		},
	}
	return Command{Name: "apikey", Summary: "Keys for programs that use the API.",
		Help: "An API key lets a program use the API in the name of a user, until it is disabled or deleted.",
		Commands: []Command{
			apiKeys.list(list), apiKeys.get(), apiKeyCreate(), apiKeys.remove(),
			apiKeys.enable(), apiKeys.disable(), apiKeyLoad(),
		}}
}

func apiKeyCreate() Command {
	return Command{Name: "create", Summary: "Create an API key.",
		Help: "Create an API key. It is shown once; the server keeps only its hash.",
		Args: []argparse.Arg{
			argparse.Option("User in whose name the key acts.", "-u", "--user"),
			{Names: []string{"-m", "--metadata"}, Type: jsonType, Help: `What the key is for, as a JSON object: {"used_by": "ci"}.`},
			argparse.Flag("Print nothing but the key.", "-k", "--only-key"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			body := py.NewDict(2)
			if u := args.String("user"); u != "" {
				body.Set("user", u)
			}
			if m := args.Any("metadata"); m != nil {
				body.Set("metadata", m)
			}
			d, err := env.Client.Post(ctx, "/apikeys", body)
			if err != nil {
				return refused(err)
			}
			if key := client.String(d, "key"); args.Bool("only_key") {
				env.println(key)
				return nil
			}
			return env.printOne(d, view{})
		}}
}

// jsonType reads an argument as JSON.
var jsonType = &argparse.Type{Parse: func(s string) (any, error) {
	v, err := py.DecodeJSON([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return v, nil
}}

func apiKeyLoad() Command {
	return Command{Name: "load", Summary: "Load API keys from a file.",
		Help: "Load API keys, with their hashes, from a JSON or YAML file as `apikey list --show-secrets -j` writes it. Keys that exist are updated.",
		Args: []argparse.Arg{argparse.Positional("file", "", "The file; - reads stdin."), widthArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			items, err := env.readObjects(args.String("file"))
			if err != nil {
				return err
			}
			var out []*py.Dict
			for _, item := range items {
				d, err := env.upsertKey(ctx, item)
				if err != nil {
					return refused(err)
				}
				out = append(out, d)
			}
			return env.printList(out, view{attrs: apiKeys.columns, widths: args.Ints("width")})
		}}
}

func (env *Env) upsertKey(ctx context.Context, item *py.Dict) (*py.Dict, error) {
	if id := client.ID(item); id != "" {
		d, err := env.Client.Put(ctx, "/apikeys"+client.Path(id), item)
		if !client.NotFound(err) {
			return d, err
		}
	}
	return env.Client.Post(ctx, "/apikeys", item)
}
