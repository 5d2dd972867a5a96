package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Limits are resource limits of a command; they hold for each process it
// starts. Zero is no limit.
type Limits struct {
	CPUSeconds uint64 // SIGXCPU, then SIGKILL
	Memory     uint64 // bytes of address space
	FileSize   uint64 // bytes of one file
	OpenFiles  uint64
	Processes  uint64 // of the user as a whole
}

// gateScript waits for a line on descriptor fd and becomes the program. The
// limits are set from outside while it waits, which needs no cooperation
// from the program and no option that shells spell differently.
func gateScript(fd int) string {
	return fmt.Sprintf(`IFS= read -r gate <&%d; unset gate; exec "$0" "$@" %d<&-`, fd, fd)
}

func (l Limits) apply(pid int) error {
	for _, r := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"cpu", unix.RLIMIT_CPU, l.CPUSeconds},
		{"memory", unix.RLIMIT_AS, l.Memory},
		{"file size", unix.RLIMIT_FSIZE, l.FileSize},
		{"open files", unix.RLIMIT_NOFILE, l.OpenFiles},
		{"processes", unix.RLIMIT_NPROC, l.Processes},
	} {
		if r.value == 0 {
			continue
		}
		limit := unix.Rlimit{Cur: r.value, Max: r.value}
		if err := unix.Prlimit(pid, r.resource, &limit, nil); err != nil {
			return fmt.Errorf("limit %s to %d: %w", r.name, r.value, err)
		}
	}
	return nil
}
