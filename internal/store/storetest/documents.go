package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

var documentTests = []namedTest{
	{"what is inserted is read back whole", testRoundTrip},
	{"what could not be shown is not stored", testNesting},
	{"a missing document is not found, by name", testNotFound},
	{"a taken id or unique column is a conflict that names it", testInsertConflict},
	{"columns that are unique together may repeat alone", testUniqueTogether},
	{"an update over another revision is a conflict", testRevision},
	{"a conflict can be handled inside the transaction", testConflictHandled},
	{"deleting what is not there is not found", testDelete},
	{"queries select by every operator", testOperators},
	{"queries sort, limit and skip", testOrder},
	{"columns outside the list are refused", testUnknownColumn},
	{"each pages through everything", testEach},
	{"distinct lists the values that occur", testDistinct},
	{"every table stores and finds its documents", testEveryTable},
	{"snapshots are stored once under their digest", testSnapshots},
	{"results are replaced and deleted", testResults},
}

func action(ref string) *gale.Action {
	r, _ := gale.ParseRef(ref)
	return &gale.Action{Ref: ref, Pack: r.Pack, Name: r.Name, UID: r.UID("action"), Enabled: true, RunnerType: "noop",
		Parameters: py.DictOf("z", py.DictOf("type", "string"), "a", int64(1), "f", 1.0)}
}

func insertAction(t *testing.T, s *store.Store, ref string) *gale.Action {
	t.Helper()
	a := action(ref)
	update(t, s, func(tx *store.Tx) error {
		a.ID = tx.NewID()
		return store.Actions.Insert(tx, a)
	})
	return a
}

func testRoundTrip(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	want := insertAction(t, s, "core.local")
	if want.Rev != 1 {
		t.Errorf("Rev after Insert = %d, want 1", want.Rev)
	}
	view(t, s, func(tx *store.Tx) error {
		got, err := store.Actions.Get(tx, want.ID)
		if err != nil {
			return err
		}
		gotJSON, wantJSON := marshal(t, got), marshal(t, want)
		if diff := cmp.Diff(wantJSON, gotJSON); diff != "" {
			t.Errorf("document changed on its way (-want +got):\n%s", diff)
		}
		if got.Rev != 1 {
			t.Errorf("Rev of what was read = %d, want 1", got.Rev)
		}
		return nil
	})
}

// A document that is nested as deeply as JSON allows could be stored, and
// would spoil every list that it is in.
func testNesting(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	for levels, fits := range map[int]bool{490: true, 505: false, 600: false} {
		var v any = []any{}
		for range levels - 1 {
			v = []any{v}
		}
		e := &gale.Execution{ActionRef: "core.noop", Parameters: py.DictOf("deep", v), Context: py.NewDict(0)}
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			e.ID = tx.NewID()
			return store.Executions.Insert(tx, e)
		})
		if (err == nil) != fits || !fits && gale.KindOf(err) != gale.Invalid {
			t.Errorf("parameters of %d levels: got %v", levels, err)
		}
		body, err := py.AppendJSON(nil, v)
		if err != nil {
			continue
		}
		err = s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutResult(e.ID, body) })
		if (err == nil) != fits || !fits && gale.KindOf(err) != gale.Invalid {
			t.Errorf("a result of %d levels: got %v", levels, err)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := py.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func testNotFound(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	view(t, s, func(tx *store.Tx) error {
		_, err := store.Actions.Get(tx, "5f0000000000000000000000")
		wantError(t, err, gale.NotFound, `action "5f0000000000000000000000" does not exist`)
		_, err = store.Actions.By(tx, "ref", "core.nope")
		wantError(t, err, gale.NotFound, `action with ref 'core.nope' does not exist`)
		return nil
	})
}

func wantError(t *testing.T, err error, kind gale.Kind, text string) {
	t.Helper()
	if err == nil || gale.KindOf(err) != kind || text != "" && err.Error() != text {
		t.Errorf("error = %v (%v), want %v: %s", err, gale.KindOf(err), kind, text)
	}
}

func testInsertConflict(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	a := insertAction(t, s, "core.local")
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		again := action("core.local")
		again.ID = tx.NewID()
		return store.Actions.Insert(tx, again)
	})
	wantError(t, err, gale.Conflict, "action with ref 'core.local' exists already")
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		again := action("core.other")
		again.ID = a.ID
		return store.Actions.Insert(tx, again)
	})
	wantError(t, err, gale.Conflict, "action with id '"+a.ID+"' exists already")
}

func testUniqueTogether(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	insert := func(scope, name string) error {
		return s.Update(t.Context(), func(tx *store.Tx) error {
			return store.Keys.Insert(tx, &gale.Key{ID: tx.NewID(), Scope: scope, Name: name, Value: "v"})
		})
	}
	for _, k := range [][2]string{{gale.ScopeSystem, "a"}, {gale.ScopeSystem, "b"}, {gale.ScopeUser, "a"}} {
		if err := insert(k[0], k[1]); err != nil {
			t.Errorf("insert %v: %v", k, err)
		}
	}
	wantError(t, insert(gale.ScopeSystem, "a"), gale.Conflict, "datastore item with scope 'st2kv.system', name 'a' exists already")
	view(t, s, func(tx *store.Tx) error {
		_, err := store.Keys.By(tx, "name", "a")
		wantError(t, err, gale.Conflict, "there is more than one datastore item with name 'a'")
		_, err = store.Keys.One(tx, store.Eq("name", "a"), store.Eq("scope", gale.ScopeUser))
		return err
	})
}

func testRevision(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	a := insertAction(t, s, "core.local")
	stale := *a
	a.Description = "first"
	update(t, s, func(tx *store.Tx) error { return store.Actions.Update(tx, a) })
	if a.Rev != 2 {
		t.Errorf("Rev after Update = %d, want 2", a.Rev)
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error { return store.Actions.Update(tx, &stale) })
	wantError(t, err, gale.Conflict, `action "`+a.ID+`" was changed or removed by somebody else`)
	if stale.Rev != 1 {
		t.Errorf("Rev after the conflict = %d, want 1 as before", stale.Rev)
	}
	update(t, s, func(tx *store.Tx) error { return store.Actions.Delete(tx, a.ID) })
	err = s.Update(t.Context(), func(tx *store.Tx) error { return store.Actions.Update(tx, a) })
	wantError(t, err, gale.Conflict, "")
}

func testConflictHandled(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	a := insertAction(t, s, "core.local")
	var conflict error
	update(t, s, func(tx *store.Tx) error {
		again := action("core.local")
		again.ID = tx.NewID()
		if conflict = store.Actions.Insert(tx, again); conflict == nil {
			return nil
		}
		old, err := store.Actions.By(tx, "ref", "core.local")
		if err != nil {
			return err
		}
		old.Description = "found instead"
		return store.Actions.Update(tx, old)
	})
	wantError(t, conflict, gale.Conflict, "")
	view(t, s, func(tx *store.Tx) error {
		got, err := store.Actions.Get(tx, a.ID)
		if err == nil && got.Description != "found instead" {
			t.Errorf("description = %q, want %q", got.Description, "found instead")
		}
		return err
	})
}

func testDelete(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	a := insertAction(t, s, "core.local")
	update(t, s, func(tx *store.Tx) error { return store.Actions.Delete(tx, a.ID) })
	err := s.Update(t.Context(), func(tx *store.Tx) error { return store.Actions.Delete(tx, a.ID) })
	wantError(t, err, gale.NotFound, `action "`+a.ID+`" does not exist`)
}

func insertExecutions(t *testing.T, s *store.Store) {
	t.Helper()
	executions := []*gale.Execution{
		{ID: "a1", Status: gale.Succeeded, Start: 100, End: 150, ActionRef: "core.local", RunnerName: "local", Context: py.DictOf("user", "ann")},
		{ID: "a2", Status: gale.Failed, Start: 200, End: 260, ActionRef: "core.remote", RunnerName: "remote", Context: py.DictOf("user", "Bob")},
		{ID: "a3", Status: gale.Running, Start: 300, ActionRef: "core.local", RunnerName: "local", Parent: "a1"},
		{ID: "a4", Status: gale.Requested, Start: 300, ActionRef: "linux.ps", RunnerName: "local", Parent: "a2",
			Rule: &gale.RuleRef{Ref: "core.on_call", ID: "r1"}, Trigger: "core.st2.webhook"},
	}
	update(t, s, func(tx *store.Tx) error {
		for _, e := range executions {
			if err := store.Executions.Insert(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func ids(t *testing.T, s *store.Store, q store.Query) []string {
	t.Helper()
	var got []string
	view(t, s, func(tx *store.Tx) error {
		found, err := store.Executions.Find(tx, q)
		for _, e := range found {
			got = append(got, e.ID)
		}
		return err
	})
	return got
}

func testOperators(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	insertExecutions(t, s)
	where := func(column, op string, value any) []store.Cond {
		return []store.Cond{{Column: column, Op: op, Value: value}}
	}
	cases := []struct {
		name  string
		where []store.Cond
		or    [][]store.Cond
		want  []string
	}{
		{name: "equal", where: where("action_ref", "=", "core.local"), want: []string{"a1", "a3"}},
		{name: "equal by default", where: where("status", "", gale.Failed), want: []string{"a2"}},
		{name: "equal to nothing", where: where("parent", "=", nil), want: []string{"a1", "a2"}},
		{name: "an alias of a column", where: where("action", "=", "linux.ps"), want: []string{"a4"}},
		{name: "unequal holds for null", where: where("parent", "!=", "a1"), want: []string{"a1", "a2", "a4"}},
		{name: "less", where: where("start_timestamp", "<", gale.Time(200)), want: []string{"a1"}},
		{name: "less or equal", where: where("start_timestamp", "<=", gale.Time(200)), want: []string{"a1", "a2"}},
		{name: "greater", where: where("start_timestamp", ">", 200), want: []string{"a3", "a4"}},
		{name: "greater or equal", where: where("start_timestamp", ">=", 200), want: []string{"a2", "a3", "a4"}},
		{name: "in", where: where("status", "in", []string{"failed", "running"}), want: []string{"a2", "a3"}},
		{name: "in nothing", where: where("status", "in", []string{}), want: nil},
		{name: "in numbers", where: where("start_timestamp", "in", []int64{100, 300}), want: []string{"a1", "a3", "a4"}},
		{name: "not in", where: where("parent", "not-in", []string{"a1"}), want: []string{"a1", "a2", "a4"}},
		{name: "null", where: where("rule_ref", "null", nil), want: []string{"a1", "a2", "a3"}},
		{name: "not null", where: where("end_timestamp", "notnull", nil), want: []string{"a1", "a2"}},
		{name: "prefix", where: where("action_ref", "prefix", "core."), want: []string{"a1", "a2", "a3"}},
		{name: "contains", where: where("action_ref", "contains", "ore.r"), want: []string{"a2"}},
		{name: "contains minds case", where: where("user", "contains", "bo"), want: nil},
		{name: "contains-ci does not", where: where("user", "contains-ci", "BO"), want: []string{"a2"}},
		{name: "name of a reference", where: where("rule_name", "=", "on_call"), want: []string{"a4"}},
		{name: "name with dots", where: where("trigger_name", "=", "st2.webhook"), want: []string{"a4"}},
		{name: "all of several", where: append(where("action", "=", "core.local"), store.Eq("status", "running")), want: []string{"a3"}},
		{name: "one of several groups", where: where("runner", "=", "local"),
			or:   [][]store.Cond{where("status", "=", "succeeded"), append(where("parent", "=", "a2"), store.Eq("status", "requested"))},
			want: []string{"a1", "a4"}},
		{name: "quotes are data", where: where("action_ref", "=", "x' or '1'='1"), want: nil},
		{name: "wildcards are data", where: where("action_ref", "contains", "%"), want: nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := store.Query{Where: c.where, Or: c.or}
			if diff := cmp.Diff(c.want, ids(t, s, q)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			view(t, s, func(tx *store.Tx) error {
				n, err := store.Executions.Count(tx, q)
				if n != len(c.want) {
					t.Errorf("Count = %d, want %d", n, len(c.want))
				}
				return err
			})
		})
	}
}

func testOrder(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	insertExecutions(t, s)
	cases := []struct {
		name string
		q    store.Query
		want []string
	}{
		{"by id without a word", store.Query{}, []string{"a1", "a2", "a3", "a4"}},
		{"descending, ties too", store.Query{Order: []string{"-start_timestamp"}}, []string{"a4", "a3", "a2", "a1"}},
		{"ties by what is said", store.Query{Order: []string{"-start_timestamp", "id"}}, []string{"a3", "a4", "a2", "a1"}},
		{"two keys", store.Query{Order: []string{"action_ref", "-id"}}, []string{"a3", "a1", "a2", "a4"}},
		{"limited", store.Query{Limit: 2}, []string{"a1", "a2"}},
		{"limited and skipped", store.Query{Limit: 2, Offset: 1}, []string{"a2", "a3"}},
		{"only skipped", store.Query{Offset: 3}, []string{"a4"}},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, ids(t, s, c.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func testUnknownColumn(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	view(t, s, func(tx *store.Tx) error {
		for _, q := range []store.Query{
			{Where: []store.Cond{store.Eq("doc", "x")}},
			{Where: []store.Cond{{Column: "status; drop table rule", Op: "null"}}},
			{Where: []store.Cond{{Column: "status", Op: "like", Value: "x"}}},
			{Where: []store.Cond{{Column: "status", Op: "in", Value: "x"}}},
			{Where: []store.Cond{{Column: "status", Op: "=", Value: []any{1}}}},
			{Where: []store.Cond{{Column: "status", Op: "has", Value: "x"}}},
			{Order: []string{"nope"}},
			{Limit: -1},
		} {
			_, err := store.Executions.Find(tx, q)
			wantError(t, err, gale.Invalid, "")
		}
		return nil
	})
}

func testEach(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	const n = 1203
	update(t, s, func(tx *store.Tx) error {
		for i := range n {
			if err := store.Traces.Insert(tx, &gale.Trace{ID: key(i), Tag: "t"}); err != nil {
				return err
			}
		}
		return nil
	})
	collect := func(q store.Query) (got []string) {
		view(t, s, func(tx *store.Tx) error {
			for v, err := range store.Traces.Each(tx, q) {
				if err != nil {
					return err
				}
				got = append(got, v.ID)
			}
			return nil
		})
		return got
	}
	if got := collect(store.Query{}); len(got) != n || got[0] != key(0) || got[n-1] != key(n-1) || !slices.IsSorted(got) {
		t.Errorf("ascending: %d documents, want %d in order", len(got), n)
	}
	if got := collect(store.Query{Order: []string{"-id"}}); len(got) != n || got[0] != key(n-1) || got[n-1] != key(0) {
		t.Errorf("descending: %d documents, want %d in order", len(got), n)
	}
	if got := collect(store.Query{Limit: 700, Where: []store.Cond{{Column: "id", Op: ">=", Value: key(100)}}}); len(got) != 700 || got[699] != key(799) {
		t.Errorf("limited: %d documents, want 700 up to %s", len(got), key(799))
	}
}

func testDistinct(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	insertExecutions(t, s)
	view(t, s, func(tx *store.Tx) error {
		for column, want := range map[string][]any{
			"action": {"core.local", "core.remote", "linux.ps"}, "rule": {"core.on_call"}, "task_execution": {}, "status": {"failed", "requested", "running", "succeeded"}, "user": {"Bob", "ann"},
			"start_timestamp": {int64(100), int64(200), int64(300)},
		} {
			got, err := store.Executions.Distinct(tx, column)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", column, diff)
			}
		}
		_, err := store.Executions.Distinct(tx, "nope")
		wantError(t, err, gale.Invalid, "")
		return nil
	})
}

func testSnapshots(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	body := []byte(`{"ref":"core.local","é":1}`)
	var d1, d2 string
	undone := errors.New("undone")
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		d1, _ = tx.PutSnapshot(body)
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatalf("error = %v, want %v", err, undone)
	}
	view(t, s, func(tx *store.Tx) error {
		_, err := tx.Snapshot(d1)
		wantError(t, err, gale.NotFound, "")
		return nil
	})
	for range 2 {
		update(t, s, func(tx *store.Tx) (err error) {
			d2, err = tx.PutSnapshot(body)
			return err
		})
	}
	if d1 != d2 || len(d1) != 64 {
		t.Errorf("digests %q and %q, want the same 64 hex digits", d1, d2)
	}
	view(t, s, func(tx *store.Tx) error {
		got, err := tx.Snapshot(d1)
		if string(got) != string(body) {
			t.Errorf("snapshot = %s, want %s", got, body)
		}
		return err
	})
}

func testResults(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	for _, body := range []string{`{"stdout":"1"}`, `{"stdout":"2"}`} {
		update(t, s, func(tx *store.Tx) error { return tx.PutResult("e1", []byte(body)) })
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Result("e1")
			if string(got) != body {
				t.Errorf("result = %s, want %s", got, body)
			}
			return err
		})
	}
	update(t, s, func(tx *store.Tx) error { return tx.DeleteResult("e1") })
	view(t, s, func(tx *store.Tx) error {
		_, err := tx.Result("e1")
		wantError(t, err, gale.NotFound, `execution "e1" has no stored result`)
		return nil
	})
}

// testEveryTable inserts, finds by each column, updates and deletes one
// document of every table.
func testEveryTable(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	everyTable(t, s, store.Executions, &gale.Execution{ID: "x", Status: gale.Running, ActionRef: "a.b"}, "status", "running")
	everyTable(t, s, store.Rules, &gale.Rule{ID: "x", Ref: "a.b", Enabled: true, Trigger: gale.RuleTrigger{Ref: "t.t"}}, "trigger", "t.t")
	everyTable(t, s, store.Triggers, &gale.Trigger{ID: "x", Ref: "a.b", Type: "core.st2.webhook", UID: "trigger:a:b:0123",
		Parameters: py.DictOf("url", "/hook/")}, "hook", "hook")
	everyTable(t, s, store.TriggerTypes, &gale.TriggerType{ID: "x", Ref: "a.b", Pack: "a"}, "pack", "a")
	everyTable(t, s, store.TriggerInstances, &gale.TriggerInstance{ID: "x", Trigger: "a.b", Status: gale.InstancePending}, "status", "pending")
	everyTable(t, s, store.Enforcements, &gale.RuleEnforcement{ID: "x", TriggerInstanceID: "i", Rule: gale.RuleRef{ID: "r", Ref: "a.b"}}, "rule_ref", "a.b")
	everyTable(t, s, store.Traces, &gale.Trace{ID: "x", Tag: "tag"}, "trace_tag", "tag")
	everyTable(t, s, store.Actions, &gale.Action{ID: "x", Ref: "a.b", Enabled: true}, "enabled", true)
	everyTable(t, s, store.RunnerTypes, &gale.RunnerType{ID: "x", Name: "local"}, "name", "local")
	everyTable(t, s, store.Packs, &gale.Pack{ID: "x", Ref: "a", Name: "A"}, "name", "A")
	everyTable(t, s, store.ConfigSchemas, &gale.ConfigSchema{ID: "x", Pack: "a"}, "pack", "a")
	everyTable(t, s, store.Configs, &gale.Config{ID: "x", Pack: "a"}, "pack", "a")
	everyTable(t, s, store.Sensors, &gale.Sensor{ID: "x", Ref: "a.b", Name: "B"}, "name", "B")
	everyTable(t, s, store.PolicyTypes, &gale.PolicyType{ID: "x", Ref: "action.retry"}, "ref", "action.retry")
	everyTable(t, s, store.Policies, &gale.Policy{ID: "x", Ref: "a.b", ResourceRef: "a.c"}, "resource_ref", "a.c")
	everyTable(t, s, store.Aliases, &gale.Alias{ID: "x", Ref: "a.b", ActionRef: "a.c"}, "action", "a.c")
	everyTable(t, s, store.Keys, &gale.Key{ID: "x", Scope: "s", Name: "n", Expire: 5}, "expire", gale.Time(5))
	everyTable(t, s, store.Users, &gale.User{ID: "x", Name: "n", IsAdmin: true}, "is_admin", true)
	everyTable(t, s, store.Tokens, &gale.Token{ID: "x", Hash: "h", User: "u"}, "user", "u")
	everyTable(t, s, store.APIKeys, &gale.APIKey{ID: "x", KeyHash: "h", User: "u"}, "user", "u")
	has := func(s *store.Store, tag string) (n int) {
		view(t, s, func(tx *store.Tx) (err error) {
			n, err = store.Actions.Count(tx, store.Query{Where: []store.Cond{{Column: "tags", Op: "has", Value: tag}}})
			return err
		})
		return n
	}
	update(t, s, func(tx *store.Tx) error {
		return store.Actions.Insert(tx, &gale.Action{ID: "y", Ref: "a.c", Tags: []gale.Tag{{Name: "web"}, {Name: "prod"}}})
	})
	if has(s, "web") != 1 || has(s, "we") != 0 || has(s, "prod") != 1 {
		t.Errorf("tags web, we, prod found %d, %d, %d actions, want 1, 0, 1", has(s, "web"), has(s, "we"), has(s, "prod"))
	}
}

func everyTable[T any](t *testing.T, s *store.Store, table store.Table[T], v *T, column string, value any) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error { return table.Insert(tx, v) })
	update(t, s, func(tx *store.Tx) error {
		got, err := table.By(tx, column, value)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(marshal(t, v), marshal(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", table.Kind(), diff)
		}
		return table.Update(tx, got)
	})
	update(t, s, func(tx *store.Tx) error { return table.Delete(tx, "x") })
	view(t, s, func(tx *store.Tx) error {
		n, err := table.Count(tx, store.Query{})
		if n != 0 {
			t.Errorf("%d documents of %s are left, want 0", n, table.Kind())
		}
		return err
	})
}
