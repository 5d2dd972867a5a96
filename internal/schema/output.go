package schema

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// outputSchema returns what an action's output_schema says about the value
// under the runner's output key. Without type it is the legacy form, a bare
// map of properties, which is good for masking only. ok is false when it says
// nothing.
func outputSchema(doc *py.Dict) (full *py.Dict, legacy, ok bool) {
	if doc.Len() == 0 {
		return nil, false, false
	}
	if _, typed := doc.GetString("type"); !typed {
		doc, legacy = py.DictOf("type", "object", "properties", doc, "additionalProperties", true), true
	}
	return doc, legacy, true
}

// OutputSecrets lists the secret parts of a result. A malformed schema is
// still followed as far as it goes: better to hide too much.
func OutputSecrets(action *gale.Action, runner *gale.RunnerType, result any) []Path {
	d, isDict := result.(*py.Dict)
	doc, _, ok := outputSchema(action.OutputSchema)
	if !isDict || !ok || runner.OutputKey == "" {
		return nil
	}
	value, ok := d.GetString(runner.OutputKey)
	if !ok {
		return nil
	}
	found := Secrets(doc, value)
	for i, p := range found {
		found[i] = join(Path{runner.OutputKey}, p...)
	}
	return found
}

// ValidateOutput checks a result against the runner's output schema as a
// whole, and against the action's under the runner's output key. Schemas that
// are malformed, and actions' schemas in the legacy form, check nothing.
func ValidateOutput(action *gale.Action, runner *gale.RunnerType, result any) error {
	whole := full(runner.OutputSchema)
	if whole == nil {
		return nil // without it StackStorm looks at neither
	}
	if e := best(whole.faults(result)); e != nil {
		return e.placed()
	}
	part := full(action.OutputSchema)
	d, _ := result.(*py.Dict)
	if part == nil {
		return nil
	}
	value, ok := d.GetString(runner.OutputKey)
	if !ok {
		return &Error{Message: py.Repr(runner.OutputKey) + " is a required property",
			Path: Path{runner.OutputKey}, Keyword: "required"}
	}
	if e := best(part.faults(value)); e != nil {
		e.Path = join(Path{runner.OutputKey}, e.Path...)
		return e.placed()
	}
	return nil
}

// full compiles an output schema, nil when it cannot be applied.
func full(doc *py.Dict) *Schema {
	doc, legacy, ok := outputSchema(doc)
	if !ok || legacy || output().Validate(doc) != nil {
		return nil
	}
	s, err := compile(doc)
	if err != nil {
		return nil
	}
	return s
}

// CheckOutputSchema checks an output_schema as files and API bodies have it.
// The legacy form may hold anything that is a map of schemas.
func CheckOutputSchema(doc *py.Dict) []Problem { return output().problems(nil, doc) }
