package execution_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// beside runs fn in a goroutine of its own or of the test.
func (f *fixture) beside(fn func(tx *store.Tx) error) {
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Errorf("update: %v", err)
	}
}

// claimAll begins what is queued, as a runner does.
func (f *fixture) claimAll() (items []store.Item) {
	f.beside(func(tx *store.Tx) (err error) {
		if items, err = tx.Claim(execution.QueueRun, "", 100); err != nil {
			return err
		}
		for _, it := range items {
			_, started, err := execution.Begin(tx, it.Key, gale.RunnerInfo{Node: "here"})
			if err != nil {
				return err
			}
			if !started {
				f.Errorf("%s was claimed but is not to run", it.Key)
			}
		}
		return nil
	})
	return items
}

func TestCancelAgainstClaim(t *testing.T) {
	onBoth(t, func(f *fixture) {
		const n = 20
		var ids []string
		for range n {
			ids = append(ids, f.start("noop", nil).ID)
		}
		var wg sync.WaitGroup
		var items []store.Item
		wg.Go(func() {
			for range 5 {
				items = append(items, f.claimAll()...)
			}
		})
		for _, id := range ids {
			wg.Go(func() {
				f.beside(func(tx *store.Tx) error {
					_, err := execution.Cancel(tx, id, "ada")
					return err
				})
			})
		}
		wg.Wait()
		begun := map[string]bool{}
		for _, it := range items {
			begun[it.Key] = true
		}
		for _, id := range ids {
			e := f.get(id)
			switch {
			case begun[id] && (e.Status != gale.Canceling || f.row(execution.QueueRun, id) != "held"):
				f.Errorf("%s had begun: got %s, queued %q; want it canceling in its runner's hands", id, e.Status, f.row(execution.QueueRun, id))
			case !begun[id] && (e.Status != gale.Canceled || f.row(execution.QueueRun, id) != ""):
				f.Errorf("%s had not begun: got %s, queued %q; want it canceled and out of the queue", id, e.Status, f.row(execution.QueueRun, id))
			}
		}
		for _, it := range items {
			f.beside(func(tx *store.Tx) error {
				if _, _, err := execution.Finish(tx, it.Key, execution.Outcome{Status: gale.Succeeded}); err != nil {
					return err
				}
				return tx.Done(it)
			})
			e := f.get(it.Key)
			if got, want := jsonOf(f, e.Result), `{"message":"Action canceled by user.","user":"ada"}`; e.Status != gale.Canceled || got != want {
				f.Errorf("after the run's end: got %s with %s, want canceled with %s", e.Status, got, want)
			}
		}
	})
}

func TestFinishAgainstCancel(t *testing.T) {
	onBoth(t, func(f *fixture) {
		for range 15 {
			e := f.start("noop", nil)
			items := f.claimAll()
			var wg sync.WaitGroup
			wg.Go(func() {
				f.beside(func(tx *store.Tx) error {
					_, err := execution.Cancel(tx, e.ID, "ada")
					if gale.KindOf(err) == gale.Conflict && strings.Contains(err.Error(), "cannot be canceled") {
						return nil
					}
					return err
				})
			})
			wg.Go(func() {
				f.beside(func(tx *store.Tx) error {
					if _, _, err := execution.Finish(tx, e.ID, execution.Outcome{Status: gale.Succeeded, Result: py.DictOf("n", int64(1))}); err != nil {
						return err
					}
					return tx.Done(items[0])
				})
			})
			wg.Wait()
			got := f.get(e.ID)
			log := logOf(got)
			if log != "requested scheduled running succeeded" && log != "requested scheduled running canceling canceled" {
				f.Errorf("got %s after %q", got.Status, log)
			}
			if f.row(execution.QueueRun, e.ID) != "" {
				f.Errorf("%s is still queued", e.ID)
			}
		}
	})
}

func TestALateResultChangesNothing(t *testing.T) {
	onBoth(t, func(f *fixture) {
		e := f.start("noop", nil)
		it := f.claimAll()[0]
		f.update(func(tx *store.Tx) error {
			if err := execution.Abandon(tx, e.ID, "the runner is gone"); err != nil {
				return err
			}
			return tx.Done(it)
		})
		ended := f.get(e.ID)
		if ended.Status != gale.Abandoned || ended.End == 0 || ended.Reason != "the runner is gone" {
			f.Fatalf("abandoned: got %s, end %s, reason %q", ended.Status, ended.End, ended.Reason)
		}
		f.update(func(tx *store.Tx) error {
			got, done, err := execution.Finish(tx, e.ID, execution.Outcome{Status: gale.Succeeded, Result: "too late"})
			if done || got.Status != gale.Abandoned {
				f.Errorf("a late end: got %s, ended %t; want the old end, and false", got.Status, done)
			}
			return err
		})
		if err := f.st.Update(f.Context(), func(tx *store.Tx) error { return tx.Done(it) }); err == nil {
			f.Error("the lost claim could be finished once more")
		}
		if now := f.get(e.ID); now.Rev != ended.Rev {
			f.Errorf("the record was written again: %s", jsonOf(f, now))
		}
		before := len(f.events())
		for range 2 {
			f.update(func(tx *store.Tx) error { return execution.Abandon(tx, e.ID, "again") })
		}
		if n := len(f.events()) - before; n != 0 {
			f.Errorf("abandoning what has ended told the world %d times", n)
		}
	})
}

func TestAbandonLeavesAloneWhatWaits(t *testing.T) {
	onBoth(t, func(f *fixture) {
		waiting := f.start("noop", nil)
		f.update(func(tx *store.Tx) error { return execution.Abandon(tx, waiting.ID, "x") })
		if got := f.get(waiting.ID); got.Status != gale.Scheduled {
			f.Errorf("one that had not begun: got %s", got.Status)
		}
		it := f.claimAll()[0]
		f.update(func(tx *store.Tx) error {
			_, ended, err := execution.Finish(tx, waiting.ID, execution.Outcome{Status: gale.Pending})
			if ended {
				f.Error("a question counts as an end")
			}
			if err != nil {
				return err
			}
			return tx.Done(it)
		})
		f.update(func(tx *store.Tx) error { return execution.Abandon(tx, waiting.ID, "x") })
		if got := f.get(waiting.ID); got.Status != gale.Pending {
			f.Errorf("one that waits for an answer: got %s", got.Status)
		}
		f.update(func(tx *store.Tx) error { return execution.Abandon(tx, "ffffffffffffffffffffffff", "x") })
	})
}

func TestAGoneRunnerEndsACancel(t *testing.T) {
	onBoth(t, func(f *fixture) {
		e := f.start("noop", nil)
		f.claimAll()
		f.update(func(tx *store.Tx) error {
			_, err := execution.Cancel(tx, e.ID, "ada")
			return err
		})
		f.update(func(tx *store.Tx) error { return execution.Abandon(tx, e.ID, "the runner is gone") })
		got := f.get(e.ID)
		if want := `{"message":"Action canceled by user.","user":"ada"}`; got.Status != gale.Canceled || jsonOf(f, got.Result) != want {
			f.Errorf("got %s with %s, want canceled with %s", got.Status, jsonOf(f, got.Result), want)
		}
	})
}

func TestARunThatAsksAQuestionWhileItIsCanceledIsCanceled(t *testing.T) {
	onBoth(t, func(f *fixture) {
		e := f.start("noop", nil)
		f.claimAll()
		f.update(func(tx *store.Tx) error {
			_, err := execution.Cancel(tx, e.ID, "ada")
			return err
		})
		f.update(func(tx *store.Tx) error {
			_, _, err := execution.Finish(tx, e.ID, execution.Outcome{Status: gale.Pending})
			return err
		})
		if got := f.get(e.ID); got.Status != gale.Canceled {
			f.Errorf("got %s, want canceled", got.Status)
		}
	})
}

func TestALargeResultLivesOutsideTheRecord(t *testing.T) {
	onBoth(t, func(f *fixture) {
		e := f.start("noop", nil)
		f.claimAll()
		large := py.DictOf("stdout", strings.Repeat("0123456789", 10_000))
		f.update(func(tx *store.Tx) error {
			_, _, err := execution.Finish(tx, e.ID, execution.Outcome{Status: gale.Succeeded, Result: large})
			return err
		})
		got := f.get(e.ID)
		if got.Result != nil || !got.ResultStored || got.ResultSize != int64(len(jsonOf(f, large))) {
			f.Errorf("record: result %v, stored %t, size %d; want it elsewhere, %d bytes", got.Result != nil, got.ResultStored, got.ResultSize, len(jsonOf(f, large)))
		}
		if err := f.st.View(f.Context(), func(tx *store.Tx) error {
			result, err := execution.Result(tx, got)
			if err == nil && jsonOf(f, result) != jsonOf(f, large) {
				f.Error("the stored result is another")
			}
			return err
		}); err != nil {
			f.Fatal(err)
		}
		events := f.events()
		if last := events[len(events)-1]; len(last.Body) > 10_000 || !strings.Contains(string(last.Body), `"result_size":100013`) {
			f.Errorf("the last event has %d bytes: %.300s", len(last.Body), last.Body)
		}
	})
}

func TestDelaysBeyondTheCalendarDoNotComeEarly(t *testing.T) {
	onBoth(t, func(f *fixture) {
		e, err := f.svc.Request(f.Context(), execution.Request{Action: "test.noop", Delay: 1 << 62})
		if err != nil {
			f.Fatal(err)
		}
		if err := f.st.View(f.Context(), func(tx *store.Tx) error {
			it, found, err := tx.QueueItem(execution.QueueSchedule, e.ID)
			if !found || it.RunAt <= tx.Now {
				f.Errorf("queued: %t, due at %s; want it far in the future", found, it.RunAt)
			}
			return err
		}); err != nil {
			f.Fatal(err)
		}
	})
}
