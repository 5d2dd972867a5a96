package trigger

import (
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// countLock is held while rules and their triggers are counted: two processes
// that see the same trigger missing must not both make it, and one that takes
// the last rule from a trigger must not remove it under another's hands.
const countLock = "trigger"

// SaveRule inserts or updates a rule by its ref, and with it the trigger that
// it waits for: the new one is counted before the old one is released, so
// that saving an unchanged rule never removes and remakes its trigger. The
// rule's secrets have been sealed.
func SaveRule(tx *store.Tx, key *secret.Key, r *gale.Rule) error {
	if err := tx.Lock(countLock); err != nil {
		return err
	}
	ref := gale.Ref{Pack: r.Pack, Name: r.Name}
	r.Ref, r.UID = ref.String(), ref.UID("rule")
	old, err := store.Rules.By(tx, "ref", r.Ref)
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return err
	}
	if err == nil {
		return replace(tx, key, old, r)
	}
	t, err := awaited(tx, key, r)
	if err != nil {
		return err
	}
	r.Trigger.Ref = t.Ref
	if err := count(tx, t.Ref, 1); err != nil {
		return err
	}
	r.ID = tx.NewID()
	if err := store.Rules.Insert(tx, r); err != nil {
		return err
	}
	return emitRule(tx, "create", r)
}

// awaited returns the trigger that a sealed rule waits for.
func awaited(tx *store.Tx, key *secret.Key, r *gale.Rule) (*gale.Trigger, error) {
	opened := *r
	if err := OpenRule(key, &opened); err != nil {
		return nil, err
	}
	t, err := ForRule(tx, key, r.Trigger.Type, opened.Trigger.Parameters)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Ref, err)
	}
	return t, nil
}

// DeleteRule removes a rule and releases its trigger.
func DeleteRule(tx *store.Tx, r *gale.Rule) error {
	if err := tx.Lock(countLock); err != nil {
		return err
	}
	// What counts is the trigger that it waits for now, not when it was read.
	now, err := store.Rules.Get(tx, r.ID)
	if err != nil {
		return err
	}
	*r = *now
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
	if err == nil {
		body, err = secret.MaskSealedJSON(body)
	}
	if err != nil {
		return fmt.Errorf("event of rule %s: %w", r.Ref, err)
	}
	tx.Emit(store.Event{Topic: RuleTopic, Kind: kind, Key: r.ID, Body: body})
	tx.Ring(RuleTopic)
	return nil
}
