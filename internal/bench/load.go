package bench

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// callers is how many requests a load keeps under way at once.
const callers = 32

// load requests an action over and over for a while from n callers and waits
// until everything that was accepted has ended. It returns executions per
// second over the whole time, the waiting included.
func (s *server) load(ctx context.Context, n int, d time.Duration, action string, parameters *py.Dict) (float64, error) {
	began := time.Now()
	var accepted atomic.Int64
	err := parallel(ctx, n, func(ctx context.Context) error {
		for time.Since(began) < d {
			if _, err := s.Run(ctx, client.RunRequest{Action: action, Parameters: parameters}); err != nil {
				return err
			}
			accepted.Add(1)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.drained(ctx, 5*time.Millisecond); err != nil {
		return 0, err
	}
	return float64(accepted.Load()) / time.Since(began).Seconds(), nil
}

// moving are the statuses of executions that have not ended.
var moving = []gale.Status{gale.Requested, gale.Scheduled, gale.Delayed, gale.Running}

// drained waits until no event and no execution is on its way. It asks in the
// order in which they move on, so that none slips past between two questions.
func (s *server) drained(ctx context.Context, poll time.Duration) error {
	for {
		left := 0
		count := func(path, status string) error {
			page, err := s.List(ctx, path, client.Query("status", status, "limit", "1", "include_attributes", "id"))
			if err == nil {
				left += page.Total
			}
			return err
		}
		if err := count("/triggerinstances", string(gale.InstancePending)); err != nil {
			return err
		}
		for _, status := range moving {
			if err := count("/executions", string(status)); err != nil {
				return err
			}
		}
		if left == 0 {
			return nil
		}
		if err := sleep(ctx, poll); err != nil {
			return err
		}
	}
}

// parallel runs n copies of fn and returns the first error.
func parallel(ctx context.Context, n int, fn func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := fn(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// executions reads the executions that a query finds, as documents.
func (s *server) executions(ctx context.Context, q url.Values) ([]*py.Dict, error) {
	var all []*py.Dict
	for e, err := range s.All(ctx, "/executions", q) {
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// at returns when an execution reached a status, from its log.
func at(e *py.Dict, status gale.Status) (time.Time, error) {
	for _, entry := range client.Array(e, "log") {
		d, ok := entry.(*py.Dict)
		if ok && client.String(d, "status") == string(status) {
			return time.Parse(time.RFC3339Nano, client.String(d, "timestamp"))
		}
	}
	return time.Time{}, fmt.Errorf("execution %s never was %s", client.ID(e), status)
}

// quantile returns the q-quantile of durations in milliseconds.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	i := min(int(q*float64(len(all))), len(all)-1)
	return float64(all[i].Microseconds()) / 1000
}

// rate runs fn in n loops for a while and returns how often it ended a second.
func rate(ctx context.Context, n int, d time.Duration, fn func() error) (float64, error) {
	began := time.Now()
	var done atomic.Int64
	err := parallel(ctx, n, func(ctx context.Context) error {
		for time.Since(began) < d && ctx.Err() == nil {
			if err := fn(); err != nil {
				return err
			}
			done.Add(1)
		}
		return ctx.Err()
	})
	return float64(done.Load()) / time.Since(began).Seconds(), err
}
