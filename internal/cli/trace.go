package cli

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var traceColumns = []string{"id", "uid", "trace_tag", "start_timestamp"}

func traceCommand() Command {
	return Command{Name: "trace", Summary: "What led to what.",
		Help:     "A trace ties together the events, rules and executions that led to one another.",
		Commands: []Command{traceList(), traceGet()}}
}

func traceList() Command {
	return Command{Name: "list", Summary: "Show the newest traces. A single one is shown whole.",
		Args: []argparse.Arg{
			attrArg, widthArg, lastArg("traces"), sortArg("traces"),
			argparse.Option("Only traces with this tag.", "-c", "--trace-tag"),
			argparse.Option("Only the trace of this execution.", "-e", "--execution"),
			argparse.Option("Only traces with this rule.", "-r", "--rule"),
			argparse.Option("Only the trace of this trigger instance.", "-g", "--trigger-instance"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error { return env.listTraces(ctx, args) }}
}

func (env *Env) listTraces(ctx context.Context, args *argparse.Values) error {
	q := url.Values{"limit": {strconv.Itoa(args.Int("last"))}}
	for _, key := range []string{"trace_tag", "execution", "rule", "trigger_instance"} {
		if s := args.String(key); s != "" {
			q.Set(key, s)
		}
	}
	if strings.HasPrefix(args.String("sort"), "asc") {
		q.Set("sort_asc", "True")
	} else {
		q.Set("sort_desc", "True")
	}
	page, err := env.Client.List(ctx, "/traces/", q)
	if err != nil {
		return err
	}
	if len(page.Items) == 1 {
		return env.printTrace(page.Items[0], args)
	}
	v := view{attrs: firstList(args.Strings("attr"), traceColumns), widths: args.Ints("width")}
	if err := env.printList(page.Items, v); err != nil {
		return err
	}
	env.truncated(args.Int("last"), page.Total, "trace")
	return nil
}

func traceGet() Command {
	return Command{Name: "get", Summary: "Show a trace.",
		Args: []argparse.Arg{
			argparse.Positional("id", argparse.Some, "Id of the trace."), attrArg,
			{Names: []string{"-e", "--execution"}, Exclusive: "target", Help: "Show only what led to this execution."},
			{Names: []string{"-r", "--rule"}, Exclusive: "target", Help: "Show only what led to this rule."},
			{Names: []string{"-g", "--trigger-instance"}, Exclusive: "target", Help: "Show only what led to this trigger instance."},
			argparse.Flag("Show only executions.", "--show-executions"),
			argparse.Flag("Show only rules.", "--show-rules"),
			argparse.Flag("Show only trigger instances.", "--show-trigger-instances"),
			argparse.Flag("Leave out trigger instances that no rule acted on.", "-n", "--hide-noop-triggers"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			return env.each(args.Strings("id"), "Trace", func(id string) error {
				d, err := env.Client.Get(ctx, client.Path("traces", id), nil)
				if err != nil {
					return err
				}
				return env.printTrace(d, args)
			})
		}}
}

// link is one thing in a trace.
type link struct {
	kind    string // execution, rule, trigger-instance
	id, ref string
	updated string
	by      string // what caused it, as kind:id
}

func (l link) key() string { return l.kind + ":" + l.id }

// links reads a trace, in order of time.
func links(d *py.Dict) []link {
	var out []link
	for _, part := range []struct{ key, kind string }{
		{"trigger_instances", "trigger-instance"}, {"rules", "rule"}, {"action_executions", "execution"},
	} {
		for _, c := range objects(client.Array(d, part.key)) {
			l := link{kind: part.kind, id: client.String(c, "object_id"), ref: client.String(c, "ref"), updated: client.String(c, "updated_at")}
			by := client.Dict(c, "caused_by")
			if kind := client.String(by, "type"); kind != "" {
				id, _, _ := strings.Cut(client.String(by, "id"), ":")
				l.by = strings.TrimPrefix(strings.ReplaceAll(kind, "_", "-"), "action-") + ":" + id
			}
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return strings.Compare(a.updated, b.updated) })
	return out
}

// leadingTo keeps the chain of causes that ends at key.
func leadingTo(all []link, key string) []link {
	keep := map[string]bool{}
	for key != "" && !keep[key] {
		at := slices.IndexFunc(all, func(l link) bool { return l.key() == key })
		if at < 0 {
			break
		}
		keep[key] = true
		key = all[at].by
	}
	return slices.DeleteFunc(slices.Clone(all), func(l link) bool { return !keep[l.key()] })
}

func chosenLinks(all []link, args *argparse.Values) []link {
	for key, kind := range map[string]string{"execution": "execution", "rule": "rule", "trigger_instance": "trigger-instance"} {
		if id := args.String(key); id != "" {
			all = leadingTo(all, kind+":"+id)
		}
	}
	if args.Bool("hide_noop_triggers") {
		used := map[string]bool{}
		for _, l := range all {
			used[l.by] = true
		}
		all = slices.DeleteFunc(slices.Clone(all), func(l link) bool { return l.kind == "trigger-instance" && !used[l.key()] })
	}
	show := map[string]bool{"execution": args.Bool("show_executions"), "rule": args.Bool("show_rules"), "trigger-instance": args.Bool("show_trigger_instances")}
	if show["execution"] || show["rule"] || show["trigger-instance"] {
		all = slices.DeleteFunc(slices.Clone(all), func(l link) bool { return !show[l.kind] })
	}
	return all
}

func (env *Env) printTrace(d *py.Dict, args *argparse.Values) error {
	if env.Format != Table {
		return env.printOne(d, view{attrs: args.Strings("attr")})
	}
	for _, name := range []string{"id", "trace_tag", "start_timestamp"} {
		env.printf("%s: %s\n", env.paint("94", name), py.Str(env.value(d, name, view{})))
	}
	var rows []*py.Dict
	for _, l := range chosenLinks(links(d), args) {
		rows = append(rows, py.DictOf("id", l.id, "type", l.kind, "ref", l.ref, "updated_at", l.updated))
	}
	return env.printList(rows, view{attrs: []string{"id", "type", "ref", "updated_at"}, empty: true})
}
