package argparse

import (
	"strings"

	"github.com/galehq/gale/internal/cli/textwrap"
)

// width is the number of columns that text may take.
func (p *Parser) width() int {
	if p.Width <= 0 {
		return 78
	}
	return max(p.Width-2, 11)
}

// Usage returns the "usage: …" lines, without a line end.
func (p *Parser) Usage() string {
	var options, positionals []string
	args := p.arguments()
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a.Hidden:
		case !a.option():
			positionals = append(positionals, p.positionalUsage(a)...)
		case a.Exclusive != "":
			part, n := p.groupUsage(args[i:])
			options = append(options, part)
			i += n - 1
		default:
			options = append(options, bracket(p.optionUsage(a), !a.Required))
		}
	}
	return "usage: " + p.fold(options, positionals)
}

// groupUsage joins the neighbours that exclude one another: [-a | -b].
func (p *Parser) groupUsage(args []*Arg) (string, int) {
	var parts []string
	n := 0
	for n < len(args) && args[n].Exclusive == args[0].Exclusive {
		if !args[n].Hidden {
			parts = append(parts, p.optionUsage(args[n]))
		}
		n++
	}
	text := strings.Join(parts, " | ")
	for _, need := range p.NeedOne {
		if need == args[0].Exclusive {
			return "(" + text + ")", n
		}
	}
	return "[" + text + "]", n
}

func bracket(s string, on bool) string {
	if on {
		return "[" + s + "]"
	}
	return s
}

func (p *Parser) optionUsage(a *Arg) string {
	if words := a.words(); words != "" {
		return a.Names[0] + " " + words
	}
	return a.Names[0]
}

// positionalUsage returns the parts of a positional; "+" may be folded in the
// middle.
func (p *Parser) positionalUsage(a *Arg) []string {
	name := a.placeholder()
	if len(p.Commands) > 0 && a.Names[0] == commandKey {
		return []string{name, "..."}
	}
	switch a.NArgs {
	case Optional:
		return []string{"[" + name + "]"}
	case Any:
		return []string{"[" + name + " ...]"}
	case Some:
		return []string{name, "[" + name + " ...]"}
	}
	return strings.Fields(a.words())
}

func (a *Arg) placeholder() string {
	switch {
	case a.Metavar != "":
		return a.Metavar
	case len(a.Choices) > 0:
		return "{" + strings.Join(a.Choices, ",") + "}"
	case a.option():
		return strings.ToUpper(strings.TrimPrefix(strings.ReplaceAll(a.key(), "-", "_"), "@__"))
	}
	return a.Names[0]
}

// words shows the values that follow: "N [N ...]".
func (a *Arg) words() string {
	name := a.placeholder()
	least, most := a.bounds()
	switch {
	case most == 0:
		return ""
	case a.NArgs == Optional:
		return "[" + name + "]"
	case a.NArgs == Any:
		return "[" + name + " ...]"
	case a.NArgs == Some:
		return name + " [" + name + " ...]"
	case a.NArgs == Rest:
		return "..."
	}
	return strings.TrimSuffix(strings.Repeat(name+" ", least), " ")
}

// fold lays the parts out behind the program's name.
func (p *Parser) fold(options, positionals []string) string {
	width := p.width()
	const prefix = len("usage: ")
	parts := append(append([]string{p.Prog}, options...), positionals...)
	if one := strings.Join(parts, " "); prefix+len(one) <= width {
		return one
	}
	if float64(prefix+len(p.Prog)) <= 0.75*float64(width) {
		indent := prefix + len(p.Prog) + 1
		lines := pack(append([]string{p.Prog}, options...), width, indent, prefix)
		if len(options) == 0 {
			lines = pack(parts, width, indent, prefix)
		} else {
			lines = append(lines, pack(positionals, width, indent, indent)...)
		}
		return strings.TrimLeft(strings.Join(lines, "\n"), " ")
	}
	lines := pack(parts[1:], width, prefix, prefix)
	if len(lines) > 1 {
		lines = append(pack(options, width, prefix, prefix), pack(positionals, width, prefix, prefix)...)
	}
	return strings.Join(append([]string{p.Prog}, lines...), "\n")
}

// pack fills lines with parts; the first line begins at column first.
func pack(parts []string, width, indent, first int) []string {
	var lines []string
	var line []string
	used := first - 1
	margin := strings.Repeat(" ", indent)
	for _, part := range parts {
		if used+1+len(part) > width && len(line) > 0 {
			lines = append(lines, margin+strings.Join(line, " "))
			line, used = nil, indent-1
		}
		line = append(line, part)
		used += len(part) + 1
	}
	if len(line) > 0 {
		lines = append(lines, margin+strings.Join(line, " "))
	}
	if len(lines) > 0 && first != indent {
		lines[0] = lines[0][indent:]
	}
	return lines
}

// row is one line of the help: an argument and what it is.
type row struct {
	indent     int
	name, help string
}

// Help returns the whole help text with a line end.
func (p *Parser) Help() string {
	var b strings.Builder
	b.WriteString(p.Usage() + "\n")
	if p.Description != "" {
		b.WriteString("\n" + paragraphs(p.Description, p.width()))
	}
	titles, sections := p.sections()
	column := p.helpColumn(sections)
	for _, title := range titles {
		b.WriteString("\n" + title + ":\n")
		for _, r := range sections[title] {
			p.writeRow(&b, r, column)
		}
	}
	if p.Epilog != "" {
		b.WriteString("\n" + strings.TrimSuffix(p.Epilog, "\n") + "\n")
	}
	return b.String()
}

// paragraphs folds prose; lines that begin with a space stay as they are.
func paragraphs(text string, width int) string {
	var out []string
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		if strings.HasPrefix(block, " ") {
			out = append(out, block)
			continue
		}
		out = append(out, strings.Join(textwrap.Wrap(block, width), "\n"))
	}
	return strings.Join(out, "\n\n") + "\n"
}

func (p *Parser) sections() ([]string, map[string][]row) {
	titles := []string{"positional arguments", "options"}
	sections := map[string][]row{}
	for _, a := range p.arguments() {
		if a.Hidden {
			continue
		}
		title := a.Section
		switch {
		case title != "":
		case a.option():
			title = "options"
		default:
			title = "positional arguments"
		}
		if _, ok := sections[title]; !ok && title != titles[0] && title != titles[1] {
			titles = append(titles, title)
		}
		sections[title] = append(sections[title], row{2, a.invocation(), a.Help})
		if len(p.Commands) > 0 && a.Names[0] == commandKey {
			sections[title] = append(sections[title], p.commandRows()...)
		}
	}
	var used []string
	for _, t := range titles {
		if len(sections[t]) > 0 {
			used = append(used, t)
		}
	}
	return used, sections
}

func (p *Parser) commandRows() []row {
	var out []row
	for _, c := range p.Commands {
		if c.Hidden {
			continue
		}
		name := c.Name
		if len(c.Aliases) > 0 {
			name += " (" + strings.Join(c.Aliases, ", ") + ")"
		}
		out = append(out, row{4, name, c.Help})
	}
	return out
}

// invocation is the left column: "-n LAST, --last LAST".
func (a *Arg) invocation() string {
	if !a.option() {
		return a.placeholder()
	}
	words := a.words()
	parts := make([]string, len(a.Names))
	for i, n := range a.Names {
		parts[i] = n
		if words != "" {
			parts[i] += " " + words
		}
	}
	return strings.Join(parts, ", ")
}

// helpColumn is where the descriptions begin.
func (p *Parser) helpColumn(sections map[string][]row) int {
	longest := 0
	for _, rows := range sections {
		for _, r := range rows {
			longest = max(longest, len(r.name)+r.indent)
		}
	}
	return min(longest+2, 24, max(p.width()-20, 4))
}

func (p *Parser) writeRow(b *strings.Builder, r row, column int) {
	margin := strings.Repeat(" ", r.indent)
	b.WriteString(margin + r.name)
	lines := textwrap.Wrap(r.help, max(p.width()-column, 11))
	if len(lines) == 0 {
		b.WriteString("\n")
		return
	}
	room := column - r.indent - 2
	if len(r.name) > room {
		b.WriteString("\n" + strings.Repeat(" ", column))
	} else {
		b.WriteString(strings.Repeat(" ", room-len(r.name)+2))
	}
	b.WriteString(lines[0] + "\n")
	for _, l := range lines[1:] {
		b.WriteString(strings.Repeat(" ", column) + l + "\n")
	}
}
