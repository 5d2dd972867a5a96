package cli

import (
	"strings"

	"github.com/galehq/gale/py"
)

// yamlWriter writes documents in YAML's block style. Texts of several lines
// are written as they are, behind a "|": they are what people look for in the
// result of a run.
type yamlWriter struct {
	b    strings.Builder
	step int // columns of one level
}

// encodeYAML writes a document with the given indentation, ending in a line
// end.
func encodeYAML(v any, step int) (string, error) {
	w := &yamlWriter{step: step}
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
		w.node(v, indent+w.step, false)
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
				w.b.WriteString(strings.Repeat(" ", w.step-1))
				w.entries(x, indent+w.step, true)
				continue
			}
		case []any:
			if len(x) > 0 {
				w.b.WriteByte('\n')
				w.items(x, indent+w.step)
				continue
			}
		}
		w.node(v, indent+w.step, false)
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
	w := &yamlWriter{step: 2}
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
	indent = max(indent, w.step)
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			w.pad(indent)
		}
		w.b.WriteString(line + "\n")
	}
}

func printable(r rune) bool {
	return r >= 0x20 && r != 0x7f && (r < 0x80 || r > 0x9f) && r != 0x2028 && r != 0x2029 && r != 0xfeff && r != '\uFFFD' || r == '\uFFFD'
}

func doubleQuoted(s string) string {
	out, err := py.AppendJSON(nil, s)
	if err != nil {
		return `""`
	}
	return string(out)
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

// resolves reports whether YAML 1.1 would read the word as something else than
// a string: a number, a truth value, null, a date. It errs on the safe side.
func resolves(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "true", "false", "on", "off", "null", "~", "<<", "=", ".inf", "-.inf", "+.inf", ".nan":
		return true
	}
	c := s[0]
	if c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEFxXoOeE+-._:TtZz ", r)
	}) && strings.ContainsAny(s, "0123456789")
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
