package schema

import (
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func TestFilesOfPacks(t *testing.T) {
	const pack = `"name": "n", "description": "d", "author": "a"`
	for _, c := range []struct {
		check func(*py.Dict) []Problem
		doc   string
		want  string
	}{
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "extra": 1, "ref": "n_1"}`, ""},
		{CheckPack, `{` + pack + `, "version": "1.0.0-beta", "email": ""}`, ""},
		{CheckPack, `{` + pack + `, "version": 0.1, "email": "a@example.com"}`, `version: Pack version "0.1" doesn't follow a valid semver format. Valid versions and formats include: 0.1.0, 0.2.1, 1.1.0, etc.`},
		{CheckPack, `{` + pack + `, "version": "v1.0.0", "email": "a@example.com"}`, `version: Pack version "v1.0.0" doesn't follow`},
		{CheckPack, `{` + pack + `, "version": "1.0.0.0", "email": "a@example.com"}`, `version: Pack version "1.0.0.0" doesn't follow`},
		{CheckPack, `{` + pack + `, "version": "1.0.0-RC1", "email": "a@example.com"}`, `version: Pack version "1.0.0-RC1" doesn't follow`},
		{CheckPack, `{` + pack + `, "version": "1.0.0"}`, "email: 'email' is a required property"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "me@laptop"}`, "email: 'me@laptop' is not an e-mail address"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com, b@example.com"}`, "email: 'a@example.com, b@example.com' is not an e-mail address"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "ref": "x-1"}`, "ref: Pack ref / name can only contain valid word characters"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "ref": "_global"}`, `ref: The ref "_global" is reserved.`},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "keywords": "a,b"}`, "keywords: 'a,b' is not of type 'array', 'null'"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "python_versions": [3]}`, "python_versions.0: 3 is not of type 'string'"},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "stackstorm_version": ">= 3.0.0, <4.0.0"}`, ""},
		{CheckPack, `{` + pack + `, "version": "1.0.0", "email": "a@example.com", "stackstorm_version": "3"}`, "stackstorm_version: '3' does not match"},

		{CheckAction, `{"name": "a", "runner_type": "noop"}`, ""},
		{CheckAction, `{"name": "a"}`, "runner_type: 'runner_type' is a required property"},
		{CheckAction, `{"name": "a", "runner_type": "noop", "foo": 1}`, "Additional properties are not allowed ('foo' was unexpected)"},
		{CheckAction, `{"name": "a", "runner_type": "noop", "enabled": "yes"}`, "enabled: 'yes' is not of type 'boolean'"},
		{CheckAction, `{"name": "a", "runner_type": "noop", "parameters": {"a-b": {}}}`, `parameters.a-b: Parameter name "a-b" is invalid.`},
		{CheckAction, `{"name": "a", "runner_type": "noop", "parameters": {"x": {"type": "int"}}}`, "parameters.x.type: 'int' is not one of"},
		{CheckAction, `{"name": "a", "runner_type": "noop", "notify": {"on-complete": {"routes": ["r"], "x": 1}}}`, "notify.on-complete: Additional properties are not allowed ('x' was unexpected)"},
		{CheckAction, `{"name": "a", "runner_type": "noop", "output_schema": {"foo": {"type": "string"}}}`, ""},
		{CheckAction, `{"name": "a", "runner_type": "noop", "description": null, "tags": [{"name": "x", "value": "y", "z": 1}]}`, ""},

		{CheckRule, `{"name": "r", "trigger": {"type": "core.x", "more": 1}, "action": {"ref": "core.noop"}}`, ""},
		{CheckRule, `{"name": "r", "trigger": {"type": "core.x"}, "action": {"ref": "core.noop", "more": 1}}`, "action: Additional properties are not allowed ('more' was unexpected)"},
		{CheckRule, `{"name": "r", "action": {"ref": "core.noop"}}`, "trigger: 'trigger' is a required property"},
		{CheckRule, `{"name": "r", "trigger": {"type": "core.x"}, "action": {"ref": "core.noop"}, "type": {"parameters": {}}}`, "type.ref: 'ref' is a required property"},

		{CheckAlias, `{"name": "a", "action_ref": "core.noop", "formats": ["x", {"display": "d", "representation": ["r"], "match_multiple": true}]}`, ""},
		{CheckAlias, `{"name": "a", "action_ref": "core.noop", "formats": [{"display": "d", "representation": "r"}]}`, "formats.0: {'display': 'd', 'representation': 'r'} is not valid under any of the given schemas"},

		{CheckPolicy, `{"name": "p", "resource_ref": "a.b", "policy_type": "action.retry", "parameters": {"n": 1}}`, ""},
		{CheckPolicy, `{"name": "p", "resource_ref": "a.b", "policy_type": "action.retry", "parameters": {"n-1": 1}}`, "parameters: 'n-1' does not match any of the regexes: '^\\\\w+$'"},

		{CheckSensor, `{"class_name": "S", "entry_point": "s.py", "payload_info": [], "trigger_types": [{"name": "t", "old": 1}]}`, ""},
		{CheckSensor, `{"class_name": "S", "entry_point": "s.py", "poll_interval": 3}`, "poll_interval: 3 is less than the minimum of 4"},
		{CheckSensor, `{"class_name": "S", "entry_point": "s.py", "trigger_types": [{}]}`, "trigger_types.0.name: 'name' is a required property"},
		{CheckTriggerType, `{"name": "t", "payload_schema": {"type": "object", "properties": {"a": {"required": ["x"]}}}}`, "payload_schema.properties.a.required: ['x'] is not of type 'boolean'"},
		{CheckConfigSchema, `{"port": {"type": "integer"}, "m": {"type": "object", "patternProperties": {".": {"$ref": "#/properties/x"}}}}`, ""},
	} {
		got := ""
		if found := c.check(doc(t, c.doc)); len(found) > 0 {
			got = found[0].String()
		}
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.doc, got, c.want)
		}
	}
}

func TestConfigsAreCheckedAsWritten(t *testing.T) {
	attributes := doc(t, `{"hosts": {"type": "array", "items": {"type": "string"}, "default": ["h1"]}, "port": {"type": "integer"},
		"token": {"type": "string", "secret": true},
		"auth": {"type": "object", "required": true, "additionalProperties": false, "properties": {"port": {"type": "integer", "default": 22}}}}`)
	for _, c := range []struct{ values, want string }{
		{`{"auth": {}}`, ""},
		{`{"auth": {}, "extra": 1, "port": null}`, ""},
		{`{"auth": {"bogus": 1}}`, "auth: Additional properties are not allowed ('bogus' was unexpected)"},
		{`{"auth": {"port": "22"}}`, "auth.port: '22' is not of type 'integer'"},
		{`{"hosts": ["x"]}`, "auth: 'auth' is a required property"},
		{`{"auth": {}, "port": "{{ st2kv.system.port }}"}`, "port: '{{ st2kv.system.port }}' is not of type 'integer', 'null'"},
		{`{"auth": {}, "token": "{{ st2kv.system.t | decrypt_kv }}"}`, "token: values of secret attributes are decrypted automatically"},
	} {
		got := ""
		if found := CheckConfig(attributes, doc(t, c.values)); len(found) > 0 {
			got = found[0].String()
		}
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.values, got, c.want)
		}
	}
	err := ConfigError(CheckConfig(attributes, doc(t, `{}`)), "p", "p.yaml")
	if want := `Failed validating attribute "auth" in config for pack "p" (p.yaml): 'auth' is a required property`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBodiesOfRequests(t *testing.T) {
	for _, c := range []struct{ name, body, want, completed string }{
		{"Execution", `{"action": "core.local", "parameters": {"cmd": "date"}, "user": null, "junk": 1}`, "", ""},
		{"Execution", `{}`, "'action' is a required property", ""},
		{"Execution", `{"action": 1}`, "1 is not of type 'string'", ""},
		{"Execution", `[]`, "[] is not of type 'object'", ""},
		{"ExecutionUpdate", `{"status": "bogus"}`, `'bogus' is not one of [`, ""},
		{"ExecutionUpdate", `{"foo": "bogus"}`, "Additional properties are not allowed ('foo' was unexpected)", ""},
		{"Key", `{"name": "n", "value": "v", "user": null}`, "", `{'name': 'n', 'value': 'v', 'user': None, 'secret': False, 'encrypted': False}`},
		{"Key", `{"name": "n", "value": 5}`, "5 is not of type 'string'", ""},
		{"Token", `{"ttl": 0}`, "0 is less than the minimum of 1", ""},
		{"Token", `{"ttl": null}`, "", ""},
		{"APIKey", `{"user": "u", "created_at": "2026-11-22T07:43:44.722145Z"}`, "", ""},
		{"APIKey", `{"created_at": "yesterday"}`, `'yesterday' does not match`, ""},
		{"Rule", `{"name": "r", "trigger": {"type": "t.t"}, "action": {"ref": "a.b"}}`, "",
			`{'name': 'r', 'trigger': {'type': 't.t', 'parameters': {}}, 'action': {'ref': 'a.b'}, 'enabled': False, 'criteria': {}}`},
		{"Action", `{"name": "a", "runner_type": "noop", "data_files": [{"file_path": "a.py", "content": "x"}]}`, "", ""},
		{"Action", `{"name": "a", "runner_type": "noop", "parameters": {"a-b": {}}}`, `Parameter name "a-b" is invalid.`, ""},
	} {
		whole, err := ValidateBody(c.name, value(t, c.body))
		got := ""
		if err != nil {
			got = err.Error()
			if gale.KindOf(err) != gale.Invalid {
				t.Errorf("%s %s: kind is %v", c.name, c.body, gale.KindOf(err))
			}
		}
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: got %q, want %q", c.name, c.body, got, c.want)
		}
		if c.completed != "" && py.Repr(whole) != c.completed {
			t.Errorf("%s %s: completed as %s, want %s", c.name, c.body, py.Repr(whole), c.completed)
		}
	}
	for _, name := range Bodies() {
		if _, err := ValidateBody(name, "text"); err == nil || gale.KindOf(err) != gale.Invalid {
			t.Errorf("%s takes text: %v", name, err)
		}
	}
}
