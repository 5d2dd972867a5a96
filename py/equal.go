package py

import (
	"math"
	"math/big"
	"strings"
)

// Truth is bool(v).
func Truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case *big.Int:
		return v.Sign() != 0
	case []any:
		return len(v) > 0
	case *List:
		return len(v.Items) > 0
	case *Dict:
		return v.Len() > 0
	case Tuple:
		return len(v) > 0
	case Bytes:
		return v != ""
	case Range:
		return v.count() > 0
	case Truther:
		return v.PyTruth()
	case interface{ Len() int }:
		return v.Len() > 0
	case Lener:
		return v.PyLen() > 0
	}
	return true
}

// comparison bounds the work of one comparison: both the depth and, since
// shared parts are visited once per path, the number of steps.
type comparison struct{ steps int }

const maxSteps = 1 << 26

// Equal is a == b. Structures nested beyond Python's recursion limit are
// unequal.
func Equal(a, b any) bool {
	c := comparison{}
	return c.equal(a, b, 0)
}

func (c *comparison) equal(a, b any, depth int) bool {
	if c.steps++; depth > maxDepth || c.steps > maxSteps {
		return false
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
		return hostEqual(b, a)
	case bool, int64, float64, *big.Int:
		if isNumber(b) {
			n, ordered := compareNumbers(a, b)
			return ordered && n == 0
		}
		return hostEqual(b, a)
	case []any, *List:
		if y, ok := listItems(b); ok {
			x, _ := listItems(a)
			return c.equalItems(x, y, depth)
		}
		return hostEqual(b, a)
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return c.equalItems(x, y, depth)
		}
		return hostEqual(b, a)
	case *Dict:
		if y, ok := b.(*Dict); ok {
			return c.equalDicts(x, y, depth)
		}
		return hostEqual(b, a)
	case Equaler:
		return x.PyEqual(b)
	}
	return equalRare(a, b)
}

func (c *comparison) equalItems(x, y []any, depth int) bool {
	if len(x) != len(y) {
		return false
	}
	if len(x) > 0 && &x[0] == &y[0] {
		return true
	}
	for i := range x {
		if !c.equal(x[i], y[i], depth+1) {
			return false
		}
	}
	return true
}

func (c *comparison) equalDicts(x, y *Dict, depth int) bool {
	if x == y {
		return true
	}
	if x.Len() != y.Len() {
		return false
	}
	for k, v := range x.All() {
		w, ok := y.Get(k)
		if !ok || !c.equal(v, w, depth+1) {
			return false
		}
	}
	return true
}

// hostEqual asks the right operand when the left one is a built-in.
func hostEqual(b, a any) bool {
	e, ok := b.(Equaler)
	return ok && e.PyEqual(a)
}

func equalRare(a, b any) bool {
	switch x := a.(type) {
	case *Set:
		y, ok := b.(*Set)
		return ok && x.Len() == y.Len() && isSubset(x, y)
	case Bytes:
		y, ok := b.(Bytes)
		return ok && x == y
	case Range:
		y, ok := b.(Range)
		return ok && hashRange(x) == hashRange(y)
	case Date:
		y, ok := b.(Date)
		return ok && x == y
	case DateTime:
		y, ok := b.(DateTime)
		return ok && x.hash() == y.hash()
	case *View:
		y, ok := b.(*View)
		return ok && equalViews(x, y)
	}
	if e, ok := b.(Equaler); ok {
		return e.PyEqual(a)
	}
	return sameHost(a, b)
}

// sameHost is identity of host values: == for pointers and nothing else, as
// other types may not be comparable.
func sameHost(a, b any) bool {
	x, ok := hashKey(a)
	if !ok {
		return false
	}
	y, ok := hashKey(b)
	return ok && x == y
}

func equalViews(x, y *View) bool {
	if x.kind == ValuesView || y.kind == ValuesView {
		return x == y
	}
	if x.Len() != y.Len() {
		return false
	}
	for item := range x.All() {
		if !viewContains(y, item) {
			return false
		}
	}
	return true
}

func viewContains(v *View, item any) bool {
	switch v.kind {
	case KeysView:
		_, ok := v.d.Get(item)
		return ok
	case ItemsView:
		t, ok := item.(Tuple)
		if !ok || len(t) != 2 {
			return false
		}
		x, ok := v.d.Get(t[0])
		return ok && Equal(x, t[1])
	}
	for x := range v.All() {
		if Equal(x, item) {
			return true
		}
	}
	return false
}

func isSubset(x, y *Set) bool {
	for v := range x.All() {
		if !y.Has(v) {
			return false
		}
	}
	return true
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, float64, bool, *big.Int:
		return true
	}
	return false
}

// compareNumbers compares exactly, also a float with an int beyond 2**53.
// ordered is false when a NaN takes part.
func compareNumbers(a, b any) (n int, ordered bool) {
	x, xf := asFloat(a)
	y, yf := asFloat(b)
	switch {
	case xf && yf:
		return compareFloats(x, y)
	case xf:
		n, ordered = compareFloatInt(x, b)
		return n, ordered
	case yf:
		n, ordered = compareFloatInt(y, a)
		return -n, ordered
	}
	i, iok := smallInt(a)
	j, jok := smallInt(b)
	if iok && jok {
		switch {
		case i < j:
			return -1, true
		case i > j:
			return 1, true
		}
		return 0, true
	}
	return toBig(a).Cmp(toBig(b)), true
}

func asFloat(v any) (float64, bool) {
	f, ok := v.(float64)
	return f, ok
}

func compareFloats(x, y float64) (int, bool) {
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	}
	return 0, false
}

func compareFloatInt(f float64, v any) (int, bool) {
	switch {
	case math.IsNaN(f):
		return 0, false
	case math.IsInf(f, 1):
		return 1, true
	case math.IsInf(f, -1):
		return -1, true
	}
	if i, ok := smallInt(v); ok && i > -1<<53 && i < 1<<53 {
		return compareFloats(f, float64(i))
	}
	t := math.Trunc(f)
	b, _ := big.NewFloat(t).Int(nil)
	if n := b.Cmp(toBig(v)); n != 0 {
		return n, true
	}
	return compareFloats(f, t)
}

// smallInt returns an int or bool that fits int64.
func smallInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// toBig returns an int or bool as a *big.Int that must not be changed.
func toBig(v any) *big.Int {
	if b, ok := v.(*big.Int); ok {
		return b
	}
	i, _ := smallInt(v)
	return big.NewInt(i)
}

// normal returns b as the document value it is: int64 when it fits.
func normal(b *big.Int) any {
	if b.IsInt64() {
		return b.Int64()
	}
	return b
}

// Compare orders a and b: negative when a < b. The error is the TypeError of
// a < b. NaNs, and sets of which neither contains the other, compare as 0; use
// [Less] for the truth of one operator.
func Compare(a, b any) (int, error) {
	c := comparison{}
	n, _, err := c.compare(a, b, "<", 0)
	return n, err
}

// Less evaluates a OP b for an ordering operator: < <= > >=.
func Less(op string, a, b any) (bool, error) {
	if x, ok := a.(*Set); ok {
		if y, ok := b.(*Set); ok {
			return compareSets(op, x, y), nil
		}
	}
	c := comparison{}
	n, ordered, err := c.compare(a, b, op, 0)
	if err != nil || !ordered {
		return false, err
	}
	return holds(op, n), nil
}

func holds(op string, n int) bool {
	switch op {
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

func compareSets(op string, x, y *Set) bool {
	switch op {
	case "<":
		return x.Len() < y.Len() && isSubset(x, y)
	case "<=":
		return isSubset(x, y)
	case ">":
		return y.Len() < x.Len() && isSubset(y, x)
	}
	return isSubset(y, x)
}

func (c *comparison) compare(a, b any, op string, depth int) (n int, ordered bool, err error) {
	if c.steps++; depth > maxDepth || c.steps > maxSteps {
		return 0, false, &Error{errTooDeep.Class, errTooDeep.Message + " in comparison"}
	}
	if isNumber(a) && isNumber(b) {
		n, ordered = compareNumbers(a, b)
		return n, ordered, nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true, nil
		}
	case []any, *List:
		if y, ok := listItems(b); ok {
			x, _ := listItems(a)
			return c.compareItems(x, y, op, depth)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return c.compareItems(x, y, op, depth)
		}
	case Bytes:
		if y, ok := b.(Bytes); ok {
			return strings.Compare(string(x), string(y)), true, nil
		}
	case Date:
		if y, ok := b.(Date); ok {
			return x.compare(y), true, nil
		}
	case DateTime:
		if y, ok := b.(DateTime); ok {
			n, err := x.compare(y)
			return n, true, err
		}
	case *Set:
		if y, ok := b.(*Set); ok {
			return subsetOrder(x, y)
		}
	}
	return 0, false, typeErrorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func subsetOrder(x, y *Set) (int, bool, error) {
	switch {
	case compareSets("<", x, y):
		return -1, true, nil
	case compareSets(">", x, y):
		return 1, true, nil
	}
	return 0, x.Len() == y.Len() && isSubset(x, y), nil
}

// compareItems finds the first unequal pair, as Python does: only that pair
// needs an order.
func (c *comparison) compareItems(x, y []any, op string, depth int) (int, bool, error) {
	for i := range min(len(x), len(y)) {
		if !c.equal(x[i], y[i], depth+1) {
			return c.compare(x[i], y[i], op, depth+1)
		}
	}
	return len(x) - len(y), true, nil
}
