package schema

import (
	"strings"

	"github.com/galehq/gale/py"
)

// The shapes of a pack's files. Fields that are computed may be present; what
// an author writes into them is ignored.

const computed = `"id": {"type": "string"}, "ref": {"type": "string"}, "uid": {"type": "string"}, "metadata_file": {"type": "string"}`

const tags = `"tags": {"type": "array", "items": {"type": "object", "properties": {
	"name": {"type": "string", "maxLength": 1024}, "value": {"type": "string", "maxLength": 1024}}}}`

const notification = `{"type": "object", "additionalProperties": false, "properties": {
	"message": {"type": "string"}, "data": {"type": "object"}, "routes": {"type": "array"}, "channels": {"type": "array"}}}`

const notify = `"notify": {"type": "object", "additionalProperties": false, "properties": {
	"on-complete": ` + notification + `, "on-success": ` + notification + `, "on-failure": ` + notification + `}}`

const actionFields = computed + `, ` + tags + `, ` + notify + `,
	"name": {"type": "string", "required": true},
	"runner_type": {"type": "string", "required": true},
	"pack": {"type": "string"},
	"description": {"type": "string"},
	"enabled": {"type": "boolean", "default": true},
	"entry_point": {"type": "string", "default": ""},
	"parameters": {"type": "object", "default": {}},
	"output_schema": {"type": "object"}`

const ruleFields = `"id": {"type": "string"}, "ref": {"type": "string"}, "uid": {"type": "string"},
	"metadata_file": {"type": "string"},
	"name": {"type": "string", "required": true},
	"pack": {"type": "string"},
	"description": {"type": "string"},
	"enabled": {"type": "boolean", "default": false},
	"trigger": {"type": "object", "required": true, "properties": {
		"type": {"type": "string", "required": true},
		"parameters": {"type": "object", "default": {}},
		"description": {"type": "string"},
		"ref": {"type": "string"}}},
	"criteria": {"type": "object", "default": {}},
	"action": {"type": "object", "required": true, "additionalProperties": false, "properties": {
		"ref": {"type": "string", "required": true},
		"parameters": {"type": "object"},
		"description": {"type": "string"}}},
	"type": {"type": "object", "additionalProperties": false, "properties": {
		"ref": {"type": "string", "required": true},
		"parameters": {"type": "object"}}},
	"context": {"type": "object"},
	"tags": {"type": "array", "items": {"type": "object"}}`

const aliasFields = computed + `,
	"name": {"type": "string", "required": true},
	"action_ref": {"type": "string", "required": true},
	"description": {"type": "string"},
	"enabled": {"type": "boolean", "default": true},
	"formats": {"type": "array", "items": {"anyOf": [
		{"type": "string"},
		{"type": "object", "properties": {
			"display": {"type": "string"},
			"representation": {"type": "array", "items": {"type": "string"}},
			"match_multiple": {"type": "boolean"}}}]}},
	"ack": {"type": "object", "properties": {
		"enabled": {"type": "boolean"}, "format": {"type": "string"}, "extra": {"type": "object"}, "append_url": {"type": "boolean"}}},
	"result": {"type": "object", "properties": {
		"enabled": {"type": "boolean"}, "format": {"type": "string"}, "extra": {"type": "object"}}},
	"extra": {"type": "object"},
	"immutable_parameters": {"type": "object"}`

const policyFields = computed + `,
	"name": {"type": "string", "required": true},
	"pack": {"type": "string"},
	"description": {"type": "string"},
	"enabled": {"type": "boolean", "default": true},
	"resource_ref": {"type": "string", "required": true},
	"policy_type": {"type": "string", "required": true},
	"parameters": {"type": "object", "additionalProperties": false, "patternProperties": {"^\\w+$": {"anyOf": [
		{"type": "array"}, {"type": "boolean"}, {"type": "integer"}, {"type": "number"}, {"type": "object"}, {"type": "string"}]}}}`

const triggerTypeFields = computed + `, ` + tags + `,
	"name": {"type": "string", "required": true},
	"pack": {"type": "string"},
	"description": {"type": "string"},
	"parameters_schema": {"type": "object", "default": {}},
	"payload_schema": {"type": "object", "default": {}}`

var (
	packFile = strict(`{"type": "object", "properties": {
		"id": {"type": "string"}, "uid": {"type": "string"}, "path": {"type": "string"},
		"name": {"type": "string", "required": true},
		"ref": {"type": "string", "pattern": "^[a-z0-9_]+$"},
		"description": {"type": "string", "required": true},
		"version": {"type": "string", "required": true, "pattern":
			"^(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)(?:-[\\da-z\\-]+(?:\\.[\\da-z\\-]+)*)?(?:\\+[\\da-z\\-]+(?:\\.[\\da-z\\-]+)*)?$"},
		"author": {"type": "string", "required": true},
		"email": {"type": "string", "required": true, "pattern": "^([^@\\s,]+@[^@\\s,]+\\.[^@\\s,.]+)?$"},
		"keywords": {"type": "array", "items": {"type": "string"}},
		"contributors": {"type": "array", "items": {"type": "string", "maxLength": 100}},
		"stackstorm_version": {"type": "string", "pattern": "^((>?>|>=|=|<=|<?<)\\s*[0-9]+\\.[0-9]+(\\.[0-9]+)?(\\s*,)?\\s*)+$"},
		"python_versions": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
			"items": {"type": "string", "enum": ["2", "3"]}},
		"files": {"type": "array", "items": {"type": "string"}},
		"dependencies": {"type": "array", "items": {"type": "string"}},
		"system": {"type": "object"}}}`)
	actionFile = strict(closed(actionFields))
	ruleFile   = strict(closed(ruleFields))
	aliasFile  = strict(closed(aliasFields + `, "pack": {"type": "string"}`))
	policyFile = strict(closed(policyFields))
	typeFile   = strict(`{"type": "object", "properties": {` + triggerTypeFields + `}}`)
	sensorFile = strict(`{"type": "object", "properties": {
		"class_name": {"type": "string", "required": true},
		"entry_point": {"type": "string", "required": true},
		"description": {"type": "string"},
		"pack": {"type": "string"},
		"enabled": {"type": "boolean"},
		"poll_interval": {"type": "number", "minimum": 4},
		"trigger_types": {"type": "array", "items": {"type": "object"}}}}`)
)

func closed(fields string) string {
	return `{"type": "object", "additionalProperties": false, "properties": {` + fields + `}}`
}

// strict compiles, once, a schema in which optional properties may be null.
func strict(source string) func() *Schema {
	raw := own(source)
	return onceSchema(func() *Schema {
		wide := Nullable(raw().doc)
		s, err := compile(wide)
		if err != nil {
			panic("schema: " + err.Error())
		}
		return s
	})
}

// CheckPack checks a pack.yaml. A version that YAML read as a number is
// checked as its text.
func CheckPack(doc *py.Dict) []Problem {
	if v, ok := doc.GetString("version"); ok && py.Truth(v) {
		doc = set(doc, "version", py.Str(v))
	}
	found := packFile().problems(nil, doc)
	for i, p := range found {
		if len(p.Path) == 1 && strings.Contains(p.Message, "does not match") {
			found[i].Message = explainPack(step(p.Path[0]), doc, p.Message)
		}
	}
	if text(doc, "ref") == "_global" {
		found = append(found, Problem{Path{"ref"}, `The ref "_global" is reserved.`})
	}
	return found
}

// explainPack says what a pattern of pack.yaml means.
func explainPack(key string, doc *py.Dict, message string) string {
	switch key {
	case "version":
		return `Pack version "` + text(doc, key) + `" doesn't follow a valid semver format. ` +
			"Valid versions and formats include: 0.1.0, 0.2.1, 1.1.0, etc."
	case "ref":
		return "Pack ref / name can only contain valid word characters (a-z, 0-9 and _), dashes are not allowed."
	case "email":
		return py.Repr(text(doc, key)) + " is not an e-mail address"
	}
	return message
}

// CheckAction checks an action's metadata file, without what needs its runner
// (see CheckActionParameters).
func CheckAction(doc *py.Dict) []Problem {
	out := actionFile().problems(nil, doc)
	for _, p := range CheckParameters(dict(doc, "parameters")) {
		out = append(out, Problem{join(Path{"parameters"}, p.Path...), p.Message})
	}
	for _, p := range CheckOutputSchema(dict(doc, "output_schema")) {
		out = append(out, Problem{join(Path{"output_schema"}, p.Path...), p.Message})
	}
	return out
}

// CheckRule checks a rule file, without its criteria's operators (package criteria does).
func CheckRule(doc *py.Dict) []Problem { return ruleFile().problems(nil, doc) }

// CheckAlias checks an action alias file.
func CheckAlias(doc *py.Dict) []Problem { return aliasFile().problems(nil, doc) }

// CheckPolicy checks a policy file; its parameters are checked by CheckPolicyValues.
func CheckPolicy(doc *py.Dict) []Problem { return policyFile().problems(nil, doc) }

// CheckPolicyValues checks the parameters of a policy against its type's
// schemas and returns them with defaults, which is what is stored.
func CheckPolicyValues(parameters, values *py.Dict) (*py.Dict, error) {
	if values == nil {
		values = py.NewDict(0)
	}
	whole, err := Complete(ObjectOf(parameters, false), values)
	if err != nil {
		return nil, err
	}
	return whole.(*py.Dict), nil
}

// CheckSensor checks what Gale reads of a sensor's metadata file. Unknown keys
// pass: many packs carry keys of long ago.
func CheckSensor(doc *py.Dict) []Problem {
	out := sensorFile().problems(nil, doc)
	value, _ := doc.GetString("trigger_types")
	list, _ := items(value)
	for i, v := range list {
		if d, ok := v.(*py.Dict); ok {
			for _, p := range CheckTriggerType(d) {
				out = append(out, Problem{join(Path{"trigger_types", i}, p.Path...), p.Message})
			}
		}
	}
	return out
}

// CheckTriggerType checks a trigger type: a file under triggers, or an entry
// of a sensor's trigger_types.
func CheckTriggerType(doc *py.Dict) []Problem {
	out := typeFile().problems(nil, doc)
	for _, key := range []string{"parameters_schema", "payload_schema"} {
		for _, p := range lenientProblems(dict(doc, key)) {
			out = append(out, Problem{join(Path{key}, p.Path...), p.Message})
		}
	}
	return out
}

func lenientProblems(doc *py.Dict) []Problem {
	if doc.Len() == 0 {
		return nil
	}
	return lenient().problems(nil, doc)
}

// CheckConfigSchema checks a config.schema.yaml.
func CheckConfigSchema(doc *py.Dict) []Problem { return CheckParameters(doc) }

// CheckConfig checks the values of a pack's config as they are written:
// templates count as text. Keys that the schema does not know are allowed. A
// value that is decrypted because its attribute is secret may not decrypt
// itself as well.
func CheckConfig(attributes, values *py.Dict) []Problem {
	if attributes.Len() == 0 {
		return nil
	}
	doc := Nullable(ObjectOf(attributes, true))
	s, err := Compile(doc)
	if err != nil {
		return []Problem{{nil, err.Error()}}
	}
	if values == nil {
		values = py.NewDict(0)
	}
	whole, _ := WithDefaults(doc, values).(*py.Dict)
	out := s.problems(nil, whole)
	for k, v := range whole.All() {
		attribute, _ := attributes.Get(k)
		spec, _ := attribute.(*py.Dict)
		if t, ok := v.(string); ok && truth(spec, "secret") && isTemplate(t) && strings.Contains(t, "decrypt_kv") {
			out = append(out, Problem{Path{k}, "values of secret attributes are decrypted automatically; " +
				`use of "decrypt_kv" is not allowed for them`})
		}
	}
	return out
}

func isTemplate(s string) bool { return strings.Contains(s, "{{") || strings.Contains(s, "{%") }

// ConfigError words the problems of a config as StackStorm does; nil when there are none.
func ConfigError(problems []Problem, pack, file string) error {
	if len(problems) == 0 {
		return nil
	}
	p := problems[0]
	return &Error{
		Message: `Failed validating attribute "` + p.Path.String() + `" in config for pack "` + pack + `" (` + file + `): ` + p.Message,
		Path:    p.Path,
	}
}
