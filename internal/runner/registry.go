package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galehq/gale"
)

// An Entry is a kind of runner: its document as the API shows it (without
// ids, which the store gives) and the runner itself.
type Entry struct {
	Type   gale.RunnerType
	Runner Runner
}

// Registry holds the runners of a process by name.
type Registry struct {
	entries map[string]Entry
}

// NewRegistry makes a registry; two entries of one name are an error of the
// program.
func NewRegistry(entries ...Entry) (*Registry, error) {
	r := &Registry{entries: map[string]Entry{}}
	for _, e := range entries {
		if _, ok := r.entries[e.Type.Name]; ok || e.Type.Name == "" {
			return nil, fmt.Errorf("runner %q is registered twice", e.Type.Name)
		}
		r.entries[e.Type.Name] = e
	}
	return r, nil
}

// Find returns the runner of a type. Underscores in a name stand for hyphens.
func (r *Registry) Find(name string) (Entry, error) {
	if e, ok := r.entries[name]; ok {
		return e, nil
	}
	if e, ok := r.entries[strings.ReplaceAll(name, "_", "-")]; ok {
		return e, nil
	}
	return Entry{}, fmt.Errorf("no runner %q; there are %s", name, strings.Join(r.Names(), ", "))
}

// Names lists the runner types in order.
func (r *Registry) Names() []string {
	var names []string
	for name := range r.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
