// Package trigger owns trigger types, triggers, the rules that wait for them,
// and Dispatch: the one door through which every event enters.
package trigger

import (
	"fmt"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// QueueTrigger is the kind of the queue items pushed here; the key is the trigger instance's id.
const QueueTrigger = "trigger"

// Trigger types that Gale itself serves.
const (
	WebhookType  = "core.st2.webhook"
	IntervalType = "core.st2.IntervalTimer"
	DateType     = "core.st2.DateTimer"
	CronType     = "core.st2.CronTimer"
)

// TimerTypes are the trigger types whose triggers fire by the clock.
var TimerTypes = []string{IntervalType, DateType, CronType}

// Topics of the events about triggers and rules.
const (
	Topic         = "trigger"
	InstanceTopic = "trigger_instance"
	RuleTopic     = "rule"
)

// Resolve finds the trigger that a dispatcher named: by the ref of a trigger,
// or of a type without parameters (whose trigger has the same ref).
func Resolve(tx *store.Tx, ref string) (*gale.Trigger, *gale.TriggerType, error) {
	trig, err := store.Triggers.By(tx, "ref", ref)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, nil, gale.Errorf(gale.NotFound, "trigger %q is not registered", ref)
		}
		return nil, nil, err
	}
	typ, err := store.TriggerTypes.By(tx, "ref", trig.Type)
	if err != nil {
		return nil, nil, fmt.Errorf("type of trigger %s: %w", ref, err)
	}
	return trig, typ, nil
}

// Dispatch stores an event as a pending trigger instance and queues it for
// the rules engine. The payload is stored as it is given: whoever calls has
// validated it and sealed its secrets.
func Dispatch(tx *store.Tx, trig *gale.Trigger, payload *py.Dict, trace gale.TraceContext) (*gale.TriggerInstance, error) {
	return DispatchAs(tx, tx.NewID(), trig, payload, trace)
}

// SaveType inserts or updates a trigger type by its ref. A type without
// parameters gets its one trigger at once; one that has gained parameters
// loses it.
func SaveType(tx *store.Tx, typ *gale.TriggerType) error {
	ref := gale.Ref{Pack: typ.Pack, Name: typ.Name}
	typ.Ref, typ.UID = ref.String(), ref.UID("trigger_type")
	old, err := store.TriggerTypes.By(tx, "ref", typ.Ref)
	switch {
	case err == nil:
		typ.ID, typ.Rev = old.ID, old.Rev
		err = store.TriggerTypes.Update(tx, typ)
	case gale.KindOf(err) == gale.NotFound:
		typ.ID = tx.NewID()
		err = store.TriggerTypes.Insert(tx, typ)
	}
	if err != nil {
		return err
	}
	shadow, err := store.Triggers.By(tx, "ref", typ.Ref)
	switch {
	case err == nil && typ.ParametersSchema.Len() > 0:
		return remove(tx, shadow)
	case err == nil:
		return nil
	case gale.KindOf(err) != gale.NotFound:
		return err
	case typ.ParametersSchema.Len() > 0:
		return nil
	}
	return create(tx, nil, &gale.Trigger{Pack: typ.Pack, Name: typ.Name, Type: typ.Ref, Description: typ.Description})
}

// DeleteType removes a type and the triggers made from it. A trigger with
// parameters that a rule still waits for stays until its last rule goes, as
// it may come before its type: so those rules work again when the type comes
// back.
func DeleteType(tx *store.Tx, typ *gale.TriggerType) error {
	if err := tx.Lock(countLock); err != nil {
		return err
	}
	triggers, err := store.Triggers.Find(tx, store.Query{Where: []store.Cond{{Column: "type", Op: "=", Value: typ.Ref}}})
	if err != nil {
		return err
	}
	for _, t := range triggers {
		if t.RefCount > 0 {
			continue
		}
		if err := remove(tx, t); err != nil {
			return err
		}
	}
	return store.TriggerTypes.Delete(tx, typ.ID)
}

// Create stores a trigger of an existing type under a name of its own, and
// seals the secrets among its parameters.
func Create(tx *store.Tx, key *secret.Key, t *gale.Trigger) error {
	if t.Name == "" {
		t.Name = tx.NewID()
	}
	return create(tx, key, t)
}

func create(tx *store.Tx, key *secret.Key, t *gale.Trigger) error {
	if t.Parameters == nil {
		t.Parameters = py.NewDict(0)
	}
	hash, err := ParametersKey(tx, key, t.Type, t.Parameters)
	if err != nil {
		return err
	}
	ref := gale.Ref{Pack: t.Pack, Name: t.Name}
	t.ID, t.Ref, t.UID = tx.NewID(), ref.String(), ref.UID("trigger")+":"+hash
	if err := Seal(tx, key, t); err != nil {
		return err
	}
	if err := store.Triggers.Insert(tx, t); err != nil {
		return err
	}
	return emit(tx, "create", t)
}

func remove(tx *store.Tx, t *gale.Trigger) error {
	if err := store.Triggers.Delete(tx, t.ID); err != nil {
		return err
	}
	return emit(tx, "delete", t)
}

// Remove deletes a trigger.
func Remove(tx *store.Tx, t *gale.Trigger) error { return remove(tx, t) }

func emit(tx *store.Tx, kind string, t *gale.Trigger) error {
	body, err := py.Marshal(t)
	if err == nil {
		body, err = secret.MaskSealedJSON(body)
	}
	if err != nil {
		return fmt.Errorf("event of trigger %s: %w", t.Ref, err)
	}
	tx.Emit(store.Event{Topic: Topic, Kind: kind, Key: t.ID, Body: body})
	tx.Ring(Topic)
	return nil
}

// ForRule returns the trigger that a rule with this type and parameters, in
// clear, waits for, and makes it when it is the first to ask. A type without parameters
// has its trigger from registration; a type that nobody registered yet is
// accepted with parameters, as StackStorm does, so that rules may come first.
func ForRule(tx *store.Tx, key *secret.Key, typeRef string, parameters *py.Dict) (*gale.Trigger, error) {
	if parameters.Len() == 0 {
		t, err := store.Triggers.By(tx, "ref", typeRef)
		if err != nil && gale.KindOf(err) == gale.NotFound {
			return nil, gale.Errorf(gale.Invalid, "Trigger type %s could not be found.", typeRef)
		}
		return t, err
	}
	ref, ok := gale.ParseRef(typeRef)
	if !ok {
		return nil, gale.Errorf(gale.Invalid, "trigger type %q is not of the form pack.name", typeRef)
	}
	hash, err := ParametersKey(tx, key, typeRef, parameters)
	if err != nil {
		return nil, err
	}
	same, err := store.Triggers.Find(tx, store.Query{Where: []store.Cond{
		{Column: "type", Op: "=", Value: typeRef}, {Column: "parameters_key", Op: "=", Value: hash}}})
	if err != nil {
		return nil, err
	}
	if len(same) > 0 {
		return same[0], nil
	}
	t := &gale.Trigger{Pack: ref.Pack, Name: tx.NewID(), Type: typeRef, Parameters: parameters}
	return t, create(tx, key, t)
}

// count changes how many rules use a trigger with parameters; one that no
// rule uses any more is removed.
func count(tx *store.Tx, ref string, by int64) error {
	t, err := store.Triggers.By(tx, "ref", ref)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil
		}
		return err
	}
	if t.Parameters.Len() == 0 {
		return nil
	}
	t.RefCount += by
	if t.RefCount <= 0 {
		return remove(tx, t)
	}
	if err := store.Triggers.Update(tx, t); err != nil {
		return err
	}
	return emit(tx, "update", t)
}

// Hook is a webhook's path as it is compared: without slashes at either end.
func Hook(url string) string { return strings.Trim(url, "/") }

// ByHook returns the webhook triggers registered for a path.
func ByHook(tx *store.Tx, path string) ([]*gale.Trigger, error) {
	return store.Triggers.Find(tx, store.Query{
		Where: []store.Cond{{Column: "type", Op: "=", Value: WebhookType}, {Column: "hook", Op: "=", Value: Hook(path)}},
		Order: []string{"id"}})
}

// PayloadPlace is where the secrets of a trigger instance's payload are sealed.
func PayloadPlace(instanceID string) secret.Place {
	return secret.Place{Table: "trigger_instance.payload", ID: instanceID}
}
