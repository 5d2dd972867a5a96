package yaml

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/galehq/gale/py"
)

// convert makes the value of a scalar with a known tag. A text that was tagged by hand may not have the form; the
// errors are those that Python's conversions raise then.
func convert(tag, text string) (any, error) {
	switch tag {
	case tagNull:
		return nil, nil
	case tagBool:
		return toBool(text)
	case tagInt:
		return toInt(strings.ReplaceAll(text, "_", ""))
	case tagFloat:
		return toFloat(strings.ToLower(strings.ReplaceAll(text, "_", "")))
	case tagBinary:
		return toBinary(text)
	case tagTimestamp:
		return toTimestamp(text)
	}
	return text, nil
}

func toBool(text string) (any, error) {
	switch strings.ToLower(text) {
	case "yes", "true", "on":
		return true, nil
	case "no", "false", "off":
		return false, nil
	}
	return nil, fmt.Errorf("%s is not a boolean", py.Repr(text))
}

func toInt(text string) (any, error) {
	digits, negative := sign(text)
	v, err := magnitude(digits)
	if err != nil || !negative {
		return v, err
	}
	return py.Neg(v)
}

// sign cuts one sign off a number.
func sign(text string) (rest string, negative bool) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		return text[1:], text[0] == '-'
	}
	return text, false
}

func magnitude(digits string) (any, error) {
	switch {
	case digits == "0":
		return int64(0), nil
	case strings.HasPrefix(digits, "0b"):
		return py.IntBase(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		return py.IntBase(digits[2:], 16)
	case strings.HasPrefix(digits, "0"):
		return py.IntBase(digits, 8)
	case strings.Contains(digits, ":"):
		return sexagesimal(digits)
	}
	return py.IntBase(digits, 10)
}

// sexagesimal computes a number in base 60, such as 1:30:00.
func sexagesimal(digits string) (any, error) {
	var total any = int64(0)
	for part := range strings.SplitSeq(digits, ":") {
		v, err := py.IntBase(part, 10)
		if err != nil {
			return nil, err
		}
		if total, err = py.Mul(total, int64(60)); err != nil {
			return nil, err
		}
		if total, err = py.Add(total, v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func toFloat(text string) (any, error) {
	digits, negative := sign(text)
	f, err := floatMagnitude(digits)
	if err != nil {
		return nil, err
	}
	if negative {
		f = -f
	}
	return f, nil
}

func floatMagnitude(digits string) (float64, error) {
	switch {
	case digits == ".inf":
		return math.Inf(1), nil
	case digits == ".nan":
		return math.NaN(), nil
	case !strings.Contains(digits, ":"):
		return py.Float(digits)
	}
	// From the last part on, as PyYAML adds them, so that rounding is the same.
	parts := strings.Split(digits, ":")
	total, base := 0.0, 1.0
	for i := len(parts) - 1; i >= 0; i-- {
		f, err := py.Float(parts[i])
		if err != nil {
			return 0, err
		}
		total += f * base
		base *= 60
	}
	return total, nil
}

// toBinary decodes base64 as leniently as Python: characters that are none of its own do not count.
func toBinary(text string) (any, error) {
	var clean strings.Builder
	for _, r := range text {
		if r > 127 {
			return nil, fmt.Errorf("failed to convert base64 data into ascii: ordinal not in range(128)")
		}
		if isBase64(byte(r)) {
			clean.WriteByte(byte(r))
		} else if r == '=' && clean.Len()%4 >= 2 {
			break
		}
	}
	data := clean.String()
	if len(data)%4 == 1 || len(data)%4 != 0 && !strings.Contains(text, "=") {
		return nil, fmt.Errorf("failed to decode base64 data: Incorrect padding")
	}
	raw, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("failed to decode base64 data: %w", err)
	}
	return py.Bytes(raw), nil
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

var timestampParts = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})` +
	`(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$`)

func toTimestamp(text string) (any, error) {
	m := timestampParts.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%s is not a timestamp", py.Repr(text))
	}
	d := py.Date{Year: number(m[1]), Month: number(m[2]), Day: number(m[3])}
	if err := checkDate(d); err != nil {
		return nil, err
	}
	if m[4] == "" {
		return d, nil
	}
	t := py.DateTime{
		Year: d.Year, Month: d.Month, Day: d.Day, Hour: number(m[4]), Minute: number(m[5]), Second: number(m[6]),
		Microsecond: number((m[7] + "000000")[:6]),
	}
	if err := checkTime(t); err != nil {
		return nil, err
	}
	if t.Aware = m[8] != ""; m[9] != "" {
		if t.Offset = number(m[10])*3600 + number(m[11])*60; t.Offset >= 24*3600 {
			return nil, fmt.Errorf("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)")
		}
		if m[9] == "-" {
			t.Offset = -t.Offset
		}
	}
	return t, nil
}

// number reads a few digits; an empty text is 0.
func number(digits string) int {
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

func checkDate(d py.Date) error {
	switch {
	case d.Year < 1:
		return fmt.Errorf("year %d is out of range", d.Year)
	case d.Month < 1 || d.Month > 12:
		return fmt.Errorf("month must be in 1..12")
	case d.Day < 1 || d.Day > daysIn(d.Year, d.Month):
		return fmt.Errorf("day is out of range for month")
	}
	return nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func checkTime(t py.DateTime) error {
	switch {
	case t.Hour > 23:
		return fmt.Errorf("hour must be in 0..23")
	case t.Minute > 59:
		return fmt.Errorf("minute must be in 0..59")
	case t.Second > 59:
		return fmt.Errorf("second must be in 0..59")
	}
	return nil
}
