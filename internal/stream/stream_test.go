package stream_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func TestAClientHearsWhatHappensFromThenOn(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.emit("before")
		c := f.get("/stream", nil, "")
		if got := c.header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
			f.Errorf("content type: got %q", got)
		}
		f.emit("one", "two")
		e := f.execution("test.noop")
		f.finish(e)
		got := c.take(10)
		// The hub may learn of an event only after a client came that was
		// committed before: it is sent rather than lost.
		if got[0].field("payload") == "before" {
			got = append(got[1:], c.take(1)...)
		}
		want := "announcement__general announcement__general execution__create liveaction__create execution__update liveaction__update " +
			"execution__update liveaction__update execution__update liveaction__update"
		if names(got) != want {
			f.Errorf("events: got %q, want %q", names(got), want)
		}
		var statuses []string
		for _, fr := range got[2:] {
			statuses = append(statuses, fr.field("status"))
		}
		if s := strings.Join(statuses, " "); s != "requested requested scheduled scheduled running running succeeded succeeded" {
			f.Errorf("statuses: got %q", s)
		}
		full, live := got[len(got)-2], got[len(got)-1]
		if full.field("result") != "{'n': 1}" || full.field("end_timestamp") == "" || live.field("result") != `{"n":1}` {
			f.Errorf("the last: got results %q and %q", full.field("result"), live.field("result"))
		}
		if full.id == "" || full.id != live.id {
			f.Errorf("ids of the two views of one event: %q and %q; want one", full.id, live.id)
		}
	})
}

func TestFilters(t *testing.T) {
	onAll(t, func(f *fixture) {
		a, b := f.execution("test.a"), f.execution("test.b")
		tests := []struct {
			name  string
			query url.Values
			want  string
		}{
			{"names", url.Values{"events": {"st2.execution__update"}}, "execution__update:a execution__update:a execution__update:b execution__update:b"},
			{"patterns", url.Values{"events": {"st2.live*,st2.announcement__?eneral"}},
				"announcement__general: liveaction__update:a liveaction__update:a liveaction__update:b liveaction__update:b"},
			{"an action", url.Values{"action_refs": {"test.b"}},
				"execution__update:b liveaction__update:b execution__update:b liveaction__update:b"},
			{"an execution", url.Values{"execution_ids": {a.ID}, "events": {"st2.execution__*"}}, "execution__update:a execution__update:a"},
			{"rules", url.Values{"events": {"st2.rule__create"}}, "rule__create:"},
		}
		var clients []*connection
		for _, test := range tests {
			clients = append(clients, f.get("/stream", test.query, lastID(f)))
		}
		f.emit("hello")
		f.finish(a)
		f.finish(b)
		f.update(func(tx *store.Tx) error {
			tx.Emit(store.Event{Topic: "rule", Kind: "create", Key: "x", Body: []byte(`{"ref":"p.r"}`)})
			tx.Emit(store.Event{Topic: "of-no-interest", Kind: "create", Key: "x", Body: []byte(`{}`)})
			return nil
		})
		which := map[string]string{a.ID: ":a", b.ID: ":b", "": ":"}
		for i, test := range tests {
			var got []string
			for _, fr := range clients[i].take(len(strings.Fields(test.want))) {
				id := ""
				if strings.Contains(fr.event, "execution") || strings.Contains(fr.event, "liveaction") {
					id = fr.field("id")
				}
				got = append(got, strings.TrimPrefix(fr.event, "st2.")+which[id])
			}
			if s := strings.Join(got, " "); s != test.want {
				f.Errorf("%s: got %q, want %q", test.name, s, test.want)
			}
		}
	})
}

// lastID is the cursor of a client that is up to date.
func lastID(f *fixture) string {
	f.Helper()
	last, err := f.st.LastEvent(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return fmt.Sprint(last)
}

func TestAClientThatComesBackMissesNothing(t *testing.T) {
	onAll(t, func(f *fixture) {
		c := f.get("/stream", nil, "")
		f.emit("a", "b")
		got := c.take(2)
		c.cancel()
		f.emit("c")
		f.emit("d", "e")
		again := f.get("/stream", nil, got[0].id) // it had dealt with the first only
		if s := payloads(again.take(4)); s != "b c d e" {
			f.Errorf("after the return: got %q, want %q", s, "b c d e")
		}
		f.emit("f")
		if s := payloads(again.take(1)); s != "f" {
			f.Errorf("and then: got %q, want f", s)
		}
	})
}

func TestAClientThatComesBackTooLateIsTold(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.emit("a")
		first := lastID(f)
		f.emit("b", "c")
		if _, err := f.st.TrimEvents(f.Context(), 1<<60); err != nil {
			f.Fatal(err)
		}
		for name, id := range map[string]string{"what was trimmed": first, "a number that was never given": "999999"} {
			c := f.get("/stream", nil, id)
			got := c.take(1)[0]
			if got.event != "gale.reset" || got.id == "" || got.field("reason") == "" {
				f.Errorf("%s: got %+v, want a reset that says from where it goes on", name, got)
			}
			f.emit("after")
			if s := payloads(c.take(1)); s != "after" {
				f.Errorf("%s: then got %q, want what comes after", name, s)
			}
		}
		c := f.get("/stream", nil, lastID(f)) // up to date, although nothing else is left
		f.emit("next")
		if s := payloads(c.take(1)); s != "next" {
			f.Errorf("an up-to-date client: got %q, want no reset", s)
		}
	})
}

// Another process may have read further than this one has.
func TestAClientFromAnotherProcessIsNotReset(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.emit("a")
		_, other := f.serve(bus.Dropping{})
		f.emit("b")
		c := f.getFrom(other, "/stream", nil, lastID(f))
		f.emit("c")
		if got := c.take(1)[0]; got.event == "gale.reset" || got.field("payload") != "c" {
			f.Errorf("got %+v, want c", got)
		}
	})
}

func TestNothingIsLostOrDoubledUnderLoad(t *testing.T) {
	onAll(t, func(f *fixture) {
		const writers, each, clients = 6, 150, 4
		var list []*connection
		for range clients {
			list = append(list, f.get("/stream", nil, lastID(f)))
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := f.st.Update(f.Context(), func(tx *store.Tx) error {
						word := fmt.Sprintf("%d.%03d", w, i)
						tx.Emit(store.Event{Topic: "announcement", Kind: "general", Key: word, Body: []byte(`{"payload":"` + word + `"}`)})
						if i%7 == 3 {
							tx.Emit(store.Event{Topic: "nobody-looks", Kind: "x", Key: word, Body: []byte(`{}`)})
						}
						return nil
					})
					if err != nil {
						f.Errorf("emit: %v", err)
					}
				}
			})
		}
		// One more client leaves and comes back all the time.
		var frames []frame
		wg.Go(func() {
			id := "0"
			for len(frames) < writers*each {
				c := f.get("/stream", nil, id)
				got := c.take(min(50, writers*each-len(frames)))
				frames = append(frames, got...)
				id = got[len(got)-1].id
				c.cancel()
			}
		})
		wg.Wait()
		all := map[string][]frame{"the one that came and went": frames}
		for i, c := range list {
			all[fmt.Sprint("client ", i)] = c.take(writers * each)
		}
		for name, frames := range all {
			next := map[byte]int{}
			last := int64(-1)
			for _, fr := range frames {
				var seq int64
				word := fr.field("payload")
				if _, err := fmt.Sscan(fr.id, &seq); err != nil || seq <= last {
					f.Fatalf("%s: event %s after %d", name, fr.id, last)
				}
				last = seq
				if want := fmt.Sprintf("%c.%03d", word[0], next[word[0]]); word != want {
					f.Fatalf("%s: got %s, want %s: lost, doubled or out of order", name, word, want)
				}
				next[word[0]]++
			}
		}
	})
}

func TestAStreamEndsWithItsExecution(t *testing.T) {
	onAll(t, func(f *fixture) {
		e, other := f.execution("test.noop"), f.execution("test.noop")
		query := url.Values{"end_event": {"st2.execution__update"}, "end_execution_id": {e.ID}, "events": {"st2.execution__update"}}
		c := f.get("/stream", query, lastID(f))
		hidden := f.get("/stream", url.Values{"end_event": query["end_event"], "end_execution_id": query["end_execution_id"], "events": {"st2.announcement__*"}}, lastID(f))
		f.finish(other)
		f.emit("something")
		f.finish(e)
		got := c.rest()
		if len(got) != 4 || got[3].field("id") != e.ID || got[3].field("status") != "succeeded" {
			f.Errorf("got %d events, %q; want those up to the end", len(got), names(got))
		}
		if got := hidden.rest(); names(got) != "announcement__general" {
			f.Errorf("with the end filtered out: got %q; want it to end all the same", names(got))
		}
		late := f.get("/stream", query, "")
		if got := late.rest(); len(got) != 1 || got[0].field("status") != "succeeded" {
			f.Errorf("a client that came after the end: got %q; want the end at once", names(got))
		}
		resumed := f.get("/stream", query, "0") // from the beginning: all of it, once
		if got := resumed.rest(); len(got) != 6 {
			f.Errorf("one that resumes from the beginning: got %d updates, want 6", len(got))
		}
	})
}

func TestOutputComesWholeAndBeforeTheEnd(t *testing.T) {
	onAll(t, func(f *fixture) {
		const n = 12
		var wg sync.WaitGroup
		for i := range n {
			e := f.execution("test.noop")
			query := url.Values{"events": {"st2.execution.output__create,st2.execution__update"}, "execution_ids": {e.ID},
				"end_event": {"st2.execution__update"}, "end_execution_id": {e.ID}}
			c := f.get("/stream", query, lastID(f))
			wg.Go(func() {
				var text strings.Builder
				var last frame
				for _, fr := range c.rest() {
					if fr.event == "st2.execution.output__create" {
						if last.field("status") == "succeeded" {
							f.Errorf("output after the end")
						}
						text.WriteString(fr.field("data"))
						continue
					}
					last = fr
				}
				if got, want := text.String(), fmt.Sprintf("%d one\n%d two\n%d three\n", i, i, i); got != want || last.field("status") != "succeeded" {
					f.Errorf("got output %q and the status %s; want %q and the end", got, last.field("status"), want)
				}
			})
			wg.Go(func() {
				f.print(e, fmt.Sprintf("%d one\n", i))
				f.print(e, fmt.Sprintf("%d two\n", i), fmt.Sprintf("%d three\n", i))
				f.finish(e) // right behind the last output
			})
		}
		wg.Wait()
	})
}

func TestFollowingAnExecutionsOutput(t *testing.T) {
	onAll(t, func(f *fixture) {
		e, other := f.execution("test.a"), f.execution("test.b")
		f.print(e, "one\n")
		c := f.get("/executions/"+e.ID+"/output", nil, "")
		if fr := c.take(1)[0]; fr.event != "st2.execution.output__create" || fr.field("data") != "one\n" || fr.field("execution_id") != e.ID || fr.field("output_type") != "stdout" {
			f.Errorf("stored output: got %+v", fr)
		}
		f.print(other, "not this\n")
		f.print(e, "two\n")
		if fr := c.take(1)[0]; fr.field("data") != "two\n" {
			f.Errorf("live output: got %+v", fr)
		}
		f.print(e, "three\n")
		f.finish(e)
		got := c.rest()
		if names(got) != "execution.output__create EOF" || got[1].data != "''" {
			f.Errorf("the end: got %+v", got)
		}
		if got := f.get("/executions/"+e.ID+"/output", url.Values{"output_type": {"stderr"}}, "").rest(); names(got) != "EOF" {
			f.Errorf("of another type: got %q", names(got))
		}
		f.finish(other)
		if got := f.get("/executions/last/output", nil, "").rest(); len(got) != 2 || got[0].field("data") != "not this\n" {
			f.Errorf("of the last execution: got %q", names(got))
		}
	})
}

func TestMuchOutputIsFollowedPageByPage(t *testing.T) {
	onAll(t, func(f *fixture) {
		e := f.execution("test.a")
		query := url.Values{"events": {"st2.execution.output__create"}, "end_event": {"st2.execution__update"}, "end_execution_id": {e.ID}}
		c := f.get("/stream", query, lastID(f))
		const n = 1700
		for i := 0; i < n; i += 100 {
			var lines []string
			for j := range 100 {
				lines = append(lines, fmt.Sprintf("%05d\n", i+j))
			}
			f.print(e, lines...)
		}
		f.finish(e)
		got := c.rest()
		for name, frames := range map[string][]frame{"the stream": got, "the output": f.get("/executions/"+e.ID+"/output", nil, "").rest()} {
			for i := range n {
				if i >= len(frames) || frames[i].field("data") != fmt.Sprintf("%05d\n", i) {
					f.Errorf("%s: line %d of %d is lost, doubled or out of order", name, i, len(frames))
					break
				}
			}
		}
	})
}

func TestAClientThatComesFirstGetsNoHistory(t *testing.T) {
	onAll(t, func(f *fixture) {
		f.emit("old", "older")
		_, fresh := f.serve(bus.Dropping{})
		c := f.getFrom(fresh, "/stream", nil, "") // before the hub may have read anything
		f.emit("new")
		if got := payloads(c.take(1)); got != "new" {
			f.Errorf("got %q, want only what is new", got)
		}
	})
}

func TestEventsShowNoSecretDefaults(t *testing.T) {
	onAll(t, func(f *fixture) {
		key, err := secret.NewKey()
		if err != nil {
			f.Fatal(err)
		}
		sealed, err := secret.Seal(key, secret.Place{Table: "t", ID: "i"}, any(py.DictOf("default", "hidden-word-1")), [][]any{{"default"}})
		if err != nil {
			f.Fatal(err)
		}
		snapshot := `{"ref":"test.a","parameters":{"pw":` + jsonOf(f.T, sealed) + `}}`
		c := f.get("/stream", url.Values{"events": {"st2.execution__create"}}, lastID(f))
		e := &gale.Execution{ActionRef: "test.a", RunnerName: "fake", Parameters: py.NewDict(0), Context: py.NewDict(0)}
		f.update(func(tx *store.Tx) (err error) {
			if e.ActionDigest, err = tx.PutSnapshot([]byte(snapshot)); err != nil {
				return err
			}
			return execution.Insert(tx, e)
		})
		got := c.take(1)[0]
		if strings.Contains(got.data, "$sealed") || !strings.Contains(got.data, `"default":"********"`) {
			f.Errorf("got %s, want the default masked", got.data)
		}
	})
}

func TestAnEventWhoseSnapshotIsGoneIsStillTold(t *testing.T) {
	onAll(t, func(f *fixture) {
		c := f.get("/stream", url.Values{"events": {"st2.execution__create"}}, lastID(f))
		e := &gale.Execution{ActionRef: "test.a", RunnerName: "fake", ActionDigest: strings.Repeat("0", 64), Parameters: py.NewDict(0), Context: py.NewDict(0)}
		f.update(func(tx *store.Tx) error { return execution.Insert(tx, e) })
		if got := c.take(1)[0]; got.field("id") != e.ID {
			f.Errorf("got %+v, want the event of %s", got, e.ID)
		}
	})
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := py.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAClientThatLeavesIsForgotten(t *testing.T) {
	onAll(t, func(f *fixture) {
		e := f.execution("test.a")
		for _, path := range []string{"/stream", "/executions/" + e.ID + "/output"} {
			c := f.get(path, nil, "")
			c.cancel()
		}
		f.emit("to nobody")
		c := f.get("/stream", nil, "0")
		for {
			if fr := c.take(1)[0]; fr.field("payload") == "to nobody" {
				break
			}
		}
	})
}
