package trigger

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

// ReplaceRule stores r in place of old, whose id it keeps even under another
// name or in another pack; gale.Conflict when old has changed since it was
// read. As in SaveRule, the trigger that it waits for now is counted before
// the former one is released.
func ReplaceRule(tx *store.Tx, key *secret.Key, old, r *gale.Rule) error {
	if err := tx.Lock(countLock); err != nil {
		return err
	}
	ref := gale.Ref{Pack: r.Pack, Name: r.Name}
	r.Ref, r.UID = ref.String(), ref.UID("rule")
	return replace(tx, key, old, r)
}

// replace is ReplaceRule for a rule with its names, under countLock.
func replace(tx *store.Tx, key *secret.Key, old, r *gale.Rule) error {
	r.ID, r.Rev = old.ID, old.Rev
	t, err := awaited(tx, key, r)
	if err != nil {
		return err
	}
	r.Trigger.Ref = t.Ref
	moved := old.Trigger.Ref != t.Ref
	if moved {
		if err := count(tx, t.Ref, 1); err != nil {
			return err
		}
	}
	if err := store.Rules.Update(tx, r); err != nil {
		return err
	}
	if moved {
		if err := count(tx, old.Trigger.Ref, -1); err != nil {
			return err
		}
	}
	return emitRule(tx, "update", r)
}
