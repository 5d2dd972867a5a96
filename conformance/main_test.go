package main

import (
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/galehq/gale/py"
)

const wantReport = `cases.jsonl st2-render passed 3 of 6
cases.jsonl st2-render-allow-undefined passed 1 of 1
cases.jsonl st2-render-values passed 1 of 1
cases.jsonl st2-cast passed 1 of 2
cases.jsonl st2-to-raw-block passed 1 of 1
cases.jsonl st2-is-jinja passed 1 of 1
cases.jsonl yaml passed 3 of 3
cases.jsonl:6 st2-render: {{ n }}  got '3', want 'four'
cases.jsonl:7 st2-render: {{ n }}  got '3', want the error TypeError
cases.jsonl:8 st2-render: {{ absent }}\nx  got undefined (UndefinedError: 'absent' is undefined), want type
cases.jsonl:12 st2-cast: integer '7'  got 7, want 7.0
`

const wantLog = `cases.jsonl: 1 records of mode (none) left out: no engine for it yet
cases.jsonl: 1 records of mode unheard-of left out: no engine for it yet
`

func TestReport(t *testing.T) {
	var out, log strings.Builder
	if err := run("testdata", &out, &log); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantReport, out.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantLog, log.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestRunNeedsRecords(t *testing.T) {
	var out strings.Builder
	if err := run(filepath.Join(t.TempDir(), "empty"), &out, &out); err == nil {
		t.Error("a directory without records: got no error")
	}
}

func TestPanicOfAnEngineIsAMiss(t *testing.T) {
	rec := py.DictOf("mode", "m", "id", "m-1")
	got := judged(func(*shared, *py.Dict) []verdict { panic("boom") }, newShared(), rec)
	if want := []verdict{{mode: "m", label: "m-1", miss: "panic: boom"}}; len(got) != 1 || got[0] != want[0] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSameIsExact(t *testing.T) {
	huge, _ := new(big.Int).SetString("99999999999999999999", 10)
	nan := untag(py.DictOf("$float", "nan"))
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{int64(1), int64(1), true},
		{int64(1), 1.0, false},
		{int64(1), true, false},
		{1.0, 1.0, true},
		{nan, nan, true},
		{huge, new(big.Int).Set(huge), true},
		{[]any{int64(1)}, &py.List{Items: []any{int64(1)}}, true},
		{[]any{int64(1)}, py.Tuple{int64(1)}, false},
		{[]any{int64(1)}, []any{1.0}, false},
		{py.DictOf("a", int64(1), "b", nil), py.DictOf("b", nil, "a", int64(1)), true},
		{py.DictOf("a", int64(1)), py.DictOf("a", true), false},
		{py.DictOf("a", int64(1)), py.DictOf("b", int64(1)), false},
		{py.SetOf("a", "b"), py.SetOf("b", "a"), true},
		{untag(py.DictOf("$py", "Thing")), untag(py.DictOf("$py", "Thing")), true},
		{untag(py.DictOf("$py", "Thing")), untag(py.DictOf("$py", "Other")), false},
		{nil, false, false},
		{"", nil, false},
	} {
		if got := same(c.a, c.b); got != c.want {
			t.Errorf("same(%s, %s): got %v, want %v", py.Repr(c.a), py.Repr(c.b), got, c.want)
		}
	}
}
