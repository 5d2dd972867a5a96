package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// instances returns all trigger instances, the oldest first.
func (s *site) instances() []*gale.TriggerInstance {
	s.Helper()
	var all []*gale.TriggerInstance
	s.view(func(tx *store.Tx) (err error) {
		all, err = store.TriggerInstances.Find(tx, store.Query{Order: []string{"id"}})
		return err
	})
	return all
}

func (s *site) last() *gale.TriggerInstance {
	s.Helper()
	all := s.instances()
	if len(all) == 0 {
		s.Fatal("no trigger instance was stored")
	}
	return all[len(all)-1]
}

func TestAWebhookBecomesAnEvent(t *testing.T) {
	s := newSite(t)
	a := s.call("POST", "/api/v1/webhooks/sample/", `{"host": "web1", "n": 1.0}`,
		"Content-Type", "application/json", "X-GitHub-Event", "push", "x-sha256sum", "ab", "Cookie", "auth-token=x", "St2-Api-Key", "some-key",
		"Authorization", "Basic eA==", "St2-Trace-Tag", "build 7", "X-Request-ID", "req-1").is(202)
	if got := a.Body.String(); got != `{"host":"web1","n":1.0}` {
		s.Errorf("the answer is %s, want the body", got)
	}
	inst := s.last()
	for path, want := range map[string]any{
		"body.host": "web1", "headers.X-Github-Event": "push", "headers_lower.x-github-event": "push", "headers.X-Sha256Sum": "ab",
		"headers_lower.x-sha256sum": "ab", "headers.Authorization": "Basic eA==", "headers.Cookie": nil, "headers_lower.cookie": nil,
		"headers.X-Auth-Token": nil, "headers_lower.x-auth-token": nil, "headers.St2-Api-Key": nil, "headers.St2-Trace-Tag": nil,
		"headers.X-Request-Id": "req-1", "headers.Content-Type": "application/json", "headers.Host": "example.com",
	} {
		s.want(inst.Payload, path, want)
	}
	if inst.Trace.Tag != "build 7" || inst.Status != gale.InstancePending {
		s.Errorf("the instance is %s with trace tag %q, want pending with the tag that was sent", inst.Status, inst.Trace.Tag)
	}
	s.nowhere(s.tokens[root])
	s.view(func(tx *store.Tx) error {
		if _, found, err := tx.QueueItem(trigger.QueueTrigger, inst.ID); err != nil || !found {
			s.Errorf("the event is queued for the rules engine: %t, %v", found, err)
		}
		return nil
	})
}

func TestBodiesOfWebhooks(t *testing.T) {
	s := newSite(t)
	const form, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	tests := []struct{ name, media, body, want string }{
		{"a form is an object of lists", form, "host=web1&state=up+now&state=2&empty=", `{"host":["web1"],"state":["up now","2"]}`},
		{"a form with JSON in it stays text", form, "name=Zo%C3%AB&payload=%7B%22status%22%3A0%7D", `{"name":["Zoë"],"payload":["{\"status\":0}"]}`},
		{"garbage is an empty object", form, "no form at all", `{}`},
		{"a multipart body is read as a form", multipart, "a=1", `{"a":["1"]}`},
		{"an array", "application/json", `[1, {"a": null}]`, `[1,{"a":null}]`},
		{"nothing", "", ``, `{}`},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) {
			a := s.call("POST", "/api/v1/webhooks/sample", test.body, "Content-Type", test.media).is(202)
			if got := a.Body.String(); got != test.want {
				s.Errorf("the answer is %s, want %s", got, test.want)
			}
			body, _ := s.last().Payload.GetString("body")
			if got, _ := py.AppendJSON(nil, body); string(got) != test.want {
				s.Errorf("the payload's body is %s, want %s", got, test.want)
			}
			if tag := s.last().Trace.Tag; !strings.HasPrefix(tag, "webhook-sample-") || len(tag) != len("webhook-sample-")+32 {
				s.Errorf("trace tag is %q, want webhook-sample- and 32 digits", tag)
			}
		})
	}
}

func TestRefusedWebhooks(t *testing.T) {
	s := newSite(t)
	before := len(s.instances())
	tests := []struct {
		name, path, body, media string
		status                  int
		words                   string
	}{
		{"an unknown hook", "nope", `{}`, "", 404, "Webhook nope not registered with st2"},
		{"a slash too many in front", "/sample", `{}`, "", 404, "not registered"},
		{"two slashes behind", "sample//", `{}`, "", 404, ""},
		{"no hook", "", `{}`, "", 404, ""},
		{"a text", "sample", `"x"`, "", 400, "'x' is not of type 'object', 'array'"},
		{"bad JSON", "sample", `{`, "", 400, "Failed to parse request body"},
		{"another type", "sample", `{}`, "application/xml", 400, `Unsupported Content-Type: "application/xml"`},
		{"an array for the generic hook", "st2", `[]`, "", 400, "Webhook body needs to be an object, got: array"},
		{"no trigger", "st2", `{"payload": {}}`, "", 400, "Trigger not specified."},
		{"an unknown trigger", "st2", `{"trigger": "lab.nope"}`, "", 400, `Trigger "lab.nope" is not registered.`},
		{"a payload that is no object", "st2", `{"trigger": "lab.alarm", "payload": [1]}`, "", 400, "is not of type 'object'"},
		{"a payload that does not fit", "st2", `{"trigger": "lab.alarm", "payload": {"code": "secret-code-1", "x": 1}}`, "", 400,
			`Trigger payload validation failed and validation is enabled, not dispatching a trigger "lab.alarm" ({'code': '********', 'x': 1}): `},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) {
			a := s.call("POST", "/api/v1/webhooks/"+test.path, test.body, "Content-Type", test.media)
			a.refused(test.status, test.words)
			if strings.Contains(a.Body.String(), "secret-code-1") {
				s.Errorf("the refusal shows a secret: %s", a.Body)
			}
		})
	}
	if after := len(s.instances()); after != before {
		s.Errorf("refused requests left %d instances", after-before)
	}
}

func TestTheGenericHookSealsSecrets(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/v1/webhooks/st2", `{"trigger": "lab.alarm", "payload": {"where": "roof", "code": "open-sesame-77"}, "other": 1}`).is(202)
	inst := s.last()
	shown := s.call("GET", "/api/v1/triggerinstances/"+inst.ID, nil).is(200).object()
	s.want(shown, "payload.where", "roof")
	s.want(shown, "payload.code", "********")
	s.want(shown, "trigger", "lab.alarm")
	opened, err := trigger.OpenPayload(s.key, inst)
	s.must(err)
	s.want(opened, "code", "open-sesame-77")

	again := s.call("POST", "/api/v1/triggerinstances/"+inst.ID+"/re_emit", "null").is(200).object()
	s.want(again, "message", "Trigger instance "+inst.ID+" succesfully re-sent.")
	s.want(again, "payload.__context.original_id", inst.ID)
	s.want(again, "payload.code", "********")
	copied, err := trigger.OpenPayload(s.key, s.last())
	s.must(err)
	s.want(copied, "code", "open-sesame-77")
	s.want(copied, "__context.original_id", inst.ID)
	s.nowhere("open-sesame-77")
}

func TestPayloadsNeedNotFitWhenThatIsOff(t *testing.T) {
	s := newSite(t)
	s.service.Config.System.ValidateTriggerPayload = false
	s.call("POST", "/v1/webhooks/st2", `{"trigger": "lab.alarm", "payload": {"x": 1}}`).is(202)
	s.call("POST", "/v1/webhooks/st2", `{"trigger": "core.st2.key_value_pair.create", "payload": {"object": 1}}`).refused(400, "validation")
}

func TestEachTriggerOfAHookGetsAnEvent(t *testing.T) {
	s := newSite(t)
	for i, url := range []string{"a/b", "/a/b/", "a/b"} {
		rule := fmt.Sprintf(`{"name": "r%d", "pack": "lab", "trigger": {"type": "core.st2.webhook", "parameters": {"url": %q}}, "action": {"ref": "core.noop"}, "enabled": true}`, i, url)
		s.call("POST", "/api/v1/rules", rule).is(201)
	}
	s.call("POST", "/api/v1/webhooks/a/b", `{}`).is(202)
	if n := len(s.instances()); n != 2 {
		s.Errorf("got %d instances, want one for each of the two ways in which the URL is written", n)
	}
	s.want(s.call("GET", "/api/v1/webhooks/a/b", nil).is(200).object(), "type", "core.st2.webhook")
	s.call("GET", "/api/v1/webhooks/nope", nil).refused(404, "not registered")
	if n := len(s.call("GET", "/api/v1/webhooks/?include_attributes=url", nil).is(200).list()); n != 3 {
		s.Errorf("got %d webhooks, want sample and the two ways", n)
	}
}

func BenchmarkWebhook(b *testing.B) {
	s := newSite(b)
	for b.Loop() {
		s.call("POST", "/api/v1/webhooks/sample", `{"host": "web1"}`).is(202)
	}
}

func BenchmarkRequest(b *testing.B) {
	s := newSite(b)
	for b.Loop() {
		s.call("POST", "/api/v1/executions", `{"action": "core.local", "parameters": {"cmd": "date"}}`).is(201)
	}
}

func BenchmarkList(b *testing.B) {
	s := newSite(b)
	for range 200 {
		s.run("core.local", py.DictOf("cmd", "date"))
	}
	b.ResetTimer()
	for b.Loop() {
		s.call("GET", "/api/v1/executions?limit=100", nil).is(200)
	}
}
