//go:build unix

package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/galehq/gale"
)

// lockDir takes the lock that makes this process the only one in dir. The
// kernel releases it when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "gale.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unavailable(err, "the data directory cannot be locked")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		_ = f.Close()
		if err != syscall.EWOULDBLOCK {
			return nil, unavailable(err, "the data directory cannot be locked")
		}
		return nil, gale.Errorf(gale.Conflict,
			"the embedded store in %s is in use by pid %s; it serves one process: stop that one, or set database.url to PostgreSQL",
			dir, strings.TrimSpace(string(holder)))
	}
	if err := writePID(f); err != nil {
		_ = f.Close()
		return nil, unavailable(err, "the data directory cannot be locked")
	}
	return f, nil
}

// writePID leaves word of who holds the lock.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}
