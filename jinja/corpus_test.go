package jinja

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

// The case files in testdata hold templates with the results of Jinja itself;
// see testdata/gen.py for their form.

type corpusCase struct {
	line           int
	mode, template string
	class, want    string // class is empty if the template renders
}

func TestCorpus(t *testing.T) {
	vars := corpusVars(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("case files: %v, %v", files, err)
	}
	o := StackStorm()
	strict := New(o)
	o.Lenient = true
	envs := map[string]*Env{"strict": strict, "expr": strict, "lenient": New(o)}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, c := range corpusCases(t, file) {
				got, err := c.run(envs[c.mode], vars)
				switch {
				case c.class == "" && (err != nil || got != c.want):
					t.Errorf("%s:%d: %s\n got %q, %v\nwant %q", file, c.line, c.template, got, err, c.want)
				case c.class != "" && err == nil:
					t.Errorf("%s:%d: %s\n got %q\nwant %s: %s", file, c.line, c.template, got, c.class, c.want)
				case c.class != "" && (Class(err) != c.class || Message(err) != c.want):
					t.Errorf("%s:%d: %s\n got %v\nwant %s: %s", file, c.line, c.template, err, c.class, c.want)
				}
			}
		})
	}
}

func (c corpusCase) run(env *Env, vars Vars) (string, error) {
	if c.mode == "expr" {
		x, err := env.ParseExpr(c.template)
		if err != nil {
			return "", err
		}
		v, err := x.Eval(vars, Limits{})
		if err != nil {
			return "", err
		}
		return py.Repr(v), nil
	}
	tmpl, err := env.Parse(c.template)
	if err != nil {
		return "", err
	}
	return tmpl.Render(vars, Limits{})
}

func corpusVars(t testing.TB) Vars {
	t.Helper()
	data, err := os.ReadFile("testdata/vars.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := py.DecodeJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return DictVars(v.(*py.Dict))
}

func corpusCases(t testing.TB, file string) []corpusCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := "\n" + strings.TrimSuffix(string(data), "\n")
	chunks := strings.Split(text, "\n===")
	line := strings.Count(chunks[0], "\n") + 1
	var cases []corpusCase
	for _, chunk := range chunks[1:] {
		head, rest, _ := strings.Cut(chunk, "\n")
		template, result, ok := strings.Cut(rest, "\n---")
		if !ok {
			t.Fatalf("%s:%d: no result", file, line)
		}
		class, want, _ := strings.Cut(result, "\n")
		c := corpusCase{line: line}
		c.mode, c.template = corpusText(t, head, "strict", template)
		c.class, c.want = corpusText(t, class, "", want)
		cases = append(cases, c)
		line += strings.Count(chunk, "\n") + 1
	}
	return cases
}

// corpusText splits a marker line into its word and undoes the JSON form of
// the text below it.
func corpusText(t testing.TB, head, word, text string) (string, string) {
	t.Helper()
	for _, f := range strings.Fields(head) {
		if f != "json" {
			word = f
			continue
		}
		if err := json.Unmarshal([]byte(text), &text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	return word, text
}
