package py

var frozenMethods, setMethods map[string]method

func init() {
	frozenMethods = map[string]method{
		"copy":                 {fn: func(self any, _ []any) (any, error) { return self.(*Set).Clone(), nil }},
		"difference":           {arity: anyArgs, fn: fold(subtract)},
		"intersection":         {arity: anyArgs, fn: fold(intersect)},
		"union":                {arity: anyArgs, fn: fold(unite)},
		"symmetric_difference": {arity: one, max: 1, fn: fold(exclude)},
		"isdisjoint": {arity: one, max: 1, fn: relation(func(s, t *Set) bool {
			return intersect(s, t).Len() == 0
		})},
		"issubset":   {arity: one, max: 1, fn: relation(isSubset)},
		"issuperset": {arity: one, max: 1, fn: relation(func(s, t *Set) bool { return isSubset(t, s) })},
	}
	setMethods = map[string]method{
		"add":                         {arity: one, max: 1, fn: func(self any, a []any) (any, error) { return nil, self.(*Set).Add(a[0]) }},
		"clear":                       {fn: func(self any, _ []any) (any, error) { self.(*Set).d.Clear(); return nil, nil }},
		"discard":                     {arity: one, max: 1, fn: setDiscard},
		"remove":                      {arity: one, max: 1, fn: setRemove},
		"pop":                         {fn: setPop},
		"difference_update":           {arity: anyArgs, fn: inPlace(subtract)},
		"intersection_update":         {arity: anyArgs, fn: inPlace(intersect)},
		"update":                      {arity: anyArgs, fn: inPlace(unite)},
		"symmetric_difference_update": {arity: one, max: 1, fn: inPlace(exclude)},
	}
	for name, m := range frozenMethods {
		setMethods[name] = m
	}
}

// asSet returns the members of an iterable.
func asSet(v any) (*Set, error) {
	if s, ok := v.(*Set); ok {
		return s, nil
	}
	seq, err := Iter(v)
	if err != nil {
		return nil, err
	}
	if n, err := Len(v); err == nil && n > MaxSize {
		return nil, errTooBig
	}
	out := &Set{}
	for x := range seq {
		if err := out.Add(x); err != nil {
			return nil, err
		}
		if out.Len() > MaxSize {
			return nil, errTooBig
		}
	}
	return out, nil
}

// NewSet is set(v); nil gives an empty set.
func NewSet(v any) (*Set, error) {
	if v == nil {
		return &Set{}, nil
	}
	s, err := asSet(v)
	if err != nil {
		return nil, err
	}
	return &Set{d: *s.d.Clone()}, nil
}

func subtract(s, t *Set) *Set { return s.filter(func(v any) bool { return !t.Has(v) }) }

func intersect(s, t *Set) *Set { return s.filter(t.Has) }

func unite(s, t *Set) *Set {
	out := s.Clone()
	out.d.Update(&t.d)
	return out
}

func exclude(s, t *Set) *Set {
	out := subtract(s, t)
	for v := range t.All() {
		if !s.Has(v) {
			out.d.Set(v, nil)
		}
	}
	return out
}

// fold makes a method that combines the set with each argument in turn.
func fold(op func(s, t *Set) *Set) func(any, []any) (any, error) {
	return func(self any, a []any) (any, error) {
		out := self.(*Set).Clone()
		for _, v := range a {
			t, err := asSet(v)
			if err != nil {
				return nil, err
			}
			if out = op(out, t); out.Len() > MaxSize {
				return nil, errTooBig
			}
		}
		return out, nil
	}
}

func inPlace(op func(s, t *Set) *Set) func(any, []any) (any, error) {
	combine := fold(op)
	return func(self any, a []any) (any, error) {
		out, err := combine(self, a)
		if err == nil {
			self.(*Set).d = out.(*Set).d
		}
		return nil, err
	}
}

func relation(holds func(s, t *Set) bool) func(any, []any) (any, error) {
	return func(self any, a []any) (any, error) {
		t, err := asSet(a[0])
		if err != nil {
			return nil, err
		}
		return holds(self.(*Set), t), nil
	}
}

func setDiscard(self any, a []any) (any, error) {
	if !Hashable(a[0]) {
		return nil, unhashable(a[0])
	}
	self.(*Set).Remove(a[0])
	return nil, nil
}

func setRemove(self any, a []any) (any, error) {
	if !Hashable(a[0]) {
		return nil, unhashable(a[0])
	}
	if !self.(*Set).Remove(a[0]) {
		return nil, &Error{"KeyError", Repr(a[0])}
	}
	return nil, nil
}

func setPop(self any, _ []any) (any, error) {
	s := self.(*Set)
	for v := range s.All() {
		s.Remove(v)
		return v, nil
	}
	return nil, Errorf("KeyError", "'pop from an empty set'")
}
