package py

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

var strMethods map[string]method

// Filled in init, as the rows reach back to the table through Format.
func init() {
	strMethods = map[string]method{
		"capitalize":   textMethod(Capitalize),
		"casefold":     textMethod(Casefold),
		"lower":        textMethod(Lower),
		"swapcase":     textMethod(swapcase),
		"title":        textMethod(Title),
		"upper":        textMethod(Upper),
		"isalnum":      testMethod(func(s string) bool { return every(s, isAlnum) }),
		"isalpha":      testMethod(func(s string) bool { return every(s, unicode.IsLetter) }),
		"isascii":      testMethod(isASCII),
		"isdecimal":    testMethod(func(s string) bool { return every(s, isDecimal) }),
		"isdigit":      testMethod(func(s string) bool { return every(s, isDigit) }),
		"isidentifier": testMethod(isIdentifier),
		"islower":      testMethod(func(s string) bool { return cased(s, isLower) }),
		"isnumeric":    testMethod(func(s string) bool { return every(s, isNumeric) }),
		"isprintable":  testMethod(func(s string) bool { return s == "" || every(s, printable) }),
		"isspace":      testMethod(func(s string) bool { return every(s, isSpace) }),
		"istitle":      testMethod(isTitle),
		"isupper":      testMethod(func(s string) bool { return cased(s, isUpper) }),

		"center": padMethod(func(n, have int) int {
			left := n / 2
			return left + n&(n+have)&1 // CPython leans left when the width is odd
		}),
		"ljust": padMethod(func(int, int) int { return 0 }),
		"rjust": padMethod(func(n, _ int) int { return n }),
		"zfill": {arity: one, max: 1, fn: strZfill},

		"count":      {arity: ranged, min: 1, max: 3, fn: strCount},
		"find":       searchMethod(strings.Index, false),
		"index":      searchMethod(strings.Index, true),
		"rfind":      searchMethod(strings.LastIndex, false),
		"rindex":     searchMethod(strings.LastIndex, true),
		"startswith": affixMethod("startswith", strings.HasPrefix),
		"endswith":   affixMethod("endswith", strings.HasSuffix),

		"lstrip": stripMethod("lstrip", strings.TrimLeftFunc),
		"rstrip": stripMethod("rstrip", strings.TrimRightFunc),
		"strip":  stripMethod("strip", strings.TrimFunc),
		"removeprefix": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
			return cutAffix(self, a, "removeprefix", strings.TrimPrefix)
		}},
		"removesuffix": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
			return cutAffix(self, a, "removesuffix", strings.TrimSuffix)
		}},

		"expandtabs": {arity: named, names: []string{"tabsize"}, fn: strExpandtabs},
		"join":       {arity: one, max: 1, fn: strJoin},
		"partition":  {arity: one, max: 1, fn: strPartition},
		"rpartition": {arity: one, max: 1, fn: strRpartition},
		"replace":    {arity: positional, min: 2, max: 3, fn: strReplace},
		"split":      {arity: named, names: []string{"sep", "maxsplit"}, fn: splitMethod(splitBlank, splitOn)},
		"rsplit":     {arity: named, names: []string{"sep", "maxsplit"}, fn: splitMethod(rsplitBlank, rsplitOn)},
		"splitlines": {arity: named, names: []string{"keepends"}, fn: strSplitlines},
		"translate":  {arity: one, max: 1, fn: strTranslate},
		"maketrans":  {arity: positional, min: 1, max: 3, fn: strMaketrans},

		"encode": {arity: named, names: []string{"encoding", "errors"}, fn: strEncode},
		"format": {arity: anything, free: func(self any, args []any, kwargs *Dict) (any, error) {
			return Formatter{}.Format(self.(string), args, kwargs)
		}},
		"format_map": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
			return Formatter{}.FormatMap(self.(string), nil, func(name string) (any, error) { return GetItem(a[0], name) })
		}},
	}
}

func textMethod(f func(string) string) method {
	return method{fn: func(self any, _ []any) (any, error) { return f(self.(string)), nil }}
}

func testMethod(f func(string) bool) method {
	return method{fn: func(self any, _ []any) (any, error) { return f(self.(string)), nil }}
}

// padMethod makes center, ljust and rjust: left tells how many of the missing
// n characters go in front.
func padMethod(left func(n, have int) int) method {
	return method{arity: positional, min: 1, max: 2, fn: func(self any, a []any) (any, error) {
		width, err := asIndex(a[0])
		if err != nil {
			return nil, err
		}
		fill := " "
		if given(a[1]) {
			if fill, err = fillChar(a[1]); err != nil {
				return nil, err
			}
		}
		s := self.(string)
		have := runeLen(s)
		n := width - int64(have)
		if n <= 0 {
			return s, nil
		}
		if n > MaxSize {
			return nil, errTooBig
		}
		before := left(int(n), have)
		return strings.Repeat(fill, before) + s + strings.Repeat(fill, int(n)-before), nil
	}}
}

func fillChar(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", typeErrorf("The fill character must be a unicode character, not %s", TypeName(v))
	}
	if runeLen(s) != 1 {
		return "", typeErrorf("The fill character must be exactly one character long")
	}
	return s, nil
}

func strZfill(self any, a []any) (any, error) {
	width, err := asIndex(a[0])
	if err != nil {
		return nil, err
	}
	s := self.(string)
	n := width - int64(runeLen(s))
	if n <= 0 {
		return s, nil
	}
	if n > MaxSize {
		return nil, errTooBig
	}
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	return sign + strings.Repeat("0", int(n)) + s, nil
}

// window cuts s to the code points lo:hi and tells how many bytes and code
// points come before; ok is false when lo is beyond the end.
func window(s string, lo, hi any) (part string, offset, points int, ok bool, err error) {
	n := runeLen(s)
	from, to := int64(0), int64(math.MaxInt64)
	if given(lo) && lo != nil {
		if from, err = sliceIndex(lo); err != nil {
			return "", 0, 0, false, err
		}
	}
	if given(hi) && hi != nil {
		if to, err = sliceIndex(hi); err != nil {
			return "", 0, 0, false, err
		}
	}
	if from < 0 {
		from = max(from+int64(n), 0)
	}
	if to < 0 {
		to = max(to+int64(n), 0)
	}
	to = min(to, int64(n))
	if from > to {
		return "", 0, 0, false, nil
	}
	if n == len(s) {
		return s[from:to], int(from), int(from), true, nil
	}
	start := runeOffset(s, int(from))
	return s[start : start+runeOffset(s[start:], int(to-from))], start, int(from), true, nil
}

func mustBeStr(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", typeErrorf("must be str, not %s", TypeName(v))
	}
	return s, nil
}

func searchMethod(index func(s, sub string) int, must bool) method {
	return method{arity: ranged, min: 1, max: 3, fn: func(self any, a []any) (any, error) {
		sub, err := mustBeStr(a[0])
		if err != nil {
			return nil, err
		}
		part, _, points, ok, err := window(self.(string), a[1], a[2])
		if err != nil {
			return nil, err
		}
		if i := index(part, sub); ok && i >= 0 {
			return int64(points + runeLen(part[:i])), nil
		}
		if must {
			return nil, valueErrorf("substring not found")
		}
		return int64(-1), nil
	}}
}

func strCount(self any, a []any) (any, error) {
	sub, err := mustBeStr(a[0])
	if err != nil {
		return nil, err
	}
	part, _, _, ok, err := window(self.(string), a[1], a[2])
	if err != nil || !ok {
		return int64(0), err
	}
	return int64(strings.Count(part, sub)), nil
}

func affixMethod(name string, has func(s, affix string) bool) method {
	return method{arity: ranged, min: 1, max: 3, fn: func(self any, a []any) (any, error) {
		part, _, _, ok, err := window(self.(string), a[1], a[2])
		if err != nil {
			return nil, err
		}
		if t, isTuple := a[0].(Tuple); isTuple {
			for _, x := range t {
				s, isStr := x.(string)
				if !isStr {
					return nil, typeErrorf("tuple for %s must only contain str, not %s", name, TypeName(x))
				}
				if ok && has(part, s) {
					return true, nil
				}
			}
			return false, nil
		}
		s, isStr := a[0].(string)
		if !isStr {
			return nil, typeErrorf("%s first arg must be str or a tuple of str, not %s", name, TypeName(a[0]))
		}
		return ok && has(part, s), nil
	}}
}

func stripMethod(name string, trim func(string, func(rune) bool) string) method {
	return method{arity: positional, max: 1, fn: func(self any, a []any) (any, error) {
		if !given(a[0]) || a[0] == nil {
			return trim(self.(string), isSpace), nil
		}
		chars, ok := a[0].(string)
		if !ok {
			return nil, typeErrorf("%s arg must be None or str", name)
		}
		return trim(self.(string), func(r rune) bool { return strings.ContainsRune(chars, r) }), nil
	}}
}

func cutAffix(self any, a []any, name string, cut func(s, affix string) string) (any, error) {
	affix, ok := a[0].(string)
	if !ok {
		return nil, typeErrorf("%s() argument must be str, not %s", name, TypeName(a[0]))
	}
	return cut(self.(string), affix), nil
}

func strExpandtabs(self any, a []any) (any, error) {
	size := int64(8)
	if given(a[0]) {
		var err error
		if size, err = asIndex(a[0]); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	column := int64(0)
	for _, r := range self.(string) {
		switch {
		case r != '\t':
			b.WriteRune(r)
			column++
			if r == '\n' || r == '\r' {
				column = 0
			}
		case size > 0:
			n := size - column%size
			if n+int64(b.Len()) > MaxSize {
				return nil, errTooBig
			}
			b.WriteString(strings.Repeat(" ", int(n)))
			column += n
		}
	}
	return b.String(), nil
}

func strJoin(self any, a []any) (any, error) {
	seq, err := Iter(a[0])
	if err != nil {
		return nil, typeErrorf("can only join an iterable")
	}
	sep := self.(string)
	var b strings.Builder
	i := 0
	for v := range seq {
		s, ok := v.(string)
		if !ok {
			return nil, typeErrorf("sequence item %d: expected str instance, %s found", i, TypeName(v))
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
		if i++; b.Len() > MaxSize || i > MaxSize {
			return nil, errTooBig
		}
	}
	return b.String(), nil
}

func separator(v any) (string, error) {
	sep, err := mustBeStr(v)
	if err == nil && sep == "" {
		return "", valueErrorf("empty separator")
	}
	return sep, err
}

func strPartition(self any, a []any) (any, error) {
	sep, err := separator(a[0])
	if err != nil {
		return nil, err
	}
	s := self.(string)
	if i := strings.Index(s, sep); i >= 0 {
		return Tuple{s[:i], sep, s[i+len(sep):]}, nil
	}
	return Tuple{s, "", ""}, nil
}

func strRpartition(self any, a []any) (any, error) {
	sep, err := separator(a[0])
	if err != nil {
		return nil, err
	}
	s := self.(string)
	if i := strings.LastIndex(s, sep); i >= 0 {
		return Tuple{s[:i], sep, s[i+len(sep):]}, nil
	}
	return Tuple{"", "", s}, nil
}

func strReplace(self any, a []any) (any, error) {
	from, ok := a[0].(string)
	if !ok {
		return nil, typeErrorf("replace() argument 1 must be str, not %s", TypeName(a[0]))
	}
	to, ok := a[1].(string)
	if !ok {
		return nil, typeErrorf("replace() argument 2 must be str, not %s", TypeName(a[1]))
	}
	limit := int64(-1)
	if given(a[2]) {
		var err error
		if limit, err = asIndex(a[2]); err != nil {
			return nil, err
		}
	}
	return replaceText(self.(string), from, to, limit)
}

// replaceText checks the size of the result before it is built.
func replaceText(s, from, to string, limit int64) (any, error) {
	n := int64(strings.Count(s, from))
	if limit >= 0 {
		n = min(n, limit)
	}
	if int64(len(s))+n*int64(len(to)-len(from)) > MaxSize {
		return nil, errTooBig
	}
	return strings.Replace(s, from, to, int(n)), nil
}

func strTranslate(self any, a []any) (any, error) {
	var b strings.Builder
	for _, r := range self.(string) {
		v, err := GetItem(a[0], int64(r))
		if e, ok := err.(*Error); ok && (e.Class == "KeyError" || e.Class == "IndexError") {
			b.WriteRune(r)
			continue
		}
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case nil:
		case string:
			b.WriteString(v)
		case int64:
			if v < 0 || v > utf8.MaxRune {
				return nil, valueErrorf("character mapping must be in range(0x110000)")
			}
			b.WriteRune(rune(v))
		default:
			return nil, typeErrorf("character mapping must return integer, None or str")
		}
		if b.Len() > MaxSize {
			return nil, errTooBig
		}
	}
	return b.String(), nil
}

func strMaketrans(_ any, a []any) (any, error) {
	out := &Dict{}
	if !given(a[1]) {
		d, ok := a[0].(*Dict)
		if !ok {
			return nil, typeErrorf("if you give only one argument to maketrans it must be a dict")
		}
		for k, v := range d.All() {
			switch k := k.(type) {
			case string:
				if runeLen(k) != 1 {
					return nil, valueErrorf("string keys in translate table must be of length 1")
				}
				r, _ := utf8.DecodeRuneInString(k)
				out.Set(int64(r), v)
			case int64:
				out.Set(k, v)
			default:
				return nil, typeErrorf("keys in translate table must be strings or integers")
			}
		}
		return out, nil
	}
	from, ok := a[0].(string)
	if !ok {
		return nil, typeErrorf("first maketrans argument must be a string if there is a second argument")
	}
	to, ok := a[1].(string)
	if !ok {
		return nil, typeErrorf("maketrans() argument 2 must be str, not %s", TypeName(a[1]))
	}
	targets := []rune(to)
	if runeLen(from) != len(targets) {
		return nil, valueErrorf("the first two maketrans arguments must have equal length")
	}
	for i, r := range []rune(from) {
		out.Set(int64(r), int64(targets[i]))
	}
	if given(a[2]) {
		gone, ok := a[2].(string)
		if !ok {
			return nil, typeErrorf("maketrans() argument 3 must be str, not %s", TypeName(a[2]))
		}
		for _, r := range gone {
			out.Set(int64(r), nil)
		}
	}
	return out, nil
}
