package py

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Marshal returns the JSON text of a document value or of a Go value: structs
// by their json tags (name, omitempty, omitzero, -), embedded structs in
// place, maps with sorted keys, []byte as base64, types with MarshalJSON or
// MarshalText by those. The text of scalars is that of AppendJSON. Nil slices
// and maps are empty, not null; omitempty leaves out an empty *Dict too.
func Marshal(v any) ([]byte, error) { return AppendGo(nil, v) }

// AppendGo is Marshal into dst.
func AppendGo(dst []byte, v any) ([]byte, error) {
	a := appender{limit: len(dst) + 4*MaxSize}
	a.host = a.reflected
	return a.value(dst, v, 0)
}

// reflected appends a value that is not a document value.
func (a *appender) reflected(dst []byte, v any, depth int) ([]byte, error) {
	if depth >= MaxDocumentDepth {
		return dst, errJSONDepth
	}
	switch v.(type) {
	case *Set, Bytes, Date, DateTime, Range, *View:
		return dst, notSerializable(v)
	}
	rv := reflect.ValueOf(v)
	return planOf(rv.Type()).append(a, dst, rv, depth)
}

// FromGo returns v as a document value, by the same rules as Marshal. Parts
// that are document values already are shared, not copied.
func FromGo(v any) (any, error) { return fromGo(v, 0) }

func fromGo(v any, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string, *Dict, []any, *List, Tuple, *Set, Bytes, Date, DateTime, Range, *View:
		return v, nil
	case *big.Int:
		if v == nil {
			return nil, nil
		}
		return normal(v), nil
	}
	rv := reflect.ValueOf(v)
	return planOf(rv.Type()).value(rv, depth)
}

func (p *plan) structure(t reflect.Type) {
	fields := structFields(t)
	names := make(map[string]int, len(fields))
	for i, f := range fields {
		names[f.name] = i
	}
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		return a.structure(dst, v, fields, depth)
	}
	p.value = func(v reflect.Value, depth int) (any, error) { return dictOfStruct(v, fields, depth) }
	p.decode = func(d *decoder, v reflect.Value, depth int) error {
		return d.structure(v, fields, names, depth)
	}
}

func (a *appender) structure(dst []byte, v reflect.Value, fields []planField, depth int) ([]byte, error) {
	if depth >= MaxDocumentDepth {
		return dst, errJSONDepth
	}
	dst = append(dst, '{')
	first := true
	var err error
	for i := range fields {
		f := &fields[i]
		x := f.get(v)
		if f.skipped(x) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.quoted...)
		if dst, err = f.plan.append(a, dst, x, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func dictOfStruct(v reflect.Value, fields []planField, depth int) (any, error) {
	if depth >= MaxDocumentDepth {
		return nil, errTooDeep
	}
	out := NewDict(len(fields))
	for i := range fields {
		f := &fields[i]
		x := f.get(v)
		if f.skipped(x) {
			continue
		}
		item, err := f.plan.value(x, depth+1)
		if err != nil {
			return nil, err
		}
		out.Set(f.name, item)
	}
	return out, nil
}

func (p *plan) pointer(t reflect.Type) {
	elem := makePlan(t.Elem())
	p.empty = reflect.Value.IsNil
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		if depth >= MaxDocumentDepth {
			return dst, errJSONDepth
		}
		return elem.append(a, dst, v.Elem(), depth)
	}
	p.value = func(v reflect.Value, depth int) (any, error) {
		if v.IsNil() {
			return nil, nil
		}
		return elem.value(v.Elem(), depth)
	}
	p.decode = func(d *decoder, v reflect.Value, depth int) error {
		if d.null() {
			v.SetZero()
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		return elem.decode(d, v.Elem(), depth)
	}
}

func isEmptyLen(v reflect.Value) bool { return v.Len() == 0 }

func (p *plan) slice(t reflect.Type) {
	elem := makePlan(t.Elem())
	p.empty = isEmptyLen
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		if depth >= MaxDocumentDepth {
			return dst, errJSONDepth
		}
		dst = append(dst, '[')
		var err error
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = elem.append(a, dst, v.Index(i), depth+1); err != nil {
				return dst, err
			}
			if len(dst) > a.limit {
				return dst, errTooBig
			}
		}
		return append(dst, ']'), nil
	}
	p.value = func(v reflect.Value, depth int) (any, error) {
		if depth >= MaxDocumentDepth {
			return nil, errTooDeep
		}
		out := make([]any, v.Len())
		for i := range out {
			var err error
			if out[i], err = elem.value(v.Index(i), depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	p.decode = func(d *decoder, v reflect.Value, depth int) error { return d.sliceOf(v, elem, depth) }
}

// binary is []byte: base64 text.
func (p *plan) binary() {
	p.empty = isEmptyLen
	p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
		return append(dst, '"'), nil
	}
	p.value = func(v reflect.Value, _ int) (any, error) {
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	}
	p.decode = decodeBinary
}

func (p *plan) mapping(t reflect.Type) {
	elem := makePlan(t.Elem())
	p.empty = isEmptyLen
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		if depth >= MaxDocumentDepth {
			return dst, errJSONDepth
		}
		entries, err := sortedEntries(v)
		if err != nil {
			return dst, err
		}
		dst = append(dst, '{')
		for i, e := range entries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, e.key), ':')
			if dst, err = elem.append(a, dst, e.val, depth+1); err != nil {
				return dst, err
			}
			if len(dst) > a.limit {
				return dst, errTooBig
			}
		}
		return append(dst, '}'), nil
	}
	p.value = func(v reflect.Value, depth int) (any, error) {
		if depth >= MaxDocumentDepth {
			return nil, errTooDeep
		}
		entries, err := sortedEntries(v)
		if err != nil {
			return nil, err
		}
		out := NewDict(len(entries))
		for _, e := range entries {
			x, err := elem.value(e.val, depth+1)
			if err != nil {
				return nil, err
			}
			out.Set(e.key, x)
		}
		return out, nil
	}
	p.decode = func(d *decoder, v reflect.Value, depth int) error { return d.mapping(v, t, elem, depth) }
}

type mapEntry struct {
	key string
	val reflect.Value
}

func sortedEntries(v reflect.Value) ([]mapEntry, error) {
	out := make([]mapEntry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		key, err := mapKeyText(it.Key())
		if err != nil {
			return nil, err
		}
		out = append(out, mapEntry{key, it.Value()})
	}
	slices.SortFunc(out, func(a, b mapEntry) int { return strings.Compare(a.key, b.key) })
	return out, nil
}

func mapKeyText(k reflect.Value) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if m, ok := k.Interface().(encoding.TextMarshaler); ok {
		b, err := m.MarshalText()
		return string(b), err
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", typeErrorf("keys of type %s are not JSON serializable", k.Type())
}

// dynamic is a field of an interface type.
func (p *plan) dynamic(t reflect.Type) {
	p.empty = reflect.Value.IsNil
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return a.value(dst, v.Interface(), depth)
	}
	p.value = func(v reflect.Value, depth int) (any, error) {
		if v.IsNil() {
			return nil, nil
		}
		return fromGo(v.Interface(), depth)
	}
	p.decode = decodeDocument
	if t.NumMethod() > 0 {
		p.decode = func(d *decoder, v reflect.Value, depth int) error {
			if d.null() {
				v.SetZero()
				return nil
			}
			if !v.IsNil() && v.Elem().Kind() == reflect.Pointer {
				return planOf(v.Elem().Type()).decode(d, v.Elem(), depth)
			}
			return d.mismatch("a value", v)
		}
	}
}

func (p *plan) scalar(t reflect.Type) {
	p.empty = reflect.Value.IsZero
	switch t.Kind() {
	case reflect.String:
		p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return appendJSONString(dst, v.String()), nil
		}
		p.value = func(v reflect.Value, _ int) (any, error) { return v.String(), nil }
		p.decode = decodeText
	case reflect.Bool:
		p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return strconv.AppendBool(dst, v.Bool()), nil
		}
		p.value = func(v reflect.Value, _ int) (any, error) { return v.Bool(), nil }
		p.decode = decodeBool
	case reflect.Float32, reflect.Float64:
		p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return appendJSONFloat(dst, v.Float()), nil
		}
		p.value = func(v reflect.Value, _ int) (any, error) { return v.Float(), nil }
		p.decode = decodeFloat
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return strconv.AppendInt(dst, v.Int(), 10), nil
		}
		p.value = func(v reflect.Value, _ int) (any, error) { return v.Int(), nil }
		p.decode = decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.append = func(_ *appender, dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return strconv.AppendUint(dst, v.Uint(), 10), nil
		}
		p.value = func(v reflect.Value, _ int) (any, error) { return uintValue(v.Uint()), nil }
		p.decode = decodeUint
	default:
		p.unsupported(t)
	}
}

func uintValue(u uint64) any {
	if u <= math.MaxInt64 {
		return int64(u)
	}
	return new(big.Int).SetUint64(u)
}

func (p *plan) unsupported(t reflect.Type) {
	p.append = func(_ *appender, dst []byte, _ reflect.Value, _ int) ([]byte, error) {
		return dst, typeErrorf("Object of type %s is not JSON serializable", t)
	}
	p.value = func(reflect.Value, int) (any, error) {
		return nil, typeErrorf("Object of type %s is not JSON serializable", t)
	}
	p.decode = func(d *decoder, v reflect.Value, _ int) error { return d.mismatch("a value", v) }
}

// custom replaces what a type does by its own methods. Methods of the pointer
// serve where the value can be addressed, as in encoding/json.
func (p *plan) custom(t reflect.Type) {
	p.customOutput(t)
	ptr := reflect.PointerTo(t)
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
	case ptr.Implements(jsonUnmarshaler):
		p.decode = decodeCustom
	case ptr.Implements(textUnmarshalerType):
		p.decode = decodeCustomText
	}
}

func (p *plan) customOutput(t reflect.Type) {
	if t.Kind() == reflect.Interface {
		return
	}
	byPointer := false
	kind := jsonMarshaler
	switch ptr := reflect.PointerTo(t); {
	case t.Implements(jsonMarshaler):
	case t.Implements(textMarshalerType):
		kind = textMarshalerType
	case ptr.Implements(jsonMarshaler):
		byPointer = true
	case ptr.Implements(textMarshalerType):
		byPointer, kind = true, textMarshalerType
	default:
		return
	}
	plainAppend, plainValue := p.append, p.value
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		m, ok := marshalerOf(v, byPointer)
		switch {
		case !ok && byPointer:
			return plainAppend(a, dst, v, depth)
		case !ok:
			return append(dst, "null"...), nil
		}
		return appendCustom(dst, m, kind)
	}
	p.value = func(v reflect.Value, depth int) (any, error) {
		m, ok := marshalerOf(v, byPointer)
		switch {
		case !ok && byPointer:
			return plainValue(v, depth)
		case !ok:
			return nil, nil
		}
		text, err := appendCustom(nil, m, kind)
		if err != nil {
			return nil, err
		}
		return DecodeJSON(text)
	}
}

// marshalerOf returns what has the method; not for a nil pointer, nor for a
// value without an address whose pointer has it.
func marshalerOf(v reflect.Value, byPointer bool) (any, bool) {
	if byPointer {
		if !v.CanAddr() {
			return nil, false
		}
		v = v.Addr()
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, false
	}
	return v.Interface(), true
}

func appendCustom(dst []byte, m any, kind reflect.Type) ([]byte, error) {
	if kind == textMarshalerType {
		b, err := m.(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, err
		}
		return appendJSONString(dst, string(b)), nil
	}
	b, err := m.(json.Marshaler).MarshalJSON()
	if err != nil {
		return dst, err
	}
	d := decoder{data: b}
	if err := d.one(); err != nil {
		return dst, fmt.Errorf("MarshalJSON of %T: %w", m, err)
	}
	return append(dst, b...), nil
}
