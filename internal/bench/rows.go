package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the bare commit loop

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	galeserver "github.com/galehq/gale/internal/server"
	"github.com/galehq/gale/py"
)

var startTime = row{
	names: []string{"start.time"},
	doc:   "second start of a server until it accepts work",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		dir := filepath.Join(e.dir, "start")
		var best time.Duration
		for i := range 4 {
			s, err := e.start(ctx, dir)
			if err != nil {
				return nil, err
			}
			s.stop()
			if i > 0 && (best == 0 || s.started < best) {
				best = s.started
			}
		}
		return []Result{{Name: "start.time", Value: float64(best.Microseconds()) / 1000, Unit: "ms"}}, nil
	},
}

var idleMemory = row{
	names: []string{"idle.memory"},
	doc:   "resident memory of a server 10 s after its start, without load",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.shared(ctx)
		if err != nil {
			return nil, err
		}
		if err := sleep(ctx, 10*time.Second); err != nil {
			return nil, err
		}
		mb, err := s.resident()
		return []Result{{Name: "idle.memory", Value: mb, Unit: "MB"}}, err
	},
}

var noopRate = row{
	names: []string{"noop.rate", "load.memory"},
	doc:   "executions of core.noop a second through the API, 32 callers, queue drained; limit: bare SQLite commits of as many callers",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.shared(ctx)
		if err != nil {
			return nil, err
		}
		value, err := s.load(ctx, callers, e.seconds, "core.noop", nil)
		if err != nil {
			return nil, err
		}
		mb, err := s.resident()
		if err != nil {
			return nil, err
		}
		limit, err := commitRate(ctx, e)
		return []Result{{Name: "noop.rate", Value: value, Unit: "1/s", Limit: limit}, {Name: "load.memory", Value: mb, Unit: "MB"}}, err
	},
}

// commitRate is how many commits of one small row, safe on disk, this machine makes a second.
func commitRate(ctx context.Context, e *env) (float64, error) {
	file := filepath.Join(e.dir, "commits.db")
	db, err := sql.Open("sqlite", file+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("create table if not exists t (id integer primary key, body text)"); err != nil {
		return 0, err
	}
	body := fmt.Sprintf("%0600d", 1)
	return rate(ctx, 1, min(e.seconds, 3*time.Second), func() error {
		_, err := db.ExecContext(ctx, "insert into t (body) values (?)", body)
		return err
	})
}

var noopLatency = row{
	names: []string{"noop.p50", "noop.p99"},
	doc:   "from the request of core.noop to its end, one caller",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.shared(ctx)
		if err != nil {
			return nil, err
		}
		var all []time.Duration
		for began := time.Now(); time.Since(began) < e.seconds; {
			sent := time.Now()
			x, err := s.Run(ctx, client.RunRequest{Action: "core.noop"})
			if err != nil {
				return nil, err
			}
			if x, err = s.end(ctx, client.ID(x)); err != nil {
				return nil, err
			}
			ended, err := at(x, gale.Succeeded)
			if err != nil {
				return nil, err
			}
			all = append(all, ended.Sub(sent))
		}
		return []Result{{Name: "noop.p50", Value: quantile(all, 0.5), Unit: "ms"}, {Name: "noop.p99", Value: quantile(all, 0.99), Unit: "ms"}}, nil
	},
}

// end polls an execution until it has ended.
func (s *server) end(ctx context.Context, id string) (*py.Dict, error) {
	for {
		x, err := s.Execution(ctx, id)
		if err != nil || client.StatusOf(x).Final() {
			return x, err
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return nil, err
		}
	}
}

var webhookLatency = row{
	names: []string{"webhook.p50", "webhook.p99"},
	doc:   "from the request of a webhook to its rule's core.noop running, 50 events a second",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.shared(ctx)
		if err != nil {
			return nil, err
		}
		rule := py.DictOf("name", "bench_hook", "pack", "default", "enabled", true,
			"trigger", py.DictOf("type", "core.st2.webhook", "parameters", py.DictOf("url", "bench")),
			"criteria", py.DictOf("trigger.body.n", py.DictOf("type", "gt", "pattern", int64(-1))),
			"action", py.DictOf("ref", "core.noop", "parameters", py.NewDict(0)))
		if _, err := s.Post(ctx, "/rules", rule); err != nil && !client.IsStatus(err, 409) {
			return nil, err
		}
		sent := map[string]time.Time{}
		ticks := time.NewTicker(20 * time.Millisecond)
		defer ticks.Stop()
		for n, began := 0, time.Now(); time.Since(began) < e.seconds; n++ {
			<-ticks.C
			tag := fmt.Sprintf("bench-%d-%d", began.UnixNano(), n)
			sent[tag] = time.Now()
			_, err := s.Do(ctx, client.Request{Method: "POST", Path: "/webhooks/bench", Body: py.DictOf("n", int64(n)),
				Header: map[string][]string{"St2-Trace-Tag": {tag}}})
			if err != nil {
				return nil, err
			}
		}
		if err := s.drained(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
		all, err := s.since(ctx, sent)
		return []Result{{Name: "webhook.p50", Value: quantile(all, 0.5), Unit: "ms"}, {Name: "webhook.p99", Value: quantile(all, 0.99), Unit: "ms"}}, err
	},
}

// since returns how long after it was sent each event's action was running.
func (s *server) since(ctx context.Context, sent map[string]time.Time) ([]time.Duration, error) {
	found, err := s.executions(ctx, client.Query("rule", "bench_hook", "limit", "100"))
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, x := range found {
		trace := client.Dict(client.Dict(x, "context"), "trace_context")
		began, known := sent[client.String(trace, "trace_tag")]
		if !known {
			continue
		}
		running, err := at(x, gale.Running)
		if err != nil {
			return nil, err
		}
		all = append(all, running.Sub(began))
	}
	if len(all) != len(sent) {
		return nil, fmt.Errorf("%d events were sent and %d executions of them found", len(sent), len(all))
	}
	return all, nil
}

var localRate = row{
	names: []string{"local.rate"},
	doc:   "queued core.local cmd=true a second at full slots; limit: bare starts of the same command by as many workers",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		return e.against(ctx, "local.rate", func() (float64, error) { return shellRate(ctx, e, galeserver.DefaultWorkers()) },
			backlog{dir: "local", action: "core.local", parameters: py.DictOf("cmd", "true"), perSecond: 400, args: atOnce(galeserver.DefaultWorkers())})
	},
}

var localOne = row{
	names: []string{"local1.rate"},
	doc:   "queued core.local cmd=true a second with one slot; limit: bare starts of the same command, one after the other",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		return e.against(ctx, "local1.rate", func() (float64, error) { return shellRate(ctx, e, 1) },
			backlog{dir: "local1", action: "core.local", parameters: py.DictOf("cmd", "true"), perSecond: 200, args: atOnce(1)})
	},
}

// atOnce tells a server how many actions to run at once.
func atOnce(n int) []string { return []string{"--workers", strconv.Itoa(n)} }

// shellRate is how many shells running true a bare loop starts a second.
func shellRate(ctx context.Context, e *env, workers int) (float64, error) {
	return rate(ctx, workers, min(e.seconds, 5*time.Second), func() error {
		return exec.CommandContext(ctx, "/bin/sh", "-c", "true").Run()
	})
}

var queueFlatness = row{
	names: []string{"queue.flatness"},
	doc:   "time of the last 1,000 dispatches of 10,000 queued core.noop over that of the first 1,000",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.queue(ctx, backlog{dir: "queue", action: "core.noop"}, 10_000)
		if err != nil {
			return nil, err
		}
		defer s.stop()
		return flatness(ctx, s, 10_000)
	},
}

func flatness(ctx context.Context, s *server, total int) ([]Result, error) {
	found, err := s.executions(ctx, client.Query("action", "core.noop", "limit", "100", "include_attributes", "id,log"))
	if err != nil {
		return nil, err
	}
	if len(found) != total {
		return nil, fmt.Errorf("%d executions were queued and %d found", total, len(found))
	}
	times := make([]time.Time, len(found))
	for i, x := range found {
		if times[i], err = at(x, gale.Running); err != nil {
			return nil, err
		}
	}
	sort.Slice(times, func(i, j int) bool { return times[i].Before(times[j]) })
	first, last := times[999].Sub(times[0]), times[total-1].Sub(times[total-1000])
	return []Result{{Name: "queue.flatness", Value: last.Seconds() / first.Seconds(), Unit: "ratio"}}, nil
}
