package httpapi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/api"
	"github.com/galehq/gale/py"
)

func testDocument(tb testing.TB) *Document {
	tb.Helper()
	doc, err := ParseDocument(api.Document)
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

// far is later than any test runs.
const far = gale.Time(4e15)

// known are the credentials that the test server accepts.
func known(_ context.Context, c Credentials) (*Identity, error) {
	switch c.Secret {
	case "admin-token":
		return &Identity{User: "root", Admin: true, Expiry: far}, nil
	case "joe-token":
		return &Identity{User: "joe", Expiry: far}, nil
	case "joe-key":
		return &Identity{User: "joe"}, nil
	case "old":
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - Token has expired.")
	}
	return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized")
}

// echo is a handler that answers with what it was asked.
func echo(r *Request) (*Response, error) {
	params := py.NewDict(0)
	for i, p := range r.Op.Params {
		v := r.values[i]
		if !v.set {
			continue
		}
		switch p.Type {
		case "integer":
			params.Set(p.As, v.n)
		case "boolean":
			params.Set(p.As, v.b)
		case "array":
			list := []any{}
			for _, s := range v.list {
				list = append(list, s)
			}
			params.Set(p.As, list)
		default:
			params.Set(p.As, v.s)
		}
	}
	return OK(py.DictOf("op", r.Op.ID, "params", params, "body", r.Body, "user", r.User()))
}

// testConfig has echo for every operation, changed by handlers.
func testConfig(doc *Document, handlers Handlers) Config {
	all := Handlers{}
	for _, op := range doc.Operations {
		if op.ID != documentID {
			all[op.ID] = echo
		}
	}
	for id, h := range handlers {
		all[id] = h
	}
	return Config{Handlers: all, Authenticate: known}
}

func testHandler(tb testing.TB, handlers Handlers, change ...func(*Config)) http.Handler {
	tb.Helper()
	doc := testDocument(tb)
	cfg := testConfig(doc, handlers)
	for _, c := range change {
		c(&cfg)
	}
	h, err := New(doc, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// call sends one request as an administrator; header pairs come first.
func call(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery = unescape(strings.ReplaceAll(path, "+", "%2B")), query
	r.Header.Set("X-Auth-Token", "admin-token")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func fault(w *httptest.ResponseRecorder) string {
	v, err := py.DecodeJSON(w.Body.Bytes())
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		return "not an object: " + w.Body.String()
	}
	f, _ := d.GetString("faultstring")
	return py.Str(f)
}

func want(t *testing.T, w *httptest.ResponseRecorder, status int, faultstring string) {
	t.Helper()
	if w.Code != status || fault(w) != faultstring {
		t.Errorf("got %d %s, want %d with faultstring %q", w.Code, w.Body, status, faultstring)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("error has Content-Type %q, want application/json", got)
	}
}

func TestNewRefusesWhatDoesNotFitTogether(t *testing.T) {
	doc := testDocument(t)
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"an operation without a handler", func(c *Config) { delete(c.Handlers, "rules.list") }, "operation rules.list has no handler"},
		{"a handler without an operation", func(c *Config) { c.Handlers["rules.burn"] = echo }, "handler rules.burn belongs to no operation"},
		{"nobody to ask who is there", func(c *Config) { c.Authenticate = nil }, "operation rules.list needs Config.Authenticate"},
		{"an unknown same-site policy", func(c *Config) { c.CookieSameSite = "maybe" }, `"maybe" is none of`},
		{"cross-site cookies over plain HTTP", func(c *Config) { c.CookieSameSite, c.CookieInsecure = "none", true }, "needs auth_cookie_secure"},
		{"an origin that is none", func(c *Config) { c.AllowOrigin = []string{"nonsense"} }, `allow_origin "nonsense"`},
	}
	for _, tt := range tests {
		cfg := testConfig(doc, nil)
		tt.change(&cfg)
		if _, err := New(doc, cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestEveryOperationReachesItsHandler(t *testing.T) {
	doc := testDocument(t)
	reached := map[string]bool{}
	handlers := Handlers{}
	for _, op := range doc.Operations {
		handlers[op.ID] = func(r *Request) (*Response, error) { reached[r.Op.ID] = true; return nil, nil }
	}
	h := testHandler(t, handlers, func(c *Config) {
		c.ValidateBody = func(_ string, _ *py.Dict, body any) (any, error) { return body, nil }
	})
	for _, op := range doc.Operations {
		path := op.Path
		for _, p := range op.Params {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", "x.y")
		}
		w := call(h, op.Method, path, "")
		if !reached[op.ID] || w.Code != op.Success {
			t.Errorf("%s %s: reached %s: %v, status %d, want %d", op.Method, path, op.ID, reached[op.ID], w.Code, op.Success)
		}
	}
}

func TestRouterErrors(t *testing.T) {
	h := testHandler(t, nil)
	const none = "The resource could not be found."
	tests := []struct {
		name, method, target string
		status               int
		fault                string
	}{
		{"an unknown path", "GET", "/v1/nothing", 404, none},
		{"a method that the path does not have", "DELETE", "/v1/actions", 404, none},
		{"HEAD is not GET", "HEAD", "/v1/actions", 404, none},
		{"PATCH", "PATCH", "/v1/actions/core.local", 404, none},
		{"two slashes at the end", "GET", "/v1/actions//", 404, none},
		{"an encoded slash is a slash", "PUT", "/v1/keys/a%2Fb", 404, none},
		{"bytes that are no text", "GET", "/v1/keys/a%ff", 400, "Failed to parse request path \"/v1/keys/a\u00ff\". URL likely contains invalid or incorrectly URL encoded values."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Not even a wrong token makes it another error.
			want(t, call(h, tt.method, tt.target, "", "X-Auth-Token", "wrong"), tt.status, tt.fault)
		})
	}
}

func TestOptionsNeedsNoCredentials(t *testing.T) {
	w := call(testHandler(t, nil), "OPTIONS", "/any/path", "", "X-Auth-Token", "")
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("got %d %q %q, want 200 without a body", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if got := w.Header().Get("Access-Control-Allow-Methods"); got != "GET,POST,PUT,DELETE,OPTIONS" {
		t.Errorf("got methods %q", got)
	}
}

func TestDocumentIsServedToEverybody(t *testing.T) {
	w := call(testHandler(t, nil), "GET", "/api/v1/_gale/openapi.json", "", "X-Auth-Token", "")
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), api.Document) {
		t.Errorf("got %d and %d bytes, want the document", w.Code, w.Body.Len())
	}
}

func TestParameters(t *testing.T) {
	h := testHandler(t, nil)
	tests := []struct {
		name, method, target string
		want                 string // of params
	}{
		{"defaults", "GET", "/v1/keys", `{"limit":100,"offset":0}`},
		{"no default, nothing given", "GET", "/v1/rules", `{}`},
		{"integers", "GET", "/v1/keys?limit=-1&offset=007", `{"limit":-1,"offset":7}`},
		{"booleans of all kinds", "GET", "/v1/executions/x/result?download=YES&compress=0&pretty_format=y", `{"id":"x","download":true,"compress":false,"pretty_format":true}`},
		{"arrays are split at commas", "GET", "/v1/packs?id=a,b,,c", `{"limit":100,"offset":0,"id":["a","b","","c"]}`},
		{"the last of several counts", "GET", "/v1/rules?pack=a&pack=b", `{"pack":"b"}`},
		{"plus and percent", "GET", "/v1/rules?pack=a+b%2Bc%zz%C3%A9", `{"pack":"a b+c%zzé"}`},
		{"unknown ones are ignored", "GET", "/v1/rules?packs=a&limi=x&x-auth-token=1", `{}`},
		{"names are compared decoded", "GET", "/v1/rules?p%61ck=a", `{"pack":"a"}`},
		{"an empty value is a value", "GET", "/v1/rules?pack=&name", `{"name":"","pack":""}`},
		{"enumerations are not enforced", "GET", "/v1/executions/last/output?output_type=foo", `{"id":"last","output_type":"foo"}`},
		{"renamed in the path", "GET", "/v1/triggertypes/p.r", `{"ref_or_id":"p.r"}`},
		{"a dot is no extension", "GET", "/v1/actions/core.st2.webhook.json", `{"ref_or_id":"core.st2.webhook.json"}`},
		{"blanks in a path", "GET", "/v1/keys/a%20b+c", `{"name":"a b+c"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(h, tt.method, tt.target, "")
			v, _ := py.DecodeJSON(w.Body.Bytes())
			d, _ := v.(*py.Dict)
			params, _ := d.GetString("params")
			got, _ := py.AppendJSON(nil, params)
			if !sameKeys(string(got), tt.want) {
				t.Errorf("%s: got %s, want %s", tt.target, got, tt.want)
			}
		})
	}
}

// sameKeys compares JSON objects without their order.
func sameKeys(a, b string) bool {
	x, err1 := py.DecodeJSON([]byte(a))
	y, err2 := py.DecodeJSON([]byte(b))
	return err1 == nil && err2 == nil && py.Equal(x, y)
}

func TestWrongParameters(t *testing.T) {
	h := testHandler(t, nil)
	tests := []struct{ target, fault string }{
		{"/v1/keys?limit=ten", `Parameter "limit" is not of type integer`},
		{"/v1/keys?limit=", `Parameter "limit" is not of type integer`},
		{"/v1/keys?limit=%2B5", `Parameter "limit" is not of type integer`},
		{"/v1/keys?limit=1.0", `Parameter "limit" is not of type integer`},
		{"/v1/keys?limit=99999999999999999999", `Parameter "limit" is not of type integer`},
		{"/v1/keys?decrypt=maybe", `Parameter "decrypt" is not of type boolean`},
		{"/v1/keys?decrypt=", `Parameter "decrypt" is not of type boolean`},
		{"/v1/keys?prefix=%ff", `Failed to parse request query. Parameter "prefix" is not valid UTF-8.`},
	}
	for _, tt := range tests {
		want(t, call(h, "GET", tt.target, ""), 400, tt.fault)
	}
}

func TestHeaderParameters(t *testing.T) {
	h := testHandler(t, nil)
	w := call(h, "POST", "/v1/executions", `{"action": "core.noop"}`, "st2-context", `{"a": 1}`)
	if !strings.Contains(w.Body.String(), `"context":"{\"a\": 1}"`) || w.Code != 201 {
		t.Errorf("got %d %s, want the header as parameter context", w.Code, w.Body)
	}
}

func TestReadingAnUndeclaredParameterIsADefect(t *testing.T) {
	for name, read := range map[string]func(*Request){
		"undeclared":   func(r *Request) { r.String("nothing") },
		"another type": func(r *Request) { r.Int("pack") },
	} {
		h := testHandler(t, Handlers{"rules.list": func(r *Request) (*Response, error) { read(r); return nil, nil }})
		if w := call(h, "GET", "/v1/rules", ""); w.Code != 500 {
			t.Errorf("%s: got %d, want 500", name, w.Code)
		}
	}
}

func TestWorksBehindARealServer(t *testing.T) {
	var logged bytes.Buffer
	h := testHandler(t, nil, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	srv := httptest.NewServer(h)
	defer srv.Close()
	for target, status := range map[string]int{
		"/v1/keys/a%zz":         400, // net/http refuses it before us
		"//v1/actions":          404,
		"/v1/x/../actions":      404,
		"/v1/actions/":          200,
		"/api/v1/actions/a%2Eb": 200,
	} {
		r, err := http.NewRequest("GET", srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = "//" + strings.TrimPrefix(srv.URL, "http://") + target
		r.Header.Set("X-Auth-Token", "joe-token")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("GET %s: got %d, want %d", target, resp.StatusCode, status)
		}
	}
}
