package schedtime

import (
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
	"pgregory.net/rapid"
)

func TestIntervalsKeepTheirPhase(t *testing.T) {
	anchor := time.Date(2026, 1, 1, 0, 0, 7, 0, time.UTC)
	for _, c := range []struct {
		unit  string
		delta int64
		after time.Duration
		want  time.Duration
	}{
		{"seconds", 10, 0, 10 * time.Second},
		{"seconds", 10, -time.Hour, 10 * time.Second},
		{"seconds", 10, 9 * time.Second, 10 * time.Second},
		{"seconds", 10, 10 * time.Second, 20 * time.Second},
		{"seconds", 10, 10*time.Second - 1, 10 * time.Second},
		{"minutes", 5, 3 * time.Hour, 3*time.Hour + 5*time.Minute},
		{"hours", 2, 61 * time.Minute, 2 * time.Hour},
		{"days", 1, 200 * 24 * time.Hour, 201 * 24 * time.Hour},
		{"weeks", 2, 24 * time.Hour, 14 * 24 * time.Hour},
	} {
		timer, err := Parse(IntervalType, py.DictOf("unit", c.unit, "delta", c.delta), anchor)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := timer.Next(anchor.Add(c.after))
		if !ok || !got.Equal(anchor.Add(c.want)) {
			t.Errorf("%d %s after %v: got %v, want %v", c.delta, c.unit, c.after, got.Sub(anchor), c.want)
		}
	}
}

func TestNextOfAnIntervalIsAfterAndWithinOneStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.Int64Range(1, 1<<50).Draw(t, "every"))
		i := Interval{november, every}
		at := november.Add(time.Duration(rapid.Int64Range(0, 1<<58).Draw(t, "at")))
		next, ok := i.Next(at)
		if !ok || !next.After(at) || next.Sub(at) > every || next.Sub(november)%every != 0 {
			t.Fatalf("every %v, at %v: next %v", every, at.Sub(november), next.Sub(november))
		}
	})
}

func TestADateFiresOnce(t *testing.T) {
	for _, c := range []struct{ date, zone, want string }{
		{"2026-11-25T10:00:00Z", "", "2026-11-25T10:00:00Z"},
		{"2026-11-25 10:00", "", "2026-11-25T10:00:00Z"},
		{"2026-11-25 10:00", "Europe/Berlin", "2026-11-25T09:00:00Z"},
		{"2026-07-01 10:00", "Europe/Berlin", "2026-07-01T08:00:00Z"},
		{"2026-11-25 10:00 UTC", "Europe/Berlin", "2026-11-25T10:00:00Z"},
		{"Nov 26 5pm", "America/New_York", "2026-11-26T22:00:00Z"},
	} {
		parameters := py.DictOf("date", c.date)
		if c.zone != "" {
			parameters.Set("timezone", c.zone)
		}
		timer, err := Parse(DateType, parameters, november)
		if err != nil {
			t.Errorf("%s: %v", c.date, err)
			continue
		}
		got, ok := timer.Next(time.Time{})
		if !ok || got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%s %s: got %v, want %s", c.date, c.zone, got, c.want)
		}
		if again, ok := timer.Next(got); ok {
			t.Errorf("%s: fires again at %v", c.date, again)
		}
	}
}

func TestWrongTimersAreRefused(t *testing.T) {
	for _, c := range []struct {
		typ        string
		parameters *py.Dict
	}{
		{IntervalType, py.DictOf("unit", "years", "delta", 1)},
		{IntervalType, py.DictOf("unit", "days")},
		{IntervalType, py.DictOf("unit", "days", "delta", 0)},
		{IntervalType, py.DictOf("unit", "days", "delta", -5)},
		{IntervalType, py.DictOf("unit", "weeks", "delta", int64(1)<<50)},
		{IntervalType, py.DictOf("unit", "days", "delta", 1.5)},
		{IntervalType, nil},
		{DateType, py.DictOf("date", "tomorrow")},
		{DateType, py.DictOf("date", "2026-01-01", "timezone", "Mars/X")},
		{DateType, py.DictOf("date", "2026-01-01", "timezone", "Local")},
		{CronType, py.DictOf("hour", 5)},
		{"other.type", nil},
	} {
		if timer, err := Parse(c.typ, c.parameters, november); err == nil || gale.KindOf(err) != gale.Invalid {
			t.Errorf("%s %s: got %v, %v", c.typ, py.Repr(c.parameters), timer, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-25T07:33:01.5+02:00", "Wed Nov 25 07:33:01 UTC 2026", "10h36m28.5s", "25-Nov-26", "2026-W53-7",
		"12:30 GMT+3 (X)", "Jan of 01", "1.2.3", "990101 121212.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseDate(text, november)
		if err == nil && (at.Year() < 1 || at.Year() > 9999 || at.Location() != time.UTC) {
			t.Errorf("%q: got %v", text, at)
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	for b.Loop() {
		if _, err := ParseDate("2026-11-25T07:33:01.5+02:00", november); err != nil {
			b.Fatal(err)
		}
	}
}
