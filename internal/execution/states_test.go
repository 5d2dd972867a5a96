package execution_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
)

// world is executions under random treatment, as an outsider sees them.
type world struct {
	t    *rapid.T
	f    *fixture
	ids  []string
	held map[string]store.Item // claims of a runner
	last map[string]*gale.Execution
	seen int64 // cursor in the event log
	told map[string][]gale.Status
}

// TestWhateverHappensAnExecutionIsConsistent treats executions at random and
// checks after every step what must always hold.
func TestWhateverHappensAnExecutionIsConsistent(t *testing.T) {
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, b.Open(t, store.Config{}))
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(rt, f)
				for range rapid.IntRange(5, 25).Draw(rt, "steps") {
					w.step()
					w.check()
				}
			})
		})
	}
}

// newWorld leaves what an earlier world did behind, queue included.
func newWorld(t *rapid.T, f *fixture) *world {
	w := &world{t: t, f: f, held: map[string]store.Item{}, last: map[string]*gale.Execution{}, told: map[string][]gale.Status{}}
	err := w.update(func(tx *store.Tx) error {
		_, err := tx.Exec("delete from queue")
		return err
	})
	if err == nil {
		w.seen, err = f.st.LastEvent(f.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) update(fn func(tx *store.Tx) error) error { return w.f.st.Update(w.f.Context(), fn) }

func (w *world) step() {
	ops := []string{"insert", "claim", "schedule", "finish", "cancel", "abandon", "pause", "resume", "late finish"}
	op := rapid.SampledFrom(ops).Draw(w.t, "op")
	if op == "insert" || len(w.ids) == 0 {
		w.insert()
		return
	}
	id := rapid.SampledFrom(w.ids).Draw(w.t, "execution")
	var err error
	switch op {
	case "claim":
		err = w.claim()
	case "schedule":
		err = w.update(func(tx *store.Tx) error {
			if err := execution.Schedule(tx, id); err != nil {
				return err
			}
			_, err := tx.Unpush(execution.QueueSchedule, id) // as the scheduler's Done does
			return err
		})
	case "finish":
		err = w.finish(id, rapid.SampledFrom(gale.Statuses).Draw(w.t, "outcome"))
	case "late finish":
		err = w.update(func(tx *store.Tx) error {
			e, _, err := execution.Finish(tx, id, execution.Outcome{Status: gale.Succeeded, Result: "late"})
			if err == nil && e.Status.Final() && w.last[id].Status.Final() && e.Status != w.last[id].Status {
				return errors.New("a late outcome changed an end")
			}
			return err
		})
		if gale.KindOf(err) == gale.Conflict {
			err = nil // it had not begun
		}
	case "cancel":
		err = w.update(func(tx *store.Tx) error {
			_, err := execution.Cancel(tx, id, "ada")
			return err
		})
		if gale.KindOf(err) == gale.Conflict && w.last[id].Status.Final() {
			err = nil
		}
	case "abandon":
		err = w.abandon(id)
	case "pause", "resume":
		err = w.update(func(tx *store.Tx) error {
			change := map[string]func(*store.Tx, string, string) (*gale.Execution, error){"pause": execution.Pause, "resume": execution.Resume}[op]
			_, err := change(tx, id, "ada")
			return err
		})
		if gale.KindOf(err) == gale.Conflict {
			err = nil
		}
	}
	if err != nil {
		w.t.Fatalf("%s %s (%s): %v", op, id, w.last[id].Status, err)
	}
}

func (w *world) insert() {
	e := &gale.Execution{ActionRef: "test.noop", RunnerName: "fake", Parameters: py.NewDict(0), Context: py.NewDict(0)}
	switch rapid.IntRange(0, 3).Draw(w.t, "kind") {
	case 0:
		e.Delay = 3_600_000
	case 1:
		e.Status, e.Result = gale.Failed, py.DictOf("error", "no such variable")
	}
	err := w.update(func(tx *store.Tx) error {
		copied := *e
		if err := execution.Insert(tx, &copied); err != nil {
			return err
		}
		*e = copied
		return nil
	})
	if err != nil {
		w.t.Fatalf("insert: %v", err)
	}
	w.ids = append(w.ids, e.ID)
}

// claim does what an action runner does.
func (w *world) claim() error {
	var items []store.Item
	err := w.update(func(tx *store.Tx) (err error) {
		if items, err = tx.Claim(execution.QueueRun, "", 2); err != nil {
			return err
		}
		for _, it := range items {
			_, started, err := execution.Begin(tx, it.Key, gale.RunnerInfo{Node: "here"})
			if err != nil {
				return err
			}
			if !started {
				return fmt.Errorf("%s was queued for a run and did not begin", it.Key)
			}
		}
		return nil
	})
	for _, it := range items {
		w.held[it.Key] = it
	}
	return err
}

// finish is the end of a run; without a claim there is none.
func (w *world) finish(id string, status gale.Status) error {
	it, ours := w.held[id]
	if !ours || !gale.Running.CanBecome(status) {
		return nil
	}
	err := w.update(func(tx *store.Tx) error {
		_, _, err := execution.Finish(tx, id, execution.Outcome{Status: status, Result: py.DictOf("n", int64(1))})
		if gale.KindOf(err) == gale.Conflict && w.last[id].Status != gale.Canceling {
			err = nil // such as an answer pending while it is being paused: the runner asks again
			return nil
		}
		if err != nil {
			return err
		}
		return tx.Done(it)
	})
	if err == nil && w.f.row(execution.QueueRun, id) == "" {
		delete(w.held, id)
	}
	return err
}

// abandon is what happens to a claim whose holder is gone.
func (w *world) abandon(id string) error {
	it, ours := w.held[id]
	return w.update(func(tx *store.Tx) error {
		if err := execution.Abandon(tx, id, "its runner is gone"); err != nil || !ours {
			return err
		}
		delete(w.held, id)
		return tx.Done(it)
	})
}

// row says how an execution is queued: "", "waiting" or "held".
func (f *fixture) row(kind, id string) string {
	f.Helper()
	var state string
	err := f.st.View(f.Context(), func(tx *store.Tx) error {
		it, found, err := tx.QueueItem(kind, id)
		switch {
		case !found:
		case it.Owner == "":
			state = "waiting"
		default:
			state = "held"
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return state
}

func (w *world) check() {
	w.readEvents()
	for _, id := range w.ids {
		e := w.f.get(id)
		if err := w.consistent(e); err != nil {
			w.t.Fatalf("execution %s: %v\nlog: %s", id, err, logOf(e))
		}
		w.last[id] = e
	}
}

func logOf(e *gale.Execution) string {
	var words []string
	for _, entry := range e.Log {
		words = append(words, string(entry.Status))
	}
	return strings.Join(words, " ")
}

func (w *world) readEvents() {
	events, err := w.f.st.Events(w.f.Context(), w.seen, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, ev := range events {
		var body gale.Execution
		if err := py.Unmarshal(ev.Body, &body); err != nil {
			w.t.Fatal(err)
		}
		if want := map[bool]string{true: "create", false: "update"}[len(w.told[ev.Key]) == 0]; ev.Kind != want {
			w.t.Fatalf("event %d of %s: got %s, want %s", ev.Seq, ev.Key, ev.Kind, want)
		}
		if got := body.Log[len(body.Log)-1].Status; got != body.Status {
			w.t.Fatalf("event %d: status %s, but the log ends with %s", ev.Seq, body.Status, got)
		}
		w.told[ev.Key] = append(w.told[ev.Key], body.Status)
		w.seen = ev.Seq
	}
}

// consistent checks all that must hold between a record, its log, its events
// and the queue.
func (w *world) consistent(e *gale.Execution) error {
	var statuses []gale.Status
	for i, entry := range e.Log {
		statuses = append(statuses, entry.Status)
		if i == 0 {
			continue
		}
		if before := e.Log[i-1]; !before.Status.CanBecome(entry.Status) || entry.Timestamp < before.Timestamp {
			return fmt.Errorf("step %d from %s at %s to %s at %s cannot be", i, before.Status, before.Timestamp, entry.Status, entry.Timestamp)
		}
	}
	if statuses[0] != gale.Requested || statuses[len(statuses)-1] != e.Status {
		return fmt.Errorf("the log begins with %s and ends with %s; the status is %s", statuses[0], statuses[len(statuses)-1], e.Status)
	}
	if got, want := fmt.Sprint(w.told[e.ID]), fmt.Sprint(statuses); got != want {
		return fmt.Errorf("events told of %s, the log of %s", got, want)
	}
	if e.Status.Final() != (e.End != 0) || e.Status.Final() && e.End != e.Log[len(e.Log)-1].Timestamp {
		return fmt.Errorf("status %s with end %q", e.Status, e.End)
	}
	if old := w.last[e.ID]; old != nil && old.Status.Final() && (old.Status != e.Status || old.Rev != e.Rev) {
		return fmt.Errorf("it changed after its end, from %s to %s", old.Status, e.Status)
	}
	return w.queued(e)
}

func (w *world) queued(e *gale.Execution) error {
	run, schedule := w.f.row(execution.QueueRun, e.ID), w.f.row(execution.QueueSchedule, e.ID)
	wantRun, wantSchedule := "", ""
	switch e.Status {
	case gale.Delayed:
		wantSchedule = "waiting"
	case gale.Scheduled:
		wantRun = "waiting"
	}
	if _, ours := w.held[e.ID]; ours {
		wantRun = "held"
	}
	if run != wantRun || schedule != wantSchedule {
		return fmt.Errorf("status %s: queued for a run %q, want %q; for the scheduler %q, want %q", e.Status, run, wantRun, schedule, wantSchedule)
	}
	return nil
}

// The stream keeps many events in memory, and each change of status writes one.
func TestEventsLeaveOutWhatIsLarge(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	many := py.NewDict(0)
	for i := range 5000 {
		many.Set(fmt.Sprintf("key%d", i), strings.Repeat("y", 100))
	}
	tests := []struct {
		name string
		e    gale.Execution
		has  []string
		not  string
	}{
		{"a small one is whole", gale.Execution{Parameters: py.DictOf("cmd", "date"), Context: py.DictOf("user", "ada")}, []string{`"cmd":"date"`, `"user":"ada"`}, ""},
		{"a large parameter", gale.Execution{Parameters: py.DictOf("a", int64(1), "b", large), Context: py.DictOf("user", "ada")}, []string{`"a":1`, `"user":"ada"`}, "xxxx"},
		{"a large part of a context", gale.Execution{Context: py.DictOf("user", "ada", "b", large)}, []string{`"user":"ada"`}, "xxxx"},
		{"many small parameters", gale.Execution{Parameters: many, Context: py.DictOf("user", "ada", "other", int64(1))}, []string{`"user":"ada"`}, "yyyy"},
		{"a result that is kept in the row", gale.Execution{Result: py.DictOf("r", strings.Repeat("z", 60<<10)), Parameters: py.DictOf("b", large)}, []string{"zzzz"}, "xxxx"},
	}
	for _, tt := range tests {
		tt.e.ID, tt.e.Status = "5f0000000000000000000000", gale.Running
		body, err := execution.EventBody(&tt.e)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if len(body) > 128<<10 {
			t.Errorf("%s: %d bytes", tt.name, len(body))
		}
		for _, want := range append(tt.has, `"status":"running"`) {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s: %s is missing in %.300s", tt.name, want, body)
			}
		}
		if tt.not != "" && strings.Contains(string(body), tt.not) {
			t.Errorf("%s: the large part is there", tt.name)
		}
	}
}
