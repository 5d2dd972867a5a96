package py

import "iter"

// ViewKind tells the three views of a dictionary apart.
type ViewKind int

// The views.
const (
	KeysView ViewKind = iota
	ValuesView
	ItemsView
)

// String returns the type's Python name.
func (k ViewKind) String() string {
	return [...]string{"dict_keys", "dict_values", "dict_items"}[k]
}

// View is what keys(), values() and items() of a dictionary return: it follows
// the dictionary's changes.
type View struct {
	d    *Dict
	kind ViewKind
}

// NewView returns a view of d.
func NewView(d *Dict, kind ViewKind) *View { return &View{d, kind} }

// Len returns the number of elements.
func (v *View) Len() int { return v.d.Len() }

// Kind tells which view it is.
func (v *View) Kind() ViewKind { return v.kind }

// All yields the elements: keys, values, or Tuples of both.
func (v *View) All() iter.Seq[any] {
	return func(yield func(any) bool) {
		for k, x := range v.d.All() {
			switch v.kind {
			case ValuesView:
				k = x
			case ItemsView:
				k = Tuple{k, x}
			}
			if !yield(k) {
				return
			}
		}
	}
}
