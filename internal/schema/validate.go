package schema

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// Errors returns everything that is wrong with v, in the order of the schema's
// keywords; nil when v fits.
func (s *Schema) Errors(v any) []*Error {
	found := s.faults(v)
	out := make([]*Error, 0, len(found))
	for _, f := range found {
		out = append(out, f.err(nil))
	}
	return out
}

// Validate returns nil when v fits, else the *Error that matters most.
func (s *Schema) Validate(v any) error {
	if e := best(s.faults(v)); e != nil {
		return e
	}
	return nil
}

func (s *Schema) faults(v any) []*fault {
	r := &run{schema: s, whole: v, fuel: fuelPerRun}
	return r.visit(s.root, v, false)
}

// fuelPerRun bounds how many pairs of schema and value one validation looks
// at, beside fuelPerPart for each part of the value; maxVisits bounds how deep
// it goes. References can make a small schema do unbounded work.
const (
	fuelPerRun  = 1 << 17
	fuelPerPart = 16
	maxVisits   = 600
	maxFaults   = 100 // in one value; more would tell nobody more
)

type run struct {
	schema  *Schema
	whole   any
	fuel    int
	counted bool // the parts of whole have been added to fuel
	depth   int
}

// spend takes one unit of fuel. The parts are counted only when the basic
// amount is gone, which is rare.
func (r *run) spend() bool {
	if r.fuel--; r.fuel < 0 && !r.counted {
		r.counted = true
		r.fuel = fuelPerPart * parts(r.whole)
	}
	return r.fuel >= 0
}

// parts counts the values within v.
func parts(v any) int {
	n := 1
	if d, ok := v.(*py.Dict); ok {
		for _, part := range d.All() {
			n += parts(part)
		}
	}
	list, _ := items(v)
	for _, part := range list {
		n += parts(part)
	}
	return n
}

func (r *run) visit(n *node, instance any, hidden bool) []*fault {
	if !r.spend() || r.depth > maxVisits {
		return r.failed("$ref", fmt.Errorf("the schema is too complex for this value"))
	}
	r.depth++
	defer func() { r.depth-- }()
	hidden = hidden || n.secret
	var all []*fault
	for _, c := range n.checks {
		found := c.fn(r, n, instance, hidden)
		for _, f := range found {
			if f.keyword == "" {
				f.keyword, f.fits = c.keyword, len(n.types) > 0 && isAny(instance, n.types)
			}
		}
		if all = append(all, found...); len(all) >= maxFaults {
			return all[:maxFaults]
		}
	}
	return all
}

// admits reports whether the instance fits without saying why not.
func (r *run) admits(n *node, instance any) bool { return len(r.visit(n, instance, true)) == 0 }

// fail makes the fault "REPR rest"; the repr is of the instance.
func (r *run) fail(n *node, instance any, hidden bool, format string, args ...any) []*fault {
	return []*fault{{message: func() string {
		return r.show(n, instance, hidden) + fmt.Sprintf(format, args...)
	}}}
}

// failed makes a fault of an error that no instance could avoid.
func (r *run) failed(keyword string, err error) []*fault {
	return []*fault{{keyword: keyword, message: err.Error}}
}

func buildType(_ *compiler, n *node, value any, _ int) (checkFunc, error) {
	n.types = typeNames(value)
	if len(n.types) == 0 {
		return nil, nil
	}
	quoted := make([]string, len(n.types))
	for i, t := range n.types {
		quoted[i] = py.Repr(t)
	}
	want := " is not of type " + strings.Join(quoted, ", ")
	return func(r *run, n *node, v any, hidden bool) []*fault {
		if isAny(v, n.types) {
			return nil
		}
		return r.fail(n, v, hidden, "%s", want)
	}, nil
}

func buildEnum(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	choices, ok := items(value)
	if !ok {
		return nil, nil
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		for _, c := range choices {
			if Same(c, v) {
				return nil
			}
		}
		return r.fail(n, v, hidden, " is not one of %s", py.Repr(value))
	}, nil
}

func buildPattern(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	source, ok := value.(string)
	if !ok {
		return nil, nil
	}
	p := newPattern(source)
	return func(r *run, n *node, v any, hidden bool) []*fault {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		switch found, err := p.found(s); {
		case err != nil:
			return r.failed("pattern", err)
		case !found:
			return r.fail(n, v, hidden, " does not match %s", py.Repr(source))
		}
		return nil
	}, nil
}

// bound builds a check of a size against the limit in value. The word for the
// smallest or largest limit differs from that of the others.
func bound(value any, size func(any) (int, bool), bad func(size, limit int64) bool, special int64, specially, usually string) (checkFunc, error) {
	limit, ok := value.(int64)
	if !ok {
		return nil, nil
	}
	words := usually
	if limit == special {
		words = specially
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		if got, ok := size(v); !ok || !bad(int64(got), limit) {
			return nil
		}
		return r.fail(n, v, hidden, "%s", words)
	}, nil
}

func under(size, limit int64) bool { return size < limit }
func over(size, limit int64) bool  { return size > limit }

func listLen(v any) (int, bool) {
	list, ok := items(v)
	return len(list), ok
}

func textLen(v any) (int, bool) {
	s, ok := v.(string)
	return utf8.RuneCountInString(s), ok
}

func dictLen(v any) (int, bool) {
	d, ok := v.(*py.Dict)
	return d.Len(), ok
}

func buildMinItems(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, listLen, under, 1, " should be non-empty", " is too short")
}

func buildMaxItems(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, listLen, over, 0, " is expected to be empty", " is too long")
}

func buildMinLength(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, textLen, under, 1, " should be non-empty", " is too short")
}

func buildMaxLength(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, textLen, over, 0, " is expected to be empty", " is too long")
}

func buildMinProperties(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, dictLen, under, 1, " should be non-empty", " does not have enough properties")
}

func buildMaxProperties(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	return bound(value, dictLen, over, 0, " is expected to be empty", " has too many properties")
}

func buildMinimum(_ *compiler, n *node, value any, _ int) (checkFunc, error) {
	return limit(n, value, "exclusiveMinimum", -1, "less", "minimum")
}

func buildMaximum(_ *compiler, n *node, value any, _ int) (checkFunc, error) {
	return limit(n, value, "exclusiveMaximum", 1, "greater", "maximum")
}

// limit builds minimum (side -1) and maximum (side 1).
func limit(n *node, value any, exclusive string, side int, word, name string) (checkFunc, error) {
	if !is(value, "number") {
		return nil, nil
	}
	strict := truth(n.doc, exclusive)
	if strict {
		word += " than or equal to"
	} else {
		word += " than"
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		if !is(v, "number") {
			return nil
		}
		c, err := py.Compare(v, value)
		if err != nil || (c != side && (c != 0 || !strict)) {
			return nil
		}
		return r.fail(n, v, hidden, " is %s the %s of %s", word, name, py.Repr(value))
	}, nil
}

func buildMultipleOf(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	if !is(value, "number") || !py.Truth(value) {
		return nil, nil
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		if !is(v, "number") || isMultiple(v, value) {
			return nil
		}
		return r.fail(n, v, hidden, " is not a multiple of %s", py.Str(value))
	}, nil
}

func buildUniqueItems(_ *compiler, _ *node, value any, _ int) (checkFunc, error) {
	if !py.Truth(value) {
		return nil, nil
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		list, ok := items(v)
		if !ok || allDistinct(list) {
			return nil
		}
		return r.fail(n, v, hidden, " has non-unique elements")
	}, nil
}

func buildItems(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	if _, ok := value.(*py.Dict); ok {
		subs, err := c.list([]any{value}, depth)
		if err != nil {
			return nil, err
		}
		return eachItem(func(int) *node { return subs[0] }, 0), nil
	}
	subs, err := c.list(value, depth)
	if err != nil || subs == nil {
		return nil, err
	}
	return eachItem(func(i int) *node {
		if i < len(subs) {
			return subs[i]
		}
		return nil
	}, 0), nil
}

func eachItem(of func(i int) *node, from int) checkFunc {
	return func(r *run, _ *node, v any, hidden bool) []*fault {
		list, _ := items(v)
		var all []*fault
		for i := from; i < len(list); i++ {
			sub := of(i)
			if sub == nil {
				break
			}
			if all = append(all, below(i, r.visit(sub, list[i], hidden))...); len(all) >= maxFaults {
				break
			}
		}
		return all
	}
}

func buildAdditionalItems(c *compiler, n *node, value any, depth int) (checkFunc, error) {
	v, present := n.doc.GetString("items")
	if _, single := v.(*py.Dict); single || !present {
		return nil, nil // items covers all, or is {} which does
	}
	subs, _ := items(v)
	if d, ok := value.(*py.Dict); ok {
		sub, err := c.node(d, depth)
		if err != nil {
			return nil, err
		}
		return eachItem(func(int) *node { return sub }, len(subs)), nil
	}
	if py.Truth(value) {
		return nil, nil
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		list, _ := items(v)
		if len(list) <= len(subs) {
			return nil
		}
		extra := list[len(subs):]
		shown := make([]string, len(extra))
		return []*fault{{message: func() string {
			for i, x := range extra {
				shown[i] = r.show(n, x, hidden)
			}
			return "Additional items are not allowed (" + unexpected(shown)
		}}}
	}, nil
}

func unexpected(shown []string) string {
	verb := " were unexpected)"
	if len(shown) == 1 {
		verb = " was unexpected)"
	}
	return strings.Join(shown, ", ") + verb
}

func sorted(list []string) []string {
	sort.Strings(list)
	return list
}
