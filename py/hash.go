package py

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// Distinct types keep the canonical keys of different kinds apart.
type (
	bigKey    string
	nanKey    struct{}
	tupleKey  string
	frozenKey string
)

// Hashable reports whether v may be a key or a member of a set.
func Hashable(v any) bool {
	_, ok := hashKey(v)
	return ok
}

// hashKey returns a Go value that is == for values that are equal in Python,
// and false for what is unhashable. All NaNs are one key: Python finds a NaN
// by identity, which Go values do not have.
func hashKey(v any) (any, bool) { return hashAt(v, 0) }

func hashAt(v any, depth int) (any, bool) {
	switch v := v.(type) {
	case string, int64, nil, Bytes, Date:
		return v, true
	case bool:
		if v {
			return int64(1), true
		}
		return int64(0), true
	case float64:
		return hashFloat(v), true
	case *big.Int:
		return hashBig(v), true
	case Tuple:
		return hashTuple(v, depth)
	case *Set:
		return hashFrozen(v, depth)
	case Range:
		return hashRange(v), true
	case DateTime:
		return v.hash(), true
	case Hasher:
		return v.PyHash(), true
	case []any, *List, *Dict, *View:
		return nil, false
	}
	if reflect.TypeOf(v).Kind() == reflect.Pointer {
		return v, true
	}
	return nil, false
}

func hashFloat(f float64) any {
	switch {
	case f >= -1<<63 && f < 1<<63 && f == math.Trunc(f):
		return int64(f)
	case math.IsNaN(f):
		return nanKey{}
	case math.IsInf(f, 0) || f != math.Trunc(f):
		return f
	}
	b, _ := big.NewFloat(f).Int(nil)
	return hashBig(b)
}

func hashBig(b *big.Int) any {
	if b.IsInt64() {
		return b.Int64()
	}
	return bigKey(b.Text(62))
}

func hashRange(r Range) any {
	n := r.count()
	switch n {
	case 0:
		return Range{Step: 1}
	case 1:
		return Range{Start: r.Start, Stop: r.Start + 1, Step: 1}
	}
	return Range{Start: r.Start, Stop: r.Start + int64(n)*r.Step, Step: r.Step}
}

// hashTuple joins the items' keys, each with its type and length in front, so
// that different tuples never give one text.
func hashTuple(t Tuple, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	var b strings.Builder
	for _, item := range t {
		h, ok := hashAt(item, depth+1)
		if !ok {
			return nil, false
		}
		writeHash(&b, h)
		if b.Len() > MaxSize {
			return nil, false
		}
	}
	return tupleKey(b.String()), true
}

func writeHash(b *strings.Builder, h any) {
	tag, text := byte(0), ""
	switch h := h.(type) {
	case nil:
		tag = 'n'
	case string:
		tag, text = 's', h
	case int64:
		tag, text = 'i', strconv.FormatInt(h, 36)
	case float64:
		tag, text = 'f', strconv.FormatUint(math.Float64bits(h), 36)
	case bigKey:
		tag, text = 'b', string(h)
	case tupleKey:
		tag, text = 't', string(h)
	case Bytes:
		tag, text = 'y', string(h)
	case frozenKey:
		tag, text = 'z', string(h)
	default:
		tag, text = 'o', hostHash(h)
	}
	b.WriteByte(tag)
	b.WriteString(strconv.Itoa(len(text)))
	b.WriteByte(':')
	b.WriteString(text)
}

// hostHash names a host key inside a tuple: a pointer by its address (which
// the tuple keeps alive and Go does not move), anything else by its text.
func hostHash(h any) string {
	if v := reflect.ValueOf(h); v.Kind() == reflect.Pointer {
		return v.Type().String() + strconv.FormatUint(uint64(v.Pointer()), 36)
	}
	return reflect.TypeOf(h).String() + goText(h)
}

func unhashable(v any) *Error {
	name := TypeName(v)
	if t, ok := v.(Tuple); ok {
		for _, item := range t {
			if !Hashable(item) {
				return unhashable(item)
			}
		}
	}
	return typeErrorf("unhashable type: '%s'", name)
}
