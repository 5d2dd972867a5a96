package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// readBody reads, parses and checks the body that op takes.
func (s *server) readBody(w http.ResponseWriter, r *http.Request, op *Operation) (any, error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	if err := s.readAll(w, r, op.Body, buf); err != nil {
		return nil, err
	}
	v, err := parseBody(r.Header.Get("Content-Type"), buf.Bytes())
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Fault: "Failed to parse request body: " + err.Error()}
	}
	return s.cfg.ValidateBody(op.Body.Check, op.Body.schema, v)
}

// validateBody leaves bodies that package schema knows by name to it; it looks
// deeper into them than a schema can say. Others are checked by the document.
func validateBody(name string, doc *py.Dict, body any) (any, error) {
	if knownBodies[name] {
		return schema.ValidateBody(name, body)
	}
	v, err := schema.Complete(doc, body)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "%w", err)
	}
	return v, nil
}

var knownBodies = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range schema.Bodies() {
		known[name] = true
	}
	return known
}()

// setReadDeadline bounds how long a client may take to send a body, also one
// that nobody reads: the server skips it before it takes the next request. It
// is taken off when the body is there, since the server then watches the
// connection, and would take a deadline that passes for a client that left.
func setReadDeadline(w http.ResponseWriter, at time.Time) {
	_ = http.NewResponseController(w).SetReadDeadline(at) // not supported: nothing to bound
}

// readAll fills buf. A client that sends too much, or too slowly, is refused.
func (s *server) readAll(w http.ResponseWriter, r *http.Request, b *Body, buf *bytes.Buffer) error {
	limit := s.cfg.MaxBody
	if b.Max > 0 && b.Max < limit {
		limit = b.Max
	}
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if err == nil {
		setReadDeadline(w, time.Time{})
	}
	if tooMany := (*http.MaxBytesError)(nil); errors.As(err, &tooMany) {
		return tooLarge(limit)
	}
	if isTimeout(err) {
		return &Error{Status: http.StatusRequestTimeout, Fault: "The request body took too long to arrive.", Err: err}
	}
	if err != nil {
		return &Error{Status: http.StatusBadRequest, Fault: "Failed to read request body.", Err: err}
	}
	return nil
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func tooLarge(limit int64) error {
	return Errorf(http.StatusRequestEntityTooLarge, "Request body is larger than the %d bytes that are allowed.", limit)
}

// buffers holds the memory that bodies and answers pass through.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// keepBuffer is the largest buffer that is worth keeping.
const keepBuffer = 256 << 10

func release(buf *bytes.Buffer) {
	if buf.Cap() <= keepBuffer {
		buf.Reset()
		buffers.Put(buf)
	}
}

// parseBody reads a body by its content type; parameters of the type are
// ignored. The value keeps no part of data.
func parseBody(contentType string, data []byte) (any, error) {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "", "application/json":
		if len(data) == 0 {
			return py.NewDict(0), nil
		}
		return py.DecodeJSON(data)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		if !utf8.Valid(data) {
			return nil, errors.New("the form is not valid UTF-8")
		}
		return formDict(string(data))
	case "text/plain":
		if !utf8.Valid(data) {
			return nil, errors.New("the text is not valid UTF-8")
		}
		return string(data), nil
	}
	return nil, fmt.Errorf(`Unsupported Content-Type: "%s"`, media)
}

func formDict(text string) (any, error) {
	fields, names, err := parseForm(text)
	if err != nil {
		return nil, err
	}
	d := py.NewDict(len(names))
	for _, name := range names {
		d.Set(name, fields[name])
	}
	return d, nil
}
