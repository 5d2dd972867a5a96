// Package e2e tests the real binary as its users meet it: a server with its
// data in a temporary directory, spoken to over HTTP and through the command
// line.
//
// The binary is built with the tag failpoint, so that tests can end it at
// named statements and take its doorbells away.
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/store/pgtest"
	"github.com/galehq/gale/py"
)

var binary string

// underRace are further arguments to build it with, so that the race detector
// sees the servers when it is asked for.
var underRace []string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gale-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "gale")
	args := append([]string{"build", "-tags", "failpoint", "-o", binary}, underRace...)
	build := exec.Command("go", append(args, "../cmd/gale")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// patience is how long something that must happen is waited for. It is not a
// measure of speed: a test that passes never waits that long.
const patience = 90 * time.Second

// installation is a data directory, a database and the servers started on them.
type installation struct {
	t        *testing.T
	dir      string
	database string   // of PostgreSQL; empty: embedded
	env      []string // of every server
	// wrap changes the command of every server; dir is then seen through the
	// server's own namespace.
	wrap func(args []string) []string
	ns   string // where that namespace shows in ours
}

// path is a file in the data directory.
func (in *installation) path(name string) string { return filepath.Join(in.ns, in.dir, name) }

// variants runs a test on every store, and with every doorbell dropped.
func variants(t *testing.T, test func(t *testing.T, in *installation)) {
	for _, v := range []struct {
		name     string
		postgres bool
		env      []string
	}{
		{"sqlite", false, nil},
		{"sqlite without doorbells", false, []string{"GALE_DROP_DOORBELLS=1"}},
		{"postgresql", true, nil},
		{"postgresql without doorbells", true, []string{"GALE_DROP_DOORBELLS=1"}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			in := &installation{t: t, dir: t.TempDir(), env: v.env}
			if v.postgres {
				in.database = pgtest.Database(t)
			}
			test(t, in)
		})
	}
}

// server is a running process of the binary.
type server struct {
	*client.Client
	t   *testing.T
	in  *installation
	url string
	cmd *exec.Cmd
	log string

	once   sync.Once
	exited chan struct{}
	err    error
}

// start runs a server and waits until it accepts work. It is stopped at the
// end of the test, if it still runs.
func (in *installation) start(env ...string) *server {
	in.t.Helper()
	s := in.launch(env...)
	if err := s.ready(); err != nil {
		in.t.Fatalf("the server did not become ready: %v\n%s", err, s.logText())
	}
	return s
}

// launch runs a server and does not wait.
func (in *installation) launch(env ...string) *server {
	in.t.Helper()
	log, err := os.CreateTemp(in.t.TempDir(), "server-*.log")
	if err != nil {
		in.t.Fatal(err)
	}
	defer log.Close()
	args := []string{"server", "--data-dir", in.dir, "--listen", "127.0.0.1:0"}
	if in.database != "" {
		args = append(args, "--database", in.database)
	}
	args = append([]string{binary}, args...)
	if in.wrap != nil {
		args = in.wrap(args)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(append(os.Environ(), in.env...), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// The file still has the address of the server before this one.
	_ = os.Rename(filepath.Join(in.dir, "credentials"), filepath.Join(in.dir, "credentials.before"))
	if text, err := os.ReadFile(filepath.Join(in.dir, "credentials.before")); err == nil {
		text = []byte(strings.Replace(string(text), `"url":"http`, `"url":"was http`, 1))
		if err := os.WriteFile(filepath.Join(in.dir, "credentials"), text, 0o600); err != nil {
			in.t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	if in.wrap != nil {
		in.ns = filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "root")
	}
	s := &server{t: in.t, in: in, cmd: cmd, log: log.Name(), exited: make(chan struct{})}
	go func() {
		s.err = cmd.Wait()
		close(s.exited)
	}()
	in.t.Cleanup(func() {
		s.stop()
		if in.t.Failed() {
			in.t.Logf("log of the server:\n%s", s.logText())
		}
	})
	return s
}

// ready waits for the server's address and then for its word that it is ready.
func (s *server) ready() error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.exited:
			return fmt.Errorf("it ended: %w", errors.Join(s.err, errors.New("see its log")))
		default:
		}
		var c struct {
			URL    string `json:"url"`
			APIKey string `json:"api_key"`
		}
		text, err := os.ReadFile(s.in.path("credentials"))
		if err != nil || json.Unmarshal(text, &c) != nil || !strings.HasPrefix(c.URL, "http") {
			continue
		}
		resp, err := http.Get(c.URL + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			s.url = c.URL
			s.Client = client.New(client.Config{API: c.URL + "/api/v1", Auth: c.URL + "/auth/v1", Stream: c.URL + "/stream/v1", APIKey: c.APIKey})
			return nil
		}
	}
	return errors.New("patience has run out")
}

// stop asks the server to end and waits for it.
func (s *server) stop() { s.end(syscall.SIGTERM) }

// kill ends the server as a crash does.
func (s *server) kill() { s.end(syscall.SIGKILL) }

func (s *server) end(sig syscall.Signal) {
	s.once.Do(func() { _ = s.cmd.Process.Signal(sig) })
	select {
	case <-s.exited:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.exited
		s.t.Errorf("the server did not end after %v", sig)
	}
}

func (s *server) logText() string {
	text, _ := os.ReadFile(s.log)
	return string(text)
}

// cli runs the command line against the server's data directory.
func (in *installation) cli(args ...string) (stdout, stderr string, code int) {
	in.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "GALE_DATA_DIR="+in.dir, "HOME="+in.dir, "COLUMNS=120")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		in.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must fails the test on an error.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// run requests an action and waits for its end.
func (s *server) run(action string, parameters *py.Dict) *py.Dict {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e, err := s.Run(ctx, client.RunRequest{Action: action, Parameters: parameters})
	if err != nil {
		s.t.Fatalf("run %s: %v", action, err)
	}
	if e, err = s.Wait(ctx, client.ID(e)); err != nil {
		s.t.Fatalf("wait for %s: %v", action, err)
	}
	return e
}

// find waits until a list has at least one resource and returns the first.
func (s *server) find(path string, query ...string) *py.Dict {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		page, err := s.List(context.Background(), path, client.Query(query...))
		if err != nil {
			s.t.Fatalf("list %s: %v", path, err)
		}
		if len(page.Items) > 0 {
			return page.Items[0]
		}
	}
	s.t.Fatalf("nothing appeared under %s %v", path, query)
	return nil
}

// result is a value inside an execution's result.
func result(e *py.Dict, key string) any {
	v, _ := client.Dict(e, "result").GetString(key)
	return v
}

func wantStatus(t *testing.T, e *py.Dict, want gale.Status) {
	t.Helper()
	if got := client.StatusOf(e); got != want {
		text, _ := py.AppendJSON(nil, e)
		t.Errorf("execution is %s, want %s: %s", got, want, text)
	}
}
