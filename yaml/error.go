package yaml

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Error says what is wrong with a document and where. Lines and columns count from 1, columns in characters; zero
// means that the place is not known.
type Error struct {
	Message       string // what is wrong, in PyYAML's words
	Line, Column  int
	Context       string // what was being read, in PyYAML's words; may be empty
	ContextLine   int
	ContextColumn int
	Hint          string // what the author may have meant; may be empty

	unmarked bool // Orquesta's own error, which does not say where
}

// Error returns the place, the message and the hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d: ", e.Line, e.Column)
	}
	b.WriteString(e.Message)
	if e.Context != "" {
		fmt.Fprintf(&b, " (%s", e.Context)
		if e.ContextLine > 0 && e.ContextLine != e.Line {
			fmt.Fprintf(&b, " that begins in line %d", e.ContextLine)
		}
		b.WriteByte(')')
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

// Python returns str() of PyYAML's exception, with name as the name of the stream.
func (e *Error) Python(name string) string {
	var lines []string
	mark := func(line, column int) {
		if line > 0 && !e.unmarked {
			lines = append(lines, fmt.Sprintf("  in %q, line %d, column %d", name, line, column))
		}
	}
	if e.Context != "" {
		lines = append(lines, e.Context)
		if e.ContextLine != e.Line || e.ContextColumn != e.Column {
			mark(e.ContextLine, e.ContextColumn)
		}
	}
	lines = append(lines, e.Message)
	mark(e.Line, e.Column)
	return strings.Join(lines, "\n")
}

// fromLoader turns an error of the parser into ours. text is the document.
func fromLoader(err error, text string) *Error {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return &Error{Message: err.Error()}
	}
	e := &Error{
		Message: le.Message, Line: le.Mark.Line, Column: le.Mark.Column,
		Context: le.ContextMsg, ContextLine: le.ContextMark.Line, ContextColumn: le.ContextMark.Column,
	}
	e.Hint = hint(e, text)
	return e
}

// hint looks at the line of an error for the mistakes that authors of packs make most.
func hint(e *Error, text string) string {
	for _, n := range []int{e.Line, e.ContextLine, e.Line - 1} {
		line := lineOf(text, n)
		_, value, ok := strings.Cut(line, ": ")
		if rest, item := strings.CutPrefix(strings.TrimSpace(line), "- "); item && !ok {
			value, ok = rest, true
		}
		value = strings.TrimSpace(value)
		switch {
		case ok && (strings.HasPrefix(value, "{{") || strings.HasPrefix(value, "{%")):
			return quoteHint
		case ok && strings.HasPrefix(value, "<%") && strings.Contains(value, ": "):
			return `a text with ": " in it must be quoted, as in "<% ... %>"`
		}
	}
	if e.Message != "found character that cannot start any token" {
		return ""
	}
	switch c := charAt(text, e.Line, e.Column); c {
	case '\t':
		return "indent with blanks, not with tabs"
	case '@', '%', '`':
		return fmt.Sprintf("a text that begins with %c must be quoted", c)
	}
	return ""
}

const quoteHint = `a value that begins with a template must be quoted, as in "{{ name }}"`

// lineOf returns line n, counted from 1, or nothing.
func lineOf(text string, n int) string {
	for ; n > 1; n-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	if n < 1 {
		return ""
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func charAt(text string, line, column int) rune {
	for i, r := range []rune(lineOf(text, line)) {
		if i == column-1 {
			return r
		}
	}
	return 0
}
