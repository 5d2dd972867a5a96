package py

import (
	"cmp"
	"math"
	"math/big"
	"unicode/utf8"
)

// GetItem is v[key]. A missing key of a dictionary is a KeyError whose message
// is the key's repr.
func GetItem(v, key any) (any, error) {
	switch c := v.(type) {
	case *Dict:
		x, ok := c.Get(key)
		switch {
		case ok:
			return x, nil
		case !Hashable(key):
			return nil, unhashable(key)
		}
		return nil, &Error{"KeyError", Repr(key)}
	case string:
		return stringItem(c, key)
	case Bytes:
		i, err := position(v, key, len(c), "index out of range")
		if err != nil {
			return nil, err
		}
		return int64(c[i]), nil
	case Range:
		i, err := position(v, key, c.Len(), "range object index out of range")
		if err != nil {
			return nil, err
		}
		return c.at(i), nil
	case Itemer:
		return c.PyItem(key)
	}
	x, ok := items(v)
	if !ok {
		return nil, typeErrorf("'%s' object is not subscriptable", TypeName(v))
	}
	i, err := position(v, key, len(x), TypeName(v)+" index out of range")
	if err != nil {
		return nil, err
	}
	return x[i], nil
}

// position resolves an index, negative ones from the end.
func position(v, key any, n int, outside string) (int, error) {
	i, ok := smallInt(key)
	if !ok {
		if _, big := key.(*big.Int); big {
			return 0, Errorf("IndexError", "cannot fit 'int' into an index-sized integer")
		}
		return 0, badIndex(v, key)
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return 0, &Error{"IndexError", outside}
	}
	return int(i), nil
}

func badIndex(v, key any) *Error {
	switch v.(type) {
	case string:
		return typeErrorf("string indices must be integers, not '%s'", TypeName(key))
	case Bytes:
		return typeErrorf("byte indices must be integers or slices, not %s", TypeName(key))
	}
	return typeErrorf("%s indices must be integers or slices, not %s", TypeName(v), TypeName(key))
}

func stringItem(s string, key any) (any, error) {
	n := len(s)
	// An index near an end of ASCII text need not look at the rest.
	if i, ok := smallInt(key); ok {
		switch {
		case i >= 0 && i < int64(n) && isASCII(s[:i+1]):
			return s[i : i+1], nil
		case i < 0 && i >= -int64(n) && isASCII(s[int64(n)+i:]):
			return s[int64(n)+i : int64(n)+i+1], nil
		}
	}
	ascii := isASCII(s)
	if !ascii {
		n = runeLen(s)
	}
	i, err := position(s, key, n, "string index out of range")
	if err != nil {
		return nil, err
	}
	if !ascii {
		s = s[runeOffset(s, i):]
		_, w := utf8.DecodeRuneInString(s)
		return s[:w], nil
	}
	return s[i : i+1], nil
}

// runeOffset returns the byte offset of code point i.
func runeOffset(s string, i int) int {
	for at := range s {
		if i == 0 {
			return at
		}
		i--
	}
	return len(s)
}

// Slice is v[lo:hi:step]; nil stands for an omitted part. The result of a list
// is a new list.
func Slice(v, lo, hi, step any) (any, error) {
	n := 0
	switch c := v.(type) {
	case string:
		n = runeLen(c)
	case Bytes:
		n = len(c)
	case Range:
		n = c.Len()
	default:
		x, ok := items(v)
		if !ok {
			return nil, notSliceable(v)
		}
		n = len(x)
	}
	s, err := newSpan(lo, hi, step, n)
	if err != nil {
		return nil, err
	}
	switch c := v.(type) {
	case string:
		return s.ofString(c), nil
	case Bytes:
		return Bytes(s.ofBytes(string(c))), nil
	case Range:
		return s.ofRange(c), nil
	}
	x, _ := items(v)
	return sequenceLike(v, s.of(x)), nil
}

func notSliceable(v any) *Error {
	if _, ok := v.(*Dict); ok {
		return typeErrorf("unhashable type: 'slice'")
	}
	return typeErrorf("'%s' object is not subscriptable", TypeName(v))
}

// span is a slice resolved for a length: n positions from start by step, short
// of stop.
type span struct{ start, stop, step, n int }

func newSpan(lo, hi, step any, length int) (span, error) {
	by := int64(1)
	if step != nil {
		var err error
		if by, err = sliceIndex(step); err != nil {
			return span{}, err
		}
		if by == 0 {
			return span{}, valueErrorf("slice step cannot be zero")
		}
	}
	first, last := int64(0), int64(length)
	if by < 0 {
		first, last = int64(length)-1, -1
	}
	from, err := bound(lo, first, by < 0, length)
	if err != nil {
		return span{}, err
	}
	to, err := bound(hi, last, by < 0, length)
	if err != nil {
		return span{}, err
	}
	if by == math.MinInt64 {
		by++ // so that it can be negated, as CPython does
	}
	r := Range{from, to, by}
	return span{int(from), int(to), int(by), r.Len()}, nil
}

func sliceIndex(v any) (int64, error) {
	i, err := asIndex(v)
	if err != nil {
		return 0, typeErrorf("slice indices must be integers or None or have an __index__ method")
	}
	return i, nil
}

func bound(v any, omitted int64, backward bool, length int) (int64, error) {
	if v == nil {
		return omitted, nil
	}
	i, err := sliceIndex(v)
	if err != nil {
		return 0, err
	}
	lowest, highest := int64(0), int64(length)
	if backward {
		lowest, highest = -1, int64(length)-1
	}
	if i < 0 {
		i += int64(length)
	}
	return max(lowest, min(i, highest)), nil
}

func (s span) of(x []any) []any {
	out := make([]any, 0, s.n)
	for i, at := 0, s.start; i < s.n; i, at = i+1, at+s.step {
		out = append(out, x[at])
	}
	return out
}

func (s span) ofBytes(x string) string {
	if s.step == 1 {
		return x[s.start : s.start+s.n]
	}
	out := make([]byte, 0, s.n)
	for i, at := 0, s.start; i < s.n; i, at = i+1, at+s.step {
		out = append(out, x[at])
	}
	return string(out)
}

func (s span) ofString(x string) string {
	if s.n == 0 {
		return ""
	}
	if isASCII(x) {
		return s.ofBytes(x)
	}
	if s.step == 1 {
		from := runeOffset(x, s.start)
		return x[from : from+runeOffset(x[from:], s.n)]
	}
	all := []rune(x)
	out := make([]rune, 0, s.n)
	for i, at := 0, s.start; i < s.n; i, at = i+1, at+s.step {
		out = append(out, all[at])
	}
	return string(out)
}

func (s span) ofRange(r Range) Range {
	step := r.Step * int64(s.step)
	if s.n <= 1 && (step == 0 || step/r.Step != int64(s.step)) {
		step = int64(cmp.Compare(s.step, 0)) * r.Step // a step that overflows is never taken
	}
	return Range{r.Start + int64(s.start)*r.Step, r.Start + int64(s.stop)*r.Step, step}
}

// SetItem is v[key] = x.
func SetItem(v, key, x any) error {
	switch c := v.(type) {
	case *Dict:
		return c.SetKey(key, x)
	case []any, *List:
		list, _ := listItems(v)
		i, err := position(v, key, len(list), "list assignment index out of range")
		if err == nil {
			list[i] = x
		}
		return err
	}
	return typeErrorf("'%s' object does not support item assignment", TypeName(v))
}

// DelItem is del v[key], for a dictionary or a list by reference.
func DelItem(v, key any) error {
	switch c := v.(type) {
	case *Dict:
		switch {
		case !Hashable(key):
			return unhashable(key)
		case !c.Delete(key):
			return &Error{"KeyError", Repr(key)}
		}
		return nil
	case *List:
		i, err := position(v, key, len(c.Items), "list assignment index out of range")
		if err == nil {
			c.Items = append(c.Items[:i], c.Items[i+1:]...)
		}
		return err
	}
	return typeErrorf("'%s' object doesn't support item deletion", TypeName(v))
}
