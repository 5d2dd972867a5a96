package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// form asks for the values of a schema, one question for each attribute.
type form struct{ env *Env }

// maxFormDepth bounds the objects inside objects that are asked for.
const maxFormDepth = 8

// object asks for all properties. What is left empty and has no default is
// left out.
func (f *form) object(properties *py.Dict) (*py.Dict, error) { return f.objectAt(properties, "", 0) }

func (f *form) objectAt(properties *py.Dict, prefix string, depth int) (*py.Dict, error) {
	out := py.NewDict(properties.Len())
	for k, v := range properties.All() {
		schema, _ := v.(*py.Dict)
		name := prefix + py.Str(k)
		inner := client.Dict(schema, "properties")
		if typeOf(schema) == "object" && inner.Len() > 0 && depth < maxFormDepth {
			d, err := f.objectAt(inner, name+".", depth+1)
			if err != nil {
				return nil, err
			}
			out.Set(k, d)
			continue
		}
		value, ok, err := f.ask(name, schema)
		if err != nil {
			return nil, err
		}
		if ok {
			out.Set(k, value)
		}
	}
	return out, nil
}

// ask repeats a question until the answer fits. The end of stdin skips what is
// not required.
func (f *form) ask(name string, schema *py.Dict) (value any, ok bool, err error) {
	standard, hasDefault := schema.GetString("default")
	need, _ := schema.GetString("required")
	for {
		text, err := f.line(f.prompt(name, schema, standard, hasDefault), schema)
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return nil, false, err
		}
		switch {
		case text == "" && hasDefault:
			return standard, true, nil
		case text == "" && need != true:
			return nil, false, nil
		case end:
			return nil, false, fmt.Errorf("no answer for %s, which is required", name)
		case text == "":
			continue
		}
		value, err := f.parse(text, schema)
		if err == nil {
			return value, true, nil
		}
		fmt.Fprintf(f.env.Stderr, "%s\n", err)
	}
}

func (f *form) prompt(name string, schema *py.Dict, standard any, hasDefault bool) string {
	var b strings.Builder
	if s := client.String(schema, "description"); s != "" {
		fmt.Fprintf(&b, "# %s\n", s)
	}
	for i, v := range client.Array(schema, "enum") {
		fmt.Fprintf(&b, "%d: %s\n", i, py.Str(v))
	}
	b.WriteString(name)
	switch typeOf(schema) {
	case "boolean":
		b.WriteString(" (y/n)")
	case "array":
		b.WriteString(" (comma-separated list)")
	}
	if secret, _ := schema.GetString("secret"); hasDefault && secret != true {
		fmt.Fprintf(&b, " [%s]", py.Str(standard))
	}
	return b.String() + ": "
}

func (f *form) line(prompt string, schema *py.Dict) (string, error) {
	if secret, _ := schema.GetString("secret"); secret == true {
		return f.env.Secret(prompt)
	}
	return f.env.ask(prompt)
}

func (f *form) parse(text string, schema *py.Dict) (any, error) {
	if enum := client.Array(schema, "enum"); len(enum) > 0 {
		return choose(text, enum)
	}
	switch typeOf(schema) {
	case "boolean":
		return yesNo(text)
	case "array":
		r := &paramReader{}
		return r.castArray(schema, text)
	}
	r := &paramReader{}
	return r.cast(schema, text)
}

// choose takes the number of a choice or the choice itself.
func choose(text string, enum []any) (any, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < len(enum) {
		return enum[n], nil
	}
	if at := slices.IndexFunc(enum, func(v any) bool { return py.Str(v) == text }); at >= 0 {
		return enum[at], nil
	}
	return nil, fmt.Errorf("%q is not one of the choices", text)
}

func yesNo(text string) (any, error) {
	switch strings.ToLower(text) {
	case "y", "yes", "true":
		return true, nil
	case "n", "no", "false":
		return false, nil
	}
	return nil, fmt.Errorf("answer y or n")
}

func (f *form) yes(question string, standard bool) (bool, error) {
	text, err := f.env.ask(question + " (y/n) [y]: ")
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if text == "" {
		return standard && err == nil, nil
	}
	v, err := yesNo(text)
	return v == true, err
}

// hidden masks the secrets of a schema for the preview.
func (f *form) hidden(values, properties *py.Dict) *py.Dict {
	out := values.Clone()
	for k, v := range values.All() {
		schema := client.Dict(properties, py.Str(k))
		if secret, _ := schema.GetString("secret"); secret == true {
			out.Set(k, mask)
			continue
		}
		if inner, ok := v.(*py.Dict); ok {
			out.Set(k, f.hidden(inner, client.Dict(schema, "properties")))
		}
	}
	return out
}
