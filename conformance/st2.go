package main

import (
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// judges holds a judge for every mode that has an engine. Records without a mode have the key "".
var judges = map[string]judge{
	"st2-render":                 st2Render,
	"st2-render-allow-undefined": st2RenderLenient,
	"st2-render-values":          st2RenderValues,
	"st2-cast":                   st2Cast,
	"st2-to-raw-block":           st2ToRawBlock,
	"st2-is-jinja":               st2IsJinja,
	"yaml":                       yamlScalars,
}

// engine returns the template engine, which decrypts what the record KV says.
func (s *shared) engine() *expr.Engine {
	if s.templates == nil {
		s.templates = s.newEngine()
	}
	return s.templates
}

func (s *shared) newEngine() *expr.Engine {
	return expr.New(expr.Options{Decrypt: func(ciphertext string) (string, error) {
		if kv, ok := s.values["KV"].(*py.Dict); ok {
			known, _ := kv.GetString("decrypted")
			if d, ok := known.(*py.Dict); ok {
				if clear := text(d, ciphertext); clear != "" {
					return clear, nil
				}
			}
		}
		return "", py.Errorf("ValueError", "not a ciphertext")
	}})
}

func st2Render(s *shared, rec *py.Dict) []verdict {
	got, err := s.engine().RenderTemplate(text(rec, "text"), s.data(rec))
	return outcome(rec, text(rec, "text"), got, err, jinjaKind)
}

func st2RenderLenient(s *shared, rec *py.Dict) []verdict {
	got, err := s.engine().RenderLenient(text(rec, "text"), s.data(rec))
	return outcome(rec, text(rec, "text"), got, err, jinjaKind)
}

func st2RenderValues(s *shared, rec *py.Dict) []verdict {
	v, _ := rec.GetString("mapping")
	mapping, _ := untag(v).(*py.Dict)
	got, err := s.engine().RenderValues(mapping, s.data(rec))
	return outcome(rec, py.Repr(v), got, err, jinjaKind)
}

func st2Cast(_ *shared, rec *py.Dict) []verdict {
	v, _ := rec.GetString("value_in")
	got, err := expr.Cast(text(rec, "cast"), untag(v))
	return outcome(rec, text(rec, "cast")+" "+py.Repr(v), got, err, jinjaKind)
}

func st2ToRawBlock(_ *shared, rec *py.Dict) []verdict {
	v, _ := rec.GetString("value_in")
	return outcome(rec, py.Repr(v), expr.ToRawBlock(untag(v)), nil, jinjaKind)
}

func st2IsJinja(_ *shared, rec *py.Dict) []verdict {
	v, _ := rec.GetString("value_in")
	return outcome(rec, py.Repr(v), expr.IsTemplate(untag(v)), nil, jinjaKind)
}

// yamlScalars reads as Orquesta's loader does: it was asked.
func yamlScalars(_ *shared, rec *py.Dict) []verdict {
	got, err := yaml.Options{UniqueKeys: true, NoMerge: true}.Decode([]byte(text(rec, "text")))
	return outcome(rec, text(rec, "text"), got, err, func(error) string { return "" })
}

// kinds maps exception classes to the vocabulary of the records.
var kinds = map[string]string{
	"AssertionError":         "assertion",
	"AttributeError":         "attribute",
	"FilterArgumentError":    "template_runtime",
	"IndexError":             "index",
	"JSONDecodeError":        "json_decode",
	"KeyError":               "key",
	"OverflowError":          "overflow",
	"RecursionError":         "recursion",
	"SecurityError":          "security",
	"SyntaxError":            "syntax",
	"TemplateAssertionError": "template_assertion",
	"TemplateRuntimeError":   "template_runtime",
	"TemplateSyntaxError":    "syntax",
	"TypeError":              "type",
	"UndefinedError":         "undefined",
	"ValueError":             "value",
	"ZeroDivisionError":      "zero_division",
	"re.error":               "regex",
}

// jinjaKind names the kind of an error of templates and casts: the vocabulary's word or, without one, the class.
func jinjaKind(err error) string {
	class := jinja.Class(err)
	if k := kinds[class]; k != "" {
		return k
	}
	return class
}
