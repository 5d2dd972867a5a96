package api

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// listing is how one table is listed: which parameters filter by which
// columns, how documents are shown, and what of them may be left out.
type listing[T any] struct {
	table   store.Table[T]
	filters []filter
	order   []string          // unless sort says otherwise
	sort    map[string]string // names in the sort parameter → columns; nil: there is no such parameter
	attrs   httpapi.Attributes
	show    func(q *listed, v *T) (*py.Dict, error)
}

// listed is one request for a list.
type listed struct {
	*httpapi.Request
	tx     *store.Tx
	parts  *httpapi.Projection
	reveal bool // secrets are shown in clear
}

// filter makes conditions of a parameter. none is true when nothing can match.
type filter func(tx *store.Tx, r *httpapi.Request) (where []store.Cond, none bool, err error)

// serve answers a request for a list.
func (l *listing[T]) serve(s *Service, r *httpapi.Request) (*httpapi.Response, error) {
	page, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := &listed{Request: r, reveal: s.reveals(r)}
	if q.parts, err = r.Projection(l.attrs); err != nil {
		return nil, err
	}
	items, total := []any{}, 0
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		q.tx = tx
		query, none, err := l.query(tx, r, page)
		if err != nil || none {
			return err
		}
		if total, err = l.table.Count(tx, query); err != nil {
			return err
		}
		if err := fits(total, query); err != nil {
			return err
		}
		found, err := l.table.Find(tx, query)
		if err != nil {
			return err
		}
		for _, v := range found {
			d, err := l.show(q, v)
			if err != nil {
				return err
			}
			items = append(items, q.parts.Apply(d))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Page(items, int64(total), page.Limit)
}

// maxList is how many items one answer may have, whatever its limit.
const maxList = 10_000

// fits refuses a request for more than fits into memory.
func fits(total int, q store.Query) error {
	n := total - q.Offset
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	if n > maxList {
		return badRequest("The list has %d items; ask for at most %d of them at a time, by limit and offset.", total, maxList)
	}
	return nil
}

func (l *listing[T]) query(tx *store.Tx, r *httpapi.Request, page httpapi.Paging) (q store.Query, none bool, err error) {
	q = store.Query{Order: l.order, Limit: int(page.Limit), Offset: int(page.Offset)}
	for _, f := range l.filters {
		where, none, err := f(tx, r)
		if err != nil || none {
			return q, none, err
		}
		q.Where = append(q.Where, where...)
	}
	if l.sort != nil {
		if keys := orderOf(r.String("sort"), l.sort); len(keys) > 0 {
			q.Order = keys
		}
	}
	return q, false, nil
}

// orderOf reads a sort parameter.
func orderOf(text string, fields map[string]string) []string {
	var order []string
	for _, k := range httpapi.ParseSort(text, fields) {
		if k.Desc {
			k.Field = "-" + k.Field
		}
		order = append(order, k.Field)
	}
	return order
}

// sortBy allows the sort parameter to name these columns by their own names.
func sortBy(columns ...string) map[string]string {
	fields := map[string]string{"id": "id"}
	for _, c := range columns {
		fields[c] = c
	}
	return fields
}

// equal filters by exact equality. An empty value is no filter, and "null"
// asks for an absent one.
func equal(param, column string) filter {
	return func(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
		return equalTo(column, r.String(param)), false, nil
	}
}

func equalTo(column, text string) []store.Cond {
	switch {
	case text == "":
		return nil
	case httpapi.IsNull(text):
		return []store.Cond{{Column: column, Op: "null"}}
	}
	return []store.Cond{store.Eq(column, text)}
}

// has filters by a word of a list column.
func has(param, column string) filter {
	return func(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
		if text := r.String(param); text != "" {
			return []store.Cond{{Column: column, Op: "has", Value: text}}, false, nil
		}
		return nil, false, nil
	}
}

// oneOf filters by membership in a parameter that is a list.
func oneOf(param, column string) filter {
	return func(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
		list := r.Strings(param)
		if len(list) == 0 || len(list) == 1 && list[0] == "" {
			return nil, false, nil
		}
		return []store.Cond{{Column: column, Op: "in", Value: list}}, false, nil
	}
}

// ids filters by the parameter id, a list.
func ids(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
	return idsIn(r.Strings("id"))
}

// idText filters by the parameter id where that is declared as a text.
func idText(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
	list, err := httpapi.SplitList(r.String("id"))
	if err != nil {
		return nil, false, err
	}
	return idsIn(list)
}

func idsIn(list []string) ([]store.Cond, bool, error) {
	if len(list) == 0 || len(list) == 1 && list[0] == "" {
		return nil, false, nil
	}
	list, err := httpapi.ParseIDs(list)
	if err != nil {
		return nil, false, err
	}
	return []store.Cond{{Column: "id", Op: "in", Value: list}}, false, nil
}

// isTrue filters by a boolean that is declared as a text.
func isTrue(param, column string) filter {
	return func(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
		text := r.String(param)
		if text == "" {
			return nil, false, nil
		}
		b, err := httpapi.ParseBool(text)
		if err != nil {
			return nil, false, err
		}
		return []store.Cond{store.Eq(column, b)}, false, nil
	}
}

// moment filters by a time and one of the operators < and >.
func moment(param, column, op string) filter {
	return func(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
		text := r.String(param)
		if text == "" {
			return nil, false, nil
		}
		t, err := httpapi.ParseTime(text)
		if err != nil {
			return nil, false, err
		}
		return []store.Cond{{Column: column, Op: op, Value: t}}, false, nil
	}
}

// lookup finds the one document that a path names, and says so when there is
// none. Whatever contains a dot is a reference, everything else an id.
type lookup[T any] struct {
	table   store.Table[T]
	column  string // of the reference or name; "": by id only
	always  bool   // the name may be without a dot
	missing string // with one %s
}

func (l lookup[T]) find(tx *store.Tx, refOrID string) (*T, error) {
	missing := httpapi.Errorf(404, l.missing, refOrID)
	var err error
	if l.column != "" && (l.always || hasDot(refOrID)) {
		var v *T
		v, err = l.table.By(tx, l.column, refOrID)
		if err == nil {
			return v, nil
		}
		if gale.KindOf(err) != gale.NotFound {
			return nil, err
		}
	}
	if !httpapi.ValidID(refOrID) {
		return nil, missing
	}
	v, err := l.table.Get(tx, refOrID)
	if gale.KindOf(err) == gale.NotFound && err != nil {
		return nil, missing
	}
	return v, err
}

func hasDot(s string) bool {
	for i := range len(s) {
		if s[i] == '.' {
			return true
		}
	}
	return false
}

// notFound reports whether err says that something does not exist.
func notFound(err error) bool { return err != nil && gale.KindOf(err) == gale.NotFound }

// get answers with the one document that a path parameter names.
func get[T any](s *Service, r *httpapi.Request, l lookup[T], param string, uid func(*T) string, show func(q *listed, v *T) (*py.Dict, error)) (*httpapi.Response, error) {
	q := &listed{Request: r, reveal: s.reveals(r)}
	var d *py.Dict
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		q.tx = tx
		v, err := l.find(tx, r.String(param))
		if err != nil {
			return err
		}
		if err := r.AuthorizeResource(uid(v)); err != nil {
			return err
		}
		d, err = show(q, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}
