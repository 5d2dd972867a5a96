//go:build !failpoint

package server

import "github.com/galehq/gale/internal/bus"

func newBus() bus.Bus { return bus.NewLocal() }
