package criteria

import "github.com/galehq/gale/py"

// search looks into a list: whether some item, or every item, meets all of the
// children, or at least one. A child that fails is not met, no more. A map is a
// list of itself, a text a list of its characters.
func (c *criterion) search(v any, env Env) (bool, error) {
	someItem, someChild := false, false
	switch c.condition {
	case "any":
		someItem = true
	case "any2any":
		someItem, someChild = true, true
	case "all":
	case "all2any":
		someChild = true
	default:
		return false, py.Errorf("UnrecognizedConditionError",
			"The '%s' condition is not recognized for type search, 'any', 'all', 'any2any' and 'all2any' are allowed", py.Str(c.condition))
	}
	if d, ok := v.(*py.Dict); ok {
		v = []any{d}
	}
	items, err := py.Iter(v)
	if err != nil {
		return false, err
	}
	for item := range items {
		if c.children.item(item, env, someChild) == someItem {
			return someItem, nil
		}
	}
	return !someItem, nil
}

// item reports whether an item meets some or all of the children.
func (c *Criteria) item(item any, env Env, some bool) bool {
	r := run{env: env, root: "item", value: item}
	for _, child := range c.list {
		if o := child.check(&r); o.Matched == some {
			return some
		}
	}
	return !some
}
