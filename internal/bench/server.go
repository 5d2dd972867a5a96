package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// server is a Gale server of our own.
type server struct {
	*client.Client
	dir     string
	started time.Duration // from the start of the process until it was ready
	cmd     *exec.Cmd
	done    chan error
}

// readyWithin is how long a server may take before bench gives up.
const readyWithin = 30 * time.Second

// start runs a server over a data directory and waits until it accepts work.
func (e *env) start(ctx context.Context, dir string, args ...string) (*server, error) {
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(e.binary, append([]string{"server", "--data-dir", dir, "--listen", listen}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{dir: dir, cmd: cmd, done: make(chan error, 1)}
	go func() { s.done <- cmd.Wait() }()
	if err := s.ready(ctx, "http://"+listen); err != nil {
		s.stop()
		text, _ := os.ReadFile(filepath.Join(dir, "server.log"))
		return nil, fmt.Errorf("the server did not become ready: %w\n%s", err, text)
	}
	s.started = time.Since(began)
	if s.Client, err = connect(dir, "http://"+listen); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.done:
			s.done <- err
			return errors.Join(errors.New("it ended"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// connect reads the credentials that the server wrote for this machine.
func connect(dir, url string) (*client.Client, error) {
	text, err := os.ReadFile(filepath.Join(dir, "credentials"))
	if err != nil {
		return nil, err
	}
	var c struct {
		APIKey string `json:"api_key"`
	}
	if err := py.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	return client.New(client.Config{API: url + "/api/v1", Auth: url + "/auth/v1", Stream: url + "/stream/v1", APIKey: c.APIKey}), nil
}

// stop ends the server and waits for it.
func (s *server) stop() {
	if s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// resident returns the server's resident memory in MB, from /proc.
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
