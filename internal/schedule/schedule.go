// Package schedule is the scheduler: it lets waiting executions go when their
// time has come.
//
// Most executions never come here. One with a delay waits in the queue until
// it is due; the scheduler then moves it on to the runners.
package schedule

import (
	"context"
	"time"

	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
)

// Scheduler serves queue items of kind execution.QueueSchedule.
type Scheduler struct {
	Store *store.Store
	Bus   bus.Bus
}

// slots is how many items one scheduler handles at once; they only touch SQL.
const slots = 16

// Run serves the queue until ctx ends.
func (s *Scheduler) Run(ctx context.Context) error {
	bell := s.Bus.Subscribe(store.QueueTopic(execution.QueueSchedule))
	defer bell.Close()
	return s.Store.Work(ctx, store.Worker{
		Kind:  execution.QueueSchedule,
		Slots: slots,
		Wait:  func(ctx context.Context, max time.Duration) { bell.Wait(ctx, max) },
		Handle: func(ctx context.Context, it store.Item) error {
			return s.Store.Update(ctx, func(tx *store.Tx) error {
				if err := execution.Schedule(tx, it.Key); err != nil {
					return err
				}
				return tx.Done(it)
			})
		},
	})
}
