package api_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func TestAnActionIsMadeWithItsFiles(t *testing.T) {
	s := newSite(t)
	body := py.DictOf("name", "dance", "pack", "lab", "runner_type", "local-shell-script", "entry_point", "deep/dance.sh",
		"metadata_file", "actions/dance.yaml", "parameters", py.DictOf("tune", py.DictOf("type", "string", "secret", true, "default", "secret-tune-1")),
		"data_files", []any{
			py.DictOf("file_path", "deep/dance.sh", "content", "#!/bin/sh\necho dance\n"),
			py.DictOf("file_path", "actions/dance.yaml", "content", "name: dance\n"),
		})
	d := s.call("POST", "/api/v1/actions", body).is(201).object()
	for path, want := range map[string]any{
		"ref": "lab.dance", "uid": "action:lab:dance", "enabled": true, "entry_point": "deep/dance.sh", "metadata_file": "actions/dance.yaml",
		"notify": py.NewDict(0), "output_schema": py.NewDict(0), "tags": []any{}, "parameters.tune.default": "********", "data_files": nil,
	} {
		s.want(d, path, want)
	}
	file := filepath.Join(s.packs, "lab", "actions", "deep", "dance.sh")
	content, err := os.ReadFile(file)
	s.must(err)
	info, err := os.Stat(file)
	s.must(err)
	if string(content) != "#!/bin/sh\necho dance\n" || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the script is %q with mode %s, want what was sent, executable", content, info.Mode())
	}
	if files := at(s.call("GET", "/api/v1/packs/lab", nil).object(), "files"); !slices.Contains(files.([]any), "actions/deep/dance.sh") {
		t.Errorf("the pack's files do not list the new one: %v", files)
	}
	written := 0
	for _, inst := range s.instances() {
		if inst.Trigger == "core.st2.action.file_written" && text(inst.Payload, "ref") == "lab.dance" {
			written++
		}
	}
	if written != 2 {
		t.Errorf("%d events tell of written files, want 2", written)
	}
	a := s.call("GET", "/api/v1/actions/views/entry_point/lab.dance", nil).is(200)
	if a.Body.String() != string(content) || a.Header().Get("Content-Type") != "application/x-sh" {
		t.Errorf("entry point is %q as %s", a.Body, a.Header().Get("Content-Type"))
	}

	s.call("DELETE", "/api/v1/actions/lab.dance", `{"remove_files": true}`, "Content-Type", "").is(204)
	for _, f := range []string{file, filepath.Join(s.packs, "lab", "actions", "dance.yaml")} {
		if _, err := os.Stat(f); err == nil {
			t.Errorf("%s is still there after its action was deleted with its files", filepath.Base(f))
		}
	}
	var kinds []string
	for _, e := range s.events("action") {
		if strings.Contains(e, "lab.dance") {
			kinds = append(kinds, strings.Fields(e)[0])
		}
	}
	if !slices.Equal(kinds, []string{"create", "delete"}) {
		t.Errorf("events are %v, want create and delete", kinds)
	}
	s.nowhere("secret-tune-1")
}

func TestRefusedActions(t *testing.T) {
	s := newSite(t)
	s.must(os.Symlink("/tmp", filepath.Join(s.packs, "lab", "actions", "out")))
	file := func(path string) string {
		return `{"name": "n", "pack": "lab", "runner_type": "noop", "data_files": [{"file_path": "` + path + `", "content": "x"}]}`
	}
	tests := []struct {
		name, body, words string
		status            int
	}{
		{"the system pack", `{"name": "n", "pack": "core", "runner_type": "noop"}`, "Resources belonging to system level packs can't be manipulated", 400},
		{"an unknown runner", `{"name": "n", "pack": "lab", "runner_type": "nope"}`, "RunnerType nope is not found.", 400},
		{"an unknown pack", `{"name": "n", "pack": "nope", "runner_type": "noop"}`, `Content pack "nope" is not found or doesn't contain actions directory.`, 400},
		{"a name that is taken", `{"name": "login", "pack": "lab", "runner_type": "noop"}`, "lab.login", 409},
		{"no name", `{"runner_type": "noop"}`, "'name' is a required property", 400},
		{"an unknown key", `{"name": "n", "runner_type": "noop", "foo": 1}`, "Additional properties are not allowed ('foo' was unexpected)", 400},
		{"a bad parameter", `{"name": "n", "pack": "lab", "runner_type": "noop", "parameters": {"a": {"type": "text"}}}`, "text", 400},
		{"a change of the runner's parameter", `{"name": "n", "pack": "lab", "runner_type": "local-shell-cmd", "parameters": {"cmd": {"type": "integer"}}}`, "cmd", 400},
		{"an entry point outside", `{"name": "n", "pack": "lab", "runner_type": "noop", "entry_point": "../../x"}`, "not a plain path", 400},
		{"a file outside", file("../../../etc/x"), "Invalid file path: ", 400},
		{"a file at an absolute path", file("/etc/x"), "Invalid file path: ", 400},
		{"a file behind a link", file("out/gale-api-test"), "Invalid file path: ", 400},
		{"a file without a name", file(""), "Invalid file path: ", 400},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) { s.call("POST", "/api/v1/actions", test.body).refused(test.status, test.words) })
	}
	if _, err := os.Stat("/tmp/gale-api-test"); err == nil {
		t.Error("a file was written outside of the pack")
	}
	s.call("DELETE", "/api/v1/actions/core.local", nil).refused(400, "system level packs")
	s.call("DELETE", "/api/v1/actions/lab.nope", nil).refused(404, "not found")
	s.call("DELETE", "/api/v1/actions/lab.login", `{"remove": true}`).refused(400, "Additional properties")
}

func TestAWholeActionCanBeSentBack(t *testing.T) {
	s := newSite(t)
	d := s.call("GET", "/api/v1/actions/vault.login", nil).is(200).object()
	s.want(d, "parameters.pin.default", "********")
	d.Set("enabled", false)
	d.Set("description", "Changed.")
	d.Set("name", "logon")
	got := s.call("PUT", "/api/v1/actions/"+text(d, "id"), d).is(200).object()
	s.want(got, "ref", "vault.logon")
	s.want(got, "id", text(d, "id"))
	s.want(got, "enabled", false)
	s.want(got, "metadata_file", "")
	var a *gale.Action
	s.view(func(tx *store.Tx) (err error) {
		a, err = store.Actions.By(tx, "ref", "vault.logon")
		return err
	})
	if !a.Pinned {
		t.Error("an action that was disabled by hand is not pinned")
	}
	got.Set("enabled", true)
	s.call("PUT", "/api/v1/actions/vault.logon", got).is(200)
	id := s.run("vault.logon", py.DictOf("host", "h", "password", "x"))
	s.finish(id, gale.Succeeded, py.DictOf("stdout", "pin default-pin-4711"))
	s.want(s.call("GET", "/api/v1/executions/"+id, nil).object(), "result.stdout", "pin ********")
	s.nowhere("default-pin-4711")
	s.call("PUT", "/api/v1/actions/vault.logon", `{"name": "login", "pack": "lab", "runner_type": "noop"}`).refused(409, "lab.login")
	s.call("PUT", "/api/v1/actions/vault.logon", `{"name": "x", "pack": "core", "runner_type": "noop"}`).refused(400, "system level packs")
	s.call("PUT", "/api/v1/actions/vault.nope", got).refused(404, "not found")
}

func TestViewsOfActions(t *testing.T) {
	s := newSite(t)
	own := s.call("GET", "/api/v1/actions/lab.login", nil).object()
	s.want(own, "parameters.timeout", nil)
	all := s.call("GET", "/api/v1/actions/views/parameters/lab.login", nil).is(200).object()
	if got := keys(all); !slices.Equal(got, []string{"parameters"}) {
		t.Errorf("parameters view has %v", got)
	}
	s.want(all, "parameters.timeout.type", "integer")
	s.want(all, "parameters.cmd.default", "echo {{ host }}")
	s.want(all, "parameters.cmd.type", "string")
	s.want(all, "parameters.pin.default", "********")
	s.want(s.call("GET", "/api/v1/actions/views/overview/lab.login", nil).object(), "parameters.timeout.type", "integer")
	list := s.call("GET", "/api/v1/actions/views/overview?pack=lab", nil).is(200)
	if got := list.Header().Get("X-Total-Count"); got != "3" {
		t.Errorf("X-Total-Count is %s, want 3 for the actions of lab", got)
	}
	s.want(s.call("GET", "/api/v1/actions?tags=kind", nil).list()[0], "ref", "lab.login")
	s.call("GET", "/api/v1/actions?include_attributes=bogus", nil).fault(400, "Invalid or unsupported include attribute specified: bogus")
	s.call("GET", "/api/v1/actions?exclude_attributes=name", nil).fault(400, "Invalid or unsupported exclude attribute specified: name")
	s.call("GET", "/api/v1/actions/views/entry_point/core.local", nil).fault(404, "Action ref_or_id=core.local has no entry_point to output")
	a := s.call("GET", "/api/v1/actions/views/entry_point/lab.token", nil).is(200)
	if a.Header().Get("Content-Type") != "text/x-python" {
		t.Errorf("Content-Type of a .py is %q", a.Header().Get("Content-Type"))
	}
	s.must(os.Remove(filepath.Join(s.packs, "lab", "actions", "token.py")))
	s.must(os.Symlink("/etc/passwd", filepath.Join(s.packs, "lab", "actions", "token.py")))
	s.call("GET", "/api/v1/actions/views/entry_point/lab.token", nil).refused(404, "not found")
}

func TestAliases(t *testing.T) {
	s := newSite(t)
	list := s.call("GET", "/v1/actionalias?limit=-1&offset=0", nil).is(200).list()
	if len(list) != 1 {
		t.Fatalf("got %d aliases, want 1", len(list))
	}
	s.want(list[0], "formats", []any{"log in to {{ host }}"})
	s.want(list[0], "ack", py.NewDict(0))
	s.want(s.call("GET", "/v1/actionalias/lab.login", nil).is(200).object(), "id", text(list[0], "id"))
	s.call("GET", "/v1/actionalias/lab.nope", nil).refused(404, "not found")
}

func TestRunnersSensorsAndPolicies(t *testing.T) {
	s := newSite(t)
	list := s.call("GET", "/api/v1/runnertypes/?name=local-shell-cmd", nil).is(200).list()
	if len(list) != 1 {
		t.Fatalf("got %d runners of one name, want 1", len(list))
	}
	s.want(s.call("PUT", "/api/v1/runnertypes/local-shell-cmd", `{"enabled": false, "name": "x", "other": 1}`).is(200).object(), "enabled", false)
	s.call("POST", "/api/v1/executions", `{"action": "core.local", "parameters": {"cmd": "x"}}`).refused(400, "disabled")
	s.call("GET", "/api/v1/runnertypes/nope", nil).fault(404, `Resource with a name or id "nope" not found`)

	sensor := s.call("GET", "/api/v1/sensortypes/lab.Smoke", nil).is(200).object()
	s.want(sensor, "trigger_types", []any{"lab.smoke"})
	s.want(sensor, "entry_point", "sensors.smoke.Smoke")
	sensor.Set("enabled", false)
	s.want(s.call("PUT", "/api/v1/sensortypes/lab.Smoke", sensor).is(200).object(), "enabled", false)
	s.want(s.call("PUT", "/api/v1/sensortypes/lab.Smoke", "{}").is(200).object(), "enabled", false)
	for query, want := range map[string]int{"?trigger=lab.smoke": 1, "?trigger=lab.smo": 0, "?enabled=true": 0, "?pack=lab&name=Smoke": 1} {
		if got := s.call("GET", "/api/v1/sensortypes"+query, nil).is(200).list(); len(got) != want {
			t.Errorf("sensortypes%s: got %d, want %d", query, len(got), want)
		}
	}
	s.call("POST", "/api/v1/packs/register", `{"packs": ["lab"]}`).is(200)
	s.want(s.call("GET", "/api/v1/sensortypes/lab.Smoke", nil).object(), "enabled", false)

	s.want(s.call("GET", "/api/v1/policytypes/action.concurrency", nil).is(200).object(), "resource_type", "action")
	s.call("GET", "/api/v1/policytypes/action.nope", nil).fault(404, `PolicyType with a reference of id "action.nope" not found.`)
	policy := s.call("POST", "/api/v1/policies", `{"name": "two", "pack": "lab", "resource_ref": "lab.greet", "policy_type": "action.concurrency", "parameters": {"threshold": 2}}`).is(201).object()
	s.want(policy, "parameters.action", "delay")
	s.want(policy, "enabled", true)
	s.call("POST", "/api/v1/policies", `{"name": "two", "pack": "lab", "resource_ref": "lab.greet", "policy_type": "action.concurrency", "parameters": {"threshold": 2}}`).refused(409, "lab.two")
	s.call("POST", "/api/v1/policies", `{"name": "x", "resource_ref": "lab", "policy_type": "action.concurrency"}`).fault(400, "Invalid reference: lab")
	s.call("POST", "/api/v1/policies", `{"name": "x", "resource_ref": "a.b", "policy_type": "action.nope"}`).fault(400, `Referenced policy_type "action.nope" doesnt exist`)
	s.call("POST", "/api/v1/policies", `{"name": "x", "resource_ref": "a.b", "policy_type": "action.concurrency", "parameters": {"threshold": "many"}}`).refused(400, "many")
	policy.Set("enabled", false)
	s.want(s.call("PUT", "/api/v1/policies/lab.two", policy).is(200).object(), "enabled", false)
	for query, want := range map[string]int{"?resource_ref=lab.greet": 1, "?policy_type=action.concurrency": 2, "?pack=lab&name=once": 1} {
		if got := s.call("GET", "/api/v1/policies"+query, nil).is(200).list(); len(got) != want {
			t.Errorf("policies%s: got %d, want %d", query, len(got), want)
		}
	}
	s.call("DELETE", "/api/v1/policies/lab.two", nil).is(204)
}
