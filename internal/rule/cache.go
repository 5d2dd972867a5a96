package rule

import (
	"context"
	"slices"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/rulematch"
	"github.com/galehq/gale/internal/store"
)

// cache keeps the rules of triggers ready for matching: compiling them is far
// more work than asking the store whether they are still the same.
type cache struct {
	mu        sync.Mutex
	byTrigger map[string]*waiting
}

// waiting are the enabled rules on one trigger, as of some versions.
type waiting struct {
	versions []version
	set      *rulematch.Set

	mu       sync.Mutex
	bindings map[*rulematch.Rule]bound
}

type version struct {
	id  string
	rev int64
}

// bound is a rule's binding to its action as that was defined.
type bound struct {
	def     *execution.Definition
	binding *rulematch.Binding
}

// maxCached bounds the triggers whose rules are kept; when it is full it starts anew.
const maxCached = 5000

// rulesOf returns the enabled rules that wait for a trigger.
func (e *Engine) rulesOf(ctx context.Context, triggerRef string) (*waiting, error) {
	var found *waiting
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		now, err := readVersions(tx, triggerRef)
		if err != nil {
			return err
		}
		e.cache.mu.Lock()
		found = e.cache.byTrigger[triggerRef]
		e.cache.mu.Unlock()
		if found != nil && slices.Equal(found.versions, now) {
			return nil
		}
		found, err = e.compile(tx, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.byTrigger == nil || len(e.cache.byTrigger) >= maxCached {
		e.cache.byTrigger = map[string]*waiting{}
	}
	e.cache.byTrigger[triggerRef] = found
	return found, nil
}

func readVersions(tx *store.Tx, triggerRef string) ([]version, error) {
	rows, err := tx.Query("select id, v from rule where trigger_ref = $1 and enabled = $2 order by id", triggerRef, true)
	if err != nil {
		return nil, err
	}
	var all []version
	for rows.Next() {
		var v version
		if err := rows.Scan(&v.id, &v.rev); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func (e *Engine) compile(tx *store.Tx, versions []version) (*waiting, error) {
	w := &waiting{versions: versions, bindings: map[*rulematch.Rule]bound{}}
	var rules []*rulematch.Rule
	for _, v := range versions {
		r, err := e.read(tx, v.id)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rulematch.Compile(r, e.Exec.Engine))
	}
	w.set = rulematch.NewSet(rules...)
	return w, nil
}

// read returns a rule with its secrets in clear.
func (e *Engine) read(tx *store.Tx, id string) (*gale.Rule, error) {
	r, err := store.Rules.Get(tx, id)
	if err != nil {
		return nil, err
	}
	return r, pack.OpenRule(e.Key, r)
}

// bind returns how a rule's parameters are made for its action as it is now.
func (w *waiting) bind(r *rulematch.Rule, def *execution.Definition) *rulematch.Binding {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b, ok := w.bindings[r]; ok && b.def == def {
		return b.binding
	}
	b := r.Bind(def.Action, def.Runner)
	w.bindings[r] = bound{def, b}
	return b
}
