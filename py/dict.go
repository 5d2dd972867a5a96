package py

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

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
	index   []int32 // open addressing by hash: 1 + position, 0 is free; nil while small
	dead    int32   // deleted entries still in entries
	used    int32   // slots of index that are not free
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
	return len(d.entries) - int(d.dead)
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
		d.push(key, v, stringHash(s))
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
	d.push(key, v, otherHash(h))
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
// iterations stay right; holes at the end are cut off. The slot of the index
// stays: it leads to a hole, or to a later entry that is compared anyway.
func (d *Dict) remove(i int) {
	d.entries[i] = entry{key: deleted{}}
	d.dead++
	for n := len(d.entries); n > 0 && isHole(d.entries[n-1].key); n-- {
		d.entries[n-1] = entry{}
		d.entries = d.entries[:n-1]
		d.dead--
	}
}

func isHole(key any) bool {
	_, hole := key.(deleted)
	return hole
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
			if isHole(e.key) {
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
	if d != nil && d.dead == 0 {
		c.entries = append(c.entries, d.entries...)
		c.index, c.used = slices.Clone(d.index), d.used
		return c
	}
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
func (d *Dict) push(key, v any, hash uint64) {
	if d.dead > linearMax && int(d.dead) > len(d.entries)/2 {
		d.squeeze()
	}
	d.entries = append(d.entries, entry{key, v})
	switch {
	case len(d.entries) <= linearMax && d.index == nil:
	case int(d.used) >= len(d.index)/4*3:
		d.reindex()
	default:
		d.addSlot(hash, len(d.entries))
	}
}

func (d *Dict) squeeze() {
	live := make([]entry, 0, d.Len()+1)
	for k, v := range d.All() {
		live = append(live, entry{k, v})
	}
	d.entries, d.dead = live, 0
	d.reindex()
}

// reindex makes the index anew, or drops that of a small dictionary.
func (d *Dict) reindex() {
	d.index, d.used = nil, 0
	if len(d.entries) <= linearMax {
		return
	}
	d.index = make([]int32, 1<<bits.Len(uint(2*len(d.entries))))
	for i, e := range d.entries {
		switch k := e.key.(type) {
		case string:
			d.addSlot(stringHash(k), i+1)
		case deleted:
		default:
			h, _ := hashKey(k)
			d.addSlot(otherHash(h), i+1)
		}
	}
}

func (d *Dict) addSlot(hash uint64, place int) {
	mask := uint64(len(d.index) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if d.index[i] == 0 {
			d.index[i] = int32(place)
			d.used++
			return
		}
	}
}

// seed differs from process to process, so that nobody can choose keys that
// collide. Nothing visible depends on it.
var seed = maphash.MakeSeed()

func stringHash(s string) uint64 { return maphash.String(seed, s) }
func otherHash(h any) uint64     { return maphash.Comparable(seed, h) }

func (d *Dict) find(key any) int {
	if s, ok := key.(string); ok {
		return d.findString(s)
	}
	return d.findOther(key)
}

func (d *Dict) findString(key string) int {
	if d.index == nil {
		for i := range d.entries {
			if s, ok := d.entries[i].key.(string); ok && s == key {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(d.index) - 1)
	for i := stringHash(key) & mask; d.index[i] != 0; i = (i + 1) & mask {
		at := int(d.index[i]) - 1
		if at >= len(d.entries) {
			continue
		}
		if s, ok := d.entries[at].key.(string); ok && s == key {
			return at
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
	if d.index == nil {
		for i := range d.entries {
			if sameKey(d.entries[i].key, h) {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(d.index) - 1)
	for i := otherHash(h) & mask; d.index[i] != 0; i = (i + 1) & mask {
		at := int(d.index[i]) - 1
		if at < len(d.entries) && sameKey(d.entries[at].key, h) {
			return at
		}
	}
	return -1
}

// sameKey reports whether key, which is no string, has the canonical form h.
func sameKey(key, h any) bool {
	if _, ok := key.(string); ok {
		return false
	}
	g, ok := hashKey(key)
	return ok && g == h
}
