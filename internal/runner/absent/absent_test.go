package absent

import (
	"context"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/schema"
)

func TestAbsentRunnersAreDisabledAndSaySo(t *testing.T) {
	for _, e := range Entries() {
		if e.Type.Enabled || !strings.Contains(e.Type.Description, "cannot run it yet") {
			t.Errorf("%s: enabled is %v, description %q", e.Type.Name, e.Type.Enabled, e.Type.Description)
		}
		if found := schema.CheckParameters(e.Type.Parameters); len(found) > 0 {
			t.Errorf("%s: parameters %v", e.Type.Name, found)
		}
		r := e.Runner.Run(context.Background(), &runner.Job{}, runner.Discard)
		text, _ := r.Result.GetString("error")
		if r.Status != gale.Failed || !strings.Contains(text.(string), e.Type.Name) {
			t.Errorf("%s: running it gives %s %v", e.Type.Name, r.Status, text)
		}
	}
}
