package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
)

// writeForever names the directory in which this binary, started again as a
// child, shall write until it is killed.
const writeForever = "GALE_STORE_TEST_WRITE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeForever); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits pairs of rows from many goroutines and prints the
// number of each pair once its commit was acknowledged.
func writeUntilKilled(dir string) {
	s, err := store.Open(context.Background(), store.Config{Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				err := s.Update(context.Background(), func(tx *store.Tx) error {
					if err := store.Traces.Insert(tx, &gale.Trace{ID: id, Tag: "pair"}); err != nil {
						return err
					}
					tx.Emit(store.Event{Topic: "trace", Kind: "create", Key: id, Body: []byte("{}")})
					return tx.Push(store.Push{Kind: "k", Key: id})
				})
				if err != nil {
					fmt.Println("error:", err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestSQLiteSurvivesKill kills a writing process again and again; nothing
// that it acknowledged may be missing, and no transaction may be torn.
func TestSQLiteSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 5 {
		killWriter(t, dir, acknowledged, 200*(round+1))
		checkAfterKill(t, dir, acknowledged)
	}
}

func killWriter(t *testing.T, dir string, acknowledged map[string]bool, n int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), writeForever+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if strings.HasPrefix(lines.Text(), "error") {
			t.Fatal(lines.Text())
		}
		acknowledged[lines.Text()] = true
		if i == n {
			_ = child.Process.Kill()
		}
	}
	_ = child.Wait()
}

func checkAfterKill(t *testing.T, dir string, acknowledged map[string]bool) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query("pragma integrity_check")
		if err != nil {
			return err
		}
		for rows.Next() {
			var verdict string
			if err := rows.Scan(&verdict); err != nil || verdict != "ok" {
				t.Errorf("integrity: %s %v", verdict, err)
			}
		}
		for id := range acknowledged {
			if _, err := store.Traces.Get(tx, id); err != nil {
				t.Errorf("acknowledged and lost: %v", err)
			}
		}
		var traces, items, events, torn int
		_, err = tx.QueryRow("select (select count(*) from trace), (select count(*) from queue), (select count(*) from event),"+
			" (select count(*) from trace where not exists (select 1 from queue where key = trace.id) or not exists (select 1 from event where key = trace.id))",
			nil, &traces, &items, &events, &torn)
		if traces != items || traces != events || torn != 0 || traces < len(acknowledged) {
			t.Errorf("%d rows, %d items, %d events, %d torn transactions, %d acknowledged", traces, items, events, torn, len(acknowledged))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := storetest.OpenWith(t, store.Config{Dir: dir})
	_, err := store.Open(t.Context(), store.Config{Dir: dir})
	want := fmt.Sprintf("the embedded store in %s is in use by pid %d; it serves one process: stop that one, or set database.url to PostgreSQL", dir, os.Getpid())
	if gale.KindOf(err) != gale.Conflict || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.OpenWith(t, store.Config{Dir: dir})
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	s := storetest.OpenWith(t, store.Config{Dir: dir})
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetFact("a", "b") }); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) < 3 {
		t.Errorf("files = %v, want two databases and a lock", files)
	}
	for _, f := range append(files, dir) {
		if st, err := os.Stat(f); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v, want nothing for others", f, st.Mode(), err)
		}
	}
}

func TestAnyDirectoryName(t *testing.T) {
	for _, name := range []string{"a b", "50%?x=1", "hash#tag", "é", "a;b,c", "%41"} {
		dir := filepath.Join(t.TempDir(), name)
		storetest.OpenWith(t, store.Config{Dir: dir})
		if _, err := os.Stat(filepath.Join(dir, "gale.db-wal")); err != nil {
			t.Errorf("%q: the database is elsewhere: %v", name, err)
		}
	}
}

// TestFullDisk limits the file instead of the disk: SQLite says the same.
func TestFullDisk(t *testing.T) {
	s := storetest.Open(t)
	limit := func(pages string) {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Query("pragma max_page_count = " + pages)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	insert := func(id string) error {
		return s.Update(t.Context(), func(tx *store.Tx) error {
			return store.Traces.Insert(tx, &gale.Trace{ID: id, Tag: strings.Repeat("x", 100_000)})
		})
	}
	limit("1") // as small as it is now
	err := insert("big")
	if gale.KindOf(err) != gale.Unavailable || !strings.Contains(err.Error(), "the disk that holds the data directory is full") {
		t.Errorf("error = %v, want Unavailable: the disk is full", err)
	}
	limit("1000000")
	if err := insert("big"); err != nil {
		t.Errorf("after there is room again: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gale.db"), []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Config{Dir: dir})
	if gale.KindOf(err) != gale.Internal || !strings.Contains(err.Error(), "the database file is damaged; restore it from a backup") {
		t.Errorf("error = %v", err)
	}
	if _, err := store.Open(t.Context(), store.Config{Dir: dir}); gale.KindOf(err) == gale.Conflict {
		t.Errorf("the failed open kept the lock: %v", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("insert into schema_version (version, name) values (999, 'future')")
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "has version 999 and this program knows") {
		t.Errorf("error = %v, want a refusal", err)
	}
}

func TestNetworkDisksAreKnown(t *testing.T) {
	for magic, want := range map[int64]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xef53: "", 0x01021994: ""} {
		if got := store.NetworkDisk(magic); got != want {
			t.Errorf("file system %#x = %q, want %q", magic, got, want)
		}
	}
}

// TestClaimPlanSQLite wants each step of a claim to use the index of what is ready.
func TestClaimPlanSQLite(t *testing.T) {
	s := storetest.Open(t)
	fillQueue(t, s, 10_000)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for _, q := range []struct {
			text string
			args []any
		}{
			{store.SQLiteClaimSQL, []any{"me", 1, tx.Now, "run", "", 0, tx.Now, 10}},
			{store.NextSQL, []any{"run", ""}},
		} {
			plan, err := explain(tx, "explain query plan ", q.text, q.args)
			if err != nil {
				return err
			}
			if !strings.Contains(plan, "USING INDEX queue_ready (kind=? AND pool=? AND priority=?") || strings.Contains(plan, "SCAN queue") {
				t.Errorf("plan:\n%s", plan)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func explain(tx *store.Tx, how, text string, args []any) (string, error) {
	rows, err := tx.Query(how+text, args...)
	if err != nil {
		return "", err
	}
	var plan strings.Builder
	for rows.Next() {
		var a, b, c int64
		var line string
		if how == "explain query plan " {
			err = rows.Scan(&a, &b, &c, &line)
		} else {
			err = rows.Scan(&line)
		}
		if err != nil {
			return "", err
		}
		plan.WriteString(line + "\n")
	}
	return plan.String(), nil
}

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// TestLeasesAreKept holds an item for an hour of virtual time: its lease must
// be renewed, and only its handler's end frees it.
func TestLeasesAreKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: discard(), ReadConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		attempts := make(chan int, 2)
		ended := make(chan error, 1)
		go func() {
			ended <- s.Work(ctx, store.Worker{Kind: "k", Grace: time.Minute, Handle: func(ctx context.Context, it store.Item) error {
				attempts <- it.Attempt
				time.Sleep(time.Hour)
				return s.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.Done(it) })
			}})
		}()
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Push(store.Push{Kind: "k", Key: "1"}) }); err != nil {
			t.Fatal(err)
		}
		if got := <-attempts; got != 1 {
			t.Errorf("attempt %d, want 1", got)
		}
		time.Sleep(30 * time.Minute)
		if len(attempts) > 0 {
			t.Error("the item was claimed again while it was held")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		err = s.View(context.Background(), func(tx *store.Tx) error {
			if it, found, err := tx.QueueItem("k", "1"); found || err != nil {
				t.Errorf("item = %+v, %v, want it done", it, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestIdleLogIsEmptied wants the write-ahead log gone soon after the last
// write, although workers go on polling.
func TestIdleLogIsEmptied(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: discard(), ReadConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			_ = s.Work(ctx, store.Worker{Kind: "k", Handle: func(context.Context, store.Item) error { return nil }})
		}()
		size := func() int64 {
			st, err := os.Stat(filepath.Join(dir, "gale.db-wal"))
			if err != nil {
				t.Fatal(err)
			}
			return st.Size()
		}
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetFact("a", "b") }); err != nil {
			t.Fatal(err)
		}
		if size() == 0 {
			t.Error("nothing was written to the log")
		}
		time.Sleep(10 * time.Second)
		if n := size(); n != 0 {
			t.Errorf("the log has %d bytes after 10 s of idleness, want none", n)
		}
	})
}

// TestVanishedHolderIsReaped leaves an item held by somebody who does not
// renew: it must come back when its lease and the time of contact are over.
func TestVanishedHolderIsReaped(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: discard(), ReadConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.Push(store.Push{Kind: "k", Key: "1"}); err != nil {
				return err
			}
			if _, err := tx.Claim("k", "", 1); err != nil {
				return err
			}
			_, err := tx.Exec("update queue set owner = 'gone'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.StartUpkeep(t.Context())
		began := time.Now()
		for free := false; !free; {
			time.Sleep(time.Second)
			err := s.View(t.Context(), func(tx *store.Tx) error {
				it, _, err := tx.QueueItem("k", "1")
				free = it.Owner == ""
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("the item came back after %v, want 10 to 20 s", took)
		}
	})
}
