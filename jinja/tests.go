package jinja

import (
	"math/big"

	"github.com/galehq/gale/py"
)

// builtinTests are the tests of the language.
var builtinTests = func() map[string]*Function {
	tests := map[string]*Function{
		"odd":         Def("test_odd(value)", testRemainder(1)),
		"even":        Def("test_even(value)", testRemainder(0)),
		"divisibleby": Def("test_divisibleby(value, num)", testDivisibleby),
		"defined":     Def("test_defined(value)", is(func(v any) bool { return !IsUndefined(v) })),
		"undefined":   Def("test_undefined(value)", is(IsUndefined)),
		"filter":      Def("test_filter(@env, value)", testKnown(func(e *Env) map[string]*Function { return e.filters })),
		"test":        Def("test_test(@env, value)", testKnown(func(e *Env) map[string]*Function { return e.tests })),
		"none":        Def("test_none(value)", is(func(v any) bool { return v == nil })),
		"boolean":     Def("test_boolean(value)", is(func(v any) bool { _, ok := v.(bool); return ok })),
		"false":       Def("test_false(value)", is(func(v any) bool { b, ok := v.(bool); return ok && !b })),
		"true":        Def("test_true(value)", is(func(v any) bool { b, ok := v.(bool); return ok && b })),
		"integer":     Def("test_integer(value)", is(isInteger)),
		"float":       Def("test_float(value)", is(func(v any) bool { _, ok := v.(float64); return ok })),
		"lower":       Def("test_lower(value)", testCase("islower")),
		"upper":       Def("test_upper(value)", testCase("isupper")),
		"string":      Def("test_string(value)", is(isText)),
		"mapping":     Def("test_mapping(value)", is(func(v any) bool { _, ok := v.(*py.Dict); return ok })),
		"number":      Def("test_number(value)", is(isNumber)),
		"sequence":    Def("test_sequence(value)", is(isSequence)),
		"iterable":    Def("test_iterable(value)", testIterable),
		"callable":    Def("!callable(obj, /)", is(isCallable)),
		"sameas":      Def("test_sameas(value, other)", testSameas),
		"escaped":     Def("test_escaped(value)", is(func(v any) bool { _, ok := v.(Markup); return ok })),
		"in":          Def("test_in(value, seq)", testCompare("in")),
	}
	for op, names := range map[string][]string{
		"==": {"==", "eq", "equalto"}, "!=": {"!=", "ne"},
		">": {">", "gt", "greaterthan"}, ">=": {">=", "ge"},
		"<": {"<", "lt", "lessthan"}, "<=": {"<=", "le"},
	} {
		fn := Def("!"+names[1]+"(a, b, /)", testCompare(op))
		for _, name := range names {
			tests[name] = fn
		}
	}
	return tests
}()

func is(f func(v any) bool) Func {
	return func(_ *Call, a []any) (any, error) { return f(a[0]), nil }
}

func testCompare(op string) Func {
	return func(c *Call, a []any) (any, error) { return c.r.compare(op, a[0], a[1]) }
}

func testRemainder(want int64) Func {
	return func(c *Call, a []any) (any, error) {
		rest, err := c.r.binary(tMod, a[0], int64(2))
		if err != nil {
			return nil, err
		}
		return c.r.equal(rest, want)
	}
}

func testDivisibleby(c *Call, a []any) (any, error) {
	rest, err := c.r.binary(tMod, a[0], a[1])
	if err != nil {
		return nil, err
	}
	return c.r.equal(rest, int64(0))
}

func testKnown(table func(*Env) map[string]*Function) Func {
	return func(c *Call, a []any) (any, error) {
		if err := strictError(a[0]); err != nil {
			return nil, err
		}
		name := plain(a[0])
		if !py.Hashable(name) {
			return nil, typeErrorf("unhashable type: '%s'", py.TypeName(name))
		}
		s, _ := name.(string)
		return table(c.r.env)[s] != nil, nil
	}
}

func testCase(method string) Func {
	return func(c *Call, a []any) (any, error) {
		s, err := c.Str(a[0])
		if err != nil {
			return nil, err
		}
		return py.CallMethod(s, method, nil, nil)
	}
}

func isInteger(v any) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

func isNumber(v any) bool {
	switch v.(type) {
	case bool, float64:
		return true
	}
	return isInteger(v)
}

// isSequence reports whether v has a length and items.
func isSequence(v any) bool {
	switch v := v.(type) {
	case string, Markup, []any, *py.List, py.Tuple, *py.Dict, py.Range, py.Bytes, *group:
		return true
	case *Undefined:
		return !v.strict
	}
	return false
}

func testIterable(c *Call, a []any) (any, error) {
	switch v := a[0].(type) {
	case *Undefined:
		return true, strictError(v)
	case cursor, *blockNames:
		return true, nil
	case string, Markup, *py.Dict, *group:
		return true, nil
	}
	_, err := py.Iter(a[0])
	return err == nil, nil
}

func isCallable(v any) bool {
	switch v.(type) {
	case contextCallable, py.Callable, func([]any, *py.Dict) (any, error), *Undefined:
		return true
	}
	return false
}

// testSameas is identity. Equal scalars of one type are the same object here,
// as small integers and literals are in Python.
func testSameas(c *Call, a []any) (any, error) {
	x, y := a[0], a[1]
	switch v := x.(type) {
	case []any:
		w, ok := y.([]any)
		return ok && len(v) == len(w) && len(v) > 0 && &v[0] == &w[0], nil
	case py.Tuple:
		w, ok := y.(py.Tuple)
		return ok && len(v) == len(w) && (len(v) == 0 || &v[0] == &w[0]), nil
	case func([]any, *py.Dict) (any, error):
		return false, nil
	case *big.Int:
		return x == y, nil
	}
	if py.TypeName(x) != py.TypeName(y) || !comparable(y) || !comparable(x) {
		return false, nil
	}
	return x == y, nil
}

// comparable reports whether == is defined for the Go type of v.
func comparable(v any) bool {
	switch v.(type) {
	case []any, py.Tuple, func([]any, *py.Dict) (any, error):
		return false
	case nil, bool, int64, float64, string, Markup, *big.Int, *py.Dict, *py.List, *py.Set, *Undefined:
		return true
	}
	return reflectComparable(v)
}
