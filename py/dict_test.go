package py

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestKeysThatAreEqualInPythonAreOneKey(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 80)
	groups := [][]any{
		{int64(1), 1.0, true, 1},
		{int64(0), 0.0, math.Copysign(0, -1), false},
		{huge, new(big.Int).Set(huge), math.Ldexp(1, 80)},
		{"a"}, {Bytes("a")}, {nil}, {""}, {0.5}, {math.Inf(1)}, {math.NaN()},
		{Tuple{int64(1), "x"}, Tuple{1.0, "x"}, Tuple{true, "x"}},
		{Tuple{}}, {Tuple{"a", "b"}}, {Tuple{"ab"}}, {Tuple{Tuple{"a"}, "b"}}, {Tuple{"a", Tuple{"b"}}},
		{Range{0, 3, 2}, Range{0, 4, 2}}, {Range{5, 5, 1}, Range{9, 1, 3}},
		{&Set{Frozen: true}}, {Date{2024, 1, 2}},
		{DateTime{Year: 2024, Month: 1, Day: 2, Hour: 5, Aware: true}, DateTime{Year: 2024, Month: 1, Day: 2, Hour: 7, Aware: true, Offset: 7200}},
		{DateTime{Year: 2024, Month: 1, Day: 2, Hour: 5}},
	}
	for _, small := range []bool{true, false} {
		d := NewDict(0)
		if !small {
			for i := range 50 {
				d.Set(fmt.Sprint("fill", i), nil)
			}
		}
		before := d.Len()
		for i, g := range groups {
			for _, k := range g {
				d.Set(k, i)
			}
		}
		if got := d.Len() - before; got != len(groups) {
			t.Errorf("small=%v: got %d keys, want %d: %s", small, got, len(groups), Repr(d.Keys()))
		}
		for i, g := range groups {
			for _, k := range g {
				if v, ok := d.Get(k); !ok || v != int64(i) {
					t.Errorf("small=%v: d[%s] = %v, %v, want %d", small, Repr(k), v, ok, i)
				}
			}
		}
	}
}

func TestUnhashableKeysAreRefused(t *testing.T) {
	d := DictOf([]any{}, 1)
	for k, want := range map[string]any{"list": []any{}, "dict": &Dict{}, "set": SetOf()} {
		err := d.SetKey(want, 1)
		if err == nil || err.Error() != "TypeError: unhashable type: '"+k+"'" {
			t.Errorf("%s: got %v", k, err)
		}
		if _, ok := d.Get(want); ok || d.Delete(want) {
			t.Errorf("%s: found in the dictionary", k)
		}
	}
	if err := d.SetKey(Tuple{"a", []any{}}, 1); err == nil || err.Error() != "TypeError: unhashable type: 'list'" {
		t.Errorf("tuple of a list: got %v", err)
	}
	if d.Len() != 0 {
		t.Errorf("got %s, want nothing stored", Repr(d))
	}
}

func TestNilDictReadsAsEmpty(t *testing.T) {
	var d *Dict
	if _, ok := d.Get("a"); ok || d.Len() != 0 || len(d.Keys()) != 0 || d.Delete("a") || Truth(d) || Repr(d) != "{}" || !Equal(d, &Dict{}) {
		t.Error("a nil *Dict does not read as empty")
	}
	if c := d.Clone(); c == nil || c.Len() != 0 {
		t.Errorf("Clone: got %v", c)
	}
	for range d.All() {
		t.Error("All yields")
	}
}

func TestEntriesMayBeDeletedDuringIteration(t *testing.T) {
	d := NewDict(0)
	for i := range int64(100) {
		d.Set(i, i)
	}
	seen := 0
	for k := range d.All() {
		seen++
		d.Delete(k)
	}
	if seen != 100 || d.Len() != 0 {
		t.Errorf("saw %d of 100, %d left", seen, d.Len())
	}
}

// TestDictAgreesWithAListOfPairs drives a Dict and the obvious model.
func TestDictAgreesWithAListOfPairs(t *testing.T) {
	keys := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) any { return fmt.Sprint("k", rapid.IntRange(0, 40).Draw(t, "s")) }),
		rapid.Custom(func(t *rapid.T) any { return int64(rapid.IntRange(0, 40).Draw(t, "i")) }),
		rapid.Custom(func(t *rapid.T) any { return float64(rapid.IntRange(0, 80).Draw(t, "f")) / 2 }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "b") }),
		rapid.Custom(func(t *rapid.T) any { return Tuple{int64(rapid.IntRange(0, 5).Draw(t, "t"))} }),
	)
	rapid.Check(t, func(t *rapid.T) {
		d, model := NewDict(0), []entry{}
		for range rapid.IntRange(0, 150).Draw(t, "steps") {
			k := keys.Draw(t, "key")
			i := slices.IndexFunc(model, func(e entry) bool { return Equal(e.key, k) })
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0, 1, 2:
				v := int64(rapid.IntRange(0, 9).Draw(t, "v"))
				d.Set(k, v)
				if i >= 0 {
					model[i].val = v
				} else {
					model = append(model, entry{k, v})
				}
			case 3:
				if d.Delete(k) != (i >= 0) {
					t.Fatalf("Delete(%s) disagrees", Repr(k))
				}
				if i >= 0 {
					model = slices.Delete(model, i, i+1)
				}
			case 4:
				if v, ok := d.Get(k); ok != (i >= 0) || ok && v != model[i].val {
					t.Fatalf("Get(%s) = %v, %v", Repr(k), v, ok)
				}
			}
		}
		want := NewList()
		for _, e := range model {
			want.Items = append(want.Items, Tuple{e.key, e.val})
		}
		got, _ := AsList(NewView(d, ItemsView))
		if Repr(got) != Repr(want) || d.Len() != len(model) || !Equal(d, d.Clone()) {
			t.Fatalf("got %s, want %s", Repr(got), Repr(want))
		}
	})
}
