package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

var transactionTests = []namedTest{
	{"a failed transaction leaves nothing behind", testRollback},
	{"a panic reaches the caller and nobody else", testPanic},
	{"a view cannot write", testViewWrites},
	{"a NUL character is refused, whoever asks", testNUL},
	{"a view sees one snapshot", testSnapshotIsolation},
	{"topics ring once, after the commit, and not without one", testRings},
	{"ids are unique and ascend", testIDs},
	{"an ended context stops a transaction before it begins", testCanceled},
	{"concurrent transactions each do their own", testConcurrent},
	{"a lock makes look-then-write safe", testLock},
	{"values come back as they went in", testValues},
	{"a closed store refuses work", testClosed},
	{"facts are remembered", testFacts},
}

var errUndone = errors.New("undone")

func testRollback(t *testing.T, b Backend) {
	rung := &rings{}
	s := b.Open(t, store.Config{OnCommit: rung.add})
	a := action("core.local")
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		a.ID = tx.NewID()
		if err := store.Actions.Insert(tx, a); err != nil {
			return err
		}
		if err := tx.Push(store.Push{Kind: "k", Key: "1"}); err != nil {
			return err
		}
		tx.Emit(store.Event{Topic: "action", Kind: "create", Key: a.ID, Body: []byte("{}")})
		return errUndone
	})
	if !errors.Is(err, errUndone) {
		t.Errorf("error = %v, want %v", err, errUndone)
	}
	if a.Rev != 0 {
		t.Errorf("Rev after the rollback = %d, want 0 as before", a.Rev)
	}
	view(t, s, func(tx *store.Tx) error {
		_, err := store.Actions.Get(tx, a.ID)
		wantError(t, err, gale.NotFound, "")
		if _, found, _ := tx.QueueItem("k", "1"); found {
			t.Error("the queue item is there")
		}
		return nil
	})
	if events, err := s.Events(t.Context(), 0, 10); err != nil || len(events) > 0 {
		t.Errorf("events = %v, %v, want none", events, err)
	}
	if got := rung.all(); len(got) > 0 {
		t.Errorf("rang %v, want nothing", got)
	}
}

func testPanic(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v, want boom", p)
			}
		}()
		_ = s.Update(t.Context(), func(tx *store.Tx) error { panic("boom") })
	}()
	insertAction(t, s, "core.local")
}

func testViewWrites(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	writes := map[string]func(tx *store.Tx) error{
		"exec":   func(tx *store.Tx) error { _, err := tx.Exec("delete from action"); return err },
		"query":  func(tx *store.Tx) error { _, err := tx.Query("delete from action returning id"); return err },
		"insert": func(tx *store.Tx) error { return store.Traces.Insert(tx, &gale.Trace{ID: "x"}) },
		"push":   func(tx *store.Tx) error { return tx.Push(store.Push{Kind: "k", Key: "1"}) },
		"claim":  func(tx *store.Tx) error { _, err := tx.Claim("k", "", 1); return err },
	}
	for name, write := range writes {
		if err := s.View(t.Context(), write); err == nil {
			t.Errorf("%s in a view succeeded", name)
		}
	}
}

// SQLite would take it, PostgreSQL would not: what works on one must work on
// the other.
func testNUL(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	err := s.View(t.Context(), func(tx *store.Tx) error {
		_, err := store.Actions.By(tx, "ref", "core.\x00")
		return err
	})
	wantError(t, err, gale.Invalid, `ref: the text 'core.\x00' has a NUL character in it`)
	err = s.View(t.Context(), func(tx *store.Tx) error {
		_, err := store.Actions.Find(tx, store.Query{Where: []store.Cond{{Column: "ref", Op: "in", Value: []string{"a", "b\x00"}}}})
		return err
	})
	wantError(t, err, gale.Invalid, "")
	a := action("core.local")
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		a.ID, a.UID = tx.NewID(), "a\x00b"
		return store.Actions.Insert(tx, a)
	})
	wantError(t, err, gale.Invalid, "")
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		a.UID, a.Description = "ab", "a\x00b" // no column, so it is text inside of a document
		return store.Actions.Insert(tx, a)
	})
	if err != nil {
		t.Errorf("inside of a document: %v", err)
	}
}

func testSnapshotIsolation(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	a := insertAction(t, s, "core.local")
	view(t, s, func(tx *store.Tx) error {
		if _, err := store.Actions.Get(tx, a.ID); err != nil {
			return err
		}
		insertAction(t, s, "core.remote")
		n, err := store.Actions.Count(tx, store.Query{})
		if n != 1 {
			t.Errorf("the snapshot has %d actions, want 1 as at its start", n)
		}
		return err
	})
}

// rings collects what a store rings.
type rings struct {
	mu     sync.Mutex
	topics [][]string
}

func (r *rings) add(topics []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.topics = append(r.topics, slices.Clone(topics))
}

func (r *rings) all() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.topics
}

func testRings(t *testing.T, b Backend) {
	rung := &rings{}
	s := b.Open(t, store.Config{OnCommit: rung.add})
	update(t, s, func(tx *store.Tx) error {
		tx.Ring("a", "b", "a")
		tx.Emit(store.Event{Topic: "x", Kind: "create", Key: "1", Body: []byte("{}")})
		if len(rung.all()) > 0 {
			t.Error("rang before the commit")
		}
		return tx.Push(store.Push{Kind: "run", Key: "1"})
	})
	update(t, s, func(tx *store.Tx) error { return nil })
	want := [][]string{{"a", "b", "queue:run", "event"}}
	if diff := cmp.Diff(want, rung.all()); diff != "" {
		t.Errorf("rings (-want +got):\n%s", diff)
	}
}

func testIDs(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var own []string
			for range 5 {
				_ = s.Update(context.Background(), func(tx *store.Tx) error {
					own = own[:len(own):len(own)]
					for range 100 {
						own = append(own, tx.NewID())
					}
					return nil
				})
			}
			mu.Lock()
			defer mu.Unlock()
			if !slices.IsSorted(own) {
				t.Error("the ids of one caller do not ascend")
			}
			for _, id := range own {
				if len(id) != 24 || seen[id] {
					t.Errorf("id %q is not 24 digits or not new", id)
				}
				seen[id] = true
			}
		})
	}
	wg.Wait()
}

func testCanceled(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	for name, f := range map[string]func(context.Context, func(*store.Tx) error) error{"View": s.View, "Update": s.Update} {
		if err := f(ctx, func(*store.Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want %v", name, err, context.Canceled)
		}
	}
	if ran {
		t.Error("the function ran")
	}
}

func testConcurrent(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	const callers, each = 16, 25
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				err := s.Update(context.Background(), func(tx *store.Tx) error {
					if err := store.Traces.Insert(tx, &gale.Trace{ID: fmt.Sprintf("%02d-%02d", c, i), Tag: "t"}); err != nil {
						return err
					}
					if i%5 == 4 {
						return errUndone // of this one only
					}
					return nil
				})
				if (i%5 == 4) != errors.Is(err, errUndone) || i%5 != 4 && err != nil {
					t.Errorf("caller %d, transaction %d: %v", c, i, err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx *store.Tx) error {
		n, err := store.Traces.Count(tx, store.Query{})
		if want := callers * each * 4 / 5; n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
		return err
	})
}

func testLock(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx *store.Tx) error {
				if err := tx.Lock("traces"); err != nil {
					return err
				}
				n, err := store.Traces.Count(tx, store.Query{})
				if err != nil || n > 0 {
					return err
				}
				return store.Traces.Insert(tx, &gale.Trace{ID: tx.NewID(), Tag: "only"})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx *store.Tx) error {
		n, err := store.Traces.Count(tx, store.Query{})
		if n != 1 {
			t.Errorf("%d rows were made, want 1", n)
		}
		return err
	})
}

type named string

func testValues(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	update(t, s, func(tx *store.Tx) error {
		_, err := tx.Exec("insert into queue (kind, key, pool, run_at, priority, attempt) values ($1, $2, $3, $4, $5, $6)",
			named("kind"), "ké\"'y", "", gale.Time(1<<60), -7, true)
		return err
	})
	view(t, s, func(tx *store.Tx) error {
		rows, err := tx.Query("select kind, key, pool, run_at, priority, attempt, owner, token from queue")
		if err != nil {
			return err
		}
		for rows.Next() {
			var kind named
			var key string
			var pool []byte
			var at gale.Time
			var priority int
			var attempt bool
			var owner *string
			var token any
			if err := rows.Scan(&kind, &key, &pool, &at, &priority, &attempt, &owner, &token); err != nil {
				return err
			}
			if kind != "kind" || key != "ké\"'y" || len(pool) != 0 || at != 1<<60 || priority != -7 || !attempt || owner != nil || token != nil {
				t.Errorf("row = %q %q %q %d %d %v %v %v", kind, key, pool, at, priority, attempt, owner, token)
			}
		}
		return rows.Err()
	})
}

func testClosed(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	insertAction(t, s, "core.local")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.View(t.Context(), func(*store.Tx) error { return nil }), gale.Unavailable, "the store is closed")
	wantError(t, s.Update(t.Context(), func(*store.Tx) error { return nil }), gale.Unavailable, "the store is closed")
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	again := b.Open(t, store.Config{})
	view(t, again, func(tx *store.Tx) error {
		_, err := store.Actions.By(tx, "ref", "core.local")
		return err
	})
}

func testFacts(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	for _, want := range []string{"", "1", "2"} {
		if want != "" {
			update(t, s, func(tx *store.Tx) error { return tx.SetFact("f", want) })
		}
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Fact("f")
			if got != want {
				t.Errorf("fact = %q, want %q", got, want)
			}
			return err
		})
	}
}
