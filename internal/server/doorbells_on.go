//go:build failpoint

package server

import (
	"os"

	"github.com/galehq/gale/internal/bus"
)

// newBus drops every doorbell when a test asks for it: everything must work
// without them, only slower.
func newBus() bus.Bus {
	if os.Getenv("GALE_DROP_DOORBELLS") != "" {
		return bus.Dropping{}
	}
	return bus.NewLocal()
}
