package jinja

import "github.com/galehq/gale/py"

// In a run that changes values, each list and dictionary that the template can
// reach is private to the run, and each list is a *py.List. What comes from
// outside is copied when it is first read; what functions return is taken
// over. Without mutable, both are free of charge.

// private returns a deep copy of v, in which what is shared stays shared.
func (r *run) private(v any) (any, error) {
	switch v.(type) {
	case []any, *py.List, *py.Dict, *py.Set, py.Tuple:
	default:
		return v, nil
	}
	if err := r.weigh(v); err != nil {
		return nil, err
	}
	return r.adopt(py.DeepCopy(v))
}

// own notes that the dictionary, and all in it, is private already.
func (r *run) own(d *py.Dict) {
	if r.mutable {
		r.owned[d] = true
	}
}

// adopt makes lists within v, which is new or private already, references.
func (r *run) adopt(v any) (any, error) {
	if !r.mutable {
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
		if err := r.adoptItems(x, depth); err != nil {
			return nil, err
		}
		l := &py.List{Items: x}
		r.owned[l] = true
		return l, nil
	case *py.List:
		if r.owned[x] {
			return v, nil
		}
		r.owned[x] = true
		return v, r.adoptItems(x.Items, depth)
	case py.Tuple:
		return v, r.adoptItems(x, depth)
	case *group:
		list, err := r.adoptAt(x.list, depth)
		x.list = list
		return v, err
	case *py.Dict:
		if r.owned[x] {
			return v, nil
		}
		r.owned[x] = true
		for k, item := range x.All() {
			item, err := r.adoptAt(item, depth+1)
			if err != nil {
				return nil, err
			}
			x.Set(k, item)
		}
		return v, r.spend(x.Len())
	}
	return v, nil
}

func (r *run) adoptItems(items []any, depth int) error {
	for i, item := range items {
		item, err := r.adoptAt(item, depth+1)
		if err != nil {
			return err
		}
		items[i] = item
	}
	return r.spend(len(items))
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
