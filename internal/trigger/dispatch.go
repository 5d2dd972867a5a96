package trigger

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// SealPayload seals what the type calls secret in the payload of the instance
// that will have this id; see DispatchAs.
func SealPayload(key *secret.Key, typ *gale.TriggerType, id string, payload *py.Dict) (*py.Dict, error) {
	if payload == nil {
		payload = py.NewDict(0)
	}
	return secret.SealDict(key, PayloadPlace(id), payload, schema.Secrets(typ.PayloadSchema, payload))
}

// OpenPayload is the reverse of SealPayload.
func OpenPayload(key *secret.Key, inst *gale.TriggerInstance) (*py.Dict, error) {
	return secret.OpenDict(key, PayloadPlace(inst.ID), inst.Payload)
}

// DispatchAs is Dispatch with an id that the caller has chosen (Store.NewID),
// since a payload is sealed for its instance.
func DispatchAs(tx *store.Tx, id string, trig *gale.Trigger, payload *py.Dict, trace gale.TraceContext) (*gale.TriggerInstance, error) {
	if payload == nil {
		payload = py.NewDict(0)
	}
	inst := &gale.TriggerInstance{
		ID: id, Trigger: trig.Ref, Payload: payload,
		OccurrenceTime: tx.Now, Status: gale.InstancePending, Trace: trace,
	}
	if inst.Trace.ID == "" {
		inst.Trace.ID = inst.ID
	}
	if inst.Trace.Tag == "" {
		inst.Trace.Tag = "trigger_instance-" + inst.ID
	}
	if err := store.TriggerInstances.Insert(tx, inst); err != nil {
		return nil, err
	}
	return inst, tx.Push(store.Push{Kind: QueueTrigger, Key: inst.ID})
}
