package expr_test

import (
	"fmt"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/py"
)

func Example() {
	e := expr.New(expr.Options{})
	vars := py.DictOf("host", "ams1", "ports", []any{int64(80), int64(443)})

	s, _ := e.RenderTemplate("{{ host | upper }} has {{ ports | length }} ports", vars)
	fmt.Println(s)

	values, _ := e.RenderValues(py.DictOf("cmd", "ping {{ host }}", "count", int64(3)), vars)
	fmt.Println(py.Repr(values))

	names, _ := e.ReferencedVars("{{ host }}:{{ ports[0] }}")
	fmt.Println(names)

	list, _ := expr.Cast("array", "['a', 'b']")
	fmt.Println(py.Repr(list))
	// Output:
	// AMS1 has 2 ports
	// {'cmd': 'ping ams1', 'count': 3}
	// [host ports]
	// ['a', 'b']
}
