package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

func TestSeconds(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
	}{
		{"", 10 * time.Second}, {"5", 5 * time.Second}, {"0.25", 250 * time.Millisecond},
		{"0", 0}, {"-1", 0}, {"ten", 0}, {"1m", 0}, {" ", 0}, {"NaN", 0}, {"Inf", 0}, {"1e9", 0},
	}
	for _, tt := range tests {
		got, err := parseSeconds(tt.text)
		if got != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestRowsAreChosenByWhatTheyGive(t *testing.T) {
	all, err := choose("")
	if err != nil || len(all) != len(rows) {
		t.Errorf("no names: got %d rows, %v, want all %d", len(all), err, len(rows))
	}
	first, last := rows[0], rows[len(rows)-1]
	only := last.names[len(last.names)-1] + ", " + first.names[0] + "," + last.names[0]
	got, err := choose(only)
	if err != nil || len(got) != 2 || got[0].names[0] != last.names[0] || got[1].names[0] != first.names[0] {
		t.Errorf("%s: got %d rows, %v, want two, in the order of their names", only, len(got), err)
	}
	if _, err := choose("noop_rate,tea"); err == nil || !strings.Contains(err.Error(), `"tea"`) && !strings.Contains(err.Error(), `"noop_rate"`) {
		t.Errorf("an unknown row: got %v", err)
	}
}

func TestEveryRowSaysWhatItMeasures(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		if len(r.names) == 0 || r.doc == "" || r.run == nil {
			t.Errorf("row %v is not whole", r.names)
		}
		for _, name := range r.names {
			if seen[name] || name != strings.TrimSpace(name) || strings.Contains(name, ",") {
				t.Errorf("the name %q is taken or cannot be asked for", name)
			}
			seen[name] = true
		}
	}
	var out bytes.Buffer
	if err := list(&out); err != nil {
		t.Fatal(err)
	}
	for name := range seen {
		if !strings.Contains(out.String(), name) {
			t.Errorf("%s is not listed", name)
		}
	}
}

func TestARunGivesRatiosAndRemovesItsDirectory(t *testing.T) {
	dir := ""
	stubs := []row{
		{names: []string{"half"}, doc: "half of the limit", run: func(_ context.Context, e *env) ([]Result, error) {
			dir = e.dir
			if _, err := os.Stat(dir); err != nil || e.seconds != time.Second {
				t.Errorf("the row got %+v, %v", e, err)
			}
			return []Result{{Name: "half", Value: 5, Unit: "1/s", Limit: 10}}, nil
		}},
		{names: []string{"alone"}, doc: "nothing to compare with", run: func(context.Context, *env) ([]Result, error) {
			return []Result{{Name: "alone", Value: 3, Unit: "ms"}}, nil
		}},
	}
	var said bytes.Buffer
	got, err := Run(t.Context(), stubs, time.Second, &said)
	if err != nil || len(got) != 2 || got[0].Ratio != 0.5 || got[1].Ratio != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if !strings.Contains(said.String(), "[2/2] alone: nothing to compare with") {
		t.Errorf("said %q", said.String())
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	var out bytes.Buffer
	if err := print(&out, got); err != nil || !strings.Contains(out.String(), "0.50") || strings.Contains(out.String(), "0.00") {
		t.Errorf("printed, %v:\n%s", err, out.String())
	}
	text, err := py.Marshal(got)
	if want := `[{"name":"half","value":5.0,"unit":"1/s","limit":10.0,"ratio":0.5},{"name":"alone","value":3.0,"unit":"ms","limit":0.0,"ratio":0.0}]`; err != nil || string(text) != want {
		t.Errorf("as JSON: got %s, %v, want %s", text, err, want)
	}
}

func TestARowThatFailsEndsTheRunByName(t *testing.T) {
	broken := errors.New("disk full")
	stubs := []row{
		{names: []string{"fine"}, run: func(context.Context, *env) ([]Result, error) { return []Result{{Name: "fine"}}, nil }},
		{names: []string{"bad"}, run: func(context.Context, *env) ([]Result, error) { return nil, broken }},
		{names: []string{"never"}, run: func(context.Context, *env) ([]Result, error) { t.Error("it ran"); return nil, nil }},
	}
	got, err := Run(t.Context(), stubs, time.Second, io.Discard)
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "bad: ") || len(got) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// stub is a server that takes executions and says that some of the first
// questions find one under way.
func stub(t *testing.T, moving int) (s *server, taken *atomic.Int64) {
	t.Helper()
	taken = &atomic.Int64{}
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			n := taken.Add(1)
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"id": "%024x", "status": "requested"}`, n)
			return
		}
		total := 0
		if r.URL.Query().Get("status") == string(gale.Running) && asked.Add(1) <= int64(moving) {
			total = 1
		}
		w.Header().Set("X-Total-Count", fmt.Sprint(total))
		fmt.Fprint(w, `[]`)
	}))
	t.Cleanup(srv.Close)
	return &server{Client: client.New(client.Config{API: srv.URL + "/api/v1", Auth: srv.URL + "/auth/v1", Stream: srv.URL + "/stream/v1", APIKey: "k"})}, taken
}

func TestALoadWaitsForWhatItHasStarted(t *testing.T) {
	s, taken := stub(t, 3)
	began := time.Now()
	got, err := s.load(t.Context(), 4, 100*time.Millisecond, "core.noop", nil)
	took := time.Since(began).Seconds()
	if err != nil || taken.Load() == 0 {
		t.Fatalf("got %v, %v after %d requests", got, err, taken.Load())
	}
	if low := float64(taken.Load()) / took; got < low*0.99 {
		t.Errorf("got %v executions a second, want %v or a little more: %d in %v s", got, low, taken.Load(), took)
	}
	if most := float64(taken.Load()) / 0.1; got > most {
		t.Errorf("got %v executions a second: the time of waiting does not count", got)
	}
}

func TestALoadEndsWithItsFirstError(t *testing.T) {
	s := &server{Client: client.New(client.Config{API: "http://127.0.0.1:1/api/v1", APIKey: "k"})}
	if _, err := s.load(t.Context(), 4, time.Minute, "core.noop", nil); err == nil {
		t.Error("no error from a server that is not there")
	}
}

func TestARateCountsWhatEnded(t *testing.T) {
	var n atomic.Int64
	got, err := rate(t.Context(), 2, 50*time.Millisecond, func() error { n.Add(1); time.Sleep(time.Millisecond); return nil })
	if err != nil || got <= 0 || got > float64(n.Load())/0.05 {
		t.Errorf("got %v, %v after %d calls", got, err, n.Load())
	}
	broken := errors.New("no")
	if _, err := rate(t.Context(), 2, time.Minute, func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the loop", err)
	}
}

func TestQuantiles(t *testing.T) {
	all := make([]time.Duration, 100)
	for i := range all {
		all[i] = time.Duration(100-i) * time.Millisecond
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(all, q); got != want {
			t.Errorf("%v: got %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestTimesComeFromTheLog(t *testing.T) {
	v, err := py.DecodeJSON([]byte(`{"id": "5f", "log": [{"status": "requested", "timestamp": "2026-01-02T03:04:05.000006Z"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := at(v.(*py.Dict), gale.Requested)
	if err != nil || !got.Equal(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := at(v.(*py.Dict), gale.Running); err == nil || !strings.Contains(err.Error(), "never was running") {
		t.Errorf("a status that was not reached: got %v", err)
	}
}
