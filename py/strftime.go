package py

import (
	"fmt"
	"strings"
	"time"
)

// Strftime is d.strftime(spec), in the C locale.
func (d Date) Strftime(spec string) (string, error) {
	return DateTime{Year: d.Year, Month: d.Month, Day: d.Day}.Strftime(spec)
}

// Strftime is t.strftime(spec), in the C locale. Unknown directives stay as
// they are.
func (t DateTime) Strftime(spec string) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(spec, '%')
		if i < 0 || i+1 == len(spec) {
			break
		}
		b.WriteString(spec[:i])
		b.WriteString(t.directive(spec[i+1], spec[i:i+2]))
		spec = spec[i+2:]
		if b.Len() > MaxSize {
			return "", errTooBig
		}
	}
	b.WriteString(spec)
	return b.String(), nil
}

// clock returns t in Go's terms; only its calendar is used.
func (t DateTime) clock() time.Time {
	return time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute, t.Second, 0, time.UTC)
}

// layouts are the directives that Go's own formatting knows.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'd': "02", 'e': "_2", 'H': "15",
	'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'S': "05", 'y': "06",
	'x': "01/02/06", 'X': "15:04:05", 'D': "01/02/06",
	'T': "15:04:05", 'R': "15:04", 'r': "03:04:05 PM",
}

func (t DateTime) directive(c byte, text string) string {
	at := t.clock()
	if layout, ok := layouts[c]; ok {
		return at.Format(layout)
	}
	year, week := at.ISOWeek()
	switch c {
	case 'c':
		return at.Format("Mon Jan _2 15:04:05 ") + fmt.Sprint(t.Year)
	case 'Y':
		return fmt.Sprintf("%d", t.Year)
	case 'C':
		return fmt.Sprint(t.Year / 100)
	case 'F':
		return fmt.Sprintf("%d-%02d-%02d", t.Year, t.Month, t.Day)
	case 'f':
		return fmt.Sprintf("%06d", t.Microsecond)
	case 'z':
		return strings.ReplaceAll(t.zone(), ":", "")
	case 'Z':
		return t.zoneName()
	case 'w':
		return fmt.Sprint(int(at.Weekday()))
	case 'u':
		return fmt.Sprint(isoWeekday(at))
	case 'U':
		return fmt.Sprintf("%02d", (at.YearDay()+6-int(at.Weekday()))/7)
	case 'W':
		return fmt.Sprintf("%02d", (at.YearDay()+6-(int(at.Weekday())+6)%7)/7)
	case 'V':
		return fmt.Sprintf("%02d", week)
	case 'G':
		return fmt.Sprint(year)
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '%':
		return "%"
	}
	return text
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// zoneName is tzname() of a datetime.timezone: UTC, UTC+02:00.
func (t DateTime) zoneName() string {
	switch {
	case !t.Aware:
		return ""
	case t.Offset == 0:
		return "UTC"
	}
	return "UTC" + t.zone()
}

func (t DateTime) attr(name string) (any, bool) {
	x, ok := map[string]int{
		"year": t.Year, "month": t.Month, "day": t.Day, "hour": t.Hour, "minute": t.Minute,
		"second": t.Second, "microsecond": t.Microsecond,
	}[name]
	return int64(x), ok
}

var dateMethods = map[string]method{
	"isoformat":  {fn: func(self any, _ []any) (any, error) { return self.(Date).String(), nil }},
	"strftime":   {arity: one, max: 1, fn: strftimeMethod},
	"weekday":    calendarMethod(func(t DateTime) int64 { return int64(isoWeekday(t.clock()) - 1) }),
	"isoweekday": calendarMethod(func(t DateTime) int64 { return int64(isoWeekday(t.clock())) }),
	"toordinal":  calendarMethod(ordinal),
}

var dateTimeMethods = map[string]method{
	"isoformat":  {arity: named, names: []string{"sep"}, fn: isoformat},
	"strftime":   {arity: one, max: 1, fn: strftimeMethod},
	"weekday":    calendarMethod(func(t DateTime) int64 { return int64(isoWeekday(t.clock()) - 1) }),
	"isoweekday": calendarMethod(func(t DateTime) int64 { return int64(isoWeekday(t.clock())) }),
	"toordinal":  calendarMethod(ordinal),
	"date":       {fn: func(self any, _ []any) (any, error) { return self.(DateTime).Date(), nil }},
	"timestamp":  {fn: timestamp},
}

// ordinal counts days from 0001-01-01, which is day 1.
func ordinal(t DateTime) int64 { return days(t.Year, t.Month, t.Day) - days(1, 1, 1) + 1 }

func calendarMethod(f func(DateTime) int64) method {
	return method{fn: func(self any, _ []any) (any, error) {
		if d, ok := self.(Date); ok {
			return f(DateTime{Year: d.Year, Month: d.Month, Day: d.Day}), nil
		}
		return f(self.(DateTime)), nil
	}}
}

func strftimeMethod(self any, a []any) (any, error) {
	spec, ok := a[0].(string)
	if !ok {
		return nil, typeErrorf("strftime() argument 1 must be str, not %s", TypeName(a[0]))
	}
	if d, ok := self.(Date); ok {
		return d.Strftime(spec)
	}
	return self.(DateTime).Strftime(spec)
}

func isoformat(self any, a []any) (any, error) {
	sep := "T"
	if given(a[0]) {
		s, ok := a[0].(string)
		if !ok || runeLen(s) != 1 {
			return nil, typeErrorf("isoformat() argument 1 must be a unicode character, not %s", TypeName(a[0]))
		}
		sep = s
	}
	return self.(DateTime).ISO(sep), nil
}

// timestamp takes a naive value as UTC: there is no local zone here.
func timestamp(self any, _ []any) (any, error) {
	us := self.(DateTime).instant() - days(1970, 1, 1)*86400*1e6
	return float64(us) / 1e6, nil
}
