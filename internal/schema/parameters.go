package schema

import (
	"errors"
	"fmt"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Parameters are the effective parameters of an action: those of its runner,
// overlaid attribute by attribute with its own.
type Parameters struct {
	merged *py.Dict // name → schema
	schema *Schema  // of the whole set; nil when neither declares any
	err    error    // why there is no schema
	fixed  []string // immutable: in either
}

// Merge computes the effective parameters of an action. The arguments must
// not be changed afterwards.
func Merge(runner, action *py.Dict) *Parameters {
	p := &Parameters{merged: overlay(runner, action)}
	for _, params := range []*py.Dict{action, runner} {
		for k, v := range params.All() {
			spec, _ := v.(*py.Dict)
			if name, ok := k.(string); ok && truth(spec, "immutable") {
				p.fixed = append(p.fixed, name)
			}
		}
	}
	if p.merged.Len() > 0 {
		p.schema, p.err = Compile(Nullable(ObjectOf(p.merged, false)))
	}
	return p
}

// overlay merges two trees of dictionaries; the second wins, key by key.
func overlay(under, over *py.Dict) *py.Dict {
	if over.Len() == 0 {
		return under
	}
	out := py.NewDict(under.Len() + over.Len())
	out.Update(under)
	for k, v := range over.All() {
		if sub, ok := v.(*py.Dict); ok {
			below, _ := out.Get(k)
			d, _ := below.(*py.Dict)
			if v = overlay(d, sub); v == (*py.Dict)(nil) {
				v = sub
			}
		}
		out.Set(k, v)
	}
	return out
}

// ObjectOf returns the schema of an object whose properties are the given map
// of name to schema. An empty schema takes values of any type.
func ObjectOf(properties *py.Dict, others bool) *py.Dict {
	normal := py.NewDict(properties.Len())
	for k, v := range properties.All() {
		if !py.Truth(v) {
			v = anyType
		}
		normal.Set(k, v)
	}
	return py.DictOf("type", "object", "properties", normal, "additionalProperties", others)
}

var anyType = func() *py.Dict {
	var branches []any
	for _, t := range []string{"array", "boolean", "integer", "number", "object", "string"} {
		branches = append(branches, py.DictOf("type", t))
	}
	return py.DictOf("anyOf", branches)
}()

// Schemas returns the merged map of name to schema. It must not be changed.
func (p *Parameters) Schemas() *py.Dict { return p.merged }

// Required lists the parameters that a caller must give unless they have a default.
func (p *Parameters) Required() []string {
	return p.names(func(name string, spec *py.Dict) bool {
		return truth(spec, "required") && !slices.Contains(p.fixed, name)
	})
}

// Immutable lists the parameters that a caller may not give.
func (p *Parameters) Immutable() []string {
	return p.names(func(name string, _ *py.Dict) bool { return slices.Contains(p.fixed, name) })
}

// Optional lists the rest.
func (p *Parameters) Optional() []string {
	return p.names(func(name string, spec *py.Dict) bool {
		return !truth(spec, "required") && !slices.Contains(p.fixed, name)
	})
}

func (p *Parameters) names(want func(string, *py.Dict) bool) []string {
	var out []string
	for k, v := range p.merged.All() {
		name, _ := k.(string)
		spec, _ := v.(*py.Dict)
		if want(name, spec) {
			out = append(out, name)
		}
	}
	return out
}

// Validate checks the values that a caller gives: defaults count as given, and
// null stands for "not given" where a parameter is optional. An action without
// any declared parameter takes everything. The error is an *Error that names the
// parameter. The values completed with defaults
// are returned for those who want them; what is stored is what was given.
func (p *Parameters) Validate(values *py.Dict) (completed *py.Dict, err error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.schema == nil {
		return values, nil
	}
	if values == nil {
		values = py.NewDict(0)
	}
	whole, err := p.schema.complete(values)
	var e *Error
	if errors.As(err, &e) {
		return nil, e.placed()
	}
	return whole.(*py.Dict), p.refuseFixed(values)
}

func (p *Parameters) refuseFixed(values *py.Dict) error {
	var given []any
	for k := range values.All() {
		if name, ok := k.(string); ok && slices.Contains(p.fixed, name) {
			given = append(given, name)
		}
	}
	if given == nil {
		return nil
	}
	return &Error{
		Message: "Override of immutable parameter(s) " + py.Repr(given) + " is unsupported.",
		Path:    Path{given[0]}, Keyword: "immutable",
	}
}

// Secrets lists the secret parts of values.
func (p *Parameters) Secrets(values *py.Dict) []Path { return ParameterSecrets(p.merged, values) }

// ValidateRequest checks the parameters of a request for an action. Its error
// is of kind gale.Invalid and names the parameter.
func ValidateRequest(action *gale.Action, runner *gale.RunnerType, values *py.Dict) error {
	if _, err := Merge(runner.Parameters, action.Parameters).Validate(values); err != nil {
		return gale.Errorf(gale.Invalid, "%w", err)
	}
	return nil
}

// overridable are the attributes in which an action may differ from its runner.
var overridable = []string{"default", "description", "enum", "immutable", "required"}

// CheckActionParameters checks what an action makes of its runner's
// parameters, that immutable parameters have a value, and that positions are
// unique and without gaps. Paths start at the parameter's name.
func CheckActionParameters(ref string, action, runner *py.Dict) []Problem {
	var out []Problem
	for k, v := range action.All() {
		spec, _ := v.(*py.Dict)
		inherited, _ := runner.Get(k)
		under, overrides := inherited.(*py.Dict)
		if overrides {
			out = append(out, checkOverride(ref, k, spec, under)...)
		}
		out = append(out, checkImmutable(k, spec, under, overrides)...)
	}
	return append(out, checkPositions(action)...)
}

func checkOverride(ref string, key any, spec, under *py.Dict) []Problem {
	var out []Problem
	for attr, v := range spec.All() {
		name, _ := attr.(string)
		was, _ := under.Get(attr)
		if !slices.Contains(overridable, name) && !py.Equal(was, v) {
			out = append(out, Problem{Path{key, attr}, fmt.Sprintf(
				"The attribute %q for the runner parameter %q in action %q cannot be overridden.",
				py.Str(attr), py.Str(key), ref)})
		}
	}
	return out
}

func checkImmutable(key any, spec, under *py.Dict, overrides bool) []Problem {
	_, says := spec.GetString("immutable")
	if _, fixed := under.GetString("immutable"); says && overrides && fixed {
		return []Problem{{Path{key, "immutable"},
			fmt.Sprintf("Param %s is declared immutable in runner. Cannot override in action.", py.Str(key))}}
	}
	if !truth(spec, "immutable") {
		return nil
	}
	_, own := spec.GetString("default")
	_, inherited := under.GetString("default")
	if own || inherited {
		return nil
	}
	return []Problem{{Path{key, "immutable"}, fmt.Sprintf("Immutable param %s requires a default value.", py.Str(key))}}
}

func checkPositions(action *py.Dict) []Problem {
	var out []Problem
	var at []int64
	owner := map[int64]string{}
	for k, v := range action.All() {
		spec, _ := v.(*py.Dict)
		value, ok := spec.GetString("position")
		if !ok {
			continue
		}
		pos, ok := position(value)
		if !ok {
			out = append(out, Problem{Path{k, "position"}, fmt.Sprintf("Position %s of parameter %s is not a whole number.", py.Repr(value), py.Str(k))})
			continue
		}
		if first, taken := owner[pos]; taken {
			out = append(out, Problem{Path{k, "position"}, fmt.Sprintf(
				"Parameters %s and %s have same position %d. Position values have to be unique.", py.Str(k), first, pos)})
			continue
		}
		owner[pos] = py.Str(k)
		at = append(at, pos)
	}
	slices.Sort(at)
	if n := len(at); n > 0 && at[n-1]-at[0] != int64(n-1) {
		out = append(out, Problem{nil, fmt.Sprintf("Positions supplied %s for parameters are not contiguous.", pyList(at))})
	}
	return out
}

func position(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), v == float64(int64(v))
	}
	return 0, false
}

func pyList(at []int64) string {
	list := make([]any, len(at))
	for i, n := range at {
		list[i] = n
	}
	return py.Repr(list)
}
