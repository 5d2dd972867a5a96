package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// api plays a server: it answers requests by "METHOD /path" and keeps what it
// was asked.
type api struct {
	*httptest.Server
	mu     sync.Mutex
	routes map[string]answer
	queued map[string][]answer // used up before routes
	asked  []string
	heads  []http.Header
}

type answer struct {
	status int // 0: 200
	body   string
	header map[string]string
}

func newAPI(t *testing.T, routes map[string]answer) *api {
	t.Helper()
	a := &api{routes: routes}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/api/v1"), "/")
	key := r.Method + " " + path
	a.mu.Lock()
	line := key
	if r.URL.RawQuery != "" {
		q := r.URL.Query()
		line += "?" + strings.ReplaceAll(q.Encode(), "%2C", ",")
	}
	if len(body) > 0 {
		line += " " + string(body)
	}
	if !strings.Contains(path, "/stream") {
		a.asked = append(a.asked, line)
		a.heads = append(a.heads, r.Header.Clone())
	}
	got, ok := a.routes[key]
	if q := a.queued[key]; len(q) > 0 {
		got, ok, a.queued[key] = q[0], true, q[1:]
	}
	a.mu.Unlock()
	if !ok {
		got = answer{404, fmt.Sprintf(`{"faultstring": "Resource %s not found"}`, path), nil}
	}
	for k, v := range got.header {
		w.Header().Set(k, v)
	}
	if got.status != 0 {
		w.WriteHeader(got.status)
	}
	io.WriteString(w, got.body)
}

func (a *api) set(key string, got answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.routes[key] = got
}

// once answers one request in a way of its own, and the following ones as said.
func (a *api) once(key string, head, rest answer) {
	a.set(key, rest)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queued = map[string][]answer{key: {head}}
}

// requests returns what was asked since the last call.
func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.asked
	a.asked = nil
	return out
}

// result is what a command line did.
type result struct {
	code        int
	out, errOut string
}

// shell is a user's environment: a home directory and variables.
type shell struct {
	t     *testing.T
	home  string
	vars  map[string]string
	stdin string
	width int
	color bool
	extra []Command
}

// newShell is the shell of somebody with an API key for the server; a nil
// server is none.
func newShell(t *testing.T, a *api) *shell {
	t.Helper()
	home := t.TempDir()
	s := &shell{t: t, home: home, vars: map[string]string{"ST2_API_KEY": "k3y", "GALE_DATA_DIR": filepath.Join(home, "data")}, width: 100}
	if a != nil {
		s.vars["ST2_BASE_URL"] = a.URL
	}
	return s
}

var testNow = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// run runs a command line; words are separated by spaces unless given apart.
func (s *shell) run(words ...string) result {
	s.t.Helper()
	if len(words) == 1 {
		words = strings.Fields(words[0])
	}
	var out, errOut bytes.Buffer
	env := &Env{Stdin: strings.NewReader(s.stdin), Stdout: &out, Stderr: &errOut, Width: s.width, Color: s.color,
		Getenv: func(name string) string { return s.vars[name] },
		Home:   s.home, Now: func() time.Time { return testNow }}
	for k, v := range s.vars {
		env.Environ = append(env.Environ, k+"="+v)
	}
	env.Secret = func(prompt string) (string, error) {
		fmt.Fprint(&errOut, prompt)
		return env.readLine()
	}
	code := Execute(context.Background(), env, append([]string{"/usr/bin/st2"}, words...), s.extra...)
	return result{code, out.String(), errOut.String()}
}

// want runs a line that has to print exactly this and end with 0.
func (s *shell) want(line, out string) {
	s.t.Helper()
	r := s.run(line)
	if out = strings.TrimPrefix(out, "\n"); r.out != out || r.code != 0 {
		s.t.Errorf("%s: exit code %d, stderr %q\ngot\n%s\nwant\n%s", line, r.code, r.errOut, r.out, out)
	}
}

func (s *shell) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func ok(body string) answer { return answer{body: body} }

// Resources that several tests use.
const (
	localAction = `{"id":"a1","ref":"core.local","pack":"core","name":"local","runner_type":"local-shell-cmd","description":"Run a command.",
		"enabled":true,"parameters":{"cmd":{"type":"string","required":true,"description":"Command to run."},
		"sudo":{"type":"boolean","immutable":true},"secret_key":{"type":"string","secret":true,"default":"x"},
		"n":{"type":"integer","default":3},"ratio":{"type":"number"},"hosts":{"type":"array"},"ids":{"type":"array","items":{"type":"integer"}},
		"servers":{"type":"array","items":{"type":"object","properties":{"port":{"type":"integer"}}}},
		"opts":{"type":"object"},"dry":{"type":"boolean","enum":[true,false],"position":1}}}`
	localRunner = `[{"id":"r1","name":"local-shell-cmd","runner_parameters":{"timeout":{"type":"integer","default":60},"env":{"type":"object"}}}]`
	execID      = "6b029ffee8de275a1f13c76d"
)

// execution is one that ended as said.
func execution(id, status, extra string) string {
	end := ""
	if status == "succeeded" || status == "failed" {
		end = `"end_timestamp":"2026-11-22T07:55:43.500000Z","elapsed_seconds":1.27,`
	}
	return `{"id":"` + id + `","status":"` + status + `","start_timestamp":"2026-11-22T07:55:42.226000Z",` + end + `
		"action":{"ref":"core.local","runner_type":"local-shell-cmd"},"context":{"user":"joe"},"parameters":{"cmd":"date","password":"hush"},
		"log":[{"timestamp":"2026-11-22T07:55:42.226000Z","status":"requested"}]` + extra + `}`
}

const okResult = `,"result":{"succeeded":true,"failed":false,"return_code":0,"stderr":"","stdout":"one\ntwo"}`

// runRoutes are what run needs; the run ends as said.
func runRoutes(status, extra string) map[string]answer {
	return map[string]answer{
		"GET /actions/core.local":   ok(localAction),
		"GET /runnertypes":          ok(localRunner),
		"POST /executions":          {201, execution(execID, "requested", ""), nil},
		"GET /executions/" + execID: ok(execution(execID, status, extra)),
	}
}

func decodeBase64(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err
}
