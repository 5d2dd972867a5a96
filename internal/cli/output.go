package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galehq/gale/internal/cli/table"
	"github.com/galehq/gale/internal/cli/textwrap"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// view says how resources are shown.
type view struct {
	attrs  []string // columns or rows; empty or "all": every attribute
	order  []string // attributes that come first in a property table
	widths []int    // of the columns, as given with -w
	change map[string]change
	empty  bool // an empty list is shown as such, not as a sentence
}

// change turns an attribute into what tables show.
type change func(env *Env, v any, of *py.Dict) any

// defaultOrder is that of resources without an order of their own.
var defaultOrder = []string{"id", "name", "pack", "description"}

const nothingFound = "No matching items found"

// times are the attributes that tables show as dates.
var times = map[string]bool{"start_timestamp": true, "end_timestamp": true, "occurrence_time": true, "enforced_at": true,
	"expire_timestamp": true, "created_at": true, "updated_at": true}

// printList shows resources in the format asked for.
func (env *Env) printList(items []*py.Dict, v view) error {
	if len(items) == 0 && !v.empty {
		env.println(nothingFound)
		return nil
	}
	if env.Format != Table {
		list := make([]any, len(items))
		for i, d := range items {
			list[i] = v.project(d)
		}
		return env.printData(list)
	}
	text := env.listTable(items, v)
	head, _, _ := strings.Cut(text, "\n")
	env.tableWidth = len(head)
	fmt.Fprint(env.Stdout, text)
	return nil
}

// printOne shows one resource: a property table, or its data.
func (env *Env) printOne(d *py.Dict, v view) error {
	if d.Len() == 0 {
		env.println(nothingFound)
		return nil
	}
	if env.Format != Table {
		return env.printData(v.project(d))
	}
	fmt.Fprint(env.Stdout, env.propertyTable(d, v))
	return nil
}

// printData writes a document as JSON or YAML.
func (env *Env) printData(v any) error {
	text, err := env.encode(v)
	if err != nil {
		return err
	}
	env.println(strings.TrimSuffix(text, "\n"))
	return nil
}

func (env *Env) encode(v any) (string, error) {
	if env.Format == YAML {
		out, err := yaml.Format{Indent: 4, Unicode: true}.Append(nil, v)
		return string(out), err
	}
	return encodeJSON(v, true)
}

// encodeJSON writes JSON with an indentation of four.
func encodeJSON(v any, sortKeys bool) (string, error) {
	out, err := py.JSONFormat{Indent: "    ", SortKeys: sortKeys, Spaces: true}.Append(nil, v)
	return string(out), err
}

// sorted returns a document whose objects have their keys in order.
func sorted(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = sorted(e)
		}
		return out
	case *py.Dict:
		keys := x.Keys()
		slices.SortFunc(keys, func(a, b any) int { return cmp.Compare(py.Str(a), py.Str(b)) })
		out := py.NewDict(len(keys))
		for _, k := range keys {
			e, _ := x.Get(k)
			out.Set(k, sorted(e))
		}
		return out
	}
	return v
}

func (v view) all() bool { return len(v.attrs) == 0 || slices.Contains(v.attrs, "all") }

// project keeps the attributes asked for; result.stdout becomes an object
// result that holds only stdout.
func (v view) project(d *py.Dict) *py.Dict {
	if v.all() {
		return d
	}
	out := py.NewDict(len(v.attrs))
	for _, attr := range v.attrs {
		if value, ok := lookUp(d, attr); ok {
			put(out, strings.Split(attr, "."), value)
		}
	}
	return out
}

func put(d *py.Dict, path []string, value any) {
	for len(path) > 1 {
		v, _ := d.GetString(path[0])
		inner, ok := v.(*py.Dict)
		if !ok {
			inner = py.NewDict(1)
		} else {
			inner = inner.Clone()
		}
		d.Set(path[0], inner)
		d, path = inner, path[1:]
	}
	d.Set(path[0], value)
}

// lookUp finds an attribute by its dotted path.
func lookUp(d *py.Dict, path string) (any, bool) {
	if v, ok := d.GetString(path); ok {
		return v, true
	}
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		return nil, false
	}
	v, _ := d.GetString(head)
	inner, ok := v.(*py.Dict)
	if !ok {
		return nil, false
	}
	return lookUp(inner, rest)
}

// value is what a table shows of an attribute.
func (env *Env) value(d *py.Dict, attr string, v view) any {
	x, _ := lookUp(d, attr)
	if f := v.change[attr]; f != nil {
		return f(env, x, d)
	}
	if s, ok := x.(string); ok && times[attr] {
		return env.date(s)
	}
	return x
}

// date shows an API timestamp in the configured time zone; what is none stays.
func (env *Env) date(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	loc := time.UTC
	if env.Settings != nil && env.Settings.Location != nil {
		loc = env.Settings.Location
	}
	return t.In(loc).Format("Mon, 02 Jan 2006 15:04:05 MST")
}

// attributes lists the names of a resource, those of order first.
func attributes(d *py.Dict, order []string) []string {
	var names []string
	for _, k := range d.Keys() {
		names = append(names, py.Str(k))
	}
	slices.Sort(names)
	return preferred(names, order)
}

// preferred moves the names of order to the front.
func preferred(names, order []string) []string {
	var head, tail []string
	for _, o := range order {
		if slices.Contains(names, o) {
			head = append(head, o)
		}
	}
	for _, n := range names {
		if !slices.Contains(head, n) {
			tail = append(tail, n)
		}
	}
	return append(head, tail...)
}

// propertyTable is a table of two columns, one row for each attribute.
func (env *Env) propertyTable(d *py.Dict, v view) string {
	order := v.order
	if order == nil {
		order = defaultOrder
	}
	attrs := preferred(v.attrs, order)
	if v.all() {
		attrs = attributes(d, order)
	}
	rows := make([][]string, len(attrs))
	for i, a := range attrs {
		rows[i] = []string{a, propertyText(env.value(d, a, v))}
	}
	return table.Render([]table.Column{{Title: "Property", Max: 20}, {Title: "Value", Max: 60}}, rows)
}

// propertyText shows a value in a property table: structures as JSON.
func propertyText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case []any:
		if len(x) == 0 {
			return ""
		}
	case *py.Dict:
		if x.Len() == 0 {
			return ""
		}
	default:
		return py.Str(v)
	}
	text, err := encodeJSON(v, false)
	if err != nil {
		return py.Str(v)
	}
	return text
}

// cellText shows a value in a table of many columns, on one line if it can.
func cellText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case []any:
		words := make([]string, 0, len(x))
		for _, e := range x {
			s, ok := e.(string)
			if !ok {
				return py.Str(v)
			}
			words = append(words, s)
		}
		return strings.Join(words, ", ")
	case *py.Dict:
		if x.Len() == 0 {
			return ""
		}
	}
	return py.Str(v)
}

// listTable is a table with a row for each resource.
func (env *Env) listTable(items []*py.Dict, v view) string {
	attrs := v.attrs
	if v.all() {
		attrs = nil
		if len(items) > 0 {
			attrs = attributes(items[0], nil)
		}
	}
	rows := make([][]string, len(items))
	for i, d := range items {
		rows[i] = make([]string, len(attrs))
		for k, a := range attrs {
			rows[i][k] = cellText(env.value(d, a, v))
		}
	}
	columns := make([]table.Column, len(attrs))
	widths := v.widths
	if len(widths) == 0 && !v.all() {
		widths = columnWidths(attrs, rows, env.Width)
	}
	for i, a := range attrs {
		columns[i] = table.Column{Title: a, Max: 28}
		switch {
		case len(widths) == len(attrs):
			columns[i].Max = widths[i]
		case len(widths) == 1:
			columns[i].Max = widths[0]
		}
	}
	return table.Render(columns, rows)
}

const (
	leastID     = 26 // a leading id is not folded
	leastColumn = 5
	statusWidth = 24 // room for "succeeded (12345s elapsed)"'s usual form
)

// columnWidths shares out the terminal's columns: the same for each attribute,
// but an id that comes first gets what it needs, a status its fixed width, and
// the last column pays for the status.
func columnWidths(attrs []string, rows [][]string, total int) []int {
	widths := make([]int, len(attrs))
	share := total / len(attrs)
	head := share
	if attrs[0] == "id" {
		head = leastID
		for _, r := range rows {
			head = max(head, textwrap.Width(r[0])+2)
		}
		share = (total - head) / len(attrs)
	}
	paid := 0
	for i, a := range attrs {
		switch {
		case i == 0:
			widths[i] = head
		case a == "status":
			widths[i] = statusWidth
			paid += statusWidth - share
		case i == len(attrs)-1 && paid != 0:
			widths[i] = share - paid
		default:
			widths[i] = share
		}
		widths[i] = max(widths[i], leastColumn)
	}
	return widths
}

// note writes a sentence in a box, at least as wide as the table, on stderr.
func (env *Env) note(text string, width int) {
	inner := max(width-4, textwrap.Width(text))
	bar := "+" + strings.Repeat("-", inner+2) + "+\n"
	fmt.Fprintf(env.Stderr, "%s| %s%s |\n%s", bar, text, strings.Repeat(" ", inner-textwrap.Width(text)), bar)
}

// truncated says that a list is longer than what was shown.
func (env *Env) truncated(shown, total int, noun string) {
	width := env.tableWidth
	if total <= shown || shown <= 0 || env.Format != Table {
		return
	}
	if shown == 1 {
		env.note(fmt.Sprintf("Note: Only one %s is displayed. Use -n/--last flag for more results.", noun), width)
		return
	}
	env.note(fmt.Sprintf("Note: Only first %d %ss are displayed. Use -n/--last flag for more results.", shown, noun), width)
}
