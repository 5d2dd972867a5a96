package stream

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
)

// heartbeat is how long a stream stays silent before it sends an empty line,
// so that proxies keep it and dead clients are noticed (stream.heartbeat).
const heartbeat = 25 * time.Second

// outputPoll is how long output waits for its doorbell.
const outputPoll = time.Second

// outputPage is how many chunks of output are read at once.
const outputPage = 500

// Handlers serve the operations of the stream service.
func (h *Hub) Handlers() httpapi.Handlers {
	return httpapi.Handlers{
		"stream.events": h.all,
		"stream.output": h.output,
	}
}

// all serves GET /stream: everything that happens, filtered.
func (h *Hub) all(req *httpapi.Request) (*httpapi.Response, error) {
	f := &filter{events: req.Strings("events"), actions: req.Strings("action_refs"), executions: req.Strings("execution_ids"),
		endEvent: req.String("end_event"), endID: req.String("end_execution_id")}
	if len(f.events) == 0 {
		f.events = defaultEvents
	}
	cursor, resume := parseCursor(req.HTTP.Header.Get("Last-Event-ID"))
	return &httpapi.Response{Stream: func(ctx context.Context, w *httpapi.StreamWriter) error {
		c := &client{hub: h, w: w, filter: f, cursor: cursor}
		return c.run(ctx, resume)
	}}, nil
}

// client is one connection to the stream.
type client struct {
	hub    *Hub
	w      *httpapi.StreamWriter
	filter *filter
	cursor int64 // seq of the last event dealt with
	output int64 // seq of the last chunk of output dealt with
	buf    []byte
	over   bool
}

func (c *client) run(ctx context.Context, resume bool) error {
	if !resume {
		c.cursor = c.hub.now()
	}
	if err := c.w.Send([]byte("\n")); err != nil {
		return nil
	}
	if resume {
		if err := c.checkReset(ctx); err != nil {
			return err
		}
	}
	withOutput := c.filter.wantsOutput()
	outputs := make(<-chan struct{})
	if withOutput {
		last, err := c.hub.store.LastOutput(ctx)
		if err != nil {
			return err
		}
		c.output = last
		stop, rings := c.hub.ringsOf(ctx, "output")
		defer stop()
		outputs = rings
	}
	if err := c.alreadyOver(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil && !c.over {
		if withOutput {
			if err := c.sendOutput(ctx); err != nil {
				return err
			}
		}
		changed, err := c.sendEvents(ctx)
		if err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return nil // the client has gone
		}
		if c.over || changed == nil {
			continue
		}
		if err := c.wait(ctx, changed, outputs); err != nil {
			return nil
		}
	}
	return nil
}

// wait blocks until there is something to send, and keeps the line alive meanwhile.
func (c *client) wait(ctx context.Context, changed, outputs <-chan struct{}) error {
	t := time.NewTimer(heartbeat)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-outputs:
	case <-t.C:
		return c.w.Send([]byte("\n"))
	}
	return nil
}

// checkReset tells a client that comes back too late that events are missing.
func (c *client) checkReset(ctx context.Context) error {
	first, err := c.hub.store.FirstEvent(ctx)
	if err != nil || c.cursor+1 >= first && c.cursor <= c.hub.now() {
		return err
	}
	c.cursor = c.hub.now()
	fr := frame{name: "gale.reset", data: []byte(`{"reason":"events since your last one are no longer kept; read the resources again"}`)}
	c.buf = fr.append(c.buf, strconv.FormatInt(c.cursor, 10))
	return nil
}

// alreadyOver handles a stream that shall end with an execution that ended
// before the client was here: it gets that end at once and does not wait for
// an event that will never come.
func (c *client) alreadyOver(ctx context.Context) error {
	if c.filter.endID == "" {
		return nil
	}
	var e *gale.Execution
	err := c.hub.store.View(ctx, func(tx *store.Tx) (err error) {
		e, err = store.Executions.Get(tx, c.filter.endID)
		return err
	})
	if gale.KindOf(err) == gale.NotFound && err != nil {
		return nil
	}
	if err != nil || !e.Status.Final() {
		return err
	}
	event, err := lastOf(e)
	if err != nil {
		return err
	}
	frames, err := c.hub.renderExecution(event)
	if err != nil {
		return err
	}
	if c.filter.wantsOutput() {
		c.output = 0
		if err := c.sendOutputOf(ctx, e.ID); err != nil {
			return err
		}
	}
	for i := range frames {
		if c.filter.wants(&frames[i]) {
			c.buf = frames[i].append(c.buf, "")
		}
	}
	c.over = true
	return c.flush()
}

// sendEvents sends what has come since the cursor. changed is nil when there may be more.
func (c *client) sendEvents(ctx context.Context) (changed <-chan struct{}, err error) {
	events, changed, behind := c.hub.after(c.cursor)
	if behind {
		if events, err = c.hub.catchUp(ctx, c.cursor); err != nil {
			return nil, err
		}
	}
	for _, e := range events {
		frames := c.hub.frames(e)
		for i := range frames {
			if c.filter.wants(&frames[i]) {
				c.buf = frames[i].append(c.buf, strconv.FormatInt(e.Seq, 10))
			}
			if c.filter.ends(&frames[i]) {
				c.over = true
			}
		}
		c.cursor = e.Seq
		if c.over {
			break
		}
	}
	if len(events) > 0 {
		return nil, nil
	}
	return changed, nil
}

// sendOutput sends new output of the executions asked for. It runs before
// sendEvents, and output is stored before an execution's end is: so a client
// has all output before it hears of the end.
func (c *client) sendOutput(ctx context.Context) error {
	for {
		chunks, err := c.hub.store.Output(ctx, "", nil, c.output, outputPage)
		if err != nil {
			return err
		}
		if err := c.addOutput(chunks); err != nil {
			return err
		}
		if len(chunks) < outputPage {
			return nil
		}
	}
}

func (c *client) sendOutputOf(ctx context.Context, execution string) error {
	for {
		chunks, err := c.hub.store.Output(ctx, execution, nil, c.output, outputPage)
		if err != nil {
			return err
		}
		if err := c.addOutput(chunks); err != nil || len(chunks) < outputPage {
			return err
		}
	}
}

func (c *client) addOutput(chunks []gale.OutputChunk) error {
	for i := range chunks {
		fr, err := outputFrame(&chunks[i])
		if err != nil {
			return err
		}
		if c.filter.wants(&fr) {
			c.buf = fr.append(c.buf, "")
		}
		c.output = chunks[i].Seq
	}
	return nil
}

func (c *client) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	err := c.w.Send(c.buf)
	c.buf = c.buf[:0]
	return err
}

// output serves GET /executions/{id}/output of the stream service: what the
// execution has printed, then what it prints, then EOF when it has ended.
func (h *Hub) output(req *httpapi.Request) (*httpapi.Response, error) {
	var e *gale.Execution
	err := h.store.View(req.Context(), func(tx *store.Tx) (err error) {
		e, err = findExecution(tx, req.String("id"))
		return err
	})
	if err != nil {
		return nil, err
	}
	var types []string
	if t := req.String("output_type"); t != "" && t != "all" {
		types = []string{t}
	}
	return &httpapi.Response{Stream: func(ctx context.Context, w *httpapi.StreamWriter) error {
		return h.follow(ctx, w, e.ID, types)
	}}, nil
}

func findExecution(tx *store.Tx, id string) (*gale.Execution, error) {
	if id != "last" {
		e, err := store.Executions.Get(tx, id)
		if err != nil && gale.KindOf(err) == gale.NotFound {
			return nil, httpapi.Errorf(http.StatusNotFound, "Unable to identify resource with id %q.", id)
		}
		return e, err
	}
	found, err := store.Executions.Find(tx, store.Query{Order: []string{"-id"}, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, gale.Errorf(gale.Invalid, "No executions found")
	}
	return found[0], nil
}

func (h *Hub) follow(ctx context.Context, w *httpapi.StreamWriter, id string, types []string) error {
	stop, rings := h.ringsOf(ctx, "output", "event")
	defer stop()
	var after int64
	var buf []byte
	for ctx.Err() == nil {
		done, err := h.settled(ctx, id) // before the output is read: what ended has stored all of it
		if err != nil {
			return err
		}
		chunks, err := h.store.Output(ctx, id, types, after, outputPage)
		if err != nil {
			return err
		}
		buf = buf[:0]
		for i := range chunks {
			fr, err := outputFrame(&chunks[i])
			if err != nil {
				return err
			}
			buf = fr.append(buf, "")
			after = chunks[i].Seq
		}
		more := len(chunks) == outputPage
		if done && !more {
			buf = append(buf, "event: EOF\ndata: ''\n\n"...)
		}
		if len(buf) > 0 {
			if err := w.Send(buf); err != nil {
				return nil
			}
		}
		if done && !more {
			return nil
		}
		if !more {
			select {
			case <-ctx.Done():
			case <-rings:
			}
		}
	}
	return nil
}

// settled reports whether an execution prints nothing more for now.
func (h *Hub) settled(ctx context.Context, id string) (bool, error) {
	var done bool
	err := h.store.View(ctx, func(tx *store.Tx) error {
		e, err := store.Executions.Get(tx, id)
		if err != nil {
			return err
		}
		done = e.Status.Final() || e.Status == gale.Pausing || e.Status == gale.Resuming
		return nil
	})
	if err != nil && gale.KindOf(err) == gale.NotFound {
		return true, nil
	}
	return done, err
}

// ringsOf turns doorbells into a channel that is sent to at every ring, and
// once a second in case a ring was lost.
func (h *Hub) ringsOf(ctx context.Context, topics ...string) (stop func(), rings <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	ch := make(chan struct{}, 1)
	for _, topic := range topics {
		bell := h.bus.Subscribe(topic)
		go func() {
			defer bell.Close()
			for ctx.Err() == nil {
				bell.Wait(ctx, outputPoll)
				select {
				case ch <- struct{}{}:
				default:
				}
			}
		}()
	}
	return cancel, ch
}

// lastOf builds the event that told of an execution's present state.
func lastOf(e *gale.Execution) (*store.Event, error) {
	body, err := execution.EventBody(e)
	if err != nil {
		return nil, fmt.Errorf("execution %s: %w", e.ID, err)
	}
	return &store.Event{Topic: execution.Topic, Kind: "update", Key: e.ID, Body: body}, nil
}
