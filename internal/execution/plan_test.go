package execution_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// key stores a datastore item.
func (f *fixture) key(name, value string) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		return store.Keys.Insert(tx, &gale.Key{ID: tx.NewID(), Scope: gale.ScopeSystem, Name: name, Value: value})
	})
}

func TestARequestIsScheduledInOneCommit(t *testing.T) {
	onBoth(t, func(f *fixture) {
		before := len(f.events())
		e := f.start("noop", nil)
		if e.Status != gale.Scheduled || logOf(e) != "requested scheduled" || f.row(execution.QueueRun, e.ID) != "waiting" {
			f.Errorf("got %s after %q, queued %q; want it scheduled and waiting for a runner", e.Status, logOf(e), f.row(execution.QueueRun, e.ID))
		}
		var kinds []string
		for _, ev := range f.events()[before:] {
			var body gale.Execution
			if err := py.Unmarshal(ev.Body, &body); err != nil {
				f.Fatal(err)
			}
			kinds = append(kinds, ev.Kind+" "+string(body.Status))
		}
		if got, want := strings.Join(kinds, ", "), "create requested, update scheduled"; got != want {
			f.Errorf("events: got %q, want %q", got, want)
		}
		if e.WebURL != "https://gale.test/#/history/"+e.ID+"/general" {
			f.Errorf("link: got %s", e.WebURL)
		}
		if got, want := jsonOf(f, e.Context), `{"user":"ada","pack":"test","trace_context":{"id_":"`+e.ID+`","trace_tag":"execution-`+e.ID+`"}}`; got != want {
			f.Errorf("context: got %s, want %s", got, want)
		}
	})
}

func TestWhatAnActionCannotBeAskedFor(t *testing.T) {
	onBoth(t, func(f *fixture) {
		off := f.action("off", "{}")
		off.Enabled = false
		f.update(func(tx *store.Tx) error { return store.Actions.Update(tx, off) })
		f.action("strict", `{must: {type: string, required: true}, fixed: {type: string, default: x, immutable: true}}`)
		tests := []struct {
			name, action string
			given        *py.Dict
			want         string
		}{
			{"an unknown action", "nowhere", nil, `"test.nowhere" cannot be found`},
			{"one that is disabled", "off", nil, `"test.off" is disabled`},
			{"without what is required", "strict", nil, "'must'"},
			{"with what is fixed", "strict", py.DictOf("must", "a", "fixed", "b"), "fixed"},
			{"with what it does not know", "strict", py.DictOf("must", "a", "extra", "b"), "extra"},
		}
		for _, test := range tests {
			e, err := f.request(test.action, test.given)
			var left *execution.Rejected
			if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), test.want) || errors.As(err, &left) || e != nil {
				f.Errorf("%s: got %v, %v; want it refused with %s, and nothing stored", test.name, e, err, test.want)
			}
		}
	})
}

func TestTemplatesThatCannotBeRenderedLeaveAFailedExecution(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.action("two", `{a: {type: string}, b: {type: string}}`)
		_, err := f.request("two", py.DictOf("a", "{{ b }}", "b", "{{ a }}"))
		var left *execution.Rejected
		if !errors.As(err, &left) || gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "Cyclic dependency") {
			f.Fatalf("got %v, want it rejected for its circle", err)
		}
		e := f.get(left.Execution.ID)
		if e.Status != gale.Failed || e.End == 0 || logOf(e) != "requested failed" || f.row(execution.QueueRun, e.ID) != "" {
			f.Errorf("record: got %s, log %q, queued %q; want a failed one that nobody runs", e.Status, logOf(e), f.row(execution.QueueRun, e.ID))
		}
		result, _ := e.Result.(*py.Dict)
		if text, _ := result.GetString("error"); !strings.Contains(py.Str(text), "Cyclic dependency") {
			f.Errorf("result: got %s, want the reason", jsonOf(f, e.Result))
		}
	})
}

// Defaults in the form of templates arrive with their types, however the
// request comes in, and only null asks for a default.
func TestTypedDefaultsFromTheDatastore(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.key("zones", `["eu", "us"]`)
		f.key("limits", `{"cpu": 4}`)
		f.key("count", "17")
		f.key("ratio", "0.5")
		f.key("verbose", "false")
		f.action("typed", `{
			label: {type: string},
			zones: {type: array, default: "{{ st2kv.system.zones | from_json_string }}"},
			plain: {type: array, default: "{{ st2kv.system.zones }}"},
			limits: {type: object, default: "{{ st2kv.system.limits | from_json_string }}"},
			count: {type: integer, default: "{{ st2kv.system.count }}"},
			ratio: {type: number, default: "{{ st2kv.system.ratio }}"},
			verbose: {type: boolean, default: "{{ st2kv.system.verbose }}"}}`)
		rendered := func(parameters *py.Dict) *gale.Execution { // as a chat alias does: its text is never a template
			def, err := f.svc.Define(f.Context(), "test.typed")
			if err != nil {
				f.Fatal(err)
			}
			e, err := f.svc.Plan(f.Context(), def, execution.Request{Action: "test.typed", Parameters: parameters,
				Extra: py.DictOf("trigger", py.DictOf("word", "from a rule"))})
			if err != nil {
				f.Fatal(err)
			}
			f.update(func(tx *store.Tx) error { return f.svc.Insert(tx, def, e) })
			return e
		}
		defaults := `"zones":["eu","us"],"plain":["eu","us"],"limits":{"cpu":4},"count":17,"ratio":0.5,"verbose":false`
		tests := []struct {
			name string
			e    *gale.Execution
			want string
		}{
			{"from a client", f.start("typed", py.DictOf("label", "x")), `{"label":"x",` + defaults + `}`},
			{"from a rule", rendered(py.DictOf("label", "{{ trigger.word }}")), `{"label":"from a rule",` + defaults + `}`},
			{"null, zero, false and empty", f.start("typed", py.DictOf("zones", nil, "plain", []any{}, "count", int64(0), "ratio", int64(0), "verbose", false)),
				`{"zones":["eu","us"],"plain":[],"count":0,"ratio":0.0,"verbose":false,"label":null,"limits":{"cpu":4}}`},
		}
		for _, test := range tests {
			final, err := f.final(test.e)
			if err != nil {
				f.Errorf("%s: %v", test.name, err)
				continue
			}
			got := final.Action
			want := doc(f, test.want)
			if got.Len() != want.Len() {
				f.Errorf("%s: got %s, want %s", test.name, jsonOf(f, got), test.want)
			}
			for k, v := range want.All() {
				if have, ok := got.Get(k); !ok || jsonOf(f, have) != jsonOf(f, v) {
					f.Errorf("%s: %v: got %s, want %s", test.name, k, jsonOf(f, have), jsonOf(f, v))
				}
			}
		}
	})
}

// What a client writes is cast to the type that the action declares, or
// refused with the parameter's name; nothing is cut or lost silently.
func TestCastsOfWhatClientsSend(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.action("kinds", `{int: {type: integer}, num: {type: number}, flag: {type: boolean}, list: {type: array}, map: {type: object}, text: {type: string}}`)
		tests := []struct {
			given string
			want  string // the stored value of the first parameter; "!" and what the refusal names
		}{
			{`{int: "42"}`, `42`},
			{`{int: " 42 "}`, `42`},
			{`{int: 3.0}`, `3`},
			{`{int: 3.25}`, `!int`},
			{`{int: ""}`, `!int`},
			{`{int: "4x"}`, `!int`},
			{`{int: [1]}`, `!int`},
			{`{num: "2e2"}`, `200.0`},
			{`{num: abc}`, `!num`},
			{`{flag: "False"}`, `false`},
			{`{flag: "true"}`, `true`},
			{`{flag: 1}`, `!flag`},
			{`{flag: ""}`, `!flag`},
			{`{list: '["x", 2]'}`, `["x",2]`},
			{`{list: "['x', 2]"}`, `["x",2]`},
			{`{list: "x,y"}`, `!list`},
			{`{list: ""}`, `!list`},
			{`{list: 7}`, `!list`},
			{`{map: "{'x': None, 'y': True}"}`, `{"x":null,"y":true}`},
			{`{map: "x=y"}`, `!map`},
			{`{map: {"a.b": {"$c": 2}, "": 1}}`, `{"a.b":{"$c":2},"":1}`},
			{`{text: 9}`, `!text`},
			{`{text: null}`, `null`},
			{`{text: "{{ int }}", int: 8}`, `"8"`},
			{`{text: "{{ text }}"}`, `!text`},
			{`{text: "{{ unheard_of }}"}`, `!unheard_of`},
			{`{text: "{{"}`, `"{{"`},
			{`{text: "{% raw %}{{ y }}{% endraw %}"}`, `"{{ y }}"`},
			{`{unknown: 1}`, `!unknown`},
		}
		for _, test := range tests {
			given := doc(f, test.given)
			e, err := f.request("kinds", given)
			if name, refused := strings.CutPrefix(test.want, "!"); refused {
				if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), name) {
					f.Errorf("%s: got %v, want it refused by the name of %s", test.given, err, name)
				}
				continue
			}
			if err != nil {
				f.Errorf("%s: got %v, want %s", test.given, err, test.want)
				continue
			}
			v, _ := e.Parameters.Get(given.Keys()[0])
			if got := jsonOf(f, v); got != test.want {
				f.Errorf("%s: got %s stored, want %s", test.given, got, test.want)
			}
		}
	})
}

func TestTheParentDecidesWhoAsksAndWhichTrace(t *testing.T) {
	onBoth(t, func(f *fixture) {
		parent := f.start("noop", nil)
		child, err := f.svc.Request(f.Context(), execution.Request{Action: "test.noop", User: "service",
			Context: py.DictOf("parent", py.DictOf("user", "ada", "execution_id", parent.ID))})
		if err != nil {
			f.Fatal(err)
		}
		if user, _ := child.Context.GetString("user"); user != "ada" || child.Parent != parent.ID || child.TraceID != parent.TraceID {
			f.Errorf("child: got user %v, parent %s, trace %s; want ada, %s, %s", user, child.Parent, child.TraceID, parent.ID, parent.TraceID)
		}
		orphan, err := f.svc.Request(f.Context(), execution.Request{Action: "test.noop",
			Context: py.DictOf("parent", py.DictOf("execution_id", "ffffffffffffffffffffffff"))})
		if err != nil || orphan.TraceID != orphan.ID {
			f.Errorf("a child whose parent was purged: got trace %v, %v; want its own", orphan, err)
		}
	})
}

func TestTraces(t *testing.T) {
	onBoth(t, func(f *fixture) {
		ask := func(trace *py.Dict) (*gale.Execution, error) {
			return f.svc.Request(f.Context(), execution.Request{Action: "test.noop", Context: py.DictOf("trace_context", trace)})
		}
		first, err := ask(py.DictOf("trace_tag", "release-7"))
		if err != nil {
			f.Fatal(err)
		}
		var stored *gale.Trace
		if err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
			stored, err = store.Traces.Get(tx, first.TraceID)
			return err
		}); err != nil || stored.Tag != "release-7" {
			f.Fatalf("trace of a tag: got %+v, %v", stored, err)
		}
		if again, err := ask(py.DictOf("trace_tag", "release-7")); err != nil || again.TraceID == first.TraceID {
			f.Errorf("the same tag again: got trace %v, %v; want another, as tags are no names", again, err)
		}
		for name, id := range map[string]string{"a stored one": first.TraceID, "that of an execution": f.start("noop", nil).TraceID} {
			if joined, err := ask(py.DictOf("id_", id)); err != nil || joined.TraceID != id {
				f.Errorf("%s: got %v, %v; want to join %s", name, joined, err, id)
			}
		}
		if _, err := ask(py.DictOf("id_", "ffffffffffffffffffffffff")); gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "Unable to find trace") {
			f.Errorf("an unknown one: got %v, want it refused", err)
		}
	})
}

// On PostgreSQL a transaction may be run again, with what its first run left
// in the caller's values.
func TestAnInsertMayBeRepeated(t *testing.T) {
	onBoth(t, func(f *fixture) {
		def, err := f.svc.Define(f.Context(), "test.noop")
		if err != nil {
			f.Fatal(err)
		}
		for name, trace := range map[string]*py.Dict{"no trace": nil, "a tag": py.DictOf("trace_tag", "again")} {
			e, err := f.svc.Plan(f.Context(), def, execution.Request{Action: "test.noop", Context: py.DictOf("trace_context", trace)})
			if err != nil {
				f.Fatal(err)
			}
			failed := errors.New("the first try fails")
			if err := f.st.Update(f.Context(), func(tx *store.Tx) error {
				if err := f.svc.Insert(tx, def, e); err != nil {
					return err
				}
				return failed
			}); !errors.Is(err, failed) {
				f.Fatal(err)
			}
			f.update(func(tx *store.Tx) error { return f.svc.Insert(tx, def, e) })
			if got := f.get(e.ID); got.Status != gale.Scheduled || logOf(got) != "requested scheduled" || got.TraceID != e.ID {
				f.Errorf("%s: got %s, log %q, trace %s", name, got.Status, logOf(got), got.TraceID)
			}
			traces := 0
			if err := f.st.View(f.Context(), func(tx *store.Tx) (err error) {
				traces, err = store.Traces.Count(tx, store.Query{Where: []store.Cond{store.Eq("id", e.ID)}})
				return err
			}); err != nil || (traces == 1) != (trace != nil) {
				f.Errorf("%s: got %d stored traces, %v", name, traces, err)
			}
		}
	})
}

func TestADefinitionFollowsItsRows(t *testing.T) {
	onBoth(t, func(f *fixture) {
		schemaOf := func(attributes string) *gale.ConfigSchema {
			return &gale.ConfigSchema{Pack: "test", Attributes: doc(f, attributes)}
		}
		save := func(c *gale.ConfigSchema) {
			f.update(func(tx *store.Tx) error {
				c.ID = tx.NewID()
				return store.ConfigSchemas.Insert(tx, c)
			})
		}
		port := func() any {
			e := f.start("noop", nil)
			final, err := f.final(e)
			if err != nil {
				f.Fatal(err)
			}
			v, _ := final.Config.GetString("port")
			return v
		}
		first := schemaOf(`{port: {type: integer, default: 1}}`)
		save(first)
		if got := port(); got != int64(1) {
			f.Errorf("first schema: got port %v, want 1", got)
		}
		f.update(func(tx *store.Tx) error { return store.ConfigSchemas.Delete(tx, first.ID) })
		save(schemaOf(`{port: {type: integer, default: 2}}`)) // anew, so at version 1 again
		if got := port(); got != int64(2) {
			f.Errorf("schema made anew: got port %v, want 2", got)
		}
		if def1, err := f.svc.Define(f.Context(), "test.noop"); err != nil {
			f.Error(err)
		} else if def2, _ := f.svc.Define(f.Context(), "test.noop"); def1 != def2 {
			f.Error("an unchanged definition was read twice")
		}
	})
}

func TestSecretsOfARequestAreSealedWhereverTheyEndUp(t *testing.T) {
	onBoth(t, func(f *fixture) {
		const word = "xyzzy-plugh-4711"
		f.action("login", `{password: {type: string, secret: true}, pin: {type: integer, secret: true},
			nested: {type: object, properties: {token: {type: string, secret: true}, plain: {type: string}}}, host: {type: string}}`)
		e := f.start("login", py.DictOf("password", word, "sudo_password", word+"-root", "host", "h1", "nested", py.DictOf("token", word+"-deep", "plain", "p")))
		if text := jsonOf(f, e.Parameters); strings.Contains(text, word) || !strings.Contains(text, `"host":"h1"`) || !strings.Contains(text, `"plain":"p"`) {
			f.Errorf("stored: got %s, want the secrets sealed and nothing else", text)
		}
		opened, err := f.svc.OpenParameters(f.get(e.ID))
		if got, want := jsonOf(f, opened), `{"password":"`+word+`","sudo_password":"`+word+`-root","host":"h1","nested":{"token":"`+word+`-deep","plain":"p"}}`; err != nil || got != want {
			f.Errorf("opened: got %s, %v; want %s", got, err, want)
		}
		_, err = f.request("login", py.DictOf("pin", word))
		if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "pin") || strings.Contains(err.Error(), word) {
			f.Errorf("a secret that cannot be cast: got %v, want it refused without being quoted", err)
		}
		_, err = f.request("login", py.DictOf("password", word+"{{ nowhere }}"))
		var left *execution.Rejected
		if !errors.As(err, &left) || strings.Contains(err.Error(), word) {
			f.Fatalf("a secret with a bad template: got %v, want a rejected execution", err)
		}
		for _, stored := range []*gale.Execution{f.get(e.ID), f.get(left.Execution.ID)} {
			if text := jsonOf(f, stored); strings.Contains(text, word) {
				f.Errorf("execution %s holds the secret: %s", stored.ID, text)
			}
		}
		for _, ev := range f.events() {
			if body := string(ev.Body); strings.Contains(body, word) || strings.Contains(body, "$sealed") {
				f.Errorf("event %s %s tells of a secret: %s", ev.Topic, ev.Kind, body)
			}
		}
	})
}

func TestAResultWithASecretIsSealed(t *testing.T) {
	onBoth(t, func(f *fixture) {
		const word = "xyzzy-plugh-4712"
		a := f.action("fetch", `{password: {type: string, secret: true}}`)
		a.OutputSchema = doc(f, `{type: object, properties: {key: {type: string, secret: true}, name: {type: string}}}`)
		f.update(func(tx *store.Tx) error { return store.Actions.Update(tx, a) })
		e := f.start("fetch", py.DictOf("password", word))
		def, err := f.svc.Define(f.Context(), "test.fetch")
		if err != nil {
			f.Fatal(err)
		}
		masker := def.Secrets(py.DictOf("password", word))
		tests := []struct {
			name   string
			result *py.Dict
			whole  bool
			hidden string
		}{
			{"by the output schema", py.DictOf("result", py.DictOf("key", "made-by-the-action", "name", "n")), false, "made-by-the-action"},
			{"because it quotes a parameter", py.DictOf("stdout", "logged in with "+word, "result", nil), true, word},
			{"because a key quotes it", py.DictOf(word, int64(1)), true, word},
			{"nothing to hide", py.DictOf("stdout", "fine"), false, "$sealed"},
		}
		for _, test := range tests {
			sealed, err := f.svc.SealResult(def, e, test.result, masker)
			if err != nil {
				f.Fatal(err)
			}
			if text := jsonOf(f, sealed); strings.Contains(text, test.hidden) || secret.IsSealed(sealed) != test.whole {
				f.Errorf("%s: got %s, want it without %s, as a whole: %t", test.name, text, test.hidden, test.whole)
			}
			if opened, err := f.svc.OpenResult(e, sealed); err != nil || jsonOf(f, opened) != jsonOf(f, test.result) {
				f.Errorf("%s: opened as %s, %v; want %s", test.name, jsonOf(f, opened), err, jsonOf(f, test.result))
			}
		}
	})
}
