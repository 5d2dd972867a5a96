package schema

import (
	"strings"
	"sync"

	"github.com/galehq/gale/py"
)

// The meta-schemas: what a schema may look like. Inside them "#" is the
// lenient one, so that only the top level of a parameter is strict.

// keywordRules are the rules of the keywords that all meta-schemas share.
const keywordRules = `
	"id": {"type": "string"},
	"$schema": {"type": "string"},
	"title": {"type": "string"},
	"description": {"type": "string"},
	"default": {},
	"multipleOf": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
	"maximum": {"type": "number"},
	"exclusiveMaximum": {"type": "boolean"},
	"minimum": {"type": "number"},
	"exclusiveMinimum": {"type": "boolean"},
	"maxLength": {"type": "integer", "minimum": 0},
	"minLength": {"type": "integer", "minimum": 0},
	"pattern": {"type": "string"},
	"additionalItems": {"anyOf": [{"type": "boolean"}, {"$ref": "#"}]},
	"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemas"}]},
	"maxItems": {"type": "integer", "minimum": 0},
	"minItems": {"type": "integer", "minimum": 0},
	"uniqueItems": {"type": "boolean"},
	"maxProperties": {"type": "integer", "minimum": 0},
	"minProperties": {"type": "integer", "minimum": 0},
	"required": {"type": "boolean"},
	"secret": {"type": "boolean"},
	"additionalProperties": {"anyOf": [{"type": "boolean"}, {"$ref": "#"}]},
	"definitions": {"type": "object", "additionalProperties": {"$ref": "#"}},
	"properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
	"patternProperties": {"type": "object", "additionalProperties": {"$ref": "#"}},
	"dependencies": {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/names"}]}},
	"enum": {"type": "array", "minItems": 1, "uniqueItems": true},
	"position": {"type": "number", "minimum": 0},
	"immutable": {"type": "boolean"},
	"allOf": {"$ref": "#/definitions/schemas"},
	"anyOf": {"$ref": "#/definitions/schemas"},
	"oneOf": {"$ref": "#/definitions/schemas"},
	"not": {"$ref": "#"}`

const (
	oneType   = `"type": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}`
	someTypes = `"type": {"anyOf": [{"$ref": "#/definitions/type"},
		{"type": "array", "items": {"$ref": "#/definitions/type"}, "minItems": 1, "uniqueItems": true}]}`
	definitions = `"definitions": {
		"schemas": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
		"names": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true},
		"type": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}}`
	together = `"dependencies": {"exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"]}`
)

// What policies' parameter schemas may contain, besides what keywordRules say.
const formatRule = `"format": {"type": "string"}`

const (
	lenientMeta   = `{"type": "object", ` + together + `, "properties": {` + keywordRules + `, ` + someTypes + `}, ` + definitions + `}`
	parameterMeta = `{"type": "object", ` + together + `, "properties": {` + keywordRules + `, ` + oneType + `}, "additionalProperties": false}`
	policyMeta    = `{"type": "object", ` + together + `, "properties": {` + keywordRules + `, ` + formatRule + `, ` + someTypes + `}, "additionalProperties": false}`
	outputMeta    = `{"type": "object", ` + together + `, "properties": {` + keywordRules + `, ` + oneType + `}}`
)

var (
	lenient   = sync.OnceValue(func() *Schema { return mustCompile(lenientMeta, map[string]*node{}) })
	parameter = own(parameterMeta)
	policy    = own(policyMeta)
	output    = own(outputMeta)
)

// own compiles, once, a schema of this package's own; "#" in it is the lenient meta-schema.
func own(source string) func() *Schema {
	return sync.OnceValue(func() *Schema { return mustCompile(source, metaRefs()) })
}

func mustCompile(source string, refs map[string]*node) *Schema {
	v, err := py.DecodeJSON([]byte(source))
	if err != nil {
		panic("schema: " + err.Error() + " in " + source)
	}
	doc := v.(*py.Dict)
	s := &Schema{doc: doc, refs: refs}
	c := &compiler{schema: s}
	if s.root, err = c.node(doc, 0); err != nil {
		panic("schema: " + err.Error() + " in " + source)
	}
	return s
}

// metaRefs are the references into the lenient meta-schema, shared by all that use it.
func metaRefs() map[string]*node {
	refs := map[string]*node{"#": lenient().root}
	for ref, n := range lenient().refs {
		refs[ref] = n
	}
	return refs
}

// CheckSchema checks a schema against the lenient meta-schema: what may stand
// below the top level of a parameter, or describe a trigger or an inquiry.
func CheckSchema(doc *py.Dict) error {
	if doc.Len() == 0 {
		return nil
	}
	return lenient().Validate(doc)
}

// CheckParameters checks a map of parameter name to schema, as actions,
// runners and config schemas have it. Paths start at the parameter's name.
func CheckParameters(parameters *py.Dict) []Problem {
	return checkParameters(parameters, parameter())
}

// CheckPolicyParameters is CheckParameters for policy types, whose schemas
// may use format and lists of types.
func CheckPolicyParameters(parameters *py.Dict) []Problem {
	return checkParameters(parameters, policy())
}

func checkParameters(parameters *py.Dict, meta *Schema) []Problem {
	var out []Problem
	for k, v := range parameters.All() {
		name, ok := k.(string)
		if !ok || !isWord(name) {
			out = append(out, Problem{Path{k}, `Parameter name "` + py.Str(k) +
				`" is invalid. Valid characters for parameter name are [a-zA-Z0-9_].`})
			continue
		}
		for _, e := range meta.Errors(v) {
			out = append(out, Problem{join(Path{name}, e.Path...), e.Message})
		}
	}
	return out
}

// isWord reports whether name matches ^\w+$ as Python reads it: letters and
// digits of any script, and one newline at the end is overlooked.
func isWord(name string) bool {
	found, err := wordPattern().found(name)
	return err == nil && found && strings.TrimSpace(name) != ""
}

var wordPattern = sync.OnceValue(func() pattern { return newPattern(`^\w+$`) })

// Problem is something wrong with a file or body, at a place in it.
type Problem struct {
	Path    Path
	Message string
}

// String returns "path: message".
func (p Problem) String() string {
	if len(p.Path) == 0 {
		return p.Message
	}
	return p.Path.String() + ": " + p.Message
}

// problems returns what is wrong with doc, below prefix.
func (s *Schema) problems(prefix Path, doc any) []Problem {
	found := s.Errors(doc)
	out := make([]Problem, 0, len(found))
	for _, e := range found {
		out = append(out, Problem{join(prefix, e.Path...), e.Message})
	}
	return out
}
