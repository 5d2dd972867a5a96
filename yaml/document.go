package yaml

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/galehq/gale/py"
)

// Options say how a document is read. The zero value is PyYAML's safe_load within the default limits.
type Options struct {
	// UniqueKeys refuses a key that stands twice in a mapping, as Orquesta does. Otherwise the last one counts.
	UniqueKeys bool
	// NoMerge gives << no meaning: as a key it is refused, as Orquesta does.
	NoMerge bool
	// MaxSize is the largest document in bytes, [py.MaxSize] if 0.
	MaxSize int
	// MaxDepth is how deep containers may nest, [py.MaxDocumentDepth] if 0.
	MaxDepth int
	// MaxValues is how many values a document may hold when all its aliases are written out, a million if 0.
	MaxValues int
}

func (o Options) withDefaults() Options {
	for _, limit := range []struct {
		field   *int
		without int
	}{{&o.MaxSize, py.MaxSize}, {&o.MaxDepth, py.MaxDocumentDepth}, {&o.MaxValues, 1 << 20}} {
		if *limit.field == 0 {
			*limit.field = limit.without
		}
	}
	return o
}

// Decode reads the one document in data and returns its value; an empty text is nil. Errors are of type *[Error].
func Decode(data []byte) (any, error) { return Options{}.Decode(data) }

// Decode reads like the function of that name.
func (o Options) Decode(data []byte) (any, error) {
	d, err := o.Parse(data)
	if err != nil {
		return nil, err
	}
	return d.Value, nil
}

// Document is a value that remembers where its parts stand in the text.
type Document struct {
	Value any

	root *yaml.Node
}

// Parse reads the one document in data.
func Parse(data []byte) (*Document, error) { return Options{}.Parse(data) }

// Parse reads like the function of that name.
func (o Options) Parse(data []byte) (*Document, error) {
	o = o.withDefaults()
	if len(data) > o.MaxSize {
		return nil, &Error{Message: fmt.Sprintf("the document is larger than %d bytes", o.MaxSize)}
	}
	if err := checkCharacters(data); err != nil {
		return nil, err
	}
	root, err := compose(lowerVersion(data), o.MaxDepth)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return &Document{}, nil
	}
	v, err := o.construct(root, string(data))
	if err != nil {
		return nil, err
	}
	return &Document{Value: v, root: root}, nil
}

// depthLimit stops the parser before its recursion is deeper than any document may be.
type depthLimit int

func (d depthLimit) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > int(d)+1 {
		return fmt.Errorf("the document is nested more than %d deep", int(d))
	}
	return nil
}

// CheckAlias has nothing to do: aliases are counted on the nodes, where nothing has been expanded yet.
func (depthLimit) CheckAlias(int, int) error { return nil }

// compose returns the node of the only document, or nil if there is none.
func compose(data []byte, maxDepth int) (*yaml.Node, error) {
	text := string(data)
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(depthLimit(maxDepth)))
	if err != nil {
		return nil, &Error{Message: err.Error()}
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, fromLoader(err, text)
	}
	var second yaml.Node
	switch err := loader.Load(&second); {
	case err == nil:
		e := &Error{
			Context: "expected a single document in the stream", ContextLine: 1, ContextColumn: 1,
			Message: "but found another document", Line: second.Line, Column: second.Column,
		}
		if len(doc.Content) > 0 {
			e.ContextLine, e.ContextColumn = doc.Content[0].Line, doc.Content[0].Column
		}
		return nil, e
	case err != io.EOF:
		return nil, fromLoader(err, text)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// Line returns the line, counted from 1, where the part of the document with this path stands; see
// [Document.Position]. It is 0 when the document is empty.
func (d *Document) Line(path ...any) int {
	line, _ := d.Position(path...)
	return line
}

// Position returns line and column of the part of the document with this path: for a member of a mapping its key, for
// an item of a sequence the item. The elements of a path are texts, for keys, and ints, for indexes. Where the path
// leads nowhere the nearest part around it counts, so that the absence of a field can be reported too.
func (d *Document) Position(path ...any) (line, column int) {
	if d.root == nil {
		return 0, 0
	}
	at, n := d.root, d.root
	for _, step := range path {
		key, value := member(n, step)
		if value == nil {
			break
		}
		if at, n = value, value; key != nil {
			at = key
		}
	}
	return at.Line, at.Column
}

// member finds the child of n that step names. key is nil for the item of a sequence.
func member(n *yaml.Node, step any) (key, value *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	i, isIndex := step.(int)
	if n.Kind == yaml.SequenceNode && isIndex && 0 <= i && i < len(n.Content) {
		return nil, n.Content[i]
	}
	name, ok := step.(string)
	if isIndex {
		name, ok = strconv.Itoa(i), true
	}
	if n.Kind != yaml.MappingNode || !ok {
		return nil, nil
	}
	return entry(n, name)
}

func entry(n *yaml.Node, name string) (key, value *yaml.Node) {
	for i := len(n.Content) - 2; i >= 0; i -= 2 { // from the end: the last of equal keys counts
		if k := n.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
			return k, n.Content[i+1]
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if tagOf(n.Content[i]) != tagMerge {
			continue
		}
		for _, source := range mergeSources(n.Content[i+1]) {
			if k, v := entry(source, name); v != nil {
				return k, v
			}
		}
	}
	return nil, nil
}

// mergeSources lists the mappings that a merge key names.
func mergeSources(n *yaml.Node) []*yaml.Node {
	if n = target(n); n.Kind == yaml.MappingNode {
		return []*yaml.Node{n}
	}
	var all []*yaml.Node
	for _, c := range n.Content {
		if c = target(c); c.Kind == yaml.MappingNode && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
