package jinja

import (
	"math/big"
	"strings"

	"github.com/galehq/gale/py"
)

// binary evaluates an arithmetic operation.
func (r *run) binary(op kind, a, b any) (any, error) {
	if err := r.spend(1); err != nil {
		return nil, err
	}
	if u, ok := a.(*Undefined); ok {
		return nil, u.Err()
	}
	if u, ok := b.(*Undefined); ok {
		if op == tMod && isText(a) {
			return formatUndefined(a, u)
		}
		if m, ok := a.(Markup); ok && op == tMul {
			return r.repeatMarkup(m, u)
		}
		return nil, u.Err()
	}
	v, err := r.arithmetic(op, a, b)
	if err != nil {
		return nil, err
	}
	if err := r.takeIterErr(); err != nil {
		return nil, err
	}
	return r.adopt(v)
}

// formatUndefined is text % u: u has items, so it may be left unused.
func formatUndefined(text any, u *Undefined) (any, error) {
	s := plain(text).(string)
	if !strings.Contains(s, "%") {
		return text, nil
	}
	if u.strict || strings.Count(s, "%") > strings.Count(s, "%s") {
		return nil, u.Err()
	}
	v, err := py.Mod(s, "")
	if _, ok := text.(Markup); ok {
		v = markAll(v)
	}
	return v, err
}

func (r *run) arithmetic(op kind, a, b any) (any, error) {
	x, leftMarked := a.(Markup)
	y, rightMarked := b.(Markup)
	if leftMarked || rightMarked {
		switch {
		case leftMarked && op == tMod:
			return r.modMarkup(x, b)
		case op == tAdd && isText(a) && isText(b):
			return r.addMarkup(a, b)
		case op == tMul && leftMarked:
			return r.repeatMarkup(x, b)
		case op == tMul:
			return r.repeatMarkup(y, a)
		}
	}
	switch op {
	case tAdd:
		return r.sum(a, b)
	case tSub:
		return py.Sub(a, b)
	case tMul:
		return r.product(a, b)
	case tDiv:
		return py.Div(a, b)
	case tFloorDiv:
		return r.costly(py.FloorDiv, a, b)
	case tMod:
		return r.modulo(a, b)
	}
	return r.costly(py.Pow, a, b)
}

func isText(v any) bool {
	switch v.(type) {
	case string, Markup:
		return true
	}
	return false
}

func (r *run) sum(a, b any) (any, error) {
	v, err := py.Add(a, b)
	if err != nil {
		return nil, err
	}
	return v, r.charge(v)
}

// charge charges for the size of a new value, without looking into it.
func (r *run) charge(v any) error {
	switch v := v.(type) {
	case string:
		return r.spendBytes(len(v))
	case []any:
		return r.spend(len(v))
	case *py.List:
		return r.spend(len(v.Items))
	case py.Tuple:
		return r.spend(len(v))
	case *big.Int:
		return r.spend(v.BitLen() / 64)
	}
	return nil
}

// product is a * b; repetition is charged before it happens.
func (r *run) product(a, b any) (any, error) {
	if n, ok := b.(int64); ok {
		if err := r.chargeTimes(a, n); err != nil {
			return nil, err
		}
	} else if n, ok := a.(int64); ok {
		if err := r.chargeTimes(b, n); err != nil {
			return nil, err
		}
	}
	return r.costly(py.Mul, a, b)
}

func (r *run) chargeTimes(v any, n int64) error {
	size, unit := int64(0), int64(1)
	switch v := v.(type) {
	case string:
		size, unit = int64(len(v)), bytesPerStep
	case []any:
		size = int64(len(v))
	case *py.List:
		size = int64(len(v.Items))
	case py.Tuple:
		size = int64(len(v))
	}
	if n <= 1 || n > py.MaxSize || size*n > py.MaxSize {
		return nil // nothing to do, or refused by py
	}
	return r.spend(int(size * n / unit))
}

// costly charges for arithmetic of large integers, whose time grows faster
// than their length.
func (r *run) costly(op func(a, b any) (any, error), a, b any) (any, error) {
	n, m := words(a), words(b)
	if n > 4 || m > 4 {
		if err := r.spend((n+1)*(m+1)/64 + n + m); err != nil {
			return nil, err
		}
	}
	v, err := op(a, b)
	if err != nil {
		return nil, err
	}
	if k := words(v); k > 4 {
		return v, r.spend(k*k/64 + k)
	}
	return v, nil
}

func words(v any) int {
	if b, ok := v.(*big.Int); ok {
		return b.BitLen() / 64
	}
	return 0
}

// modulo is a % b: formatting if a is text.
func (r *run) modulo(a, b any) (any, error) {
	s, format := a.(string)
	if !format {
		return r.costly(py.Mod, a, b)
	}
	if err := r.weighBoth(s, b); err != nil {
		return nil, err
	}
	v, err := py.Mod(s, plain(b))
	if err == nil || strings.HasSuffix(Message(err), "Undefined") {
		// Only now: an argument that is not used does no harm.
		if err := strictArgument(s, b); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return v, r.charge(v)
}

// strictArgument returns the error of formatting an undefined value in a tuple
// or dictionary.
func strictArgument(format string, args any) error {
	switch args := args.(type) {
	case py.Tuple:
		return strictKey(args)
	case *py.Dict:
		for k, v := range args.All() {
			if err := strictError(v); err != nil && strings.Contains(format, "%("+py.Str(k)+")") {
				return err
			}
		}
	}
	return nil
}

// compare evaluates one comparison.
func (r *run) compare(op string, a, b any) (bool, error) {
	if err := r.spend(1); err != nil {
		return false, err
	}
	switch op {
	case "in":
		return r.contains(b, a)
	case "not in":
		ok, err := r.contains(b, a)
		return !ok, err
	case "==":
		return r.equal(a, b)
	case "!=":
		ok, err := r.equal(a, b)
		return !ok, err
	}
	return r.less(op, a, b)
}

func (r *run) equal(a, b any) (bool, error) {
	if err := strictError(a); err != nil {
		return false, err
	}
	if err := strictError(b); err != nil {
		return false, err
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return x == y, r.scan(min(len(x), len(y)))
		}
	}
	if err := r.weighBoth(a, b); err != nil {
		return false, err
	}
	if m, ok := b.(Markup); ok {
		return py.Equal(plain(a), string(m)), nil
	}
	return py.Equal(a, b), nil
}

func (r *run) weighBoth(a, b any) error {
	if err := r.weigh(a); err != nil {
		return err
	}
	return r.weigh(b)
}

// less evaluates a OP b for an ordering operator.
func (r *run) less(op string, a, b any) (bool, error) {
	if u, ok := a.(*Undefined); ok {
		return false, u.Err()
	}
	if u, ok := b.(*Undefined); ok {
		return false, u.Err()
	}
	if err := r.weighBoth(a, b); err != nil {
		return false, err
	}
	if isText(a) && isText(b) {
		a, b = plain(a), plain(b)
	}
	return py.Less(op, a, b)
}

// contains evaluates item in container.
func (r *run) contains(container, item any) (bool, error) {
	if err := strictError(container); err != nil {
		return false, err
	}
	switch c := container.(type) {
	case *Undefined:
		return false, nil
	case string:
		if err := r.spendBytes(len(c)); err != nil {
			return false, err
		}
	case Markup:
		return py.Contains(string(c), plain(item))
	case []any, *py.List, py.Tuple, *generator, *loopContext, *group:
		return r.search(c, item)
	case *py.Dict, *py.Set, *py.View, py.Range:
		if n, _ := py.Len(c); n > 0 || isDict(c) {
			if err := strictError(item); err != nil {
				return false, err
			}
		}
	}
	return py.Contains(container, plain(item))
}

func isDict(v any) bool {
	_, ok := v.(*py.Dict)
	return ok
}

// search looks for item in a sequence.
func (r *run) search(sequence, item any) (bool, error) {
	cur, err := r.iterate(sequence)
	if err != nil {
		return false, err
	}
	for {
		x, ok, err := cur.next(r)
		if err != nil || !ok {
			return false, err
		}
		if err := r.spend(1); err != nil {
			return false, err
		}
		if same, err := r.equal(x, item); same || err != nil {
			return same, err
		}
	}
}
