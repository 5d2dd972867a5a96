package params

import (
	"fmt"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

// ConfigSource is what the values of a pack's config are resolved with.
type ConfigSource struct {
	Pack      string
	Engine    *expr.Engine
	Datastore *Datastore
	Decrypt   func(ciphertext string) (string, error) // for attributes that are secret
}

// ResolveConfig returns the config of a pack as actions and sensors get it:
// defaults of the schema fill what is missing or null, at every depth, and
// objects and arrays with a schema of their own come into being; then every
// text with a template is rendered with st2kv alone, which gives a text again,
// or null when nothing comes out. Where the schema says secret, that text is
// ciphertext and is decrypted. Keys that the schema does not know are kept.
// required is not enforced, and $ref is not followed.
//
// Templates in defaults are rendered like those in values. The error is of
// kind gale.Invalid, or that of the datastore when it is out of reach.
func ResolveConfig(attributes, values *py.Dict, src ConfigSource) (*py.Dict, error) {
	whole := py.DictOf("type", "object", "properties", orEmpty(attributes))
	completed := fillObject(whole, orEmpty(values), 0)
	r := &configRun{src: src, vars: py.DictOf(varDatastore, src.Datastore.Vars())}
	v, err := r.resolve(whole, completed, nil)
	if err != nil {
		return nil, err
	}
	return v.(*py.Dict), nil
}

// maxConfigDepth bounds how deep schema and values are followed.
const maxConfigDepth = 128

func fillObject(spec, v *py.Dict, depth int) *py.Dict {
	out := v.Clone()
	if out == nil {
		out = py.NewDict(0)
	}
	properties, _ := spec.GetString("properties")
	known, _ := properties.(*py.Dict)
	for _, k := range slices.Concat(known.Keys(), v.Keys()) {
		part, present := out.Get(k)
		if made, keep := fill(schema.PropertySchema(spec, k), part, present, depth); keep {
			out.Set(k, made)
		}
	}
	return out
}

// fill completes one part; keep is false when there is neither value nor default.
func fill(spec *py.Dict, v any, present bool, depth int) (made any, keep bool) {
	if def, has := spec.GetString("default"); has && v == nil {
		v, present = py.DeepCopy(def), true
	}
	if depth > maxConfigDepth {
		return v, present
	}
	switch {
	case declaredType(spec) == "object" && hasAny(spec, "properties", "patternProperties", "additionalProperties"):
		d, _ := v.(*py.Dict)
		if d != nil || !py.Truth(v) {
			return fillObject(spec, d, depth+1), true
		}
	case declaredType(spec) == "array" && hasAny(spec, "items", "additionalItems"):
		list, isList := v.([]any)
		if isList || !py.Truth(v) {
			return fillArray(spec, list, depth+1), true
		}
	}
	return v, present
}

func fillArray(spec *py.Dict, v []any, depth int) []any {
	out := make([]any, len(v))
	for i, part := range v {
		out[i], _ = fill(schema.ItemSchema(spec, i), part, true, depth)
	}
	return out
}

func hasAny(spec *py.Dict, keywords ...string) bool {
	return slices.ContainsFunc(keywords, func(k string) bool {
		v, _ := spec.GetString(k)
		return py.Truth(v)
	})
}

type configRun struct {
	src  ConfigSource
	vars *py.Dict
}

func (r *configRun) resolve(spec *py.Dict, v any, at schema.Path) (any, error) {
	switch v := v.(type) {
	case string:
		if expr.IsTemplate(v) {
			return r.render(spec, v, at)
		}
	case *py.Dict:
		out := py.NewDict(v.Len())
		for k, part := range v.All() {
			made, err := r.resolve(schema.PropertySchema(spec, k), part, append(at, k))
			if err != nil {
				return nil, err
			}
			out.Set(k, made)
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, part := range v {
			made, err := r.resolve(schema.ItemSchema(spec, i), part, append(at, i))
			if err != nil {
				return nil, err
			}
			out[i] = made
		}
		return out, nil
	}
	return v, nil
}

func (r *configRun) render(spec *py.Dict, template string, at schema.Path) (any, error) {
	text, err := r.src.Engine.RenderTemplate(template, r.vars)
	if lost := r.src.Datastore.Err(); lost != nil {
		return nil, fmt.Errorf("resolve %s in the config of pack %s: %w", at, r.src.Pack, lost)
	}
	if err != nil {
		return nil, r.errorf(template, at, jinja.Message(err))
	}
	if text == "" {
		return nil, nil
	}
	if secret, _ := spec.GetString("secret"); !py.Truth(secret) {
		return text, nil
	}
	if r.src.Decrypt == nil {
		return nil, r.errorf(template, at, "no key for encrypted datastore items is configured")
	}
	clear, err := r.src.Decrypt(text)
	if err != nil {
		return nil, r.errorf(template, at, err.Error())
	}
	return clear, nil
}

func (r *configRun) errorf(template string, at schema.Path, why string) error {
	return gale.Errorf(gale.Invalid, "%s", fmt.Sprintf(
		"Failed to render dynamic configuration value for key %q with value %q for pack %q config: %s",
		at.String(), template, r.src.Pack, why))
}
