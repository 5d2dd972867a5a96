package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// backlog is work that is queued while no action runner runs, so that what is
// measured afterwards is the running and not the asking.
type backlog struct {
	dir        string // below the temporary one
	pack       string // directory of a pack to register first; empty: none
	action     string
	parameters *py.Dict
	perSecond  int      // how many are queued for each second of the measurement
	args       []string // of the server that runs them
}

// queue puts n executions into a server without an action runner, starts it
// again with one, and returns it when all have ended.
func (e *env) queue(ctx context.Context, b backlog, n int) (*server, error) {
	dir := filepath.Join(e.dir, b.dir)
	s, err := e.start(ctx, dir, "--roles", "api,auth,stream,scheduler,rulesengine,timersengine")
	if err != nil {
		return nil, err
	}
	err = s.fill(ctx, b, n)
	s.stop()
	if err != nil {
		return nil, err
	}
	if s, err = e.start(ctx, dir, b.args...); err != nil {
		return nil, err
	}
	if err = s.drained(ctx, 200*time.Millisecond); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) fill(ctx context.Context, b backlog, n int) error {
	if b.pack != "" {
		if _, err := s.Post(ctx, "/_gale/packs/register", py.DictOf("path", b.pack)); err != nil {
			return err
		}
	}
	jobs := make(chan struct{}, n)
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	return parallel(ctx, callers, func(ctx context.Context) error {
		for range jobs {
			if _, err := s.Run(ctx, client.RunRequest{Action: b.action, Parameters: b.parameters}); err != nil {
				return err
			}
		}
		return nil
	})
}

// against measures a backlog between two measurements of the machine's limit,
// whose mean is taken: what else the machine does then weighs on both.
func (e *env) against(ctx context.Context, name string, limit func() (float64, error), b backlog) ([]Result, error) {
	before, err := limit()
	if err != nil {
		return nil, err
	}
	n := max(100, int(float64(b.perSecond)*e.seconds.Seconds()))
	s, err := e.queue(ctx, b, n)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	value, err := s.pace(ctx, b.action, n)
	if err != nil {
		return nil, err
	}
	after, err := limit()
	return []Result{{Name: name, Value: value, Unit: "1/s", Limit: (before + after) / 2}}, err
}

// pace is how many executions ended a second, without the first and the last
// tenth of them.
func (s *server) pace(ctx context.Context, action string, n int) (float64, error) {
	found, err := s.executions(ctx, client.Query("action", action, "limit", "100", "include_attributes", "id,log"))
	if err != nil {
		return 0, err
	}
	if len(found) != n {
		return 0, fmt.Errorf("%d executions were queued and %d found", n, len(found))
	}
	ends := make([]time.Time, n)
	for i, x := range found {
		if ends[i], err = at(x, gale.Succeeded); err != nil {
			return 0, err
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	first, last := n/10, n-n/10-1
	return float64(last-first) / ends[last].Sub(ends[first]).Seconds(), nil
}
