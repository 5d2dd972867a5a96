package timer_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/internal/timer"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// fixture is a store with timer engines.
type fixture struct {
	*testing.T
	st  *store.Store
	bus bus.Bus
}

// onAll runs a test on both kinds of store, with a bus that works and with one
// that delivers nothing.
func onAll(t *testing.T, test func(f *fixture)) {
	t.Helper()
	stores := map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()}
	for name, b := range stores {
		for _, bells := range []bus.Bus{bus.NewLocal(), bus.Dropping{}} {
			if _, silent := bells.(bus.Dropping); silent {
				name += ", no doorbells"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(&fixture{t, b.Open(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }}), bells})
			})
		}
	}
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

// run starts n engines and returns a function that stops them.
func (f *fixture) run(n int) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	var wg sync.WaitGroup
	for range n {
		e := &timer.Engine{Store: f.st, Bus: f.bus, Log: slog.New(slog.DiscardHandler)}
		wg.Go(func() {
			if err := e.Run(ctx); err != nil {
				f.Errorf("engine: %v", err)
			}
		})
	}
	stop = func() { cancel(); wg.Wait() }
	f.Cleanup(stop)
	return stop
}

// timer makes the trigger of a timer.
func (f *fixture) timer(typ string, parameters *py.Dict) *gale.Trigger {
	f.Helper()
	t := &gale.Trigger{Pack: "core", Type: typ, Parameters: parameters}
	f.update(func(tx *store.Tx) error { return trigger.Create(tx, nil, t) })
	return t
}

// fired returns the instances of a trigger, in order.
func (f *fixture) fired(t *gale.Trigger) []*gale.TriggerInstance {
	f.Helper()
	var all []*gale.TriggerInstance
	err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		all, err = store.TriggerInstances.Find(tx, store.Query{Where: []store.Cond{store.Eq("trigger_ref", t.Ref)}, Order: []string{"id"}})
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return all
}

// row returns the queue row of a timer.
func (f *fixture) row(t *gale.Trigger) (it store.Item, found bool) {
	f.Helper()
	err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		it, found, err = tx.QueueItem(timer.Queue, t.ID)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return it, found
}

// await waits until ok, and fails the test when that does not happen.
func (f *fixture) await(what string, ok func() bool) {
	f.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("%s: it did not happen in half a minute", what)
		}
	}
}

func executedAt(f *fixture, inst *gale.TriggerInstance) time.Time {
	f.Helper()
	text, _ := inst.Payload.GetString("executed_at")
	at, err := time.Parse("2006-01-02 15:04:05.000000-07:00", py.Str(text))
	if err != nil {
		f.Fatalf("executed_at: %v", err)
	}
	return at
}

func TestManyEnginesMakeEachTickOnce(t *testing.T) {
	onAll(t, func(f *fixture) {
		trig := f.timer(trigger.IntervalType, py.DictOf("unit", "seconds", "delta", int64(1)))
		f.run(3)
		f.await("three ticks", func() bool { return len(f.fired(trig)) >= 3 })
		seen := map[time.Time]bool{}
		anchor := store.IDTime(trig.ID).Std()
		for _, inst := range f.fired(trig) {
			at := executedAt(f, inst)
			if seen[at] {
				f.Errorf("the tick of %s happened twice", at)
			}
			seen[at] = true
			if phase := at.Sub(anchor) % time.Second; phase != 0 {
				f.Errorf("tick at %s: %s off the timer's phase", at, phase)
			}
			if want := "st2.IntervalTimer-" + trig.Name; inst.Trace.Tag != want {
				f.Errorf("trace tag: got %s, want %s", inst.Trace.Tag, want)
			}
		}
	})
}

func TestTicksMissedWhileNobodyRanHappenOnceAndKeepThePhase(t *testing.T) {
	onAll(t, func(f *fixture) {
		trig := f.timer(trigger.IntervalType, py.DictOf("unit", "hours", "delta", int64(1)))
		anchor := store.IDTime(trig.ID)
		missed := anchor.Add(-5 * time.Hour)
		f.update(func(tx *store.Tx) error {
			return tx.Push(store.Push{Kind: timer.Queue, Key: trig.ID, RunAt: missed})
		})
		stop := f.run(2)
		f.await("the late tick", func() bool { it, found := f.row(trig); return found && it.Owner == "" && it.RunAt > anchor })
		stop()
		fired := f.fired(trig)
		if len(fired) != 1 || !executedAt(f, fired[0]).Equal(missed.Std()) {
			t.Fatalf("after an outage: got %d ticks, want one, for %s", len(fired), missed)
		}
		it, _ := f.row(trig)
		if it.RunAt != anchor.Add(time.Hour) {
			f.Errorf("next: got %s, want %s", it.RunAt, anchor.Add(time.Hour))
		}
	})
}

func TestADateFiresOnceAndAPastOneNever(t *testing.T) {
	onAll(t, func(f *fixture) {
		soon := time.Now().Add(1200 * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000000Z")
		coming := f.timer(trigger.DateType, py.DictOf("date", soon))
		past := f.timer(trigger.DateType, py.DictOf("date", "2001-02-03"))
		broken := f.timer(trigger.DateType, py.DictOf("date", "never ever"))
		f.run(2)
		f.await("the date", func() bool { return len(f.fired(coming)) > 0 })
		f.await("the end of the timer", func() bool { _, found := f.row(coming); return !found })
		if n := len(f.fired(coming)); n != 1 {
			f.Errorf("firings of a date: got %d, want 1", n)
		}
		for name, trig := range map[string]*gale.Trigger{"a past date": past, "no date": broken} {
			if n := len(f.fired(trig)); n != 0 {
				f.Errorf("%s: got %d firings, want none", name, n)
			}
			if _, found := f.row(trig); found {
				f.Errorf("%s: it is queued, want nothing", name)
			}
		}
	})
}

func TestATimerEndsWithItsTrigger(t *testing.T) {
	onAll(t, func(f *fixture) {
		trig := f.timer(trigger.IntervalType, py.DictOf("unit", "hours", "delta", int64(1)))
		f.update(func(tx *store.Tx) error {
			if err := tx.Push(store.Push{Kind: timer.Queue, Key: trig.ID}); err != nil {
				return err
			}
			return trigger.Remove(tx, trig)
		})
		f.run(1)
		f.await("the row's end", func() bool { _, found := f.row(trig); return !found })
		if n := len(f.fired(trig)); n != 0 {
			f.Errorf("firings of a removed timer: got %d, want none", n)
		}
	})
}

func TestATimerThatBecameUnreadableIsLeftForLater(t *testing.T) {
	onAll(t, func(f *fixture) {
		trig := f.timer(trigger.IntervalType, py.DictOf("unit", "fortnights", "delta", int64(1)))
		f.update(func(tx *store.Tx) error { return tx.Push(store.Push{Kind: timer.Queue, Key: trig.ID}) })
		f.run(1)
		f.await("the postponement", func() bool {
			it, found := f.row(trig)
			return found && it.Owner == "" && it.RunAt > gale.TimeOf(time.Now().Add(50*time.Minute))
		})
		if n := len(f.fired(trig)); n != 0 {
			f.Errorf("firings: got %d, want none", n)
		}
	})
}

func TestPayloadIsStackStorms(t *testing.T) {
	onAll(t, func(f *fixture) {
		trig := f.timer(trigger.IntervalType, py.DictOf("unit", "hours", "delta", int64(1)))
		f.update(func(tx *store.Tx) error {
			return tx.Push(store.Push{Kind: timer.Queue, Key: trig.ID, RunAt: gale.TimeOf(time.Date(2026, 1, 31, 10, 0, 0, 123456000, time.UTC))})
		})
		f.run(1)
		f.await("a tick", func() bool { return len(f.fired(trig)) > 0 })
		body, err := py.Marshal(f.fired(trig)[0].Payload)
		if want := `{"executed_at":"2026-01-31 10:00:00.123456+00:00","schedule":null}`; err != nil || string(body) != want {
			f.Errorf("payload: got %s, %v; want %s", body, err, want)
		}
	})
}

// A clock that was ahead, of the machine or of the database, has moved timers
// to times that are far away. They fire again when the clock is right.
func TestATimerDoesNotWaitForAClockThatWasAhead(t *testing.T) {
	onAll(t, func(f *fixture) {
		seconds := f.timer(trigger.IntervalType, py.DictOf("unit", "seconds", "delta", int64(1)))
		year := f.timer(trigger.DateType, py.DictOf("timezone", "UTC", "date", "2999-01-01 00:00:00"))
		daily := f.timer(trigger.IntervalType, py.DictOf("unit", "days", "delta", int64(1)))
		f.run(1)
		f.await("the first firing", func() bool { return len(f.fired(seconds)) > 0 })
		f.await("all rows", func() bool { _, a := f.row(year); _, b := f.row(daily); return a && b })
		before, _ := f.row(daily)
		f.await("the row to be free", func() bool {
			var moved int64
			f.update(func(tx *store.Tx) (err error) {
				moved, err = tx.Exec("update queue set run_at = $1 where kind = $2 and key = $3 and owner is null", tx.Now.Add(365*24*time.Hour), timer.Queue, seconds.ID)
				return err
			})
			return moved == 1
		})
		n := len(f.fired(seconds))
		f.run(1) // an engine that has not looked yet
		f.await("another firing", func() bool { return len(f.fired(seconds)) > n+1 })
		if after, _ := f.row(daily); after.RunAt != before.RunAt || after.Gen != before.Gen {
			f.Errorf("a timer that was right was moved from %v to %v", before, after)
		}
		if len(f.fired(daily))+len(f.fired(year)) > 0 {
			f.Error("a timer fired that was not due")
		}
	})
}
