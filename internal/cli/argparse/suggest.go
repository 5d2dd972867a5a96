package argparse

// didYouMean returns " - did you mean 'x'?" for the word of the list that is
// closest to the given one, or "" when none is close.
func didYouMean(word string, list []string) string {
	if best := Closest(word, list); best != "" {
		return " - did you mean " + quote(best) + "?"
	}
	return ""
}

// Closest returns the element of list with the least edit distance to word, if
// at most a third of the longer one differs; otherwise "".
func Closest(word string, list []string) string {
	const longest = 64 // the distance is quadratic in the length
	best, least := "", 0
	if len(word) > longest {
		return ""
	}
	for _, s := range list {
		if len(s) > longest {
			continue
		}
		d := distance(word, s)
		if d <= max(1, max(len(word), len(s))/3) && (best == "" || d < least) {
			best, least = s, d
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of neighbours.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	older := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, before, row = before, row, older
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
