package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/bus/bustest"
)

func TestLocal(t *testing.T) {
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		l := bus.NewLocal()
		t.Cleanup(func() { _ = l.Close() })
		return l, l
	})
}

func TestDroppingDeliversNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bus.Bus = bus.Dropping{}
		bell := b.Subscribe("a")
		defer bell.Close()
		b.Ring("a")
		began := time.Now()
		if bell.Wait(t.Context(), time.Hour) {
			t.Error("the bell rang")
		}
		if took := time.Since(began); took != time.Hour {
			t.Errorf("waited %v, want an hour", took)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkRing(b *testing.B) {
	l := bus.NewLocal()
	for range 4 {
		l.Subscribe("queue:run")
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Ring("queue:run", "event")
		}
	})
}
