package schema

import (
	"slices"

	"github.com/galehq/gale/py"
)

// Mask stands in for a secret wherever people can see it.
const Mask = "********"

// Secrets lists the parts of v that the schema calls secret: in properties,
// patternProperties, additionalProperties, items and additionalItems, in the
// branches of allOf, anyOf and oneOf, and behind local references. A secret
// object or array is one part. Null is never listed: there is nothing to hide.
// The kinds of the values decide, not the schema's type, so that a value of
// the wrong type is hidden too.
func Secrets(doc *py.Dict, v any) []Path { return secretsIn(doc, v, doc) }

func secretsIn(doc *py.Dict, v any, root *py.Dict) []Path {
	w := &secretWalk{root: root, seen: map[string]bool{}, fuel: fuelPerRun + fuelPerPart*parts(v)}
	w.visit(doc, v, nil, 0)
	return w.found
}

type secretWalk struct {
	root  *py.Dict
	found []Path
	seen  map[string]bool
	fuel  int
}

func (w *secretWalk) visit(doc *py.Dict, v any, at Path, depth int) {
	if v == nil || doc.Len() == 0 {
		return
	}
	if w.fuel--; truth(doc, "secret") || depth > maxNesting || w.fuel < 0 {
		w.add(at) // of what is too deep or too much to tell, nothing is shown
		return
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		branches, _ := doc.GetString(keyword)
		list, _ := items(branches)
		for _, b := range list {
			sub, _ := b.(*py.Dict)
			w.visit(sub, v, at, depth+1)
		}
	}
	if ref := text(doc, "$ref"); ref != "" {
		w.visit(resolve(w.root, ref), v, at, depth+1)
	}
	switch v := v.(type) {
	case *py.Dict:
		w.object(doc, v, at, depth)
	case []any:
		w.array(doc, v, at, depth)
	case *py.List:
		w.array(doc, v.Items, at, depth)
	}
}

func (w *secretWalk) add(at Path) {
	key := at.key()
	if !w.seen[key] {
		w.seen[key] = true
		w.found = append(w.found, slices.Clone(at))
	}
}

func (w *secretWalk) object(doc, v *py.Dict, at Path, depth int) {
	if !hasAny(doc, "properties", "patternProperties", "additionalProperties") {
		return
	}
	members := newMembers(doc)
	for k, part := range v.All() {
		for _, sub := range members.of(k) {
			w.visit(sub, part, append(at, k), depth+1)
		}
	}
}

func (w *secretWalk) array(doc *py.Dict, v []any, at Path, depth int) {
	if !hasAny(doc, "items", "additionalItems") {
		return
	}
	for i, part := range v {
		w.visit(ItemSchema(doc, i), part, append(at, i), depth+1)
	}
}

func hasAny(doc *py.Dict, keywords ...string) bool {
	return slices.ContainsFunc(keywords, func(k string) bool {
		_, ok := doc.GetString(k)
		return ok
	})
}

// members finds the schemas of an object's parts.
type members struct {
	properties *py.Dict
	patterns   []pattern
	schemas    []*py.Dict // of patterns
	additional *py.Dict
}

func newMembers(doc *py.Dict) members {
	m := members{properties: dict(doc, "properties"), additional: dict(doc, "additionalProperties")}
	for k, v := range dict(doc, "patternProperties").All() {
		source, isText := k.(string)
		sub, isSchema := v.(*py.Dict)
		if isText && isSchema {
			m.patterns = append(m.patterns, newPattern(source))
			m.schemas = append(m.schemas, sub)
		}
	}
	return m
}

// of returns the schemas of a part: of properties, else of all matching
// patterns, else of additionalProperties.
func (m members) of(key any) []*py.Dict {
	if v, ok := m.properties.Get(key); ok {
		sub, _ := v.(*py.Dict)
		return []*py.Dict{sub}
	}
	name, _ := key.(string)
	var out []*py.Dict
	for i, p := range m.patterns {
		if found, err := p.found(name); found || err != nil {
			out = append(out, m.schemas[i])
		}
	}
	if out == nil && m.additional != nil {
		out = []*py.Dict{m.additional}
	}
	return out
}

// PropertySchema returns the schema of an object's part: of properties, else
// all matching patternProperties merged (later ones win), else of
// additionalProperties, else nil.
func PropertySchema(doc *py.Dict, key any) *py.Dict {
	found := newMembers(doc).of(key)
	if len(found) <= 1 {
		return append(found, nil)[0]
	}
	merged := py.NewDict(0)
	for _, sub := range found {
		merged.Update(sub)
	}
	return merged
}

// ItemSchema returns the schema of an array's i-th item: of items, and of
// additionalItems where items is a shorter list, else nil.
func ItemSchema(doc *py.Dict, i int) *py.Dict {
	value, _ := doc.GetString("items")
	if single, ok := value.(*py.Dict); ok {
		return single
	}
	list, _ := items(value)
	if i < len(list) {
		sub, _ := list[i].(*py.Dict)
		return sub
	}
	return dict(doc, "additionalItems")
}

// ParameterSecrets lists the secret parts of the values of parameters, whose
// schemas are a map of name to schema.
func ParameterSecrets(parameters, values *py.Dict) []Path {
	return Secrets(py.DictOf("properties", parameters), values)
}

// DefaultSecrets lists where a map of parameters holds the defaults of
// secrets, nested ones included: they are stored with the schema.
func DefaultSecrets(parameters *py.Dict) []Path {
	var out []Path
	for k, v := range parameters.All() {
		if spec, ok := v.(*py.Dict); ok {
			out = append(out, defaultSecrets(spec, spec, Path{k}, 0)...)
		}
	}
	return out
}

func defaultSecrets(root, spec *py.Dict, at Path, depth int) []Path {
	if depth > maxNesting {
		return nil
	}
	var out []Path
	if def, ok := spec.GetString("default"); ok {
		for _, p := range secretsIn(spec, def, root) {
			out = append(out, join(at, append([]any{"default"}, p...)...))
		}
	}
	for _, keyword := range []string{"properties", "patternProperties"} {
		for k, v := range dict(spec, keyword).All() {
			if sub, ok := v.(*py.Dict); ok {
				out = append(out, defaultSecrets(root, sub, join(at, keyword, k), depth+1)...)
			}
		}
	}
	for _, keyword := range []string{"additionalProperties", "items", "additionalItems"} {
		if sub := dict(spec, keyword); sub != nil {
			out = append(out, defaultSecrets(root, sub, join(at, keyword), depth+1)...)
		}
	}
	return out
}

// MaskAt returns v with the mask in place of the parts at paths. v is not
// changed; what lies beside the paths is shared. Paths that lead nowhere are
// passed over.
func MaskAt(v any, paths []Path) any {
	return ReplaceAt(v, paths, func(Path, any) any { return Mask })
}

// ReplaceAt returns v with the parts at paths replaced by what fn makes of them.
func ReplaceAt(v any, paths []Path, fn func(Path, any) any) any {
	copied := map[any]bool{}
	for _, p := range paths {
		v = replaceAt(v, p, p, fn, copied)
	}
	return v
}

// replaceAt copies each dictionary on the way once: copied holds the copies.
func replaceAt(v any, rest, whole Path, fn func(Path, any) any, copied map[any]bool) any {
	if len(rest) == 0 {
		return fn(whole, v)
	}
	switch c := v.(type) {
	case *py.Dict:
		part, ok := c.Get(rest[0])
		if !ok {
			return v
		}
		if !copied[c] {
			c = c.Clone()
			copied[c] = true
		}
		c.Set(rest[0], replaceAt(part, rest[1:], whole, fn, copied))
		return c
	case *py.List:
		return replaceAt(c.Items, rest, whole, fn, copied)
	case []any:
		i, ok := rest[0].(int)
		if !ok || i < 0 || i >= len(c) {
			return v
		}
		if !copied[&c[0]] {
			c = slices.Clone(c)
			copied[&c[0]] = true
		}
		c[i] = replaceAt(c[i], rest[1:], whole, fn, copied)
		return c
	}
	return v
}
