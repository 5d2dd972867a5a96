package yaml

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// What libyaml, which PyYAML uses, judges otherwise than the parser below: characters that may not stand in a document,
// tabs where indentation counts, anchors that are defined twice, and the version directive of a later YAML.

// checkCharacters refuses characters that YAML does not allow.
func checkCharacters(data []byte) error {
	if !utf8.Valid(data) {
		return nil // another encoding, or the parser's to report
	}
	line, column := 1, 1
	for i, r := range string(data) {
		if !allowed(r) && !(r == '\ufeff' && i == 0) {
			return &Error{Message: fmt.Sprintf("unacceptable character #x%04x: control characters are not allowed", r), Line: line, Column: column}
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return nil
}

func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0x7e || r == 0x85 || 0xa0 <= r && r <= 0xd7ff ||
		0xe000 <= r && r <= 0xfffd && r != 0xfeff || r >= 0x10000
}

// lowerVersion makes the parser take %YAML 1.2 and later for 1.1, the version that PyYAML reads them as.
func lowerVersion(data []byte) []byte {
	const directive = "%YAML 1."
	if !bytes.HasPrefix(data, []byte(directive)) && !bytes.Contains(data, []byte("\n"+directive)) {
		return data
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, line := range lines {
		rest, found := bytes.CutPrefix(line, []byte(directive))
		if digits := bytes.TrimRight(rest, " \r\n"); found && len(digits) == 1 && '2' <= digits[0] && digits[0] <= '9' {
			lines[i] = append([]byte(directive+"1"), rest[1:]...)
		}
		if bytes.HasPrefix(line, []byte("---")) || !bytes.HasPrefix(line, []byte("%")) && len(bytes.TrimSpace(line)) > 0 && line[0] != '#' {
			break // directives stand before the document only
		}
	}
	return bytes.Join(lines, nil)
}

// strict checks the nodes of a document.
type strict struct {
	text    string
	lines   []string // nil if the text has no tab
	anchors map[string]*yaml.Node
}

func checkNodes(root *yaml.Node, text string) error {
	s := &strict{text: text, anchors: map[string]*yaml.Node{}}
	if strings.Contains(text, "\t") {
		s.lines = strings.Split(text, "\n")
	}
	return s.check(root, true)
}

func (s *strict) check(n *yaml.Node, block bool) error {
	if n.Anchor != "" {
		if first := s.anchors[n.Anchor]; first != nil {
			e := at(n, "second occurrence")
			return e.while("found duplicate anchor; first occurrence", first)
		}
		s.anchors[n.Anchor] = n
	}
	if block && s.lines != nil {
		if err := s.checkTab(n); err != nil {
			return err
		}
	}
	block = block && n.Style&yaml.FlowStyle == 0
	if block && n.Kind == yaml.MappingNode {
		if err := s.checkKeys(n); err != nil {
			return err
		}
	}
	for _, child := range n.Content {
		if err := s.check(child, block); err != nil {
			return err
		}
	}
	return nil
}

// checkKeys refuses a colon without a key before it.
func (s *strict) checkKeys(n *yaml.Node) error {
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Value != "" || k.Tag == "!" || k.Style != 0 || k.Anchor != "" {
			continue
		}
		before := []rune(lineOf(s.text, k.Line))
		before = before[:min(k.Column, len(before))]
		if len(before) == k.Column && before[k.Column-1] == ':' && !strings.HasSuffix(strings.TrimRight(string(before[:k.Column-1]), " "), "?") {
			return at(k, "did not find expected key").while("while parsing a block mapping", n)
		}
	}
	return nil
}

// checkTab refuses a tab between the start of the line, a dash or a question mark and a node: the column of the node
// would depend on the width of the tab.
func (s *strict) checkTab(n *yaml.Node) error {
	if n.Line < 1 || n.Line > len(s.lines) {
		return nil
	}
	line := []rune(s.lines[n.Line-1])
	tab := -1
	i := min(n.Column-1, len(line)) - 1
	for ; i >= 0 && (line[i] == ' ' || line[i] == '\t'); i-- {
		if line[i] == '\t' {
			tab = i
		}
	}
	if tab < 0 || i >= 0 && line[i] != '-' && line[i] != '?' {
		return nil
	}
	return &Error{
		Message: "found character that cannot start any token", Line: n.Line, Column: tab + 1,
		Context: "while scanning for the next token", ContextLine: n.Line, ContextColumn: tab + 1,
		Hint: "indent with blanks, not with tabs",
	}
}
