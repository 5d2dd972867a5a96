package py

import "testing"

func TestJSONRoundTripKeepsOrderAndNumbers(t *testing.T) {
	in := `{"b":1.0,"a":1e16,"c":12345678901234567890,"d":"<é>","e":[1,-2,null,true,{"x":[]}]}`
	v, err := DecodeJSON([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := AppendJSON(nil, v)
	if err != nil || string(got) != `{"b":1.0,"a":1e16,"c":12345678901234567890,"d":"<é>","e":[1,-2,null,true,{"x":[]}]}` {
		t.Errorf("got %s, %v; want the input", got, err)
	}
	t.Log(Repr(v))
}
