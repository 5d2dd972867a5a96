package expr

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

var vars = py.DictOf(
	"a", int64(1), "s", "text", "t", true, "n", nil, "l", []any{int64(3), "x"}, "d", py.DictOf("k", "v", "n", int64(2)),
	"quote", `say "hi"`, "empty", "",
)

func TestRenderTemplate(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct{ template, want string }{
		{"plain", "plain"},
		{"plain\n", "plain"},
		{"{{ a }}-{{ s }}", "1-text"},
		{"{{ d }}", "{'k': 'v', 'n': 2}"},
		{"{{ n }}{{ t }}", "NoneTrue"},
		{"{% for x in l %}\n{{ x }},\n{% endfor %}\n", "3,\nx,\n"},
		{"{{ d | to_json_string }}", `{"k": "v","n": 2}`},
		{"{{ s | regex_replace('t', 'T') }}", "TexT"},
		{"{{ 3 in [1, 2, 3] }}", "True"},
		{"{{ l | map('to_complex') | join(';') }}", `3;"x"`},
	} {
		if got, err := e.RenderTemplate(c.template, vars); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestErrorsOfTemplatesHaveClassAndPlace(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct{ template, class, message string }{
		{"{{ nope }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | to_json_string }}", "TypeError", "Object of type StrictUndefined is not JSON serializable"},
		{"{{ nope | regex_match('a') }}", "UndefinedError", "'nope' is undefined"},
		{"{{ 'a' | regex_match(nope) }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | from_json_string }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | from_yaml_string }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | jsonpath_query('a') }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | use_none }}", "UndefinedError", "'nope' is undefined"},
		{"{{ nope | basename }}", "TypeError", "expected str, bytes or os.PathLike object, not StrictUndefined"},
		{"{{ nope | to_human_time_from_seconds }}", "AssertionError", ""},
		{"{{ 'a' | regex_match('(') }}", "re.error", "missing ), unterminated subpattern at position 0"},
		{"{{ s | nofilter }}", "TemplateAssertionError", "No filter named 'nofilter'."},
		{"\n{{ s", "TemplateSyntaxError", "unexpected end of template, expected 'end of print statement'."},
		{"{{ 'x' | decrypt_kv }}", "ValueError", "no key for encrypted datastore items is configured"},
		{"{{ 'x' | to_json_string(separators=['a']) }}", "ValueError", "separators must be two texts"},
	} {
		_, err := e.RenderTemplate(c.template, vars)
		if jinja.Class(err) != c.class || jinja.Message(err) != c.message {
			t.Errorf("%q: got %v, want %s: %s", c.template, err, c.class, c.message)
		}
		if line, _, ok := jinja.Position(err); !ok || line < 1 {
			t.Errorf("%q: the error %v has no place", c.template, err)
		}
	}
}

func TestRenderLenientTreatsUndefinedAsEmpty(t *testing.T) {
	e := New(Options{})
	got, err := e.RenderLenient("<{{ nope }}{{ d.nope }}>{{ nope | default('d') }}", vars)
	if want := "<>d"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := e.RenderTemplate("{{ nope }}", vars); err == nil {
		t.Error("the strict environment took the lenient template from the cache")
	}
}

func TestRenderValues(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct {
		name string
		in   any
		want any
	}{
		{"plain text", "plain", "plain"},
		{"number stays a number", int64(5), int64(5)},
		{"rendered number is a text", "{{ a }}", "1"},
		{"list as text", "{{ l }}", "[3, 'x']"},
		{"nested", py.DictOf("k", "{{ s }}", "j", []any{"{{ t }}", int64(1), nil}), py.DictOf("k", "text", "j", []any{"True", int64(1), nil})},
		{"key", py.DictOf("{{ s }}", int64(1)), py.DictOf("text", int64(1))},
		{"null", nil, nil},
		{"constant in braces", "{{ 5 }}", "5"},
		{"whole context", "{{ __context.a }}", "1"},
		{"final newline", "{{ a }}\n", "1"},
		{"only a final newline", "x\n", "x"},
		{"json_escape keeps the JSON whole", py.DictOf("k", "{{ (quote ~ ' there') | json_escape }}"), py.DictOf("k", `say "hi" there`)},
		{"use_none", py.DictOf("k", "{{ n | use_none }}"), py.DictOf("k", NoneMarker)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := e.RenderValues(py.DictOf("p", c.in), vars)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := got.GetString("p")
			if py.Repr(v) != py.Repr(c.want) {
				t.Errorf("got %s, want %s", py.Repr(v), py.Repr(c.want))
			}
		})
	}
}

func TestRenderValuesLeavesEmptyAlone(t *testing.T) {
	e := New(Options{})
	mapping := py.DictOf("p", "{{ nope }}")
	if got, err := e.RenderValues(mapping, nil); got != mapping || err != nil {
		t.Errorf("without a context: got %v, %v, want the mapping itself", got, err)
	}
	if got, err := e.RenderValues(nil, vars); got != nil || err != nil {
		t.Errorf("without a mapping: got %v, %v, want nil", got, err)
	}
}

func TestRenderValuesNamesTheEntry(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct {
		in              any
		class, template string
	}{
		{"{{ nope }}", "UndefinedError", "{{ nope }}"},
		{py.DictOf("k", "{{ quote }}"), "JSONDecodeError", `{"k":"{{ quote }}"}`},
		{py.DictOf("k", "{{ d | to_complex }}"), "JSONDecodeError", `{"k":"{{ d | to_complex }}"}`},
		{"{% if %}", "TemplateSyntaxError", "{% if %}"},
	} {
		_, err := e.RenderValues(py.DictOf("first", int64(1), "p", c.in), vars)
		var ve *ValueError
		if !errors.As(err, &ve) || ve.Key != "p" || ve.Template != c.template || jinja.Class(err) != c.class {
			t.Errorf("%s: got %#v, want a %s of p", py.Repr(c.in), err, c.class)
		}
	}
}

func TestRenderParameter(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct{ in, want any }{
		{"{{ a }}", "1"},
		{"plain\n", "plain\n"},
		{int64(5), int64(5)},
		{[]any{"{{a}}", "{{ a }}", "{{l}}", int64(1)}, []any{int64(1), "1", []any{int64(3), "x"}, int64(1)}},
		{py.DictOf("k", "{{d}}", "q", "{{quote}}"), py.DictOf("k", py.DictOf("k", "v", "n", int64(2)), "q", `say "hi"`)},
		{[]any{"x\n"}, []any{"x\n"}},
	} {
		got, err := e.RenderParameter(c.in, vars)
		if err != nil || py.Repr(got) != py.Repr(c.want) {
			t.Errorf("%s: got %s, %v, want %s", py.Repr(c.in), py.Repr(got), err, py.Repr(c.want))
		}
	}
	if _, err := e.RenderParameter([]any{"{{ quote }}"}, vars); jinja.Class(err) != "JSONDecodeError" {
		t.Errorf("a quote within a list: got %v, want a JSONDecodeError", err)
	}
}

func TestReferencedVars(t *testing.T) {
	e := New(Options{})
	for _, c := range []struct {
		in   any
		want string
	}{
		{"plain", "[]"},
		{"{{ b }}{{ a.c }}{{ b }}", "[a b]"},
		{"{{ st2kv.system.x }} {{ range(3) }}", "[st2kv]"},
		{"{% set x = y %}{{ x }}{% for i in l %}{{ i }}{{ loop.index }}{% endfor %}", "[l y]"},
		{"{{ x | default(1) }}{% if z is defined %}{% endif %}", "[x z]"},
		{[]any{"{{ a }}", py.DictOf("k", "{{ b }}")}, "[a b]"},
		{int64(5), "[]"},
		{nil, "[]"},
	} {
		got, err := e.ReferencedVars(c.in)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: got %v, %v, want %s", py.Repr(c.in), got, err, c.want)
		}
	}
	if _, err := e.ReferencedVars("{{ a"); err == nil {
		t.Error("an unfinished template: got no error")
	}
}

func TestIsTemplate(t *testing.T) {
	for _, c := range []struct {
		in   any
		want bool
	}{
		{"{{ x }}", true}, {"a {% b", true}, {"{{", true}, {"{ { x } }", false}, {"{# c #}", false}, {"", false},
		{nil, false}, {int64(5), false}, {[]any{"{{ x }}"}, false},
	} {
		if got := IsTemplate(c.in); got != c.want {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
}

func TestToRawBlock(t *testing.T) {
	for _, c := range []struct{ in, want any }{
		{"{{ x }}", "{% raw %}{{ x }}{% endraw %}"},
		{"a{{}}b", "{% raw %}a{{}}b{% endraw %}"},
		{"{% if x %}", "{% raw %}{% if x %}{% endraw %}"},
		{"{{ x\n}}", "{{ x\n}}"},
		{"}} {{", "}} {{"},
		{"{{ x", "{{ x"},
		{"a\n{{ x }}\n", "{% raw %}a\n{{ x }}\n{% endraw %}"},
		{py.DictOf("{{k}}", []any{"{{ x }}", int64(1), nil}), py.DictOf("{{k}}", []any{"{% raw %}{{ x }}{% endraw %}", int64(1), nil})},
		{nil, nil},
		{int64(5), int64(5)},
	} {
		if got := ToRawBlock(c.in); py.Repr(got) != py.Repr(c.want) {
			t.Errorf("%s: got %s, want %s", py.Repr(c.in), py.Repr(got), py.Repr(c.want))
		}
	}
	loop := &py.List{}
	loop.Items = []any{loop}
	ToRawBlock(loop) // ends
}

func TestRawBlocksRenderUnchanged(t *testing.T) {
	e := New(Options{})
	in := "a {{ x }} {% if %}"
	if got, err := e.RenderTemplate(ToRawBlock(in).(string), vars); got != in || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, in)
	}
}

func TestCast(t *testing.T) {
	for _, c := range []struct {
		kind string
		in   any
		want any
		err  string
	}{
		{"string", "x", "x", ""},
		{"string", nil, nil, ""},
		{"string", NoneMarker, nil, ""},
		{"string", int64(5), nil, `ValueError: Value "5" must either be a string or None. Got "int".`},
		{"string", []any{"a"}, nil, `ValueError: Value "['a']" must either be a string or None. Got "list".`},
		{"array", `["a", 1]`, []any{"a", int64(1)}, ""},
		{"array", `['a', 1]`, []any{"a", int64(1)}, ""},
		{"array", "(1, 2)", py.Tuple{int64(1), int64(2)}, ""},
		{"array", "5", int64(5), ""},
		{"array", []any{int64(1)}, []any{int64(1)}, ""},
		{"object", "{'a': True, 'b': None}", py.DictOf("a", true, "b", nil), ""},
		{"object", `{"b": 1, "a": 2}`, py.DictOf("b", int64(1), "a", int64(2)), ""},
		{"object", "[1]", []any{int64(1)}, ""},
		{"object", nil, nil, ""},
		{"object", NoneMarker, nil, ""},
		{"integer", NoneMarker, nil, "TypeError: int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"},
		{"boolean", NoneMarker, nil, ""},
		{"unknown", "x", "x", ""},
	} {
		got, err := Cast(c.kind, c.in)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("Cast(%s, %s): got %v, want %s", c.kind, py.Repr(c.in), err, c.err)
			}
			continue
		}
		if err != nil || py.Repr(got) != py.Repr(c.want) {
			t.Errorf("Cast(%s, %s): got %s, %v, want %s", c.kind, py.Repr(c.in), py.Repr(got), err, py.Repr(c.want))
		}
	}
	if _, err := Cast("object", "x"); jinja.Class(err) != "ValueError" {
		t.Errorf("Cast(object, x): got %v, want a ValueError", err)
	}
}

// item is a datastore item as templates see it.
type item struct{ name, value string }

func (i item) PyStr() string   { return i.value }
func (i item) KeyName() string { return i.name }
func (item) PyType() string    { return "KeyValueLookup" }

func TestDecryptKV(t *testing.T) {
	e := New(Options{Decrypt: func(s string) (string, error) {
		if s != "CIPHER" {
			return "", py.Errorf("ValueError", "not a ciphertext")
		}
		return "clear", nil
	}})
	context := py.DictOf("item", item{"st2kv.system.x", "CIPHER"}, "absent", item{"st2kv.system.y", ""})
	for template, want := range map[string]string{
		"{{ item | decrypt_kv }}":     "clear",
		"{{ 'CIPHER' | decrypt_kv }}": "clear",
		"{{ absent | decrypt_kv }}":   `ValueError: Referenced datastore item "st2kv.system.y" doesn't exist or it contains an empty string`,
		"{{ 'x' | decrypt_kv }}":      "ValueError: not a ciphertext",
	} {
		got, err := e.RenderTemplate(template, context)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", template, got, want)
		}
	}
}

func TestHostileTemplatesEndWithAnError(t *testing.T) {
	e := New(Options{Limits: jinja.Limits{Fuel: 200_000, Output: 1 << 20}})
	deep := any("x")
	for range 2000 {
		deep = []any{deep}
	}
	context := py.DictOf("a", strings.Repeat("a", 100), "deep", deep)
	for _, template := range []string{
		"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
		"{{ 'a' * 100000000 }}",
		"{% for i in range(10000) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}",
		"{{ (a ~ '!') | regex_match('(a+)+$') }}",
		"{{ deep | to_json_string }}",
		"{{ deep | to_yaml_string }}",
		"{{ deep | jsonpath_query('$..x') }}",
		"{{ [1, 2, 3] | to_json_string(separators=['x' * 100000, 'y' * 10000000]) ~ [1] | to_json_string(indent=1000000000) }}",
		"{{ '&a [x, *a]' | from_yaml_string }}",
	} {
		if _, err := e.RenderTemplate(template, context); err == nil {
			t.Errorf("%.80s: got no error", template)
		}
	}
}

func TestTemplatesAreKept(t *testing.T) {
	e := New(Options{CacheSize: 64 << 10})
	first, err := e.compiled(e.strict, "{{ a }}")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := e.compiled(e.strict, "{{ a }}"); again != first {
		t.Error("the same template was compiled twice")
	}
	for i := range 2000 {
		if _, err := e.compiled(e.strict, fmt.Sprintf("{{ a }} number %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.compiled(e.strict, strings.Repeat("x", 10_000)+"{{ a }}"); err != nil {
		t.Fatal(err)
	}
	if e.cache.size > 64<<10 || e.cache.order.Len() != len(e.cache.entries) {
		t.Errorf("the cache holds %d bytes in %d entries, want at most %d", e.cache.size, len(e.cache.entries), 64<<10)
	}
	if again, _ := e.compiled(e.strict, "{{ a }}"); again == first {
		t.Error("a template that was not used for long is still kept")
	}
}

func TestEngineServesManyAtOnce(t *testing.T) {
	e := New(Options{CacheSize: 4 << 10})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				want := fmt.Sprintf("1 %d", i%20)
				if got, err := e.RenderTemplate(fmt.Sprintf("{{ a }} %d", i%20), vars); got != want || err != nil {
					t.Errorf("goroutine %d: got %q, %v, want %q", g, got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestEveryFunctionIsAFilter(t *testing.T) {
	have := New(Options{}).strict.Filters()
	for _, f := range Functions() {
		if have[f.name()] == nil {
			t.Errorf("%s is no filter", f.Signature)
		}
	}
	if have["decrypt_kv"] == nil {
		t.Error("decrypt_kv is no filter")
	}
}

func FuzzRenderValues(f *testing.F) {
	for _, s := range []string{"{{ a }}", "{% for x in l %}{{ x }}{% endfor %}", "{{ d | to_json_string }}", "{{ s | regex_replace('(t)', '\\\\1') }}", "{{ '1.2.3' | version_match('>1') }}"} {
		f.Add(s)
	}
	e := New(Options{Limits: jinja.Limits{Fuel: 20_000, Output: 1 << 16}})
	f.Fuzz(func(t *testing.T, template string) {
		_, err := e.RenderValues(py.DictOf("p", template, "q", []any{template}), vars)
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		_, _ = e.ReferencedVars(template)
		_, _ = Cast("object", template)
	})
}

func BenchmarkRenderTemplate(b *testing.B) {
	e := New(Options{})
	for b.Loop() {
		if _, err := e.RenderTemplate("host {{ s }}: {{ d.k | upper }} {% if a > 0 %}up{% endif %}", vars); err != nil {
			b.Fatal(err)
		}
	}
}
