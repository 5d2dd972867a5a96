package py

import (
	"math"
	"strconv"
	"strings"
)

// floatStyle says how a float is written: Kind is one of e f g, or r for the
// shortest digits; Upper uses E, INF, NAN.
type floatStyle struct {
	kind  byte
	prec  int
	alt   bool // "#": keep the point, and for g the trailing zeros
	dot   bool // add ".0" to what would look like an integer
	upper bool
}

// format returns the digits of |f|: the sign is the caller's.
func (s floatStyle) format(f float64) string {
	text := s.lower(math.Abs(f))
	if s.upper {
		return strings.ToUpper(text)
	}
	return text
}

func (s floatStyle) lower(f float64) string {
	switch {
	case math.IsInf(f, 0):
		return "inf"
	case math.IsNaN(f):
		return "nan"
	}
	switch s.kind {
	case 'r':
		return s.shortest(f)
	case 'g':
		return s.general(f)
	case 'e':
		text := strconv.FormatFloat(f, 'e', s.prec, 64)
		if s.alt && s.prec == 0 {
			return strings.Replace(text, "e", ".e", 1)
		}
		return text
	}
	text := strconv.FormatFloat(f, 'f', s.prec, 64)
	if s.alt && s.prec == 0 {
		text += "."
	}
	return text
}

func (s floatStyle) shortest(f float64) string {
	digits, point := decimal(f, -1)
	return s.layout(digits, point, point <= -4 || point > 16)
}

// general is %g: prec significant digits, with an exponent when it is small
// or does not fit.
func (s floatStyle) general(f float64) string {
	prec := max(s.prec, 1)
	digits, point := decimal(f, prec-1)
	limit := prec
	if s.dot {
		limit--
	}
	if !s.alt {
		digits = strings.TrimRight(digits, "0")
	}
	return s.layout(digits, point, point <= -4 || point > limit)
}

// decimal returns digits d₁d₂… and point so that f = 0.d₁d₂… · 10^point.
func decimal(f float64, prec int) (digits string, point int) {
	text := strconv.FormatFloat(f, 'e', prec, 64)
	mantissa, exp, _ := strings.Cut(text, "e")
	point, _ = strconv.Atoi(exp)
	return strings.Replace(mantissa, ".", "", 1), point + 1
}

func (s floatStyle) layout(digits string, point int, exponent bool) string {
	if digits == "" { // zero with its zeros stripped
		digits, point = "0", 1
	}
	if exponent {
		return s.withPoint(digits, 1, false) + exponentText(point-1)
	}
	return s.withPoint(digits, point, s.dot)
}

func (s floatStyle) withPoint(digits string, point int, dot bool) string {
	if point <= 0 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, frac := digits[:point], digits[point:]
	switch {
	case frac != "":
		return whole + "." + frac
	case dot:
		return whole + ".0"
	case s.alt:
		return whole + "."
	}
	return whole
}

func exponentText(e int) string {
	sign := "+"
	if e < 0 {
		sign, e = "-", -e
	}
	if e < 10 {
		sign += "0"
	}
	return "e" + sign + strconv.Itoa(e)
}
