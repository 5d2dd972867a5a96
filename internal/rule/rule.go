// Package rule is the rules engine: it takes trigger instances from the queue,
// asks package rulematch which rules they concern, and starts the actions.
//
// Deciding happens outside of transactions; what was decided for an instance
// (its enforcements, its executions, its status, the end of its queue item)
// is one transaction. A crash at any point means that it is decided again,
// and the unique pair of instance and rule keeps an enforcement from
// happening twice.
package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/internal/rulematch"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

const (
	slots = 64 // instances handled at once
	batch = 32 // instances taken by one claim and stored by one transaction each
)

// Engine serves queue items of kind trigger.QueueTrigger.
type Engine struct {
	Store *store.Store
	Bus   bus.Bus
	Exec  *execution.Service
	Key   *secret.Key
	Log   *slog.Logger

	cache cache
}

// Run serves the queue until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	bell := e.Bus.Subscribe(store.QueueTopic(trigger.QueueTrigger))
	defer bell.Close()
	return e.Store.Work(ctx, store.Worker{
		Kind:   trigger.QueueTrigger,
		Slots:  slots,
		Batch:  batch,
		Wait:   func(ctx context.Context, max time.Duration) { bell.Wait(ctx, max) },
		Handle: e.handle,
		Grace:  10 * time.Second,
	})
}

// handle processes one trigger instance.
func (e *Engine) handle(ctx context.Context, it store.Item) error {
	inst, err := e.instance(ctx, it.Key)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return e.Store.Update(ctx, func(tx *store.Tx) error { return tx.Done(it) })
		}
		return err
	}
	deeds, err := e.decide(ctx, inst)
	if err != nil {
		if kind := gale.KindOf(err); kind == gale.Unavailable || ctx.Err() != nil {
			return err // the queue tries again
		}
		return e.fail(ctx, it, inst, inst.hide(err))
	}
	return e.store(ctx, it, inst, deeds)
}

// store writes what was decided. A deed that the store refuses, however often
// it is asked, becomes the record of that; the others are not held up by it.
func (e *Engine) store(ctx context.Context, it store.Item, inst *instance, deeds []deed) error {
	for {
		refused := -1
		err := e.Store.Update(ctx, func(tx *store.Tx) error {
			refused = -1
			for i, d := range deeds {
				if err := e.enforce(tx, inst, d); err != nil {
					refused = i
					return err
				}
			}
			now := *inst.stored
			now.Status = gale.InstanceProcessed
			if err := store.TriggerInstances.Update(tx, &now); err != nil {
				return err
			}
			return tx.Done(it)
		})
		switch {
		case err == nil, gale.KindOf(err) != gale.Invalid:
			return err
		case refused < 0 || deeds[refused].exec == nil:
			return e.fail(ctx, it, inst, inst.hide(err))
		}
		deeds[refused].exec, deeds[refused].failed = nil, inst.hide(err)
	}
}

// instance is a trigger instance with what goes with it.
type instance struct {
	stored  *gale.TriggerInstance // as in the store, secrets sealed
	payload *py.Dict              // in clear
	secrets *secret.Masker        // of what is sealed in the stored payload
	typ     string                // ref of the trigger's type
}

func (e *Engine) instance(ctx context.Context, id string) (*instance, error) {
	inst := &instance{}
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if inst.stored, err = store.TriggerInstances.Get(tx, id); err != nil {
			return err
		}
		t, err := store.Triggers.By(tx, "ref", inst.stored.Trigger)
		if err == nil {
			inst.typ = t.Type
		}
		if gale.KindOf(err) == gale.NotFound {
			return nil // its trigger has gone since; no rule can wait for it
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	opened, err := secret.Open(e.Key, trigger.PayloadPlace(id), inst.stored.Payload)
	if err != nil {
		return nil, fmt.Errorf("payload of trigger instance %s: %w", id, err)
	}
	inst.payload, _ = opened.(*py.Dict)
	inst.secrets = secret.NewMasker(secretsOf(inst)...)
	return inst, nil
}

// hide masks the secrets of the payload in an error: what cannot be compared,
// rendered or cast is often quoted.
func (inst *instance) hide(err error) error {
	if err == nil || inst.secrets == nil {
		return err
	}
	return &gale.Error{Kind: gale.KindOf(err), Message: inst.secrets.String(err.Error())}
}

// hideParameter is hide for what package params says.
func (inst *instance) hideParameter(err error) error {
	var bad *params.Error
	if !errors.As(err, &bad) {
		return inst.hide(err)
	}
	hidden := *bad
	hidden.Message = inst.secrets.String(bad.Message)
	return &hidden
}

// deed is what shall happen for one rule: an execution, or the record of why
// there is none.
type deed struct {
	rule   gale.RuleRef
	def    *execution.Definition
	exec   *gale.Execution // nil when there is nothing to start
	failed error           // the enforcement failed
}

// decide finds out what an instance brings about. It reads and writes nothing else.
func (e *Engine) decide(ctx context.Context, inst *instance) ([]deed, error) {
	rules, err := e.rulesOf(ctx, inst.stored.Trigger)
	if err != nil {
		return nil, err
	}
	data := e.Exec.Datastore(ctx, e.Exec.SystemUser)
	var deeds []deed
	env := criteria.Env{Now: inst.stored.OccurrenceTime.Std(), Datastore: data}
	for _, v := range rules.set.Match(inst.stored.Trigger, inst.payload, env) {
		switch {
		case v.Fires:
			d, err := e.plan(ctx, inst, rules, v.Rule)
			if err != nil {
				return nil, err
			}
			deeds = append(deeds, d)
		case v.Decision.Err != nil:
			deeds = append(deeds, deed{rule: refOf(v.Rule.Rule()), failed: inst.hide(errors.New(v.Failure(inst.stored.ID)))})
		}
	}
	return deeds, data.Err()
}

func refOf(r *gale.Rule) gale.RuleRef { return gale.RuleRef{Ref: r.Ref, ID: r.ID, UID: r.UID} }

// plan makes the execution that a rule which fired asks for. Its error is the
// store's; what is wrong with the rule or its action is part of the deed.
func (e *Engine) plan(ctx context.Context, inst *instance, rules *waiting, r *rulematch.Rule) (deed, error) {
	d := deed{rule: refOf(r.Rule())}
	def, err := e.Exec.Define(ctx, r.Rule().Action.Ref)
	if err != nil {
		if gale.KindOf(err) == gale.Invalid {
			d.failed = err
			return d, nil
		}
		return d, err
	}
	d.def = def
	req := execution.Request{
		Action: def.Action.Ref, Parameters: r.Rule().Action.Parameters, User: e.Exec.SystemUser,
		Rule: &d.rule, Instance: inst.stored, TriggerType: inst.typ,
	}
	src, err := e.Exec.Source(ctx, def, req)
	if err != nil {
		return d, err
	}
	values, err := rules.bind(r, def).Parameters(inst.payload, src)
	if lost := src.Datastore.Err(); lost != nil {
		return d, lost
	}
	if err != nil {
		d.exec, d.failed = e.Exec.Rejected(def, req, inst.hideParameter(err))
		if d.exec == nil && d.failed == nil {
			d.failed = inst.hide(err)
		}
		return d, nil
	}
	req.Parameters = values
	if d.exec, err = e.Exec.PlanRendered(def, req); err != nil {
		d.exec, d.failed = nil, inst.hide(err)
	}
	return d, nil
}

// enforce stores what was decided for one rule. An enforcement that is there
// already stays, unless it had failed and now succeeds.
func (e *Engine) enforce(tx *store.Tx, inst *instance, d deed) error {
	id := inst.stored.ID
	had, err := store.Enforcements.One(tx, store.Eq("trigger_instance_id", id), store.Eq("rule_id", d.rule.ID))
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return err
	}
	again := err == nil
	if again && (had.Status == succeeded || d.failed != nil) {
		return nil
	}
	en := &gale.RuleEnforcement{ID: tx.NewID(), TriggerInstanceID: id, Rule: d.rule, EnforcedAt: tx.Now, Status: succeeded}
	en.UID = "rule_enforcement:" + en.ID
	if d.exec != nil {
		x := *d.exec
		x.Context = d.exec.Context.Clone()
		if err := e.Exec.Insert(tx, d.def, &x); err != nil {
			return err
		}
		en.ExecutionID = x.ID
	}
	if d.failed != nil {
		en.Status, en.FailureReason, en.ExecutionID = failed, d.failed.Error(), ""
	}
	if again {
		en.ID, en.UID, en.Rev = had.ID, had.UID, had.Rev
		return store.Enforcements.Update(tx, en)
	}
	return store.Enforcements.Insert(tx, en)
}

// The statuses of enforcements.
const (
	succeeded = "succeeded"
	failed    = "failed"
)

// fail marks an instance that cannot be processed whatever is tried.
func (e *Engine) fail(ctx context.Context, it store.Item, inst *instance, reason error) error {
	e.Log.Error("a trigger instance cannot be processed", "instance", it.Key, "error", reason)
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		now := *inst.stored
		now.Status, now.Failure = gale.InstanceProcessingFailed, reason.Error()
		if err := store.TriggerInstances.Update(tx, &now); err != nil {
			return err
		}
		return tx.Done(it)
	})
}
