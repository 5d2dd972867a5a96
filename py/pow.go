package py

import (
	"math"
	"math/big"
)

// floatPow is x ** y, rounded correctly where math.Pow may be off by one unit
// in the last place (10.0 ** -5 must print as 1e-05).
func floatPow(x, y float64) (any, error) {
	switch {
	case y == 0 || x == 1:
		return 1.0, nil
	case x == 0 && y < 0 && !math.IsInf(y, -1):
		return nil, zeroDivision("0.0 cannot be raised to a negative power")
	case x < 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0) && y != math.Trunc(y):
		return nil, valueErrorf("negative number cannot be raised to a fractional power")
	}
	f := math.Pow(x, y)
	if special(x) || special(y) || x == 0 || f == 0 {
		return f, nil
	}
	if math.IsInf(f, 0) {
		return nil, Errorf("OverflowError", "(34, 'Numerical result out of range')")
	}
	if f = exactPow(x, y, f); math.IsInf(f, 0) {
		return nil, Errorf("OverflowError", "(34, 'Numerical result out of range')")
	}
	return f, nil
}

func special(f float64) bool { return math.IsInf(f, 0) || math.IsNaN(f) }

// powPrec leaves 70 bits beyond a float64's for the error of the series.
const powPrec = 128

// exactPow refines the estimate f of x ** y.
func exactPow(x, y, f float64) float64 {
	if y == 1 {
		return x
	}
	if y == 0.5 {
		return math.Sqrt(x)
	}
	z := real128(math.Abs(x))
	if n := math.Abs(y); n == math.Trunc(n) && n < 1<<20 {
		z = powInt(z, uint(n))
		if y < 0 {
			z.Quo(real128(1), z)
		}
	} else {
		z = expBig(logBig(z).Mul(logBig(real128(math.Abs(x))), real128(y)))
	}
	r, _ := z.Float64()
	return math.Copysign(r, f)
}

func real128(f float64) *big.Float { return new(big.Float).SetPrec(powPrec).SetFloat64(f) }

func powInt(z *big.Float, n uint) *big.Float {
	out := real128(1)
	for base := z; n > 0; n >>= 1 {
		if n&1 == 1 {
			out.Mul(out, base)
		}
		base = new(big.Float).SetPrec(powPrec).Mul(base, base)
	}
	return out
}

// logBig returns ln z for z > 0: z = m·2^e with m near 1, and ln m is twice
// the series of artanh((m-1)/(m+1)).
func logBig(z *big.Float) *big.Float {
	m := new(big.Float).SetPrec(powPrec)
	e := z.MantExp(m)
	if m.Cmp(real128(math.Sqrt2/2)) < 0 {
		m.SetMantExp(m, 1)
		e--
	}
	out := artanh2(m)
	ln2 := artanh2(real128(2))
	return out.Add(out, ln2.Mul(ln2, real128(float64(e))))
}

func artanh2(m *big.Float) *big.Float {
	one := real128(1)
	t := real128(0).Quo(real128(0).Sub(m, one), real128(0).Add(m, one))
	square := real128(0).Mul(t, t)
	sum := real128(0)
	for k := 1.0; t.Sign() != 0 && k < 200; k += 2 {
		sum.Add(sum, real128(0).Quo(t, real128(k)))
		t.Mul(t, square)
		if sum.Sign() != 0 && t.MantExp(nil) < sum.MantExp(nil)-powPrec {
			break
		}
	}
	return sum.Add(sum, sum)
}

// expBig returns e^z: z = k·ln 2 + r, and e^r by its series on r/256.
func expBig(z *big.Float) *big.Float {
	f, _ := z.Float64()
	k := math.Round(f / math.Ln2)
	ln2 := artanh2(real128(2))
	r := real128(0).Sub(z, ln2.Mul(ln2, real128(k)))
	r.SetMantExp(r, -8)
	sum, term := real128(1), real128(1)
	for n := 1.0; n < 40; n++ {
		term.Mul(term, r)
		term.Quo(term, real128(n))
		sum.Add(sum, term)
	}
	for range 8 {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, int(k))
}
