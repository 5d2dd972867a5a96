package jinja

import (
	"iter"

	"github.com/galehq/gale/py"
)

// Undefined is the value of a name, attribute or item that does not exist. A
// strict one fails whenever it is used, a lenient one prints as nothing, is
// false and has no items.
type Undefined struct {
	hint   string // message, if it is not made of the rest
	obj    any    // what has no attribute or element name
	hasObj bool
	name   any
	class  string // of the error; ClassUndefined if empty
	strict bool
}

// IsUndefined reports whether v is an undefined value.
func IsUndefined(v any) bool {
	_, ok := v.(*Undefined)
	return ok
}

// Message tells what is undefined, as "'x' is undefined".
func (u *Undefined) Message() string {
	switch {
	case u.hint != "":
		return u.hint
	case !u.hasObj:
		return py.Repr(u.name) + " is undefined"
	}
	if isText(u.name) {
		return py.Repr(describe(u.obj)) + " has no attribute " + py.Repr(u.name)
	}
	return describe(u.obj) + " has no element " + py.Repr(u.name)
}

// Strict tells whether any use of u is an error.
func (u *Undefined) Strict() bool { return u.strict }

// Err returns the error that a use of u raises.
func (u *Undefined) Err() *Error {
	class := u.class
	if class == "" {
		class = ClassUndefined
	}
	return &Error{Class: class, Message: u.Message()}
}

// describe names an object by its type, as "dict object".
func describe(v any) string {
	if v == nil {
		return "None"
	}
	if m, ok := v.(interface{ pyModule() string }); ok {
		return m.pyModule() + "." + py.TypeName(v) + " object"
	}
	return py.TypeName(v) + " object"
}

// The methods by which package py sees an undefined value. Where Python would
// raise, the engine checks before it gives a value to py; what slips through
// inside of containers behaves as lenient.

func (u *Undefined) PyType() string {
	if u.strict {
		return "StrictUndefined"
	}
	return "Undefined"
}

func (*Undefined) pyModule() string       { return "jinja2.runtime" }
func (*Undefined) PyRepr() string         { return "Undefined" }
func (*Undefined) PyStr() string          { return "" }
func (*Undefined) PyTruth() bool          { return false }
func (*Undefined) PyLen() int             { return 0 }
func (*Undefined) PyIter() iter.Seq[any]  { return func(func(any) bool) {} }
func (*Undefined) PyHash() any            { return undefinedKey{} }
func (*Undefined) PyEqual(other any) bool { return IsUndefined(other) }

type undefinedKey struct{}
