package schema

import (
	"cmp"
	"strings"

	"github.com/galehq/gale/py"
)

// Error says why a value does not fit a schema.
type Error struct {
	Message string // the words of Python's jsonschema, secrets left out
	Path    Path   // to the offending part; for a missing property, to that property
	Keyword string // the keyword that failed, "required" for a missing property
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// placed returns an error whose message names the place, if it does not do so
// yet: "5 is not of type 'string'" tells little about which of ten parameters.
func (e *Error) placed() *Error {
	if len(e.Path) == 0 || strings.Contains(e.Message, step(e.Path[0])) {
		return e
	}
	return &Error{e.Message + ` (in "` + e.Path.String() + `")`, e.Path, e.Keyword}
}

// fault is an Error in the making. Its message is made only when somebody
// will read it: the branches of an anyOf fail all the time.
type fault struct {
	message func() string
	path    Path
	keyword string
	fits    bool     // the instance has the type that the schema asks for
	context []*fault // of the branches of anyOf and oneOf; paths are relative to this one
}

func (f *fault) err(prefix Path) *Error {
	return &Error{Message: f.message(), Path: join(prefix, f.path...), Keyword: f.keyword}
}

// below moves faults found in a part to the whole that holds it.
func below(step any, found []*fault) []*fault {
	for _, f := range found {
		f.path = join(Path{step}, f.path...)
	}
	return found
}

// best picks the fault that jsonschema's best_match picks: the least deep, but
// inside anyOf and oneOf the deepest, unless two branches are equally good.
func best(found []*fault) *Error {
	if len(found) == 0 {
		return nil
	}
	top := found[0]
	for _, f := range found[1:] {
		if relevance(f, top) > 0 {
			top = f
		}
	}
	var prefix Path
	for len(top.context) > 0 {
		least, tie := leastOf(top.context)
		if tie {
			break
		}
		prefix = join(prefix, top.path...)
		top = least
	}
	return top.err(prefix)
}

func leastOf(context []*fault) (least *fault, tie bool) {
	least = context[0]
	for _, f := range context[1:] {
		switch c := relevance(f, least); {
		case c < 0:
			least, tie = f, false
		case c == 0:
			tie = true
		}
	}
	return least, tie
}

// relevance orders faults: higher up is more relevant, then the later sibling,
// then keywords other than anyOf and oneOf, then a mismatch of type.
func relevance(a, b *fault) int {
	return cmp.Or(
		cmp.Compare(len(b.path), len(a.path)),
		comparePaths(a.path, b.path),
		compareBools(!a.weak(), !b.weak()),
		compareBools(!a.fits, !b.fits),
	)
}

func (f *fault) weak() bool { return f.keyword == "anyOf" || f.keyword == "oneOf" }

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func comparePaths(a, b Path) int {
	for i := range min(len(a), len(b)) {
		if c := compareSteps(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareSteps(a, b any) int {
	i, aIndex := a.(int)
	j, bIndex := b.(int)
	if aIndex && bIndex {
		return cmp.Compare(i, j)
	}
	return strings.Compare(step(a), step(b))
}

// maxShown bounds how much of a value a message repeats, in bytes.
const maxShown = 4 << 10

// show returns the repr of an instance for a message. hidden is set below a
// secret; other secret parts of the instance are masked too.
func (r *run) show(n *node, instance any, hidden bool) string {
	if hidden || truth(n.doc, "secret") {
		return "'" + Mask + "'"
	}
	if secrets := secretsIn(n.doc, instance, r.schema.doc); len(secrets) > 0 {
		instance = MaskAt(instance, secrets)
	}
	s := py.Repr(instance)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
