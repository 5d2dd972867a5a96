package py

import (
	"math/big"
	"unsafe"
)

// DeepCopy copies all containers of v. A part that is shared stays shared in
// the copy, also with itself. Below Python's recursion limit containers are
// not copied.
func DeepCopy(v any) any {
	c := copier{seen: map[uintptr]any{}}
	return c.copy(v, 0)
}

type copier struct{ seen map[uintptr]any }

func (c copier) copy(v any, depth int) any {
	if depth > maxDepth {
		return v
	}
	switch v := v.(type) {
	case []any:
		id := sliceID(v)
		if done, ok := c.seen[id].([]any); ok && len(done) == len(v) && id != 0 {
			return done
		}
		out := make([]any, len(v))
		c.seen[id] = out
		c.fill(out, v, depth)
		return out
	case *Dict:
		return c.dict(v, depth)
	case *List:
		return c.list(v, depth)
	case Tuple:
		out := make(Tuple, len(v))
		c.fill(out, v, depth)
		return out
	case *Set:
		return v.Clone()
	}
	return v
}

func (c copier) fill(out, in []any, depth int) {
	for i, item := range in {
		out[i] = c.copy(item, depth+1)
	}
}

func (c copier) list(l *List, depth int) *List {
	id := uintptr(unsafe.Pointer(l))
	if done, ok := c.seen[id].(*List); ok {
		return done
	}
	out := &List{Items: make([]any, len(l.Items))}
	c.seen[id] = out
	c.fill(out.Items, l.Items, depth)
	return out
}

func (c copier) dict(d *Dict, depth int) *Dict {
	if d == nil {
		return nil
	}
	id := uintptr(unsafe.Pointer(d))
	if done, ok := c.seen[id].(*Dict); ok {
		return done
	}
	out := NewDict(d.Len())
	c.seen[id] = out
	for k, v := range d.All() {
		out.entries = append(out.entries, entry{k, c.copy(v, depth+1)})
	}
	out.reindex()
	return out
}

// Check reports why v is not a document: another type than those of a
// document, an integer that fits int64 in a *big.Int, a key that is not
// hashable, more than MaxDocumentDepth levels, or more than MaxSize values.
func Check(v any) error {
	c := checker{}
	return c.check(v, 0)
}

type checker struct{ seen int }

func (c *checker) check(v any, depth int) error {
	if c.seen++; c.seen > MaxSize {
		return errTooBig
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return nil
	case *big.Int:
		if v == nil || v.IsInt64() {
			return typeErrorf("int is not in its normal form")
		}
		return nil
	case []any:
		return c.list(v, depth)
	case *Dict:
		return c.dict(v, depth)
	}
	return typeErrorf("%s is not a document value", TypeName(v))
}

func (c *checker) list(items []any, depth int) error {
	if depth >= MaxDocumentDepth {
		return errTooDeep
	}
	for _, item := range items {
		if err := c.check(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) dict(d *Dict, depth int) error {
	if depth >= MaxDocumentDepth {
		return errTooDeep
	}
	for k, v := range d.All() {
		switch k.(type) {
		case []any, *Dict:
			return unhashable(k)
		}
		if err := c.check(k, depth+1); err != nil {
			return err
		}
		if err := c.check(v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Size estimates the memory of v in bytes, at least 1, counting shared parts
// each time they occur. It stops counting at 4·MaxSize.
func Size(v any) int {
	s := sizer{}
	s.add(v, 0)
	return min(s.n, 4*MaxSize)
}

type sizer struct{ n int }

func (s *sizer) add(v any, depth int) {
	if s.n > 4*MaxSize || depth > maxDepth {
		return
	}
	s.n += 16
	switch v := v.(type) {
	case string:
		s.n += len(v)
	case Bytes:
		s.n += len(v)
	case *big.Int:
		s.n += v.BitLen() / 8
	case *Dict:
		for k, x := range v.All() {
			s.add(k, depth+1)
			s.add(x, depth+1)
		}
	case *Set:
		for x := range v.All() {
			s.add(x, depth+1)
		}
	default:
		x, _ := items(v)
		for _, item := range x {
			s.add(item, depth+1)
		}
	}
}

// Mutable copies v with every []any replaced by a list by reference: what an
// engine hands to programs that may append.
func Mutable(v any) any { return mutable(v, 0) }

func mutable(v any, depth int) any {
	if depth > maxDepth {
		return v
	}
	switch v := v.(type) {
	case []any:
		return &List{Items: mutableItems(v, depth)}
	case *List:
		return &List{Items: mutableItems(v.Items, depth)}
	case Tuple:
		return Tuple(mutableItems(v, depth))
	case *Dict:
		out := NewDict(v.Len())
		for k, x := range v.All() {
			out.entries = append(out.entries, entry{k, mutable(x, depth+1)})
		}
		out.reindex()
		return out
	case *Set:
		return v.Clone()
	}
	return v
}

func mutableItems(items []any, depth int) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = mutable(item, depth+1)
	}
	return out
}

// Document copies v into a document: lists by reference, tuples, sets, ranges
// and views become []any. What has no such form is a TypeError, as is a key
// that is neither a scalar nor absent from JSON.
func Document(v any) (any, error) {
	c := checker{}
	return c.document(v, 0)
}

func (c *checker) document(v any, depth int) (any, error) {
	if c.seen++; c.seen > MaxSize {
		return nil, errTooBig
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string, *big.Int:
		return v, nil
	case *Dict:
		return c.documentDict(v, depth)
	case []any, *List, Tuple, *Set, Range, *View:
		return c.documentList(v, depth)
	}
	return nil, typeErrorf("%s is not a document value", TypeName(v))
}

func (c *checker) documentList(v any, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	seq, err := Iter(v)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for item := range seq {
		x, err := c.document(item, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (c *checker) documentDict(d *Dict, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	out := NewDict(d.Len())
	for k, v := range d.All() {
		if _, isContainer := items(k); isContainer {
			return nil, typeErrorf("keys must be str, int, float, bool or None, not %s", TypeName(k))
		}
		x, err := c.document(v, depth+1)
		if err != nil {
			return nil, err
		}
		out.Set(k, x)
	}
	return out, nil
}
