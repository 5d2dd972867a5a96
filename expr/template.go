package expr

import (
	"strings"

	"github.com/galehq/gale/py"
)

func (f Function) name() string {
	name, _, _ := strings.Cut(f.Signature, "(")
	return name
}

// IsTemplate reports whether v is a text with a mark of Jinja in it, {{ or {%. It may still be none.
func IsTemplate(v any) bool {
	s, ok := v.(string)
	return ok && (strings.Contains(s, "{{") || strings.Contains(s, "{%"))
}

// holdsTemplate reports whether the text form of a list or mapping has a mark of Jinja in it.
func holdsTemplate(v any) bool {
	switch v.(type) {
	case []any, *py.List, *py.Dict:
		return IsTemplate(py.Str(v))
	}
	return false
}

// ToRawBlock wraps every text that has a complete {{...}} or {%...%} in one of its lines, so that rendering it later
// returns it unchanged. Lists and mappings are copied, with their items wrapped; keys are not.
// Below the greatest depth of documents nothing is changed.
func ToRawBlock(v any) any { return rawBlock(v, 0) }

func rawBlock(v any, depth int) any {
	if depth > py.MaxDocumentDepth {
		return v
	}
	switch v := v.(type) {
	case string:
		if spans(v, "{{", "}}") || spans(v, "{%", "%}") {
			return "{% raw %}" + v + "{% endraw %}"
		}
	case []any:
		return rawItems(v, depth)
	case *py.List:
		return rawItems(v.Items, depth)
	case *py.Dict:
		out := py.NewDict(v.Len())
		for k, x := range v.All() {
			out.Set(k, rawBlock(x, depth+1))
		}
		return out
	}
	return v
}

func rawItems(items []any, depth int) []any {
	out := make([]any, len(items))
	for i, x := range items {
		out[i] = rawBlock(x, depth+1)
	}
	return out
}

// spans reports whether open and then close stand in one line.
func spans(s, open, close string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		_, rest, ok := strings.Cut(line, open)
		if ok && strings.Contains(rest, close) {
			return true
		}
	}
	return false
}
