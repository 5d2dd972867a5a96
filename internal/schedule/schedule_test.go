package schedule_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/schedule"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
)

// onAll runs a test on both kinds of store, with a bus that works and with one
// that delivers nothing.
func onAll(t *testing.T, test func(t *testing.T, st *store.Store, b bus.Bus)) {
	t.Helper()
	for name, backend := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		for _, bells := range []bus.Bus{bus.NewLocal(), bus.Dropping{}} {
			if _, silent := bells.(bus.Dropping); silent {
				name += ", no doorbells"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, backend.Open(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }}), bells)
			})
		}
	}
}

// run starts n schedulers for the rest of the test.
func run(t *testing.T, st *store.Store, b bus.Bus, n int) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range n {
		s := &schedule.Scheduler{Store: st, Bus: b}
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Errorf("scheduler: %v", err)
			}
		})
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
}

func insert(t *testing.T, st *store.Store, delay time.Duration) string {
	t.Helper()
	e := &gale.Execution{ActionRef: "test.noop", RunnerName: "fake", Parameters: py.NewDict(0), Context: py.NewDict(0), Delay: delay.Milliseconds()}
	if err := st.Update(t.Context(), func(tx *store.Tx) error { return execution.Insert(tx, e) }); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func get(t *testing.T, st *store.Store, id string) (e *gale.Execution, scheduled, run bool) {
	t.Helper()
	err := st.View(t.Context(), func(tx *store.Tx) (err error) {
		if e, err = store.Executions.Get(tx, id); err != nil {
			return err
		}
		if _, scheduled, err = tx.QueueItem(execution.QueueSchedule, id); err != nil {
			return err
		}
		_, run, err = tx.QueueItem(execution.QueueRun, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, scheduled, run
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it did not happen in half a minute", what)
		}
	}
}

func TestADelayedExecutionMovesOnOnceWhenItIsDue(t *testing.T) {
	onAll(t, func(t *testing.T, st *store.Store, b bus.Bus) {
		run(t, st, b, 2)
		var soon []string
		for range 10 {
			soon = append(soon, insert(t, st, 300*time.Millisecond))
		}
		later := insert(t, st, time.Hour)
		for _, id := range soon {
			await(t, "the schedule", func() bool { e, waits, _ := get(t, st, id); return e.Status == gale.Scheduled && !waits })
			e, _, queued := get(t, st, id)
			if len(e.Log) != 3 || !queued {
				t.Errorf("got %v, queued for a run: %t; want requested, delayed, scheduled once, and queued", e.Log, queued)
			}
			if waited := e.Log[2].Timestamp.Sub(e.Start); waited < 300*time.Millisecond {
				t.Errorf("it was scheduled after %s, want 300 ms at least", waited)
			}
		}
		if e, waits, queued := get(t, st, later); e.Status != gale.Delayed || !waits || queued {
			t.Errorf("one for later: got %s, waiting %t, queued %t", e.Status, waits, queued)
		}
	})
}

func TestWhatIsNotWantedAnyMoreLeavesTheQueue(t *testing.T) {
	onAll(t, func(t *testing.T, st *store.Store, b bus.Bus) {
		canceled, purged := insert(t, st, time.Hour), insert(t, st, time.Hour)
		err := st.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := execution.Cancel(tx, canceled, "ada"); err != nil {
				return err
			}
			if err := store.Executions.Delete(tx, purged); err != nil {
				return err
			}
			for _, id := range []string{canceled, purged} { // due, as if the change had come a moment too late
				if err := tx.Push(store.Push{Kind: execution.QueueSchedule, Key: id}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, st, b, 1)
		await(t, "an empty queue", func() bool {
			stats, err := st.QueueStats(t.Context())
			return err == nil && len(stats) == 0
		})
		if e, _, _ := get(t, st, canceled); e.Status != gale.Canceled {
			t.Errorf("the canceled one: got %s", e.Status)
		}
	})
}
