package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var keys = noun{name: "Key Value Pair", plural: "key value pairs", path: "/keys", id: "name", last: true, whole: true,
	columns: []string{"name", "value", "secret", "encrypted", "scope", "user", "expire_timestamp"},
	attrs:   []string{"name", "value", "secret", "encrypted", "scope", "expire_timestamp"}}

var (
	decryptArg = argparse.Flag("Show secrets in plain text.", "-d", "--decrypt")
	userArg    = argparse.Option("Owner of a user's item (administrators only).", "-u", "--user")
)

func scopeArg(standard string) argparse.Arg {
	return argparse.Arg{Names: []string{"-s", "--scope"}, Default: standard, Help: "Scope of the item: system or user."}
}

func keyCommand() Command {
	list := listing{
		args:    []argparse.Arg{argparse.Option("Only names that begin so.", "--prefix"), decryptArg, scopeArg("all"), userArg},
		filters: filters{"prefix": "prefix", "scope": "scope", "user": "user"},
		query:   func(args *argparse.Values, q url.Values) { q.Set("decrypt", strconv.FormatBool(args.Bool("decrypt"))) },
		reverse: func(env *Env) bool { return env.Format != Table },
	}
	get := keys.getWith(func(args *argparse.Values, q url.Values) {
		q.Set("decrypt", strconv.FormatBool(args.Bool("decrypt")))
		q.Set("scope", args.String("scope"))
		if u := args.String("user"); u != "" {
			q.Set("user", u)
		}
	}, decryptArg, scopeArg("system"), userArg)
	return Command{Name: "key", Summary: "Values in the datastore.",
		Help:     "The datastore keeps texts under names, for actions, rules and sensors. Secrets are kept encrypted.",
		Commands: []Command{keys.list(list), get, keySet(), keyDelete(), keyLoad(), keyDeletePrefix()}}
}

func keySet() Command {
	return Command{Name: "set", Summary: "Set a value.",
		Help: "Set a value. Without VALUE it is asked for, or read as one line of stdin, which keeps it out of the shell's history.",
		Args: []argparse.Arg{
			argparse.Positional("name", "", "Name of the item."),
			argparse.Positional("value", argparse.Optional, "Its value."),
			{Names: []string{"-e", "--encrypt"}, Action: argparse.StoreTrue, Exclusive: "crypto", Help: "Keep the value encrypted."},
			{Names: []string{"--encrypted"}, Action: argparse.StoreTrue, Exclusive: "crypto", Help: "The value is encrypted already, with the server's key."},
			{Names: []string{"-l", "--ttl"}, Type: argparse.Int, Help: "Seconds after which the item is removed."},
			scopeArg("system"), userArg,
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.setKey(ctx, args) }}
}

func (env *Env) setKey(ctx context.Context, args *argparse.Values) error {
	name, value := args.String("name"), args.String("value")
	if !args.Given("value") {
		prompt := "Please insert value for key: "
		var err error
		if args.Bool("encrypt") {
			value, err = env.Secret(prompt)
		} else {
			value, err = env.ask(prompt)
		}
		if err != nil {
			return fmt.Errorf("no value for key %q: %w", name, err)
		}
	}
	d := py.DictOf("name", name, "value", value, "scope", args.String("scope"), "user", nil)
	if u := args.String("user"); u != "" {
		d.Set("user", u)
	}
	if args.Bool("encrypt") {
		d.Set("secret", true)
	}
	if args.Bool("encrypted") {
		d.Set("encrypted", true)
	}
	if args.Given("ttl") {
		d.Set("ttl", int64(args.Int("ttl")))
	}
	out, err := env.Client.Put(ctx, "/keys"+client.Path(name), d)
	if err != nil {
		return refused(err)
	}
	return env.printOne(out, view{attrs: []string{"name", "value", "scope", "expire_timestamp"}})
}

func keyDelete() Command {
	return Command{Name: "delete", Summary: "Delete a value.",
		Args: []argparse.Arg{argparse.Positional("name", "", "Name of the item."), scopeArg("system"), userArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			name := args.String("name")
			q := client.Query("scope", args.String("scope"), "user", args.String("user"))
			_, err := env.Client.Delete(ctx, "/keys"+client.Path(name), q, nil)
			if client.NotFound(err) {
				return env.missing(keys.name, name)
			}
			if err != nil {
				return refused(err)
			}
			env.printf("Resource with id %q has been successfully deleted.\n", name)
			return nil
		}}
}

func keyDeletePrefix() Command {
	return Command{Name: "delete_by_prefix", Aliases: []string{"delete-by-prefix"}, Summary: "Delete all values whose names begin so.",
		Args: []argparse.Arg{
			{Names: []string{"-p", "--prefix"}, Required: true, Help: "How the names begin."},
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			var names []string
			for d, err := range env.Client.All(ctx, "/keys", client.Query("prefix", args.String("prefix"))) {
				if err != nil {
					return err
				}
				names = append(names, client.String(d, "name"))
			}
			var deleted []string
			for _, name := range names {
				if _, err := env.Client.Delete(ctx, "/keys"+client.Path(name), nil, nil); err != nil && !client.NotFound(err) {
					return refused(err)
				}
				deleted = append(deleted, name)
			}
			env.printf("Deleted %d keys\n", len(deleted))
			env.printf("Deleted key ids: %s\n", strings.Join(deleted, ", "))
			return nil
		}}
}

func keyLoad() Command {
	return Command{Name: "load", Summary: "Load values from a file.",
		Help: "Load values from a JSON or YAML file: one object, or a list of objects, with name and value and, if need be, scope, user, secret, encrypted and ttl.",
		Args: []argparse.Arg{
			argparse.Positional("file", "", "The file; - reads stdin."),
			argparse.Flag("Write values that are no texts as JSON.", "-c", "--convert"),
			widthArg,
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			items, err := env.readObjects(args.String("file"))
			if err != nil {
				return err
			}
			return env.loadKeys(ctx, items, args)
		}}
}

// loadKeys checks all items before the first one is sent.
func (env *Env) loadKeys(ctx context.Context, items []*py.Dict, args *argparse.Values) error {
	bodies := make([]*py.Dict, len(items))
	for i, item := range items {
		body, err := keyBody(item, args.Bool("convert"))
		if err != nil {
			return err
		}
		bodies[i] = body
	}
	var out []*py.Dict
	for _, b := range bodies {
		d, err := env.Client.Put(ctx, "/keys"+client.Path(client.String(b, "name")), b)
		if err != nil {
			return refused(err)
		}
		out = append(out, d)
	}
	return env.printList(out, view{attrs: []string{"name", "value", "secret", "scope", "user", "ttl"}, widths: args.Ints("width")})
}

func keyBody(item *py.Dict, convert bool) (*py.Dict, error) {
	name := client.String(item, "name")
	if name == "" {
		return nil, fmt.Errorf("an item of the file has no name")
	}
	v, ok := item.GetString("value")
	if !ok {
		return nil, fmt.Errorf("item %q has no value", name)
	}
	body := item.Clone()
	if _, text := v.(string); !text {
		if !convert {
			return nil, fmt.Errorf("Value for key %q is not a string. Use --convert / -c to convert it to JSON.", name) // st2's way
		}
		out, err := (py.JSONFormat{Spaces: true}).Append(nil, v)
		if err != nil {
			return nil, fmt.Errorf("item %q: %w", name, err)
		}
		body.Set("value", string(out))
	}
	if _, ok := body.GetString("scope"); !ok {
		body.Set("scope", "system")
	}
	return body, nil
}

// readObjects reads a file that holds one object or a list of them.
func (env *Env) readObjects(path string) ([]*py.Dict, error) {
	v, err := env.readDocument(path)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]*py.Dict, len(list))
	for i, e := range list {
		d, ok := e.(*py.Dict)
		if !ok {
			return nil, fmt.Errorf("%s: item %d is a %s instead of an object", path, i+1, py.TypeName(e))
		}
		out[i] = d
	}
	return out, nil
}
