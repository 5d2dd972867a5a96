package pyre

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/galehq/gale/py"
)

// golden is a line of testdata/golden.jsonl, which testdata/golden.py writes.
type golden struct {
	P, R     string
	F        int
	T        []string
	Error    []string
	SubError []string `json:"sub_error"`
	G        map[string]int
	M        [][3][][2]int
	A        [][]any
	S        [][]any
	U        []string
}

// TestGolden compares every operation with what Python's re module answered. GOLDEN names another file.
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
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var g golden
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		g.check(t)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

func (g *golden) check(t *testing.T) {
	t.Helper()
	p, err := Compile(g.P, Flags(g.F))
	if got := errorPair(err); !reflect.DeepEqual(got, g.Error) {
		t.Errorf("Compile(%q, %d): got error %q, want %q", g.P, g.F, got, g.Error)
		return
	}
	if err != nil {
		return
	}
	if got := p.GroupIndex(); len(got)+len(g.G) > 0 && !reflect.DeepEqual(got, g.G) {
		t.Errorf("GroupIndex of %q: got %v, want %v", g.P, got, g.G)
	}
	for i, text := range g.T {
		for j, find := range []func(string) (*Match, error){p.Match, p.Search, p.FullMatch} {
			m, err := find(text)
			if got := spansOf(m); err != nil || !reflect.DeepEqual(got, g.M[i][j]) {
				t.Errorf("%s of %q (%d) in %q: got %v %v, want %v", [3]string{"Match", "Search", "FullMatch"}[j], g.P, g.F, text, got, err, g.M[i][j])
			}
		}
		if got, err := p.FindAll(text); err != nil || !reflect.DeepEqual(got, untag(g.A[i])) {
			t.Errorf("FindAll of %q in %q: got %q %v, want %q", g.P, text, got, err, g.A[i])
		}
		if got, err := p.Split(text, 0); err != nil || !reflect.DeepEqual(got, g.S[i]) {
			t.Errorf("Split of %q by %q: got %q %v, want %q", text, g.P, got, err, g.S[i])
		}
		got, err := p.Sub(g.R, text, 0)
		if pair := errorPair(err); !reflect.DeepEqual(pair, g.SubError) {
			t.Errorf("Sub(%q) of %q: got error %q, want %q", g.R, g.P, pair, g.SubError)
		}
		if err == nil && got != g.U[i] {
			t.Errorf("Sub(%q) of %q in %q: got %q, want %q", g.R, g.P, text, got, g.U[i])
		}
	}
}

func errorPair(err error) []string {
	if err == nil {
		return nil
	}
	var e *py.Error
	if !errors.As(err, &e) {
		return []string{"", err.Error()}
	}
	return []string{e.Class, e.Message}
}

func spansOf(m *Match) [][2]int {
	if m == nil {
		return nil
	}
	var all [][2]int
	for i := 0; i <= m.Pattern().Groups(); i++ {
		lo, hi := m.Span(i)
		all = append(all, [2]int{lo, hi})
	}
	return all
}

// untag turns {"$tuple": [...]} into a tuple.
func untag(list []any) []any {
	out := make([]any, len(list))
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			v = py.Tuple(m["$tuple"].([]any))
		}
		out[i] = v
	}
	return out
}
