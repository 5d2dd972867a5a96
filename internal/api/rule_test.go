package api_test

import (
	"context"
	"crypto/md5" //nolint:gosec // the uid's format
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

const newRule = `{"name": "night", "trigger": {"type": "core.st2.IntervalTimer", "parameters": {"unit": "hours", "delta": 1}},
	"criteria": {}, "action": {"ref": "vault.login", "parameters": {"host": "h", "password": "rule-secret-1"}}}`

func TestARuleIsMadeWithItsTrigger(t *testing.T) {
	s := newSite(t)
	d := s.as(joe, "POST", "/api/v1/rules", newRule).is(201).object()
	for path, want := range map[string]any{
		"ref": "default.night", "pack": "default", "uid": "rule:default:night", "enabled": false, "type.ref": "standard", "context.user": joe,
		"trigger.type": "core.st2.IntervalTimer", "trigger.parameters.delta": int64(1), "action.ref": "vault.login",
		"action.parameters.password": "********", "enabled_pinned": nil, "description": nil,
	} {
		s.want(d, path, want)
	}
	if ref := text(d, "trigger.ref"); !strings.HasPrefix(ref, "core.") {
		t.Errorf("trigger.ref is %q, want one in pack core", ref)
	}
	timers := s.call("GET", "/api/v1/timers?timer_type=core.st2.IntervalTimer", nil).is(200).list()
	if len(timers) != 1 || at(timers[0], "ref_count") != nil {
		t.Errorf("timers are %s, want the rule's without its count", py.Repr(timers))
	}
	s.call("GET", "/api/v1/timers?timer_type=core.st2.webhook", nil).refused(400, "not supported")
	for _, name := range []string{text(timers[0].(*py.Dict), "id"), text(timers[0].(*py.Dict), "ref")} {
		s.want(s.call("GET", "/api/v1/timers/"+name, nil).is(200).object(), "parameters.delta", int64(1))
	}
	s.call("GET", "/api/v1/timers/core.st2.generic.actiontrigger", nil).refused(404, "not found")

	dup := s.call("POST", "/api/v1/rules", newRule)
	dup.refused(409, "Tried to save duplicate unique keys")
	s.want(dup.object(), "conflict-id", text(d, "id"))

	s.call("DELETE", "/api/v1/rules/default.night", nil).is(204)
	if n := len(s.call("GET", "/api/v1/timers", nil).list()); n != 0 {
		t.Errorf("%d timers are left after the last rule went, want none", n)
	}
	s.call("GET", "/api/v1/rules/default.night", nil).fault(404, `Resource with a reference or id "default.night" not found`)
	for _, e := range s.events("rule") {
		if strings.Contains(e, "$sealed") || strings.Contains(e, "rule-secret-1") {
			t.Errorf("an event holds a secret: %s", e)
		}
	}
	s.nowhere("rule-secret-1")
}

func TestRefusedRules(t *testing.T) {
	s := newSite(t)
	tests := []struct{ name, body, words string }{
		{"an unknown key", `{"name": "n", "trigger": {"type": "lab.alarm"}, "action": {"ref": "a.b"}, "foo": 1}`, "Additional properties are not allowed ('foo' was unexpected)"},
		{"no trigger", `{"name": "n", "action": {"ref": "a.b"}}`, "'trigger' is a required property"},
		{"an unknown trigger type", `{"name": "n", "trigger": {"type": "lab.nope"}, "action": {"ref": "a.b"}}`,
			`Trigger "lab.nope" defined in the rule does not exist in system or it's missing required "parameters" attribute`},
		{"trigger parameters that do not fit", `{"name": "n", "trigger": {"type": "core.st2.webhook", "parameters": {"uri": "x"}}, "action": {"ref": "a.b"}}`, "trigger.parameters"},
		{"an unknown operator", `{"name": "n", "trigger": {"type": "lab.alarm"}, "action": {"ref": "a.b"}, "criteria": {"trigger.x": {"type": "resembles", "pattern": 1}}}`, "resembles"},
		{"an unknown type", `{"name": "n", "trigger": {"type": "lab.alarm"}, "action": {"ref": "a.b"}, "type": {"ref": "fancy"}}`, "fancy"},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) { s.call("POST", "/api/v1/rules", test.body).refused(400, test.words) })
	}
	s.call("POST", "/api/v1/rules", `{"name": "early", "trigger": {"type": "lab.alarm"}, "action": {"ref": "not.there"}}`).is(201)
}

func TestAWholeRuleCanBeSentBack(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/rules", newRule).is(201)
	view := s.call("GET", "/api/v1/rules/views/default.night", nil).is(200).object()
	s.want(view, "trigger.description", text(s.call("GET", "/v1/triggertypes/core.st2.IntervalTimer", nil).object(), "description"))
	s.want(view, "action.description", "Prints what it is given.")
	view.Set("enabled", true)
	d := s.call("PUT", "/api/v1/rules/"+text(view, "id"), view).is(200).object()
	s.want(d, "enabled", true)
	s.want(d, "id", text(view, "id"))

	rule := func() *gale.Rule {
		var u *gale.Rule
		s.view(func(tx *store.Tx) (err error) {
			u, err = store.Rules.Get(tx, text(view, "id"))
			return err
		})
		return u
	}
	if u := rule(); !u.Pinned {
		t.Error("a rule that was enabled by hand is not pinned")
	}
	opened := rule()
	s.must(pack.OpenRule(s.key, opened))
	s.want(opened.Action.Parameters, "password", "rule-secret-1")

	view.Set("name", "day")
	view.Set("trigger", py.DictOf("type", "lab.alarm"))
	d = s.call("PUT", "/api/v1/rules/default.night", view).is(200).object()
	s.want(d, "ref", "default.day")
	s.want(d, "id", text(view, "id"))
	s.want(d, "trigger.ref", "lab.alarm")
	opened = rule()
	s.must(pack.OpenRule(s.key, opened))
	s.want(opened.Action.Parameters, "password", "rule-secret-1")
	if n := len(s.call("GET", "/api/v1/timers", nil).list()); n != 0 {
		t.Errorf("%d timers are left after the rule took another trigger, want none", n)
	}
	s.want(s.call("GET", "/api/v1/rules/default.day?show_secrets=true", nil).object(), "action.parameters.password", "rule-secret-1")
	s.want(s.as(joe, "GET", "/api/v1/rules/default.day?show_secrets=true", nil).object(), "action.parameters.password", "********")
	s.call("PUT", "/api/v1/rules/default.day", `{"name": "on_sample", "pack": "lab", "trigger": {"type": "lab.alarm"}, "action": {"ref": "a.b"}}`).refused(409, "lab.on_sample")
	s.call("PUT", "/api/v1/rules/default.gone", view).refused(404, "not found")
	s.nowhere("rule-secret-1")
}

// Registering a pack keeps what an operator switched.
func TestASwitchedRuleStaysSwitched(t *testing.T) {
	s := newSite(t)
	d := s.call("GET", "/api/v1/rules/lab.on_sample", nil).object()
	d.Set("enabled", false)
	s.call("PUT", "/api/v1/rules/lab.on_sample", d).is(200)
	s.call("POST", "/api/v1/packs/register", `{"packs": ["lab"]}`).is(200)
	s.want(s.call("GET", "/api/v1/rules/lab.on_sample", nil).object(), "enabled", false)
	s.want(s.call("GET", "/api/v1/rules/lab.on_sample", nil).object(), "action.parameters.password", "********")
}

// A rule may be older than its action and its trigger type; what it gives to
// secrets is hidden all the same, and sealed when the rule is sent back.
func TestARuleOlderThanItsActionHidesSecrets(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/rules", `{"name": "early", "trigger": {"type": "vault.feed", "parameters": {"token": "too-early-2"}},
		"action": {"ref": "vault.later", "parameters": {"password": "too-early-1"}}}`).is(201)
	s.call("POST", "/api/v1/actions", `{"name": "later", "pack": "vault", "runner_type": "noop", "parameters": {"password": {"type": "string", "secret": true}}}`).is(201)
	s.call("POST", "/api/v1/triggertypes", `{"name": "feed", "pack": "vault", "parameters_schema": {"type": "object", "properties": {"token": {"type": "string", "secret": true}}}}`).is(201)
	var shown *py.Dict
	for _, path := range []string{"/api/v1/rules/views/default.early", "/api/v1/rules/default.early"} {
		shown = s.call("GET", path, nil).object()
		s.want(shown, "action.parameters.password", "********")
		s.want(shown, "trigger.parameters.token", "********")
	}
	s.call("PUT", "/api/v1/rules/default.early", shown).is(200)
	var stored *gale.Rule
	s.view(func(tx *store.Tx) (err error) {
		stored, err = store.Rules.By(tx, "ref", "default.early")
		return err
	})
	if !secret.HasSealed(stored.Action.Parameters) || !secret.HasSealed(stored.Trigger.Parameters) {
		t.Error("the rule that was sent back is not sealed")
	}
	s.must(pack.OpenRule(s.key, stored))
	s.want(stored.Action.Parameters, "password", "too-early-1")
	s.want(stored.Trigger.Parameters, "token", "too-early-2")
}

func TestListsOfRules(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/rules", newRule).is(201)
	refs := func(query string) string {
		var out []string
		for _, d := range s.call("GET", "/api/v1/rules"+query, nil).is(200).list() {
			out = append(out, text(d, "ref"))
		}
		return strings.Join(out, " ")
	}
	timer := text(s.call("GET", "/api/v1/rules/default.night", nil).object(), "trigger.ref")
	tests := []struct{ query, want string }{
		{"", "default.night lab.on_sample"},
		{"?limit=1", "default.night"},
		{"?enabled=true", "lab.on_sample"},
		{"?enabled=0", "default.night"},
		{"?pack=lab", "lab.on_sample"},
		{"?name=night,on_sample", ""},
		{"?action=vault.login", "default.night"},
		{"?trigger=" + timer, "default.night"},
		{"?trigger=core.st2.IntervalTimer", ""},
		{"/views?pack=lab", "lab.on_sample"},
	}
	for _, test := range tests {
		if got := refs(test.query); got != test.want {
			t.Errorf("rules%s: got %q, want %q", test.query, got, test.want)
		}
	}
	s.call("GET", "/api/v1/rules?enabled=maybe", nil).fault(400, `Invalid bool representation "maybe" provided.`)
	got := keys(s.call("GET", "/api/v1/rules?include_attributes=name", nil).list()[0])
	if slices.Sort(got); !slices.Equal(got, []string{"id", "name", "ref"}) {
		t.Errorf("a projection on name has %v, want id, name and ref", got)
	}
}

func TestEnforcements(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/webhooks/sample", `{"host": "h"}`).is(202)
	inst := s.last()
	id := s.run("core.noop", py.NewDict(0))
	var en gale.RuleEnforcement
	s.update(func(tx *store.Tx) error {
		u, err := store.Rules.By(tx, "ref", "lab.on_sample")
		if err != nil {
			return err
		}
		en = gale.RuleEnforcement{ID: tx.NewID(), TriggerInstanceID: inst.ID, ExecutionID: id, EnforcedAt: tx.Now, Status: "succeeded",
			Rule: gale.RuleRef{Ref: u.Ref, ID: u.ID, UID: u.UID}}
		if err := store.Enforcements.Insert(tx, &en); err != nil {
			return err
		}
		lost := gale.RuleEnforcement{ID: tx.NewID(), TriggerInstanceID: "507f1f77bcf86cd799439011", EnforcedAt: tx.Now, Status: "failed",
			FailureReason: "no such action", Rule: gale.RuleRef{Ref: "x.y", ID: "507f1f77bcf86cd799439012"}}
		return store.Enforcements.Insert(tx, &lost)
	})
	for _, query := range []string{"?rule_ref=lab.on_sample", "?execution=" + id, "?trigger_instance=" + inst.ID, "?rule_id=" + en.Rule.ID,
		"?enforced_at_gt=2020-01-01T00:00:00Z&rule_ref=lab.on_sample"} {
		list := s.call("GET", "/api/v1/ruleenforcements/"+query, nil).is(200).list()
		if len(list) != 1 || text(list[0], "id") != en.ID {
			t.Errorf("ruleenforcements%s: got %s, want the one", query, py.Repr(list))
		}
	}
	view := s.call("GET", "/api/v1/ruleenforcements/views/"+en.ID, nil).is(200).object()
	s.want(view, "trigger_instance.payload.body.host", "h")
	s.want(view, "execution.action.ref", "core.noop")
	s.want(view, "execution.log", nil)
	lost := s.call("GET", "/api/v1/ruleenforcements/views?rule_ref=x.y", nil).is(200).list()[0]
	s.want(lost, "trigger_instance", py.NewDict(0))
	s.want(lost, "execution", py.NewDict(0))
	s.want(lost, "failure_reason", "no such action")
	s.call("GET", "/api/v1/ruleenforcements/nope", nil).fault(404, `Unable to identify resource with id "nope".`)
}

func TestTriggersAndTheirTypes(t *testing.T) {
	s := newSite(t)
	d := s.call("POST", "/api/v1/triggertypes", `{"name": "door", "pack": "lab", "parameters_schema": {"type": "object", "properties": {"which": {"type": "string", "required": true}}}}`).is(201).object()
	s.want(d, "ref", "lab.door")
	s.want(d, "tags", []any{})
	s.call("POST", "/api/v1/triggertypes", `{"name": "door", "pack": "lab"}`).refused(409, "lab.door")
	s.call("POST", "/api/v1/triggertypes", `{"name": "door"}`).fault(400, "'pack' is a required property")
	s.call("PUT", "/api/v1/triggertypes/lab.door", `{"name": "gate", "pack": "lab"}`).refused(400, "keeps its name")
	s.want(s.call("PUT", "/api/v1/triggertypes/lab.door", `{"name": "door", "pack": "lab", "description": "A door.", "parameters_schema": {"type": "object"}}`).is(200).object(), "description", "A door.")

	s.call("POST", "/api/v1/triggers", `{"type": "lab.door", "pack": "lab"}`).fault(400, "'name' is a required property")
	s.call("POST", "/api/v1/triggers", `{"name": "n", "pack": "lab", "type": "lab.nope"}`).refused(400, "could not be found")
	trig := s.call("POST", "/api/v1/triggers", `{"name": "front", "pack": "lab", "type": "lab.door", "parameters": {"which": "front"}}`).is(201).object()
	s.want(trig, "ref", "lab.front")
	if list := s.call("GET", "/api/v1/triggers/?type=lab.door", nil).is(200).list(); len(list) != 1 || text(list[0].(*py.Dict), "ref") != "lab.front" {
		t.Errorf("triggers of type lab.door are %s, want lab.front alone", py.Repr(list))
	}
	id := text(trig, "id")
	s.want(s.call("PUT", "/api/v1/triggers/"+id, `{"name": "front", "pack": "lab", "type": "lab.door", "parameters": {"which": "back"}}`).is(200).object(), "parameters.which", "back")
	s.call("DELETE", "/api/v1/triggers/"+id, nil).is(204)
	s.call("GET", "/api/v1/triggers/"+id, nil).refused(404, "Unable to identify")
	s.call("DELETE", "/api/v1/triggertypes/lab.door", nil).is(204)

	s.call("POST", "/api/v1/rules", `{"name": "fire", "trigger": {"type": "lab.alarm"}, "action": {"ref": "a.b"}}`).is(201)
	s.call("DELETE", "/api/v1/triggertypes/lab.alarm", nil).fault(400, `Trigger type "lab.alarm" is in use by rules: default.fire. Delete them first.`)
	var alarm *gale.Trigger
	s.view(func(tx *store.Tx) (err error) {
		alarm, _, err = trigger.Resolve(tx, "lab.alarm")
		return err
	})
	s.call("DELETE", "/api/v1/triggers/"+alarm.ID, nil).refused(400, "in use by rules")
	if n := len(s.call("GET", "/api/v1/triggertypes?name=alarm,smoke", nil).list()); n != 2 {
		t.Errorf("got %d trigger types by two names, want 2", n)
	}
}

func TestListsOfInstances(t *testing.T) {
	s := newSite(t)
	for _, where := range []string{"roof", "cellar"} {
		s.call("POST", "/api/v1/webhooks/st2", py.DictOf("trigger", "lab.alarm", "payload", py.DictOf("where", where))).is(202)
	}
	s.call("POST", "/api/v1/webhooks/sample", "{}").is(202)
	first := s.instances()[0]
	tests := []struct {
		query string
		want  int
	}{
		{"", 3}, {"trigger=lab.alarm", 2}, {"trigger_type=lab.alarm", 2}, {"trigger_type=core.st2.webhook", 1}, {"trigger_type=lab.nope", 0},
		{"status=processed", 0}, {"status=pending&limit=1", 1}, {"timestamp_gt=" + first.OccurrenceTime.String(), 2}, {"id=" + first.ID, 1},
	}
	for _, test := range tests {
		if got := s.call("GET", "/api/v1/triggerinstances?"+test.query, nil).is(200).list(); len(got) != test.want {
			t.Errorf("triggerinstances?%s: got %d, want %d", test.query, len(got), test.want)
		}
	}
	s.want(s.call("GET", "/api/v1/triggerinstances?trigger=lab.alarm", nil).list()[0], "payload.where", "cellar")
	s.call("GET", "/api/v1/_gale/triggerinstances/"+first.ID+"/explain", nil).refused(404, "Unable to identify")
	s.service.Explain = func(_ context.Context, id string) (any, error) { return py.DictOf("asked", id), nil }
	s.want(s.call("GET", "/api/v1/_gale/triggerinstances/"+first.ID+"/explain", nil).is(200).object(), "asked", first.ID)
}

func TestAnExecutionShowsItsEvent(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/webhooks/st2", py.DictOf("trigger", "lab.alarm", "payload", py.DictOf("where", "roof"))).is(202)
	event := s.last()
	asked, err := s.service.Exec.Request(s.Context(), execution.Request{Action: "core.noop", User: "stanley", Instance: event,
		Rule: &gale.RuleRef{ID: "507f1f77bcf86cd799439012", Ref: "lab.on_alarm", UID: "rule:lab:on_alarm"}})
	s.must(err)
	path := "/api/v1/executions/" + asked.ID
	for _, d := range []any{
		at(s.call("GET", path, nil).is(200).object(), "trigger_instance"),
		s.call("GET", path+"/attribute/trigger_instance", nil).is(200).object(),
	} {
		s.want(d, "id", event.ID)
		s.want(d, "payload.where", "roof")
		s.want(d, "occurrence_time", event.OccurrenceTime.String())
	}
	s.want(s.call("GET", path+"?exclude_attributes=trigger_instance", nil).object(), "trigger_instance", nil)
	listed := s.call("GET", "/api/v1/executions?trigger_instance="+event.ID, nil).is(200).list()[0]
	s.want(listed, "trigger_instance", py.DictOf("id", event.ID, "trigger", event.Trigger))

	s.update(func(tx *store.Tx) error { return store.TriggerInstances.Delete(tx, event.ID) })
	s.want(s.call("GET", path, nil).is(200).object(), "trigger_instance", py.DictOf("id", event.ID, "trigger", event.Trigger))
}

// What a trigger type calls secret is hidden, in the rule and in the trigger
// that it waits for, and both can be sent back as they were shown.
func TestSecretParametersOfTriggersAreSealed(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/triggertypes", `{"name": "feed", "pack": "lab", "parameters_schema": {"type": "object", "additionalProperties": false,
		"properties": {"url": {"type": "string"}, "token": {"type": "string", "secret": true}}}}`).is(201)
	const body = `{"name": "fed", "trigger": {"type": "lab.feed", "parameters": {"url": "u", "token": "feed-secret-1"}}, "action": {"ref": "core.noop"}}`
	rule := s.call("POST", "/api/v1/rules", body).is(201).object()
	s.want(rule, "trigger.parameters.token", "********")
	s.want(rule, "trigger.parameters.url", "u")
	s.want(s.call("GET", "/api/v1/rules/default.fed?show_secrets=true", nil).object(), "trigger.parameters.token", "feed-secret-1")

	ref := func() string {
		return at(s.call("GET", "/api/v1/rules/default.fed", nil).object(), "trigger.ref").(string)
	}
	awaited := ref()
	s.call("PUT", "/api/v1/rules/default.fed", rule).is(200)
	s.call("POST", "/api/v1/rules", strings.Replace(body, `"fed"`, `"also_fed"`, 1)).is(201)
	if now := ref(); now != awaited {
		t.Errorf("the rule that was sent back waits for %s, before it was %s", now, awaited)
	}
	var triggers []*gale.Trigger
	s.view(func(tx *store.Tx) (err error) {
		triggers, err = store.Triggers.Find(tx, store.Query{Where: []store.Cond{store.Eq("type", "lab.feed")}})
		return err
	})
	if len(triggers) != 1 || triggers[0].RefCount != 2 {
		t.Fatalf("got %d triggers, want one that both rules wait for", len(triggers))
	}
	shown := s.call("GET", "/api/v1/triggers/"+triggers[0].ID, nil).is(200).object()
	s.want(shown, "parameters.token", "********")
	plain := *triggers[0]
	s.must(trigger.Open(s.key, &plain))
	s.want(plain.Parameters, "token", "feed-secret-1")
	guess := md5.Sum([]byte(`{"token": "feed-secret-1", "url": "u"}`))
	if strings.Contains(plain.UID, hex.EncodeToString(guess[:])) {
		t.Error("the uid lets the secret be guessed")
	}
	s.call("PUT", "/api/v1/triggers/"+triggers[0].ID, shown).is(200)
	s.view(func(tx *store.Tx) error {
		now, err := store.Triggers.Get(tx, triggers[0].ID)
		if err == nil && now.UID != plain.UID {
			t.Errorf("the trigger that was sent back became %s, before it was %s", now.UID, plain.UID)
		}
		return err
	})
	for _, name := range []string{"fed", "also_fed"} {
		s.call("DELETE", "/api/v1/rules/default."+name, nil).is(204)
	}
	s.nowhere("feed-secret-1")
}

// What only looks like a sealed value is the user's own.
func TestTriggerParametersThatLookSealedAreKept(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/rules", `{"name": "odd", "trigger": {"type": "vault.unknown", "parameters": {"x": {"$sealed": "own"}}}, "action": {"ref": "core.noop"}}`).is(201)
	s.want(s.call("GET", "/api/v1/rules/default.odd?show_secrets=true", nil).is(200).object(), "trigger.parameters.x.$sealed", "own")
	s.call("DELETE", "/api/v1/rules/default.odd", nil).is(204)
}
