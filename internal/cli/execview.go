package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/internal/cli/textwrap"
	"github.com/galehq/gale/py"
)

// displayArgs are the options that say how an execution is shown.
func displayArgs() []argparse.Arg {
	return []argparse.Arg{
		argparse.Flag("Show the schema of the output, inferred from the result.", "--with-schema"),
		argparse.Flag("Show a workflow without its tasks.", "--raw"),
		argparse.Flag("Show a workflow with its tasks.", "--show-tasks"),
		{Names: []string{"--depth"}, Type: argparse.Int, Default: -1, Help: "Levels of tasks to show; -1 is all."},
		widthArg,
		{Names: []string{"--attr"}, NArgs: argparse.Some, Exclusive: "shown",
			Help: `Attributes to show; dotted names go into structures, "all" shows everything.`},
		{Names: []string{"-d", "--detail"}, Action: argparse.StoreTrue, Exclusive: "shown", Help: "Show a table of properties."},
		{Names: []string{"-k", "--key"}, Exclusive: "shown", Help: "Show one value of the result; dotted names go into structures."},
	}
}

var (
	executionColumns = []string{"id", "action.ref", "context.user", "status", "start_timestamp", "end_timestamp"}
	executionAttrs   = []string{"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "log", "result"}
	runAttrs         = []string{"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "result"}
	workflowAttrs    = []string{"id", "action.ref", "parameters", "status", "start_timestamp", "end_timestamp", "log", "result"}
	executionChange  = map[string]change{"parameters": maskParameters, "status": statusText}
	runChange        = map[string]change{"parameters": maskParameters, "status": statusPlain}
)

// maskParameters hides what is certainly a secret, whatever its schema says.
func maskParameters(_ *Env, v any, _ *py.Dict) any {
	d, ok := v.(*py.Dict)
	if !ok {
		return v
	}
	out := d.Clone()
	for _, name := range []string{"password", "private_key"} {
		if _, ok := out.GetString(name); ok {
			out.Set(name, mask)
		}
	}
	return out
}

// colors of statuses, as codes of a terminal.
var statusColors = map[gale.Status]string{
	gale.Succeeded: "32", gale.Failed: "31", gale.Delayed: "34", gale.TimedOut: "33",
}

// statusText adds how long it took, or has taken, and the colour.
func statusText(env *Env, v any, d *py.Dict) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	return env.paintStatus(gale.Status(s), s+env.elapsed(d))
}

// statusPlain is the status alone, as run shows it.
func statusPlain(env *Env, v any, _ *py.Dict) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	return env.paintStatus(gale.Status(s), s)
}

func (env *Env) paintStatus(s gale.Status, text string) string {
	return env.paint(first(statusColors[s], "93"), text)
}

func (env *Env) paint(code, text string) string {
	if !env.Color || env.Format != Table {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// elapsed is " (5s elapsed)" for an execution that runs or has ended.
func (env *Env) elapsed(d *py.Dict) string {
	status := client.StatusOf(d)
	start, ok := timeAt(d, "start_timestamp")
	if !ok || status != gale.Running && !status.Final() {
		return ""
	}
	end, ok := timeAt(d, "end_timestamp")
	if !ok {
		if status != gale.Running {
			return ""
		}
		end = env.Now()
	}
	return fmt.Sprintf(" (%ds elapsed)", max(int(end.Sub(start).Seconds()), 0))
}

func timeAt(d *py.Dict, key string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, client.String(d, key))
	return t, err == nil
}

// isWorkflow reports whether an execution has tasks of its own.
func isWorkflow(d *py.Dict) bool {
	switch client.String(client.Dict(d, "action"), "runner_type") {
	case "orquesta", "orchestra", "action-chain", "mistral-v2":
		return true
	}
	return false
}

// executionView says which attributes are shown and how.
func executionView(args *argparse.Values, attrs []string) view {
	v := view{attrs: attrs, order: executionAttrs,
		change: executionChange, widths: args.Ints("width")}
	if !slices.Contains(attrs, "log") {
		v.change = runChange
	}
	if a := args.Strings("attr"); len(a) > 0 {
		v.attrs = a
	}
	return v
}

// printExecution shows an execution as key: value lines, or in the format
// asked for.
func (env *Env) printExecution(d *py.Dict, args *argparse.Values, attrs []string) error {
	if key := args.String("key"); key != "" {
		return env.printResultKey(d, key)
	}
	v := executionView(args, attrs)
	if env.Format != Table || args.Bool("detail") {
		return env.printOne(d, v)
	}
	names := v.attrs
	if v.all() {
		names = attributes(d, v.order)
	}
	var b strings.Builder
	for _, name := range names {
		if err := env.line(&b, name, env.value(d, name, v)); err != nil {
			return err
		}
	}
	if args.Bool("with_schema") {
		result, _ := d.GetString("result")
		if err := env.outputSchema(&b, result); err != nil {
			return err
		}
	}
	fmt.Fprint(env.Stdout, b.String())
	return nil
}

// line writes "key: value"; structures follow as YAML.
func (env *Env) line(b *strings.Builder, name string, v any) error {
	key := env.paint("94", name)
	switch x := v.(type) {
	case nil:
		text := ""
		if name == "result" {
			text = "None"
		}
		fmt.Fprintf(b, "%s: %s\n", key, text)
		return nil
	case *py.Dict:
		if x.Len() == 0 {
			fmt.Fprintf(b, "%s: {}\n", key)
			return nil
		}
	case []any:
		if len(x) == 0 {
			fmt.Fprintf(b, "%s: []\n", key)
			return nil
		}
	default:
		fmt.Fprintf(b, "%s: %s\n", key, textwrap.Clean(py.Str(v)))
		return nil
	}
	text, err := encodeYAML(sorted(v))
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "%s: \n", key)
	for l := range strings.Lines(text) {
		if l != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(l)
	}
	return nil
}

// printResultKey shows one value of the result.
func (env *Env) printResultKey(d *py.Dict, key string) error {
	result, _ := d.GetString("result")
	inner, _ := result.(*py.Dict)
	v, ok := lookUp(inner, key)
	switch {
	case !ok:
		env.println(nothingFound)
		return nil
	case env.Format == Table:
		env.println(py.Str(v))
		return nil
	}
	return env.printData(v)
}

// outputSchema describes the types of a result the way output_schema would.
func (env *Env) outputSchema(b *strings.Builder, result any) error {
	inner, ok := result.(*py.Dict)
	if !ok {
		return nil
	}
	schema := py.NewDict(inner.Len())
	for k, v := range inner.All() {
		schema.Set(k, schemaOf(v, 0))
	}
	text, err := encodeYAML(py.DictOf("output_schema", schema))
	if err != nil {
		return err
	}
	rule := strings.Repeat("=", 60)
	fmt.Fprintf(b, "\n%s\n** This is a schema inferred from the result; adjust it before use. **\n%s%s\n", rule, text, rule)
	return nil
}

func schemaOf(v any, depth int) *py.Dict {
	names := map[string]string{"str": "string", "int": "integer", "float": "number", "bool": "boolean", "NoneType": "null", "list": "array", "dict": "object"}
	name := names[py.TypeName(v)]
	d := py.DictOf("type", first(name, "string"))
	inner, ok := v.(*py.Dict)
	if !ok || inner.Len() == 0 || depth > 8 {
		return d
	}
	properties := py.NewDict(inner.Len())
	for k, e := range inner.All() {
		properties.Set(k, schemaOf(e, depth+1))
	}
	d.Set("properties", properties)
	return d
}

// printTasks shows a workflow: its own attributes and a table of its tasks.
func (env *Env) printTasks(root *py.Dict, tasks []*py.Dict, args *argparse.Values) error {
	attrs := workflowAttrs
	result := client.Dict(root, "result")
	if client.StatusOf(root).Bad() {
		for _, extra := range []string{"error", "traceback", "failed_on"} {
			if _, ok := result.GetString(extra); ok {
				attrs = append(attrs[:len(attrs):len(attrs)], "result."+extra)
			}
		}
	}
	if env.Format != Table {
		// One list: the workflow first, then its tasks.
		v := view{attrs: firstList(args.Strings("attr"), attrs)}
		items := append([]*py.Dict{v.project(root)}, env.taskRows(root, tasks)...)
		return env.printList(items, view{})
	}
	if err := env.printExecution(root, args, attrs); err != nil {
		return err
	}
	if len(tasks) == 0 {
		return nil
	}
	columns := []string{"id", "status", "task", "action", "start_timestamp"}
	return env.printList(env.taskRows(root, tasks), view{attrs: columns, widths: args.Ints("width"), change: executionChange})
}

// taskRows are the rows of the table of tasks; the ids show the depth.
func (env *Env) taskRows(root *py.Dict, tasks []*py.Dict) []*py.Dict {
	depths := map[string]int{client.ID(root): 0}
	parents := map[string]bool{}
	for _, t := range tasks {
		parents[client.String(t, "parent")] = true
	}
	nested := false
	rows := make([]*py.Dict, len(tasks))
	for i, t := range tasks {
		depth := depths[client.String(t, "parent")]
		depths[client.ID(t)] = depth + 1
		nested = nested || parents[client.ID(t)]
		id := client.ID(t)
		if env.Format == Table {
			id = strings.Repeat(" ", depth) + id
		}
		rows[i] = py.DictOf("id", id, "status", client.String(t, "status"), "task", taskName(t),
			"action", client.String(client.Dict(t, "action"), "ref"),
			"start_timestamp", client.String(t, "start_timestamp"), "end_timestamp", client.String(t, "end_timestamp"))
	}
	if nested && env.Format == Table {
		markWorkflows(rows, tasks, parents)
	}
	return rows
}

// markWorkflows puts "+ " before the ids of workflows and spaces before the
// others.
func markWorkflows(rows, executions []*py.Dict, parents map[string]bool) {
	for i, e := range executions {
		sign := "  "
		if parents[client.ID(e)] || len(client.Array(e, "children")) > 0 {
			sign = "+ "
		}
		rows[i].Set("id", sign+client.ID(rows[i]))
	}
}

// taskName is the name of the task that an execution carries out.
func taskName(d *py.Dict) string {
	c := client.Dict(d, "context")
	return first(client.String(client.Dict(c, "orquesta"), "task_name"), client.String(client.Dict(c, "chain"), "name"),
		client.String(client.Dict(c, "mistral"), "task_name"))
}
