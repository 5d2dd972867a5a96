package py

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := DecodeJSON([]byte(text))
	if err != nil {
		t.Fatalf("DecodeJSON(%s): %v", text, err)
	}
	return v
}

func TestJSONKeepsOrderIntegersAndFloats(t *testing.T) {
	for _, text := range []string{
		`{"b":1.0,"a":1e16,"c":12345678901234567890,"d":"<é>","e":[1,-2,null,true,{"x":[]}]}`,
		`[-0.0,0.00001,1e-6,9223372036854775807,-9223372036854775808,9223372036854775808,1000000000000000.0]`,
		`"\u0000\u001f\b\f\n\r\t\"\\/` + "\x7f\u2028" + `"`,
		`{}`, `[]`, `null`, `""`,
	} {
		got, err := AppendJSON(nil, decode(t, text))
		if err != nil || string(got) != text {
			t.Errorf("got %s, %v; want %s", got, err, text)
		}
	}
}

func TestDuplicateKeysKeepTheFirstPlaceAndTheLastValue(t *testing.T) {
	small := `{"a":1,"b":2,"a":3}`
	big := `{"a":1,` + strings.Repeat(`"k":0,`, 20) + `"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"a":3}`
	for text, want := range map[string]string{
		small: `{"a":3,"b":2}`,
		big:   `{"a":3,"k":0,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`,
	} {
		if got, _ := AppendJSON(nil, decode(t, text)); string(got) != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestJSONErrorsTellThePlace(t *testing.T) {
	tests := []struct{ text, want string }{
		{"{\"a\": 1,\n \"é\": x}", "Expecting value: line 2 column 7 (char 16)"},
		{"[1, 2", "Expecting ',' delimiter: line 1 column 6 (char 5)"},
		{"\"a\xffb\"", "Invalid UTF-8: line 1 column 3 (char 2)"},
		{"[NaN]", "Expecting value: line 1 column 2 (char 1)"},
		{"1e999", "Number out of range: line 1 column 1 (char 0)"},
		{"\ufeff1", "Expecting value: line 1 column 1 (char 0)"},
		{strings.Repeat("[", 513) + strings.Repeat("]", 513), "Nested too deeply: line 1 column 513 (char 512)"},
		{strings.Repeat("{\"a\":", 100_000), "Nested too deeply: line 1 column 2561 (char 2560)"},
	}
	for _, tt := range tests {
		_, err := DecodeJSON([]byte(tt.text))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.40q: got %v, want %s", tt.text, err, tt.want)
		}
	}
	deepest := strings.Repeat("[", 512) + strings.Repeat("]", 512)
	if _, err := DecodeJSON([]byte(deepest)); err != nil {
		t.Errorf("512 levels: got %v, want none", err)
	}
}

func TestSurrogatesPairUpOrBecomeReplacementCharacters(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud83c\udf89"`:       "🎉",
		`"\ud800"`:             "\ufffd",
		`"\udc00x"`:            "\ufffdx",
		`"\ud800\n"`:           "\ufffd\n",
		`"\ud800\ud83c\udf89"`: "\ufffd🎉",
		`"\ud800\u0041"`:       "\ufffdA",
	} {
		if got := decode(t, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestStringsOfLargeDocumentsAreTheirOwn(t *testing.T) {
	text := `["` + strings.Repeat("x", shareMax) + `","a\nb","c"]`
	v := decode(t, text).([]any)
	if v[1] != "a\nb" || v[2] != "c" || len(v[0].(string)) != shareMax {
		t.Errorf("got %.20q, %q, %q", v[0], v[1], v[2])
	}
}

func TestAppendJSONRefusesWhatIsNoDocument(t *testing.T) {
	loop := NewList()
	loop.Items = append(loop.Items, loop)
	tests := []struct {
		v    any
		want string
	}{
		{SetOf(int64(1)), "TypeError: Object of type set is not JSON serializable"},
		{Bytes("x"), "TypeError: Object of type bytes is not JSON serializable"},
		{Date{2024, 1, 2}, "TypeError: Object of type date is not JSON serializable"},
		{DictOf(Tuple{"a"}, 1), "TypeError: keys must be str, int, float, bool or None, not tuple"},
		{loop, "ValueError: Circular reference detected"},
	}
	for _, tt := range tests {
		if _, err := AppendJSON(nil, tt.v); err == nil || err.Error() != tt.want {
			t.Errorf("AppendJSON(%.30s): got %v, want %s", Repr(tt.v), err, tt.want)
		}
		if _, err := PythonJSON.Append(nil, tt.v); err == nil || err.Error() != tt.want {
			t.Errorf("JSONFormat.Append(%.30s): got %v, want %s", Repr(tt.v), err, tt.want)
		}
	}
}

func TestAppendJSONReplacesInvalidUTF8(t *testing.T) {
	got, err := AppendJSON(nil, "a\xffb\n")
	if want := `"a` + "\ufffd" + `b\n"`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if text, _ := PythonJSON.Text("a\xff"); text != `"a\ufffd"` {
		t.Errorf("ASCII: got %s", text)
	}
}

type level string

func (l *level) UnmarshalText(b []byte) error {
	if string(b) == "bad" {
		return errors.New("no such level")
	}
	*l = level("L:" + string(b))
	return nil
}

type stamp struct{ sec int64 }

func (s stamp) MarshalJSON() ([]byte, error) { return AppendJSON(nil, s.sec) }
func (s *stamp) UnmarshalJSON(b []byte) error {
	return Unmarshal(b, &s.sec)
}

type base struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type node struct {
	base
	*Extra
	Name     string            `json:"name,omitempty"` // shadows base.Name
	Count    int               `json:"count"`
	Small    uint8             `json:"small,omitempty"`
	Ratio    float64           `json:"ratio,omitempty"`
	On       *bool             `json:"on,omitempty"`
	Any      any               `json:"any,omitempty"`
	Dict     *Dict             `json:"dict,omitempty"`
	Big      *big.Int          `json:"big,omitempty"`
	Kids     []*node           `json:"kids,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
	ByNumber map[int]bool      `json:"by_number,omitempty"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Blob     []byte            `json:"blob,omitempty"`
	Level    level             `json:"level,omitempty"`
	When     stamp             `json:"when,omitzero"`
	At       time.Time         `json:"at,omitzero"`
	Pair     [2]int            `json:"pair"`
	Hidden   string            `json:"-"`
	private  int
}

type Extra struct {
	Note string `json:"note,omitempty"`
}

func TestStructsTravelThroughJSON(t *testing.T) {
	on := true
	in := node{
		base: base{ID: "n1", Name: "lost"}, Extra: &Extra{Note: "é"}, Name: "root", Count: -3, Small: 7, Ratio: 2, On: &on,
		Any: []any{int64(1), "x", DictOf("z", 1, "a", nil)}, Dict: DictOf("k", 1.5), Big: new(big.Int).Lsh(big.NewInt(1), 70),
		Kids: []*node{{Count: 1}, nil}, Tags: map[string]string{"b": "2", "a": "1"}, ByNumber: map[int]bool{2: true},
		Raw: json.RawMessage(`{"x": 1}`), Blob: []byte("hi"), Level: "low", When: stamp{5},
		At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Pair: [2]int{1, 2}, Hidden: "no", private: 1,
	}
	text, err := Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"n1","note":"é","name":"root","count":-3,"small":7,"ratio":2.0,"on":true,"any":[1,"x",{"z":1,"a":null}],` +
		`"dict":{"k":1.5},"big":1180591620717411303424,"kids":[{"id":"","count":1,"pair":[0,0]},null],"tags":{"a":"1","b":"2"},` +
		`"by_number":{"2":true},"raw":{"x": 1},"blob":"aGk=","level":"low","when":5,"at":"2024-01-02T03:04:05Z","pair":[1,2]}`
	if string(text) != want {
		t.Errorf("Marshal:\n got %s\nwant %s", text, want)
	}
	var out node
	if err := Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	again, err := Marshal(out)
	if err != nil || string(again) != strings.Replace(want, `"level":"low"`, `"level":"L:low"`, 1) {
		t.Errorf("a second round: %v\n got %s\nwant %s", err, again, want)
	}
	doc, err := FromGo(&in)
	if err != nil {
		t.Fatal(err)
	}
	viaDoc, err := AppendJSON(nil, doc)
	if compact := strings.Replace(want, `{"x": 1}`, `{"x":1}`, 1); err != nil || string(viaDoc) != compact {
		t.Errorf("FromGo: %v\n got %s\nwant %s", err, viaDoc, compact)
	}
	var back node
	if err := ToGo(doc, &back); err != nil || back.ID != "n1" || back.Note != "é" || *back.On != true {
		t.Errorf("ToGo: got %+v, %v", back, err)
	}
}

func TestUnmarshalIgnoresUnknownNamesAndNull(t *testing.T) {
	v := node{Count: 4, Kids: []*node{{}}, Tags: map[string]string{"a": "b"}}
	err := Unmarshal([]byte(` {"nope":[{"a":"\n"},1.5e3,"x",null,{}],"COUNT":9,"count":null,"kids":null,"tags":null,"any":null,"dict":null,"name":"n"} `), &v)
	if err != nil || v.Count != 4 || v.Kids != nil || v.Tags != nil || v.Name != "n" {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestUnmarshalTellsWhatDoesNotFit(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{"count":"x"}`, "Cannot store what is not an integer in a Go value of type int: line 1 column 10 (char 9)"},
		{`{"count":1.5}`, "Cannot store the number 1.5 in a Go value of type int: line 1 column 10 (char 9)"},
		{`{"small":256}`, "Cannot store the number 256 in a Go value of type uint8: line 1 column 10 (char 9)"},
		{`{"small":-1}`, "Cannot store the number -1 in a Go value of type uint8: line 1 column 10 (char 9)"},
		{`{"kids":{}}`, "Cannot store what is not an array in a Go value of type []*py.node: line 1 column 9 (char 8)"},
		{`{"dict":[]}`, "Cannot store a list in a Go value of type *py.Dict: line 1 column 9 (char 8)"},
		{`{"level":"bad"}`, "no such level: line 1 column 10 (char 9)"},
		{`{"blob":"?"}`, "Cannot store what is not base64 text in a Go value of type []uint8: line 1 column 9 (char 8)"},
		{`{"nope":[1,]}`, "Expecting value: line 1 column 12 (char 11)"},
		{`{"count":1} x`, "Extra data: line 1 column 13 (char 12)"},
		{`[]`, "Cannot store what is not an object in a Go value of type py.node: line 1 column 1 (char 0)"},
	}
	for _, tt := range tests {
		var v node
		if err := Unmarshal([]byte(tt.text), &v); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
	if err := Unmarshal([]byte(`1`), node{}); err == nil {
		t.Error("a target that is no pointer: got no error")
	}
}

func TestMarshalHasEmptySlicesAndMaps(t *testing.T) {
	v := struct {
		S []int
		M map[string]int
		D *Dict
		P *int
		A any
		F float64
	}{F: math.NaN()}
	got, err := Marshal(v)
	if want := `{"S":[],"M":{},"D":{},"P":null,"A":null,"F":null}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := Marshal(struct{ C chan int }{}); err == nil {
		t.Error("a channel: got no error")
	}
	type self struct{ Next *self }
	loop := &self{}
	loop.Next = loop
	if _, err := Marshal(loop); err == nil {
		t.Error("a cycle: got no error")
	}
	if _, err := FromGo(loop); err == nil {
		t.Error("FromGo of a cycle: got no error")
	}
}

func TestFromGoNormalisesNumbers(t *testing.T) {
	got, err := FromGo(map[string]any{"i": 1, "u": uint64(math.MaxUint64), "f": float32(0.5), "b": big.NewInt(3), "t": []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{'b': 3, 'f': 0.5, 'i': 1, 't': ['x'], 'u': 18446744073709551615}`
	if diff := cmp.Diff(want, Repr(got)); diff != "" || Check(got) != nil {
		t.Errorf("%s; Check: %v", diff, Check(got))
	}
}
