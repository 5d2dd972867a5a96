package rule_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/rule"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// fixture is a store with a trigger type, some actions and a rules engine that
// is not running yet.
type fixture struct {
	*testing.T
	st     *store.Store
	engine *rule.Engine
	key    *secret.Key
	trig   *gale.Trigger
	typ    *gale.TriggerType
}

// onBoth runs a test on both kinds of store.
func onBoth(t *testing.T, test func(f *fixture)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bells := bus.NewLocal()
			test(newFixture(t, b.Open(t, store.Config{OnCommit: func(topics []string) { bells.Ring(topics...) }}), bells))
		})
	}
}

func newFixture(t *testing.T, st *store.Store, bells bus.Bus) *fixture {
	t.Helper()
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	exec := &execution.Service{Store: st, Key: key, SystemUser: "stanley", Engine: expr.New(expr.Options{Decrypt: key.Decrypt})}
	f := &fixture{T: t, st: st, key: key,
		engine: &rule.Engine{Store: st, Bus: bells, Exec: exec, Key: key, Log: slog.New(slog.DiscardHandler)}}
	f.typ = &gale.TriggerType{Pack: "test", Name: "event",
		PayloadSchema: doc(t, `{type: object, properties: {token: {type: string, secret: true}}}`)}
	f.update(func(tx *store.Tx) (err error) {
		if err := trigger.SaveType(tx, f.typ); err != nil {
			return err
		}
		if f.trig, _, err = trigger.Resolve(tx, "test.event"); err != nil {
			return err
		}
		return store.RunnerTypes.Insert(tx, &gale.RunnerType{ID: tx.NewID(), Name: "fake", Enabled: true, Parameters: py.NewDict(0), OutputSchema: py.NewDict(0)})
	})
	f.action("noop", `{n: {type: integer}, text: {type: string}, list: {type: array}}`)
	return f
}

// doc reads a mapping in YAML.
func doc(t testing.TB, text string) *py.Dict {
	t.Helper()
	d, err := yaml.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, ok := d.Value.(*py.Dict)
	if !ok {
		t.Fatalf("%s is no mapping", text)
	}
	return v
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

func (f *fixture) view(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.View(f.Context(), fn); err != nil {
		f.Fatalf("view: %v", err)
	}
}

// action registers the action test.NAME with parameters written in YAML.
func (f *fixture) action(name, parameters string) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		return store.Actions.Insert(tx, &gale.Action{ID: tx.NewID(), Pack: "test", Name: name, Ref: "test." + name, RunnerType: "fake", Enabled: true, Parameters: doc(f, parameters)})
	})
}

// rule saves the rule test.NAME, written in YAML; what it leaves out is a
// standard rule without criteria that starts test.noop.
func (f *fixture) rule(name, text string) {
	f.Helper()
	r := &gale.Rule{Pack: "test", Name: name, Enabled: true, Trigger: gale.RuleTrigger{Type: "test.event"}, Action: gale.RuleAction{Ref: "test.noop"}}
	body, err := py.AppendJSON(nil, doc(f, text))
	if err == nil {
		err = py.Unmarshal(body, r)
	}
	if err != nil {
		f.Fatal(err)
	}
	pack.CompleteRule(r)
	f.update(func(tx *store.Tx) error {
		fresh := *r
		if err := pack.SealRule(tx, f.key, &fresh); err != nil {
			return err
		}
		return trigger.SaveRule(tx, f.key, &fresh)
	})
}

// fire dispatches an event with a payload in YAML and returns its id.
func (f *fixture) fire(payload string) string {
	f.Helper()
	id := f.st.NewID()
	sealed, err := trigger.SealPayload(f.key, f.typ, id, doc(f, payload))
	if err != nil {
		f.Fatal(err)
	}
	f.update(func(tx *store.Tx) error {
		_, err := trigger.DispatchAs(tx, id, f.trig, sealed, gale.TraceContext{})
		return err
	})
	return id
}

// run runs n engines over the store until the test ends or stop is called.
func (f *fixture) run(n int) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan error, n)
	for i := range n {
		e := f.engine
		if i > 0 {
			e = &rule.Engine{Store: f.st, Bus: f.engine.Bus, Exec: f.engine.Exec, Key: f.key, Log: f.engine.Log}
		}
		go func() { done <- e.Run(ctx) }()
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range n {
			if err := <-done; err != nil {
				f.Errorf("engine: %v", err)
			}
		}
	}
	f.Cleanup(stop)
	return stop
}

// settled waits for the engine to be done with an event and returns it.
func (f *fixture) settled(id string) *gale.TriggerInstance {
	f.Helper()
	var inst *gale.TriggerInstance
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		queued := false
		f.view(func(tx *store.Tx) (err error) {
			if inst, err = store.TriggerInstances.Get(tx, id); err != nil {
				return err
			}
			_, queued, err = tx.QueueItem(trigger.QueueTrigger, id)
			return err
		})
		if !queued && inst.Status != gale.InstancePending {
			return inst
		}
		if time.Now().After(deadline) {
			f.Fatalf("event %s is %s, queued: %v, after half a minute", id, inst.Status, queued)
		}
	}
}

// enforcements returns those of an event by the name of the rule.
func (f *fixture) enforcements(id string) map[string]*gale.RuleEnforcement {
	f.Helper()
	byRule := map[string]*gale.RuleEnforcement{}
	f.view(func(tx *store.Tx) error {
		all, err := store.Enforcements.Find(tx, store.Query{Where: []store.Cond{store.Eq("trigger_instance_id", id)}})
		for _, en := range all {
			if byRule[en.Rule.Ref] != nil {
				f.Errorf("event %s has more than one enforcement of %s", id, en.Rule.Ref)
			}
			byRule[en.Rule.Ref] = en
		}
		return err
	})
	return byRule
}

func (f *fixture) execution(id string) *gale.Execution {
	f.Helper()
	var e *gale.Execution
	f.view(func(tx *store.Tx) (err error) {
		e, err = store.Executions.Get(tx, id)
		return err
	})
	return e
}

// executions returns those that an event has started.
func (f *fixture) executions(instance string) []*gale.Execution {
	f.Helper()
	var all []*gale.Execution
	f.view(func(tx *store.Tx) (err error) {
		all, err = store.Executions.Find(tx, store.Query{Where: []store.Cond{store.Eq("trigger_instance", instance)}})
		return err
	})
	return all
}
