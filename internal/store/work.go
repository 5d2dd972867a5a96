package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/galehq/gale"
)

// pollEvery is how long a worker waits at most before it looks at the queue
// again although nobody rang.
const pollEvery = time.Second

// pollFloor is how long it waits at least: what is due and could not be
// claimed is just being claimed by somebody else.
const pollFloor = 2 * time.Millisecond

// Worker serves the queue items of one kind.
type Worker struct {
	Kind string
	// Pools returns the pools to claim from, in any order: each round of
	// claims begins with another one. Nil: only the pool "".
	Pools func() []string
	// Slots is how many items are handled at once; default 1.
	Slots int
	// Batch is how many items one claim takes at most; default Slots.
	Batch int
	// Wait returns when somebody rang QueueTopic(Kind) since it last
	// returned, when max has passed, or when ctx ends. Nil: only by time.
	Wait func(ctx context.Context, max time.Duration)
	// Claimed runs in the transaction of the claim, for what must be written
	// before an item is handled. Items that it finishes there (Done, Release)
	// are not handled.
	Claimed func(tx *Tx, items []Item) error
	// Handle does the work of an item, in a goroutine of its own, and
	// finishes it with Done or Release in the transaction of what it writes.
	// When it returns an error, panics or leaves the item unfinished, that is
	// logged and the item is queued again after a while that grows with its
	// attempts; if the kind is one of Config.Effects, it goes to Config.Lost
	// at once.
	Handle func(ctx context.Context, it Item) error
	// Begin, when set, is called instead of Handle. It does the work of an item
	// and returns how its outcome is stored. The slot is free as soon as Begin
	// returns: the next item is claimed while the outcome is committed, often
	// with it. The function returned finishes the item as Handle does.
	Begin func(ctx context.Context, it Item) (finish func(ctx context.Context) error)
	// HandleBatch, when set, is called instead of Handle with all items of a
	// claim. Its error is that of the items it has not finished.
	HandleBatch func(ctx context.Context, items []Item) error
	// Grace is how long handlers may go on after the end of Work's ctx before
	// theirs ends too.
	Grace time.Duration
}

// Work serves the queue until ctx ends. It then claims no more, waits for the
// handlers to return and queues again what they left. It also starts the
// renewal of this store's leases and the care for those that others lost.
// Failures of the database are logged and tried again. The error is nil,
// unless the Worker is no good.
func (s *Store) Work(ctx context.Context, w Worker) error {
	if w.Kind == "" || w.Handle == nil && w.HandleBatch == nil && w.Begin == nil {
		return gale.Errorf(gale.Internal, "a worker needs a kind and a handler")
	}
	setDefault(&w.Slots, 1)
	setDefault(&w.Batch, w.Slots)
	s.upkeep.start(s)
	handling, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r := &workRun{s: s, w: w, ctx: handling, slots: make(chan struct{}, w.Slots)}
	for range w.Slots {
		r.slots <- struct{}{}
	}
	r.loop(ctx)
	timer := time.AfterFunc(w.Grace, stop)
	defer timer.Stop()
	r.handlers.Wait()
	return nil
}

// workRun is one call of Work.
type workRun struct {
	s        *Store
	w        Worker
	ctx      context.Context // of the handlers
	slots    chan struct{}   // one for each that is free
	handlers sync.WaitGroup
	round    int // of claims, for the rotation of pools
	failing  int // claims in a row that failed
}

func (r *workRun) loop(ctx context.Context) {
	for {
		free := r.acquire(ctx)
		if free == 0 {
			return
		}
		items, next, err := r.claim(ctx, free)
		r.giveBack(free - len(items))
		if err != nil {
			r.claimFailed(ctx, err)
			continue
		}
		if r.failing > 0 {
			r.s.log.Info("queue items can be claimed again", "kind", r.w.Kind)
			r.failing = 0
		}
		r.dispatch(items)
		if len(items) < free {
			r.wait(ctx, next)
		}
	}
}

// acquire waits for a free slot and takes it with what else is free, up to a
// batch. It returns 0 when ctx has ended.
func (r *workRun) acquire(ctx context.Context) int {
	select {
	case <-ctx.Done():
		return 0
	case <-r.slots:
	}
	n := 1
	for ; n < r.w.Batch; n++ {
		select {
		case <-r.slots:
			continue
		default:
		}
		break
	}
	if ctx.Err() != nil { // both were ready
		r.giveBack(n)
		return 0
	}
	return n
}

func (r *workRun) giveBack(n int) {
	for range n {
		r.slots <- struct{}{}
	}
}

// claim takes up to n items, from all pools in one transaction, and says in
// how much time the next one is due.
func (r *workRun) claim(ctx context.Context, n int) (items []Item, next time.Duration, err error) {
	pools := []string{""}
	if r.w.Pools != nil {
		pools = r.w.Pools()
	}
	r.round++
	err = r.s.db.poll(ctx, func(tx *Tx) error {
		items, next = nil, pollEvery
		for i := range pools {
			pool := pools[(i+r.round)%len(pools)]
			got, err := tx.Claim(r.w.Kind, pool, n-len(items))
			if err != nil {
				return err
			}
			items = append(items, got...)
			if len(items) == n {
				break
			}
			due, err := tx.nextDue(r.w.Kind, pool)
			if err != nil {
				return err
			}
			if due != 0 {
				next = min(next, max(0, due.Sub(tx.Now)))
			}
		}
		if len(items) == 0 || r.w.Claimed == nil {
			return nil
		}
		if err := r.w.Claimed(tx, items); err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(it Item) bool {
			return slices.ContainsFunc(tx.settled, func(d Item) bool { return d.Token == it.Token })
		})
		return FailPoint("store.claim")
	})
	if err != nil {
		return nil, 0, err
	}
	return items, next, nil
}

func (r *workRun) claimFailed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	r.failing++
	if r.failing == 1 {
		r.s.log.Error("queue items could not be claimed", "kind", r.w.Kind, "err", err)
	}
	_ = sleep(ctx, min(backOff(r.failing), pollEvery))
}

// wait waits for a ring, but not longer than until the next item is due.
func (r *workRun) wait(ctx context.Context, next time.Duration) {
	next = max(next, pollFloor)
	if r.w.Wait == nil {
		_ = sleep(ctx, next)
		return
	}
	r.w.Wait(ctx, next)
}

func (r *workRun) dispatch(items []Item) {
	if r.w.HandleBatch != nil {
		if len(items) > 0 {
			r.start(items, func(ctx context.Context, _ func()) error { return r.w.HandleBatch(ctx, items) })
		}
		return
	}
	for _, it := range items {
		r.start([]Item{it}, func(ctx context.Context, free func()) error {
			if r.w.Begin == nil {
				return r.w.Handle(ctx, it)
			}
			finish := r.w.Begin(ctx, it)
			free()
			// The loop claims first: the next item need not wait for the commit
			// of what this one left.
			runtime.Gosched()
			return finish(ctx)
		})
	}
}

// start runs a handler, which may call free once it no longer needs its slots.
func (r *workRun) start(items []Item, handle func(ctx context.Context, free func()) error) {
	r.handlers.Go(func() {
		free := sync.OnceFunc(func() { r.giveBack(len(items)) })
		defer free()
		// Whatever happens, these leases are not renewed for ever.
		defer r.forget(items)
		err := guarded(r.ctx, func(ctx context.Context) error { return handle(ctx, free) })
		r.after(items, err)
	})
}

func (r *workRun) forget(items []Item) {
	for _, it := range items {
		r.s.leases.remove(it)
	}
}

// guarded calls a handler; its panic becomes an error, so that one bad item
// does not end all others.
func guarded(ctx context.Context, handle func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return handle(ctx)
}

// after takes care of what a handler has not finished.
func (r *workRun) after(items []Item, err error) {
	left := slices.DeleteFunc(slices.Clone(items), func(it Item) bool { return !r.s.leases.has(it) })
	if err == nil && len(left) == 0 {
		return
	}
	stopped := r.ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled))
	if err == nil {
		err = errors.New("the handler returned without finishing its item")
	}
	lost := errors.Is(err, ErrLost)
	switch {
	case lost:
		r.s.log.Warn("a lease was lost; its work is dropped", "kind", r.w.Kind, "err", err)
	case !stopped:
		r.s.log.Error("a queue item could not be handled",
			"kind", r.w.Kind, "key", items[0].Key, "items", len(items), "attempt", items[0].Attempt, "err", err)
	}
	for _, it := range left {
		r.putBack(it, stopped || lost)
	}
}

// putBack queues an item again: at once when that is not the item's fault,
// else after a while. An item of an effect kind goes to Lost instead, since
// nobody knows how far its handler came.
func (r *workRun) putBack(it Item, blameless bool) {
	effect := r.s.isEffect(it.Kind)
	if effect && r.s.cfg.Lost == nil {
		return // it stays until its lease ends and somebody who has a Lost finds it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), leaseTime/2)
	defer cancel()
	err := r.s.Update(ctx, func(tx *Tx) error {
		switch {
		case effect:
			if err := tx.Held(it); err != nil {
				return err
			}
			if err := r.s.cfg.Lost(tx, it); err != nil {
				return err
			}
			return tx.Done(it)
		case blameless:
			return tx.Release(it, it.RunAt)
		}
		return tx.Retry(it, tx.Now.Add(backOff(it.Attempt)))
	})
	if err != nil && !errors.Is(err, ErrLost) {
		r.s.log.Error("a queue item could not be handed back; it is when its lease ends", "kind", it.Kind, "key", it.Key, "err", err)
	}
}
