package jinja

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// prettyPrinter lays a value out over lines of 80 columns as Python's pprint
// does: what does not fit is broken after each item, dictionaries are sorted.
type prettyPrinter struct {
	run *run
	out strings.Builder
	err error
}

const prettyWidth = 80

// format writes v, which begins at column indent and has allowance characters
// behind it on its last line.
func (p *prettyPrinter) format(v any, indent, allowance, level int) {
	rep := p.repr(v, level)
	if p.err != nil {
		return
	}
	if utf8.RuneCountInString(rep) <= prettyWidth-indent-allowance || !p.broken(v, indent, allowance, level+1) {
		p.write(rep)
	}
}

func (p *prettyPrinter) write(s string) {
	if p.err == nil {
		p.err = p.run.spend(1 + len(s)/bytesPerStep)
	}
	if p.out.Len()+len(s) > py.MaxSize {
		p.err = py.Errorf("MemoryError", "")
	}
	if p.err == nil {
		p.out.WriteString(s)
	}
}

// broken writes v over several lines, if its type allows.
func (p *prettyPrinter) broken(v any, indent, allowance, level int) bool {
	switch v := v.(type) {
	case *py.Dict:
		p.write("{")
		p.dictItems(sortedItems(v), indent+1, allowance+1, level)
		p.write("}")
	case []any:
		p.bracketed("[", v, "]", indent, allowance, level)
	case *py.List:
		p.bracketed("[", v.Items, "]", indent, allowance, level)
	case py.Tuple:
		end := ")"
		if len(v) == 1 {
			end = ",)"
		}
		p.bracketed("(", v, end, indent, allowance, level)
	case string:
		p.text(v, indent, allowance, level)
	default:
		return false
	}
	return true
}

func (p *prettyPrinter) bracketed(open string, items []any, end string, indent, allowance, level int) {
	p.write(open)
	indent++
	for i, item := range items {
		behind := 1
		if i > 0 {
			p.write(",\n" + strings.Repeat(" ", indent))
		}
		if i == len(items)-1 {
			behind = allowance + len(end)
		}
		p.format(item, indent, behind, level)
	}
	p.write(end)
}

func (p *prettyPrinter) dictItems(items []py.Tuple, indent, allowance, level int) {
	for i, item := range items {
		behind := 1
		if i > 0 {
			p.write(",\n" + strings.Repeat(" ", indent))
		}
		if i == len(items)-1 {
			behind = allowance
		}
		key := p.repr(item[0], level)
		p.write(key + ": ")
		p.format(item[1], indent+utf8.RuneCountInString(key)+2, behind, level)
	}
}

// text writes a string as adjacent literals, broken at line ends and spaces.
func (p *prettyPrinter) text(s string, indent, allowance, level int) {
	if level == 1 {
		indent++
		allowance++
	}
	chunks := textChunks(s, prettyWidth-indent, allowance)
	if len(chunks) == 1 {
		p.write(chunks[0])
		return
	}
	if level == 1 {
		p.write("(")
	}
	p.write(strings.Join(chunks, "\n"+strings.Repeat(" ", indent)))
	if level == 1 {
		p.write(")")
	}
}

func textChunks(s string, width, allowance int) []string {
	var chunks []string
	lines := py.SplitLines(s, true)
	for i, line := range lines {
		lastLine := i == len(lines)-1
		room := width
		if lastLine {
			room -= allowance
		}
		if rep := py.Repr(line); utf8.RuneCountInString(rep) <= room {
			chunks = append(chunks, rep)
			continue
		}
		parts := wordsWithSpace(line)
		current := ""
		room = width
		for j, part := range parts {
			if lastLine && j == len(parts)-1 {
				room -= allowance
			}
			if utf8.RuneCountInString(py.Repr(current+part)) <= room {
				current += part
				continue
			}
			if current != "" {
				chunks = append(chunks, py.Repr(current))
			}
			current = part
		}
		if current != "" {
			chunks = append(chunks, py.Repr(current))
		}
	}
	return chunks
}

// wordsWithSpace splits s into words, each with the white space behind it.
func wordsWithSpace(s string) []string {
	var out []string
	for s != "" {
		word := len(s)
		if i := strings.IndexFunc(s, isSpace); i >= 0 {
			word = i
		}
		rest := strings.TrimLeftFunc(s[word:], isSpace)
		out = append(out, s[:len(s)-len(rest)])
		s = rest
	}
	return out
}

// repr is repr(v) with sorted dictionaries.
func (p *prettyPrinter) repr(v any, level int) string {
	var b strings.Builder
	p.appendRepr(&b, v, level)
	return b.String()
}

func (p *prettyPrinter) appendRepr(b *strings.Builder, v any, level int) {
	if p.err == nil {
		p.err = p.run.spend(1)
	}
	if level > maxDepthOfValues && p.err == nil {
		p.err = py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	if p.err != nil {
		return
	}
	switch v := v.(type) {
	case *py.Dict:
		b.WriteString("{")
		for i, item := range sortedItems(v) {
			if i > 0 {
				b.WriteString(", ")
			}
			p.appendRepr(b, item[0], level+1)
			b.WriteString(": ")
			p.appendRepr(b, item[1], level+1)
		}
		b.WriteString("}")
	case []any:
		p.appendItems(b, "[", v, "]", level)
	case *py.List:
		p.appendItems(b, "[", v.Items, "]", level)
	case py.Tuple:
		end := ")"
		if len(v) == 1 {
			end = ",)"
		}
		p.appendItems(b, "(", v, end, level)
	default:
		s, err := py.ReprOf(v)
		if p.err == nil {
			p.err = err
		}
		b.WriteString(s)
	}
}

func (p *prettyPrinter) appendItems(b *strings.Builder, open string, items []any, end string, level int) {
	b.WriteString(open)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		p.appendRepr(b, item, level+1)
	}
	b.WriteString(end)
}

// sortedItems returns the entries of d ordered by key, and by the names of the
// types where keys cannot be compared.
func sortedItems(d *py.Dict) []py.Tuple {
	items := make([]py.Tuple, 0, d.Len())
	for k, v := range d.All() {
		items = append(items, py.Tuple{k, v})
	}
	sort.SliceStable(items, func(i, j int) bool {
		a, b := items[i][0], items[j][0]
		less, err := py.Less("<", a, b)
		if err != nil {
			return py.TypeName(a) < py.TypeName(b)
		}
		return less
	})
	return items
}
