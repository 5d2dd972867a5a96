package httpapi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// plain takes every body as it is.
func plain(c *Config) {
	c.ValidateBody = func(_ string, _ *py.Dict, body any) (any, error) { return body, nil }
}

func TestBodiesByContentType(t *testing.T) {
	h := testHandler(t, nil, plain)
	tests := []struct{ name, contentType, body, want string }{
		{"JSON without a content type", "", `{"b": 1, "a": [1.0, 12345678901234567890]}`, `{"b":1,"a":[1.0,12345678901234567890]}`},
		{"JSON with a charset", "application/json; charset=utf-8", `[1]`, `[1]`},
		{"the type in capitals", "Application/JSON", `[1]`, `[1]`},
		{"nothing is an object", "application/json", ``, `{}`},
		{"null is a body", "", `null`, `null`},
		{"a form", "application/x-www-form-urlencoded", `a=1&b=x+y%21&a=2&empty=`, `{"a":["1","2"],"b":["x y!"]}`},
		{"a multipart form is read as the other kind", "multipart/form-data; boundary=x", `payload=%7B%7D`, `{"payload":["{}"]}`},
		{"text", "text/plain", `a: b`, `"a: b"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(h, "POST", "/v1/webhooks/x", tt.body, "Content-Type", tt.contentType)
			v, _ := py.DecodeJSON(w.Body.Bytes())
			d, _ := v.(*py.Dict)
			body, _ := d.GetString("body")
			if got, _ := py.AppendJSON(nil, body); string(got) != tt.want {
				t.Errorf("got %d %s, want body %s", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	h := testHandler(t, nil, plain)
	const failed = "Failed to parse request body: "
	tests := []struct{ name, contentType, body, fault string }{
		{"no JSON", "", `{"a": }`, failed + "Expecting value: line 1 column 7 (char 6)"},
		{"more than one value", "", `{} {}`, failed + "Extra data: line 1 column 4 (char 3)"},
		{"invalid UTF-8", "", "\"\xff\"", failed + "Invalid UTF-8: line 1 column 2 (char 1)"},
		{"another content type", "application/xml", `<a/>`, failed + `Unsupported Content-Type: "application/xml"`},
		{"text that is none", "text/plain", "\xff", failed + "the text is not valid UTF-8"},
		{"a form that is no text", "multipart/form-data", "a=\xff", failed + "the form is not valid UTF-8"},
		{"a form of too many fields", "application/x-www-form-urlencoded", strings.Repeat("a=1&", maxFormFields), failed + "Max number of fields exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, call(h, "POST", "/v1/webhooks/x", tt.body, "Content-Type", tt.contentType), 400, tt.fault)
		})
	}
	deep := call(h, "POST", "/v1/webhooks/x", strings.Repeat("[", 100_000))
	if deep.Code != 400 || !strings.HasPrefix(fault(deep), failed) {
		t.Errorf("deep JSON: got %d %s, want 400", deep.Code, deep.Body)
	}
}

func TestBodiesAreChecked(t *testing.T) {
	h := testHandler(t, nil)
	tests := []struct {
		name, method, target, body string
		status                     int
		fault                      string
	}{
		{"a required key", "POST", "/v1/executions", ``, 400, "'action' is a required property"},
		{"an unknown key of a strict body", "PUT", "/v1/executions/5", `{"foo": 1}`, 400, "Additional properties are not allowed ('foo' was unexpected)"},
		{"another type", "PUT", "/v1/configs/p", `[]`, 400, "[] is not of type 'object'"},
		{"text where an object belongs", "PUT", "/v1/configs/p", `"a"`, 400, "'a' is not of type 'object'"},
		{"a body that only the document describes", "POST", "/v1/_gale/users", `{}`, 400, "'name' is a required property"},
		{"strict by the document", "POST", "/v1/_gale/users", `{"name": "a", "x": 1}`, 400, "Additional properties are not allowed ('x' was unexpected)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, call(h, tt.method, tt.target, tt.body), tt.status, tt.fault)
		})
	}
	taken := []struct{ method, target, body, has string }{
		{"POST", "/v1/executions", `{"action": "core.noop", "user": null, "stranger": 1}`, `"stranger":1`},
		{"POST", "/auth/v1/tokens", `{"ttl": null}`, `"op":"tokens.create"`},
		{"POST", "/auth/v1/tokens", ``, `"op":"tokens.create"`},
		{"POST", "/v1/executions/5/re_run", ``, `"tasks":[]`},
		{"POST", "/v1/triggerinstances/5/re_emit", `null`, `"op":"trigger_instances.re_emit"`},
		{"POST", "/v1/triggerinstances/5/re_emit", `no JSON at all`, `"body":null`},
		{"POST", "/v1/_gale/users", `{"name": "a", "password": null}`, `"is_admin":false`},
		{"POST", "/v1/webhooks/x", `[]`, `"body":[]`},
	}
	for _, tt := range taken {
		if w := call(h, tt.method, tt.target, tt.body); w.Code > 299 || !strings.Contains(w.Body.String(), tt.has) {
			t.Errorf("%s %s %s: got %d %s, want %s in it", tt.method, tt.target, tt.body, w.Code, w.Body, tt.has)
		}
	}
	want(t, call(h, "POST", "/v1/webhooks/x", `"a"`), 400, "'a' is not of type 'object', 'array'")
	// A body on DELETE comes without a content type.
	if w := call(h, "DELETE", "/v1/actions/a.b", `{"remove_files": true}`); w.Code != 204 {
		t.Errorf("DELETE with a body: got %d %s, want 204", w.Code, w.Body)
	}
}

// readsNothing fails a test that reads a body.
type readsNothing struct{ t *testing.T }

func (r readsNothing) Read([]byte) (int, error) {
	r.t.Error("the body was read")
	return 0, io.EOF
}
func (readsNothing) Close() error { return nil }

func TestNobodyUnknownMakesTheServerReadABody(t *testing.T) {
	h := testHandler(t, nil, func(c *Config) { c.MaxBody = 10 })
	for name, r := range map[string]*http.Request{
		"no credentials":    httptest.NewRequest("POST", "/v1/executions", readsNothing{t}),
		"wrong credentials": httptest.NewRequest("POST", "/v1/executions?x-auth-token=wrong", readsNothing{t}),
		"not permitted":     httptest.NewRequest("POST", "/v1/_gale/users?st2-api-key=joe-key", readsNothing{t}),
		"no such path":      httptest.NewRequest("POST", "/v1/nothing", readsNothing{t}),
		"declared too big": func() *http.Request {
			r := httptest.NewRequest("POST", "/v1/executions?st2-api-key=joe-key", readsNothing{t})
			r.ContentLength = 11
			return r
		}(),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 400 {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	h := testHandler(t, nil, plain, func(c *Config) { c.MaxBody = 100 })
	fits := `"` + strings.Repeat("a", 98) + `"`
	if w := call(h, "POST", "/v1/webhooks/x", fits); w.Code != 202 {
		t.Errorf("100 bytes: got %d %s", w.Code, w.Body)
	}
	const fault = "Request body is larger than the 100 bytes that are allowed."
	want(t, call(h, "POST", "/v1/webhooks/x", fits+" "), 413, fault)

	r := httptest.NewRequest("POST", "/v1/webhooks/x", io.MultiReader(strings.NewReader(fits), strings.NewReader("  ")))
	r.ContentLength = -1 // chunked
	r.Header.Set("X-Auth-Token", "joe-token")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	want(t, w, 413, fault)

	// Where nobody has to say who they are, the document allows less.
	want(t, call(testHandler(t, nil), "POST", "/auth/v1/tokens", strings.Repeat(" ", 65537)), 413,
		"Request body is larger than the 65536 bytes that are allowed.")
}

func TestABodyThatBreaksOff(t *testing.T) {
	h := testHandler(t, nil)
	r := httptest.NewRequest("POST", "/v1/executions?st2-api-key=joe-key", io.MultiReader(strings.NewReader("{"), brokenReader{}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	want(t, w, 400, "Failed to read request body.")
}

func TestABodyThatDoesNotArrive(t *testing.T) {
	srv := httptest.NewServer(testHandler(t, nil, func(c *Config) { c.Timeout = time.Millisecond }))
	defer srv.Close()
	for name, tt := range map[string]struct {
		head   string
		status int
	}{
		"to be read":         {"POST /v1/executions HTTP/1.1\r\nSt2-Api-Key: joe-key", 408},
		"of nobody known":    {"POST /v1/executions HTTP/1.1", 401},
		"for no path at all": {"POST /v1/nothing HTTP/1.1", 404},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", tt.head)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: got %s, want %d", name, resp.Status, tt.status)
		}
	}
}

func TestValuesKeepNoPartOfTheBody(t *testing.T) {
	long := strings.Repeat("x", 1<<17)
	for name, c := range map[string]struct{ contentType, body string }{
		"short JSON":   {"", `{"key": ["text", "a\u00e9b", 12.5, 12345678901234567890]}`},
		"long JSON":    {"", `{"key": ["text", "` + long + `", 12.5]}`},
		"a form":       {"application/x-www-form-urlencoded", "key=text&other=a%20b"},
		"a plain text": {"text/plain", "text"},
	} {
		data := []byte(c.body)
		v, err := parseBody(c.contentType, data)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := py.AppendJSON(nil, v)
		clear(data) // as the next request does that gets this memory
		if after, _ := py.AppendJSON(nil, v); string(after) != string(before) {
			t.Errorf("%s: the value changed with the memory it was read from", name)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"limit=5&offset=1", "a=b&a=c", "%zz=1", "a+b=%20", "&&=&", "x-auth-token=%41", "limit=%35", "%6cimit=1"} {
		f.Add(s)
	}
	op := testDocument(f).Operation("keys.list")
	f.Fuzz(func(t *testing.T, raw string) {
		values := make([]value, len(op.Params))
		err := op.query(raw, values)
		std, stdErr := url.ParseQuery(raw)
		if stdErr != nil || strings.Contains(raw, ";") {
			return // we are more lenient; no panic is all we ask
		}
		for i, p := range op.Params {
			list := std[p.Name]
			if len(list) == 0 || err != nil {
				continue
			}
			if got, want := values[i].s, list[len(list)-1]; got != want {
				t.Errorf("%q: %s is %q, want %q", raw, p.Name, got, want)
			}
			if queryValue(raw, p.Name) != values[i].s {
				t.Errorf("%q: queryValue disagrees about %s", raw, p.Name)
			}
		}
	})
}

func FuzzParseBody(f *testing.F) {
	f.Add("application/json", []byte(`{"a": [1, 2.5, "x", null]}`))
	f.Add("application/x-www-form-urlencoded", []byte("a=1&b=%20&%zz"))
	f.Add("text/plain", []byte("a"))
	f.Fuzz(func(t *testing.T, contentType string, data []byte) {
		v, err := parseBody(contentType, data)
		if err != nil {
			return
		}
		text, err := py.AppendJSON(nil, v)
		if err != nil || !utf8.Valid(text) {
			t.Errorf("%q %q: read as %v, which has no JSON: %v", contentType, data, v, err)
		}
	})
}
