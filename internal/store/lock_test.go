package store_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/galehq/gale/internal/store"
)

// TestOpenWaitsForAChildOfTheDead: a child that a killed server had just
// forked shares its lock for a moment. Opening waits for it.
func TestOpenWaitsForAChildOfTheDead(t *testing.T) {
	dir := t.TempDir()
	lock, err := os.OpenFile(filepath.Join(dir, "gale.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.WriteString(strconv.Itoa(dead.Process.Pid) + "\n"); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sh", "-c", "read line")
	child.ExtraFiles = []*os.File{lock}
	hold, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lock.Close()
	opened := make(chan error, 1)
	go func() {
		s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("opened while the child held the lock: %v", err)
	default:
	}
	hold.Close()
	_ = child.Wait()
	if err := <-opened; err != nil {
		t.Errorf("not opened after the child let go: %v", err)
	}
}
