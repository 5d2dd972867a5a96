package pyre

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/galehq/gale/py"
)

func must(t testing.TB, pattern string, flags Flags) *Pattern {
	t.Helper()
	p, err := Compile(pattern, flags)
	if err != nil {
		t.Fatalf("Compile(%q): %v", pattern, err)
	}
	return p
}

func classOf(err error) string {
	var e *py.Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

func TestHostilePatternEndsWithAnError(t *testing.T) {
	text := strings.Repeat("a", 60)
	for _, pattern := range []string{`(a+)+$`, `(a|aa)+$`, `(.*a){20}$`, `(?:a?){60}a{60}b`, `^(?=(a+)+$)b`, `(?:(?:a*)*)*$`} {
		t.Run(pattern, func(t *testing.T) {
			_, err := must(t, pattern, 0).WithSteps(200_000).Search(text + "!")
			if got := classOf(err); got != "TimeoutError" {
				t.Errorf("got %v, want a TimeoutError", err)
			}
			if err != nil && strings.Contains(err.Error(), "aaa") {
				t.Errorf("the error holds the text: %v", err)
			}
		})
	}
}

func TestDeepBacktrackingEndsWithAnError(t *testing.T) {
	_, err := must(t, `(?:ab|cd)*x`, 0).WithSteps(1 << 30).Match(strings.Repeat("ab", 4<<20))
	if got := classOf(err); got != "MemoryError" {
		t.Errorf("got %v, want a MemoryError", err)
	}
}

func TestLongTextIsNotRefused(t *testing.T) {
	line := "2024-05-01 12:00:01 host app[123]: user=alice action=login ok\n"
	text := strings.Repeat(line, 20_000)
	matches, err := must(t, `user=(?P<u>\w+) action=(\w+)`, 0).FindIter(text)
	if err != nil || len(matches) != 20_000 {
		t.Errorf("got %d matches, %v, want 20000", len(matches), err)
	}
	if _, err := must(t, `^(.*)$`, DotAll).Match(text); err != nil {
		t.Errorf("got %v for one match of the whole text, want none", err)
	}
}

func TestSearchWorksInABubble(t *testing.T) {
	p := must(t, `a+b`, 0)
	if _, err := p.Search("aab"); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		if m, err := p.Search("aab"); m == nil || err != nil {
			t.Errorf("got %v, %v, want a match", m, err)
		}
	})
}

func TestDeepNestingIsRefused(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("(", 5000) + strings.Repeat(")", 5000),
		"(a)" + strings.Repeat("(?(1)", 5000) + strings.Repeat(")", 5000),
		strings.Repeat("(?=", 100_000),
	} {
		_, err := Compile(pattern, 0)
		if got := classOf(err); got != "RecursionError" {
			t.Errorf("Compile(%.10q...): got %v, want a RecursionError", pattern, err)
		}
	}
}

func TestSpansCountCodePoints(t *testing.T) {
	m, err := must(t, `b(日)`, 0).Search("éab日")
	if err != nil || m == nil {
		t.Fatalf("got %v, %v", m, err)
	}
	if lo, hi := m.Span(1); lo != 3 || hi != 4 {
		t.Errorf("Span(1): got %d, %d, want 3, 4", lo, hi)
	}
	if lo, hi := m.Span(7); lo != -1 || hi != -1 {
		t.Errorf("Span of no group: got %d, %d, want -1, -1", lo, hi)
	}
}

func TestGroupsOfAMatch(t *testing.T) {
	m, err := must(t, `(?P<a>x)|(?P<b>y)`, 0).Match("y")
	if err != nil {
		t.Fatal(err)
	}
	if got := py.Repr(py.Tuple(m.Groups())); got != "(None, 'y')" {
		t.Errorf("Groups: got %s", got)
	}
	if got := py.Repr(m.GroupDict()); got != "{'a': None, 'b': 'y'}" {
		t.Errorf("GroupDict: got %s", got)
	}
	if s, ok := m.GroupNamed("b"); s != "y" || !ok {
		t.Errorf("GroupNamed(b): got %q, %v", s, ok)
	}
	if _, ok := m.GroupNamed("nope"); ok {
		t.Error("GroupNamed(nope): got a group")
	}
}

func TestSubAndSplitStopAtTheirCount(t *testing.T) {
	p := must(t, `,`, 0)
	if got, err := p.Sub(";", "a,b,c", 1); got != "a;b,c" || err != nil {
		t.Errorf("Sub: got %q, %v", got, err)
	}
	if got, err := p.Split("a,b,c", 1); len(got) != 2 || got[1] != "b,c" || err != nil {
		t.Errorf("Split: got %q, %v", got, err)
	}
	stop := errors.New("stop")
	if _, err := p.SubFunc(func(*Match) (string, error) { return "", stop }, "a,b", 0); err != stop {
		t.Errorf("SubFunc: got %v, want the callback's error", err)
	}
}

func TestSubRefusesHugeResults(t *testing.T) {
	_, err := must(t, `a`, 0).Sub(strings.Repeat("x", 1<<20), strings.Repeat("a", 100), 0)
	if got := classOf(err); got != "MemoryError" {
		t.Errorf("got %v, want a MemoryError", err)
	}
}

func TestEscape(t *testing.T) {
	text := "a.b*c[d] é-\n#~&"
	if got, want := Escape(text), `a\.b\*c\[d\]\ é\-`+"\\\n"+`\#\~\&`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if m, err := must(t, Escape(text), 0).FullMatch(text); m == nil || err != nil {
		t.Errorf("the escaped text does not match itself: %v", err)
	}
}

func TestRecentPatternsAreKept(t *testing.T) {
	a, b := must(t, `kept`, 0), must(t, `kept`, 0)
	if a != b {
		t.Error("the same pattern was compiled twice")
	}
	if c := must(t, `kept`, IgnoreCase); a == c {
		t.Error("other flags gave the same pattern")
	}
	for i := range cacheSize + 10 {
		must(t, strings.Repeat("x", i+1), 0)
	}
	if n := recent.order.Len(); n > cacheSize || n != len(recent.entries) {
		t.Errorf("the cache holds %d and %d entries, want at most %d", n, len(recent.entries), cacheSize)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(?P<a>x)(?P=a)`, `[^\]a-z]`, `a{1,2}?+`, `(?(1)a|b)`, `(?<=a|b)c`, `\g<1>`, `(?i-s:.)`, `(?x) # c`} {
		f.Add(s, "abc")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := compile(pattern, 0)
		if err != nil {
			if classOf(err) == "" {
				t.Fatalf("error without a class: %v", err)
			}
			return
		}
		p.steps = 20_000
		if m, err := p.Search(text); err == nil && m != nil {
			m.Span(0)
			_, _ = m.Expand(pattern)
		}
		_, _ = p.Split(text, 0)
	})
}

func BenchmarkSearchLog(b *testing.B) {
	text := strings.Repeat("some text before it ", 50) + "user=alice action=login"
	p := must(b, `(?P<k>\w+)=(?P<v>alice)\b`, 0)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if m, err := p.Search(text); m == nil || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStepLimit(b *testing.B) {
	p := must(b, `(a+)+$`, 0)
	text := strings.Repeat("a", 60) + "!"
	for b.Loop() {
		if _, err := p.Search(text); err == nil {
			b.Fatal("no error")
		}
	}
}
