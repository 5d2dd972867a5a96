package py_test

import (
	"fmt"

	"github.com/galehq/gale/py"
)

// A document keeps the order of its keys and the difference between 1 and
// 1.0, and prints as Python prints it.
func Example() {
	v, err := py.DecodeJSON([]byte(`{"name": "web1", "load": 1.0, "cpus": 16, "tags": ["é", null]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(py.Str(v))

	load, _ := py.GetItem(v, "load")
	cpus, _ := py.GetItem(v, "cpus")
	perCPU, _ := py.Div(load, cpus)
	line, _ := py.Mod("%s per CPU, %r", py.Tuple{perCPU, "it's"})
	fmt.Println(line)

	_, err = py.Add("web", int64(1))
	fmt.Println(err)

	// Output:
	// {'name': 'web1', 'load': 1.0, 'cpus': 16, 'tags': ['é', None]}
	// 0.0625 per CPU, "it's"
	// TypeError: can only concatenate str (not "int") to str
}

func ExampleMethod() {
	split, _ := py.Method("a,b,c", "split")
	parts, _ := split([]any{","}, py.DictOf("maxsplit", 1))
	fmt.Println(py.Repr(parts))

	_, err := split([]any{int64(1)}, nil)
	fmt.Println(err)
	// Output:
	// ['a', 'b,c']
	// TypeError: must be str or None, not int
}

func ExampleLiteralEval() {
	v, _ := py.LiteralEval("{'a': (1, 2.50, 0x1F), 'b': [True, None, b'\\x00']}")
	fmt.Println(py.Repr(v))
	_, err := py.LiteralEval("__import__('os')")
	fmt.Println(err)
	// Output:
	// {'a': (1, 2.5, 31), 'b': [True, None, b'\x00']}
	// ValueError: malformed node or string
}

func ExampleMarshal() {
	type host struct {
		Name string `json:"name"`
		Port int    `json:"port,omitempty"`
		Info any    `json:"info"`
	}
	text, _ := py.Marshal(host{Name: "web1", Info: py.DictOf("z", 1.0, "a", nil)})
	fmt.Println(string(text))
	// Output:
	// {"name":"web1","info":{"z":1.0,"a":null}}
}

func ExampleJSONFormat() {
	v := py.DictOf("b", "é", "a", []any{int64(1), 2.5})
	text, _ := py.PythonJSON.Text(v)
	fmt.Println(text)
	text, _ = py.JSONFormat{Indent: "  ", Spaces: true, SortKeys: true}.Text(v)
	fmt.Println(text)
	// Output:
	// {"b": "\u00e9", "a": [1, 2.5]}
	// {
	//   "a": [
	//     1,
	//     2.5
	//   ],
	//   "b": "é"
	// }
}
