package schema

import (
	"slices"

	"github.com/galehq/gale/py"
)

// WithDefaults returns v with the defaults of the schema put in where a
// property is missing or null, in nested properties and items too, but not for
// patternProperties, additionalProperties and additionalItems. v is not
// changed; parts that need no default are shared.
//
// Only an object or array whose schema states that type is completed.
func WithDefaults(doc *py.Dict, v any) any {
	switch v := v.(type) {
	case *py.Dict:
		if text(doc, "type") == "object" {
			return defaultsObject(doc, v, 0)
		}
	case []any:
		if text(doc, "type") == "array" {
			return defaultsArray(doc, v, 0)
		}
	}
	return v
}

func hasType(doc *py.Dict, typ string) bool {
	v, _ := doc.GetString("type")
	return slices.Contains(typeNames(v), typ)
}

func defaultsObject(doc *py.Dict, v *py.Dict, depth int) *py.Dict {
	out := v.Clone()
	properties := dict(doc, "properties")
	for k, sub := range properties.All() {
		spec, ok := sub.(*py.Dict)
		if !ok {
			continue
		}
		part, _ := out.Get(k)
		if def, has := spec.GetString("default"); has && part == nil && mayDefault(doc, properties, k, out) {
			part = py.DeepCopy(def)
			out.Set(k, part)
		}
		if part = nested(spec, part, depth); part != nil {
			out.Set(k, part)
		}
	}
	return out
}

// mayDefault reports whether what the property depends on is there: setting
// exclusiveMaximum without maximum would make a fault of its own.
func mayDefault(doc, properties *py.Dict, key any, v *py.Dict) bool {
	list, _ := dict(doc, "dependencies").Get(key)
	wanted, _ := items(list)
	for _, w := range wanted {
		spec, _ := properties.Get(w)
		d, _ := spec.(*py.Dict)
		if _, comes := d.GetString("default"); comes {
			continue
		}
		if _, there := v.Get(w); !there {
			return false
		}
	}
	return true
}

// nested completes a part by its own schema; nil stays nil.
func nested(spec *py.Dict, part any, depth int) any {
	if depth > maxNesting {
		return part
	}
	switch v := part.(type) {
	case *py.Dict:
		if hasType(spec, "object") {
			return defaultsObject(spec, v, depth+1)
		}
	case []any:
		if hasType(spec, "array") {
			return defaultsArray(spec, v, depth+1)
		}
	}
	return part
}

func defaultsArray(doc *py.Dict, v []any, depth int) []any {
	value, _ := doc.GetString("items")
	single, _ := value.(*py.Dict)
	list, _ := items(value)
	if single.Len() == 0 && len(list) == 0 {
		return v
	}
	out := slices.Clone(v)
	for i := range out {
		spec := single
		if spec == nil {
			if i >= len(list) {
				break
			}
			spec, _ = list[i].(*py.Dict)
		}
		if def, has := spec.GetString("default"); has && out[i] == nil {
			out[i] = py.DeepCopy(def)
		}
		out[i] = nested(spec, out[i], depth)
	}
	return out
}

// Nullable returns a copy of an object schema in which every property that is
// optional, or whose default is null, admits null as well, in nested objects
// and in objects within arrays too. An enum is not widened: it still decides.
func Nullable(doc *py.Dict) *py.Dict { return nullable(doc, 0) }

func nullable(doc *py.Dict, depth int) *py.Dict {
	properties := dict(doc, "properties")
	if properties.Len() == 0 || depth > maxNesting {
		return doc
	}
	wide := py.NewDict(properties.Len())
	for k, v := range properties.All() {
		if spec, ok := v.(*py.Dict); ok {
			v = nullableProperty(spec, depth)
		}
		wide.Set(k, v)
	}
	out := doc.Clone()
	out.Set("properties", wide)
	return out
}

func nullableProperty(spec *py.Dict, depth int) *py.Dict {
	def, has := spec.GetString("default")
	if (has || !truth(spec, "required")) && def == nil {
		spec = admitNull(spec)
	}
	sub := dict(spec, "items")
	if hasType(spec, "array") && dict(sub, "properties").Len() > 0 {
		spec = spec.Clone()
		spec.Set("items", nullable(sub, depth+1))
	}
	if hasType(spec, "object") {
		spec = nullable(spec, depth+1)
	}
	return spec
}

// admitNull widens the first of anyOf, oneOf and type that the schema has.
// One without any of them admits null already.
func admitNull(spec *py.Dict) *py.Dict {
	for _, keyword := range []string{"anyOf", "oneOf"} {
		branches, ok := spec.GetString(keyword)
		if !ok {
			continue
		}
		list, _ := items(branches)
		if slices.ContainsFunc(list, isNullSchema) {
			return spec
		}
		return set(spec, keyword, append(slices.Clone(list), py.DictOf("type", "null")))
	}
	value, ok := spec.GetString("type")
	names := typeNames(value)
	if !ok || slices.Contains(names, "null") {
		return spec
	}
	wide := make([]any, 0, len(names)+1)
	for _, n := range names {
		wide = append(wide, n)
	}
	return set(spec, "type", append(wide, "null"))
}

func isNullSchema(v any) bool {
	d, ok := v.(*py.Dict)
	return (ok && text(d, "type") == "null") || v == "null"
}

func set(d *py.Dict, key string, v any) *py.Dict {
	d = d.Clone()
	d.Set(key, v)
	return d
}

// Complete validates v the way StackStorm validates parameters, payloads and
// API objects: with defaults filled in and null admitted where a property is
// optional. It returns the completed copy.
func Complete(doc *py.Dict, v any) (any, error) {
	s, err := Compile(Nullable(doc))
	if err != nil {
		return nil, err
	}
	return s.complete(v)
}

func (s *Schema) complete(v any) (any, error) {
	if _, ok := v.(*py.Dict); ok {
		v = WithDefaults(s.doc, v)
	}
	return v, s.Validate(v)
}
