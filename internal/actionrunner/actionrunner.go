// Package actionrunner runs actions: it claims executions that are scheduled,
// as many as it has free slots, and sees each through to its end.
//
// An execution is marked running in the transaction that claims it, so it
// starts at most once: whoever finds it running without a holder calls it
// abandoned and never runs it again.
package actionrunner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Config is what a Worker needs.
type Config struct {
	Store   *store.Store
	Bus     bus.Bus
	Exec    *execution.Service
	Runners *runner.Registry
	Signer  auth.Signer
	Log     *slog.Logger

	Node     string        // name of this node
	Slots    int           // how many actions run at once
	Grace    time.Duration // how long running actions may go on after the end of Run's context
	APIURL   string        // for actions, with the version
	StoreID  string        // marks the processes of this installation
	RunDir   string        // of marker files
	LogLevel string        // of Python actions that ask for none
	// ValidateOutput checks results against output schemas (system.validate_output_schema).
	ValidateOutput bool
}

// Worker claims and runs.
type Worker struct {
	Config
	info gale.RunnerInfo

	mu      sync.Mutex
	claimed map[string]*gale.Execution         // by id, until their handler takes them
	running map[string]context.CancelCauseFunc // by execution
	ending  bool                               // EndAll was called: what begins now ends at once
}

// New returns a Worker; Run makes it work.
func New(cfg Config) *Worker {
	host, _ := os.Hostname()
	return &Worker{Config: cfg, info: gale.RunnerInfo{Hostname: host, PID: os.Getpid(), Node: cfg.Node},
		claimed: map[string]*gale.Execution{}, running: map[string]context.CancelCauseFunc{}}
}

// tokenLife is how long an action's token may live at most; it ends with the execution anyway.
const tokenLife = 24 * time.Hour

// afterGrace is the time for storing the results of actions that were ended.
const afterGrace = 10 * time.Second

// Run claims and runs executions until ctx ends, then waits for those that
// run: for Grace, after which they are ended and abandoned.
func (w *Worker) Run(ctx context.Context) error {
	stop := make(chan struct{})
	defer close(stop)
	go w.watchCancels(stop)
	go w.endLate(ctx, stop)
	queue := w.Bus.Subscribe(store.QueueTopic(execution.QueueRun))
	defer queue.Close()
	return w.Store.Work(ctx, store.Worker{
		Kind:    execution.QueueRun,
		Slots:   w.Slots,
		Wait:    func(ctx context.Context, max time.Duration) { queue.Wait(ctx, max) },
		Claimed: w.begin,
		Begin:   w.handle,
		Grace:   w.Grace + afterGrace,
	})
}

// endLate ends what still runs when the grace after a shutdown is over.
func (w *Worker) endLate(ctx context.Context, stop <-chan struct{}) {
	select {
	case <-stop:
		return
	case <-ctx.Done():
	}
	t := time.NewTimer(w.Grace)
	defer t.Stop()
	select {
	case <-stop:
	case <-t.C:
		w.EndAll()
	}
}

// EndAll ends every running action at once, and those that are just about to
// begin.
func (w *Worker) EndAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ending = true
	for _, cancel := range w.running {
		cancel(runner.ErrShutdown)
	}
}

// Running returns how many actions run now.
func (w *Worker) Running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.running)
}

// begin marks claimed executions as running, in the claim's transaction, and
// drops those that were canceled meanwhile. One that has begun before was
// left by its handler without an end: nobody knows how far it came, so it is
// abandoned and not run again.
func (w *Worker) begin(tx *store.Tx, items []store.Item) error {
	for _, it := range items {
		info := w.info
		info.Claim = strconv.FormatInt(it.Token, 10)
		e, started, err := execution.Begin(tx, it.Key, info)
		if err != nil && gale.KindOf(err) != gale.NotFound {
			return err
		}
		if err != nil || !started {
			if err := execution.Abandon(tx, it.Key, "the runner lost track of the action while it was running"); err != nil {
				return err
			}
			if err := tx.Done(it); err != nil {
				return err
			}
			continue
		}
		w.mu.Lock()
		w.claimed[it.Key] = e // overwritten should the transaction be repeated
		w.mu.Unlock()
	}
	return nil
}

// handle runs one claimed execution to its end and returns how that is stored.
func (w *Worker) handle(ctx context.Context, it store.Item) func(ctx context.Context) error {
	w.mu.Lock()
	e := w.claimed[it.Key]
	delete(w.claimed, it.Key)
	w.mu.Unlock()
	if e == nil || e.RunnerInfo.Claim != strconv.FormatInt(it.Token, 10) {
		return func(context.Context) error { return fmt.Errorf("execution %s was claimed and not begun", it.Key) }
	}
	out := w.attend(ctx, it, e)
	return func(ctx context.Context) error { return w.finish(ctx, it, e, out) }
}

// attend runs an execution so that cancel requests and the end of the process reach it.
func (w *Worker) attend(ctx context.Context, it store.Item, e *gale.Execution) execution.Outcome {
	if err := store.FailPoint("actionrunner.begun"); err != nil {
		return failed(err)
	}
	run, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	w.mu.Lock()
	w.running[e.ID] = cancel
	if w.ending {
		cancel(runner.ErrShutdown)
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.running, e.ID)
		w.mu.Unlock()
	}()
	out := w.run(run, it, e)
	if err := store.FailPoint("actionrunner.ended"); err != nil {
		w.Log.Warn("fail-point", "error", err)
	}
	return out
}

// run prepares and runs an action; whatever goes wrong is an outcome.
func (w *Worker) run(ctx context.Context, it store.Item, e *gale.Execution) (out execution.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("preparing or ending an action panicked", "execution", e.ID, "panic", p, "stack", string(debug.Stack()))
			out = failed(errors.New("the runner broke down; its log says more"))
		}
	}()
	p, err := w.prepare(ctx, e)
	if status, message, ok := runner.Interrupted(ctx); ok { // before anything was started
		if status == gale.Canceled {
			return execution.Outcome{Status: status}
		}
		return execution.Outcome{Status: status, Reason: message, Result: py.DictOf("error", message)}
	}
	if err != nil {
		return failed(err)
	}
	rec := newRecorder(w.Store, w.Log, e, p.masker)
	result := w.guard(ctx, p.runner, w.job(it, e, p.def, p.final), rec)
	rec.close()
	return w.outcome(p.def, e, result, p.masker)
}

// prepared is what a run starts from.
type prepared struct {
	def    *execution.Definition
	runner runner.Runner
	final  *execution.Final
	masker masker
}

// prepare reads and renders what a run needs. A store that is away is waited
// for: the action has not started, so an outage need not cost it.
func (w *Worker) prepare(ctx context.Context, e *gale.Execution) (*prepared, error) {
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		p, err := w.tryPrepare(ctx, e)
		if err == nil || gale.KindOf(err) != gale.Unavailable || ctx.Err() != nil {
			return p, err
		}
		w.Log.Warn("an action cannot be prepared; trying again", "execution", e.ID, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (w *Worker) tryPrepare(ctx context.Context, e *gale.Execution) (*prepared, error) {
	def, err := w.Exec.Define(ctx, e.ActionRef)
	if err != nil {
		return nil, err
	}
	entry, err := w.Runners.Find(def.Runner.Name)
	if err != nil {
		return nil, err
	}
	given, err := w.Exec.OpenParameters(e)
	if err != nil {
		return nil, err
	}
	final, err := w.Exec.Final(ctx, def, e, given)
	if err != nil {
		if gale.KindOf(err) == gale.Unavailable {
			return nil, err
		}
		// What cannot be rendered or cast is often quoted; it may be a secret.
		return nil, errors.New(def.Secrets(given).String(err.Error()))
	}
	return &prepared{def: def, runner: entry.Runner, final: final, masker: def.RunSecrets(final)}, nil
}

// guard turns a panic of a runner into a failed result.
func (w *Worker) guard(ctx context.Context, r runner.Runner, job *runner.Job, out runner.Output) (result runner.Result) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("a runner panicked", "execution", job.ExecutionID, "panic", p, "stack", string(debug.Stack()))
			result = runner.Failf("the runner broke down; its log says more")
		}
	}()
	return r.Run(ctx, job, out)
}

func failed(err error) execution.Outcome {
	r := runner.Fail(err)
	return execution.Outcome{Status: r.Status, Result: r.Result}
}

func (w *Worker) job(it store.Item, e *gale.Execution, def *execution.Definition, final *execution.Final) *runner.Job {
	user, _ := e.Context.GetString("user")
	name, _ := user.(string)
	return &runner.Job{
		ExecutionID: e.ID, ActionRef: e.ActionRef, Pack: def.Action.Pack, Action: def.Action.Name,
		PackDir: def.PackDir, EntryPoint: def.Action.EntryPoint,
		RunnerParameters: final.Runner, ActionParameters: final.Action, ActionSchema: def.Action.Parameters,
		Context: e.Context, User: name, APIURL: w.APIURL,
		AuthToken:  w.Signer.Token(e.ID, name, gale.TimeOf(time.Now().Add(tokenLife))),
		PackConfig: final.Config, LogLevel: w.LogLevel,
		StoreID: w.StoreID, Token: strconv.FormatInt(it.Token, 10), RunDir: w.RunDir,
	}
}

// outcome turns a runner's result into what is stored.
func (w *Worker) outcome(def *execution.Definition, e *gale.Execution, r runner.Result, masker masker) execution.Outcome {
	result := r.Result
	if r.Status == gale.Succeeded && w.ValidateOutput && result.Len() > 0 {
		if err := schema.ValidateOutput(def.Action, def.Runner, result); err != nil {
			r.Status = gale.Failed
			result = py.DictOf("error", err.Error(), "message", "Error validating output. See error output for more details.")
		}
	}
	if !gale.Running.CanBecome(r.Status) {
		r.Status, result = gale.Failed, py.DictOf("error", fmt.Sprintf("the runner ended with the status %q, which is no end", r.Status))
	}
	sealed, err := w.Exec.SealResult(def, e, result, masker)
	if err != nil {
		return failed(fmt.Errorf("the result cannot be stored: %w", err))
	}
	out := execution.Outcome{Status: r.Status, Result: sealed}
	if r.Status == gale.Abandoned {
		out.Reason = py.Str(value(result, "error"))
	}
	return out
}

func value(d *py.Dict, key string) any {
	v, _ := d.GetString(key)
	return v
}

const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// finish stores an outcome, for as long as that takes: the action has run, so
// its result must not be lost to a database that is away. It gives up when the
// claim is lost, for then somebody else has the last word, and when the
// process has to end.
func (w *Worker) finish(ctx context.Context, it store.Item, e *gale.Execution, out execution.Outcome) error {
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			_, _, err := execution.Finish(tx, e.ID, out)
			if err != nil && gale.KindOf(err) != gale.NotFound { // one that was purged meanwhile needs no end
				return err
			}
			return tx.Done(it)
		})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, store.ErrLost):
			w.Log.Warn("the result of an execution came too late: its claim was lost", "execution", e.ID, "status", out.Status)
			return nil
		case gale.KindOf(err) == gale.Conflict, gale.KindOf(err) == gale.Unavailable:
			w.Log.Warn("a result could not be stored; trying again", "execution", e.ID, "error", err, "pause", pause)
		default:
			w.Log.Error("a result could not be stored", "execution", e.ID, "error", err)
			out = failed(fmt.Errorf("the result could not be stored: %w", err))
		}
		if !sleep(ctx, pause) {
			return fmt.Errorf("the result of execution %s is lost, because the process ends: %w", e.ID, err)
		}
	}
}

// sleep reports whether ctx let it sleep for d.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
