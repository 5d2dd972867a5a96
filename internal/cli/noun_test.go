package cli

import (
	"strings"
	"testing"
)

const aTrace = `{"id":"t1","uid":"trace:1","trace_tag":"tag","start_timestamp":"2026-11-22T07:55:42.226000Z",
	"action_executions":[{"object_id":"e1","ref":"core.local","updated_at":"2026-11-22T07:55:45.000000Z","caused_by":{"type":"rule","id":"r1:i1"}},
		{"object_id":"e2","ref":"core.other","updated_at":"2026-11-22T07:55:46.000000Z","caused_by":{}}],
	"rules":[{"object_id":"r1","ref":"p.r","updated_at":"2026-11-22T07:55:44.000000Z","caused_by":{"type":"trigger_instance","id":"i1"}}],
	"trigger_instances":[{"object_id":"i1","ref":"core.x","updated_at":"2026-11-22T07:55:43.000000Z","caused_by":{}},
		{"object_id":"i2","ref":"core.y","updated_at":"2026-11-22T07:55:47.000000Z","caused_by":{"type":"action_execution","id":"e1"}}]}`

// refs returns the third column of the table that was printed.
func refs(out string) string {
	var got []string
	for l := range strings.Lines(out) {
		if cells := strings.Split(l, "|"); len(cells) == 6 && strings.TrimSpace(cells[1]) != "id" && strings.TrimSpace(cells[3]) != "" {
			got = append(got, strings.TrimSpace(cells[3]))
		}
	}
	return strings.Join(got, " ")
}

func TestTraces(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /traces/t1": ok(aTrace), "GET /traces": ok("[" + aTrace + "]")})
	s := newShell(t, a)
	for line, want := range map[string]string{
		"trace get t1":                    "core.x p.r core.local core.other core.y",
		"trace get t1 -e e1":              "core.x p.r core.local",
		"trace get t1 -r r1":              "core.x p.r",
		"trace get t1 -g i2":              "core.x p.r core.local core.y",
		"trace get t1 --show-executions":  "core.local core.other",
		"trace get t1 --show-rules":       "p.r",
		"trace get t1 -n":                 "core.x p.r core.local core.other",
		"trace get t1 -e nope":            "",
		"trace list --trace-tag tag -n 5": "core.x p.r core.local core.other core.y",
	} {
		r := s.run(line)
		if got := refs(r.out); got != want || r.code != 0 {
			t.Errorf("%s: got %d %q, want %q\n%s", line, r.code, got, want, r.out)
		}
		if !strings.HasPrefix(r.out, "id: t1\ntrace_tag: tag\nstart_timestamp: Sun, 22 Nov 2026 07:55:42 UTC\n") {
			t.Errorf("%s: got\n%s", line, r.out)
		}
	}
	if r := s.run("trace get t1 -e a -r b"); r.code != 2 {
		t.Errorf("two targets: got %d, want 2", r.code)
	}
}

func TestTracesInACircleEnd(t *testing.T) {
	all := []link{{kind: "rule", id: "a", by: "rule:b"}, {kind: "rule", id: "b", by: "rule:a"}}
	if got := leadingTo(all, "rule:a"); len(got) != 2 {
		t.Errorf("got %v, want both", got)
	}
}

func TestWorkflowInspect(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"POST /workflows/inspect":                           ok("[]"),
		"GET /actions/p.wf":                                 ok(`{"ref":"p.wf","pack":"p","entry_point":"workflows/wf.yaml"}`),
		"GET /packs/views/file/p/actions/workflows/wf.yaml": ok("version: 1.0\n"),
	})
	s := newShell(t, a)
	path := s.file("wf.yaml", "version: 1.0\n")
	for _, line := range []string{"workflow inspect --file " + path, "workflow inspect --action p.wf"} {
		s.want(line, "No errors found in workflow definition.\n")
		asked := a.requests()
		if got, want := asked[len(asked)-1], "POST /workflows/inspect version: 1.0\n"; got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
		if got := a.heads[len(a.heads)-1].Get("Content-Type"); got != "text/plain" {
			t.Errorf("%s: content type %q", line, got)
		}
	}
	a.set("POST /workflows/inspect", ok(`[{"type":"semantic","message":"The task \"x\" is not defined."}]`))
	s.want("workflow inspect --action p.wf", "-   message: The task \"x\" is not defined.\n    type: semantic\n")
}

func TestAliases(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"POST /actionalias/match":                ok(`{"actionalias":{"name":"al","description":"d"},"representation":"x"}`),
		"POST /aliasexecution/match_and_execute": {201, `{"results":[{"execution":{"id":"e1"},"actionalias":{"ref":"p.al"}}]}`, nil},
		"GET /executions/e1":                     ok(`{"id":"e1","status":"succeeded"}`),
		"POST /executions":                       {201, `{"id":"f1","status":"requested"}`, nil},
		"GET /executions/f1":                     ok(`{"id":"f1","status":"succeeded","result":{"result":{"message":"Done."}}}`),
	})
	s := newShell(t, a)
	if r := s.run("action-alias", "match", "run date"); !strings.Contains(r.out, "| al   | d           |") {
		t.Errorf("got %s", r.out)
	}
	r := s.run("action-alias", "execute", "run date", "-u", "joe")
	if want := "Matching Action-alias: 'p.al'\nTo get the results, execute:\n st2 execution get e1\n"; !strings.HasPrefix(r.out, want) {
		t.Errorf("got %q", r.out)
	}
	if got, want := a.requests()[1], `POST /aliasexecution/match_and_execute {"command":"run date","user":"joe","source_channel":"cli"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r := s.run("action-alias", "test", "run date"); r.code != 0 || !strings.Contains(r.out, "\nDone.\n") {
		t.Errorf("got %d %s", r.code, r.out)
	}
}

func TestServices(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /service_registry/groups":                ok(`{"groups":["api","stream"]}`),
		"GET /service_registry/groups/api/members":    ok(`{"members":[{"group_id":"api","member_id":"h_1","capabilities":{"pid":1}}]}`),
		"GET /service_registry/groups/stream/members": ok(`{"members":[]}`),
	})
	s := newShell(t, a)
	s.want("service-registry group list", "+----------+\n| group_id |\n+----------+\n| api      |\n| stream   |\n+----------+\n")
	s.want("service-registry member list -j", `
[
    {
        "capabilities": {
            "pid": 1
        },
        "group_id": "api",
        "member_id": "h_1"
    }
]
`)
}

func TestOtherLists(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /policies":              ok(`[{"ref":"p.x","resource_ref":"core.local","policy_type":"action.retry","enabled":true}]`),
		"GET /timers":                ok(`[{"id":"t","uid":"u","pack":"core","name":"n","type":"core.st2.CronTimer","parameters":{"hour":5}}]`),
		"GET /rbac/roles":            ok(`[{"id":"r","name":"admin","system":true,"description":"d"}]`),
		"GET /rbac/role_assignments": ok(`[]`),
		"GET /inquiries":             ok(`[{"id":"i","roles":["admin","ops"],"users":[],"route":"","ttl":1440}]`),
	})
	s := newShell(t, a)
	for line, want := range map[string]string{
		"policy list -r core.local -pt action.retry": "GET /policies?include_attributes=ref,resource_ref,policy_type,enabled&policy_type=action.retry&resource_ref=core.local",
		"timer list -ty core.st2.CronTimer":          "GET /timers?timer_type=core.st2.CronTimer",
		"role list -s":                               "GET /rbac/roles?system=True",
		"role-assignment list -u joe -r admin":       "GET /rbac/role_assignments?role=admin&user=joe",
		"inquiry list -n 5":                          "GET /inquiries?limit=5",
	} {
		r := s.run(line)
		if got := a.requests(); r.code != 0 || got[0] != want {
			t.Errorf("%s: got %d %q, want %s", line, r.code, got, want)
		}
	}
	if r := s.run("inquiry list"); !strings.Contains(r.out, "| admin, ops |") {
		t.Errorf("a list of words is shown as\n%s", r.out)
	}
}
