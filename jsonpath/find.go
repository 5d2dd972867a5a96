package jsonpath

import "github.com/galehq/gale/py"

// maxVisited bounds the values that one search looks at: nested descendants grow with the power of their number.
const maxVisited = 1 << 20

var errTooMany = py.Errorf("MemoryError", "the path visits too many values")

// datum is a value with the containers around it.
type datum struct {
	value   any
	context *datum
	depth   int
	missing bool // the parent of the root: null to most steps, but not a result
}

func (d *datum) child(v any) *datum { return &datum{value: v, context: d, depth: d.depth + 1} }

// search counts the values that are visited.
type search struct{ visited int }

func (s *search) visit(n int) error {
	if s.visited += n; s.visited > maxVisited {
		return errTooMany
	}
	return nil
}

// step is a part of a path.
type step interface {
	find(s *search, d *datum) ([]*datum, error)
}

type (
	root      struct{}
	this      struct{}
	parent    struct{}
	fields    []string
	index     int
	slice     struct{ from, to *int }
	into      struct{ left, right step }
	descend   struct{ left, right step }
	unite     struct{ left, right step }
	whereHas  struct{ left, right step }
	intersect struct{}
)

// Find returns all values that the path leads to, in order; there may be none. The error is a *py.Error where the
// library raises, as for an index into a number or a parent above the root, or MemoryError when the path leads to more
// than a million values.
func (p *Path) Find(v any) ([]any, error) {
	found, err := p.root.find(&search{}, &datum{value: v})
	if err != nil {
		return nil, err
	}
	values := make([]any, len(found))
	for i, d := range found {
		if d.missing {
			return nil, errNoParent
		}
		values[i] = d.value
	}
	return values, nil
}

// First returns the first of the values that Find returns, and whether there is one.
func (p *Path) First(v any) (any, bool, error) {
	values, err := p.Find(v)
	if err != nil || len(values) == 0 {
		return nil, false, err
	}
	return values[0], true, nil
}

var errNoParent = py.Errorf("AttributeError", "'NoneType' object has no attribute 'value'")

func (root) find(_ *search, d *datum) ([]*datum, error) {
	for d.context != nil {
		d = d.context
	}
	return []*datum{d}, nil
}

func (this) find(_ *search, d *datum) ([]*datum, error) { return []*datum{d}, nil }

func (parent) find(_ *search, d *datum) ([]*datum, error) {
	if d.context == nil {
		return []*datum{{missing: true}}, nil
	}
	return []*datum{d.context}, nil
}

func (intersect) find(*search, *datum) ([]*datum, error) {
	return nil, py.Errorf("NotImplementedError", "")
}

func (f fields) find(s *search, d *datum) ([]*datum, error) {
	if err := s.visit(len(f)); err != nil {
		return nil, err
	}
	var found []*datum
	for _, name := range f {
		if name == "*" {
			return everyField(s, d)
		}
	}
	for _, name := range f {
		v, ok, err := field(d.value, name)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, d.child(v))
		}
	}
	return found, nil
}

// everyField returns all members of a mapping, or nothing.
func everyField(s *search, d *datum) ([]*datum, error) {
	m, ok := d.value.(*py.Dict)
	if !ok {
		return nil, nil
	}
	if err := s.visit(m.Len()); err != nil {
		return nil, err
	}
	found := make([]*datum, 0, m.Len())
	for _, v := range m.All() {
		found = append(found, d.child(v))
	}
	return found, nil
}

// field returns the member of a mapping or of a host object. Other values have none, which is no error.
func field(v any, name string) (any, bool, error) {
	switch v := v.(type) {
	case *py.Dict:
		x, ok := v.GetString(name)
		return x, ok, nil
	case py.Itemer:
		x, err := v.PyItem(name)
		if e, ok := err.(*py.Error); ok && (e.Class == "TypeError" || e.Class == "KeyError" || e.Class == "AttributeError") {
			return nil, false, nil
		}
		return x, err == nil, err
	}
	return nil, false, nil
}

func (i index) find(s *search, d *datum) ([]*datum, error) {
	if err := s.visit(1); err != nil {
		return nil, err
	}
	n, err := py.Len(d.value)
	if err != nil || n <= int(i) {
		return nil, err
	}
	v, err := py.GetItem(d.value, int64(i))
	if err != nil {
		return nil, err
	}
	return []*datum{d.child(v)}, nil
}

func (sl slice) find(s *search, d *datum) ([]*datum, error) {
	switch d.value.(type) {
	case *py.Dict, string, bool, int64:
		d = &datum{value: []any{d.value}, context: d.context, depth: d.depth} // a single value counts as a list of one
	}
	n, err := py.Len(d.value)
	if err != nil {
		return nil, err
	}
	from, to := sl.bounds(n)
	var found []*datum
	for i := from; i < to; i++ {
		if err := s.visit(1); err != nil {
			return nil, err
		}
		v, err := py.GetItem(d.value, int64(i))
		if err != nil {
			return nil, err
		}
		found = append(found, d.child(v))
	}
	return found, nil
}

// bounds applies Python's rules for slices to a list of n.
func (sl slice) bounds(n int) (from, to int) {
	bound := func(b *int, without int) int {
		switch {
		case b == nil:
			return without
		case *b < 0:
			return max(*b+n, 0)
		}
		return min(*b, n)
	}
	return bound(sl.from, 0), bound(sl.to, n)
}

func (c into) find(s *search, d *datum) ([]*datum, error) {
	left, err := c.left.find(s, d)
	if err != nil {
		return nil, err
	}
	return each(s, left, c.right.find)
}

// each collects what find gives for every datum.
func each(s *search, all []*datum, find func(*search, *datum) ([]*datum, error)) ([]*datum, error) {
	var found []*datum
	for _, d := range all {
		if err := s.visit(1); err != nil {
			return nil, err
		}
		more, err := find(s, d)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func (u unite) find(s *search, d *datum) ([]*datum, error) {
	left, err := u.left.find(s, d)
	if err != nil {
		return nil, err
	}
	right, err := u.right.find(s, d)
	return append(left, right...), err
}

func (w whereHas) find(s *search, d *datum) ([]*datum, error) {
	left, err := w.left.find(s, d)
	if err != nil {
		return nil, err
	}
	return each(s, left, func(s *search, d *datum) ([]*datum, error) {
		right, err := w.right.find(s, d)
		if err != nil || len(right) == 0 {
			return nil, err
		}
		return []*datum{d}, nil
	})
}

func (ds descend) find(s *search, d *datum) ([]*datum, error) {
	left, err := ds.left.find(s, d)
	if err != nil {
		return nil, err
	}
	return each(s, left, ds.below)
}

// below finds the right side at d itself, then in what it contains.
func (ds descend) below(s *search, d *datum) ([]*datum, error) {
	if d.missing {
		return nil, errNoParent
	}
	if d.depth > py.MaxDocumentDepth {
		return nil, py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	found, err := ds.right.find(s, d)
	if err != nil {
		return nil, err
	}
	more, err := each(s, d.children(), ds.below)
	return append(found, more...), err
}

// children are the items of a list and the members of a mapping.
func (d *datum) children() []*datum {
	var items []any
	switch v := d.value.(type) {
	case []any:
		items = v
	case *py.List:
		items = v.Items
	case *py.Dict:
		items = v.Values()
	}
	all := make([]*datum, len(items))
	for i, v := range items {
		all[i] = d.child(v)
	}
	return all
}
