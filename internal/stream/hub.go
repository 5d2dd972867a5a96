// Package stream tells clients what happens, as server-sent events.
//
// One reader a process follows the event log; clients read from a ring of
// recent events in memory, and from the log itself when they come back after
// a while with Last-Event-ID. What a client sees was committed, in order, and
// nothing that was committed is missing; a client that stayed away for longer
// than the log is told so with a gale.reset event.
package stream

import (
	"context"
	"log/slog"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/store"
)

const (
	ringSize = 4096            // events kept in memory for clients that are up to date
	ringMost = 64 << 20        // bytes that they may take, as far as that is known
	readSize = 500             // events read from the log at once
	pageSize = 100             // the same for a client that is behind the ring: there may be many
	pollLog  = time.Second     // how long the reader trusts the doorbell alone
	restart  = 2 * time.Second // pause after the store failed
)

// Hub follows the event log for all clients of one process.
type Hub struct {
	store *store.Store
	bus   bus.Bus
	log   *slog.Logger
	snaps snapshots

	ready   chan struct{} // closed when Run knows where the log stands
	ended   chan struct{} // closed when Run has returned
	mu      sync.Mutex
	ring    []*event      // ascending by seq
	held    int           // bytes of the ring
	last    int64         // seq of the newest event read
	changed chan struct{} // closed and replaced when the ring grows
}

// NewHub returns a Hub; Run makes it follow the log.
func NewHub(st *store.Store, b bus.Bus, log *slog.Logger) *Hub {
	return &Hub{store: st, bus: b, log: log, changed: make(chan struct{}), ready: make(chan struct{}), ended: make(chan struct{}), snaps: newSnapshots(st)}
}

// Run follows the log until ctx ends. The streams end after it, when they have
// sent what there is. It must be
// called once.
func (h *Hub) Run(ctx context.Context) error {
	defer close(h.ended)
	bell := h.bus.Subscribe(store.EventTopic)
	defer bell.Close()
	last, err := h.store.LastEvent(ctx)
	for err != nil && ctx.Err() == nil {
		h.log.Warn("event log cannot be read; trying again", "error", err)
		pause(ctx, restart)
		last, err = h.store.LastEvent(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	h.mu.Lock()
	h.last = last
	h.mu.Unlock()
	close(h.ready)
	for ctx.Err() == nil {
		n, err := h.read(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("event log cannot be read; trying again", "error", err)
			pause(ctx, restart)
			continue
		}
		if n < readSize {
			bell.Wait(ctx, pollLog)
		}
	}
	h.readLast()
	return nil
}

// lastWords is how long reading what was committed until the end may take.
const lastWords = time.Second

// readLast reads what has come since the last look. Who follows an execution
// wants to hear how it ended, also when the process ends right after it. What
// cannot be read now they read when they come back.
func (h *Hub) readLast() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	for {
		if n, err := h.read(ctx); err != nil || n < readSize {
			return
		}
	}
}

// read takes the next events from the log into the ring and returns how many.
func (h *Hub) read(ctx context.Context) (int, error) {
	h.mu.Lock()
	after := h.last
	h.mu.Unlock()
	events, err := h.store.Events(ctx, after, readSize)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		e := &event{Event: events[i]}
		h.ring = append(h.ring, e)
		h.held += e.size()
	}
	over := 0
	for ; len(h.ring)-over > ringSize || h.held > ringMost; over++ {
		h.held -= h.ring[over].size()
	}
	if over > 0 {
		h.ring = append(h.ring[:0:0], h.ring[over:]...)
	}
	h.last = events[len(events)-1].Seq
	close(h.changed)
	h.changed = make(chan struct{})
	return len(events), nil
}

// after returns the events behind a cursor, or a channel that is closed when
// there are some. behind is true when the ring no longer reaches that far
// back and the log has to be asked.
func (h *Hub) after(cursor int64) (events []*event, changed <-chan struct{}, behind bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cursor >= h.last {
		return nil, h.changed, false
	}
	if len(h.ring) == 0 || h.ring[0].Seq > cursor+1 {
		return nil, h.changed, true
	}
	i := sort.Search(len(h.ring), func(i int) bool { return h.ring[i].Seq > cursor })
	return h.ring[i:], h.changed, false
}

// wait blocks until Run knows where the log stands: before that a client would
// be sent the whole of it.
func (h *Hub) wait(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	case <-h.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over reports whether Run has returned: there will be no more events, and
// those that there are can be read.
func (h *Hub) over() bool {
	select {
	case <-h.ended:
		return true
	default:
		return false
	}
}

// now is the cursor of a client that wants only what is to come.
func (h *Hub) now() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// catchUp reads events from the log for a client that is behind the ring.
func (h *Hub) catchUp(ctx context.Context, cursor int64) ([]*event, error) {
	events, err := h.store.Events(ctx, cursor, pageSize)
	if err != nil {
		return nil, err
	}
	out := make([]*event, len(events))
	for i := range events {
		out[i] = &event{Event: events[i]}
	}
	return out, nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// parseCursor reads a Last-Event-ID; 0 and false for anything that is none.
func parseCursor(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}
