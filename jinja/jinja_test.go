package jinja

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/galehq/gale/py"
)

func render(t testing.TB, env *Env, src string, vars Vars, lim Limits) (string, error) {
	t.Helper()
	tmpl, err := env.Parse(src)
	if err != nil {
		return "", err
	}
	return tmpl.Render(vars, lim)
}

var strictEnv = New(StackStorm())

func TestTemplatesNeverChangeTheCallersValues(t *testing.T) {
	sources := []string{
		"{% set _ = l.append(4) %}{{ l }}",
		"{% set _ = d.inner.append(4) %}{{ d }}",
		"{% set _ = d.update({'x': 1}) %}{{ d.x }}",
		"{% set f = l.append %}{% set _ = f(4) %}{{ l }}",
		"{% set name = 'app' ~ 'end' %}{% set _ = l[name](4) %}{{ l }}",
		"{% set _ = (d|attr('clear'))() %}{{ d }}",
		"{% for x in all %}{% set _ = x.clear() %}{% endfor %}{{ all }}",
		"{% set m = l|map('string')|list %}{% set _ = m.pop() %}{{ m }}",
		"{% set a, b = all %}{% set _ = a.sort() %}{{ a }}",
		"{{ l.sort() }}{{ d.pop('inner') }}{{ l }}{{ d }}",
		"{% set d2 = dict(d) %}{% set _ = d2.inner.append(5) %}{{ d2 }}",
		"{% set _ = (all|first).append(5) %}{{ all }}",
	}
	for _, src := range sources {
		inner := []any{int64(1)}
		l := []any{int64(3), int64(1)}
		d := py.DictOf("inner", inner)
		vars := MapVars{"l": l, "d": d, "all": []any{l, inner}}
		if _, err := render(t, strictEnv, src, vars, Limits{}); err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if got, want := py.Repr([]any{l, d, vars["all"]}), "[[3, 1], {'inner': [1]}, [[3, 1], [1]]]"; got != want {
			t.Errorf("%s: the variables became %s, want %s", src, got, want)
		}
	}
}

func TestFunctionsMayHandOutTheCallersValues(t *testing.T) {
	data := py.DictOf("l", []any{int64(3), int64(1)}, "t", py.Tuple{[]any{int64(7)}})
	o := StackStorm()
	o.Globals = map[string]any{
		"ctx":   Def("ctx()", func(*Call, []any) (any, error) { return data.Clone(), nil }),
		"fixed": data,
	}
	env := New(o)
	for src, want := range map[string]string{
		"{% set _ = ctx().l.append(5) %}{{ ctx().l }}":                                                 "[3, 1, 5]",
		"{% set _ = ctx().t[0].append(5) %}{{ ctx().t }}":                                              "([7, 5],)",
		"{{ ctx().l.sort() }}{{ fixed.l }}":                                                            "None[1, 3]",
		"{% set _ = fixed.update({'x': 1}) %}{{ fixed.x }}{{ ctx()|length }}":                          "12",
		"{% for v in fixed.values() %}{% set _ = ctx().l.append(v) %}{% endfor %}{{ ctx().l|length }}": "4",
	} {
		got, err := render(t, env, src, nil, Limits{})
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", src, got, err, want)
		}
		if got, want := py.Repr(data), "{'l': [3, 1], 't': ([7],)}"; got != want {
			t.Fatalf("%s: the data became %s, want %s", src, got, want)
		}
	}
}

func TestMutationIsSeenByLaterReads(t *testing.T) {
	tests := map[string]string{
		"{% set _ = l.append(4) %}{{ l }}{{ l|length }}":                               "[3, 1, 4]3",
		"{% set f = l['append'] %}{% set _ = f(4) %}{{ l }}":                           "[3, 1, 4]",
		"{% set x = l %}{% set _ = x.append(4) %}{{ l }}":                              "[3, 1, 4]",
		"{% set x = [] %}{% for i in l %}{% set _ = x.append(i) %}{% endfor %}{{ x }}": "[3, 1]",
	}
	for src, want := range tests {
		got, err := render(t, strictEnv, src, MapVars{"l": []any{int64(3), int64(1)}}, Limits{})
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", src, got, err, want)
		}
	}
}

func TestEvalReturnsDocumentValues(t *testing.T) {
	vars := MapVars{"l": []any{int64(3), int64(1)}, "rows": []any{py.DictOf("k", "a", "n", int64(1))}}
	tests := map[string]any{
		"l":                            []any{int64(3), int64(1)},
		"l|map('string')":              []any{"3", "1"},
		"l|select('odd')|list":         []any{int64(3), int64(1)},
		"'<'|e":                        "&lt;",
		"['<'|e]":                      []any{"&lt;"},
		"rows|groupby('k')|first|list": []any{"a", []any{py.DictOf("k", "a", "n", int64(1))}},
		"l.pop()":                      int64(1),
		"[l.pop(), l]":                 []any{int64(1), []any{int64(3)}},
		"{'a': l.append(1) or l}":      py.DictOf("a", []any{int64(3), int64(1), int64(1)}),
		"none":                         nil,
		"'a b'.split()":                []any{"a", "b"},
		"[l, 'a b'.split()][1:]":       []any{[]any{"a", "b"}},
		"(1, 2)":                       py.Tuple{int64(1), int64(2)},
	}
	for src, want := range tests {
		x, err := strictEnv.ParseExpr(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got, err := x.Eval(vars, Limits{})
		if err != nil || py.Repr(got) != py.Repr(want) || internal(got) {
			t.Errorf("%s: got %s, %v, want %s", src, py.Repr(got), err, py.Repr(want))
		}
	}
}

// internal reports whether v has a part of a type that only the engine uses.
func internal(v any) bool {
	var items []any
	switch v := v.(type) {
	case *py.List, Markup, *generator, *group:
		return true
	case []any:
		items = v
	case py.Tuple:
		items = v
	case *py.Dict:
		items = v.Values()
	}
	return slices.ContainsFunc(items, internal)
}

func TestEvalHandsOutUndefinedAsAValue(t *testing.T) {
	for src, want := range map[string]string{
		"nope": "'nope' is undefined", "d.x": "'dict object' has no attribute 'x'", "[]|first": "No first item, sequence was empty.",
	} {
		x, err := strictEnv.ParseExpr(src)
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Eval(MapVars{"d": &py.Dict{}}, Limits{})
		u, ok := v.(*Undefined)
		if err != nil || !ok || u.Message() != want || !u.Strict() {
			t.Errorf("%s: got %v, %v, want an undefined value: %s", src, v, err, want)
		}
	}
}

func TestUndeclaredNames(t *testing.T) {
	tests := map[string][]string{
		"plain":                  nil,
		"{{ a }}{{ b.c }}":       {"a", "b"},
		"{% set a = b %}{{ a }}": {"b"},
		"{% for x in l %}{{ x }}{{ loop.index }}{{ y }}{% endfor %}{{ x }}": {"l", "x", "y"},
		"{{ range(3) }}{{ dict() }}":                                        nil,
		"{% if c %}{% set a = 1 %}{% endif %}{{ a }}":                       {"a", "c"},
		"{% macro m(x) %}{{ x }}{{ z }}{{ caller() }}{% endmacro %}":        {"z"},
		"{% block b %}{{ q }}{% endblock %}":                                {"q"},
		"{% with x = w %}{{ x }}{% endwith %}":                              {"w"},
	}
	for src, want := range tests {
		tmpl, err := strictEnv.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tmpl.Undeclared()); diff != "" {
			t.Errorf("%s: undeclared names (-want +got):\n%s", src, diff)
		}
	}
	x, err := strictEnv.ParseExpr("a + range(b)|sum")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, x.Undeclared()); diff != "" {
		t.Errorf("expression: undeclared names (-want +got):\n%s", diff)
	}
}

// lazyVars counts look-ups.
type lazyVars struct {
	MapVars
	asked []string
}

func (v *lazyVars) Lookup(name string) (any, bool) {
	v.asked = append(v.asked, name)
	return v.MapVars.Lookup(name)
}

func TestVariablesAreLookedUpOnlyWhenNeeded(t *testing.T) {
	vars := &lazyVars{MapVars: MapVars{"a": int64(1), "l": []any{int64(1), int64(2)}}}
	got, err := render(t, strictEnv, "{% if a %}{{ a }}{% else %}{{ b }}{% endif %}{% for x in l %}{{ a }}{% endfor %}", vars, Limits{})
	if err != nil || got != "111" {
		t.Errorf("got %q, %v", got, err)
	}
	if diff := cmp.Diff([]string{"a", "l"}, vars.asked); diff != "" {
		t.Errorf("looked up (-want +got):\n%s", diff)
	}
}

func TestHostileTemplatesRunIntoLimits(t *testing.T) {
	tests := map[string]string{
		"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}": "LimitError",
		"{{ 'a' * 10**9 }}":                                                                 "MemoryError",
		"{{ [0] * 10**9 }}":                                                                 "MemoryError",
		"{{ ('a' * 10**6) * 10**6 }}":                                                       "MemoryError",
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}":                                   "RecursionError",
		"{% macro m(n) %}{{ m(n + 1) }}{{ m(n) }}{% endmacro %}{{ m(0) }}":                  "RecursionError",
		"{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}":                         "RecursionError",
		"{{ 2**(10**9) }}":                                                                  "OverflowError",
		"{{ range(100001) }}":                                                               "OverflowError",
		"{% set x = ['a' * 99] * 99999 %}{{ x|join('-' * 9999) }}":                          "MemoryError",
		"{{ ('a' * 9999)|replace('a', 'b' * 99999) }}":                                      "MemoryError",
		"{{ 'x'|center(10**9) }}":                                                           "MemoryError",
		"{{ '%999999999d' % 1 }}":                                                           "MemoryError",
		"{{ 'a'|indent(10**9, true) }}":                                                     "MemoryError",
		"{% set l = [1] %}{% for x in l %}{% set _ = l.append(x) %}{% endfor %}":            "LimitError",
		"{% set l = [1] %}{% for x in range(99999) %}{% set _ = l.extend(l) %}{% endfor %}": "LimitError",
		"{% set ns = namespace(x=['aaaaaaaaaaaaaaaa']) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x, ns.x] %}{% endfor %}{{ ns.x }}": "LimitError",
		"{% set ns = namespace(x='a' * 999) %}{% for i in range(99999) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}":                          "LimitError",
		"{% set ns = namespace(x=7) %}{% for i in range(99999) %}{% set ns.x = ns.x * ns.x %}{% endfor %}":                                  "LimitError",
		"{% block b %}{{ self.b() }}{% endblock %}":                               "RecursionError",
		"{% for i in range(99999) %}" + strings.Repeat("x", 999) + "{% endfor %}": "LimitError",
		"{{ lipsum(10**9) }}": "LimitError",
		"{{ range(9999)|batch(1, 'x')|list|slice(9999, 'x')|map('list')|map('length')|list|length }}": "",
		"{{ [1]|batch(10**9, 0)|list }}":                                                             "LimitError",
		"{{ 'a'|wordwrap(1, true, 'x' * 99999)|length }}":                                            "",
		"{% set l = [1] * 99999 %}{% for x in range(99999) %}{{ l.index(2) if x > 1 }}{% endfor %}":  "ValueError",
		"{% set l = [1] * 99999 %}{% for x in range(99999) %}{{ l.count(2) }}{% endfor %}":           "LimitError",
		"{% set s = 'é' * 999999 %}{% for x in range(99999) %}{{ s[999998] }}{% endfor %}":           "LimitError",
		"{% set s = 'é' * 999999 %}{% for x in range(99999) %}{{ s|length }}{% endfor %}":            "LimitError",
		"{% set s = 'a' * 999999 %}{% for x in range(99999) %}{{ s is lower }}{% endfor %}":          "LimitError",
		"{% set s = 'a' * 999999 %}{% for x in range(99999) %}{{ s.isupper() }}{% endfor %}":         "LimitError",
		"{% set s = 'a' * 999999 %}{% for x in range(99999) %}{{ {}[s] is defined }}{% endfor %}":    "LimitError",
		"{% set n = 3 ** 500000 %}{% for x in range(99999) %}{{ ('%d' % n) is string }}{% endfor %}": "LimitError",
		"{% set n = 3 ** 50000 %}{% for x in range(99999) %}{{ n|string if x }}{% endfor %}":         "ValueError",
		"{{ [[1]]|sum(start=[0] * 99999)|length }}":                                                  "",
	}
	for src, want := range tests {
		_, err := render(t, strictEnv, src, nil, Limits{Fuel: 1_000_000})
		if Class(err) != want {
			t.Errorf("%.120s: got %v, want %s", src, err, want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	deep := 100_000
	for name, src := range map[string]string{
		"parentheses": "{{ " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep) + " }}",
		"lists":       "{{ " + strings.Repeat("[", deep),
		"signs":       "{{ " + strings.Repeat("-", deep) + "1 }}",
		"not":         "{{ " + strings.Repeat("not ", deep) + "1 }}",
		"else":        "{{ " + strings.Repeat("1 if 1 else ", deep) + "1 }}",
		"sum":         "{{ 1" + strings.Repeat("+1", deep) + " }}",
		"filters":     "{{ 1" + strings.Repeat("|abs", deep) + " }}",
		"subscripts":  "{{ x" + strings.Repeat(".x", deep) + " }}",
		"calls":       "{{ x" + strings.Repeat("()", deep) + " }}",
		"tests":       "{{ x" + strings.Repeat(" is x [x", deep) + " }}",
		"if":          strings.Repeat("{% if 1 %}", deep),
	} {
		if _, err := strictEnv.Parse(src); Class(err) != "RecursionError" {
			t.Errorf("%s: got %v, want a RecursionError", name, err)
		}
	}
}

func TestErrorsTellTheirPlace(t *testing.T) {
	tests := []struct {
		src       string
		line, col int
	}{
		{"a\n  {{ nope }}", 2, 6},
		{"a\n{{ 1 / 0 }}", 2, 4},
		{"{{ é + 'é' }}\n{{ 'é' $ }}", 2, 8},
		{"{% if 1 %}\n{% for x in 5 %}{% endfor %}{% endif %}", 2, 4},
		{"x{% foo %}", 1, 5},
		{"{% macro m() %}\n{{ nope }}{% endmacro %}\n{{ m() }}", 2, 4},
		{"{{ a|nofilter }}", 1, 6},
		{"\n\n{% set x = [1][nope.x] %}", 3, 4},
	}
	for _, c := range tests {
		_, err := render(t, strictEnv, c.src, MapVars{"é": "x", "a": "x"}, Limits{})
		line, col, ok := Position(err)
		if !ok || line != c.line || col != c.col {
			t.Errorf("%q: %v is at %d:%d (%v), want %d:%d", c.src, err, line, col, ok, c.line, c.col)
		}
	}
	if _, _, ok := Position(errors.New("x")); ok {
		t.Error("a foreign error has a position")
	}
}

func TestOwnFiltersTestsAndGlobals(t *testing.T) {
	o := StackStorm()
	o.Filters = map[string]*Function{
		"wrap": Def("wrap(value, left='<', right='>')", func(c *Call, a []any) (any, error) {
			s, err := c.Str(a[0])
			return a[1].(string) + s + a[2].(string), err
		}),
		"peek": Def("peek(value)", func(c *Call, a []any) (any, error) {
			name, err := c.Str(a[0])
			v, _ := c.Lookup(name)
			return v, err
		}),
		"upper": nil,
	}
	o.Tests = map[string]*Function{"big": Def("big(value, limit=10)", func(c *Call, a []any) (any, error) {
		return py.Less(">", a[0], a[1])
	})}
	o.Globals = map[string]any{
		"twice": Def("twice(x, *, n=2)", func(c *Call, a []any) (any, error) { return py.Mul(a[0], int64(2)) }),
		"site":  "ams",
		"range": nil,
	}
	o.Globals["twice"] = Def("twice(x)", func(c *Call, a []any) (any, error) { return py.Mul(a[0], int64(2)) })
	env := New(o)
	tests := map[string]string{
		"{{ 'a'|wrap }}{{ 'a'|wrap('[', right=']') }}":                 "<a>[a]",
		"{% set x = 5 %}{{ 'x'|peek }}{{ 'site'|peek }}{{ 'v'|peek }}": "5ams7",
		"{{ 11 is big }}{{ 11 is big(20) }}":                           "TrueFalse",
		"{{ twice('ab') }}{{ site }}":                                  "ababams",
		"{{ ['a']|map('wrap', '(')|list }}":                            "['(a>']",
		"{{ [5, 50]|select('big')|list }}":                             "[50]",
	}
	for src, want := range tests {
		got, err := render(t, env, src, MapVars{"v": int64(7)}, Limits{})
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", src, got, err, want)
		}
	}
	failures := map[string]string{
		"{{ 'a'|upper }}":             "TemplateAssertionError: No filter named 'upper'.",
		"{{ range(3) }}":              "UndefinedError: 'range' is undefined",
		"{{ 'a'|wrap(1, 2, 3) }}":     "TypeError: wrap() takes from 1 to 3 positional arguments but 4 were given",
		"{{ 'a'|wrap(up=1) }}":        "TypeError: wrap() got an unexpected keyword argument 'up'",
		"{{ twice() }}":               "TypeError: twice() missing 1 required positional argument: 'x'",
		"{{ 'a'|wrap('x', left=1) }}": "TypeError: wrap() got multiple values for argument 'left'",
	}
	for src, want := range failures {
		if _, err := render(t, env, src, nil, Limits{}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}

func TestRandomnessComesFromTheLimits(t *testing.T) {
	lim := Limits{Rand: func(n int) int { return n - 1 }}
	got, err := render(t, strictEnv, "{{ [1, 2, 3]|random }}{{ 'abc'|random }}", nil, lim)
	if err != nil || got != "3c" {
		t.Errorf("got %q, %v, want 3c", got, err)
	}
	first, err := render(t, strictEnv, "{{ lipsum(2) }}", nil, lim)
	if err != nil || !strings.HasPrefix(first, "<p>") || strings.Count(first, "</p>") != 2 {
		t.Errorf("got %q, %v, want two paragraphs", first, err)
	}
}

func TestTemplatesMayBeSharedByGoroutines(t *testing.T) {
	tmpl, err := strictEnv.Parse("{% set x = [] %}{% for i in l %}{% set _ = x.append(loop.index) %}{% set _ = l.append(i) if loop.index < 3 %}{% endfor %}{{ x }}{{ l|sum }}{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{% call m(1) %}{{ l|length }}{% endcall %}")
	if err != nil {
		t.Fatal(err)
	}
	vars := MapVars{"l": []any{int64(1), int64(2)}}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				got, err := tmpl.Render(vars, Limits{})
				if want := "[1, 2, 3, 4]614"; err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestPrintedTemplatesMeanTheSame(t *testing.T) {
	vars := corpusVars(t)
	for _, file := range []string{"statements", "blocks", "expressions", "whitespace", "mutation", "filters"} {
		for _, c := range corpusCases(t, "testdata/"+file+".txt") {
			tmpl, err := strictEnv.Parse(c.template)
			if err != nil {
				continue
			}
			printed := tmpl.String()
			again, err := strictEnv.Parse(printed)
			if err != nil {
				t.Errorf("%s\nprinted as\n%s\n%v", c.template, printed, err)
				continue
			}
			want, err1 := tmpl.Render(vars, Limits{})
			got, err2 := again.Render(vars, Limits{})
			if got != want || Class(err1) != Class(err2) {
				t.Errorf("%s\nprinted as\n%s\ngives %q, %v, want %q, %v", c.template, printed, got, err2, want, err1)
			}
			if twice := again.String(); twice != printed {
				t.Errorf("%s\nprinted as\n%s\nand then as\n%s", c.template, printed, twice)
			}
		}
	}
}

func TestSignaturesOfBuiltins(t *testing.T) {
	filters, tests := strictEnv.Filters(), strictEnv.Tests()
	if len(filters) != 54 || len(tests) != 39 {
		t.Errorf("got %d filters and %d tests, want 54 and 39", len(filters), len(tests))
	}
	if got, want := filters["replace"].Signature(), "do_replace(s, old, new, count=None)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
