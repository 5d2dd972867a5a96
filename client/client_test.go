package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// serve starts a server for one test and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return New(Config{API: srv.URL + "/api/v1/", Auth: srv.URL + "/auth/v1", Stream: srv.URL + "/stream/v1"})
}

func TestCredentialsAreSentAsHeaders(t *testing.T) {
	tests := []struct {
		name   string
		cfg    Config
		header string
		want   string
	}{
		{"a token", Config{Token: "t", APIKey: "k"}, "X-Auth-Token", "t"},
		{"an API key without a token", Config{APIKey: "k"}, "St2-Api-Key", "k"},
		{"no API key beside a token", Config{Token: "t", APIKey: "k"}, "St2-Api-Key", ""},
		{"basic auth for a proxy", Config{Token: "t", BasicAuth: "u:p"}, "Authorization", "Basic dTpw"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get(tt.header)
				io.WriteString(w, "{}")
			}))
			defer srv.Close()
			tt.cfg.API = srv.URL
			if _, err := New(tt.cfg).Get(t.Context(), "/user", nil); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.header, got, tt.want)
			}
		})
	}
}

func TestRefusalsAreErrors(t *testing.T) {
	tests := []struct {
		name     string
		status   int
		body     string
		want     string
		kind     gale.Kind
		conflict string
	}{
		{"faultstring", 400, `{"faultstring": "'cmd' is a required property"}`, "'cmd' is a required property", gale.Invalid, ""},
		{"conflict", 409, `{"faultstring": "duplicate", "conflict-id": "abc"}`, "duplicate", gale.Conflict, "abc"},
		{"not found", 404, `{"faultstring": "nope"}`, "nope", gale.NotFound, ""},
		{"a proxy's page", 502, "<html>bad gateway</html>", "the server answered 502 Bad Gateway", gale.Unavailable, ""},
		{"a proxy's sentence", 503, "try later", "try later", gale.Unavailable, ""},
		{"no body", 500, "", "the server answered 500 Internal Server Error", gale.Internal, ""},
		{"nobody", 401, `{"faultstring": "Unauthorized"}`, "Unauthorized", gale.Unauthenticated, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := c.Get(t.Context(), "/x", nil)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Error() != tt.want || e.Kind() != tt.kind || e.ConflictID != tt.conflict || e.Status != tt.status {
				t.Errorf("got %q %v %q %d, want %q %v %q %d", e, e.Kind(), e.ConflictID, e.Status, tt.want, tt.kind, tt.conflict, tt.status)
			}
		})
	}
}

func TestErrorsDoNotShowCredentialsOfTheURL(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) })
	_, err := c.Get(t.Context(), "/x", url.Values{"st2-api-key": {"hush"}})
	var e *Error
	if !errors.As(err, &e) || strings.Contains(e.URL, "hush") {
		t.Errorf("got %v with URL %q, want the key masked", err, e.URL)
	}
	down := New(Config{API: "http://127.0.0.1:1"})
	_, err = down.Value(t.Context(), Request{Method: "POST", Path: "/x", Query: url.Values{"st2-api-key": {"hush"}}})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want an error without the key", err)
	}
}

func TestRedirectionToAnotherHostIsNotFollowed(t *testing.T) {
	asked := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer thief.Close()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief.URL+"/x", http.StatusFound) })
	c.cfg.Token = "t"
	_, err := c.Get(t.Context(), "/x", nil)
	if !IsStatus(err, http.StatusFound) || asked {
		t.Errorf("got %v, other host asked: %v; want a 302 error and no request", err, asked)
	}
}

func TestOnlyGetIsTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		method string
		want   int32
	}{{"GET", 3}, {"POST", 1}, {"PUT", 1}, {"DELETE", 1}} {
		var tries atomic.Int32
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		})
		c.http.Transport.(*http.Transport).DisableKeepAlives = true // net/http retries on kept connections by itself
		_, err := c.Value(t.Context(), Request{Method: tt.method, Path: "/x"})
		var down *Unreachable
		if !errors.As(err, &down) || tries.Load() != tt.want {
			t.Errorf("%s: got %v after %d tries, want *Unreachable after %d", tt.method, err, tries.Load(), tt.want)
		}
	}
}

func TestEndOfContextIsTheError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Get(ctx, "/x", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestAllGoesThroughPages(t *testing.T) {
	var offsets []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		offsets = append(offsets, r.URL.Query().Get("offset"))
		w.Header().Set("X-Total-Count", "5")
		w.Header().Set("X-Limit", "2")
		from := 0
		fmt.Sscan(r.URL.Query().Get("offset"), &from)
		var items []string
		for i := from; i < min(from+2, 5); i++ {
			items = append(items, fmt.Sprintf(`{"id":"%d"}`, i))
		}
		io.WriteString(w, "["+strings.Join(items, ",")+"]")
	})
	var ids []string
	for d, err := range c.All(t.Context(), "/packs", Query("limit", "2", "pack", "")) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ID(d))
	}
	if got, want := strings.Join(ids, ""), "01234"; got != want {
		t.Errorf("got ids %s, want %s", got, want)
	}
	if want := []string{"", "2", "4"}; !slices.Equal(offsets, want) {
		t.Errorf("got offsets %q, want %q", offsets, want)
	}
}

func TestAListThatIsNoneSaysSo(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"version": "1"}`) })
	_, err := c.List(t.Context(), "/rules", nil)
	if err == nil || !strings.Contains(err.Error(), "is this the address of the API?") {
		t.Errorf("got %v, want advice about the address", err)
	}
}

func TestPathEscapesSegments(t *testing.T) {
	if got, want := Path("keys", "a/b c?"), "/keys/a%2Fb%20c%3F"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRunSendsWhatTheAPIExpects(t *testing.T) {
	tests := []struct {
		name string
		r    RunRequest
		want string
	}{
		{"nothing but the action", RunRequest{Action: "core.noop"}, `{"action":"core.noop","parameters":{},"user":null}`},
		{"all", RunRequest{Action: "a.b", Parameters: py.DictOf("x", int64(1)), User: "joe", Delay: 1500 * time.Millisecond, TraceTag: "t"},
			`{"action":"a.b","parameters":{"x":1},"user":"joe","delay":1500,"context":{"trace_context":{"trace_tag":"t"}}}`},
		{"a trace", RunRequest{Action: "a.b", TraceID: "i", TraceTag: "t"},
			`{"action":"a.b","parameters":{},"user":null,"context":{"trace_context":{"id_":"i"}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := py.AppendJSON(nil, tt.r.body())
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestLoginShowsThePasswordAsBasicAuth(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/auth/v1/tokens" || user != "joe" || password != "pw" || string(body) != `{"ttl":60}` {
			t.Errorf("got %s %s:%s %s", r.URL.Path, user, password, body)
		}
		if r.Header.Get("X-Auth-Token") != "" {
			t.Error("an old token was sent along")
		}
		w.WriteHeader(201)
		io.WriteString(w, `{"token": "new"}`)
	})
	c.cfg.Token = "old"
	d, err := c.Login(t.Context(), "joe", "pw", time.Minute)
	if err != nil || String(d, "token") != "new" {
		t.Errorf("got %v %v, want the token", d, err)
	}
}

// running answers like an execution that ends at the third look.
func running(looks *atomic.Int32, ends int32) string {
	status := "running"
	if looks.Add(1) >= ends {
		status = "succeeded"
	}
	return `{"id":"e1","status":"` + status + `"}`
}

func TestWaitLooksByItselfWithoutAStream(t *testing.T) {
	var looks atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/stream") {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, running(&looks, 3))
	})
	d, err := c.Wait(t.Context(), "e1")
	if err != nil || StatusOf(d) != gale.Succeeded {
		t.Errorf("got %v %v, want a succeeded execution", d, err)
	}
}

func TestWaitIsRungByTheStream(t *testing.T) {
	var looks atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/stream") {
			if got, want := r.URL.Query().Get("end_execution_id"), "e1"; got != want {
				t.Errorf("got end_execution_id %q, want %q", got, want)
			}
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "\nevent: st2.execution__update\ndata: {\"id\":\"e1\",\"status\":\"succeeded\"}\n\n")
			return
		}
		io.WriteString(w, running(&looks, 2))
	})
	if d, err := c.Wait(t.Context(), "e1"); err != nil || StatusOf(d) != gale.Succeeded {
		t.Errorf("got %v %v, want a succeeded execution", d, err)
	}
}

func TestEventsGoOnBehindTheLastOne(t *testing.T) {
	var after []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		after = append(after, r.Header.Get("Last-Event-ID"))
		w.Header().Set("Content-Type", "text/event-stream; charset=UTF-8")
		n := len(after)
		fmt.Fprintf(w, "\nid: %d\nevent: a\ndata: {\"n\":%d}\n\n", n, n)
		w.(http.Flusher).Flush()
		if n < 3 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		fmt.Fprint(w, "event: end\ndata: {}\n\n")
	})
	var names []string
	for ev, err := range c.Events(t.Context(), EventFilter{EndEvent: "end", EndExecutionID: "x"}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, ev.Name)
	}
	if want := []string{"a", "a", "a", "end"}; !slices.Equal(names, want) {
		t.Errorf("got events %q, want %q", names, want)
	}
	if want := []string{"", "1", "2"}; !slices.Equal(after, want) {
		t.Errorf("got Last-Event-ID %q, want %q", after, want)
	}
}

func TestEventsEndWithARefusal(t *testing.T) {
	tries := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		tries++
		w.WriteHeader(401)
		io.WriteString(w, `{"faultstring":"Unauthorized"}`)
	})
	for _, err := range c.Events(t.Context(), EventFilter{}) {
		if !IsStatus(err, 401) {
			t.Errorf("got %v, want 401", err)
		}
	}
	if tries != 1 {
		t.Errorf("asked %d times, want once", tries)
	}
}

func TestEventsStopWhenTheCallerHasEnough(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 10 {
			fmt.Fprint(w, "data: 1\n\n")
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	n := 0
	for range c.Events(t.Context(), EventFilter{}) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("got %d events, want 2", n)
	}
}

func TestEventFrames(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Event
	}{
		{"heartbeats are nothing", "\n\n\n", nil},
		{"one event", "event: x\ndata: {}\n\n", []Event{{Name: "x", Data: []byte("{}")}}},
		{"the id stays", "id: 7\ndata: a\n\ndata: b\n\n", []Event{{ID: "7", Data: []byte("a")}, {ID: "7", Data: []byte("b")}}},
		{"data of several lines", "data: a\ndata: b\n\n", []Event{{Data: []byte("a\nb")}}},
		{"carriage returns", "event: x\r\ndata: a\r\n\r\n", []Event{{Name: "x", Data: []byte("a")}}},
		{"comments and unknown fields", ": hi\nretry: 5\nfoo\ndata:a\n\n", []Event{{Data: []byte("a")}}},
		{"a name without data is dropped", "event: x\n\ndata: a\n\n", []Event{{Data: []byte("a")}}},
		{"what the end cuts off is dropped", "data: a\n\ndata: b\n", []Event{{Data: []byte("a")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newEventReader(strings.NewReader(tt.in))
			var got []Event
			for {
				ev, err := r.next()
				if err != nil {
					break
				}
				got = append(got, ev)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzEventReader(f *testing.F) {
	f.Add("event: x\ndata: {}\n\n")
	f.Add("id: 1\r\ndata: a\ndata: b\r\n\r\n:\n")
	f.Fuzz(func(t *testing.T, in string) {
		r := newEventReader(strings.NewReader(in))
		for {
			ev, err := r.next()
			if err != nil {
				return
			}
			if len(ev.Data) > len(in) {
				t.Fatalf("event of %d bytes from %d", len(ev.Data), len(in))
			}
		}
	})
}

func ExampleClient_Run() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"id": "6b029ffee8de275a1f13c76d", "status": "requested"}`)
	}))
	defer srv.Close()
	c := New(Config{API: srv.URL + "/api/v1"})
	run, err := c.Run(context.Background(), RunRequest{Action: "core.local", Parameters: py.DictOf("cmd", "date")})
	fmt.Println(ID(run), StatusOf(run), err)
	// Output: 6b029ffee8de275a1f13c76d requested <nil>
}
