package httpapi

import (
	"context"
	"io"
	"net/http"
)

// Response is what a handler answers. At most one of Body, Raw and Stream is set.
type Response struct {
	Status int         // 0: the success status that the document declares
	Header http.Header // added to what the router sends; may be nil

	// Body is sent as JSON: a document value, a JSON text, or a Go value that
	// package py can convert. A nil Body is no body at all; Null is null.
	Body any

	// Indent asks for a JSON body with line breaks and two blanks a level.
	Indent bool

	// Raw is sent as it is, with the Content-Type of Header or, by default,
	// text/plain. It is closed if it can be.
	Raw io.Reader

	// Gzip compresses Body or Raw, whatever the client accepts, and says so
	// in Content-Encoding.
	Gzip bool

	// Stream writes an answer without end. Content-Type is text/event-stream
	// unless Header says otherwise. The headers are sent before the function
	// is called. It should return when its context ends; its error is logged.
	Stream func(ctx context.Context, w *StreamWriter) error
}

// JSON is a text that is a JSON document already.
type JSON []byte

// Null is the body null.
var Null = JSON("null")

// OK returns a response with this body and the operation's success status.
func OK(body any) (*Response, error) { return &Response{Body: body}, nil }

// Page answers a list: items, with the number of all matches and the limit in
// force in headers. A limit of zero or below is "no limit" and not shown.
func Page(items any, total, limit int64) (*Response, error) {
	h := make(http.Header, 2)
	setPageHeaders(h, total, limit)
	return &Response{Header: h, Body: items}, nil
}
