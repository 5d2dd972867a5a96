package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// spawn makes the pipes, starts the child and everything that reads it.
func (p *Process) spawn() error {
	path, err := lookPath(p.cmd.Path, p.cmd.Env)
	if err != nil {
		return err
	}
	if err := p.cmd.Marker.valid(); err != nil {
		return err
	}
	var pipes plumbing
	defer pipes.closeChild()
	if err := pipes.lay(&p.cmd); err != nil {
		pipes.closeParent()
		return err
	}
	if err := p.exec(path, &pipes); err != nil {
		pipes.closeParent()
		return err
	}
	pipes.closeChild()
	if err := p.settle(&pipes); err != nil {
		unix.Kill(-p.pid, unix.SIGKILL)
		p.awaitExit()
		p.reap(new(Exit))
		pipes.closeParent()
		p.cmd.Marker.remove()
		return err
	}
	p.read(&pipes)
	return nil
}

// exec starts the program. os.StartProcess would do the same with one more
// pid file descriptor and without the place to put ours.
func (p *Process) exec(path string, pipes *plumbing) error {
	argv := append([]string{p.cmd.Path}, p.cmd.Args...)
	if pipes.gate != nil {
		argv = append([]string{"sh", "-c", gateScript(pipes.gateFD), path}, p.cmd.Args...)
		path = "/bin/sh"
	}
	pidfd := -1
	attr := syscall.ProcAttr{
		Dir:   p.cmd.Dir,
		Env:   p.cmd.Marker.environ(p.cmd.Env),
		Files: pipes.child,
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	}
	pid, _, err := syscall.StartProcess(path, argv, &attr)
	if err != nil {
		return startError(path, p.cmd.Dir, err)
	}
	p.pid = pid
	children.add(pid)
	if pidfd >= 0 && unix.SetNonblock(pidfd, true) == nil {
		p.pidfd = os.NewFile(uintptr(pidfd), "pidfd")
	}
	return nil
}

// settle writes the marker file, sets limits and lets a gated child go.
func (p *Process) settle(pipes *plumbing) error {
	if err := p.cmd.Marker.write(p.pid); err != nil {
		return err
	}
	if pipes.gate == nil {
		return nil
	}
	defer pipes.gate.Close()
	if err := p.cmd.Limits.apply(p.pid); err != nil {
		return err
	}
	_, err := pipes.gate.Write([]byte("\n"))
	return err
}

// read starts the goroutines that serve the child's descriptors.
func (p *Process) read(pipes *plumbing) {
	for i, name := range []string{Stdout, Stderr} {
		s := &stream{name: name, file: pipes.out[i], limit: p.cmd.Capture, emit: p.emit}
		p.streams = append(p.streams, s)
		p.readers.Go(s.run)
	}
	if pipes.channel != nil {
		p.channel = &collector{file: pipes.channel, limit: p.cmd.ChannelLimit}
		p.readers.Go(p.channel.run)
	}
	if pipes.in != nil {
		p.stdin = pipes.in
		feed(pipes.in, p.cmd.Stdin)
	}
	go func() { p.awaitExit(); close(p.exited) }()
}

func (p *Process) emit(stream string, data []byte) {
	if p.cmd.Output == nil {
		return
	}
	p.calls.Lock()
	defer p.calls.Unlock()
	p.cmd.Output(stream, data)
}

// awaitExit blocks until the child has exited and leaves it a zombie. With a
// pid file descriptor the runtime's poller waits and no thread is held.
func (p *Process) awaitExit() {
	if p.pidfd != nil {
		if raw, err := p.pidfd.SyscallConn(); err == nil {
			if raw.Read(func(fd uintptr) bool { return waitable(unix.P_PIDFD, int(fd), unix.WNOHANG) }) == nil {
				return
			}
		}
	}
	waitable(unix.P_PID, p.pid, 0)
}

// waitable says whether the child has exited; without WNOHANG it blocks
// until it has. A child that is gone counts as exited.
func waitable(kind, id, flags int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		if err != unix.EINTR {
			return err != nil || info.Signo != 0
		}
	}
}

// reap collects the exit status. From here on the process id may be reused.
func (p *Process) reap(e *Exit) {
	var status unix.WaitStatus
	var usage unix.Rusage
	var err error
	for {
		if _, err = unix.Wait4(p.pid, &status, 0, &usage); err != unix.EINTR {
			break
		}
	}
	children.remove(p.pid)
	if p.pidfd != nil {
		p.pidfd.Close()
	}
	e.Code = status.ExitStatus()
	if err == nil && status.Signaled() {
		e.Code = -int(status.Signal())
	}
	e.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	e.MaxRSS = usage.Maxrss << 10
}

// plumbing is both ends of a child's descriptors.
type plumbing struct {
	child   []uintptr // by descriptor number in the child
	owned   []int     // those of child that must be closed here
	in      *os.File
	out     [2]*os.File
	channel *os.File
	gate    *os.File
	gateFD  int
}

func (l *plumbing) lay(c *Command) (err error) {
	if c.Stdin == nil {
		null, err := devNull()
		if err != nil {
			return err
		}
		l.child = append(l.child, null.Fd())
	} else if l.in, err = l.pipe(true); err != nil {
		return err
	}
	for i := range l.out {
		if l.out[i], err = l.pipe(false); err != nil {
			return err
		}
	}
	if c.Channel {
		if l.channel, err = l.pipe(false); err != nil {
			return err
		}
	}
	if c.Limits != (Limits{}) {
		l.gateFD = len(l.child)
		l.gate, err = l.pipe(true)
	}
	return err
}

// pipe makes a pipe, gives the child its end (the reading one when toChild)
// and returns ours, which the runtime's poller serves.
func (l *plumbing) pipe(toChild bool) (*os.File, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	ours, theirs := fds[0], fds[1]
	if toChild {
		ours, theirs = theirs, ours
	}
	l.child = append(l.child, uintptr(theirs))
	l.owned = append(l.owned, theirs)
	if err := unix.SetNonblock(ours, true); err != nil {
		unix.Close(ours)
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	return os.NewFile(uintptr(ours), "pipe"), nil
}

func (l *plumbing) closeChild() {
	for _, fd := range l.owned {
		unix.Close(fd)
	}
	l.owned = nil
}

func (l *plumbing) closeParent() {
	for _, f := range []*os.File{l.in, l.out[0], l.out[1], l.channel, l.gate} {
		if f != nil {
			f.Close()
		}
	}
}

// feed writes the child's input and closes it. What fits any pipe is written
// at once; the rest by a goroutine that ends when the child closes its end.
func feed(w *os.File, data []byte) {
	const fits = 4096
	if len(data) <= fits {
		w.Write(data)
		w.Close()
		return
	}
	go func() {
		w.Write(data) // EPIPE: the child does not want it
		w.Close()
	}()
}

var devNull = sync.OnceValues(func() (*os.File, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	return os.NewFile(uintptr(fd), os.DevNull), nil
})

// lookPath finds name as a shell with this environment would.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(lookupEnv(env, "PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: no such program in PATH: %w", name, fs.ErrNotExist)
}

func lookupEnv(env []string, key string) string {
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); k == key {
			return v
		}
	}
	return ""
}

// startError says which of directory and program is missing; execve reports
// both with the same number.
func startError(path, dir string, err error) error {
	if dir != "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, fs.ErrPermission)) {
		if info, statErr := os.Stat(dir); statErr != nil || !info.IsDir() {
			return &fs.PathError{Op: "chdir", Path: dir, Err: err}
		}
	}
	return &fs.PathError{Op: "exec", Path: path, Err: err}
}
