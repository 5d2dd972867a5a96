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
	clockSlack  = time.Minute      // by less than that a clock may be set back unnoticed: what has fired must not fire again
)

// Engine fires timers.
type Engine struct {
	Store *store.Store
	Bus   bus.Bus
	Log   *slog.Logger

	over map[string]bool // ids of triggers that will not fire any more, or never; of sync alone
	seen gale.Time       // when sync last looked; of sync alone
}

// Run fires timers until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	e.over = map[string]bool{}
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

// sync gives every timer trigger that has none its queue row, and puts right
// those that a clock which was ahead has moved too far. Rows of triggers that
// are gone go when they are due.
func (e *Engine) sync(ctx context.Context) error {
	missing, err := e.missing(ctx)
	if err != nil {
		return err
	}
	for _, t := range missing {
		again, err := e.schedule(ctx, t)
		if err != nil && gale.KindOf(err) != gale.Invalid {
			return err
		}
		if err != nil {
			e.Log.Error("a timer cannot be scheduled", "trigger", t.Ref, "error", err)
		}
		if !again {
			e.over[t.ID] = true
		}
	}
	return nil
}

// missing returns the timer triggers without a queue row, save those that are
// known to be over. At the first look, and when the clock was set back since
// the last one, it also returns those that are due later than in clockSlack:
// for a clock that was ahead they may wait for a time that is far away.
func (e *Engine) missing(ctx context.Context) ([]*gale.Trigger, error) {
	var missing []*gale.Trigger
	var now gale.Time
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		missing, now = nil, tx.Now
		where, args := "q.key is null", []any{Queue, trigger.IntervalType, trigger.DateType, trigger.CronType}
		if now.Add(clockSlack) < e.seen || e.seen == 0 {
			where, args = "(q.key is null or q.owner is null and q.run_at > $5)", append(args, now.Add(clockSlack))
		}
		rows, err := tx.Query(`select t.id from "trigger" t left join queue q on q.kind = $1 and q.key = t.id
			where t.type in ($2, $3, $4) and `+where+" order by t.id", args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if e.over[id] {
				continue
			}
			t, err := store.Triggers.Get(tx, id)
			if err != nil {
				return err
			}
			missing = append(missing, t)
		}
		return rows.Err()
	})
	if err == nil {
		e.seen = now
	}
	return missing, err
}

// schedule queues a timer's next firing; again is false when there is none.
// The lock keeps a slow engine from queueing a firing that a fast one has seen
// to already.
func (e *Engine) schedule(ctx context.Context, t *gale.Trigger) (again bool, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		var next gale.Time
		if next, again, err = nextFiring(t, tx.Now); err != nil || !again {
			return err
		}
		if err := tx.Lock("timer:" + t.ID); err != nil {
			return err
		}
		it, found, err := tx.QueueItem(Queue, t.ID)
		if err != nil || found && !ahead(t, it, tx.Now) {
			return err // another engine was faster
		}
		return tx.Push(store.Push{Kind: Queue, Key: t.ID, RunAt: next})
	})
	return again, err
}

// ahead reports whether a timer's row waits for a later firing than the next
// one after now, give or take clockSlack.
func ahead(t *gale.Trigger, it store.Item, now gale.Time) bool {
	next, ok, err := nextFiring(t, now.Add(clockSlack))
	return err == nil && ok && it.Owner == "" && it.RunAt > next
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
