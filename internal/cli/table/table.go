// Package table draws the ASCII tables that st2 prints: PrettyTable's frame,
// left aligned, cells folded to the width of their column.
//
//	+-----+--------+
//	| ref | pack   |
//	+-----+--------+
//	| a.b | a      |
//	+-----+--------+
package table

import (
	"strings"

	"github.com/galehq/gale/internal/cli/textwrap"
)

// Column is a heading and the width to which cells below it are folded; 0 sets
// no limit. A heading is never folded; cells below a longer one may be as wide.
type Column struct {
	Title string
	Max   int
}

// Render draws the table, ending in a line end. Rows that are too short are
// filled with empty cells; longer ones are cut.
func Render(columns []Column, rows [][]string) string {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = max(textwrap.Width(c.Title), widest(rows, i, c.Max))
	}
	cells := make([][][]string, len(rows)) // row, column, line
	for r, row := range rows {
		cells[r] = make([][]string, len(columns))
		for i := range columns {
			if i < len(row) {
				cells[r][i] = textwrap.Fold(textwrap.Clean(row[i]), widths[i])
			}
		}
	}
	return draw(columns, cells, widths)
}

// widest is the width of the widest line of a column before folding, at most
// limit: a column with a cell that has to be folded takes all it may.
func widest(rows [][]string, column, limit int) int {
	n := 0
	for _, row := range rows {
		if column >= len(row) {
			continue
		}
		for line := range strings.SplitSeq(textwrap.Clean(row[column]), "\n") {
			n = max(n, textwrap.Width(line))
		}
	}
	if limit > 0 {
		return min(n, limit)
	}
	return n
}

func draw(columns []Column, cells [][][]string, widths []int) string {
	var b strings.Builder
	rule := rule(widths)
	titles := make([][]string, len(columns))
	for i, c := range columns {
		titles[i] = []string{c.Title}
	}
	b.WriteString(rule)
	drawRow(&b, titles, widths)
	b.WriteString(rule)
	for _, row := range cells {
		drawRow(&b, row, widths)
	}
	b.WriteString(rule)
	return b.String()
}

func rule(widths []int) string {
	var b strings.Builder
	for _, w := range widths {
		b.WriteString("+" + strings.Repeat("-", w+2))
	}
	b.WriteString("+\n")
	return b.String()
}

func drawRow(b *strings.Builder, row [][]string, widths []int) {
	height := 1
	for _, cell := range row {
		height = max(height, len(cell))
	}
	for y := range height {
		for i, w := range widths {
			line := ""
			if y < len(row[i]) {
				line = row[i][y]
			}
			b.WriteString("| " + line + strings.Repeat(" ", max(w-textwrap.Width(line), 0)) + " ")
		}
		b.WriteString("|\n")
	}
}
