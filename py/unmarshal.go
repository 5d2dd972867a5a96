package py

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Unmarshal reads one JSON value into what into points to, by the rules of
// Marshal: fields of type any and *Dict get document values, unknown names are
// ignored, null leaves scalars and structs as they are and makes pointers,
// slices, maps and interfaces nil. Names match exactly. Slices and maps are
// made anew. Text that DecodeJSON refuses is refused; what does not fit its
// field is a *JSONError too.
func Unmarshal(data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return typeErrorf("cannot unmarshal into %T: want a pointer", into)
	}
	d := decoder{data: data}
	if !utf8.Valid(data) {
		return d.invalidUTF8()
	}
	if len(data) <= shareMax {
		d.text = string(data)
	}
	d.space()
	if err := planOf(v.Type().Elem()).decode(&d, v.Elem(), 0); err != nil {
		return err
	}
	return d.end()
}

// ToGo stores a document value in what into points to, as Unmarshal would
// from its text.
func ToGo(v any, into any) error {
	data, err := Marshal(v)
	if err != nil {
		return err
	}
	return Unmarshal(data, into)
}

// end checks that nothing but white space is left.
func (d *decoder) end() error {
	if d.space(); d.pos < len(d.data) {
		return d.errorAt(d.pos, "Extra data")
	}
	return nil
}

// one checks that the text is one value.
func (d *decoder) one() error {
	if !utf8.Valid(d.data) {
		return d.invalidUTF8()
	}
	d.space()
	if err := d.skip(0); err != nil {
		return err
	}
	return d.end()
}

func (d *decoder) mismatch(what string, v reflect.Value) error {
	return d.errorAt(d.pos, fmt.Sprintf("Cannot store %s in a Go value of type %s", what, v.Type()))
}

// null reads null, if it is next.
func (d *decoder) null() bool {
	if d.peek() != 'n' {
		return false
	}
	_, err := d.word("null", nil)
	return err == nil
}

// skip reads a value without keeping it.
func (d *decoder) skip(depth int) error {
	switch d.peek() {
	case '"':
		return d.skipString()
	case '{', '[':
		return d.skipContainer(depth)
	}
	_, err := d.value(depth)
	return err
}

func (d *decoder) skipString() error {
	d.pos++
	for i := d.pos; i < len(d.data) && plain[d.data[i]]; i++ {
		if i+1 < len(d.data) && d.data[i+1] == '"' {
			d.pos = i + 2
			return nil
		}
	}
	_, err := d.str()
	return err
}

func (d *decoder) skipContainer(depth int) error {
	return d.members(depth, func(bool) error { return d.skip(depth + 1) })
}

// members walks through an array or object; item reads one value. For an
// object the name has been read and is in d.name.
func (d *decoder) members(depth int, item func(first bool) error) error {
	if depth >= MaxDocumentDepth {
		return d.errorAt(d.pos, "Nested too deeply")
	}
	object := d.peek() == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	d.pos++
	if d.space(); d.peek() == end {
		d.pos++
		return nil
	}
	for first := true; ; first = false {
		if object {
			if err := d.nameAndColon(); err != nil {
				return err
			}
		}
		if err := item(first); err != nil {
			return err
		}
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case end:
			d.pos++
			return nil
		default:
			return d.errorAt(d.pos, "Expecting ',' delimiter")
		}
	}
}

func (d *decoder) nameAndColon() error {
	if d.peek() != '"' {
		return d.errorAt(d.pos, propertyExpected)
	}
	d.pos++
	k, err := d.key()
	if err != nil {
		return err
	}
	d.name = k.(string)
	if d.space(); d.peek() != ':' {
		return d.errorAt(d.pos, "Expecting ':' delimiter")
	}
	d.pos++
	d.space()
	return nil
}

func (d *decoder) structure(v reflect.Value, fields []planField, names map[string]int, depth int) error {
	if d.null() {
		return nil
	}
	if d.peek() != '{' {
		return d.wrong("an object", v)
	}
	next := 0
	return d.members(depth, func(bool) error {
		i := next // fields mostly come in the order in which Marshal wrote them
		if i >= len(fields) || fields[i].name != d.name {
			var ok bool
			if i, ok = names[d.name]; !ok {
				return d.skip(depth + 1)
			}
		}
		next = i + 1
		f := &fields[i]
		return f.plan.decode(d, f.make(v), depth+1)
	})
}

// wrong is a mismatch, or the syntax error that the text has there anyway.
func (d *decoder) wrong(want string, v reflect.Value) error {
	at := d.pos
	if err := d.skip(0); err != nil {
		return err
	}
	d.pos = at
	return d.mismatch("what is not "+want, v)
}

func (d *decoder) sliceOf(v reflect.Value, elem *plan, depth int) error {
	if d.null() {
		v.SetZero()
		return nil
	}
	if d.peek() != '[' {
		return d.wrong("an array", v)
	}
	if v.Kind() == reflect.Array {
		return d.arrayOf(v, elem, depth)
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	n := 0
	return d.members(depth, func(bool) error {
		if n == v.Cap() {
			v.Grow(max(n, 4))
		}
		v.SetLen(n + 1)
		x := v.Index(n)
		n++
		x.SetZero()
		return elem.decode(d, x, depth+1)
	})
}

// arrayOf fills a Go array: what is beyond its length is dropped.
func (d *decoder) arrayOf(v reflect.Value, elem *plan, depth int) error {
	v.SetZero()
	n := 0
	return d.members(depth, func(bool) error {
		n++
		if n > v.Len() {
			return d.skip(depth + 1)
		}
		return elem.decode(d, v.Index(n-1), depth+1)
	})
}

func (d *decoder) mapping(v reflect.Value, t reflect.Type, elem *plan, depth int) error {
	if d.null() {
		v.SetZero()
		return nil
	}
	if d.peek() != '{' {
		return d.wrong("an object", v)
	}
	v.Set(reflect.MakeMap(t))
	return d.members(depth, func(bool) error {
		key, err := d.mapKey(t.Key())
		if err != nil {
			return err
		}
		x := reflect.New(t.Elem()).Elem()
		if err := elem.decode(d, x, depth+1); err != nil {
			return err
		}
		v.SetMapIndex(key, x)
		return nil
	})
}

func (d *decoder) mapKey(t reflect.Type) (reflect.Value, error) {
	k := reflect.New(t)
	switch {
	case t.Kind() == reflect.String:
		k.Elem().SetString(d.name)
		return k.Elem(), nil
	case k.Type().Implements(textUnmarshalerType):
		err := k.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(d.name))
		return k.Elem(), err
	case k.Elem().CanInt():
		n, err := strconv.ParseInt(d.name, 10, 64)
		if err == nil && !k.Elem().OverflowInt(n) {
			k.Elem().SetInt(n)
			return k.Elem(), nil
		}
	case k.Elem().CanUint():
		n, err := strconv.ParseUint(d.name, 10, 64)
		if err == nil && !k.Elem().OverflowUint(n) {
			k.Elem().SetUint(n)
			return k.Elem(), nil
		}
	}
	return k, d.mismatch("the name "+strconv.Quote(d.name), k.Elem())
}

// decodeDocument fills an any or a field of a document type.
func decodeDocument(d *decoder, v reflect.Value, depth int) error {
	at := d.pos
	x, err := d.value(depth)
	if err != nil {
		return err
	}
	if x == nil {
		v.SetZero()
		return nil
	}
	if i, ok := x.(int64); ok && v.Type() == bigType {
		x = big.NewInt(i)
	}
	if l, ok := x.([]any); ok && v.Type() == reflect.TypeFor[*List]() {
		x = &List{Items: l}
	}
	rx := reflect.ValueOf(x)
	if !rx.Type().AssignableTo(v.Type()) {
		d.pos = at
		return d.mismatch("a "+TypeName(x), v)
	}
	v.Set(rx)
	return nil
}

func decodeText(d *decoder, v reflect.Value, _ int) error {
	if d.peek() != '"' {
		if d.null() {
			return nil
		}
		return d.wrong("a string", v)
	}
	d.pos++
	s, err := d.str()
	if err == nil {
		v.SetString(s)
	}
	return err
}

func decodeBool(d *decoder, v reflect.Value, _ int) error {
	switch d.peek() {
	case 't':
		_, err := d.word("true", nil)
		v.SetBool(err == nil)
		return err
	case 'f':
		_, err := d.word("false", nil)
		v.SetBool(false)
		return err
	}
	if d.null() {
		return nil
	}
	return d.wrong("a boolean", v)
}

// digitsNext reports whether a number is next.
func (d *decoder) digitsNext() bool {
	c := d.peek()
	return c == '-' || c >= '0' && c <= '9'
}

func decodeFloat(d *decoder, v reflect.Value, _ int) error {
	if !d.digitsNext() {
		if d.null() {
			return nil
		}
		return d.wrong("a number", v)
	}
	at := d.pos
	x, err := d.number()
	if err != nil {
		return err
	}
	f, err := floatOf(x)
	if err != nil || v.OverflowFloat(f) {
		d.pos = at
		return d.mismatch("a number out of range", v)
	}
	v.SetFloat(f)
	return nil
}

func decodeInt(d *decoder, v reflect.Value, _ int) error {
	if !d.digitsNext() {
		if d.null() {
			return nil
		}
		return d.wrong("an integer", v)
	}
	at := d.pos
	x, err := d.number()
	if err != nil {
		return err
	}
	n, ok := x.(int64)
	if !ok || v.OverflowInt(n) {
		d.pos = at
		return d.mismatch("the number "+Str(x), v)
	}
	v.SetInt(n)
	return nil
}

func decodeUint(d *decoder, v reflect.Value, _ int) error {
	if !d.digitsNext() {
		if d.null() {
			return nil
		}
		return d.wrong("an integer", v)
	}
	at := d.pos
	x, err := d.number()
	if err != nil {
		return err
	}
	if n := toBig(x); isInt(x) && n.IsUint64() && !v.OverflowUint(n.Uint64()) {
		v.SetUint(n.Uint64())
		return nil
	}
	d.pos = at
	return d.mismatch("the number "+Str(x), v)
}

func isInt(v any) bool { return isNumber(v) && TypeName(v) == "int" }

func decodeBinary(d *decoder, v reflect.Value, _ int) error {
	if d.null() {
		v.SetZero()
		return nil
	}
	if d.peek() != '"' {
		return d.wrong("base64 text", v)
	}
	at := d.pos
	d.pos++
	s, err := d.str()
	if err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		d.pos = at
		return d.mismatch("what is not base64 text", v)
	}
	v.SetBytes(b)
	return nil
}

// decodeCustom hands the value's text to UnmarshalJSON.
func decodeCustom(d *decoder, v reflect.Value, depth int) error {
	start := d.pos
	if err := d.skip(depth); err != nil {
		return err
	}
	return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.data[start:d.pos:d.pos])
}

func decodeCustomText(d *decoder, v reflect.Value, _ int) error {
	if d.null() {
		return nil
	}
	if d.peek() != '"' {
		return d.wrong("a string", v)
	}
	at := d.pos
	d.pos++
	s, err := d.str()
	if err != nil {
		return err
	}
	err = v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
	if err != nil {
		return d.errorAt(at, err.Error())
	}
	return nil
}
