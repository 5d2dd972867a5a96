// Package schedtime says when timers fire next, and reads the date texts that
// people write in rules. It looks at no clock: "now" is an argument.
package schedtime

import (
	"fmt"
	"math"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Timer is when something fires. It is immutable.
type Timer interface {
	// Next returns the first time after t at which the timer fires; ok is
	// false when there is none.
	Next(t time.Time) (next time.Time, ok bool)
}

// The trigger types of timers.
const (
	IntervalType = "core.st2.IntervalTimer"
	DateType     = "core.st2.DateTimer"
	CronType     = "core.st2.CronTimer"
)

// Parse makes the timer that a trigger's parameters describe. anchor is when
// the trigger was made: intervals are counted from it, and what a date text
// leaves open is taken from its day. Errors are of kind gale.Invalid.
func Parse(triggerType string, parameters *py.Dict, anchor time.Time) (Timer, error) {
	switch triggerType {
	case IntervalType:
		return parseInterval(parameters, anchor)
	case DateType:
		return parseDate(parameters, anchor)
	}
	return nil, gale.Errorf(gale.Invalid, "timers of type %s are not supported", triggerType)
}

// Interval fires every Every after Anchor. The phase stays whatever happens:
// a restart, a late firing or a changed clock move no later firing. Intervals
// count absolute time; a day is 24 hours on every day of the year.
type Interval struct {
	Anchor time.Time
	Every  time.Duration
}

// Next implements Timer. The first firing is Every after Anchor.
func (i Interval) Next(t time.Time) (time.Time, bool) {
	if i.Every <= 0 {
		return time.Time{}, false
	}
	first := i.Anchor.Add(i.Every)
	if t.Before(first) {
		return first, true
	}
	// In two steps, because a Duration holds 292 years only.
	seconds := t.Unix() - i.Anchor.Unix()
	if seconds >= math.MaxInt64/int64(time.Second) {
		return time.Time{}, false
	}
	passed := t.Sub(i.Anchor) / i.Every
	next := i.Anchor.Add(passed * i.Every)
	if !next.After(t) {
		next = next.Add(i.Every)
	}
	return next, true
}

// units are those of interval timers.
var units = map[string]time.Duration{
	"weeks": 7 * 24 * time.Hour, "days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute, "seconds": time.Second,
}

func parseInterval(parameters *py.Dict, anchor time.Time) (Timer, error) {
	name, _ := parameters.GetString("unit")
	text, _ := name.(string)
	unit, ok := units[text]
	if !ok {
		return nil, gale.Errorf(gale.Invalid, "interval timer: unit %s is none of weeks, days, hours, minutes, seconds", py.Repr(name))
	}
	value, _ := parameters.GetString("delta")
	delta, ok := value.(int64)
	if !ok || delta < 1 {
		return nil, gale.Errorf(gale.Invalid, "interval timer: delta %s is not a whole number above 0", py.Repr(value))
	}
	if delta > math.MaxInt64/int64(unit) {
		return nil, gale.Errorf(gale.Invalid, "interval timer: %d %s are more than 292 years", delta, text)
	}
	return Interval{anchor, time.Duration(delta) * unit}, nil
}

// Date fires once.
type Date struct{ At time.Time }

// Next implements Timer.
func (d Date) Next(t time.Time) (time.Time, bool) { return d.At, d.At.After(t) }

func parseDate(parameters *py.Dict, anchor time.Time) (Timer, error) {
	value, _ := parameters.GetString("date")
	zone := time.UTC
	if name, _ := parameters.GetString("timezone"); name != nil {
		var err error
		if zone, err = loadZone(name); err != nil {
			return nil, err
		}
	}
	at, err := ParseDateIn(py.Str(value), anchor, zone)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "date timer: %w", err)
	}
	return Date{at}, nil
}

// loadZone finds a time zone by name. "Local" is refused: it is no name, and
// means something else on every machine.
func loadZone(name any) (*time.Location, error) {
	text, ok := name.(string)
	if ok && text != "Local" {
		if zone, err := time.LoadLocation(text); err == nil {
			return zone, nil
		}
	}
	return nil, gale.Errorf(gale.Invalid, "there is no time zone %s", py.Repr(name))
}

// errDate is the error of texts that are no date.
func errDate(text string) error {
	if len(text) > 100 {
		text = text[:100] + "…"
	}
	return &py.Error{Class: "ParserError", Message: fmt.Sprintf("Unknown string format: %s", text)}
}
