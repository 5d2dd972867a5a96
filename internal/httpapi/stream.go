package httpapi

import (
	"errors"
	"net/http"
	"time"
)

// streamWriteTimeout is how long one write to a client of a stream may take;
// a client that has stopped reading holds a connection for no longer.
const streamWriteTimeout = 30 * time.Second

// StreamWriter sends an answer piece by piece.
type StreamWriter struct {
	w  http.ResponseWriter
	rc *http.ResponseController
	n  int64
}

func newStreamWriter(w http.ResponseWriter) *StreamWriter {
	return &StreamWriter{w: w, rc: http.NewResponseController(w)}
}

// Write buffers p for the client; Flush sends it. It blocks while the
// client's connection is full, at most streamWriteTimeout.
func (s *StreamWriter) Write(p []byte) (int, error) {
	if err := s.extend(); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	s.n += int64(n)
	return n, err
}

// Flush sends all that was written.
func (s *StreamWriter) Flush() error {
	if err := s.extend(); err != nil {
		return err
	}
	return s.rc.Flush()
}

// Send writes p and flushes.
func (s *StreamWriter) Send(p []byte) error {
	if _, err := s.Write(p); err != nil {
		return err
	}
	return s.Flush()
}

// extend moves the write deadline, which the server set for answers that end.
func (s *StreamWriter) extend() error {
	err := s.rc.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
