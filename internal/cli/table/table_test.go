package table

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	tests := []struct {
		name    string
		columns []Column
		rows    [][]string
		want    string
	}{
		{"cells set the width", []Column{{"ref", 20}, {"pack", 20}}, [][]string{{"core.local", "core"}, {"x.y", "x"}}, `
+------------+------+
| ref        | pack |
+------------+------+
| core.local | core |
| x.y        | x    |
+------------+------+`},
		{"no rows", []Column{{"id", 26}}, nil, `
+----+
| id |
+----+
+----+`},
		{"a cell is folded, and its column takes all it may", []Column{{"name", 12}, {"b", 5}}, [][]string{{"some words of text", "x"}}, `
+--------------+---+
| name         | b |
+--------------+---+
| some words   | x |
| of text      |   |
+--------------+---+`},
		{"a long heading widens its column", []Column{{"start_timestamp", 5}}, [][]string{{"2026-11-22T07:55"}}, `
+-----------------+
| start_timestamp |
+-----------------+
| 2026-11-        |
| 22T07:55        |
+-----------------+`},
		{"lines of a cell stay", []Column{{"v", 0}}, [][]string{{"{\n    \"a\": 1\n}"}}, `
+------------+
| v          |
+------------+
| {          |
|     "a": 1 |
| }          |
+------------+`},
		{"wide characters and colours are measured as shown", []Column{{"a", 9}, {"b", 9}}, [][]string{{"字字", "\x1b[32mok\x1b[0m"}, {"abc", "d"}}, `
+------+----+
| a    | b  |
+------+----+
| 字字 | ` + "\x1b[32mok\x1b[0m" + ` |
| abc  | d  |
+------+----+`},
		{"control characters do nothing", []Column{{"a", 9}}, [][]string{{"a\rb\x07\u009b"}}, `
+----+
| a  |
+----+
| ab |
+----+`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Render(tt.columns, tt.rows)
			if want := strings.TrimPrefix(tt.want, "\n") + "\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestShortRowsAreFilled(t *testing.T) {
	got := Render([]Column{{"a", 0}, {"b", 0}}, [][]string{{"x"}, {"y", "z", "extra"}})
	want := "+---+---+\n| a | b |\n+---+---+\n| x |   |\n| y | z |\n+---+---+\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
