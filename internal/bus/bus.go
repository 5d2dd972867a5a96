// Package bus carries doorbells: hints that something was committed and is
// worth a look. A ring says nothing else, may come twice, late or never, and
// whoever waits looks again after a while anyway. So nothing is ever lost
// with a ring but time.
package bus

import (
	"context"
	"sync"
	"time"
)

// Bus rings bells. Implementations may be called from any goroutine.
type Bus interface {
	// Ring wakes whoever waits for one of the topics, here and, if the bus
	// reaches that far, in other processes. It does not block.
	Ring(topics ...string)
	// Subscribe returns a bell for a topic. It has not rung yet.
	Subscribe(topic string) *Bell
	// Close silences the bus: bells wait for time only from then on.
	Close() error
}

// Bell hears the rings of one topic, for one waiter. It remembers that it
// rang until the next Wait, so a ring between looking and waiting is not
// missed: subscribe first, then look, then wait.
type Bell struct {
	rung  chan struct{} // holds one ring
	leave func(*Bell)
}

// newBell returns a bell; leave takes it off its bus.
func newBell(leave func(*Bell)) *Bell { return &Bell{rung: make(chan struct{}, 1), leave: leave} }

func (b *Bell) ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it has not been heard yet: one ring is as good as two
	}
}

// Wait returns true when the topic was rung since the last Wait, at once or
// as soon as it is, and false when max has passed or ctx has ended.
func (b *Bell) Wait(ctx context.Context, max time.Duration) bool {
	select {
	case <-b.rung:
		return true
	default:
	}
	if max <= 0 {
		return false
	}
	t := time.NewTimer(max)
	defer t.Stop()
	select {
	case <-b.rung:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// C returns a channel that yields once for one or more rings, for use in a
// select instead of Wait.
func (b *Bell) C() <-chan struct{} { return b.rung }

// Close takes the bell off its bus. It may be called twice.
func (b *Bell) Close() {
	if b.leave != nil {
		b.leave(b)
	}
}

// Waiter returns a function that waits for any topic with a bell of its own
// for each, subscribed at the topic's first use. It is for one goroutine; the
// first wait for a topic returns at once, because what was rung before is not
// known. done takes its bells off the bus.
func Waiter(b Bus) (wait func(ctx context.Context, topic string, max time.Duration), done func()) {
	bells := map[string]*Bell{}
	var mu sync.Mutex
	wait = func(ctx context.Context, topic string, max time.Duration) {
		mu.Lock()
		bell := bells[topic]
		if bell == nil {
			bell = b.Subscribe(topic)
			bell.ring()
			bells[topic] = bell
		}
		mu.Unlock()
		bell.Wait(ctx, max)
	}
	done = func() {
		mu.Lock()
		defer mu.Unlock()
		for _, bell := range bells {
			bell.Close()
		}
	}
	return wait, done
}
