package store

import (
	"fmt"
	"iter"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Table is the documents of one type. Its zero value is not usable; the
// tables that exist are the variables of this package.
//
// A row is the document's JSON, its id, its revision and the columns by which
// it can be found; those are computed from the document at each write.
type Table[T any] struct{ def *definition[T] }

// definition is a table as data.
type definition[T any] struct {
	name    string // of the SQL table
	kind    string // for people
	id      func(*T) *string
	rev     func(*T) *int64
	columns []column[T]
	aliases map[string]string // further names of columns in queries

	byName map[string]*column[T]
	insert string
	update string
}

// column is a value of the document by which rows are found.
type column[T any] struct {
	name   string
	get    func(*T) any // a string, an integer, a bool or gale.Time; "" and the zero Time are stored as NULL
	unique bool         // alone, or with the other columns of its unique group
	group  int          // columns of one number are unique together; 0: alone
	fixed  bool         // never changes after the insert, so that an update leaves its index alone
	list   bool         // of words, between separators
	facet  bool         // the values that occur are kept in table facet, for Distinct
	byName string       // the column with the name of this reference, which has the index
}

// wordSeparator stands before and after each word of a list column.
const wordSeparator = "\x1f"

// words is the stored form of a list column.
func words(list []string) any {
	if len(list) == 0 {
		return ""
	}
	return wordSeparator + strings.Join(list, wordSeparator) + wordSeparator
}

func newTable[T any](d definition[T]) Table[T] {
	d.byName = map[string]*column[T]{
		"id": {name: "id", get: func(v *T) any { return *d.id(v) }, unique: true, fixed: true},
	}
	for i := range d.columns {
		d.byName[d.columns[i].name] = &d.columns[i]
	}
	for alias, name := range d.aliases {
		d.byName[alias] = d.byName[name]
	}
	d.insert, d.update = d.insertSQL(), d.updateSQL()
	return Table[T]{&d}
}

func (d *definition[T]) insertSQL() string {
	names, params := []string{"id", "v", "doc"}, []string{"$1", "1", "$2"}
	for i, c := range d.columns {
		names = append(names, c.name)
		params = append(params, param(i+3))
	}
	return "insert into " + d.name + " (" + strings.Join(names, ", ") + ") values (" + strings.Join(params, ", ") +
		") on conflict do nothing"
}

func (d *definition[T]) updateSQL() string {
	set := []string{"v = v + 1", "doc = $3"}
	n := 3
	for _, c := range d.columns {
		if !c.fixed {
			n++
			set = append(set, c.name+" = "+param(n))
		}
	}
	return "update " + d.name + " set " + strings.Join(set, ", ") + " where id = $1 and v = $2"
}

// value is what a column stores for v.
func (c *column[T]) value(v *T) any {
	switch x := c.get(v).(type) {
	case string:
		if x == "" {
			return nil
		}
		return x
	case gale.Time:
		if x == 0 {
			return nil
		}
		return int64(x)
	default:
		return x
	}
}

// Name returns the name of the SQL table.
func (t Table[T]) Name() string { return t.def.name }

// Kind returns the word that errors use for a document of the table.
func (t Table[T]) Kind() string { return t.def.kind }

// Get returns the document with that id, or gale.NotFound.
func (t Table[T]) Get(tx *Tx, id string) (*T, error) {
	rows, err := tx.query("select id, v, doc from "+t.def.name+" where id = $1", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, gale.Errorf(gale.NotFound, "%s %q does not exist", t.def.kind, id)
	}
	return t.decode(rows[0])
}

// By returns the one document whose column has that value. It is
// gale.NotFound when there is none, gale.Conflict when there are several.
func (t Table[T]) By(tx *Tx, column string, value any) (*T, error) {
	return t.One(tx, Cond{Column: column, Op: "=", Value: value})
}

// One returns the one document for which all conditions hold, with the errors
// of By.
func (t Table[T]) One(tx *Tx, where ...Cond) (*T, error) {
	found, err := t.Find(tx, Query{Where: where, Limit: 2})
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, gale.Errorf(gale.NotFound, "%s with %s does not exist", t.def.kind, describe(where))
	}
	return nil, gale.Errorf(gale.Conflict, "there is more than one %s with %s", t.def.kind, describe(where))
}

func describe(where []Cond) string {
	parts := make([]string, len(where))
	for i, c := range where {
		parts[i] = c.Column + " " + py.Repr(plain(c.Value))
	}
	return strings.Join(parts, ", ")
}

// plain turns a value of a condition into a document value.
func plain(v any) any {
	b, err := bindOne(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return b
}

// Find returns the documents that q selects.
func (t Table[T]) Find(tx *Tx, q Query) ([]*T, error) {
	text, args, err := t.def.selectSQL(tx.dialect, "id, v, doc", q)
	if err != nil {
		return nil, err
	}
	rows, err := tx.query(text, args...)
	if err != nil {
		return nil, err
	}
	found := make([]*T, len(rows))
	for i, row := range rows {
		if found[i], err = t.decode(row); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Count returns how many documents q selects; Order, Limit and Offset do not matter.
func (t Table[T]) Count(tx *Tx, q Query) (int, error) {
	q.Order, q.Limit, q.Offset = nil, 0, 0
	text, args, err := t.def.selectSQL(tx.dialect, "count(*)", q)
	if err != nil {
		return 0, err
	}
	var n int
	_, err = tx.QueryRow(text, args, &n)
	return n, err
}

// eachPage is how many documents Each holds at a time.
const eachPage = 500

// Each yields the documents that q selects by id, ascending, or descending
// when q.Order is "-id"; another order is refused. It reads page by page, so
// that a long scan needs little memory, and yields one error at the end when
// something fails.
func (t Table[T]) Each(tx *Tx, q Query) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		op, left := ">", q.Limit
		switch {
		case len(q.Order) == 0, len(q.Order) == 1 && q.Order[0] == "id":
		case len(q.Order) == 1 && q.Order[0] == "-id":
			op = "<"
		default:
			yield(nil, gale.Errorf(gale.Internal, "Each goes by id only"))
			return
		}
		page := q
		for {
			page.Limit = eachPage
			if left > 0 {
				page.Limit = min(eachPage, left)
			}
			found, err := t.Find(tx, page)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, v := range found {
				if !yield(v, nil) {
					return
				}
			}
			if left -= len(found); len(found) < page.Limit || q.Limit > 0 && left <= 0 {
				return
			}
			last := *t.def.id(found[len(found)-1])
			page.Offset = 0
			page.Where = append(q.Where[:len(q.Where):len(q.Where)], Cond{Column: "id", Op: op, Value: last})
		}
	}
}

// Distinct returns the values of a column that occur, ascending, without
// NULL. For the columns of executions by which people filter it also returns
// values of executions that have been deleted.
func (t Table[T]) Distinct(tx *Tx, column string) ([]any, error) {
	c := t.def.byName[column]
	if c == nil {
		return nil, t.def.unknown(column)
	}
	query, args := "select distinct "+c.name+" as x from "+t.def.name+" where "+c.name+" is not null order by x", []any(nil)
	if c.facet {
		query, args = "select value from facet where name = $1 order by value", []any{t.def.name + "." + c.name}
	}
	rows, err := tx.query(query, args...)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(rows))
	for i, row := range rows {
		values[i] = row[0]
	}
	return values, nil
}

// noteFacets records values of facet columns that have not occurred before.
func (d *definition[T]) noteFacets(tx *Tx, values []any) error {
	for i := range d.columns {
		value, _ := values[i].(string)
		if !d.columns[i].facet || value == "" {
			continue
		}
		name := d.name + "." + d.columns[i].name
		if _, known := tx.s.facets.get(name + "=" + value); known {
			continue
		}
		if err := tx.send("insert into facet (name, value) values ($1, $2) on conflict do nothing", name, value); err != nil {
			return err
		}
		tx.facets = append(tx.facets, name+"="+value)
	}
	return nil
}

// Insert stores a new document, which must have an id, and sets its Rev. It
// is gale.Conflict when the id or a unique column is taken.
func (t Table[T]) Insert(tx *Tx, v *T) error {
	doc, err := t.encode(v)
	if err != nil {
		return err
	}
	d := t.def
	args := make([]any, 0, 2+len(d.columns))
	args = append(args, *d.id(v), doc)
	for i := range d.columns {
		args = append(args, d.columns[i].value(v))
	}
	n, err := tx.change(d.insert, args...)
	if err != nil {
		return fmt.Errorf("insert %s %s: %w", d.kind, *d.id(v), err)
	}
	if n == 0 {
		return d.conflict(tx, v)
	}
	tx.setRev(d.rev(v), 1)
	return d.noteFacets(tx, args[2:])
}

// conflict says which unique columns of v are taken.
func (d *definition[T]) conflict(tx *Tx, v *T) error {
	for _, group := range d.uniqueGroups() {
		var where []string
		var args []any
		var said []string
		for _, c := range group {
			args = append(args, c.value(v))
			where = append(where, c.name+" = "+param(len(args)))
			said = append(said, c.name+" "+py.Repr(plain(args[len(args)-1])))
		}
		rows, err := tx.query("select id from "+d.name+" where "+strings.Join(where, " and "), args...)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return gale.Errorf(gale.Conflict, "%s with %s exists already", d.kind, strings.Join(said, ", "))
		}
	}
	return gale.Errorf(gale.Conflict, "%s %s was inserted by somebody else", d.kind, *d.id(v))
}

func (d *definition[T]) uniqueGroups() [][]*column[T] {
	groups := [][]*column[T]{{d.byName["id"]}}
	shared := map[int]int{}
	for i := range d.columns {
		c := &d.columns[i]
		at, known := shared[c.group]
		switch {
		case !c.unique:
		case c.group != 0 && known:
			groups[at] = append(groups[at], c)
		default:
			shared[c.group] = len(groups)
			groups = append(groups, []*column[T]{c})
		}
	}
	return groups
}

// Update stores a changed document over the revision that was read and sets
// its Rev. It is gale.Conflict when the row has moved on or is gone, and the
// transaction has been repeated some times in vain: what read the document in
// the same transaction finds it as it now is.
func (t Table[T]) Update(tx *Tx, v *T) error {
	doc, err := t.encode(v)
	if err != nil {
		return err
	}
	d := t.def
	id, rev := *d.id(v), d.rev(v)
	args := make([]any, 0, 3+len(d.columns))
	args = append(args, id, *rev, doc)
	for i := range d.columns {
		if !d.columns[i].fixed {
			args = append(args, d.columns[i].value(v))
		}
	}
	n, err := tx.change(d.update, args...)
	if err != nil {
		return fmt.Errorf("update %s %s: %w", d.kind, id, err)
	}
	if n == 0 {
		return &outrun{gale.Errorf(gale.Conflict, "%s %q was changed or removed by somebody else", d.kind, id)}
	}
	tx.setRev(rev, *rev+1)
	return nil
}

// Delete removes the document with that id, or is gale.NotFound.
func (t Table[T]) Delete(tx *Tx, id string) error {
	n, err := tx.change("delete from "+t.def.name+" where id = $1", id)
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", t.def.kind, id, err)
	}
	if n == 0 {
		return gale.Errorf(gale.NotFound, "%s %q does not exist", t.def.kind, id)
	}
	return nil
}

func (t Table[T]) encode(v *T) (string, error) {
	doc, err := py.Marshal(v)
	if err != nil {
		return "", encodeError(fmt.Sprintf("%s %s", t.def.kind, *t.def.id(v)), err)
	}
	if nestedTooDeeply(doc) {
		return "", errNesting(fmt.Sprintf("%s %s", t.def.kind, *t.def.id(v)))
	}
	return string(doc), nil
}

// decode turns the columns id, v and doc into a document.
func (t Table[T]) decode(row []any) (*T, error) {
	v := new(T)
	var id, doc string
	var rev int64
	if err := scan(row, []any{&id, &rev, &doc}); err != nil {
		return nil, fmt.Errorf("read %s: %w", t.def.kind, err)
	}
	if err := py.Unmarshal([]byte(doc), v); err != nil {
		return nil, gale.Errorf(gale.Internal, "decode %s %s: %w", t.def.kind, id, err)
	}
	*t.def.id(v), *t.def.rev(v) = id, rev
	return v, nil
}
