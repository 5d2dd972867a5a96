package yaml

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/galehq/gale/py"
)

// constructor makes values from nodes.
type constructor struct {
	opts   Options
	text   string
	done   map[*yaml.Node]any    // of containers with an anchor
	active map[*yaml.Node]bool   // containers being made
	pairs  map[*yaml.Node][]pair // of mappings, merged
}

type pair struct{ key, value *yaml.Node }

func (o Options) construct(root *yaml.Node, text string) (any, error) {
	c := &constructor{
		opts: o, text: text,
		done: map[*yaml.Node]any{}, active: map[*yaml.Node]bool{}, pairs: map[*yaml.Node][]pair{},
	}
	if err := checkNodes(root, text); err != nil {
		return nil, err
	}
	if err := c.checkSize(root); err != nil {
		return nil, err
	}
	return c.value(root, 0)
}

// at makes an error about a node.
func at(n *yaml.Node, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Line: n.Line, Column: n.Column}
}

func (e *Error) while(context string, n *yaml.Node) *Error {
	e.Context, e.ContextLine, e.ContextColumn = context, n.Line, n.Column
	return e
}

// checkSize refuses a document whose aliases stand for too many values, before any of them is made. A container that
// holds itself has no size and is refused too.
func (c *constructor) checkSize(root *yaml.Node) error {
	sizes := map[*yaml.Node]int{}
	var size func(n *yaml.Node, depth int) (int, error)
	size = func(n *yaml.Node, depth int) (int, error) {
		n = target(n)
		if len(n.Content) == 0 {
			return 1, nil
		}
		if s, ok := sizes[n]; ok && s > 0 {
			return s, nil
		} else if ok {
			return 0, at(n, "found unconstructable recursive node")
		}
		if depth > c.opts.MaxDepth {
			return 0, at(n, "the document is nested more than %d deep", c.opts.MaxDepth)
		}
		sizes[n] = 0
		total := 1
		for _, child := range n.Content {
			s, err := size(child, depth+1)
			if err != nil {
				return 0, err
			}
			if total += s; total > c.opts.MaxValues {
				return 0, at(child, "the document stands for more than %d values", c.opts.MaxValues)
			}
		}
		sizes[n] = total
		return total, nil
	}
	_, err := size(root, 1)
	return err
}

// value makes the value of a node. depth counts containers around it, through aliases too.
func (c *constructor) value(n *yaml.Node, depth int) (any, error) {
	n = target(n)
	if v, ok := c.done[n]; ok {
		return v, nil
	}
	if depth > c.opts.MaxDepth {
		return nil, at(n, "the document is nested more than %d deep", c.opts.MaxDepth)
	}
	v, err := c.construct(n, depth)
	if err != nil {
		return nil, err
	}
	if n.Anchor != "" && n.Kind != yaml.ScalarNode {
		c.done[n] = v // so that all aliases are the same object, as in Python
	}
	return v, nil
}

func (c *constructor) construct(n *yaml.Node, depth int) (any, error) {
	switch tag := tagOf(n); tag {
	case tagSeq:
		return c.sequence(n, depth)
	case tagMap:
		return c.mapping(n, depth)
	case tagOmap:
		return c.tuples(n, "while constructing an ordered map", depth)
	case tagPairs:
		return c.tuples(n, "while constructing pairs", depth)
	case tagSet:
		return c.set(n, depth)
	case tagNull, tagBool, tagInt, tagFloat, tagStr, tagBinary, tagTimestamp:
		return c.scalar(n, tag)
	default:
		return nil, at(n, "could not determine a constructor for the tag '%s'", longTag(tag))
	}
}

func longTag(tag string) string {
	if name, ok := strings.CutPrefix(tag, "!!"); ok {
		return "tag:yaml.org,2002:" + name
	}
	return tag
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "sequence"
	case yaml.MappingNode:
		return "mapping"
	}
	return "scalar"
}

func (c *constructor) scalar(n *yaml.Node, tag string) (any, error) {
	text, err := c.scalarText(n)
	if err != nil {
		return nil, err
	}
	v, err := convert(tag, text)
	if err != nil {
		message := err.Error()
		var e *py.Error
		if errors.As(err, &e) {
			message = e.Message
		}
		return nil, at(n, "%s", message)
	}
	return v, nil
}

// scalarText returns the text of a scalar or, for a mapping, of its member =, YAML's default value.
func (c *constructor) scalarText(n *yaml.Node) (string, error) {
	if n.Kind == yaml.ScalarNode {
		return n.Value, nil
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if tagOf(n.Content[i]) == tagValue {
				return c.scalarText(target(n.Content[i+1]))
			}
		}
	}
	return "", at(n, "expected a scalar node, but found %s", kindName(n))
}

func (c *constructor) sequence(n *yaml.Node, depth int) (any, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, at(n, "expected a sequence node, but found %s", kindName(n))
	}
	list := make([]any, len(n.Content))
	for i, child := range n.Content {
		v, err := c.value(child, depth+1)
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, nil
}

func (c *constructor) mapping(n *yaml.Node, depth int) (any, error) {
	if n.Kind != yaml.MappingNode {
		return nil, at(n, "expected a mapping node, but found %s", kindName(n))
	}
	pairs, err := c.flatten(n)
	if err != nil {
		return nil, err
	}
	d := py.NewDict(len(pairs))
	for _, p := range pairs {
		key, err := c.key(n, p.key, depth)
		if err != nil {
			return nil, err
		}
		if c.opts.UniqueKeys {
			if _, twice := d.Get(key); twice {
				e := at(p.key, "found duplicate key \"%s\"", target(p.key).Value)
				e.unmarked = true
				return nil, e
			}
		}
		v, err := c.value(p.value, depth+1)
		if err != nil {
			return nil, err
		}
		d.Set(key, v)
	}
	return d, nil
}

// key makes a key of the mapping n and checks that it can be one.
func (c *constructor) key(n, key *yaml.Node, depth int) (any, error) {
	if tagOf(target(key)) == tagValue && !c.opts.NoMerge {
		return key.Value, nil // a plain = is a text as a key
	}
	v, err := c.value(key, depth+1)
	if err != nil {
		return nil, err
	}
	if !py.Hashable(v) {
		message := "found unhashable key"
		if c.opts.UniqueKeys {
			message = fmt.Sprintf("found unacceptable key (unhashable type: '%s')", py.TypeName(v))
		}
		e := at(key, "%s", message).while("while constructing a mapping", n)
		if c.isTemplate(key) {
			e.Hint = quoteHint
		}
		return nil, e
	}
	return v, nil
}

// isTemplate reports whether a mapping that is a key is in truth a template: {{ name }}.
func (c *constructor) isTemplate(key *yaml.Node) bool {
	return key.Kind == yaml.MappingNode && key.Style&yaml.FlowStyle != 0 && charAt(c.text, key.Line, key.Column-1) == '{'
}

// flatten returns the members of a mapping with those of its merge keys in front, so that its own count. Of several
// sources the first counts.
func (c *constructor) flatten(n *yaml.Node) ([]pair, error) {
	if pairs, ok := c.pairs[n]; ok {
		return pairs, nil
	}
	if c.active[n] {
		return nil, at(n, "found unconstructable recursive node")
	}
	c.active[n] = true
	defer delete(c.active, n)
	var merged, own []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if c.opts.NoMerge || tagOf(target(key)) != tagMerge {
			own = append(own, pair{key, value})
			continue
		}
		more, err := c.merge(n, target(value))
		if err != nil {
			return nil, err
		}
		if merged = append(merged, more...); len(merged) > c.opts.MaxValues {
			return nil, at(key, "the document stands for more than %d values", c.opts.MaxValues)
		}
	}
	pairs := append(merged, own...)
	c.pairs[n] = pairs
	return pairs, nil
}

// merge returns the members that a merge key brings in.
func (c *constructor) merge(n, value *yaml.Node) ([]pair, error) {
	switch value.Kind {
	case yaml.MappingNode:
		return c.flatten(value)
	case yaml.SequenceNode:
		var all []pair
		for i := len(value.Content) - 1; i >= 0; i-- { // the first is written last
			source := target(value.Content[i])
			if source.Kind != yaml.MappingNode {
				return nil, at(source, "expected a mapping for merging, but found %s", kindName(source)).
					while("while constructing a mapping", n)
			}
			pairs, err := c.flatten(source)
			if err != nil {
				return nil, err
			}
			if all = append(all, pairs...); len(all) > c.opts.MaxValues {
				return nil, at(source, "the document stands for more than %d values", c.opts.MaxValues)
			}
		}
		return all, nil
	}
	return nil, at(value, "expected a mapping or list of mappings for merging, but found %s", kindName(value)).
		while("while constructing a mapping", n)
}

// tuples makes the list of pairs of !!omap and !!pairs.
func (c *constructor) tuples(n *yaml.Node, context string, depth int) (any, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, at(n, "expected a sequence, but found %s", kindName(n)).while(context, n)
	}
	list := make([]any, len(n.Content))
	for i, item := range n.Content {
		item = target(item)
		if item.Kind != yaml.MappingNode {
			return nil, at(item, "expected a mapping of length 1, but found %s", kindName(item)).while(context, n)
		}
		if len(item.Content) != 2 {
			return nil, at(item, "expected a single mapping item, but found %d items", len(item.Content)/2).while(context, n)
		}
		key, err := c.value(item.Content[0], depth+2)
		if err != nil {
			return nil, err
		}
		value, err := c.value(item.Content[1], depth+2)
		if err != nil {
			return nil, err
		}
		list[i] = py.Tuple{key, value}
	}
	return list, nil
}

func (c *constructor) set(n *yaml.Node, depth int) (any, error) {
	v, err := c.mapping(n, depth)
	if err != nil {
		return nil, err
	}
	return py.SetOf(v.(*py.Dict).Keys()...), nil
}
