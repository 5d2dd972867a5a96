package python

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
)

// reportCPU adds the processor time of the children, which other work on the
// machine disturbs less than the clock.
func reportCPU(b *testing.B) func() {
	used := func() int64 {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N)/1e6, "child-cpu-ms/op") }
}

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
	defer reportCPU(b)()
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
	defer reportCPU(b)()
	for b.Loop() {
		if got := r.Run(b.Context(), job, runner.Discard); got.Status != gale.Succeeded {
			b.Fatal(got)
		}
	}
}
