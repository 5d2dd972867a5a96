package py

import (
	"math/big"
	"unsafe"
)

// DeepCopy copies all containers of v. A part that is shared stays shared in
// the copy, also with itself. Below Python's recursion limit containers are
// not copied.
func DeepCopy(v any) any {
	c := copier{seen: map[identity]any{}}
	return c.copy(v, 0)
}

// Mutable is DeepCopy with every []any replaced by a list by reference: what
// an engine hands to programs that may append.
func Mutable(v any) any {
	c := copier{seen: map[identity]any{}, byReference: true}
	return c.copy(v, 0)
}

// identity tells containers apart: by address, and slices also by length and
// by whether they are tuples.
type identity struct {
	at    uintptr
	len   int
	tuple bool
}

func sliceIdentity(v []any) identity { return identity{at: sliceID(v), len: len(v)} }

func tupleIdentity(v Tuple) identity { return identity{at: sliceID(v), len: len(v), tuple: true} }

type copier struct {
	seen        map[identity]any
	byReference bool // make a *List of a []any
}

func (c copier) copy(v any, depth int) any {
	if depth > maxDepth {
		return v
	}
	switch v := v.(type) {
	case []any:
		return c.slice(v, depth)
	case *Dict:
		return c.dict(v, depth)
	case *List:
		id := identity{at: uintptr(unsafe.Pointer(v))}
		if done, ok := c.seen[id]; ok {
			return done
		}
		out := &List{Items: make([]any, len(v.Items))}
		c.seen[id] = out
		c.fill(out.Items, v.Items, depth)
		return out
	case Tuple:
		id := tupleIdentity(v)
		if done, ok := c.seen[id]; ok && len(v) > 0 {
			return done
		}
		out := make(Tuple, len(v))
		c.seen[id] = out
		c.fill(out, v, depth)
		return out
	case *Set:
		return v.Clone()
	}
	return v
}

func (c copier) slice(v []any, depth int) any {
	id := sliceIdentity(v)
	if done, ok := c.seen[id]; ok && len(v) > 0 {
		return done
	}
	items := make([]any, len(v))
	var out any = items
	if c.byReference {
		out = &List{Items: items}
	}
	c.seen[id] = out
	c.fill(items, v, depth)
	return out
}

func (c copier) fill(out, in []any, depth int) {
	for i, item := range in {
		out[i] = c.copy(item, depth+1)
	}
}

func (c copier) dict(d *Dict, depth int) *Dict {
	if d == nil {
		return nil
	}
	id := identity{at: uintptr(unsafe.Pointer(d))}
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

// Document copies v into a document: lists by reference, tuples, sets, ranges
// and views become []any, and shared parts stay shared. What has no such form
// is a TypeError, as is a container for a key; the limits are those of Check.
func Document(v any) (any, error) {
	c := documenter{seen: map[identity]any{}}
	return c.value(v, 0)
}

type documenter struct {
	seen map[identity]any // finished parts only: a cycle ends at the depth limit
	made int
}

func (c *documenter) value(v any, depth int) (any, error) {
	if c.made++; c.made > MaxSize {
		return nil, errTooBig
	}
	var id identity
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case *big.Int:
		return Int(v)
	case *Dict:
		return c.dict(v, depth)
	case []any:
		id = sliceIdentity(v)
	case Tuple:
		id = tupleIdentity(v)
	case *List:
		id = identity{at: uintptr(unsafe.Pointer(v))}
	case *Set, Range, *View:
	default:
		return nil, typeErrorf("%s is not a document value", TypeName(v))
	}
	if done, ok := c.seen[id]; ok && id.at != 0 {
		return done, nil
	}
	out, err := c.list(v, depth)
	if err != nil {
		return nil, err
	}
	c.seen[id] = out
	return out, nil
}

func (c *documenter) list(v any, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	seq, err := Iter(v)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for item := range seq {
		x, err := c.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (c *documenter) dict(d *Dict, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	id := identity{at: uintptr(unsafe.Pointer(d))}
	if done, ok := c.seen[id]; ok && d != nil {
		return done, nil
	}
	out := NewDict(d.Len())
	for k, v := range d.All() {
		if _, err := jsonKey(k); err != nil {
			return nil, err
		}
		x, err := c.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		out.Set(k, x)
	}
	c.seen[id] = out
	return out, nil
}
