package schema

import (
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// doc reads JSON of a test.
func doc(t testing.TB, source string) *py.Dict {
	t.Helper()
	v, err := py.DecodeJSON([]byte(source))
	if err != nil {
		t.Fatalf("%v in %s", err, source)
	}
	d, _ := v.(*py.Dict)
	return d
}

func value(t testing.TB, source string) any {
	t.Helper()
	v, err := py.DecodeJSON([]byte(source))
	if err != nil {
		t.Fatalf("%v in %s", err, source)
	}
	return v
}

func TestTopLevelOfAParameterIsStrict(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{`{}`, ""},
		{`null`, "None is not of type 'object'"},
		{`{"foo": 1}`, "Additional properties are not allowed ('foo' was unexpected)"},
		{`{"$ref": "#/x"}`, "Additional properties are not allowed ('$ref' was unexpected)"},
		{`{"type": ["string", "null"]}`, "['string', 'null'] is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']"},
		{`{"type": "int"}`, "'int' is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']"},
		{`{"format": "date"}`, "Additional properties are not allowed ('format' was unexpected)"},
		{`{"required": null}`, "None is not of type 'boolean'"},
		{`{"required": ["a"]}`, "['a'] is not of type 'boolean'"},
		{`{"description": null}`, "None is not of type 'string'"},
		{`{"enum": []}`, "[] should be non-empty"},
		{`{"enum": [1, 1]}`, "[1, 1] has non-unique elements"},
		{`{"type": "integer", "default": "x"}`, ""},
		{`{"anyOf": [{"type": "string"}]}`, ""},
		{`{"exclusiveMinimum": true}`, "'minimum' is a dependency of 'exclusiveMinimum'"},
		{`{"position": -1}`, "-1 is less than the minimum of 0"},
		{`{"items": {"$ref": "#/x", "stray": 1, "type": ["string", "null"], "format": "date"}}`, ""},
		{`{"properties": {"a": {"roles": 1}}}`, ""},
		{`{"properties": {"a": {"required": ["b"]}}}`, "['b'] is not of type 'boolean'"},
	} {
		found := CheckParameters(py.DictOf("p", value(t, c.schema)))
		got := ""
		if len(found) > 0 {
			got = found[0].Message
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.schema, got, c.want)
		}
	}
}

func TestNamesOfParametersAreWords(t *testing.T) {
	for name, ok := range map[string]bool{"a": true, "a_1": true, "größe": true, "a-b": false, "a.b": false, "": false, "a b": false} {
		found := CheckParameters(py.DictOf(name, py.NewDict(0)))
		if (len(found) == 0) != ok {
			t.Errorf("%q: got %v, want accepted=%v", name, found, ok)
		}
		if !ok && !strings.Contains(found[0].Message, `Parameter name "`+name+`" is invalid`) {
			t.Errorf("%q: message %q does not name it", name, found[0].Message)
		}
	}
}

func TestRequestsAreChecked(t *testing.T) {
	runner := &gale.RunnerType{Parameters: doc(t, `{
		"cmd": {"type": "string"}, "sudo": {"type": "boolean", "default": false, "immutable": true},
		"timeout": {"type": "integer", "default": 60}, "password": {"type": "string", "secret": true, "default": null}}`)}
	action := &gale.Action{Parameters: doc(t, `{
		"hosts": {"type": "string", "required": true}, "cmd": {"required": true, "default": "date"},
		"mode": {"type": "string", "enum": ["a", "b"]}, "kind": {"type": "string", "enum": ["x", "y"], "default": "x"},
		"any": {}, "free": {"description": "no type"},
		"deep": {"type": "object", "properties": {"k": {"type": "string", "required": true}, "d": {"type": "integer", "default": 1}}},
		"either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
		"token": {"type": "integer", "secret": true}}`)}
	for _, c := range []struct{ name, values, want string }{
		{"all given", `{"hosts": "h", "cmd": "ls", "timeout": 5}`, ""},
		{"required without default is missing", `{}`, "'hosts' is a required property"},
		{"required without default is null", `{"hosts": null}`, `None is not of type 'string' (in "hosts")`},
		{"required with default is missing", `{"hosts": "h"}`, ""},
		{"required with default is null", `{"hosts": "h", "cmd": null}`, ""},
		{"unknown", `{"hosts": "h", "foo": 1}`, "Additional properties are not allowed ('foo' was unexpected)"},
		{"wrong type", `{"hosts": "h", "timeout": "x"}`, `'x' is not of type 'integer' (in "timeout")`},
		{"true is no integer", `{"hosts": "h", "timeout": true}`, `True is not of type 'integer' (in "timeout")`},
		{"1.0 is no integer", `{"hosts": "h", "timeout": 1.0}`, `1.0 is not of type 'integer' (in "timeout")`},
		{"null for an optional one", `{"hosts": "h", "password": null, "deep": null, "either": null, "any": null}`, ""},
		{"null for an enum without default", `{"hosts": "h", "mode": null}`, `None is not one of ['a', 'b'] (in "mode")`},
		{"null for an enum with default", `{"hosts": "h", "kind": null}`, ""},
		{"any type", `{"hosts": "h", "any": [1, {"a": 2}]}`, ""},
		{"no type", `{"hosts": "h", "free": 5}`, ""},
		{"nested required", `{"hosts": "h", "deep": {}}`, `'k' is a required property (in "deep.k")`},
		{"nested fits", `{"hosts": "h", "deep": {"k": "v"}}`, ""},
		{"none of several", `{"hosts": "h", "either": []}`, `[] is not valid under any of the given schemas (in "either")`},
		{"immutable", `{"hosts": "h", "sudo": true}`, "Override of immutable parameter(s) ['sudo'] is unsupported."},
		{"immutable of the wrong type: the schema comes first", `{"hosts": "h", "sudo": "x"}`, `'x' is not of type 'boolean' (in "sudo")`},
		{"a secret is not repeated", `{"hosts": "h", "token": "hunter2"}`, `'********' is not of type 'integer', 'null' (in "token")`},
	} {
		err := ValidateRequest(action, runner, doc(t, c.values))
		got := ""
		if err != nil {
			got = err.Error()
			if gale.KindOf(err) != gale.Invalid {
				t.Errorf("%s: kind is %v", c.name, gale.KindOf(err))
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWithoutDeclaredParametersEverythingIsAccepted(t *testing.T) {
	if err := ValidateRequest(&gale.Action{}, &gale.RunnerType{}, doc(t, `{"x": 1}`)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAttributesAreMergedOneByOne(t *testing.T) {
	p := Merge(doc(t, `{"cmd": {"type": "string", "description": "d"}, "dir": {"type": "string", "default": "/tmp", "immutable": true}}`),
		doc(t, `{"cmd": {"default": "x", "immutable": true}, "n": {"type": "integer", "required": true}}`))
	want := `{'cmd': {'type': 'string', 'description': 'd', 'default': 'x', 'immutable': True}, 'dir': {'type': 'string', 'default': '/tmp', 'immutable': True}, 'n': {'type': 'integer', 'required': True}}`
	if got := py.Repr(p.Schemas()); got != want {
		t.Errorf("merged\n got %s\nwant %s", got, want)
	}
	got := strings.Join(p.Required(), ",") + "|" + strings.Join(p.Immutable(), ",") + "|" + strings.Join(p.Optional(), ",")
	if got != "n|cmd,dir|" {
		t.Errorf("required|immutable|optional = %s", got)
	}
}

func TestActionsMayChangeOnlySomeOfARunnersAttributes(t *testing.T) {
	runner := doc(t, `{"cmd": {"type": "string"}, "dir": {"type": "string", "default": "/tmp", "immutable": true}, "n": {"type": "integer", "default": 1}}`)
	for _, c := range []struct{ action, want string }{
		{`{"cmd": {"default": "x", "required": true, "enum": ["x"], "description": "y", "immutable": true}}`, ""},
		{`{"cmd": {"type": "string"}}`, ""},
		{`{"cmd": {"type": "integer"}}`, `The attribute "type" for the runner parameter "cmd" in action "p.a" cannot be overridden.`},
		{`{"cmd": {"secret": true}}`, `The attribute "secret" for the runner parameter "cmd" in action "p.a" cannot be overridden.`},
		{`{"dir": {"immutable": false}}`, "Param dir is declared immutable in runner. Cannot override in action."},
		{`{"cmd": {"immutable": true}}`, "Immutable param cmd requires a default value."},
		{`{"n": {"immutable": true}}`, ""},
		{`{"own": {"immutable": true}}`, "Immutable param own requires a default value."},
		{`{"a": {"position": 1}, "b": {"position": 2}}`, ""},
		{`{"a": {"position": 1}, "b": {"position": 1}}`, "Parameters b and a have same position 1. Position values have to be unique."},
		{`{"a": {"position": 0}, "b": {"position": 2}}`, "Positions supplied [0, 2] for parameters are not contiguous."},
		{`{"a": {"position": 0.5}}`, "Position 0.5 of parameter a is not a whole number."},
	} {
		found := CheckActionParameters("p.a", doc(t, c.action), runner)
		got := ""
		if len(found) > 0 {
			got = found[0].Message
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.action, got, c.want)
		}
	}
}

func TestSecretPartsAreFound(t *testing.T) {
	spec := doc(t, `{
		"token": {"type": "string", "secret": true},
		"plain": {"type": "string"},
		"box": {"type": "object", "secret": true, "properties": {"a": {"type": "string"}}},
		"auth": {"type": "object", "properties": {"user": {"type": "string"}, "key": {"type": "string", "secret": true}},
			"patternProperties": {"^x_": {"type": "string", "secret": true}},
			"additionalProperties": {"type": "object", "properties": {"deep": {"secret": true}}}},
		"list": {"type": "array", "items": {"type": "object", "properties": {"pw": {"secret": true}}}},
		"tuple": {"type": "array", "items": [{"type": "string"}], "additionalItems": {"secret": true}},
		"either": {"anyOf": [{"type": "string", "secret": true}, {"type": "integer"}]}}`)
	values := doc(t, `{"token": "t", "plain": "p", "box": {"a": "b"}, "auth": {"user": "u", "key": "k", "x_1": "y", "other": {"deep": 1, "z": 2}},
		"list": [{"pw": "1"}, {"pw": null}, {}, {"pw": "2"}], "tuple": ["a", "b", "c"], "either": "e"}`)
	var got []string
	for _, p := range ParameterSecrets(spec, values) {
		got = append(got, p.String())
	}
	want := "token box auth.key auth.x_1 auth.other.deep list.0.pw list.3.pw tuple.1 tuple.2 either"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	before := py.Repr(values)
	masked := py.Repr(MaskAt(values, ParameterSecrets(spec, values)))
	wantMasked := `{'token': '********', 'plain': 'p', 'box': '********', 'auth': {'user': 'u', 'key': '********', 'x_1': '********', 'other': {'deep': '********', 'z': 2}}, 'list': [{'pw': '********'}, {'pw': None}, {}, {'pw': '********'}], 'tuple': ['a', '********', '********'], 'either': '********'}`
	if masked != wantMasked {
		t.Errorf("masked\n got %s\nwant %s", masked, wantMasked)
	}
	if after := py.Repr(values); after != before {
		t.Errorf("masking changed its input to %s", after)
	}
}

func TestDefaultsOfSecretsAreFound(t *testing.T) {
	var got []string
	for _, p := range DefaultSecrets(doc(t, `{"a": {"type": "string", "secret": true, "default": "s"}, "b": {"type": "string", "default": "x"},
		"c": {"type": "object", "default": {"k": "v"}, "properties": {"k": {"secret": true}, "l": {"secret": true, "default": 1}}}}`)) {
		got = append(got, p.String())
	}
	if want := "a.default c.default.k c.properties.l.default"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestOutputSchemas(t *testing.T) {
	runner := &gale.RunnerType{OutputKey: "result", OutputSchema: doc(t, `{"type": "object", "properties": {"result": {}, "stdout": {"type": "string", "required": true}}, "additionalProperties": false}`)}
	full := &gale.Action{OutputSchema: doc(t, `{"type": "object", "properties": {"id": {"type": "integer"}, "key": {"type": "string", "secret": true}}, "additionalProperties": false}`)}
	legacy := &gale.Action{OutputSchema: doc(t, `{"key": {"type": "string", "secret": true}, "other": {"type": "integer", "required": true}}`)}
	for _, c := range []struct {
		name    string
		action  *gale.Action
		result  string
		message string
		secrets string
	}{
		{"fits", full, `{"stdout": "", "result": {"id": 1, "key": "k"}}`, "", "result.key"},
		{"runner's schema first", full, `{"result": {"id": "x"}}`, "'stdout' is a required property", ""},
		{"action's schema", full, `{"stdout": "", "result": {"id": "x", "key": "k"}}`, `'x' is not of type 'integer' (in "result.id")`, "result.key"},
		{"legacy masks and does not check", legacy, `{"stdout": "", "result": {"other": "x", "key": "k"}}`, "", "result.key"},
		{"not an object", full, `"text"`, "'text' is not of type 'object'", ""},
	} {
		result := value(t, c.result)
		got := ""
		if err := ValidateOutput(c.action, runner, result); err != nil {
			got = err.Error()
		}
		if got != c.message {
			t.Errorf("%s: got %q, want %q", c.name, got, c.message)
		}
		var paths []string
		for _, p := range OutputSecrets(c.action, runner, result) {
			paths = append(paths, p.String())
		}
		if strings.Join(paths, " ") != c.secrets {
			t.Errorf("%s: secrets %v, want %s", c.name, paths, c.secrets)
		}
	}
}

func TestReferencesStayInTheDocument(t *testing.T) {
	for _, c := range []struct{ schema, value, want string }{
		{`{"type": "object", "properties": {"c": {"type": "object", "properties": {"n": {"type": "integer"}}}, "m": {"type": "object", "patternProperties": {".": {"$ref": "#/properties/c"}}}}}`,
			`{"m": {"x": {"n": "no"}}}`, "'no' is not of type 'integer', 'null'"},
		{`{"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}}`, `{"a": 1}`, ""},
		{`{"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}`, `{"a": 1}`, ""},
		{`{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}`, `1`, "the schema is too complex for this value"},
	} {
		_, err := Complete(doc(t, c.schema), value(t, c.value))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want && !strings.Contains(got, "valid under any") {
			t.Errorf("%s: got %q, want %q", c.schema, got, c.want)
		}
	}
}

func FuzzSchemaAndValue(f *testing.F) {
	f.Add(`{"type": "object", "properties": {"a": {"type": "string", "required": true}}}`, `{"a": 1}`)
	f.Add(`{"anyOf": [{"$ref": "#"}, {"not": {"$ref": "#"}}]}`, `[1, 2]`)
	f.Add(`{"enum": [1, [], {}], "multipleOf": 0.1, "pattern": "("}`, `"x"`)
	f.Add(`{"items": [{"secret": true, "default": 5}], "additionalItems": false, "type": "array"}`, `[null, 1]`)
	f.Fuzz(func(t *testing.T, schema, instance string) {
		s, err := py.DecodeJSON([]byte(schema))
		d, ok := s.(*py.Dict)
		if err != nil || !ok {
			return
		}
		v, err := py.DecodeJSON([]byte(instance))
		if err != nil {
			return
		}
		before := py.Repr(v)
		_, _ = Complete(d, v)
		if c, err := compile(d); err == nil {
			_ = c.Validate(v)
			_ = c.Errors(v)
		}
		CheckAction(d)
		_ = MaskAt(v, Secrets(d, v))
		if after := py.Repr(v); after != before {
			t.Errorf("the value changed from %s to %s", before, after)
		}
	})
}

func BenchmarkValidateRequest(b *testing.B) {
	runner := doc(b, `{"cmd": {"type": "string"}, "cwd": {"type": "string"}, "env": {"type": "object"}, "kwarg_op": {"type": "string", "default": "--"}, "sudo": {"type": "boolean", "default": false}, "timeout": {"type": "integer", "default": 60}}`)
	action := doc(b, `{"hosts": {"type": "string", "required": true}, "list": {"type": "array", "items": {"type": "string"}}}`)
	p := Merge(runner, action)
	values := doc(b, `{"hosts": "a,b", "cmd": "date", "list": ["x", "y"]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Validate(values); err != nil {
			b.Fatal(err)
		}
	}
}
