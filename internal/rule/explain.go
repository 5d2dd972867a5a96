package rule

import (
	"context"
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/rulematch"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Explain says of every rule on an event's trigger why it fired or did not,
// as a document: the instance and, for each rule, whether it fires, the
// reason, the criterion that decided and all criteria. It asks the rules as
// they are now, with the function that the engine itself uses, and adds what
// was enforced then. Secrets of the payload are masked in what it says.
func (e *Engine) Explain(ctx context.Context, instanceID string) (*py.Dict, error) {
	inst, err := e.instance(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	set, enforced, err := e.rulesAround(ctx, inst)
	if err != nil {
		return nil, err
	}
	env := criteria.Env{Now: inst.stored.OccurrenceTime.Std(), Datastore: e.Exec.Datastore(ctx, e.Exec.SystemUser)}
	rules := []any{}
	for _, v := range set.Explain(inst.stored.Trigger, inst.payload, env) {
		d := explainVerdict(v)
		if en := enforced[v.Rule.Rule().ID]; en != nil {
			if en.ExecutionID != "" {
				d.Set("execution_id", en.ExecutionID)
			}
			if en.FailureReason != "" {
				d.Set("failure_reason", en.FailureReason)
			}
		}
		rules = append(rules, inst.secrets.Value(d))
	}
	about := py.DictOf("id", inst.stored.ID, "trigger", inst.stored.Trigger,
		"occurrence_time", inst.stored.OccurrenceTime.String(), "status", string(inst.stored.Status))
	if inst.stored.Failure != "" {
		about.Set("failure", inst.stored.Failure)
	}
	return py.DictOf("instance", about, "rules", rules), nil
}

// rulesAround reads all rules on an instance's trigger, disabled ones
// included, and what was enforced for it.
func (e *Engine) rulesAround(ctx context.Context, inst *instance) (*rulematch.Set, map[string]*gale.RuleEnforcement, error) {
	var rules []*rulematch.Rule
	enforced := map[string]*gale.RuleEnforcement{}
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		rules = nil
		all, err := store.Rules.Find(tx, store.Query{Where: []store.Cond{store.Eq("trigger_ref", inst.stored.Trigger)}})
		if err != nil {
			return err
		}
		for _, r := range all {
			if err := pack.OpenRule(e.Key, r); err != nil {
				return err
			}
			rules = append(rules, rulematch.Compile(r, e.Exec.Engine))
		}
		list, err := store.Enforcements.Find(tx, store.Query{Where: []store.Cond{store.Eq("trigger_instance_id", inst.stored.ID)}})
		for _, en := range list {
			enforced[en.Rule.ID] = en
		}
		return err
	})
	return rulematch.NewSet(rules...), enforced, err
}

func explainVerdict(v rulematch.Verdict) *py.Dict {
	d := py.DictOf("rule", v.Rule.Rule().Ref, "fired", v.Fires, "reason", reason(v))
	all := []any{}
	for _, c := range v.Decision.Checks {
		doc := outcome(c)
		all = append(all, doc)
		if _, decided := d.GetString("criterion"); !c.Matched && !decided {
			d.Set("criterion", doc)
		}
	}
	d.Set("criteria", all)
	return d
}

func reason(v rulematch.Verdict) string {
	switch {
	case !v.Fires:
		return v.Reason()
	case len(v.Decision.Checks) == 0:
		return "the rule has no criteria"
	}
	return "all criteria are met"
}

func outcome(c criteria.Outcome) *py.Dict {
	d := py.DictOf("key", c.Key, "operator", c.Operator, "pattern", c.Pattern, "matched", c.Matched)
	if c.Value != nil {
		d.Set("value", c.Value)
	}
	if c.Err != nil {
		d.Set("error", fmt.Sprint(c.Err))
	}
	return d
}

// secretsOf are the texts that are sealed in the stored payload.
func secretsOf(inst *instance) []string {
	var texts []string
	var walk func(stored, clear any)
	walk = func(stored, clear any) {
		if secret.IsSealed(stored) {
			texts = append(texts, secret.Texts(clear, [][]any{{}})...)
			return
		}
		switch s := stored.(type) {
		case *py.Dict:
			c, _ := clear.(*py.Dict)
			for k, v := range s.All() {
				part, _ := c.Get(k)
				walk(v, part)
			}
		case []any:
			c, _ := clear.([]any)
			for i := range min(len(s), len(c)) {
				walk(s[i], c[i])
			}
		}
	}
	walk(inst.stored.Payload, inst.payload)
	return texts
}
