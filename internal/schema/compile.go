package schema

import (
	"fmt"
	"slices"

	"github.com/galehq/gale/py"
	"github.com/galehq/gale/pyre"
)

// Schema is a schema ready for use.
type Schema struct {
	doc  *py.Dict
	root *node
	refs map[string]*node // by the text of a $ref; nil where it leads nowhere
}

// Doc returns the document that s was compiled from. It must not be changed.
func (s *Schema) Doc() *py.Dict { return s.doc }

// node is one schema of the tree, with its keywords in the order of the document.
type node struct {
	doc    *py.Dict
	types  []string // of the keyword type
	secret bool
	checks []check
}

// check is one keyword.
type check struct {
	keyword string
	fn      func(r *run, n *node, instance any, hidden bool) []*fault
}

// maxNesting bounds how deep schemas nest.
const maxNesting = 128

// Compile checks a schema against the lenient meta-schema and prepares it. It
// keeps doc, which must not be changed afterwards. A nil doc admits everything.
func Compile(doc *py.Dict) (*Schema, error) {
	if err := CheckSchema(doc); err != nil {
		return nil, err
	}
	return compile(doc)
}

// compile is Compile without the check: keywords with malformed values are ignored.
func compile(doc *py.Dict) (*Schema, error) {
	c := &compiler{schema: &Schema{doc: doc, refs: map[string]*node{}}}
	root, err := c.node(doc, 0)
	if err != nil {
		return nil, err
	}
	c.schema.root = root
	return c.schema, nil
}

type compiler struct{ schema *Schema }

func (c *compiler) node(doc *py.Dict, depth int) (*node, error) {
	n := &node{doc: doc}
	return n, c.fill(n, depth)
}

func (c *compiler) fill(n *node, depth int) error {
	if depth > maxNesting {
		return &Error{Message: fmt.Sprintf("schemas nest more than %d deep", maxNesting)}
	}
	n.secret = truth(n.doc, "secret")
	for k, v := range n.doc.All() {
		name, _ := k.(string)
		build, ok := builders[name]
		if !ok {
			continue
		}
		fn, err := build(c, n, v, depth+1)
		if err != nil {
			return err
		}
		if fn != nil {
			n.checks = append(n.checks, check{name, fn})
		}
	}
	return nil
}

type checkFunc = func(r *run, n *node, instance any, hidden bool) []*fault

// builders turn the value of a keyword into its check; nil where the value
// checks nothing.
var builders map[string]func(c *compiler, n *node, value any, depth int) (checkFunc, error)

func init() {
	builders = map[string]func(*compiler, *node, any, int) (checkFunc, error){
		"$ref":                 buildRef,
		"additionalItems":      buildAdditionalItems,
		"additionalProperties": buildAdditionalProperties,
		"allOf":                buildAllOf,
		"anyOf":                buildAnyOf,
		"dependencies":         buildDependencies,
		"enum":                 buildEnum,
		"items":                buildItems,
		"maxItems":             buildMaxItems,
		"maxLength":            buildMaxLength,
		"maxProperties":        buildMaxProperties,
		"maximum":              buildMaximum,
		"minItems":             buildMinItems,
		"minLength":            buildMinLength,
		"minProperties":        buildMinProperties,
		"minimum":              buildMinimum,
		"multipleOf":           buildMultipleOf,
		"not":                  buildNot,
		"oneOf":                buildOneOf,
		"pattern":              buildPattern,
		"patternProperties":    buildPatternProperties,
		"properties":           buildProperties,
		"type":                 buildType,
		"uniqueItems":          buildUniqueItems,
	}
}

// named is a subschema under a name.
type named struct {
	name string
	node *node
}

// members compiles the schemas of an object of schemas.
func (c *compiler) members(value any, depth int) ([]named, error) {
	d, _ := value.(*py.Dict)
	out := make([]named, 0, d.Len())
	for k, v := range d.All() {
		name, isName := k.(string)
		sub, isSchema := v.(*py.Dict)
		if !isName || !isSchema {
			continue
		}
		n, err := c.node(sub, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, named{name, n})
	}
	return out, nil
}

// list compiles the schemas of an array of schemas.
func (c *compiler) list(value any, depth int) ([]*node, error) {
	subs, _ := items(value)
	out := make([]*node, 0, len(subs))
	for _, v := range subs {
		d, _ := v.(*py.Dict)
		n, err := c.node(d, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// pattern is a regular expression of a schema. One that does not compile
// matches nothing and says so when it is used.
type pattern struct {
	source string
	re     *pyre.Pattern
	err    error
}

func newPattern(source string) pattern {
	re, err := pyre.Compile(source, 0)
	return pattern{source, re, err}
}

func (p pattern) found(in string) (bool, error) {
	if p.err != nil {
		return false, p.err
	}
	m, err := p.re.Search(in)
	return m != nil, err
}

func typeNames(value any) []string {
	if s, ok := value.(string); ok {
		return []string{s}
	}
	list, _ := items(value)
	var names []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

// is reports whether v has the JSON type.
func is(v any, typ string) bool {
	switch typ {
	case "array":
		_, ok := items(v)
		return ok
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer":
		return py.TypeName(v) == "int"
	case "null":
		return v == nil
	case "number":
		name := py.TypeName(v)
		return name == "int" || name == "float"
	case "object":
		_, ok := v.(*py.Dict)
		return ok
	case "string":
		_, ok := v.(string)
		return ok
	}
	return false
}

func isAny(v any, types []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return is(v, t) })
}
