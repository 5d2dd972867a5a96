package rule

import (
	"context"
	"sync"

	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/rulematch"
	"github.com/galehq/gale/internal/store"
)

// cache keeps rules ready for matching, by id and revision: compiling is far
// more work than asking the store whether a rule is still the same.
type cache struct {
	mu   sync.Mutex
	byID map[string]cached
}

type cached struct {
	rev  int64
	rule *rulematch.Rule
}

// maxCached bounds the compiled rules in memory; when it is full it starts anew.
const maxCached = 20_000

// rulesOf returns the enabled rules that wait for a trigger, compiled, in the
// order in which they were made.
func (e *Engine) rulesOf(ctx context.Context, triggerRef string) ([]*rulematch.Rule, error) {
	var rules []*rulematch.Rule
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		rules = nil
		rows, err := tx.Query("select id, v from rule where trigger_ref = $1 and enabled = 1 order by id", triggerRef)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id string
			var rev int64
			if err := rows.Scan(&id, &rev); err != nil {
				return err
			}
			r, err := e.compiled(tx, id, rev)
			if err != nil {
				return err
			}
			rules = append(rules, r)
		}
		return rows.Err()
	})
	return rules, err
}

func (e *Engine) compiled(tx *store.Tx, id string, rev int64) (*rulematch.Rule, error) {
	e.cache.mu.Lock()
	c, ok := e.cache.byID[id]
	e.cache.mu.Unlock()
	if ok && c.rev == rev {
		return c.rule, nil
	}
	r, err := store.Rules.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if err := pack.OpenRule(e.Key, r); err != nil {
		return nil, err
	}
	rule := rulematch.Compile(r, e.Exec.Engine)
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.byID == nil || len(e.cache.byID) >= maxCached {
		e.cache.byID = map[string]cached{}
	}
	e.cache.byID[id] = cached{r.Rev, rule}
	return rule, nil
}
