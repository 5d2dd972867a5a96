package store

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// bind turns arguments into the values that both drivers take: nil, int64,
// float64, string and []byte.
func bind(args []any) ([]any, error) {
	for i, v := range args {
		switch v := v.(type) {
		case string:
			if err := checkText(v); err != nil {
				return nil, err
			}
			continue
		case nil, int64, []byte, float64:
			continue
		}
		b, err := bindOne(v)
		if err != nil {
			return nil, err
		}
		args[i] = b
	}
	return args, nil
}

// checkText refuses the one character that PostgreSQL cannot store in text, on
// both kinds of store alike. (In documents it is written as an escape.)
func checkText(texts ...string) error {
	for _, text := range texts {
		if strings.IndexByte(text, 0) >= 0 {
			return gale.Errorf(gale.Invalid, "the text %s has a NUL character in it", py.Repr(shortened(text)))
		}
	}
	return nil
}

func shortened(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

func bindOne(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case gale.Time:
		return int64(v), nil
	case gale.Status:
		return string(v), checkText(string(v))
	case bool:
		return boolInt(v), nil
	case int:
		return int64(v), nil
	case time.Time:
		return int64(gale.TimeOf(v)), nil
	case []string:
		return v, checkText(v...)
	case []int64:
		return v, nil
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String(), checkText(r.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := r.Uint(); u <= math.MaxInt64 {
			return int64(u), nil
		}
	case reflect.Bool:
		return boolInt(r.Bool()), nil
	case reflect.Float32:
		return r.Float(), nil
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return bindOne(r.Elem().Interface())
	}
	return nil, fmt.Errorf("a %T cannot be an argument of a statement", v)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// scan copies a row to where dest points.
func scan(row, dest []any) error {
	if len(row) != len(dest) {
		return fmt.Errorf("scan %d columns into %d variables", len(row), len(dest))
	}
	for i, v := range row {
		if err := assign(dest[i], v); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func assign(dest, v any) error {
	switch d := dest.(type) {
	case *string:
		return assignString(d, v)
	case *[]byte:
		return assignBytes(d, v)
	case *int64:
		return assignInt(d, v)
	case *gale.Time:
		return assignInt((*int64)(d), v)
	case *any:
		*d = v
		return nil
	case *float64:
		return assignFloat(d, v)
	case *bool:
		var n int64
		err := assignInt(&n, v)
		*d = n != 0
		return err
	}
	return assignOther(dest, v)
}

func mismatch(dest, v any) error { return fmt.Errorf("a %T does not fit into %T", v, dest) }

func assignString(d *string, v any) error {
	switch v := v.(type) {
	case string:
		*d = v
	case []byte:
		*d = string(v)
	case nil:
		*d = ""
	default:
		return mismatch(d, v)
	}
	return nil
}

func assignBytes(d *[]byte, v any) error {
	switch v := v.(type) {
	case string:
		*d = []byte(v)
	case []byte:
		*d = v
	case nil:
		*d = nil
	default:
		return mismatch(d, v)
	}
	return nil
}

func assignInt(d *int64, v any) error {
	switch v := v.(type) {
	case int64:
		*d = v
	case nil:
		*d = 0
	default:
		return mismatch(d, v)
	}
	return nil
}

func assignFloat(d *float64, v any) error {
	switch v := v.(type) {
	case float64:
		*d = v
	case int64:
		*d = float64(v)
	case nil:
		*d = 0
	default:
		return mismatch(d, v)
	}
	return nil
}

// assignOther serves named types and pointers to pointers.
func assignOther(dest, v any) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("scan into %T, which is no pointer", dest)
	}
	d := p.Elem()
	switch d.Kind() {
	case reflect.Pointer:
		if v == nil {
			d.SetZero()
			return nil
		}
		n := reflect.New(d.Type().Elem())
		if err := assign(n.Interface(), v); err != nil {
			return err
		}
		d.Set(n)
	case reflect.String:
		var s string
		if err := assignString(&s, v); err != nil {
			return err
		}
		d.SetString(s)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if err := assignInt(&n, v); err != nil {
			return err
		}
		if d.OverflowInt(n) {
			return mismatch(dest, v)
		}
		d.SetInt(n)
	default:
		return mismatch(dest, v)
	}
	return nil
}
