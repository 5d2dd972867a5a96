package httpapi

import (
	"math"
	"net/http"
	"strings"
)

// Paging is the part of a list that was asked for.
type Paging struct {
	Limit  int64 // 0: no limit
	Offset int64
}

// Paging reads the parameters limit and offset, so far as the operation
// declares them. With roles in force (Config.RBAC), only administrators may
// ask for more than Config.MaxPageSize.
func (r *Request) Paging() (Paging, error) {
	var p Paging
	if r.declares("offset") {
		p.Offset = r.Int("offset")
	}
	if p.Offset > math.MaxInt32 {
		return p, Errorf(http.StatusBadRequest, `Offset "%d" specified is more than 32-bit int`, p.Offset)
	}
	if p.Offset < 0 {
		return p, Errorf(http.StatusBadRequest, `Offset "%d" specified, must not be negative.`, p.Offset)
	}
	if !r.declares("limit") || !r.Has("limit") {
		return p, nil
	}
	var err error
	p.Limit, err = r.srv.limit(r.Int("limit"), r.Admin())
	return p, err
}

// limit checks a limit that was given; -1 becomes 0, no limit.
func (s *server) limit(n int64, admin bool) (int64, error) {
	capped := s.cfg.RBAC && !admin
	switch {
	case n == 0:
		return 0, Errorf(http.StatusBadRequest, `Limit, "0" specified, must be a positive number or -1 for full result set.`)
	case n < -1:
		return 0, Errorf(http.StatusBadRequest, `Limit, "%d" specified, must be a positive number.`, n)
	case n == -1 && capped:
		return 0, Errorf(http.StatusForbidden, "Administrator access required to be able to specify limit=-1 and retrieve all the records")
	case n == -1:
		return 0, nil
	case n > s.cfg.MaxPageSize && capped:
		return 0, Errorf(http.StatusForbidden, `Limit "%d" specified, maximum value is "%d"`, n, s.cfg.MaxPageSize)
	}
	return n, nil
}

// Cut returns the part of items that p asks for, for lists that are made in memory.
func Cut[T any](items []T, p Paging) []T {
	items = items[min(p.Offset, int64(len(items))):]
	if p.Limit > 0 && p.Limit < int64(len(items)) {
		items = items[:p.Limit]
	}
	return items
}

func (r *Request) declares(name string) bool {
	for i := range r.Op.Params {
		if r.Op.Params[i].As == name {
			return true
		}
	}
	return false
}

// SortKey is one field that a list is sorted by.
type SortKey struct {
	Field string
	Desc  bool
}

// ParseSort reads a sort parameter: names separated by commas, each with an
// optional sign. fields maps the names that may be used to what they stand
// for; other names are skipped, as StackStorm does.
func ParseSort(text string, fields map[string]string) []SortKey {
	var keys []SortKey
	for name := range strings.SplitSeq(text, ",") {
		name, desc := strings.CutPrefix(name, "-")
		if !desc {
			name = strings.TrimLeft(name, "+ ") // a plus in a query reads as a blank
		}
		if field, ok := fields[name]; ok {
			keys = append(keys, SortKey{field, desc})
		}
	}
	return keys
}
