package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

var logTests = []namedTest{
	{"events are read in order from a cursor", testEvents},
	{"events of concurrent writers are all read, once", testEventsConcurrent},
	{"a body that is too large is replaced by its id", testLargeEvent},
	{"trimming keeps the newest event and never starts again", testTrim},
	{"the last event is a cursor for what comes next", testLastEvent},
	{"output comes back in order, by type and from a cursor", testOutput},
	{"output may be any bytes", testOutputBytes},
	{"output of all executions is one log", testOutputAll},
}

func emit(t testing.TB, s *store.Store, keys ...string) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		for _, k := range keys {
			tx.Emit(store.Event{Topic: "execution", Kind: "update", Key: k, Body: []byte(`{"k":"` + k + `"}`)})
		}
		return nil
	})
}

func eventKeys(t testing.TB, s *store.Store, after int64, limit int) (keys []string, last int64) {
	t.Helper()
	events, err := s.Events(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	last = after
	for _, e := range events {
		keys = append(keys, e.Key)
		last = e.Seq
	}
	return keys, last
}

func testEvents(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	emit(t, s, "1", "2")
	emit(t, s, "3")
	events, err := s.Events(t.Context(), 0, 2)
	if err != nil || len(events) != 2 {
		t.Fatalf("Events = %v, %v, want 2", events, err)
	}
	e := events[0]
	if e.Topic != "execution" || e.Kind != "update" || e.Key != "1" || string(e.Body) != `{"k":"1"}` || e.TS == 0 || e.Seq <= 0 {
		t.Errorf("event = %+v", e)
	}
	if got, _ := eventKeys(t, s, events[1].Seq, 10); len(got) != 1 || got[0] != "3" {
		t.Errorf("the rest = %v, want [3]", got)
	}
}

// testEventsConcurrent reads while many write and some roll back.
func testEventsConcurrent(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	const writers, each = 8, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_ = s.Update(t.Context(), func(tx *store.Tx) error {
					tx.Emit(store.Event{Topic: "t", Kind: "k", Key: fmt.Sprintf("%d-%d", w, i), Body: []byte("{}")})
					if i%4 == 3 {
						return errUndone
					}
					return nil
				})
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	seen := map[string]int{}
	next := map[string]int{} // each writer's events come in its order
	var cursor int64
	over := false
	for len(seen) < writers*each*3/4 {
		keys, last := eventKeys(t, s, cursor, 50)
		cursor = last
		for _, k := range keys {
			seen[k]++
			w, n, _ := strings.Cut(k, "-")
			i := 0
			_, _ = fmt.Sscan(n, &i)
			if i < next[w] {
				t.Errorf("event %s came after a later one of its writer", k)
			}
			next[w] = i
		}
		if over && len(keys) == 0 {
			break
		}
		select {
		case <-ended:
			over = len(keys) == 0
		default:
		}
	}
	wg.Wait()
	if want := writers * each * 3 / 4; len(seen) != want {
		t.Errorf("%d events were read, want %d", len(seen), want)
	}
	for k, n := range seen {
		if n != 1 {
			t.Errorf("event %s was read %d times", k, n)
		}
	}
}

func testLargeEvent(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	update(t, s, func(tx *store.Tx) error {
		for _, n := range []int{100, 1 << 20} {
			tx.Emit(store.Event{Topic: "key", Kind: "update", Key: "k1", Body: []byte(`"` + strings.Repeat("x", n) + `"`)})
		}
		return nil
	})
	events, err := s.Events(t.Context(), 0, 10)
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	if len(events[0].Body) != 102 || string(events[1].Body) != `{"id":"k1","body_size":1048578}` {
		t.Errorf("got bodies of %d bytes and %.80s", len(events[0].Body), events[1].Body)
	}
}

func testTrim(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	emit(t, s, "1", "2", "3")
	_, last := eventKeys(t, s, 0, 10)
	n, err := s.TrimEvents(t.Context(), gale.TimeOf(time.Now().Add(time.Hour)))
	if n != 2 || err != nil {
		t.Errorf("TrimEvents = %d, %v, want 2", n, err)
	}
	first, err := s.FirstEvent(t.Context())
	if first != last || err != nil {
		t.Errorf("FirstEvent = %d, %v, want %d", first, err, last)
	}
	emit(t, s, "4")
	if got, next := eventKeys(t, s, 0, 10); len(got) != 2 || next <= last {
		t.Errorf("events after trimming = %v up to %d, want [3 4] beyond %d", got, next, last)
	}
	if n, err := s.TrimEvents(t.Context(), 1); n != 0 || err != nil {
		t.Errorf("TrimEvents of older ones = %d, %v, want 0", n, err)
	}
}

func testLastEvent(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	if last, err := s.LastEvent(t.Context()); last != 0 || err != nil {
		t.Errorf("LastEvent of an empty log = %d, %v", last, err)
	}
	emit(t, s, "1", "2")
	last, err := s.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	emit(t, s, "3")
	if got, _ := eventKeys(t, s, last, 10); len(got) != 1 || got[0] != "3" {
		t.Errorf("events after the last = %v, want [3]", got)
	}
}

func chunk(execution, kind, data string) gale.OutputChunk {
	return gale.OutputChunk{ExecutionID: execution, ActionRef: "core.local", RunnerRef: "local", Type: kind, Data: data}
}

func testOutput(t *testing.T, b Backend) {
	rung := &rings{}
	s := b.Open(t, store.Config{OnCommit: rung.add})
	err := s.AppendOutput(t.Context(), []gale.OutputChunk{chunk("e1", "stdout", "1"), chunk("e1", "stderr", "2"), chunk("e2", "stdout", "x"), chunk("e1", "stdout", "3")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"output:e1", "output:e2", "output"}}, rung.all()); diff != "" {
		t.Errorf("rings (-want +got):\n%s", diff)
	}
	read := func(types []string, after int64, limit int) (text string, last int64) {
		chunks, err := s.Output(t.Context(), "e1", types, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			text += c.Data
			last = c.Seq
			if c.ActionRef != "core.local" || c.RunnerRef != "local" || c.Timestamp == 0 {
				t.Errorf("chunk = %+v", c)
			}
		}
		return text, last
	}
	all, _ := read(nil, 0, 0)
	stdout, _ := read([]string{"stdout", "output"}, 0, 10)
	first, cursor := read(nil, 0, 1)
	rest, _ := read(nil, cursor, 10)
	if all != "123" || stdout != "13" || first != "1" || rest != "23" {
		t.Errorf("all %q, stdout %q, first %q, rest %q, want 123, 13, 1, 23", all, stdout, first, rest)
	}
	if err := s.DeleteOutput(t.Context(), "e1"); err != nil {
		t.Fatal(err)
	}
	if all, _ := read(nil, 0, 0); all != "" {
		t.Errorf("after deletion %q is left", all)
	}
}

func testOutputBytes(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	want := "a\x00b\xff\xfe\n'\"$1é"
	if err := s.AppendOutput(t.Context(), []gale.OutputChunk{chunk("e", "stdout", want), chunk("e", "stdout", "")}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Output(t.Context(), "e", nil, 0, 0)
	if err != nil || len(got) != 2 || got[0].Data != want || got[1].Data != "" {
		t.Errorf("Output = %v, %v, want %q and an empty one", got, err, want)
	}
}

func testOutputAll(t *testing.T, b Backend) {
	s := b.Open(t, store.Config{})
	last, err := s.LastOutput(t.Context())
	if err != nil || last != 0 {
		t.Errorf("LastOutput = %d, %v, want 0", last, err)
	}
	for _, e := range []string{"e1", "e2", "e1"} {
		if err := s.AppendOutput(t.Context(), []gale.OutputChunk{chunk(e, "stdout", "x")}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.TrimOutput(t.Context(), 1); n != 0 || err != nil {
		t.Errorf("TrimOutput = %d, %v, want 0", n, err)
	}
	got, err := s.Output(t.Context(), "", nil, 1, 10)
	if err != nil || len(got) != 2 || got[0].ExecutionID != "e2" || got[1].ExecutionID != "e1" {
		t.Errorf("Output = %v, %v, want e2 and e1", got, err)
	}
	if n, err := s.TrimOutput(t.Context(), gale.TimeOf(time.Now().Add(time.Hour))); n != 2 || err != nil {
		t.Errorf("TrimOutput = %d, %v, want 2", n, err)
	}
}
