package trigger

import (
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// SaveRule inserts or updates a rule by its ref, and with it the trigger that
// it waits for: the new one is counted before the old one is released, so
// that saving an unchanged rule never removes and remakes its trigger.
func SaveRule(tx *store.Tx, r *gale.Rule) error {
	ref := gale.Ref{Pack: r.Pack, Name: r.Name}
	r.Ref, r.UID = ref.String(), ref.UID("rule")
	old, err := store.Rules.By(tx, "ref", r.Ref)
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return err
	}
	if err != nil {
		old = nil
	}
	t, err := ForRule(tx, r.Trigger.Type, r.Trigger.Parameters)
	if err != nil {
		return fmt.Errorf("rule %s: %w", r.Ref, err)
	}
	r.Trigger.Ref = t.Ref
	if old == nil || old.Trigger.Ref != t.Ref {
		if err := count(tx, t.Ref, 1); err != nil {
			return err
		}
	}
	if old == nil {
		r.ID = tx.NewID()
		if err := store.Rules.Insert(tx, r); err != nil {
			return err
		}
		return emitRule(tx, "create", r)
	}
	r.ID, r.Rev = old.ID, old.Rev
	if err := store.Rules.Update(tx, r); err != nil {
		return err
	}
	if old.Trigger.Ref != t.Ref {
		if err := count(tx, old.Trigger.Ref, -1); err != nil {
			return err
		}
	}
	return emitRule(tx, "update", r)
}

// DeleteRule removes a rule and releases its trigger.
func DeleteRule(tx *store.Tx, r *gale.Rule) error {
	if err := store.Rules.Delete(tx, r.ID); err != nil {
		return err
	}
	if err := count(tx, r.Trigger.Ref, -1); err != nil {
		return err
	}
	return emitRule(tx, "delete", r)
}

func emitRule(tx *store.Tx, kind string, r *gale.Rule) error {
	body, err := py.Marshal(r)
	if err != nil {
		return fmt.Errorf("event of rule %s: %w", r.Ref, err)
	}
	tx.Emit(store.Event{Topic: RuleTopic, Kind: kind, Key: r.ID, Body: body})
	tx.Ring(RuleTopic)
	return nil
}
