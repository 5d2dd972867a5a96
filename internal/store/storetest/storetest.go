// Package storetest is the suite that every store must pass, and the ways in
// which tests get one.
package storetest

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/pgtest"
)

// Backend makes stores for tests.
type Backend struct {
	// Open opens the store that belongs to tb: a new, empty one at the first
	// call, the same one again later. It is closed when tb ends.
	Open func(tb testing.TB, cfg store.Config) *store.Store
	// Shared says that a store may be opened while it is open already.
	Shared bool
}

// SQLite makes embedded stores in temporary directories.
func SQLite() Backend {
	dirs := places{byTest: map[string]string{}}
	return Backend{Open: func(tb testing.TB, cfg store.Config) *store.Store {
		tb.Helper()
		cfg.Dir = dirs.of(tb, testing.TB.TempDir)
		return open(tb, cfg)
	}}
}

// Postgres makes stores in databases of a private server.
func Postgres() Backend {
	urls := places{byTest: map[string]string{}}
	return Backend{Shared: true, Open: func(tb testing.TB, cfg store.Config) *store.Store {
		tb.Helper()
		cfg.URL = urls.of(tb, database)
		return open(tb, cfg)
	}}
}

// database returns an empty database whose schema is in place already.
func database(tb testing.TB) string {
	return pgtest.Reuse(tb, "gale", func(url string) error {
		s, err := store.Open(tb.Context(), store.Config{URL: url})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

// places remembers where the store of each test is.
type places struct {
	mu     sync.Mutex
	byTest map[string]string
}

func (p *places) of(tb testing.TB, make func(testing.TB) string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byTest[tb.Name()] == "" {
		p.byTest[tb.Name()] = make(tb)
		tb.Cleanup(func() { // a benchmark runs several times under one name
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.byTest, tb.Name())
		})
	}
	return p.byTest[tb.Name()]
}

// Open returns a new embedded store that is closed when tb ends.
func Open(tb testing.TB) *store.Store {
	tb.Helper()
	return OpenWith(tb, store.Config{})
}

// OpenWith is Open with settings; Dir is filled in when it is empty.
func OpenWith(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.Dir == "" {
		cfg.Dir = tb.TempDir()
	}
	return open(tb, cfg)
}

func open(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.Log == nil {
		w := &logWriter{tb: tb}
		tb.Cleanup(w.stop)
		cfg.Log = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s, err := store.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatalf("open the store: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close the store: %v", err)
		}
	})
	return s
}

// logWriter shows what the store logs in the test's own log, for as long as
// the test lasts: what logs later must not make it panic.
type logWriter struct {
	mu    sync.Mutex
	tb    testing.TB
	ended bool
}

var _ io.Writer = (*logWriter)(nil)

func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.tb.Logf("%s", b)
	}
	return len(b), nil
}

func (w *logWriter) stop() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
}

// update runs fn in a transaction and ends the test when it fails.
func update(tb testing.TB, s *store.Store, fn func(tx *store.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), fn); err != nil {
		tb.Fatalf("update: %v", err)
	}
}

// view runs fn over a snapshot and ends the test when it fails.
func view(tb testing.TB, s *store.Store, fn func(tx *store.Tx) error) {
	tb.Helper()
	if err := s.View(tb.Context(), fn); err != nil {
		tb.Fatalf("view: %v", err)
	}
}

func key(i int) string { return fmt.Sprintf("k%05d", i) }
