package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
)

// both runs a benchmark on each database.
func both(b *testing.B, f func(b *testing.B, s *store.Store)) {
	sqlite, postgres := storetest.SQLite(), storetest.Postgres()
	b.Run("sqlite", func(b *testing.B) { f(b, sqlite.Open(b, store.Config{})) })
	b.Run("postgres", func(b *testing.B) { f(b, postgres.Open(b, store.Config{})) })
}

// share spreads b.N calls over some callers.
func share(b *testing.B, callers int, f func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			both(b, func(b *testing.B, s *store.Store) {
				share(b, callers, func(int) error {
					return s.Update(context.Background(), func(tx *store.Tx) error {
						return store.Traces.Insert(tx, &gale.Trace{ID: tx.NewID(), Tag: "t", Start: tx.Now})
					})
				})
			})
		})
	}
}

func request(tx *store.Tx) *gale.Execution {
	id := tx.NewID()
	return &gale.Execution{ID: id, Status: gale.Scheduled, Start: tx.Now, ActionRef: "core.local", RunnerName: "local-shell-cmd",
		ActionDigest: "0d1e0f", RunnerDigest: "0a0b0c", Parameters: py.DictOf("cmd", "date -u +%s; echo hello from the benchmark"),
		Context: py.DictOf("user", "stanley", "pack", "core"), TraceID: id,
		Log: []gale.LogEntry{{Timestamp: tx.Now, Status: gale.Requested}, {Timestamp: tx.Now, Status: gale.Scheduled}}}
}

func emitExecution(tx *store.Tx, kind string, e *gale.Execution) error {
	body, err := py.Marshal(e)
	tx.Emit(store.Event{Topic: "execution", Kind: kind, Key: e.ID, Body: body})
	return err
}

// create is what a request for an execution writes: the row, two events, and
// the work for a runner.
func create(s *store.Store) error {
	return s.Update(context.Background(), func(tx *store.Tx) error {
		e := request(tx)
		if err := store.Executions.Insert(tx, e); err != nil {
			return err
		}
		if err := emitExecution(tx, "create", e); err != nil {
			return err
		}
		if err := emitExecution(tx, "update", e); err != nil {
			return err
		}
		return tx.Push(store.Push{Kind: "run", Key: e.ID})
	})
}

func BenchmarkCreate(b *testing.B) {
	for _, callers := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			both(b, func(b *testing.B, s *store.Store) {
				share(b, callers, func(int) error { return create(s) })
			})
		})
	}
}

func step(tx *store.Tx, id string, to gale.Status) error {
	e, err := store.Executions.Get(tx, id)
	if err != nil {
		return err
	}
	e.Status = to
	e.Log = append(e.Log, gale.LogEntry{Timestamp: tx.Now, Status: to})
	if to.Final() {
		e.End, e.Result = tx.Now, py.DictOf("stdout", "hello", "return_code", int64(0))
	}
	if err := store.Executions.Update(tx, e); err != nil {
		return err
	}
	return emitExecution(tx, "update", e)
}

// BenchmarkLifecycle claims ten requests at a time, marks them running in the
// claim and finishes them one by one, each in its own transaction.
func BenchmarkLifecycle(b *testing.B) {
	both(b, func(b *testing.B, s *store.Store) {
		share(b, 64, func(int) error { return create(s) })
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var left atomic.Int64
		left.Store(int64(b.N))
		b.ResetTimer()
		err := s.Work(ctx, store.Worker{Kind: "run", Slots: 32, Batch: 10,
			Claimed: func(tx *store.Tx, items []store.Item) error {
				for _, it := range items {
					if err := step(tx, it.Key, gale.Running); err != nil {
						return err
					}
				}
				return nil
			},
			Handle: func(ctx context.Context, it store.Item) error {
				err := s.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
					if err := step(tx, it.Key, gale.Succeeded); err != nil {
						return err
					}
					return tx.Done(it)
				})
				if left.Add(-1) == 0 {
					cancel()
				}
				return err
			}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	})
}

func BenchmarkGet(b *testing.B) {
	both(b, func(b *testing.B, s *store.Store) {
		var ids []string
		err := s.Update(b.Context(), func(tx *store.Tx) error {
			ids = nil
			for range 1000 {
				e := request(tx)
				ids = append(ids, e.ID)
				if err := store.Executions.Insert(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		share(b, 8, func(i int) error {
			return s.View(context.Background(), func(tx *store.Tx) error {
				_, err := store.Executions.Get(tx, ids[i%len(ids)])
				return err
			})
		})
	})
}

// BenchmarkClaim claims and finishes one item while 100,000 others wait: half
// of them ready, half delayed.
func BenchmarkClaim(b *testing.B) {
	both(b, func(b *testing.B, s *store.Store) {
		fillQueue(b, s, 100_000)
		share(b, 1, func(int) error {
			return s.Update(context.Background(), func(tx *store.Tx) error {
				items, err := tx.Claim("run", "", 1)
				if err != nil {
					return err
				}
				return tx.Done(items[0])
			})
		})
	})
}

// fillQueue queues n items, of which every second one is due now.
func fillQueue(tb testing.TB, s *store.Store, n int) {
	tb.Helper()
	err := s.Update(tb.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`insert into queue (kind, key, run_at)
 with recursive c(i) as (select cast(1 as bigint) union all select i + 1 from c where i < $1)
 select 'run', 'k' || i, case when i % 2 = 0 then i else $2 end from c`, n, int64(1)<<60)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}
