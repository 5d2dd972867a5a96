// Package textwrap measures and folds text for a terminal, breaking lines at
// the places where Python's textwrap does: after white space, after the hyphen
// of a compound, and inside a word only when it is longer than a line.
//
// Widths are terminal columns: a CJK character counts two, a combining mark
// none, and colour escapes none.
package textwrap

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width returns the number of terminal columns that s takes when it is printed
// on one line.
func Width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && s[i] != 0x1b {
			if s[i] >= 0x20 && s[i] != 0x7f {
				n++
			}
			i++
			continue
		}
		if k := escape(s[i:]); k > 0 {
			i += k
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n += runeWidth(r)
		i += size
	}
	return n
}

// escape returns the length of the colour escape that s begins with, or 0.
func escape(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

func runeWidth(r rune) int {
	switch {
	case r < 0x20 || r == 0x7f || r == 0xad:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= 0x1160 && r <= 0x11ff:
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Clean drops the characters that would move the cursor or otherwise command
// the terminal; line ends and colours stay, tabs become spaces.
func Clean(s string) string {
	if !strings.ContainsFunc(s, commands) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch k := escape(s[i:]); {
		case k > 0:
			size = k
			b.WriteString(s[i : i+k])
		case r == '\t':
			b.WriteString("        ")
		case !commands(r):
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// commands reports whether a terminal acts on the character.
func commands(r rune) bool {
	return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0
}

// Fold breaks every line of s that is wider than limit. Lines that fit keep
// their white space. The result has at least one line.
func Fold(s string, limit int) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if Width(line) <= limit {
			out = append(out, line)
			continue
		}
		out = append(out, Wrap(line, limit)...)
	}
	return out
}

// Wrap treats s as one paragraph and breaks it into lines of at most limit
// columns (at least 1). White space at the ends of the lines is dropped. Text
// without any word gives no lines.
func Wrap(s string, limit int) []string {
	limit = max(limit, 1)
	words := chunks(spaced(s))
	var lines []string
	var line []string
	used := 0
	flush := func() {
		if n := len(line); n > 0 && blank(line[n-1]) {
			line = line[:n-1]
		}
		if len(line) > 0 {
			lines = append(lines, strings.Join(line, ""))
		}
		line, used = line[:0], 0
	}
	for len(words) > 0 {
		word := words[0]
		if blank(word) && len(line) == 0 && len(lines) > 0 {
			words = words[1:]
			continue
		}
		w := Width(word)
		switch {
		case used+w <= limit:
			line, used, words = append(line, word), used+w, words[1:]
		case w > limit && used < limit:
			head, rest := cut(word, limit-used)
			if head != "" {
				line = append(line, head)
			}
			words[0] = rest
			if rest == "" {
				words = words[1:]
			}
			flush()
		default:
			flush()
		}
	}
	flush()
	return lines
}

// cut takes from a word that is longer than a line as much as fits in room
// columns; after a hyphen if there is one, and always at least one character
// so that folding ends.
func cut(word string, room int) (head, rest string) {
	end, used, hyphen := 0, 0, 0
	for i := 0; i < len(word); {
		if k := escape(word[i:]); k > 0 {
			i += k
			end = i
			continue
		}
		r, size := utf8.DecodeRuneInString(word[i:])
		w := runeWidth(r)
		if used+w > room && used > 0 {
			break
		}
		i += size
		used += w
		end = i
		if r == '-' && strings.Trim(word[:i], "-") != "" {
			hyphen = i
		}
		if used >= room {
			break
		}
	}
	if hyphen > 0 && end < len(word) {
		end = hyphen
	}
	return word[:end], word[end:]
}

func blank(s string) bool { return strings.Trim(s, " ") == "" }

// spaced expands tabs to eight columns and turns all other white space into
// spaces.
func spaced(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r != ' ' && isSpace(r) }) < 0 {
		return s
	}
	var b strings.Builder
	col := 0
	for _, r := range s {
		switch {
		case r == '\t':
			n := 8 - col%8
			b.WriteString("        "[:n])
			col += n
		case isSpace(r):
			b.WriteByte(' ')
			col++
		default:
			b.WriteRune(r)
			col++
		}
	}
	return b.String()
}

func isSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

// chunks splits s into runs of spaces and pieces of words that must not be
// broken.
func chunks(s string) []string {
	var out []string
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return r != ' ' })
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			out, s = append(out, s[:n]), s[n:]
			continue
		}
		if n = strings.IndexByte(s, ' '); n < 0 {
			n = len(s)
		}
		out = append(out, compounds(s[:n])...)
		s = s[n:]
	}
	return out
}

// compounds splits a word behind its hyphens ("well-known" in two) and around
// dashes made of several hyphens. A hyphen counts when letters stand on both
// sides: "-5", "2026-11-25" and "--attr" stay whole.
func compounds(word string) []string {
	if !strings.Contains(word, "-") {
		return []string{word}
	}
	var out []string
	rs := []rune(word)
	start := 0
	for i := 0; i < len(rs); i++ {
		if rs[i] != '-' {
			continue
		}
		run := i
		for run < len(rs) && rs[run] == '-' {
			run++
		}
		switch {
		case run-i > 1:
			if i > start && dashable(rs[i-1]) && run < len(rs) && wordChar(rs[run]) {
				out = append(out, string(rs[start:i]), string(rs[i:run]))
				start = run
			}
			i = run - 1
		case hyphenated(rs, start, i):
			out = append(out, string(rs[start:i+1]))
			start = i + 1
		}
	}
	if start < len(rs) {
		out = append(out, string(rs[start:]))
	}
	return out
}

// hyphenated reports whether the hyphen at i joins two words: two letters, or
// letter, hyphen and one word character before it, and two letters (a hyphen
// may stand between them) behind it. The characters before it may belong to a
// piece that was split off already, but not the first of a piece: that has to
// have at least one character of its own.
func hyphenated(rs []rune, start, i int) bool {
	if i <= start || i < 2 {
		return false
	}
	before := letter(rs[i-2]) && letter(rs[i-1]) ||
		i >= 3 && letter(rs[i-3]) && rs[i-2] == '-' && dashable(rs[i-1])
	if !before || i+2 >= len(rs) || !letter(rs[i+1]) {
		return false
	}
	return letter(rs[i+2]) || rs[i+2] == '-' && i+3 < len(rs) && letter(rs[i+3])
}

func letter(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func wordChar(r rune) bool { return letter(r) || unicode.IsNumber(r) }

func dashable(r rune) bool { return wordChar(r) || strings.ContainsRune(`!"'&.,?`, r) }
