package textwrap

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrapBreaksWherePythonDoes(t *testing.T) {
	tests := []struct {
		name  string
		in    string
		limit int
		want  []string
	}{
		{"at spaces", "the quick brown fox", 10, []string{"the quick", "brown fox"}},
		{"nothing", "", 10, nil},
		{"a word that is too long", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"a long word fills the line before it", "ab cdefghij", 5, []string{"ab cd", "efghi", "j"}},
		{"behind a hyphen of a compound", "a well-known place", 7, []string{"a well-", "known", "place"}},
		{"an option stays whole", "use --attr now", 8, []string{"use", "--attr", "now"}},
		{"a timestamp breaks behind its last hyphen", "2026-11-22T07:55:42Z", 12, []string{"2026-11-", "22T07:55:42Z"}},
		{"tabs and line ends are spaces", "a\tb\nc", 20, []string{"a       b c"}},
		{"wide characters count two", "字字字字", 4, []string{"字字", "字字"}},
		{"a wide character in one column", "字字", 1, []string{"字", "字"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Wrap(tt.in, tt.limit); !slices.Equal(got, tt.want) {
				t.Errorf("Wrap(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestFoldKeepsLinesThatFit(t *testing.T) {
	got := Fold("{\n    \"a\": 1\n}\nlong words here", 12)
	want := []string{"{", `    "a": 1`, "}", "long words", "here"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{"abc": 3, "é": 1, "e\u0301": 1, "字": 2, "😀": 2, "\x1b[32mok\x1b[0m": 2, "\x1b[": 1, "": 0, "ﾊ": 1} {
		if got := Width(in); got != want {
			t.Errorf("Width(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestCleanLeavesNothingToObey(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ntext": "plain\ntext", "a\tb": "a        b", "a\rb": "ab", "\x1b[2Jx": "[2Jx", "\x1b]0;title\x07": "]0;title",
		"\x1b[31mred\x1b[0m": "\x1b[31mred\x1b[0m", "\u009b31m": "31m", "\x7f": "", "\x1b": "", "\xff": "\xff",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("a well-known -- place \x1b[32mok\x1b[0m", 5)
	f.Add("字字 e\u0301-e", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if len(s) > 1000 || !utf8.ValidString(s) {
			return
		}
		limit = max(1, min(limit, 200))
		squash := func(s string) string { return strings.Join(strings.FieldsFunc(s, isSpace), "") }
		lines := Wrap(s, limit)
		if got, want := squash(strings.Join(lines, "")), squash(s); got != want {
			t.Fatalf("Wrap(%q, %d) = %q loses text", s, limit, lines)
		}
		for _, l := range lines {
			if Width(l) > max(limit, 2) {
				t.Fatalf("Wrap(%q, %d): line %q is too wide", s, limit, l)
			}
		}
	})
}
