//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/galehq/gale"
)

// lockDir takes the lock that makes this process the only one in dir. The
// kernel releases it when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "gale.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unavailable(err, "the data directory cannot be locked")
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	for end := time.Now().Add(lockPatience); err == syscall.EWOULDBLOCK && gone(holderOf(f)) && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		holder := holderOf(f)
		_ = f.Close()
		if err != syscall.EWOULDBLOCK {
			return nil, unavailable(err, "the data directory cannot be locked")
		}
		return nil, gale.Errorf(gale.Conflict,
			"the embedded store in %s is in use by pid %s; it serves one process: stop that one, or set database.url to PostgreSQL",
			dir, holder)
	}
	if err := writePID(f); err != nil {
		_ = f.Close()
		return nil, unavailable(err, "the data directory cannot be locked")
	}
	return f, nil
}

// lockPatience is how long a lock is waited for whose holder is dead. A child
// that the holder had just forked when it was killed shares the lock until it
// has executed its program, and nobody may start before that: what runs then
// is found and ended, what is about to run would not be.
const lockPatience = 10 * time.Second

// holderOf is the process that said that it holds the lock.
func holderOf(f *os.File) string {
	text := make([]byte, 32)
	n, _ := f.ReadAt(text, 0)
	return strings.TrimSpace(string(text[:n]))
}

// gone reports whether a process is surely dead, be it that its parent has not noticed.
func gone(pid string) bool {
	if _, err := strconv.Atoi(pid); err != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if os.IsNotExist(err) {
		return true
	}
	i := strings.LastIndexByte(string(stat), ')')
	return err == nil && i >= 0 && i+2 < len(stat) && stat[i+2] == 'Z'
}

// writePID leaves word of who holds the lock.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}
