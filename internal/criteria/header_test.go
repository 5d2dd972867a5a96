package criteria

import (
	"testing"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/py"
)

// TestHeaderNamesHaveNoCase: webhooks store header names in canonical case,
// and rules in the wild are written with the sender's.
func TestHeaderNamesHaveNoCase(t *testing.T) {
	engine := expr.New(expr.Options{})
	payload := py.DictOf("headers", py.DictOf("X-Github-Event", "push"), "headers_lower", py.DictOf("x-github-event", "push"), "body", py.NewDict(0))
	for _, c := range []struct {
		key  string
		want bool
	}{
		{"trigger.headers['X-Github-Event']", true},
		{"trigger.headers['X-GitHub-Event']", true},
		{`trigger.headers["x-github-event"]`, true},
		{"trigger.headers.x-github-event", true},
		{"trigger.headers_lower['x-github-event']", true},
		{"trigger.headers_lower['X-GitHub-Event']", false},
		{"trigger.headers['X-Other']", false},
		{"trigger.body['X-GitHub-Event']", false},
	} {
		doc := py.DictOf(c.key, py.DictOf("type", "eq", "pattern", "push"))
		if got := Compile(doc, engine).Match(payload, Env{}).Matched; got != c.want {
			t.Errorf("%s: matched is %v, want %v", c.key, got, c.want)
		}
	}
}
