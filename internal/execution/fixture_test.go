package execution_test

import (
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// fixture is a store with a runner and some actions.
type fixture struct {
	*testing.T
	st  *store.Store
	svc *execution.Service
}

func newFixture(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t, st, &execution.Service{Store: st, Key: key, SystemUser: "stanley", WebURL: "https://gale.test",
		Engine: expr.New(expr.Options{Decrypt: key.Decrypt})}}
	f.update(func(tx *store.Tx) error {
		return store.RunnerTypes.Insert(tx, &gale.RunnerType{ID: tx.NewID(), Name: "fake", Enabled: true, OutputKey: "result",
			Parameters: doc(t, `{timeout: {type: integer, default: 60}, sudo_password: {type: string, secret: true}}`), OutputSchema: py.NewDict(0)})
	})
	f.action("noop", "{}")
	return f
}

// onBoth runs a test on both kinds of store.
func onBoth(t *testing.T, test func(f *fixture)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newFixture(t, b.Open(t, store.Config{})))
		})
	}
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

// action registers the action test.NAME with parameters written in YAML.
func (f *fixture) action(name, parameters string) *gale.Action {
	f.Helper()
	a := &gale.Action{Pack: "test", Name: name, Ref: "test." + name, RunnerType: "fake", Enabled: true, Parameters: doc(f, parameters)}
	f.update(func(tx *store.Tx) error {
		a.ID = tx.NewID()
		return store.Actions.Insert(tx, a)
	})
	return a
}

func (f *fixture) request(name string, parameters *py.Dict) (*gale.Execution, error) {
	return f.svc.Request(f.Context(), execution.Request{Action: "test." + name, Parameters: parameters, User: "ada"})
}

func (f *fixture) start(name string, parameters *py.Dict) *gale.Execution {
	f.Helper()
	e, err := f.request(name, parameters)
	if err != nil {
		f.Fatalf("request test.%s: %v", name, err)
	}
	return e
}

func (f *fixture) get(id string) *gale.Execution {
	f.Helper()
	var e *gale.Execution
	err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		e, err = store.Executions.Get(tx, id)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return e
}

// final returns the parameters and the configuration with which e would run.
func (f *fixture) final(e *gale.Execution) (*execution.Final, error) {
	f.Helper()
	def, err := f.svc.Define(f.Context(), e.ActionRef)
	if err != nil {
		return nil, err
	}
	given, err := f.svc.OpenParameters(f.get(e.ID))
	if err != nil {
		return nil, err
	}
	return f.svc.Final(f.Context(), def, e, given)
}

func (f *fixture) events() []store.Event {
	f.Helper()
	events, err := f.st.Events(f.Context(), 0, 100000)
	if err != nil {
		f.Fatal(err)
	}
	return events
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := py.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
