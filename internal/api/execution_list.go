package api

import (
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

var executionAttributes = httpapi.Attributes{
	Known: []string{"id", "status", "start_timestamp", "end_timestamp", "elapsed_seconds", "action", "runner", "liveaction",
		"parameters", "result", "result_size", "context", "parent", "children", "log", "web_url", "delay", "rule", "trigger",
		"trigger_type", "trigger_instance", "workflow_execution", "task_execution", "reason"},
	CanBeLeft: []string{"result", "trigger_instance", "status"},
	Always:    []string{"id"},
}

// executionColumns are the names by which executions are filtered and sorted.
var executionColumns = map[string]string{
	"id": "id", "action": "action_ref", "status": "status", "liveaction": "id", "parent": "parent", "rule": "rule_name",
	"runner": "runner_name", "timestamp": "start_timestamp", "start_timestamp": "start_timestamp", "trigger": "trigger_name",
	"trigger_type": "trigger_type_name", "trigger_instance": "trigger_instance_id", "user": "username",
}

var executionFilters = []filter{
	ids, executionMoments,
	equal("action", "action_ref"), equal("status", "status"), equal("liveaction", "id"), equal("parent", "parent"),
	equal("rule", "rule_name"), equal("runner", "runner_name"), equal("trigger", "trigger_name"),
	equal("trigger_type", "trigger_type_name"), equal("trigger_instance", "trigger_instance_id"), equal("user", "username"),
	moment("timestamp_gt", "start_timestamp", ">"), moment("timestamp_lt", "start_timestamp", "<"),
}

// executionMoments filters by a start time or a range of them.
func executionMoments(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
	text := r.String("timestamp")
	if text == "" {
		return nil, false, nil
	}
	span, err := httpapi.ParseTimeRange(text)
	if err != nil {
		return nil, false, err
	}
	return []store.Cond{{Column: "start_timestamp", Op: ">=", Value: span.From}, {Column: "start_timestamp", Op: "<=", Value: span.To}}, false, nil
}

// executionOrder is the newest first, unless the request says otherwise: a
// lower bound in time asks for what comes next after it, so that paging
// forward needs no knowledge of the end.
func executionOrder(r *httpapi.Request) []string {
	if keys := orderOf(r.String("sort"), executionColumns); len(keys) > 0 {
		return keys
	}
	newest, oldest := []string{"-start_timestamp"}, []string{"start_timestamp"}
	span, err := httpapi.ParseTimeRange(r.String("timestamp"))
	switch {
	case r.String("timestamp_lt") != "" || truthy(r.String("sort_desc")):
		return newest
	case r.String("timestamp_gt") != "" || truthy(r.String("sort_asc")):
		return oldest
	case err == nil && span.From != span.To && !span.Desc:
		return oldest
	}
	return newest
}

// truthy reads parameters whose presence counts; clients write True.
func truthy(text string) bool {
	switch strings.ToLower(text) {
	case "", "0", "false", "no", "none":
		return false
	}
	return true
}

func (s *Service) listExecutions(r *httpapi.Request) (*httpapi.Response, error) {
	page, err := r.Paging()
	if err != nil {
		return nil, err
	}
	v := executionView{reveal: s.reveals(r)}
	if v.parts, err = r.Projection(executionAttributes); err != nil {
		return nil, err
	}
	more, where, err := parseFieldFilter(r.String("filter"))
	if err != nil {
		return nil, err
	}
	q := store.Query{Where: where, Order: executionOrder(r), Limit: int(page.Limit), Offset: int(page.Offset)}
	items, total := []any{}, 0
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		for _, f := range executionFilters {
			where, _, err := f(tx, r)
			if err != nil {
				return err
			}
			q.Where = append(q.Where, where...)
		}
		var found []*gale.Execution
		if found, total, err = s.findExecutions(tx, q, more); err != nil {
			return err
		}
		for _, e := range found {
			d, err := s.executionDocument(tx, e, v)
			if err != nil {
				return err
			}
			items = append(items, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Page(items, int64(total), page.Limit)
}

// findExecutions returns a page of what a query selects and the number of all.
// Conditions on fields without a column are tried one execution after the other.
func (s *Service) findExecutions(tx *store.Tx, q store.Query, more []fieldCond) ([]*gale.Execution, int, error) {
	if len(more) == 0 {
		total, err := store.Executions.Count(tx, q)
		if err == nil {
			err = fits(total, q)
		}
		if err != nil {
			return nil, 0, err
		}
		found, err := store.Executions.Find(tx, q)
		return found, total, err
	}
	page := httpapi.Paging{Limit: int64(q.Limit), Offset: int64(q.Offset)}
	byID := []string{"-id"} // ids are in order of time, and only they can be gone through in parts
	if !strings.HasPrefix(q.Order[0], "-") {
		byID = []string{"id"}
	}
	var found []*gale.Execution
	total := int64(0)
	for e, err := range store.Executions.Each(tx, store.Query{Where: q.Where, Order: byID}) {
		if err != nil {
			return nil, 0, err
		}
		ok, err := s.hasFields(tx, e, more)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			continue
		}
		if total++; total > page.Offset && (page.Limit == 0 || int64(len(found)) < page.Limit) {
			if found = append(found, e); len(found) > maxList {
				return nil, 0, fits(int(total), q)
			}
		}
	}
	return found, int(total), nil
}

// fieldCond asks for a value in the document of an execution.
type fieldCond struct {
	path  []string
	value string
}

// fieldColumns are the paths of the filter parameter that have a column.
var fieldColumns = map[string]string{
	"id": "id", "status": "status", "parent": "parent", "action.ref": "action_ref", "liveaction.id": "id", "liveaction.action": "action_ref",
	"runner.name": "runner_name", "rule.name": "rule_name", "rule.ref": "rule_ref", "trigger.name": "trigger_name", "trigger.ref": "trigger_ref",
	"trigger_type.name": "trigger_type_name", "trigger_type.ref": "trigger_type", "trigger_instance.id": "trigger_instance_id",
	"context.user": "username", "workflow_execution": "workflow_execution", "task_execution": "task_execution",
}

// parseFieldFilter reads "path:value path:value".
func parseFieldFilter(text string) (more []fieldCond, where []store.Cond, err error) {
	for pair := range strings.FieldsSeq(text) {
		path, value, ok := strings.Cut(pair, ":")
		if !ok || path == "" {
			return nil, nil, badRequest(`invalid format for filter "%s"`, text)
		}
		if column, ok := fieldColumns[path]; ok {
			where = append(where, store.Eq(column, value))
			continue
		}
		more = append(more, fieldCond{strings.Split(path, "."), value})
	}
	return more, where, nil
}

// hasFields compares with what is shown of an execution, so that the answer
// tells nothing about a secret.
func (s *Service) hasFields(tx *store.Tx, e *gale.Execution, conds []fieldCond) (bool, error) {
	var names []string
	for _, c := range conds {
		names = append(names, c.path[0])
	}
	parts, err := httpapi.NewProjection(names, nil, httpapi.Attributes{})
	if err != nil {
		return false, err
	}
	d, err := s.executionDocument(tx, e, executionView{parts: parts})
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(conds, func(c fieldCond) bool { return !c.holds(d) }), nil
}

func (c fieldCond) holds(v any) bool {
	for _, name := range c.path {
		d, ok := v.(*py.Dict)
		if !ok {
			return false
		}
		if v, ok = d.GetString(name); !ok {
			return false
		}
	}
	return py.Str(v) == c.value
}

// distinct are the fields of /executions/views/filters and their columns.
var distinct = []struct{ name, column string }{
	{"action", "action_ref"}, {"status", "status"}, {"rule", "rule_name"}, {"runner", "runner_name"},
	{"trigger", "trigger_name"}, {"trigger_type", "trigger_type_name"}, {"user", "username"},
}

func (s *Service) executionValues(r *httpapi.Request) (*httpapi.Response, error) {
	types := r.Strings("types")
	out := py.NewDict(len(distinct))
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		for _, d := range distinct {
			if len(types) > 0 && types[0] != "" && !slices.Contains(types, d.name) {
				continue
			}
			values, err := store.Executions.Distinct(tx, d.column)
			if err != nil {
				return err
			}
			out.Set(d.name, values)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(out)
}
