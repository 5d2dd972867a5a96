package proc

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// children are the processes started here and not yet waited for.
var children pidSet

type pidSet struct {
	mu   sync.Mutex
	pids map[int]bool
}

func (s *pidSet) add(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pids == nil {
		s.pids = map[int]bool{}
	}
	s.pids[pid] = true
}

func (s *pidSet) remove(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pids, pid)
}

func (s *pidSet) has(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pids[pid]
}

// ReapOrphans waits for processes that were handed to this one when their
// parents died, until ctx ends. It is for a program that runs as process 1
// of a container, where nobody else does. Children of os/exec are not
// touched: they share our session, while orphans of commands started here do
// not.
func ReapOrphans(ctx context.Context) {
	exits := make(chan os.Signal, 1)
	signal.Notify(exits, syscall.SIGCHLD)
	defer signal.Stop(exits)
	suspects := map[int]bool{}
	for {
		suspects = reapOrphans(suspects)
		var again <-chan time.Time
		if len(suspects) > 0 {
			again = time.After(time.Second)
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-exits:
		}
	}
}

// reapOrphans reaps what was already seen dead before and returns what was
// seen for the first time: a child whose waiter is about to collect it gets
// the time to.
func reapOrphans(before map[int]bool) map[int]bool {
	seen := map[int]bool{}
	all, err := list()
	if err != nil {
		return seen
	}
	self := os.Getpid()
	session, _ := unix.Getsid(0)
	for _, p := range all {
		if p.parent != self || p.state != 'Z' || p.session == session || children.has(p.pid) {
			continue
		}
		if before[p.pid] {
			unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
			continue
		}
		seen[p.pid] = true
	}
	return seen
}
