package actionrunner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/actionrunner"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func TestAnActionRunsOnceToItsEnd(t *testing.T) {
	onAll(t, func(f *fixture) {
		var runs atomic.Int32
		f.fake = func(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
			runs.Add(1)
			out.Write("stdout", []byte("working on "+job.ExecutionID+"\n"))
			return succeeded(py.DictOf("got", job.ActionParameters))
		}
		f.action("work", "fake", "{n: {type: integer, default: 5}}")
		var ids []string
		for range 8 {
			ids = append(ids, f.start("work", nil).ID)
		}
		f.run(f.worker(nil))
		f.run(f.worker(nil)) // two workers, one queue
		for _, id := range ids {
			e := f.ended(id)
			if e.Status != gale.Succeeded || jsonOf(f, e.Result) != `{"got":{"n":5}}` || e.RunnerInfo == nil || e.RunnerInfo.Node != "here" {
				f.Errorf("got %s with %s by %+v", e.Status, jsonOf(f, e.Result), e.RunnerInfo)
			}
			if text, _ := f.output(id); text != "working on "+id+"\n" {
				f.Errorf("output: got %q", text)
			}
			f.await("an empty queue", func() bool { return !f.queued(id) })
		}
		if n := runs.Load(); n != 8 {
			f.Errorf("runs: got %d, want 8", n)
		}
	})
}

func TestRealProcesses(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.action("sh", "local-shell-cmd", "{}")
		f.run(f.worker(nil))
		tests := []struct {
			name       string
			parameters *py.Dict
			status     gale.Status
			want       string // part of the result
		}{
			{"success", py.DictOf("cmd", "echo out; echo err >&2"), gale.Succeeded, `"stdout":"out","stderr":"err"`},
			{"failure", py.DictOf("cmd", "echo half; exit 3"), gale.Failed, `"return_code":3`},
			{"time is up", py.DictOf("cmd", "echo begun; sleep 60", "timeout", int64(1)), gale.TimedOut, `"stdout":"begun"`},
		}
		started := make([]*gale.Execution, len(tests))
		for i, test := range tests {
			started[i] = f.start("sh", test.parameters)
		}
		for i, test := range tests {
			e := f.ended(started[i].ID)
			if e.Status != test.status || !strings.Contains(jsonOf(f, e.Result), test.want) {
				f.Errorf("%s: got %s with %s; want %s with %s", test.name, e.Status, jsonOf(f, e.Result), test.status, test.want)
			}
		}
	})
}

func TestCancelKillsTheProcesses(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.action("sh", "local-shell-cmd", "{}")
		w := f.worker(nil)
		f.run(w)
		mark := filepath.Join(f.TempDir(), "pid")
		e := f.start("sh", py.DictOf("cmd", "echo $$ > "+mark+".new; mv "+mark+".new "+mark+"; sleep 300 & wait"))
		f.await("the process", func() bool { _, err := os.Stat(mark); return err == nil })
		f.update(func(tx *store.Tx) error {
			_, err := execution.Cancel(tx, e.ID, "bob")
			return err
		})
		got := f.ended(e.ID)
		if got.Status != gale.Canceled || !strings.Contains(jsonOf(f, got.Result), "Action canceled by user.") {
			f.Errorf("got %s with %s; want it canceled", got.Status, jsonOf(f, got.Result))
		}
		pid, err := os.ReadFile(mark)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid)) + "/cwd"); err == nil {
			f.Errorf("the process %s is still there", pid)
		}
		f.await("a free slot", func() bool { return w.Running() == 0 })
	})
}

func TestOneCanceledBeforeItsTurnNeverRuns(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.fake = func(context.Context, *runner.Job, runner.Output) runner.Result {
			f.Error("a canceled execution was run")
			return succeeded(nil)
		}
		f.action("work", "fake", "{}")
		e := f.start("work", nil)
		f.update(func(tx *store.Tx) error {
			if _, err := execution.Cancel(tx, e.ID, "bob"); err != nil {
				return err
			}
			return tx.Push(store.Push{Kind: execution.QueueRun, Key: e.ID}) // as if it had been claimed a moment before
		})
		purged := f.start("work", nil)
		f.update(func(tx *store.Tx) error { return store.Executions.Delete(tx, purged.ID) })
		f.run(f.worker(nil))
		f.await("an empty queue", func() bool { return !f.queued(e.ID) && !f.queued(purged.ID) })
		if got := f.get(e.ID); got.Status != gale.Canceled {
			f.Errorf("got %s, want canceled", got.Status)
		}
	})
}

func TestAStopWaitsForWhatRuns(t *testing.T) {
	onAll(t, func(f *fixture) {
		begun, goOn := make(chan struct{}), make(chan struct{})
		f.fake = func(ctx context.Context, _ *runner.Job, _ runner.Output) runner.Result {
			close(begun)
			select {
			case <-goOn:
			case <-ctx.Done():
				f.Errorf("it was told to end: %v", context.Cause(ctx))
			}
			return succeeded(py.DictOf("ok", true))
		}
		f.action("work", "fake", "{}")
		e := f.start("work", nil)
		stop := f.run(f.worker(nil))
		<-begun
		time.AfterFunc(50*time.Millisecond, func() { close(goOn) })
		stop()
		if got := f.get(e.ID); got.Status != gale.Succeeded {
			f.Errorf("after the stop: got %s, want its own end", got.Status)
		}
	})
}

func TestWhatOutlastsTheGraceIsAbandoned(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.action("sh", "local-shell-cmd", "{}")
		stop := f.run(f.worker(func(c *actionrunner.Config) { c.Grace = 100 * time.Millisecond }))
		mark := filepath.Join(f.TempDir(), "begun")
		e := f.start("sh", py.DictOf("cmd", "echo begun; touch "+mark+"; sleep 300"))
		f.await("the process", func() bool { _, err := os.Stat(mark); return err == nil })
		stop()
		got := f.ended(e.ID)
		if got.Status != gale.Abandoned || got.End == 0 || got.Reason == "" || f.queued(e.ID) {
			f.Errorf("got %s, end %s, reason %q, queued %t; want it abandoned, with a reason", got.Status, got.End, got.Reason, f.queued(e.ID))
		}
	})
}

func TestWhatBeginsAfterTheEndOfTheGraceEndsAtOnce(t *testing.T) {
	onSQLite(t, func(f *fixture) {
		f.fake = func(ctx context.Context, job *runner.Job, _ runner.Output) runner.Result {
			<-ctx.Done()
			return runner.Interruption(ctx, job)
		}
		f.action("work", "fake", "{}")
		e := f.start("work", nil)
		w := f.worker(func(c *actionrunner.Config) { c.Grace = 0 })
		w.EndAll()
		f.run(w)
		if got := f.ended(e.ID); got.Status != gale.Abandoned {
			f.Errorf("got %s, want it abandoned", got.Status)
		}
	})
}

func TestRunnersThatBreakDownFailTheirActionOnly(t *testing.T) {
	onSQLite(t, func(f *fixture) {
		f.action("work", "fake", "{how: {type: string}}")
		f.fake = func(_ context.Context, job *runner.Job, out runner.Output) runner.Result {
			how, _ := job.ActionParameters.GetString("how")
			switch how {
			case "panic":
				out.Write("stdout", []byte("before the panic\n"))
				panic("out of cheese")
			case "status":
				return runner.Result{Status: "exploded", Result: py.DictOf("a", int64(1))}
			case "no end":
				return runner.Result{Status: gale.Scheduled}
			case "no result":
				return runner.Result{Status: gale.Succeeded}
			}
			return succeeded(py.DictOf("ok", true))
		}
		f.run(f.worker(func(c *actionrunner.Config) { c.Slots = 1 }))
		tests := []struct {
			how    string
			status gale.Status
			want   string
		}{
			{"panic", gale.Failed, "broke down"},
			{"status", gale.Failed, "exploded"},
			{"no end", gale.Failed, "scheduled"},
			{"no result", gale.Succeeded, ""},
			{"well", gale.Succeeded, `"ok":true`},
		}
		for _, test := range tests {
			e := f.ended(f.start("work", py.DictOf("how", test.how)).ID)
			if e.Status != test.status || !strings.Contains(jsonOf(f, e.Result), test.want) {
				f.Errorf("%s: got %s with %s, want %s with %q", test.how, e.Status, jsonOf(f, e.Result), test.status, test.want)
			}
			if text, _ := f.output(e.ID); test.how == "panic" && text != "before the panic\n" {
				f.Errorf("output before the panic: got %q", text)
			}
		}
	})
}

func TestWhatCannotEvenBePreparedFails(t *testing.T) {
	onSQLite(t, func(f *fixture) {
		const word = "swordfish-in-clear"
		f.action("gone", "fake", "{}")
		f.action("odd", "fake", `{pin: {type: integer, secret: true, default: "`+word+`"}}`)
		a := f.action("alien", "fake", "{}")
		gone, alien := f.start("gone", nil), f.start("alien", nil)
		odd, err := f.svc.PlanRendered(mustDefine(f, "test.odd"), execution.Request{Action: "test.odd", Parameters: py.NewDict(0)})
		if odd == nil {
			f.Fatal(err)
		}
		odd.Parameters = py.NewDict(0)
		f.update(func(tx *store.Tx) error { return f.svc.Insert(tx, mustDefine(f, "test.odd"), odd) })
		f.update(func(tx *store.Tx) error {
			found, err := store.Actions.By(tx, "ref", "test.gone")
			if err != nil {
				return err
			}
			if err := store.Actions.Delete(tx, found.ID); err != nil {
				return err
			}
			other := &gale.RunnerType{ID: tx.NewID(), Name: "from-mars", Enabled: true, Parameters: py.NewDict(0), OutputSchema: py.NewDict(0)}
			if err := store.RunnerTypes.Insert(tx, other); err != nil {
				return err
			}
			a.RunnerType = "from-mars"
			return store.Actions.Update(tx, a)
		})
		f.run(f.worker(nil))
		for id, want := range map[string]string{gone.ID: "cannot be found", alien.ID: "from-mars", odd.ID: "pin"} {
			e := f.ended(id)
			if text := jsonOf(f, e.Result); e.Status != gale.Failed || !strings.Contains(text, want) || strings.Contains(text, word) {
				f.Errorf("%s: got %s with %s; want it failed, naming %s and no secret", e.ActionRef, e.Status, text, want)
			}
		}
	})
}

func mustDefine(f *fixture, ref string) *execution.Definition {
	f.Helper()
	def, err := f.svc.Define(f.Context(), ref)
	if err != nil {
		f.Fatal(err)
	}
	return def
}

func TestHugeOutputIsKeptWholeAndInOrder(t *testing.T) {
	onAll(t, func(f *fixture) {
		var want strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&want, "%07d %s\n", i, strings.Repeat("ä", i%23))
		}
		want.WriteString(strings.Repeat("€", 50_000)) // one long line without an end
		f.fake = func(_ context.Context, _ *runner.Job, out runner.Output) runner.Result {
			for text := want.String(); text != ""; {
				n := min(len(text), 100_000)
				for n < len(text) && !utf8.RuneStart(text[n]) {
					n--
				}
				out.Write("stdout", []byte(text[:n]))
				text = text[n:]
			}
			return succeeded(py.DictOf("ok", true))
		}
		f.action("work", "fake", "{}")
		f.run(f.worker(nil))
		e := f.start("work", nil)
		f.ended(e.ID)
		got, chunks := f.output(e.ID)
		if got != want.String() {
			f.Errorf("output: got %d bytes, want %d; or other ones", len(got), want.Len())
		}
		for _, c := range chunks {
			if len(c.Data) > 32<<10 || !utf8.ValidString(c.Data) {
				f.Errorf("a piece of %d bytes, whole characters: %t; want at most 32 KiB of text", len(c.Data), utf8.ValidString(c.Data))
			}
		}
	})
}

func TestSecretsAreMaskedInOutputAndSealedInResults(t *testing.T) {
	onAll(t, func(f *fixture) {
		const word, setting = "parameter-secret-0815", "config-secret-1234"
		f.update(func(tx *store.Tx) error {
			if err := store.ConfigSchemas.Insert(tx, &gale.ConfigSchema{ID: tx.NewID(), Pack: "test",
				Attributes: doc(f, "{token: {type: string, secret: true}}")}); err != nil {
				return err
			}
			return store.Configs.Insert(tx, &gale.Config{ID: tx.NewID(), Pack: "test", Values: py.DictOf("token", setting)})
		})
		f.action("work", "fake", "{password: {type: string, secret: true}, tell: {type: string, default: no}}")
		f.fake = func(_ context.Context, job *runner.Job, out runner.Output) runner.Result {
			text := "login " + word + " and " + setting + " twice " + word + word + "\n"
			for i := range text { // a byte at a time: the secret is never in one piece
				out.Write("stdout", []byte(text[i:i+1]))
			}
			out.Write("stderr", []byte("trace "+word[:9]))
			out.Write("stderr", []byte(word[9:]))
			result := py.DictOf("stdout", text)
			if tell, _ := job.ActionParameters.GetString("tell"); tell == "config" {
				result = py.DictOf("stdout", setting)
			}
			return succeeded(result)
		}
		f.run(f.worker(nil))
		for _, tell := range []string{"parameter", "config"} {
			e := f.start("work", py.DictOf("password", word, "tell", tell))
			opened := f.ended(e.ID)
			if text := jsonOf(f, f.get(e.ID)); strings.Contains(text, word) || strings.Contains(text, setting) {
				f.Errorf("the record holds a secret: %s", text)
			}
			if text := jsonOf(f, opened.Result); !strings.Contains(text, map[string]string{"parameter": word, "config": setting}[tell]) {
				f.Errorf("the result in clear: got %s", text)
			}
			chunks, err := f.st.Output(f.Context(), e.ID, nil, 0, 0)
			if err != nil {
				f.Fatal(err)
			}
			all := map[string]string{}
			for _, c := range chunks {
				all[c.Type] += c.Data
			}
			if got, want := all["stdout"], "login ******** and ******** twice ****************\n"; got != want {
				f.Errorf("stdout: got %q, want %q", got, want)
			}
			if got, want := all["stderr"], "trace ********"; got != want {
				f.Errorf("stderr: got %q, want %q", got, want)
			}
		}
	})
}

func TestAllOutputIsThereBeforeTheEnd(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.action("work", "fake", "{}")
		f.fake = func(_ context.Context, _ *runner.Job, out runner.Output) runner.Result {
			out.Write("stdout", []byte("last words"))
			return succeeded(py.DictOf("ok", true))
		}
		f.run(f.worker(nil))
		for range 5 {
			e := f.start("work", nil)
			f.await("the end", func() bool { return f.get(e.ID).Status.Final() })
			if text, _ := f.output(e.ID); text != "last words" {
				f.Errorf("at the end: got output %q", text)
			}
		}
	})
}

func TestATokenOpensTheAPIWhileTheActionRuns(t *testing.T) {
	onSQLite(t, func(f *fixture) {
		check := func(token string) (id *auth.Identity, err error) {
			err = f.st.View(f.Context(), func(tx *store.Tx) (err error) {
				id, err = f.signer.ByActionToken(tx, token)
				return err
			})
			return id, err
		}
		token := make(chan string, 1)
		f.fake = func(_ context.Context, job *runner.Job, _ runner.Output) runner.Result {
			if id, err := check(job.AuthToken); err != nil || id.User != "ada" || id.ExecutionID != job.ExecutionID || !id.Service {
				f.Errorf("while it runs: got %+v, %v", id, err)
			}
			token <- job.AuthToken
			return succeeded(nil)
		}
		f.action("work", "fake", "{}")
		f.run(f.worker(nil))
		f.ended(f.start("work", nil).ID)
		if id, err := check(<-token); gale.KindOf(err) != gale.Unauthenticated {
			f.Errorf("after its end: got %+v, %v", id, err)
		}
	})
}

func TestAResultWithoutItsClaimIsDropped(t *testing.T) {
	onAll(t, func(f *fixture) {
		begun, goOn := make(chan string), make(chan struct{})
		f.fake = func(_ context.Context, job *runner.Job, _ runner.Output) runner.Result {
			begun <- job.ExecutionID
			<-goOn
			return succeeded(py.DictOf("ok", true))
		}
		f.action("work", "fake", "{}")
		w := f.worker(nil)
		f.run(w)
		e := f.start("work", nil)
		<-begun
		f.update(func(tx *store.Tx) error { // as the reaper does
			it, _, err := tx.QueueItem(execution.QueueRun, e.ID)
			if err != nil {
				return err
			}
			if err := execution.Abandon(tx, e.ID, "the lease ran out"); err != nil {
				return err
			}
			return tx.Done(it)
		})
		close(goOn)
		f.await("a free slot", func() bool { return w.Running() == 0 })
		if got := f.get(e.ID); got.Status != gale.Abandoned {
			f.Errorf("got %s, want it to stay abandoned", got.Status)
		}
		f.await("a word about it", func() bool { return strings.Contains(f.log.String(), "its claim was lost") })
	})
}

func TestAnExecutionThatIsPurgedWhileItRunsHoldsNoSlot(t *testing.T) {
	onAll(t, func(f *fixture) {
		begun, goOn := make(chan string), make(chan struct{})
		f.fake = func(_ context.Context, job *runner.Job, _ runner.Output) runner.Result {
			begun <- job.ExecutionID
			<-goOn
			return succeeded(py.DictOf("ok", true))
		}
		f.action("work", "fake", "{}")
		w := f.worker(nil)
		f.run(w)
		e := f.start("work", nil)
		<-begun
		f.update(func(tx *store.Tx) error { return store.Executions.Delete(tx, e.ID) })
		close(goOn)
		f.await("a free slot", func() bool { return w.Running() == 0 && !f.queued(e.ID) })
	})
}

func TestOneThatWasBegunAndLeftIsAbandonedAndNotRunAgain(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.fake = func(context.Context, *runner.Job, runner.Output) runner.Result {
			f.Error("it was run a second time")
			return succeeded(nil)
		}
		f.action("work", "fake", "{}")
		e := f.start("work", nil)
		f.update(func(tx *store.Tx) error {
			items, err := tx.Claim(execution.QueueRun, "", 1)
			if err != nil {
				return err
			}
			if _, _, err := execution.Begin(tx, e.ID, gale.RunnerInfo{Node: "here"}); err != nil {
				return err
			}
			return tx.Release(items[0], 0)
		})
		f.run(f.worker(nil))
		got := f.ended(e.ID)
		if got.Status != gale.Abandoned || got.Reason == "" {
			f.Errorf("got %s, reason %q; want it abandoned", got.Status, got.Reason)
		}
	})
}

func TestResultsThatDoNotFitTheirSchemaFail(t *testing.T) {
	onSQLite(t, func(f *fixture) {
		a := f.action("work", "fake", "{}")
		a.OutputSchema = doc(f, "{type: object, properties: {n: {type: integer, required: true}}}")
		f.update(func(tx *store.Tx) error { return store.Actions.Update(tx, a) })
		f.fake = func(context.Context, *runner.Job, runner.Output) runner.Result {
			return succeeded(py.DictOf("result", py.DictOf("n", "five")))
		}
		stop := f.run(f.worker(nil))
		if e := f.ended(f.start("work", nil).ID); e.Status != gale.Succeeded {
			f.Errorf("without validation: got %s", e.Status)
		}
		stop()
		f.run(f.worker(func(c *actionrunner.Config) { c.ValidateOutput = true }))
		e := f.ended(f.start("work", nil).ID)
		if text := jsonOf(f, e.Result); e.Status != gale.Failed || !strings.Contains(text, "Error validating output") || !strings.Contains(text, "integer") {
			f.Errorf("with validation: got %s with %s", e.Status, text)
		}
	})
}
