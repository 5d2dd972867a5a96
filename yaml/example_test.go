package yaml_test

import (
	"fmt"

	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

func Example() {
	doc, err := yaml.Parse([]byte("enabled: yes\nparameters:\n  cmd: {type: string}\n  mode: 0644\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(py.Repr(doc.Value))
	fmt.Println("line", doc.Line("parameters", "cmd", "type"))

	out, _ := yaml.Append(nil, py.DictOf("b", []any{"no", int64(1)}, "a", nil))
	fmt.Print(string(out))

	_, err = yaml.Decode([]byte("cmd: {{ cmd }}\n"))
	fmt.Println(err)
	// Output:
	// {'enabled': True, 'parameters': {'cmd': {'type': 'string'}, 'mode': 420}}
	// line 3
	// a: null
	// b:
	// - 'no'
	// - 1
	// line 1, column 7: found unhashable key (while constructing a mapping); a value that begins with a template must be quoted, as in "{{ name }}"
}
