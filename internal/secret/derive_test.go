package secret

import (
	"bytes"
	"testing"
)

func TestDeriveDiffersByPurposeAndRepeats(t *testing.T) {
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	derive := func(label string) []byte {
		b, err := k.Derive(label)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(derive("a"), derive("a")) {
		t.Error("the same purpose gives two keys")
	}
	if bytes.Equal(derive("a"), derive("b")) {
		t.Error("two purposes give one key")
	}
}

func TestMaskSealedJSON(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"without secrets is untouched", `{"b": 1,  "a":2}`, `{"b": 1,  "a":2}`},
		{"a sealed value is masked", `{"a":{"$sealed":"AAAA"},"b":[{"$sealed":"BBBB"}]}`, `{"a":"********","b":["********"]}`},
	} {
		got, err := MaskSealedJSON([]byte(c.text))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}
