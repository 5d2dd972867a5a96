package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

// Attributes says what the projection of a resource may name.
type Attributes struct {
	Known     []string // top-level attributes that can be included; nil: any
	CanBeLeft []string // attributes that can be excluded; nil: any
	Always    []string // attributes that are never left out: id, and ref where there is one
}

// Projection keeps part of each document of an answer. nil keeps everything.
type Projection struct {
	include *tree
	exclude *tree
	always  []string
}

// tree is a set of dotted paths. A leaf stands for all that is below it.
type tree struct{ below map[string]*tree }

// Projection reads include_attributes and exclude_attributes, so far as the
// operation declares them.
func (r *Request) Projection(attrs Attributes) (*Projection, error) {
	if !r.declares("include_attributes") {
		return nil, nil
	}
	return NewProjection(r.Strings("include_attributes"), r.Strings("exclude_attributes"), attrs)
}

// NewProjection makes a projection of dotted paths. Its errors are for the client.
func NewProjection(include, exclude []string, attrs Attributes) (*Projection, error) {
	include, exclude = given(include), given(exclude)
	if len(include) > 0 && len(exclude) > 0 {
		return nil, Errorf(http.StatusBadRequest, "exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both.")
	}
	for _, p := range include {
		if first, _, _ := strings.Cut(p, "."); attrs.Known != nil && !slices.Contains(attrs.Known, first) {
			return nil, Errorf(http.StatusBadRequest, "Invalid or unsupported include attribute specified: %s", p)
		}
	}
	for _, p := range exclude {
		if attrs.CanBeLeft != nil && !slices.Contains(attrs.CanBeLeft, p) {
			return nil, Errorf(http.StatusBadRequest, "Invalid or unsupported exclude attribute specified: %s", p)
		}
	}
	if len(include) == 0 && len(exclude) == 0 {
		return nil, nil
	}
	return &Projection{include: treeOf(include), exclude: treeOf(exclude), always: attrs.Always}, nil
}

func given(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}

func treeOf(paths []string) *tree {
	if len(paths) == 0 {
		return nil
	}
	root := &tree{below: map[string]*tree{}}
	for _, p := range paths {
		root.add(p)
	}
	return root
}

// maxPathDepth bounds the dotted paths of a projection; what is below is kept whole.
const maxPathDepth = 16

func (t *tree) add(path string) {
	for range maxPathDepth {
		name, rest, more := strings.Cut(path, ".")
		next, known := t.below[name]
		switch {
		case known && next.below == nil:
			return // all of it is named already
		case !more:
			t.below[name] = &tree{}
			return
		case !known:
			next = &tree{below: map[string]*tree{}}
			t.below[name] = next
		}
		t, path = next, rest
	}
	t.below = nil
}

// Includes reports whether the projection keeps anything of a top-level
// attribute, so that a handler need not compute what is not asked for.
func (p *Projection) Includes(name string) bool {
	switch {
	case p == nil || slices.Contains(p.always, name):
		return true
	case p.include != nil:
		return p.include.below[name] != nil
	}
	t := p.exclude.below[name]
	return t == nil || t.below != nil
}

// Apply returns what the projection keeps of d, in d's order. It does not
// change d; parts that are kept whole are shared with it. Secrets must have
// been masked before: a schema may be what is left out.
func (p *Projection) Apply(d *py.Dict) *py.Dict {
	switch {
	case p == nil:
		return d
	case p.include != nil:
		return p.include.keep(d, p.always)
	}
	return p.exclude.drop(d, p.always)
}

// ApplyAll is Apply for each document of a list, in place.
func (p *Projection) ApplyAll(list []any) []any {
	if p == nil {
		return list
	}
	for i, v := range list {
		if d, ok := v.(*py.Dict); ok {
			list[i] = p.Apply(d)
		}
	}
	return list
}

func (t *tree) keep(d *py.Dict, always []string) *py.Dict {
	out := py.NewDict(len(t.below) + len(always))
	for k, v := range d.All() {
		name, _ := k.(string)
		next, named := t.below[name]
		sub, isDict := v.(*py.Dict)
		switch {
		case named && next.below != nil && isDict:
			out.Set(k, next.keep(sub, nil))
		case named || slices.Contains(always, name):
			out.Set(k, v)
		}
	}
	return out
}

func (t *tree) drop(d *py.Dict, always []string) *py.Dict {
	out := py.NewDict(d.Len())
	for k, v := range d.All() {
		name, _ := k.(string)
		next, named := t.below[name]
		if !named || slices.Contains(always, name) {
			out.Set(k, v)
			continue
		}
		if sub, isDict := v.(*py.Dict); isDict && next.below != nil {
			out.Set(k, next.drop(sub, nil))
		}
	}
	return out
}
