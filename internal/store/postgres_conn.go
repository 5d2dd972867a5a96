package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errCareful asks for the transaction to be repeated statement by statement.
var errCareful = errors.New("a guarded statement did not do what was assumed")

// pgConn is a connection inside a transaction.
type pgConn struct {
	ctx     context.Context
	pool    *pgPool
	pooled  *pooled
	c       *pgx.Conn
	careful bool

	xid     int64      // of the transaction; 0: it has none yet, and has written nothing
	pending *pgx.Batch // statements put off, in order
	assumed bool       // something was put off, so that fn was told a guess
	lost    error      // why the transaction cannot go on: it must be repeated, or has failed
	open    bool       // a transaction is open
}

func (p *pgStore) acquire(ctx context.Context) (*pgConn, error) {
	c, err := p.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	return &pgConn{ctx: ctx, pool: p.pool, pooled: c, c: c.Conn, pending: &pgx.Batch{}}, nil
}

// release ends an open transaction and gives the connection back. The pool
// drops one that is broken or could not be rolled back.
func (c *pgConn) release() {
	if c.open && !c.c.IsClosed() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
		_, _ = c.c.Exec(ctx, "rollback")
		cancel()
	}
	if c.c.IsClosed() {
		c.pool.drop()
	}
	c.pool.put(c.pooled)
}

// begin opens a transaction and reads a row in the same round trip.
func (c *pgConn) begin(begin, facts string) ([]any, error) {
	b := &pgx.Batch{}
	b.Queue(begin)
	b.Queue(facts)
	c.open = true
	r := c.c.SendBatch(c.ctx, b)
	_, err := r.Exec()
	var rows [][]any
	if err == nil {
		rows, err = pgRows(r.Query())
	}
	err = errors.Join(err, r.Close())
	if err != nil {
		return nil, c.early(err)
	}
	return rows[0], nil
}

// early marks an error that came before any commit and left nothing behind.
func (c *pgConn) early(err error) error {
	if c.broken(err) {
		return &lostEarly{err}
	}
	return err
}

// broken reports whether the connection is over, rather than one statement.
func (c *pgConn) broken(err error) bool { return c.c.IsClosed() || ended(err) }

// fail notes an error of the transaction itself. When it concerns statements
// that had been put off, the transaction is to be repeated with care, since
// nobody was there to hear of it.
func (c *pgConn) fail(err error, own bool) error {
	if c.lost != nil {
		return c.lost
	}
	switch {
	case c.broken(err):
		c.lost = &lostEarly{err}
	case isSerialization(err):
		c.lost = err
	case !own:
		c.lost = errCareful
	default:
		return err
	}
	return c.lost
}

func (c *pgConn) send(query string, args []any) error {
	if c.careful {
		_, err := c.exec(query, args)
		return err
	}
	if c.lost != nil {
		return c.lost
	}
	c.assumed = true
	c.pending.Queue(query, args...)
	return nil
}

// change puts a statement off behind a guard: dividing by the count of rows
// fails, on the server, when there were none, and so does the commit that
// follows in the same round trip.
func (c *pgConn) change(query string, args []any) (int64, error) {
	if c.careful {
		return c.exec(query, args)
	}
	return 1, c.send("with changed as ("+query+" returning 1) select 1 / count(*) from changed", args)
}

func (c *pgConn) exec(query string, args []any) (int64, error) {
	if c.lost != nil {
		return 0, c.lost
	}
	if c.pending.Len() == 0 {
		tag, err := c.c.Exec(c.ctx, query, args...)
		if err != nil {
			return 0, c.fail(err, true)
		}
		return tag.RowsAffected(), nil
	}
	var n int64
	err := c.flush(query, args, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

func (c *pgConn) query(query string, args []any) ([][]any, error) {
	if c.lost != nil {
		return nil, c.lost
	}
	if c.pending.Len() == 0 {
		rows, err := pgRows(c.c.Query(c.ctx, query, args...))
		if err != nil {
			return nil, c.fail(err, true)
		}
		return rows, nil
	}
	var rows [][]any
	err := c.flush(query, args, func(r pgx.BatchResults) (err error) {
		rows, err = pgRows(r.Query())
		return err
	})
	return rows, err
}

// flush sends what was put off, and one more statement whose answer last
// reads, in one round trip.
func (c *pgConn) flush(query string, args []any, last func(pgx.BatchResults) error) error {
	b := c.pending
	n := b.Len()
	c.pending = &pgx.Batch{}
	b.Queue(query, args...)
	r := c.c.SendBatch(c.ctx, b)
	var err error
	own := false
	for i := 0; i < n && err == nil; i++ {
		_, err = r.Exec()
	}
	if err == nil {
		own = true
		err = last(r)
	}
	if e := r.Close(); err == nil {
		err = e
	}
	if err != nil {
		return c.fail(err, own)
	}
	return nil
}

// commit sends what was put off together with the commit. Its error is
// errCareful or a serialization failure when nothing was committed, and wraps
// ErrUnknown when the connection broke.
func (c *pgConn) commit() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), pgCommitTimeout)
	defer cancel()
	b := c.pending
	n := b.Len()
	b.Queue("commit")
	r := c.c.SendBatch(ctx, b)
	var err error
	var tag pgconn.CommandTag
	for i := 0; i <= n && err == nil; i++ {
		tag, err = r.Exec()
	}
	if e := r.Close(); err == nil {
		err = e
	}
	switch {
	case err == nil && tag.String() == "COMMIT":
		c.open = false
		return nil
	case err == nil:
		return fmt.Errorf("the database answered %s to the commit", tag)
	case c.broken(err):
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case isSerialization(err), c.careful:
		return err
	}
	return errCareful
}

// pgRows reads all rows and turns their values into those of conn.query.
func pgRows(rows pgx.Rows, err error) ([][]any, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]any
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return nil, err
		}
		for i, v := range row {
			switch v := v.(type) {
			case int32:
				row[i] = int64(v)
			case int16:
				row[i] = int64(v)
			case bool:
				row[i] = boolInt(v)
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
