// Package execution is the only writer of executions: it requests them,
// moves them from status to status and ends them.
//
// Every change is one function over a transaction. It asks gale.Status
// whether the step is allowed, appends to the log, writes the row, pushes the
// work that follows and emits the event that others see, so that none of the
// four can happen without the rest. Deciding (rendering parameters, checking
// schemas) is done before a transaction, in Plan.
package execution

import (
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Kinds of queue items that this package pushes; the key is the execution's id.
const (
	QueueRun      = "run"      // claimed by action runners; starts at most once
	QueueSchedule = "schedule" // claimed by schedulers
)

// Topic is the topic of the events about executions.
const Topic = "execution"

// CancelTopic is rung when an execution that runs shall stop. The ring is a
// hint: runners also look when they renew their leases.
const CancelTopic = "cancel"

// resultInline is the largest result, in bytes of JSON, kept in the
// execution's own row. Larger ones have a table of their own and are never
// rewritten by a change of status.
const resultInline = 64 << 10

// maxDelay is a thousand years, in milliseconds: more would leave the range of
// times and be due at once.
const maxDelay = 1000 * 366 * 24 * 3600 * 1000

// Insert stores e as a new execution and hands it to whoever acts next: a
// runner at once, or the scheduler when e.Delay asks for patience. It gives e
// its id, times and log. e.Status says how it starts: "" for the normal way,
// Failed for a request that is kept as a record of its failure.
func Insert(tx *store.Tx, e *gale.Execution) error {
	if e.ID == "" {
		e.ID = tx.NewID()
	}
	final := e.Status
	e.Start, e.Log = tx.Now, nil
	e.Status = ""
	step(tx, e, gale.Requested)
	if e.TraceID == "" {
		e.TraceID = e.ID
	}
	created := *e
	created.Result = nil
	switch {
	case final == gale.Failed:
		step(tx, e, gale.Failed)
		if err := setResult(tx, e, e.Result); err != nil {
			return err
		}
	case e.Delay > 0:
		step(tx, e, gale.Delayed)
	default:
		step(tx, e, gale.Scheduled)
	}
	if err := store.Executions.Insert(tx, e); err != nil {
		return err
	}
	if err := emit(tx, "create", &created); err != nil {
		return err
	}
	if err := emit(tx, "update", e); err != nil {
		return err
	}
	return push(tx, e)
}

// push queues what an execution's status asks for.
func push(tx *store.Tx, e *gale.Execution) error {
	switch e.Status {
	case gale.Delayed:
		return tx.Push(store.Push{Kind: QueueSchedule, Key: e.ID, RunAt: e.Start + gale.Time(min(e.Delay, maxDelay)*1000)})
	case gale.Scheduled:
		return tx.Push(store.Push{Kind: QueueRun, Key: e.ID})
	}
	return nil
}

// Schedule moves a delayed execution on to the runners. It does nothing when
// the execution has left that state meanwhile, or is gone.
func Schedule(tx *store.Tx, id string) error {
	e, err := store.Executions.Get(tx, id)
	if err != nil && gale.KindOf(err) == gale.NotFound {
		return nil
	}
	if err != nil || (e.Status != gale.Delayed && e.Status != gale.Requested) {
		return err
	}
	if err := move(tx, e, gale.Scheduled); err != nil {
		return err
	}
	return push(tx, e)
}

// Begin marks a claimed execution as running on a node. started is false, and
// nothing is written, when it was canceled before its turn came or has begun
// already: it must then not be run.
func Begin(tx *store.Tx, id string, info gale.RunnerInfo) (e *gale.Execution, started bool, err error) {
	e, err = store.Executions.Get(tx, id)
	if err != nil || e.Status != gale.Scheduled {
		return e, false, err
	}
	e.RunnerInfo = &info
	if err := move(tx, e, gale.Running); err != nil {
		return nil, false, err
	}
	return e, true, nil
}

// Outcome is how a run ended.
type Outcome struct {
	Status gale.Status
	Result any    // sealed already where it must be
	Reason string // why it was abandoned, for people
}

// Finish ends an execution. An execution that has ended stays as it is: the
// late outcome is dropped and ended is false. One that is being canceled
// becomes canceled, whatever the run made of it. A run that only asks a
// question (pending) has not ended.
func Finish(tx *store.Tx, id string, out Outcome) (e *gale.Execution, ended bool, err error) {
	e, err = store.Executions.Get(tx, id)
	if err != nil || e.Status.Final() {
		return e, false, err
	}
	if e.Status == gale.Canceling {
		out.Status = gale.Canceled
		out.Result = canceledResult(e, out.Result)
	}
	e.Reason = out.Reason
	if err := setResult(tx, e, out.Result); err != nil {
		return nil, false, err
	}
	if err := move(tx, e, out.Status); err != nil {
		return nil, false, err
	}
	return e, e.Status.Final(), nil
}

// Cancel asks for the end of an execution. One that has not begun is canceled
// at once; one that runs becomes canceling until its processes have ended.
// The execution as it now stands is returned; asking twice changes nothing.
func Cancel(tx *store.Tx, id, by string) (*gale.Execution, error) {
	e, err := store.Executions.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if e.Status == gale.Canceling || e.Status == gale.Canceled {
		return e, nil
	}
	if !e.Status.Cancelable() {
		return e, gale.Errorf(gale.Conflict, "Action cannot be canceled. State = %s.", e.Status)
	}
	e.Context = with(e.Context, "cancelled_by", by)
	next := gale.Canceled
	if e.Status == gale.Running {
		next = gale.Canceling
		tx.Ring(CancelTopic)
	} else if err := unpush(tx, e); err != nil {
		return nil, err
	}
	if err := setResult(tx, e, canceledResult(e, nil)); err != nil {
		return nil, err
	}
	return e, move(tx, e, next)
}

// unpush takes an execution that will not run out of the queue.
func unpush(tx *store.Tx, e *gale.Execution) error {
	for _, kind := range []string{QueueRun, QueueSchedule} {
		if _, err := tx.Unpush(kind, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// canceledMessage is what the result of a canceled execution says.
const canceledMessage = "Action canceled by user."

// canceledResult is the result of a canceled execution: what the run left, if
// it says anything, else who canceled it. Runners that say that they were
// canceled do not know by whom.
func canceledResult(e *gale.Execution, got any) any {
	by, _ := e.Context.GetString("cancelled_by")
	d, isDict := got.(*py.Dict)
	if message, _ := d.GetString("message"); isDict && message == canceledMessage {
		return with(d, "user", by)
	}
	if py.Truth(got) {
		return got
	}
	return py.DictOf("message", canceledMessage, "user", by)
}

// Abandon ends executions whose runner is gone: they had begun, so they are
// not run again. One whose cancel was under way is canceled instead. Those
// that had not begun, or wait for an answer rather than for a runner, are left
// alone.
func Abandon(tx *store.Tx, id, reason string) error {
	e, err := store.Executions.Get(tx, id)
	if gale.KindOf(err) == gale.NotFound && err != nil {
		return nil
	}
	if err != nil || e.RunnerInfo == nil || !e.Status.CanBecome(gale.Abandoned) {
		return err
	}
	out := Outcome{Status: gale.Abandoned, Reason: reason, Result: py.DictOf("error", reason)}
	if e.Status == gale.Canceling {
		out.Result = nil // who canceled it is what counts
	}
	_, _, err = Finish(tx, id, out)
	return err
}

// move takes e to a status, writes it and tells the world.
func move(tx *store.Tx, e *gale.Execution, to gale.Status) error {
	if !e.Status.CanBecome(to) {
		return gale.Errorf(gale.Conflict, "execution %s is %s and cannot become %s", e.ID, e.Status, to)
	}
	step(tx, e, to)
	if err := store.Executions.Update(tx, e); err != nil {
		return err
	}
	return emit(tx, "update", e)
}

// step is the only place that assigns a status.
func step(tx *store.Tx, e *gale.Execution, to gale.Status) {
	e.Status = to
	at := tx.Now
	if n := len(e.Log); n > 0 && e.Log[n-1].Timestamp > at {
		at = e.Log[n-1].Timestamp // a clock that was set back must not turn the log around
	}
	e.Log = append(e.Log[:len(e.Log):len(e.Log)], gale.LogEntry{Timestamp: at, Status: to})
	if to.Final() {
		e.End = at
	}
}

// setResult keeps a small result in the row and a large one in its own table.
func setResult(tx *store.Tx, e *gale.Execution, result any) error {
	body, err := py.AppendJSON(nil, result)
	if err != nil {
		return fmt.Errorf("result of execution %s: %w", e.ID, err)
	}
	e.ResultSize = int64(len(body))
	if result == nil {
		e.ResultSize = 0
	}
	if len(body) <= resultInline {
		e.Result, e.ResultStored = result, false
		return nil
	}
	e.Result, e.ResultStored = nil, true
	return tx.PutResult(e.ID, body)
}

// Result returns an execution's result as stored, wherever it lives.
func Result(tx *store.Tx, e *gale.Execution) (any, error) {
	if !e.ResultStored {
		return e.Result, nil
	}
	body, err := tx.Result(e.ID)
	if err != nil {
		return nil, err
	}
	return py.DecodeJSON(body)
}

// emit records the execution as it is now in the event log, without secrets.
func emit(tx *store.Tx, kind string, e *gale.Execution) error {
	body, err := EventBody(e)
	if err != nil {
		return err
	}
	tx.Emit(store.Event{Topic: Topic, Kind: kind, Key: e.ID, Body: body})
	return nil
}

// EventBody is what the event log says of an execution: its record, with
// everything sealed masked and what is too large left out.
func EventBody(e *gale.Execution) ([]byte, error) {
	body, err := py.Marshal(e)
	if err == nil && len(body) > eventInline {
		body, err = py.Marshal(slim(e))
	}
	if err == nil {
		body, err = secret.MaskSealedJSON(body)
	}
	if err != nil {
		return nil, fmt.Errorf("event of execution %s: %w", e.ID, err)
	}
	return body, nil
}

// eventInline is how large an event of an execution may be, in bytes of JSON,
// before parts are left out: each change of status writes one, and the stream
// keeps many in memory. A result that is kept in the row always fits.
const eventInline = 2 * resultInline

// partInline is the largest single parameter or part of a context that such
// an event still has.
const partInline = 4 << 10

// slim is an execution without large parameters and parts of its context, or
// without all that clients have chosen when that is not enough.
func slim(e *gale.Execution) *gale.Execution {
	s := *e
	s.Parameters, s.Context, s.Callback = smallParts(e.Parameters), smallParts(e.Context), smallParts(e.Callback)
	if body, err := py.Marshal(&s); err == nil && len(body) <= eventInline {
		return &s
	}
	s.Parameters, s.Callback, s.Notify = py.NewDict(0), nil, nil
	s.Context = py.NewDict(4)
	for _, key := range []string{"user", "pack", "parent", "trace_context"} {
		if v, ok := e.Context.GetString(key); ok && size(v) <= partInline {
			s.Context.Set(key, v)
		}
	}
	return &s
}

func smallParts(d *py.Dict) *py.Dict {
	if size(d) <= partInline {
		return d
	}
	small := py.NewDict(d.Len())
	for k, v := range d.All() {
		if size(k)+size(v) <= partInline {
			small.Set(k, v)
		}
	}
	return small
}

// size is how long the JSON of a value is, in bytes.
func size(v any) int {
	text, err := py.AppendJSON(nil, v)
	if err != nil {
		return 1 << 30
	}
	return len(text)
}

// with returns d with one more entry; d itself may be shared and stays as it is.
func with(d *py.Dict, key string, value any) *py.Dict {
	c := d.Clone()
	if c == nil {
		c = py.NewDict(1)
	}
	c.Set(key, value)
	return c
}
