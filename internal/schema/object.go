package schema

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

func buildProperties(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	members, err := c.members(value, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run, n *node, v any, hidden bool) []*fault {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil
		}
		var all []*fault
		for _, m := range members {
			part, present := d.GetString(m.name)
			switch {
			case present:
				all = append(all, below(m.name, r.visit(m.node, part, hidden))...)
			case truth(m.node.doc, "required"):
				all = append(all, missing(n, v, m.name))
			}
			if len(all) >= maxFaults {
				break
			}
		}
		return all
	}, nil
}

// missing is the fault of a required property that is not there.
func missing(n *node, instance any, name string) *fault {
	return &fault{
		message: func() string { return py.Repr(name) + " is a required property" },
		path:    Path{name}, keyword: "required",
		fits: len(n.types) > 0 && isAny(instance, n.types),
	}
}

// patternMember is a subschema for the names that a pattern is found in.
type patternMember struct {
	pattern
	node *node
}

func buildPatternProperties(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	members, err := c.members(value, depth)
	if err != nil {
		return nil, err
	}
	patterns := make([]patternMember, len(members))
	for i, m := range members {
		patterns[i] = patternMember{newPattern(m.name), m.node}
	}
	return func(r *run, _ *node, v any, hidden bool) []*fault {
		d, _ := v.(*py.Dict)
		var all []*fault
		for _, p := range patterns {
			for k, part := range d.All() {
				name, ok := k.(string)
				if !ok {
					continue
				}
				found, err := p.found(name)
				if err != nil {
					return r.failed("patternProperties", err)
				}
				if found {
					all = append(all, below(name, r.visit(p.node, part, hidden))...)
				}
			}
		}
		return all
	}, nil
}

// additional says which names of an object neither properties nor
// patternProperties speak of.
type additional struct {
	known    *py.Dict
	patterns []pattern
}

func newAdditional(doc *py.Dict) additional {
	a := additional{known: dict(doc, "properties")}
	for k := range dict(doc, "patternProperties").All() {
		if source, ok := k.(string); ok {
			a.patterns = append(a.patterns, newPattern(source))
		}
	}
	return a
}

func (a additional) names(d *py.Dict) (names []any, err error) {
	for k := range d.All() {
		if _, known := a.known.Get(k); known {
			continue
		}
		covered, err := a.covered(k)
		if err != nil {
			return nil, err
		}
		if !covered {
			names = append(names, k)
		}
	}
	return names, nil
}

func (a additional) covered(key any) (bool, error) {
	name, ok := key.(string)
	if !ok {
		return false, nil
	}
	for _, p := range a.patterns {
		if found, err := p.found(name); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func buildAdditionalProperties(c *compiler, n *node, value any, depth int) (checkFunc, error) {
	extras := newAdditional(n.doc)
	if d, ok := value.(*py.Dict); ok {
		sub, err := c.node(d, depth)
		if err != nil {
			return nil, err
		}
		return eachExtra(extras, sub), nil
	}
	if py.Truth(value) {
		return nil, nil
	}
	patterns := dict(n.doc, "patternProperties")
	return func(r *run, _ *node, v any, _ bool) []*fault {
		d, _ := v.(*py.Dict)
		names, err := extras.names(d)
		if err != nil {
			return r.failed("additionalProperties", err)
		}
		if len(names) == 0 {
			return nil
		}
		return []*fault{{message: func() string { return extrasMessage(names, patterns) }}}
	}, nil
}

func eachExtra(extras additional, sub *node) checkFunc {
	return func(r *run, _ *node, v any, hidden bool) []*fault {
		d, _ := v.(*py.Dict)
		names, err := extras.names(d)
		if err != nil {
			return r.failed("additionalProperties", err)
		}
		var all []*fault
		for _, k := range names {
			part, _ := d.Get(k)
			if all = append(all, below(k, r.visit(sub, part, hidden))...); len(all) >= maxFaults {
				break
			}
		}
		return all
	}
}

func extrasMessage(names []any, patterns *py.Dict) string {
	shown := sortedReprs(names)
	if patterns == nil {
		return "Additional properties are not allowed (" + unexpected(shown)
	}
	verb := " do"
	if len(shown) == 1 {
		verb = " does"
	}
	return strings.Join(shown, ", ") + verb + " not match any of the regexes: " +
		strings.Join(sortedReprs(patterns.Keys()), ", ")
}

// sortedReprs sorts by the text, not by its repr: quotes would disturb the order.
func sortedReprs(keys []any) []string {
	byText := make(map[string]any, len(keys))
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = py.Str(k)
		byText[texts[i]] = k
	}
	for i, t := range sorted(texts) {
		texts[i] = py.Repr(byText[t])
	}
	return texts
}

func buildDependencies(c *compiler, _ *node, value any, depth int) (checkFunc, error) {
	schemas, err := c.members(value, depth)
	if err != nil {
		return nil, err
	}
	names, _ := value.(*py.Dict)
	return func(r *run, _ *node, v any, hidden bool) []*fault {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil
		}
		var all []*fault
		for k, list := range names.All() {
			if _, present := d.Get(k); present {
				all = append(all, absent(d, k, list)...)
			}
		}
		for _, m := range schemas {
			if _, present := d.GetString(m.name); present {
				all = append(all, r.visit(m.node, v, hidden)...)
			}
		}
		return all
	}, nil
}

func absent(d *py.Dict, key, list any) (all []*fault) {
	wanted, _ := items(list)
	for _, w := range wanted {
		if _, ok := d.Get(w); !ok {
			all = append(all, &fault{message: func() string {
				return py.Repr(w) + " is a dependency of " + py.Repr(key)
			}})
		}
	}
	return all
}

// Same reports whether two values are one value to JSON schema: as in Python,
// except that true is not 1 and false not 0, at any depth.
func Same(a, b any) bool {
	x, aBool := a.(bool)
	y, bBool := b.(bool)
	if aBool || bBool {
		return aBool && bBool && x == y
	}
	if s, ok := items(a); ok {
		t, ok := items(b)
		if !ok || len(s) != len(t) {
			return false
		}
		for i := range s {
			if !Same(s[i], t[i]) {
				return false
			}
		}
		return true
	}
	if d, ok := a.(*py.Dict); ok {
		e, ok := b.(*py.Dict)
		return ok && sameDicts(d, e)
	}
	return py.Equal(a, b)
}

func sameDicts(d, e *py.Dict) bool {
	if d.Len() != e.Len() {
		return false
	}
	for k, v := range d.All() {
		if w, ok := e.Get(k); !ok || !Same(v, w) {
			return false
		}
	}
	return true
}

// allDistinct compares by hashes of JSON, so that a long list costs no square.
func allDistinct(list []any) bool {
	seen := make(map[string][]any, len(list))
	for _, v := range list {
		key := bucket(v)
		for _, w := range seen[key] {
			if Same(v, w) {
				return false
			}
		}
		seen[key] = append(seen[key], v)
	}
	return true
}

// bucket is equal for values that are the same; different values rarely share one.
func bucket(v any) string {
	var b strings.Builder
	writeBucket(&b, v)
	return b.String()
}

func writeBucket(b *strings.Builder, v any) {
	if list, ok := items(v); ok {
		b.WriteByte('[')
		for _, x := range list {
			writeBucket(b, x)
			b.WriteByte(',')
		}
		return
	}
	switch v := v.(type) {
	case string:
		b.WriteString(strconv.Quote(v))
	case float64:
		b.WriteString(wholeOrRepr(v))
	case *py.Dict:
		writeDictBucket(b, v)
	default:
		b.WriteString(py.Repr(v))
	}
}

func writeDictBucket(b *strings.Builder, d *py.Dict) {
	parts := make([]string, 0, d.Len())
	for k, v := range d.All() {
		parts = append(parts, bucket(k)+":"+bucket(v))
	}
	b.WriteByte('{')
	for _, p := range sorted(parts) {
		b.WriteString(p)
		b.WriteByte(',')
	}
}

// wholeOrRepr writes a float as the int that it equals, if there is one.
func wholeOrRepr(f float64) string {
	if f != math.Trunc(f) || math.IsInf(f, 0) {
		return py.Repr(f)
	}
	whole, _ := big.NewFloat(f).Int(nil)
	return whole.String()
}

// isMultiple follows Python: float division when the divisor is a float, the
// exact remainder otherwise.
func isMultiple(v, of any) bool {
	divisor, isFloat := of.(float64)
	x, _ := py.Float(v)
	if isFloat || isFloatValue(v) {
		if !isFloat {
			divisor, _ = py.Float(of)
			return math.Mod(x, divisor) == 0
		}
		if q := x / divisor; !math.IsInf(q, 0) && !math.IsNaN(q) {
			return q == math.Trunc(q)
		}
	}
	a, b := rational(v), rational(of)
	return a != nil && b != nil && b.Sign() != 0 && new(big.Rat).Quo(a, b).IsInt()
}

func isFloatValue(v any) bool {
	_, ok := v.(float64)
	return ok
}

func rational(v any) *big.Rat {
	switch v := v.(type) {
	case int64:
		return new(big.Rat).SetInt64(v)
	case *big.Int:
		return new(big.Rat).SetInt(v)
	case float64:
		return new(big.Rat).SetFloat64(v)
	}
	return nil
}
