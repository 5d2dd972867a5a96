package stream_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	apidoc "github.com/galehq/gale/api"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/internal/stream"
	"github.com/galehq/gale/py"
)

// fixture is a server of the stream over a store.
type fixture struct {
	*testing.T
	st  *store.Store
	hub *stream.Hub
	url string
}

// onAll runs a test on both kinds of store, with a bus that works and with one
// that delivers nothing.
func onAll(t *testing.T, test func(f *fixture)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		for _, bells := range []bus.Bus{bus.NewLocal(), bus.Dropping{}} {
			if _, silent := bells.(bus.Dropping); silent {
				name += ", no doorbells"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := &fixture{T: t, st: b.Open(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }})}
				f.hub, f.url = f.serve(bells)
				test(f)
			})
		}
	}
}

// serve starts a hub and a server for it, as each process has one.
func (f *fixture) serve(b bus.Bus) (*stream.Hub, string) {
	f.Helper()
	hub := stream.NewHub(f.st, b, slog.New(slog.DiscardHandler))
	doc, err := httpapi.ParseDocument(apidoc.Document)
	if err != nil {
		f.Fatal(err)
	}
	handlers := hub.Handlers()
	for _, op := range doc.Operations {
		if handlers[op.ID] == nil {
			handlers[op.ID] = func(*httpapi.Request) (*httpapi.Response, error) { return &httpapi.Response{}, nil }
		}
	}
	h, err := httpapi.New(doc, httpapi.Config{Handlers: handlers, Anonymous: &httpapi.Identity{User: "ada", Admin: true}})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := hub.Run(ctx); err != nil {
			f.Errorf("hub: %v", err)
		}
	}()
	server := httptest.NewServer(h)
	f.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		cancel()
		<-done
	})
	return hub, server.URL
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

// emit writes an announcement, whose body is what a client sees.
func (f *fixture) emit(words ...string) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		for _, w := range words {
			tx.Emit(store.Event{Topic: "announcement", Kind: "general", Key: w, Body: []byte(`{"payload":"` + w + `"}`)})
		}
		return nil
	})
}

func (f *fixture) execution(action string) *gale.Execution {
	f.Helper()
	e := &gale.Execution{ActionRef: action, RunnerName: "fake", Parameters: py.NewDict(0), Context: py.NewDict(0)}
	f.update(func(tx *store.Tx) error {
		e.ID = ""
		return execution.Insert(tx, e)
	})
	return e
}

// finish ends an execution with what a run does.
func (f *fixture) finish(e *gale.Execution) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		_, _, err := execution.Begin(tx, e.ID, gale.RunnerInfo{Hostname: "h"})
		return err
	})
	f.update(func(tx *store.Tx) error {
		_, _, err := execution.Finish(tx, e.ID, execution.Outcome{Status: gale.Succeeded, Result: py.DictOf("n", int64(1))})
		return err
	})
}

func (f *fixture) print(e *gale.Execution, lines ...string) {
	f.Helper()
	var chunks []gale.OutputChunk
	for _, l := range lines {
		chunks = append(chunks, gale.OutputChunk{ExecutionID: e.ID, ActionRef: e.ActionRef, RunnerRef: "fake", Type: "stdout", Data: l})
	}
	if err := f.st.AppendOutput(f.Context(), chunks); err != nil {
		f.Fatal(err)
	}
}

// frame is one server-sent event as a client reads it.
type frame struct{ id, event, data string }

func (fr frame) field(name string) string {
	v, err := py.DecodeJSON([]byte(fr.data))
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		return ""
	}
	x, _ := d.GetString(name)
	return py.Str(x)
}

// connection is a client.
type connection struct {
	f      *fixture
	cancel context.CancelFunc
	body   *bufio.Reader
	header http.Header
}

// get opens a path of the stream service; lastID resumes after an event.
func (f *fixture) get(path string, query url.Values, lastID string) *connection {
	f.Helper()
	return f.getFrom(f.url, path, query, lastID)
}

func (f *fixture) getFrom(base, path string, query url.Values, lastID string) *connection {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/stream/v1"+path+"?"+query.Encode(), nil)
	if err != nil {
		f.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { cancel(); resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		f.Fatalf("%s: got status %s", path, resp.Status)
	}
	c := &connection{f: f, cancel: cancel, body: bufio.NewReader(resp.Body), header: resp.Header}
	if first, err := c.body.ReadString('\n'); err != nil || first != "\n" {
		f.Fatalf("%s: got %q, %v first; want an empty line, so that clients see the headers", path, first, err)
	}
	return c
}

// next returns the next frame; ok is false when the stream has ended.
func (c *connection) next() (fr frame, ok bool) {
	c.f.Helper()
	for {
		line, err := c.body.ReadString('\n')
		if err != nil {
			return fr, false
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "id":
			fr.id = value
		case "event":
			fr.event = value
		case "data":
			fr.data = value
		case "":
			if fr.event != "" {
				return fr, true
			}
		}
	}
}

// take returns the next n frames.
func (c *connection) take(n int) []frame {
	c.f.Helper()
	var list []frame
	for len(list) < n {
		fr, ok := c.next()
		if !ok {
			c.f.Fatalf("the stream ended after %d frames, want %d", len(list), n)
		}
		list = append(list, fr)
	}
	return list
}

// rest returns all frames up to the end of the stream.
func (c *connection) rest() (list []frame) {
	c.f.Helper()
	for {
		fr, ok := c.next()
		if !ok {
			return list
		}
		list = append(list, fr)
	}
}

func names(frames []frame) string {
	var list []string
	for _, fr := range frames {
		list = append(list, strings.TrimPrefix(fr.event, "st2."))
	}
	return strings.Join(list, " ")
}

func payloads(frames []frame) string {
	var list []string
	for _, fr := range frames {
		list = append(list, fr.field("payload"))
	}
	return strings.Join(list, " ")
}
