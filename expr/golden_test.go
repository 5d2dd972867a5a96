package expr

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

// TestGolden compares the functions and casts with the Python libraries; testdata/golden.py wrote what those answer.
func TestGolden(t *testing.T) {
	f, err := os.Open("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	engine := New(Options{})
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v, err := py.DecodeJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		g := goldenOf(v.(*py.Dict))
		got, err := g.run(engine)
		g.check(t, got, err)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

type golden struct {
	function, cast string
	args           []any
	keywords       *py.Dict
	want           any
	wantErr        []any
}

func goldenOf(rec *py.Dict) golden {
	get := func(name string) any {
		v, _ := rec.GetString(name)
		return untag(v)
	}
	g := golden{args: get("a").([]any), keywords: get("k").(*py.Dict), want: get("v")}
	g.function, _ = get("f").(string)
	g.cast, _ = get("cast").(string)
	g.wantErr, _ = get("e").([]any)
	return g
}

// run applies the filter in an expression, as templates do.
func (g golden) run(e *Engine) (any, error) {
	if g.cast != "" {
		return Cast(g.cast, g.args[0])
	}
	vars := jinja.MapVars{}
	var params []string
	for i, a := range g.args {
		name := fmt.Sprintf("a%d", i)
		vars[name] = a
		params = append(params, name)
	}
	for k, v := range g.keywords.All() {
		vars[k.(string)] = v
		params = append(params, fmt.Sprintf("%s=%s", k, k))
	}
	x, err := e.strict.ParseExpr(fmt.Sprintf("a0 | %s(%s)", g.function, strings.Join(params[1:], ", ")))
	if err != nil {
		return nil, err
	}
	return x.Eval(vars, jinja.Limits{})
}

func (g golden) check(t *testing.T, got any, err error) {
	t.Helper()
	label := fmt.Sprintf("%s%s(%s, %s)", g.function, g.cast, py.Repr(g.args), py.Repr(g.keywords))
	if r := []rune(label); len(r) > 200 {
		label = string(r[:200])
	}
	if err != nil || g.wantErr != nil {
		if err == nil || g.wantErr == nil || !g.sameError(err) {
			t.Errorf("%s: got %s, %v, want %s or error %s", label, py.Repr(got), err, py.Repr(g.want), py.Repr(g.wantErr))
		}
		return
	}
	if s, ok := g.want.(asText); ok {
		got, g.want = py.Str(got), string(s)
	}
	if py.Repr(got) != py.Repr(g.want) {
		t.Errorf("%s: got %s, want %s", label, py.Repr(got), py.Repr(g.want))
	}
}

// ownWords are classes whose messages are ours: of a YAML parser, of the parser of Python literals, of libraries that
// show their own types.
var ownWords = map[string]bool{"SyntaxError": true, "TypeError": true, "ValueError": true, "OverflowError": true}

func (g golden) sameError(err error) bool {
	class, message := g.wantErr[0].(string), g.wantErr[1].(string)
	if g.function == "from_yaml_string" {
		return jinja.Class(err) == "YAMLError"
	}
	if jinja.Class(err) != class && !(class == "Exception" && jinja.Class(err) != "") {
		return false
	}
	return jinja.Message(err) == message || ownWords[class] || g.function == "jsonpath_query"
}

// asText stands for a value of which only the text is compared.
type asText string

func untag(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = untag(x)
		}
		return out
	case *py.Dict:
		for tag, x := range v.All() {
			return untagged(tag, untag(x))
		}
	}
	return v
}

func untagged(tag, x any) any {
	switch tag {
	case "$float":
		f, _ := py.Float(x)
		return f
	case "$str":
		return asText(x.(string))
	case "$tuple":
		return py.Tuple(x.([]any))
	}
	d := py.NewDict(0)
	for _, pair := range x.([]any) {
		kv := pair.([]any)
		d.Set(kv[0], kv[1])
	}
	return d
}
