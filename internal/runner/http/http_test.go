package http

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/runnertest"
	"github.com/galehq/gale/py"
)

var requests = Entries(Config{Version: "3.9.0", MaxBody: 1 << 20})[0]

// job is a request; action parameters come after the runner's.
func job(url string, runnerParameters, actionParameters *py.Dict) *runner.Job {
	all := py.DictOf("url", url, "allow_redirects", false, "verify_ssl_cert", true)
	for k, v := range runnerParameters.All() {
		all.Set(k, v)
	}
	return &runner.Job{ActionRef: "core.http", Pack: "core", Action: "http", RunnerParameters: all, ActionParameters: actionParameters}
}

func run(t *testing.T, j *runner.Job) runner.Result {
	t.Helper()
	return requests.Runner.Run(t.Context(), j, runner.Discard)
}

func get(r runner.Result, key string) any {
	v, _ := r.Result.GetString(key)
	return v
}

// echo answers with what it was asked, one line each.
func echo(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var lines []string
		for name, values := range r.Header {
			lines = append(lines, name+": "+strings.Join(values, "|"))
		}
		slices.Sort(lines)
		fmt.Fprintf(w, "%s %s\nHost: %s\n%s\n\n%s", r.Method, r.URL.RequestURI(), r.Host, strings.Join(lines, "\n"), body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestHTTPRunner(t *testing.T) {
	started := make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			io.WriteString(w, "beginning")
			w.(http.Flusher).Flush()
			started <- struct{}{}
			<-r.Context().Done()
			return
		}
		io.WriteString(w, "hello")
	}))
	defer s.Close()
	runnertest.Run(t, runnertest.Subject{
		Entry:   requests,
		Quick:   func(*testing.T) *runner.Job { return job(s.URL, nil, nil) },
		Failing: func(*testing.T) *runner.Job { return job("http://127.0.0.1:1/", nil, nil) },
		Long: func(*testing.T) (*runner.Job, <-chan struct{}) {
			begun := make(chan struct{})
			go func() { <-started; close(begun) }()
			return job(s.URL+"/long", nil, nil), begun
		},
		Keys: []string{"status_code", "body", "parsed", "headers"},
	})
}

func TestWhatIsSent(t *testing.T) {
	s := echo(t)
	for _, test := range []struct {
		name           string
		path           string
		runner, action *py.Dict
		want           []string
		not            string
	}{
		{"defaults", "/", nil, nil, []string{"GET / ", "User-Agent: st2/v3.9.0", "X-Stanley-Action: http", "Accept: */*"}, "Content-Type"},
		{"a body makes it a POST", "/", nil, py.DictOf("body", "äb"), []string{"POST / ", "Content-Length: 3", "\n\näb"}, "Content-Type"},
		{"method", "/", nil, py.DictOf("method", "PURGE", "body", "x"), []string{"PURGE / "}, "POST"},
		{"empty body", "/", nil, py.DictOf("body", ""), []string{"GET / "}, "Content-Length"},
		{"query", "/p?a=1 2&é", nil, py.DictOf("params", py.DictOf("b", "x y", "l", []any{int64(1), int64(2)}, "n", nil, "t", true)),
			[]string{"GET /p?a=1%202&%C3%A9&b=x+y&l=1&l=2&t=True "}, "n="},
		{"headers", "/", py.DictOf("headers", py.DictOf("X-A", "1", "X-N", int64(5), "User-Agent", "me", "Host", "other.example", "Accept", nil)), nil,
			[]string{"X-A: 1", "X-N: 5", "User-Agent: st2/v3.9.0", "Host: other.example"}, "Accept: "},
		{"cookies", "/", py.DictOf("cookies", py.DictOf("a", "1", "b", "x"), "headers", py.DictOf("Cookie", "c=0")), nil, []string{"Cookie: c=0; a=1; b=x"}, ""},
		{"basic", "/", py.DictOf("username", "u", "password", "p"), nil, []string{"Authorization: Basic dTpw"}, ""},
		{"basic without a name", "/", py.DictOf("password", "p"), nil, []string{"Authorization: Basic OnA="}, ""},
		{"auth", "/", nil, py.DictOf("auth", "X-Auth-Token=a=b"), []string{"X-Auth-Token: a=b"}, ""},
		{"json", "/", py.DictOf("headers", py.DictOf("content-type", "application/json")), py.DictOf("body", ` {"b": 1.0, "a": null} `), []string{"POST", "\n\n{\"b\":1.0,\"a\":null}"}, ""},
		{"json from Python", "/", py.DictOf("headers", py.DictOf("Content-Type", "application/json")), py.DictOf("body", "{'a': None, 'b': True}"), []string{"\n\n{\"a\":null,\"b\":true}"}, ""},
		{"json from an object", "/", py.DictOf("headers", py.DictOf("Content-Type", "application/json")), py.DictOf("body", py.DictOf("a", []any{})), []string{"\n\n{\"a\":[]}"}, ""},
		{"other json types are not touched", "/", py.DictOf("headers", py.DictOf("Content-Type", "application/json; charset=utf-8")), py.DictOf("body", "{'a'}"), []string{"\n\n{'a'}"}, ""},
		{"form", "/", nil, py.DictOf("body", py.DictOf("a", "x y", "b", []any{"1", "2"})), []string{"POST", "Content-Type: application/x-www-form-urlencoded", "\n\na=x+y&b=1&b=2"}, ""},
		{"file", "/", nil, py.DictOf("file_name", `a"b.txt`, "file_content", "content", "file_content_type", "text/x-my", "body", py.DictOf("k", "v")),
			[]string{"POST", "multipart/form-data; boundary=", `name="k"`, `name="a%22b.txt"; filename="a%22b.txt"`, "Content-Type: text/x-my", "\ncontent"}, ""},
	} {
		got := run(t, job(s.URL+test.path, test.runner, test.action))
		text := strings.ReplaceAll(strings.Replace(runner.String(got.Result, "body"), "\nHost", " \nHost", 1), "\r\n", "\n")
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got\n%s\nwant %q (%s)", test.name, text, want, py.Repr(got.Result))
			}
		}
		if test.not != "" && strings.Contains(text, test.not) {
			t.Errorf("%s: got\n%s\nwant no %q", test.name, text, test.not)
		}
	}
}

func TestWhatComesBack(t *testing.T) {
	gz := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
		return b.String()
	}
	var zl bytes.Buffer
	z := zlib.NewWriter(&zl)
	io.WriteString(z, "deflated")
	z.Close()
	for _, test := range []struct {
		name    string
		code    int
		headers map[string]string
		body    string
		status  gale.Status
		want    any
		parsed  bool
	}{
		{"text", 200, map[string]string{"Content-Type": "text/plain"}, "42", gale.Succeeded, "42", false},
		{"json", 201, map[string]string{"Content-Type": "application/json; charset=utf-8"}, `{"b": 1, "a": [1.0]}`, gale.Succeeded, py.DictOf("b", int64(1), "a", []any{1.0}), true},
		{"json scalar", 206, map[string]string{"Content-Type": "application/json"}, `null`, gale.Succeeded, nil, true},
		{"bad json", 200, map[string]string{"Content-Type": "application/json"}, `{`, gale.Succeeded, "{", false},
		{"another json type", 200, map[string]string{"Content-Type": "application/problem+json"}, `{}`, gale.Succeeded, "{}", false},
		{"207", 207, nil, "x", gale.Failed, "x", false},
		{"redirect that is not followed", 302, map[string]string{"Location": "/elsewhere"}, "moved", gale.Failed, "moved", false},
		{"not found", 404, map[string]string{"Content-Type": "application/json"}, `{"e": 1}`, gale.Failed, py.DictOf("e", int64(1)), true},
		{"error", 500, nil, "", gale.Failed, "", false},
		{"no content", 204, map[string]string{"Content-Encoding": "gzip"}, "", gale.Succeeded, "", false},
		{"gzip", 200, map[string]string{"Content-Encoding": "gzip", "Content-Type": "text/plain"}, gz("packed"), gale.Succeeded, "packed", false},
		{"deflate", 200, map[string]string{"Content-Encoding": "deflate", "Content-Type": "text/plain"}, zl.String(), gale.Succeeded, "deflated", false},
		{"latin 1", 200, map[string]string{"Content-Type": "text/html; charset=ISO-8859-1"}, "caf\xe9", gale.Succeeded, "café", false},
		{"no charset, not UTF-8", 200, map[string]string{"Content-Type": "text/html"}, "caf\xe9", gale.Succeeded, "café", false},
		{"no charset, UTF-8", 200, map[string]string{"Content-Type": "text/html"}, "café", gale.Succeeded, "café", false},
		{"not the UTF-8 it claims", 200, map[string]string{"Content-Type": "text/html; charset=utf-8"}, "caf\xe9!", gale.Succeeded, "caf\uFFFD!", false},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for k, v := range test.headers {
				w.Header().Set(k, v)
			}
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			w.WriteHeader(test.code)
			io.WriteString(w, test.body)
		}))
		got := run(t, job(s.URL, nil, nil))
		s.Close()
		if got.Status != test.status || get(got, "status_code") != int64(test.code) || py.Repr(get(got, "body")) != py.Repr(test.want) || get(got, "parsed") != test.parsed {
			t.Errorf("%s: got %s %s, want %s %d %s", test.name, got.Status, py.Repr(got.Result), test.status, test.code, py.Repr(test.want))
		}
		if headers, _ := get(got, "headers").(*py.Dict); runner.String(headers, "X-Two") != "a, b" {
			t.Errorf("%s: headers: got %s", test.name, py.Repr(headers))
		}
	}
}

func TestLargeResponsesAreRefused(t *testing.T) {
	bomb := func() []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(make([]byte, 5<<20))
		w.Close()
		return b.Bytes()
	}()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
			return
		}
		w.Write(make([]byte, 2<<20))
	}))
	defer s.Close()
	for _, path := range []string{"/", "/bomb"} {
		got := run(t, job(s.URL+path, nil, nil))
		if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, "error"), "larger than 1048576 bytes") {
			t.Errorf("%s: got %s %.200s", path, got.Status, py.Repr(got.Result))
		}
	}
}

func TestSilenceIsATimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "beginning")
			w.(http.Flusher).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	for _, path := range []string{"/", "/body"} {
		got := run(t, job(s.URL+path, nil, py.DictOf("timeout", 0.2)))
		if got.Status != gale.TimedOut || runner.String(got.Result, "error") == "" || got.Result.Len() != 1 {
			t.Errorf("%s: got %s %s", path, got.Status, py.Repr(got.Result))
		}
	}
	for _, bad := range []any{int64(0), int64(-1), "soon"} {
		if got := run(t, job(s.URL, nil, py.DictOf("timeout", bad))); got.Status != gale.Failed {
			t.Errorf("timeout %v: got %s", bad, got.Status)
		}
	}
}

func TestRedirects(t *testing.T) {
	var other *httptest.Server
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1"})
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/keep":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/away":
			http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/end", http.StatusFound)
		default:
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s cookie=%q auth=%q body=%q", r.Method, r.URL.Path, r.Header.Get("Cookie"), r.Header.Get("Authorization"), body)
		}
	}))
	defer s.Close()
	other = s
	follow := func(more ...any) *py.Dict { return py.DictOf(append([]any{"allow_redirects", true}, more...)...) }
	for _, test := range []struct {
		path           string
		runner, action *py.Dict
		want           string
	}{
		{"/set", follow(), py.DictOf("body", "x"), `GET /end cookie="session=s1" auth="" body=""`},
		{"/keep", follow(), py.DictOf("body", "x", "method", "PUT"), `PUT /end cookie="" auth="" body="x"`},
		{"/keep", follow("username", "u"), nil, `GET /end cookie="" auth="Basic dTo=" body=""`},
		{"/away", follow("username", "u"), nil, `GET /end cookie="" auth="" body=""`},
	} {
		got := run(t, job(s.URL+test.path, test.runner, test.action))
		if body := runner.String(got.Result, "body"); body != test.want {
			t.Errorf("%s: got %s, want %s", test.path, py.Repr(got.Result), test.want)
		}
	}
	for _, test := range []struct {
		path   string
		runner *py.Dict
		want   string
	}{
		{"/loop", follow(), "exceeded 30 redirects"},
		{"/away", follow("url_hosts_blacklist", []any{"localhost"}), "is blacklisted"},
		{"/away", follow("url_hosts_whitelist", []any{"127.0.0.1"}), "is not whitelisted"},
	} {
		got := run(t, job(s.URL+test.path, test.runner, nil))
		if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, "error"), test.want) {
			t.Errorf("%s: got %s %s, want %q", test.path, got.Status, py.Repr(got.Result), test.want)
		}
	}
}

func TestHostLists(t *testing.T) {
	s := echo(t)
	u, _ := url.Parse(s.URL)
	local := "http://localhost:" + u.Port()
	for _, test := range []struct {
		url, list, host string
		refused         string // empty: allowed
	}{
		{s.URL, "blacklist", "127.0.0.1", "is blacklisted"},
		{"http://user:pass@127.0.0.1:" + u.Port(), "blacklist", "127.0.0.1", "is blacklisted"},
		{strings.Replace(local, "localhost", "LocalHost.", 1), "blacklist", "localhost", "is blacklisted"},
		{local, "blacklist", "127.0.0.1", "blacklisted"}, // by what the name turned out to be
		{"http://[::1]:1/", "blacklist", "::1", "is blacklisted"},
		{"http://[0:0:0:0:0:0:0:1]:1/", "blacklist", "[::1]", "is blacklisted"},
		{s.URL, "blacklist", "example.com", ""},
		{s.URL, "whitelist", "127.0.0.1", ""},
		{s.URL, "whitelist", "example.com", "is not whitelisted"},
		{"http://example.com@127.0.0.1:" + u.Port(), "whitelist", "example.com", "is not whitelisted"},
	} {
		got := run(t, job(test.url, py.DictOf("url_hosts_"+test.list, []any{test.host}), nil))
		message := runner.String(got.Result, "error")
		if test.refused == "" && got.Status != gale.Succeeded {
			t.Errorf("%s, %s %s: got %s %s", test.url, test.list, test.host, got.Status, message)
		}
		if test.refused != "" && (got.Status != gale.Failed || !strings.Contains(message, test.refused)) {
			t.Errorf("%s, %s %s: got %s %q, want %q", test.url, test.list, test.host, got.Status, message, test.refused)
		}
		if strings.Contains(message, "pass@") {
			t.Errorf("the password is in %q", message)
		}
	}
	got := run(t, job(s.URL, py.DictOf("url_hosts_blacklist", []any{"a"}, "url_hosts_whitelist", []any{"b"}), nil))
	if !strings.Contains(runner.String(got.Result, "error"), "mutually exclusive. Only one should be provided.") {
		t.Errorf("both lists: got %s", py.Repr(got.Result))
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "safe") }))
	defer s.Close()
	got := run(t, job(s.URL, nil, nil))
	if got.Status != gale.Failed || !strings.Contains(runner.String(got.Result, "error"), "certificate") {
		t.Errorf("an unknown certificate: got %s %s", got.Status, py.Repr(got.Result))
	}
	got = run(t, job(s.URL, py.DictOf("verify_ssl_cert", false), nil))
	if got.Status != gale.Succeeded || runner.String(got.Result, "body") != "safe" {
		t.Errorf("without verification: got %s %s", got.Status, py.Repr(got.Result))
	}
}

func TestProxies(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
		io.WriteString(w, "by proxy")
	}))
	defer proxy.Close()
	with := strings.Replace(proxy.URL, "http://", "http://u:p@", 1)
	got := run(t, job("http://nowhere.example/x", py.DictOf("http_proxy", with), nil))
	if runner.String(got.Result, "body") != "by proxy" || len(asked) != 1 || asked[0] != "GET http://nowhere.example/x Basic dTpw" {
		t.Errorf("got %s, the proxy was asked %q", py.Repr(got.Result), asked)
	}
	got = run(t, job("http://nowhere.example/x", py.DictOf("http_proxy", with, "url_hosts_blacklist", []any{"127.0.0.1"}), nil))
	if got.Status != gale.Succeeded {
		t.Errorf("the proxy's own address is not what the list is about: got %s", py.Repr(got.Result))
	}
	got = run(t, job("http://nowhere.example/x", py.DictOf("http_proxy", "not a proxy"), nil))
	if !strings.Contains(runner.String(got.Result, "error"), "parameter http_proxy is not the URL of a proxy") {
		t.Errorf("got %s", py.Repr(got.Result))
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for _, test := range []struct {
		url            string
		runner, action *py.Dict
		want           string
	}{
		{"", nil, nil, "URL must be specified"},
		{"example.com/x", nil, nil, "invalid URL"},
		{"ftp://example.com", nil, nil, "invalid URL"},
		{"http://u:S3CRET@[::1", nil, nil, "parameter url"},
		{"http://h/%zz", nil, nil, "parameter url"},
		{"http://127.0.0.1:1", py.DictOf("headers", "A: b"), nil, "parameter headers is of type str"},
		{"http://127.0.0.1:1", py.DictOf("headers", py.DictOf("Content-Type", "application/json")), py.DictOf("body", "{nonsense"), "can't be parsed as JSON"},
		{"http://127.0.0.1:1", nil, py.DictOf("auth", "user:pass"), "of the form header=value"},
		{"http://127.0.0.1:1", nil, py.DictOf("file_name", "f", "file_content", "c", "body", "text"), "together with a file"},
		{"http://127.0.0.1:1", nil, py.DictOf("method", "G T"), "invalid method"},
		{"http://127.0.0.1:1/", nil, nil, "connection refused"},
	} {
		got := run(t, job(test.url, test.runner, test.action))
		message := runner.String(got.Result, "error")
		if got.Status != gale.Failed || !strings.Contains(message, test.want) || strings.Contains(message, "S3CRET") {
			t.Errorf("%s %s: got %s %q, want %q", test.url, py.Repr(test.action), got.Status, message, test.want)
		}
	}
}

func TestCancelSaysWhoAsked(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(runner.ErrCanceled)
	j := job("http://127.0.0.1:1", nil, nil)
	j.User = "ann"
	got := requests.Runner.Run(ctx, j, runner.Discard)
	if want := py.DictOf("message", "Action canceled by user.", "user", "ann"); got.Status != gale.Canceled || !py.Equal(got.Result, want) {
		t.Errorf("got %s %s, want %s", got.Status, py.Repr(got.Result), py.Repr(want))
	}
}
