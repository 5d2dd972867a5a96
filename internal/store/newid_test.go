package store

import (
	"math/rand/v2"
	"testing"

	"github.com/galehq/gale"
)

func TestIDTimeIsWhenTheIDWasMade(t *testing.T) {
	var ids idSource
	ids.init(rand.Uint64)
	for _, at := range []gale.Time{1_700_000_000_000_000, 1_700_000_000_999_999, 1_800_000_123_456_789} {
		if got := IDTime(ids.next(at)); got != at {
			t.Errorf("id made at %s says %s", at, got)
		}
	}
	for _, text := range []string{"", "last", "5f", "zz00a3cb1d522193506b06d9"} {
		if got := IDTime(text); got != 0 {
			t.Errorf("IDTime(%q) = %s, want nothing", text, got)
		}
	}
}
