package py

import (
	"strings"
	"unicode/utf8"
)

// splitMethod makes split and rsplit of the ways to split on white space and
// on a separator; a negative limit is none.
func splitMethod(blank func(s string, limit int) []any, on func(s, sep string, limit int) []any) func(any, []any) (any, error) {
	return func(self any, a []any) (any, error) {
		limit := -1
		if given(a[1]) {
			n, err := asIndex(a[1])
			if err != nil {
				return nil, err
			}
			limit = int(n)
		}
		s := self.(string)
		if !given(a[0]) || a[0] == nil {
			return &List{Items: blank(s, limit)}, nil
		}
		sep, ok := a[0].(string)
		if !ok {
			return nil, typeErrorf("must be str or None, not %s", TypeName(a[0]))
		}
		if sep == "" {
			return nil, valueErrorf("empty separator")
		}
		return &List{Items: on(s, sep, limit)}, nil
	}
}

func splitBlank(s string, limit int) []any {
	out := []any{}
	for {
		s = strings.TrimLeftFunc(s, isSpace)
		if s == "" {
			return out
		}
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			return append(out, s)
		}
		if len(out) == limit {
			return append(out, s)
		}
		out = append(out, s[:i])
		s = s[i:]
	}
}

func rsplitBlank(s string, limit int) []any {
	out := []any{}
	for {
		s = strings.TrimRightFunc(s, isSpace)
		if s == "" {
			break
		}
		i := strings.LastIndexFunc(s, isSpace)
		if i < 0 {
			out = append(out, s)
			break
		}
		if len(out) == limit {
			out = append(out, s)
			break
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[i+n:])
		s = s[:i]
	}
	reverse(out)
	return out
}

func splitOn(s, sep string, limit int) []any {
	n := -1
	if limit >= 0 && limit < len(s)+1 {
		n = limit + 1
	}
	parts := strings.SplitN(s, sep, n)
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func rsplitOn(s, sep string, limit int) []any {
	out := []any{}
	for len(out) != limit {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		out = append(out, s[i+len(sep):])
		s = s[:i]
	}
	out = append(out, s)
	reverse(out)
	return out
}

func reverse(x []any) {
	for i, j := 0, len(x)-1; i < j; i, j = i+1, j-1 {
		x[i], x[j] = x[j], x[i]
	}
}

// SplitLines is s.splitlines(keepends).
func SplitLines(s string, keepEnds bool) []string {
	var out []string
	for s != "" {
		end, width := len(s), 0
		if i := strings.IndexFunc(s, isLineBreak); i >= 0 {
			_, width = utf8.DecodeRuneInString(s[i:])
			if strings.HasPrefix(s[i:], "\r\n") {
				width = 2
			}
			end = i
		}
		line := s[:end]
		if keepEnds {
			line = s[:end+width]
		}
		out = append(out, line)
		s = s[end+width:]
	}
	return out
}

func isLineBreak(r rune) bool {
	return r >= '\n' && r <= '\r' || r >= 0x1c && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
}

func strSplitlines(self any, a []any) (any, error) {
	keep := given(a[0]) && Truth(a[0])
	lines := SplitLines(self.(string), keep)
	out := make([]any, len(lines))
	for i, line := range lines {
		out[i] = line
	}
	return &List{Items: out}, nil
}
