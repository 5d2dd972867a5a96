package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Error is an answer that is not a success. Fault is shown to the client as
// it is, so it must hold nothing secret.
type Error struct {
	Status   int
	Fault    string
	Conflict bool   // the answer has a conflict-id: the name or key is taken
	Existing string // id of what has it, "" (shown as null) when not known
	Err      error  // the cause, for the log
}

func (e *Error) Error() string { return e.Fault }

func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a formatted fault. A %w verb keeps the cause.
func Errorf(status int, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Status: status, Fault: err.Error(), Err: errors.Unwrap(err)}
}

// Duplicate returns the answer to an attempt to create what exists already;
// existing is the id of what exists, or "".
func Duplicate(existing, format string, args ...any) *Error {
	e := Errorf(http.StatusConflict, format, args...)
	e.Conflict, e.Existing = true, existing
	return e
}

var errNotFound = &Error{Status: http.StatusNotFound, Fault: "The resource could not be found."}

// errorOf turns what a handler or hook returned into the answer. The text of
// an internal error stays inside.
func errorOf(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Status: http.StatusServiceUnavailable, Fault: "The request took too long and was given up.", Err: err}
	}
	kind := gale.KindOf(err)
	if kind == gale.Internal {
		return &Error{Status: http.StatusInternalServerError, Fault: "Internal Server Error", Err: err}
	}
	out := &Error{Status: statusOf(kind), Fault: err.Error(), Err: err}
	if kind == gale.Conflict {
		out.Conflict, out.Existing = true, conflictID(err)
	}
	return out
}

func statusOf(kind gale.Kind) int {
	switch kind {
	case gale.Invalid:
		return http.StatusBadRequest
	case gale.Unauthenticated:
		return http.StatusUnauthorized
	case gale.Forbidden:
		return http.StatusForbidden
	case gale.NotFound:
		return http.StatusNotFound
	case gale.Conflict:
		return http.StatusConflict
	case gale.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// conflictID asks the errors in err's chain for the id of what exists already.
func conflictID(err error) string {
	var c interface{ ConflictID() string }
	if errors.As(err, &c) {
		return c.ConflictID()
	}
	return ""
}

// body returns the document that is sent.
func (e *Error) body() *py.Dict {
	d := py.NewDict(2)
	if e.Conflict {
		var id any
		if e.Existing != "" {
			id = e.Existing
		}
		d.Set("conflict-id", id)
	}
	d.Set("faultstring", e.Fault)
	return d
}
