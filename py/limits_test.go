package py

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

// nested returns a list within a list, depth times.
func nested(depth int) *List {
	l := NewList()
	for range depth {
		l = NewList(l)
	}
	return l
}

// bomb has 2**n leaves and n lists.
func bomb(n int) any {
	var v any = "boom"
	for range n {
		v = []any{v, v}
	}
	return v
}

func classOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return "none"
}

func TestCyclesPrintAsInPython(t *testing.T) {
	l := NewList(int64(1))
	l.Items = append(l.Items, l, Tuple{l})
	d := DictOf("l", l)
	d.Set("d", d)
	s := make([]any, 1)
	s[0] = s
	for _, tt := range []struct {
		v    any
		want string
	}{
		{l, "[1, [...], ([...],)]"},
		{d, "{'l': [1, [...], ([...],)], 'd': {...}}"},
		{s, "[[...]]"},
		{NewView(d, ValuesView), "dict_values([[1, [...], ([...],)], {...}])"},
	} {
		if got := Repr(tt.v); got != tt.want && !strings.HasPrefix(tt.want, "dict_values") {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	if c := DeepCopy(d).(*Dict); Repr(c) != Repr(d) {
		t.Errorf("DeepCopy: got %s", Repr(c))
	} else if inner, _ := c.Get("d"); inner != any(c) {
		t.Error("DeepCopy: the copy leads back to the original")
	}
}

func TestDeepAndSharedStructuresCostAnError(t *testing.T) {
	deep, deeper, wide := nested(1_000_000), nested(1_000_000), bomb(60)
	if _, err := ReprOf(deep); classOf(err) != "RecursionError" {
		t.Errorf("ReprOf: got %v", err)
	}
	if _, err := ReprOf(wide); classOf(err) != "MemoryError" {
		t.Errorf("ReprOf of a bomb: got %v", err)
	}
	if Equal(deep, deeper) {
		t.Error("Equal beyond the limit: got true")
	}
	if _, err := Compare(deep, deeper); err != nil && classOf(err) != "RecursionError" {
		t.Errorf("Compare: got %v", err)
	}
	if Equal(wide, bomb(60)) {
		t.Error("Equal of bombs: got true")
	}
	for name, v := range map[string]any{"deep": deep, "wide": wide} {
		if err := Check(v); err == nil {
			t.Errorf("Check(%s): got no error", name)
		}
		if _, err := Document(v); err == nil && name == "deep" {
			t.Errorf("Document(%s): got no error", name)
		}
		if _, err := AppendJSON(nil, v); err == nil {
			t.Errorf("AppendJSON(%s): got no error", name)
		}
		if _, err := PythonJSON.Append(nil, v); err == nil {
			t.Errorf("JSONFormat(%s): got no error", name)
		}
		if n := Size(v); n < 1 || n > 4*MaxSize {
			t.Errorf("Size(%s): got %d", name, n)
		}
		DeepCopy(v)
		Mutable(v)
	}
	var tuple any = Tuple{}
	for range 100_000 {
		tuple = Tuple{tuple}
	}
	if Hashable(tuple) {
		t.Error("a tuple nested 100,000 deep is hashable")
	}
	for _, open := range []string{"[", "(", "{1:", "-", "- ", "'a' ", "[1,", "set"} {
		if _, err := LiteralEval(strings.Repeat(open, 200_000)); err == nil && open != "'a' " {
			t.Errorf("LiteralEval of many %q: got no error", open)
		}
	}
}

func TestResultsBeyondTheLimitsAreErrors(t *testing.T) {
	long := strings.Repeat("x", MaxSize/2+1)
	huge := new(big.Int).Lsh(big.NewInt(1), MaxBits-1)
	list := make([]any, MaxSize/2+1)
	try := map[string]func() (any, error){
		"str + str":     func() (any, error) { return Add(long, long) },
		"str * int":     func() (any, error) { return Mul("ab", int64(MaxSize)) },
		"int * str":     func() (any, error) { return Mul(int64(math.MaxInt64), "ab") },
		"list * int":    func() (any, error) { return Mul([]any{nil}, int64(MaxSize+1)) },
		"list + list":   func() (any, error) { return Add(list, list) },
		"int * int":     func() (any, error) { return Mul(huge, huge) },
		"int + int":     func() (any, error) { return Add(huge, huge) },
		"int ** int":    func() (any, error) { return Pow(int64(10), int64(1_000_000_000)) },
		"int ** bigint": func() (any, error) { return Pow(int64(2), huge) },
		"%1000000000d":  func() (any, error) { return Mod("%1000000000d", int64(1)) },
		"%.1000000000f": func() (any, error) { return Mod("%.1000000000f", 1.5) },
		"%*d":           func() (any, error) { return Mod("%*d", Tuple{int64(1 << 30), int64(1)}) },
		"format width":  func() (any, error) { return Format(int64(1), "1000000000") },
		"format prec":   func() (any, error) { return Format(1.5, ".1000000000f") },
		"{:99999999}":   func() (any, error) { return Formatter{}.Format("{:99999999}", []any{int64(1)}, nil) },
		"many fields": func() (any, error) {
			return Formatter{}.Format(strings.Repeat("{0:16000000}", 3), []any{int64(1)}, nil)
		},
		"many directives": func() (any, error) { return Mod("%(a)16000000d%(a)16000000d", DictOf("a", 1)) },
		"zfill":           func() (any, error) { return CallMethod("a", "zfill", []any{int64(1 << 40)}, nil) },
		"center":          func() (any, error) { return CallMethod("a", "center", []any{int64(1 << 40)}, nil) },
		"expandtabs":      func() (any, error) { return CallMethod("\t", "expandtabs", []any{int64(1 << 40)}, nil) },
		"replace":         func() (any, error) { return CallMethod(long, "replace", []any{"x", "yyyyyyyy"}, nil) },
		"join":            func() (any, error) { return CallMethod(long, "join", []any{[]any{"", "", "", ""}}, nil) },
		"list(range)":     func() (any, error) { return AsList(Range{0, math.MaxInt64, 1}) },
		"set(range)":      func() (any, error) { return CallMethod(SetOf(), "union", []any{Range{0, math.MaxInt64, 1}}, nil) },
		"to_bytes":        func() (any, error) { return CallMethod(int64(1), "to_bytes", []any{int64(1 << 40)}, nil) },
		"int(text)":       func() (any, error) { return Int(strings.Repeat("9", MaxBits)) },
		"extend":          func() (any, error) { return CallMethod(NewList(), "extend", []any{Range{0, math.MaxInt64, 1}}, nil) },
		"translate":       func() (any, error) { return CallMethod(long, "translate", []any{DictOf(int64('x'), "yyy")}, nil) },
	}
	for name, f := range try {
		_, err := f()
		if c := classOf(err); c != "MemoryError" && c != "OverflowError" {
			t.Errorf("%s: got %v, want a MemoryError or OverflowError", name, err)
		}
	}
}

func TestCompareOfSelfContainingListsEnds(t *testing.T) {
	a, b := NewList(), NewList()
	a.Items, b.Items = []any{a}, []any{b}
	if Equal(a, b) {
		t.Error("got equal")
	}
	if _, err := Less("<", a, b); classOf(err) != "RecursionError" && err != nil {
		t.Errorf("got %v", err)
	}
}
