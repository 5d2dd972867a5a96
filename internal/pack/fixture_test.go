package pack_test

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// fixture is a store that knows two runners and a policy type, and a place for packs.
type fixture struct {
	*testing.T
	st     *store.Store
	key    *secret.Key
	places pack.Places
	seen   int64 // cursor in the event log
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

func newFixture(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, st: st, key: key, places: pack.Places{Packs: []string{t.TempDir()}, Configs: t.TempDir()}}
	f.update(func(tx *store.Tx) error {
		for name, parameters := range map[string]string{
			"shell":  "{cmd: {type: string}, sudo_password: {type: string, secret: true}, timeout: {type: integer, default: 60}}",
			"script": "{timeout: {type: integer, default: 60}}",
		} {
			r := &gale.RunnerType{ID: tx.NewID(), Name: name, Enabled: true, Parameters: doc(t, parameters), OutputSchema: py.NewDict(0)}
			if err := store.RunnerTypes.Insert(tx, r); err != nil {
				return err
			}
		}
		return store.PolicyTypes.Insert(tx, &gale.PolicyType{ID: tx.NewID(), Ref: "action.concurrency", Name: "concurrency",
			ResourceType: "action", Enabled: true,
			Parameters: doc(t, "{threshold: {type: integer, required: true}, action: {type: string, enum: [delay, cancel], default: delay}}")})
	})
	return f
}

func doc(t testing.TB, text string) *py.Dict {
	t.Helper()
	d, err := yaml.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, _ := d.Value.(*py.Dict)
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

const manifest = "name: Weather\nref: weather\ndescription: d\nversion: 1.2.3\nauthor: a\nemail: a@example.com\n"

// write makes the pack's directory hold exactly these files.
func (f *fixture) write(dir string, files map[string]string) string {
	f.Helper()
	at := filepath.Join(f.places.Packs[0], dir)
	if err := os.RemoveAll(at); err != nil {
		f.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(at, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	return at
}

func (f *fixture) register(dir string, lenient bool) (*pack.Report, error) {
	f.Helper()
	return pack.RegisterDir(f.Context(), f.st, f.places, dir, pack.Options{Key: f.key, Lenient: lenient})
}

func (f *fixture) mustRegister(dir string) *pack.Report {
	f.Helper()
	report, err := f.register(dir, false)
	if err != nil {
		f.Fatalf("register %s: %v", dir, err)
	}
	return report
}

// problemsOf returns the lines of a refusal.
func problemsOf(err error) []string {
	var all pack.Problems
	errors.As(err, &all)
	var lines []string
	for _, p := range all {
		lines = append(lines, p.Error())
	}
	return lines
}

// news lists the events since the last call: topic, kind and how often.
func (f *fixture) news() []string {
	f.Helper()
	events, err := f.st.Events(f.Context(), f.seen, 10000)
	if err != nil {
		f.Fatal(err)
	}
	var list []string
	for _, e := range events {
		f.seen = e.Seq
		list = append(list, e.Topic+" "+e.Kind)
	}
	sort.Strings(list)
	return list
}

// refs lists the refs of a pack's resources in a table.
func refs[T any](f *fixture, table store.Table[T], ref func(*T) string) string {
	f.Helper()
	var list []string
	f.view(func(tx *store.Tx) error {
		all, err := table.Find(tx, store.Query{Where: []store.Cond{store.Eq("pack", "weather")}})
		for _, v := range all {
			list = append(list, ref(v))
		}
		return err
	})
	sort.Strings(list)
	return strings.Join(list, " ")
}

func actions(f *fixture) string {
	f.Helper()
	return refs(f, store.Actions, func(a *gale.Action) string { return a.Ref })
}

func (f *fixture) action(ref string) *gale.Action {
	f.Helper()
	var a *gale.Action
	f.view(func(tx *store.Tx) (err error) {
		a, err = store.Actions.By(tx, "ref", ref)
		return err
	})
	return a
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := py.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
