package params

import (
	"testing"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/py"
)

type oneItem struct{ value string }

func (o oneItem) ReadKey(string, string, string) (string, bool, error) { return o.value, true, nil }

func TestItemsBecomeNumbersInTemplates(t *testing.T) {
	engine := expr.New(expr.Options{})
	for _, c := range []struct{ value, template, want string }{
		{"5", "{{ st2kv.system.n | int + 1 }}", "6"},
		{"2.5", "{{ st2kv.system.n | float * 2 }}", "5.0"},
		{"2.5", "{{ st2kv.system.n | int }}", "2"},
		{"many", "{{ st2kv.system.n | int(7) }}", "7"},
	} {
		vars := py.DictOf("st2kv", NewDatastore(oneItem{c.value}, "stanley").Vars())
		got, err := engine.RenderTemplate(c.template, vars)
		if err != nil || got != c.want {
			t.Errorf("%s with %q: got %q, %v; want %q", c.template, c.value, got, err, c.want)
		}
	}
}
