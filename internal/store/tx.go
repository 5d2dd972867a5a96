package store

import (
	"fmt"
	"slices"

	"github.com/galehq/gale"
)

// Tx is a transaction. It may be used only by the function it was given to,
// and only until that returns.
type Tx struct {
	// Now is the one instant of this transaction. On PostgreSQL it is the
	// database's clock, so that nodes agree.
	Now gale.Time

	s        *Store
	conn     conn
	dialect  *dialect
	readOnly bool

	rings     []string
	events    []Event
	claimed   []Item
	settled   []Item
	snapshots []snapshot
	facets    []string
	revs      []revision
}

// revision is a document's Rev before this transaction changed it.
type revision struct {
	rev *int64
	old int64
}

// setRev changes a document's Rev for as long as the transaction may commit.
func (tx *Tx) setRev(rev *int64, n int64) {
	tx.revs = append(tx.revs, revision{rev, *rev})
	*rev = n
}

// undone puts back what a transaction that failed, or will be repeated, has
// changed in its caller's documents.
func (tx *Tx) undone() {
	for i := len(tx.revs) - 1; i >= 0; i-- {
		*tx.revs[i].rev = tx.revs[i].old
	}
	tx.revs = nil
}

// conn is a connection inside a transaction.
type conn interface {
	// exec runs a statement and returns how many rows it changed.
	exec(query string, args []any) (int64, error)
	// query runs a statement and returns its rows, whose values are nil,
	// int64, float64, string or []byte.
	query(query string, args []any) ([][]any, error)
	// change is exec for an insert, update or delete without a returning
	// clause that is expected to change exactly one row. An implementation
	// may put it off until the next read or the commit and assume that it
	// does; when it did not, the transaction is repeated.
	change(query string, args []any) (int64, error)
	// send is exec for a statement whose count nobody asks for.
	send(query string, args []any) error
}

// NewID returns a new id: 24 hexadecimal digits, in order of time, unique
// over all processes.
func (tx *Tx) NewID() string { return tx.s.ids.next(tx.Now) }

// Ring tells those who wait for the topics to look again, after the commit.
func (tx *Tx) Ring(topics ...string) {
	for _, t := range topics {
		if !slices.Contains(tx.rings, t) {
			tx.rings = append(tx.rings, t)
		}
	}
}

// Lock waits for the lock of that name and holds it until the transaction
// ends. It makes "look, then write" safe against another process that does
// the same; the embedded store, which has one writer, needs nothing for it.
func (tx *Tx) Lock(name string) error {
	if tx.dialect.lock == "" {
		return nil
	}
	_, err := tx.query(tx.dialect.lock, name)
	return err
}

// Exec runs a statement and returns how many rows it changed. Placeholders
// are $1, $2 …; arguments are nil, bool (stored as 0 and 1), integers,
// float64, string, []byte and types made of those. It is for the few tables
// that a capability owns: documents are written through Table.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if tx.readOnly {
		return 0, errReadOnly
	}
	args, err := bind(args)
	if err != nil {
		return 0, err
	}
	n, err := tx.conn.exec(query, args)
	return n, tx.dialect.wrap(err)
}

// Query runs a statement and returns all of its rows.
func (tx *Tx) Query(query string, args ...any) (*Rows, error) {
	rows, err := tx.query(query, args...)
	if err != nil {
		return nil, err
	}
	return &Rows{rows: rows, at: -1}, nil
}

// QueryRow scans the first row that a statement returns; found is false when
// there is none.
func (tx *Tx) QueryRow(query string, args []any, dest ...any) (found bool, err error) {
	rows, err := tx.query(query, args...)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	return true, scan(rows[0], dest)
}

func (tx *Tx) query(query string, args ...any) ([][]any, error) {
	args, err := bind(args)
	if err != nil {
		return nil, err
	}
	rows, err := tx.conn.query(query, args)
	return rows, tx.dialect.wrap(err)
}

func (tx *Tx) change(query string, args ...any) (int64, error) {
	if tx.readOnly {
		return 0, errReadOnly
	}
	args, err := bind(args)
	if err != nil {
		return 0, err
	}
	n, err := tx.conn.change(query, args)
	return n, tx.dialect.wrap(err)
}

func (tx *Tx) send(query string, args ...any) error {
	if tx.readOnly {
		return errReadOnly
	}
	args, err := bind(args)
	if err != nil {
		return err
	}
	return tx.dialect.wrap(tx.conn.send(query, args))
}

// run calls fn and then writes the events it emitted, so that an event comes
// after the rows it tells of.
func (tx *Tx) run(fn func(*Tx) error) error {
	if err := fn(tx); err != nil {
		return err
	}
	return tx.writeEvents()
}

// Rows are the rows of a query, already read.
type Rows struct {
	rows [][]any
	at   int
	err  error
}

// Next moves to the next row; it returns false at the end and after an error.
func (r *Rows) Next() bool {
	if r.err != nil || r.at+1 >= len(r.rows) {
		return false
	}
	r.at++
	return true
}

// Scan copies the columns of the row to pointers to string, []byte, int,
// int64, float64, bool, gale.Time, any, or to a pointer to a pointer of those,
// which becomes nil for NULL. NULL otherwise gives the zero value.
func (r *Rows) Scan(dest ...any) error {
	if r.at < 0 || r.at >= len(r.rows) {
		return fmt.Errorf("scan without a row")
	}
	if err := scan(r.rows[r.at], dest); err != nil {
		r.err = err
	}
	return r.err
}

// Err returns the first error of Scan.
func (r *Rows) Err() error { return r.err }

// Close does nothing: it is here for the habit of calling it.
func (r *Rows) Close() error { return nil }
