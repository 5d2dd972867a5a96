package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// pgMaxAge is after how long a connection is replaced, so that load spreads
// over servers that were added behind an address, and the server's memory for
// old connections is freed.
const pgMaxAge = time.Hour

// pgPool keeps connections open. The one used last is used next, so that few
// stay busy and the others' age shows.
type pgPool struct {
	cfg    *pgx.ConnConfig
	slots  chan struct{} // one for each connection that may be in use
	mu     sync.Mutex
	idle   []*pooled
	closed bool
	done   chan struct{}
}

type pooled struct {
	*pgx.Conn
	born time.Time
}

func newPGPool(cfg *pgx.ConnConfig, size int) *pgPool {
	return &pgPool{cfg: cfg, slots: make(chan struct{}, size), done: make(chan struct{})}
}

// get takes an idle connection or makes one. It waits while all are in use.
func (p *pgPool) get(ctx context.Context) (*pooled, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, errClosed
	}
	c, err := p.take()
	if err == nil && c == nil {
		var fresh *pgx.Conn
		if fresh, err = pgx.ConnectConfig(ctx, p.cfg); err == nil {
			c = &pooled{fresh, time.Now()}
		}
	}
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pgPool) take() (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	n := len(p.idle)
	if n == 0 {
		return nil, nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c, nil
}

// put gives a connection back. One that is broken, old, or still inside a
// transaction is closed.
func (p *pgPool) put(c *pooled) {
	defer func() { <-p.slots }()
	good := !c.IsClosed() && !c.PgConn().IsBusy() && c.PgConn().TxStatus() == 'I' && time.Since(c.born) < pgMaxAge
	p.mu.Lock()
	if good && !p.closed {
		p.idle = append(p.idle, c)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	closeConn(c)
}

// drop closes all idle connections: after one turned out to be dead the
// others mostly are, too.
func (p *pgPool) drop() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		closeConn(c)
	}
}

// close waits for the connections in use.
func (p *pgPool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	close(p.done)
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	p.drop()
}

func closeConn(c *pooled) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}
