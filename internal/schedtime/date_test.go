package schedtime

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"
)

var november = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// TestDatesReadAsInStackStorm compares with recordings of testdata/oracle.py.
func TestDatesReadAsInStackStorm(t *testing.T) {
	files := []string{"testdata/dates.jsonl"}
	if more := os.Getenv("GALE_DATES"); more != "" {
		files = append(files, more) // freshly recorded, for long runs
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var c struct {
				Text string
				Want *string
			}
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			want, got := "no date", "no date"
			if c.Want != nil {
				want = *c.Want
			}
			if at, err := ParseDate(c.Text, november); err == nil {
				got = at.Format("2006-01-02T15:04:05.000000")
			}
			if got != want {
				t.Errorf("%q: got %s, want %s", c.Text, got, want)
			}
		}
	}
}
