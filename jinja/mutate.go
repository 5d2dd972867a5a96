package jinja

import "github.com/galehq/gale/py"

// In a run that changes values, each list, dictionary and set that the template
// can reach is private to the run, and each list is a *py.List. What comes from
// outside, be it a variable or the result of a function, is copied when it
// first appears; the same value is copied once, so that what is shared stays
// shared. In other runs all this is free of charge.

// copies knows the private containers of a run.
type copies struct {
	owned map[any]bool // *py.List, *py.Dict, *py.Set
	made  map[any]any  // private copies by original
}

// sliceKey identifies a []any; it keeps the items alive, so that no other
// slice gets the same key.
type sliceKey struct {
	first *any
	n     int
}

// own notes that the container, and all in it, is private.
func (r *run) own(container any) {
	if r.mutable {
		r.copies.owned[container] = true
	}
}

// adopt returns v with all containers private.
func (r *run) adopt(v any) (any, error) {
	if !r.mutable {
		if _, ok := v.(*py.List); ok {
			r.exotic = true
		}
		return v, nil
	}
	return r.adoptAt(v, 0)
}

const maxDepthOfValues = 1000

func (r *run) adoptAt(v any, depth int) (any, error) {
	if depth > maxDepthOfValues {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	switch x := v.(type) {
	case []any:
		if len(x) == 0 {
			return r.adoptList(nil, x, depth)
		}
		return r.adoptList(sliceKey{&x[0], len(x)}, x, depth)
	case *py.List:
		if r.copies.owned[x] {
			return v, nil
		}
		return r.adoptList(x, x.Items, depth)
	case py.Tuple:
		t := make(py.Tuple, len(x))
		return t, r.adoptItems(t, x, depth)
	case *group:
		list, err := r.adoptAt(x.list, depth+1)
		x.list = list
		return v, err
	case *py.Dict:
		return r.adoptDict(x, depth)
	case *py.Set:
		if r.copies.owned[x] {
			return v, nil
		}
		if done, ok := r.copies.made[x]; ok {
			return done, nil
		}
		c := x.Clone()
		r.copies.made[x], r.copies.owned[c] = c, true
		return c, r.spend(c.Len())
	}
	return v, nil
}

func (r *run) adoptList(key any, items []any, depth int) (any, error) {
	if done, ok := r.copies.made[key]; ok && key != nil {
		return done, nil
	}
	l := &py.List{Items: make([]any, len(items))}
	r.copies.owned[l] = true
	if key != nil {
		r.copies.made[key] = l
	}
	return l, r.adoptItems(l.Items, items, depth)
}

func (r *run) adoptItems(out, items []any, depth int) error {
	if err := r.spend(len(items)); err != nil {
		return err
	}
	for i, item := range items {
		item, err := r.adoptAt(item, depth+1)
		if err != nil {
			return err
		}
		out[i] = item
	}
	return nil
}

func (r *run) adoptDict(d *py.Dict, depth int) (any, error) {
	if r.copies.owned[d] {
		return d, nil
	}
	if done, ok := r.copies.made[d]; ok {
		return done, nil
	}
	if err := r.spend(d.Len()); err != nil {
		return nil, err
	}
	c := py.NewDict(d.Len())
	r.copies.made[d], r.copies.owned[c] = c, true
	for k, item := range d.All() {
		item, err := r.adoptAt(item, depth+1)
		if err != nil {
			return nil, err
		}
		c.Set(k, item)
	}
	return c, nil
}

// release turns v, the result of an evaluation, into what a caller may expect:
// lists are []any, Markup is text, generators are lists.
func (r *run) release(v any) (any, error) {
	switch x := v.(type) {
	case Markup:
		return string(x), nil
	case *generator:
		items, err := r.drain(x)
		if err != nil {
			return nil, err
		}
		v = items
		if items == nil {
			v = []any{}
		}
	}
	if !r.exotic && !r.mutable {
		return v, nil
	}
	return r.releaseAt(v, map[any]any{}, 0)
}

func (r *run) releaseAt(v any, seen map[any]any, depth int) (any, error) {
	if depth > maxDepthOfValues {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	switch x := v.(type) {
	case Markup:
		return string(x), nil
	case *group:
		return r.releaseAt(py.Tuple{x.grouper, x.list}, seen, depth)
	case *generator:
		items, err := r.drain(x)
		if err != nil {
			return nil, err
		}
		return r.releaseItems(items, seen, depth)
	case []any:
		return r.releaseItems(x, seen, depth)
	case *py.List:
		if done, ok := seen[x]; ok {
			return done, nil
		}
		out := make([]any, len(x.Items))
		seen[x] = out
		return out, r.releaseInto(out, x.Items, seen, depth)
	case py.Tuple:
		items, err := r.releaseItems(x, seen, depth)
		return py.Tuple(items), err
	case *py.Dict:
		if done, ok := seen[x]; ok {
			return done, nil
		}
		out := py.NewDict(x.Len())
		seen[x] = out
		for k, item := range x.All() {
			item, err := r.releaseAt(item, seen, depth+1)
			if err != nil {
				return nil, err
			}
			out.Set(plain(k), item)
		}
		return out, r.spend(x.Len())
	}
	return v, nil
}

func (r *run) releaseItems(items []any, seen map[any]any, depth int) ([]any, error) {
	out := make([]any, len(items))
	return out, r.releaseInto(out, items, seen, depth)
}

func (r *run) releaseInto(out, items []any, seen map[any]any, depth int) error {
	for i, item := range items {
		item, err := r.releaseAt(item, seen, depth+1)
		if err != nil {
			return err
		}
		out[i] = item
	}
	return r.spend(len(items))
}
