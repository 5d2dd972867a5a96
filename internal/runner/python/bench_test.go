package python

import (
	"os"
	"os/exec"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
)

// BenchmarkBare is the bound for BenchmarkAction: the same interpreter
// imports what the wrapper imports and ends.
func BenchmarkBare(b *testing.B) {
	e := environments()
	python, err := e.System(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sdk, err := e.SDK(b.Context(), python)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(python.Executable, "-u", "-S", "-c",
			"import gale_sdk.action, gale_sdk.lazysite, _json, _sitebuiltins, st2common.runners.base_action")
		cmd.Env = append(os.Environ(), "PYTHONPATH="+sdk)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}

func BenchmarkAction(b *testing.B) {
	job := action(b, "return 1", nil)
	job.StoreID, job.Token, job.RunDir = "bench", "run", b.TempDir()
	r := entry(Config{}).Runner
	r.Run(b.Context(), job, runner.Discard) // unpack
	for b.Loop() {
		if got := r.Run(b.Context(), job, runner.Discard); got.Status != gale.Succeeded {
			b.Fatal(got)
		}
	}
}
