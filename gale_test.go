package gale

import (
	"errors"
	"fmt"
	"testing"
)

func TestRefSplitsAtTheFirstDot(t *testing.T) {
	for _, c := range []struct {
		text string
		want Ref
		ok   bool
	}{
		{"core.local", Ref{"core", "local"}, true},
		{"core.st2.webhook", Ref{"core", "st2.webhook"}, true},
		{"core", Ref{"core", ""}, false},
		{".local", Ref{"", "local"}, false},
		{"core.", Ref{"core", ""}, false},
		{"", Ref{}, false},
	} {
		got, ok := ParseRef(c.text)
		if got != c.want || ok != c.ok {
			t.Errorf("ParseRef(%q) = %v, %v; want %v, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestTimeTextRoundTrips(t *testing.T) {
	const text = "2026-11-22T07:43:44.000042Z"
	var at Time
	if err := at.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if got := at.String(); got != text {
		t.Errorf("got %s, want %s", got, text)
	}
	if got := Time(0).String(); got != "" {
		t.Errorf("zero Time prints %q, want nothing", got)
	}
}

func TestFinalStatusesBecomeNothing(t *testing.T) {
	for _, from := range Statuses {
		if !from.Known() {
			t.Errorf("%s is not known", from)
		}
		for _, to := range Statuses {
			if from.Final() && from.CanBecome(to) {
				t.Errorf("%s is final and can become %s", from, to)
			}
		}
	}
}

func TestEveryStatusReachesAnEnd(t *testing.T) {
	for _, from := range Statuses {
		if !reachesEnd(from, map[Status]bool{}) {
			t.Errorf("no end can be reached from %s", from)
		}
	}
}

func reachesEnd(s Status, seen map[Status]bool) bool {
	if s.Final() {
		return true
	}
	seen[s] = true
	for _, next := range transitions[s] {
		if !seen[next] && reachesEnd(next, seen) {
			return true
		}
	}
	return false
}

func TestErrorKeepsItsKindAndCause(t *testing.T) {
	cause := errors.New("disk full")
	err := fmt.Errorf("register pack x: %w", Errorf(Unavailable, "store: %w", cause))
	if got := KindOf(err); got != Unavailable {
		t.Errorf("kind is %v, want %v", got, Unavailable)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "register pack x: store: disk full"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := KindOf(cause); got != Internal {
		t.Errorf("kind of a plain error is %v, want %v", got, Internal)
	}
}
