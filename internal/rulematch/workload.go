package rulematch

import (
	"fmt"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/py"
)

// Workload is a fixed load for measuring how many events a second one core can
// take: enabled rules with one criterion each, spread evenly over trigger
// types. Of the rules of a type exactly one fires for an event, and its action
// has three parameters that are templates. It serves one goroutine.
type Workload struct {
	set      *Set
	bindings map[*Rule]*Binding
	payloads []*py.Dict
	triggers []string
	now      time.Time
}

// NewWorkload makes the load. now is the time of all events.
func NewWorkload(types, rulesPerType int, now time.Time) *Workload {
	w := &Workload{bindings: map[*Rule]*Binding{}, now: now}
	engine := expr.New(expr.Options{})
	action, runner := workloadAction()
	var rules []*Rule
	for t := range types {
		w.triggers = append(w.triggers, fmt.Sprintf("load.type_%d", t))
		for i := range rulesPerType {
			r := Compile(workloadRule(w.triggers[t], i), engine)
			w.bindings[r] = r.Bind(action, runner)
			rules = append(rules, r)
		}
	}
	for i := range rulesPerType {
		w.payloads = append(w.payloads, py.DictOf("kind", fmt.Sprintf("kind-%d", i), "count", int64(i),
			"host", py.DictOf("name", "web-1.example.com", "site", "ams"), "message", "disk is 91 % full", "tags", []any{"disk", "prod"}))
	}
	w.set = NewSet(rules...)
	return w
}

func workloadRule(trigger string, i int) *gale.Rule {
	return &gale.Rule{
		Ref: fmt.Sprintf("load.rule_%d", i), Enabled: true, Type: gale.RuleType{Ref: gale.RuleStandard},
		Trigger:  gale.RuleTrigger{Type: trigger, Ref: trigger},
		Criteria: py.DictOf("trigger.kind", py.DictOf("type", "eq", "pattern", fmt.Sprintf("kind-%d", i))),
		Action: gale.RuleAction{Ref: "load.act", Parameters: py.DictOf(
			"cmd", "notify {{ trigger.host.name }}: {{ trigger.message }}", "host", "{{ trigger.host.name }}", "count", "{{ trigger.count }}")},
	}
}

func workloadAction() (*gale.Action, *gale.RunnerType) {
	runner := &gale.RunnerType{Name: "local-shell-cmd", Parameters: py.DictOf(
		"cmd", py.DictOf("type", "string"), "cwd", py.DictOf("type", "string"), "env", py.DictOf("type", "object"),
		"kwarg_op", py.DictOf("type", "string", "default", "--"), "sudo", py.DictOf("type", "boolean", "default", false),
		"timeout", py.DictOf("type", "integer", "default", int64(60)))}
	action := &gale.Action{Ref: "load.act", Parameters: py.DictOf(
		"host", py.DictOf("type", "string", "required", true), "count", py.DictOf("type", "integer"))}
	return action, runner
}

// Event takes the n-th event through all that is pure in the handling of an
// event: matching all rules of its trigger, and rendering, casting and
// validating the parameters of the action of each that fires. It returns how
// many fired.
func (w *Workload) Event(n int) (fired int, err error) {
	payload := w.payloads[n/len(w.triggers)%len(w.payloads)]
	env := criteria.Env{Now: w.now, Datastore: params.NewDatastore(nil, "stanley")}
	src := params.Source{Datastore: env.Datastore, Context: py.DictOf("user", "stanley", "pack", "load")}
	for _, v := range w.set.Match(w.triggers[n%len(w.triggers)], payload, env) {
		if !v.Fires {
			continue
		}
		if _, err := w.bindings[v.Rule].Parameters(payload, src); err != nil {
			return fired, fmt.Errorf("rule %s: %w", v.Rule.rule.Ref, err)
		}
		fired++
	}
	return fired, nil
}
