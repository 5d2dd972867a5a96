// Package pgtest runs a private PostgreSQL server for tests from the
// distribution's binaries. Nothing on disk survives it, and it does not
// survive the test binary, however that ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const superuser = "gale"

// Server is a running PostgreSQL that listens on a socket in its own directory.
type Server struct {
	bin, dir string
	cred     *syscall.Credential
	cmd      *exec.Cmd
	exited   chan struct{}
	watchdog *exec.Cmd
}

var shared struct {
	once sync.Once
	srv  *Server
	err  error
	n    atomic.Int64

	mu   sync.Mutex
	free map[string][]string // databases for Reuse, by kind
}

// Database returns the URL of a new, empty database that belongs to tb. All
// tests of a binary share one server.
func Database(tb testing.TB) string {
	tb.Helper()
	srv := server(tb)
	name := "t" + strconv.FormatInt(shared.n.Add(1), 10)
	srv.exec(tb, "postgres", "create database "+name)
	tb.Cleanup(func() { srv.exec(tb, "postgres", "drop database "+name+" with (force)") })
	return srv.URL(name)
}

// Reuse is Database, but the new one has what prepare put into it and nothing
// else: when tb ends it is emptied and kept for the next test that asks for
// the same kind. That is much faster than making one.
func Reuse(tb testing.TB, kind string, prepare func(url string) error) string {
	tb.Helper()
	srv := server(tb)
	shared.mu.Lock()
	free := shared.free[kind]
	var name string
	if len(free) > 0 {
		name = free[len(free)-1]
		shared.free[kind] = free[:len(free)-1]
	}
	shared.mu.Unlock()
	if name == "" {
		name = fmt.Sprintf("%s%d", kind, shared.n.Add(1))
		srv.exec(tb, "postgres", "create database "+name)
		if err := prepare(srv.URL(name)); err != nil {
			tb.Fatalf("prepare database %s: %v", name, err)
		}
	}
	tb.Cleanup(func() {
		srv.exec(tb, name, emptyTables)
		shared.mu.Lock()
		shared.free[kind] = append(shared.free[kind], name)
		shared.mu.Unlock()
	})
	return srv.URL(name)
}

// emptyTables empties all tables but the schema's version, and starts their
// numbers again. Sessions that a test left behind are ended, lest they wait.
const emptyTables = `
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
do $$ begin execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ') || ' restart identity'
 from pg_tables where schemaname = 'public' and tablename <> 'schema_version'); end $$`

func server(tb testing.TB) *Server {
	tb.Helper()
	shared.once.Do(func() {
		shared.free = map[string][]string{}
		shared.srv, shared.err = start()
	})
	if shared.err != nil {
		tb.Fatalf("start PostgreSQL for tests: %v", shared.err)
	}
	return shared.srv
}

// New starts a server of tb's own, for tests that stop it or change it.
func New(tb testing.TB) *Server {
	tb.Helper()
	s, err := start()
	if err != nil {
		tb.Fatalf("start PostgreSQL for tests: %v", err)
	}
	tb.Cleanup(func() { s.stop() })
	return s
}

// URL returns the address of a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// Kill ends the server and all its processes at once, as a crash would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	<-s.exited
}

// Restart starts the server again after Kill and waits until it answers.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	if err := s.launch(); err != nil {
		tb.Fatalf("start PostgreSQL again: %v", err)
	}
}

// exec runs statements in a database.
func (s *Server) exec(tb testing.TB, database, statements string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		tb.Fatalf("connect to the test server: %v", err)
	}
	defer c.Close(ctx)
	if err := c.PgConn().Exec(ctx, statements).Close(); err != nil {
		tb.Fatalf("%s: %v", statements, err)
	}
}

func start() (_ *Server, err error) {
	s := &Server{}
	if s.bin, err = findBinaries(); err != nil {
		return nil, err
	}
	if s.cred, err = credential(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "gale-pg-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(s.dir)
		}
	}()
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(s.dir, "data")
	initdb := s.command("initdb", "-D", data, "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.launch()
}

// command is a program of PostgreSQL's, run as a user that it accepts.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.cred}
	return cmd
}

func (s *Server) launch() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = s.command("postgres", "-D", filepath.Join(s.dir, "data"), "-k", s.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "max_wal_size=256MB")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	if err := s.watch(); err != nil {
		s.stop()
		return err
	}
	if err := s.ready(); err != nil {
		text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.stop()
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// watch starts a shell that ends the server and removes its directory as soon
// as this process closes the pipe, which the kernel does for a dead one too.
// It runs in its own group, so that an interrupt of the tests does not reach it.
func (s *Server) watch() error {
	const script = `read _; kill -QUIT "$1"; n=0; while kill -0 "$1" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; [ -n "$2" ] && rm -rf "$2"`
	if s.watchdog != nil { // of a server that was killed; it has nothing left to do
		s.unwatch()
	}
	cmd := exec.Command("/bin/sh", "-c", script, "sh", strconv.Itoa(s.cmd.Process.Pid), s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	_ = pipe // stays open for as long as this process lives
	s.watchdog = cmd
	return cmd.Start()
}

func (s *Server) unwatch() {
	_ = s.watchdog.Process.Kill()
	_ = s.watchdog.Wait()
	s.watchdog = nil
}

// ready waits until the server answers. It says so nowhere else than by
// answering.
func (s *Server) ready() error {
	deadline := time.Now().Add(time.Minute)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		c, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			err = c.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return errors.New("the server has ended")
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

func (s *Server) stop() {
	if s.watchdog != nil {
		s.unwatch()
	}
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// findBinaries returns the directory of the newest installed version.
func findBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed; on Debian: apt-get install postgresql")
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	return filepath.Dir(found[len(found)-1]), nil
}

func version(path string) int {
	for part := range strings.SplitSeq(path, "/") {
		if n, err := strconv.Atoi(part); err == nil {
			return n
		}
	}
	return 0
}

// credential picks whom to run the server as: it refuses to run as root.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is neither a user postgres nor nobody to run the server as")
}
