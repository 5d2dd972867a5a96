package py

import "math/big"

// Check reports why v is not a document: another type than those of a
// document, an integer that fits int64 in a *big.Int, a key that is not
// hashable, more than MaxDocumentDepth levels, or more than MaxSize values.
func Check(v any) error {
	c := checker{}
	return c.check(v, 0)
}

type checker struct{ seen int }

func (c *checker) check(v any, depth int) error {
	if c.seen++; c.seen > MaxSize {
		return errTooBig
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return nil
	case *big.Int:
		if v == nil || v.IsInt64() {
			return typeErrorf("int is not in its normal form")
		}
		return nil
	case []any:
		return c.list(v, depth)
	case *Dict:
		return c.dict(v, depth)
	}
	return typeErrorf("%s is not a document value", TypeName(v))
}

func (c *checker) list(items []any, depth int) error {
	if depth >= MaxDocumentDepth {
		return errTooDeep
	}
	for _, item := range items {
		if err := c.check(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) dict(d *Dict, depth int) error {
	if depth >= MaxDocumentDepth {
		return errTooDeep
	}
	for k, v := range d.All() {
		switch k.(type) {
		case []any, *Dict:
			return unhashable(k)
		}
		if err := c.check(k, depth+1); err != nil {
			return err
		}
		if err := c.check(v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Size estimates the memory of v in bytes, at least 1, counting shared parts
// each time they occur. It stops counting at 4·MaxSize.
func Size(v any) int {
	s := sizer{}
	s.add(v, 0)
	return min(s.n, 4*MaxSize)
}

type sizer struct{ n int }

func (s *sizer) add(v any, depth int) {
	if s.n > 4*MaxSize || depth > maxDepth {
		return
	}
	s.n += 16
	switch v := v.(type) {
	case string:
		s.n += len(v)
	case Bytes:
		s.n += len(v)
	case *big.Int:
		s.n += v.BitLen() / 8
	case *Dict:
		for k, x := range v.All() {
			s.add(k, depth+1)
			s.add(x, depth+1)
		}
	case *Set:
		for x := range v.All() {
			s.add(x, depth+1)
		}
	default:
		x, _ := items(v)
		for _, item := range x {
			s.add(item, depth+1)
		}
	}
}
