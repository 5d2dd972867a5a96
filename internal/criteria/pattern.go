package criteria

import (
	"strings"
	"sync"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/pyre"
)

// pattern is what a criterion compares with. Only texts are rendered; each is
// a template, even without any marks.
type pattern struct {
	value   any
	engine  *expr.Engine
	fixed   bool   // rendering gives the same every time
	text    any    // what it gives, if fixed
	complex string // the template that keeps types, "" if there is none
}

func newPattern(value any, engine *expr.Engine) pattern {
	p := pattern{value: value, engine: engine}
	s, ok := value.(string)
	if !ok {
		p.fixed, p.text = true, value
		return p
	}
	if !strings.Contains(s, "{{") && !strings.Contains(s, "{%") && !strings.Contains(s, "{#") {
		text, err := engine.RenderTemplate(s, nil)
		p.fixed, p.text = err == nil, text
		return p
	}
	p.complex = keepTypes(s)
	return p
}

// expression finds {{ … }}; like the original it takes the last }} of a line
// for the end.
var expression = sync.OnceValues(func() (*pyre.Pattern, error) { return pyre.Compile(`({{)\s*(.*)\s*(}})`, 0) })

// keepTypes makes the template that prints its last expression as JSON, or
// returns "" where there is no expression.
func keepTypes(s string) string {
	re, err := expression()
	if err != nil {
		return ""
	}
	out, err := re.Sub(`\1\2 | to_complex\3`, s, 0)
	if err != nil || out == s {
		return ""
	}
	return out
}

// render returns the value to compare with. A template whose output is JSON
// gives that value with its type; any other gives its text.
func (p *pattern) render(r *run) (any, error) {
	if p.fixed {
		return p.text, nil
	}
	if p.complex != "" {
		v, done, err := p.renderComplex(r)
		if done || err != nil {
			return v, err
		}
	}
	s, err := p.engine.RenderTemplate(p.value.(string), r.variables())
	if err == nil {
		err = r.env.Datastore.Err()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// renderComplex tries the template that keeps types; done is false when the
// plain text is to be used instead: the output is no JSON, or the value is one
// that has none, as an item of the datastore.
func (p *pattern) renderComplex(r *run) (v any, done bool, err error) {
	s, err := p.engine.RenderTemplate(p.complex, r.variables())
	if err == nil {
		err = r.env.Datastore.Err()
	}
	switch class := jinja.Class(err); {
	case class == "ValueError", class == "JSONDecodeError":
		return nil, false, nil
	case class == "TypeError" && strings.Contains(err.Error(), "JSON serializable"):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	v, err = py.DecodeJSON([]byte(s))
	return v, err == nil, nil
}
