package py

import (
	"iter"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// box is a host type with every ability.
type box struct{ n int64 }

func (b box) PyType() string { return "box" }
func (b box) PyAttr(name string) (any, bool) {
	return b.n, name == "n"
}
func (b box) PyCall(args []any, kwargs *Dict) (any, error) {
	return Add(b.n, int64(len(args)+kwargs.Len()))
}
func (b box) PyRepr() string { return "box()" }
func (b box) PyStr() string  { return "a box" }
func (b box) PyTruth() bool  { return b.n != 0 }
func (b box) PyLen() int     { return int(b.n) }
func (b box) PyIter() iter.Seq[any] {
	return Range{0, b.n, 1}.all
}
func (b box) PyItem(key any) (any, error) { return Mul(b.n, key) }
func (b box) PyEqual(other any) bool      { return Equal(b.n, other) || other == any(b) }
func (b box) PyHash() any                 { return b }

func TestHostTypesTakePart(t *testing.T) {
	b := box{3}
	attr, err := GetAttr(b, "n")
	item, _ := GetItem(b, int64(4))
	called, _ := Call(b, []any{nil}, DictOf("k", 1))
	has, _ := Contains(b, int64(2))
	items, _ := AsList(b)
	n, _ := Len(b)
	printed, _ := Mod("%s %r", Tuple{b, b})
	d := DictOf(b, "found", Tuple{b}, "in tuple")
	_, hashed := d.Get(box{3})
	_, inTuple := d.Get(Tuple{box{3}})
	_, noAttr := GetAttr(b, "m")
	_, noCall := Call("x", nil, nil)
	got := []any{attr, err == nil, item, called, has, items, int64(n), printed, Truth(b), Truth(box{}), Equal(b, int64(3)), Equal("x", b),
		Equal([]any{int64(3)}, []any{b}), hashed, inTuple, TypeName(b), Str([]any{b}), noAttr.Error(), noCall.Error()}
	want := `[3, True, 12, 5, True, [0, 1, 2], 3, 'a box box()', True, False, True, False, True, True, True, 'box', '[box()]', ` +
		`"AttributeError: 'box' object has no attribute 'm'", "TypeError: 'str' object is not callable"]`
	if Repr(got) != want {
		t.Errorf("\n got %s\nwant %s", Repr(got), want)
	}
	type opaque struct{ x []int }
	if o := any(opaque{}); Equal(o, o) || Hashable(o) || !strings.Contains(Repr(o), "opaque object") {
		t.Errorf("a Go type without abilities: got %s", Repr(o))
	}
	if p := new(int); !Equal(p, p) || Equal(p, new(int)) || !Hashable(p) {
		t.Error("pointers do not compare by identity")
	}
}

func TestItemsAreSetAndDeleted(t *testing.T) {
	l, d, plainList := NewList(int64(1), int64(2), int64(3)), DictOf("a", 1), []any{"x"}
	steps := []struct {
		err  error
		want string
	}{
		{SetItem(l, int64(-1), "z"), ""}, {SetItem(l, int64(5), 0), "IndexError: list assignment index out of range"},
		{SetItem(l, "a", 0), "TypeError: list indices must be integers or slices, not str"},
		{SetItem(d, "b", int64(2)), ""}, {SetItem(d, []any{}, 2), "TypeError: unhashable type: 'list'"},
		{SetItem(plainList, int64(0), "y"), ""}, {SetItem("s", int64(0), "y"), "TypeError: 'str' object does not support item assignment"},
		{DelItem(l, int64(0)), ""}, {DelItem(l, int64(9)), "IndexError: list assignment index out of range"},
		{DelItem(d, "a"), ""}, {DelItem(d, "a"), "KeyError: 'a'"}, {DelItem(d, l), "TypeError: unhashable type: 'list'"},
		{DelItem(Tuple{}, int64(0)), "TypeError: 'tuple' object doesn't support item deletion"},
	}
	for i, s := range steps {
		if got := ""; s.err != nil {
			if got = s.err.Error(); got != s.want {
				t.Errorf("step %d: got %s, want %q", i, got, s.want)
			}
		} else if s.want != "" {
			t.Errorf("step %d: got no error, want %s", i, s.want)
		}
	}
	if got := Repr([]any{l, d, plainList}); got != "[[2, 'z'], {'b': 2}, ['y']]" {
		t.Errorf("got %s", got)
	}
}

func TestListsInDocumentsDoNotChangeLength(t *testing.T) {
	for _, name := range []string{"append", "clear", "extend", "insert", "pop", "remove"} {
		args := map[string][]any{"append": {1}, "extend": {[]any{}}, "insert": {int64(0), 1}, "remove": {1}}[name]
		if _, err := CallMethod([]any{int64(1)}, name, args, nil); classOf(err) != "TypeError" {
			t.Errorf("%s: got %v, want a TypeError", name, err)
		}
	}
	x := []any{int64(2), int64(1)}
	if _, err := CallMethod(x, "sort", nil, nil); err != nil || Repr(x) != "[1, 2]" {
		t.Errorf("sort in place: got %s, %v", Repr(x), err)
	}
}

func TestSortIsStableAndTakesAKey(t *testing.T) {
	key := func(args []any, _ *Dict) (any, error) { return Lower(Str(args[0])), nil }
	for reverse, want := range map[bool]string{false: "['A', 'a', 'B', 'b', 'c']", true: "['c', 'B', 'b', 'A', 'a']"} {
		l := NewList("B", "A", "c", "b", "a")
		if _, err := CallMethod(l, "sort", nil, DictOf("key", key, "reverse", reverse)); err != nil || Repr(l) != want {
			t.Errorf("reverse=%v: got %s, %v; want %s", reverse, Repr(l), err, want)
		}
	}
	if err := Sort([]any{int64(1), "a"}, nil, false); err == nil || err.Error() != "TypeError: '<' not supported between instances of 'str' and 'int'" {
		t.Errorf("mixed types: got %v", err)
	}
	numbers := []any{2.5, int64(2), true, new(big.Int).Lsh(big.NewInt(1), 70), math.Inf(-1)}
	if err := Sort(numbers, nil, false); err != nil || Repr(numbers) != "[-inf, True, 2, 2.5, 1180591620717411303424]" {
		t.Errorf("numbers: got %s, %v", Repr(numbers), err)
	}
}

func TestNaNIsUnorderedAndUnequal(t *testing.T) {
	nan := math.NaN()
	for _, op := range []string{"<", "<=", ">", ">="} {
		if ok, err := Less(op, nan, 1.0); ok || err != nil {
			t.Errorf("nan %s 1.0: got %v, %v", op, ok, err)
		}
		if ok, err := Less(op, int64(1), nan); ok || err != nil {
			t.Errorf("1 %s nan: got %v, %v", op, ok, err)
		}
	}
	if Equal(nan, nan) {
		t.Error("nan == nan")
	}
	for spec, want := range map[string]string{"": "nan", "f": "nan", "F": "NAN", "+08.2f": "+0000nan", ",": "nan", "%": "nan%"} {
		if got, err := Format(nan, spec); got != want || err != nil {
			t.Errorf("format(nan, %q): got %q, %v; want %q", spec, got, err, want)
		}
	}
	if got, _ := Mod("%5.1f|%d", Tuple{nan, int64(1)}); got != "  nan|1" {
		t.Errorf("got %v", got)
	}
	if _, err := Int(nan); err == nil || err.Error() != "ValueError: cannot convert float NaN to integer" {
		t.Errorf("int(nan): got %v", err)
	}
}

func TestViewsFollowTheirDictionary(t *testing.T) {
	d := DictOf("a", 1)
	keys, values, pairs := NewView(d, KeysView), NewView(d, ValuesView), NewView(d, ItemsView)
	d.Set("b", 2)
	if got := Repr(keys) + Repr(values) + Repr(pairs); got != "dict_keys(['a', 'b'])dict_values([1, 2])dict_items([('a', 1), ('b', 2)])" {
		t.Errorf("got %s", got)
	}
	for _, tt := range []struct {
		v    *View
		item any
		want bool
	}{
		{keys, "b", true}, {keys, "c", false}, {values, 2.0, true}, {values, "b", false},
		{pairs, Tuple{"b", int64(2)}, true}, {pairs, Tuple{"b", int64(3)}, false}, {pairs, "b", false},
	} {
		if got, err := Contains(tt.v, tt.item); got != tt.want || err != nil {
			t.Errorf("%s in %s: got %v, %v", Repr(tt.item), Repr(tt.v), got, err)
		}
	}
	other := DictOf("b", 2, "a", 1)
	if !Equal(keys, NewView(other, KeysView)) || Equal(keys, NewView(DictOf("a", 1, "c", 1), KeysView)) || Equal(values, NewView(d, ValuesView)) {
		t.Error("views compare otherwise than in Python")
	}
	if _, err := GetItem(keys, int64(0)); err == nil || err.Error() != "TypeError: 'dict_keys' object is not subscriptable" {
		t.Errorf("got %v", err)
	}
	if disjoint, _ := CallMethod(keys, "isdisjoint", []any{[]any{"z"}}, nil); disjoint != true || keys.Kind() != KeysView {
		t.Errorf("isdisjoint: got %v", disjoint)
	}
}

func TestDatesCompareByInstant(t *testing.T) {
	noon := DateTime{Year: 2024, Month: 3, Day: 1, Hour: 12, Aware: true}
	same := DateTime{Year: 2024, Month: 3, Day: 1, Hour: 14, Aware: true, Offset: 7200}
	naive := DateTime{Year: 2024, Month: 3, Day: 1, Hour: 12}
	if !Equal(noon, same) || Equal(noon, naive) || Equal(naive, naive.Date()) {
		t.Error("equality differs from Python's")
	}
	if _, err := Compare(noon, naive); err == nil || err.Error() != "TypeError: can't compare offset-naive and offset-aware datetimes" {
		t.Errorf("got %v", err)
	}
	later, _ := Less("<", noon, DateTime{Year: 2024, Month: 3, Day: 1, Hour: 12, Microsecond: 1, Aware: true})
	dates, _ := Less("<", Date{2024, 2, 29}, Date{2024, 3, 1})
	if !later || !dates {
		t.Error("order differs from Python's")
	}
	year, _ := GetAttr(noon, "year")
	day, _ := GetAttr(noon.Date(), "day")
	text, err := Format(noon.Date(), "%d.%m.%Y")
	got := []any{year, day, text, Repr(noon.Date()), Str(naive.Date())}
	if want := "[2024, 1, '01.03.2024', 'datetime.date(2024, 3, 1)', '2024-03-01']"; Repr(got) != want || err != nil {
		t.Errorf("got %s, %v; want %s", Repr(got), err, want)
	}
}

func TestDocumentAndMutableChangeTheKindOfLists(t *testing.T) {
	inner := []any{int64(1)}
	live := Mutable(DictOf("l", inner, "t", Tuple{inner}, "s", SetOf("x"))).(*Dict)
	l, _ := live.Get("l")
	if _, err := CallMethod(l, "append", []any{"new"}, nil); err != nil {
		t.Fatal(err)
	}
	if Repr(live) != "{'l': [1, 'new'], 't': ([1, 'new'],), 's': {'x'}}" || len(inner) != 1 {
		t.Errorf("got %s from %s", Repr(live), Repr(inner))
	}
	live.Set("r", Range{0, 3, 1})
	live.Set("v", NewView(DictOf("k", nil), ItemsView))
	doc, err := Document(live)
	if want := "{'l': [1, 'new'], 't': [[1, 'new']], 's': ['x'], 'r': [0, 1, 2], 'v': [['k', None]]}"; Repr(doc) != want || err != nil || Check(doc) != nil {
		t.Errorf("got %s, %v, %v; want %s", Repr(doc), err, Check(doc), want)
	}
	for _, bad := range []any{Bytes("x"), Date{1, 1, 1}, box{}, DictOf(Tuple{}, 1)} {
		if _, err := Document([]any{bad}); classOf(err) != "TypeError" {
			t.Errorf("Document(%s): got %v", Repr(bad), err)
		}
	}
}

func TestCheckAcceptsDocumentsOnly(t *testing.T) {
	for _, bad := range []any{1, Tuple{}, NewList(), big.NewInt(1), []any{SetOf()}, DictOf("k", Bytes("")), DictOf(Tuple{}, nil), nested(1)} {
		if Check(bad) == nil {
			t.Errorf("Check(%s): got no error", Repr(bad))
		}
	}
	ok := DictOf("a", []any{nil, true, 1.5, "x", new(big.Int).Lsh(big.NewInt(1), 64)}, 1, 2)
	if err := Check(ok); err != nil {
		t.Error(err)
	}
	if small, large := Size("x"), Size([]any{strings.Repeat("x", 1000), ok}); small < 1 || large < 1000 {
		t.Errorf("Size: got %d and %d", small, large)
	}
}

func TestSetsKeepMembersOnce(t *testing.T) {
	s, err := NewSet([]any{int64(1), 1.0, "a", true})
	if err != nil || Repr(s) != "{1, 'a'}" || Repr(&Set{}) != "set()" {
		t.Errorf("got %s, %v", Repr(s), err)
	}
	f := &Set{d: s.d, Frozen: true}
	if Repr(f) != "frozenset({1, 'a'})" || Repr(&Set{Frozen: true}) != "frozenset()" || !Equal(s, f) || !Hashable(f) || Hashable(s) {
		t.Errorf("got %s", Repr(f))
	}
	if in, err := Contains(SetOf(f), s); !in || err != nil {
		t.Errorf("a set in a set of frozensets: got %v, %v", in, err)
	}
	if _, err := NewSet([]any{[]any{}}); err == nil || err.Error() != "TypeError: unhashable type: 'list'" {
		t.Errorf("got %v", err)
	}
	if _, ok := Method(f, "add"); ok {
		t.Error("a frozenset has add")
	}
}

func TestQueueOfKeysStaysSmall(t *testing.T) {
	d := NewDict(0)
	for i := range int64(10_000) {
		d.Set(i, i)
		if i >= 20 && !d.Delete(i-20) {
			t.Fatalf("key %d is gone", i-20)
		}
	}
	if d.Len() != 20 || len(d.entries) > 100 {
		t.Errorf("%d entries in %d places, want 20 in few", d.Len(), len(d.entries))
	}
	if got := d.Values(); got[0] != int64(9980) || got[19] != int64(9999) {
		t.Errorf("got %s", Repr(got))
	}
}

func TestMethodNamesAreSortedAndPublic(t *testing.T) {
	names := slices.Collect(MethodNames(""))
	if len(names) != 47 || names[0] != "capitalize" || !slices.IsSorted(names) {
		t.Errorf("got %d: %v", len(names), names)
	}
}

func TestFormatterRefusesPrivateAttributesAndAsksTheHost(t *testing.T) {
	_, err := Formatter{}.Format("{0.__class__}", []any{"x"}, nil)
	if err == nil || err.Error() != "SecurityError: access to attribute '__class__' of 'str' object is unsafe." {
		t.Errorf("got %v", err)
	}
	f := Formatter{Field: func(obj, key any, attribute bool) (any, error) {
		return Str(obj) + "/" + Str(key) + "/" + Str(attribute), nil
	}}
	if got, err := f.Format("{0.a[1]}", []any{"x"}, nil); got != "x/a/True/1/False" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
