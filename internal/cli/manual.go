package cli

import (
	"fmt"
	"strings"
)

// Manual returns the help of all commands as one Markdown document.
func Manual(extra ...Command) string {
	const width = 100
	var b strings.Builder
	b.WriteString("# The gale command\n")
	env := &Env{Program: "gale", Width: width}
	table := join(commands(), extra)
	fmt.Fprintf(&b, "\n```\n%s```\n", env.topParser(table).Help())
	writeManual(&b, "gale", table, width)
	return b.String()
}

func writeManual(b *strings.Builder, prog string, table []Command, width int) {
	for i := range table {
		c := &table[i]
		if c.Hidden {
			continue
		}
		path := prog + " " + c.Name
		fmt.Fprintf(b, "\n## %s\n\n```\n%s```\n", path, c.parser(path, width).Help())
		writeManual(b, path, c.Commands, width)
	}
}
