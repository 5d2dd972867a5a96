package server

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store/pgtest"
)

// openTogether opens n processes on one new PostgreSQL database at once.
func openTogether(t *testing.T, n int, keyPath func(i int) string) []error {
	t.Helper()
	url := pgtest.Database(t)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		opt, _ := options(t, t.TempDir(), "database.url="+url, "keyvalue.encryption_key_path="+keyPath(i))
		wg.Go(func() {
			p, err := Open(t.Context(), opt)
			if errs[i] = err; err == nil {
				t.Cleanup(p.close)
			}
		})
	}
	wg.Wait()
	return errs
}

// All processes of an installation may be started at the same moment, the
// first time too.
func TestSeveralProcessesMakeOneInstallation(t *testing.T) {
	key, err := secret.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.json")
	if err := key.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	for i, err := range openTogether(t, 4, func(int) string { return path }) {
		if err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
}

// Each has made a key of its own: only the one whose key became the store's
// may go on, since the others would write what nobody else can read.
func TestOfSeveralKeysOneCounts(t *testing.T) {
	started := 0
	dir := t.TempDir()
	for i, err := range openTogether(t, 3, func(i int) string { return filepath.Join(dir, string(rune('a'+i)), "key.json") }) {
		switch {
		case err == nil:
			started++
		case !strings.Contains(err.Error(), "copy"):
			t.Errorf("process %d: got %v, want words about the other key", i, err)
		}
	}
	if started != 1 {
		t.Errorf("%d processes started, want 1", started)
	}
}
