package py

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Upper is str.upper: full case mapping, ß becomes SS.
func Upper(s string) string {
	return mapCase(s, func(b *strings.Builder, r rune) { writeMapped(b, r, upperSpecial, unicode.ToUpper) })
}

// Lower is str.lower. A capital sigma at the end of a word becomes ς.
func Lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		writeLower(&b, s, i, r)
	}
	return b.String()
}

func mapCase(s string, f func(*strings.Builder, rune)) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		f(&b, r)
	}
	return b.String()
}

func writeMapped(b *strings.Builder, r rune, special map[rune]string, simple func(rune) rune) {
	if r >= utf8.RuneSelf {
		if s, ok := special[r]; ok {
			b.WriteString(s)
			return
		}
	}
	b.WriteRune(simple(r))
}

// writeLower writes the lower case of the character r at offset i of s.
func writeLower(b *strings.Builder, s string, i int, r rune) {
	switch {
	case r == 'Σ' && finalSigma(s, i):
		b.WriteRune('ς')
	case r == 'İ':
		b.WriteString("i̇")
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}

// finalSigma reports whether the sigma at i follows a cased letter and is
// followed by none, skipping what case ignores.
func finalSigma(s string, i int) bool {
	before := strings.TrimRightFunc(s[:i], caseIgnorable)
	last, _ := utf8.DecodeLastRuneInString(before)
	if before == "" || !isCased(last) {
		return false
	}
	after := strings.TrimLeftFunc(s[i+len("Σ"):], caseIgnorable)
	next, _ := utf8.DecodeRuneInString(after)
	return after == "" || !isCased(next)
}

func isCased(r rune) bool { return isLower(r) || isUpper(r) || unicode.IsTitle(r) }

func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }

func caseIgnorable(r rune) bool {
	return strings.ContainsRune("'.:··՟״‘’․‧︓﹒﹕＇．：^`¨", r) ||
		unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// Title is str.title.
func Title(s string) string {
	var b strings.Builder
	inWord := false
	for i, r := range s {
		if inWord {
			writeLower(&b, s, i, r)
		} else {
			writeMapped(&b, r, titleSpecial, unicode.ToTitle)
		}
		inWord = isCased(r)
	}
	return b.String()
}

// Capitalize is str.capitalize.
func Capitalize(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i == 0 {
			writeMapped(&b, r, titleSpecial, unicode.ToTitle)
		} else {
			writeLower(&b, s, i, r)
		}
	}
	return b.String()
}

// Casefold is str.casefold.
func Casefold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return mapCase(s, func(b *strings.Builder, r rune) {
		if r == 'İ' {
			b.WriteString("i̇")
			return
		}
		writeMapped(b, r, foldSpecial, unicode.ToLower)
	})
}

func swapcase(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case isUpper(r):
			writeLower(&b, s, i, r)
		case isLower(r):
			writeMapped(&b, r, upperSpecial, unicode.ToUpper)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// every reports whether s is not empty and pred holds for all its characters.
func every(s string, pred func(rune) bool) bool {
	for _, r := range s {
		if !pred(r) {
			return false
		}
	}
	return s != ""
}

// cased reports whether s has cased characters, all of which fulfil pred.
func cased(s string, pred func(rune) bool) bool {
	found := false
	for _, r := range s {
		if isCased(r) {
			if !pred(r) {
				return false
			}
			found = true
		}
	}
	return found
}

// isTitle is str.istitle: every word begins with a capital and goes on small.
func isTitle(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case isLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

func inRanges(r rune, table [][2]rune) bool {
	lo, hi := 0, len(table)
	for lo < hi {
		mid := (lo + hi) / 2
		switch t := table[mid]; {
		case r < t[0]:
			hi = mid
		case r > t[1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

func isDecimal(r rune) bool { return unicode.Is(unicode.Nd, r) }
func isDigit(r rune) bool   { return isDecimal(r) || inRanges(r, digitRanges) }
func isNumeric(r rune) bool { return isDigit(r) || inRanges(r, numericRanges) }
func isAlnum(r rune) bool   { return unicode.IsLetter(r) || isNumeric(r) }

// isIdentifier is str.isidentifier.
func isIdentifier(s string) bool {
	for i, r := range s {
		start := r == '_' || unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_ID_Start)
		if !start && (i == 0 || !unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)) {
			return false
		}
	}
	return s != ""
}
