package pyre

import (
	"slices"
	"sync"
	"unicode"
)

// foldExtra lists the sets of characters that Python treats as one letter although their lower-case forms differ or,
// for the dotted capital I, although Unicode's simple folding keeps them apart. All other sets are the orbits of
// unicode.SimpleFold; testdata/fold.py checks that.
var foldExtra = [][]rune{
	{'I', 'i', '\u0130', '\u0131'}, // with the dotted capital and the dotless small letter
	{'\u0390', '\u1fd3'},           // iota with dialytika and tonos, or with oxia
	{'\u03b0', '\u1fe3'},           // upsilon likewise
	{'\ufb05', '\ufb06'},           // the ligatures of long s and t, and of s and t
}

// folded returns every character that matches r when case is ignored, r included. With ascii set only the letters
// a to z have two cases.
func folded(r rune, ascii bool) []rune {
	if ascii {
		switch {
		case 'a' <= r && r <= 'z':
			return []rune{r - 32, r}
		case 'A' <= r && r <= 'Z':
			return []rune{r, r + 32}
		}
		return []rune{r}
	}
	for _, set := range foldExtra {
		if slices.Contains(set, r) {
			return set
		}
	}
	set := []rune{r}
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		set = append(set, o)
	}
	return set
}

// cased lists all characters that have another case, in order. It is built once, when a range is first matched
// without regard to case.
var cased = sync.OnceValue(func() []rune {
	var all []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.SimpleFold(r) != r {
			all = append(all, r)
		}
	}
	for _, set := range foldExtra {
		all = append(all, set...)
	}
	slices.Sort(all)
	return slices.Compact(all)
})

// addFolds adds to the ranges of s the other cases of what they hold.
func (s *set) addFolds(ascii bool) {
	var extra []span
	for _, sp := range s.ranges {
		for _, r := range casedIn(sp, ascii) {
			for _, o := range folded(r, ascii) {
				if o < sp.lo || o > sp.hi {
					extra = append(extra, span{o, o})
				}
			}
		}
	}
	s.ranges = append(s.ranges, extra...)
}

func casedIn(sp span, ascii bool) []rune {
	if sp.lo == sp.hi {
		return []rune{sp.lo}
	}
	all := cased()
	if ascii {
		all = all[:52] // A-Z and a-z come first
	}
	lo, _ := slices.BinarySearch(all, sp.lo)
	hi, _ := slices.BinarySearch(all, sp.hi+1)
	return all[lo:max(lo, hi)]
}
