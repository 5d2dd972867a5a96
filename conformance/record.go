package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// shared holds the data that records refer to by name.
type shared struct {
	values    map[string]any
	templates *expr.Engine // made when first needed
}

func newShared() *shared { return &shared{values: map[string]any{}} }

func (s *shared) add(rec *py.Dict) {
	v, _ := rec.GetString("value")
	s.values[text(rec, "name")] = untag(v)
}

// data returns the variables of a record: data_ref, overlaid with data_extra.
func (s *shared) data(rec *py.Dict) *py.Dict {
	vars := py.NewDict(0)
	for _, name := range []string{"data_ref", "data_extra"} {
		if d, ok := s.values[text(rec, name)].(*py.Dict); ok {
			vars.Update(d)
		}
	}
	return vars
}

// opaque is a value of a kind that only another engine makes; it equals one that looks the same.
type opaque struct{ tag, text string }

// untag turns the notation of the records into values: an object with one member whose name begins with $.
func untag(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = untag(x)
		}
		return out
	case *py.Dict:
		if v.Len() == 1 {
			if tag, ok := v.Keys()[0].(string); ok && strings.HasPrefix(tag, "$") {
				return untagged(tag, v.Values()[0])
			}
		}
		out := py.NewDict(v.Len())
		for k, x := range v.All() {
			out.Set(k, untag(x))
		}
		return out
	}
	return v
}

func untagged(tag string, v any) any {
	items, _ := untag(v).([]any)
	switch tag {
	case "$float":
		if f, err := py.Float(v); err == nil {
			return f
		}
	case "$tuple":
		return py.Tuple(items)
	case "$set":
		return py.SetOf(items...)
	case "$map":
		d := py.NewDict(len(items))
		for _, item := range items {
			if pair, ok := item.([]any); ok && len(pair) == 2 {
				d.Set(pair[0], pair[1])
			}
		}
		return d
	case "$bytes":
		if s, ok := v.(string); ok {
			return py.Bytes(s)
		}
	case "$date", "$datetime":
		if at, err := yaml.Decode([]byte(py.Str(v))); err == nil {
			return at
		}
	}
	return opaque{tag, py.Repr(v)}
}

// same compares exactly: 1, 1.0 and true are three values, a list is no tuple, not a number is itself.
func same(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || math.IsNaN(x) && math.IsNaN(y))
	case bool, string, nil, opaque:
		return a == b
	case py.Tuple:
		y, ok := b.(py.Tuple)
		return ok && slices.EqualFunc(x, y, same)
	case *py.Dict:
		y, ok := b.(*py.Dict)
		return ok && sameDict(x, y)
	}
	if list, ok := listOf(a); ok {
		other, ok := listOf(b)
		return ok && slices.EqualFunc(list, other, same)
	}
	return py.TypeName(a) == py.TypeName(b) && py.Equal(a, b)
}

func listOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *py.List:
		return v.Items, true
	}
	return nil, false
}

func sameDict(a, b *py.Dict) bool {
	if a.Len() != b.Len() {
		return false
	}
	for k, x := range a.All() {
		y, ok := b.Get(k)
		if !ok || !same(x, y) {
			return false
		}
	}
	return true
}

// verdict says how a record fared under one mode. miss is empty when it passed.
type verdict struct{ mode, label, miss string }

// judge runs a record through an engine.
type judge func(s *shared, rec *py.Dict) []verdict

// outcome compares what an engine gave with what the record says: the value, or the kind of the error, or any error if
// the record names no kind.
func outcome(rec *py.Dict, label string, got any, err error, kind func(error) string) []verdict {
	v := verdict{mode: text(rec, "mode"), label: label}
	ok, _ := rec.GetString("ok")
	wantKind := text(rec, "error_kind")
	want, _ := rec.GetString("value")
	want = untag(want)
	switch {
	case ok == true && err != nil:
		v.miss = fmt.Sprintf("got %s (%v), want %s", kind(err), err, py.Repr(want))
	case ok == true && !same(got, want):
		v.miss = fmt.Sprintf("got %s, want %s", py.Repr(got), py.Repr(want))
	case ok != true && err == nil:
		v.miss = fmt.Sprintf("got %s, want the error %s", py.Repr(got), text(rec, "error"))
	case ok != true && wantKind != "" && kind(err) != wantKind:
		v.miss = fmt.Sprintf("got %s (%v), want %s", kind(err), err, wantKind)
	}
	return []verdict{v}
}
