package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// answerWith is a handler that always answers the same.
func answerWith(resp *Response, err error) Handlers {
	return Handlers{"actions.list": func(*Request) (*Response, error) { return resp, err }}
}

// taken is what a store says when a name exists already.
type taken struct{ id string }

func (t taken) Error() string      { return "taken" }
func (t taken) ConflictID() string { return t.id }

func TestErrors(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"as it is", Errorf(404, `Resource with a ref or id "%s" not found`, "x"), 404, `{"faultstring":"Resource with a ref or id \"x\" not found"}`},
		{"wrapped", fmt.Errorf("store: %w", Errorf(418, "teapot")), 418, `{"faultstring":"teapot"}`},
		{"invalid", gale.Errorf(gale.Invalid, "bad"), 400, `{"faultstring":"bad"}`},
		{"unauthenticated", gale.Errorf(gale.Unauthenticated, "who?"), 401, `{"faultstring":"who?"}`},
		{"forbidden", gale.Errorf(gale.Forbidden, "no"), 403, `{"faultstring":"no"}`},
		{"not found", fmt.Errorf("rule: %w", gale.Errorf(gale.NotFound, "gone")), 404, `{"faultstring":"rule: gone"}`},
		{"conflict", gale.Errorf(gale.Conflict, "taken"), 409, `{"conflict-id":null,"faultstring":"taken"}`},
		{"conflict with what is there", gale.Errorf(gale.Conflict, "name is %w", taken{"5f"}), 409, `{"conflict-id":"5f","faultstring":"name is taken"}`},
		{"duplicate", Duplicate("5f", "Tried to save duplicate unique keys (%s)", "uid"), 409, `{"conflict-id":"5f","faultstring":"Tried to save duplicate unique keys (uid)"}`},
		{"unavailable", gale.Errorf(gale.Unavailable, "later"), 503, `{"faultstring":"later"}`},
		{"internal", errors.New("password of db is hunter2"), 500, `{"faultstring":"Internal Server Error"}`},
		{"internal by kind", gale.Errorf(gale.Internal, "hunter2"), 500, `{"faultstring":"Internal Server Error"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(testHandler(t, answerWith(nil, tt.err)), "GET", "/v1/actions", "")
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header().Get("Retry-After"); (got != "") != (tt.status == 503) {
				t.Errorf("got Retry-After %q", got)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	doc := py.DictOf("b", int64(1), "a", "é")
	tests := []struct {
		name   string
		resp   *Response
		status int
		media  string
		body   string
	}{
		{"a document", &Response{Body: doc}, 200, "application/json", `{"b":1,"a":"é"}`},
		{"an empty list", &Response{Body: []any{}}, 200, "application/json", `[]`},
		{"a text", &Response{Body: "running"}, 200, "application/json", `"running"`},
		{"null", &Response{Body: Null}, 200, "application/json", `null`},
		{"made before", &Response{Body: JSON(`{"x":1}`)}, 200, "application/json", `{"x":1}`},
		{"a Go value", &Response{Body: gale.Tag{Name: "a", Value: "b"}}, 200, "application/json", `{"name":"a","value":"b"}`},
		{"indented", &Response{Body: doc, Indent: true}, 200, "application/json", "{\n  \"b\": 1,\n  \"a\": \"é\"\n}"},
		{"nothing", nil, 200, "", ``},
		{"no body by status", &Response{Status: 204, Body: doc}, 204, "", ``},
		{"another status", &Response{Status: 202, Body: doc}, 202, "application/json", `{"b":1,"a":"é"}`},
		{"a failure as a success", &Response{Body: py.DictOf("faultstring", "Action cannot be canceled.")}, 200, "application/json", `{"faultstring":"Action cannot be canceled."}`},
		{"raw", &Response{Raw: strings.NewReader("<html>")}, 200, "text/plain; charset=UTF-8", `<html>`},
		{"raw of a type", &Response{Raw: strings.NewReader("#!"), Header: http.Header{"content-type": {"text/x-sh"}}}, 200, "text/x-sh", `#!`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(testHandler(t, answerWith(tt.resp, nil)), "GET", "/v1/actions", "")
			if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("Content-Type") != tt.media {
				t.Errorf("got %d %q %q, want %d %q %q", w.Code, w.Header().Get("Content-Type"), w.Body, tt.status, tt.media, tt.body)
			}
			if raw := tt.resp != nil && tt.resp.Raw != nil; raw != strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("sandboxed: %v, want %v", !raw, raw)
			}
		})
	}
}

func TestAValueWithoutJSONIsAnInternalError(t *testing.T) {
	w := call(testHandler(t, answerWith(&Response{Body: []any{py.Bytes("x")}}, nil)), "GET", "/v1/actions", "")
	want(t, w, 500, "Internal Server Error")
}

func TestGzip(t *testing.T) {
	for name, resp := range map[string]*Response{
		"JSON": {Body: "x", Gzip: true},
		"raw":  {Raw: strings.NewReader(`"x"`), Gzip: true},
	} {
		w := call(testHandler(t, answerWith(resp, nil)), "GET", "/v1/actions", "")
		gz, err := gzip.NewReader(w.Body)
		if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %v, encoding %q", name, err, w.Header().Get("Content-Encoding"))
		}
		if got, _ := io.ReadAll(gz); string(got) != `"x"` {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestRawIsClosed(t *testing.T) {
	c := &closer{Reader: strings.NewReader("x")}
	call(testHandler(t, answerWith(&Response{Raw: c}, nil)), "GET", "/v1/actions", "")
	if !c.closed {
		t.Error("the reader was left open")
	}
}

func TestListsHaveTheirHeaders(t *testing.T) {
	h := testHandler(t, Handlers{
		"actions.list": func(*Request) (*Response, error) { return Page([]any{}, 1234, 50) },
		"rules.list":   func(*Request) (*Response, error) { return Page([]any{}, 7, 0) },
	})
	if got := call(h, "GET", "/v1/actions", "").Header(); got.Get("X-Total-Count") != "1234" || got.Get("X-Limit") != "50" {
		t.Errorf("got %v", got)
	}
	if got := call(h, "GET", "/v1/rules", "").Header(); got.Get("X-Total-Count") != "7" || got["X-Limit"] != nil {
		t.Errorf("without limit: got %v", got)
	}
}

func TestRequestIDs(t *testing.T) {
	h := testHandler(t, Handlers{"actions.list": func(r *Request) (*Response, error) { return OK(r.ID) }})
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	tests := []struct {
		name, given string
		echoed      bool
	}{
		{"none", "", false},
		{"the client's", "my-id/1", true},
		{"one that is no word", "a b", false},
		{"one that is too long", strings.Repeat("a", 129), false},
		{"one of other letters", "é", false},
	}
	for _, tt := range tests {
		w := call(h, "GET", "/v1/actions", "", "X-Request-ID", tt.given)
		got := w.Header().Get("X-Request-ID")
		if tt.echoed != (got == tt.given) || !tt.echoed && !uuid.MatchString(got) || w.Body.String() != `"`+got+`"` {
			t.Errorf("%s: got %q, the handler saw %s", tt.name, got, w.Body)
		}
	}
}

func TestAPanicIsAnInternalError(t *testing.T) {
	var logged bytes.Buffer
	h := testHandler(t, Handlers{"actions.list": func(*Request) (*Response, error) { panic("boom") }},
		func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	w := call(h, "GET", "/v1/actions", "", "X-Request-ID", "id-1")
	want(t, w, 500, "Internal Server Error")
	for _, text := range []string{"panic=boom", "request_id=id-1", "write_test.go"} {
		if !strings.Contains(logged.String(), text) {
			t.Errorf("%q is not in the log: %s", text, &logged)
		}
	}
}

func TestAPanicInAStreamCutsTheConnection(t *testing.T) {
	h := testHandler(t, Handlers{"stream.events": func(*Request) (*Response, error) {
		return &Response{Stream: func(_ context.Context, w *StreamWriter) error {
			_ = w.Send([]byte("\n"))
			panic("boom")
		}}, nil
	}})
	srv := httptest.NewServer(h)
	defer srv.Close()
	resp, err := http.Get(srv.URL + "/stream/v1/stream?x-auth-token=joe-token")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("got %q and a proper end, want a broken connection", got)
	}
}

func TestTheTimeLimit(t *testing.T) {
	h := testHandler(t, Handlers{"actions.list": func(r *Request) (*Response, error) {
		<-r.Context().Done()
		return nil, fmt.Errorf("query: %w", r.Context().Err())
	}}, func(c *Config) { c.Timeout = time.Millisecond })
	want(t, call(h, "GET", "/v1/actions", ""), 503, "The request took too long and was given up.")
}

func TestAClientThatLeftIsNotAnswered(t *testing.T) {
	var logged bytes.Buffer
	ctx, leave := context.WithCancel(context.Background())
	h := testHandler(t, Handlers{"actions.list": func(r *Request) (*Response, error) {
		leave()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	r := httptest.NewRequestWithContext(ctx, "GET", "/v1/actions?st2-api-key=joe-key", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.Len() != 0 || !strings.Contains(logged.String(), "status=499") {
		t.Errorf("got %s, log %s", w.Body, &logged)
	}
}

func TestStreams(t *testing.T) {
	next := make(chan struct{})
	ended := make(chan error, 1)
	h := testHandler(t, Handlers{"stream.events": func(*Request) (*Response, error) {
		return &Response{Stream: func(ctx context.Context, w *StreamWriter) error {
			if err := w.Send([]byte("\n")); err != nil {
				return err
			}
			<-next
			if err := w.Send([]byte("event: x\ndata: {}\n\n")); err != nil {
				return err
			}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}}, nil
	}}, func(c *Config) { c.Timeout = time.Nanosecond }) // streams have no limit
	srv := httptest.NewServer(h)
	defer srv.Close()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/v1/stream?x-auth-token=joe-token", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for name, value := range map[string]string{
		"Content-Type": "text/event-stream; charset=UTF-8", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
	} {
		if got := resp.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if resp.Header.Get("Set-Cookie") == "" {
		t.Error("a browser needs the cookie to come back")
	}
	for _, want := range []string{"\n", "event: x\ndata: {}\n\n"} {
		got := make([]byte, len(want))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
		if want == "\n" {
			close(next) // only now: the first byte was sent by itself
		}
	}
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the stream ended with %v, want the client's leaving", err)
	}
}

func TestTheAccessLogHoldsNoSecrets(t *testing.T) {
	var logged bytes.Buffer
	h := testHandler(t, Handlers{"rules.list": func(*Request) (*Response, error) { return nil, errors.New("disk full") }},
		func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	call(h, "GET", "/v1/actions?x-auth-token=joe-token&pack=core", "", "X-Auth-Token", "")
	call(h, "GET", "/v1/actions?X-%41uth-Token=SECRET&st2%2dapi-key=SECRET", "")
	call(h, "GET", "/v1/apikeys/SECRET", "", "Cookie", "auth-token=SECRET")
	call(h, "GET", "/v1/apikeys/SECRET/no/such/path", "")
	call(h, "POST", "/auth/v1/tokens", "", "Authorization", "Basic SECRET")
	call(h, "PUT", "/v1/_gale/users/joe/password", `{"password": ["SECRET"]}`)
	call(h, "GET", "/v1/rules", "", "X-Auth-Token", "SECRET")
	call(h, "GET", "/v1/rules", "")
	log := logged.String()
	if strings.Contains(log, "SECRET") || strings.Contains(log, "token=joe-token") {
		t.Errorf("the log shows a secret:\n%s", log)
	}
	for _, text := range []string{"operation=actions.list", "user=joe", "status=200", "pack=core", "path=/v1/actions",
		"path=/api/v1/apikeys/{api_key_id_or_key}", "level=ERROR", "disk full", "status=404"} {
		if !strings.Contains(log, text) {
			t.Errorf("%q is not in the log:\n%s", text, log)
		}
	}
}

func BenchmarkPostExecution(b *testing.B) {
	h := testHandler(b, Handlers{"executions.create": func(*Request) (*Response, error) { return OK(JSON(`{}`)) }}, plain)
	body := `{"action": "core.local", "parameters": {"cmd": "date"}, "user": null}`
	r := httptest.NewRequest("POST", "/api/v1/executions", nil)
	r.Header.Set("X-Auth-Token", "joe-token")
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 201 {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		doc := testDocument(b)
		if _, err := New(doc, testConfig(doc, nil)); err != nil {
			b.Fatal(err)
		}
	}
}
