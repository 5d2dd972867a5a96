package local

import (
	"context"
	"os/exec"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
)

func contextWithCause(t *testing.T) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	return ctx, cancel
}

// BenchmarkBare is the bound for BenchmarkCommand.
func BenchmarkBare(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("/bin/sh", "-c", "true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommand(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		job := command("true")
		job.StoreID, job.Token, job.RunDir = "bench", "run", dir
		if got := commands.Runner.Run(b.Context(), job, runner.Discard); got.Status != gale.Succeeded {
			b.Fatal(got)
		}
	}
}
