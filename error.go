package gale

import (
	"errors"
	"fmt"
)

// Kind says what a caller may do about an error. It is mapped once to an HTTP
// status and once to an exit code.
type Kind int

const (
	Internal        Kind = iota // a defect or a broken machine; nothing the caller did
	Invalid                     // the request is wrong and will stay wrong
	Unauthenticated             // nobody, or nobody known, is asking
	Forbidden                   // somebody known may not do this
	NotFound                    // the thing named does not exist
	Conflict                    // the thing exists already, or moved on since it was read
	Unavailable                 // try again: a dependency is down or work is over its limit
)

func (k Kind) String() string {
	return [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "unavailable"}[k]
}

// Error is an error with a Kind. Its text is one sentence that names the thing
// and includes the cause; Err keeps the cause for errors.Is and errors.As.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Errorf builds an Error; the cause is what a %w verb wraps.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// KindOf returns the Kind of the outermost Error in err's chain, Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
