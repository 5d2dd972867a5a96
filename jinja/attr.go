package jinja

import (
	"strings"

	"github.com/galehq/gale/py"
)

// attributed is a value of the engine with attributes of its own.
type attributed interface {
	attr(r *run, name string) (v any, ok bool, err error)
}

// dictAttributes are the attributes of a dictionary; under a dot they hide
// keys of the same name.
var dictAttributes = map[string]bool{
	"clear": true, "copy": true, "fromkeys": true, "get": true, "items": true, "keys": true,
	"pop": true, "popitem": true, "setdefault": true, "update": true, "values": true,
}

// attr is v.name: the attribute, else the item, else undefined.
func (r *run) attr(v any, name string) (any, error) {
	x, found, err := r.attribute(v, name)
	if err != nil || found {
		return x, err
	}
	x, found, err = r.subscript(v, name)
	if err != nil || found {
		return x, err
	}
	return r.undefined(&Undefined{obj: v, hasObj: true, name: name}), nil
}

// item is v[key]: the item, else the attribute, else undefined.
func (r *run) item(v, key any) (any, error) {
	x, found, err := r.subscript(v, key)
	if err != nil || found {
		return x, err
	}
	if name, ok := plain(key).(string); ok {
		x, found, err := r.attribute(v, name)
		if err != nil || found {
			return x, err
		}
	}
	return r.undefined(&Undefined{obj: v, hasObj: true, name: key}), nil
}

// subscript finds the item of v. What Python reports as a TypeError or
// LookupError is found false.
func (r *run) subscript(v, key any) (x any, found bool, err error) {
	switch v := v.(type) {
	case *Undefined:
		return nil, false, v.Err()
	case *py.Dict:
		if err := strictKey(key); err != nil {
			return nil, false, err
		}
		if s, ok := key.(string); ok && len(s) > bytesPerStep {
			err = r.scan(len(s))
		}
		x, found = v.Get(plain(key))
		return x, found, err
	case string:
		if err := r.scan(len(v)); err != nil {
			return nil, false, err
		}
		x, err = py.GetItem(v, plain(key))
	case *blockNames:
		name, _ := plain(key).(string)
		if b := v.prog.blocks[name]; b != nil {
			return &blockRef{b}, true, nil
		}
		return nil, false, nil
	case *group:
		x, err = py.GetItem(py.Tuple{v.grouper, v.list}, key)
	default:
		x, err = py.GetItem(v, plain(key))
	}
	switch Class(err) {
	case "":
		if err == nil {
			x, err = r.adopt(x)
		}
		return x, err == nil, err
	case "TypeError", "KeyError", "IndexError":
		return nil, false, nil
	}
	return nil, false, err
}

// strictKey is strictError for a value that is hashed.
func strictKey(key any) error {
	if t, ok := key.(py.Tuple); ok {
		for _, item := range t {
			if err := strictError(item); err != nil {
				return err
			}
		}
	}
	return strictError(key)
}

// attribute finds the attribute of v.
func (r *run) attribute(v any, name string) (x any, found bool, err error) {
	if strings.HasPrefix(name, "_") {
		return r.hidden(v, name)
	}
	switch v := v.(type) {
	case *Undefined:
		return nil, false, v.Err()
	case string:
		return r.stringMethod(v, name)
	case Markup:
		if !markupMethods[name] {
			if _, ok := py.Method(string(v), name); !ok {
				return nil, false, nil
			}
		}
		return &method{v, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
			return callMarkup(c, v, name, args, kwargs)
		}}, true, nil
	case attributed:
		return v.attr(r, name)
	}
	if x, ok := py.Attr(v, name); ok {
		x, err := r.adopt(x)
		return x, true, err
	}
	fn, ok := py.Method(v, name)
	if !ok {
		return nil, false, nil
	}
	if mutators[name] && !r.mutable && container(v) {
		return nil, false, errRestart
	}
	return &method{v, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
		if usesArguments[name] {
			for _, a := range args {
				if err := strictError(a); err != nil {
					return nil, err
				}
			}
		}
		return c.r.native(v, name, fn, args, kwargs)
	}}, true, nil
}

// usesArguments are the methods of containers that compare, hash or iterate
// their arguments.
var usesArguments = map[string]bool{
	"index": true, "count": true, "remove": true, "get": true, "pop": true, "update": true,
	"extend": true, "setdefault": true, "add": true, "discard": true, "fromkeys": true,
}

// container reports whether v has methods that change it.
func container(v any) bool {
	switch v.(type) {
	case []any, *py.List, *py.Dict, *py.Set:
		return true
	}
	return false
}

// hidden handles names with an underscore in front.
func (r *run) hidden(v any, name string) (any, bool, error) {
	exists := hasPrivate(py.TypeName(v), name)
	if ns, ok := v.(*namespace); ok && !exists {
		_, exists = ns.attrs.GetString(name)
	}
	if exists {
		return r.unsafe(v, name), true, nil
	}
	if u, ok := v.(*Undefined); ok {
		return nil, false, u.Err()
	}
	return nil, false, nil
}

// unsafe is the value of an attribute that the sandbox hides.
func (r *run) unsafe(v any, name string) *Undefined {
	return r.undefined(&Undefined{
		hint: "access to attribute " + py.Repr(name) + " of " + py.Repr(py.TypeName(v)) + " object is unsafe.",
		obj:  v, hasObj: true, name: name, class: ClassSecurity,
	})
}

func (r *run) stringMethod(s, name string) (any, bool, error) {
	if name == "format" || name == "format_map" {
		return &method{s, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
			return c.r.format(s, name, args, kwargs)
		}}, true, nil
	}
	fn, ok := py.Method(s, name)
	if !ok {
		return nil, false, nil
	}
	return &method{s, name, func(c *Call, args []any, kwargs *py.Dict) (any, error) {
		if name == "join" && len(args) == 1 {
			if err := strictError(args[0]); err != nil {
				return nil, err
			}
		}
		return c.r.native(s, name, fn, args, kwargs)
	}}, true, nil
}

// native calls a method of package py.
func (r *run) native(self any, name string, fn nativeFn, args []any, kwargs *py.Dict) (any, error) {
	if err := r.chargeSelf(self, name); err != nil {
		return nil, err
	}
	for i, a := range args {
		if err := r.chargeArg(a); err != nil {
			return nil, err
		}
		args[i] = plain(a)
	}
	v, err := fn(args, kwargs)
	if err := r.takeIterErr(); err != nil {
		return nil, err
	}
	return v, err
}

type nativeFn = func(args []any, kwargs *py.Dict) (any, error)

// chargeSelf charges for methods that look at all of their object.
func (r *run) chargeSelf(self any, name string) error {
	switch v := self.(type) {
	case string:
		return r.scan(len(v))
	case *py.List:
		if name != "append" {
			return r.spend(len(v.Items) / 8)
		}
	case []any:
		return r.spend(len(v) / 8)
	case py.Tuple:
		return r.spend(len(v) / 8)
	}
	return nil
}

func (r *run) chargeArg(v any) error {
	if s, ok := plain(v).(string); ok {
		return r.spendBytes(len(s))
	}
	return r.chargeLen(v)
}

// method is a bound method.
type method struct {
	self any
	name string
	fn   func(c *Call, args []any, kwargs *py.Dict) (any, error)
}

func (m *method) PyType() string {
	switch m.self.(type) {
	case string, Markup:
		if m.name == "format" || m.name == "format_map" {
			return "function" // the sandbox wraps them
		}
	case attributed:
		return "method"
	}
	return "builtin_function_or_method"
}

func (m *method) PyRepr() string {
	if m.PyType() == "function" {
		return "<function str." + m.name + " at 0x7f0000000000>"
	}
	return "<built-in method " + m.name + " of " + py.TypeName(m.self) + " object at 0x7f0000000000>"
}

func (m *method) callIn(c *Call, args []any, kwargs *py.Dict) (any, error) {
	return m.fn(c, args, kwargs)
}

// slice is v[low:high:step].
func (r *run) slice(v any, bounds []any) (any, error) {
	if u, ok := v.(*Undefined); ok {
		return nil, u.Err()
	}
	for _, b := range bounds {
		if IsUndefined(b) {
			return nil, py.Errorf("TypeError", "slice indices must be integers or None or have an __index__ method")
		}
	}
	m, marked := v.(Markup)
	if marked {
		v = string(m)
	}
	if g, ok := v.(*group); ok {
		v = py.Tuple{g.grouper, g.list}
	}
	x, err := py.Slice(v, bounds[0], bounds[1], bounds[2])
	if err != nil {
		return nil, err
	}
	if marked {
		x = markAll(x)
	}
	if err := r.charge(x); err != nil {
		return nil, err
	}
	return r.adopt(x)
}

// format is the sandbox's str.format: fields are resolved by the rules of the
// template language.
func (r *run) format(s, name string, args []any, kwargs *py.Dict) (any, error) {
	f := py.Formatter{Field: func(obj, key any, attribute bool) (any, error) {
		var v any
		var err error
		if attribute {
			v, err = r.attr(obj, key.(string))
		} else {
			v, err = r.item(obj, key)
		}
		if err == nil {
			err = strictError(v)
		}
		return plain(v), err
	}}
	for i, a := range args {
		if err := strictError(a); err != nil {
			return nil, err
		}
		args[i] = plain(a)
		if err := r.weigh(a); err != nil {
			return nil, err
		}
	}
	if name == "format_map" {
		return r.formatMap(f, s, args, kwargs)
	}
	text, err := f.Format(s, args, kwargs)
	return text, formatError(err)
}

func (r *run) formatMap(f py.Formatter, s string, args []any, kwargs *py.Dict) (any, error) {
	if kwargs.Len() > 0 {
		return nil, py.Errorf("TypeError", "format_map() takes no keyword arguments")
	}
	if len(args) != 1 {
		return nil, py.Errorf("TypeError", "format_map() takes exactly one argument (%d given)", len(args))
	}
	text, err := f.FormatMap(s, nil, func(name string) (any, error) { return py.GetItem(args[0], name) })
	return text, formatError(err)
}

// formatError words an error as string.Formatter does, which the sandbox uses.
func formatError(err error) error {
	e, ok := err.(*py.Error)
	if !ok {
		return err
	}
	switch {
	case e.Class == "IndexError" && strings.HasPrefix(e.Message, "Replacement index"):
		return py.Errorf("IndexError", "tuple index out of range")
	case e.Class == ClassSecurity:
		return errorf(ClassSecurity, "%s", e.Message)
	}
	return err
}

// markupFormat is Markup.format: what is inserted is escaped.
func markupFormat(c *Call, m Markup, args []any, kwargs *py.Dict) (any, error) {
	var err error
	safe := func(v any) any {
		switch v.(type) {
		case bool, int64, float64:
			return v
		}
		e, e1 := c.r.escape(v)
		if e1 != nil {
			err = e1
		}
		return string(e)
	}
	escaped := make([]any, len(args))
	for i, a := range args {
		escaped[i] = safe(a)
	}
	named := py.NewDict(kwargs.Len())
	for k, v := range kwargs.All() {
		named.Set(k, safe(v))
	}
	if err != nil {
		return nil, err
	}
	text, err := c.r.format(string(m), "format", escaped, named)
	return markAll(text), err
}
