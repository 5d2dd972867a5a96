package config

import (
	"fmt"
	"strings"

	"github.com/galehq/gale"
)

// entry is one assignment of a configuration file.
type entry struct {
	section, key string
	value        string // continuation lines joined with newlines, $variables not yet replaced
	line         int    // of the key, from 1
}

// parseINI reads a file as oslo.config does. Sections are [name]; keys end at
// the first = or :; a line that begins with a blank continues the value before
// it, until an empty line; # and ; begin comments at the start of a line only;
// quotes around a whole value are taken off. The section's name counts without
// case, keys count exactly.
func parseINI(file, text string) ([]entry, error) {
	p := &iniParser{file: file}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if err := p.line(i+1, strings.TrimRight(line, " \t\r\v\f")); err != nil {
			return nil, err
		}
	}
	return p.entries, nil
}

type iniParser struct {
	file    string
	section string
	open    bool // the last entry may be continued
	entries []entry
}

func (p *iniParser) line(n int, line string) error {
	switch {
	case line == "":
		p.open = false
	case line[0] == ' ' || line[0] == '\t':
		if !p.open {
			return p.errorf(n, "unexpected continuation line %q", line)
		}
		last := &p.entries[len(p.entries)-1]
		last.value += "\n" + strings.TrimLeft(line, " \t")
	case line[0] == '#' || line[0] == ';':
		p.open = false
	case line[0] == '[':
		return p.header(n, line)
	default:
		return p.assignment(n, line)
	}
	return nil
}

func (p *iniParser) header(n int, line string) error {
	p.open = false
	name, closed := strings.CutSuffix(line[1:], "]")
	if !closed {
		return p.errorf(n, "section %q does not end with ]", line)
	}
	if name == "" {
		return p.errorf(n, "the section has no name")
	}
	p.section = strings.ToLower(name)
	return nil
}

func (p *iniParser) assignment(n int, line string) error {
	i := strings.IndexAny(line, "=:")
	if i < 0 {
		return p.errorf(n, "no = or : in %q", shorten(line))
	}
	key, value := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
	if key == "" {
		return p.errorf(n, "the key is empty")
	}
	if p.section == "" {
		return p.errorf(n, "key %q stands before the first section", key)
	}
	if value != "" && value[0] == value[len(value)-1] && (value[0] == '"' || value[0] == '\'') {
		value = strings.TrimSuffix(value[1:], value[:1]) // a lone quote is empty text
	}
	p.entries = append(p.entries, entry{p.section, key, value, n})
	p.open = true
	return nil
}

// shorten keeps what may be a secret out of errors: a line without = is often
// half of a value.
func shorten(line string) string {
	if len(line) > 20 {
		return line[:20] + "…"
	}
	return line
}

func (p *iniParser) errorf(line int, format string, args ...any) error {
	return gale.Errorf(gale.Invalid, "%s:%d: %s", p.file, line, fmt.Sprintf(format, args...))
}

// maxExpansion bounds how deep $variables refer to options that hold
// $variables, and maxValue how long a value may get by it.
const (
	maxExpansion = 20
	maxValue     = 64 << 10
)

// expand replaces $name and ${name}, where a name may be that of another
// section's option (${api.host}); $$ and \$ stand for a dollar. A dollar that
// begins no name stays. lookup returns an option's text.
func expand(value string, lookup func(name string) (string, error)) (string, error) {
	if !strings.Contains(value, "$") {
		return value, nil
	}
	value = strings.ReplaceAll(value, `\$`, "$$")
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(value, "$")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after := variable(rest)
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			after = rest[1:]
		case name == "":
			b.WriteByte('$')
			after = rest
		default:
			text, err := lookup(name)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
		}
		if b.Len() > maxValue {
			return "", fmt.Errorf("the value gets longer than %d bytes", maxValue)
		}
		value = after
	}
}

// variable cuts a name, in braces or not, off the start of s.
func variable(s string) (name, rest string) {
	if inner, braced := strings.CutPrefix(s, "{"); braced {
		n := nameLen(inner)
		if n > 0 && strings.HasPrefix(inner[n:], "}") {
			return inner[:n], inner[n+1:]
		}
		return "", s
	}
	n := nameLen(s)
	return s[:n], s[n:]
}

func nameLen(s string) int {
	n := 0
	for n < len(s) {
		c := s[n] | 0x20 // letters count without case
		if c >= 'a' && c <= 'z' || s[n] == '_' || n > 0 && (s[n] == '.' || s[n] >= '0' && s[n] <= '9') {
			n++
			continue
		}
		break
	}
	return n
}
