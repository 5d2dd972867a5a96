package server

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/config"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

func TestAServerStartsRunsAnActionAndEnds(t *testing.T) {
	opt, said := options(t, t.TempDir())
	r := start(t, opt, said)
	id := r.begin("echo hello")
	r.await("the action's end", func() bool { return r.status(id) == "succeeded" })
	if err := r.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	for _, want := range []string{"is ready at " + r.URL(), "/setup/", "gale user add NAME", "all roles"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q was not said:\n%s", want, said)
		}
	}
}

func TestAnUnknownRoleIsRefusedBeforeAnythingIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	opt, _ := options(t, dir)
	opt.Roles = []string{"api", "cook"}
	_, err := Open(t.Context(), opt)
	if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), `"cook"`) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the data directory was made: %v", err)
	}
}

func TestAPortInUseIsSaidAndNothingIsLeftOpen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	opt, _ := options(t, dir)
	free := opt.Config.Gale.Listen
	opt.Config.Gale.Listen = l.Addr().String()
	if _, err := Open(t.Context(), opt); err == nil || !strings.Contains(err.Error(), "another address with --listen") {
		t.Errorf("got %v", err)
	}
	opt.Config.Gale.Listen = free
	open(t, opt)
}

// modeOf returns who may read a file.
func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestTheFirstAdministratorIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	var first credentialsText
	for i := range 3 {
		opt, _ := options(t, dir)
		p, err := Open(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if (p.setup != "") != (i == 0) {
			t.Errorf("start %d: set-up link %q", i, p.setup)
		}
		c := credentials(t, dir)
		if i == 0 {
			first = c
		}
		if c.APIKey != first.APIKey || c.URL != p.URL() {
			t.Errorf("start %d: got another key or URL %s, want the same key and %s", i, c.URL, p.URL())
		}
		err = p.Store.View(t.Context(), func(tx *store.Tx) error {
			users, err := store.Users.Find(tx, store.Query{})
			if err != nil {
				return err
			}
			keys, err := store.APIKeys.Count(tx, store.Query{})
			if len(users) != 1 || !users[0].IsAdmin || users[0].PasswordHash != "" || keys != 1 {
				t.Errorf("start %d: users %+v, %d keys; want one administrator without password, one key", i, users, keys)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		p.close()
	}
}

func TestTheCredentialsAreForTheirOwnerAndRepaired(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, credentialsFile)
	damage := []struct {
		name string
		do   func() error
		same bool // the key is
	}{
		{"nothing", func() error { return nil }, true},
		{"readable to all", func() error { return os.Chmod(path, 0o644) }, true},
		{"gone", func() error { return os.Remove(path) }, false},
		{"damaged", func() error { return os.WriteFile(path, []byte("{"), 0o600) }, false},
		{"without key", func() error { return os.WriteFile(path, []byte(`{"url": "http://127.0.0.1:1"}`), 0o644) }, false},
	}
	key := ""
	for _, tt := range damage {
		if key != "" {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
		}
		opt, said := options(t, dir)
		r := start(t, opt, said)
		if mode := modeOf(t, path); mode != 0o600 {
			t.Errorf("%s: mode %v, want 0600", tt.name, mode)
		}
		if r.key == "" || key != "" && (r.key == key) != tt.same {
			t.Errorf("%s: the same key: %v, want %v", tt.name, r.key == key, tt.same)
		}
		if status, who := r.call("GET", "/api/v1/user", ""); status != http.StatusOK || who["username"] != "admin" {
			t.Errorf("%s: with the key in the file: %d %v", tt.name, status, who)
		}
		key = r.key
		if err := r.stop(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, name := range []string{"gale.db", "output.db", "keys/datastore_key.json"} {
		if mode := modeOf(t, filepath.Join(dir, name)); mode != 0o600 {
			t.Errorf("%s: mode %v, want 0600", name, mode)
		}
	}
}

func TestAKeyFileThatIsLostOrAnotherIsRefused(t *testing.T) {
	dir := t.TempDir()
	opt, _ := options(t, dir)
	p, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	p.close()
	path := opt.Config.KeyValue.KeyPath
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), opt); err == nil || !strings.Contains(err.Error(), path+" is missing") || !strings.Contains(err.Error(), "copy it there") {
		t.Errorf("lost: got %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a new key was made for a store that has one: %v", err)
	}
	other, err := secret.NewKey()
	if err == nil {
		err = other.WriteFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), opt); err == nil || !strings.Contains(err.Error(), "copy the key file of that store there") {
		t.Errorf("another: got %v", err)
	}
	if err := os.WriteFile(path, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, opt)
}

func TestASecondServerOnTheSameDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	opt, _ := options(t, dir)
	open(t, opt)
	again, _ := options(t, dir)
	if _, err := Open(t.Context(), again); gale.KindOf(err) != gale.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
}

// What a killed server was running is abandoned, and not run again.
func TestActionsOfAKilledServerAreAbandoned(t *testing.T) {
	dir := t.TempDir()
	opt, _ := options(t, dir)
	p, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	e, err := p.Exec.Request(t.Context(), execution.Request{Action: "core.noop", User: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.Update(t.Context(), func(tx *store.Tx) error {
		items, err := tx.Claim(execution.QueueRun, "", 1)
		if err != nil || len(items) != 1 {
			t.Errorf("claimed %v, %v", items, err)
		}
		_, _, err = execution.Begin(tx, e.ID, gale.RunnerInfo{Hostname: "here"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := p.Exec.Request(t.Context(), execution.Request{Action: "core.noop", User: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	p.close() // with the item held, as by a kill

	opt, said := options(t, dir)
	r := start(t, opt, said)
	if _, got := r.call("GET", "/api/v1/executions/"+e.ID, ""); got["status"] != "abandoned" || got["end_timestamp"] == nil || got["reason"] == nil {
		t.Errorf("got %v, want it abandoned, with a reason and an end", got)
	}
	r.await("the one that had not begun", func() bool { return r.status(waiting.ID) == "succeeded" })
}

var setupLink = regexp.MustCompile(`/setup/([0-9a-f]+)`)

func TestTheSetUpLinkMakesOneAdministrator(t *testing.T) {
	opt, said := options(t, t.TempDir())
	r := start(t, opt, said)
	r.await("the link", func() bool { return setupLink.MatchString(said.String()) })
	link := r.URL() + setupLink.FindString(said.String())
	post := func(link, name, password, again string) (int, string) {
		resp, err := http.PostForm(link, url.Values{"name": {name}, "password": {password}, "again": {again}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text := new(strings.Builder)
		_, _ = io.Copy(text, resp.Body)
		return resp.StatusCode, text.String()
	}
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("the form: %d %v", resp.StatusCode, resp.Header)
	}
	for _, tt := range []struct{ name, user, password, again, want string }{
		{"passwords that differ", "ada", "correct horse", "correct house", "differ"},
		{"a short password", "ada", "short", "short", "8 to 72 bytes"},
		{"no name", "", "correct horse", "correct horse", "user name"},
		{"a name that is markup", "<b>", "short", "short", "&lt;b&gt;"},
	} {
		if status, text := post(link, tt.user, tt.password, tt.again); status != http.StatusBadRequest || !strings.Contains(text, tt.want) || !strings.Contains(text, "<form") {
			t.Errorf("%s: got %d, want the form again and %q:\n%s", tt.name, status, tt.want, text)
		}
	}
	if status, _ := post(r.URL()+"/setup/00000000000000000000000000000000", "eve", "correct horse", "correct horse"); status != http.StatusBadRequest {
		t.Errorf("a link that is guessed: got %d", status)
	}
	if status, text := post(link, "ada", "correct horse", "correct horse"); status != http.StatusOK || !strings.Contains(text, "Welcome, ada") {
		t.Fatalf("got %d:\n%s", status, text)
	}
	if status, text := post(link, "eve", "correct horse", "correct horse"); status != http.StatusBadRequest || !strings.Contains(text, "was used or has expired") || strings.Contains(text, "<form") {
		t.Errorf("used again: got %d:\n%s", status, text)
	}
	req, err := http.NewRequest("POST", r.URL()+"/auth/v1/tokens", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("ada", "correct horse")
	login, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer login.Body.Close()
	var token struct{ Token string }
	if err := json.NewDecoder(login.Body).Decode(&token); err != nil || token.Token == "" {
		t.Fatalf("login: %s, %v", login.Status, err)
	}
	var me struct {
		RBAC struct {
			Admin bool `json:"is_admin"`
		}
	}
	req, _ = http.NewRequest("GET", r.URL()+"/api/v1/user", nil)
	req.Header.Set("X-Auth-Token", token.Token)
	who, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer who.Body.Close()
	if err := json.NewDecoder(who.Body).Decode(&me); err != nil || !me.RBAC.Admin {
		t.Errorf("the user is no administrator: %v", err)
	}
	// The link's token opens the form and nothing else.
	req.Header.Set("X-Auth-Token", setupLink.FindStringSubmatch(link)[1])
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the link's token as a login: got %v, %v", resp, err)
	}
}

// Actions that are given time to end may need the API, and who follows them is
// told of their end; a stream that follows nothing does not hold the end up.
func TestTheAPIServesAsLongAsActionsRun(t *testing.T) {
	opt, said := options(t, t.TempDir())
	r := start(t, opt, said)
	go1 := filepath.Join(t.TempDir(), "go")
	id := r.begin("until test -e " + go1 + "; do sleep 0.05; done; curl -sf -H \"X-Auth-Token: $ST2_ACTION_AUTH_TOKEN\" $ST2_ACTION_API_URL/user")
	stream := func(query string) chan string {
		ended := make(chan string, 1)
		req, err := http.NewRequest("GET", r.URL()+"/stream/v1/stream"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("St2-Api-Key", r.key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer resp.Body.Close()
			text := new(strings.Builder)
			_, _ = io.Copy(text, resp.Body)
			ended <- text.String()
		}()
		return ended
	}
	all := stream("")
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	r.await("the process to say that it stops", func() bool {
		resp, err := http.Get(r.URL() + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	if err := os.WriteFile(go1, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("run: %v", err)
	}
	select {
	case text := <-all:
		if !strings.Contains(text, id) || !strings.Contains(text, `"status":"succeeded"`) {
			t.Errorf("the stream ended without the action's end:\n%.2000s", text)
		}
	case <-time.After(30 * time.Second):
		t.Error("the stream did not end")
	}
	p := open(t, must(options(t, opt.Config.Gale.DataDir)))
	err := p.Store.View(context.Background(), func(tx *store.Tx) error {
		e, err := store.Executions.Get(tx, id)
		if err == nil && e.Status != gale.Succeeded {
			t.Errorf("the action that asked the API is %s", e.Status)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func must(opt Options, _ *lockedBuffer) Options { return opt }

// A start that was killed while it copied must not keep later ones from starting.
func TestTheDefaultPackIsCopiedWhole(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "packs", ".default-123")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	opt, _ := options(t, dir)
	open(t, opt)
	if _, err := os.Stat(filepath.Join(dir, "packs", "default", "pack.yaml")); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "packs"))
	if err != nil || len(entries) != 2 {
		t.Errorf("got %v, %v, want the pack and what was there", entries, err)
	}
	if err := copyWhole(filepath.Join(dir, "packs", "default"), left); err != nil {
		t.Errorf("where another was faster: %v", err)
	}
}

func TestTheURLIsWhereThisMachineReachesTheServer(t *testing.T) {
	for listen, want := range map[string]string{"127.0.0.1:0": "http://127.0.0.1:", ":0": "http://127.0.0.1:", "0.0.0.0:0": "http://127.0.0.1:"} {
		cfg, err := config.Load(config.Flags{DataDir: t.TempDir(), Listen: listen}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", cfg.Gale.Listen)
		if err != nil {
			t.Fatal(err)
		}
		p := &Process{Options: Options{Config: cfg}, listener: l}
		if got := p.URL(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s…", listen, got, want)
		}
		l.Close()
	}
}

// The set-up form is open to everybody: a body that never comes must not hold
// a connection for ever.
func TestASlowBodyIsGivenUp(t *testing.T) {
	var deadline time.Time
	w := &deadlineWriter{ResponseRecorder: httptest.NewRecorder(), set: func(at time.Time) { deadline = at }}
	r := httptest.NewRequest("POST", "/healthz", strings.NewReader("x"))
	before := time.Now()
	(&site{}).ServeHTTP(w, r)
	if deadline.Before(before) || deadline.Sub(before) > time.Minute {
		t.Errorf("the body may come until %v, asked at %v", deadline, before)
	}
}

type deadlineWriter struct {
	*httptest.ResponseRecorder
	set func(time.Time)
}

func (w *deadlineWriter) SetReadDeadline(at time.Time) error { w.set(at); return nil }

// What rules hand to core.echo often comes from outside.
func TestEchoPrintsAndRunsNothing(t *testing.T) {
	opt, said := options(t, t.TempDir())
	r := start(t, opt, said)
	for _, action := range []string{"core.echo", "core.error"} {
		for _, message := range []string{"plain", "$(id)", "`id`", `x"; id; echo "y`, "'; id; '", `it's $HOME \n %s`, "two\nlines", "-n"} {
			body, err := json.Marshal(map[string]any{"action": action, "parameters": map[string]any{"message": message}})
			if err != nil {
				t.Fatal(err)
			}
			_, answer := r.call("POST", "/api/v1/executions", string(body))
			id, _ := answer["id"].(string)
			r.await("the end of "+message, func() bool { return r.status(id) == "succeeded" })
			_, answer = r.call("GET", "/api/v1/executions/"+id, "")
			result, _ := answer["result"].(map[string]any)
			if got := []any{result["stdout"], result["stderr"]}; got[0] != message && got[1] != message {
				t.Errorf("%s of %q printed %q", action, message, got)
			}
		}
	}
}
