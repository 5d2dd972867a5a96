package pyre

import (
	"slices"
	"unicode"
)

// span is an inclusive range of code points.
type span struct{ lo, hi rune }

// class is a category such as \w. Its complement is class|negated.
type class uint8

const (
	classDigit class = iota + 1
	classSpace
	classWord
	classASCIIDigit
	classASCIISpace
	classASCIIWord

	negated class = 0x80
)

// has reports whether r belongs to the category, as Python's str predicates say.
func (c class) has(r rune) bool {
	var in bool
	switch c &^ negated {
	case classDigit:
		in = unicode.Is(unicode.Nd, r)
	case classSpace:
		in = isSpace(r)
	case classWord:
		in = isWord(r)
	case classASCIIDigit:
		in = '0' <= r && r <= '9'
	case classASCIISpace:
		in = r == ' ' || '\t' <= r && r <= '\r'
	case classASCIIWord:
		in = isASCIIWord(r)
	}
	return in != (c&negated != 0)
}

func isASCIIWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

func isWord(r rune) bool {
	if r < 0x80 {
		return isASCIIWord(r)
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.N, r)
}

// isSpace is str.isspace, which has the separators U+001C to U+001F on top of Unicode's white space.
func isSpace(r rune) bool {
	return r == ' ' || '\t' <= r && r <= '\r' || 0x1c <= r && r <= 0x1f || r >= 0x80 && unicode.IsSpace(r)
}

// set is a set of characters: ranges and categories, or what neither holds. After freeze it is read only.
type set struct {
	ranges  []span
	classes []class
	negate  bool
	low     [4]uint64 // one bit per code point below 256, negation applied
}

func (s *set) freeze() *set {
	slices.SortFunc(s.ranges, func(a, b span) int { return int(a.lo) - int(b.lo) })
	merged := s.ranges[:0]
	for _, sp := range s.ranges {
		if n := len(merged); n > 0 && sp.lo <= merged[n-1].hi+1 {
			merged[n-1].hi = max(merged[n-1].hi, sp.hi)
			continue
		}
		merged = append(merged, sp)
	}
	s.ranges = merged
	for r := range rune(256) {
		if s.search(r) {
			s.low[r>>6] |= 1 << (r & 63)
		}
	}
	return s
}

func (s *set) has(r rune) bool {
	if r < 256 {
		return s.low[r>>6]&(1<<(r&63)) != 0
	}
	return s.search(r)
}

func (s *set) search(r rune) bool {
	lo, hi := 0, len(s.ranges)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.ranges[mid].hi < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s.ranges) && s.ranges[lo].lo <= r {
		return !s.negate
	}
	for _, c := range s.classes {
		if c.has(r) {
			return !s.negate
		}
	}
	return s.negate
}
