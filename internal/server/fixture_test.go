package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale/internal/config"
)

// lockedBuffer is what a process says and logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// options are those of a process with data in dir that listens on a free port.
func options(t testing.TB, dir string, set ...string) (Options, *lockedBuffer) {
	t.Helper()
	cfg, err := config.Load(config.Flags{DataDir: dir, Listen: "127.0.0.1:0", Set: set}, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := &lockedBuffer{}
	return Options{Config: cfg, Out: said, Log: slog.New(slog.NewTextHandler(said, nil))}, said
}

// open opens a process that is closed at the end of the test.
func open(t testing.TB, opt Options) *Process {
	t.Helper()
	p, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(p.close)
	return p
}

// running is a process whose roles run.
type running struct {
	*Process
	t    testing.TB
	said *lockedBuffer
	key  string
	stop func() error // ends it and waits; may be called again
}

// start runs a process until the test ends.
func start(t testing.TB, opt Options, said *lockedBuffer) *running {
	t.Helper()
	p, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	r := &running{Process: p, t: t, said: said, key: credentials(t, opt.Config.Gale.DataDir).APIKey}
	r.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Minute):
			return errors.New("the process did not end")
		}
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	r.await("the API to answer", func() bool {
		resp, err := http.Get(r.URL() + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return r
}

func (r *running) await(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: it did not happen in time; the process said:\n%s", what, r.said)
		}
	}
}

// call asks the API as the first administrator.
func (r *running) call(method, path, body string) (status int, answer map[string]any) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("St2-Api-Key", r.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = json.Unmarshal(text, &answer) // lists are not asked for
	return resp.StatusCode, answer
}

// begin starts a command and waits until it runs.
func (r *running) begin(cmd string) (id string) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"action": "core.local", "parameters": map[string]any{"cmd": cmd}})
	if err != nil {
		r.t.Fatal(err)
	}
	status, answer := r.call("POST", "/api/v1/executions", string(body))
	if status != http.StatusCreated {
		r.t.Fatalf("got %d %v", status, answer)
	}
	id, _ = answer["id"].(string)
	r.await("the action to run", func() bool { return r.status(id) != "requested" && r.status(id) != "scheduled" })
	return id
}

func (r *running) status(id string) string {
	r.t.Helper()
	_, answer := r.call("GET", "/api/v1/executions/"+id, "")
	status, _ := answer["status"].(string)
	return status
}

type credentialsText struct {
	URL    string `json:"url"`
	APIKey string `json:"api_key"`
}

// credentials reads the file by which the command line is let in.
func credentials(t testing.TB, dir string) (c credentialsText) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, credentialsFile))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatalf("credentials: %v", err)
	}
	return c
}
