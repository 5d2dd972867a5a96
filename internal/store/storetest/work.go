package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

var workTests = []namedTest{
	{"every item is handled once, in as many slots as there are", testWork},
	{"a batch is handled together", testWorkBatch},
	{"failures, panics and unfinished items are tried again", testWorkFailures},
	{"an effect whose handler fails is lost, not repeated", testWorkEffect},
	{"claimed items can be dropped in the claim", testWorkClaimed},
	{"all pools get their turn", testWorkPools},
	{"at the end of its context work stops, waits and hands back", testWorkStops},
	{"a worker without a handler is refused", testWorkRefused},
}

// quiet is a store whose expected complaints are not shown.
func quiet() store.Config {
	return store.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// work runs a worker until stop is called, which waits for it.
func work(t *testing.T, s *store.Store, w store.Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Work(ctx, w); err != nil {
			t.Errorf("Work = %v", err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return stop
}

func pushMany(t *testing.T, s *store.Store, kind string, n int) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		for i := range n {
			if err := tx.Push(store.Push{Kind: kind, Key: key(i)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func finish(s *store.Store) func(context.Context, store.Item) error {
	return func(ctx context.Context, it store.Item) error {
		return s.Update(ctx, func(tx *store.Tx) error { return tx.Done(it) })
	}
}

func testWork(t *testing.T, b Backend) {
	bell := make(chan struct{}, 1)
	s := b.Open(t, store.Config{OnCommit: func(topics []string) {
		if slices.Contains(topics, "queue:k") {
			select {
			case bell <- struct{}{}:
			default:
			}
		}
	}})
	const n, slots = 200, 4
	var running, most atomic.Int32
	handled := make(chan string, n)
	work(t, s, store.Worker{Kind: "k", Slots: slots,
		Wait: func(ctx context.Context, max time.Duration) {
			select {
			case <-bell:
			case <-ctx.Done():
			case <-time.After(max):
			}
		},
		Handle: func(ctx context.Context, it store.Item) error {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer running.Add(-1)
			if err := finish(s)(ctx, it); err != nil {
				return err
			}
			handled <- it.Key
			return nil
		}})
	pushMany(t, s, "k", n)
	seen := map[string]bool{}
	for range n {
		k := <-handled
		if seen[k] {
			t.Errorf("%s was handled twice", k)
		}
		seen[k] = true
	}
	if most.Load() > slots {
		t.Errorf("%d items were handled at once, want at most %d", most.Load(), slots)
	}
}

func testWorkBatch(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	const n = 30
	pushMany(t, s, "k", n)
	sizes := make(chan int, n)
	work(t, s, store.Worker{Kind: "k", Slots: 20, Batch: 10, HandleBatch: func(ctx context.Context, items []store.Item) error {
		err := s.Update(ctx, func(tx *store.Tx) error {
			for _, it := range items {
				if err := tx.Done(it); err != nil {
					return err
				}
			}
			return nil
		})
		sizes <- len(items)
		return err
	}})
	for total := 0; total < n; {
		size := <-sizes
		if size > 10 {
			t.Errorf("a batch of %d, want at most 10", size)
		}
		total += size
	}
}

func testWorkFailures(t *testing.T, b Backend) {
	s := b.Open(t, quiet())
	attempts := make(chan int, 10)
	work(t, s, store.Worker{Kind: "k", Handle: func(ctx context.Context, it store.Item) error {
		attempts <- it.Attempt
		switch it.Attempt {
		case 1:
			return errors.New("no")
		case 2:
			panic("no")
		case 3:
			return nil // without finishing it
		}
		return finish(s)(ctx, it)
	}})
	push(t, s, store.Push{Kind: "k", Key: "1"})
	for want := 1; want <= 4; want++ {
		if got := <-attempts; got != want {
			t.Errorf("attempt %d, want %d", got, want)
		}
	}
}

func testWorkEffect(t *testing.T, b Backend) {
	cfg := quiet()
	lost := make(chan string, 10)
	cfg.Lost = func(tx *store.Tx, it store.Item) error {
		lost <- it.Key
		return store.Traces.Insert(tx, &gale.Trace{ID: "lost-" + it.Key, Tag: "t"})
	}
	s := b.Open(t, cfg)
	var handled atomic.Int32
	stop := work(t, s, store.Worker{Kind: "run", Handle: func(ctx context.Context, it store.Item) error {
		handled.Add(1)
		return errors.New("after it had begun")
	}})
	push(t, s, store.Push{Kind: "run", Key: "1"})
	if got := <-lost; got != "1" {
		t.Errorf("lost %s, want 1", got)
	}
	stop()
	view(t, s, func(tx *store.Tx) error {
		if _, found, _ := tx.QueueItem("run", "1"); found || handled.Load() != 1 {
			t.Errorf("still queued: %v, handled %d times, want gone and once", found, handled.Load())
		}
		_, err := store.Traces.Get(tx, "lost-1")
		return err
	})
}

func testWorkClaimed(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	pushMany(t, s, "k", 6)
	handled := make(chan string, 6)
	stop := work(t, s, store.Worker{Kind: "k", Slots: 6,
		Claimed: func(tx *store.Tx, items []store.Item) error {
			for _, it := range items {
				var err error
				if it.Key < key(3) {
					err = tx.Done(it)
				} else {
					err = store.Traces.Insert(tx, &gale.Trace{ID: it.Key, Tag: "begun"})
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		Handle: func(ctx context.Context, it store.Item) error {
			err := s.View(ctx, func(tx *store.Tx) error {
				_, err := store.Traces.Get(tx, it.Key)
				return err
			})
			if err != nil {
				t.Errorf("%s is handled before its claim was committed: %v", it.Key, err)
			}
			err = finish(s)(ctx, it)
			handled <- it.Key
			return err
		}})
	var got []string
	for range 3 {
		got = append(got, <-handled)
	}
	stop()
	slices.Sort(got)
	if want := []string{key(3), key(4), key(5)}; !slices.Equal(got, want) || len(handled) > 0 {
		t.Errorf("handled %v, want %v", got, want)
	}
	if stats, err := s.QueueStats(t.Context()); err != nil || len(stats) > 0 {
		t.Errorf("the queue holds %v, %v, want nothing", stats, err)
	}
}

func testWorkPools(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	pools := []string{"a", "b", "c"}
	update(t, s, func(tx *store.Tx) error {
		for _, pool := range pools {
			for i := range 5 {
				if err := tx.Push(store.Push{Kind: "k", Key: fmt.Sprint(pool, i), Pool: pool}); err != nil {
					return err
				}
			}
		}
		return tx.Push(store.Push{Kind: "k", Key: "elsewhere", Pool: "d"})
	})
	order := make(chan string, 20)
	stop := work(t, s, store.Worker{Kind: "k", Pools: func() []string { return pools }, Handle: func(ctx context.Context, it store.Item) error {
		err := finish(s)(ctx, it)
		order <- it.Pool
		return err
	}})
	first := map[string]bool{}
	for i := range 15 {
		if pool := <-order; i < 3 {
			first[pool] = true
		}
	}
	stop()
	if len(first) != 3 {
		t.Errorf("the first three items came from pools %v, want one of each", first)
	}
	if it, found := queueItem(t, s, "k", "elsewhere"); !found || it.Owner != "" {
		t.Errorf("the item of another pool = %+v, %v, want it untouched", it, found)
	}
}

func testWorkStops(t *testing.T, b Backend) {
	s := b.Open(t, quiet())
	pushMany(t, s, "k", 2)
	started := make(chan struct{}, 2)
	stop := work(t, s, store.Worker{Kind: "k", Slots: 2, Handle: func(ctx context.Context, it store.Item) error {
		started <- struct{}{}
		<-ctx.Done() // ends after the grace, which is none
		return ctx.Err()
	}})
	<-started
	<-started
	stop()
	for i := range 2 {
		it, found := queueItem(t, s, "k", key(i))
		if !found || it.Owner != "" || it.Attempt != 0 {
			t.Errorf("item = %+v, %v, want it handed back as new", it, found)
		}
	}
}

func testWorkRefused(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	wantError(t, s.Work(t.Context(), store.Worker{Kind: "k"}), gale.Internal, "a worker needs a kind and a handler")
}
