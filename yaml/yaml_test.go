package yaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

func errorOf(t *testing.T, text string) *Error {
	t.Helper()
	v, err := Decode([]byte(text))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("Decode(%q): got %s, %v, want an *Error", text, py.Repr(v), err)
	}
	return e
}

func TestErrorsSayWhereAndWhatToDo(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"template as a value", "a: 1\nk: {{ x }}\n",
			`line 2, column 5: found unhashable key (while constructing a mapping); a value that begins with a template must be quoted, as in "{{ name }}"`},
		{"template in a list", "- {{ x }}\n",
			`line 1, column 4: found unhashable key (while constructing a mapping); a value that begins with a template must be quoted, as in "{{ name }}"`},
		{"text after a template", "k: {{ x }}-y\n",
			`line 1, column 11: did not find expected key (while parsing a block mapping); a value that begins with a template must be quoted, as in "{{ name }}"`},
		{"mapping as a key", "{a: b}: c\n", `line 1, column 1: found unhashable key (while constructing a mapping)`},
		{"at sign", "k: @a\n",
			`line 1, column 4: found character that cannot start any token (while scanning for the next token); a text that begins with @ must be quoted`},
		{"tab", "a:\n\t- b\n",
			`line 2, column 1: found character that cannot start any token (while scanning for the next token); indent with blanks, not with tabs`},
		{"colon", "a: b: c\n", `line 1, column 5: mapping values are not allowed in this context`},
		{"colon in an expression", "k: <% a: b %>\n",
			`line 1, column 8: mapping values are not allowed in this context; a text with ": " in it must be quoted, as in "<% ... %>"`},
		{"unknown tag", "a: !foo x\n", `line 1, column 4: could not determine a constructor for the tag '!foo'`},
		{"second document", "a: 1\n---\nb: 2\n", `line 2, column 1: but found another document (expected a single document in the stream that begins in line 1)`},
		{"unknown anchor", "a: *x\n", `line 1, column 4: unknown anchor 'x' referenced`},
		{"recursion", "a: &x [*x]\n", `line 1, column 4: found unconstructable recursive node`},
		{"recursive merge", "a: &x\n  <<: *x\n", `line 1, column 4: found unconstructable recursive node`},
		{"impossible date", "a: 2020-02-30\n", `line 1, column 4: day is out of range for month`},
		{"end of text", "a: [1,\n", `line 2, column 1: did not find expected node content (while parsing a flow node)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := errorOf(t, c.text).Error(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestErrorInPythonsWords(t *testing.T) {
	got := errorOf(t, "k: {{ x }}\n").Python("<unicode string>")
	want := "while constructing a mapping\n  in \"<unicode string>\", line 1, column 4\nfound unhashable key\n  in \"<unicode string>\", line 1, column 5"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	var bomb, merges strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	merges.WriteString("a0: &a0 {x: 1}\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
		fmt.Fprintf(&merges, "a%d: &a%d {<<: [%s]}\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, text := range map[string]string{
		"aliases":        bomb.String(),
		"merge keys":     merges.String(),
		"deep flow":      strings.Repeat("[", 100_000),
		"deep block":     strings.Repeat("- ", 50_000) + "a",
		"deep mappings":  strings.Repeat("{a: ", 20_000),
		"deep aliases":   deepAliases(2000),
		"large":          strings.Repeat("a", py.MaxSize+1),
		"control":        "a: \x00",
		"not UTF-8":      "a: \xff\xfe",
		"keys of braces": strings.Repeat("? {", 5_000),
	} {
		t.Run(name, func(t *testing.T) {
			if e := errorOf(t, text); len(e.Error()) > 300 {
				t.Errorf("the message has %d bytes", len(e.Error()))
			}
		})
	}
}

func deepAliases(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	return b.String()
}

func TestAliasesShareTheirValue(t *testing.T) {
	v, err := Decode([]byte("a: &x {k: [1]}\nb: *x\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := v.(*py.Dict).GetString("a")
	b, _ := v.(*py.Dict).GetString("b")
	if a != b {
		t.Error("the alias is another object")
	}
}

func TestOrquestasStricterReading(t *testing.T) {
	o := Options{UniqueKeys: true, NoMerge: true}
	for text, want := range map[string]string{
		"k: 1\nk: 2\n":                 `found duplicate key "k"`,
		"a: {b: 1, b: 2}\n":            `found duplicate key "b"`,
		"k: {{ x }}\n":                 "while constructing a mapping\n  in \"s\", line 1, column 4\nfound unacceptable key (unhashable type: 'dict')\n  in \"s\", line 1, column 5",
		"a: &x {b: 1}\nc:\n  <<: *x\n": `could not determine a constructor for the tag 'tag:yaml.org,2002:merge'`,
	} {
		_, err := o.Decode([]byte(text))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Python("s"), want) {
			t.Errorf("Decode(%q): got %v, want %s", text, err, want)
		}
	}
}

const located = `name: x
parameters:
  cmd: &cmd
    type: string
    enum: [a,
      b]
  other:
    <<: *cmd
    position: 0
"with space": 1
1: one
`

func TestLineOfAPath(t *testing.T) {
	d, err := Parse([]byte(located))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path []any
		want string
	}{
		{nil, "1:1"},
		{[]any{"parameters"}, "2:1"},
		{[]any{"parameters", "cmd", "type"}, "4:5"},
		{[]any{"parameters", "cmd", "enum", 1}, "6:7"},
		{[]any{"parameters", "other", "type"}, "4:5"},
		{[]any{"parameters", "other", "position"}, "9:5"},
		{[]any{"parameters", "cmd", "missing", "deeper"}, "3:3"},
		{[]any{"missing"}, "1:1"},
		{[]any{"with space"}, "10:1"},
		{[]any{1}, "11:1"},
	} {
		line, column := d.Position(c.path...)
		if got := fmt.Sprintf("%d:%d", line, column); got != c.want {
			t.Errorf("Position(%v): got %s, want %s", c.path, got, c.want)
		}
	}
	if got := d.Line("parameters", "cmd", "type"); got != 4 {
		t.Errorf("Line: got %d, want 4", got)
	}
}

func TestEmptyDocumentHasNoPlace(t *testing.T) {
	d, err := Parse([]byte("# nothing\n"))
	if err != nil || d.Value != nil || d.Line("a") != 0 {
		t.Errorf("got %v, line %d, %v, want nil, 0", d.Value, d.Line("a"), err)
	}
}

func TestWhatHasNoSafeFormIsRefused(t *testing.T) {
	deep := any(int64(1))
	for range 2000 {
		deep = []any{deep}
	}
	loop := &py.List{}
	loop.Items = []any{loop}
	for name, c := range map[string]struct {
		v     any
		class string
	}{
		"range": {py.Range{Start: 0, Stop: 3, Step: 1}, "RepresenterError"},
		"deep":  {deep, "RecursionError"},
		"loop":  {loop, "RecursionError"},
		"large": {[]any{strings.Repeat("a", py.MaxSize), "b", "c"}, "MemoryError"},
	} {
		_, err := Append(nil, c.v)
		var e *py.Error
		if !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: got %v, want a %s", name, err, c.class)
		}
	}
}

func TestAppendExtends(t *testing.T) {
	got, err := Append([]byte("# head\n"), py.DictOf("b", int64(1), "a", "x"))
	if want := "# head\na: x\nb: 1\n"; string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// FuzzRoundTrip checks that what was read and written reads the same again.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range []string{"a: 1", "- [a, {b: 2}]", "k: {{ x }}", "a: &x {b: c}\n<<: *x", "a: |\n  x\n", "2020-01-02 03:04:05 +01:00", "!!set {a}", "\"\\x07 \\u2028\"", "? [a]\n: b", "a: 'x  \n\n  y'", "1:30", "-\t a", "!!binary aGk="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := Options{MaxSize: 1 << 12, MaxValues: 1000, MaxDepth: 100}
		d, err := o.Parse([]byte(text))
		if err != nil {
			return
		}
		d.Line("a", 0, "b")
		for _, format := range []Format{{}, {KeepOrder: true, Unicode: true, Indent: 4}} {
			out, err := format.Append(nil, d.Value)
			if err != nil {
				t.Fatalf("Append(%s): %v", py.Repr(d.Value), err)
			}
			again, err := Decode(out)
			if err != nil || py.Repr(again) != py.Repr(d.Value) && !py.Equal(again, d.Value) && !strings.Contains(py.Repr(d.Value), "nan") {
				t.Fatalf("%s was written as %q and read as %s, %v", py.Repr(d.Value), out, py.Repr(again), err)
			}
		}
	})
}
