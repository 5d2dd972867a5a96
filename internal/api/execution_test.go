package api_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func TestARequestIsAnsweredWithTheExecutionAsRequested(t *testing.T) {
	s := newSite(t)
	a := s.call("POST", "/api/v1/executions", py.DictOf("action", "core.local", "parameters", py.DictOf("cmd", "date"), "user", nil))
	d := a.is(201).object()
	for path, want := range map[string]any{
		"status": "requested", "action.ref": "core.local", "action.runner_type": "local-shell-cmd", "runner.name": "local-shell-cmd",
		"liveaction.action": "core.local", "liveaction.id": text(d, "id"), "liveaction.parameters.cmd": "date", "parameters.cmd": "date",
		"context.user": "root", "context.pack": "core", "end_timestamp": nil, "result": nil, "children": nil,
		"web_url": "https://gale.example/#/history/" + text(d, "id") + "/general",
	} {
		s.want(d, path, want)
	}
	if log, _ := at(d, "log").([]any); len(log) != 1 || text(log[0], "status") != "requested" {
		s.Errorf("log is %s, want the request alone", py.Repr(at(d, "log")))
	}
	s.want(s.call("GET", "/v1/executions/"+text(d, "id"), nil).is(200).object(), "status", "scheduled")
	s.want(s.call("GET", "/v1/executions/last/", nil).is(200).object(), "id", text(d, "id"))
}

func TestRefusedRequests(t *testing.T) {
	s := newSite(t)
	s.call("PUT", "/api/v1/actions/lab.greet", py.DictOf("name", "greet", "runner_type", "local-shell-script", "enabled", false)).is(200)
	tests := []struct {
		name   string
		user   string
		body   string
		header string
		status int
		words  string
	}{
		{"no action", root, `{}`, "", 400, "'action' is a required property"},
		{"an action that is not there", root, `{"action": "core.nope"}`, "", 400, `Action "core.nope" cannot be found.`},
		{"an id in place of a reference", root, `{"action": "507f1f77bcf86cd799439011"}`, "", 400, "cannot be found"},
		{"a disabled action", root, `{"action": "lab.greet"}`, "", 400, `Unable to execute. Action "lab.greet" is disabled.`},
		{"a parameter that is missing", root, `{"action": "lab.login"}`, "", 400, "'host' is a required property"},
		{"a parameter that is not known", root, `{"action": "core.local", "parameters": {"cmd": "x", "foo": 1}}`, "", 400, "Additional properties are not allowed ('foo' was unexpected)"},
		{"a parameter of the wrong type", root, `{"action": "lab.login", "parameters": {"host": "h", "count": "many"}}`, "", 400, "count"},
		{"a fixed parameter", root, `{"action": "core.local", "parameters": {"cmd": "x", "sudo": true}}`, "", 400, "Override of immutable parameter(s) ['sudo'] is unsupported."},
		{"somebody else's name", joe, `{"action": "core.local", "parameters": {"cmd": "x"}, "user": "root"}`, "", 403, `"user" attribute can only be provided by admins`},
		{"a context that is no object", root, `{"action": "core.local", "parameters": {"cmd": "x"}}`, `[1]`, 400, "Unable to convert st2-context from the headers into JSON"},
		{"an unknown trace", root, `{"action": "core.local", "parameters": {"cmd": "x"}, "context": {"trace_context": {"id_": "507f1f77bcf86cd799439011"}}}`, "", 400, "507f1f77bcf86cd799439011"},
		{"a negative delay", root, `{"action": "core.local", "parameters": {"cmd": "x"}, "delay": -1}`, "", 400, "-1 is less than the minimum of 0"},
		{"a delay of ages", root, `{"action": "core.local", "parameters": {"cmd": "x"}, "delay": 9000000000000}`, "", 400, "more than a year"},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) {
			s.as(test.user, "POST", "/api/v1/executions", test.body, "St2-Context", test.header).refused(test.status, test.words)
		})
	}
	if n := len(s.call("GET", "/api/v1/executions", nil).list()); n != 0 {
		s.Errorf("%d executions are left of refused requests, want none", n)
	}
}

func TestATemplateThatFailsLeavesARecord(t *testing.T) {
	s := newSite(t)
	s.call("POST", "/api/v1/executions", `{"action": "core.local", "parameters": {"cmd": "{{ ABSENT }}"}}`).refused(400, `Dependency unsatisfied in variable "ABSENT"`)
	list := s.call("GET", "/api/v1/executions", nil).list()
	if len(list) != 1 {
		s.Fatalf("got %d executions, want the failed one", len(list))
	}
	s.want(list[0], "status", "failed")
	s.want(list[0], "parameters.cmd", "{{ ABSENT }}")
	if !strings.Contains(text(list[0], "result.error"), "ABSENT") {
		s.Errorf("result is %s, want an error that names ABSENT", py.Repr(at(list[0], "result")))
	}
}

func TestWhoMaySayWhatOfTheContext(t *testing.T) {
	s := newSite(t)
	running := s.run("core.local", py.DictOf("cmd", "sleep 1"))
	s.update(func(tx *store.Tx) error {
		_, _, err := execution.Begin(tx, running, gale.RunnerInfo{Hostname: "here"})
		return err
	})
	s.tokens["action"] = s.service.Signer.Token(running, joe, gale.Time(4e15))
	given := py.DictOf("user", "root", "pack", "x", "rbac", py.DictOf("a", int64(1)), "parent", py.DictOf("execution_id", running, "user", "root"),
		"rule", py.DictOf("id", "r"), "policies", py.DictOf("p", "q"), "my_own", "kept")
	header, err := py.AppendJSON(nil, given)
	s.must(err)
	tests := []struct {
		who, user, parent, rule, policies any
	}{
		{root, "root", running, "r", "q"},
		{joe, "joe", nil, nil, nil},
		{"action", "joe", running, nil, nil},
	}
	for _, test := range tests {
		for _, way := range []string{"header", "body"} {
			s.sub(fmt.Sprint(test.who, " in the ", way), func(s *site) {
				body := py.DictOf("action", "core.local", "parameters", py.DictOf("cmd", "x"))
				var d any
				if way == "body" {
					body.Set("context", given)
					d = s.as(test.who.(string), "POST", "/api/v1/executions", body).is(201).object()
				} else {
					d = s.as(test.who.(string), "POST", "/api/v1/executions", body, "St2-Context", string(header)).is(201).object()
				}
				s.want(d, "context.user", test.user)
				s.want(d, "context.pack", "core")
				s.want(d, "context.my_own", "kept")
				s.want(d, "parent", test.parent)
				s.want(d, "context.parent.execution_id", test.parent)
				s.want(d, "context.rule.id", test.rule)
				s.want(d, "context.policies.p", test.policies)
			})
		}
	}
	s.tokens["other"] = s.service.Signer.Token(running, joe, gale.Time(4e15))
	foreign := py.DictOf("action", "core.local", "parameters", py.DictOf("cmd", "x"), "context", py.DictOf("parent", py.DictOf("execution_id", "507f1f77bcf86cd799439011")))
	s.want(s.as("other", "POST", "/api/v1/executions", foreign).is(201).object(), "parent", nil)
}

func TestSecretsOfExecutions(t *testing.T) {
	s := newSite(t)
	const password = "s3cr3t pässwörd!"
	body := py.DictOf("action", "vault.login", "parameters", py.DictOf("host", "web1", "password", password))
	created := s.call("POST", "/api/v1/executions", body).is(201)
	id := text(created.object(), "id")
	s.want(created.object(), "parameters.password", "********")
	s.want(created.object(), "liveaction.parameters.password", "********")
	s.want(created.object(), "action.parameters.pin.default", "********")
	result := py.DictOf("stdout", "logged in with "+password+" and default-pin-4711", "stderr", "", "return_code", int64(0), "succeeded", true)
	s.finish(id, gale.Succeeded, result)

	shown := s.call("GET", "/api/v1/executions/"+id, nil).is(200).object()
	s.want(shown, "result.stdout", "logged in with ******** and ********")
	s.want(shown, "result.return_code", int64(0))
	s.want(shown, "parameters.password", "********")
	s.want(s.call("GET", "/api/v1/executions/"+id+"/attribute/result", nil).object(), "stdout", "logged in with ******** and ********")
	s.want(s.call("GET", "/api/v1/executions/"+id+"/result", nil).object(), "stdout", "logged in with ******** and ********")

	clear := s.call("GET", "/api/v1/executions/"+id+"?show_secrets=true", nil).object()
	s.want(clear, "parameters.password", password)
	s.want(clear, "liveaction.parameters.password", password)
	s.want(clear, "result.stdout", "logged in with "+password+" and default-pin-4711")
	s.want(s.as(joe, "GET", "/api/v1/executions/"+id+"?show_secrets=true", nil).object(), "parameters.password", "********")

	again := s.call("POST", "/api/v1/executions/"+id+"/re_run?show_secrets=true", py.DictOf("parameters", py.DictOf("host", "web2", "password", "********"))).is(201).object()
	s.want(again, "parameters.password", password)
	s.want(again, "parameters.host", "web2")
	for _, e := range s.events("execution") {
		if strings.Contains(e, password) || strings.Contains(e, "$sealed") || strings.Contains(e, "4711") {
			s.Errorf("an event holds a secret: %s", e)
		}
	}
	s.nowhere(password, "default-pin-4711")
}

func TestSecretsByOutputSchema(t *testing.T) {
	s := newSite(t)
	id := s.run("lab.token", py.NewDict(0))
	s.finish(id, gale.Succeeded, py.DictOf("result", py.DictOf("token", "tok-123456789", "user", "joe"), "exit_code", int64(0)))
	d := s.call("GET", "/api/v1/executions/"+id, nil).object()
	s.want(d, "result.result.token", "********")
	s.want(d, "result.result.user", "joe")
	s.nowhere("tok-123456789")
}

// What the configuration of a pack held when an action ran is not known
// afterwards.
func TestAResultOfAPackWithSecretConfigurationStaysHidden(t *testing.T) {
	s := newSite(t)
	id := s.run("lab.login", py.DictOf("host", "web1", "password", "hunter2hunter2"))
	s.finish(id, gale.Succeeded, py.DictOf("stdout", "hunter2hunter2"))
	s.want(s.call("GET", "/api/v1/executions/"+id, nil).object(), "result", "********")
}

// A default that is a template is rendered when the action runs, so nobody can
// tell afterwards what its secret was.
func TestAResultWithAnUnknownSecretStaysHidden(t *testing.T) {
	s := newSite(t)
	s.call("PUT", "/api/v1/keys/pw", `{"name": "pw", "value": "from-the-datastore"}`).is(200)
	s.call("POST", "/api/v1/actions", `{"name": "fixed", "pack": "vault", "runner_type": "local-shell-cmd", "parameters":
		{"password": {"type": "string", "secret": true, "immutable": true, "default": "{{ st2kv.system.pw }}"}, "cmd": {"default": "echo {{ password }}"}}}`).is(201)
	id := s.run("vault.fixed", py.NewDict(0))
	s.finish(id, gale.Succeeded, py.DictOf("stdout", "from-the-datastore"))
	s.want(s.call("GET", "/api/v1/executions/"+id, nil).object(), "result", "********")
	s.want(s.call("GET", "/api/v1/executions/"+id+"?show_secrets=1", nil).object(), "result.stdout", "from-the-datastore")
}

func TestListOfExecutions(t *testing.T) {
	s := newSite(t)
	var ids, times []string
	for i := range 5 {
		id := s.run("core.echo", py.DictOf("message", fmt.Sprint("m", i)))
		ids = append(ids, id)
		times = append(times, text(s.call("GET", "/api/v1/executions/"+id, nil).object(), "start_timestamp"))
	}
	messages := func(a answer) string {
		var out []string
		for _, d := range a.list() {
			out = append(out, text(d, "parameters.message"))
		}
		return strings.Join(out, " ")
	}
	t1, t3 := times[1], times[3]
	tests := []struct{ query, want, total, limit string }{
		{"limit=1&timestamp_gt=" + t1, "m2", "3", "1"},
		{"limit=2&timestamp_gt=" + t1, "m2 m3", "3", "2"},
		{"limit=1&timestamp_lt=" + t3, "m2", "3", "1"},
		{"limit=1&timestamp_gt=" + t1 + "&sort_desc=true", "m4", "3", "1"},
		{"timestamp=" + t1 + ".." + t3, "m1 m2 m3", "3", "100"},
		{"timestamp=" + t3 + ".." + t1, "m3 m2 m1", "3", "100"},
		{"timestamp=" + t3, "m3", "1", "100"},
		{"sort_asc=true&limit=2", "m0 m1", "5", "2"},
		{"sort_asc=True&sort_desc=False&limit=1", "m0", "5", "1"},
		{"sort=timestamp&limit=2", "m0 m1", "5", "2"},
		{"offset=3", "m1 m0", "5", "100"},
		{"offset=99", "", "5", "100"},
		{"limit=-1", "m4 m3 m2 m1 m0", "5", ""},
		{"status=bogus", "", "0", "100"},
		{"status=scheduled,failed", "", "0", "100"},
		{"parent=null&action=core.echo&limit=1", "m4", "5", "1"},
		{"parent=" + ids[0], "", "0", "100"},
		{"id=" + ids[1] + "," + ids[3], "m3 m1", "2", "100"},
		{"liveaction=" + ids[1], "m1", "1", "100"},
		{"user=root&runner=echo&limit=1", "", "0", "1"},
		{"user=root&runner=local-shell-cmd&limit=1", "m4", "5", "1"},
		{"filter=action.ref:core.echo%20parameters.message:m2", "m2", "1", "100"},
		{"filter=parameters.message:m2", "m2", "1", "100"},
		{"filter=context.user:root&limit=2&offset=1", "m3 m2", "5", "2"},
		{"filter=liveaction.parameters.message:m9", "", "0", "100"},
		{"nonsense=1&limit=1", "m4", "5", "1"},
	}
	for _, test := range tests {
		s.sub(test.query, func(s *site) {
			a := s.call("GET", "/api/v1/executions?"+strings.ReplaceAll(test.query, "+", "%2B"), nil).is(200)
			if got := messages(a); got != test.want {
				s.Errorf("got %q, want %q", got, test.want)
			}
			if got := a.Header().Get("X-Total-Count"); got != test.total {
				s.Errorf("X-Total-Count is %q, want %q", got, test.total)
			}
			if got := a.Header().Get("X-Limit"); got != test.limit {
				s.Errorf("X-Limit is %q, want %q", got, test.limit)
			}
		})
	}
	refused := []struct{ query, words string }{
		{"limit=0", `Limit, "0" specified, must be a positive number or -1 for full result set.`},
		{"limit=-2", `Limit, "-2" specified, must be a positive number.`},
		{"limit=abc", `Parameter "limit" is not of type integer`},
		{"offset=-1", "must not be negative"},
		{"offset=3000000000", "32-bit int"},
		{"timestamp_gt=yesterday", "Datetime value does not match expected format."},
		{"timestamp=2026-01-01T00:00:00Z..x", "Datetime value does not match expected format."},
		{"include_attributes=id,nosuch", "Invalid or unsupported include attribute specified: nosuch"},
		{"exclude_attributes=context", "Invalid or unsupported exclude attribute specified: context"},
		{"include_attributes=status&exclude_attributes=result", "mutually exclusive"},
		{"filter=nonsense", `invalid format for filter "nonsense"`},
		{"id=xyz", "'xyz' is not a valid ObjectId"},
	}
	for _, test := range refused {
		s.sub(test.query, func(s *site) {
			s.call("GET", "/api/v1/executions?"+test.query, nil).refused(400, test.words)
		})
	}
}

func TestAProjectionLeavesOutWhatIsNotAskedFor(t *testing.T) {
	s := newSite(t)
	id := s.run("core.echo", py.DictOf("message", "x"))
	s.finish(id, gale.Succeeded, py.DictOf("stdout", "x"))
	tests := []struct {
		query string
		want  []string
	}{
		{"include_attributes=status,action.ref", []string{"id", "status", "action"}},
		{"include_attributes=result.stdout", []string{"id", "result"}},
		{"include_attributes=children,parent", []string{"id"}},
	}
	for _, test := range tests {
		got := keys(s.call("GET", "/api/v1/executions?"+test.query, nil).list()[0])
		if slices.Sort(got); !slices.Equal(got, sorted(test.want)) {
			s.Errorf("%s: got %v, want %v", test.query, got, test.want)
		}
	}
	for _, query := range []string{"exclude_attributes=result,trigger_instance", "max_result_size=5"} {
		d := s.call("GET", "/api/v1/executions/"+id+"?"+query, nil).is(200).object()
		s.want(d, "result", nil)
		s.want(d, "result_size", int64(14))
	}
	s.call("GET", "/api/v1/executions/"+id+"?max_result_size=-1", nil).fault(400, "max_result_size must be a positive number")
	s.call("GET", "/api/v1/executions/"+id+"?max_result_size=99999999", nil).fault(400, "max_result_size query parameter must be smaller than 14 MB")
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	waiting := s.run("core.local", py.DictOf("cmd", "x"))
	d := s.call("DELETE", "/api/v1/executions/"+waiting, nil).is(200).object()
	s.want(d, "status", "canceled")
	s.want(d, "result.user", "root")
	s.want(d, "context.cancelled_by", "root")
	s.want(s.call("DELETE", "/api/v1/executions/"+waiting, nil).is(200).object(), "status", "canceled")

	running := s.run("core.local", py.DictOf("cmd", "x"))
	s.update(func(tx *store.Tx) error {
		_, _, err := execution.Begin(tx, running, gale.RunnerInfo{Hostname: "here"})
		return err
	})
	s.want(s.call("PUT", "/api/v1/executions/"+running, `{"status": "canceled"}`).is(200).object(), "status", "canceling")

	over := s.run("core.local", py.DictOf("cmd", "x"))
	s.finish(over, gale.Succeeded, py.DictOf("stdout", ""))
	s.call("DELETE", "/api/v1/executions/"+over, nil).fault(200, "Action cannot be canceled. State = succeeded.")
	s.call("PUT", "/api/v1/executions/"+over, `{"status": "canceling"}`).fault(400, "Execution is already in completed state.")
	s.call("DELETE", "/api/v1/executions/507f1f77bcf86cd799439011", nil).fault(404, `Unable to identify resource with id "507f1f77bcf86cd799439011".`)
}

func TestStatusFromOutside(t *testing.T) {
	s := newSite(t)
	id := s.run("core.local", py.DictOf("cmd", "x"))
	unsupported := `Failed updating execution. Unable to %s liveaction "` + id + `" because it is not supported by the "local-shell-cmd" runner.`
	tests := []struct{ body, words string }{
		{`{"status": "pausing"}`, fmt.Sprintf(unsupported, "pause")},
		{`{"status": "resuming"}`, fmt.Sprintf(unsupported, "resume")},
		{`{"status": "bogus"}`, "'bogus' is not one of ['requested', "},
		{`{"status": "succeeded", "result": {"a": 1}}`, `Status "succeeded" cannot be set from outside`},
		{`{"result": {"a": 1}}`, "A status is needed"},
		{`{}`, "A status is needed"},
		{`{"other": 1}`, "Additional properties are not allowed ('other' was unexpected)"},
	}
	for _, test := range tests {
		s.call("PUT", "/api/v1/executions/"+id, test.body).refused(400, test.words)
	}
}

func TestPauseAndResumeOfAWorkflow(t *testing.T) {
	s := newSite(t)
	id := s.run("core.local", py.DictOf("cmd", "x"))
	set := func(status gale.Status) {
		s.update(func(tx *store.Tx) error {
			e, err := store.Executions.Get(tx, id)
			if err != nil {
				return err
			}
			e.IsWorkflow, e.Status = true, status
			return store.Executions.Update(tx, e)
		})
	}
	put := func(status string) answer {
		return s.call("PUT", "/api/v1/executions/"+id, py.DictOf("status", status))
	}
	set(gale.Scheduled)
	put("pausing").refused(400, "because it is not in a running state.")
	put("resuming").refused(400, `because it is in "scheduled" state and not in "paused" state.`)
	set(gale.Running)
	d := put("pausing").is(200).object()
	s.want(d, "status", "pausing")
	s.want(d, "context.paused_by", "root")
	s.want(put("paused").is(200).object(), "status", "pausing")
	set(gale.Paused)
	d = put("resuming").is(200).object()
	s.want(d, "status", "resuming")
	s.want(d, "context.resumed_by", "root")
	s.want(put("resuming").is(200).object(), "status", "resuming")
}

func TestRerun(t *testing.T) {
	s := newSite(t)
	id := s.run("core.echo", py.DictOf("message", "first"))
	d := s.call("POST", "/api/v1/executions/"+id+"/re_run?no_merge=true", "").is(201).object()
	s.want(d, "parameters.message", "first")
	s.want(d, "context.re-run.ref", id)
	s.want(d, "context.trace_context.id_", id)
	d = s.call("POST", "/api/v1/executions/"+id+"/re_run", `{"parameters": {"message": "second"}, "user": "", "delay": 500}`).is(201).object()
	s.want(d, "parameters.message", "second")
	s.want(d, "delay", int64(500))
	tests := []struct{ body, words string }{
		{`{"tasks": ["a"], "parameters": {"message": "x"}}`, "Parameters override is not supported when re-running task(s) for a workflow."},
		{`{"tasks": ["a"]}`, "Task option is only supported for Orquesta workflows."},
		{`{"tasks": ["a"], "reset": ["b"]}`, "List of tasks to reset does not match the tasks to rerun."},
	}
	for _, test := range tests {
		s.call("POST", "/api/v1/executions/"+id+"/re_run", test.body).fault(400, test.words)
	}
	s.as(joe, "POST", "/api/v1/executions/"+id+"/re_run", `{"user": "root"}`).refused(403, "admins")
	s.call("POST", "/api/v1/executions/507f1f77bcf86cd799439011/re_run", "{}").refused(404, "Unable to identify")
}

func TestChildrenAreListedDepthFirst(t *testing.T) {
	s := newSite(t)
	child := func(parent, name string) string {
		body := py.DictOf("action", "core.echo", "parameters", py.DictOf("message", name), "context", py.DictOf("parent", py.DictOf("execution_id", parent)))
		return text(s.call("POST", "/api/v1/executions", body).is(201).object(), "id")
	}
	top := s.run("core.echo", py.DictOf("message", "top"))
	a, b := child(top, "a"), child(top, "b")
	child(a, "a1")
	child(b, "b1")
	child(a, "a2")
	names := func(query string) string {
		var out []string
		for _, d := range s.call("GET", "/api/v1/executions/"+top+"/children/"+query, nil).is(200).list() {
			out = append(out, text(d, "parameters.message"))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{"": "a a1 a2 b b1", "?depth=-1&result_fmt=x": "a a1 a2 b b1", "?depth=1": "a b", "?depth=0": ""} {
		if got := names(query); got != want {
			s.Errorf("children%s: got %q, want %q", query, got, want)
		}
	}
	s.want(s.call("GET", "/api/v1/executions/"+top, nil).object(), "children", []any{a, b})
	s.want(s.call("GET", "/api/v1/executions?parent=null&include_attributes=children", nil).list()[0], "children", []any{a, b})
}

func TestOutputAndResultFiles(t *testing.T) {
	s := newSite(t)
	s.call("GET", "/api/v1/executions/last/output", nil).refused(400, "no execution")
	id := s.run("core.echo", py.DictOf("message", "x"))
	if a := s.call("GET", "/api/v1/executions/"+id+"/output", nil).is(200); a.Body.String() != "" {
		s.Errorf("output before there is any: %q", a.Body)
	}
	var chunks []gale.OutputChunk
	want := strings.Builder{}
	for i := range 600 {
		typ := []string{"stdout", "stderr"}[i%2]
		chunks = append(chunks, gale.OutputChunk{ExecutionID: id, Type: typ, Data: fmt.Sprintf("%s %d\n", typ, i)})
		want.WriteString(chunks[i].Data)
	}
	s.must(s.store.AppendOutput(s.Context(), chunks))
	a := s.call("GET", "/api/v1/executions/last/output", nil).is(200)
	if a.Body.String() != want.String() || a.Header().Get("Content-Type") != "text/plain; charset=UTF-8" {
		s.Errorf("got %d bytes of %s, want %d of text", a.Body.Len(), a.Header().Get("Content-Type"), want.Len())
	}
	a = s.call("GET", "/api/v1/executions/"+id+"/output?output_type=stderr", nil).is(200)
	if n := strings.Count(a.Body.String(), "stderr"); n != 300 || strings.Contains(a.Body.String(), "stdout") {
		s.Errorf("got %d lines of stderr with others among them: %t, want 300 alone", n, strings.Contains(a.Body.String(), "stdout"))
	}

	if a := s.call("GET", "/api/v1/executions/"+id+"/result", nil).is(200); a.Body.String() != "{}" {
		s.Errorf("result before there is one: %q, want {}", a.Body)
	}
	s.want(s.call("GET", "/api/v1/executions/"+id+"/attribute/trigger_instance", nil), "x", nil)
	large := strings.Repeat("ü", 100_000) // has a table of its own
	s.finish(id, gale.Succeeded, py.DictOf("stdout", large))
	a = s.call("GET", "/api/v1/executions/"+id+"/result?download=1", nil).is(200)
	if got := a.Body.String(); got != `{"stdout":"`+large+`"}` {
		s.Errorf("the downloaded result has %d bytes, want %d", len(got), len(large)+13)
	}
	if got := a.Header().Get("Content-Disposition"); got != "attachment; filename=execution_"+id+"_result.json" {
		s.Errorf("Content-Disposition is %q", got)
	}
	if got := a.Header().Get("Content-Type"); got != "text/json" {
		s.Errorf("Content-Type is %q, want text/json", got)
	}
	a = s.call("GET", "/api/v1/executions/"+id+"/result?download=1&compress=1&pretty_format=1", nil).is(200)
	unzip, err := gzip.NewReader(a.Body)
	s.must(err)
	plain, err := io.ReadAll(unzip)
	s.must(err)
	if want := "{\n  \"stdout\": \"" + large + "\"\n}"; string(plain) != want {
		s.Errorf("the compressed result has %d bytes, want %d", len(plain), len(want))
	}
	if got := a.Header().Get("Content-Disposition"); !strings.HasSuffix(got, "_result.json.gz") {
		s.Errorf("Content-Disposition is %q", got)
	}
	s.want(s.call("GET", "/api/v1/executions/"+id, nil).object(), "result.stdout", large)
	s.call("GET", "/api/v1/executions/"+id+"/attribute/log", nil).fault(400, `Invalid attribute "log" specified. Valid attributes are: result, trigger_instance, status`)
	if v := s.call("GET", "/api/v1/executions/"+id+"/attribute/status", nil).value(); v != "succeeded" {
		s.Errorf("attribute status is %v", v)
	}
}

func TestValuesToFilterBy(t *testing.T) {
	s := newSite(t)
	s.run("core.local", py.DictOf("cmd", "x"))
	s.run("core.echo", py.DictOf("message", "x"))
	s.want(s.call("GET", "/api/v1/executions/views/filters", nil).object(), "action", []any{"core.echo", "core.local"})
	d := s.call("GET", "/api/v1/executions/views/filters?types=status,user,bogus", nil).object()
	if got := keys(d); !slices.Equal(got, []string{"status", "user"}) {
		s.Errorf("got %v, want status and user", got)
	}
	s.want(d, "user", []any{"root"})
}

// A trace says how an execution came to be; a tag makes a new one.
func TestTraceOfARequest(t *testing.T) {
	s := newSite(t)
	d := s.call("POST", "/api/v1/executions", `{"action": "core.noop", "context": {"trace_context": {"trace_tag": "release 7"}}}`).is(201).object()
	trace := text(d, "context.trace_context.id_")
	s.want(d, "context.trace_context.trace_tag", "release 7")
	d = s.call("POST", "/api/v1/executions", `{"action": "core.noop", "context": {"trace_context": {"id_": "`+trace+`"}}}`).is(201).object()
	s.want(d, "context.trace_context.id_", trace)
}

func TestNoSecretsInTheAddress(t *testing.T) {
	s := newSite(t)
	var key string
	s.update(func(tx *store.Tx) (err error) {
		key, _, err = auth.CreateAPIKey(tx, joe, nil, "")
		return err
	})
	s.tokens["nobody"] = ""
	s.as("nobody", "GET", "/api/v1/executions?st2-api-key="+url.QueryEscape(key), nil).is(200)
	if strings.Contains(s.log.String(), key) {
		s.Error("the log holds the API key")
	}
}

func TestNotifyCallbackAndExplanations(t *testing.T) {
	s := newSite(t)
	d := s.call("POST", "/api/v1/executions", `{"action": "core.noop", "notify": {"on-complete": {"routes": ["ops", null], "message": "done"}},
		"callback": {"url": "http://x.example"}, "id": "507f1f77bcf86cd799439011", "result": {"a": 1}, "runner_info": {}}`).is(201).object()
	s.want(d, "liveaction.notify.on-complete.message", "done")
	s.want(d, "liveaction.callback.url", "http://x.example")
	s.want(d, "result", nil)
	if text(d, "id") == "507f1f77bcf86cd799439011" {
		t.Error("a client chose the id of an execution")
	}
	s.call("POST", "/api/v1/executions", `{"action": "core.noop", "notify": {"on-bogus": {}}}`).refused(400, "on-bogus")
}

func TestUnmasked(t *testing.T) {
	s := newSite(t)
	id := s.run("vault.login", py.DictOf("host", "h", "password", "shown to all"))
	s.service.Config.API.MaskSecrets = false
	s.want(s.as(joe, "GET", "/api/v1/executions/"+id, nil).is(200).object(), "parameters.password", "shown to all")
	s.want(s.as(joe, "GET", "/api/v1/executions/"+id+"/children", nil).is(200), "", nil)
}

// Whoever types "last" to look at a run shall not stop one by it.
func TestLastIsForLooking(t *testing.T) {
	s := newSite(t)
	s.run("core.noop", py.NewDict(0))
	s.call("DELETE", "/api/v1/executions/last", nil).fault(404, `Unable to identify resource with id "last".`)
	s.call("PUT", "/api/v1/executions/last", `{"status": "canceled"}`).refused(404, "Unable to identify")
	s.call("POST", "/api/v1/executions/last/re_run", "{}").refused(404, "Unable to identify")
}

func TestAListHasABound(t *testing.T) {
	s := newSite(t)
	s.update(func(tx *store.Tx) error {
		for range 10_001 {
			if err := store.TriggerInstances.Insert(tx, &gale.TriggerInstance{ID: tx.NewID(), Trigger: "x.y", OccurrenceTime: tx.Now}); err != nil {
				return err
			}
		}
		return nil
	})
	s.call("GET", "/api/v1/triggerinstances?limit=-1", nil).refused(400, "The list has 10001 items; ask for at most 10000")
	if n := len(s.call("GET", "/api/v1/triggerinstances?limit=-1&offset=1", nil).is(200).list()); n != 10_000 {
		t.Errorf("got %d items, want 10000", n)
	}
}
