// Package proc starts commands in process groups of their own, reads what
// they print while they run, and ends them together with everything they
// started.
//
// A child leads a new session, so its process group, its session and its
// process id are one number. It carries an environment variable, GALE_RUN,
// that names the store and the run it belongs to; whatever leaves the group
// (daemons, job control) is still found by that variable or by its parents.
// A child that has exited stays a zombie until its group has been dealt with:
// that pins the number, and a signal can never reach a stranger.
//
// The package needs Linux: it reads /proc and waits with pid file descriptors.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// DefaultGrace is the time between SIGTERM and SIGKILL.
	DefaultGrace = 5 * time.Second
	// DefaultWaitDelay is how long output may stay open after the command
	// itself has ended.
	DefaultWaitDelay = 5 * time.Second
	// DefaultCapture is how many bytes of each output stream are kept.
	DefaultCapture = 10 << 20
	// DefaultChannel is how many bytes of the result channel are read.
	DefaultChannel = 64 << 20
)

// Names of the streams given to Command.Output.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// A Command says what to start and how to treat it. The zero values of the
// optional fields are the defaults named above.
type Command struct {
	Path string   // program; a name without slash is looked up in PATH of Env
	Args []string // arguments after the program's name
	Dir  string   // working directory; empty: the caller's
	Env  []string // the whole environment, without duplicates; GALE_RUN is added
	// Stdin is written to the child's standard input, which is then closed.
	// Nil connects it to /dev/null.
	Stdin []byte
	// Channel opens file descriptor 3 of the child for writing; what arrives
	// there is Exit.Channel.
	Channel bool
	Marker  Marker
	Limits  Limits

	Capture      int           // bytes kept of each of stdout and stderr
	ChannelLimit int           // bytes read from the channel
	Grace        time.Duration // between SIGTERM and SIGKILL
	WaitDelay    time.Duration // output may stay open that long after the exit

	// Output receives what the child prints, in UTF-8, whole lines where
	// lines end, one call at a time. The data may be kept but not changed.
	// A call that blocks stops the reading, and so in time the child.
	Output func(stream string, data []byte)
	// Elevate delivers a signal to the process group when the caller itself
	// may not (a command under sudo). Nil: such processes are left alone.
	Elevate func(sig syscall.Signal, group int) error
}

// Exit is how a command ended.
type Exit struct {
	// Code is the exit status, or the negative number of the signal that
	// ended the process.
	Code   int
	Stdout string // valid UTF-8; invalid bytes are replaced
	Stderr string
	// Channel is what was written to file descriptor 3; ChannelFull says
	// that more than the limit was written and the rest is missing.
	Channel     []byte
	ChannelFull bool
	// Killed says that the context ended before the command did.
	Killed bool
	// Lingering says that the command had ended but something it started
	// kept its output open for longer than WaitDelay.
	Lingering bool
	// Survivors counts processes that could not be ended.
	Survivors int
	CPU       time.Duration // user and system time of the command and what it waited for
	MaxRSS    int64         // bytes
}

// ErrStart wraps every error of Start: nothing is running.
var ErrStart = errors.New("start process")

// A Process is a command that was started. Wait must be called once.
type Process struct {
	cmd     Command
	pid     int
	pidfd   *os.File // nil where the kernel has none
	stdin   *os.File // our end; nil without input
	exited  chan struct{}
	streams []*stream
	channel *collector
	readers sync.WaitGroup
	calls   sync.Mutex // one Output call at a time
}

// Run starts c and waits for it. When ctx ends first, the whole process
// group and all descendants are ended: SIGTERM, grace, SIGKILL; when it has
// ended already, nothing is started. The error is about starting only; it
// wraps ErrStart.
func Run(ctx context.Context, c Command) (Exit, error) {
	if ctx.Err() != nil {
		return Exit{Code: -int(syscall.SIGTERM), Killed: true}, nil
	}
	p, err := Start(c)
	if err != nil {
		return Exit{}, err
	}
	return p.Wait(ctx), nil
}

// Start starts c. The marker file is on disk when Start returns.
func Start(c Command) (*Process, error) {
	p := &Process{cmd: c.withDefaults(), exited: make(chan struct{})}
	if err := p.spawn(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	return p, nil
}

// PID is the process id, the group id and the session id of the command.
func (p *Process) PID() int { return p.pid }

// Exited is closed when the command itself has ended; its output may still
// be open.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Wait blocks until the command has ended and its output is closed, ending
// both when ctx does.
func (p *Process) Wait(ctx context.Context) Exit {
	var e Exit
	select {
	case <-p.exited:
	case <-ctx.Done():
		select {
		case <-p.exited: // both: it ended by itself
		default:
			e.Killed = true
			e.Survivors = p.end()
		}
	}
	p.drain(ctx, &e)
	p.finish(&e)
	return e
}

// drain waits until nobody holds the child's output any more, or for
// WaitDelay, after which the rest of the group is ended.
func (p *Process) drain(ctx context.Context, e *Exit) {
	closed := make(chan struct{})
	go func() { p.readers.Wait(); close(closed) }()
	done := ctx.Done()
	if e.Killed {
		done = nil // already acted on
	}
	timer := time.NewTimer(p.cmd.WaitDelay)
	defer timer.Stop()
	select {
	case <-closed:
		return
	case <-done:
		e.Killed = true
		e.Survivors = p.end()
	case <-timer.C:
		e.Lingering = true
		if !e.Killed {
			e.Survivors = p.endGroup()
		}
	}
	// What still holds the pipes has left the group or cannot be ended.
	select {
	case <-closed:
	case <-time.After(100 * time.Millisecond):
		p.closeReaders()
		<-closed
	}
}

// finish reaps the child, removes its marker and fills in the results.
func (p *Process) finish(e *Exit) {
	if e.Survivors == 0 {
		<-p.exited
	}
	select {
	case <-p.exited:
		p.reap(e)
	default: // unkillable, most likely stuck in the kernel
		e.Code = -int(syscall.SIGKILL)
		go func() { <-p.exited; p.reap(new(Exit)) }()
	}
	p.closeReaders()
	p.cmd.Marker.remove()
	e.Stdout, e.Stderr = p.streams[0].text(), p.streams[1].text()
	if p.channel != nil {
		e.Channel, e.ChannelFull = p.channel.data, p.channel.full
	}
}

// closeReaders ends all goroutines that serve the child's descriptors.
func (p *Process) closeReaders() {
	if p.stdin != nil {
		p.stdin.Close() // somebody may hold the other end and not read
	}
	for _, s := range p.streams {
		s.file.Close()
	}
	if p.channel != nil {
		p.channel.file.Close()
	}
}

func (c Command) withDefaults() Command {
	if c.Capture <= 0 {
		c.Capture = DefaultCapture
	}
	if c.ChannelLimit <= 0 {
		c.ChannelLimit = DefaultChannel
	}
	if c.Grace <= 0 {
		c.Grace = DefaultGrace
	}
	if c.WaitDelay <= 0 {
		c.WaitDelay = DefaultWaitDelay
	}
	return c
}
