package py

import (
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// plan is how values of one Go type become JSON text, come from it, and
// become document values. Plans are made once per type.
type plan struct {
	append func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error)
	decode func(d *decoder, v reflect.Value, depth int) error
	value  func(v reflect.Value, depth int) (any, error)
	empty  func(v reflect.Value) bool // what omitempty leaves out
}

// planField is one field of a struct's plan, also of an embedded one.
type planField struct {
	name      string
	quoted    string // "name":
	index     []int
	omitEmpty bool
	omitZero  bool
	plan      *plan
}

var plans struct {
	done sync.Map // reflect.Type → *plan, complete
	mu   sync.Mutex
	made map[reflect.Type]*plan // with those being made, for recursive types
}

// planOf returns the plan for t.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.done.Load(t); ok {
		return p.(*plan)
	}
	plans.mu.Lock()
	defer plans.mu.Unlock()
	if plans.made == nil {
		plans.made = map[reflect.Type]*plan{}
	}
	p := makePlan(t)
	for t, p := range plans.made { // complete now, as the lock was held throughout
		plans.done.Store(t, p)
	}
	clear(plans.made)
	return p
}

var (
	anyType             = reflect.TypeFor[any]()
	dictType            = reflect.TypeFor[*Dict]()
	bigType             = reflect.TypeFor[*big.Int]()
	bytesType           = reflect.TypeFor[[]byte]()
	jsonMarshaler       = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func makePlan(t reflect.Type) *plan {
	if p, ok := plans.done.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := plans.made[t]; ok {
		return p
	}
	p := &plan{empty: func(reflect.Value) bool { return false }}
	plans.made[t] = p
	if isDocumentType(t) {
		p.document(t)
		return p
	}
	p.kind(t)
	p.custom(t)
	return p
}

// isDocumentType reports whether values of t are written as document values.
func isDocumentType(t reflect.Type) bool {
	switch t {
	case dictType, bigType, reflect.TypeFor[*List](), reflect.TypeFor[Tuple](), reflect.TypeFor[*Set](),
		reflect.TypeFor[Bytes](), reflect.TypeFor[Date](), reflect.TypeFor[DateTime](), reflect.TypeFor[Range]():
		return true
	}
	return false
}

func (p *plan) document(t reflect.Type) {
	p.append = func(a *appender, dst []byte, v reflect.Value, depth int) ([]byte, error) {
		return a.value(dst, v.Interface(), depth)
	}
	p.value = func(v reflect.Value, _ int) (any, error) { return v.Interface(), nil }
	p.decode = decodeDocument
	p.empty = func(v reflect.Value) bool { return v.Kind() == reflect.Pointer && v.IsNil() }
	if t == dictType {
		p.empty = func(v reflect.Value) bool { return v.Interface().(*Dict).Len() == 0 }
	}
}

// kind fills the plan by the kind of t.
func (p *plan) kind(t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		p.structure(t)
	case reflect.Pointer:
		p.pointer(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			p.binary()
		} else {
			p.slice(t)
		}
	case reflect.Array:
		p.slice(t)
	case reflect.Map:
		p.mapping(t)
	case reflect.Interface:
		p.dynamic(t)
	default:
		p.scalar(t)
	}
}

// structFields lists the fields of t in order, those of embedded structs in
// the place of these. Of equal names the least deeply embedded counts.
func structFields(t reflect.Type) []planField {
	var all []planField
	collectFields(t, nil, map[reflect.Type]bool{}, &all)
	depth := map[string]int{}
	for _, f := range all {
		if n, ok := depth[f.name]; !ok || len(f.index) < n {
			depth[f.name] = len(f.index)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(f planField) bool {
		drop := seen[f.name] || len(f.index) > depth[f.name]
		seen[f.name] = seen[f.name] || !drop
		return drop
	})
}

func collectFields(t reflect.Type, prefix []int, open map[reflect.Type]bool, out *[]planField) {
	if open[t] {
		return
	}
	open[t] = true
	defer delete(open, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(prefix), i)
		tag, tagged := sf.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if sf.Anonymous && name == "" {
			e := sf.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			if e.Kind() == reflect.Struct && (sf.IsExported() || sf.Type.Kind() != reflect.Pointer) {
				collectFields(e, index, open, out)
				continue
			}
		}
		if !sf.IsExported() || tagged && tag == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		*out = append(*out, planField{
			name:      name,
			quoted:    string(appendJSONString(nil, name)) + ":",
			index:     index,
			omitEmpty: hasOption(options, "omitempty"),
			omitZero:  hasOption(options, "omitzero"),
			plan:      makePlan(sf.Type),
		})
	}
}

func hasOption(options, name string) bool { return slices.Contains(strings.Split(options, ","), name) }

// get returns the field of v, or an invalid value behind a nil embedded pointer.
func (f *planField) get(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// make is get that creates embedded pointers.
func (f *planField) make(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// skipped reports whether the field is left out.
func (f *planField) skipped(v reflect.Value) bool {
	return !v.IsValid() || f.omitEmpty && f.plan.empty(v) || f.omitZero && v.IsZero()
}
