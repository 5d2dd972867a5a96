// Package rulematch selects the rules that fire for an event and renders the
// parameters of their actions. It decides from values alone; who calls it
// stores what follows.
package rulematch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// Rule is a rule ready for many events. It is immutable and may be used by
// many goroutines at a time.
type Rule struct {
	rule     *gale.Rule
	criteria *criteria.Criteria
	engine   *expr.Engine
}

// Compile prepares a rule, which must not be changed afterwards. It never
// fails: what is wrong with a rule shows when it does not fire.
func Compile(rule *gale.Rule, engine *expr.Engine) *Rule {
	return &Rule{rule, criteria.Compile(rule.Criteria, engine), engine}
}

// Rule returns the rule as it was compiled.
func (r *Rule) Rule() *gale.Rule { return r.rule }

func (r *Rule) backstop() bool { return r.rule.Type.Ref == gale.RuleBackstop }

// Set holds rules by the triggers that they wait for. It is immutable.
type Set struct{ byTrigger map[string][]*Rule }

// NewSet arranges rules. Those of one trigger are considered in the order of
// their refs, backstop rules last.
func NewSet(rules ...*Rule) *Set {
	s := &Set{byTrigger: map[string][]*Rule{}}
	for _, r := range rules {
		s.byTrigger[r.rule.Trigger.Ref] = append(s.byTrigger[r.rule.Trigger.Ref], r)
	}
	for _, list := range s.byTrigger {
		slices.SortStableFunc(list, func(a, b *Rule) int {
			if a.backstop() != b.backstop() {
				if a.backstop() {
					return 1
				}
				return -1
			}
			return strings.Compare(a.rule.Ref, b.rule.Ref)
		})
	}
	return s
}

// Rules returns the rules that wait for a trigger, in the order in which they
// are considered. The slice must not be changed.
func (s *Set) Rules(trigger string) []*Rule { return s.byTrigger[trigger] }

// Verdict says whether a rule fires for an event, and why not.
type Verdict struct {
	Rule     *Rule
	Fires    bool
	Decision criteria.Decision // of its criteria; zero if they were not looked at
	why      string            // why they were not looked at
}

// Reason says, for people, why the rule does not fire; it is "" when it does.
func (v Verdict) Reason() string {
	if v.Fires || v.why != "" {
		return v.why
	}
	return v.Decision.Reason()
}

// Failure returns the reason of a failed enforcement when the criteria could
// not be evaluated, "" when they were plainly not met.
func (v Verdict) Failure(instanceID string) string {
	if v.Decision.Err == nil {
		return ""
	}
	return fmt.Sprintf("Failed to match rule %q against trigger instance %q: %s", v.Rule.rule.Ref, instanceID, v.Decision.Reason())
}

// Match gives the verdict on every rule that waits for a trigger, in order:
// first those that are no backstops, then the backstops, which fire only when
// none of the others did. Whether what follows succeeds does not matter.
func (s *Set) Match(trigger string, payload *py.Dict, env criteria.Env) []Verdict {
	return judge(s.byTrigger[trigger], payload, env, (*criteria.Criteria).Match)
}

// Explain is Match that looks at every criterion of every rule.
func (s *Set) Explain(trigger string, payload *py.Dict, env criteria.Env) []Verdict {
	return judge(s.byTrigger[trigger], payload, env, (*criteria.Criteria).Explain)
}

type decide func(c *criteria.Criteria, payload *py.Dict, env criteria.Env) criteria.Decision

func judge(rules []*Rule, payload *py.Dict, env criteria.Env, fn decide) []Verdict {
	if len(rules) == 0 {
		return nil
	}
	out := make([]Verdict, len(rules))
	var fired *Rule
	for i, r := range rules {
		out[i] = Verdict{Rule: r}
		switch {
		case !r.rule.Enabled:
			out[i].why = "the rule is disabled"
		case r.backstop() && fired != nil:
			out[i].why = fmt.Sprintf("it is a backstop, and %s fires", fired.rule.Ref)
		default:
			d := fn(r.criteria, payload, env)
			out[i].Decision, out[i].Fires = d, d.Matched
		}
		if out[i].Fires && !r.backstop() && fired == nil {
			fired = r
		}
	}
	return out
}

// Binding is a rule together with the action that it starts: how to make the
// action's parameters of an event. It is immutable, and good until the rule,
// the action or its runner changes.
type Binding struct {
	parameters *schema.Parameters
	plan       *params.Plan
	err        error // no event can be handled: the templates do not fit the action
}

// Bind works out how the parameters of a rule's action are made.
func (r *Rule) Bind(action *gale.Action, runner *gale.RunnerType) *Binding {
	b := &Binding{parameters: schema.Merge(runner.Parameters, action.Parameters)}
	b.plan, b.err = params.NewPlan(r.engine, b.parameters, r.rule.Action.Parameters, "trigger")
	return b
}

// Parameters renders, casts and validates the action's parameters for an
// event. Templates see the payload as trigger, beside what src holds. The
// error is a *params.Error, or of kind gale.Invalid for values that the action
// does not take.
func (b *Binding) Parameters(payload *py.Dict, src params.Source) (*py.Dict, error) {
	if b.err != nil {
		return nil, b.err
	}
	src.More = py.DictOf("trigger", payload)
	live, err := b.plan.Live(src)
	if err != nil {
		return nil, err
	}
	if _, err := b.parameters.Validate(live); err != nil {
		return nil, gale.Errorf(gale.Invalid, "%w", err)
	}
	return live, nil
}
