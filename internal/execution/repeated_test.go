package execution

import (
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/py"
)

// TestSecretGivenTwiceIsSealedTwice: somebody types the password into the
// command as well.
func TestSecretGivenTwiceIsSealedTwice(t *testing.T) {
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	def := &Definition{Params: schema.Merge(py.NewDict(0), py.DictOf(
		"password", py.DictOf("type", "string", "secret", true),
		"cmd", py.DictOf("type", "string"), "host", py.DictOf("type", "string")))}
	s := &Service{Key: key}
	e := &gale.Execution{ID: "5f1d1e1f1a1b1c1d1e1f1a1b"}
	values := py.DictOf("password", "correct horse", "cmd", "login -p 'correct horse'", "host", "web1")
	if e.Parameters, err = s.seal(def, e, values); err != nil {
		t.Fatal(err)
	}
	text, err := py.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "correct horse") || !strings.Contains(string(text), "web1") {
		t.Errorf("stored: %s", text)
	}
	opened, err := s.OpenParameters(e)
	if err != nil || !py.Equal(opened, values) {
		t.Errorf("opened again: %v, %v; want %v", opened, err, values)
	}
}
