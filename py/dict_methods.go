package py

var dictMethods map[string]method

func init() {
	dictMethods = map[string]method{
		"clear":      {fn: func(self any, _ []any) (any, error) { self.(*Dict).Clear(); return nil, nil }},
		"copy":       {fn: func(self any, _ []any) (any, error) { return self.(*Dict).Clone(), nil }},
		"fromkeys":   {arity: positional, min: 1, max: 2, fn: dictFromkeys},
		"get":        {arity: positional, min: 1, max: 2, fn: dictGet},
		"items":      viewMethod(ItemsView),
		"keys":       viewMethod(KeysView),
		"values":     viewMethod(ValuesView),
		"pop":        {arity: positional, min: 1, max: 2, fn: dictPop},
		"popitem":    {fn: dictPopitem},
		"setdefault": {arity: positional, min: 1, max: 2, fn: dictSetdefault},
		"update":     {arity: anything, free: dictUpdate},
	}
}

func viewMethod(kind ViewKind) method {
	return method{fn: func(self any, _ []any) (any, error) { return NewView(self.(*Dict), kind), nil }}
}

var viewMethods = map[string]method{
	"isdisjoint": {arity: one, max: 1, fn: func(self any, a []any) (any, error) {
		seq, err := Iter(a[0])
		if err != nil {
			return nil, err
		}
		for v := range seq {
			if viewContains(self.(*View), v) {
				return false, nil
			}
		}
		return true, nil
	}},
}

// orNone is an optional argument whose default is None.
func orNone(v any) any {
	if given(v) {
		return v
	}
	return nil
}

func dictGet(self any, a []any) (any, error) {
	if v, ok := self.(*Dict).Get(a[0]); ok {
		return v, nil
	}
	if !Hashable(a[0]) {
		return nil, unhashable(a[0])
	}
	return orNone(a[1]), nil
}

func dictFromkeys(_ any, a []any) (any, error) {
	seq, err := Iter(a[0])
	if err != nil {
		return nil, err
	}
	if n, err := Len(a[0]); err == nil && n > MaxSize {
		return nil, errTooBig
	}
	out := &Dict{}
	for k := range seq {
		if err := out.SetKey(k, orNone(a[1])); err != nil {
			return nil, err
		}
		if out.Len() > MaxSize {
			return nil, errTooBig
		}
	}
	return out, nil
}

func dictPop(self any, a []any) (any, error) {
	d := self.(*Dict)
	if v, ok := d.Get(a[0]); ok {
		d.Delete(a[0])
		return v, nil
	}
	switch {
	case !Hashable(a[0]) && d.Len() > 0:
		return nil, unhashable(a[0])
	case given(a[1]):
		return a[1], nil
	}
	return nil, &Error{"KeyError", Repr(a[0])}
}

func dictPopitem(self any, _ []any) (any, error) {
	d := self.(*Dict)
	if d.Len() == 0 {
		return nil, Errorf("KeyError", "'popitem(): dictionary is empty'")
	}
	i := len(d.entries) - 1 // never a hole: Delete cuts those off
	e := d.entries[i]
	d.remove(i)
	return Tuple{e.key, e.val}, nil
}

func dictSetdefault(self any, a []any) (any, error) {
	d := self.(*Dict)
	if v, ok := d.Get(a[0]); ok {
		return v, nil
	}
	return orNone(a[1]), d.SetKey(a[0], orNone(a[1]))
}

func dictUpdate(self any, args []any, kwargs *Dict) (any, error) {
	d := self.(*Dict)
	if len(args) > 1 {
		return nil, typeErrorf("update expected at most 1 argument, got %d", len(args))
	}
	if len(args) == 1 {
		if err := d.UpdateFrom(args[0]); err != nil {
			return nil, err
		}
	}
	d.Update(kwargs)
	return nil, nil
}

// UpdateFrom is d.update(v): v is a dictionary or an iterable of pairs.
func (d *Dict) UpdateFrom(v any) error {
	if other, ok := v.(*Dict); ok {
		d.Update(other)
		return nil
	}
	seq, err := Iter(v)
	if err != nil {
		return err
	}
	i := 0
	for item := range seq {
		pair, err := AsList(item)
		if err != nil {
			return typeErrorf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(pair) != 2 {
			return valueErrorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
		}
		if err := d.SetKey(pair[0], pair[1]); err != nil {
			return err
		}
		if i++; d.Len() > MaxSize {
			return errTooBig
		}
	}
	return nil
}
