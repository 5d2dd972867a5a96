package jinja

import (
	"strings"
	"unicode"

	"github.com/galehq/gale/py"
)

func filterWordwrap(c *Call, a []any) (any, error) {
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	s, ok := plain(a[0]).(string)
	if !ok {
		return nil, noAttribute(a[0], "splitlines")
	}
	w := wrapper{}
	paragraphs := py.SplitLines(s, false)
	err := error(nil)
	if len(paragraphs) > 0 {
		if w.width, err = wrapWidth(c, a[1]); err != nil {
			return nil, err
		}
	}
	if w.breakLong, err = c.Truth(a[2]); err != nil {
		return nil, err
	}
	if w.breakHyphens, err = c.Truth(a[4]); err != nil {
		return nil, err
	}
	sep := "\n"
	if a[3] != nil {
		if sep, ok = plain(a[3]).(string); !ok {
			return nil, noAttribute(a[3], "join")
		}
	}
	if err := c.Spend(len(s)); err != nil {
		return nil, err
	}
	var lines []any
	for _, p := range paragraphs {
		lines = append(lines, strings.Join(w.wrap([]rune(p)), sep))
	}
	return c.r.textMethod(sep, "join", lines)
}

func wrapWidth(c *Call, v any) (int, error) {
	if bad, err := c.r.less("<=", v, int64(0)); err != nil {
		return 0, err
	} else if bad {
		return 0, py.Errorf("ValueError", "invalid width %s (must be > 0)", py.Repr(v))
	}
	if f, ok := v.(float64); ok {
		return int(min(f, py.MaxSize)), nil
	}
	return intArg(v)
}

// wrapper breaks paragraphs into lines by the rules of Python's textwrap.
type wrapper struct {
	width        int // in code points
	breakLong    bool
	breakHyphens bool
}

// wrap distributes the chunks of a paragraph over lines.
func (w wrapper) wrap(text []rune) []string {
	chunks := w.split(text)
	var lines []string
	for len(chunks) > 0 {
		if len(lines) > 0 && blankRunes(chunks[0]) {
			chunks = chunks[1:]
		}
		var line [][]rune
		size := 0
		for len(chunks) > 0 && size+len(chunks[0]) <= w.width {
			line = append(line, chunks[0])
			size += len(chunks[0])
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && len(chunks[0]) > w.width {
			line, chunks = w.longWord(line, chunks, w.width-size)
		}
		if n := len(line); n > 0 && blankRunes(line[n-1]) {
			line = line[:n-1]
		}
		if len(line) > 0 {
			var b strings.Builder
			for _, chunk := range line {
				b.WriteString(string(chunk))
			}
			lines = append(lines, b.String())
		}
	}
	return lines
}

// longWord puts a part of a chunk that is longer than a line into the room
// that is left.
func (w wrapper) longWord(line, chunks [][]rune, room int) (_, rest [][]rune) {
	chunk := chunks[0]
	switch {
	case w.breakLong:
		end := room
		if w.breakHyphens && len(chunk) > room {
			if h := lastHyphen(chunk[:room]); h > 0 {
				end = h + 1
			}
		}
		return append(line, chunk[:end]), append([][]rune{chunk[end:]}, chunks[1:]...)
	case len(line) == 0:
		return append(line, chunk), chunks[1:]
	}
	return line, chunks
}

// lastHyphen returns the index of the last hyphen that has something other
// than hyphens in front, or 0.
func lastHyphen(s []rune) int {
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '-' {
			if strings.Trim(string(s[:i]), "-") != "" {
				return i
			}
			return 0
		}
	}
	return 0
}

func blankRunes(s []rune) bool {
	for _, r := range s {
		if !isSpace(r) {
			return false
		}
	}
	return true
}

func wrapSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

// split cuts text into chunks that are not broken: words, parts of hyphenated
// words, dashes, white space.
func (w wrapper) split(text []rune) [][]rune {
	var out [][]rune
	for i := 0; i < len(text); {
		j := i + 1
		switch {
		case wrapSpace(text[i]):
			for j < len(text) && wrapSpace(text[j]) {
				j++
			}
		case !w.breakHyphens:
			for j < len(text) && !wrapSpace(text[j]) {
				j++
			}
		default:
			j = wordEnd(text, i)
		}
		out = append(out, text[i:j])
		i = j
	}
	return out
}

// wordEnd returns the end of the chunk at i that is no white space.
func wordEnd(text []rune, i int) int {
	if i > 0 && wordPunct(text[i-1]) {
		if n := dashes(text, i); n > 0 {
			return i + n
		}
	}
	for j := i + 1; ; j++ {
		switch {
		case j < len(text) && text[j] == '-' && hyphenated(text, j):
			return j + 1
		case j == len(text) || wrapSpace(text[j]):
			return j
		case wordPunct(text[j-1]) && dashes(text, j) > 0:
			return j
		}
	}
}

// dashes returns the length of a dash at i: two or more hyphens in front of a
// word.
func dashes(text []rune, i int) int {
	n := 0
	for i+n < len(text) && text[i+n] == '-' {
		n++
	}
	if n >= 2 && i+n < len(text) && isWord(text[i+n]) {
		return n
	}
	return 0
}

// hyphenated reports whether the hyphen at i may end a chunk: letters stand on
// both sides of it.
func hyphenated(text []rune, i int) bool {
	at := func(k int) rune {
		if k < 0 || k >= len(text) {
			return ' '
		}
		return text[k]
	}
	before := wordLetter(at(i-1)) && (wordLetter(at(i-2)) || at(i-2) == '-' && wordLetter(at(i-3)))
	after := wordLetter(at(i+1)) && (wordLetter(at(i+2)) || at(i+2) == '-' && wordLetter(at(i+3)))
	return before && after
}

func wordLetter(r rune) bool { return isWord(r) && !unicode.IsDigit(r) }

func wordPunct(r rune) bool { return isWord(r) || strings.ContainsRune(`!"'&.,?`, r) }
