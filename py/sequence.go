package py

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Len is len(v).
func Len(v any) (int, error) {
	switch v := v.(type) {
	case string:
		return runeLen(v), nil
	case *Dict:
		return v.Len(), nil
	case Bytes:
		return len(v), nil
	case interface{ Len() int }:
		return v.Len(), nil
	case Lener:
		return v.PyLen(), nil
	}
	if x, ok := items(v); ok {
		return len(x), nil
	}
	return 0, typeErrorf("object of type '%s' has no len()", TypeName(v))
}

// runeLen counts code points.
func runeLen(s string) int { return utf8.RuneCountInString(s) }

// Contains is item in container.
func Contains(container, item any) (bool, error) {
	switch c := container.(type) {
	case string:
		s, ok := item.(string)
		if !ok {
			return false, typeErrorf("'in <string>' requires string as left operand, not %s", TypeName(item))
		}
		return strings.Contains(c, s), nil
	case *Dict:
		if !Hashable(item) {
			return false, unhashable(item)
		}
		_, ok := c.Get(item)
		return ok, nil
	case *Set:
		if s, ok := item.(*Set); ok {
			item = &Set{d: s.d, Frozen: true} // a set is looked up as if frozen
		}
		if !Hashable(item) {
			return false, unhashable(item)
		}
		return c.Has(item), nil
	case Bytes:
		return bytesContain(c, item)
	case Range:
		return c.index(item) >= 0, nil
	case *View:
		return viewContains(c, item), nil
	}
	seq, err := Iter(container)
	if err != nil {
		return false, typeErrorf("argument of type '%s' is not iterable", TypeName(container))
	}
	for v := range seq {
		if Equal(v, item) {
			return true, nil
		}
	}
	return false, nil
}

func bytesContain(b Bytes, item any) (bool, error) {
	if s, ok := item.(Bytes); ok {
		return strings.Contains(string(b), string(s)), nil
	}
	i, ok := smallInt(item)
	switch {
	case TypeName(item) == "int" && !ok:
		return false, valueErrorf("byte must be in range(0, 256)")
	case !ok:
		return false, typeErrorf("a bytes-like object is required, not '%s'", TypeName(item))
	case i < 0 || i > 255:
		return false, valueErrorf("byte must be in range(0, 256)")
	}
	return strings.IndexByte(string(b), byte(i)) >= 0, nil
}

// index returns the position of v in the range, or -1.
func (r Range) index(v any) int64 {
	i, ok := smallInt(v)
	if f, isFloat := v.(float64); isFloat {
		h, isInt := hashFloat(f).(int64)
		i, ok = h, isInt
	}
	if !ok || r.count() == 0 {
		return -1
	}
	var distance, step uint64
	if r.Step > 0 {
		if i < r.Start || i >= r.Stop {
			return -1
		}
		distance, step = uint64(i)-uint64(r.Start), uint64(r.Step)
	} else {
		if i > r.Start || i <= r.Stop {
			return -1
		}
		distance, step = uint64(r.Start)-uint64(i), -uint64(r.Step)
	}
	if distance%step != 0 {
		return -1
	}
	return int64(distance / step)
}

// Iter iterates over v: characters of a string, keys of a dictionary. A list
// by reference that grows meanwhile is followed, as in Python.
func Iter(v any) (iter.Seq[any], error) {
	switch v := v.(type) {
	case string:
		return runes(v), nil
	case *List:
		return v.all, nil
	case *Dict:
		return func(yield func(any) bool) {
			for k := range v.All() {
				if !yield(k) {
					return
				}
			}
		}, nil
	case *Set:
		return v.All(), nil
	case *View:
		return v.All(), nil
	case Range:
		return v.all, nil
	case Bytes:
		return v.all, nil
	case Iterable:
		return v.PyIter(), nil
	}
	if x, ok := items(v); ok {
		return func(yield func(any) bool) {
			for _, item := range x {
				if !yield(item) {
					return
				}
			}
		}, nil
	}
	return nil, typeErrorf("'%s' object is not iterable", TypeName(v))
}

func runes(s string) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := 0; i < len(s); {
			_, n := utf8.DecodeRuneInString(s[i:])
			if !yield(s[i : i+n]) {
				return
			}
			i += n
		}
	}
}

func (l *List) all(yield func(any) bool) {
	for i := 0; i < len(l.Items); i++ {
		if !yield(l.Items[i]) {
			return
		}
	}
}

func (b Bytes) all(yield func(any) bool) {
	for i := range len(b) {
		if !yield(int64(b[i])) {
			return
		}
	}
}

func (r Range) all(yield func(any) bool) {
	x := r.Start
	for n := r.count(); n > 0; n-- {
		if !yield(x) {
			return
		}
		x += r.Step
	}
}

// AsList is list(v): a new slice of what v yields.
func AsList(v any) ([]any, error) {
	if x, ok := items(v); ok {
		return append(make([]any, 0, len(x)), x...), nil
	}
	if n, err := Len(v); err == nil && n > MaxSize {
		return nil, errTooBig
	}
	seq, err := Iter(v)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for item := range seq {
		if len(out) >= MaxSize {
			return nil, errTooBig
		}
		out = append(out, item)
	}
	return out, nil
}
