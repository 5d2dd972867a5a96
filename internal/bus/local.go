package bus

import (
	"hash/maphash"
	"sync"
)

// shards is how many locks a Local has: enough that those who ring and those
// who come and go seldom meet.
const shards = 16

// Local is a bus inside one process.
type Local struct {
	seed  maphash.Seed
	parts [shards]part
}

// part is the bells of the topics that fall to one lock.
type part struct {
	mu     sync.RWMutex
	bells  map[string]map[*Bell]struct{}
	closed bool
}

var _ Bus = (*Local)(nil)

// NewLocal returns a bus inside this process.
func NewLocal() *Local {
	l := &Local{seed: maphash.MakeSeed()}
	for i := range l.parts {
		l.parts[i].bells = map[string]map[*Bell]struct{}{}
	}
	return l
}

func (l *Local) part(topic string) *part { return &l.parts[maphash.String(l.seed, topic)%shards] }

// Ring implements Bus.
func (l *Local) Ring(topics ...string) {
	for _, topic := range topics {
		l.part(topic).ring(topic)
	}
}

func (p *part) ring(topic string) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for b := range p.bells[topic] {
		b.ring()
	}
}

// Subscribe implements Bus.
func (l *Local) Subscribe(topic string) *Bell {
	p := l.part(topic)
	b := newBell(func(b *Bell) { p.remove(topic, b) })
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return b
	}
	if p.bells[topic] == nil {
		p.bells[topic] = map[*Bell]struct{}{}
	}
	p.bells[topic][b] = struct{}{}
	return b
}

func (p *part) remove(topic string, b *Bell) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.bells[topic], b)
	if len(p.bells[topic]) == 0 { // topics such as output:<execution> come and go
		delete(p.bells, topic)
	}
}

// Close implements Bus.
func (l *Local) Close() error {
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		p.closed = true
		clear(p.bells)
		p.mu.Unlock()
	}
	return nil
}

// Dropping is a bus that delivers nothing. Everything must work on it, only
// slower.
type Dropping struct{}

var _ Bus = Dropping{}

// Ring implements Bus.
func (Dropping) Ring(...string) {}

// Subscribe implements Bus.
func (Dropping) Subscribe(string) *Bell { return newBell(nil) }

// Close implements Bus.
func (Dropping) Close() error { return nil }
