// Package params makes the parameters of an execution from what a caller gives
// and what actions and runners declare, and the configuration of a pack from
// its values and schema. It renders templates, in the order of what they refer
// to, and casts the results to the declared types. All input comes as values.
package params

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

// Names of the variables that every template of a parameter has.
const (
	varDatastore = "st2kv"
	varContext   = "action_context"
	varConfig    = "config_context"
)

// Source is what templates may refer to, besides other parameters.
type Source struct {
	Datastore *Datastore // st2kv; nil: every item is empty
	Context   *py.Dict   // action_context: the execution's context
	Config    any        // config_context: the resolved config of the action's pack
	More      *py.Dict   // for rules, trigger: the payload
}

// Error says which parameter could not be made, and why.
type Error struct {
	Parameter string // "" when several are to blame
	Message   string // StackStorm's words
	// Rendering tells errors of templates from those of casts. For the former
	// StackStorm keeps a failed execution, for the latter nothing.
	Rendering bool
}

// Error returns the message and, where it does not say so itself, the parameter.
func (e *Error) Error() string {
	if e.Parameter == "" || strings.Contains(e.Message, `"`+e.Parameter+`"`) {
		return e.Message
	}
	return e.Message + ` (in "` + e.Parameter + `")`
}

// Plan is how the parameters of one action are made from one set of given
// values: which values are templates, and in which order they are rendered. It
// is immutable; rules make one and use it for every event.
type Plan struct {
	engine *expr.Engine
	merged *py.Dict // name → schema
	given  *py.Dict
	nodes  []node            // all parameters, in the order of their declaration
	order  []int             // indices of templates, so that each comes after what it needs
	types  map[string]string // declared types
}

// node is a parameter and the value it starts from.
type node struct {
	name     string
	value    any
	template bool
	needs    []string
	given    bool // the caller gave the value
	fallback bool // the value is the default although the caller gave one
}

// NewPlan works out how to make the parameters of an action. more names the
// variables in Source.More. Its error is an *Error for a template that refers
// to nothing, or for templates that refer to each other in a circle.
func NewPlan(engine *expr.Engine, p *schema.Parameters, given *py.Dict, more ...string) (*Plan, error) {
	return newPlan(engine, p, given, true, more)
}

func newPlan(engine *expr.Engine, p *schema.Parameters, given *py.Dict, render bool, more []string) (*Plan, error) {
	plan := &Plan{engine: engine, merged: p.Schemas(), given: given, types: map[string]string{}}
	fixed := p.Immutable()
	for k, v := range given.All() {
		name, ok := k.(string)
		if !ok {
			return nil, &Error{Message: fmt.Sprintf("the name of parameter %s is not text", py.Repr(k))}
		}
		plan.addGiven(name, v, render, slices.Contains(fixed, name))
	}
	variables := append([]string{varDatastore, varContext, varConfig}, more...)
	for k, v := range plan.merged.All() {
		name, _ := k.(string)
		spec, _ := v.(*py.Dict)
		plan.types[name] = declaredType(spec)
		if _, given := given.GetString(name); !given && !slices.Contains(variables, name) {
			n := plan.node(name, defaultOf(spec), true)
			plan.nodes = append(plan.nodes, n)
		}
	}
	return plan, plan.sort(variables)
}

// addGiven adds a parameter that the caller gave. Null means the default, and
// so does anything for an immutable one; that it was given is refused later.
func (plan *Plan) addGiven(name string, v any, render, fixed bool) {
	if v == nil || fixed {
		spec, _ := plan.merged.GetString(name)
		d, _ := spec.(*py.Dict)
		n := plan.node(name, defaultOf(d), true)
		n.given, n.fallback = true, true
		plan.nodes = append(plan.nodes, n)
		return
	}
	n := plan.node(name, v, render)
	n.given = true
	plan.nodes = append(plan.nodes, n)
}

// node looks whether a value is a template. One with a mistake in its syntax is not.
func (plan *Plan) node(name string, v any, render bool) node {
	n := node{name: name, value: v}
	if !render {
		return n
	}
	needs, err := plan.engine.ReferencedVars(v)
	n.template = err == nil && isTemplate(v)
	if n.template {
		n.needs = needs
	}
	return n
}

func isTemplate(v any) bool {
	switch v.(type) {
	case []any, *py.List, *py.Dict:
		return expr.IsTemplate(py.Str(v))
	}
	return expr.IsTemplate(v)
}

func defaultOf(spec *py.Dict) any {
	v, _ := spec.GetString("default")
	return v
}

func declaredType(spec *py.Dict) string {
	v, _ := spec.GetString("type")
	s, _ := v.(string)
	return s
}

// sort orders the templates and refuses what cannot be ordered. That a
// variable exists is checked without running the template, so that default()
// and "is defined" do not help.
func (plan *Plan) sort(variables []string) error {
	index := map[string]int{}
	for i, n := range plan.nodes {
		index[n.name] = i
	}
	for _, n := range plan.nodes {
		for _, need := range n.needs {
			if _, ok := index[need]; !ok && !slices.Contains(variables, need) {
				return &Error{Parameter: n.name, Rendering: true,
					Message: fmt.Sprintf("Dependency unsatisfied in variable %q", need)}
			}
		}
	}
	v := visitor{plan: plan, index: index, state: make([]mark, len(plan.nodes))}
	for i := range plan.nodes {
		v.visit(i)
	}
	if len(v.circle) == 0 {
		return nil
	}
	slices.Sort(v.circle)
	return &Error{Rendering: true, Message: "Cyclic dependency found in the following variables: " +
		strings.Join(slices.Compact(v.circle), ", ") + ". Likely the variable is referencing itself"}
}

type mark int

const (
	unseen mark = iota
	underWay
	done
)

// visitor walks the templates depth first, dependencies before dependents.
type visitor struct {
	plan   *Plan
	index  map[string]int
	state  []mark
	path   []int
	circle []string
}

func (v *visitor) visit(i int) {
	switch v.state[i] {
	case done:
		return
	case underWay:
		from := slices.Index(v.path, i)
		for _, j := range v.path[from:] {
			v.circle = append(v.circle, v.plan.nodes[j].name)
		}
		return
	}
	v.state[i] = underWay
	v.path = append(v.path, i)
	for _, need := range v.plan.nodes[i].needs {
		if j, ok := v.index[need]; ok {
			v.visit(j)
		}
	}
	v.path = v.path[:len(v.path)-1]
	v.state[i] = done
	if v.plan.nodes[i].template {
		v.plan.order = append(v.plan.order, i)
	}
}

// values renders the templates and returns the value of every parameter, uncast.
func (plan *Plan) values(src Source) ([]any, error) {
	out := make([]any, len(plan.nodes))
	for i, n := range plan.nodes {
		out[i] = n.value
	}
	if len(plan.order) == 0 {
		return out, nil
	}
	vars := src.variables(len(plan.nodes))
	for i, n := range plan.nodes {
		if !n.template {
			vars.Set(n.name, out[i])
		}
	}
	for _, i := range plan.order {
		n := plan.nodes[i]
		v, err := plan.engine.RenderParameter(n.value, vars)
		if lost := src.Datastore.Err(); lost != nil {
			return nil, fmt.Errorf("render parameter %q: %w", n.name, lost)
		}
		if err != nil {
			return nil, &Error{Parameter: n.name, Rendering: true,
				Message: fmt.Sprintf("Failed to render parameter %q: %s", n.name, jinja.Message(err))}
		}
		out[i] = v
		vars.Set(n.name, v)
	}
	return out, nil
}

func (s Source) variables(room int) *py.Dict {
	vars := py.NewDict(room + 4)
	vars.Set(varDatastore, s.Datastore.Vars())
	vars.Set(varContext, orEmpty(s.Context))
	config := s.Config
	if config == nil {
		config = py.NewDict(0)
	}
	vars.Set(varConfig, config)
	vars.Update(s.More)
	return vars
}

func orEmpty(d *py.Dict) *py.Dict {
	if d == nil {
		return py.NewDict(0)
	}
	return d
}

// Live renders and casts the parameters of a request: those that were given,
// and those left out whose default is a template. What is left out here is
// filled in by Final. The result must still be validated. The error is an
// *Error, or that of the datastore when it is out of reach.
func (plan *Plan) Live(src Source) (*py.Dict, error) {
	values, err := plan.values(src)
	if err != nil {
		return nil, err
	}
	out := py.NewDict(len(plan.nodes))
	for i, n := range plan.nodes {
		keep := n.given
		if !keep && n.template {
			// Lists and objects with templates in them stay out, as in the original.
			keep = expr.IsTemplate(n.value) && !plan.fixed(n.name) && !py.Equal(values[i], n.value)
		}
		if !keep {
			continue
		}
		v, err := plan.cast(n.name, values[i])
		if err != nil {
			return nil, err
		}
		out.Set(n.name, v)
	}
	return out, nil
}

func (plan *Plan) fixed(name string) bool {
	v, _ := plan.merged.GetString(name)
	spec, _ := v.(*py.Dict)
	fixed, _ := spec.GetString("immutable")
	return py.Truth(fixed)
}

// cast turns a value into the declared type; null stays null.
func (plan *Plan) cast(name string, v any) (any, error) {
	kind := plan.types[name]
	if v == nil || kind == "" {
		return v, nil
	}
	out, err := expr.Cast(kind, v)
	if err == nil {
		return out, nil
	}
	spec, _ := plan.merged.GetString(name)
	d, _ := spec.(*py.Dict)
	if secret, _ := d.GetString("secret"); py.Truth(secret) {
		return nil, &Error{Parameter: name, Message: "the value cannot be read as " + kind}
	}
	message := jinja.Message(err)
	if kind != "integer" && kind != "number" && kind != "string" {
		message += ": " + shorten(py.Repr(v)) + " cannot be read as " + kind // Python does not say of what it speaks
	}
	return nil, &Error{Parameter: name, Message: message}
}

func shorten(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// Live makes a plan and uses it once. What is in src.More is a variable.
func Live(engine *expr.Engine, p *schema.Parameters, given *py.Dict, src Source) (*py.Dict, error) {
	plan, err := NewPlan(engine, p, given, names(src.More)...)
	if err != nil {
		return nil, err
	}
	return plan.Live(src)
}

func names(d *py.Dict) []string {
	var out []string
	for k := range d.All() {
		if name, ok := k.(string); ok {
			out = append(out, name)
		}
	}
	return out
}

// Final makes the parameters that an action runs with. The stored ones are
// taken as they are, never rendered again; defaults are rendered and fill the
// rest. What the runner declares goes to the runner, the rest to the action.
func Final(engine *expr.Engine, p *schema.Parameters, runner, stored *py.Dict, src Source) (forRunner, forAction *py.Dict, err error) {
	plan, err := newPlan(engine, p, stored, false, names(src.More))
	if err != nil {
		return nil, nil, err
	}
	values, err := plan.values(src)
	if err != nil {
		return nil, nil, err
	}
	forRunner, forAction = py.NewDict(0), py.NewDict(0)
	for i, n := range plan.nodes {
		v, err := plan.cast(n.name, values[i])
		if err != nil {
			return nil, nil, err
		}
		if _, ok := runner.GetString(n.name); ok {
			forRunner.Set(n.name, v)
		} else if _, ok := plan.merged.GetString(n.name); ok {
			forAction.Set(n.name, v)
		}
	}
	return forRunner, forAction, nil
}
