package runner

import (
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

// Args are the arguments of a script, made from the action's parameters.
type Args struct {
	Named      []string // shell words, quoted where needed: --name, --name=value
	Positional []string // plain text
}

// ArgOptions are the choices in making arguments.
type ArgOptions struct {
	Prefix string // before the names: "--"
	// ZeroIsEmpty passes a positional integer 0 as the empty text, as
	// StackStorm does.
	ZeroIsEmpty bool
}

// MakeArgs splits parameters by the positions that schema (parameter name →
// specification) gives them: ascending positions first to last, all others by
// name in their own order.
func MakeArgs(parameters, schema *py.Dict, o ArgOptions) Args {
	var args Args
	positional := map[string]bool{}
	for _, name := range byPosition(schema) {
		positional[name] = true
		spec, _ := schema.GetString(name)
		value, _ := parameters.GetString(name)
		args.Positional = append(args.Positional, positionalText(value, spec, o))
	}
	for k, value := range parameters.All() {
		if name := py.Str(k); !positional[name] {
			if word, ok := namedWord(o.Prefix+name, value); ok {
				args.Named = append(args.Named, word)
			}
		}
	}
	return args
}

// byPosition lists the parameters that have a position, in its order. Of two
// with the same position the last counts.
func byPosition(schema *py.Dict) []string {
	type entry struct {
		position any
		name     string
	}
	var entries []entry
	for k, spec := range schema.All() {
		d, ok := spec.(*py.Dict)
		if !ok {
			continue
		}
		position, _ := d.GetString("position")
		if position == nil {
			continue
		}
		same := func(e entry) bool { return py.Equal(e.position, position) }
		if i := slices.IndexFunc(entries, same); i >= 0 {
			entries[i].name = py.Str(k)
			continue
		}
		entries = append(entries, entry{position, py.Str(k)})
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		order, err := py.Compare(a.position, b.position)
		if err != nil {
			return 0
		}
		return order
	})
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.name
	}
	return names
}

// positionalText prints a value by its declared type.
func positionalText(value, spec any, o ArgOptions) string {
	if value == nil {
		return ""
	}
	switch declaredType(spec) {
	case "string", "number", "float":
		return py.Str(value)
	case "boolean":
		if py.Truth(value) {
			return "1"
		}
		return "0"
	case "array", "list":
		return joined(value)
	case "object":
		return compact(value)
	}
	if !py.Truth(value) && (o.ZeroIsEmpty || !isNumber(value)) {
		return ""
	}
	return py.Str(value)
}

func declaredType(spec any) string {
	d, _ := spec.(*py.Dict)
	v, _ := d.GetString("type")
	name, _ := v.(string)
	return name
}

func joined(value any) string {
	if !py.Truth(value) {
		return ""
	}
	if text, ok := value.(string); ok {
		return text
	}
	items, err := py.AsList(value)
	if err != nil {
		return py.Str(value)
	}
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = py.Str(item)
	}
	return strings.Join(words, ",")
}

func compact(value any) string {
	if !py.Truth(value) {
		return ""
	}
	text, err := py.AppendJSON(nil, value)
	if err != nil {
		return py.Str(value)
	}
	return string(text)
}

func isNumber(value any) bool {
	if _, ok := value.(bool); ok {
		return false
	}
	name := py.TypeName(value)
	return name == "int" || name == "float"
}

// namedWord is the shell word of a named argument; none for null, false and
// the empty text.
func namedWord(name string, value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case bool:
		return Quote(name), v
	case string:
		if v == "" {
			return "", false
		}
	}
	return Quote(name) + "=" + Quote(py.Str(value)), true
}

// CommandLine is a script and its arguments for a POSIX shell: named ones
// first, always.
func (a Args) CommandLine(script string) string {
	words := append([]string{Quote(script)}, a.Named...)
	for _, text := range a.Positional {
		words = append(words, Quote(text))
	}
	return strings.Join(words, " ")
}

const safeInShell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_"

// Quote makes text one word of a POSIX shell.
func Quote(text string) string {
	if text == "" {
		return "''"
	}
	if strings.Trim(text, safeInShell) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'"'"'`) + "'"
}
