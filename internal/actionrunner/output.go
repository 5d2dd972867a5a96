package actionrunner

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

const (
	flushEvery = 50 * time.Millisecond // how long a line waits for others to be stored with
	flushBytes = 64 << 10              // how much is stored at once without waiting
	maxChunk   = 32 << 10              // a longer piece is stored in parts
)

// recorder stores what a running action prints, masked, in batches. Its Write
// blocks while the store is slow, which holds the action up and not the memory.
type recorder struct {
	store   *store.Store
	log     *slog.Logger
	exec    *gale.Execution
	streams map[string]io.WriteCloser // by stream, masking
	masker  *secret.Masker

	mu      sync.Mutex
	pending []gale.OutputChunk
	size    int
	timer   *time.Timer
	writing sync.Mutex // orders the batches
	lost    bool       // a batch could not be stored; said once
}

func newRecorder(st *store.Store, log *slog.Logger, e *gale.Execution, masker *secret.Masker) *recorder {
	return &recorder{store: st, log: log, exec: e, masker: masker, streams: map[string]io.WriteCloser{}}
}

// Write implements runner.Output.
func (r *recorder) Write(stream string, data []byte) {
	w := r.streams[stream]
	if w == nil {
		w = r.masker.Writer(chunkWriter{r, stream})
		r.streams[stream] = w
	}
	_, _ = w.Write(data) // chunkWriter does not fail
}

// chunkWriter receives the masked text of one stream.
type chunkWriter struct {
	r      *recorder
	stream string
}

func (w chunkWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := cut(rest)
		w.r.add(w.stream, rest[:n])
		rest = rest[n:]
	}
	return len(p), nil
}

// cut returns how much of a text to store as one piece: up to maxChunk bytes,
// whole lines if there are any, and whole characters.
func cut(text []byte) int {
	if len(text) <= maxChunk {
		return len(text)
	}
	if i := bytes.LastIndexByte(text[:maxChunk], '\n'); i >= 0 {
		return i + 1
	}
	for n := maxChunk; n > maxChunk-utf8.UTFMax; n-- {
		if utf8.RuneStart(text[n]) {
			return n
		}
	}
	return maxChunk
}

func (r *recorder) add(stream string, data []byte) {
	r.mu.Lock()
	r.pending = append(r.pending, gale.OutputChunk{ExecutionID: r.exec.ID, ActionRef: r.exec.ActionRef,
		RunnerRef: r.exec.RunnerName, Timestamp: gale.TimeOf(time.Now()), Type: stream, Data: string(data)})
	r.size += len(data)
	full := r.size >= flushBytes
	if !full && r.timer == nil {
		r.timer = time.AfterFunc(flushEvery, r.flush)
	}
	r.mu.Unlock()
	if full {
		r.flush()
	}
}

// flush stores what is pending.
func (r *recorder) flush() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	batch := r.pending
	r.pending, r.size = nil, 0
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	r.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	err := r.store.AppendOutput(context.Background(), batch)
	if err != nil && !r.lost {
		r.lost = true
		r.log.Warn("output could not be stored; the result is not affected", "execution", r.exec.ID, "error", err)
	}
}

// close stores the rest; it is called before the execution's end is.
func (r *recorder) close() {
	for _, w := range r.streams {
		_ = w.Close()
	}
	r.flush()
}
