package jinja

import (
	"iter"
	"strings"

	"github.com/galehq/gale/py"
)

func filterLength(c *Call, a []any) (any, error) {
	n, err := c.Len(a[0])
	return int64(n), err
}

func filterList(c *Call, a []any) (any, error) { return c.List(a[0]) }

func filterDefault(c *Call, a []any) (any, error) {
	if IsUndefined(a[0]) {
		return a[1], nil
	}
	boolean, err := c.Truth(a[2])
	if err != nil || !boolean {
		return a[0], err
	}
	if ok, err := c.Truth(a[0]); err != nil || ok {
		return a[0], err
	}
	return a[1], nil
}

func filterFirst(c *Call, a []any) (any, error) {
	cur, err := c.r.iterate(a[0])
	if err != nil {
		return nil, err
	}
	v, ok, err := cur.next(c.r)
	if !ok && err == nil {
		return c.Undefined("No first item, sequence was empty."), nil
	}
	return v, err
}

func filterLast(c *Call, a []any) (any, error) {
	items, _, err := c.r.reversible(a[0])
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return c.Undefined("No last item, sequence was empty."), nil
	}
	return items[len(items)-1], nil
}

// reversible returns the items of what reversed() accepts, and the name of the
// type that it returns.
func (r *run) reversible(v any) (items []any, kind string, err error) {
	switch v := v.(type) {
	case []any:
		return v, "list_reverseiterator", nil
	case *py.List:
		return v.Items, "list_reverseiterator", nil
	case py.Tuple:
		return v, "reversed", nil
	case *Undefined:
		return nil, "reversed", strictError(v)
	case *py.Dict:
		return v.Keys(), "dict_reversekeyiterator", r.spend(v.Len())
	case *py.View:
		kind = "dict_reversekeyiterator"
	case py.Range:
		kind = "range_iterator"
	case string, Markup, py.Bytes, *group:
		kind = "reversed"
	default:
		return nil, "", typeErrorf("'%s' object is not reversible", py.TypeName(v))
	}
	items, err = r.list(v)
	return items, kind, err
}

func filterReverse(c *Call, a []any) (any, error) {
	if isText(a[0]) {
		return c.r.slice(a[0], []any{nil, nil, int64(-1)})
	}
	items, kind, err := c.r.reversible(a[0])
	if err == nil {
		return c.r.reversed(kind, items), nil
	}
	if Class(err) != "TypeError" {
		return nil, err
	}
	items, err = c.List(a[0])
	if Class(err) == "TypeError" {
		return nil, argumentErrorf("argument must be iterable")
	}
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	return items, err
}

func filterRandom(c *Call, a []any) (any, error) {
	n, err := c.Len(a[0])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return c.Undefined("No random item, sequence was empty."), nil
	}
	if g, ok := a[0].(*group); ok {
		a[0] = py.Tuple{g.grouper, g.list}
	}
	return py.GetItem(a[0], int64(c.Rand(n)))
}

func filterAttr(c *Call, a []any) (any, error) {
	name, ok := plain(a[1]).(string)
	if !ok {
		return nil, typeErrorf("attribute name must be string, not '%s'", py.TypeName(a[1]))
	}
	v, found, err := c.r.attribute(a[0], name)
	if err != nil || found {
		return v, err
	}
	return c.r.undefined(&Undefined{obj: a[0], hasObj: true, name: name}), nil
}

func filterJoin(c *Call, a []any) (any, error) {
	get := c.r.attrGetter(a[2], false, nil)
	if err := strictError(a[0]); err != nil {
		return nil, err
	}
	var items []any
	err := c.Each(a[0], func(x any) (err error) {
		if a[2] != nil {
			if x, err = get(x); err != nil {
				return err
			}
		}
		items = append(items, x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.r.escaping {
		return c.r.joinEscaped(a[1], items)
	}
	return c.r.join(a[1], items)
}

func (r *run) join(sep any, items []any) (any, error) {
	d, err := r.str(sep)
	if err != nil {
		return nil, err
	}
	n := 0
	parts := make([]string, len(items))
	for i, x := range items {
		if parts[i], err = r.str(x); err != nil {
			return nil, err
		}
		if n += len(parts[i]) + len(d); n > py.MaxSize {
			return nil, py.Errorf("MemoryError", "")
		}
	}
	return strings.Join(parts, d), r.spendBytes(n)
}

// joinEscaped joins while escaping: once anything is Markup, the rest is
// escaped.
func (r *run) joinEscaped(sep any, items []any) (any, error) {
	_, marked := sep.(Markup)
	for _, x := range items {
		if _, ok := x.(Markup); ok {
			marked = true
		}
	}
	if !marked {
		return r.join(sep, items)
	}
	all := append([]any{sep}, items...)
	for i, x := range all {
		m, err := r.escape(x)
		if err != nil {
			return nil, err
		}
		all[i] = string(m)
	}
	v, err := r.join(all[0], all[1:])
	return markAll(v), err
}

// getter returns the key of an item.
type getter func(item any) (any, error)

// attrGetter follows a path of attributes such as "a.b.0". With fold, text is
// lowered. What is undefined on the way becomes def, unless that is nil.
func (r *run) attrGetter(path any, fold bool, def any) getter {
	parts := attributeParts(path)
	return func(item any) (any, error) {
		var err error
		for _, part := range parts {
			if item, err = r.item(item, part); err != nil {
				return nil, err
			}
			if IsUndefined(item) && def != nil {
				item = def
			}
		}
		if s, ok := plain(item).(string); ok && fold {
			return py.Lower(s), r.spendBytes(len(s))
		}
		return item, nil
	}
}

func attributeParts(path any) []any {
	if path == nil {
		return nil
	}
	s, ok := plain(path).(string)
	if !ok {
		return []any{path}
	}
	var parts []any
	for _, p := range strings.Split(s, ".") {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			if n, err := py.Int(p); err == nil {
				parts = append(parts, n)
				continue
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// multiGetter returns the list of keys of comma separated paths.
func (r *run) multiGetter(paths any, fold bool) func(any) (sortKey, error) {
	list := []any{paths}
	if s, ok := plain(paths).(string); ok {
		list = nil
		for _, p := range strings.Split(s, ",") {
			list = append(list, p)
		}
	}
	getters := make([]getter, len(list))
	for i, p := range list {
		getters[i] = r.attrGetter(p, fold, nil)
	}
	return func(item any) (sortKey, error) {
		keys := make([]any, len(getters))
		var err error
		for i, g := range getters {
			if keys[i], err = g(item); err != nil {
				return sortKey{}, err
			}
		}
		return sortKey{list: keys}, nil
	}
}

func filterSort(c *Call, a []any) (any, error) {
	reverse, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	sensitive, err := c.Truth(a[2])
	if err != nil {
		return nil, err
	}
	return c.r.sorted(a[0], c.r.multiGetter(a[3], !sensitive), reverse)
}

func filterDictsort(c *Call, a []any) (any, error) {
	by, _ := plain(a[2]).(string)
	at := 0
	switch by {
	case "key":
	case "value":
		at = 1
	default:
		return nil, argumentErrorf(`You can only sort by either "key" or "value"`)
	}
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	d, ok := a[0].(*py.Dict)
	if !ok {
		return nil, noAttribute(a[0], "items")
	}
	sensitive, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	reverse, err := c.Truth(a[3])
	if err != nil {
		return nil, err
	}
	key := func(pair any) (sortKey, error) {
		k := pair.(py.Tuple)[at]
		if s, ok := plain(k).(string); ok && !sensitive {
			k = py.Lower(s)
		}
		return sortKey{one: k}, nil
	}
	return c.r.sorted(py.NewView(d, py.ItemsView), key, reverse)
}

// filterExtreme is min for "<" and max for ">".
func filterExtreme(op string) Func {
	return func(c *Call, a []any) (any, error) {
		sensitive, err := c.Truth(a[1])
		if err != nil {
			return nil, err
		}
		key := c.r.attrGetter(a[2], !sensitive, nil)
		if err := strictError(a[0]); err != nil {
			return nil, err
		}
		var best, bestKey any
		found := false
		err = c.Each(a[0], func(x any) error {
			k, err := key(x)
			if err != nil {
				return err
			}
			if found {
				better, err := c.r.less(op, k, bestKey)
				if err != nil || !better {
					return err
				}
			}
			best, bestKey, found = x, k, true
			return nil
		})
		if err == nil && !found {
			return c.Undefined("No aggregated item, sequence was empty."), nil
		}
		return best, err
	}
}

// group is an item of what groupby returns: a tuple whose items have names.
type group struct{ grouper, list any }

func (*group) PyType() string          { return "_GroupTuple" }
func (*group) pyModule() string        { return "jinja2.filters" }
func (g *group) PyRepr() string        { return py.Repr(g.tuple()) }
func (*group) PyLen() int              { return 2 }
func (g *group) tuple() py.Tuple       { return py.Tuple{g.grouper, g.list} }
func (g *group) PyEqual(x any) bool    { return py.Equal(g.tuple(), ungroup(x)) }
func (g *group) PyIter() iter.Seq[any] { s, _ := py.Iter(g.tuple()); return s }

func (g *group) PyItem(key any) (any, error) { return py.GetItem(g.tuple(), key) }

func ungroup(v any) any {
	if g, ok := v.(*group); ok {
		return g.tuple()
	}
	return v
}

func (g *group) attr(r *run, name string) (any, bool, error) {
	switch name {
	case "grouper":
		return g.grouper, true, nil
	case "list":
		return g.list, true, nil
	}
	fn, ok := py.Method(g.tuple(), name)
	if !ok {
		return nil, false, nil
	}
	return &method{g, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
		return c.r.native(g.tuple(), name, fn, args, kwargs)
	}}, true, nil
}

func filterGroupby(c *Call, a []any) (any, error) {
	sensitive, err := c.Truth(a[3])
	if err != nil {
		return nil, err
	}
	key := c.r.attrGetter(a[1], !sensitive, a[2])
	name := c.r.attrGetter(a[1], false, a[2])
	sorted, err := c.r.sorted(a[0], func(x any) (sortKey, error) {
		k, err := key(x)
		return sortKey{one: k}, err
	}, false)
	if err != nil {
		return nil, err
	}
	c.r.exotic = true
	out := []any{}
	var last any
	for i, x := range sorted {
		k, err := key(x)
		if err != nil {
			return nil, err
		}
		same := false
		if i > 0 {
			if same, err = c.r.equal(last, k); err != nil {
				return nil, err
			}
		}
		if same {
			g := out[len(out)-1].(*group)
			g.list = append(g.list.([]any), x)
			continue
		}
		if last = k; !sensitive {
			if k, err = name(x); err != nil {
				return nil, err
			}
		}
		out = append(out, &group{k, []any{x}})
	}
	return out, nil
}
