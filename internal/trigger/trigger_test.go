package trigger_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// onBoth runs a test on both kinds of store.
func onBoth(t *testing.T, test func(t *testing.T, st *store.Store)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b.Open(t, store.Config{}))
		})
	}
}

func update(t *testing.T, st *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := st.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t *testing.T, st *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := st.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func typeOf(name string, parameters *py.Dict) *gale.TriggerType {
	return &gale.TriggerType{Pack: "weather", Name: name, ParametersSchema: parameters, PayloadSchema: py.NewDict(0)}
}

func ruleOn(name, typ string, parameters *py.Dict) *gale.Rule {
	return &gale.Rule{Pack: "weather", Name: name, Trigger: gale.RuleTrigger{Type: typ, Parameters: parameters},
		Action: gale.RuleAction{Ref: "core.noop", Parameters: py.NewDict(0)}}
}

func triggers(t *testing.T, st *store.Store) []*gale.Trigger {
	t.Helper()
	var all []*gale.Trigger
	view(t, st, func(tx *store.Tx) (err error) {
		all, err = store.Triggers.Find(tx, store.Query{Order: []string{"ref"}})
		return err
	})
	return all
}

func kinds(t *testing.T, st *store.Store, topic string) string {
	t.Helper()
	events, err := st.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if e.Topic == topic {
			got = append(got, e.Kind)
		}
	}
	return strings.Join(got, " ")
}

func TestATypeWithoutParametersHasOneTriggerOfItsName(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		update(t, st, func(tx *store.Tx) error { return trigger.SaveType(tx, typeOf("storm", nil)) })
		update(t, st, func(tx *store.Tx) error { return trigger.SaveType(tx, typeOf("storm", nil)) })
		got := triggers(t, st)
		if len(got) != 1 || got[0].Ref != "weather.storm" || got[0].Type != "weather.storm" {
			t.Fatalf("triggers after saving the type twice: got %+v, want the one weather.storm", got)
		}
		if want := "trigger:weather:storm:99914b932bd37a50b983c5e7c90ae93b"; got[0].UID != want {
			t.Errorf("uid: got %s, want %s", got[0].UID, want)
		}
		gained := typeOf("storm", py.DictOf("type", "object", "properties", py.DictOf("region", py.NewDict(0))))
		update(t, st, func(tx *store.Tx) error { return trigger.SaveType(tx, gained) })
		if got := triggers(t, st); len(got) != 0 {
			t.Errorf("triggers after the type gained parameters: got %v, want none", got)
		}
		if got, want := kinds(t, st, trigger.Topic), "create delete"; got != want {
			t.Errorf("events: got %q, want %q", got, want)
		}
	})
}

func TestRulesWithEqualParametersShareATrigger(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		a := ruleOn("a", "weather.gauge", py.DictOf("mm", int64(5), "site", "north"))
		b := ruleOn("b", "weather.gauge", py.DictOf("site", "north", "mm", int64(5)))
		c := ruleOn("c", "weather.gauge", py.DictOf("mm", "5", "site", "north"))
		update(t, st, func(tx *store.Tx) error {
			for _, r := range []*gale.Rule{a, b, c} {
				if err := trigger.SaveRule(tx, nil, r); err != nil {
					return err
				}
			}
			return nil
		})
		if a.Trigger.Ref != b.Trigger.Ref || a.Trigger.Ref == c.Trigger.Ref {
			t.Fatalf("triggers of a, b, c: %s, %s, %s; want one for equal parameters in any order, another for 5 as text",
				a.Trigger.Ref, b.Trigger.Ref, c.Trigger.Ref)
		}
		counts := func() map[string]int64 {
			got := map[string]int64{}
			for _, tr := range triggers(t, st) {
				got[tr.Ref] = tr.RefCount
			}
			return got
		}
		if got := counts(); got[a.Trigger.Ref] != 2 || got[c.Trigger.Ref] != 1 {
			t.Errorf("counts: got %v, want 2 and 1", got)
		}
		update(t, st, func(tx *store.Tx) error {
			return trigger.SaveRule(tx, nil, ruleOn("a", a.Trigger.Type, a.Trigger.Parameters))
		})
		if got := counts(); got[a.Trigger.Ref] != 2 {
			t.Errorf("count after saving a rule again: got %v, want 2", got)
		}
		moved := ruleOn("b", "weather.gauge", c.Trigger.Parameters)
		update(t, st, func(tx *store.Tx) error { return trigger.SaveRule(tx, nil, moved) })
		if got := counts(); got[a.Trigger.Ref] != 1 || got[c.Trigger.Ref] != 2 {
			t.Errorf("counts after b moved: got %v, want 1 and 2", got)
		}
		update(t, st, func(tx *store.Tx) error { return trigger.DeleteRule(tx, a) })
		update(t, st, func(tx *store.Tx) error { return trigger.DeleteRule(tx, b) }) // as it was read before it moved
		if got := counts(); len(got) != 1 || got[c.Trigger.Ref] != 1 {
			t.Errorf("counts after a and b went: got %v, want only 1 for %s", got, c.Trigger.Ref)
		}
		if got, want := kinds(t, st, trigger.RuleTopic), "create create create update update delete delete"; got != want {
			t.Errorf("events of rules: got %q, want %q", got, want)
		}
	})
}

func TestManyRulesSavedAtOnceMakeOneTrigger(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		const n = 12
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				r := ruleOn(fmt.Sprintf("r%d", i), "weather.gauge", py.DictOf("mm", int64(5)))
				if err := st.Update(t.Context(), func(tx *store.Tx) error { return trigger.SaveRule(tx, nil, r) }); err != nil {
					t.Errorf("save rule %d: %v", i, err)
				}
				if i%2 == 0 {
					return
				}
				if err := st.Update(t.Context(), func(tx *store.Tx) error { return trigger.DeleteRule(tx, r) }); err != nil {
					t.Errorf("delete rule %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		var rules []*gale.Rule
		view(t, st, func(tx *store.Tx) (err error) {
			rules, err = store.Rules.Find(tx, store.Query{})
			return err
		})
		got := triggers(t, st)
		if len(got) != 1 || got[0].RefCount != n/2 {
			t.Fatalf("triggers: got %d of which the first counts %d; want one that counts %d", len(got), got[0].RefCount, n/2)
		}
		for _, r := range rules {
			if r.Trigger.Ref != got[0].Ref {
				t.Errorf("rule %s waits for %s, want %s", r.Name, r.Trigger.Ref, got[0].Ref)
			}
		}
	})
}

func TestARuleWithoutParametersNeedsItsType(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		err := st.Update(t.Context(), func(tx *store.Tx) error { return trigger.SaveRule(tx, nil, ruleOn("r", "weather.nowhere", nil)) })
		if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "weather.nowhere could not be found") {
			t.Fatalf("error: got %v, want one that names the type", err)
		}
		if got := kinds(t, st, trigger.RuleTopic); got != "" {
			t.Errorf("events of a refused rule: got %q, want none", got)
		}
	})
}

func TestATypeThatComesBackFindsItsRules(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		typ := typeOf("gauge", py.DictOf("type", "object"))
		r := ruleOn("r", "weather.gauge", py.DictOf("mm", int64(1)))
		unused := &gale.Trigger{Pack: "weather", Name: "spare", Type: "weather.gauge", Parameters: py.DictOf("mm", int64(2))}
		update(t, st, func(tx *store.Tx) error {
			if err := trigger.SaveType(tx, typ); err != nil {
				return err
			}
			if err := trigger.Create(tx, nil, unused); err != nil {
				return err
			}
			return trigger.SaveRule(tx, nil, r)
		})
		update(t, st, func(tx *store.Tx) error { return trigger.DeleteType(tx, typ) })
		got := triggers(t, st)
		if len(got) != 1 || got[0].Ref != r.Trigger.Ref {
			t.Fatalf("triggers without their type: got %v, want the one that a rule waits for", got)
		}
		update(t, st, func(tx *store.Tx) error { return trigger.DeleteRule(tx, r) })
		if got := triggers(t, st); len(got) != 0 {
			t.Errorf("triggers without rules: got %v, want none", got)
		}
	})
}

func TestDispatchStoresAndQueuesInOne(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		update(t, st, func(tx *store.Tx) error { return trigger.SaveType(tx, typeOf("storm", nil)) })
		var plain, traced *gale.TriggerInstance
		update(t, st, func(tx *store.Tx) error {
			trig, _, err := trigger.Resolve(tx, "weather.storm")
			if err != nil {
				return err
			}
			if plain, err = trigger.Dispatch(tx, trig, nil, gale.TraceContext{}); err != nil {
				return err
			}
			traced, err = trigger.Dispatch(tx, trig, py.DictOf("wind", int64(9)), gale.TraceContext{ID: "abc", Tag: "mine"})
			return err
		})
		if want := (gale.TraceContext{ID: plain.ID, Tag: "trigger_instance-" + plain.ID}); plain.Trace != want {
			t.Errorf("trace of an event that names none: got %+v, want %+v", plain.Trace, want)
		}
		if want := (gale.TraceContext{ID: "abc", Tag: "mine"}); traced.Trace != want {
			t.Errorf("trace: got %+v, want %+v", traced.Trace, want)
		}
		view(t, st, func(tx *store.Tx) error {
			for _, inst := range []*gale.TriggerInstance{plain, traced} {
				got, err := store.TriggerInstances.Get(tx, inst.ID)
				if err != nil {
					return err
				}
				if got.Status != gale.InstancePending || got.Payload == nil {
					t.Errorf("instance: got status %s, payload %v; want pending and an object", got.Status, got.Payload)
				}
				if _, found, err := tx.QueueItem(trigger.QueueTrigger, inst.ID); err != nil || !found {
					t.Errorf("queue item of %s: found %t, error %v", inst.ID, found, err)
				}
			}
			return nil
		})
		err := st.View(t.Context(), func(tx *store.Tx) error {
			_, _, err := trigger.Resolve(tx, "weather.nowhere")
			return err
		})
		if gale.KindOf(err) != gale.NotFound || !strings.Contains(err.Error(), "weather.nowhere") {
			t.Errorf("unknown trigger: got %v, want not found, by name", err)
		}
	})
}

func TestWebhooksAreFoundByTheirPathWithoutSlashes(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		hook := func(name string, url any) *gale.Trigger {
			return &gale.Trigger{Pack: "core", Name: name, Type: trigger.WebhookType, Parameters: py.DictOf("url", url)}
		}
		update(t, st, func(tx *store.Tx) error {
			for _, tr := range []*gale.Trigger{hook("a", "/deploy/web/"), hook("b", "deploy/web"), hook("c", "deploy"), hook("d", int64(5))} {
				if err := trigger.Create(tx, nil, tr); err != nil {
					return err
				}
			}
			return nil
		})
		for path, want := range map[string]string{"deploy/web": "a b", "/deploy/web/": "a b", "deploy": "c", "dep": ""} {
			var names []string
			view(t, st, func(tx *store.Tx) error {
				found, err := trigger.ByHook(tx, path)
				for _, tr := range found {
					names = append(names, tr.Name)
				}
				return err
			})
			if got := strings.Join(names, " "); got != want {
				t.Errorf("hooks at %q: got %q, want %q", path, got, want)
			}
		}
	})
}

func TestTimerParametersMustSayWhen(t *testing.T) {
	interval := &gale.TriggerType{Ref: trigger.IntervalType, ParametersSchema: py.DictOf("type", "object", "properties",
		py.DictOf("unit", py.DictOf("enum", []any{"hours", "days"}, "required", true), "delta", py.DictOf("type", "integer", "required", true)))}
	date := &gale.TriggerType{Ref: trigger.DateType}
	tests := []struct {
		name string
		typ  *gale.TriggerType
		in   *py.Dict
		want string // part of the error; "": none
	}{
		{"an interval", interval, py.DictOf("unit", "hours", "delta", int64(2)), ""},
		{"no delta", interval, py.DictOf("unit", "hours"), "delta"},
		{"an unknown unit", interval, py.DictOf("unit", "moons", "delta", int64(2)), "moons"},
		{"no time at all", interval, py.DictOf("unit", "hours", "delta", int64(0)), "delta 0"},
		{"a date", date, py.DictOf("date", "2031-02-03 04:05"), ""},
		{"no date", date, py.DictOf("date", "when pigs fly"), "when pigs fly"},
		{"an unknown zone", date, py.DictOf("date", "2031-02-03", "timezone", "Moon/Mare"), "Moon/Mare"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := trigger.CheckParameters(test.typ, test.in)
			if test.want == "" && err != nil {
				t.Errorf("got error %v, want none", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got error %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestPayloadsAreCheckedAndLeftAsTheyAre(t *testing.T) {
	typ := &gale.TriggerType{PayloadSchema: py.DictOf("type", "object", "properties",
		py.DictOf("wind", py.DictOf("type", "integer", "required", true), "unit", py.DictOf("type", "string", "default", "m/s")))}
	given := py.DictOf("wind", int64(3))
	if err := trigger.CheckPayload(typ, given); err != nil {
		t.Errorf("a payload that fits: %v", err)
	}
	if given.Len() != 1 {
		t.Errorf("the payload was changed to %v", py.Repr(given))
	}
	if err := trigger.CheckPayload(typ, nil); err == nil || !strings.Contains(err.Error(), "wind") {
		t.Errorf("an empty payload: got %v, want an error that names wind", err)
	}
	if err := trigger.CheckPayload(&gale.TriggerType{}, py.DictOf("any", "thing")); err != nil {
		t.Errorf("without a schema: %v", err)
	}
}

func TestEventsOfRulesHideWhatIsSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		key, err := secret.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := secret.Seal(key, secret.Place{Table: "rule.action", ID: "weather.r"}, any(py.DictOf("token", "very-hidden")), [][]any{{"token"}})
		if err != nil {
			t.Fatal(err)
		}
		r := ruleOn("r", "weather.gauge", py.DictOf("mm", int64(1)))
		r.Action.Parameters = sealed.(*py.Dict)
		update(t, st, func(tx *store.Tx) error { return trigger.SaveRule(tx, nil, r) })
		update(t, st, func(tx *store.Tx) error { return trigger.DeleteRule(tx, r) })
		events, err := st.Events(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if bytes.Contains(e.Body, []byte("$sealed")) {
				t.Errorf("event %s %s holds a sealed value: %s", e.Topic, e.Kind, e.Body)
			}
		}
	})
}
