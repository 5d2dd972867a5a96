package api_test

import (
	"strings"
	"testing"

	apidoc "github.com/galehq/gale/api"
	"github.com/galehq/gale/internal/httpapi"
)

// TestEveryOperationHasItsHandler relies on httpapi.New, which refuses both an
// operation without a handler and a handler without an operation.
func TestEveryOperationHasItsHandler(t *testing.T) {
	s := newSite(t)
	doc, err := httpapi.ParseDocument(apidoc.Document)
	s.must(err)
	handlers := s.service.Handlers()
	for _, op := range doc.Operations {
		mine := op.ID != "document.get" && !strings.HasPrefix(op.ID, "stream.")
		if has := handlers[op.ID] != nil; has != mine {
			t.Errorf("operation %s: there is a handler here: %t, want %t", op.ID, has, mine)
		}
		delete(handlers, op.ID)
	}
	for id := range handlers {
		t.Errorf("handler %s belongs to no operation", id)
	}
}

// TestNothingThatClientsSendIsAnInternalError sends each operation what it
// does not expect.
func TestNothingThatClientsSendIsAnInternalError(t *testing.T) {
	s := newSite(t)
	doc, err := httpapi.ParseDocument(apidoc.Document)
	s.must(err)
	names := []string{"nope", "lab.nope", "lab", "507f1f77bcf86cd799439011", "last", "a\x00b", "é", "..", "%", "core.local", strings.Repeat("x", 3000)}
	bodies := []any{"", "{}", "[]", "null", `"text"`, `{"name": "x", "value": "y", "action": "core.nope", "trigger": {"type": "x.y"}, "status": "running"}`,
		`{"name":"n","pack":"lab","runner_type":"noop","resource_ref":"lab.login","policy_type":"action.nope","type":"a.b","path":"/nowhere","token":"x"}`,
		`{"name":"n","pack":"../..","runner_type":"noop","data_files":[{"file_path":"../x","content":""}],"trigger":{"type":"nodots"},"action":{"ref":"nodots"}}`,
		`{"packs":["../../etc"],"metadata":{"a":1},"user":"x:y","ttl":99999999999,"delay":99999999999999}`}
	queries := []string{"", "limit=1&offset=1&sort=-id,name,-bogus&sort_asc=1", "include_attributes=id,bogus", "id=bogus", "name=a,b&pack=null&enabled=maybe",
		"timestamp=x..y&filter=a", "timestamp_gt=2026-01-01T00:00:00Z&filter=a.b:c%20id:x", "scope=all&decrypt=1&user=joe&prefix=%00", "depth=-9&max_result_size=5&output_type=foo", "types=action,bogus"}
	for _, op := range doc.Operations {
		for i, name := range names {
			path := op.Path
			for strings.Contains(path, "{") {
				a, b := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
				path = path[:a] + name + path[b+1:]
			}
			if !strings.Contains(op.Path, "{") && i >= len(bodies) && i >= len(queries) {
				break
			}
			for _, user := range []string{root, joe} {
				a := s.as(user, op.Method, path+"?"+queries[i%len(queries)], bodies[i%len(bodies)])
				if a.Code >= 500 {
					t.Errorf("%s of %s?%s by %s with %s: status %d\n%s", op.ID, path, queries[i%len(queries)], user, bodies[i%len(bodies)], a.Code, lastError(s))
				}
			}
		}
	}
}

func lastError(s *site) string {
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "error=") {
			return lines[i]
		}
	}
	return ""
}
