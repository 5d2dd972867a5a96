package store

import (
	"context"
	"sync"
	"time"
)

// logReader knows how far a log table can be trusted.
//
// On PostgreSQL a transaction draws its sequence numbers before it commits,
// so a number may become visible after a greater one. A missing number is
// therefore waited for, unless nobody can commit it any more. That is known
// by a fence: a transaction id drawn after the gap was seen. Every
// transaction draws its id before its first number, so whoever drew the
// missing number has a smaller id than the fence; once no transaction below
// the fence runs, what is still missing was rolled back, or skipped by the
// sequence when the server crashed.
//
// (pg_snapshot_xmax of the reading snapshot would not do as a fence: it
// counts finished transactions only, and the oldest running one may have just
// that id.)
type logReader struct {
	mu      sync.Mutex
	settled int64 // every number up to here is visible by now, or never will be
	upTo    int64 // what will be settled when no transaction below fence runs
	fence   int64 // 0: nothing is waited for
}

// settle notes that nothing up to seq is open any more.
func (r *logReader) settle(seq int64) {
	r.mu.Lock()
	r.settled = max(r.settled, seq)
	r.mu.Unlock()
}

// take returns how many of the rows after a cursor can be given out, given
// the oldest transaction that ran at their snapshot. needFence is true when a
// gap stands in the way and nothing is being waited for yet.
func (r *logReader) take(after int64, rows [][]any, xmin int64) (n int, needFence bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fence != 0 && xmin >= r.fence {
		r.settled, r.fence = max(r.settled, r.upTo), 0
	}
	expected := after + 1
	for _, row := range rows {
		seq := row[0].(int64)
		if seq != expected && seq-1 > r.settled {
			return n, r.fence == 0
		}
		expected = seq + 1
		n++
	}
	if n > 0 && after <= r.settled {
		r.settled = max(r.settled, expected-1)
	}
	return n, false
}

func (r *logReader) await(fence, upTo int64) {
	r.mu.Lock()
	if r.fence == 0 {
		r.fence, r.upTo = fence, upTo
	}
	r.mu.Unlock()
}

// readLog reads rows after a cursor, as far as they are settled. A row begins
// with its number and ends with the snapshot's oldest transaction.
func (s *Store) readLog(ctx context.Context, db backend, r *logReader, query string, args ...any) ([][]any, error) {
	after := args[0].(int64)
	for range 3 {
		rows, err := s.readRows(ctx, db, query, args)
		if err != nil || len(rows) == 0 || !db.dialect().shared {
			return rows, err
		}
		xmin := rows[0][len(rows[0])-1].(int64)
		n, needFence := r.take(after, rows, xmin)
		if n > 0 || !needFence {
			return rows[:n], nil
		}
		// Look again at once: a transaction that was rolled back has mostly
		// ended by now.
		last := rows[len(rows)-1][0].(int64)
		err = db.update(ctx, func(tx *Tx) error {
			var fence int64
			if _, err := tx.QueryRow(db.dialect().events.fence, nil, &fence); err != nil {
				return err
			}
			r.await(fence, last)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Store) readRows(ctx context.Context, db backend, query string, args []any) (rows [][]any, err error) {
	err = db.view(ctx, func(tx *Tx) error {
		rows, err = tx.query(query, args...)
		return err
	})
	return rows, err
}

// lastOf returns the greatest number after all that were drawn before it are
// settled.
func (s *Store) lastOf(ctx context.Context, db backend, r *logReader, query string) (int64, error) {
	last, err := s.number(ctx, db, query)
	if err != nil || !db.dialect().shared {
		return last, err
	}
	var fence int64
	if err := db.update(ctx, func(tx *Tx) error {
		_, err := tx.QueryRow(db.dialect().events.fence, nil, &fence)
		return err
	}); err != nil {
		return 0, err
	}
	for {
		xmin, err := s.number(ctx, db, db.dialect().events.xmin)
		if err != nil {
			return 0, err
		}
		if xmin >= fence {
			r.settle(last)
			return last, nil
		}
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
