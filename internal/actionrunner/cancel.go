package actionrunner

import (
	"context"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

type masker = *secret.Masker

// pollCancels is how long cancel requests wait when their ring was lost.
const pollCancels = time.Second

// watchCancels ends the actions whose cancel was asked for, until stop.
func (w *Worker) watchCancels(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-stop
		cancel()
	}()
	bell := w.Bus.Subscribe(execution.CancelTopic)
	defer bell.Close()
	for ctx.Err() == nil {
		bell.Wait(ctx, pollCancels)
		if w.Running() == 0 {
			continue
		}
		if err := w.cancelAsked(ctx); err != nil && ctx.Err() == nil {
			w.Log.Warn("cancel requests cannot be read; trying again", "error", err)
		}
	}
}

func (w *Worker) cancelAsked(ctx context.Context) error {
	var asked []*gale.Execution
	err := w.Store.View(ctx, func(tx *store.Tx) (err error) {
		asked, err = store.Executions.Find(tx, store.Query{Where: []store.Cond{store.Eq("status", gale.Canceling)}})
		return err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range asked {
		if cancel := w.running[e.ID]; cancel != nil {
			cancel(runner.ErrCanceled)
		}
	}
	return nil
}
