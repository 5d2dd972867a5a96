package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Error is a refusal by the server.
type Error struct {
	Status     int    // HTTP status
	Fault      string // the server's sentence
	Method     string
	URL        string // without credentials
	ConflictID string // of a conflict: id of the object that exists already
}

func (e *Error) Error() string {
	if e.Fault != "" {
		return e.Fault
	}
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// Kind tells what a caller may do about it.
func (e *Error) Kind() gale.Kind {
	switch e.Status {
	case http.StatusUnauthorized:
		return gale.Unauthenticated
	case http.StatusForbidden:
		return gale.Forbidden
	case http.StatusNotFound:
		return gale.NotFound
	case http.StatusConflict:
		return gale.Conflict
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return gale.Unavailable
	}
	if e.Status < 500 {
		return gale.Invalid
	}
	return gale.Internal
}

// IsStatus reports whether err is a refusal with the given HTTP status.
func IsStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// Unreachable says that no answer came.
type Unreachable struct {
	URL string // base of the service that was tried
	Err error
}

func (e *Unreachable) Error() string { return "cannot reach " + e.URL + ": " + reason(e.Err) }

func (e *Unreachable) Unwrap() error { return e.Err }

// reason drops what net/http puts around the cause: the method and the URL,
// whose query may hold a secret.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// unreachable wraps a failed exchange; the end of ctx stays what it is.
func (c *Client) unreachable(ctx context.Context, r Request, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Unreachable{URL: c.base(r.Service), Err: err}
}

func errorOf(req *http.Request, resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode, Method: req.Method, URL: shown(req.URL)}
	v, err := py.DecodeJSON(body)
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		e.Fault = plainFault(resp, body)
		return e
	}
	e.Fault = String(d, "faultstring")
	e.ConflictID = String(d, "conflict-id")
	return e
}

// plainFault makes a sentence of an answer that is not the API's: a proxy's
// page, another server.
func plainFault(resp *http.Response, body []byte) string {
	if to := resp.Header.Get("Location"); resp.StatusCode < 400 && to != "" {
		return "the server sends to another address: " + to
	}
	text := strings.TrimSpace(string(body))
	if text == "" || len(text) > 200 || strings.HasPrefix(text, "<") {
		return ""
	}
	return text
}

// shown is a URL as messages show it: credentials in the query are masked.
func shown(u *url.URL) string {
	q := u.Query()
	masked := false
	for _, key := range []string{"x-auth-token", "st2-api-key"} {
		if q.Get(key) != "" {
			q.Set(key, "********")
			masked = true
		}
	}
	copied := *u
	if masked {
		copied.RawQuery = q.Encode()
	}
	return copied.Redacted()
}
