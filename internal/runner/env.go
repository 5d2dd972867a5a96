package runner

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/galehq/gale/py"
)

// Environ is this process's environment without what concerns the process
// alone: settings (which may hold passwords of the store) and credentials of
// whoever started it.
var Environ = sync.OnceValue(func() []string {
	return inheritable(os.Environ())
})

func inheritable(environ []string) []string {
	var out []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		setting := strings.HasPrefix(name, "GALE_") || (strings.HasPrefix(name, "ST2_") && strings.Contains(name, "__"))
		if name != "" && !setting && name != "ST2_AUTH_TOKEN" && name != "ST2_API_KEY" {
			out = append(out, kv)
		}
	}
	return out
}

// MergeEnv lays name=value pairs over a base; the last of a name wins. No
// name occurs twice in the result, since programs disagree on which counts.
func MergeEnv(base []string, layers ...[]string) []string {
	size := len(base)
	for _, layer := range layers {
		size += len(layer)
	}
	at := make(map[string]int, size)
	out := make([]string, 0, size)
	add := func(kv string) {
		name, _, _ := strings.Cut(kv, "=")
		if i, ok := at[name]; ok {
			out[i] = kv
			return
		}
		at[name] = len(out)
		out = append(out, kv)
	}
	for _, kv := range base {
		add(kv)
	}
	for _, layer := range layers {
		for _, kv := range layer {
			add(kv)
		}
	}
	return out
}

// EnvParameter is the parameter env as name=value pairs. Values that are not
// text are printed; null is the empty text.
func EnvParameter(parameters *py.Dict) ([]string, error) {
	object, err := Object(parameters, "env")
	if err != nil {
		return nil, err
	}
	var out []string
	for k, v := range object.All() {
		name, value := py.Str(k), ""
		if v != nil {
			value = py.Str(v)
		}
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return nil, fmt.Errorf("parameter env: %s cannot be the name or value of an environment variable", py.Repr(name))
		}
		out = append(out, name+"="+value)
	}
	return out, nil
}
