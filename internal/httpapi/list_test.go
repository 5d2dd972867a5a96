package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func TestPaging(t *testing.T) {
	page := func(r *Request) (*Response, error) {
		p, err := r.Paging()
		return &Response{Body: fmt.Sprint(p.Limit, " ", p.Offset)}, err
	}
	handlers := Handlers{"packs.list": page, "actions.list": page, "rules.list": page, "triggers.list": page}
	roles := testHandler(t, handlers, func(c *Config) { c.RBAC = true })
	open := testHandler(t, handlers)
	tests := []struct {
		name, target, token string
		status              int
		want                string // "limit offset", or the fault
	}{
		{"the default", "/v1/packs", "joe-token", 200, "100 0"},
		{"no default", "/v1/actions", "joe-token", 200, "0 0"},
		{"nothing declared", "/v1/triggers?limit=0&offset=-1", "joe-token", 200, "0 0"},
		{"offset not declared", "/v1/rules?limit=5&offset=7", "joe-token", 200, "5 0"},
		{"both", "/v1/packs?limit=5&offset=7", "joe-token", 200, "5 7"},
		{"zero", "/v1/packs?limit=0", "joe-token", 400, `Limit, "0" specified, must be a positive number or -1 for full result set.`},
		{"below minus one", "/v1/packs?limit=-2", "admin-token", 400, `Limit, "-2" specified, must be a positive number.`},
		{"all of them", "/v1/packs?limit=-1&offset=0", "admin-token", 200, "0 0"},
		{"all of them, for others", "/v1/packs?limit=-1", "joe-token", 403, "Administrator access required to be able to specify limit=-1 and retrieve all the records"},
		{"the largest page", "/v1/packs?limit=100", "joe-token", 200, "100 0"},
		{"more than a page", "/v1/packs?limit=1000", "admin-token", 200, "1000 0"},
		{"more than a page, for others", "/v1/packs?limit=1000", "joe-token", 403, `Limit "1000" specified, maximum value is "100"`},
		{"far down", "/v1/packs?offset=2147483647", "joe-token", 200, "100 2147483647"},
		{"too far down", "/v1/packs?offset=2147483648", "joe-token", 400, `Offset "2147483648" specified is more than 32-bit int`},
		{"above the first", "/v1/packs?offset=-1", "joe-token", 400, `Offset "-1" specified, must not be negative.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(roles, "GET", tt.target, "", "X-Auth-Token", tt.token)
			if tt.status != 200 {
				want(t, w, tt.status, tt.want)
			} else if w.Code != 200 || w.Body.String() != `"`+tt.want+`"` {
				t.Errorf("got %d %s, want %q", w.Code, w.Body, tt.want)
			}
		})
	}
	for _, target := range []string{"/v1/packs?limit=-1", "/v1/packs?limit=1000"} {
		if w := call(open, "GET", target, "", "X-Auth-Token", "joe-token"); w.Code != 200 {
			t.Errorf("%s without roles: got %d %s, want 200", target, w.Code, w.Body)
		}
	}
}

func TestCut(t *testing.T) {
	items := []int{1, 2, 3}
	for p, want := range map[Paging]string{
		{}: "[1 2 3]", {Limit: 2}: "[1 2]", {Limit: 2, Offset: 2}: "[3]", {Offset: 9}: "[]", {Limit: 9, Offset: 3}: "[]",
	} {
		if got := fmt.Sprint(Cut(items, p)); got != want {
			t.Errorf("%+v: got %s, want %s", p, got, want)
		}
	}
}

func TestSort(t *testing.T) {
	fields := map[string]string{"name": "name", "start": "start_timestamp"}
	for text, want := range map[string]string{
		"":                  "[]",
		"name":              "[{name false}]",
		"-start,name":       "[{start_timestamp true} {name false}]",
		"+name":             "[{name false}]",
		" name":             "[{name false}]",
		"bogus,-bogus,name": "[{name false}]",
		"--name":            "[]",
	} {
		if got := fmt.Sprint(ParseSort(text, fields)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

const execution = `{"id":"5","status":"failed","action":{"ref":"a.b","name":"b","parameters":{"x":{"type":"string"}}},` +
	`"result":{"stdout":"o","stderr":"e"},"log":[{"status":"x"}]}`

func TestProjection(t *testing.T) {
	attrs := Attributes{
		Known:     []string{"id", "status", "action", "result", "log"},
		CanBeLeft: []string{"result", "result.stdout", "action.parameters.x", "id"},
		Always:    []string{"id"},
	}
	split := func(s string) []string { return strings.Split(s, ",") }
	tests := []struct{ name, include, exclude, want string }{
		{"nothing asked for", "", "", execution},
		{"some", "status,log", "", `{"id":"5","status":"failed","log":[{"status":"x"}]}`},
		{"the id comes along", "status", "", `{"id":"5","status":"failed"}`},
		{"twice", "status,status", "", `{"id":"5","status":"failed"}`},
		{"a leaf", "action.ref", "", `{"id":"5","action":{"ref":"a.b"}}`},
		{"leaves of one branch", "action.name,action.ref", "", `{"id":"5","action":{"ref":"a.b","name":"b"}}`},
		{"a branch and its leaf", "action.ref,action", "", `{"id":"5","action":{"ref":"a.b","name":"b","parameters":{"x":{"type":"string"}}}}`},
		{"a leaf of a whole branch", "action,action.ref", "", `{"id":"5","action":{"ref":"a.b","name":"b","parameters":{"x":{"type":"string"}}}}`},
		{"deep", "action.parameters.x.type", "", `{"id":"5","action":{"parameters":{"x":{"type":"string"}}}}`},
		{"a leaf that is not there", "result.nothing", "", `{"id":"5","result":{}}`},
		{"below a list", "log.status", "", `{"id":"5","log":[{"status":"x"}]}`},
		{"below a text", "status.x", "", `{"id":"5","status":"failed"}`},
		{"left out", "", "result", `{"id":"5","status":"failed","action":{"ref":"a.b","name":"b","parameters":{"x":{"type":"string"}}},"log":[{"status":"x"}]}`},
		{"a leaf left out", "", "result.stdout,action.parameters.x", `{"id":"5","status":"failed","action":{"ref":"a.b","name":"b","parameters":{}},"result":{"stderr":"e"},"log":[{"status":"x"}]}`},
		{"the id stays", "", "id", execution},
		{"deeper than anything", "result" + strings.Repeat(".a", 1000), "", `{"id":"5","result":{}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := NewProjection(split(tt.include), split(tt.exclude), attrs)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := py.DecodeJSON([]byte(execution))
			list := p.ApplyAll([]any{v, v})
			for _, item := range list {
				if got, _ := py.AppendJSON(nil, item); string(got) != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			}
			if got, _ := py.AppendJSON(nil, v); string(got) != execution {
				t.Errorf("the document was changed to %s", got)
			}
			for _, name := range attrs.Known {
				_, kept := list[0].(*py.Dict).GetString(name)
				if p.Includes(name) != kept {
					t.Errorf("Includes(%q) is %v, in the answer: %v", name, p.Includes(name), kept)
				}
			}
		})
	}
}

func TestWrongProjections(t *testing.T) {
	attrs := Attributes{Known: []string{"id"}, CanBeLeft: []string{"result"}}
	tests := []struct {
		include, exclude []string
		want             string
	}{
		{[]string{"id"}, []string{"result"}, "exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both."},
		{[]string{"id", "elapsed_seconds"}, nil, "Invalid or unsupported include attribute specified: elapsed_seconds"},
		{[]string{"bogus.x"}, nil, "Invalid or unsupported include attribute specified: bogus.x"},
		{nil, []string{"id"}, "Invalid or unsupported exclude attribute specified: id"},
	}
	for _, tt := range tests {
		if _, err := NewProjection(tt.include, tt.exclude, attrs); err == nil || err.Error() != tt.want {
			t.Errorf("%v %v: got %v, want %s", tt.include, tt.exclude, err, tt.want)
		}
	}
	if _, err := NewProjection([]string{"anything"}, nil, Attributes{}); err != nil {
		t.Errorf("where everything is known: %v", err)
	}
}

func TestProjectionOfARequest(t *testing.T) {
	show := func(r *Request) (*Response, error) {
		p, err := r.Projection(Attributes{Always: []string{"id"}})
		return &Response{Body: p.Apply(py.DictOf("id", "5", "a", int64(1), "b", int64(2)))}, err
	}
	h := testHandler(t, Handlers{"actions.list": show, "keys.list": show})
	for target, want := range map[string]string{
		"/v1/actions?include_attributes=a": `{"id":"5","a":1}`,
		"/v1/actions?include_attributes=":  `{"id":"5","a":1,"b":2}`,
		"/v1/actions?exclude_attributes=a": `{"id":"5","b":2}`,
		"/v1/keys?include_attributes=a":    `{"id":"5","a":1,"b":2}`, // not declared there
	} {
		if w := call(h, "GET", target, ""); w.Body.String() != want {
			t.Errorf("%s: got %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T07:43:44Z":              "2026-11-22T07:43:44.000000Z",
		"2026-11-22 07:43:44Z":              "2026-11-22T07:43:44.000000Z",
		"2026-11-22T07:43:44.722Z":          "2026-11-22T07:43:44.722000Z",
		"2026-11-22T07:43:44.722145+00:00":  "2026-11-22T07:43:44.722145Z",
		"2026-11-22T07:43:44.7221+0000":     "2026-11-22T07:43:44.722100Z",
		"2026-11-22T07:43:44+00":            "2026-11-22T07:43:44.000000Z",
		"2026-11-22T07:43:44":               "",
		"2026-11-22T07:43:44.7Z":            "",
		"2026-11-22T07:43:44.72Z":           "",
		"2026-11-22T07:43:44.7221451Z":      "",
		"2026-11-22T07:43:44+01:00":         "",
		"2026-11-22T07:43:44z":              "",
		"2026-11-22t07:43:44Z":              "",
		"2026-13-22T07:43:44Z":              "",
		"2026-02-30T07:43:44Z":              "",
		"2026-1-22T07:43:44Z":               "",
		"2026-11-22T07:43:44,722Z":          "",
		"2026-11-22":                        "",
		"":                                  "",
		"yesterday":                         "",
		"2026-11-22T07:43:4éZ":              "",
		"2026-11-22T07:43:44Z and the rest": "",
	} {
		got, err := ParseTime(text)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: got %v, %v, want %q", text, got, err, want)
		}
		if err != nil && err.Error() != "Datetime value does not match expected format." {
			t.Errorf("%q: got error %v", text, err)
		}
	}
}

func TestTimeRanges(t *testing.T) {
	const a, b = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	ta, _ := ParseTime(a)
	tb, _ := ParseTime(b)
	for text, want := range map[string]TimeRange{
		a:             {ta, ta, false},
		a + ".." + b:  {ta, tb, false},
		b + ".." + a:  {ta, tb, true},
		a + ".." + "": {},
		".." + a:      {},
		a + "..x":     {},
	} {
		got, err := ParseTimeRange(text)
		if got != want || (err != nil) != (want == TimeRange{}) {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestFilterValues(t *testing.T) {
	if !IsNull("Null") || IsNull("") || IsNull("nil") {
		t.Error("null has any case and no other word")
	}
	ids, err := ParseIDs([]string{"5F0000000000000000000001"})
	if err != nil || ids[0] != "5f0000000000000000000001" {
		t.Errorf("got %v, %v", ids, err)
	}
	for _, bad := range []string{"x", "", "5f00000000000000000000000", "5g0000000000000000000001"} {
		want := "'" + bad + "' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string"
		if _, err := ParseIDs([]string{bad}); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", bad, err, want)
		}
	}
	if list, err := SplitList(strings.Repeat("a,", 99) + "a"); err != nil || len(list) != 100 {
		t.Errorf("100 items: got %d, %v", len(list), err)
	}
	if _, err := SplitList(strings.Repeat("a,", 100) + "a"); err == nil || err.Error() != "Maximum of 100 items can be provided for a query parameter value" {
		t.Errorf("101 items: got %v", err)
	}
	if list, err := SplitList(""); list != nil || err != nil {
		t.Errorf("nothing: got %v, %v", list, err)
	}
	for text, want := range map[string]string{"1": "true", "True": "true", "false": "false", "0": "false", "yes": `Invalid bool representation "yes" provided.`} {
		b, err := ParseBool(text)
		got := fmt.Sprint(b)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestAllListErrorsAreTheClients(t *testing.T) {
	_, err := ParseTime("x")
	if e := errorOf(err); e.Status != 400 {
		t.Errorf("got %d, want 400", e.Status)
	}
	if e := errorOf(gale.Errorf(gale.Invalid, "%w", err)); e.Fault != err.Error() {
		t.Errorf("wrapped: got %q", e.Fault)
	}
}
