package py

import (
	"fmt"
	"iter"
	"math/big"
)

// Tuple is an immutable sequence. It is hashable when its items are.
type Tuple []any

// List is a list by reference: what one holder appends, all holders see.
type List struct{ Items []any }

// NewList returns a list by reference that owns items.
func NewList(items ...any) *List { return &List{Items: items} }

// Bytes is Python's bytes.
type Bytes string

// Range is range(Start, Stop, Step). Step is not zero.
type Range struct{ Start, Stop, Step int64 }

// Len returns the number of integers in the range.
func (r Range) Len() int {
	n := r.count()
	if n > 1<<62 {
		return 1 << 62
	}
	return int(n)
}

// count computes in uint64, so that range(-1<<63, 1<<63-1) does not overflow.
func (r Range) count() uint64 {
	switch {
	case r.Step > 0 && r.Start < r.Stop:
		return (uint64(r.Stop)-uint64(r.Start)-1)/uint64(r.Step) + 1
	case r.Step < 0 && r.Start > r.Stop:
		return (uint64(r.Start)-uint64(r.Stop)-1)/(-uint64(r.Step)) + 1
	}
	return 0
}

func (r Range) at(i int) int64 { return r.Start + int64(i)*r.Step }

// Typer is implemented by host types that have a Python type name.
type Typer interface{ PyType() string }

// Attrer is implemented by host types with attributes; see [Attr].
type Attrer interface {
	PyAttr(name string) (v any, ok bool)
}

// Callable is implemented by host types that can be called.
type Callable interface {
	PyCall(args []any, kwargs *Dict) (any, error)
}

// Reprer gives the repr of a host type.
type Reprer interface{ PyRepr() string }

// Strer gives the str of a host type; without it, str is repr.
type Strer interface{ PyStr() string }

// Numberer gives the text from which int() and float() read a host type.
type Numberer interface{ PyNumber() string }

// Truther gives the truth of a host type; without it, PyLen decides, or it is
// true.
type Truther interface{ PyTruth() bool }

// Lener gives the length of a host type.
type Lener interface{ PyLen() int }

// Iterable is implemented by host types that can be iterated.
type Iterable interface{ PyIter() iter.Seq[any] }

// Itemer is implemented by host types that can be indexed. Errors are *Error.
type Itemer interface{ PyItem(key any) (any, error) }

// Equaler compares a host type with anything; without it, host types are equal
// to themselves only.
type Equaler interface{ PyEqual(other any) bool }

// Hasher makes a host type hashable: equal values return equal keys, which
// must be comparable with ==. Host pointers are hashable without it.
type Hasher interface{ PyHash() any }

// TypeName returns the name of v's Python type, as in type(v).__name__.
func TypeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any, *List:
		return "list"
	case *Dict:
		return "dict"
	case Tuple:
		return "tuple"
	case *Set:
		if v.Frozen {
			return "frozenset"
		}
		return "set"
	case Bytes:
		return "bytes"
	case Range:
		return "range"
	case *View:
		return v.kind.String()
	case Date:
		return "datetime.date"
	case DateTime:
		return "datetime.datetime"
	case Typer:
		return v.PyType()
	case Callable, func(args []any, kwargs *Dict) (any, error):
		return "builtin_function_or_method"
	}
	return fmt.Sprintf("%T", v)
}

// items returns the elements of a list or tuple, without copying.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *List:
		return v.Items, true
	case Tuple:
		return v, true
	}
	return nil, false
}

// listItems returns the elements of a list, without copying.
func listItems(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *List:
		return v.Items, true
	}
	return nil, false
}
