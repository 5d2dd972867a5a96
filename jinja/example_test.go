package jinja_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

func Example() {
	env := jinja.New(jinja.StackStorm())
	tmpl, err := env.Parse("{% for h in hosts if h.up %}{{ h.name }}{{ ', ' if not loop.last }}{% endfor %}")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := tmpl.Render(jinja.MapVars{"hosts": []any{
		py.DictOf("name", "web1", "up", true),
		py.DictOf("name", "web2", "up", false),
		py.DictOf("name", "db", "up", true),
	}}, jinja.Limits{})
	fmt.Println(text, err)
	// Output: web1, db <nil>
}

func ExampleExpr_Eval() {
	env := jinja.New(jinja.StackStorm())
	x, err := env.ParseExpr("load|select('gt', 0.5)|list")
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := x.Eval(jinja.MapVars{"load": []any{0.2, 0.9, 1.5}}, jinja.Limits{})
	fmt.Println(py.Repr(v), err)
	// Output: [0.9, 1.5] <nil>
}

func ExampleTemplate_Undeclared() {
	env := jinja.New(jinja.StackStorm())
	tmpl, err := env.Parse("{% set who = user|default('nobody') %}{{ who }}@{{ host.name }}")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tmpl.Undeclared())
	// Output: [host user]
}

func ExampleDef() {
	o := jinja.StackStorm()
	o.Filters = map[string]*jinja.Function{
		"redact": jinja.Def("redact(value, keep=2)", func(c *jinja.Call, args []any) (any, error) {
			s, err := c.Str(args[0])
			if err != nil {
				return nil, err
			}
			keep, ok := args[1].(int64)
			if !ok || keep < 0 || keep > int64(len(s)) {
				return nil, py.Errorf("ValueError", "cannot keep %s characters", py.Str(args[1]))
			}
			return s[:keep] + strings.Repeat("*", len(s)-int(keep)), nil
		}),
	}
	tmpl, err := jinja.New(o).Parse("{{ 'sesame'|redact }} {{ 'sesame'|redact(keep=1) }}")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tmpl.Render(nil, jinja.Limits{}))
	// Output: se**** s***** <nil>
}

func ExamplePosition() {
	env := jinja.New(jinja.StackStorm())
	tmpl, err := env.Parse("total:\n{{ count + unit }}")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = tmpl.Render(jinja.MapVars{"count": int64(3), "unit": "kg"}, jinja.Limits{})
	line, column, _ := jinja.Position(err)
	fmt.Printf("%d:%d: %v\n", line, column, err)
	var pyErr *py.Error
	fmt.Println(errors.As(err, &pyErr) && pyErr.Class == "TypeError")
	// Output:
	// 2:4: TypeError: unsupported operand type(s) for +: 'int' and 'str'
	// true
}
