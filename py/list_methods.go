package py

import (
	"math"
	"slices"
)

var listMethods map[string]method

func init() {
	listMethods = map[string]method{
		"append": {arity: one, max: 1, fn: listAppend},
		"clear":  {fn: listClear},
		"copy": {fn: func(self any, _ []any) (any, error) {
			x, _ := listItems(self)
			return &List{Items: slices.Clone(x)}, nil
		}},
		"count":   {arity: one, max: 1, fn: sequenceCount},
		"extend":  {arity: one, max: 1, fn: listExtend},
		"index":   {arity: positional, min: 1, max: 3, fn: sequenceIndex},
		"insert":  {arity: positional, min: 2, max: 2, fn: listInsert},
		"pop":     {arity: positional, max: 1, fn: listPop},
		"remove":  {arity: one, max: 1, fn: listRemove},
		"reverse": {fn: func(self any, _ []any) (any, error) { x, _ := listItems(self); reverse(x); return nil, nil }},
		"sort":    {arity: named, names: []string{"key", "reverse"}, pos: -1, fn: listSort},
	}
}

var tupleMethods = map[string]method{
	"count": {arity: one, max: 1, fn: sequenceCount},
	"index": {arity: positional, min: 1, max: 3, fn: sequenceIndex},
}

var rangeMethods = map[string]method{
	"count": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
		if self.(Range).index(a[0]) >= 0 {
			return int64(1), nil
		}
		return int64(0), nil
	}},
	"index": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
		i := self.(Range).index(a[0])
		if _, isInt := smallInt(a[0]); i < 0 && !isInt {
			return nil, valueErrorf("sequence.index(x): x not in sequence")
		}
		if i < 0 {
			return nil, valueErrorf("%s is not in range", Repr(a[0]))
		}
		return i, nil
	}},
}

// growable returns the list by reference whose length may change.
func growable(self any) (*List, error) {
	if l, ok := self.(*List); ok {
		return l, nil
	}
	return nil, typeErrorf("this list cannot change its length; copy it first")
}

func listAppend(self any, a []any) (any, error) {
	l, err := growable(self)
	if err != nil {
		return nil, err
	}
	if len(l.Items) >= MaxSize {
		return nil, errTooBig
	}
	l.Items = append(l.Items, a[0])
	return nil, nil
}

func listClear(self any, _ []any) (any, error) {
	l, err := growable(self)
	if err == nil {
		l.Items = nil
	}
	return nil, err
}

func listExtend(self any, a []any) (any, error) {
	l, err := growable(self)
	if err != nil {
		return nil, err
	}
	more, err := AsList(a[0])
	if err != nil {
		return nil, err
	}
	if len(l.Items)+len(more) > MaxSize {
		return nil, errTooBig
	}
	l.Items = append(l.Items, more...)
	return nil, nil
}

func listInsert(self any, a []any) (any, error) {
	l, err := growable(self)
	if err != nil {
		return nil, err
	}
	i, err := asIndex(a[0])
	if err != nil {
		return nil, err
	}
	if len(l.Items) >= MaxSize {
		return nil, errTooBig
	}
	n := int64(len(l.Items))
	if i < 0 {
		i = max(i+n, 0)
	}
	l.Items = slices.Insert(l.Items, int(min(i, n)), a[1])
	return nil, nil
}

func listPop(self any, a []any) (any, error) {
	l, err := growable(self)
	if err != nil {
		return nil, err
	}
	i := int64(-1)
	if given(a[0]) {
		if i, err = asIndex(a[0]); err != nil {
			return nil, err
		}
	}
	n := int64(len(l.Items))
	if n == 0 {
		return nil, Errorf("IndexError", "pop from empty list")
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil, Errorf("IndexError", "pop index out of range")
	}
	v := l.Items[i]
	l.Items = slices.Delete(l.Items, int(i), int(i)+1)
	return v, nil
}

func listRemove(self any, a []any) (any, error) {
	l, err := growable(self)
	if err != nil {
		return nil, err
	}
	for i, v := range l.Items {
		if Equal(v, a[0]) {
			l.Items = slices.Delete(l.Items, i, i+1)
			return nil, nil
		}
	}
	return nil, valueErrorf("list.remove(x): x not in list")
}

func sequenceCount(self any, a []any) (any, error) {
	x, _ := items(self)
	n := int64(0)
	for _, v := range x {
		if Equal(v, a[0]) {
			n++
		}
	}
	return n, nil
}

func sequenceIndex(self any, a []any) (any, error) {
	x, _ := items(self)
	n := int64(len(x))
	from, to := int64(0), int64(math.MaxInt64)
	var err error
	if given(a[1]) {
		if from, err = indexBound(a[1]); err != nil {
			return nil, err
		}
	}
	if given(a[2]) {
		if to, err = indexBound(a[2]); err != nil {
			return nil, err
		}
	}
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	for i := from; i < min(to, n); i++ {
		if Equal(x[i], a[0]) {
			return i, nil
		}
	}
	if _, ok := self.(Tuple); ok {
		return nil, valueErrorf("tuple.index(x): x not in tuple")
	}
	return nil, valueErrorf("%s is not in list", Repr(a[0]))
}

func indexBound(v any) (int64, error) {
	i, err := asIndex(v)
	if err != nil {
		return 0, typeErrorf("slice indices must be integers or have an __index__ method")
	}
	return i, nil
}

func listSort(self any, a []any) (any, error) {
	x, _ := listItems(self)
	var key func(any) (any, error)
	if given(a[0]) && a[0] != nil {
		key = func(v any) (any, error) { return Call(a[0], []any{v}, nil) }
	}
	return nil, Sort(x, key, given(a[1]) && Truth(a[1]))
}

// Sort sorts items in place as list.sort: stable, also in reverse. key may be
// nil. On an error the order of items is not defined.
func Sort(items []any, key func(any) (any, error), reversed bool) error {
	type keyed struct{ key, item any }
	rows := make([]keyed, len(items))
	for i, item := range items {
		k := item
		if key != nil {
			var err error
			if k, err = key(item); err != nil {
				return err
			}
		}
		rows[i] = keyed{k, item}
	}
	if reversed {
		slices.Reverse(rows)
	}
	var failure error
	// The sort asks whether a later row is less than an earlier one, as
	// CPython's does, so a TypeError names the two types in the same order.
	slices.SortStableFunc(rows, func(a, b keyed) int {
		if failure != nil {
			return 0
		}
		n, err := Compare(a.key, b.key)
		if err != nil {
			failure = err
		}
		return n
	})
	if reversed {
		slices.Reverse(rows)
	}
	for i, r := range rows {
		items[i] = r.item
	}
	return failure
}
