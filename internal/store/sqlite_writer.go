package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/galehq/gale"
)

// groupLimit is how many transactions share a commit at most, and groupTime
// for how long a group is kept open to others.
const (
	groupLimit = 256
	groupTime  = 20 * time.Millisecond
)

// slowUpdate is how long one function may hold the writer before it is
// reported: everybody else waits meanwhile.
const slowUpdate = 50 * time.Millisecond

// sqliteWriter runs all transactions that write on one connection, one after
// the other, and commits those that came meanwhile together: so one sync of
// the disk serves many callers. Each has its own savepoint; one that fails
// takes back only what it wrote itself.
type sqliteWriter struct {
	db   *sqliteStore
	conn *sqliteConn
	jobs chan *writeJob
	done chan struct{}
	err  error // of closing; read after done
}

type writeJob struct {
	ctx     context.Context
	fn      func(*Tx) error
	tx      *Tx
	started atomic.Bool // set by whoever comes first: the writer, or the caller that gives up
	err     error
	panic   any
	ended   chan struct{}
}

func newSQLiteWriter(db *sqliteStore, c *sqliteConn) *sqliteWriter {
	return &sqliteWriter{db: db, conn: c, jobs: make(chan *writeJob, groupLimit), done: make(chan struct{})}
}

// do hands fn to the writer and waits for its commit. A caller whose ctx ends
// first is answered at once if its turn has not come yet.
func (w *sqliteWriter) do(ctx context.Context, fn func(*Tx) error) error {
	j := &writeJob{ctx: ctx, fn: fn, ended: make(chan struct{})}
	select {
	case <-w.db.closed:
		return errClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return errClosed
	}
	select {
	case <-j.ended:
	case <-w.done:
		return w.afterClose(j)
	case <-ctx.Done():
		if j.started.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-j.ended
	}
	if j.panic != nil {
		panic(j.panic)
	}
	return j.err
}

// afterClose answers a caller whose job reached the queue as the writer left.
func (w *sqliteWriter) afterClose(j *writeJob) error {
	select {
	case <-j.ended:
		if j.panic != nil {
			panic(j.panic)
		}
		return j.err
	default:
		return errClosed
	}
}

func (w *sqliteWriter) run() {
	defer close(w.done)
	idle := time.NewTimer(idleCheckpoint)
	defer idle.Stop()
	dirty := false
	for {
		select {
		case j := <-w.jobs:
			if w.group(j) {
				dirty = true
				idle.Reset(idleCheckpoint)
			}
		case <-idle.C:
			if dirty {
				w.checkpoint()
				dirty = false
			}
		case <-w.db.closed:
			w.drain()
			w.err = w.conn.close()
			return
		}
	}
}

// drain finishes what was accepted before the store was closed.
func (w *sqliteWriter) drain() {
	for {
		select {
		case j := <-w.jobs:
			w.group(j)
		default:
			return
		}
	}
}

func (w *sqliteWriter) close() error {
	<-w.done
	return w.err
}

// group runs j and whatever else is waiting in one database transaction. It
// reports whether anything was written.
func (w *sqliteWriter) group(j *writeJob) (wrote bool) {
	w.conn.wrote = false
	if err := w.conn.do("begin immediate"); err != nil {
		w.fail([]*writeJob{j}, err)
		return false
	}
	now := wallTime()
	started := time.Now()
	jobs := make([]*writeJob, 0, 8)
	broken := error(nil)
	for j != nil && broken == nil {
		jobs = append(jobs, j)
		broken = w.one(j, now)
		j = w.next(len(jobs), started)
	}
	if j != nil {
		jobs = append(jobs, j)
	}
	if broken == nil {
		broken = FailPoint("store.before-commit")
	}
	if broken == nil {
		broken = w.conn.do("commit")
	}
	if broken != nil {
		_ = w.conn.do("rollback") // SQLite may have done so itself
		w.fail(jobs, broken)
		return false
	}
	broken = FailPoint("store.after-commit")
	w.answer(jobs, broken)
	return w.conn.wrote
}

// next takes one more job if one is waiting and the group has room.
func (w *sqliteWriter) next(n int, started time.Time) *writeJob {
	if n >= groupLimit || time.Since(started) > groupTime {
		return nil
	}
	select {
	case j := <-w.jobs:
		return j
	default:
		return nil
	}
}

// one runs a job inside its savepoint. The error it returns is not the job's
// own: it means that the whole group is lost.
func (w *sqliteWriter) one(j *writeJob, now gale.Time) error {
	if !j.started.CompareAndSwap(false, true) {
		j.err = j.ctx.Err() // the caller has left
		return nil
	}
	if err := w.conn.do("savepoint s"); err != nil {
		return err
	}
	began := time.Now()
	j.tx = &Tx{Now: now, s: w.db.s, conn: w.conn, dialect: &sqliteDialect}
	w.call(j)
	if took := time.Since(began); took > slowUpdate {
		w.db.s.log.Warn("a transaction held the writer for long", "took", took)
	}
	if j.err == nil && j.panic == nil {
		return w.conn.do("release s")
	}
	j.tx.undone()
	if err := w.conn.do("rollback to s"); err != nil {
		return fmt.Errorf("%w (after: %v)", err, j.err)
	}
	return w.conn.do("release s")
}

// call runs the job's function; a panic is carried over to its caller.
func (w *sqliteWriter) call(j *writeJob) {
	defer func() { j.panic = recover() }()
	j.err = j.tx.run(j.fn)
}

func (w *sqliteWriter) answer(jobs []*writeJob, err error) {
	for _, j := range jobs {
		if j.tx != nil && j.err == nil && j.panic == nil {
			j.err = err
			w.db.s.committed(j.tx)
		}
		close(j.ended)
	}
}

// fail answers all jobs of a group that could not be committed. A job that
// failed by itself keeps its own error.
func (w *sqliteWriter) fail(jobs []*writeJob, err error) {
	err = sqliteError(err)
	for _, j := range jobs {
		if j.err == nil && j.panic == nil {
			j.err = err
		}
		if j.tx != nil {
			j.tx.undone()
		}
		close(j.ended)
	}
}

func (w *sqliteWriter) checkpoint() {
	if _, err := w.conn.query("pragma wal_checkpoint(truncate)", nil); err != nil {
		w.db.s.log.Warn("the write-ahead log could not be emptied", "err", err)
	}
}
