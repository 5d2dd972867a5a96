package execution

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Service turns requests into executions.
type Service struct {
	Store      *store.Store
	Key        *secret.Key
	SystemUser string // under whose name rules act and whose datastore is the default
	WebURL     string // base of the links to the user interface; may be empty
	Engine     *expr.Engine

	definitions definitions
}

// Request asks for a run of an action. Context and User have been vetted by
// the caller: nothing here asks who may say what.
type Request struct {
	Action     string // ref
	Parameters *py.Dict
	Context    *py.Dict // parent, trace_context …; user and pack are set here
	User       string
	Notify     *gale.Notify
	Delay      int64 // milliseconds
	Callback   *py.Dict
	Extra      *py.Dict // further variables for templates, such as trigger
	Rule       *gale.RuleRef
	Instance   *gale.TriggerInstance
	// TriggerType is the type of Instance's trigger.
	TriggerType string
}

// Rejected is a request that left a failed execution behind as its record, as
// StackStorm does for templates that cannot be rendered.
type Rejected struct {
	Execution *gale.Execution
	Err       error
}

func (r *Rejected) Error() string { return r.Err.Error() }
func (r *Rejected) Unwrap() error { return r.Err }

// Request plans and inserts an execution. The error is *Rejected when a failed
// execution was stored.
func (s *Service) Request(ctx context.Context, req Request) (*gale.Execution, error) {
	def, err := s.Define(ctx, req.Action)
	if err != nil {
		return nil, err
	}
	e, planErr := s.Plan(ctx, def, req)
	if planErr != nil && (e == nil || e.Status != gale.Failed) {
		return nil, planErr
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		copied := *e // the function may run again
		copied.Context = e.Context.Clone()
		if err := s.Insert(tx, def, &copied); err != nil {
			return err
		}
		*e = copied
		return nil
	})
	if err != nil {
		return nil, err
	}
	if planErr != nil {
		return nil, &Rejected{Execution: e, Err: planErr}
	}
	return e, nil
}

// Plan checks and renders a request in StackStorm's order and returns the
// execution to insert. It reads the store and writes nothing. When templates
// cannot be rendered it returns both an execution that is failed from the
// start and the error.
func (s *Service) Plan(ctx context.Context, def *Definition, req Request) (*gale.Execution, error) {
	e := s.begin(def, req)
	src, err := s.source(ctx, def, e, false)
	if err != nil {
		return nil, err
	}
	src.More = req.Extra
	if err := wholeNumbers(def, req.Parameters); err != nil {
		return nil, err
	}
	values, err := params.Live(s.Engine, def.Params, req.Parameters, src)
	if err == nil {
		err = src.Datastore.Err()
	}
	if err != nil {
		return s.rejected(def, e, req.Parameters, err)
	}
	return e, s.accept(def, e, values)
}

// wholeNumbers refuses numbers with a fraction where integers are declared.
// Casting would cut them, as StackStorm does, and nobody would notice.
func wholeNumbers(def *Definition, given *py.Dict) error {
	for name, v := range given.All() {
		number, isFloat := v.(float64)
		if !isFloat || number == math.Trunc(number) {
			continue
		}
		spec, _ := def.Params.Schemas().Get(name)
		d, _ := spec.(*py.Dict)
		if kind, _ := d.GetString("type"); kind != "integer" {
			continue
		}
		return gale.Errorf(gale.Invalid, "Failed to cast value of parameter %q to integer: it is not a whole number", py.Str(name))
	}
	return nil
}

// PlanRendered is Plan for parameters that are rendered and cast already.
func (s *Service) PlanRendered(def *Definition, req Request) (*gale.Execution, error) {
	e := s.begin(def, req)
	return e, s.accept(def, e, req.Parameters)
}

// Rejected makes the record of a request whose templates could not be
// rendered: a failed execution with the parameters as they were given.
func (s *Service) Rejected(def *Definition, req Request, reason error) (*gale.Execution, error) {
	return s.rejected(def, s.begin(def, req), req.Parameters, reason)
}

func (s *Service) rejected(def *Definition, e *gale.Execution, given *py.Dict, reason error) (*gale.Execution, error) {
	var bad *params.Error
	if !errors.As(reason, &bad) {
		return nil, reason
	}
	// What cannot be rendered or cast is often quoted; it may be a secret.
	message := def.Secrets(given).String(reason.Error())
	refused := &gale.Error{Kind: gale.Invalid, Message: message, Err: bad}
	if !bad.Rendering {
		return nil, refused
	}
	e.Status = gale.Failed
	e.Result = py.DictOf("error", message, "traceback", "")
	var err error
	if e.Parameters, err = s.seal(def, e, given); err != nil {
		return nil, err
	}
	return e, refused
}

// accept checks what is left to check and fills in the parameters.
func (s *Service) accept(def *Definition, e *gale.Execution, values *py.Dict) error {
	if !def.Action.Enabled {
		return gale.Errorf(gale.Invalid, "Unable to execute. Action %q is disabled.", def.Action.Ref)
	}
	if !def.Runner.Enabled {
		return gale.Errorf(gale.Invalid, "Unable to execute. Runner %q of action %q is disabled. %s", def.Runner.Name, def.Action.Ref, def.Runner.Description)
	}
	if err := schema.ValidateRequest(def.Action, def.Runner, values); err != nil {
		return err
	}
	var err error
	e.Parameters, err = s.seal(def, e, values)
	return err
}

// begin makes the execution as far as it does not depend on its parameters.
func (s *Service) begin(def *Definition, req Request) *gale.Execution {
	ctx := req.Context.Clone()
	if ctx == nil {
		ctx = py.NewDict(4)
	}
	e := &gale.Execution{
		ID: s.Store.NewID(), ActionRef: def.Action.Ref, RunnerName: def.Runner.Name, IsWorkflow: isWorkflow(def.Runner.Name),
		Context: ctx, Notify: req.Notify, Delay: req.Delay, Callback: req.Callback, Rule: req.Rule,
		TriggerType: req.TriggerType,
	}
	if req.User != "" {
		ctx.Set("user", req.User)
	}
	if parent, ok := get(ctx, "parent").(*py.Dict); ok {
		if user := get(parent, "user"); py.Truth(user) {
			ctx.Set("user", user)
		}
		e.Parent, _ = get(parent, "execution_id").(string)
	}
	ctx.Set("pack", def.Action.Pack)
	if req.Instance != nil {
		e.InstanceID, e.Trigger = req.Instance.ID, req.Instance.Trigger
		ctx.Set("trigger_instance", py.DictOf("id", req.Instance.ID, "name", nil))
		e.TraceID = req.Instance.Trace.ID
		ctx.Set("trace_context", py.DictOf("id_", req.Instance.Trace.ID, "trace_tag", req.Instance.Trace.Tag))
	}
	if req.Rule != nil {
		ref, _ := gale.ParseRef(req.Rule.Ref)
		ctx.Set("rule", py.DictOf("id", req.Rule.ID, "name", ref.Name))
	}
	if def.Action.Notify != nil {
		e.Notify = def.Action.Notify
	}
	return e
}

func isWorkflow(runner string) bool { return runner == "orquesta" || runner == "action-chain" }

func get(d *py.Dict, key string) any {
	v, _ := d.GetString(key)
	return v
}

// Insert gives a planned execution its snapshots, trace and link, and stores it.
func (s *Service) Insert(tx *store.Tx, def *Definition, e *gale.Execution) (err error) {
	if e.ActionDigest, err = tx.PutSnapshot(def.ActionJSON); err != nil {
		return err
	}
	if e.RunnerDigest, err = tx.PutSnapshot(def.RunnerJSON); err != nil {
		return err
	}
	if s.WebURL != "" {
		e.WebURL = s.WebURL + "/#/history/" + e.ID + "/general"
	}
	if err := s.trace(tx, e); err != nil {
		return err
	}
	return Insert(tx, e)
}

// trace finds the trace that an execution belongs to: that of the event that
// started it, the one it names, its parent's, or its own. Its own has its id
// and, when the request gives a tag, a record. Nothing here depends on a
// former call, so that a transaction may be repeated.
func (s *Service) trace(tx *store.Tx, e *gale.Execution) error {
	if e.InstanceID != "" {
		return nil
	}
	asked, _ := get(e.Context, "trace_context").(*py.Dict)
	id, _ := get(asked, "id_").(string)
	tag, _ := get(asked, "trace_tag").(string)
	own := "execution-" + e.ID
	switch {
	case id != "" && id != e.ID:
		known, err := traceKnown(tx, id)
		if err == nil && !known {
			err = gale.Errorf(gale.Invalid, "Unable to find trace %s", id)
		}
		e.TraceID = id
		return err
	case tag != "" && tag != own:
		e.TraceID = e.ID
		e.Context = with(e.Context, "trace_context", py.DictOf("id_", e.ID, "trace_tag", tag))
		return store.Traces.Insert(tx, &gale.Trace{ID: e.ID, Tag: tag, Start: tx.Now})
	case e.Parent != "":
		parent, err := store.Executions.Get(tx, e.Parent)
		if err == nil {
			e.TraceID = parent.TraceID
			return nil
		}
		if gale.KindOf(err) != gale.NotFound {
			return err
		}
	}
	e.TraceID = e.ID
	e.Context = with(e.Context, "trace_context", py.DictOf("id_", e.ID, "trace_tag", own))
	return nil
}

// traceKnown reports whether an id names a trace: a stored one, or that of the
// event or execution that began it.
func traceKnown(tx *store.Tx, id string) (bool, error) {
	found, err := tx.QueryRow(`select 1 from trace where id = $1
		union all select 1 from trigger_instance where trace_id = $1
		union all select 1 from execution where trace_id = $1 limit 1`, []any{id}, new(int64))
	if err != nil {
		return false, fmt.Errorf("trace %s: %w", id, err)
	}
	return found, nil
}
