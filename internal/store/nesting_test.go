package store

import (
	"strings"
	"testing"

	"github.com/galehq/gale/py"
)

func TestNesting(t *testing.T) {
	lists := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		name, text string
		want       bool
	}{
		{"nothing", ``, false},
		{"as much as is allowed", lists(maxNesting), false},
		{"one more", lists(maxNesting + 1), true},
		{"objects count too", `{"a":` + lists(maxNesting) + `}`, true},
		{"many beside each other", "[" + strings.Repeat("[],", 2*maxNesting) + "1]", false},
		{"brackets in texts", `["` + strings.Repeat("[", 2*maxNesting) + `"]`, false},
		{"quotes in texts", `["\"` + strings.Repeat("[", 2*maxNesting) + `\\"]`, false},
		{"after a text", `["\\",` + lists(maxNesting) + `]`, true},
	}
	for _, tt := range tests {
		if got := nestedTooDeeply([]byte(tt.text)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if maxNesting >= py.MaxDocumentDepth {
		t.Error("what is stored could not be shown inside of something else")
	}
}
