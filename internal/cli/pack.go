package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var packs = noun{name: "Pack", plural: "packs", path: "/packs", id: "ref-or-id",
	columns: []string{"ref", "name", "description", "version", "author"},
	attrs:   []string{"name", "version", "author", "email", "keywords", "description"},
	order:   []string{"name", "version", "author", "email", "keywords", "description"}}

func packCommand() Command {
	return Command{Name: "pack", Summary: "Bundles of actions, rules and sensors.",
		Help: "A pack is a directory with actions, rules, sensors and what belongs to them.",
		Commands: []Command{
			packs.list(listing{}), packs.get(), packShow(), packSearch(), packInstall(), packRemove(), packRegister(), packConfig(),
		}}
}

func packShow() Command {
	return Command{Name: "show", Summary: "Show what the pack index says of a pack.",
		Args: []argparse.Arg{argparse.Positional("pack", "", "Name of the pack.")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			v, err := env.postValue(ctx, "/packs/index/search", py.DictOf("pack", args.String("pack")))
			if err != nil {
				return refused(err)
			}
			return env.printOne(object(v), view{})
		}}
}

func packSearch() Command {
	return Command{Name: "search", Summary: "Search the pack index.",
		Args: []argparse.Arg{argparse.Positional("query", "", "What to look for."), attrArg, widthArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			v, err := env.postValue(ctx, "/packs/index/search", py.DictOf("query", args.String("query")))
			if err != nil {
				return refused(err)
			}
			vw := view{attrs: []string{"name", "description", "version", "author"}, widths: args.Ints("width")}
			if a := args.Strings("attr"); len(a) > 0 {
				vw.attrs = a
			}
			return env.printList(objects(v), vw)
		}}
}

// object and objects take a document for what it should be; of anything else
// nothing is left.
func object(v any) *py.Dict { d, _ := v.(*py.Dict); return d }

func objects(v any) []*py.Dict {
	list, _ := v.([]any)
	out := make([]*py.Dict, 0, len(list))
	for _, e := range list {
		if d, ok := e.(*py.Dict); ok {
			out = append(out, d)
		}
	}
	return out
}

const registerHelp = `Bring what is on disk into the database.

PACK is the name of a pack in the server's packs directories, or a directory of the server's machine: a word with a slash, or "." . Without any, all packs are registered.`

func packRegister() Command {
	return Command{Name: "register", Summary: "Bring packs on disk into the database.", Help: registerHelp,
		Args: []argparse.Arg{
			argparse.Positional("pack", argparse.Any, "Name or directory of a pack."),
			{Names: []string{"--types"}, NArgs: argparse.Some, Help: "Only these kinds: runner, trigger, sensor, action, rule, alias, policy, config."},
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.registerPacks(ctx, args) }}
}

func (env *Env) registerPacks(ctx context.Context, args *argparse.Values) error {
	var names, dirs []string
	for _, word := range args.Strings("pack") {
		dir, ok, err := packDir(word)
		switch {
		case err != nil:
			return err
		case ok:
			dirs = append(dirs, dir)
		default:
			names = append(names, word)
		}
	}
	counts := py.NewDict(8)
	types := args.Strings("types")
	for _, dir := range dirs {
		if err := env.registerInto(ctx, counts, "/_gale/packs/register", types, "path", dir); err != nil {
			return err
		}
	}
	if len(names) > 0 || len(dirs) == 0 {
		var list any
		if len(names) > 0 {
			list = anyList(names)
		}
		if err := env.registerInto(ctx, counts, "/packs/register", types, "packs", list); err != nil {
			return err
		}
	}
	return env.printOne(counts, view{})
}

// registerInto sends one request and adds its counts up.
func (env *Env) registerInto(ctx context.Context, counts *py.Dict, path string, types []string, key string, value any) error {
	body := py.NewDict(2)
	if value != nil {
		body.Set(key, value)
	}
	if len(types) > 0 {
		body.Set("types", anyList(types))
	}
	d, err := env.Client.Post(ctx, path, body)
	if err != nil {
		return refused(err)
	}
	for k, v := range d.All() {
		old, _ := counts.Get(k)
		a, ok1 := old.(int64)
		b, ok2 := v.(int64)
		if ok1 && ok2 {
			v = a + b
		}
		counts.Set(k, v)
	}
	return nil
}

// packDir reports whether a word names a directory, and which.
func packDir(word string) (dir string, ok bool, err error) {
	if word != "." && word != ".." && !strings.ContainsRune(word, filepath.Separator) {
		return "", false, nil
	}
	dir, err = filepath.Abs(word)
	if err != nil {
		return "", false, err
	}
	info, err := os.Stat(filepath.Join(dir, "pack.yaml"))
	if err != nil || info.IsDir() {
		return "", false, fmt.Errorf("%s is not the directory of a pack: it has no pack.yaml", dir)
	}
	return dir, true, nil
}

// packDisplay are the options of install and remove.
func packDisplay() []argparse.Arg {
	return []argparse.Arg{
		argparse.Positional("pack", argparse.Some, "Name of a pack in the index (name=version), or the URL of a git repository."),
		widthArg,
		{Names: []string{"--attr"}, NArgs: argparse.Some, Exclusive: "shown", Help: "Attributes of the packs to show."},
		{Names: []string{"-d", "--detail"}, Action: argparse.StoreTrue, Exclusive: "shown", Help: "Show the execution instead of its tasks."},
	}
}

func packInstall() Command {
	return Command{Name: "install", Summary: "Install packs.",
		Args: append(packDisplay(),
			argparse.Flag("Install over what is there.", "--force"),
			argparse.Flag("Leave out the packs that these packs need.", "--skip-dependencies")),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			names := args.Strings("pack")
			for _, name := range names {
				env.announcePack(ctx, name)
			}
			body := py.DictOf("packs", anyList(names), "force", args.Bool("force"), "skip_dependencies", args.Bool("skip_dependencies"))
			final, err := env.packRun(ctx, "/packs/install", body)
			if err != nil {
				return err
			}
			return env.showInstalled(ctx, final, args)
		}}
}

// announcePack says what the index promises of a pack; it may be silent.
func (env *Env) announcePack(ctx context.Context, name string) {
	if env.Format != Table || strings.HasPrefix(name, "file://") {
		return
	}
	v, err := env.postValue(ctx, "/packs/index/search", py.DictOf("pack", name))
	content := client.Dict(object(v), "content")
	if err != nil || content.Len() == 0 {
		return
	}
	env.printf("\nFor the %q pack, the following content will be registered:\n\n", name)
	for _, kind := range []string{"actions", "rules", "sensors", "aliases", "triggers"} {
		count, _ := client.Dict(content, kind).GetString("count")
		if count == nil {
			count = int64(0)
		}
		env.printf("%-8s  |  %s\n", kind, py.Str(count))
	}
	env.println()
}

// packRun starts an execution about packs and shows its tasks until the end.
func (env *Env) packRun(ctx context.Context, path string, body *py.Dict) (*py.Dict, error) {
	d, err := env.Client.Post(ctx, path, body)
	if err != nil {
		return nil, refused(err)
	}
	id := client.String(d, "execution_id")
	if id == "" {
		return nil, errors.New("the server named no execution to wait for")
	}
	w := &taskWatch{env: env, id: id, shown: map[string]gale.Status{}}
	final, err := w.wait(ctx)
	if err != nil {
		return nil, err
	}
	if s := client.StatusOf(final); s != gale.Succeeded {
		children, err := env.Client.Children(ctx, id, "1")
		if err != nil {
			return nil, err
		}
		if err := env.printTasks(final, children, &argparse.Values{}); err != nil {
			return nil, err
		}
		return nil, ExitCode(exitFailed, nil)
	}
	return final, nil
}

// taskWatch prints the tasks of an execution as they begin and end.
type taskWatch struct {
	env   *Env
	id    string
	shown map[string]gale.Status
}

func (w *taskWatch) wait(ctx context.Context) (*py.Dict, error) {
	listening, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.listen(listening)
	}()
	final, err := w.env.Client.Wait(ctx, w.id)
	stop()
	<-done
	if err != nil || w.env.Format != Table {
		return final, err
	}
	children, err := w.env.Client.Children(ctx, w.id, "1")
	if err != nil {
		return final, nil
	}
	for _, c := range children { // what the stream has not shown
		w.show(c)
	}
	return final, nil
}

func (w *taskWatch) listen(ctx context.Context) {
	if w.env.Format != Table {
		return
	}
	filter := client.EventFilter{Names: []string{"st2.execution__create", "st2.execution__update"},
		EndEvent: "st2.execution__update", EndExecutionID: w.id}
	for ev, err := range w.env.Client.Events(ctx, filter) {
		if err != nil {
			return
		}
		if v, err := ev.Value(); err == nil && client.String(object(v), "parent") == w.id {
			w.show(object(v))
		}
	}
}

// show prints the end of a task once, and its beginning on a terminal.
func (w *taskWatch) show(d *py.Dict) {
	id, s := client.ID(d), client.StatusOf(d)
	if w.shown[id] == s || w.shown[id].Final() || !s.Final() {
		return
	}
	w.shown[id] = s
	w.env.printf("\t[%s] %s\n", w.env.paintStatus(s, fmt.Sprintf("%9s", s)), first(taskName(d), id))
}

// showInstalled prints the packs that are there now, and warnings.
func (env *Env) showInstalled(ctx context.Context, final *py.Dict, args *argparse.Values) error {
	output := client.Dict(client.Dict(final, "result"), "output")
	refs := client.Array(output, "packs_list")
	if env.Format == Table {
		env.println()
	}
	if err := env.showPacks(ctx, refs, args); err != nil {
		return err
	}
	for _, w := range client.Array(output, "warning_list") {
		env.println(py.Str(w))
	}
	return nil
}

func (env *Env) showPacks(ctx context.Context, refs []any, args *argparse.Values) error {
	attrs := args.Strings("attr")
	if len(refs) == 1 {
		d, err := env.Client.Get(ctx, "/packs"+client.Path(py.Str(refs[0])), nil)
		if err != nil {
			return err
		}
		v := view{attrs: packs.attrs, order: packs.order}
		if len(attrs) > 0 {
			v.attrs = attrs
		}
		return env.printOne(d, v)
	}
	var list []*py.Dict
	for d, err := range env.Client.All(ctx, "/packs", nil) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(refs, func(r any) bool { return r == client.String(d, "ref") || r == client.String(d, "name") }) {
			list = append(list, d)
		}
	}
	v := view{attrs: packs.columns, widths: args.Ints("width")}
	if len(attrs) > 0 {
		v.attrs = attrs
	}
	return env.printList(list, v)
}

func packRemove() Command {
	return Command{Name: "remove", Summary: "Remove packs.", Args: packDisplay(),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.removePacks(ctx, args) }}
}

func (env *Env) removePacks(ctx context.Context, args *argparse.Values) error {
	names := args.Strings("pack")
	var before []*py.Dict
	for d, err := range env.Client.All(ctx, "/packs", nil) {
		if err != nil {
			return err
		}
		if slices.Contains(names, client.String(d, "ref")) || slices.Contains(names, client.String(d, "name")) {
			before = append(before, d)
		}
	}
	if _, err := env.packRun(ctx, "/packs/uninstall", py.DictOf("packs", anyList(names))); err != nil {
		return err
	}
	for _, name := range names {
		_, err := env.Client.Get(ctx, "/packs"+client.Path(name), nil)
		if err == nil {
			return refused(fmt.Errorf("Pack %s has not been removed properly", name)) // st2's text
		}
		if !client.NotFound(err) {
			return err
		}
	}
	if len(before) == 1 {
		return env.printOne(before[0], view{attrs: firstList(args.Strings("attr"), packs.attrs), order: packs.order})
	}
	return env.printList(before, view{attrs: firstList(args.Strings("attr"), packs.columns), widths: args.Ints("width")})
}

// firstList returns the first list that is not empty.
func firstList(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}
