package jinja

import (
	"path/filepath"
	"testing"
)

func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for i, c := range corpusCases(f, file) {
			if i%3 == 0 {
				f.Add(c.template)
			}
		}
	}
}

// FuzzParse checks that no text makes the parser panic, and that a printed
// template is printed the same after it is parsed again.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := strictEnv.Parse(src)
		if err != nil {
			return
		}
		printed := tmpl.String()
		again, err := strictEnv.Parse(printed)
		if err != nil {
			if Class(err) == "RecursionError" {
				return // parentheses nest deeper than the original
			}
			t.Fatalf("%q is printed as %q: %v", src, printed, err)
		}
		if twice := again.String(); twice != printed {
			t.Fatalf("%q is printed as %q and then as %q", src, printed, twice)
		}
	})
}

// FuzzRender checks that each template ends within its limits, and the same
// way each time.
func FuzzRender(f *testing.F) {
	seeds(f)
	vars := corpusVars(f)
	o := StackStorm()
	o.Lenient = true
	lenient := New(o)
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := lenient.Parse(src)
		if err != nil {
			return
		}
		lim := Limits{Fuel: 20_000, Output: 1 << 16, Depth: 50}
		got, err := tmpl.Render(vars, lim)
		again, err2 := tmpl.Render(vars, lim)
		if got != again || Class(err) != Class(err2) {
			t.Fatalf("%q gives %q, %v and then %q, %v", src, got, err, again, err2)
		}
		if len(got) > lim.Output {
			t.Fatalf("%q gives %d bytes", src, len(got))
		}
	})
}
