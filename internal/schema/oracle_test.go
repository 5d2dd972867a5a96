package schema

import (
	"bufio"
	"os"
	"testing"

	"github.com/galehq/gale/py"
)

// recorded yields the lines of a file that testdata/oracle.py wrote.
func recorded(t *testing.T, file string, each func(line int, schema *py.Dict, value any, want *py.Dict)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		v, err := py.DecodeJSON(lines.Bytes())
		if err != nil {
			t.Fatalf("%s:%d: %v", file, n, err)
		}
		d := v.(*py.Dict)
		value, _ := d.GetString("value")
		each(n, dict(d, "schema"), value, dict(d, "want"))
	}
}

func TestMessagesAreThoseOfJSONSchema(t *testing.T) {
	for _, file := range oracleFiles("testdata/validate.jsonl", "GALE_SCHEMA_VALIDATE") {
		recorded(t, file, func(line int, doc *py.Dict, value any, want *py.Dict) {
			s, err := compile(doc)
			if err != nil {
				t.Errorf("%s:%d: %v", file, line, err)
				return
			}
			got := "fits"
			if err := s.Validate(value); err != nil {
				got = err.(*Error).Message
			}
			if wanted := wantedMessage(want); got != wanted {
				t.Errorf("%s:%d: schema %s, value %s\n got %s\nwant %s", file, line, py.Repr(doc), py.Repr(value), got, wanted)
			}
		})
	}
}

func TestDefaultsAndNullsAreThoseOfStackStorm(t *testing.T) {
	for _, file := range oracleFiles("testdata/complete.jsonl", "GALE_SCHEMA_COMPLETE") {
		recorded(t, file, func(line int, doc *py.Dict, value any, want *py.Dict) {
			whole, err := Complete(doc, value)
			got := "fits"
			if err != nil {
				got = err.(*Error).Message
			}
			if wanted := wantedMessage(want); got != wanted {
				t.Errorf("%s:%d: schema %s, value %s\n got %s\nwant %s", file, line, py.Repr(doc), py.Repr(value), got, wanted)
				return
			}
			if completed, _ := want.GetString("value"); err == nil && !Same(whole, completed) {
				t.Errorf("%s:%d: schema %s, value %s\n completed as %s\n instead of   %s", file, line,
					py.Repr(doc), py.Repr(value), py.Repr(whole), py.Repr(completed))
			}
		})
	}
}

func wantedMessage(want *py.Dict) string {
	if truth(want, "ok") {
		return "fits"
	}
	return text(want, "message")
}

// oracleFiles adds the file named by an environment variable, for long runs
// against freshly recorded cases.
func oracleFiles(file, variable string) []string {
	if more := os.Getenv(variable); more != "" {
		return []string{file, more}
	}
	return []string{file}
}
