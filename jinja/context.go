package jinja

import "github.com/galehq/gale/py"

// context holds what a template sets at its top level: blocks and functions
// that look names up see it in front of the variables.
type context struct {
	r    *run
	vars map[string]any
	up   *context
}

func (c *context) get(name string) (any, bool) {
	for ; c != nil; c = c.up {
		if v, ok := c.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// Set makes v visible under the name.
func (c *context) Set(name string, v any) {
	if c.vars == nil {
		c.vars = map[string]any{}
	}
	c.vars[name] = v
}

// derive returns a context within c.
func (c *context) derive() *context { return &context{r: c.r, up: c} }

func (r *run) export(name string, v any) { r.context.Set(name, v) }

// blockNames is the variable "self": the blocks of the template by name.
type blockNames struct{ prog *program }

func (*blockNames) PyType() string   { return "TemplateReference" }
func (*blockNames) pyModule() string { return "jinja2.runtime" }
func (*blockNames) PyRepr() string   { return "<TemplateReference None>" }

// blockRef is self.name: calling it renders the block.
type blockRef struct{ block *block }

func (*blockRef) PyType() string   { return "BlockReference" }
func (*blockRef) pyModule() string { return "jinja2.runtime" }

func (b *blockRef) PyRepr() string {
	return "<jinja2.runtime.BlockReference object at 0x7f0000000000>"
}

func (b *blockRef) attr(r *run, name string) (any, bool, error) {
	switch name {
	case "name":
		return b.block.name, true, nil
	case "super":
		return r.undefined(&Undefined{
			hint: "there is no parent block called " + py.Repr(b.block.name) + ".", name: "super"}), true, nil
	}
	return nil, false, nil
}

func (b *blockRef) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	if _, err := blockCallSig.bind(args, kwargs); err != nil {
		return nil, err
	}
	text, err := c.r.capture(func(r *run, f *frame) error { return r.block(b.block) }, nil)
	if err == nil && c.r.escaping {
		return Markup(text.(string)), nil
	}
	return text, err
}

var blockCallSig = mustSignature("BlockReference.__call__(@self)")
