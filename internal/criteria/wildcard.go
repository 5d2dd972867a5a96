package criteria

import (
	"strings"
	"unicode/utf8"
)

// globMatches reports whether the whole of s fits a shell pattern: * is any
// text, ? one character, [seq] one of seq, [!seq] one of the others; a [ that
// nothing closes stands for itself. Time is at most the product of the lengths.
func globMatches(glob, s string) bool {
	star, mark := -1, 0 // where the last * stood, and the text it has taken
	g, i := 0, 0
	for i < len(s) {
		if g < len(glob) && glob[g] == '*' {
			star, mark = g, i
			g++
			continue
		}
		if n, size, ok := globOne(glob[g:], s[i:]); ok {
			g += n
			i += size
			continue
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[mark:])
		mark += size
		g, i = star+1, mark
	}
	return strings.Trim(glob[g:], "*") == ""
}

// globOne matches one character of s with the first item of the pattern; it
// returns the bytes that both take.
func globOne(glob, s string) (n, size int, ok bool) {
	if glob == "" {
		return 0, 0, false
	}
	c, size := utf8.DecodeRuneInString(s)
	if glob[0] == '?' {
		return 1, size, true
	}
	if glob[0] == '[' {
		if end := setEnd(glob); end > 0 {
			return end + 1, size, inSet(glob[1:end], c)
		}
	}
	want, n := utf8.DecodeRuneInString(glob)
	return n, size, want == c
}

// setEnd returns the index of the ] that closes a set, 0 if there is none. A ]
// at the very start of a set belongs to it.
func setEnd(glob string) int {
	from := 1
	if strings.HasPrefix(glob[from:], "!") {
		from++
	}
	if strings.HasPrefix(glob[from:], "]") {
		from++
	}
	if i := strings.IndexByte(glob[from:], ']'); i >= 0 {
		return from + i
	}
	return 0
}

func inSet(set string, c rune) bool {
	others := strings.HasPrefix(set, "!")
	set = strings.TrimPrefix(set, "!")
	runes := []rune(set)
	for i := 0; i < len(runes); i++ {
		if i+2 < len(runes) && runes[i+1] == '-' {
			if runes[i] <= c && c <= runes[i+2] {
				return !others
			}
			i += 2
			continue
		}
		if runes[i] == c {
			return !others
		}
	}
	return others
}
