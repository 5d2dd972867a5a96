package py

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Set is a set, or a frozenset when Frozen. It keeps insertion order, where
// Python's order is that of its hash table. A nil *Set reads as empty.
type Set struct {
	d      Dict
	Frozen bool
}

// SetOf returns a set of the hashable ones among items.
func SetOf(items ...any) *Set {
	s := &Set{}
	for _, item := range items {
		s.d.Set(item, nil)
	}
	return s
}

// Len returns the number of members.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.d.Len()
}

// Has reports whether v is a member. An unhashable v never is.
func (s *Set) Has(v any) bool {
	if s == nil {
		return false
	}
	_, ok := s.d.Get(v)
	return ok
}

// Add adds v; the error is a TypeError for an unhashable v. A present equal
// member stays.
func (s *Set) Add(v any) error { return s.d.SetKey(v, nil) }

// Remove removes v and reports whether it was a member.
func (s *Set) Remove(v any) bool { return s.d.Delete(v) }

// All yields the members.
func (s *Set) All() iter.Seq[any] {
	return func(yield func(any) bool) {
		if s == nil {
			return
		}
		for k := range s.d.All() {
			if !yield(k) {
				return
			}
		}
	}
}

// Items returns the members.
func (s *Set) Items() []any {
	if s == nil {
		return nil
	}
	return s.d.Keys()
}

// Clone returns a copy, frozen as s is.
func (s *Set) Clone() *Set { return &Set{d: *s.d.Clone(), Frozen: s.Frozen} }

// hashFrozen is independent of the order of insertion.
func hashFrozen(s *Set, depth int) (any, bool) {
	if s == nil || !s.Frozen || depth > maxDepth {
		return nil, false
	}
	keys := make([]string, 0, s.Len())
	for v := range s.All() {
		var b strings.Builder
		h, ok := hashAt(v, depth+1)
		if !ok {
			return nil, false
		}
		writeHash(&b, h)
		keys = append(keys, b.String())
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return frozenKey(strings.Join(keys, "")), true
}

func goText(v any) string { return fmt.Sprintf("%#v", v) }
