package httpapi

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPathsLeadToOperations(t *testing.T) {
	rs, err := newRoutes(testDocument(t), API)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ method, path, op, vars string }{
		{"GET", "/", "info.get", ""},
		{"GET", "/v1", "info.get", ""},
		{"GET", "/v1/", "info.get", ""},
		{"GET", "/api", "info.get", ""},
		{"GET", "/api/v1/", "info.get", ""},
		{"GET", "/api/v1//", "", ""},
		{"GET", "/v1/v1", "", ""},
		{"GET", "/auth", "", ""},
		{"GET", "/auth/v1", "", ""},

		{"GET", "/actions", "actions.list", ""},
		{"GET", "/v1/actions", "actions.list", ""},
		{"GET", "/v1/actions/", "actions.list", ""},
		{"GET", "/api/actions", "actions.list", ""},
		{"GET", "/api/v1/actions", "actions.list", ""},
		{"GET", "/api/v1/api/v1/actions", "", ""},
		{"GET", "/apiv1/actions", "", ""},
		{"GET", "/v1actions", "", ""},
		{"GET", "actions", "", ""},
		{"GET", "", "info.get", ""},
		{"GET", "/v1/actions/views", "actions.get", "views"},
		{"GET", "/v1/actions/views/overview", "action_views.list", ""},
		{"GET", "/v1/actions/views/overview/a.b", "action_views.get", "a.b"},
		{"GET", "/v1/actions/views/overview/a/b", "", ""},

		{"POST", "/actionexecutions", "executions.create", ""},
		{"POST", "/v1/actionexecutions/", "executions.create", ""},
		{"POST", "/api/v1/actionexecutions/5/re_run", "executions.rerun", "5"},
		{"GET", "/v1/executions/5/attribute/result/", "executions.attribute", "5|result"},
		{"GET", "/v1/executions/views/filters", "executions.filters", ""},
		{"GET", "/v1/executions/views", "executions.get", "views"},

		{"GET", "/v1/rules/views", "rule_views.list", ""},
		{"GET", "/v1/rules/views/a.b", "rule_views.get", "a.b"},
		{"GET", "/v1/rules/viewsmaker.b", "", ""},
		{"GET", "/v1/rules/a/b/c", "rules.get", "a/b/c"},
		{"GET", "/v1/rules/a\nb", "", ""},
		{"PUT", "/v1/rules/views", "rules.update", "views"},
		{"PUT", "/v1/rules/a/b", "", ""},
		{"GET", "/v1/packs/indexer", "", ""},
		{"GET", "/v1/packs/register", "packs.get", "register"},
		{"POST", "/v1/packs/register", "packs.register", ""},
		{"GET", "/v1/actionalias/helpdesk.open", "", ""},
		{"GET", "/v1/actionalias/chat.open", "aliases.get", "chat.open"},
		{"GET", "/v1/ruleenforcements/views", "rule_enforcement_views.list", ""},
		{"GET", "/v1/ruleenforcements/5", "rule_enforcements.get", "5"},

		{"POST", "/v1/webhooks/a/b/c", "webhooks.receive", "a/b/c"},
		{"POST", "/v1/webhooks/a/", "webhooks.receive", "a"},
		{"POST", "/v1/webhooks/a//", "webhooks.receive", "a/"},
		{"POST", "/v1/webhooks//", "webhooks.receive", ""},
		{"POST", "/v1/webhooks//a", "webhooks.receive", "/a"},
		{"POST", "/v1/webhooks/", "", ""},
		{"GET", "/v1/webhooks", "webhooks.list", ""},

		{"POST", "/auth/tokens", "tokens.create", ""},
		{"POST", "/auth/v1/tokens", "tokens.create", ""},
		{"POST", "/v1/tokens", "", ""},
		{"GET", "/stream", "stream.events", ""},
		{"GET", "/v1/stream", "stream.events", ""},
		{"GET", "/api/stream/", "stream.events", ""},
		{"GET", "/api/v1/stream", "stream.events", ""},
		{"GET", "/stream/stream", "stream.events", ""},
		{"GET", "/stream/v1/stream", "stream.events", ""},
		{"GET", "/stream/executions/5/output", "stream.output", "5"},
		{"GET", "/api/v1/executions/5/output", "executions.output", "5"},
		{"GET", "/v1/_gale/queue", "queue.stats", ""},
	}
	for _, tt := range tests {
		rt, vars := rs.find(tt.method, tt.path)
		op, got := "", ""
		if rt != nil {
			op = rt.op.ID
			got = strings.Join(vars[:len(rt.vars)], "|")
		}
		if op != tt.op || got != tt.vars {
			t.Errorf("%s %q: got %q with %q, want %q with %q", tt.method, tt.path, op, got, tt.op, tt.vars)
		}
	}
}

func TestDirectServiceDecidesPathsWithoutPrefix(t *testing.T) {
	doc := testDocument(t)
	for direct, ops := range map[Service]map[string]string{
		Auth:   {"/tokens": "tokens.create", "/v1/tokens": "tokens.create", "/actions": "", "/api/actions": "actions.create"},
		Stream: {"/v1/actions": "", "/auth/tokens": "tokens.create"},
	} {
		rs, err := newRoutes(doc, direct)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range ops {
			got := ""
			if rt, _ := rs.find("POST", path); rt != nil {
				got = rt.op.ID
			}
			if got != want {
				t.Errorf("%s: POST %s: got %q, want %q", direct, path, got, want)
			}
		}
	}
}

func TestPathsThatCannotBeCompiled(t *testing.T) {
	p := []Param{{Name: "x", In: "path"}}
	for name, op := range map[string]*Operation{
		"no service":                   {Path: "/v1/actions"},
		"an undeclared variable":       {Path: "/api/v1/actions/{y}", Params: p},
		"a variable at the beginning":  {Path: "/api/v1/{x}", Params: p},
		"another pattern":              {Path: "/api/v1/a/{x}", Params: p, requirements: map[string]string{"x": "[a-z]+"}},
		"a pattern within a look":      {Path: "/api/v1/a/{x}", Params: p, requirements: map[string]string{"x": "(?!a|b).*"}},
		"something after everything":   {Path: "/api/v1/a/{x}/b", Params: p, requirements: map[string]string{"x": ".*"}},
		"a look that does not end":     {Path: "/api/v1/a/{x}", Params: p, requirements: map[string]string{"x": "(?!a.*"}},
		"more variables than expected": {Path: "/api/v1/a/{x}/{x}/{x}/{x}/{x}", Params: p},
	} {
		if _, _, err := compile(op); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// slowRoute is a path as a regular expression, the way StackStorm's router
// has it. Go's expressions have no look-ahead, so that is checked apart.
type slowRoute struct {
	op     *Operation
	re     *regexp.Regexp
	not    []string
	notVar int
}

func slowRoutes(doc *Document) map[Service][]slowRoute {
	braces := regexp.MustCompile(`\{(\w+)\}`)
	look := regexp.MustCompile(`\(\?!(\w+)\)`)
	out := map[Service][]slowRoute{}
	for _, op := range doc.Operations {
		s := slowRoute{op: op, notVar: -1}
		_, rest, _ := strings.Cut(op.Path, "/v1")
		pattern, n := "", 0
		for i, part := range braces.Split(rest, -1) {
			if i > 0 {
				name := braces.FindAllStringSubmatch(rest, -1)[i-1][1]
				n++
				if req := op.requirements[name]; req != "" {
					for _, m := range look.FindAllStringSubmatch(req, -1) {
						s.not = append(s.not, m[1])
					}
					s.notVar = n
					pattern += "(.*)"
				} else {
					pattern += "([^/]+)"
				}
			}
			pattern += regexp.QuoteMeta(part)
		}
		s.re = regexp.MustCompile(`\A` + strings.TrimSuffix(pattern, "/") + `\z`)
		out[op.Service] = append(out[op.Service], s)
	}
	return out
}

func (s slowRoute) match(method, rest string) ([]string, bool) {
	m := s.re.FindStringSubmatch(rest)
	if m == nil || s.op.Method != method {
		return nil, false
	}
	for _, word := range s.not {
		if strings.HasPrefix(m[s.notVar], word) {
			return nil, false
		}
	}
	return m[1:], true
}

func FuzzPathsMatchAsRegularExpressionsDo(f *testing.F) {
	doc := testDocument(f)
	rs, err := newRoutes(doc, API)
	if err != nil {
		f.Fatal(err)
	}
	slow := slowRoutes(doc)
	for _, op := range doc.Operations {
		_, rest, _ := strings.Cut(op.Path, "/v1")
		f.Add(op.Method, rest)
	}
	for _, s := range []string{"/rules/views", "/rules/a/b", "/webhooks//", "/packs/index", "/webhooks/", "//", "/rules/\n"} {
		f.Add("GET", s)
		f.Add("POST", s)
	}
	f.Fuzz(func(t *testing.T, method, rest string) {
		if !utf8.ValidString(rest) || !strings.HasPrefix(rest, "/") {
			return
		}
		full := "/api/v1" + rest
		rt, vars := rs.find(method, full)
		service, inner := rs.place(full)
		want, wantVars := "", []string(nil)
		for _, s := range slow[service] {
			if m, ok := s.match(method, inner); ok {
				want, wantVars = s.op.ID, m
				break
			}
		}
		got, gotVars := "", []string(nil)
		if rt != nil {
			got, gotVars = rt.op.ID, vars[:len(rt.vars)]
		}
		if got != want || strings.Join(gotVars, "\x00") != strings.Join(wantVars, "\x00") {
			t.Errorf("%s %q: got %q %q, the expressions say %q %q", method, full, got, gotVars, want, wantVars)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	rs, err := newRoutes(testDocument(b), API)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if rt, _ := rs.find("GET", "/api/v1/executions/5f00/attribute/result"); rt == nil {
			b.Fatal("not found")
		}
	}
}
