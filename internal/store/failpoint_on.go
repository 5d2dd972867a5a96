//go:build failpoint

package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/galehq/gale"
)

// failPoint is one entry of GALE_FAILPOINTS: name=kill, name=error or
// name=delay:50ms, each with an optional @n for "only the n-th time".
type failPoint struct {
	action string
	delay  time.Duration
	at     int
	seen   int
}

var failPoints struct {
	once sync.Once
	mu   sync.Mutex
	all  map[string]*failPoint
}

// FailPoint does what GALE_FAILPOINTS says about name: ends the process at
// once, returns an error, waits, or nothing.
func FailPoint(name string) error {
	failPoints.once.Do(func() { failPoints.all = parseFailPoints(os.Getenv("GALE_FAILPOINTS")) })
	failPoints.mu.Lock()
	p := failPoints.all[name]
	if p == nil {
		failPoints.mu.Unlock()
		return nil
	}
	p.seen++
	hit := p.at == 0 || p.at == p.seen
	failPoints.mu.Unlock()
	if !hit {
		return nil
	}
	switch p.action {
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "error":
		return gale.Errorf(gale.Unavailable, "fail-point %s", name)
	}
	time.Sleep(p.delay)
	return nil
}

// parseFailPoints reads a comma-separated list. A word that it does not know
// ends the process: a fault that silently does not happen proves nothing.
func parseFailPoints(text string) map[string]*failPoint {
	all := map[string]*failPoint{}
	for _, entry := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		name, what, ok := strings.Cut(entry, "=")
		what, nth, counted := strings.Cut(what, "@")
		p := &failPoint{action: what}
		var err error
		if counted {
			p.at, err = strconv.Atoi(nth)
		}
		if d, isDelay := strings.CutPrefix(what, "delay:"); isDelay && err == nil {
			p.action = "delay"
			p.delay, err = time.ParseDuration(d)
		}
		known := p.action == "kill" || p.action == "error" || p.action == "delay"
		if !ok || err != nil || !known {
			fmt.Fprintf(os.Stderr, "GALE_FAILPOINTS: cannot read %q\n", entry)
			os.Exit(2)
		}
		all[name] = p
	}
	return all
}
