package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

func TestAnEventStartsTheActionsOfItsRules(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("all", `{action: {ref: test.noop, parameters: {n: "{{ trigger.n }}", text: hello}}}`)
		f.rule("some", `{criteria: {trigger.n: {type: gt, pattern: 5}}}`)
		f.rule("off", `{enabled: false}`)
		f.run(1)
		low, high := f.fire(`{n: 3}`), f.fire(`{n: 7}`)
		for id, want := range map[string]string{low: "test.all", high: "test.all test.some"} {
			if got := f.settled(id); got.Status != gale.InstanceProcessed {
				t.Errorf("the event is %s, want processed", got.Status)
			}
			fired := f.enforcements(id)
			for _, ref := range strings.Fields(want) {
				en := fired[ref]
				if en == nil || en.Status != "succeeded" || en.ExecutionID == "" {
					t.Fatalf("enforcement of %s is %+v, want a success", ref, en)
				}
				delete(fired, ref)
			}
			if len(fired) > 0 {
				t.Errorf("more rules fired than %s: %v", want, fired)
			}
		}
		e := f.execution(f.enforcements(high)["test.all"].ExecutionID)
		if n, _ := e.Parameters.GetString("n"); n != int64(7) {
			t.Errorf("parameter n is %v, want 7", n)
		}
		if user, _ := e.Context.GetString("user"); user != "stanley" || e.Status != gale.Scheduled || e.InstanceID != high ||
			e.TraceID != high || e.Rule.Ref != "test.all" || e.Trigger != "test.event" || e.TriggerType != "test.event" {
			t.Errorf("the execution is %+v, user %v", e, user)
		}
	})
}

func TestABackstopFiresWhenNothingElseDoes(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("standard", `{criteria: {trigger.n: {type: eq, pattern: 1}}}`)
		f.rule("backstop", `{type: {ref: backstop}}`)
		f.run(1)
		for payload, want := range map[string]string{`{n: 1}`: "test.standard", `{n: 2}`: "test.backstop"} {
			id := f.fire(payload)
			f.settled(id)
			if fired := f.enforcements(id); len(fired) != 1 || fired[want] == nil {
				t.Errorf("%s: got %v, want %s alone", payload, fired, want)
			}
		}
	})
}

func TestAFailedEnforcementSaysWhyAndHoldsNobodyUp(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("fine", `{}`)
		f.rule("cannot-compare", `{criteria: {trigger.n: {type: gt, pattern: text}}}`)
		f.rule("no-action", `{action: {ref: test.gone}}`)
		f.rule("cannot-cast", `{action: {ref: test.noop, parameters: {n: "{{ trigger.text }}"}}}`)
		f.rule("unknown-parameter", `{action: {ref: test.noop, parameters: {other: 1}}}`)
		f.run(1)
		id := f.fire(`{n: 3, text: abc}`)
		if got := f.settled(id); got.Status != gale.InstanceProcessed {
			t.Errorf("the event is %s, want processed", got.Status)
		}
		fired := f.enforcements(id)
		if en := fired["test.fine"]; en == nil || en.Status != "succeeded" {
			t.Errorf("the sound rule: got %+v, want a success", en)
		}
		for ref, want := range map[string]string{
			"test.cannot-compare": "'>' not supported", "test.no-action": "cannot be found",
			"test.cannot-cast": `(in "n")`, "test.unknown-parameter": "other",
		} {
			en := fired[ref]
			if en == nil || en.Status != "failed" || en.ExecutionID != "" || !strings.Contains(en.FailureReason, want) {
				t.Errorf("%s: got %+v, want a failure with %q", ref, en, want)
			}
		}
		if n := len(f.executions(id)); n != 1 {
			t.Errorf("%d executions, want that of the sound rule alone", n)
		}
	})
}

// Parameters that cannot be rendered leave a failed execution behind.
func TestATemplateThatCannotBeRenderedLeavesARecord(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("r", `{action: {ref: test.noop, parameters: {text: "{{ trigger.no.such.thing }}"}}}`)
		f.run(1)
		id := f.fire(`{n: 1}`)
		f.settled(id)
		en := f.enforcements(id)["test.r"]
		if en == nil || en.Status != "failed" || en.ExecutionID != "" || !strings.Contains(en.FailureReason, "Failed to render parameter") {
			t.Errorf("enforcement: got %+v", en)
		}
		left := f.executions(id)
		if len(left) != 1 || left[0].Status != gale.Failed {
			t.Fatalf("executions: got %+v, want one that failed", left)
		}
		if text, _ := left[0].Parameters.GetString("text"); text != "{{ trigger.no.such.thing }}" {
			t.Errorf("its parameter is %v, want it as it was given", text)
		}
		f.view(func(tx *store.Tx) error {
			if _, queued, err := tx.QueueItem(execution.QueueRun, left[0].ID); err != nil || queued {
				t.Errorf("queued: %v, %v; it must not run", queued, err)
			}
			return nil
		})
	})
}

// What cannot be rendered, cast or compared is quoted, and may be a secret.
func TestASecretOfThePayloadIsInNoReason(t *testing.T) {
	const token = "hunter2hunter2"
	onBoth(t, func(f *fixture) {
		f.rule("cast", `{action: {ref: test.noop, parameters: {n: "{{ trigger.token }}"}}}`)
		f.rule("render", `{action: {ref: test.noop, parameters: {text: "{{ trigger.token | from_json_string }}"}}}`)
		f.rule("compare", `{criteria: {trigger.token: {type: timediff_lt, pattern: 5}}}`)
		f.run(1)
		id := f.fire(`{token: ` + token + `}`)
		f.settled(id)
		fired := f.enforcements(id)
		if len(fired) != 3 {
			t.Errorf("%d enforcements, want 3", len(fired))
		}
		for _, en := range fired {
			if en.Status != "failed" || en.FailureReason == "" || strings.Contains(en.FailureReason, token) {
				t.Errorf("%s: got %s, %q", en.Rule.Ref, en.Status, en.FailureReason)
			}
		}
		for _, e := range f.executions(id) {
			if text, err := py.Marshal(e); err != nil || strings.Contains(string(text), token) {
				t.Errorf("execution: %v\n%s", err, text)
			}
		}
		events, err := f.st.Events(f.Context(), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if strings.Contains(string(e.Body), token) {
				t.Errorf("event of %s: %s", e.Topic, e.Body)
			}
		}
	})
}

// deep is a payload of that many lists in each other.
func deep(n int) string { return "{a: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }

// What the store refuses is refused again whenever it is tried: it must not
// come back for ever.
func TestAnExecutionThatCannotBeStoredIsAFailedEnforcement(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("deeper", `{action: {ref: test.noop, parameters: {list: "{{ [[trigger.a]] }}"}}}`)
		f.rule("fine", `{}`)
		f.run(1)
		id := f.fire(deep(494))
		if got := f.settled(id); got.Status != gale.InstanceProcessed {
			t.Errorf("the event is %s (%s), want processed", got.Status, got.Failure)
		}
		fired := f.enforcements(id)
		if en := fired["test.fine"]; en == nil || en.Status != "succeeded" {
			t.Errorf("the sound rule: got %+v", en)
		}
		if en := fired["test.deeper"]; en == nil || en.Status != "failed" || en.ExecutionID != "" || !strings.Contains(en.FailureReason, "nested too deeply") {
			t.Errorf("the other: got %+v", en)
		}
		if n := len(f.executions(id)); n != 1 {
			t.Errorf("%d executions, want 1", n)
		}
	})
}

// An item may be handled again after all was done: its lease had run out, or
// an event is fed again by hand.
func TestAnEventThatIsHandledAgainStartsNothingTwice(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("r", `{}`)
		f.run(2)
		id := f.fire(`{n: 1}`)
		f.settled(id)
		first := f.enforcements(id)["test.r"]
		for range 3 {
			f.update(func(tx *store.Tx) error { return tx.Push(store.Push{Kind: trigger.QueueTrigger, Key: id}) })
			f.settled(id)
		}
		if again := f.enforcements(id)["test.r"]; again.ID != first.ID || again.ExecutionID != first.ExecutionID {
			t.Errorf("enforcement: got %+v, want %+v", again, first)
		}
		if n := len(f.executions(id)); n != 1 {
			t.Errorf("%d executions, want 1", n)
		}
	})
}

func TestALaterSuccessReplacesAFailedEnforcement(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("r", `{action: {ref: test.later}}`)
		f.run(1)
		id := f.fire(`{}`)
		f.settled(id)
		first := f.enforcements(id)["test.r"]
		if first == nil || first.Status != "failed" {
			t.Fatalf("got %+v, want a failure: the action is not there", first)
		}
		f.action("later", `{}`)
		f.update(func(tx *store.Tx) error { return tx.Push(store.Push{Kind: trigger.QueueTrigger, Key: id}) })
		f.settled(id)
		if en := f.enforcements(id)["test.r"]; en.ID != first.ID || en.Status != "succeeded" || en.ExecutionID == "" {
			t.Errorf("got %+v, want the same enforcement as a success", en)
		}
	})
}

func TestManyEventsAtOnceAreEachHandledOnce(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("a", `{action: {ref: test.noop, parameters: {n: "{{ trigger.n }}"}}}`)
		f.rule("b", `{}`)
		const events = 150
		ids := make([]string, events)
		for i := range ids {
			ids[i] = f.fire(fmt.Sprintf("{n: %d}", i))
		}
		f.run(3)
		for i, id := range ids {
			f.settled(id)
			fired := f.enforcements(id)
			if len(fired) != 2 || len(f.executions(id)) != 2 {
				t.Fatalf("event %d: %d enforcements, %d executions, want 2 and 2", i, len(fired), len(f.executions(id)))
			}
			e := f.execution(fired["test.a"].ExecutionID)
			if n, _ := e.Parameters.GetString("n"); n != int64(i) {
				t.Errorf("event %d started an execution with n = %v", i, n)
			}
		}
	})
}

func TestAChangedRuleCountsFromTheNextEventOn(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.run(1)
		for i, text := range []string{
			`{action: {ref: test.noop, parameters: {text: one}}}`,
			`{action: {ref: test.noop, parameters: {text: two}}}`,
			`{enabled: false}`,
			`{action: {ref: test.noop, parameters: {text: three}}}`,
		} {
			f.rule("r", text)
			id := f.fire(`{}`)
			f.settled(id)
			got := ""
			if en := f.enforcements(id)["test.r"]; en != nil {
				v, _ := f.execution(en.ExecutionID).Parameters.GetString("text")
				got = py.Str(v)
			}
			if want := []string{"one", "two", "", "three"}[i]; got != want {
				t.Errorf("after change %d: got %q, want %q", i, got, want)
			}
		}
	})
}

func TestAnEventWhoseInstanceIsGoneIsDropped(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.update(func(tx *store.Tx) error {
			return tx.Push(store.Push{Kind: trigger.QueueTrigger, Key: "5f0000000000000000000000"})
		})
		f.run(1)
		f.settled(f.fire(`{}`)) // the one before it is done by then, or in hand
		for queued := true; queued; {
			f.view(func(tx *store.Tx) (err error) {
				_, queued, err = tx.QueueItem(trigger.QueueTrigger, "5f0000000000000000000000")
				return err
			})
		}
	})
}

func TestExplainSaysWhyEachRuleFiredOrDidNot(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.rule("fires", `{criteria: {trigger.n: {type: gt, pattern: 2}, trigger.token: {type: contains, pattern: hunter}}}`)
		f.rule("not", `{criteria: {trigger.n: {type: lt, pattern: 2}}}`)
		f.rule("off", `{enabled: false}`)
		f.rule("backstop", `{type: {ref: backstop}}`)
		f.run(1)
		id := f.fire(`{n: 3, token: hunter2hunter2}`)
		f.settled(id)
		d, err := f.engine.Explain(f.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := py.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2hunter2") {
			t.Errorf("a secret of the payload is told: %s", text)
		}
		rules, _ := d.GetString("rules")
		got := map[string]string{}
		for _, r := range rules.([]any) {
			r := r.(*py.Dict)
			ref, _ := r.GetString("rule")
			fired, _ := r.GetString("fired")
			why, _ := r.GetString("reason")
			got[py.Str(ref)] = fmt.Sprintf("%v: %v", fired, why)
			if x, has := r.GetString("execution_id"); has != (ref == "test.fires") || has && x != f.enforcements(id)["test.fires"].ExecutionID {
				t.Errorf("%s: execution %v", ref, x)
			}
		}
		for ref, want := range map[string]string{"test.fires": "true: all criteria are met", "test.not": "false: ", "test.off": "false: ", "test.backstop": "false: "} {
			if !strings.HasPrefix(got[ref], want) || strings.TrimPrefix(got[ref], want) == "" && want == "false: " {
				t.Errorf("%s: got %q, want %q and a reason", ref, got[ref], want)
			}
		}
		if _, err := f.engine.Explain(f.Context(), "5f0000000000000000000000"); gale.KindOf(err) != gale.NotFound {
			t.Errorf("of an unknown event: got %v, want not found", err)
		}
	})
}
