package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

func (s *Service) triggerHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"trigger_types.list":        s.listTriggerTypes,
		"trigger_types.create":      s.createTriggerType,
		"trigger_types.get":         s.getTriggerType,
		"trigger_types.update":      s.updateTriggerType,
		"trigger_types.delete":      s.deleteTriggerType,
		"triggers.list":             s.listTriggers(equal("type", "type")),
		"triggers.create":           s.createTrigger,
		"triggers.get":              s.getTrigger,
		"triggers.update":           s.updateTrigger,
		"triggers.delete":           s.deleteTrigger,
		"timers.list":               s.listTimers,
		"timers.get":                s.getTimer,
		"webhooks.list":             s.listTriggers(only(store.Eq("type", trigger.WebhookType))),
		"webhooks.get":              s.getWebhook,
		"webhooks.receive":          s.receiveWebhook,
		"trigger_instances.list":    s.listInstances,
		"trigger_instances.get":     s.getInstance,
		"trigger_instances.re_emit": s.reEmit,
		"trigger_instances.explain": s.explain,
	}
}

const byID = `Unable to identify resource with id "%s".`

var (
	typeLookup    = lookup[gale.TriggerType]{table: store.TriggerTypes, column: "ref", missing: byRef}
	triggerLookup = lookup[gale.Trigger]{table: store.Triggers, missing: byID}
	timerLookup   = lookup[gale.Trigger]{table: store.Triggers, column: "ref", missing: byRef}
)

func (s *Service) listTriggerTypes(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.TriggerType]{
		table:   store.TriggerTypes,
		filters: []filter{ids, oneOf("name", "name"), equal("pack", "pack")},
		order:   []string{"ref"},
		sort:    sortBy("name", "pack", "ref"),
		attrs: httpapi.Attributes{
			Known:  []string{"id", "ref", "uid", "name", "pack", "description", "payload_schema", "parameters_schema", "tags", "metadata_file"},
			Always: []string{"id", "ref"},
		},
		show: showType,
	}
	return l.serve(s, r)
}

func showType(_ *listed, t *gale.TriggerType) (*py.Dict, error) {
	d, err := masked(t)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "payload_schema", py.NewDict(0), "parameters_schema", py.NewDict(0), "tags", []any{}), nil
}

func (s *Service) getTriggerType(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, typeLookup, "ref_or_id", func(t *gale.TriggerType) string { return t.UID }, showType)
}

// readType makes a trigger type of a body.
func readType(r *httpapi.Request) (*gale.TriggerType, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	t := &gale.TriggerType{}
	if err := fill(body, t); err != nil {
		return nil, err
	}
	if t.Pack == "" {
		return nil, badRequest("'pack' is a required property")
	}
	for _, d := range []**py.Dict{&t.PayloadSchema, &t.ParametersSchema} {
		if *d == nil {
			*d = py.NewDict(0)
		}
	}
	if t.Tags == nil {
		t.Tags = []gale.Tag{}
	}
	ref := gale.Ref{Pack: t.Pack, Name: t.Name}
	t.Ref, t.UID = ref.String(), ref.UID("trigger_type")
	return t, nil
}

func (s *Service) createTriggerType(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := readType(r)
	if err != nil {
		return nil, err
	}
	return s.saveType(r, func(tx *store.Tx) (*gale.TriggerType, error) {
		fresh := *t
		return &fresh, vacant(tx, store.TriggerTypes, t.Ref, "")
	})
}

func (s *Service) updateTriggerType(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := readType(r)
	if err != nil {
		return nil, err
	}
	return s.saveType(r, func(tx *store.Tx) (*gale.TriggerType, error) {
		old, err := typeLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return nil, err
		}
		if t.Ref != old.Ref {
			return nil, badRequest(`Trigger type "%s" keeps its name and pack: sensors and rules refer to it. Create another one.`, old.Ref)
		}
		fresh := *t
		fresh.MetadataFile = old.MetadataFile
		return &fresh, nil
	})
}

// saveType stores the type that make returns in one transaction and answers with it.
func (s *Service) saveType(r *httpapi.Request, make func(*store.Tx) (*gale.TriggerType, error)) (*httpapi.Response, error) {
	var saved *gale.TriggerType
	err := s.Store.Update(r.Context(), func(tx *store.Tx) error {
		fresh, err := make(tx)
		if err != nil {
			return err
		}
		saved = fresh
		return trigger.SaveType(tx, fresh)
	})
	if err != nil {
		return nil, err
	}
	d, err := showType(nil, saved)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) deleteTriggerType(r *httpapi.Request) (*httpapi.Response, error) {
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		t, err := typeLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return err
		}
		if err := unused(tx, "trigger type", t.Ref, store.Eq("trigger_type", t.Ref)); err != nil {
			return err
		}
		return trigger.DeleteType(tx, t)
	})
}

// unused refuses to take away what rules wait for.
func unused(tx *store.Tx, kind, ref string, where store.Cond) error {
	users, err := store.Rules.Find(tx, store.Query{Where: []store.Cond{where}, Order: []string{"ref"}, Limit: 4})
	if err != nil || len(users) == 0 {
		return err
	}
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.Ref
	}
	if len(names) > 3 {
		names[3] = "…"
	}
	return badRequest(`%s "%s" is in use by rules: %s. Delete them first.`, strings.ToUpper(kind[:1])+kind[1:], ref, strings.Join(names, ", "))
}

func showTrigger(_ *listed, t *gale.Trigger) (*py.Dict, error) {
	d, err := masked(t)
	if err != nil {
		return nil, err
	}
	d.Delete("ref_count")
	return d, nil
}

// listTriggers lists all triggers for which the conditions hold. These lists
// have neither pages nor projections.
func (s *Service) listTriggers(filters ...filter) httpapi.Handler {
	l := &listing[gale.Trigger]{table: store.Triggers, order: []string{"id"}, show: showTrigger, filters: filters}
	return func(r *httpapi.Request) (*httpapi.Response, error) { return l.serve(s, r) }
}

// only keeps to what meets a condition, whatever was asked.
func only(c store.Cond) filter {
	return func(*store.Tx, *httpapi.Request) ([]store.Cond, bool, error) { return []store.Cond{c}, false, nil }
}

func (s *Service) listTimers(r *httpapi.Request) (*httpapi.Response, error) {
	types := trigger.TimerTypes
	if typ := r.String("timer_type"); typ != "" {
		if !slices.Contains(types, typ) {
			return nil, badRequest("Timer type %s not supported. Supported types are: %s", typ, strings.Join(types, ", "))
		}
		types = []string{typ}
	}
	return s.listTriggers(only(store.Cond{Column: "type", Op: "in", Value: types}))(r)
}

// getTimer finds timers only: of other triggers it says what it says of none.
func (s *Service) getTimer(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, timerLookup, "ref_or_id", func(t *gale.Trigger) string { return t.UID },
		func(q *listed, t *gale.Trigger) (*py.Dict, error) {
			if !slices.Contains(trigger.TimerTypes, t.Type) {
				return nil, httpapi.Errorf(http.StatusNotFound, timerLookup.missing, r.String("ref_or_id"))
			}
			return showTrigger(q, t)
		})
}

func (s *Service) getTrigger(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, triggerLookup, "id", func(t *gale.Trigger) string { return t.UID }, showTrigger)
}

func readTrigger(r *httpapi.Request) (*gale.Trigger, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	t := &gale.Trigger{}
	if err := fill(body, t); err != nil {
		return nil, err
	}
	for _, need := range []struct{ name, value string }{{"name", t.Name}, {"pack", t.Pack}} {
		if need.value == "" {
			return nil, badRequest("'%s' is a required property", need.name)
		}
	}
	if t.Parameters == nil {
		t.Parameters = py.NewDict(0)
	}
	return t, nil
}

// checkTrigger checks a trigger against its type.
func (s *Service) checkTrigger(tx *store.Tx, t *gale.Trigger) error {
	typ, err := store.TriggerTypes.By(tx, "ref", t.Type)
	if notFound(err) {
		return badRequest("Trigger type %s could not be found.", t.Type)
	}
	if err != nil || !s.Config.System.ValidateTriggerParameters {
		return err
	}
	if err := trigger.CheckParameters(typ, t.Parameters); err != nil {
		return badRequest("parameters: %w", err)
	}
	return nil
}

func (s *Service) createTrigger(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := readTrigger(r)
	if err != nil {
		return nil, err
	}
	var saved gale.Trigger
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		saved = *t
		if err := vacant(tx, store.Triggers, gale.Ref{Pack: t.Pack, Name: t.Name}.String(), ""); err != nil {
			return err
		}
		if err := s.checkTrigger(tx, &saved); err != nil {
			return err
		}
		return trigger.Create(tx, s.Key, &saved)
	})
	if err != nil {
		return nil, err
	}
	d, err := showTrigger(nil, &saved)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) updateTrigger(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := readTrigger(r)
	if err != nil {
		return nil, err
	}
	var d *py.Dict
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		old, err := triggerLookup.find(tx, r.String("id"))
		if err != nil {
			return err
		}
		fresh, opened := *t, *old
		if err := trigger.Open(s.Key, &opened); err != nil {
			return err
		}
		fresh.Parameters, _ = restore(t.Parameters, old.Parameters, opened.Parameters).(*py.Dict)
		key, err := trigger.ParametersKey(tx, s.Key, t.Type, fresh.Parameters)
		if err != nil {
			return badRequest("parameters: %w", err)
		}
		ref := gale.Ref{Pack: t.Pack, Name: t.Name}
		fresh.ID, fresh.Rev, fresh.RefCount = old.ID, old.Rev, old.RefCount
		fresh.Ref, fresh.UID = ref.String(), ref.UID("trigger")+":"+key
		if fresh.UID != old.UID || fresh.Type != old.Type {
			if err := unused(tx, "trigger", old.Ref, store.Eq("trigger_ref", old.Ref)); err != nil {
				return err
			}
		}
		if err := vacant(tx, store.Triggers, fresh.Ref, old.ID); err != nil {
			return err
		}
		if err := s.checkTrigger(tx, &fresh); err != nil {
			return err
		}
		if err := trigger.Seal(tx, s.Key, &fresh); err != nil {
			return err
		}
		if err := store.Triggers.Update(tx, &fresh); err != nil {
			return err
		}
		tx.Ring(trigger.Topic)
		if err := emitResource(tx, trigger.Topic, "update", fresh.ID, &fresh); err != nil {
			return err
		}
		d, err = showTrigger(nil, &fresh)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) deleteTrigger(r *httpapi.Request) (*httpapi.Response, error) {
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		t, err := triggerLookup.find(tx, r.String("id"))
		if err != nil {
			return err
		}
		if err := unused(tx, "trigger", t.Ref, store.Eq("trigger_ref", t.Ref)); err != nil {
			return err
		}
		return trigger.Remove(tx, t)
	})
}

var instanceLookup = lookup[gale.TriggerInstance]{table: store.TriggerInstances, missing: byID}

func showInstance(_ *listed, i *gale.TriggerInstance) (*py.Dict, error) {
	payload, _ := secret.MaskSealed(i.Payload).(*py.Dict)
	if payload == nil {
		payload = py.NewDict(0)
	}
	d := py.DictOf("id", i.ID, "trigger", i.Trigger, "occurrence_time", i.OccurrenceTime.String(), "payload", payload, "status", string(i.Status))
	if i.Failure != "" {
		d.Set("failure", i.Failure)
	}
	return d, nil
}

func (s *Service) listInstances(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.TriggerInstance]{
		table: store.TriggerInstances,
		filters: []filter{ids, equal("trigger", "trigger_ref"), equal("status", "status"), triggersOfType,
			moment("timestamp_gt", "occurrence_time", ">"), moment("timestamp_lt", "occurrence_time", "<")},
		order: []string{"-occurrence_time"},
		sort:  map[string]string{"id": "id", "trigger": "trigger_ref", "status": "status", "occurrence_time": "occurrence_time", "timestamp": "occurrence_time"},
		attrs: httpapi.Attributes{
			Known:  []string{"id", "trigger", "occurrence_time", "payload", "status", "failure"},
			Always: []string{"id"},
		},
		show: showInstance,
	}
	return l.serve(s, r)
}

// triggersOfType filters instances by the type of their trigger.
func triggersOfType(tx *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
	typ := r.String("trigger_type")
	if typ == "" {
		return nil, false, nil
	}
	found, err := store.Triggers.Find(tx, store.Query{Where: []store.Cond{store.Eq("type", typ)}})
	if err != nil || len(found) == 0 {
		return nil, true, err
	}
	refs := make([]string, len(found))
	for i, t := range found {
		refs[i] = t.Ref
	}
	return []store.Cond{{Column: "trigger_ref", Op: "in", Value: refs}}, false, nil
}

func (s *Service) getInstance(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, instanceLookup, "id", func(i *gale.TriggerInstance) string { return "trigger_instance:" + i.ID }, showInstance)
}

// reEmit dispatches the payload of an event once more, as a new event that
// knows of the first.
func (s *Service) reEmit(r *httpapi.Request) (*httpapi.Response, error) {
	var old *gale.TriggerInstance
	var trig *gale.Trigger
	var typ *gale.TriggerType
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if old, err = instanceLookup.find(tx, r.String("id")); err != nil {
			return err
		}
		trig, typ, err = trigger.Resolve(tx, old.Trigger)
		if notFound(err) {
			return badRequest(`Trigger "%s" of the instance does not exist any more.`, old.Trigger)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	opened, err := trigger.OpenPayload(s.Key, old)
	if err != nil {
		return nil, err
	}
	payload := opened.Clone()
	if payload == nil {
		payload = py.NewDict(1)
	}
	payload.Set("__context", py.DictOf("original_id", old.ID))
	id := s.Store.NewID()
	sealed, err := trigger.SealPayload(s.Key, typ, id, payload)
	if err != nil {
		return nil, err
	}
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		_, err := trigger.DispatchAs(tx, id, trig, sealed, gale.TraceContext{})
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := schema.MaskAt(payload, schema.Secrets(typ.PayloadSchema, payload))
	return httpapi.OK(py.DictOf("message", "Trigger instance "+old.ID+" succesfully re-sent.", "payload", shown))
}

// explain tells what the rules made of an event.
func (s *Service) explain(r *httpapi.Request) (*httpapi.Response, error) {
	id := r.String("id")
	missing := httpapi.Errorf(404, byID, id)
	if !httpapi.ValidID(id) {
		return nil, missing
	}
	if s.Explain == nil {
		return nil, gale.Errorf(gale.Unavailable, "This process has no rules engine that could tell.")
	}
	v, err := s.Explain(r.Context(), id)
	if notFound(err) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return httpapi.OK(v)
}
