package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

func TestExecutionListIsOldestFirst(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /executions": {0,
		"[" + execution("6b029ffee8de275a1f13c76e", "running", "") + "," + execution(execID, "succeeded", "") + "]",
		map[string]string{"X-Total-Count": "120", "X-Limit": "50"}}})
	s := newShell(t, a)
	s.width = 120
	r := s.run("execution list")
	want := `
+--------------------------+------------+--------------+--------------------------+-----------------+---------------+
| id                       | action.ref | context.user | status                   | start_timestamp | end_timestamp |
+--------------------------+------------+--------------+--------------------------+-----------------+---------------+
| 6b029ffee8de275a1f13c76d | core.local | joe          | succeeded (1s elapsed)   | Sun, 22 Nov     | Sun, 22 Nov   |
|                          |            |              |                          | 2026 07:55:42   | 2026 07:55:43 |
|                          |            |              |                          | UTC             | UTC           |
| 6b029ffee8de275a1f13c76e | core.local | joe          | running (257s elapsed)   | Sun, 22 Nov     |               |
|                          |            |              |                          | 2026 07:55:42   |               |
|                          |            |              |                          | UTC             |               |
+--------------------------+------------+--------------+--------------------------+-----------------+---------------+
`[1:]
	want = strings.ReplaceAll(want, "+--------------------------+------------+--------------+--------------------------+", "+--------------------------+------------+--------------+------------------------+")
	want = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(want, "| status                   |", "| status                 |"), "elapsed)   |", "elapsed) |"), "|                          |            |              |                          |", "|                          |            |              |                        |")
	if r.out != want {
		t.Errorf("got\n%s\nwant\n%s", r.out, want)
	}
	head, _, _ := strings.Cut(r.out, "\n")
	bar := "+" + strings.Repeat("-", len(head)-2) + "+\n"
	note := "| Note: Only first 50 action executions are displayed. Use -n/--last flag for more results."
	note += strings.Repeat(" ", len(head)-len(note)-2) + " |\n"
	if r.errOut != bar+note+bar {
		t.Errorf("got note\n%swant\n%s", r.errOut, bar+note+bar)
	}
	got := a.requests()[0]
	for _, part := range []string{"limit=50", "parent=null", "sort_desc=True", "include_attributes=id,action.ref,context.user,status,start_timestamp,end_timestamp"} {
		if !strings.Contains(got, part) {
			t.Errorf("request %s is without %s", got, part)
		}
	}
}

func TestExecutionListFilters(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /executions": ok("[]")})
	s := newShell(t, a)
	s.run("execution list -n -1 -s asc --action core.local --status failed --user joe --trigger_instance i -tg 2026-01-01T00:00:00Z -tl 2027-01-01T00:00:00Z -l -a id status")
	got := a.requests()[0]
	want := "GET /executions?action=core.local&include_attributes=id,status&limit=-1&sort_asc=True&status=failed&timestamp_gt=2026-01-01T00%3A00%3A00Z&timestamp_lt=2027-01-01T00%3A00%3A00Z&trigger_instance=i&user=joe"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.want("execution list -j", "[]\n")
	s.want("execution list -a id", "+----+\n| id |\n+----+\n+----+\n")
}

func TestColorsOfStatuses(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /executions": ok("[" + execution(execID, "failed", "") + "]")})
	s := newShell(t, a)
	s.color = true
	if r := s.run("execution list -a id status"); !strings.Contains(r.out, "| \x1b[31mfailed (1s elapsed)\x1b[0m |") {
		t.Errorf("got %q", r.out)
	}
	if r := s.run("execution list -a id status -j"); strings.Contains(r.out, "\x1b") {
		t.Errorf("JSON is coloured: %q", r.out)
	}
}

func TestExecutionGet(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /executions/" + execID: ok(execution(execID, "succeeded", okResult)),
		"GET /executions/last": ok(execution(execID, "running", ""))})
	s := newShell(t, a)
	s.want("execution get last", `
id: 6b029ffee8de275a1f13c76d
action.ref: core.local
context.user: joe
parameters: 
  cmd: date
  password: '********'
status: running (257s elapsed)
start_timestamp: Sun, 22 Nov 2026 07:55:42 UTC
end_timestamp: 
log: 
  - status: requested
    timestamp: '2026-11-22T07:55:42.226000Z'
result: None
`)
	s.want("execution get "+execID+" --attr result.stdout status", "result.stdout: one\ntwo\nstatus: succeeded (1s elapsed)\n")
	r := s.run("execution get nope")
	if want := "Action Execution \"nope\" is not found.\n\nERROR: Resource nope not found.\n\n"; r.code != 1 || r.out != want {
		t.Errorf("got %d %q, want 1 %q", r.code, r.out, want)
	}
	if r := s.run("execution get nope nope2"); r.code != 0 || strings.Count(r.out, "is not found") != 2 {
		t.Errorf("got %d %q, want 0 and two lines", r.code, r.out)
	}
	a.set("GET /executions/"+execID, answer{403, `{"faultstring":"no"}`, nil})
	if r := s.run("execution get " + execID); r.code != 1 || !strings.Contains(r.out, "403 Client Error: Forbidden") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestTextFromOutsideDoesNotCommandTheTerminal(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /executions/last": ok(`{"id":"x","status":"\u001b]0;evil\u0007","result":{"stdout":"a\u001b[2Jb"}}`)})
	s := newShell(t, a)
	for _, line := range []string{"execution get last", "execution get last -d", "execution get last -y", "execution get last -j"} {
		if r := s.run(line); strings.ContainsAny(r.out, "\x1b\x07") {
			t.Errorf("%s: %q", line, r.out)
		}
	}
}

func TestCancelPauseResume(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"DELETE /executions/e1": ok(execution("e1", "canceling", "")),
		"DELETE /executions/e2": ok(`{"faultstring":"Action cannot be canceled. State = succeeded."}`),
		"PUT /executions/e1":    ok(execution("e1", "pausing", "")),
		"PUT /executions/e2":    {400, `{"faultstring":"it is not in a running state."}`, nil},
	})
	s := newShell(t, a)
	s.want("execution cancel e1 e2 e3", "action execution with id e1 canceled.\nAction cannot be canceled. State = succeeded.\nResource /executions/e3 not found\n")
	a.requests()
	if r := s.run("execution pause e1"); r.code != 0 || !strings.Contains(r.out, "status: pausing\n") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.run("execution resume e1")
	if got := a.requests(); got[0] != `PUT /executions/e1 {"status":"pausing"}` || got[1] != `PUT /executions/e1 {"status":"resuming"}` {
		t.Errorf("got %q", got)
	}
	if r := s.run("execution pause e2"); r.code != 1 || !strings.Contains(r.out, "MESSAGE: it is not in a running state.") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

const aRule = `{"id":"6b02a3cb1d522193506b0001","ref":"p.r","uid":"rule:p:r","name":"r","pack":"p","description":"A rule.","enabled":true,
	"trigger":{"type":"core.st2.webhook","ref":"core.x","parameters":{}},"criteria":{},"action":{"ref":"core.local"},"tags":["a","b"]}`

func ruleAPI(t *testing.T) *api {
	return newAPI(t, map[string]answer{
		"GET /rules": ok("[" + aRule + "]"), "GET /rules/p.r": ok(aRule),
		"PUT /rules/6b02a3cb1d522193506b0001":    ok(aRule),
		"DELETE /rules/6b02a3cb1d522193506b0001": {status: 204},
		"POST /rules":                            {201, aRule, nil},
	})
}

func TestRules(t *testing.T) {
	a := ruleAPI(t)
	s := newShell(t, a)
	s.want("rule list", `
+-----+------+-------------+---------+
| ref | pack | description | enabled |
+-----+------+-------------+---------+
| p.r | p    | A rule.     | True    |
+-----+------+-------------+---------+
`)
	s.want("rule list --iftt --enabled -p p -c core.local -g core.x", `
+-----+-------------+------------+---------+
| ref | trigger.ref | action.ref | enabled |
+-----+-------------+------------+---------+
| p.r | core.x      | core.local | True    |
+-----+-------------+------------+---------+
`)
	if got, want := a.requests()[1], "GET /rules?action=core.local&enabled=True&include_attributes=ref,trigger.ref,action.ref,enabled&limit=50&pack=p&trigger=core.x"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.want("rule get p.r", `
+-------------+---------------------------------+
| Property    | Value                           |
+-------------+---------------------------------+
| id          | 6b02a3cb1d522193506b0001        |
| uid         | rule:p:r                        |
| ref         | p.r                             |
| pack        | p                               |
| name        | r                               |
| description | A rule.                         |
| enabled     | True                            |
| action      | {                               |
|             |     "ref": "core.local"         |
|             | }                               |
| criteria    |                                 |
| tags        | [                               |
|             |     "a",                        |
|             |     "b"                         |
|             | ]                               |
| trigger     | {                               |
|             |     "type": "core.st2.webhook", |
|             |     "ref": "core.x",            |
|             |     "parameters": {}            |
|             | }                               |
+-------------+---------------------------------+
`)
}

func TestChangingRules(t *testing.T) {
	a := ruleAPI(t)
	s := newShell(t, a)
	if r := s.run("rule disable p.r"); r.code != 0 {
		t.Fatalf("got %d %q", r.code, r.out)
	}
	got := a.requests()
	if !strings.HasPrefix(got[1], "PUT /rules/6b02a3cb1d522193506b0001 {") || strings.Contains(got[1], `"ref":"p.r"`) || !strings.Contains(got[1], `"enabled":false`) {
		t.Errorf("got %s, want the whole rule without ref, disabled", got[1])
	}
	s.want("rule delete p.r", "Resource with id \"p.r\" has been successfully deleted.\n")
	path := s.file("rule.yaml", "name: new\npack: p\n")
	s.run("rule create " + path)
	s.run("rule update p.r " + path)
	got = a.requests()
	if want := `POST /rules {"name":"new","pack":"p"}`; got[2] != want {
		t.Errorf("got %s, want %s", got[2], want)
	}
	if want := `PUT /rules/6b02a3cb1d522193506b0001 {"name":"new","pack":"p","id":"6b02a3cb1d522193506b0001"}`; got[4] != want {
		t.Errorf("got %s, want %s", got[4], want)
	}
	for _, c := range []struct {
		line string
		code int
		want string
	}{
		{"rule delete nope", 2, "Rule \"nope\" is not found.\n\n"},
		{"rule create /no.js", 2, "ERROR: File \"/no.js\" does not exist.\n\n"},
		{"rule enable nope", 1, "ERROR: Resource with id or reference \"nope\" doesn't exist.\n\n"},
	} {
		if r := s.run(c.line); r.code != c.code || r.out != c.want {
			t.Errorf("%s: got %d %q, want %d %q", c.line, r.code, r.out, c.code, c.want)
		}
	}
	a.set("POST /rules", answer{409, `{"faultstring":"Tried to save duplicate unique keys","conflict-id":"x"}`, nil})
	if r := s.run("rule create " + path); r.code != 2 || !strings.Contains(r.out, "ERROR: 409 Client Error: Conflict\nMESSAGE: Tried to save") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestActionDelete(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions/p.a": ok(`{"id":"a1","ref":"p.a"}`), "DELETE /actions/a1": {status: 204}})
	s := newShell(t, a)
	s.want("action delete p.a -r", "Resource with id \"p.a\" has been successfully deleted.\n")
	if got, want := a.requests()[1], `DELETE /actions/a1 {"remove_files":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.want("action delete nope", "Action \"nope\" is not found.\n\n")
}

func TestActionClone(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions/p.a": ok(`{"id":"a1","ref":"p.a"}`), "GET /actions/q.b": ok(`{"id":"a2","ref":"q.b"}`),
		"POST /actions/p.a/clone": {201, `{"id":"a3","ref":"q.b"}`, nil}})
	s := newShell(t, a)
	s.stdin = "n\n"
	if r := s.run("action clone p.a q b"); r.code != 1 || !strings.Contains(r.errOut, "Do you want to overwrite? (y/n)") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.stdin = "y\n"
	a.requests()
	s.run("action clone p.a q b")
	if got, want := a.requests()[2], `POST /actions/p.a/clone {"dest_pack":"q","dest_action":"b","overwrite":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeys(t *testing.T) {
	key := `{"name":"foo","value":"bar","secret":false,"encrypted":false,"scope":"st2kv.system"}`
	a := newAPI(t, map[string]answer{"GET /keys": ok("[" + key + "]"), "GET /keys/foo": ok(key), "PUT /keys/foo": ok(key),
		"DELETE /keys/foo": {status: 204}})
	s := newShell(t, a)
	for line, want := range map[string]string{
		"key list --prefix f -u joe":      "GET /keys?decrypt=false&limit=50&prefix=f&scope=all&user=joe",
		"key get foo -d -s user":          "GET /keys/foo?decrypt=true&scope=user",
		"key set foo bar -e -l 5 -u joe":  `PUT /keys/foo {"name":"foo","value":"bar","scope":"system","user":"joe","secret":true,"ttl":5}`,
		"key set foo -5 --encrypted":      `PUT /keys/foo {"name":"foo","value":"-5","scope":"system","user":null,"encrypted":true}`,
		"key delete foo -s user -u joe":   "DELETE /keys/foo?scope=user&user=joe",
		"key delete_by_prefix --prefix f": "GET /keys?prefix=f",
	} {
		r := s.run(line)
		if got := a.requests(); r.code != 0 || got[0] != want {
			t.Errorf("%s: got %d %s, want %s", line, r.code, got, want)
		}
	}
	s.want("key get foo", `
+------------------+--------------+
| Property         | Value        |
+------------------+--------------+
| name             | foo          |
| value            | bar          |
| secret           | False        |
| encrypted        | False        |
| scope            | st2kv.system |
| expire_timestamp |              |
+------------------+--------------+
`)
	s.stdin = "from stdin\nmore"
	a.requests()
	s.run("key set foo")
	if got := a.requests()[0]; !strings.Contains(got, `"value":"from stdin"`) {
		t.Errorf("got %s", got)
	}
	if r := s.run("key set foo bar -e --encrypted"); r.code != 2 {
		t.Errorf("got %d, want 2", r.code)
	}
	if r := s.run("key delete nope"); r.code != 2 || r.out != "Key Value Pair \"nope\" is not found.\n\n" {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestKeyLoad(t *testing.T) {
	a := newAPI(t, map[string]answer{"PUT /keys/a": ok(`{"name":"a","value":"1"}`), "PUT /keys/b": ok(`{"name":"b","value":"2"}`)})
	s := newShell(t, a)
	path := s.file("keys.yaml", "- name: a\n  value: text\n- name: b\n  value: {x: [1, true]}\n  secret: true\n")
	if r := s.run("key load " + path); r.code != 1 || !strings.Contains(r.out, `Value for key "b" is not a string.`) || len(a.requests()) != 0 {
		t.Errorf("got %d %q, want a refusal before anything is sent", r.code, r.out)
	}
	s.run("key load -c " + path)
	want := []string{`PUT /keys/a {"name":"a","value":"text","scope":"system"}`, `PUT /keys/b {"name":"b","value":"{\"x\": [1, true]}","secret":true,"scope":"system"}`}
	if got := a.requests(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAPIKeys(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"POST /apikeys":   {201, `{"id":"k1","key":"THE-KEY","user":"joe","metadata":{}}`, nil},
		"GET /apikeys":    ok(`[{"id":"k1","user":"joe","metadata":{"used_by":"x"},"enabled":true}]`),
		"PUT /apikeys/k1": {404, `{"faultstring":"no"}`, nil},
	})
	s := newShell(t, a)
	s.want("apikey create -k -u joe -m {\"used_by\":\"ci\"}", "THE-KEY\n")
	if got, want := a.requests()[0], `POST /apikeys {"user":"joe","metadata":{"used_by":"ci"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.want("apikey list", "+----+------+------------------+\n| id | user | metadata         |\n+----+------+------------------+\n| k1 | joe  | {'used_by': 'x'} |\n+----+------+------------------+\n")
	if r := s.run("apikey create -m {"); r.code != 2 || !strings.Contains(r.errOut, "argument -m/--metadata: not valid JSON") {
		t.Errorf("got %d %q", r.code, r.errOut)
	}
	if r := s.run("apikey get nope"); r.code != 1 || !strings.HasPrefix(r.out, "API Key \"nope\" is not found.\n") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	path := s.file("k.json", `{"id":"k1","key_hash":"h"}`)
	a.requests()
	s.run("apikey load " + path)
	if got := a.requests(); len(got) != 2 || !strings.HasPrefix(got[1], "POST /apikeys") {
		t.Errorf("got %q, want PUT and then POST", got)
	}
}

func TestPacks(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"POST /packs/register":       ok(`{"actions":5,"rules":1}`),
		"POST /_gale/packs/register": ok(`{"actions":2}`),
		"POST /packs/index/search":   ok(`[]`),
	})
	s := newShell(t, a)
	s.want("pack register core --types action rule", "+----------+-------+\n| Property | Value |\n+----------+-------+\n| actions  | 5     |\n| rules    | 1     |\n+----------+-------+\n")
	dir := strings.TrimSuffix(s.file("mine/pack.yaml", "ref: mine\n"), "/pack.yaml")
	s.want("pack register core "+dir, "+----------+-------+\n| Property | Value |\n+----------+-------+\n| actions  | 7     |\n| rules    | 1     |\n+----------+-------+\n")
	want := []string{
		`POST /packs/register {"packs":["core"],"types":["action","rule"]}`,
		fmt.Sprintf(`POST /_gale/packs/register {"path":%q}`, dir), `POST /packs/register {"packs":["core"]}`,
	}
	if got := a.requests(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if r := s.run("pack register " + s.home); r.code != 1 || !strings.Contains(r.out, "has no pack.yaml") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.want("pack show nope", nothingFound+"\n")
}

func TestPackInstallShowsTasksAndPacks(t *testing.T) {
	root := `{"id":"i1","status":"succeeded","action":{"runner_type":"orquesta"},"result":{"output":{"packs_list":["aws"],"warning_list":["mind the gap"]}}}`
	child := `[{"id":"c1","parent":"i1","status":"succeeded","context":{"orquesta":{"task_name":"download"}}}]`
	a := newAPI(t, map[string]answer{
		"POST /packs/index/search": ok(`{"name":"aws","content":{"actions":{"count":9}}}`),
		"POST /packs/install":      {202, `{"execution_id":"i1"}`, nil},
		"GET /executions/i1":       ok(root), "GET /executions/i1/children": ok(child),
		"GET /packs/aws": ok(`{"name":"aws","version":"1.0.0","description":"AWS"}`),
	})
	s := newShell(t, a)
	r := s.run("pack install aws --force")
	for _, want := range []string{"actions   |  9\n", "\t[succeeded] download\n", "| version     | 1.0.0 |", "mind the gap\n"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("exit code %d, got\n%s\nwithout %q", r.code, r.out, want)
		}
	}
	a.set("GET /executions/i1", ok(strings.Replace(root, "succeeded", "failed", 1)))
	if r := s.run("pack install aws"); r.code != 1 {
		t.Errorf("a failed installation: exit code %d", r.code)
	}
}

func TestTriggers(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /triggertypes":                 ok(`[{"ref":"core.st2.webhook","pack":"core","description":"Webhook"}]`),
		"GET /triggers":                     ok(`[{"id":"1","type":"core.st2.webhook","parameters":{"url":"s"}},{"id":"2","type":"other.x"}]`),
		"GET /triggerinstances":             ok(`[{"id":"i2","trigger":"core.x","occurrence_time":"2026-11-22T07:55:42.226000Z","status":"processed"},{"id":"i1"}]`),
		"POST /triggerinstances/i1/re_emit": ok(`{"message":"Trigger instance i1 succesfully re-sent."}`),
		"GET /ruleenforcements":             ok(`[{"id":"e1","rule":{"ref":"p.r"},"enforced_at":"2026-11-22T07:55:42.226000Z"}]`),
	})
	s := newShell(t, a)
	s.want("trigger list -j", "[\n    {\n        \"description\": \"Webhook\",\n        \"pack\": \"core\",\n        \"ref\": \"core.st2.webhook\"\n    }\n]\n")
	if r := s.run("trigger getspecs core.st2.webhook"); strings.Contains(r.out, "other.x") || !strings.Contains(r.out, "{'url': 's'}") {
		t.Errorf("got\n%s", r.out)
	}
	a.requests()
	s.want("trigger-instance re-emit i1", "Trigger instance i1 succesfully re-sent.\n")
	if got, want := a.requests()[0], "POST /triggerinstances/i1/re_emit null"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r := s.run("trigger-instance list --trigger core.x --status processed -n 2")
	if i1, i2 := strings.Index(r.out, "| i1 "), strings.Index(r.out, "| i2 "); i1 < 0 || i1 > i2 {
		t.Errorf("not oldest first:\n%s", r.out)
	}
	s.run("rule-enforcement list --rule p.r -tg T")
	if got, want := a.requests()[1], "GET /ruleenforcements?enforced_at_gt=T&limit=50&rule_ref=p.r"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWebhooks(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /webhooks":             ok(`[{"type":"core.st2.webhook","pack":"core","parameters":{"url":"a/b"},"description":"d"}]`),
		"POST /webhooks/deploy/now": {202, `{"x":1}`, nil},
	})
	s := newShell(t, a)
	s.want("webhook list", "+-----+------------------+-------------+\n| url | type             | description |\n+-----+------------------+-------------+\n| a/b | core.st2.webhook | d           |\n+-----+------------------+-------------+\n")
	s.want(`webhook post deploy/now {"x":1} --trace-tag T`, "Accepted.\n")
	if got := a.heads[len(a.heads)-1].Get("St2-Trace-Tag"); got != "T" {
		t.Errorf("got trace tag %q", got)
	}
	if r := s.run("webhook post deploy/now {"); r.code != 1 || !strings.Contains(r.out, "the body is not valid JSON") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestRunnersAreSwitchedByName(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /runnertypes": ok(localRunner), "PUT /runnertypes/r1": ok(`{"id":"r1"}`)})
	newShell(t, a).run("runner disable local-shell-cmd")
	got := a.requests()
	if got[0] != "GET /runnertypes?name=local-shell-cmd" || !strings.Contains(got[1], `"enabled":false`) {
		t.Errorf("got %q", got)
	}
}

func TestNothingFound(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions": ok("[]")})
	s := newShell(t, a)
	s.want("action list", "No matching items found\n")
	s.want("action list -j", "No matching items found\n")
}

func TestColumnWidths(t *testing.T) {
	rows := [][]string{{execID, "", "", "", "", ""}}
	tests := []struct {
		name  string
		attrs []string
		total int
		want  []int
	}{
		{"an equal share", []string{"ref", "pack", "description"}, 90, []int{30, 30, 30}},
		{"an id takes what it needs", []string{"id", "a", "b"}, 80, []int{26, 18, 18}},
		{"the last column pays for the status", executionColumns, 120, []int{26, 15, 15, 24, 15, 6}},
		{"never below five", executionColumns, 40, []int{26, 5, 5, 24, 5, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := columnWidths(tt.attrs, rows, tt.total); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestProjection(t *testing.T) {
	v, err := py.DecodeJSON([]byte(`{"id":"1","action":{"ref":"a.b","name":"b"},"result":{"x":{"y":1,"z":2}},"a.b":7}`))
	if err != nil {
		t.Fatal(err)
	}
	d := object(v)
	got, _ := py.AppendJSON(nil, view{attrs: []string{"id", "action.ref", "result.x.y", "a.b", "nope", "id.x"}}.project(d))
	if want := `{"id":"1","action":{"ref":"a.b"},"result":{"x":{"y":1}},"a":{"b":7}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if client.ID(d) != "1" || client.String(client.Dict(d, "action"), "name") != "b" {
		t.Error("the resource itself was changed")
	}
}
