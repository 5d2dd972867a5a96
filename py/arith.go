package py

import (
	"math"
	"math/big"
	"math/bits"
	"strings"
)

// Add is a + b: numbers, or two strings, lists, tuples or bytes.
func Add(a, b any) (any, error) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			if s := x + y; (s > x) == (y > 0) {
				return s, nil
			}
		}
	case string:
		if y, ok := b.(string); ok {
			if len(x)+len(y) > MaxSize {
				return nil, errTooBig
			}
			return x + y, nil
		}
		return nil, typeErrorf("can only concatenate str (not \"%s\") to str", TypeName(b))
	case Bytes:
		if y, ok := b.(Bytes); ok && len(x)+len(y) <= MaxSize {
			return x + y, nil
		}
		return nil, typeErrorf("can't concat %s to bytes", TypeName(b))
	}
	if x, ok := items(a); ok {
		return concat(a, b, x)
	}
	return arithmetic("+", a, b)
}

// concat joins two lists or two tuples.
func concat(a, b any, x []any) (any, error) {
	y, ok := items(b)
	if _, tuple := b.(Tuple); !ok || tuple != (TypeName(a) == "tuple") {
		return nil, typeErrorf("can only concatenate %s (not \"%s\") to %s", TypeName(a), TypeName(b), TypeName(a))
	}
	if len(x)+len(y) > MaxSize {
		return nil, errTooBig
	}
	out := make([]any, 0, len(x)+len(y))
	return sequenceLike(a, append(append(out, x...), y...)), nil
}

// sequenceLike gives items the type of a: tuple, list by reference, or list.
func sequenceLike(a any, items []any) any {
	switch a.(type) {
	case Tuple:
		return Tuple(items)
	case *List:
		return &List{Items: items}
	}
	return items
}

// Sub is a - b: numbers, or sets.
func Sub(a, b any) (any, error) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			if d := x - y; (d < x) == (y > 0) {
				return d, nil
			}
		}
	case *Set:
		if y, ok := b.(*Set); ok {
			return x.filter(func(v any) bool { return !y.Has(v) }), nil
		}
	}
	return arithmetic("-", a, b)
}

// Mul is a * b: numbers, or a sequence and an int.
func Mul(a, b any) (any, error) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			hi, lo := bits.Mul64(uint64(magnitude(x)), uint64(magnitude(y)))
			if hi == 0 && lo < 1<<63 {
				return x * y, nil
			}
		}
	}
	if isSequence(a) {
		return repeat(a, b)
	}
	if isSequence(b) {
		return repeat(b, a)
	}
	return arithmetic("*", a, b)
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func isSequence(v any) bool {
	switch v.(type) {
	case string, []any, *List, Tuple, Bytes:
		return true
	}
	return false
}

func repeat(seq, times any) (any, error) {
	n, ok := smallInt(times)
	if !ok {
		if _, isBig := times.(*big.Int); !isBig {
			return nil, typeErrorf("can't multiply sequence by non-int of type '%s'", TypeName(times))
		}
		return nil, Errorf("OverflowError", "cannot fit 'int' into an index-sized integer")
	}
	n = max(n, 0)
	switch s := seq.(type) {
	case string:
		if !fits(len(s), n) {
			return nil, errTooBig
		}
		return strings.Repeat(s, int(n)), nil
	case Bytes:
		if !fits(len(s), n) {
			return nil, errTooBig
		}
		return Bytes(strings.Repeat(string(s), int(n))), nil
	}
	x, _ := items(seq)
	if !fits(len(x), n) {
		return nil, errTooBig
	}
	out := make([]any, 0, len(x)*int(n))
	if len(x) > 0 {
		for range n {
			out = append(out, x...)
		}
	}
	return sequenceLike(seq, out), nil
}

func fits(size int, times int64) bool { return size == 0 || times <= int64(MaxSize/size) }

// Div is a / b, always a float.
func Div(a, b any) (any, error) { return arithmetic("/", a, b) }

// FloorDiv is a // b.
func FloorDiv(a, b any) (any, error) { return arithmetic("//", a, b) }

// Mod is a % b; for a string or bytes on the left, printf formatting.
func Mod(a, b any) (any, error) {
	switch x := a.(type) {
	case string:
		return printf(x, b, "string")
	case Bytes:
		s, err := printf(string(x), b, "bytes")
		return Bytes(s), err
	}
	return arithmetic("%", a, b)
}

// Pow is a ** b. A negative number to a fractional power is a ValueError, as
// there are no complex numbers here.
func Pow(a, b any) (any, error) { return arithmetic("** or pow()", a, b) }

// Neg is -a.
func Neg(a any) (any, error) {
	switch x := a.(type) {
	case int64:
		if x != math.MinInt64 {
			return -x, nil
		}
	case float64:
		return -x, nil
	}
	if !isNumber(a) {
		return nil, typeErrorf("bad operand type for unary -: '%s'", TypeName(a))
	}
	return normal(new(big.Int).Neg(toBig(a))), nil
}

// Pos is +a.
func Pos(a any) (any, error) {
	if i, ok := smallInt(a); ok {
		return i, nil
	}
	if !isNumber(a) {
		return nil, typeErrorf("bad operand type for unary +: '%s'", TypeName(a))
	}
	return a, nil
}

// Abs is abs(a).
func Abs(a any) (any, error) {
	if !isNumber(a) {
		return nil, typeErrorf("bad operand type for abs(): '%s'", TypeName(a))
	}
	if f, ok := a.(float64); ok {
		return math.Abs(f), nil
	}
	if n, _ := compareNumbers(a, int64(0)); n < 0 {
		return Neg(a)
	}
	return Pos(a)
}

// arithmetic is what all operators share: two numbers, int or float.
func arithmetic(op string, a, b any) (any, error) {
	if !isNumber(a) || !isNumber(b) {
		return nil, typeErrorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
	}
	_, af := a.(float64)
	_, bf := b.(float64)
	if !af && !bf {
		return intArithmetic(op, a, b)
	}
	x, err := floatOf(a)
	if err != nil {
		return nil, err
	}
	y, err := floatOf(b)
	if err != nil {
		return nil, err
	}
	return floatArithmetic(op, x, y)
}

// floatOf converts a number, as float() does.
func floatOf(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return 0, Errorf("OverflowError", "int too large to convert to float")
		}
		return f, nil
	}
	i, _ := smallInt(v)
	return float64(i), nil
}

func floatArithmetic(op string, x, y float64) (any, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/":
		if y == 0 {
			return nil, zeroDivision("float division by zero")
		}
		return x / y, nil
	case "//":
		if y == 0 {
			return nil, zeroDivision("float floor division by zero")
		}
		q, _ := floatDivMod(x, y)
		return q, nil
	case "%":
		if y == 0 {
			return nil, zeroDivision("float modulo")
		}
		_, r := floatDivMod(x, y)
		return r, nil
	}
	return floatPow(x, y)
}

func zeroDivision(msg string) *Error { return &Error{"ZeroDivisionError", msg} }

// floatDivMod rounds towards minus infinity; the remainder has y's sign.
func floatDivMod(x, y float64) (q, r float64) {
	r = math.Mod(x, y)
	q = (x - r) / y
	if r == 0 {
		r = math.Copysign(0, y)
	} else if (y < 0) != (r < 0) {
		r += y
		q--
	}
	if q == 0 {
		return math.Copysign(0, x/y), r
	}
	floor := math.Floor(q)
	if q-floor > 0.5 {
		floor++
	}
	return floor, r
}

func intArithmetic(op string, a, b any) (any, error) {
	x, xok := smallInt(a)
	y, yok := smallInt(b)
	switch op {
	case "/":
		return intDiv(a, b)
	case "//", "%":
		if yok && y == 0 {
			return nil, zeroDivision(map[string]string{"//": "integer division or modulo by zero", "%": "integer modulo by zero"}[op])
		}
		if xok && yok && y != -1 {
			q, r := smallDivMod(x, y)
			if op == "//" {
				return q, nil
			}
			return r, nil
		}
	case "+":
		if s := x + y; xok && yok && (s > x) == (y > 0) {
			return s, nil
		}
	case "-":
		if d := x - y; xok && yok && (d < x) == (y > 0) {
			return d, nil
		}
	case "** or pow()":
		return intPow(a, b)
	}
	return bigArithmetic(op, toBig(a), toBig(b))
}

func smallDivMod(x, y int64) (q, r int64) {
	q, r = x/y, x%y
	if r != 0 && (r < 0) != (y < 0) {
		q--
		r += y
	}
	return q, r
}

func bigArithmetic(op string, x, y *big.Int) (any, error) {
	z := new(big.Int)
	switch op {
	case "+":
		z.Add(x, y)
	case "-":
		z.Sub(x, y)
	case "*":
		if x.BitLen()+y.BitLen() > MaxBits {
			return nil, errIntTooBig
		}
		z.Mul(x, y)
	case "//":
		z, _ = bigDivMod(x, y)
	case "%":
		_, z = bigDivMod(x, y)
	}
	if z.BitLen() > MaxBits {
		return nil, errIntTooBig
	}
	return normal(z), nil
}

var errIntTooBig = &Error{Class: "OverflowError", Message: "int too large"}

// bigDivMod is floor division; y is not zero.
func bigDivMod(x, y *big.Int) (q, r *big.Int) {
	q, r = new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Sign() != 0 && r.Sign() != y.Sign() {
		q.Sub(q, big.NewInt(1))
		r.Add(r, y)
	}
	return q, r
}

// intDiv is the float nearest to the exact quotient.
func intDiv(a, b any) (any, error) {
	if y, ok := smallInt(b); ok && y == 0 {
		return nil, zeroDivision("division by zero")
	}
	const exact = 1 << 53
	x, xok := smallInt(a)
	y, yok := smallInt(b)
	if xok && yok && x >= -exact && x <= exact && y >= -exact && y <= exact {
		return float64(x) / float64(y), nil
	}
	if toBig(a).Sign() == 0 {
		return math.Copysign(0, float64(toBig(b).Sign())), nil
	}
	f, _ := new(big.Rat).SetFrac(toBig(a), toBig(b)).Float64()
	if math.IsInf(f, 0) {
		return nil, Errorf("OverflowError", "integer division result too large for a float")
	}
	return f, nil
}

func intPow(a, b any) (any, error) {
	if n, _ := compareNumbers(b, int64(0)); n < 0 {
		x, err := floatOf(a)
		if err != nil {
			return nil, err
		}
		y, err := floatOf(b)
		if err != nil {
			return nil, err
		}
		return floatPow(x, y)
	}
	x := toBig(a)
	n, small := smallInt(b)
	if x.BitLen() <= 1 { // 0, 1 and -1 need no exponentiation
		return powOfUnit(x, b, n), nil
	}
	if !small || n > MaxBits || int64(x.BitLen()-1)*n > MaxBits {
		return nil, errIntTooBig
	}
	return normal(new(big.Int).Exp(x, big.NewInt(n), nil)), nil
}

func powOfUnit(x *big.Int, b any, n int64) any {
	odd := n&1 == 1
	if y, ok := b.(*big.Int); ok {
		odd, n = y.Bit(0) == 1, 1
	}
	switch {
	case n == 0:
		return int64(1)
	case x.Sign() < 0 && !odd:
		return int64(1)
	}
	return x.Int64()
}

// filter returns a set of the members that keep accepts, frozen as s is.
func (s *Set) filter(keep func(any) bool) *Set {
	out := &Set{Frozen: s != nil && s.Frozen}
	for v := range s.All() {
		if keep(v) {
			out.d.Set(v, nil)
		}
	}
	return out
}
