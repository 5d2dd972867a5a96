package pyre

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/fold.txt
var foldSets string

// TestFoldedIsPythons checks every letter with two cases of Unicode 14, which Python 3.11 knows.
func TestFoldedIsPythons(t *testing.T) {
	for line := range strings.Lines(foldSets) {
		var want []rune
		for _, hex := range strings.Fields(line) {
			n, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, rune(n))
		}
		for _, r := range want {
			got := slices.Sorted(slices.Values(folded(r, false)))
			if !slices.Equal(got, want) {
				t.Errorf("folded(%U): got %U, want %U", r, got, want)
			}
		}
	}
}

func TestOnlyASCIILettersFoldInASCIIMode(t *testing.T) {
	for r, want := range map[rune]int{'k': 2, 'K': 2, '1': 1, 'é': 1, '\u212a': 1} {
		if got := len(folded(r, true)); got != want {
			t.Errorf("folded(%q, ascii): got %d characters, want %d", r, got, want)
		}
	}
}
