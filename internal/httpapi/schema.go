package httpapi

import (
	"fmt"
	"strings"

	"github.com/galehq/gale/py"
)

const definitionPrefix = "#/definitions/"

// maxSchemaDepth bounds references that lead to themselves.
const maxSchemaDepth = 32

// Schema returns a definition of the document in the dialect of package
// schema: references are replaced by what they refer to, what only describes
// is left out, and a property says itself that it is required. Swagger has no
// types that are a choice, so the document writes "x-nullable: true" for "or
// null" and "x-types: [a, b]" for "a or b"; both become a list of types.
func (doc *Document) Schema(name string) (*py.Dict, error) {
	v, ok := doc.definitions.GetString(name)
	if !ok {
		return nil, fmt.Errorf("the schema %q is not defined", name)
	}
	d, err := doc.plain(v, 0)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	return d, nil
}

func (doc *Document) plain(v any, depth int) (*py.Dict, error) {
	in, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("a schema is %s, not an object", jsonType(v))
	}
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("schemas are nested more than %d levels deep", maxSchemaDepth)
	}
	if ref, ok := in.GetString("$ref"); ok {
		name := strings.TrimPrefix(py.Str(ref), definitionPrefix)
		target, ok := doc.definitions.GetString(name)
		if !ok {
			return nil, fmt.Errorf("the schema %q is not defined", name)
		}
		return doc.plain(target, depth+1)
	}
	out := py.NewDict(in.Len())
	for k, v := range in.All() {
		if err := doc.plainKey(out, py.Str(k), v, depth); err != nil {
			return nil, err
		}
	}
	addTypes(out, in)
	addRequired(out)
	return out, nil
}

// addRequired moves the list of required properties into the properties,
// which plain has made anew.
func addRequired(out *py.Dict) {
	n := node{out}
	list := n.get("required").list()
	if len(list) == 0 {
		return
	}
	for _, name := range list {
		if p := n.get("properties").get(py.Str(name)).dict(); p != nil {
			p.Set("required", true)
		}
	}
	out.Delete("required")
}

// plainKey adds one keyword of a schema to out.
func (doc *Document) plainKey(out *py.Dict, key string, v any, depth int) error {
	switch key {
	case "description", "title", "example", "x-nullable", "x-types":
		return nil
	case "properties", "patternProperties":
		props := py.NewDict(0)
		for name, sub := range (node{v}).all() {
			p, err := doc.plain(sub.v, depth+1)
			if err != nil {
				return err
			}
			props.Set(name, p)
		}
		out.Set(key, props)
		return nil
	case "items", "additionalProperties", "not":
		if _, isBool := v.(bool); isBool {
			break
		}
		p, err := doc.plain(v, depth+1)
		if err != nil {
			return err
		}
		out.Set(key, p)
		return nil
	case "allOf", "anyOf", "oneOf":
		list := []any{}
		for _, sub := range (node{v}).list() {
			p, err := doc.plain(sub, depth+1)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
		out.Set(key, list)
		return nil
	}
	out.Set(key, v)
	return nil
}

// addTypes gives out the list of types that x-types and x-nullable stand for.
func addTypes(out, in *py.Dict) {
	n := node{in}
	types := append([]any(nil), n.get("x-types").list()...)
	if t := n.get("type"); t.v != nil && len(types) == 0 {
		types = append(types, t.v)
	}
	if n.get("x-nullable").bool() && len(types) > 0 {
		types = append(types, "null")
	}
	if len(types) > 1 {
		out.Set("type", types)
	}
}
