package py

import (
	"cmp"
	"fmt"
)

// Date is datetime.date. The zero value is no date.
type Date struct{ Year, Month, Day int }

// DateTime is datetime.datetime, naive unless Aware; Offset is then the
// zone's distance from UTC in seconds, as datetime.timezone holds it.
type DateTime struct {
	Year, Month, Day, Hour, Minute, Second, Microsecond int

	Aware  bool
	Offset int
}

// String returns the ISO form, as str() and isoformat() do.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

func (d Date) repr() string {
	return fmt.Sprintf("datetime.date(%d, %d, %d)", d.Year, d.Month, d.Day)
}

func (d Date) compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// String returns str(): the ISO form with a blank between date and time.
func (t DateTime) String() string { return t.ISO(" ") }

// ISO returns isoformat(sep).
func (t DateTime) ISO(sep string) string {
	s := fmt.Sprintf("%04d-%02d-%02d%s%02d:%02d:%02d", t.Year, t.Month, t.Day, sep, t.Hour, t.Minute, t.Second)
	if t.Microsecond != 0 {
		s += fmt.Sprintf(".%06d", t.Microsecond)
	}
	return s + t.zone()
}

// zone returns "+HH:MM[:SS]", or nothing for a naive value.
func (t DateTime) zone() string {
	if !t.Aware {
		return ""
	}
	sign, o := "+", t.Offset
	if o < 0 {
		sign, o = "-", -o
	}
	s := fmt.Sprintf("%s%02d:%02d", sign, o/3600, o/60%60)
	if o%60 != 0 {
		s += fmt.Sprintf(":%02d", o%60)
	}
	return s
}

func (t DateTime) repr() string {
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", t.Year, t.Month, t.Day, t.Hour, t.Minute)
	if t.Second != 0 || t.Microsecond != 0 {
		s += fmt.Sprintf(", %d", t.Second)
	}
	if t.Microsecond != 0 {
		s += fmt.Sprintf(", %d", t.Microsecond)
	}
	switch {
	case t.Aware && t.Offset == 0:
		s += ", tzinfo=datetime.timezone.utc"
	case t.Aware:
		s += ", tzinfo=datetime.timezone(" + reprDelta(t.Offset) + ")"
	}
	return s + ")"
}

// reprDelta is the repr of a timedelta of whole seconds below a day.
func reprDelta(seconds int) string {
	if seconds < 0 {
		return fmt.Sprintf("datetime.timedelta(days=-1, seconds=%d)", seconds+86400)
	}
	return fmt.Sprintf("datetime.timedelta(seconds=%d)", seconds)
}

// Date returns the date part.
func (t DateTime) Date() Date { return Date{t.Year, t.Month, t.Day} }

// instant is the local time in microseconds since the year 0, less the offset.
func (t DateTime) instant() int64 {
	s := days(t.Year, t.Month, t.Day)*86400 + int64(t.Hour*3600+t.Minute*60+t.Second-t.Offset)
	return s*1e6 + int64(t.Microsecond)
}

// days counts days since 0000-03-01 in the proleptic Gregorian calendar.
func days(y, m, d int) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	return int64(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1)
}

type instantKey struct {
	aware bool
	us    int64
}

// hash makes aware values equal when they are the same instant, and never
// equal to naive ones.
func (t DateTime) hash() instantKey { return instantKey{t.Aware, t.instant()} }

func (t DateTime) compare(u DateTime) (int, error) {
	if t.Aware != u.Aware {
		return 0, typeErrorf("can't compare offset-naive and offset-aware datetimes")
	}
	return cmp.Compare(t.instant(), u.instant()), nil
}
