package jsonpath_test

import (
	"fmt"

	"github.com/galehq/gale/jsonpath"
	"github.com/galehq/gale/py"
)

func Example() {
	p, err := jsonpath.Parse("hosts[*].name")
	if err != nil {
		fmt.Println(err)
		return
	}
	found, _ := p.Find(py.DictOf("hosts", []any{py.DictOf("name", "ams1"), py.DictOf("name", "ams2")}))
	fmt.Println(py.Repr(found))
	// Output: ['ams1', 'ams2']
}
