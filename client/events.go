package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/galehq/gale/py"
)

// Event is one message of an event stream.
type Event struct {
	ID   string // place in the stream, to go on from; empty when the server has none
	Name string // st2.execution__update …
	Data []byte
}

// Value reads the data as a document.
func (e Event) Value() (any, error) { return py.DecodeJSON(e.Data) }

// EventFilter says which events to listen to.
type EventFilter struct {
	Path           string   // default "/stream"
	Names          []string // event names or shell patterns; empty: the server's default set
	ActionRefs     []string
	ExecutionIDs   []string
	EndEvent       string // with EndExecutionID: the server ends the stream behind that execution's last event
	EndExecutionID string
	After          string // id of the last event seen
	OutputType     string // for /executions/<id>/output
	Opened         func() // called once, when the server has accepted the first connection
}

func (f *EventFilter) request() Request {
	path := f.Path
	if path == "" {
		path = "/stream"
	}
	r := Request{Service: Stream, Path: path, Header: http.Header{"Accept": {"text/event-stream"}}}
	r.Query = Query("events", strings.Join(f.Names, ","), "action_refs", strings.Join(f.ActionRefs, ","),
		"execution_ids", strings.Join(f.ExecutionIDs, ","), "end_event", f.EndEvent,
		"end_execution_id", f.EndExecutionID, "output_type", f.OutputType)
	if f.After != "" {
		r.Header.Set("Last-Event-ID", f.After)
	}
	return r
}

// silence is how long a stream may say nothing: the server's heartbeat is a
// line every 25 seconds.
const silence = 90 * time.Second

// Events listens to a stream. A connection that breaks is made again, behind
// the last event that had an id; after five vain attempts in a row the error
// is yielded, with a zero Event. The sequence ends without an error when the
// server closes a stream that was to end, and with the end of ctx.
func (c *Client) Events(ctx context.Context, f EventFilter) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := &listener{c: c, filter: f, yield: yield, pause: 200 * time.Millisecond}
		for vain := 0; ; {
			delivered, err := s.connect(ctx)
			if delivered {
				vain = 0
			}
			if s.stopped || ctx.Err() != nil || err == nil && s.ends() {
				return
			}
			var refused *Error
			if vain++; errors.As(err, &refused) && refused.Status < 500 || vain == 5 && err != nil {
				yield(Event{}, err)
				return
			}
			if sleep(ctx, s.pause<<min(vain-1, 5)) != nil {
				return
			}
		}
	}
}

// listener is one call of Events across its connections.
type listener struct {
	c       *Client
	filter  EventFilter
	yield   func(Event, error) bool
	pause   time.Duration
	stopped bool // the caller has enough
}

// ends reports whether a closed stream is over, rather than broken.
func (s *listener) ends() bool { return s.filter.EndEvent != "" || s.filter.Path != "" }

// connect opens the stream and delivers its events until it breaks.
func (s *listener) connect(ctx context.Context) (delivered bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := s.filter.request()
	req, err := s.c.request(ctx, r, nil)
	if err != nil {
		return false, err
	}
	resp, err := s.c.http.Do(req)
	if err != nil {
		err = s.c.unreachable(ctx, r, err)
		s.c.observe(Exchange{Request: req, Err: err})
		return false, err
	}
	defer resp.Body.Close()
	if err := s.accept(req, resp); err != nil {
		return false, err
	}
	in := newEventReader(resp.Body)
	if s.filter.Path == "" { // other streams have no heartbeat
		watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
		defer watchdog.Stop()
		in.onLine = func() { watchdog.Reset(silence) }
	}
	for {
		ev, err := in.next()
		switch {
		case err == io.EOF:
			return delivered, nil
		case err != nil:
			return delivered, s.c.unreachable(ctx, r, err)
		}
		delivered = true
		if ev.ID != "" {
			s.filter.After = ev.ID
		}
		if !s.yield(ev, nil) {
			s.stopped = true
			return true, nil
		}
	}
}

// accept checks the head of the answer.
func (s *listener) accept(req *http.Request, resp *http.Response) error {
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(kind, "text/event-stream") {
		s.c.observe(Exchange{Request: req, Response: resp})
		if s.filter.Opened != nil {
			s.filter.Opened()
			s.filter.Opened = nil
		}
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	s.c.observe(Exchange{Request: req, Response: resp, Answer: body})
	if resp.StatusCode < 300 {
		return &Error{Status: http.StatusNotAcceptable, Method: req.Method, URL: shown(req.URL),
			Fault: "no event stream is there (the answer is " + kind + ")"}
	}
	return errorOf(req, resp, body)
}

var errSilent = errors.New("the event stream is silent")

// maxEvent bounds one event; an execution with a large result is one line.
const maxEvent = 64 << 20

var errEventTooLong = errors.New("an event is larger than 64 MiB")

// eventReader reads text/event-stream.
type eventReader struct {
	in     *bufio.Reader
	id     string
	onLine func()
}

func newEventReader(r io.Reader) *eventReader {
	return &eventReader{in: bufio.NewReaderSize(r, 64<<10), onLine: func() {}}
}

// next returns the next complete event; one that the end of the stream cuts
// off is dropped.
func (r *eventReader) next() (Event, error) {
	var ev Event
	var data []byte
	some := false
	for {
		line, err := r.line()
		if err != nil {
			return Event{}, err
		}
		r.onLine()
		if len(line) == 0 {
			if some {
				ev.ID, ev.Data = r.id, bytes.TrimSuffix(data, []byte("\n"))
				return ev, nil
			}
			ev = Event{}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			ev.Name = string(value)
		case "data":
			some = true
			if len(data)+len(value) > maxEvent {
				return Event{}, errEventTooLong
			}
			data = append(append(data, value...), '\n')
		case "id":
			r.id = string(value)
		}
	}
}

// line reads one line without its end, which is \n or \r\n.
func (r *eventReader) line() ([]byte, error) {
	var long []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(long)+len(part) > maxEvent {
			return nil, errEventTooLong
		}
		switch {
		case err == bufio.ErrBufferFull:
			long = append(long, part...)
			continue
		case err != nil:
			return nil, err
		}
		line := bytes.TrimSuffix(part, []byte("\n"))
		if long != nil {
			line = append(long, line...)
		}
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
}
