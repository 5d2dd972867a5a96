package yaml

import (
	"bufio"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

// goldenDir holds what testdata/golden.py wrote. GOLDEN names another directory.
func goldenDir() string {
	if dir := os.Getenv("GOLDEN"); dir != "" {
		return dir
	}
	return "testdata"
}

func eachLine(t *testing.T, name string, fn func(line []byte)) {
	t.Helper()
	f, err := os.Open(filepath.Join(goldenDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fn(lines.Bytes())
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

// TestDecodeLikePyYAML asks for the same values, and for an error where PyYAML has one.
func TestDecodeLikePyYAML(t *testing.T) {
	words, sameWords := 0, 0
	eachLine(t, "decode.jsonl", func(line []byte) {
		var g struct {
			T string
			V json.RawMessage
			E *string
		}
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		v, err := Decode([]byte(g.T))
		if (err != nil) != (g.E != nil) {
			t.Errorf("Decode(%q): got %s, %v, want %s %s", g.T, py.Repr(v), err, g.V, deref(g.E))
			return
		}
		if err != nil {
			words++
			var e *Error
			if errors.As(err, &e) && e.Python("<unicode string>") == *g.E {
				sameWords++
			} else if testing.Verbose() {
				t.Logf("%q:\n got %q\nwant %q", g.T, e.Python("<unicode string>"), *g.E)
			}
			return
		}
		want := untag(t, g.V)
		if !same(v, want) {
			t.Errorf("Decode(%q): got %s, want %s", g.T, py.Repr(v), py.Repr(want))
		}
	})
	t.Logf("%d of %d errors have PyYAML's very words", sameWords, words)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// same compares representations: 1 and True are equal in Python, and not a number differs from itself.
func same(a, b any) bool { return py.Repr(a) == py.Repr(b) }

func untag(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return untagValue(t, v)
}

func untagValue(t *testing.T, v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		n, _ := new(big.Int).SetString(v.String(), 10)
		return n
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = untagValue(t, x)
		}
		return list
	case map[string]any:
		for tag, x := range v {
			return untagged(t, tag, x)
		}
	}
	return v
}

func untagged(t *testing.T, tag string, x any) any {
	t.Helper()
	text, _ := x.(string)
	switch tag {
	case "$float":
		f, err := py.Float(text)
		if err != nil {
			t.Fatal(err)
		}
		return f
	case "$tuple":
		return py.Tuple(untagValue(t, x).([]any))
	case "$set":
		return py.SetOf(untagValue(t, x).([]any)...)
	case "$map":
		d := py.NewDict(0)
		for _, kv := range x.([]any) {
			pair := untagValue(t, kv).([]any)
			d.Set(pair[0], pair[1])
		}
		return d
	case "$bytes":
		var b []byte
		for i := 0; i < len(text); i += 2 {
			b = append(b, byte(slices.Index([]byte("0123456789abcdef"), text[i])<<4|slices.Index([]byte("0123456789abcdef"), text[i+1])))
		}
		return py.Bytes(b)
	case "$date", "$datetime":
		v, err := toTimestamp(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Fatalf("unknown tag %s", tag)
	return nil
}

// TestEncodeLikePyYAML asks for the same bytes.
func TestEncodeLikePyYAML(t *testing.T) {
	eachLine(t, "encode.jsonl", func(line []byte) {
		var g struct {
			V         json.RawMessage
			Sort, Uni bool
			Indent    int
			T         string
		}
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		v := untag(t, g.V)
		got, err := Format{KeepOrder: !g.Sort, Unicode: g.Uni, Indent: g.Indent}.Append(nil, v)
		if err != nil || string(got) != g.T {
			t.Errorf("Append(%s, sort %v, unicode %v, indent %d):\n got %q, %v\nwant %q", py.Repr(v), g.Sort, g.Uni, g.Indent, got, err, g.T)
		}
	})
}
