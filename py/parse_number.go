package py

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Int is int(v). Strings are read in base 10. Unlike Python since 3.11, text
// of more than 4300 digits is accepted, up to MaxBits.
func Int(v any) (any, error) {
	switch v := v.(type) {
	case int64, *big.Int:
		return v, nil
	case bool:
		i, _ := smallInt(v)
		return i, nil
	case float64:
		return floatToInt(v)
	case string:
		return IntBase(v, 10)
	case Bytes:
		return intBase(string(v), 10, Repr(v))
	case Numberer:
		return IntBase(v.PyNumber(), 10)
	}
	return nil, typeErrorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", TypeName(v))
}

// floatToInt truncates.
func floatToInt(f float64) (any, error) {
	switch {
	case math.IsNaN(f):
		return nil, valueErrorf("cannot convert float NaN to integer")
	case math.IsInf(f, 0):
		return nil, Errorf("OverflowError", "cannot convert float infinity to integer")
	case f >= -1<<63 && f < 1<<63:
		return int64(f), nil
	}
	b, _ := big.NewFloat(f).Int(nil)
	return normal(b), nil
}

// IntBase is int(s, base): base 0 reads the prefix 0x, 0o or 0b.
func IntBase(s string, base int) (any, error) { return intBase(s, base, "") }

// intBase reports errors with quoted in place of repr(s), when given.
func intBase(s string, base int, quoted string) (any, error) {
	if base != 0 && (base < 2 || base > 36) {
		return nil, valueErrorf("int() base must be >= 2 and <= 36, or 0")
	}
	body, neg := cutSign(asciiDigits(s))
	digits, radix, ok := intDigits(body, base)
	if !ok {
		if quoted == "" {
			quoted = Repr(s)
		}
		return nil, valueErrorf("invalid literal for int() with base %d: %s", base, quoted)
	}
	return parseDigits(digits, radix, neg)
}

// parseDigits reads digits that are known to be valid in base.
func parseDigits(digits string, base int, neg bool) (any, error) {
	if n, err := strconv.ParseInt(digits, base, 64); err == nil {
		if neg {
			n = -n
		}
		return n, nil
	}
	if len(digits) > MaxBits/3 {
		return nil, errIntTooBig
	}
	b, _ := new(big.Int).SetString(digits, base)
	if b.BitLen() > MaxBits {
		return nil, errIntTooBig
	}
	if neg {
		b.Neg(b)
	}
	return normal(b), nil
}

// intDigits strips the base's prefix and the underscores from an unsigned
// literal, and resolves base 0.
func intDigits(s string, base int) (digits string, radix int, ok bool) {
	radix, prefixed := base, false
	if len(s) > 1 && s[0] == '0' {
		if b := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]; b != 0 && (base == 0 || base == b) {
			s, radix, prefixed = strings.TrimPrefix(s[2:], "_"), b, true
		}
	}
	if radix == 0 {
		radix = 10
	}
	digits, ok = joinDigits(s, radix)
	if base == 0 && !prefixed && ok && digits[0] == '0' && strings.Trim(digits, "0") != "" {
		return "", 0, false // 012 is no literal
	}
	return digits, radix, ok
}

// joinDigits removes underscores, which may stand between digits only.
func joinDigits(s string, base int) (string, bool) {
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return "", false
	}
	s = strings.ReplaceAll(s, "_", "")
	for i := range len(s) {
		if digitValue(s[i]) >= base {
			return "", false
		}
	}
	return s, true
}

func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}

func cutSign(s string) (rest string, neg bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:], s[0] == '-'
	}
	return s, false
}

// asciiDigits strips white space and turns the decimal digits of all scripts
// into ASCII ones, as int() and float() do first. What else is not ASCII
// becomes '?', which no number contains.
func asciiDigits(s string) string {
	s = strings.TrimFunc(s, isSpace)
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		if d, ok := decimalDigit(r); ok {
			return rune('0' + d)
		}
		return '?'
	}, s)
}

// isASCII looks at eight bytes at a time: every index into a string asks.
func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if w&0x8080808080808080 != 0 {
			return false
		}
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decimalDigit returns the value of a decimal digit of any script. Unicode
// assigns them in runs of ten that start with the zero.
func decimalDigit(r rune) (int, bool) {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10, true
		}
	}
	return 0, false
}

// isSpace is str.isspace of one character.
func isSpace(r rune) bool {
	switch {
	case r <= 0xff:
		return r >= 9 && r <= 13 || r >= 0x1c && r <= 0x20 || r == 0x85 || r == 0xa0
	case r >= 0x2000 && r <= 0x200a:
		return true
	}
	return r == 0x1680 || r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000
}

// Float is float(v).
func Float(v any) (float64, error) {
	if isNumber(v) {
		return floatOf(v)
	}
	switch v := v.(type) {
	case string:
		return parseFloat(v, Repr(v))
	case Bytes:
		return parseFloat(string(v), Repr(v))
	case Numberer:
		return parseFloat(v.PyNumber(), Repr(v.PyNumber()))
	}
	return 0, typeErrorf("float() argument must be a string or a real number, not '%s'", TypeName(v))
}

func parseFloat(s, quoted string) (float64, error) {
	body, neg := cutSign(asciiDigits(s))
	f, ok := floatBody(body)
	if !ok {
		return 0, valueErrorf("could not convert string to float: %s", quoted)
	}
	if neg {
		return -f, nil
	}
	return f, nil
}

func floatBody(s string) (float64, bool) {
	switch strings.ToLower(s) {
	case "inf", "infinity":
		return math.Inf(1), true
	case "nan":
		return math.NaN(), true
	}
	if !floatSyntax(s) {
		return 0, false
	}
	f, _ := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, true // out of range is infinite, as in Python
}

// floatSyntax checks [digits][.digits][e[sign]digits] with underscores between
// digits; Go's own parser also takes hexadecimal and other underscores.
func floatSyntax(s string) bool {
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		exp, _ := cutSign(s[i+1:])
		if _, ok := joinDigits(exp, 10); !ok {
			return false
		}
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	if whole == "" && frac == "" {
		return false
	}
	for _, part := range []string{whole, frac} {
		if _, ok := joinDigits(part, 10); part != "" && !ok {
			return false
		}
	}
	return true
}
