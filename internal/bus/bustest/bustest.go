// Package bustest is the suite that every bus must pass that delivers rings.
package bustest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale/internal/bus"
)

// long is a wait that only a lost ring makes last.
const long = time.Minute

// Run checks that the buses which open makes keep the promises of bus.Bus.
// open is called for each test and returns a bus to ring on and one to listen
// on, which may be the same.
func Run(t *testing.T, open func(t *testing.T) (ring, listen bus.Bus)) {
	tests := []struct {
		name string
		run  func(t *testing.T, ring, listen bus.Bus)
	}{
		{"a ring ends a wait", testRing},
		{"a ring before the wait is remembered", testRemembered},
		{"several rings are heard as one", testCoalesced},
		{"every bell of a topic rings", testAll},
		{"other topics stay silent", testOther},
		{"a wait ends with its time and with its context", testEnds},
		{"a closed bell is not rung", testClosedBell},
		{"nobody misses a ring between looking and waiting", testNoLostRing},
		{"a waiter looks once at first, then when it is rung", testWaiter},
		{"a closed bus is silent", testClosedBus},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ring, listen := open(t)
			test.run(t, ring, listen)
		})
	}
}

func mustRing(t *testing.T, b *bus.Bell) {
	t.Helper()
	if !b.Wait(t.Context(), long) {
		t.Error("the ring was not heard")
	}
}

func mustBeSilent(t *testing.T, b *bus.Bell) {
	t.Helper()
	if b.Wait(t.Context(), 0) {
		t.Error("the bell rang, want silence")
	}
}

func testRing(t *testing.T, ring, listen bus.Bus) {
	bell := listen.Subscribe("a")
	defer bell.Close()
	heard := make(chan bool)
	go func() { heard <- bell.Wait(t.Context(), long) }()
	ring.Ring("a")
	if !<-heard {
		t.Error("the ring was not heard")
	}
}

func testRemembered(t *testing.T, ring, listen bus.Bus) {
	bell := listen.Subscribe("a")
	defer bell.Close()
	ring.Ring("a")
	mustRing(t, bell)
}

func testCoalesced(t *testing.T, ring, listen bus.Bus) {
	bell, marker := listen.Subscribe("a"), listen.Subscribe("marker")
	for range 100 {
		ring.Ring("a", "a")
	}
	ring.Ring("marker")
	mustRing(t, marker) // so all have arrived
	mustRing(t, bell)
	mustBeSilent(t, bell)
}

func testAll(t *testing.T, ring, listen bus.Bus) {
	bells := []*bus.Bell{listen.Subscribe("a"), listen.Subscribe("a"), listen.Subscribe("b")}
	ring.Ring("a", "b")
	for _, b := range bells {
		mustRing(t, b)
	}
}

func testOther(t *testing.T, ring, listen bus.Bus) {
	bell, marker := listen.Subscribe("queue:run"), listen.Subscribe("marker")
	ring.Ring("queue:runs", "queue:", "")
	ring.Ring("marker")
	mustRing(t, marker)
	mustBeSilent(t, bell)
}

func testEnds(t *testing.T, _, listen bus.Bus) {
	bell := listen.Subscribe("a")
	if bell.Wait(t.Context(), time.Millisecond) {
		t.Error("Wait = true although nobody rang")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if bell.Wait(ctx, long) {
		t.Error("Wait with an ended context = true although nobody rang")
	}
}

func testClosedBell(t *testing.T, ring, listen bus.Bus) {
	bell, marker := listen.Subscribe("a"), listen.Subscribe("a")
	bell.Close()
	bell.Close()
	ring.Ring("a")
	mustRing(t, marker)
	mustBeSilent(t, bell)
}

// testNoLostRing counts to n with a writer that rings after each step and a
// reader that looks, and waits only when there is nothing new. A lost ring
// shows as a wait for the whole minute.
func testNoLostRing(t *testing.T, ring, listen bus.Bus) {
	const n = 2000
	var mu sync.Mutex
	var count int
	bell := listen.Subscribe("count")
	go func() {
		for range n {
			mu.Lock()
			count++
			mu.Unlock()
			ring.Ring("count")
		}
	}()
	for {
		mu.Lock()
		now := count
		mu.Unlock()
		if now == n {
			return
		}
		if !bell.Wait(t.Context(), long) {
			t.Fatalf("at %d of %d nobody rang", now, n)
		}
	}
}

func testWaiter(t *testing.T, ring, listen bus.Bus) {
	wait, done := bus.Waiter(listen)
	defer done()
	began := time.Now()
	wait(t.Context(), "a", long)
	ring.Ring("a")
	wait(t.Context(), "a", long)
	if took := time.Since(began); took >= long {
		t.Errorf("the waits took %v, want them ended by rings", took)
	}
	wait(t.Context(), "a", time.Millisecond)
}

func testClosedBus(t *testing.T, ring, listen bus.Bus) {
	bell := listen.Subscribe("a")
	if err := listen.Close(); err != nil {
		t.Fatal(err)
	}
	ring.Ring("a")
	late := listen.Subscribe("a")
	ring.Ring("a")
	mustBeSilent(t, bell)
	mustBeSilent(t, late)
	bell.Close()
	late.Close()
}
