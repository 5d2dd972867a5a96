package py

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

var intMethods = map[string]method{
	"as_integer_ratio": {fn: func(self any, _ []any) (any, error) {
		i, err := Int(self)
		return Tuple{i, int64(1)}, err
	}},
	"bit_count":  {fn: intBitCount},
	"bit_length": {fn: func(self any, _ []any) (any, error) { return int64(toBig(self).BitLen()), nil }},
	"conjugate":  {fn: func(self any, _ []any) (any, error) { return Int(self) }},
	"to_bytes":   {arity: named, names: []string{"length", "byteorder", "signed"}, pos: 2, fn: intToBytes},
	"from_bytes": {arity: named, min: 1, names: []string{"bytes", "byteorder", "signed"}, pos: 2, fn: intFromBytes},
}

var floatMethods = map[string]method{
	"as_integer_ratio": {fn: floatRatio},
	"conjugate":        {fn: func(self any, _ []any) (any, error) { return self, nil }},
	"hex":              {fn: func(self any, _ []any) (any, error) { return floatHex(self.(float64)), nil }},
	"fromhex":          {arity: one, max: 1, fn: floatFromhex},
	"is_integer": {fn: func(self any, _ []any) (any, error) {
		f := self.(float64)
		return !special(f) && f == math.Trunc(f), nil
	}},
}

func intBitCount(self any, _ []any) (any, error) {
	n := 0
	for _, w := range new(big.Int).Abs(toBig(self)).Bits() {
		n += bits.OnesCount(uint(w))
	}
	return int64(n), nil
}

// byteOrder reads 'big' or 'little'; reverse is true for the latter.
func byteOrder(v any, method string) (reverse bool, err error) {
	if !given(v) {
		return false, nil
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return false, typeErrorf("%s() argument 'byteorder' must be str, not %s", method, TypeName(v))
	case s == "little":
		return true, nil
	case s == "big":
		return false, nil
	}
	return false, valueErrorf("byteorder must be either 'little' or 'big'")
}

func intToBytes(self any, a []any) (any, error) {
	length := int64(1)
	var err error
	if given(a[0]) {
		if length, err = asIndex(a[0]); err != nil {
			return nil, err
		}
	}
	little, err := byteOrder(a[1], "to_bytes")
	if err != nil {
		return nil, err
	}
	signed := given(a[2]) && Truth(a[2])
	x := toBig(self)
	switch {
	case length < 0:
		return nil, valueErrorf("length argument must be non-negative")
	case length > MaxSize:
		return nil, errTooBig
	case x.Sign() < 0 && !signed:
		return nil, Errorf("OverflowError", "can't convert negative int to unsigned")
	case !fitsBytes(x, int(length), signed):
		return nil, Errorf("OverflowError", "int too big to convert")
	}
	if x.Sign() < 0 {
		x = new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), uint(8*length)))
	}
	out := x.FillBytes(make([]byte, length))
	if little {
		reverseBytes(out)
	}
	return Bytes(out), nil
}

func fitsBytes(x *big.Int, n int, signed bool) bool {
	width := x.BitLen()
	if signed {
		if x.Sign() < 0 {
			width = new(big.Int).Not(x).BitLen()
		}
		if x.Sign() != 0 {
			width++
		}
	}
	return width <= 8*n
}

func reverseBytes(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

func intFromBytes(_ any, a []any) (any, error) {
	data, err := bytesOf(a[0])
	if err != nil {
		return nil, err
	}
	little, err := byteOrder(a[1], "from_bytes")
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBits/8 {
		return nil, errIntTooBig
	}
	if little {
		reverseBytes(data)
	}
	x := new(big.Int).SetBytes(data)
	if given(a[2]) && Truth(a[2]) && len(data) > 0 && data[0]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
	}
	return normal(x), nil
}

// bytesOf is bytes(v) of bytes or an iterable of ints.
func bytesOf(v any) ([]byte, error) {
	if b, ok := v.(Bytes); ok {
		return []byte(b), nil
	}
	_, isText := v.(string)
	seq, err := Iter(v)
	if err != nil || isText {
		return nil, typeErrorf("cannot convert '%s' object to bytes", TypeName(v))
	}
	var out []byte
	for x := range seq {
		i, err := asIndex(x)
		switch {
		case err != nil:
			return nil, err
		case i < 0 || i > 255:
			return nil, valueErrorf("bytes must be in range(0, 256)")
		case len(out) >= MaxSize:
			return nil, errTooBig
		}
		out = append(out, byte(i))
	}
	return out, nil
}

func floatRatio(self any, _ []any) (any, error) {
	f := self.(float64)
	switch {
	case math.IsNaN(f):
		return nil, valueErrorf("cannot convert NaN to integer ratio")
	case math.IsInf(f, 0):
		return nil, Errorf("OverflowError", "cannot convert Infinity to integer ratio")
	}
	r := new(big.Rat).SetFloat64(f)
	return Tuple{normal(r.Num()), normal(r.Denom())}, nil
}

// floatHex writes all 13 digits of the fraction, unlike C's %a.
func floatHex(f float64) string {
	if special(f) {
		return Repr(f)
	}
	sign := ""
	if math.Signbit(f) {
		sign, f = "-", -f
	}
	if f == 0 {
		return sign + "0x0.0p+0"
	}
	b := math.Float64bits(f)
	exp, lead := int(b>>52)-1023, "1"
	if exp == -1023 {
		exp, lead = -1022, "0"
	}
	frac := strconv.FormatUint(b&(1<<52-1), 16)
	frac = strings.Repeat("0", 13-len(frac)) + frac
	plus := "+"
	if exp < 0 {
		plus = ""
	}
	return sign + "0x" + lead + "." + frac + "p" + plus + strconv.Itoa(exp)
}

func floatFromhex(_ any, a []any) (any, error) {
	s, ok := a[0].(string)
	if !ok {
		return nil, typeErrorf("bad argument type for built-in operation")
	}
	body, neg := cutSign(strings.ToLower(strings.TrimFunc(s, isSpace)))
	f, ok := hexFloat(body)
	switch {
	case !ok:
		return nil, valueErrorf("invalid hexadecimal floating-point string")
	case math.IsInf(f, 0) && body[0] != 'i':
		return nil, Errorf("OverflowError", "hexadecimal value too large to represent as a float")
	case neg:
		return -f, nil
	}
	return f, nil
}

func hexFloat(s string) (float64, bool) {
	switch s {
	case "inf", "infinity":
		return math.Inf(1), true
	case "nan":
		return math.NaN(), true
	}
	s = strings.TrimPrefix(s, "0x")
	if s == "" || strings.ContainsAny(s, "_x") || len(s) > 1<<16 {
		return 0, false
	}
	if !strings.Contains(s, "p") {
		s += "p0"
	}
	f, err := strconv.ParseFloat("0x"+s, 64)
	return f, err == nil || math.IsInf(f, 0)
}
