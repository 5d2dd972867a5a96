package jinja

import (
	"fmt"
	"slices"

	"github.com/galehq/gale/py"
)

// expr compiles an expression.
func (c *compiler) expr(x expr, s *scope) evalFn {
	switch x := x.(type) {
	case *constExpr:
		v := x.value
		return func(*run, *frame) (any, error) { return v, nil }
	case *dataExpr:
		return func(*run, *frame) (any, error) { return x.text, nil }
	case *nameExpr:
		return c.name(x, s)
	case *tupleExpr:
		items := c.exprs(x.items, s)
		return func(r *run, f *frame) (any, error) {
			v, err := evalAll(items, r, f)
			return py.Tuple(v), err
		}
	case *listExpr:
		items := c.exprs(x.items, s)
		return func(r *run, f *frame) (any, error) {
			v, err := evalAll(items, r, f)
			if !r.mutable {
				return v, err
			}
			l := &py.List{Items: v}
			r.own(l)
			return l, err
		}
	case *dictExpr:
		return c.dict(x, s)
	case *condExpr:
		return c.cond(x, s)
	case *boolExpr:
		return c.bool(x, s)
	case *notExpr:
		return c.not(x, s)
	case *binExpr:
		return c.binary(x, s)
	case *unaryExpr:
		return c.unary(x, s)
	case *compareExpr:
		return c.compare(x, s)
	case *concatExpr:
		return c.concat(x, s)
	case *attrExpr:
		return c.attr(x, s)
	case *itemExpr:
		return c.item(x, s)
	case *callExpr:
		return c.call(x, s, nil)
	case *filterExpr:
		return c.filter(x, s, func() evalFn { return c.expr(x.x, s) })
	case *testExpr:
		return c.test(x, s)
	case *sliceExpr:
		// Within a tuple of keys, as in x[1:2, 3].
		panic(failure{&placed{py.Errorf("SyntaxError", "invalid syntax"), x.pos}})
	}
	panic(failure{errorf(ClassSyntax, "unexpected %T", x).at(x.place())})
}

func (c *compiler) exprs(xs []expr, s *scope) []evalFn {
	out := make([]evalFn, len(xs))
	for i, x := range xs {
		out[i] = c.expr(x, s)
	}
	return out
}

func evalAll(fns []evalFn, r *run, f *frame) ([]any, error) {
	out := make([]any, len(fns))
	for i, fn := range fns {
		v, err := fn(r, f)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, r.spend(len(fns))
}

func (c *compiler) dict(x *dictExpr, s *scope) evalFn {
	keys, values := c.exprs(x.keys, s), c.exprs(x.values, s)
	return func(r *run, f *frame) (any, error) {
		d := py.NewDict(len(keys))
		for i := range keys {
			k, err := keys[i](r, f)
			if err != nil {
				return nil, err
			}
			v, err := values[i](r, f)
			if err != nil {
				return nil, err
			}
			if err := strictKey(k); err != nil {
				return nil, err
			}
			if err := d.SetKey(plain(k), v); err != nil {
				return nil, err
			}
		}
		r.own(d)
		return d, r.spend(len(keys))
	}
}

func (c *compiler) cond(x *condExpr, s *scope) evalFn {
	s = s.softer()
	test, then := c.expr(x.test, s), c.expr(x.then, s)
	otherwise := evalFn(nil)
	if x.otherwise != nil {
		otherwise = c.expr(x.otherwise, s)
	} else {
		// Lenient even in a strict environment.
		hint := fmt.Sprintf("the inline if-expression on line %d evaluated to false and no else section was defined.", x.line)
		otherwise = func(*run, *frame) (any, error) { return &Undefined{hint: hint}, nil }
	}
	return func(r *run, f *frame) (any, error) {
		v, err := test(r, f)
		if err != nil {
			return nil, err
		}
		ok, err := r.truth(v)
		switch {
		case err != nil:
			return nil, err
		case ok:
			return then(r, f)
		}
		return otherwise(r, f)
	}
}

func (c *compiler) bool(x *boolExpr, s *scope) evalFn {
	if v, ok := constant(x.left); ok && py.Truth(v) != x.and {
		// Folded, as the original does: what stands at the right may even name
		// an unknown filter.
		return c.expr(x.left, s)
	}
	left, right, and := c.expr(x.left, s), c.expr(x.right, s), x.and
	return func(r *run, f *frame) (any, error) {
		v, err := left(r, f)
		if err != nil {
			return nil, err
		}
		ok, err := r.truth(v)
		if err != nil {
			return nil, err
		}
		if ok != and {
			return v, nil
		}
		return right(r, f)
	}
}

func (c *compiler) not(x *notExpr, s *scope) evalFn {
	operand := c.expr(x.x, s)
	return func(r *run, f *frame) (any, error) {
		v, err := operand(r, f)
		if err != nil {
			return nil, err
		}
		ok, err := r.truth(v)
		return !ok, err
	}
}

func (c *compiler) binary(x *binExpr, s *scope) evalFn {
	left, right, op := c.expr(x.left, s), c.expr(x.right, s), x.op
	return func(r *run, f *frame) (any, error) {
		a, err := left(r, f)
		if err != nil {
			return nil, err
		}
		b, err := right(r, f)
		if err != nil {
			return nil, err
		}
		return r.binary(op, a, b)
	}
}

func (c *compiler) unary(x *unaryExpr, s *scope) evalFn {
	operand, op := c.expr(x.x, s), py.Neg
	if x.op == tAdd {
		op = py.Pos
	}
	return func(r *run, f *frame) (any, error) {
		v, err := operand(r, f)
		if err != nil {
			return nil, err
		}
		if u, ok := v.(*Undefined); ok {
			return nil, u.Err()
		}
		return op(v)
	}
}

func (c *compiler) compare(x *compareExpr, s *scope) evalFn {
	first := c.expr(x.x, s)
	operands := make([]evalFn, len(x.ops))
	for i, op := range x.ops {
		operands[i] = c.expr(op.x, s)
	}
	ops := x.ops
	return func(r *run, f *frame) (any, error) {
		left, err := first(r, f)
		if err != nil {
			return nil, err
		}
		for i, operand := range operands {
			right, err := operand(r, f)
			if err != nil {
				return nil, err
			}
			ok, err := r.compare(ops[i].op, left, right)
			if err != nil || !ok {
				return false, err
			}
			left = right
		}
		return true, nil
	}
}

// concat compiles a ~ b ~ …
func (c *compiler) concat(x *concatExpr, s *scope) evalFn {
	items, escape := c.exprs(x.items, s), s.escape && !s.volatile
	return func(r *run, f *frame) (any, error) {
		values, err := evalAll(items, r, f)
		if err != nil {
			return nil, err
		}
		if escape {
			return r.joinMarkup(values)
		}
		n := 0
		parts := make([]string, len(values))
		for i, v := range values {
			if parts[i], err = r.str(v); err != nil {
				return nil, err
			}
			n += len(parts[i])
		}
		return r.concat(parts, n)
	}
}

func (c *compiler) attr(x *attrExpr, s *scope) evalFn {
	object, name := c.expr(x.x, s), x.name
	// A dictionary's own attributes hide its keys; all others are keys.
	key := !dictAttributes[name] && name[0] != '_'
	return func(r *run, f *frame) (any, error) {
		v, err := object(r, f)
		if err != nil {
			return nil, err
		}
		if key {
			if d, ok := v.(*py.Dict); ok {
				if item, ok := d.GetString(name); ok {
					return item, nil
				}
				return r.undefined(&Undefined{obj: d, hasObj: true, name: name}), nil
			}
		}
		return r.attr(v, name)
	}
}

func (c *compiler) item(x *itemExpr, s *scope) evalFn {
	object := c.expr(x.x, s)
	if slice, ok := x.key.(*sliceExpr); ok {
		return c.slice(object, slice, s)
	}
	key := c.expr(x.key, s)
	return func(r *run, f *frame) (any, error) {
		v, err := object(r, f)
		if err != nil {
			return nil, err
		}
		k, err := key(r, f)
		if err != nil {
			return nil, err
		}
		return r.item(v, k)
	}
}

func (c *compiler) slice(object evalFn, x *sliceExpr, s *scope) evalFn {
	var parts []evalFn
	for _, part := range []expr{x.low, x.high, x.step} {
		if part == nil {
			part = &constExpr{x.pos, nil}
		}
		parts = append(parts, c.expr(part, s))
	}
	return func(r *run, f *frame) (any, error) {
		v, err := object(r, f)
		if err != nil {
			return nil, err
		}
		bounds, err := evalAll(parts, r, f)
		if err != nil {
			return nil, err
		}
		return r.slice(v, bounds)
	}
}

// mutators are the methods that change a list, dictionary or set.
var mutators = map[string]bool{
	"append": true, "extend": true, "insert": true, "pop": true, "remove": true, "clear": true,
	"sort": true, "reverse": true, "update": true, "setdefault": true, "popitem": true, "add": true,
	"discard": true, "difference_update": true, "intersection_update": true,
	"symmetric_difference_update": true,
}

// call compiles a call. caller, if not nil, yields the keyword argument of a
// call block.
func (c *compiler) call(x *callExpr, s *scope, caller evalFn) evalFn {
	callee := c.expr(x.x, s)
	switch a := x.x.(type) {
	case *attrExpr:
		c.mutates = c.mutates || mutators[a.name]
	case *itemExpr:
		if name, ok := constant(a.key); ok {
			text, _ := name.(string)
			c.mutates = c.mutates || mutators[text]
		}
	}
	args := c.arguments(&x.arguments, s, x.pos, "jinja2.sandbox.SandboxedEnvironment.call", caller)
	return func(r *run, f *frame) (any, error) {
		fn, err := callee(r, f)
		if err != nil {
			return nil, err
		}
		pos, kw, err := args(r, f)
		if err != nil {
			return nil, err
		}
		return r.callValue(fn, pos, kw)
	}
}

type argsFn func(*run, *frame) ([]any, *py.Dict, error)

// arguments compiles the arguments of a call of the function fn.
func (c *compiler) arguments(a *arguments, s *scope, at pos, fn string, caller evalFn) argsFn {
	fixed := c.exprs(a.args, s)
	names := make([]string, 0, len(a.kwargs)+1)
	values := make([]evalFn, 0, len(a.kwargs)+1)
	for _, k := range a.kwargs {
		names, values = append(names, k.name), append(values, c.expr(k.value, s))
	}
	if caller != nil {
		names, values = append(names, "caller"), append(values, caller)
	}
	if name := repeated(names); name != "" {
		panic(failure{&placed{py.Errorf("SyntaxError", "keyword argument repeated: %s", name), at}})
	}
	if a.star == nil && a.dstar == nil && len(names) == 0 {
		return func(r *run, f *frame) ([]any, *py.Dict, error) {
			pos, err := evalAll(fixed, r, f)
			return pos, nil, err
		}
	}
	star, dstar := evalFn(nil), evalFn(nil)
	if a.star != nil {
		star = c.expr(a.star, s)
	}
	if a.dstar != nil {
		dstar = c.expr(a.dstar, s)
	}
	return func(r *run, f *frame) ([]any, *py.Dict, error) {
		pos, err := evalAll(fixed, r, f)
		if err == nil && star != nil {
			pos, err = r.addStar(pos, star, f)
		}
		if err != nil {
			return nil, nil, err
		}
		kw := py.NewDict(len(names))
		for i, value := range values {
			v, err := value(r, f)
			if err != nil {
				return nil, nil, err
			}
			kw.Set(names[i], v)
		}
		if dstar != nil {
			err = r.addDoubleStar(fn, kw, dstar, f)
		}
		return pos, kw, err
	}
}

// repeated returns a name that occurs twice, or "".
func repeated(names []string) string {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return name
		}
	}
	return ""
}

func (r *run) addStar(pos []any, star evalFn, f *frame) ([]any, error) {
	v, err := star(r, f)
	if err != nil {
		return nil, err
	}
	if err := strictError(v); err != nil {
		return nil, err
	}
	cur, err := r.iterate(v)
	if err != nil {
		return nil, py.Errorf("TypeError", "Value after * must be an iterable, not %s", py.TypeName(v))
	}
	for {
		x, ok, err := cur.next(r)
		if err != nil || !ok {
			return pos, err
		}
		pos = append(pos, x)
	}
}

func (r *run) addDoubleStar(fn string, kw *py.Dict, dstar evalFn, f *frame) error {
	v, err := dstar(r, f)
	if err != nil {
		return err
	}
	if u, ok := v.(*Undefined); ok {
		return u.Err()
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return py.Errorf("TypeError", "%s() argument after ** must be a mapping, not %s", fn, py.TypeName(v))
	}
	for k, v := range d.All() {
		name, ok := k.(string)
		if !ok {
			return py.Errorf("TypeError", "keywords must be strings")
		}
		if _, dup := kw.GetString(name); dup {
			return py.Errorf("TypeError", "%s() got multiple values for keyword argument %s", fn, py.Repr(name))
		}
		kw.Set(name, v)
	}
	return r.spend(d.Len())
}

// filter compiles the application of a filter to what input compiles.
func (c *compiler) filter(x *filterExpr, s *scope, input func() evalFn) evalFn {
	fn := c.env.filters[x.name]
	if fn == nil {
		c.mustBeSoft(s, x.pos, "filter", x.name)
		return c.unknown("filter", x.name, input(), &x.arguments, s, x.pos)
	}
	if x.name == "attr" && len(x.args) > 0 {
		if name, ok := constant(x.args[0]); ok {
			text, _ := name.(string)
			c.mutates = c.mutates || mutators[text]
		}
	}
	return c.apply(fn, input(), &x.arguments, s, x.pos)
}

// chain compiles the filters of a block, applied to the text that input
// yields.
func (c *compiler) chain(x *filterExpr, s *scope, input evalFn) evalFn {
	return c.filter(x, s, func() evalFn {
		if inner, ok := x.x.(*filterExpr); ok {
			return c.chain(inner, s, input)
		}
		return input
	})
}

func (c *compiler) test(x *testExpr, s *scope) evalFn {
	fn := c.env.tests[x.name]
	if fn == nil {
		c.mustBeSoft(s, x.pos, "test", x.name)
		return c.unknown("test", x.name, c.expr(x.x, s), &x.arguments, s, x.pos)
	}
	return c.apply(fn, c.expr(x.x, s), &x.arguments, s, x.pos)
}

// mustBeSoft fails on an unknown filter or test outside of an if.
func (c *compiler) mustBeSoft(s *scope, at pos, what, name string) {
	if !s.soft {
		c.fail(at, "No %s named %s.", what, py.Repr(name))
	}
}

// unknown compiles the use of a filter or test that does not exist: the error
// comes when it is called, after its arguments.
func (c *compiler) unknown(what, name string, input evalFn, a *arguments, s *scope, at pos) evalFn {
	fn := &Function{mustSignature("unknown(*args, **kwargs)"), func(*Call, []any) (any, error) {
		return nil, errorf(ClassRuntime, "No %s named %s found.", what, py.Repr(name)).at(at)
	}}
	return c.apply(fn, input, a, s, at)
}

// apply compiles a call of fn with the value of input in front of the
// arguments.
func (c *compiler) apply(fn *Function, input evalFn, a *arguments, s *scope, at pos) evalFn {
	if a.args == nil && a.kwargs == nil && a.star == nil && a.dstar == nil {
		return func(r *run, f *frame) (any, error) {
			v, err := input(r, f)
			if err != nil {
				return nil, err
			}
			return r.applyFunction(fn, []any{v}, nil)
		}
	}
	args := c.arguments(a, s, at, fn.sig.name, nil)
	return func(r *run, f *frame) (any, error) {
		v, err := input(r, f)
		if err != nil {
			return nil, err
		}
		pos, kw, err := args(r, f)
		if err != nil {
			return nil, err
		}
		all := append(make([]any, 0, len(pos)+1), v)
		return r.applyFunction(fn, append(all, pos...), kw)
	}
}
