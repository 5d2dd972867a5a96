package actionrunner_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/actionrunner"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/local"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// fake is a runner made of a function.
type fake func(ctx context.Context, job *runner.Job, out runner.Output) runner.Result

func (f fake) Run(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
	return f(ctx, job, out)
}

func succeeded(result *py.Dict) runner.Result {
	return runner.Result{Status: gale.Succeeded, Result: result}
}

// fixture is a store with a worker over it.
type fixture struct {
	*testing.T
	st     *store.Store
	bus    bus.Bus
	svc    *execution.Service
	signer auth.Signer
	fake   fake // what actions of runner "fake" do
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// onAll runs a test on both kinds of store, with a bus that works and with one
// that delivers nothing.
func onAll(t *testing.T, test func(f *fixture)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		for _, bells := range []bus.Bus{bus.NewLocal(), bus.Dropping{}} {
			if _, silent := bells.(bus.Dropping); silent {
				name += ", no doorbells"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				st := b.Open(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }})
				test(newFixture(t, st, bells))
			})
		}
	}
}

func onSQLite(t *testing.T, test func(f *fixture)) {
	t.Helper()
	t.Parallel()
	bells := bus.NewLocal()
	test(newFixture(t, storetest.OpenWith(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }}), bells))
}

func newFixture(t *testing.T, st *store.Store, b bus.Bus) *fixture {
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, st: st, bus: b, signer: auth.Signer{Key: []byte("signing key of the test")}, log: &lockedBuffer{},
		svc: &execution.Service{Store: st, Key: key, SystemUser: "stanley", Engine: expr.New(expr.Options{Decrypt: key.Decrypt})}}
	f.fake = func(context.Context, *runner.Job, runner.Output) runner.Result {
		return succeeded(py.DictOf("ok", true))
	}
	f.update(func(tx *store.Tx) error {
		for _, e := range f.entries() {
			e.Type.ID = tx.NewID()
			if err := store.RunnerTypes.Insert(tx, &e.Type); err != nil {
				return err
			}
		}
		return nil
	})
	return f
}

func (f *fixture) entries() []runner.Entry {
	run := fake(func(ctx context.Context, job *runner.Job, out runner.Output) runner.Result {
		return f.fake(ctx, job, out)
	})
	return append(local.Entries(local.Config{}), runner.Entry{Runner: run,
		Type: gale.RunnerType{Name: "fake", Enabled: true, OutputKey: "result", Parameters: py.NewDict(0), OutputSchema: py.DictOf("type", "object")}})
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

// worker returns a worker with some slots; change may alter its configuration.
func (f *fixture) worker(change func(c *actionrunner.Config)) *actionrunner.Worker {
	f.Helper()
	runners, err := runner.NewRegistry(f.entries()...)
	if err != nil {
		f.Fatal(err)
	}
	cfg := actionrunner.Config{Store: f.st, Bus: f.bus, Exec: f.svc, Runners: runners, Signer: f.signer,
		Log: slog.New(slog.NewTextHandler(f.log, nil)), Node: "here", Slots: 4, Grace: 20 * time.Second, StoreID: "test", RunDir: f.TempDir()}
	if change != nil {
		change(&cfg)
	}
	return actionrunner.New(cfg)
}

// run runs a worker until stop is called, which waits for its end.
func (f *fixture) run(w *actionrunner.Worker) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			f.Errorf("worker: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	f.Cleanup(stop)
	return stop
}

func doc(t testing.TB, text string) *py.Dict {
	t.Helper()
	d, err := yaml.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, _ := d.Value.(*py.Dict)
	return v
}

// action registers the action test.NAME of a runner.
func (f *fixture) action(name, runnerType, parameters string) *gale.Action {
	f.Helper()
	a := &gale.Action{Pack: "test", Name: name, Ref: "test." + name, RunnerType: runnerType, Enabled: true, Parameters: doc(f, parameters)}
	f.update(func(tx *store.Tx) error {
		a.ID = tx.NewID()
		return store.Actions.Insert(tx, a)
	})
	return a
}

func (f *fixture) start(name string, parameters *py.Dict) *gale.Execution {
	f.Helper()
	e, err := f.svc.Request(f.Context(), execution.Request{Action: "test." + name, Parameters: parameters, User: "ada"})
	if err != nil {
		f.Fatalf("request test.%s: %v", name, err)
	}
	return e
}

func (f *fixture) get(id string) *gale.Execution {
	f.Helper()
	var e *gale.Execution
	if err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		e, err = store.Executions.Get(tx, id)
		return err
	}); err != nil {
		f.Fatal(err)
	}
	return e
}

// queued reports whether an execution has a row among those to run.
func (f *fixture) queued(id string) bool {
	f.Helper()
	var found bool
	if err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		_, found, err = tx.QueueItem(execution.QueueRun, id)
		return err
	}); err != nil {
		f.Fatal(err)
	}
	return found
}

func (f *fixture) await(what string, ok func() bool) {
	f.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("%s: it did not happen in time; the log says:\n%s", what, f.log)
		}
	}
}

// ended waits for an execution's end and returns it, result included and in clear.
func (f *fixture) ended(id string) *gale.Execution {
	f.Helper()
	var e *gale.Execution
	f.await("the end of the execution", func() bool { e = f.get(id); return e.Status.Final() })
	if err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		if e.Result, err = execution.Result(tx, e); err == nil {
			e.Result, err = f.svc.OpenResult(e, e.Result)
		}
		return err
	}); err != nil {
		f.Fatal(err)
	}
	return e
}

func (f *fixture) output(id string) (stdout string, chunks []gale.OutputChunk) {
	f.Helper()
	chunks, err := f.st.Output(f.Context(), id, []string{"stdout"}, 0, 0)
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range chunks {
		stdout += c.Data
	}
	return stdout, chunks
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := py.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
