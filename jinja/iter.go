package jinja

import (
	"fmt"
	"iter"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// cursor walks over the items of a value, once.
type cursor interface {
	// next returns ok false at the end, and from then on.
	next(r *run) (v any, ok bool, err error)
}

// iterate is iter(v).
func (r *run) iterate(v any) (cursor, error) {
	switch v := v.(type) {
	case []any:
		return &sliceCursor{items: v}, nil
	case py.Tuple:
		return &sliceCursor{items: v}, nil
	case *py.List:
		return &listCursor{list: v}, nil
	case *py.Dict:
		return &dictCursor{dict: v, keys: v.Keys(), n: v.Len()}, r.spend(v.Len())
	case string:
		return &textCursor{v}, nil
	case Markup:
		return &textCursor{string(v)}, nil
	case py.Range:
		return &rangeCursor{v.Start, v.Step, v.Len()}, nil
	case *loopContext:
		return loopPairs{v}, nil
	case cursor:
		return v, nil
	case *group:
		return &sliceCursor{items: []any{v.grouper, v.list}}, nil
	case *Undefined:
		return &sliceCursor{}, strictError(v)
	}
	if n, err := py.Len(v); err == nil {
		if err := r.spend(n); err != nil {
			return nil, err
		}
	}
	items, err := py.AsList(v)
	if err != nil {
		return nil, err
	}
	if r.mutable {
		err = r.adoptItems(items, items, 0)
	}
	return &sliceCursor{items: items}, err
}

type sliceCursor struct {
	items []any
	at    int
}

func (c *sliceCursor) next(*run) (any, bool, error) {
	if c.at >= len(c.items) {
		return nil, false, nil
	}
	c.at++
	return c.items[c.at-1], true, nil
}

// listCursor follows a list that grows meanwhile.
type listCursor struct {
	list *py.List
	at   int
}

func (c *listCursor) next(*run) (any, bool, error) {
	if c.at >= len(c.list.Items) {
		return nil, false, nil
	}
	c.at++
	return c.list.Items[c.at-1], true, nil
}

// loopPairs is what iterating over the variable loop itself yields: the rest
// of its items, each with the loop.
type loopPairs struct{ loop *loopContext }

func (c loopPairs) next(r *run) (any, bool, error) {
	x, ok, err := c.loop.next(r)
	return py.Tuple{x, c.loop}, ok, err
}

type dictCursor struct {
	dict *py.Dict
	keys []any
	at   int
	n    int // length of the dictionary at the start
}

func (c *dictCursor) next(*run) (any, bool, error) {
	if c.dict.Len() != c.n {
		return nil, false, py.Errorf("RuntimeError", "dictionary changed size during iteration")
	}
	if c.at >= len(c.keys) {
		return nil, false, nil
	}
	c.at++
	return c.keys[c.at-1], true, nil
}

type textCursor struct{ rest string }

func (c *textCursor) next(*run) (any, bool, error) {
	if c.rest == "" {
		return nil, false, nil
	}
	_, n := utf8.DecodeRuneInString(c.rest)
	s := c.rest[:n]
	c.rest = c.rest[n:]
	return s, true, nil
}

type rangeCursor struct {
	at, step int64
	left     int
}

func (c *rangeCursor) next(*run) (any, bool, error) {
	if c.left == 0 {
		return nil, false, nil
	}
	v := c.at
	c.left--
	c.at += c.step
	return v, true, nil
}

// generator is a lazy sequence that can be walked over once: the result of
// filters such as map, and what reversed() returns.
type generator struct {
	name string // of the function, or of the type if there is none
	kind string // name of the type
	step func() (any, bool, error)
	r    *run
	done bool
}

func (r *run) generator(name string, step func() (any, bool, error)) *generator {
	r.exotic = true
	return &generator{name: name, kind: "generator", step: step, r: r}
}

// reversed returns the items of a sequence from the last to the first.
func (r *run) reversed(kind string, items []any) *generator {
	i := len(items)
	g := r.generator("", func() (any, bool, error) {
		if i == 0 {
			return nil, false, nil
		}
		i--
		return items[i], true, nil
	})
	g.kind = kind
	return g
}

func (g *generator) next(*run) (any, bool, error) {
	if g.done {
		return nil, false, nil
	}
	if err := g.r.spend(1); err != nil {
		return nil, false, err
	}
	v, ok, err := g.step()
	g.done = !ok || err != nil
	return v, ok && err == nil, err
}

func (g *generator) PyType() string { return g.kind }

// PyRepr is Python's with an address that tells nothing.
func (g *generator) PyRepr() string {
	if g.kind == "generator" {
		return fmt.Sprintf("<generator object %s at 0x7f0000000000>", g.name)
	}
	return fmt.Sprintf("<%s object at 0x7f0000000000>", g.kind)
}

// PyIter lets package py consume g; an error ends the sequence and is found by
// takeIterErr.
func (g *generator) PyIter() iter.Seq[any] {
	return func(yield func(any) bool) {
		for {
			v, ok, err := g.next(g.r)
			if err != nil {
				g.r.iterErr = err
			}
			if err != nil || !ok || !yield(v) {
				return
			}
		}
	}
}

// drain collects what is left of a cursor.
func (r *run) drain(cur cursor) ([]any, error) {
	var out []any
	for {
		v, ok, err := cur.next(r)
		if err != nil || !ok {
			return out, err
		}
		if err := r.spend(1); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// list is list(v), always a new slice.
func (r *run) list(v any) ([]any, error) {
	cur, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	out, err := r.drain(cur)
	if out == nil && err == nil {
		out = []any{}
	}
	return out, err
}
