package pack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
)

func (f *fixture) service() *execution.Service {
	return &execution.Service{Store: f.st, Key: f.key, SystemUser: "stanley", Engine: expr.New(expr.Options{Decrypt: f.key.Decrypt})}
}

func (f *fixture) config(text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.places.Configs, "weather.yaml"), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// noSecrets fails the test when a word is anywhere in the database's files or
// in an event. dir is empty for a database whose files are elsewhere.
func (f *fixture) noSecrets(dir string, words []string) {
	f.Helper()
	events, err := f.st.Events(f.Context(), 0, 10000)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range events {
		for _, w := range append(words, "$sealed") {
			if bytes.Contains(e.Body, []byte(w)) {
				f.Errorf("event %s %s holds %s: %s", e.Topic, e.Kind, w, e.Body)
			}
		}
	}
	if dir == "" {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.Fatal(err)
	}
	read := 0
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			f.Fatal(err)
		}
		read += len(data)
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				f.Errorf("the file %s holds %s", e.Name(), w)
			}
		}
	}
	if read < 10_000 {
		f.Errorf("only %d bytes of database were found in %s", read, dir)
	}
}

// TestNoSecretIsAnywhereInTheDatabase makes something of every kind that can
// hold a secret and then reads the files.
func TestNoSecretIsAnywhereInTheDatabase(t *testing.T) {
	dirs := map[string]string{"sqlite": t.TempDir(), "postgres": ""}
	for name, dir := range dirs {
		t.Run(name, func(t *testing.T) {
			st := func() *store.Store {
				if dir == "" {
					return storetest.Postgres().Open(t, store.Config{})
				}
				return storetest.OpenWith(t, store.Config{Dir: dir})
			}()
			f := newFixture(t, st)
			f.config("token: config-secret-1\n")
			f.mustRegister(f.write("weather", whole()))
			svc := f.service()
			login, err := svc.Request(t.Context(), execution.Request{Action: "weather.login",
				Parameters: py.DictOf("password", "given-secret-1", "host", "plain-host")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := svc.Request(t.Context(), execution.Request{Action: "weather.read",
				Parameters: py.DictOf("sudo_password", "rejected-secret-1 {{ nowhere }}")}); err == nil {
				t.Fatal("a template that cannot be rendered was accepted")
			}
			def, err := svc.Define(t.Context(), "weather.login")
			if err != nil {
				t.Fatal(err)
			}
			final, err := svc.Final(t.Context(), def, login, py.DictOf("password", "given-secret-1"))
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := final.Config.GetString("token"); got != "config-secret-1" {
				t.Errorf("the action gets token %v", got)
			}
			sealed, err := svc.SealResult(def, login, py.DictOf("stdout", "hello given-secret-1 of config-secret-1"), def.RunSecrets(final))
			if err != nil {
				t.Fatal(err)
			}
			data := &datastore.Service{Key: f.key}
			item, err := data.Prepare(datastore.Item{Scope: gale.ScopeSystem, Name: "door", Value: "datastore-secret-1", Secret: true})
			if err != nil {
				t.Fatal(err)
			}
			f.update(func(tx *store.Tx) error {
				if err := data.Set(tx, item, 0); err != nil {
					return err
				}
				if _, started, err := execution.Begin(tx, login.ID, gale.RunnerInfo{}); err != nil || !started {
					t.Fatalf("begin: %t, %v", started, err)
				}
				_, _, err := execution.Finish(tx, login.ID, execution.Outcome{Status: gale.Succeeded, Result: sealed})
				return err
			})
			words := []string{"schema-secret-1", "runner-secret-1", "action-secret-1", "rule-secret-1", "config-secret-1", "given-secret-1",
				"rejected-secret-1", "datastore-secret-1"}
			f.noSecrets(dir, words)
			if dir != "" && !fileHas(t, filepath.Join(dir, "gale.db"), "plain-host") && !fileHas(t, filepath.Join(dir, "gale.db-wal"), "plain-host") {
				t.Error("not even what is no secret was found: the test looks in the wrong place")
			}
			f.wholeAgain(def)
		})
	}
}

func fileHas(t *testing.T, file, word string) bool {
	t.Helper()
	data, err := os.ReadFile(file)
	return err == nil && bytes.Contains(data, []byte(word))
}

// wholeAgain checks that what was sealed opens to what the files say.
func (f *fixture) wholeAgain(def *execution.Definition) {
	f.Helper()
	read, err := f.service().Define(f.Context(), "weather.read")
	if err != nil {
		f.Fatal(err)
	}
	for name, d := range map[string]*py.Dict{"runner-secret-1": read.Action.Parameters, "action-secret-1": def.Action.Parameters, "schema-secret-1": def.ConfigSchema} {
		if text := jsonOf(f, d); !strings.Contains(text, name) || strings.Contains(text, "$sealed") {
			f.Errorf("opened: got %s, want %s in it", text, name)
		}
	}
	for _, snapshot := range [][]byte{read.ActionJSON, def.ActionJSON} {
		if bytes.Contains(snapshot, []byte("-secret-1")) {
			f.Errorf("a snapshot holds a secret: %s", snapshot)
		}
	}
	f.view(func(tx *store.Tx) error {
		r, err := store.Rules.By(tx, "ref", "weather.flood")
		if err != nil {
			return err
		}
		if err := pack.OpenRule(f.key, r); err != nil {
			return err
		}
		if got := jsonOf(f, r.Action.Parameters); got != `{"password":"rule-secret-1","host":"h"}` {
			f.Errorf("rule: got %s", got)
		}
		return nil
	})
}

func TestWhatBecomesASecretIsSealedWithTheNextRegistration(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := whole()
		f.config("station: late-secret-1\n")
		rule := files["rules/flood.yaml"]
		files["rules/flood.yaml"] = strings.ReplaceAll(rule, "host: h", "host: late-secret-2")
		f.mustRegister(f.write("weather", files))
		files["config.schema.yaml"] = strings.ReplaceAll(files["config.schema.yaml"], "{type: string, default: north}", "{type: string, secret: true}")
		files["actions/login.yaml"] = strings.ReplaceAll(files["actions/login.yaml"], "host: {type: string}", "host: {type: string, secret: true}")
		f.mustRegister(f.write("weather", files))
		f.view(func(tx *store.Tx) error {
			c, err := store.Configs.By(tx, "pack", "weather")
			if err != nil {
				return err
			}
			r, err := store.Rules.By(tx, "ref", "weather.flood")
			if err != nil {
				return err
			}
			if text := jsonOf(f, c.Values) + jsonOf(f, r.Action.Parameters); strings.Contains(text, "late-secret") {
				f.Errorf("stored in clear: %s", text)
			}
			return nil
		})
		if report := f.mustRegister(f.write("weather", files)); report.Changed != 0 {
			f.Errorf("registered once more: %d changes, want none", report.Changed)
		}
		// Without its file the stored configuration follows the schema too.
		if err := os.Remove(filepath.Join(f.places.Configs, "weather.yaml")); err != nil {
			f.Fatal(err)
		}
		files["config.schema.yaml"] = "station: {type: string}\ntoken: {type: string, secret: true}\n"
		f.mustRegister(f.write("weather", files))
		f.view(func(tx *store.Tx) error {
			c, err := store.Configs.By(tx, "pack", "weather")
			if got := jsonOf(f, c.Values); err != nil || got != `{"station":"late-secret-1"}` {
				f.Errorf("no secret any more: got %s, %v", got, err)
			}
			return nil
		})
	})
}

// A rule may come before the pack of its action.
func TestARuleIsSealedOnceItsActionIsKnown(t *testing.T) {
	onBoth(t, func(f *fixture) {
		rules := map[string]string{"pack.yaml": manifest, "triggers/storm.yaml": "name: storm\n",
			"rules/r.yaml": "name: r\ntrigger: {type: weather.storm}\naction: {ref: weather.late, parameters: {key: early-secret-1}}\n"}
		f.mustRegister(f.write("weather", rules))
		f.update(func(tx *store.Tx) error {
			a := &gale.Action{Pack: "weather", Name: "late", Ref: "weather.late", RunnerType: "shell", Enabled: true,
				Parameters: doc(f, "{key: {type: string, secret: true}}")}
			a.ID = tx.NewID()
			return store.Actions.Insert(tx, a)
		})
		if report := f.mustRegister(f.write("weather", rules)); report.Changed != 1 {
			f.Errorf("changes: got %d, want the rule", report.Changed)
		}
		f.view(func(tx *store.Tx) error {
			r, err := store.Rules.By(tx, "ref", "weather.r")
			if text := jsonOf(f, r.Action.Parameters); err != nil || strings.Contains(text, "early-secret") {
				f.Errorf("stored: got %s, %v", text, err)
			}
			return nil
		})
	})
}

func TestAChangeOfTypeInAConfigurationIsAChange(t *testing.T) {
	onBoth(t, func(f *fixture) {
		dir := f.write("weather", map[string]string{"pack.yaml": manifest})
		for _, text := range []string{`{"flag":1}`, `{"flag":true}`, `{"flag":1.0}`, `{"flag":"1"}`, `{}`} {
			f.config(text)
			f.mustRegister(dir)
			f.view(func(tx *store.Tx) error {
				c, err := store.Configs.By(tx, "pack", "weather")
				if got := jsonOf(f, c.Values); err != nil || got != text {
					f.Errorf("got %s, %v; want %s", got, err, text)
				}
				return nil
			})
		}
	})
}

// resolved registers a pack with a schema and a config ("" is none) and
// returns what its actions get.
func (f *fixture) resolved(schema, config string) (string, error) {
	f.Helper()
	if config == "" {
		_ = os.Remove(filepath.Join(f.places.Configs, "weather.yaml"))
	} else {
		f.config(config)
	}
	f.update(func(tx *store.Tx) error { // of an earlier case
		_, err := tx.Exec("delete from config")
		return err
	})
	dir := f.write("weather", map[string]string{"pack.yaml": manifest, "config.schema.yaml": schema, "actions/show.yaml": "name: show\nrunner_type: shell\n"})
	if _, err := f.register(dir, false); err != nil {
		return "", err
	}
	svc := f.service()
	def, err := svc.Define(f.Context(), "weather.show")
	if err != nil {
		f.Fatal(err)
	}
	e, err := svc.Request(f.Context(), execution.Request{Action: "weather.show"})
	if err != nil {
		f.Fatal(err)
	}
	final, err := svc.Final(f.Context(), def, e, nil)
	if err != nil {
		return "", err
	}
	return jsonOf(f, final.Config), nil
}

// Defaults of a config schema apply at every depth, whatever their value, and
// with or without a configuration; what does not fit is refused with its path.
func TestConfigDefaultsAtEveryDepth(t *testing.T) {
	const schema = `
peers: {type: array, items: {type: string}, default: [p1, p2]}
tries: {type: integer, default: 0}
strict: {type: boolean, default: false}
note: {type: string, default: ""}
login:
  type: object
  required: true
  additionalProperties: false
  properties:
    name: {type: string, default: root}
    port: {type: integer, default: 2222}
    cert:
      type: object
      properties:
        file: {type: string, default: cert.pem}
        depth: {type: integer, default: 0}
list:
  type: array
  items: {type: object, properties: {size: {type: integer, default: 3}}}
`
	const rest = `"login":{"name":"root","port":2222,"cert":{"file":"cert.pem","depth":0}},"list":[]`
	tests := []struct{ name, config, want string }{
		{"no configuration", "", `{"peers":["p1","p2"],"tries":0,"strict":false,"note":"",` + rest + `}`},
		{"an empty part", "login: {}\n", `{"peers":["p1","p2"],"tries":0,"strict":false,"note":"",` + rest + `}`},
		{"some of it", "login: {name: eve, cert: {}}\npeers: []\ntries: null\nlist: [{}, {size: 0}]\n",
			`{"peers":[],"tries":0,"strict":false,"note":"","login":{"name":"eve","port":2222,"cert":{"file":"cert.pem","depth":0}},"list":[{"size":3},{"size":0}]}`},
		{"falsy values of its own", "login: {port: 0, name: \"\"}\nstrict: true\n",
			`{"peers":["p1","p2"],"tries":0,"strict":true,"note":"","login":{"name":"","port":0,"cert":{"file":"cert.pem","depth":0}},"list":[]}`},
		{"keys that nobody declared", "login: {}\nmore: {a: 1}\n", `{"peers":["p1","p2"],"tries":0,"strict":false,"note":"",` + rest + `,"more":{"a":1}}`},
		{"an unknown key where none may be", "login: {speed: 1}\n", "!login speed"},
		{"a text for a number", "login: {port: \"2222\"}\n", "!login.port"},
		{"a required part missing", "peers: [x]\n", "!login"},
		{"a list", "- 1\n", "!mapping"},
		{"broken YAML", "login: [\n", "!weather.yaml"},
	}
	onBoth(t, func(f *fixture) {
		for _, test := range tests {
			got, err := f.resolved(schema, test.config)
			if words, refused := strings.CutPrefix(test.want, "!"); refused {
				for _, w := range append(strings.Fields(words), "weather") {
					if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), w) {
						f.Errorf("%s: got %q, %v; want it refused with %s", test.name, got, err, w)
					}
				}
				continue
			}
			if err != nil || !sameJSON(f.T, got, test.want) {
				f.Errorf("%s: got %s, %v; want %s", test.name, got, err, test.want)
			}
		}
	})
}

// A default that refers to the datastore is looked up, with a configuration
// and without.
func TestConfigDefaultsFromTheDatastore(t *testing.T) {
	onBoth(t, func(f *fixture) {
		data := &datastore.Service{Key: f.key}
		for _, it := range []datastore.Item{{Name: "database", Value: "ledger"}, {Name: "pw", Value: "s3cret-pw", Secret: true}} {
			it.Scope = gale.ScopeSystem
			k, err := data.Prepare(it)
			if err != nil {
				f.Fatal(err)
			}
			f.update(func(tx *store.Tx) error { return data.Set(tx, k, 0) })
		}
		const schema = "db: {type: string, default: \"{{ st2kv.system.database }}\"}\nhost: {type: string}\n" +
			"password: {type: string, secret: true, default: \"{{ st2kv.system.pw }}\"}\n" +
			"deep: {type: object, properties: {db: {type: string, default: \"{{ st2kv.system.database }}-deep\"}}}\n"
		const found = `"db":"ledger","password":"s3cret-pw","deep":{"db":"ledger-deep"}`
		for config, want := range map[string]string{"": "{" + found + "}", "host: h1\n": "{" + found + `,"host":"h1"}`, "db: other\n": strings.Replace("{"+found+"}", `"ledger",`, `"other",`, 1)} {
			if got, err := f.resolved(schema, config); err != nil || !sameJSON(f.T, got, want) {
				f.Errorf("config %q: got %s, %v; want %s", config, got, err, want)
			}
		}
	})
}
