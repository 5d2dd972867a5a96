package jinja

import "slices"

// keyed is an item with its sort key.
type keyed struct {
	item any
	key  sortKey
}

// sortKey is what an item is sorted by: one value, or a list of values, which
// Python compares differently.
type sortKey struct {
	one  any
	list []any // used if not nil
}

// sorted is sorted(v, key=…, reverse=…): a new list in a stable order.
func (r *run) sorted(v any, key func(any) (sortKey, error), reverse bool) ([]any, error) {
	items, err := r.list(v)
	if err != nil {
		return nil, err
	}
	list := make([]keyed, len(items))
	for i, x := range items {
		k, err := key(x)
		if err != nil {
			return nil, err
		}
		list[i] = keyed{x, k}
	}
	if reverse {
		slices.Reverse(list)
	}
	if err := r.sort(list); err != nil {
		return nil, err
	}
	if reverse {
		slices.Reverse(list)
	}
	for i, k := range list {
		items[i] = k.item
	}
	return items, nil
}

// maxBinarySort is the length up to which Python sorts by binary insertion.
const maxBinarySort = 64

// sort compares in the order in which Python does, so that an error names the
// same pair of types.
func (r *run) sort(list []keyed) error {
	if len(list) < 2 {
		return nil
	}
	if len(list) >= maxBinarySort {
		return r.mergeSort(list)
	}
	n, err := r.firstRun(list)
	if err != nil {
		return err
	}
	for ; n < len(list); n++ {
		pivot := list[n]
		low, high := 0, n
		for low < high {
			mid := (low + high) / 2
			less, err := r.keyLess(pivot.key, list[mid].key)
			if err != nil {
				return err
			}
			if less {
				high = mid
			} else {
				low = mid + 1
			}
		}
		copy(list[low+1:n+1], list[low:n])
		list[low] = pivot
	}
	return nil
}

func (r *run) mergeSort(list []keyed) error {
	var failed error
	less := func(a, b sortKey) bool {
		if failed != nil {
			return false
		}
		ok, err := r.keyLess(a, b)
		failed = err
		return ok
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		switch {
		case less(a.key, b.key):
			return -1
		case less(b.key, a.key):
			return 1
		}
		return 0
	})
	return failed
}

// firstRun returns the length of the ordered run at the start; a strictly
// descending one is reversed.
func (r *run) firstRun(list []keyed) (int, error) {
	descending, err := r.keyLess(list[1].key, list[0].key)
	if err != nil {
		return 0, err
	}
	n := 2
	for ; n < len(list); n++ {
		less, err := r.keyLess(list[n].key, list[n-1].key)
		if err != nil {
			return 0, err
		}
		if less != descending {
			break
		}
	}
	if descending {
		slices.Reverse(list[:n])
	}
	return n, nil
}

// keyLess is a < b. Of lists the first items that differ decide.
func (r *run) keyLess(a, b sortKey) (bool, error) {
	if err := r.spend(1); err != nil {
		return false, err
	}
	if a.list == nil {
		return r.less("<", a.one, b.one)
	}
	for i := range a.list {
		same, err := r.equal(a.list[i], b.list[i])
		if err != nil {
			return false, err
		}
		if !same {
			return r.less("<", a.list[i], b.list[i])
		}
	}
	return false, nil
}
