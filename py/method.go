package py

import (
	"iter"
	"maps"
	"math/big"
	"slices"
)

// Method returns the public method name of v, bound to v. Methods that change
// the length of a list need a *List: a []any has no identity, and they refuse
// it with a TypeError.
func Method(v any, name string) (func(args []any, kwargs *Dict) (any, error), bool) {
	m, ok := methodTable(v)[name]
	if !ok {
		return nil, false
	}
	return func(args []any, kwargs *Dict) (any, error) { return m.invoke(v, name, args, kwargs) }, true
}

// CallMethod is Method and its call in one, without the closure.
func CallMethod(v any, name string, args []any, kwargs *Dict) (any, error) {
	m, ok := methodTable(v)[name]
	if !ok {
		return nil, noAttribute(v, name)
	}
	return m.invoke(v, name, args, kwargs)
}

// MethodNames yields the names of v's public methods in alphabetical order.
func MethodNames(v any) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(methodTable(v))))
}

func noAttribute(v any, name string) *Error {
	return Errorf("AttributeError", "'%s' object has no attribute '%s'", TypeName(v), name)
}

func methodTable(v any) map[string]method {
	switch v := v.(type) {
	case string:
		return strMethods
	case []any, *List:
		return listMethods
	case *Dict:
		return dictMethods
	case Tuple:
		return tupleMethods
	case *Set:
		if v.Frozen {
			return frozenMethods
		}
		return setMethods
	case int64, bool, *big.Int:
		return intMethods
	case float64:
		return floatMethods
	case Bytes:
		return bytesMethods
	case Range:
		return rangeMethods
	case *View:
		if v.kind != ValuesView {
			return viewMethods
		}
	case Date:
		return dateMethods
	case DateTime:
		return dateTimeMethods
	}
	return nil
}

// arity is how a method takes its arguments. CPython words the errors of each
// way differently, and users match on the words.
type arity int

const (
	none       arity = iota // no argument
	one                     // exactly one
	positional              // min to max, no keywords
	ranged                  // min to max, worded as the str.find family
	named                   // names, also as keywords
	anything                // whatever comes, keywords too
	anyArgs                 // any number of positional arguments
)

// absent stands in the unpacked arguments for an optional one not given.
type absentArg struct{}

var absent any = absentArg{}

// method is one row of a type's method table. fn gets the arguments unpacked:
// for positional, ranged and named always max (or len(names)) of them.
type method struct {
	arity    arity
	min, max int
	names    []string // of a named method; the first min are required
	pos      int      // how many of names may be positional; 0 is all
	fn       func(self any, a []any) (any, error)
	free     func(self any, args []any, kwargs *Dict) (any, error) // of arity anything
}

func (m method) invoke(self any, name string, args []any, kwargs *Dict) (any, error) {
	if m.arity == anything {
		return m.free(self, args, kwargs)
	}
	if m.arity == named {
		a, err := m.unpackNamed(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		return m.fn(self, a)
	}
	if err := m.checkCount(self, name, len(args), kwargs.Len()); err != nil {
		return nil, err
	}
	if len(args) < m.max {
		full := make([]any, m.max)
		for i := copy(full, args); i < m.max; i++ {
			full[i] = absent
		}
		args = full
	}
	return m.fn(self, args)
}

func (m method) checkCount(self any, name string, n, keywords int) error {
	qualified := TypeName(self) + "." + name
	if _, ok := self.(bool); ok {
		qualified = "int." + name // inherited
	}
	switch {
	case keywords > 0 && (m.arity == ranged || m.arity == anyArgs):
		return typeErrorf("%s() takes no keyword arguments", name)
	case keywords > 0:
		return typeErrorf("%s() takes no keyword arguments", qualified)
	case m.arity == none && n > 0:
		return typeErrorf("%s() takes no arguments (%d given)", qualified, n)
	case m.arity == one && n != 1:
		return typeErrorf("%s() takes exactly one argument (%d given)", qualified, n)
	case m.arity == positional && m.min == m.max && n != m.min:
		return typeErrorf("%s expected %s, got %d", name, plural(m.min), n)
	case m.arity == positional && n < m.min:
		return typeErrorf("%s expected at least %s, got %d", name, plural(m.min), n)
	case m.arity == positional && n > m.max:
		return typeErrorf("%s expected at most %s, got %d", name, plural(m.max), n)
	case m.arity == ranged && n < m.min:
		return typeErrorf("%s() takes at least %s (%d given)", name, plural(m.min), n)
	case m.arity == ranged && n > m.max:
		return typeErrorf("%s() takes at most %s (%d given)", name, plural(m.max), n)
	}
	return nil
}

func plural(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return string(rune('0'+n)) + " arguments"
}

func (m method) unpackNamed(name string, args []any, kwargs *Dict) ([]any, error) {
	if n := len(args) + kwargs.Len(); n > len(m.names) {
		return nil, typeErrorf("%s() takes at most %s (%d given)", name, plural(len(m.names)), n)
	}
	if m.pos > 0 && len(args) > m.pos {
		return nil, typeErrorf("%s() takes at most %d positional arguments (%d given)", name, m.pos, len(args))
	}
	if m.pos < 0 && len(args) > 0 {
		return nil, typeErrorf("%s() takes no positional arguments", name)
	}
	out := make([]any, len(m.names))
	for i := copy(out, args); i < len(out); i++ {
		out[i] = absent
	}
	for k, v := range kwargs.All() {
		i := m.keyword(k)
		if i < 0 {
			return nil, typeErrorf("'%s' is an invalid keyword argument for %s()", Str(k), name)
		}
		if i < len(args) {
			return nil, typeErrorf("argument for %s() given by name ('%s') and position (%d)", name, Str(k), i+1)
		}
		out[i] = v
	}
	for i := range m.min {
		if out[i] == absent {
			return nil, typeErrorf("%s() missing required argument '%s' (pos %d)", name, m.names[i], i+1)
		}
	}
	return out, nil
}

func (m method) keyword(k any) int {
	for i, name := range m.names {
		if name == k {
			return i
		}
	}
	return -1
}

// given reports whether an optional argument was given.
func given(v any) bool { return v != absent }

// GetAttr is getattr(v, name): an attribute or a bound method.
func GetAttr(v any, name string) (any, error) {
	if x, ok := Attr(v, name); ok {
		return x, nil
	}
	if m, ok := Method(v, name); ok {
		return m, nil
	}
	return nil, noAttribute(v, name)
}

// Attr returns the attribute name of v that is not a method: real and imag of
// numbers, start of a range, year of a date, and whatever a host type has.
func Attr(v any, name string) (any, bool) {
	switch v := v.(type) {
	case int64, bool, *big.Int:
		return intAttr(v, name)
	case float64:
		switch name {
		case "real":
			return v, true
		case "imag":
			return 0.0, true
		}
	case Range:
		x, ok := map[string]int64{"start": v.Start, "stop": v.Stop, "step": v.Step}[name]
		return x, ok
	case Date:
		x, ok := map[string]int{"year": v.Year, "month": v.Month, "day": v.Day}[name]
		return int64(x), ok
	case DateTime:
		return v.attr(name)
	case Attrer:
		return v.PyAttr(name)
	}
	return nil, false
}

func intAttr(v any, name string) (any, bool) {
	switch name {
	case "real", "numerator":
		i, err := Int(v)
		return i, err == nil
	case "imag":
		return int64(0), true
	case "denominator":
		return int64(1), true
	}
	return nil, false
}

// Call calls a function of Method, or a host's Callable.
func Call(f any, args []any, kwargs *Dict) (any, error) {
	switch f := f.(type) {
	case func(args []any, kwargs *Dict) (any, error):
		return f(args, kwargs)
	case Callable:
		return f.PyCall(args, kwargs)
	}
	return nil, typeErrorf("'%s' object is not callable", TypeName(f))
}
