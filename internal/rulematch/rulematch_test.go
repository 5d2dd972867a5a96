package rulematch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/py"
)

var (
	engine = expr.New(expr.Options{})
	now    = time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
)

// rule returns a rule for trigger p.t. criteria is "key operator pattern", or
// empty; flags are disabled, backstop and failing.
func rule(ref, want string, flags ...string) *Rule {
	r := &gale.Rule{Ref: ref, Enabled: true, Trigger: gale.RuleTrigger{Ref: "p.t"}, Type: gale.RuleType{Ref: gale.RuleStandard}, Criteria: py.NewDict(0)}
	if want != "" {
		r.Criteria.Set("trigger.kind", py.DictOf("type", "eq", "pattern", want))
	}
	for _, f := range flags {
		switch f {
		case "disabled":
			r.Enabled = false
		case "backstop":
			r.Type.Ref = gale.RuleBackstop
		case "failing":
			r.Criteria.Set("trigger.nope", py.DictOf("type", "contains", "pattern", "x"))
		}
	}
	return Compile(r, engine)
}

func TestSelectionOfRules(t *testing.T) {
	web, empty := py.DictOf("kind", "web"), py.NewDict(0)
	for _, c := range []struct {
		name    string
		rules   []*Rule
		payload *py.Dict
		want    string
	}{
		{"those whose criteria are met, in order", []*Rule{rule("p.b", "web"), rule("p.a", ""), rule("p.c", "db")}, web, "p.a p.b"},
		{"disabled ones never", []*Rule{rule("p.a", "web", "disabled")}, web, ""},
		{"a backstop when nothing else fires", []*Rule{rule("p.a", "", "backstop"), rule("p.b", "db")}, web, "p.a"},
		{"no backstop when something fires", []*Rule{rule("p.a", "", "backstop"), rule("p.b", "web")}, web, "p.b"},
		{"a backstop has criteria too", []*Rule{rule("p.a", "db", "backstop"), rule("p.b", "db")}, web, ""},
		{"every backstop", []*Rule{rule("p.a", "", "backstop"), rule("p.b", "web", "backstop")}, web, "p.a p.b"},
		{"disabled rules hold no backstop back", []*Rule{rule("p.a", "", "backstop"), rule("p.b", "web", "disabled")}, web, "p.a"},
		{"an empty payload meets no criteria", []*Rule{rule("p.a", "web"), rule("p.b", "")}, empty, "p.b"},
		{"one that fails does not disturb others", []*Rule{rule("p.a", "web", "failing"), rule("p.b", "web")}, web, "p.b"},
		{"one that fails holds no backstop back", []*Rule{rule("p.a", "web", "failing"), rule("p.b", "", "backstop")}, web, "p.b"},
	} {
		set := NewSet(c.rules...)
		var fired []string
		for _, v := range set.Match("p.t", c.payload, criteria.Env{Now: now}) {
			if v.Fires {
				fired = append(fired, v.Rule.Rule().Ref)
			}
			if v.Fires == (v.Reason() != "") {
				t.Errorf("%s: %s fires %v because %q", c.name, v.Rule.Rule().Ref, v.Fires, v.Reason())
			}
		}
		if got := strings.Join(fired, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if other := set.Match("p.other", c.payload, criteria.Env{Now: now}); other != nil {
			t.Errorf("%s: rules fire for another trigger: %v", c.name, other)
		}
	}
}

func TestVerdictsSayWhy(t *testing.T) {
	set := NewSet(rule("p.a", "web"), rule("p.b", "db"), rule("p.c", "", "disabled"), rule("p.d", "", "backstop"), rule("p.e", "web", "failing"))
	want := []string{"", "trigger.kind is 'web', which does not meet eq 'db'", "the rule is disabled",
		"trigger.nope: the operator contains fails: argument of type 'NoneType' is not iterable", "it is a backstop, and p.a fires"}
	for i, v := range set.Explain("p.t", py.DictOf("kind", "web"), criteria.Env{Now: now}) {
		if v.Reason() != want[i] {
			t.Errorf("%s: got %q, want %q", v.Rule.Rule().Ref, v.Reason(), want[i])
		}
		wantFailure := ""
		if i == 3 {
			wantFailure = `Failed to match rule "p.e" against trigger instance "5f": ` + want[i]
		}
		if got := v.Failure("5f"); got != wantFailure {
			t.Errorf("%s: failure is %q", v.Rule.Rule().Ref, got)
		}
	}
}

func TestParametersOfTheAction(t *testing.T) {
	runner := &gale.RunnerType{Parameters: py.DictOf("cmd", py.DictOf("type", "string"), "sudo", py.DictOf("type", "boolean", "default", false, "immutable", true))}
	action := &gale.Action{Parameters: py.DictOf("n", py.DictOf("type", "integer"), "body", py.DictOf("type", "object"),
		"site", py.DictOf("type", "string", "default", "{{ config_context.site }}"))}
	payload := py.DictOf("name", "web", "n", int64(3), "body", py.DictOf("ok", true, "list", []any{int64(1), nil}))
	src := params.Source{Context: py.DictOf("user", "stanley"), Config: py.DictOf("site", "ams")}
	for _, c := range []struct {
		name       string
		parameters *py.Dict
		want       string
		rendering  bool
	}{
		{"text and numbers", py.DictOf("cmd", "echo {{ trigger.name }}", "n", "{{ trigger.n }}"), `{'cmd': 'echo web', 'n': 3, 'site': 'ams'}`, false},
		{"objects pass as Python text", py.DictOf("body", "{{ trigger.body }}"), `{'body': {'ok': True, 'list': [1, None]}, 'site': 'ams'}`, false},
		{"siblings", py.DictOf("cmd", "{{ site }}-{{ n }}", "n", int64(1)), `{'cmd': 'ams-1', 'n': 1, 'site': 'ams'}`, false},
		{"none", nil, `{'site': 'ams'}`, false},
		{"undefined", py.DictOf("cmd", "{{ trigger.nope }}"), `Failed to render parameter "cmd": 'dict object' has no attribute 'nope'`, true},
		{"not a variable", py.DictOf("cmd", "{{ triger.name }}"), `Dependency unsatisfied in variable "triger" (in "cmd")`, true},
		{"not an integer", py.DictOf("n", "{{ trigger.name }}"), `invalid literal for int() with base 10: 'web' (in "n")`, false},
		{"unknown parameter", py.DictOf("x", 1), `Additional properties are not allowed ('x' was unexpected)`, false},
		{"immutable", py.DictOf("sudo", true), `Override of immutable parameter(s) ['sudo'] is unsupported.`, false},
	} {
		r := Compile(&gale.Rule{Action: gale.RuleAction{Parameters: c.parameters}}, engine)
		got, err := r.Bind(action, runner).Parameters(payload, src)
		var e *params.Error
		if rendering := errors.As(err, &e) && e.Rendering; rendering != c.rendering {
			t.Errorf("%s: rendering error is %v", c.name, rendering)
		}
		text := py.Repr(got)
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, text, c.want)
		}
	}
}

func TestTheWorkloadFiresOneRulePerEvent(t *testing.T) {
	w := NewWorkload(100, 10, now)
	for n := range 2000 {
		if fired, err := w.Event(n); fired != 1 || err != nil {
			t.Fatalf("event %d: %d rules fire, %v", n, fired, err)
		}
	}
}

// BenchmarkEvents is the rate of rules.rate: pure work for one event among a
// thousand rules of a hundred trigger types.
func BenchmarkEvents(b *testing.B) {
	w := NewWorkload(100, 10, now)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := w.Event(n); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
