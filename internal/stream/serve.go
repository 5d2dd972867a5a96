package stream

import (
	"context"
	"errors"
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

// bufferSize is how many bytes are gathered for a client before they are sent.
const bufferSize = 256 << 10

// followPause is how long one who follows an execution rests between two
// looks: the bell rings for every event of the system.
const followPause = 20 * time.Millisecond

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
	hub        *Hub
	w          *httpapi.StreamWriter
	filter     *filter
	cursor     int64 // seq of the last event dealt with
	withOutput bool
	output     int64              // seq of the last chunk of output dealt with
	early      map[int64]struct{} // chunks behind it that were sent already
	buf        []byte
	over       bool
}

// errGone says that the client does not listen any more.
var errGone = errors.New("the client has gone")

func (c *client) run(ctx context.Context, resume bool) error {
	err := c.hub.wait(ctx)
	if err == nil {
		err = c.follow(ctx, resume)
	}
	if errors.Is(err, errGone) || ctx.Err() != nil {
		return nil
	}
	return err
}

func (c *client) follow(ctx context.Context, resume bool) error {
	if !resume {
		c.cursor = c.hub.now()
	}
	// From the first byte on nothing is missed; so all cursors are set before.
	stop, outputs, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	ended, err := c.ended(ctx)
	if err != nil {
		return err
	}
	if err := c.send([]byte("\n")); err != nil {
		return err
	}
	if resume {
		if err := c.checkReset(ctx); err != nil {
			return err
		}
	}
	if ended != nil {
		return c.sendEnded(ctx, ended)
	}
	for ctx.Err() == nil && !c.over {
		last := c.hub.over()
		changed, err := c.sendEvents(ctx)
		if err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
		if c.over || changed == nil {
			continue
		}
		if last {
			return nil
		}
		if err := c.wait(ctx, changed, outputs); err != nil {
			return err
		}
	}
	return nil
}

// listen begins to hear of output, if the client wants any.
func (c *client) listen(ctx context.Context) (stop func(), rings <-chan struct{}, err error) {
	if c.withOutput = c.filter.wantsOutput(); !c.withOutput {
		return func() {}, nil, nil
	}
	stop, rings = c.hub.ringsOf(ctx, store.OutputTopic)
	c.output, err = c.hub.store.LastOutput(ctx)
	return stop, rings, err
}

// wait blocks until there is something to send, and keeps the line alive meanwhile.
func (c *client) wait(ctx context.Context, changed, outputs <-chan struct{}) error {
	t := time.NewTimer(heartbeat)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-c.hub.ended:
	case <-changed:
	case <-outputs:
	case <-t.C:
		return c.send([]byte("\n"))
	}
	return nil
}

// checkReset tells a client that comes back too late that events are missing.
// Another process may have told it of events that this one has yet to read.
func (c *client) checkReset(ctx context.Context) error {
	first, err := c.hub.store.FirstEvent(ctx)
	if err != nil {
		return err
	}
	last, err := c.hub.store.LastEvent(ctx)
	if err != nil || c.cursor+1 >= first && c.cursor <= last {
		return err
	}
	c.cursor = last
	fr := frame{name: "gale.reset", data: []byte(`{"reason":"events since your last one are no longer kept; read the resources again"}`)}
	c.buf = fr.append(c.buf, strconv.FormatInt(c.cursor, 10))
	return c.flush()
}

// ended returns the execution whose end shall end the stream, if that has
// ended already; else nil.
func (c *client) ended(ctx context.Context) (*gale.Execution, error) {
	if c.filter.endID == "" {
		return nil, nil
	}
	var e *gale.Execution
	err := c.hub.store.View(ctx, func(tx *store.Tx) (err error) {
		e, err = store.Executions.Get(tx, c.filter.endID)
		return err
	})
	if err != nil && gale.KindOf(err) == gale.NotFound {
		return nil, nil
	}
	if err != nil || !e.Status.Final() {
		return nil, err
	}
	return e, nil
}

// sendEnded serves a client that came after the end it waits for: it gets all
// that the execution has printed, the events that it has missed and then that
// end, and does not wait for an event that will never come.
func (c *client) sendEnded(ctx context.Context, e *gale.Execution) error {
	if c.withOutput {
		c.output = 0
		if err := c.sendOutputOf(ctx, e.ID); err != nil {
			return err
		}
		c.withOutput = false
	}
	if err := c.replay(ctx); err != nil {
		return err
	}
	if !c.over {
		event, err := lastOf(e)
		if err != nil {
			return err
		}
		frames, err := c.hub.renderExecution(ctx, event)
		if err != nil {
			return err
		}
		for i := range frames {
			if c.filter.wants(&frames[i]) {
				c.buf = frames[i].append(c.buf, "")
			}
		}
	}
	return c.flush()
}

// replay sends the events that are in the log now, up to the end of the stream.
func (c *client) replay(ctx context.Context) error {
	last, err := c.hub.store.LastEvent(ctx)
	for err == nil && c.cursor < last && !c.over {
		var events []*event
		if events, err = c.hub.catchUp(ctx, c.cursor); err != nil || len(events) == 0 {
			return err
		}
		for i := 0; err == nil && i < len(events) && !c.over; i++ {
			err = c.sendEvent(ctx, events[i])
		}
	}
	return err
}

// sendEvents sends what has come since the cursor, and all output that was
// stored before it. changed is nil when there may be more.
func (c *client) sendEvents(ctx context.Context) (changed <-chan struct{}, err error) {
	events, changed, behind := c.hub.after(c.cursor)
	if behind {
		if events, err = c.hub.catchUp(ctx, c.cursor); err != nil {
			return nil, err
		}
	}
	// An execution's output is stored before its end is. So output is read
	// after the events were taken and sent before them: a client has all of
	// it before it hears of the end.
	if c.withOutput {
		if err := c.sendOutput(ctx); err != nil {
			return nil, err
		}
	}
	for i, e := range events {
		if err := c.sendEvent(ctx, e); err != nil {
			return nil, err
		}
		if behind {
			events[i] = nil // its frames are for nobody else, and a slow client makes them wait
		}
		if c.over {
			break
		}
	}
	if len(events) > 0 {
		return nil, nil
	}
	return changed, nil
}

func (c *client) sendEvent(ctx context.Context, e *event) error {
	frames, err := c.hub.frames(ctx, e)
	if err != nil {
		return err
	}
	if c.withOutput && len(frames) > 0 && frames[0].final {
		if err := c.sendOutputOf(ctx, frames[0].execution); err != nil {
			return err
		}
	}
	for i := range frames {
		if c.filter.wants(&frames[i]) {
			c.buf = frames[i].append(c.buf, strconv.FormatInt(e.Seq, 10))
		}
		if c.filter.ends(&frames[i]) {
			c.over = true
		}
	}
	c.cursor = e.Seq
	return c.flushFull()
}

// sendOutput sends new output of the executions asked for.
func (c *client) sendOutput(ctx context.Context) error {
	for {
		chunks, err := c.hub.store.Output(ctx, "", nil, c.output, outputPage)
		if err != nil {
			return err
		}
		for i := range chunks {
			c.output = chunks[i].Seq
			if _, sent := c.early[c.output]; sent {
				delete(c.early, c.output)
				continue
			}
			if err := c.addOutput(&chunks[i]); err != nil {
				return err
			}
		}
		if len(chunks) < outputPage {
			return nil
		}
	}
}

// sendOutputOf sends what is left of an ended execution's output. On
// PostgreSQL the log of all output may stop before it, because of a
// transaction of somebody else's that still runs.
func (c *client) sendOutputOf(ctx context.Context, execution string) error {
	if len(c.filter.executions) > 0 && !contains(c.filter.executions, execution) {
		return nil
	}
	for after := c.output; ; {
		chunks, err := c.hub.store.Output(ctx, execution, nil, after, outputPage)
		if err != nil {
			return err
		}
		for i := range chunks {
			after = chunks[i].Seq
			if _, sent := c.early[after]; sent {
				continue
			}
			if err := c.addOutput(&chunks[i]); err != nil {
				return err
			}
			if c.early == nil {
				c.early = map[int64]struct{}{}
			}
			c.early[after] = struct{}{}
		}
		if len(chunks) < outputPage {
			return nil
		}
	}
}

func (c *client) addOutput(chunk *gale.OutputChunk) error {
	fr, err := outputFrame(chunk)
	if err != nil {
		return err
	}
	if c.filter.wants(&fr) {
		c.buf = fr.append(c.buf, "")
	}
	return c.flushFull()
}

// flushFull sends what has gathered once it is enough to be worth it, so that
// a client that is far behind needs little memory.
func (c *client) flushFull() error {
	if len(c.buf) < bufferSize {
		return nil
	}
	return c.flush()
}

func (c *client) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	err := c.send(c.buf)
	c.buf = c.buf[:0]
	return err
}

func (c *client) send(data []byte) error {
	if err := c.w.Send(data); err != nil {
		return errGone
	}
	return nil
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
	stop, rings := h.ringsOf(ctx, store.OutputTopic+":"+id, store.EventTopic)
	defer stop()
	if err := w.Send([]byte("\n")); err != nil {
		return nil
	}
	var after int64
	silent := time.Now()
	for ctx.Err() == nil {
		ending := h.over()
		done, err := h.settled(ctx, id) // before the output is read: what ended has stored all of it
		if err != nil {
			return err
		}
		buf, last, more, err := h.outputPage(ctx, id, types, after)
		if err != nil {
			return err
		}
		after = last
		switch {
		case done && !more:
			_ = w.Send(append(buf, "event: EOF\ndata: ''\n\n"...))
			return nil
		case len(buf) == 0 && time.Since(silent) >= heartbeat:
			buf = append(buf, '\n')
		}
		if len(buf) > 0 {
			if err := w.Send(buf); err != nil {
				return nil
			}
			silent = time.Now()
		}
		if !more && ending {
			return nil
		}
		if !more {
			select {
			case <-ctx.Done():
			case <-h.ended:
			case <-rings:
				pause(ctx, followPause)
			}
		}
	}
	return nil
}

// outputPage returns the frames of the next output of an execution; last is
// the cursor behind it, and more says that there may be further output now.
func (h *Hub) outputPage(ctx context.Context, id string, types []string, after int64) (buf []byte, last int64, more bool, err error) {
	chunks, err := h.store.Output(ctx, id, types, after, outputPage)
	if err != nil {
		return nil, after, false, err
	}
	for i := range chunks {
		fr, err := outputFrame(&chunks[i])
		if err != nil {
			return nil, after, false, err
		}
		buf, after = fr.append(buf, ""), chunks[i].Seq
	}
	return buf, after, len(chunks) == outputPage, nil
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
