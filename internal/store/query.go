package store

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale"
)

// Query selects documents of a table. The zero Query selects all, by id.
type Query struct {
	Where  []Cond   // all of them must hold
	Or     [][]Cond // and, when there are any, at least one of these groups
	Order  []string // columns, with - in front for descending; ties go by id, in the direction of the last one
	Limit  int      // 0: no limit
	Offset int
}

// Cond compares a column with a value. The operators are
//
//	= != < <= > >=    NULL (an empty field) is unequal to everything, so != holds for it
//	in, not-in        Value is []string or []int64
//	null, notnull     Value is not looked at
//	prefix            the text begins with Value
//	contains          Value is part of the text; contains-ci ignores case (of ASCII letters)
//	has               a list column (tags, trigger_types …) holds the word Value
//
// The empty operator is "=".
type Cond struct {
	Column string
	Op     string
	Value  any
}

// Eq is the condition that a column has a value.
func Eq(column string, value any) Cond { return Cond{column, "=", value} }

// unknown is for a column by which a table cannot be searched.
func (d *definition[T]) unknown(column string) error {
	return gale.Errorf(gale.Invalid, "%s cannot be searched by %q", d.kind, column)
}

// selectSQL builds the statement for q. Column names come from the table's
// list and values are parameters, so nothing of q becomes part of the text.
func (d *definition[T]) selectSQL(dia *dialect, what string, q Query) (string, []any, error) {
	b := &sqlBuilder{dialect: dia}
	b.text.WriteString("select " + what + " from " + d.name)
	var all []string
	for _, c := range q.Where {
		s, err := d.condition(b, c)
		if err != nil {
			return "", nil, err
		}
		all = append(all, s)
	}
	if len(q.Or) > 0 {
		s, err := d.anyOf(b, q.Or)
		if err != nil {
			return "", nil, err
		}
		all = append(all, s)
	}
	if len(all) > 0 {
		b.text.WriteString(" where " + strings.Join(all, " and "))
	}
	if what != "count(*)" {
		if err := d.order(b, q); err != nil {
			return "", nil, err
		}
	}
	return b.text.String(), b.args, nil
}

type sqlBuilder struct {
	dialect *dialect
	text    strings.Builder
	args    []any
}

func (b *sqlBuilder) arg(v any) string {
	b.args = append(b.args, v)
	return param(len(b.args))
}

func (d *definition[T]) anyOf(b *sqlBuilder, groups [][]Cond) (string, error) {
	var any []string
	for _, g := range groups {
		all := []string{"1 = 1"}
		for _, c := range g {
			s, err := d.condition(b, c)
			if err != nil {
				return "", err
			}
			all = append(all, s)
		}
		any = append(any, "("+strings.Join(all, " and ")+")")
	}
	return "(" + strings.Join(any, " or ") + ")", nil
}

func (d *definition[T]) condition(b *sqlBuilder, c Cond) (string, error) {
	col := d.byName[c.Column]
	if col == nil {
		return "", d.unknown(c.Column)
	}
	switch c.Op {
	case "null":
		return col.name + " is null", nil
	case "notnull":
		return col.name + " is not null", nil
	case "in", "not-in":
		return d.membership(b, col, c)
	}
	v, err := bindOne(c.Value)
	if err != nil {
		return "", gale.Errorf(gale.Invalid, "%s: %w", c.Column, err)
	}
	if v == nil {
		return nullCondition(col.name, c)
	}
	switch c.Op {
	case "=", "":
		if ref, ok := v.(string); ok && col.byName != "" {
			return col.name + " = " + b.arg(v) + " and " + col.byName + " = " + b.arg(nameOf(ref)), nil
		}
		return col.name + " = " + b.arg(v), nil
	case "!=":
		return "(" + col.name + " <> " + b.arg(v) + " or " + col.name + " is null)", nil
	case "<", "<=", ">", ">=":
		return col.name + " " + c.Op + " " + b.arg(v), nil
	}
	text, ok := v.(string)
	if !ok {
		return "", gale.Errorf(gale.Invalid, "%s: %q compares text, not a %T", c.Column, c.Op, c.Value)
	}
	return d.textCondition(b, col, c, text)
}

func nullCondition(column string, c Cond) (string, error) {
	switch c.Op {
	case "=", "":
		return column + " is null", nil
	case "!=":
		return column + " is not null", nil
	}
	return "", gale.Errorf(gale.Invalid, "%s: nothing compares with null by %q", c.Column, c.Op)
}

func (d *definition[T]) membership(b *sqlBuilder, col *column[T], c Cond) (string, error) {
	switch list := c.Value.(type) {
	case []string, []int64:
		s := b.dialect.in(col.name, b.arg(list))
		if c.Op == "not-in" {
			s = "(not " + s + " or " + col.name + " is null)"
		}
		return s, nil
	}
	return "", gale.Errorf(gale.Invalid, "%s: %q needs a list, not a %T", c.Column, c.Op, c.Value)
}

func (d *definition[T]) textCondition(b *sqlBuilder, col *column[T], c Cond, text string) (string, error) {
	switch c.Op {
	case "prefix":
		// A range, which an index serves; columns compare by bytes.
		return "(" + col.name + " >= " + b.arg(text) + " and " + col.name + " < " + b.arg(text+string(utf8.MaxRune)) + ")", nil
	case "contains":
		return b.dialect.contains(col.name, b.arg(text)), nil
	case "contains-ci":
		return b.dialect.contains("lower("+col.name+")", "lower("+b.arg(text)+")"), nil
	case "has":
		if !col.list {
			return "", gale.Errorf(gale.Invalid, "%s is not a list", c.Column)
		}
		return b.dialect.contains(col.name, b.arg(wordSeparator+text+wordSeparator)), nil
	}
	return "", gale.Errorf(gale.Invalid, "%s: unknown comparison %q", c.Column, c.Op)
}

func (d *definition[T]) order(b *sqlBuilder, q Query) error {
	var keys []string
	direction, byID := "", false
	for _, key := range q.Order {
		name, descending := strings.CutPrefix(key, "-")
		name = strings.TrimPrefix(name, "+")
		col := d.byName[name]
		if col == nil {
			return gale.Errorf(gale.Invalid, "%s cannot be sorted by %q", d.kind, name)
		}
		direction = ""
		if descending {
			direction = " desc"
		}
		keys = append(keys, col.name+direction)
		byID = byID || col.name == "id"
	}
	if !byID {
		keys = append(keys, "id"+direction)
	}
	b.text.WriteString(" order by " + strings.Join(keys, ", "))
	if q.Limit < 0 || q.Offset < 0 {
		return gale.Errorf(gale.Invalid, "limit and offset cannot be negative")
	}
	if q.Limit > 0 || q.Offset > 0 {
		limit := int64(q.Limit)
		if limit == 0 {
			limit = 1<<63 - 1
		}
		fmt.Fprintf(&b.text, " limit %s offset %s", b.dialect.number(b.arg(limit)), b.dialect.number(b.arg(q.Offset)))
	}
	return nil
}
