package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Login trades a name and a password for a token (an object with user, token
// and expiry). A ttl of 0 asks for the server's default.
func (c *Client) Login(ctx context.Context, user, password string, ttl time.Duration) (*py.Dict, error) {
	body := py.NewDict(1)
	if ttl > 0 {
		body.Set("ttl", int64(ttl/time.Second))
	}
	return c.object(ctx, Request{Method: http.MethodPost, Service: Auth, Path: "/tokens", Body: body,
		Basic: url.UserPassword(user, password)})
}

// WhoAmI returns the user whom the credentials belong to.
func (c *Client) WhoAmI(ctx context.Context) (*py.Dict, error) { return c.Get(ctx, "/user", nil) }

// Version returns the version of the server.
func (c *Client) Version(ctx context.Context) (string, error) {
	d, err := c.Get(ctx, "/", nil)
	return String(d, "version"), err
}

// RunRequest asks for one run of an action.
type RunRequest struct {
	Action     string // its reference
	Parameters *py.Dict
	User       string        // run in the name of; empty: who asks
	Delay      time.Duration // before it is scheduled; whole milliseconds
	TraceTag   string
	TraceID    string
}

func (r RunRequest) body() *py.Dict {
	d := py.DictOf("action", r.Action, "parameters", r.Parameters, "user", nil)
	if r.Parameters == nil {
		d.Set("parameters", py.NewDict(0))
	}
	if r.User != "" {
		d.Set("user", r.User)
	}
	if r.Delay > 0 {
		d.Set("delay", r.Delay.Milliseconds())
	}
	switch {
	case r.TraceID != "":
		d.Set("context", py.DictOf("trace_context", py.DictOf("id_", r.TraceID)))
	case r.TraceTag != "":
		d.Set("context", py.DictOf("trace_context", py.DictOf("trace_tag", r.TraceTag)))
	}
	return d
}

// Run requests a run and returns the execution as it was made.
func (c *Client) Run(ctx context.Context, r RunRequest) (*py.Dict, error) {
	return c.Post(ctx, "/executions", r.body())
}

// Execution reads an execution; the id "last" is the newest one.
func (c *Client) Execution(ctx context.Context, id string) (*py.Dict, error) {
	return c.Get(ctx, Path("executions", id), nil)
}

// Children reads the executions below one, depth first; a depth of -1 is all.
func (c *Client) Children(ctx context.Context, id, depth string) ([]*py.Dict, error) {
	page, err := c.List(ctx, Path("executions", id, "children"), Query("depth", depth))
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}

// Cancel asks an execution to end. refused is the server's reason when there
// is nothing to cancel.
func (c *Client) Cancel(ctx context.Context, id string) (refused string, err error) {
	d, err := c.Delete(ctx, Path("executions", id), nil, nil)
	return String(d, "faultstring"), err
}

// SetStatus asks for a change of an execution, such as "pausing" or "resuming".
func (c *Client) SetStatus(ctx context.Context, id string, s gale.Status) (*py.Dict, error) {
	return c.Put(ctx, Path("executions", id), py.DictOf("status", string(s)))
}

// StatusOf returns where an execution stands.
func StatusOf(execution *py.Dict) gale.Status { return gale.Status(String(execution, "status")) }

// Resting reports whether nothing more happens in an execution by itself soon:
// it has ended, is held back, or waits for somebody.
func Resting(s gale.Status) bool {
	switch s {
	case gale.Requested, gale.Scheduled, gale.Running, gale.Canceling:
		return false
	}
	return true
}

// Wait returns the execution as soon as it is Resting. It listens to the event
// stream and, since a stream may be cut by what is in between, also looks by
// itself, soon at first and later every two seconds (every ten while the
// stream is up).
func (c *Client) Wait(ctx context.Context, id string) (*py.Dict, error) {
	listening, stop := context.WithCancel(ctx)
	defer stop()
	rung, up := c.bell(listening, id)
	most := 2 * time.Second
	for pause := 20 * time.Millisecond; ; pause = min(pause*2, most) {
		e, err := c.Execution(ctx, id)
		if err != nil || Resting(StatusOf(e)) {
			return e, err
		}
		t := time.NewTimer(pause)
		select {
		case <-up:
			t.Stop()
			up, most = nil, 10*time.Second
			continue // what happened before the stream was up
		case <-rung:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		}
		t.Stop()
	}
}

// bell listens to the events of one execution. rung gets a value when it may
// be resting, up is closed once the stream delivers.
func (c *Client) bell(ctx context.Context, id string) (rung <-chan struct{}, up chan struct{}) {
	ring := make(chan struct{}, 1)
	up = make(chan struct{})
	if c.cfg.Stream == "" {
		return ring, up
	}
	go func() {
		opened := func() { close(up) }
		filter := EventFilter{Names: []string{"st2.execution__update"}, ExecutionIDs: []string{id},
			EndEvent: "st2.execution__update", EndExecutionID: id, Opened: opened}
		for ev, err := range c.Events(ctx, filter) {
			if err != nil {
				return
			}
			if v, err := ev.Value(); err == nil {
				if d, ok := v.(*py.Dict); ok && ID(d) == id && !Resting(StatusOf(d)) {
					continue
				}
			}
			select {
			case ring <- struct{}{}:
			default:
			}
		}
	}()
	return ring, up
}

// PackFile reads one file of a pack.
func (c *Client) PackFile(ctx context.Context, pack string, segments ...string) ([]byte, error) {
	resp, err := c.Do(ctx, Request{Path: "/packs/views/file" + Path(append([]string{pack}, segments...)...)})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// NotFound reports whether err says that the thing asked for does not exist.
func NotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind() == gale.NotFound
}
