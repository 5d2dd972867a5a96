package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

func TestPacks(t *testing.T) {
	s := newSite(t)
	d := s.call("GET", "/api/v1/packs/lab", nil).is(200).object()
	for path, want := range map[string]any{"ref": "lab", "version": "1.2.3", "keywords": []any{"test"}, "contributors": []any{},
		"python_versions": []any{}, "path": filepath.Join(s.packs, "lab")} {
		s.want(d, path, want)
	}
	s.want(s.call("GET", "/api/v1/packs/"+text(d, "id"), nil).is(200).object(), "ref", "lab")
	s.call("GET", "/api/v1/packs/nope", nil).fault(404, `Resource with a ref or id "nope" not found`)
	list := s.call("GET", "/api/v1/packs?include_attributes=name,description", nil).is(200)
	if got := list.Header().Get("X-Total-Count"); got != "4" {
		t.Errorf("X-Total-Count is %s, want 4", got)
	}
}

func TestRegister(t *testing.T) {
	s := newSite(t)
	d := s.call("POST", "/api/v1/packs/register", `{"packs": ["lab"]}`).is(200).object()
	if got := strings.Join(keys(d), " "); got != "runners rule_types policy_types triggers sensors actions rules aliases policies configs" {
		t.Errorf("counts are of %s", got)
	}
	for kind, want := range map[string]int64{"rule_types": 2, "policy_types": 1, "triggers": 2, "sensors": 1, "actions": 3, "rules": 1, "aliases": 1, "policies": 1, "configs": 0} {
		s.want(d, kind, want)
	}
	d = s.call("POST", "/api/v1/packs/register", `{"packs": ["lab", "vault"], "types": ["action", "policies"]}`).is(200).object()
	if got := strings.Join(keys(d), " "); got != "runners policy_types actions policies" {
		t.Errorf("counts are of %s, want what was asked for and what it needs", got)
	}
	s.want(d, "actions", int64(4))
	s.call("POST", "/api/v1/packs/register", "{}").is(200)
	s.call("POST", "/api/v1/packs/register", `{"packs": ["nope"]}`).refused(400, `Pack "nope" not found on disk`)
	s.call("POST", "/api/v1/packs/register", `{"packs": ["../lab"]}`).refused(400, "is not the name of a pack")
	s.call("POST", "/api/v1/packs/register", `{"types": ["bogus"]}`).refused(400, "bogus")
}

func TestABrokenPackIsRefusedWithEveryProblem(t *testing.T) {
	s := newSite(t)
	dir := filepath.Join(s.TempDir(), "broken")
	s.must(os.CopyFS(dir, os.DirFS("testdata/lab")))
	for name, text := range map[string]string{
		"pack.yaml":          "ref: broken\nname: broken\ndescription: x\nversion: 1.0.0\nauthor: x\nemail: ''\n",
		"actions/login.yaml": "name: login\nrunner_type: bogus\n",
		"rules/bad.yaml":     "name: bad\ntrigger:\n  type: broken.alarm\naction:\n  reference: a.b\n",
	} {
		s.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	a := s.call("POST", "/api/v1/_gale/packs/register", py.DictOf("path", dir))
	a.refused(400, "actions/login.yaml:2: runner_type: ")
	a.refused(400, "rules/bad.yaml:")
	s.call("GET", "/api/v1/packs/broken", nil).refused(404, "not found")

	counts := s.call("POST", "/api/v1/_gale/packs/register", py.DictOf("path", dir, "fail_on_failure", false)).is(200).object()
	s.want(counts, "actions", int64(2))
	s.call("GET", "/api/v1/actions/broken.greet", nil).is(200)
	s.as(joe, "POST", "/api/v1/_gale/packs/register", py.DictOf("path", dir)).refused(403, "Administrator access required")
	s.call("POST", "/api/v1/_gale/packs/register", `{"path": "lab"}`).refused(400, "not an absolute path")
	s.call("POST", "/api/v1/_gale/packs/register", `{"path": "/nowhere/at/all"}`).refused(400, "")
	s.call("POST", "/api/v1/_gale/packs/register", `{"path": "/tmp", "kinds": 1}`).refused(400, "Additional properties")
}

func TestConfigs(t *testing.T) {
	s := newSite(t)
	s.call("GET", "/api/v1/configs/lab", nil).fault(404, `Unable to identify resource with pack_ref "lab".`)
	values := py.DictOf("region", "ams", "api_key", "config-secret-1", "endpoints", []any{py.DictOf("url", "u", "password", "config-secret-2")})
	d := s.call("PUT", "/api/v1/configs/lab", values).is(200).object()
	s.want(d, "pack", "lab")
	s.want(d, "values.region", "ams")
	s.want(d, "values.api_key", "********")
	s.want(at(d, "values.endpoints").([]any)[0], "password", "********")
	shown := s.call("GET", "/api/v1/configs/lab", nil).is(200).object()
	s.want(shown, "values.api_key", "********")
	s.want(s.call("GET", "/api/v1/configs?show_secrets=true", nil).list()[0], "values.api_key", "config-secret-1")
	s.want(s.as(joe, "GET", "/api/v1/configs/lab?show_secrets=true", nil).object(), "values.api_key", "********")

	back := at(shown, "values").(*py.Dict)
	back.Set("region", "fra")
	s.want(s.call("PUT", "/api/v1/configs/lab?show_secrets=true", back).is(200).object(), "values.api_key", "config-secret-1")
	file := filepath.Join(s.service.Places.Configs, "lab.yaml")
	text, err := os.ReadFile(file)
	s.must(err)
	if !strings.Contains(string(text), "region: fra") || !strings.Contains(string(text), "api_key: config-secret-1") || !strings.Contains(string(text), "config-secret-2") {
		t.Errorf("the file holds\n%s\nwant the values in clear", text)
	}
	info, err := os.Stat(file)
	s.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %s, want it for its owner only", info.Mode())
	}
	s.want(s.call("POST", "/api/v1/packs/register", `{"packs": ["lab"], "types": ["config"]}`).is(200).object(), "configs", int64(1))
	s.want(s.call("GET", "/api/v1/configs/lab?show_secrets=true", nil).object(), "values.api_key", "config-secret-1")

	s.call("PUT", "/api/v1/configs/lab", `{"api_key": "x"}`).refused(400, `Failed validating attribute "region" in config for pack "lab"`)
	s.call("PUT", "/api/v1/configs/vault", `{}`).fault(404, "Unable to find the ConfigSchemaDB instance. {'pack': 'vault'}")
	s.call("PUT", "/api/v1/configs/lab", `[]`).refused(400, "")
	s.want(s.call("GET", "/api/v1/config_schemas/lab", nil).is(200).object(), "attributes.api_key.secret", true)
	s.call("GET", "/api/v1/config_schemas/vault", nil).refused(404, "vault")
	schemas := s.call("GET", "/api/v1/config_schemas?name=lab,vault", nil).is(200).list()
	if len(schemas) != 1 || at(schemas[0], "pack") != "lab" || at(schemas[0], "attributes.region") == nil {
		t.Errorf("config schemas are %s, want that of lab", py.Repr(schemas))
	}
	s.nowhere("config-secret-1", "config-secret-2")
}
