package criteria

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/py"
)

var engine = expr.New(expr.Options{})

var now = time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)

type keys map[string]string

func (k keys) ReadKey(_, _, name string) (string, bool, error) {
	if name == "broken" {
		return "", false, errors.New("the datastore is down")
	}
	v, ok := k[name]
	return v, ok, nil
}

func env() Env {
	return Env{Now: now, Datastore: params.NewDatastore(keys{"x": "foo", "n": "5"}, "stanley")}
}

func doc(t testing.TB, source string) *py.Dict {
	t.Helper()
	v, err := py.DecodeJSON([]byte(source))
	if err != nil {
		t.Fatalf("%v in %s", err, source)
	}
	return v.(*py.Dict)
}

// payloadText is the payload of testdata/oracle.py.
const payloadText = `{"a": 1, "b": 2, "f": 5.0, "t": true, "c": "str", "s": "Hello World", "multi": "one\ntwo", "l": [1, "x", null], "n": null, "z": 0, "e": "", "u": "ÉTÉ",
	"d": {"k": "v", "deep": {"x-1": [10, 20]}}, "items": [{"name": "web", "cpu": 5, "tags": ["p"]}, {"name": "db", "cpu": 50}, {"name": "cache"}],
	"when": "2026-11-25T06:59:30Z", "later": "2026-11-25T07:10:00+00:00", "empty": [], "a b": {"c.d": 7}, "num": "5", "re": "a.c"}`

// TestCriteriaAreMetAsInStackStorm compares with recordings of testdata/oracle.py.
func TestCriteriaAreMetAsInStackStorm(t *testing.T) {
	files := []string{"testdata/criteria.jsonl"}
	if more := os.Getenv("GALE_CRITERIA"); more != "" {
		files = append(files, more) // freshly recorded, for long runs
	}
	payload := doc(t, payloadText)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			c := doc(t, lines.Text())
			key, _ := c.GetString("key")
			criterion, _ := c.GetString("criterion")
			want, _ := c.GetString("want")
			event := payload
			if empty, _ := c.GetString("empty"); py.Truth(empty) {
				event = py.NewDict(0)
			}
			d := Compile(py.DictOf(key, criterion), engine).Match(event, env())
			wantMatched, _ := want.(*py.Dict).GetString("matched")
			wantFailed, _ := want.(*py.Dict).GetString("failed")
			// A failure within a search is a failure of the rule there, and nothing here.
			search := strings.Contains(lines.Text(), `"search"`)
			if d.Matched != wantMatched || !search && (d.Err != nil) != wantFailed {
				t.Errorf("%s\nmatched %v, error %v", lines.Text(), d.Matched, d.Err)
			}
		}
	}
}

func TestDecisionsSayWhy(t *testing.T) {
	for _, c := range []struct{ criteria, want string }{
		{`{}`, ""},
		{`{"trigger.a": {"type": "eq", "pattern": 1}, "trigger.c": {"type": "regex", "pattern": "^s"}}`, ""},
		{`{"trigger.a": {"type": "eq", "pattern": "1"}}`, "trigger.a is 1, which does not meet eq '1'"},
		{`{"trigger.nope": {"type": "exists", "pattern": true}}`, "trigger.nope is None, which does not meet exists True"},
		{`{"trigger.nope": {"type": "contains", "pattern": "x"}}`, "trigger.nope: the operator contains fails: argument of type 'NoneType' is not iterable"},
		{`{"trigger.nope": {"type": "startswith", "pattern": "x"}}`, "trigger.nope: the operator startswith fails: 'NoneType' object has no attribute 'startswith'"},
		{`{"trigger.c": {"type": "lt", "pattern": 5}}`, "trigger.c: the operator lt fails: '<' not supported between instances of 'str' and 'int'"},
		{`{"trigger.c": {"type": "gt", "pattern": 5}}`, "trigger.c: the operator gt fails: '>' not supported between instances of 'str' and 'int'"},
		{`{"trigger.c": {"type": "eq", "pattern": "{{ trigger.zzz }}"}}`, `trigger.c: Failed to render pattern value "{{ trigger.zzz }}": 'dict object' has no attribute 'zzz'`},
		{`{"trigger.c": {"type": "regex", "pattern": "("}}`, "trigger.c: the operator regex fails: missing ), unterminated subpattern at position 0"},
		{`{"trigger.c": {"pattern": "x"}}`, "trigger.c: the criterion has no type"},
		{`{"trigger.c": {"type": "like", "pattern": "x"}}`, "trigger.c: Invalid operator: like"},
		{`{"trigger.c": "x"}`, "trigger.c: the criterion is str, not an object"},
		{`{"trigger.items": {"type": "search", "pattern": {}}}`, "trigger.items: the operator search fails: The 'None' condition is not recognized for type search, 'any', 'all', 'any2any' and 'all2any' are allowed"},
		{`{"trigger.when": {"type": "td_lt", "pattern": 20}}`, "trigger.when is '2026-11-25T06:59:30Z', which does not meet td_lt 20"},
		{`{"trigger.when": {"type": "td_lt", "pattern": 31}}`, ""},
		{`{"trigger.a": {"type": "td_gt", "pattern": 60}}`, ""},
	} {
		d := Compile(doc(t, c.criteria), engine).Match(doc(t, payloadText), env())
		if d.Reason() != c.want || d.Matched != (c.want == "") {
			t.Errorf("%s:\n got %v %q\nwant %q", c.criteria, d.Matched, d.Reason(), c.want)
		}
	}
}

func TestBareDatastoreItemsAreText(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		matched        bool
	}{
		{"{{ st2kv.system.x }}", "foo", true},
		{"{{ st2kv.system.x }}-b", "foo-b", true},
		{"{{ st2kv.system.n }}", "5", true},
		{"{{ st2kv.system.missing }}", "", true},
		{"{{ system.x }}", "foo", true},
	} {
		d := Compile(py.DictOf("trigger.v", py.DictOf("type", "eq", "pattern", c.pattern)), engine).Match(py.DictOf("v", c.value), env())
		if d.Matched != c.matched {
			t.Errorf("%s against %q: %+v", c.pattern, c.value, d)
		}
	}
	d := Compile(py.DictOf("system.x", py.DictOf("type", "eq", "pattern", "foo")), engine).Match(py.DictOf("v", 1), env())
	if !d.Matched {
		t.Errorf("a key of the datastore: %+v", d)
	}
}

func TestAnOutageOfTheDatastoreFailsTheCriterion(t *testing.T) {
	for _, criteria := range []*py.Dict{
		py.DictOf("trigger.v", py.DictOf("type", "eq", "pattern", "{{ st2kv.system.broken }}")),
		py.DictOf("st2kv.system.broken", py.DictOf("type", "nexists", "pattern", true)),
	} {
		e := env()
		d := Compile(criteria, engine).Match(py.DictOf("v", ""), e)
		if d.Matched || d.Err == nil || e.Datastore.Err() == nil {
			t.Errorf("%s: %+v, and the datastore says %v", py.Repr(criteria), d, e.Datastore.Err())
		}
	}
}

func TestExplainLooksAtEveryCriterion(t *testing.T) {
	c := Compile(doc(t, `{"trigger.a": {"type": "eq", "pattern": 2}, "trigger.b": {"type": "eq", "pattern": 2}, "trigger.c": {"type": "lt", "pattern": 2}}`), engine)
	d := c.Explain(doc(t, payloadText), env())
	if d.Matched || len(d.Checks) != 3 || d.Checks[0].Matched || !d.Checks[1].Matched || d.Checks[2].Err == nil || !strings.HasPrefix(d.Reason(), "trigger.a is 1") {
		t.Errorf("got %+v", d)
	}
	if m := c.Match(doc(t, payloadText), env()); len(m.Checks) != 1 || m.Reason() != d.Reason() {
		t.Errorf("match says %+v", m)
	}
	if d := c.Explain(nil, env()); d.Matched || d.Reason() == "" {
		t.Errorf("an empty payload: %+v", d)
	}
}

func TestCriteriaAreCheckedWhenSaved(t *testing.T) {
	for criteria, want := range map[string]string{
		`{"trigger.a": {"type": "eq", "pattern": 0}}`:      "",
		`{"trigger.a": {"type": "search", "pattern": {}}}`: "",
		`{"trigger.a": {"pattern": 1}}`:                    "Operator not specified for field: trigger.a",
		`{"trigger.a": {"type": "EQ", "pattern": 1}}`:      "For field: trigger.a, operator EQ not in list of allowed operators: ",
		`{"trigger.a": {"type": "exists"}}`:                "For field: trigger.a, no pattern specified for operator exists",
		`{"trigger.a": {"type": "eq", "pattern": null}}`:   "For field: trigger.a, no pattern specified for operator eq",
		`{"trigger.a": 5}`:                                 "For field: trigger.a, the criterion is not an object",
		`{"trigger.a": {"type": 5, "pattern": 1}}`:         "For field: trigger.a, operator 5 not in list",
	} {
		got := ""
		if found := Check(doc(t, criteria)); len(found) > 0 {
			got = found[0].Message
		}
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", criteria, got, want)
		}
	}
}

func TestWildcards(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*c", "abbc", true}, {"a*c", "abbd", false}, {"a?c", "aéc", true}, {"a?c", "ac", false},
		{"*.log", "x.log", true}, {"*.log", ".log", true}, {"[ab]c", "bc", true}, {"[!ab]c", "bc", false}, {"[!ab]c", "xc", true}, {"[a-c]", "b", true},
		{"[a-c]", "d", false}, {"[c-a]", "b", false}, {"[]a]", "]", true}, {"[!]a]", "]", false}, {"[a", "[a", true}, {"[a-]", "-", true}, {"a\nb*", "a\nbc", true},
		{"**a**", "xxaxx", true}, {"*a*b*c", "1a2b3c4c", true}, {"A", "a", false}, {"{a}", "{a}", true}, {"\\*", "\\x", true},
	} {
		if got := globMatches(c.glob, c.s); got != c.want {
			t.Errorf("%q %q: got %v", c.glob, c.s, got)
		}
	}
}

func FuzzCriterion(f *testing.F) {
	f.Add("trigger.s", "matchwildcard", `"h*[!a-z"`, "any")
	f.Add("trigger.items[0]..name#1", "search", `{"item.name": {"type": "eq", "pattern": "{{ item }}"}}`, "all")
	f.Add("trigger.when", "timediff_lt", `"{{ trigger.a }}"`, "")
	f.Fuzz(func(t *testing.T, key, operator, pattern, condition string) {
		p, err := py.DecodeJSON([]byte(pattern))
		if err != nil {
			p = pattern
		}
		criteria := py.DictOf(key, py.DictOf("type", operator, "pattern", p, "condition", condition))
		Check(criteria)
		c := Compile(criteria, engine)
		payload := doc(t, payloadText)
		if a, b := c.Match(payload, env()), c.Explain(payload, env()); a.Matched != b.Matched || a.Reason() != b.Reason() {
			t.Errorf("match %+v, explain %+v", a, b)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	c := Compile(doc(b, `{"trigger.d.k": {"type": "eq", "pattern": "v"}}`), engine)
	payload := doc(b, payloadText)
	e := env()
	b.ReportAllocs()
	for b.Loop() {
		if d := c.Match(payload, e); !d.Matched {
			b.Fatal(d.Reason())
		}
	}
}
