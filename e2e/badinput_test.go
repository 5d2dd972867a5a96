package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// key returns the API key of the installation's own command line.
func (in *installation) key() string {
	in.t.Helper()
	text, err := os.ReadFile(in.path("credentials"))
	if err != nil {
		in.t.Fatal(err)
	}
	var c struct {
		APIKey string `json:"api_key"`
	}
	if err := py.Unmarshal(text, &c); err != nil {
		in.t.Fatal(err)
	}
	return c.APIKey
}

// raw sends bytes as they are and returns the status and the fault.
func (s *server) raw(method, path, contentType string, body io.Reader) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("St2-Api-Key", s.in.key())
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	v, err := py.DecodeJSON(text)
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		return resp.StatusCode, string(text)
	}
	return resp.StatusCode, client.String(d, "faultstring")
}

// TestBadRequestsAreRefused sends what clients should not. Each gets a 4xx
// that names the thing, and nothing is stored.
func TestBadRequestsAreRefused(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	const run, hook = "/api/v1/executions", "/api/v1/webhooks/deploy"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"an unknown action", "POST", run, `{"action": "core.nope"}`, 400, "core.nope"},
		{"an unknown parameter", "POST", run, `{"action": "core.local", "parameters": {"cmd": "true", "bogus": 1}}`, 400, "bogus"},
		{"a missing parameter", "POST", run, `{"action": "core.local"}`, 400, "cmd"},
		{"a parameter of the wrong type", "POST", run, `{"action": "core.local", "parameters": {"cmd": 5}}`, 400, "cmd"},
		{"a text that is no number", "POST", run, `{"action": "core.local", "parameters": {"cmd": "true", "timeout": "soon"}}`, 400, "timeout"},
		{"an immutable parameter", "POST", run, `{"action": "core.echo", "parameters": {"message": "x", "cmd": "rm"}}`, 400, "cmd"},
		{"a template that refers to nothing", "POST", run, `{"action": "core.local", "parameters": {"cmd": "{{ nope }}"}}`, 400, "nope"},
		{"templates in a circle", "POST", run, `{"action": "core.http", "parameters": {"url": "{{ body }}", "body": "{{ url }}"}}`, 400, "yclic"},
		{"a template without end", "POST", run, `{"action": "core.local", "parameters": {"cmd": "{% for a in range(100000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}"}}`, 400, "cmd"},
		{"a template that grows without end", "POST", run, `{"action": "core.local", "parameters": {"cmd": "{{ 'x' * 10 ** 12 }}"}}`, 400, "cmd"},
		{"no JSON", "POST", run, `{"action": `, 400, "parse"},
		{"JSON that is no object", "POST", run, `[1]`, 400, "object"},
		{"JSON that is too deep", "POST", hook, strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), 400, "deep"},
		{"text that is no UTF-8", "POST", hook, "{\"version\": \"\xff\xfe\"}", 400, "UTF-8"},
		{"a hook that nobody registered", "POST", "/api/v1/webhooks/nope", `{}`, 404, "nope"},
		{"a webhook body that is a text", "POST", hook, `"text"`, 400, "object"},
		{"an unknown execution", "GET", run + "/5f1d1e1f1a1b1c1d1e1f1a1b", "", 404, "5f1d1e1f1a1b1c1d1e1f1a1b"},
		{"a rule with an unknown operator", "POST", "/api/v1/rules",
			`{"name": "r", "trigger": {"type": "core.st2.webhook", "parameters": {"url": "x"}}, "criteria": {"trigger.body": {"type": "like", "pattern": "x"}}, "action": {"ref": "core.noop"}}`, 400, "like"},
		{"a rule on an unknown trigger", "POST", "/api/v1/rules",
			`{"name": "r", "trigger": {"type": "core.nope"}, "action": {"ref": "core.noop"}}`, 400, "core.nope"},
		{"a timer with a bad unit", "POST", "/api/v1/rules",
			`{"name": "r", "trigger": {"type": "core.st2.IntervalTimer", "parameters": {"unit": "moons", "delta": 1}}, "action": {"ref": "core.noop"}}`, 400, "moons"},
		{"a bad limit", "GET", run + "?limit=abc", "", 400, "limit"},
		{"a negative offset", "GET", run + "?offset=-1", "", 400, "Offset"},
		{"a bad time", "GET", run + "?timestamp_gt=yesterday", "", 400, "Datetime"},
		{"a path that goes nowhere", "GET", "/api/v1/nope", "", 404, ""},
		{"the wrong method", "PATCH", run, `{}`, 404, ""},
	} {
		status, fault := s.raw(c.method, c.path, "application/json", strings.NewReader(c.body))
		if status != c.status || !strings.Contains(fault, c.says) {
			t.Errorf("%s: got %d %q, want %d and %q", c.name, status, fault, c.status, c.says)
		}
	}
	huge := io.MultiReader(strings.NewReader(`{"version": "`), io.LimitReader(endless{}, 50<<20), strings.NewReader(`"}`))
	if status, fault := s.raw("POST", hook, "application/json", huge); status != http.StatusRequestEntityTooLarge || fault == "" {
		t.Errorf("a body of 50 MB: got %d %q, want 413", status, fault)
	}
	page := must[*client.Page](t)(s.List(context.Background(), "/rules", client.Query("name", "r")))
	if len(page.Items) != 0 {
		t.Errorf("a refused rule is there: %v", page.Items)
	}
	wantStatus(t, s.run("core.noop", nil), gale.Succeeded) // and the server is well
}

// endless is a text of one letter.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestNobodyGetsInWithoutCredentials(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	for _, path := range []string{"/api/v1/executions", "/api/v1/keys", "/stream/v1/stream", "/api/v1/webhooks/deploy", "/api/v1/_gale/users"} {
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET %s without credentials answers %d, want 401", path, resp.StatusCode)
		}
	}
	// The question who is asking comes before the body is read.
	resp, err := http.Post(s.url+"/api/v1/executions", "application/json", io.LimitReader(endless{}, 64<<20))
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("a large body without credentials is answered with %d, want 401", resp.StatusCode)
		}
	}
}

// TestBrokenPackIsRefusedWhole registers a pack with problems in several files.
func TestBrokenPackIsRefusedWhole(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	dir := filepath.Join(t.TempDir(), "broken")
	for name, text := range map[string]string{
		"pack.yaml":            "name: broken\ndescription: Has problems.\nversion: 1.0.0\nauthor: us\nemail: us@example.com\n",
		"actions/good.yaml":    "name: good\nrunner_type: noop\n",
		"actions/syntax.yaml":  "name: syntax\nrunner_type: [noop\n",
		"actions/runner.yaml":  "name: runner\nrunner_type: run-nothing\n",
		"actions/typo.yaml":    "name: typo\nrunner_type: noop\nparameters:\n  host:\n    type: strnig\n",
		"actions/outside.yaml": "name: outside\nrunner_type: local-shell-script\nentry_point: ../../../../bin/sh\n",
		"rules/rule.yaml":      "name: rule\ntrigger:\n  type: core.nope\naction:\n  ref: core.noop\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	out, errs, code := in.cli("pack", "register", dir)
	said := out + errs
	if code == 0 {
		t.Errorf("registering a broken pack succeeds: %s", said)
	}
	for _, want := range []string{
		"actions/syntax.yaml:", "actions/runner.yaml:2: runner_type: ", "actions/typo.yaml:5: parameters.host.type: ",
		"actions/outside.yaml:3: entry_point: ", "rules/rule.yaml:3: trigger.type: ",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing is said about %q:\n%s", want, said)
		}
	}
	page := must[*client.Page](t)(s.List(context.Background(), "/actions", client.Query("pack", "broken")))
	if len(page.Items) != 0 {
		t.Errorf("half of the broken pack is registered: %d actions", len(page.Items))
	}
}

func TestPacksCannotReachOutside(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	dir := filepath.Join(t.TempDir(), "sly")
	secret := filepath.Join(t.TempDir(), "secret.sh")
	write(t, secret, "#!/bin/sh\necho stolen\n")
	write(t, filepath.Join(dir, "pack.yaml"), "name: sly\ndescription: Reaches out.\nversion: 1.0.0\nauthor: us\nemail: us@example.com\n")
	write(t, filepath.Join(dir, "actions", "link.yaml"), "name: link\nrunner_type: local-shell-script\nentry_point: link.sh\n")
	if err := os.Symlink(secret, filepath.Join(dir, "actions", "link.sh")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Post(context.Background(), "/_gale/packs/register", py.DictOf("path", dir))
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("a link out of the pack is answered with %v, want 400", err)
	}
}

func TestSecondServerIsTurnedAway(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	second := exec.Command(binary, "server", "--data-dir", in.dir, "--listen", "127.0.0.1:0")
	text, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(text), "in use by") {
		t.Errorf("a second server on the same data: %v\n%s", err, text)
	}
	other := exec.Command(binary, "server", "--data-dir", t.TempDir(), "--listen", strings.TrimPrefix(s.url, "http://"))
	text, err = other.CombinedOutput()
	if err == nil || !strings.Contains(string(text), "--listen") {
		t.Errorf("a second server on the same address: %v\n%s", err, text)
	}
	wantStatus(t, s.run("core.noop", nil), gale.Succeeded)
}

// TestFullDisk fills the file system under the data directory. Requests are
// refused with a plain word, and work again when there is room.
func TestFullDisk(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	in.wrap = onSmallDisk(in.dir)
	s := in.start()
	hog, err := os.Create(in.path("hog"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = hog.Write(make([]byte, 4096))
	}
	hog.Close()
	var status int
	var fault string
	eventually(t, "the disk to be full", func() bool {
		body := bytes.Repeat([]byte("x"), 100_000)
		status, fault = s.raw("POST", "/api/v1/webhooks/deploy", "application/json", strings.NewReader(`{"filler": "`+string(body)+`"}`))
		return status >= 500
	})
	if status != http.StatusServiceUnavailable || !strings.Contains(fault, "full") {
		t.Errorf("a full disk answers %d %q, want 503 and a word about it", status, fault)
	}
	if err := os.Remove(in.path("hog")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "requests to work again", func() bool {
		status, _ = s.raw("POST", "/api/v1/executions", "application/json", strings.NewReader(`{"action": "core.noop"}`))
		return status == http.StatusCreated
	})
	s.nothingMoves()
}

// onSmallDisk wraps the server's command so that dir is a small file system
// of its own, in a namespace that ends with the server.
func onSmallDisk(dir string) func(args []string) []string {
	return func(args []string) []string {
		script := `mount -t tmpfs -o size=12m tmpfs "$0" && cd "$0" && exec "$@"`
		words := []string{"unshare", "--mount"}
		if os.Geteuid() != 0 {
			words = append(words, "--user", "--map-root-user")
		}
		return append(append(words, "sh", "-c", script, dir), args...)
	}
}
