//go:build failpoint

package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
)

// TestFailPoints starts this binary again with fail-points set, to run
// TestWriteThree.
func TestFailPoints(t *testing.T) {
	cases := []struct {
		name, points string
		killed       bool
		error        bool
		rows         int
	}{
		{"none", "", false, false, 3},
		{"killed before the second commit", "store.before-commit=kill@2", true, false, 1},
		{"killed after the second commit", "store.after-commit=kill@2", true, false, 2},
		{"an error before the second commit", "store.before-commit=error@2", false, true, 2},
		{"an error after the second commit", "store.after-commit=error@2", false, true, 3},
		{"a delay", "store.before-commit=delay:1ms", false, false, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			child := exec.Command(os.Args[0], "-test.run=^TestWriteThree$")
			child.Env = append(os.Environ(), "GALE_STORE_TEST_THREE="+dir, "GALE_FAILPOINTS="+shift(c.points))
			out, err := child.CombinedOutput()
			if killed := err != nil && strings.Contains(err.Error(), "killed"); killed != c.killed {
				t.Errorf("child ended with %v, want killed %v\n%s", err, c.killed, out)
			}
			if failed := strings.Contains(string(out), "fail-point store."); failed != c.error {
				t.Errorf("output %s, want an error: %v", out, c.error)
			}
			s := storetest.OpenWith(t, store.Config{Dir: dir})
			err = s.View(t.Context(), func(tx *store.Tx) error {
				n, err := store.Traces.Count(tx, store.Query{})
				if n != c.rows {
					t.Errorf("%d rows, want %d", n, c.rows)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// shift counts in the commit of Open, which takes leases back.
func shift(points string) string { return strings.ReplaceAll(points, "@2", "@3") }

// TestWriteThree is the child's part; without its variable it only says that
// an unknown fail-point does nothing.
func TestWriteThree(t *testing.T) {
	dir := os.Getenv("GALE_STORE_TEST_THREE")
	if dir == "" {
		if err := store.FailPoint("nobody.knows-this"); err != nil {
			t.Error(err)
		}
		return
	}
	s, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			return store.Traces.Insert(tx, &gale.Trace{ID: id, Tag: "t"})
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	_ = s.Close()
}
