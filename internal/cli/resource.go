package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// noun is a kind of resource with the usual verbs.
type noun struct {
	name    string // as messages call one: "Key Value Pair"
	plural  string // as help texts call many: "key value pairs"
	path    string // below the API's base: "/keys"
	id      string // what names one: "ref-or-id", "name-or-id", "id"
	byName  bool   // a lookup asks for ?name= first
	columns []string
	attrs   []string // of get; empty: all
	order   []string // of get's property table
	change  map[string]change
	whole   bool // lists send no include_attributes
	last    bool // lists have -n, 50 by default
}

func (n *noun) article() string {
	if strings.ContainsRune("aeiou", rune(strings.ToLower(n.name)[0])) {
		return "an " + strings.ToLower(n.name)
	}
	return "a " + strings.ToLower(n.name)
}

var (
	attrArg = argparse.Arg{Names: []string{"-a", "--attr"}, NArgs: argparse.Some,
		Help: `Attributes to show; dotted names go into structures, "all" shows everything.`}
	widthArg = argparse.Arg{Names: []string{"-w", "--width"}, NArgs: argparse.Some, Type: argparse.Int,
		Help: "Width of the columns: one for all, or one for each."}
	packArg = argparse.Option("Show only what belongs to this pack.", "-p", "--pack")
)

func lastArg(what string) argparse.Arg {
	return argparse.Arg{Names: []string{"-n", "--last"}, Type: argparse.Int, Default: 50,
		Help: "Show the newest N " + what + "; -1 shows all."}
}

// filters maps the keys of arguments to query parameters.
type filters map[string]string

// listing is what a list command does beyond asking for the path.
type listing struct {
	args    []argparse.Arg
	filters filters
	query   func(args *argparse.Values, q url.Values)
	columns func(args *argparse.Values) []string
	reverse func(env *Env) bool
}

// list is the verb that shows many.
func (n *noun) list(l listing) Command {
	c := Command{Name: "list", Summary: "Show the list of " + n.plural + ".", Args: []argparse.Arg{attrArg, widthArg}}
	if n.last {
		c.Args = append(c.Args, lastArg(n.plural))
	}
	c.Args = append(c.Args, l.args...)
	c.Run = func(ctx context.Context, env *Env, args *argparse.Values) error {
		return n.runList(ctx, env, args, l)
	}
	return c
}

func (n *noun) runList(ctx context.Context, env *Env, args *argparse.Values, l listing) error {
	v := view{attrs: n.columns, widths: args.Ints("width"), change: n.change}
	if l.columns != nil {
		v.attrs = l.columns(args)
	}
	if a := args.Strings("attr"); len(a) > 0 {
		v.attrs = a
	}
	q := url.Values{}
	if !v.all() && !n.whole {
		q.Set("include_attributes", strings.Join(v.attrs, ","))
	}
	for key, param := range l.filters {
		if s := args.String(key); s != "" {
			q.Set(param, s)
		}
	}
	shown := 0
	if n.last {
		shown = args.Int("last")
		q.Set("limit", strconv.Itoa(shown))
	}
	if l.query != nil {
		l.query(args, q)
	}
	page, err := env.Client.List(ctx, n.path+"/", q)
	if err != nil {
		return err
	}
	if l.reverse != nil && l.reverse(env) {
		v.empty = true
		reverse(page.Items)
	}
	if err := env.printList(page.Items, v); err != nil {
		return err
	}
	env.truncated(shown, page.Total, strings.ToLower(n.name))
	return nil
}

func reverse(items []*py.Dict) {
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
}

func always(*Env) bool { return true }

// get is the verb that shows one, or several one after the other.
func (n *noun) get(extra ...argparse.Arg) Command {
	return n.getWith(nil, extra...)
}

func (n *noun) getWith(query func(*argparse.Values, url.Values), extra ...argparse.Arg) Command {
	return Command{
		Name: "get", Summary: "Show " + n.article() + ".",
		Args: append([]argparse.Arg{argparse.Positional(n.id, argparse.Some, "What to show."), attrArg}, extra...),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			q := url.Values{}
			if query != nil {
				query(args, q)
			}
			v := view{attrs: n.attrs, order: n.order, change: n.change}
			if a := args.Strings("attr"); len(a) > 0 {
				v.attrs = a
			}
			return env.each(args.Strings(argKey(n.id)), n.name, func(id string) error {
				d, err := env.Client.Get(ctx, n.path+client.Path(id), q)
				if err != nil {
					return err
				}
				return env.printOne(d, v)
			})
		},
	}
}

func argKey(name string) string { return strings.ReplaceAll(name, "-", "_") }

// each does something for every id. What is missing is said and skipped; when
// it is the only one, the command fails.
func (env *Env) each(ids []string, noun string, do func(id string) error) error {
	for _, id := range ids {
		err := do(id)
		if !client.NotFound(err) {
			if err != nil {
				return err
			}
			continue
		}
		env.printf("%s %q is not found.\n\n", noun, id)
		if len(ids) == 1 {
			return fmt.Errorf("Resource %s not found.", id) // st2's text
		}
	}
	return nil
}

// find looks one resource up the way st2 does before it changes it.
func (n *noun) find(ctx context.Context, env *Env, id string) (*py.Dict, error) {
	if n.byName {
		page, err := env.Client.List(ctx, n.path+"/", client.Query("name", id))
		if err == nil && len(page.Items) == 1 {
			return page.Items[0], nil
		}
	}
	return env.Client.Get(ctx, n.path+client.Path(id), nil)
}

// missing prints that what should be deleted is not there.
func (env *Env) missing(noun, id string) error {
	env.printf("%s %q is not found.\n\n", noun, id)
	return &exitError{code: exitUsage}
}

// create is the verb that makes one from a file.
func (n *noun) create() Command {
	return Command{
		Name: "create", Summary: "Create " + n.article() + ".",
		Args: []argparse.Arg{argparse.Positional("file", "", "JSON or YAML file that describes it; - reads stdin.")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			doc, err := env.readObject(args.String("file"))
			if err != nil {
				return refused(err) // st2 makes no difference between the file and the server
			}
			d, err := env.Client.Post(ctx, n.path, doc)
			if err != nil {
				return refused(err)
			}
			return env.printOne(d, view{})
		},
	}
}

// update is the verb that replaces one by what a file says.
func (n *noun) update() Command {
	return Command{
		Name: "update", Summary: "Update " + n.article() + ".",
		Args: []argparse.Arg{
			argparse.Positional(n.id, "", "What to update."),
			argparse.Positional("file", "", "JSON or YAML file that describes it; - reads stdin."),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			doc, err := env.readObject(args.String("file"))
			if err != nil {
				return err
			}
			return n.replace(ctx, env, args.String(argKey(n.id)), func(old *py.Dict) *py.Dict {
				id := client.ID(old)
				if given := client.String(doc, "id"); given == "" {
					doc.Set("id", id)
				}
				return doc
			})
		},
	}
}

// enable and disable are the verbs that switch one on or off.
func (n *noun) enable() Command  { return n.toggle("enable", true) }
func (n *noun) disable() Command { return n.toggle("disable", false) }

func (n *noun) toggle(verb string, on bool) Command {
	return Command{
		Name: verb, Summary: strings.ToUpper(verb[:1]) + verb[1:] + " " + n.article() + ".",
		Args: []argparse.Arg{argparse.Positional(n.id, "", "What to "+verb+".")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			return n.replace(ctx, env, args.String(argKey(n.id)), func(old *py.Dict) *py.Dict {
				d := old.Clone()
				d.Delete("ref")
				d.Set("enabled", on)
				return d
			})
		},
	}
}

// replace reads one resource, lets edit make the new one, and writes it.
func (n *noun) replace(ctx context.Context, env *Env, id string, edit func(*py.Dict) *py.Dict) error {
	old, err := n.find(ctx, env, id)
	if client.NotFound(err) {
		return fmt.Errorf("Resource with id or reference %q doesn't exist.", id) // st2's text
	}
	if err != nil {
		return err
	}
	d, err := env.Client.Put(ctx, n.path+client.Path(client.ID(old)), edit(old))
	if err != nil {
		return refused(err)
	}
	return env.printOne(d, view{})
}

// remove is the verb that deletes one.
func (n *noun) remove(extra ...argparse.Arg) Command {
	return n.removeWith(nil, extra...)
}

func (n *noun) removeWith(body func(*argparse.Values) any, extra ...argparse.Arg) Command {
	return Command{
		Name: "delete", Summary: "Delete " + n.article() + ".",
		Args: append([]argparse.Arg{argparse.Positional(n.id, "", "What to delete.")}, extra...),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			id := args.String(argKey(n.id))
			old, err := n.find(ctx, env, id)
			if client.NotFound(err) {
				return env.missing(n.name, id)
			}
			if err != nil {
				return err
			}
			var b any
			if body != nil {
				b = body(args)
			}
			_, err = env.Client.Delete(ctx, n.path+client.Path(client.ID(old)), nil, b)
			if client.NotFound(err) {
				return env.missing(n.name, id)
			}
			if err != nil {
				return refused(err)
			}
			env.printf("Resource with id %q has been successfully deleted.\n", id)
			return nil
		},
	}
}

// readDocument reads a JSON or YAML file; "-" is stdin, in either.
func (env *Env) readDocument(path string) (any, error) {
	if path == "-" {
		data, err := readAll(env.Stdin)
		if err != nil {
			return nil, err
		}
		return yaml.Decode(data)
	}
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("File %q does not exist.", path) // st2's text
	}
	if err != nil {
		return nil, err
	}
	var v any
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json":
		v, err = py.DecodeJSON(data)
	case ".yaml", ".yml":
		v, err = yaml.Decode(data)
	default:
		return nil, fmt.Errorf("unsupported file extension %q of %s: .json, .yaml and .yml are read", ext, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// readObject reads a file that holds one object.
func (env *Env) readObject(path string) (*py.Dict, error) {
	v, err := env.readDocument(path)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("%s holds a %s; an object is needed", path, py.TypeName(v))
	}
	return d, nil
}

// postValue sends a document and reads an answer of any kind.
func (env *Env) postValue(ctx context.Context, path string, body any) (any, error) {
	return env.Client.Value(ctx, client.Request{Method: http.MethodPost, Path: path, Body: body})
}
