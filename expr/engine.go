package expr

import (
	"fmt"
	"regexp"

	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

// Options say what an Engine may use. The zero value gives an engine with the default limits that cannot decrypt.
type Options struct {
	// Decrypt returns the clear text of an encrypted datastore item, for the filter decrypt_kv. Its error is what the
	// template's author sees, so it must not hold the text.
	Decrypt func(ciphertext string) (string, error)
	// Limits bound every evaluation; zero fields mean the defaults of package jinja.
	Limits jinja.Limits
	// CacheSize is how many bytes of template text are kept compiled, 4 MiB if 0. What is compiled takes some twenty
	// times as much memory.
	CacheSize int
}

// Engine renders templates. It may be used by many goroutines at once; one for the whole process is enough.
type Engine struct {
	opts            Options
	strict, lenient *jinja.Env
	cache           *cache
}

// New returns an engine.
func New(o Options) *Engine {
	if o.CacheSize == 0 {
		o.CacheSize = 4 << 20
	}
	env := jinja.StackStorm()
	env.Filters = filters(o.Decrypt)
	e := &Engine{opts: o, strict: jinja.New(env), cache: newCache(o.CacheSize)}
	env.Lenient = true
	e.lenient = jinja.New(env)
	return e
}

// filters makes Jinja filters of the functions.
func filters(decrypt func(string) (string, error)) map[string]*jinja.Function {
	all := map[string]*jinja.Function{
		"decrypt_kv": jinja.Def("decrypt_kv(value)", func(c *jinja.Call, args []any) (any, error) {
			return decryptKV(c, decrypt, args[0])
		}),
	}
	for _, f := range functions {
		all[f.name()] = jinja.Def(f.Signature, func(c *jinja.Call, args []any) (any, error) { return f.Do(c, args) })
	}
	return all
}

// KeyLookup is a datastore item named in a template. Its text is its value, empty if there is none.
type KeyLookup interface {
	py.Strer
	// KeyName returns the name as templates write it, such as st2kv.system.token.
	KeyName() string
}

func decryptKV(c Caller, decrypt func(string) (string, error), v any) (any, error) {
	s, err := c.Str(v)
	if err != nil {
		return nil, err
	}
	if item, ok := v.(KeyLookup); ok && s == "" {
		return nil, py.Errorf("ValueError", "Referenced datastore item %q doesn't exist or it contains an empty string", item.KeyName())
	}
	if decrypt == nil {
		return nil, py.Errorf("ValueError", "no key for encrypted datastore items is configured")
	}
	return decrypt(s)
}

// RenderTemplate renders a text with the variables and returns the text that comes out. Errors tell their class with
// [jinja.Class] and their place with [jinja.Position].
func (e *Engine) RenderTemplate(template string, vars *py.Dict) (string, error) {
	return e.render(e.strict, template, vars)
}

// RenderLenient is RenderTemplate where undefined variables are empty, as the formats of ChatOps want it.
func (e *Engine) RenderLenient(template string, vars *py.Dict) (string, error) {
	return e.render(e.lenient, template, vars)
}

func (e *Engine) render(env *jinja.Env, template string, vars *py.Dict) (string, error) {
	t, err := e.compiled(env, template)
	if err != nil {
		return "", err
	}
	return t.Render(jinja.DictVars(vars), e.opts.Limits)
}

// compiled parses a template or takes it from the cache.
func (e *Engine) compiled(env *jinja.Env, template string) (*jinja.Template, error) {
	k := cacheKey{template, env == e.lenient}
	if t := e.cache.get(k); t != nil {
		return t, nil
	}
	t, err := env.Parse(template)
	if err != nil {
		return nil, err
	}
	e.cache.put(k, t)
	return t, nil
}

// ValueError is the failure of one entry of a mapping.
type ValueError struct {
	Key      any
	Template string // the text that was rendered; the JSON text of a list or mapping
	Err      error
}

// Error returns the key and what went wrong.
func (e *ValueError) Error() string { return fmt.Sprintf("%s: %v", py.Str(e.Key), e.Err) }

// Unwrap returns what went wrong.
func (e *ValueError) Unwrap() error { return e.Err }

// RenderValues renders the values of a mapping and returns a new one. A text is rendered as it is; a list or mapping
// as its JSON text, which is then decoded again; anything else as its Python text. A value whose text does not change
// keeps its type. The variable __context is the whole context. An empty mapping or context returns the mapping itself.
//
// What goes wrong with an entry is a [*ValueError]: of the template, or JSONDecodeError when a value broke the JSON.
func (e *Engine) RenderValues(mapping, context *py.Dict) (*py.Dict, error) {
	if mapping.Len() == 0 || context.Len() == 0 {
		return mapping, nil
	}
	vars := py.NewDict(context.Len() + 1)
	vars.Set("__context", context)
	vars.Update(context)
	out := py.NewDict(mapping.Len())
	for k, v := range mapping.All() {
		rendered, err := e.renderValue(v, vars)
		if err != nil {
			err.Key = k
			return nil, err
		}
		out.Set(k, rendered)
	}
	return out, nil
}

func (e *Engine) renderValue(v any, vars *py.Dict) (any, *ValueError) {
	template, isJSON := "", false
	switch v := v.(type) {
	case string:
		template = v
	case []any, *py.List, *py.Dict:
		data, err := py.AppendJSON(nil, v)
		if err != nil {
			return nil, &ValueError{Err: err}
		}
		template, isJSON = string(data), true
	default:
		template = py.Str(v)
	}
	s, err := e.RenderTemplate(template, vars)
	if err != nil {
		return nil, &ValueError{Template: template, Err: err}
	}
	if s == template {
		return v, nil
	}
	if !isJSON {
		return s, nil
	}
	decoded, err := decodeJSON(s)
	if err != nil {
		return nil, &ValueError{Template: template, Err: err}
	}
	return decoded, nil
}

// wholeVariable finds texts in JSON that are nothing but a variable in braces, without blanks.
var wholeVariable = regexp.MustCompile(`"\{\{([A-z0-9_-]+)\}\}"`)

// RenderParameter renders the value of a parameter. A text gives a text. A list or mapping is rendered as JSON, in which
// texts that are exactly {{name}} become the variable with its type. Other values, and what holds no template, stay.
func (e *Engine) RenderParameter(v any, vars *py.Dict) (any, error) {
	switch v := v.(type) {
	case string:
		if !IsTemplate(v) {
			return v, nil
		}
		return e.RenderTemplate(v, vars)
	case []any, *py.List, *py.Dict:
		if !holdsTemplate(v) {
			return v, nil
		}
		data, err := py.AppendJSON(nil, v)
		if err != nil {
			return nil, err
		}
		template := wholeVariable.ReplaceAllString(string(data), "{{$1 | to_complex}}")
		s, err := e.RenderTemplate(template, vars)
		if err != nil {
			return nil, err
		}
		return decodeJSON(s)
	}
	return v, nil
}

// ReferencedVars returns the variables, sorted, that a parameter's value refers to: those of a text, or of a list or
// mapping anywhere in it. A value without a template has none. The error is one of syntax; such a value is no template
// but stands for itself.
func (e *Engine) ReferencedVars(v any) ([]string, error) {
	template, ok := v.(string)
	if !ok && holdsTemplate(v) {
		template = py.Str(v)
	}
	if !IsTemplate(template) {
		return nil, nil
	}
	t, err := e.compiled(e.strict, template)
	if err != nil {
		return nil, err
	}
	return t.Undeclared(), nil
}
