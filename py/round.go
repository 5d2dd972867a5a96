package py

import (
	"math"
	"math/big"
	"strconv"
)

// Round is round(v, ndigits): half to even. With ndigits nil the result is an
// int, otherwise it has v's type.
func Round(v, ndigits any) (any, error) {
	if !isNumber(v) {
		return nil, typeErrorf("type %s doesn't define __round__ method", TypeName(v))
	}
	f, isFloat := v.(float64)
	if ndigits == nil {
		if isFloat {
			return floatToInt(math.RoundToEven(f))
		}
		return Int(v)
	}
	n, err := asIndex(ndigits)
	if err != nil {
		return nil, err
	}
	if isFloat {
		return roundFloat(f, n)
	}
	return roundInt(v, n)
}

// asIndex is operator.index: an int, clipped to int64.
func asIndex(v any) (int64, error) {
	if i, ok := smallInt(v); ok {
		return i, nil
	}
	if b, ok := v.(*big.Int); ok {
		if b.Sign() < 0 {
			return math.MinInt64, nil
		}
		return math.MaxInt64, nil
	}
	return 0, typeErrorf("'%s' object cannot be interpreted as an integer", TypeName(v))
}

func roundFloat(f float64, n int64) (any, error) {
	switch {
	case special(f) || f == 0 || n > 323:
		return f, nil
	case n < -308:
		return math.Copysign(0, f), nil
	case n >= 0:
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(n), 64), 64)
		return r, nil
	}
	i, _ := floatToInt(math.Trunc(f))
	whole := toBig(i)
	rounded := roundTens(whole, int(-n), f != math.Trunc(f))
	r, _ := new(big.Float).SetInt(rounded).Float64()
	if math.IsInf(r, 0) {
		return nil, Errorf("OverflowError", "rounded value too large to represent")
	}
	return math.Copysign(r, f), nil
}

func roundInt(v any, n int64) (any, error) {
	b := toBig(v)
	if n >= 0 || b.Sign() == 0 {
		return normal(b), nil
	}
	if n < -MaxBits {
		return int64(0), nil
	}
	return normal(roundTens(b, int(-n), false)), nil
}

// roundTens rounds b to a multiple of 10**n, half to even. more says that a
// fraction was cut off b, so that an apparent half is beyond it.
func roundTens(b *big.Int, n int, more bool) *big.Int {
	if float64(n) > float64(b.BitLen())*0.302+2 {
		return new(big.Int)
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	q, r := new(big.Int).QuoRem(new(big.Int).Abs(b), ten, new(big.Int))
	c := r.Lsh(r, 1).Cmp(ten)
	if c > 0 || c == 0 && (more || q.Bit(0) == 1) {
		q.Add(q, big.NewInt(1))
	}
	q.Mul(q, ten)
	if b.Sign() < 0 {
		q.Neg(q)
	}
	return q
}
