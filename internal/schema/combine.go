package schema

import (
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

func buildAllOf(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	subs, err := c.list(value, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run, _ *node, v any, hidden bool) []*fault {
		var all []*fault
		for _, sub := range subs {
			all = append(all, r.visit(sub, v, hidden)...)
		}
		return all
	}, nil
}

func buildAnyOf(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	subs, err := c.list(value, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		_, found := r.first(subs, n, v, hidden)
		return found
	}, nil
}

// first returns the index of the first schema that admits v, or the fault that none does.
func (r *run) first(subs []*node, n *node, v any, hidden bool) (int, []*fault) {
	var context []*fault
	for i, sub := range subs {
		found := r.visit(sub, v, hidden)
		if len(found) == 0 {
			return i, nil
		}
		context = append(context, found...)
	}
	out := r.fail(n, v, hidden, " is not valid under any of the given schemas")
	out[0].context = context
	return -1, out
}

func buildOneOf(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	subs, err := c.list(value, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		i, found := r.first(subs, n, v, hidden)
		if found != nil {
			return found
		}
		var also []string
		for _, sub := range subs[i+1:] {
			if r.admits(sub, v) {
				also = append(also, py.Repr(sub.doc))
			}
		}
		if also == nil {
			return nil
		}
		also = append(also, py.Repr(subs[i].doc))
		return r.fail(n, v, hidden, " is valid under each of %s", strings.Join(also, ", "))
	}, nil
}

func buildNot(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	d, ok := value.(*py.Dict)
	if !ok {
		return nil, nil
	}
	sub, err := c.node(d, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		if !r.admits(sub, v) {
			return nil
		}
		return r.fail(n, v, hidden, " should not be valid under %s", py.Repr(d))
	}, nil
}

// buildRef follows a reference. It is compiled once, and before its target is
// filled in, so that schemas may refer to themselves.
func buildRef(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	ref, ok := value.(string)
	if !ok {
		return nil, nil
	}
	if _, seen := c.schema.refs[ref]; !seen {
		target := resolve(c.schema.doc, ref)
		if target == nil {
			c.schema.refs[ref] = nil
		} else {
			n := &node{doc: target}
			c.schema.refs[ref] = n
			if err := c.fill(n, depth); err != nil {
				return nil, err
			}
		}
	}
	n := c.schema.refs[ref]
	if n == nil {
		return nil, nil
	}
	return func(r *run, _ *node, v any, hidden bool) []*fault { return r.visit(n, v, hidden) }, nil
}

// resolve finds what a local reference (#/properties/x) points at, nil when
// it is not local, leads nowhere, or is no schema.
func resolve(doc *py.Dict, ref string) *py.Dict {
	if ref == "#" {
		return doc
	}
	pointer, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil
	}
	var at any = doc
	for _, token := range strings.Split(pointer, "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch v := at.(type) {
		case *py.Dict:
			at, _ = v.GetString(token)
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	target, _ := at.(*py.Dict)
	return target
}
