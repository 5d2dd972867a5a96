package stream

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
)

// A few requests with large parameters must not fill the memory of the server.
func TestTheRingIsBoundedInBytes(t *testing.T) {
	st := storetest.Open(t)
	h := NewHub(st, bus.NewLocal(), slog.New(slog.DiscardHandler))
	body := append(append([]byte(`"`), bytes.Repeat([]byte("x"), 200<<10)...), '"')
	const events = 200
	for range events {
		if err := st.Update(t.Context(), func(tx *store.Tx) error {
			tx.Emit(store.Event{Topic: "announcement", Kind: "general", Key: "k", Body: body})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := h.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for _, e := range h.ring {
		held += e.size()
	}
	if held > ringMost || held != h.held || len(h.ring) == 0 {
		t.Errorf("%d events take %d bytes, counted as %d; want at most %d", len(h.ring), held, h.held, ringMost)
	}
	// What the ring has let go is read from the log.
	if _, _, behind := h.after(0); !behind {
		t.Error("a client that is at the beginning is served from the ring")
	}
	events1, err := h.catchUp(t.Context(), 0)
	if err != nil || len(events1) != pageSize || !bytes.Equal(events1[0].Body, body) {
		t.Errorf("from the log: %d events, %v; want %d", len(events1), err, pageSize)
	}
}
