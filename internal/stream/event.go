package stream

import (
	"context"
	"strings"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// event is one entry of the event log and, once somebody asks, its frames.
type event struct {
	store.Event
	mu     sync.Mutex
	done   bool
	frames []frame
}

// size is how much memory an event takes, roughly: its body, and the frames
// that are made of it.
func (e *event) size() int { return 256 + 4*len(e.Body) }

// frame is one server-sent event: StackStorm's name and the resource.
type frame struct {
	name      string
	data      []byte
	execution string // id, for execution_ids and end_execution_id
	action    string // ref, for action_refs
	final     bool   // the execution has ended
}

// resources maps topics of the log to the names that clients know.
var resources = map[string]string{
	"actionalias": "st2.actionalias",
	"action":      "st2.action",
	"rule":        "st2.rule",
	"trigger":     "st2.trigger",
	"sensor":      "st2.sensor",
	"policy":      "st2.policy",
	"key":         "st2.key",
}

// frames returns what an event says to clients. Clients share the work: it is
// done for the first that asks. The error is gale.Unavailable while the store
// is away; an event that can never be shown has no frames.
func (h *Hub) frames(ctx context.Context, e *event) ([]frame, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return e.frames, nil
	}
	frames, err := h.render(ctx, &e.Event)
	if err != nil && (gale.KindOf(err) == gale.Unavailable || ctx.Err() != nil) {
		return nil, err
	}
	if err != nil {
		h.log.Error("event cannot be shown", "seq", e.Seq, "topic", e.Topic, "error", err)
	}
	if e.worthKeeping(frames) {
		e.frames, e.done = frames, true
	}
	return frames, nil
}

// worthKeeping is false for frames that are much larger than their event: they
// have the whole of a large action in them, and the ring counts on less.
func (e *event) worthKeeping(frames []frame) bool {
	n := 0
	for i := range frames {
		n += len(frames[i].data)
	}
	return n <= e.size()+(16<<10)
}

func (h *Hub) render(ctx context.Context, e *store.Event) ([]frame, error) {
	if e.Topic == execution.Topic {
		return h.renderExecution(ctx, e)
	}
	if e.Topic == "announcement" {
		return []frame{{name: "st2.announcement__" + oneLine.Replace(e.Kind), data: e.Body}}, nil
	}
	name, known := resources[e.Topic]
	if !known {
		return nil, nil
	}
	return []frame{{name: name + "__" + e.Kind, data: e.Body}}, nil
}

// oneLine keeps a route, which anybody may have chosen, from being read as
// lines of the stream's own.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// renderExecution makes two frames of one event: clients know executions
// under two names.
func (h *Hub) renderExecution(ctx context.Context, e *store.Event) ([]frame, error) {
	var x gale.Execution
	if err := py.Unmarshal(e.Body, &x); err != nil {
		return nil, err
	}
	action, runner, err := h.snaps.of(ctx, &x)
	if err != nil {
		return nil, err
	}
	base := frame{execution: x.ID, action: x.ActionRef, final: x.Status.Final()}
	data, err := py.AppendJSON(nil, execution.Document(&x, action, runner))
	if err != nil {
		return nil, err
	}
	full := base
	full.name, full.data = "st2.execution__"+e.Kind, data
	live := execution.Liveaction(&x)
	if result, ok := live.GetString("result"); ok {
		text, err := py.AppendJSON(nil, result)
		if err != nil {
			return nil, err
		}
		live.Set("result", string(text)) // a JSON text in this record, for reasons of history
	}
	if data, err = py.AppendJSON(nil, live); err != nil {
		return nil, err
	}
	base.name, base.data = "st2.liveaction__"+e.Kind, data
	return []frame{full, base}, nil
}

// outputFrame is the frame of a piece of output.
func outputFrame(c *gale.OutputChunk) (frame, error) {
	d := py.DictOf("id", c.Seq, "execution_id", c.ExecutionID, "action_ref", c.ActionRef, "runner_ref", c.RunnerRef,
		"timestamp", c.Timestamp.String(), "output_type", c.Type, "data", c.Data)
	data, err := py.AppendJSON(nil, d)
	return frame{name: outputEvent, data: data, execution: c.ExecutionID, action: c.ActionRef}, err
}

const outputEvent = "st2.execution.output__create"

// append writes the frame as a client reads it. id is the cursor to come back with.
func (f frame) append(dst []byte, id string) []byte {
	if id != "" {
		dst = append(append(append(dst, "id: "...), id...), '\n')
	}
	dst = append(append(append(dst, "event: "...), f.name...), "\ndata: "...)
	return append(append(dst, f.data...), "\n\n"...)
}

// defaultEvents are what a client gets that names none.
var defaultEvents = []string{"st2.announcement__*", "st2.execution__create", "st2.execution__update", "st2.execution__delete",
	"st2.liveaction__create", "st2.liveaction__update", "st2.liveaction__delete"}

// filter is what one client wants to hear.
type filter struct {
	events     []string // names or shell patterns
	actions    []string
	executions []string
	endEvent   string
	endID      string
}

func (f *filter) wants(fr *frame) bool {
	if len(f.actions) > 0 && !contains(f.actions, fr.action) {
		return false
	}
	if len(f.executions) > 0 && !contains(f.executions, fr.execution) {
		return false
	}
	for _, pattern := range f.events {
		if glob(pattern, fr.name) {
			return true
		}
	}
	return false
}

// ends reports whether the stream is over after this frame.
func (f *filter) ends(fr *frame) bool {
	return f.endID != "" && fr.execution == f.endID && fr.name == f.endEvent && fr.final
}

// wantsOutput reports whether output has to be read at all.
func (f *filter) wantsOutput() bool {
	return f.wants(&frame{name: outputEvent, action: first(f.actions), execution: first(f.executions)})
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// glob matches a shell pattern of * and ? without recursion.
func glob(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
