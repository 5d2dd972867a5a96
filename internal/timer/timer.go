// Package timer fires timers: for each timer trigger there is a queue row
// whose due time is the next firing.
//
// Firing is one transaction: the trigger instance is stored, and the row moves
// on to the firing after. So any number of engines may run and each tick
// happens once; one that was due while nobody ran happens once, late, and the
// timer goes on in its old phase.
package timer

import (
	"context"
	"log/slog"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/schedtime"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// Queue is the kind of the queue rows; the key is the trigger's id.
const Queue = "timer"

const (
	slots       = 8                // timers fired at once; firing only touches SQL
	syncPoll    = 10 * time.Second // how long a new timer waits at most when its ring was lost
	brokenAgain = time.Hour        // until a timer that cannot be read is tried again
)

// Engine fires timers.
type Engine struct {
	Store *store.Store
	Bus   bus.Bus
	Log   *slog.Logger
}

// Run fires timers until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	changes := e.Bus.Subscribe(trigger.Topic)
	defer changes.Close()
	queue := e.Bus.Subscribe(store.QueueTopic(Queue))
	defer queue.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := e.sync(ctx); err != nil && ctx.Err() == nil {
				e.Log.Warn("timers cannot be read; trying again", "error", err)
			}
			changes.Wait(ctx, syncPoll)
		}
	}()
	err := e.Store.Work(ctx, store.Worker{
		Kind:   Queue,
		Slots:  slots,
		Wait:   func(ctx context.Context, max time.Duration) { queue.Wait(ctx, max) },
		Handle: e.fire,
	})
	<-done
	return err
}

// sync gives every timer trigger that has none its queue row. Rows of
// triggers that are gone go when they are due.
func (e *Engine) sync(ctx context.Context) error {
	var missing []*gale.Trigger
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		missing = nil
		all, err := store.Triggers.Find(tx, store.Query{Where: []store.Cond{{Column: "type", Op: "in", Value: trigger.TimerTypes}}})
		if err != nil {
			return err
		}
		for _, t := range all {
			_, found, err := tx.QueueItem(Queue, t.ID)
			if err != nil {
				return err
			}
			if !found {
				missing = append(missing, t)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range missing {
		err := e.Store.Update(ctx, func(tx *store.Tx) error {
			next, ok, err := nextFiring(t, tx.Now)
			if err != nil || !ok {
				return err
			}
			if _, found, err := tx.QueueItem(Queue, t.ID); err != nil || found {
				return err // another engine was faster
			}
			return tx.Push(store.Push{Kind: Queue, Key: t.ID, RunAt: next})
		})
		if err != nil {
			e.Log.Error("a timer cannot be scheduled", "trigger", t.Ref, "error", err)
		}
	}
	return nil
}

// nextFiring is the first firing of a timer trigger after a moment.
func nextFiring(t *gale.Trigger, after gale.Time) (next gale.Time, ok bool, err error) {
	timer, err := schedtime.Parse(t.Type, t.Parameters, store.IDTime(t.ID).Std())
	if err != nil {
		return 0, false, err
	}
	at, ok := timer.Next(after.Std())
	return gale.TimeOf(at), ok, nil
}

// fire dispatches a timer's trigger and moves the timer on.
func (e *Engine) fire(ctx context.Context, it store.Item) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		t, err := store.Triggers.Get(tx, it.Key)
		if err != nil {
			if gale.KindOf(err) == gale.NotFound {
				return tx.Done(it)
			}
			return err
		}
		next, again, err := nextFiring(t, max(it.RunAt, tx.Now))
		if err != nil {
			e.Log.Error("a timer cannot be read", "trigger", t.Ref, "error", err)
			return tx.Release(it, tx.Now.Add(brokenAgain))
		}
		payload := py.DictOf("executed_at", it.RunAt.Std().Format("2006-01-02 15:04:05.000000-07:00"), "schedule", nil)
		typ, _ := gale.ParseRef(t.Type)
		if _, err := trigger.Dispatch(tx, t, payload, gale.TraceContext{Tag: typ.Name + "-" + t.Name}); err != nil {
			return err
		}
		if !again {
			return tx.Done(it)
		}
		return tx.Release(it, next)
	})
}
