package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

type tailOptions struct {
	kind     string // stdout, stderr or output; empty: all
	metadata bool   // timestamp and kind before each piece
}

func tailCommand() Command {
	return Command{Name: "tail", Summary: "Show the output of an execution while it runs.",
		Args: []argparse.Arg{
			{Names: []string{"id"}, NArgs: argparse.Optional, Default: "last", Help: "The execution; by default the newest one."},
			{Names: []string{"--type"}, Help: "Show only stdout, stderr or output."},
			argparse.Flag("Put the time and the kind of output before each piece.", "--include-metadata"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			id := args.String("id")
			if id == "last" {
				page, err := env.Client.List(ctx, "/executions/", client.Query("limit", "1"))
				if err != nil {
					return err
				}
				if len(page.Items) == 0 {
					env.println("No executions found in db.")
					return nil
				}
				id = client.ID(page.Items[0])
			}
			return env.tail(ctx, id, tailOptions{args.String("type"), args.Bool("include_metadata")})
		}}
}

// tail prints output until the execution has ended.
func (env *Env) tail(ctx context.Context, id string, o tailOptions) error {
	d, err := env.Client.Execution(ctx, id)
	if client.NotFound(err) {
		return env.notFound("Action Execution", id)
	}
	if err != nil {
		return err
	}
	if client.StatusOf(d).Final() {
		return env.tailEnded(ctx, d, o)
	}
	t := &tailer{env: env, id: id, options: o, known: map[string]string{}, ended: map[string]bool{}, printed: map[string]bool{}}
	env.printf("Execution %s has started.\n\n", id)
	if isWorkflow(d) {
		return t.listen(ctx)
	}
	return t.listenToOutput(ctx)
}

// tailEnded prints what a finished execution has left.
func (env *Env) tailEnded(ctx context.Context, d *py.Dict, o tailOptions) error {
	text, err := env.outputOf(ctx, client.ID(d), o.kind)
	if err != nil {
		return err
	}
	env.printf("%s\n", text)
	env.printf("Execution %s has completed (status=%s).\n", client.ID(d), client.StatusOf(d))
	return nil
}

// tailer follows one execution and everything below it.
type tailer struct {
	env     *Env
	id      string
	options tailOptions
	known   map[string]string // executions below → name of their task
	ended   map[string]bool
	printed map[string]bool // ids of pieces of output: a stream that is opened again repeats them
	status  string          // final status of the execution itself
}

// listenToOutput reads the output stream of an execution without tasks. It
// begins with what was printed before, so nothing is lost.
func (t *tailer) listenToOutput(ctx context.Context) error {
	filter := client.EventFilter{Path: client.Path("executions", t.id, "output"), OutputType: t.options.kind}
	for ev, err := range t.env.Client.Events(ctx, filter) {
		if err != nil {
			return err
		}
		if ev.Name == "EOF" {
			break
		}
		if v, err := ev.Value(); err == nil {
			if d, ok := v.(*py.Dict); ok {
				t.output(d, client.String(d, "output_type"))
			}
		}
	}
	return t.finish(ctx)
}

// listen reads the event stream of a workflow and all below it.
func (t *tailer) listen(ctx context.Context) error {
	filter := client.EventFilter{
		Names:    []string{"st2.execution__create", "st2.execution__update", "st2.execution.output__create"},
		EndEvent: "st2.execution__update", EndExecutionID: t.id,
	}
	listening, stop := context.WithCancel(ctx)
	defer stop()
	var late error
	filter.Opened = func() {
		if late = t.catchUp(ctx); late != nil || t.status != "" {
			stop()
		}
	}
	for ev, err := range t.env.Client.Events(listening, filter) {
		if err != nil {
			return err
		}
		v, err := ev.Value()
		d, ok := v.(*py.Dict)
		if err != nil || !ok {
			continue
		}
		if t.event(d); t.status != "" {
			break
		}
	}
	if late != nil {
		return late
	}
	return t.finish(ctx)
}

// catchUp prints what happened before the stream was open: the tasks that have
// begun, the output of those that have ended, the end of the whole.
func (t *tailer) catchUp(ctx context.Context) error {
	children, err := t.env.Client.Children(ctx, t.id, "-1")
	if err != nil {
		return err
	}
	for _, c := range children {
		if !client.StatusOf(c).Final() {
			t.execution(c)
			continue
		}
		running := c.Clone()
		running.Set("status", "running")
		t.execution(running)
		if !isWorkflow(c) {
			text, err := t.env.outputOf(ctx, client.ID(c), t.options.kind)
			if err != nil {
				return err
			}
			t.env.printf("%s", text)
		}
		t.execution(c)
	}
	root, err := t.env.Client.Execution(ctx, t.id)
	if err == nil {
		t.execution(root)
	}
	return err
}

// finish says how it ended; if the stream closed early, it asks.
func (t *tailer) finish(ctx context.Context) error {
	if t.status == "" {
		d, err := t.env.Client.Wait(ctx, t.id)
		if err != nil {
			return err
		}
		t.status = string(client.StatusOf(d))
	}
	t.env.printf("\nExecution %s has completed (status=%s).\n", t.id, t.status)
	return nil
}

func (t *tailer) event(d *py.Dict) {
	if _, ok := d.GetString("status"); ok {
		t.execution(d)
		return
	}
	id := client.String(d, "execution_id")
	if _, below := t.known[id]; id != t.id && !below || t.ended[id] {
		return
	}
	if kind := client.String(d, "output_type"); t.options.kind == "" || t.options.kind == kind {
		t.output(d, kind)
	}
}

// execution handles a change of the root or of something below it.
func (t *tailer) execution(d *py.Dict) {
	id, status := client.ID(d), client.StatusOf(d)
	if id == t.id {
		if status.Final() {
			t.status = string(status)
		}
		return
	}
	parent := client.String(client.Dict(client.Dict(d, "context"), "parent"), "execution_id")
	_, below := t.known[parent]
	name, known := t.known[id]
	if parent != t.id && !below && !known {
		return
	}
	if name == "" {
		name = taskName(d)
		t.known[id] = name
		if name != "" && !t.ended[id] {
			t.env.printf("Child execution (task=%s) %s has started.\n\n", name, id)
		}
	}
	if status.Final() && !t.ended[id] {
		t.ended[id] = true
		t.env.printf("\nChild execution (task=%s) %s has finished (status=%s).\n", name, id, status)
	}
}

func (t *tailer) output(d *py.Dict, kind string) {
	if id, ok := d.GetString("id"); ok {
		if t.printed[py.Str(id)] {
			return
		}
		t.printed[py.Str(id)] = true
	}
	data := client.String(d, "data")
	if !t.options.metadata {
		fmt.Fprint(t.env.Stdout, data)
		return
	}
	fmt.Fprintf(t.env.Stdout, "[%s][%s] %s", client.String(d, "timestamp"), kind, data)
	if !strings.HasSuffix(data, "\n") {
		t.env.println()
	}
}
