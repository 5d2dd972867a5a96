package schedtime

import (
	"strings"
	"time"
)

// maxDateText bounds the texts that are looked at, in bytes.
const maxDateText = 200

// ParseDate reads a date text in any of the forms that people write, and
// returns it in UTC. A text without a zone is UTC. What the text leaves open is
// taken from midnight of now's day: "5" is the 5th of this month, "10:36" is
// today. A weekday alone is the next such day, today included.
//
// ISO 8601 is read first (2026-11-25, 20261125T0733, 2026-11-25T07:33:01.5+02:00,
// 2026-W48-3, 2026-329); then words and numbers are taken as dateutil takes
// them: 11/25/2026, 25/11/2026 (the month comes first where both are possible),
// 25.11.2026, 25 Nov 2026, Wed Nov 25 07:33:01 UTC 2026, Nov 25, 5pm,
// 10h36m28.5s, GMT+3 (which means UTC+3), and the like. Numbers alone are parts
// of a date, never seconds since 1970. The names of zones other than UTC, GMT
// and Z are read and mean nothing. Words such as "tomorrow" are no date.
func ParseDate(text string, now time.Time) (time.Time, error) {
	return ParseDateIn(text, now, time.UTC)
}

// ParseDateIn is ParseDate for texts whose zone, if they state none, is zone.
func ParseDateIn(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if len(text) > maxDateText {
		return time.Time{}, errDate(text)
	}
	if t, ok := parseISO(text, zone); ok {
		return t, nil
	}
	t, ok := parseWords(text, now.In(zone), zone)
	if !ok {
		return time.Time{}, errDate(text)
	}
	return t.UTC(), nil
}

// iso reads digits from the front of a text.
type iso struct {
	rest string
	bad  bool
}

func (p *iso) digits(n int) int {
	if len(p.rest) < n {
		p.bad = true
		return 0
	}
	v := 0
	for i := range n {
		c := p.rest[i]
		if c < '0' || c > '9' {
			p.bad = true
			return 0
		}
		v = 10*v + int(c-'0')
	}
	p.rest = p.rest[n:]
	return v
}

func (p *iso) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *iso) digitNext() bool { return p.rest != "" && p.rest[0] >= '0' && p.rest[0] <= '9' }

// parseISO reads ISO 8601; ok is false when the text is anything else.
func parseISO(text string, zone *time.Location) (time.Time, bool) {
	p := &iso{rest: text}
	year, month, day := p.date()
	if p.bad || year < 1 || !validDay(year, month, day) {
		return time.Time{}, false
	}
	var c clock
	at := zone
	if p.rest != "" {
		if !strings.ContainsRune("Tt ", rune(p.rest[0])) {
			return time.Time{}, false
		}
		p.rest = p.rest[1:]
		c = p.clock()
		at = p.zone(zone)
	}
	if p.bad || p.rest != "" || !c.valid() {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, c.hour, c.minute, c.second, c.micro*1000, at)
	return t.UTC(), true
}

func (p *iso) date() (year, month, day int) {
	year = p.digits(4)
	dashed := p.take('-')
	switch {
	case p.take('W'):
		return p.week(year, dashed)
	case !dashed && len(p.rest) < 3:
		p.bad = true // a year alone, or YYYYMM: not for us
	case p.ordinal():
		return ordinalDate(year, p.digits(3))
	}
	month, day = p.digits(2), 1
	if dashed {
		if p.take('-') {
			day = p.digits(2)
		}
	} else {
		day = p.digits(2)
	}
	return year, month, day
}

// ordinal reports whether exactly three digits are next.
func (p *iso) ordinal() bool {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	return n == 3
}

func ordinalDate(year, n int) (int, int, int) {
	t := time.Date(year, 1, n, 0, 0, 0, 0, time.UTC)
	if n < 1 || t.Year() != year {
		return 0, 0, 0
	}
	return t.Year(), int(t.Month()), t.Day()
}

func (p *iso) week(year int, dashed bool) (int, int, int) {
	week, day := p.digits(2), 1
	if dashed && p.take('-') || !dashed && p.digitNext() {
		day = p.digits(1)
	}
	// The week of January 4th is week 1.
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	t := monday.AddDate(0, 0, 7*(week-1)+day-1)
	if y, w := t.ISOWeek(); day < 1 || day > 7 || y != year || w != week {
		p.bad = true
	}
	return t.Year(), int(t.Month()), t.Day()
}

// clock is a time of day.
type clock struct{ hour, minute, second, micro int }

func (c clock) valid() bool {
	if c.hour == 24 {
		return c == clock{hour: 24}
	}
	return c.hour < 24 && c.minute < 60 && c.second < 60
}

func (p *iso) clock() (c clock) {
	c.hour = p.digits(2)
	colons := p.take(':')
	if !colons && !p.digitNext() {
		return c
	}
	c.minute = p.digits(2)
	if colons && !p.take(':') || !colons && !p.digitNext() {
		return c
	}
	c.second = p.digits(2)
	if p.take('.') || p.take(',') {
		c.micro = p.fraction()
	}
	return c
}

// fraction reads digits after the point as microseconds.
func (p *iso) fraction() int {
	if !p.digitNext() {
		p.bad = true
	}
	micro, unit := 0, 100000
	for p.digitNext() {
		micro += unit * p.digits(1)
		unit /= 10
	}
	return micro
}

func (p *iso) zone(otherwise *time.Location) *time.Location {
	if p.take('Z') || p.take('z') {
		return time.UTC
	}
	sign := 1
	switch {
	case p.take('-'):
		sign = -1
	case !p.take('+'):
		return otherwise
	}
	hours, minutes := p.digits(2), 0
	if p.take(':') || p.digitNext() {
		minutes = p.digits(2)
	}
	if hours > 23 || minutes > 59 {
		p.bad = true
	}
	return time.FixedZone("", sign*(3600*hours+60*minutes))
}

func validDay(year, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
