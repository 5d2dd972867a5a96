package jinja

import "github.com/galehq/gale/py"

// The filters here return generators: errors in arguments or items come when the
// items are asked for.

func filterUnique(c *Call, a []any) (any, error) {
	sensitive, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	key := c.r.attrGetter(a[2], !sensitive, nil)
	seen := py.SetOf()
	return c.r.lazily("sync_do_unique", a[0], func(x any) (any, bool, error) {
		k, err := key(x)
		if err == nil {
			err = strictError(k)
		}
		if err != nil {
			return nil, false, err
		}
		k = ungroup(plain(k))
		if py.Hashable(k) && seen.Has(k) {
			return nil, false, nil
		}
		return x, true, seen.Add(k)
	}), nil
}

// lazily is a generator over v that calls f for each item; f returns what to
// yield and whether to yield at all.
func (r *run) lazily(name string, v any, f func(x any) (any, bool, error)) *generator {
	var cur cursor
	return r.generator(name, func() (any, bool, error) {
		if cur == nil {
			var err error
			if cur, err = r.iterate(v); err != nil {
				return nil, false, err
			}
		}
		for {
			x, ok, err := cur.next(r)
			if err != nil || !ok {
				return nil, false, err
			}
			y, keep, err := f(x)
			if err != nil || keep {
				return y, err == nil, err
			}
			if err := r.spend(1); err != nil {
				return nil, false, err
			}
		}
	})
}

func filterItems(c *Call, a []any) (any, error) {
	if IsUndefined(a[0]) {
		return c.r.lazily("do_items", []any{}, nil), nil
	}
	if d, ok := a[0].(*py.Dict); ok {
		return c.r.lazily("do_items", py.NewView(d, py.ItemsView), yieldItem), nil
	}
	return c.r.generator("do_items", func() (any, bool, error) {
		return nil, false, typeErrorf("Can only get item pairs from a mapping.")
	}), nil
}

func yieldItem(x any) (any, bool, error) { return x, true, nil }

// guarded is a generator that calls f for the items of v, but checks first
// that v is true, as the original does, and only then calls prepare.
func (r *run) guarded(name string, v any, prepare func() (func(any) (any, bool, error), error)) *generator {
	var inner *generator
	return r.generator(name, func() (any, bool, error) {
		if inner == nil {
			ok, err := r.truth(v)
			if err != nil || !ok {
				return nil, false, err
			}
			f, err := prepare()
			if err != nil {
				return nil, false, err
			}
			inner = r.lazily(name, v, f)
		}
		return inner.next(r)
	})
}

func filterMap(c *Call, a []any) (any, error) {
	value, args, kwargs := a[0], a[1].(py.Tuple), a[2].(*py.Dict)
	r := c.r
	return r.guarded("sync_do_map", value, func() (func(any) (any, bool, error), error) {
		if path, ok := kwargs.GetString("attribute"); ok && len(args) == 0 {
			get, err := r.mapAttribute(path, kwargs)
			return func(x any) (any, bool, error) {
				v, err := get(x)
				return v, true, err
			}, err
		}
		if len(args) == 0 {
			return nil, argumentErrorf("map requires a filter argument")
		}
		return func(x any) (any, bool, error) {
			v, err := r.byName("filter", r.env.filters, args[0], x, args[1:], kwargs)
			return v, true, err
		}, nil
	}), nil
}

func (r *run) mapAttribute(path any, kwargs *py.Dict) (getter, error) {
	def, _ := kwargs.GetString("default")
	for k := range kwargs.All() {
		if k != "attribute" && k != "default" {
			return nil, argumentErrorf("Unexpected keyword argument %s", py.Repr(k))
		}
	}
	return r.attrGetter(path, false, def), nil
}

// filterSelect is select and its relatives: want tells which outcome of the
// test keeps an item, attr that an attribute is tested.
func filterSelect(want, attr bool) Func {
	name := "select_or_reject"
	return func(c *Call, a []any) (any, error) {
		value, args, kwargs := a[0], a[1].(py.Tuple), a[2].(*py.Dict)
		r := c.r
		return r.guarded(name, value, func() (func(any) (any, bool, error), error) {
			get := getter(func(x any) (any, error) { return x, nil })
			if attr {
				if len(args) == 0 {
					return nil, argumentErrorf("Missing parameter for attribute name")
				}
				get = r.attrGetter(args[0], false, nil)
				args = args[1:]
			}
			return func(x any) (any, bool, error) {
				v, err := get(x)
				if err == nil && len(args) > 0 {
					v, err = r.byName("test", r.env.tests, args[0], v, args[1:], kwargs)
				}
				if err != nil {
					return nil, false, err
				}
				ok, err := r.truth(v)
				return x, ok == want, err
			}, nil
		}), nil
	}
}

func filterSlice(c *Call, a []any) (any, error) {
	r := c.r
	var items []any
	count, per, extra, at, offset := 0, 0, 0, -1, 0
	return r.generator("sync_do_slice", func() (any, bool, error) {
		if at < 0 {
			var err error
			if items, err = r.list(a[0]); err != nil {
				return nil, false, err
			}
			if count, err = intArg(a[1]); err != nil {
				return nil, false, typeErrorf("unsupported operand type(s) for //: 'int' and '%s'", py.TypeName(a[1]))
			}
			if count == 0 {
				return nil, false, py.Errorf("ZeroDivisionError", "integer division or modulo by zero")
			}
			per, extra = len(items)/count, len(items)%count
			at = 0
		}
		if at >= count {
			return nil, false, nil
		}
		start := offset + at*per
		if at < extra {
			offset++
		}
		part := append([]any{}, items[start:offset+(at+1)*per]...)
		if a[2] != nil && at >= extra {
			part = append(part, a[2])
		}
		at++
		return r.yield(part)
	}), nil
}

// yield passes on a list that a generator made.
func (r *run) yield(items []any) (any, bool, error) {
	if err := r.spend(len(items)); err != nil {
		return nil, false, err
	}
	v, err := r.adopt(items)
	return v, true, err
}

func filterBatch(c *Call, a []any) (any, error) {
	r := c.r
	var cur cursor
	var batch []any
	ended := false
	return r.generator("do_batch", func() (any, bool, error) {
		if cur == nil {
			var err error
			if cur, err = r.iterate(a[0]); err != nil {
				return nil, false, err
			}
		}
		for !ended {
			x, ok, err := cur.next(r)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				ended = true
				break
			}
			full, err := r.equal(int64(len(batch)), a[1])
			if err != nil {
				return nil, false, err
			}
			done := batch
			if full {
				batch = nil
			}
			batch = append(batch, x)
			if full {
				return r.yield(done)
			}
		}
		if len(batch) == 0 {
			return nil, false, nil
		}
		done := batch
		batch = nil
		if a[2] != nil {
			if err := r.fillBatch(&done, a[1], a[2]); err != nil {
				return nil, false, err
			}
		}
		return r.yield(done)
	}), nil
}

// fillBatch appends fill up to size.
func (r *run) fillBatch(batch *[]any, size, fill any) error {
	short, err := r.less("<", int64(len(*batch)), size)
	if err != nil || !short {
		return err
	}
	n, err := intArg(size)
	if err != nil {
		return err
	}
	if err := r.spend(n - len(*batch)); err != nil {
		return err
	}
	for len(*batch) < n {
		*batch = append(*batch, fill)
	}
	return nil
}
