package httpapi

import (
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

// oneOperation is a document with a single operation in the given words.
func oneOperation(op string) string {
	return `{"paths": {"/api/v1/a/{x}": {"get": ` + op + `}},
		"parameters": {"x": {"name": "x", "in": "path", "type": "string", "required": true}},
		"definitions": {"Loop": {"type": "object", "properties": {"again": {"$ref": "#/definitions/Loop"}}}, "Text": "no object",
			"Bad": {"items": {"$ref": "#/definitions/Nothing"}}}}`
}

func TestDocumentsThatCannotBeServed(t *testing.T) {
	const ok = `"operationId": "a.get", "responses": {"200": {}}`
	tests := []struct{ name, text, want string }{
		{"no JSON", `{`, "Expecting property name"},
		{"no id", oneOperation(`{"responses": {"200": {}}}`), "no operationId"},
		{"another method", strings.Replace(oneOperation(`{`+ok+`}`), `"get"`, `"patch"`, 1), "a method that is not served"},
		{"no success", oneOperation(`{"operationId": "a.get", "responses": {"404": {}, "default": {}}}`), "no response that is a success"},
		{"a parameter in a cookie", oneOperation(`{` + ok + `, "parameters": [{"name": "c", "in": "cookie", "type": "string"}]}`), `parameter "c" is in "cookie"`},
		{"a parameter of type number", oneOperation(`{` + ok + `, "parameters": [{"name": "c", "in": "query", "type": "number"}]}`), `parameter "c" has type "number"`},
		{"a default of another type", oneOperation(`{` + ok + `, "parameters": [{"name": "c", "in": "query", "type": "integer", "default": "x"}]}`), `Parameter "c" is not of type integer`},
		{"a body without a name", oneOperation(`{` + ok + `, "parameters": [{"name": "b", "in": "body", "schema": {"type": "object"}}]}`), `the schema of body "b" has no name`},
		{"a body without a schema", oneOperation(`{` + ok + `, "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Nothing"}}]}`), `"Nothing" is not defined`},
		{"a schema without end", oneOperation(`{` + ok + `, "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Loop"}}]}`), "levels deep"},
		{"a schema that is none", oneOperation(`{` + ok + `, "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Text"}}]}`), "a schema is string"},
		{"a schema with a hole", oneOperation(`{` + ok + `, "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Bad"}}]}`), `"Nothing" is not defined`},
		{"an id twice", `{"paths": {"/api/v1/a": {"get": {` + ok + `}, "put": {` + ok + `}}}}`, `two operations have the id "a.get"`},
	}
	for _, tt := range tests {
		if _, err := ParseDocument([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestSharedParametersAreFollowed(t *testing.T) {
	doc, err := ParseDocument([]byte(oneOperation(`{"operationId": "a.get", "responses": {"200": {}}, "parameters": [{"$ref": "#/parameters/x"}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	if op := doc.Operation("a.get"); op == nil || len(op.Params) != 1 || op.Params[0].Name != "x" || !op.Params[0].Required {
		t.Errorf("got %+v", op)
	}
	if doc.Operation("a.put") != nil {
		t.Error("found an operation that is not there")
	}
}

func TestSchemasAreMadePlain(t *testing.T) {
	text := `{"definitions": {
		"Leaf": {"type": "string", "description": "x", "x-nullable": true},
		"Both": {"description": "x", "x-types": ["object", "array"]},
		"Tree": {"type": "object", "title": "x", "required": ["a", "none"],
			"properties": {"a": {"$ref": "#/definitions/Leaf"}, "description": {"type": "string", "enum": ["x"]},
				"list": {"type": "array", "items": {"$ref": "#/definitions/Both"}}},
			"additionalProperties": {"$ref": "#/definitions/Leaf"}},
		"Any": {"allOf": [{"$ref": "#/definitions/Leaf"}, {"type": "string"}], "additionalProperties": false}}}`
	doc, err := ParseDocument([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Leaf": `{"type":["string","null"]}`,
		"Both": `{"type":["object","array"]}`,
		"Tree": `{"type":"object","properties":{"a":{"type":["string","null"],"required":true},"description":{"type":"string","enum":["x"]},` +
			`"list":{"type":"array","items":{"type":["object","array"]}}},"additionalProperties":{"type":["string","null"]}}`,
		"Any": `{"allOf":[{"type":["string","null"]},{"type":"string"}],"additionalProperties":false}`,
	} {
		s, err := doc.Schema(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _ := py.AppendJSON(nil, s); string(got) != want {
			t.Errorf("%s: got  %s\nwant %s", name, got, want)
		}
	}
	if _, err := doc.Schema("None"); err == nil {
		t.Error("a schema that is not there: no error")
	}
	if again, _ := doc.Schema("Leaf"); again.Len() != 1 {
		t.Error("a required property was written into the definition")
	}
}

func TestRequestHelpers(t *testing.T) {
	h := testHandler(t, Handlers{
		"webhooks.receive": func(r *Request) (*Response, error) {
			d, err := r.Object()
			return &Response{Body: d}, err
		},
		"executions.result": func(r *Request) (*Response, error) {
			return OK([]any{r.Bool("download"), r.Bool("compress"), r.Has("compress"), r.Op.ID, r.Credential.Method()})
		},
	}, plain)
	for body, want := range map[string]string{
		`[]`: "array", `null`: "null", `true`: "boolean", `"x"`: "string", `1`: "integer", `1.5`: "number",
	} {
		if w := call(h, "POST", "/v1/webhooks/x", body); fault(w) != "Input body needs to be an object, got: "+want {
			t.Errorf("%s: got %d %s", body, w.Code, w.Body)
		}
	}
	if w := call(h, "POST", "/v1/webhooks/x", `{"a": 1}`); w.Body.String() != `{"a":1}` {
		t.Errorf("got %s", w.Body)
	}
	w := call(h, "GET", "/v1/executions/5/result?download=1", "")
	if got := w.Body.String(); got != `[true,false,true,"executions.result","authentication token"]` {
		t.Errorf("got %s", got)
	}
}
