package api_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale/api"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

var update = flag.Bool("update", false, "write openapi.json from openapi.yaml")

func TestJSONAndYAMLSayTheSame(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v, err := yaml.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := py.AppendJSON(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	// The texts are compared, not the values: order decides which path matches.
	if string(want) != string(api.Document) {
		t.Error("openapi.json is not what openapi.yaml says; run: go test ./api -update")
	}
}

func document(t *testing.T) (*httpapi.Document, *py.Dict) {
	t.Helper()
	doc, err := httpapi.ParseDocument(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	root, err := py.DecodeJSON(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	return doc, root.(*py.Dict)
}

func TestEveryOperationIsDescribed(t *testing.T) {
	doc, root := document(t)
	tags := map[string]bool{}
	for _, tag := range at(root, "tags").([]any) {
		tags[at(tag, "name").(string)] = true
	}
	ids := map[string]bool{}
	for _, op := range doc.Operations {
		raw := at(root, "paths", op.Path, strings.ToLower(op.Method))
		if ids[op.ID] || !regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`).MatchString(op.ID) {
			t.Errorf("%s %s: the id %q is taken, or not of the form noun.verb", op.Method, op.Path, op.ID)
		}
		ids[op.ID] = true
		if !sentence(op.Description) || text(at(raw, "summary")) == "" {
			t.Errorf("%s: no summary, or the description %q is no sentence", op.ID, op.Description)
		}
		if list, _ := at(raw, "tags").([]any); len(list) != 1 || !tags[text(list[0])] {
			t.Errorf("%s: tags %v, want one of those declared", op.ID, list)
		}
		for status, r := range at(raw, "responses").(*py.Dict).All() {
			if status == "204" != (at(r, "schema") == nil && at(r, "$ref") == nil) {
				t.Errorf("%s: response %s: a schema is there if and only if there is a body", op.ID, status)
			}
		}
		if at(raw, "responses", "default") == nil {
			t.Errorf("%s: no default response", op.ID)
		}
	}
}

func TestParametersAreTypedAndDescribed(t *testing.T) {
	doc, root := document(t)
	for _, op := range doc.Operations {
		names := map[string]bool{}
		for _, p := range op.Params {
			if names[p.As] {
				t.Errorf("%s: two parameters are called %q", op.ID, p.As)
			}
			names[p.As] = true
			if in := strings.Contains(op.Path, "{"+p.Name+"}"); in != (p.In == "path") {
				t.Errorf("%s: parameter %q is in %s, in the path: %v", op.ID, p.Name, p.In, in)
			}
			if p.In == "path" && (!p.Required || p.Type != "string") {
				t.Errorf("%s: path parameter %q is not a required string", op.ID, p.Name)
			}
		}
	}
	walk(root, "", func(where string, d *py.Dict) {
		if d.Len() > 0 && at(d, "in") != nil && at(d, "name") != nil && !sentence(text(at(d, "description"))) {
			t.Errorf("%s: the description %q is no sentence", where, text(at(d, "description")))
		}
	})
}

func TestReferencesLeadSomewhere(t *testing.T) {
	_, root := document(t)
	used := map[string]bool{}
	walk(root, "", func(where string, d *py.Dict) {
		ref, ok := d.GetString("$ref")
		if !ok {
			return
		}
		used[text(ref)] = true
		if path := strings.Split(strings.TrimPrefix(text(ref), "#/"), "/"); at(root, path...) == nil {
			t.Errorf("%s: %s leads nowhere", where, ref)
		}
	})
	for _, section := range []string{"definitions", "parameters"} {
		for name := range at(root, section).(*py.Dict).All() {
			if !used["#/"+section+"/"+text(name)] {
				t.Errorf("%s %s is not used", section, name)
			}
		}
	}
}

// Bodies that package schema checks by name are described here as well, for
// clients. The two must not drift apart.
func TestBodiesAreDescribedAsTheyAreChecked(t *testing.T) {
	doc, root := document(t)
	for _, op := range doc.Operations {
		if op.Body == nil || op.Body.Check == op.Body.Schema {
			continue
		}
		if !slices.Contains(schema.Bodies(), op.Body.Check) {
			t.Errorf("%s: package schema knows no body %q", op.ID, op.Body.Check)
			continue
		}
		described, err := doc.Schema(op.Body.Schema)
		if err != nil {
			t.Fatal(err)
		}
		// A body with an unknown key is refused by both or by neither.
		example := exampleOf(described)
		if _, err := schema.ValidateBody(op.Body.Check, py.DeepCopy(example)); err != nil {
			t.Errorf("%s: a body as described is refused: %v", op.ID, err)
		}
		if d, ok := example.(*py.Dict); ok && at(root, "definitions", op.Body.Schema, "additionalProperties") == false {
			d.Set("no_such_key", int64(1))
			if _, err := schema.ValidateBody(op.Body.Check, d); err == nil {
				t.Errorf("%s: described as strict, but an unknown key is taken", op.ID)
			}
		}
		for _, name := range required(described) {
			d := exampleOf(described).(*py.Dict)
			d.Delete(name)
			if _, err := schema.ValidateBody(op.Body.Check, d); err == nil {
				t.Errorf("%s: %s is described as required, but a body without it is taken", op.ID, name)
			}
		}
	}
}

// exampleOf returns a value that a schema admits, with every property set.
func exampleOf(s *py.Dict) any {
	if list, ok := at(s, "enum").([]any); ok {
		return list[0]
	}
	typ := at(s, "type")
	if list, ok := typ.([]any); ok {
		typ = list[0]
	}
	switch typ {
	case "object":
		d := py.NewDict(0)
		props, _ := at(s, "properties").(*py.Dict)
		for name, sub := range props.All() {
			d.Set(name, example(text(name), sub.(*py.Dict)))
		}
		return d
	case "array":
		return []any{exampleOf(at(s, "items").(*py.Dict))}
	case "string":
		return "text"
	case "integer":
		return int64(1)
	case "boolean":
		return true
	}
	return py.NewDict(0)
}

// example knows the strings that have a form of their own.
func example(name string, s *py.Dict) any {
	switch name {
	case "created_at", "start_timestamp", "end_timestamp":
		return "2026-01-02T03:04:05.000000Z"
	case "ref", "resource_ref", "policy_type", "action_ref":
		return "pack.name"
	}
	return exampleOf(s)
}

func required(s *py.Dict) (names []string) {
	props, _ := at(s, "properties").(*py.Dict)
	for name, p := range props.All() {
		if at(p, "required") == true {
			names = append(names, text(name))
		}
	}
	return names
}

func at(v any, path ...string) any {
	for _, key := range path {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil
		}
		v, _ = d.GetString(key)
	}
	return v
}

func text(v any) string { s, _ := v.(string); return s }

func sentence(s string) bool {
	return len(s) > 3 && strings.HasSuffix(s, ".") && !strings.Contains(s, "\n")
}

func walk(v any, where string, visit func(string, *py.Dict)) {
	switch v := v.(type) {
	case *py.Dict:
		visit(where, v)
		for k, sub := range v.All() {
			walk(sub, where+"/"+text(k), visit)
		}
	case []any:
		for i, sub := range v {
			walk(sub, fmt.Sprintf("%s/%d", where, i), visit)
		}
	}
}
