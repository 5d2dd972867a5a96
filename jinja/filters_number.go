package jinja

import (
	"fmt"
	"math"
	"math/big"

	"github.com/galehq/gale/py"
)

func filterAbs(c *Call, a []any) (any, error) { return py.Abs(a[0]) }

// filterInt is int(value) with a default for what is no number.
func filterInt(c *Call, a []any) (any, error) {
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	value := plain(a[0])
	if err := c.r.weigh(value); err != nil {
		return nil, err
	}
	v, err := intWithBase(value, a[2])
	switch Class(err) {
	case "":
		return v, err
	case "TypeError", "ValueError":
	default:
		return nil, err
	}
	// For the sake of "42.23", which is 42.
	f, err := py.Float(value)
	if err == nil {
		v, err = py.Int(f)
	}
	switch Class(err) {
	case "":
		return v, err
	case "TypeError", "ValueError", "OverflowError":
		return a[1], nil
	}
	return nil, err
}

func intWithBase(value, base any) (any, error) {
	s, ok := value.(string)
	if !ok {
		return py.Int(value)
	}
	n, err := intArg(base)
	if err != nil {
		return nil, err
	}
	return py.IntBase(s, n)
}

func filterFloat(c *Call, a []any) (any, error) {
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	f, err := py.Float(plain(a[0]))
	switch Class(err) {
	case "":
		return f, err
	case "TypeError", "ValueError":
		return a[1], nil
	}
	return nil, err
}

func filterRound(c *Call, a []any) (any, error) {
	method, _ := plain(a[2]).(string)
	if err := strictError(a[2]); err != nil {
		return nil, err
	}
	switch method {
	case "common":
		return py.Round(a[0], a[1])
	case "ceil", "floor":
		return c.r.roundTo(method, a[0], a[1])
	}
	return nil, argumentErrorf("method must be common, ceil or floor")
}

// roundTo rounds up or down to a decimal place.
func (r *run) roundTo(method string, v, precision any) (any, error) {
	scale, err := r.binary(tPow, int64(10), precision)
	if err != nil {
		return nil, err
	}
	x, err := r.binary(tMul, v, scale)
	if err != nil {
		return nil, err
	}
	switch n := x.(type) {
	case int64, *big.Int, bool:
	case float64:
		if method == "ceil" {
			n = math.Ceil(n)
		} else {
			n = math.Floor(n)
		}
		if x, err = py.Int(n); err != nil {
			return nil, err
		}
	default:
		return nil, typeErrorf("must be real number, not %s", py.TypeName(x))
	}
	return r.binary(tDiv, x, scale)
}

var sizePrefixes = "kMGTPEZY"

func filterFilesizeformat(c *Call, a []any) (any, error) {
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	size, err := py.Float(plain(a[0]))
	if err != nil {
		return nil, err
	}
	binary, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	base, suffix := 1000.0, "B"
	if binary {
		base, suffix = 1024.0, "iB"
	}
	switch {
	case size == 1:
		return "1 Byte", nil
	case size < base:
		n, err := py.Int(size)
		return py.Str(n) + " Bytes", err
	}
	unit := base
	for i, prefix := range sizePrefixes {
		unit *= base
		if size < unit || i == len(sizePrefixes)-1 {
			name := string(prefix)
			if binary && name == "k" {
				name = "K"
			}
			return fmt.Sprintf("%.1f %s%s", base*size/unit, name, suffix), nil
		}
	}
	return nil, nil
}

func filterSum(c *Call, a []any) (any, error) {
	if err := strictError(a[0]); err != nil {
		return nil, err
	}
	get := c.r.attrGetter(a[1], false, nil)
	if _, err := c.r.iterate(a[0]); err != nil {
		return nil, err
	}
	if isText(a[2]) {
		return nil, typeErrorf("sum() can't sum strings [use ''.join(seq) instead]")
	}
	total := a[2]
	err := c.Each(a[0], func(x any) (err error) {
		if a[1] != nil {
			if x, err = get(x); err != nil {
				return err
			}
		}
		total, err = c.r.binary(tAdd, total, x)
		return err
	})
	return total, err
}
