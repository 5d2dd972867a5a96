package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"strconv"

	"github.com/galehq/gale/py"
)

var (
	jsonMedia    = []string{"application/json"}
	textType     = []string{"text/plain; charset=UTF-8"}
	eventType    = []string{"text/event-stream; charset=UTF-8"}
	noStore      = []string{"no-store"}
	noCache      = []string{"no-cache"}
	noBuffering  = []string{"no"}
	sandbox      = []string{"default-src 'none'; sandbox"}
	gzipEncoding = []string{"gzip"}
	retrySoon    = []string{"1"} // seconds
)

// clientGone is the status that proxies log for a client that left before the
// answer. It is never sent.
const clientGone = 499

func (x *exchange) writeHeader(status int) {
	x.status = status
	x.w.WriteHeader(status)
}

// fail answers with an error. Nobody reads the answer to a client that left.
func (x *exchange) fail(err error) {
	if x.conn.Err() != nil && errors.Is(err, context.Canceled) {
		x.status, x.err = clientGone, err
		return
	}
	e := errorOf(err)
	x.err = e
	h := x.w.Header()
	h["Content-Type"] = jsonMedia
	h["Cache-Control"] = noStore
	if e.Status == http.StatusServiceUnavailable {
		h["Retry-After"] = retrySoon
	}
	x.send(e.Status, false, appendFault(nil, e))
}

func appendFault(dst []byte, e *Error) []byte {
	dst, _ = py.AppendJSON(dst, e.body()) // a Dict of strings and null has a JSON form
	return dst
}

// answer sends what a handler returned.
func (x *exchange) answer(resp *Response) {
	if resp == nil {
		resp = &Response{}
	}
	status := resp.Status
	if status == 0 {
		status = x.req.Op.Success
	}
	h := x.w.Header()
	for k, list := range resp.Header {
		h[http.CanonicalHeaderKey(k)] = list
	}
	if status < http.StatusBadRequest {
		if c := x.tokenCookieFor(&x.req, x.now()); c != nil {
			h.Add("Set-Cookie", c.String())
		}
	}
	switch {
	case resp.Stream != nil:
		x.stream(status, resp)
	case resp.Raw != nil:
		x.raw(status, resp)
	case resp.Body != nil && status != http.StatusNoContent && status != http.StatusNotModified:
		x.json(status, resp)
	default:
		x.writeHeader(status)
	}
}

func (x *exchange) json(status int, resp *Response) {
	buf := buffers.Get().(*bytes.Buffer)
	defer release(buf)
	data, err := encode(buf.AvailableBuffer(), resp)
	if err != nil {
		x.fail(err)
		return
	}
	h := x.w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = jsonMedia
	}
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = noStore
	}
	x.send(status, resp.Gzip, data)
	if cap(data) <= keepBuffer { // hand the grown memory back to the pool
		*buf = *bytes.NewBuffer(data[:0])
	}
}

// send writes a body that is complete.
func (x *exchange) send(status int, compress bool, data []byte) {
	h := x.w.Header()
	if compress {
		h["Content-Encoding"] = gzipEncoding
		x.writeHeader(status)
		x.note(x.compress(bytes.NewReader(data)))
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(len(data))}
	x.writeHeader(status)
	n, err := x.w.Write(data)
	x.note(int64(n), err)
}

func (x *exchange) compress(from io.Reader) (int64, error) {
	counter := &countingWriter{w: x.w}
	gz := gzip.NewWriter(counter)
	_, err := io.Copy(gz, from)
	return counter.n, errors.Join(err, gz.Close())
}

// note keeps what became of writing a body, for the log.
func (x *exchange) note(n int64, err error) {
	x.size += n
	if err != nil && x.err == nil {
		x.err = err
	}
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// raw sends a reader. The policy keeps a file that a pack brought, and a
// browser takes for a page, from acting for the user who looks at it.
func (x *exchange) raw(status int, resp *Response) {
	if c, ok := resp.Raw.(io.Closer); ok {
		defer c.Close()
	}
	h := x.w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = textType
	}
	h["Content-Security-Policy"] = sandbox
	if resp.Gzip {
		h["Content-Encoding"] = gzipEncoding
		x.writeHeader(status)
		x.note(x.compress(resp.Raw))
		return
	}
	x.writeHeader(status)
	x.note(io.Copy(x.w, resp.Raw))
}

func (x *exchange) stream(status int, resp *Response) {
	h := x.w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = eventType
	}
	h["Cache-Control"] = noCache
	h["X-Accel-Buffering"] = noBuffering
	x.writeHeader(status)
	w := newStreamWriter(x.w)
	err := w.Flush()
	if err == nil {
		err = resp.Stream(x.req.Context(), w)
	}
	x.size = w.n
	if err != nil && x.req.Context().Err() == nil {
		x.cfg.Log.LogAttrs(x.req.Context(), slog.LevelWarn, "stream broke off",
			slog.String("request_id", x.req.ID), slog.String("operation", x.req.Op.ID), slog.String("error", err.Error()))
	}
}

// encode appends the JSON of a response's body. Document values take the
// short way; other Go values go through package py's reflection.
func encode(dst []byte, resp *Response) ([]byte, error) {
	body := resp.Body
	if text, ok := body.(JSON); ok {
		return append(dst, text...), nil
	}
	if !isDocument(body) {
		v, err := py.FromGo(body)
		if err != nil {
			return nil, err
		}
		body = v
	}
	if resp.Indent {
		return py.JSONFormat{Indent: "  ", Spaces: true}.Append(dst, body)
	}
	return py.AppendJSON(dst, body)
}

func isDocument(v any) bool {
	switch v.(type) {
	case *py.Dict, []any, string, bool, int64, float64, *big.Int:
		return true
	}
	return false
}

// setPageHeaders sets the headers of a list.
func setPageHeaders(h http.Header, total, limit int64) {
	h["X-Total-Count"] = []string{strconv.FormatInt(total, 10)}
	if limit > 0 {
		h["X-Limit"] = []string{strconv.FormatInt(limit, 10)}
	}
}
