package jsonpath

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

// TestGolden compares with what jsonpath-rw found; testdata/golden.py wrote it. GOLDEN names another file.
func TestGolden(t *testing.T) {
	name := "testdata/golden.jsonl"
	if other := os.Getenv("GOLDEN"); other != "" {
		name = other
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var docs []any
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v, err := py.DecodeJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		rec := v.(*py.Dict)
		if d, ok := rec.GetString("docs"); ok {
			docs = d.([]any)
			continue
		}
		checkGolden(t, rec, docs)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

func checkGolden(t *testing.T, rec *py.Dict, docs []any) {
	t.Helper()
	text, _ := rec.GetString("p")
	n, _ := rec.GetString("d")
	want, hasValue := rec.GetString("v")
	wantErr, _ := rec.GetString("e")
	path, err := Parse(text.(string))
	var got []any
	if err == nil {
		got, err = path.Find(docs[n.(int64)])
	}
	switch {
	case (err == nil) != hasValue:
		t.Errorf("%q in document %d: got %s, %v, want %s %v", text, n, py.Repr(got), err, py.Repr(want), wantErr)
	case err == nil && py.Repr(got) != py.Repr(want):
		t.Errorf("%q in document %d: got %s, want %s", text, n, py.Repr(got), py.Repr(want))
	}
}

func mustParse(t *testing.T, text string) *Path {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return p
}

func TestParseErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"trigger.1a":    "Exception: Parse error at 1:8 near token 1 (NUMBER)",
		"trigger.a/b":   "Exception: Error on line 1, col 9: Unexpected character: / ",
		"trigger.'a":    "Exception: Unexpected EOF in string literal or identifier",
		"trigger.":      "AttributeError: Parse error at 1:8 near the end of the path",
		"a.`bogus`":     "Exception: Unknown named operator `bogus` at 1:2",
		"trigger.where": "Exception: Parse error at 1:8 near token where (WHERE)",
		"a b":           "Exception: Parse error at 1:2 near token b (ID)",
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q): got %v, want %s", text, err, want)
		}
	}
}

func TestFirst(t *testing.T) {
	doc := py.DictOf("a", []any{int64(1), int64(2)}, "n", nil)
	if v, ok, err := mustParse(t, "a[*]").First(doc); v != int64(1) || !ok || err != nil {
		t.Errorf("First(a[*]): got %v, %v, %v", v, ok, err)
	}
	if v, ok, err := mustParse(t, "n").First(doc); v != nil || !ok || err != nil {
		t.Errorf("First(n): got %v, %v, %v, want a null that was found", v, ok, err)
	}
	if _, ok, err := mustParse(t, "x").First(doc); ok || err != nil {
		t.Errorf("First(x): got %v, %v, want nothing", ok, err)
	}
}

func TestHostilePathsAreRefused(t *testing.T) {
	deep := any("x")
	for range 3000 {
		deep = []any{deep}
	}
	wide := make([]any, 200)
	for i := range wide {
		wide[i] = []any{int64(1), []any{int64(2)}}
	}
	for _, c := range []struct {
		path, class string
		doc         any
	}{
		{strings.Repeat("(", 2000), "RecursionError", nil},
		{strings.Repeat("a.", 5000) + "a", "Exception", nil},
		{"$..a", "RecursionError", deep},
		{"$..[*]..[*]..[*]..[*]..[*]", "", wide},
		{"$" + strings.Repeat("..[*]", 800), "MemoryError", wideTree(7)},
	} {
		p, err := Parse(c.path)
		if err == nil {
			_, err = p.Find(c.doc)
		}
		var e *py.Error
		if c.class == "" {
			continue
		}
		if !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%.20q: got %v, want a %s", c.path, err, c.class)
		}
	}
}

func wideTree(depth int) any {
	if depth == 0 {
		return int64(1)
	}
	return []any{wideTree(depth - 1), wideTree(depth - 1), wideTree(depth - 1)}
}

func TestRecentPathsAreKept(t *testing.T) {
	if mustParse(t, "a.kept") != mustParse(t, "a.kept") {
		t.Error("the same path was parsed twice")
	}
	for i := range 3 * cacheSize {
		mustParse(t, strings.Repeat("a.", i%1000)+"b")
	}
	if n := len(recent.young) + len(recent.old); n > 2*cacheSize {
		t.Errorf("the cache holds %d paths, want at most %d", n, 2*cacheSize)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"$.a[0].b", "a..b", "(a|b) where c", "a['x y'][1:2]", "`parent`.*", "a,b"} {
		f.Add(s)
	}
	doc := py.DictOf("a", []any{py.DictOf("b", "x"), int64(1), nil}, "b", py.DictOf("a", "y"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		_, _ = p.Find(doc)
	})
}
