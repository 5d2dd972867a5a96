package cli

import (
	"fmt"
	"strings"

	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// yamlWriter writes documents in YAML's block style for people to read. Other
// than package yaml, which writes what PyYAML writes, it never folds a line,
// and texts of several lines stand as they are, behind a "|": they are what
// one looks for in the result of a run.
type yamlWriter struct{ b strings.Builder }

const yamlStep = 2 // columns of one level

// encodeYAML writes a document, ending in a line end.
func encodeYAML(v any) (string, error) {
	w := &yamlWriter{}
	w.node(v, 0, true)
	return w.b.String(), nil
}

// node writes a value. top says that the cursor stands at the beginning of a
// line; otherwise it stands behind "key:" or "-".
func (w *yamlWriter) node(v any, indent int, top bool) {
	switch x := v.(type) {
	case *py.Dict:
		if x.Len() > 0 {
			w.dict(x, indent, top)
			return
		}
		w.scalar("{}", top)
	case []any:
		if len(x) > 0 {
			w.list(x, indent, top)
			return
		}
		w.scalar("[]", top)
	case string:
		w.text(x, indent, top)
	case nil:
		w.scalar("null", top)
	case bool:
		w.scalar(map[bool]string{true: "true", false: "false"}[x], top)
	case float64:
		w.scalar(yamlFloat(x), top)
	default:
		w.scalar(py.Str(v), top)
	}
}

func (w *yamlWriter) scalar(s string, top bool) {
	if !top {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(s + "\n")
}

func (w *yamlWriter) pad(indent int) { w.b.WriteString(strings.Repeat(" ", indent)) }

func (w *yamlWriter) dict(d *py.Dict, indent int, top bool) {
	if !top {
		w.b.WriteByte('\n')
	}
	w.entries(d, indent, false)
}

// entries writes the lines of an object; started says that the first one
// stands behind a dash.
func (w *yamlWriter) entries(d *py.Dict, indent int, started bool) {
	for k, v := range d.All() {
		if !started {
			w.pad(indent)
		}
		started = false
		w.b.WriteString(yamlKey(py.Str(k)) + ":")
		if list, ok := v.([]any); ok && len(list) > 0 {
			w.b.WriteByte('\n')
			w.items(list, indent)
			continue
		}
		w.node(v, indent+yamlStep, false)
	}
}

func (w *yamlWriter) list(l []any, indent int, top bool) {
	if !top {
		w.b.WriteByte('\n')
	}
	w.items(l, indent)
}

func (w *yamlWriter) items(l []any, indent int) {
	for _, v := range l {
		w.pad(indent)
		w.b.WriteByte('-')
		switch x := v.(type) {
		case *py.Dict:
			if x.Len() > 0 {
				w.b.WriteString(strings.Repeat(" ", yamlStep-1))
				w.entries(x, indent+yamlStep, true)
				continue
			}
		case []any:
			if len(x) > 0 {
				w.b.WriteByte('\n')
				w.items(x, indent+yamlStep)
				continue
			}
		}
		w.node(v, indent+yamlStep, false)
	}
}

// text writes a string in the plainest form that reads back as the same.
func (w *yamlWriter) text(s string, indent int, top bool) {
	switch {
	case strings.Contains(strings.TrimRight(s, "\n"), "\n") && literal(s):
		w.block(s, indent, top)
	case plain(s):
		w.scalar(s, top)
	case !strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }):
		w.scalar("'"+strings.ReplaceAll(s, "'", "''")+"'", top)
	default:
		w.scalar(doubleQuoted(s), top)
	}
}

func yamlKey(s string) string {
	w := &yamlWriter{}
	switch {
	case plain(s):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }):
		return doubleQuoted(s)
	}
	w.text(s, 0, true)
	return strings.TrimSuffix(w.b.String(), "\n")
}

// literal reports whether a text of several lines can stand behind "|".
func literal(s string) bool {
	first := strings.TrimLeft(s, "\n")
	return !strings.HasPrefix(first, " ") && !strings.HasPrefix(first, "\t") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !printable(r) })
}

func (w *yamlWriter) block(s string, indent int, top bool) {
	body := strings.TrimRight(s, "\n")
	mark := "|-"
	switch n := len(s) - len(body); {
	case n == 1:
		mark = "|"
	case n > 1:
		mark = "|+"
		body = s[:len(s)-1]
	}
	w.scalar(mark, top)
	indent = max(indent, yamlStep)
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			w.pad(indent)
		}
		w.b.WriteString(line + "\n")
	}
}

func printable(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String() + `"`
}

// plain reports whether s needs no quotes: it reads back as a string and holds
// nothing that YAML would take for itself.
func plain(s string) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.Contains(s, ": ") || strings.Contains(s, " #") ||
		strings.HasSuffix(s, ":") || strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }) {
		return false
	}
	if strings.ContainsRune("-?:", rune(s[0])) && (len(s) == 1 || s[1] == ' ') || strings.ContainsRune(",[]{}#&*!|>'\"%@`", rune(s[0])) {
		return false
	}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		return false
	}
	return !resolves(s)
}

// resolves reports whether YAML 1.1 reads the word as something else than a
// string: a number, a truth value, null, a date.
func resolves(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "true", "false", "on", "off", "null", "~", "<<", "=":
		return true
	}
	const longest = 100 // no number that is longer stays plain
	if !strings.ContainsRune("+-.0123456789", rune(s[0])) {
		return false
	}
	if len(s) > longest {
		return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789_abcdefxABCDEF.+-:", r) })
	}
	v, err := yaml.Decode([]byte(s))
	return err != nil || v != s
}

func yamlFloat(f float64) string {
	switch s := py.Str(f); s {
	case "nan":
		return ".nan"
	case "inf":
		return ".inf"
	case "-inf":
		return "-.inf"
	default:
		if mantissa, exponent, ok := strings.Cut(s, "e"); ok && !strings.Contains(mantissa, ".") {
			return mantissa + ".0e" + exponent // without a dot YAML 1.1 reads a string
		}
		return s
	}
}
