package py

import "iter"

// linearMax is how many entries are searched one by one; beyond it an index is
// worth its memory.
const linearMax = 8

// Dict is a dictionary that keeps insertion order. Keys compare as in Python:
// 1, 1.0 and True are one key, and the first of them stays. A nil *Dict reads
// as empty. Values of Go's type int are stored as int64.
//
// An entry may be changed or deleted while All runs; whether an entry added
// meanwhile is seen is not defined.
type Dict struct {
	entries []entry
	dead    int            // deleted entries still in entries
	strs    map[string]int // index of string keys, nil while small
	others  map[any]int    // index of other keys by hashKey, nil while small
}

// entry is a pair, or a hole when key is deleted{}.
type entry struct{ key, val any }

type deleted struct{}

// NewDict returns an empty dictionary with room for n entries.
func NewDict(n int) *Dict {
	if n <= 0 {
		return &Dict{}
	}
	return &Dict{entries: make([]entry, 0, n)}
}

// DictOf returns a dictionary of the pairs k, v, k, v … A last key without a
// value gets nil; unhashable keys are left out.
func DictOf(pairs ...any) *Dict {
	d := NewDict((len(pairs) + 1) / 2)
	for i := 0; i < len(pairs); i += 2 {
		var v any
		if i+1 < len(pairs) {
			v = pairs[i+1]
		}
		d.Set(pairs[i], v)
	}
	return d
}

// Len returns the number of entries.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries) - d.dead
}

// Get returns the value of key. An unhashable key is in no dictionary.
func (d *Dict) Get(key any) (any, bool) {
	if s, ok := key.(string); ok {
		return d.GetString(s)
	}
	if d == nil {
		return nil, false
	}
	if i := d.findOther(key); i >= 0 {
		return d.entries[i].val, true
	}
	return nil, false
}

// GetString is Get for a string.
func (d *Dict) GetString(key string) (any, bool) {
	if d == nil {
		return nil, false
	}
	if i := d.findString(key); i >= 0 {
		return d.entries[i].val, true
	}
	return nil, false
}

// Set stores v under key, at the end if key is new. An unhashable key is
// ignored; use SetKey where one may come.
func (d *Dict) Set(key, v any) { _ = d.SetKey(key, v) }

// SetKey is Set that reports an unhashable key as a TypeError.
func (d *Dict) SetKey(key, v any) error {
	if n, ok := v.(int); ok {
		v = int64(n)
	}
	if s, ok := key.(string); ok {
		if i := d.findString(s); i >= 0 {
			d.entries[i].val = v
			return nil
		}
		d.push(key, v)
		if d.strs != nil {
			d.strs[s] = len(d.entries) - 1
		}
		return nil
	}
	if n, ok := key.(int); ok {
		key = int64(n)
	}
	h, ok := hashKey(key)
	if !ok {
		return unhashable(key)
	}
	if i := d.findHash(h); i >= 0 {
		d.entries[i].val = v
		return nil
	}
	d.push(key, v)
	if d.strs != nil {
		d.addOther(h, len(d.entries)-1)
	}
	return nil
}

// Delete removes key and reports whether it was there.
func (d *Dict) Delete(key any) bool {
	if d == nil {
		return false
	}
	i := d.find(key)
	if i < 0 {
		return false
	}
	d.remove(i)
	return true
}

// remove leaves a hole, so that positions in the index and in running
// iterations stay right; holes at the end are cut off.
func (d *Dict) remove(i int) {
	if d.strs != nil {
		if s, ok := d.entries[i].key.(string); ok {
			delete(d.strs, s)
		} else if h, ok := hashKey(d.entries[i].key); ok {
			delete(d.others, h)
		}
	}
	d.entries[i] = entry{key: deleted{}}
	d.dead++
	for n := len(d.entries); n > 0 && d.entries[n-1].key == any(deleted{}); n-- {
		d.entries = d.entries[:n-1]
		d.dead--
	}
}

// Clear removes all entries.
func (d *Dict) Clear() { *d = Dict{} }

// All yields the entries in insertion order.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		if d == nil {
			return
		}
		for i := 0; i < len(d.entries); i++ {
			e := d.entries[i]
			if _, hole := e.key.(deleted); hole {
				continue
			}
			if !yield(e.key, e.val) {
				return
			}
		}
	}
}

// Keys returns the keys in insertion order.
func (d *Dict) Keys() []any {
	out := make([]any, 0, d.Len())
	for k := range d.All() {
		out = append(out, k)
	}
	return out
}

// Values returns the values in insertion order of their keys.
func (d *Dict) Values() []any {
	out := make([]any, 0, d.Len())
	for _, v := range d.All() {
		out = append(out, v)
	}
	return out
}

// Clone returns a copy that shares the values.
func (d *Dict) Clone() *Dict {
	c := NewDict(d.Len())
	for k, v := range d.All() {
		c.entries = append(c.entries, entry{k, v})
	}
	c.reindex()
	return c
}

// Update stores all entries of other.
func (d *Dict) Update(other *Dict) {
	for k, v := range other.All() {
		d.Set(k, v)
	}
}

// push appends an entry whose key is known to be new. Holes are squeezed out
// here, never in remove: a loop over All may delete as it goes.
func (d *Dict) push(key, v any) {
	if d.dead > linearMax && d.dead > len(d.entries)/2 {
		d.squeeze()
	}
	d.entries = append(d.entries, entry{key, v})
	if d.strs == nil && len(d.entries) > linearMax {
		// The new entry is indexed here and again by the caller: harmless.
		d.reindex()
	}
}

func (d *Dict) squeeze() {
	live := make([]entry, 0, d.Len()+1)
	for k, v := range d.All() {
		live = append(live, entry{k, v})
	}
	d.entries, d.dead, d.strs, d.others = live, 0, nil, nil
	d.reindex()
}

// reindex builds the index of a dictionary that is large enough for one.
func (d *Dict) reindex() {
	if len(d.entries) <= linearMax {
		return
	}
	d.strs = make(map[string]int, len(d.entries))
	for i, e := range d.entries {
		switch k := e.key.(type) {
		case string:
			d.strs[k] = i
		case deleted:
		default:
			if h, ok := hashKey(k); ok {
				d.addOther(h, i)
			}
		}
	}
}

func (d *Dict) addOther(h any, i int) {
	if d.others == nil {
		d.others = make(map[any]int)
	}
	d.others[h] = i
}

func (d *Dict) find(key any) int {
	if s, ok := key.(string); ok {
		return d.findString(s)
	}
	return d.findOther(key)
}

func (d *Dict) findString(key string) int {
	if d.strs != nil {
		if i, ok := d.strs[key]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		if s, ok := d.entries[i].key.(string); ok && s == key {
			return i
		}
	}
	return -1
}

func (d *Dict) findOther(key any) int {
	if n, ok := key.(int); ok {
		key = int64(n)
	}
	h, ok := hashKey(key)
	if !ok {
		return -1
	}
	return d.findHash(h)
}

func (d *Dict) findHash(h any) int {
	if d.strs != nil {
		if i, ok := d.others[h]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		k := d.entries[i].key
		if _, ok := k.(string); ok {
			continue
		}
		if g, ok := hashKey(k); ok && g == h {
			return i
		}
	}
	return -1
}
