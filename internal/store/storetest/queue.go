package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

var queueTests = []namedTest{
	{"pushing twice is pushing once, at the earlier time", testPushTwice},
	{"claims go by priority and then by time", testClaimOrder},
	{"claims mind kind, pool, time and number", testClaimFilters},
	{"tokens are positive and never twice the same", testTokens},
	{"done removes, unless it was pushed meanwhile", testDone},
	{"a push during a lease counts from its release", testPushDuringLease},
	{"a lost lease fences what is written", testFencing},
	{"release forgets attempts, retry counts them", testRelease},
	{"concurrent claims never share an item", testConcurrentClaims},
	{"expired leases of step kinds are queued again", testReapStep},
	{"expired leases of effect kinds go to Lost", testReapEffect},
	{"leases that are renewed, or held here, are not reaped", testRenew},
	{"statistics count by kind", testStats},
	{"work that nobody holds can be taken back", testUnpush},
	{"what a dead predecessor held is taken back", testOrphans},
	{"the queue behaves like a map", testQueueModel},
}

func push(t testing.TB, s *store.Store, pushes ...store.Push) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		for _, p := range pushes {
			if err := tx.Push(p); err != nil {
				return err
			}
		}
		return nil
	})
}

func claim(t testing.TB, s *store.Store, kind string, n int) (items []store.Item) {
	t.Helper()
	update(t, s, func(tx *store.Tx) (err error) {
		items, err = tx.Claim(kind, "", n)
		return err
	})
	return items
}

func claimOne(t testing.TB, s *store.Store, kind string) store.Item {
	t.Helper()
	items := claim(t, s, kind, 1)
	if len(items) != 1 {
		t.Fatalf("claimed %d items, want 1", len(items))
	}
	return items[0]
}

func keys(items []store.Item) []string {
	var got []string
	for _, it := range items {
		got = append(got, it.Key)
	}
	return got
}

func queueItem(t testing.TB, s *store.Store, kind, key string) (it store.Item, found bool) {
	t.Helper()
	view(t, s, func(tx *store.Tx) (err error) {
		it, found, err = tx.QueueItem(kind, key)
		return err
	})
	return it, found
}

// die makes the holder of an item somebody who has not renewed for long.
func die(t testing.TB, s *store.Store, it store.Item) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		_, err := tx.Exec("update queue set owner = 'dead', until = 1 where kind = $1 and key = $2", it.Kind, it.Key)
		return err
	})
}

func testPushTwice(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1", RunAt: 200, Priority: 5}, store.Push{Kind: "k", Key: "1", RunAt: 100, Priority: 7},
		store.Push{Kind: "k", Key: "1", RunAt: 300, Priority: 6})
	items := claim(t, s, "k", 10)
	want := []store.Item{{Kind: "k", Key: "1", Owner: s.Owner(), Gen: 3, Attempt: 1, RunAt: 100}}
	if diff := cmp.Diff(want, items, cmpopts.IgnoreFields(store.Item{}, "Token")); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

func testClaimOrder(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "late", RunAt: 300}, store.Push{Kind: "k", Key: "early", RunAt: 100},
		store.Push{Kind: "k", Key: "last", RunAt: 1, Priority: 9}, store.Push{Kind: "k", Key: "first", RunAt: 500, Priority: -1},
		store.Push{Kind: "k", Key: "future", RunAt: gale.TimeOf(time.Now().Add(time.Hour)), Priority: -5},
		store.Push{Kind: "k", Key: "middle", RunAt: 200})
	if diff := cmp.Diff([]string{"first", "early"}, keys(claim(t, s, "k", 2))); diff != "" {
		t.Errorf("first claim (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"middle", "late", "last"}, keys(claim(t, s, "k", 5))); diff != "" {
		t.Errorf("second claim (-want +got):\n%s", diff)
	}
}

func testClaimFilters(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1", Pool: "site=ams"}, store.Push{Kind: "k", Key: "2"}, store.Push{Kind: "other", Key: "1"},
		store.Push{Kind: "k", Key: "4", RunAt: gale.TimeOf(time.Now().Add(time.Hour))})
	var got []store.Item
	update(t, s, func(tx *store.Tx) (err error) {
		got, err = tx.Claim("k", "site=ams", 10)
		return err
	})
	if diff := cmp.Diff([]string{"1"}, keys(got)); diff != "" {
		t.Errorf("claimed of the pool (-want +got):\n%s", diff)
	}
	if got := claim(t, s, "k", 0); got != nil {
		t.Errorf("claim of 0 = %v", got)
	}
	if diff := cmp.Diff([]string{"2"}, keys(claim(t, s, "k", 10))); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
	if got := claim(t, s, "k", 10); len(got) != 0 {
		t.Errorf("claimed %v again", got)
	}
}

func testTokens(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	seen := map[int64]bool{}
	for range 3 {
		for i := range 20 {
			push(t, s, store.Push{Kind: "k", Key: key(i)})
		}
		for _, it := range claim(t, s, "k", 20) {
			if it.Token <= 0 || seen[it.Token] {
				t.Errorf("token %d is not positive or not new", it.Token)
			}
			seen[it.Token] = true
			update(t, s, func(tx *store.Tx) error { return tx.Done(it) })
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d tokens, want 60", len(seen))
	}
}

func testDone(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"})
	it := claimOne(t, s, "k")
	push(t, s, store.Push{Kind: "k", Key: "1"})
	if got := claim(t, s, "k", 1); len(got) != 0 {
		t.Fatalf("claimed %v while it was held", got)
	}
	update(t, s, func(tx *store.Tx) error { return tx.Done(it) })
	again := claimOne(t, s, "k")
	if again.Gen != 2 || again.Attempt != 1 || again.Token == it.Token {
		t.Errorf("claimed again as %+v after %+v, want gen 2, attempt 1, another token", again, it)
	}
	update(t, s, func(tx *store.Tx) error { return tx.Done(again) })
	if it, found := queueItem(t, s, "k", "1"); found {
		t.Errorf("%+v is still queued", it)
	}
}

func testPushDuringLease(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	soon, later := gale.TimeOf(time.Now().Add(time.Hour)), gale.TimeOf(time.Now().Add(2*time.Hour))
	push(t, s, store.Push{Kind: "timer", Key: "1", RunAt: 100})
	it := claimOne(t, s, "timer")
	update(t, s, func(tx *store.Tx) error {
		if err := tx.Push(store.Push{Kind: "timer", Key: "1", RunAt: later}); err != nil {
			return err
		}
		if err := tx.Push(store.Push{Kind: "timer", Key: "1", RunAt: soon}); err != nil {
			return err
		}
		return tx.Done(it)
	})
	got, found := queueItem(t, s, "timer", "1")
	if !found || got.RunAt != soon || got.Owner != "" {
		t.Errorf("item = %+v, %v, want it free and due at %v", got, found, soon)
	}
}

func testFencing(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"})
	lost := claimOne(t, s, "k")
	die(t, s, lost)
	if n, err := s.Reap(t.Context()); n != 1 || err != nil {
		t.Fatalf("Reap = %d, %v, want 1", n, err)
	}
	held := claimOne(t, s, "k")
	if held.Attempt != 2 {
		t.Errorf("attempt after the loss = %d, want 2", held.Attempt)
	}
	for name, f := range map[string]func(tx *store.Tx) error{
		"Done":    func(tx *store.Tx) error { return tx.Done(lost) },
		"Release": func(tx *store.Tx) error { return tx.Release(lost, 0) },
		"Retry":   func(tx *store.Tx) error { return tx.Retry(lost, 0) },
		"Held":    func(tx *store.Tx) error { return tx.Held(lost) },
	} {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if err := store.Traces.Insert(tx, &gale.Trace{ID: "late", Tag: "t"}); err != nil {
				return err
			}
			return f(tx)
		})
		if !errors.Is(err, store.ErrLost) {
			t.Errorf("%s with the lost lease = %v, want %v", name, err, store.ErrLost)
		}
	}
	view(t, s, func(tx *store.Tx) error {
		_, err := store.Traces.Get(tx, "late")
		wantError(t, err, gale.NotFound, "")
		return nil
	})
	update(t, s, func(tx *store.Tx) error {
		if err := tx.Held(held); err != nil {
			return err
		}
		return tx.Done(held)
	})
}

func testRelease(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"})
	for want := 1; want <= 3; want++ {
		it := claimOne(t, s, "k")
		if it.Attempt != want {
			t.Errorf("attempt = %d, want %d", it.Attempt, want)
		}
		update(t, s, func(tx *store.Tx) error { return tx.Retry(it, 0) })
	}
	it := claimOne(t, s, "k")
	later := gale.TimeOf(time.Now().Add(time.Hour))
	update(t, s, func(tx *store.Tx) error { return tx.Release(it, later) })
	got, _ := queueItem(t, s, "k", "1")
	if got.Attempt != 0 || got.RunAt != later || got.Owner != "" {
		t.Errorf("released item = %+v, want attempt 0, due at %v, held by nobody", got, later)
	}
}

func testConcurrentClaims(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	const n, claimers = 400, 8
	update(t, s, func(tx *store.Tx) error {
		for i := range n {
			if err := tx.Push(store.Push{Kind: "k", Key: key(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range claimers {
		wg.Go(func() {
			for {
				var items []store.Item
				err := s.Update(context.Background(), func(tx *store.Tx) (err error) {
					items, err = tx.Claim("k", "", 7)
					return err
				})
				if err != nil || len(items) == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				for _, it := range items {
					seen[it.Key]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for k, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", k, times)
		}
	}
	if len(seen) != n {
		t.Errorf("%d items were claimed, want %d", len(seen), n)
	}
}

func testReapStep(t *testing.T, b Backend) {
	rung := &rings{}
	s := b.Open(t, store.Config{OnCommit: rung.add})
	push(t, s, store.Push{Kind: "k", Key: "1"}, store.Push{Kind: "k", Key: "2"})
	claim(t, s, "k", 2)
	die(t, s, store.Item{Kind: "k", Key: "1"})
	if n, err := s.Reap(t.Context()); n != 1 || err != nil {
		t.Errorf("Reap = %d, %v, want 1", n, err)
	}
	if got := claimOne(t, s, "k"); got.Key != "1" || got.Attempt != 2 {
		t.Errorf("claimed %+v, want key 1 at attempt 2", got)
	}
}

func testReapEffect(t *testing.T, b Backend) {
	var lost []store.Item
	s := b.Open(t, store.Config{Lost: func(tx *store.Tx, it store.Item) error {
		lost = append(lost[:0], it)
		return store.Traces.Insert(tx, &gale.Trace{ID: "lost-" + it.Key, Tag: "t"})
	}})
	push(t, s, store.Push{Kind: "run", Key: "1"})
	it := claimOne(t, s, "run")
	die(t, s, it)
	if n, err := s.Reap(t.Context()); n != 1 || err != nil {
		t.Errorf("Reap = %d, %v, want 1", n, err)
	}
	if len(lost) != 1 || lost[0].Key != "1" || lost[0].Token != it.Token {
		t.Errorf("Lost got %+v, want %+v", lost, it)
	}
	if it, found := queueItem(t, s, "run", "1"); found {
		t.Errorf("%+v is still queued", it)
	}
	view(t, s, func(tx *store.Tx) error {
		_, err := store.Traces.Get(tx, "lost-1")
		return err
	})
}

func testRenew(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"})
	it := claimOne(t, s, "k")
	update(t, s, func(tx *store.Tx) error {
		_, err := tx.Exec("update queue set until = 1")
		return err
	})
	if n, err := s.Reap(t.Context()); n != 0 || err != nil {
		t.Errorf("Reap of our own lease = %d, %v, want 0", n, err)
	}
	if err := s.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx *store.Tx) error {
		var until gale.Time
		_, err := tx.QueryRow("select until from queue", nil, &until)
		if left := until.Sub(tx.Now); left <= 0 || left > 10*time.Second {
			t.Errorf("the lease is good for %v, want up to 10 s", left)
		}
		return err
	})
	update(t, s, func(tx *store.Tx) error { return tx.Done(it) })
	if err := s.Renew(t.Context()); err != nil {
		t.Errorf("Renew without leases: %v", err)
	}
}

func testStats(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	hour := gale.TimeOf(time.Now().Add(time.Hour))
	push(t, s, store.Push{Kind: "a", Key: "1", RunAt: 100}, store.Push{Kind: "a", Key: "2"}, store.Push{Kind: "a", Key: "3", RunAt: hour},
		store.Push{Kind: "b", Key: "1", RunAt: hour}, store.Push{Kind: "c", Key: "1"})
	claim(t, s, "c", 1)
	got, err := s.QueueStats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []store.QueueStat{{Kind: "a", Ready: 2, Delayed: 1}, {Kind: "b", Delayed: 1}, {Kind: "c", Held: 1}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.QueueStat{}, "Oldest")); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
	if got[0].Oldest < 24*time.Hour || got[1].Oldest != 0 {
		t.Errorf("oldest = %v and %v, want since 1970 and none", got[0].Oldest, got[1].Oldest)
	}
}

func testUnpush(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"}, store.Push{Kind: "k", Key: "2", RunAt: 100})
	claim(t, s, "k", 1) // key 2: it is due longer
	for k, want := range map[string]bool{"1": true, "2": false, "3": false} {
		var got bool
		update(t, s, func(tx *store.Tx) (err error) {
			got, err = tx.Unpush("k", k)
			return err
		})
		if got != want {
			t.Errorf("Unpush of %s = %v, want %v", k, got, want)
		}
	}
}

// testOrphans opens a store again whose former process had leases.
func testOrphans(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	push(t, s, store.Push{Kind: "k", Key: "1"}, store.Push{Kind: "run", Key: "1"}, store.Push{Kind: "run", Key: "2"})
	step, effect := claimOne(t, s, "k"), claimOne(t, s, "run")
	if b.Shared {
		second := b.Open(t, store.Config{})
		if got := second.Orphans(); len(got) != 0 {
			t.Errorf("orphans of a shared store = %v, want none: their owners may live", got)
		}
		return
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := b.Open(t, store.Config{})
	if diff := cmp.Diff([]store.Item{step, effect}, again.Orphans()); diff != "" {
		t.Errorf("orphans (-want +got):\n%s", diff)
	}
	if got := claimOne(t, again, "k"); got.Attempt != 2 {
		t.Errorf("the step was claimed as %+v, want attempt 2", got)
	}
	if got := claim(t, again, "run", 5); len(got) != 1 || got[0].Key != "2" {
		t.Errorf("claimed %v, want only the run that nobody had begun", got)
	}
	update(t, again, func(tx *store.Tx) error { return tx.Done(effect) })
	if _, found := queueItem(t, again, "run", "1"); found {
		t.Error("the orphan is still queued after Done")
	}
}

// modelItem is what the queue must say about one key.
type modelItem struct {
	gen, seen int64
	runAt     gale.Time
	priority  int
	held      *store.Item
	attempt   int
}

// testQueueModel compares random operations with a map.
func testQueueModel(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &queueModel{t: t, s: s, kind: fmt.Sprint("m", round), items: map[string]*modelItem{}}
		r.Repeat(map[string]func(*rapid.T){
			"push": m.push, "claim": m.claim, "done": m.done, "release": m.release, "stale": m.useStale, "": m.check,
		})
	})
}

type queueModel struct {
	t     *testing.T
	s     *store.Store
	kind  string
	items map[string]*modelItem
	stale []store.Item // finished or released claims
}
