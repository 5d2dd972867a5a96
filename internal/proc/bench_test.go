package proc

import (
	"os"
	"os/exec"
	"testing"
)

// The bare loop is the bound: what Go's own package needs for the same
// shell, its output thrown away.
func BenchmarkBareExec(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("/bin/sh", "-c", "true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	dir := b.TempDir()
	env := os.Environ()
	for b.Loop() {
		c := Command{Path: "/bin/sh", Args: []string{"-c", "true"}, Env: env, Marker: Marker{Dir: dir, Store: "bench", Token: "run"}}
		if e, err := Run(b.Context(), c); err != nil || e.Code != 0 {
			b.Fatal(e, err)
		}
	}
}

func BenchmarkBareExecParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := exec.Command("/bin/sh", "-c", "true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRunParallel(b *testing.B) {
	env := os.Environ()
	b.RunParallel(func(pb *testing.PB) {
		dir := b.TempDir()
		for pb.Next() {
			c := Command{Path: "/bin/sh", Args: []string{"-c", "true"}, Env: env, Marker: Marker{Dir: dir, Store: "bench", Token: "run"}}
			if e, err := Run(b.Context(), c); err != nil || e.Code != 0 {
				b.Fatal(e, err)
			}
		}
	})
}
