package store

import (
	"errors"

	"github.com/galehq/gale"
)

// ErrLost says that a lease is no longer ours: it ran out and somebody else
// may hold the item now. What was to be written with it must not be written.
var ErrLost = errors.New("the lease was lost")

// ErrUnknown says that the connection was lost while a transaction was being
// committed, and that nobody can tell whether it was.
var ErrUnknown = errors.New("the outcome of the commit is unknown")

var (
	errReadOnly = gale.Errorf(gale.Internal, "a View cannot write")
	errClosed   = gale.Errorf(gale.Unavailable, "the store is closed")
)

// unavailable wraps err as something that may work later.
func unavailable(err error, message string) error {
	return &gale.Error{Kind: gale.Unavailable, Message: message + ": " + err.Error(), Err: err}
}
