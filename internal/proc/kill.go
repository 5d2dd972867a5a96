package proc

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// killTime is how long SIGKILL is repeated before a process counts as
// unkillable.
const killTime = 5 * time.Second

// quarry says which processes are to end: those of the groups (and the
// sessions of the same number), those that carry a marker, and all
// descendants of either.
type quarry struct {
	groups  map[int]bool
	marked  func(marker string) bool // nil: do not look
	strict  bool                     // the groups only
	elevate func(sig syscall.Signal, group int) error
}

// end ends the command, what it started and what carries its marker, and
// returns how many processes are left.
func (p *Process) end() int {
	own := p.cmd.Marker.value()
	q := quarry{groups: map[int]bool{p.pid: true}, elevate: p.cmd.Elevate}
	if own != "" {
		q.marked = func(marker string) bool { return marker == own }
	}
	return q.end(p.cmd.Grace)
}

// endGroup ends what is left of the process group. What has made a session
// of its own did so to outlive the command, and may.
func (p *Process) endGroup() int {
	q := quarry{groups: map[int]bool{p.pid: true}, strict: true, elevate: p.cmd.Elevate}
	return q.end(p.cmd.Grace)
}

// end sends SIGTERM, waits up to grace for all to go, and repeats SIGKILL
// until they have. New processes are looked for each time.
func (q *quarry) end(grace time.Duration) int {
	left := q.members()
	q.signal(left, unix.SIGTERM)
	q.signal(left, unix.SIGCONT) // a stopped process does not see SIGTERM
	for end := time.Now().Add(grace); len(left) > 0 && time.Now().Before(end); {
		awaitAny(left, min(50*time.Millisecond, time.Until(end)))
		left = q.members()
	}
	for end := time.Now().Add(killTime); len(left) > 0 && time.Now().Before(end); {
		q.signal(left, unix.SIGKILL)
		awaitAny(left, 20*time.Millisecond)
		left = q.members()
	}
	return len(left)
}

// members lists the living processes of the quarry, never this one.
func (q *quarry) members() []info {
	all, err := list()
	if err != nil {
		return q.leaders()
	}
	var found []info
	in := map[int]bool{}
	take := func(p info) { in[p.pid] = true; found = append(found, p) }
	self := os.Getpid()
	for _, p := range all {
		if p.pid != self && p.pid != 1 && !p.dead() && q.owns(p) {
			take(p)
		}
	}
	// Children of children, until a round finds none.
	for grown := !q.strict; grown; {
		grown = false
		for _, p := range all {
			if in[p.parent] && !in[p.pid] && !p.dead() && p.pid != self {
				take(p)
				grown = true
			}
		}
	}
	return found
}

// leaders stands in for members where /proc cannot be listed.
func (q *quarry) leaders() []info {
	var found []info
	for group := range q.groups {
		if unix.Kill(-group, 0) != unix.ESRCH {
			found = append(found, info{pid: group, group: group})
		}
	}
	return found
}

func (q *quarry) owns(p info) bool {
	if q.groups[p.group] || (q.groups[p.session] && !q.strict) {
		return true
	}
	return q.marked != nil && q.marked(markerOf(p.pid))
}

// signal reaches each group as a whole first, so that nobody in it can fork
// past the signal, then those outside one by one.
func (q *quarry) signal(targets []info, sig syscall.Signal) {
	reached, refused := map[int]bool{}, map[int]bool{}
	for _, p := range targets {
		if q.groups[p.group] {
			if !reached[p.group] {
				reached[p.group] = true
				unix.Kill(-p.group, sig)
			}
			// A group of several users counts as reached when one was.
			if q.elevate == nil || unix.Kill(p.pid, 0) != unix.EPERM {
				continue
			}
			refused[p.group] = true
			continue
		}
		if errors.Is(signalOne(p, sig), unix.EPERM) {
			refused[p.group] = true
		}
	}
	if q.elevate != nil && sig != unix.SIGCONT {
		for group := range refused {
			q.elevate(sig, group)
		}
	}
}

// signalOne signals p, and not another process that has got its number.
func signalOne(p info, sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err == unix.ENOSYS {
		return unix.Kill(p.pid, sig)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if now, err := stat(p.pid); err != nil || now.start != p.start {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}

// awaitAny returns when one of the processes ends, at the latest after max.
func awaitAny(targets []info, max time.Duration) {
	const most = 64
	var fds []unix.PollFd
	for _, p := range targets[:min(most, len(targets))] {
		if fd, err := unix.PidfdOpen(p.pid, 0); err == nil {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	defer func() {
		for _, f := range fds {
			unix.Close(int(f.Fd))
		}
	}()
	if n, err := unix.Poll(fds, int(max/time.Millisecond)); n > 0 && err == nil {
		// One exit seldom comes alone; a moment saves a scan of /proc.
		time.Sleep(time.Millisecond)
	}
}
