package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/pgtest"
)

func openPostgres(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// session is a connection of somebody else, one statement at a time.
type session struct {
	t *testing.T
	c *pgx.Conn
}

func connect(t *testing.T, url string) session {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return session{t, c}
}

func (s session) do(statements ...string) {
	s.t.Helper()
	for _, q := range statements {
		if _, err := s.c.Exec(s.t.Context(), q); err != nil {
			s.t.Fatalf("%s: %v", q, err)
		}
	}
}

// begin opens a transaction as the store does: its id is drawn first.
func (s session) begin() { s.t.Helper(); s.do("begin", "select pg_current_xact_id()") }

func (s session) emit(key string) {
	s.t.Helper()
	s.do("insert into event (topic, kind, key, body, ts) values ('t', 'k', '" + key + "', '{}', 1)")
}

func readEvents(t *testing.T, s *store.Store, cursor *int64) []string {
	t.Helper()
	events, err := s.Events(t.Context(), *cursor, 100)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, e := range events {
		keys = append(keys, e.Key)
		*cursor = e.Seq
	}
	return keys
}

func wantEvents(t *testing.T, s *store.Store, cursor *int64, want ...string) {
	t.Helper()
	if got := readEvents(t, s, cursor); !slices.Equal(got, want) {
		t.Errorf("events = %v, want %v", got, want)
	}
}

func TestEventsOfReverseCommits(t *testing.T) {
	for _, end := range []string{"commit", "rollback"} {
		// Whose transaction id is smaller must not matter.
		for _, firstBegins := range []bool{true, false} {
			t.Run(fmt.Sprint(end, firstBegins), func(t *testing.T) {
				url := pgtest.Database(t)
				s := openPostgres(t, url)
				a, b := connect(t, url), connect(t, url)
				if firstBegins {
					a.begin()
					b.begin()
				} else {
					b.begin()
					a.begin()
				}
				a.emit("a")
				b.emit("b")
				b.do("commit")
				var cursor int64
				wantEvents(t, s, &cursor)
				wantEvents(t, s, &cursor)
				a.do(end)
				if end == "commit" {
					wantEvents(t, s, &cursor, "a", "b")
				} else {
					wantEvents(t, s, &cursor, "b")
				}
			})
		}
	}
}

// TestEventsBehindAHole checks that what is settled is given out although
// something behind it is not.
func TestEventsBehindAHole(t *testing.T) {
	url := pgtest.Database(t)
	s := openPostgres(t, url)
	a, b := connect(t, url), connect(t, url)
	b.begin()
	b.emit("1")
	b.do("commit")
	a.begin()
	a.emit("2")
	b.begin()
	b.emit("3")
	b.do("commit")
	var cursor int64
	wantEvents(t, s, &cursor, "1")
	wantEvents(t, s, &cursor)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if last, err := s.LastEvent(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("LastEvent while a transaction runs = %d, %v, want it to wait", last, err)
	}
	a.do("commit")
	wantEvents(t, s, &cursor, "2", "3")
	if last, err := s.LastEvent(t.Context()); last != cursor || err != nil {
		t.Errorf("LastEvent = %d, %v, want %d", last, err, cursor)
	}
}

// TestServerCrash kills the server under the store: it must come back by
// itself, keep what it acknowledged, and read on although the crash made the
// sequence jump.
func TestServerCrash(t *testing.T) {
	srv := pgtest.New(t)
	s := openPostgres(t, srv.URL("postgres"))
	emit := func(key string) error {
		return s.Update(t.Context(), func(tx *store.Tx) error {
			tx.Emit(store.Event{Topic: "t", Kind: "k", Key: key, Body: []byte("{}")})
			return nil
		})
	}
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint(i))
		if err := emit(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	srv.Kill()
	if err := emit("lost"); gale.KindOf(err) != gale.Unavailable {
		t.Errorf("Update without a server = %v, want Unavailable", err)
	}
	if err := s.Ping(t.Context()); gale.KindOf(err) != gale.Unavailable {
		t.Errorf("Ping without a server = %v, want Unavailable", err)
	}
	srv.Restart(t)
	want = append(want, "after")
	if err := emit("after"); err != nil {
		t.Errorf("Update after the crash: %v", err)
	}
	var cursor int64
	got := readEvents(t, s, &cursor) // up to the jump
	got = append(got, readEvents(t, s, &cursor)...)
	if !slices.Equal(got, want) {
		t.Errorf("events = %v, want %v", got, want)
	}
}

// TestCommitWithoutAnswer cuts the connection as a commit is sent.
func TestCommitWithoutAnswer(t *testing.T) {
	insert := func(s *store.Store, before func()) (runs int, err error) {
		// Once before, so that the statements are prepared and the commit is
		// one request.
		err = s.Update(context.Background(), func(tx *store.Tx) error {
			return store.Traces.Insert(tx, &gale.Trace{ID: "0", Tag: "t"})
		})
		if err != nil {
			return 0, err
		}
		err = s.Update(context.Background(), func(tx *store.Tx) error {
			runs++
			if runs == 1 {
				before()
			}
			return store.Traces.Insert(tx, &gale.Trace{ID: fmt.Sprint(runs), Tag: "t"})
		})
		return runs, err
	}
	count := func(t *testing.T, s *store.Store) (n int) {
		t.Helper()
		err := s.View(t.Context(), func(tx *store.Tx) (err error) {
			n, err = store.Traces.Count(tx, store.Query{})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Run("a commit that was done counts", func(t *testing.T) {
		p := newProxy(t, pgtest.Database(t))
		s := openPostgres(t, p.url)
		runs, err := insert(s, p.swallowAnswer)
		if runs != 1 || err != nil || count(t, s) != 2 {
			t.Errorf("%d runs, %v, %d rows, want 1, nil, 2", runs, err, count(t, s))
		}
	})
	t.Run("one that was not is repeated", func(t *testing.T) {
		p := newProxy(t, pgtest.Database(t))
		s := openPostgres(t, p.url)
		runs, err := insert(s, p.cutRequest)
		if runs != 2 || err != nil || count(t, s) != 2 {
			t.Errorf("%d runs, %v, %d rows, want 2, nil, 2", runs, err, count(t, s))
		}
	})
	t.Run("after a crash of the server nobody can know", func(t *testing.T) {
		srv := pgtest.New(t)
		p := newProxy(t, srv.URL("postgres"))
		s := openPostgres(t, p.url)
		p.onCut = func() {
			srv.Kill()
			srv.Restart(t)
		}
		runs, err := insert(s, p.swallowAnswer)
		if runs != 1 || !errors.Is(err, store.ErrUnknown) || gale.KindOf(err) != gale.Unavailable {
			t.Errorf("%d runs, %v, want 1 and an unknown outcome", runs, err)
		}
	})
}

// TestDeadlockIsRepeated lets two transactions wait for each other.
func TestDeadlockIsRepeated(t *testing.T) {
	s := openPostgres(t, pgtest.Database(t))
	both := make(chan struct{}, 2)
	var meet sync.WaitGroup
	meet.Add(2)
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		go func() {
			first := true
			err := s.Update(context.Background(), func(tx *store.Tx) error {
				if err := tx.Lock(order[0]); err != nil {
					return err
				}
				if first {
					first = false
					meet.Done()
					meet.Wait()
				}
				return tx.Lock(order[1])
			})
			if err != nil {
				t.Error(err)
			}
			both <- struct{}{}
		}()
	}
	<-both
	<-both
}

// TestADocumentThatMovesOnIsReadAgain changes a document each time that
// another transaction has read it; both changes are kept all the same. One that
// was read in an earlier transaction stays a conflict.
func TestADocumentThatMovesOnIsReadAgain(t *testing.T) {
	ctx := context.Background()
	s := openPostgres(t, pgtest.Database(t))
	const id = "0123456789abcdef01234567"
	if err := s.Update(ctx, func(tx *store.Tx) error {
		return store.Traces.Insert(tx, &gale.Trace{ID: id, Tag: "t"})
	}); err != nil {
		t.Fatal(err)
	}
	var outside *gale.Trace
	change := func(by string, between func()) error {
		return s.Update(ctx, func(tx *store.Tx) error {
			found, err := store.Traces.Get(tx, id)
			if err != nil {
				return err
			}
			if outside == nil {
				copied := *found
				outside = &copied
			}
			between()
			found.Tag += by
			return store.Traces.Update(tx, found)
		})
	}
	times := 0
	if err := change("!", func() {
		if times++; times <= 4 {
			if err := change("x", func() {}); err != nil {
				t.Error(err)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	err := s.Update(ctx, func(tx *store.Tx) error {
		copied := *outside
		return store.Traces.Update(tx, &copied)
	})
	if gale.KindOf(err) != gale.Conflict {
		t.Errorf("over a revision from before: got %v, want a conflict", err)
	}
	if err := s.View(ctx, func(tx *store.Tx) error {
		found, err := store.Traces.Get(tx, id)
		if err == nil && (found.Tag != "txxxx!" || found.Rev != 6) {
			t.Errorf("got %q in revision %d, want txxxx! in 6", found.Tag, found.Rev)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestPlansPostgres wants the indexes to be used that were made for it, with
// fresh statistics and with none.
func TestPlansPostgres(t *testing.T) {
	s := openPostgres(t, pgtest.Database(t))
	fillQueue(t, s, 100_000)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`insert into execution (id, v, status, start_timestamp, action_ref, trace_id, doc)
 select to_char(i, 'FM000000000000000000000000'), 1, case when i % 100 = 0 then 'failed' else 'succeeded' end, i, 'core.a' || i % 50, i::text, '{}'
 from generate_series(1, 50000) i`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		wantPlan(t, s, store.PGClaimSQL, []any{"run", "", 10, "me", 1, 1}, "queue_ready", "Seq Scan on queue")
		wantPlan(t, s, store.NextSQL, []any{"run", ""}, "queue_ready", "Seq Scan on queue")
		wantPlan(t, s, store.PGExpiredSQL, []any{100, "me", []int64{1}, 1}, "queue_held", "Seq Scan on queue")
		for index, q := range map[string]store.Query{
			"execution_start_timestamp_id":         {Order: []string{"-start_timestamp"}, Limit: 50},
			"execution_status_start_timestamp":     {Where: []store.Cond{store.Eq("status", "failed")}, Order: []string{"-start_timestamp"}, Limit: 50},
			"execution_action_ref_start_timestamp": {Where: []store.Cond{store.Eq("action", "core.a1")}, Order: []string{"-start_timestamp"}, Limit: 50},
			"execution_trace_id":                   {Where: []store.Cond{store.Eq("trace_id", "7")}},
		} {
			text, args, err := store.FindSQL(s, q)
			if err != nil {
				t.Fatal(err)
			}
			wantPlan(t, s, text, args, index, "Seq Scan on execution")
		}
	}
	check()
	err = s.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec("analyze"); return err })
	if err != nil {
		t.Fatal(err)
	}
	check()
}

func wantPlan(t *testing.T, s *store.Store, text string, args []any, index, not string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		plan, err := explain(tx, "explain ", text, args)
		if err == nil && (!strings.Contains(plan, index) || strings.Contains(plan, not)) {
			t.Errorf("want %s and no %s in the plan of %s:\n%s", index, not, text, plan)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestTwoNodesShareAStore(t *testing.T) {
	addr := pgtest.Database(t)
	a, b := openPostgres(t, addr), openPostgres(t, addr)
	var it store.Item
	err := a.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.Push(store.Push{Kind: "k", Key: "1"}); err != nil {
			return err
		}
		items, err := tx.Claim("k", "", 1)
		if err == nil {
			it = items[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	reap := func() int {
		n, err := b.Reap(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := reap(); n != 0 {
		t.Errorf("a fresh lease of another node was reaped")
	}
	err = b.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec("update queue set until = 1"); return err })
	if err != nil {
		t.Fatal(err)
	}
	if n := reap(); n != 1 {
		t.Errorf("Reap = %d, want 1", n)
	}
	if err := a.Update(t.Context(), func(tx *store.Tx) error { return tx.Done(it) }); !errors.Is(err, store.ErrLost) {
		t.Errorf("Done of the node that lost its lease = %v, want %v", err, store.ErrLost)
	}
}

func TestErrorsHoldNoPassword(t *testing.T) {
	u, _ := url.Parse(pgtest.Database(t))
	u.User = url.UserPassword("nobody-here", "s3cret")
	for _, address := range []string{
		u.String(),
		"postgres://u:s3cret@127.0.0.1:1/db",
		"postgres://u:s3cret@host:notaport/db",
		"postgres://u:s3cret@[::1/db",
		"postgres://u:s3cret@host/db?sslmode=bogus",
	} {
		_, err := store.Open(t.Context(), store.Config{URL: address})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error = %v, want one without the password", address, err)
		}
	}
}
