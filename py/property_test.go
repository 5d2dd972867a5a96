package py

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// documents draws document values.
func documents(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 8
		if depth == 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return rapid.Bool().Draw(t, "bool")
		case 1, 2:
			return numbers().Draw(t, "number")
		case 3, 4:
			return rapid.String().Draw(t, "string")
		case 5:
			return nil
		case 6:
			return rapid.SliceOfN(documents(depth-1), 0, 5).Draw(t, "list")
		}
		d := NewDict(0)
		for _, k := range rapid.SliceOfN(rapid.String(), 0, 12).Draw(t, "keys") {
			d.Set(k, documents(depth-1).Draw(t, "value"))
		}
		return d
	})
}

func numbers() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.Int64().Draw(t, "int")
		case 1:
			b := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 24).Draw(t, "big"))
			if rapid.Bool().Draw(t, "negative") {
				b.Neg(b)
			}
			return normal(b)
		case 2:
			return float64(rapid.IntRange(-20, 20).Draw(t, "half")) / 2
		}
		return rapid.Float64().Draw(t, "float")
	})
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := documents(3).Draw(t, "v")
		if err := Check(v); err != nil {
			t.Fatalf("Check: %v", err)
		}
		texts := [][]byte{}
		compact, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, compact)
		for _, f := range []JSONFormat{PythonJSON, {Indent: "  "}, {ASCII: true, Lines: true}} {
			text, err := f.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		for _, text := range texts {
			back, err := DecodeJSON(text)
			if err != nil || Repr(back) != Repr(v) {
				t.Fatalf("got %s, %v; want %s", Repr(back), err, Repr(v))
			}
		}
		var into any
		if err := Unmarshal(compact, &into); err != nil || Repr(into) != Repr(v) {
			t.Fatalf("Unmarshal: got %s, %v; want %s", Repr(into), err, Repr(v))
		}
	})
}

func TestReprIsReadBackByLiteralEval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := documents(3).Draw(t, "v")
		back, err := LiteralEval(Repr(v))
		if err != nil || Repr(back) != Repr(v) || !Equal(back, v) {
			t.Fatalf("got %s, %v; want %s", Repr(back), err, Repr(v))
		}
		if back, err := LiteralEval(ASCII(v)); err != nil || !Equal(back, v) {
			t.Fatalf("of ascii(): got %s, %v; want %s", Repr(back), err, Repr(v))
		}
	})
}

func TestOrderIsTotalWithinNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := numbers().Draw(t, "a"), numbers().Draw(t, "b"), numbers().Draw(t, "c")
		compare := func(x, y any) int {
			n, err := Compare(x, y)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		ab, bc, ac := compare(a, b), compare(b, c), compare(a, c)
		if ab != -compare(b, a) {
			t.Fatalf("%s and %s: not antisymmetric", Repr(a), Repr(b))
		}
		if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 {
			t.Fatalf("%s, %s, %s: not transitive", Repr(a), Repr(b), Repr(c))
		}
		if (ab == 0) != Equal(a, b) {
			t.Fatalf("%s and %s: Equal disagrees with Compare", Repr(a), Repr(b))
		}
		x, _ := hashKey(a)
		y, _ := hashKey(b)
		if (ab == 0) != (x == y) {
			t.Fatalf("%s and %s: equal but not one key", Repr(a), Repr(b))
		}
	})
}

func TestIntegersAreExact(t *testing.T) {
	ints := rapid.Custom(func(t *rapid.T) *big.Int {
		if rapid.Bool().Draw(t, "small") {
			return big.NewInt(rapid.Int64().Draw(t, "i"))
		}
		return new(big.Int).Sub(new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "b")), new(big.Int).Lsh(big.NewInt(1), 70))
	})
	rapid.Check(t, func(t *rapid.T) {
		x, y := ints.Draw(t, "x"), ints.Draw(t, "y")
		a, b := normal(x), normal(y)
		check := func(op string, got any, err error, want *big.Int) {
			if err != nil || Repr(got) != want.String() || !Equal(got, normal(want)) {
				t.Fatalf("%s %s %s: got %s, %v; want %s", x, op, y, Repr(got), err, want)
			}
			if n, ok := got.(*big.Int); ok && n.IsInt64() {
				t.Fatalf("%s %s %s: not in normal form", x, op, y)
			}
		}
		sum, err := Add(a, b)
		check("+", sum, err, new(big.Int).Add(x, y))
		diff, err := Sub(a, b)
		check("-", diff, err, new(big.Int).Sub(x, y))
		product, err := Mul(a, b)
		check("*", product, err, new(big.Int).Mul(x, y))
		if y.Sign() != 0 {
			q, err1 := FloorDiv(a, b)
			r, err2 := Mod(a, b)
			back, err3 := Mul(q, b)
			back, err4 := Add(back, r)
			if err1 != nil || err2 != nil || err3 != nil || err4 != nil || !Equal(back, a) || toBig(r).Sign()*y.Sign() < 0 || toBig(r).CmpAbs(y) >= 0 {
				t.Fatalf("%s divmod %s: got %s, %s", x, y, Repr(q), Repr(r))
			}
		}
	})
}

func TestFormattedFloatsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		for _, text := range []string{Repr(f), mustFormat(t, f, ""), mustFormat(t, f, ".17g"), mustFormat(t, f, ".16e")} {
			back, err := Float(text)
			if err != nil || back != f && !(math.IsNaN(f) && math.IsNaN(back)) {
				t.Fatalf("%s: got %v, %v; want %v", text, back, err, f)
			}
		}
	})
}

func mustFormat(t *rapid.T, v any, spec string) string {
	s, err := Format(v, spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSplitAndJoinAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab,; é\n"))).Draw(t, "s")
		sep := rapid.SampledFrom([]string{",", "a", ", ", "é", "ab"}).Draw(t, "sep")
		for _, name := range []string{"split", "rsplit"} {
			parts, err := CallMethod(s, name, []any{sep}, nil)
			if err != nil {
				t.Fatal(err)
			}
			back, err := CallMethod(sep, "join", []any{parts}, nil)
			if err != nil || back != s {
				t.Fatalf("%s: got %q, %v; want %q", name, back, err, s)
			}
		}
	})
}
