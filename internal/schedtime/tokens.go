package schedtime

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenize cuts a text into words, numbers and single other characters. Points
// belong to a number (4.5) or separate (Sep.20.2009), which the whole decides.
func tokenize(text string) []string {
	var tokens []string
	runes := []rune(strings.ReplaceAll(text, "\x00", ""))
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case unicode.IsLetter(r) || isDigit(r):
			n := run(runes[i:])
			tokens = append(tokens, split(string(runes[i:i+n]), i+n == len(runes))...)
			i += n
		case unicode.IsSpace(r):
			tokens = append(tokens, " ")
			i++
		default:
			tokens = append(tokens, string(r))
			i++
		}
	}
	return tokens
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// run returns how many characters belong together: letters, or digits, joined
// by points; behind a point letters and digits may change places. Digits may
// also be joined by a comma once there are two.
func run(runes []rune) int {
	letters, dotted := !isDigit(runes[0]), false
	i := 1
	for ; i < len(runes); i++ {
		r := runes[i]
		switch {
		case letters && unicode.IsLetter(r), !letters && isDigit(r):
		case r == '.', !letters && !dotted && r == ',' && i >= 2:
			dotted = true
		case dotted && runes[i-1] == '.' && (unicode.IsLetter(r) || isDigit(r)):
			letters = !letters
		default:
			return i
		}
	}
	return i
}

// split undoes the joining where it made no number. One letter behind a number
// and a point at the very end (5.m) is not taken apart, and so is no date.
func split(s string, atEnd bool) []string {
	if !strings.ContainsAny(s, ".,") {
		return []string{s}
	}
	first := strings.IndexFunc(s, unicode.IsLetter)
	hasLetters := first >= 0 && !(atEnd && utf8.RuneCountInString(s[first:]) == 1)
	if !hasLetters && strings.Count(s, ".") <= 1 && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ",") {
		if !strings.Contains(s, ".") {
			s = strings.ReplaceAll(s, ",", ".")
		}
		return []string{s}
	}
	var out []string
	for s != "" {
		i := strings.IndexAny(s, ".,")
		if i < 0 {
			return append(out, s)
		}
		if i > 0 {
			out = append(out, s[:i])
		}
		out = append(out, s[i:i+1])
		s = s[i+1:]
	}
	return out
}
