package secret

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Mask stands in for a secret wherever people can see it.
const Mask = "********"

// sealedKey is the only key of the object that a sealed value is stored as.
const sealedKey = "$sealed"

// Place is where a document is stored. A sealed value opens only at the place
// and path that it was sealed for.
type Place struct{ Table, ID string }

// Seal returns doc with the parts at paths sealed, for storing it at a place.
// Null stays null. An object of the user's that looks like a sealed value is
// sealed too, wherever it is, so that Open gives back exactly what was stored.
// doc is not changed; unsealed parts are shared with it.
func Seal[P ~[]any](k *Key, at Place, doc any, paths []P) (any, error) {
	s := sealer{key: k, at: at, set: newPathSet(paths)}
	return s.walk(doc, nil, s.set)
}

// SealDict is Seal for an object. An empty one has nothing to seal.
func SealDict[P ~[]any](k *Key, at Place, d *py.Dict, paths []P) (*py.Dict, error) {
	if d.Len() == 0 {
		return d, nil
	}
	v, err := Seal(k, at, any(d), paths)
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s: %w", at.Table, at.ID, err)
	}
	return v.(*py.Dict), nil
}

// OpenDict is the reverse of SealDict.
func OpenDict(k *Key, at Place, d *py.Dict) (*py.Dict, error) {
	if d.Len() == 0 {
		return d, nil
	}
	v, err := Open(k, at, any(d))
	if err != nil {
		return nil, fmt.Errorf("open %s of %s: %w", at.Table, at.ID, err)
	}
	return v.(*py.Dict), nil
}

// pathSet is a tree of paths: a leaf is a part to seal.
type pathSet struct {
	here bool
	next map[any]*pathSet
}

func newPathSet[P ~[]any](paths []P) *pathSet {
	root := &pathSet{}
	for _, p := range paths {
		node := root
		for _, step := range p {
			if node.next == nil {
				node.next = map[any]*pathSet{}
			}
			step = stepKey(step)
			if node.next[step] == nil {
				node.next[step] = &pathSet{}
			}
			node = node.next[step]
		}
		node.here = true
	}
	return root
}

func (s *pathSet) child(step any) *pathSet {
	if s == nil {
		return nil
	}
	return s.next[stepKey(step)]
}

type sealer struct {
	key *Key
	at  Place
	set *pathSet
}

func (s sealer) walk(v any, at []any, set *pathSet) (any, error) {
	if set != nil && set.here || IsSealed(v) {
		return s.seal(v, at)
	}
	return eachPart(v, func(step, part any) (any, error) {
		switch part.(type) {
		case *py.Dict, []any, *py.List:
		default:
			if set.child(step) == nil {
				return part, nil
			}
		}
		return s.walk(part, append(at, step), set.child(step))
	})
}

// stepKey returns steps that can be keys of a Go map; no path leads through others.
func stepKey(step any) any {
	switch step.(type) {
	case string, int, int64, bool, float64:
		return step
	}
	return nil
}

// eachPart rebuilds a container from what fn makes of its parts; it returns v
// itself when fn changes nothing.
func eachPart(v any, fn func(step, part any) (any, error)) (any, error) {
	switch c := v.(type) {
	case *py.Dict:
		var out *py.Dict
		for k, part := range c.All() {
			made, err := fn(k, part)
			if err != nil {
				return nil, err
			}
			if !identical(made, part) {
				if out == nil {
					out = c.Clone()
				}
				out.Set(k, made)
			}
		}
		if out != nil {
			return out, nil
		}
	case *py.List:
		return eachPart(c.Items, fn)
	case []any:
		var out []any
		for i, part := range c {
			made, err := fn(i, part)
			if err != nil {
				return nil, err
			}
			if !identical(made, part) {
				if out == nil {
					out = slices.Clone(c)
				}
				out[i] = made
			}
		}
		if out != nil {
			return out, nil
		}
	}
	return v, nil
}

// identical reports whether a is b, not a rebuilt one.
func identical(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	case *py.Dict:
		y, ok := b.(*py.Dict)
		return ok && x == y
	case string:
		y, ok := b.(string)
		return ok && x == y
	case nil:
		return b == nil
	}
	switch b.(type) {
	case []any, *py.Dict, string, nil:
		return false
	}
	return true // numbers and the like are never changed
}

func (s sealer) seal(v any, at []any) (any, error) {
	if v == nil {
		return nil, nil
	}
	text, err := py.AppendJSON(nil, v)
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s %s: the value has no JSON", pointer(at), s.at.Table, s.at.ID)
	}
	nonce := make([]byte, s.key.leaf.NonceSize(), s.key.leaf.NonceSize()+len(text)+s.key.leaf.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed := s.key.leaf.Seal(nonce, nonce, text, s.at.additional(at))
	return py.DictOf(sealedKey, base64.StdEncoding.EncodeToString(sealed)), nil
}

// additional is the data that a sealed value is bound to: table/id/path.
func (p Place) additional(at []any) []byte { return []byte(p.Table + "/" + p.ID + pointer(at)) }

// pointer writes a path as a JSON pointer.
func pointer(at []any) string {
	var b strings.Builder
	for _, step := range at {
		b.WriteByte('/')
		switch step := step.(type) {
		case int:
			b.WriteString(strconv.Itoa(step))
		case string:
			b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
		default:
			b.WriteString(py.Str(step))
		}
	}
	return b.String()
}

// IsSealed reports whether v is what a sealed value is stored as.
func IsSealed(v any) bool {
	d, ok := v.(*py.Dict)
	if !ok || d.Len() != 1 {
		return false
	}
	_, ok = d.GetString(sealedKey)
	return ok
}

// HasSealed reports whether there is a sealed value anywhere in v.
func HasSealed(v any) bool {
	if IsSealed(v) {
		return true
	}
	switch c := v.(type) {
	case *py.Dict:
		for _, part := range c.All() {
			if HasSealed(part) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(c, HasSealed)
	case *py.List:
		return slices.ContainsFunc(c.Items, HasSealed)
	}
	return false
}

// Open returns doc, as it was stored at a place, with everything sealed in it
// opened. doc is not changed.
func Open(k *Key, at Place, doc any) (any, error) { return open(k, at, doc, nil) }

func open(k *Key, place Place, v any, at []any) (any, error) {
	if !IsSealed(v) {
		return eachPart(v, func(step, part any) (any, error) {
			return open(k, place, part, append(at, step))
		})
	}
	text, _ := v.(*py.Dict).GetString(sealedKey)
	s, _ := text.(string)
	raw, err := base64.StdEncoding.DecodeString(s)
	n := k.leaf.NonceSize()
	if err != nil || len(raw) < n {
		return nil, openError(place, at, "it is damaged")
	}
	plain, err := k.leaf.Open(nil, raw[:n], raw[n:], place.additional(at))
	if err != nil {
		return nil, openError(place, at, "it was sealed with another key or for another place, or is damaged")
	}
	value, err := py.DecodeJSON(plain)
	if err != nil {
		return nil, openError(place, at, "it is damaged")
	}
	return value, nil
}

func openError(place Place, at []any, why string) error {
	return gale.Errorf(gale.Internal, "open the sealed value %s of %s %s: %s", pointer(at), place.Table, place.ID, why)
}

// MaskSealed returns doc with the mask in place of every sealed value, for
// those who may see the document and not its secrets. It needs no key.
func MaskSealed(doc any) any {
	if IsSealed(doc) {
		return Mask
	}
	out, _ := eachPart(doc, func(_, part any) (any, error) { return MaskSealed(part), nil })
	return out
}

// MaskAt returns doc with the mask in place of the parts at paths.
func MaskAt[P ~[]any](doc any, paths []P) any {
	return maskAt(doc, newPathSet(paths))
}

func maskAt(v any, set *pathSet) any {
	switch {
	case set == nil || v == nil:
		return v
	case set.here:
		return Mask
	}
	out, _ := eachPart(v, func(step, part any) (any, error) {
		return maskAt(part, set.child(step)), nil
	})
	return out
}
