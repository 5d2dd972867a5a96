package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/galehq/gale"
)

// sqliteStore is one database file: a writer, some readers, and, for the main
// file, the lock on the directory and the second file for output.
type sqliteStore struct {
	s       *Store
	path    string
	writer  *sqliteWriter
	readers chan *sqliteConn // idle ones; nil where one has yet to be opened
	limit   int
	chatter *sqliteStore // output.db
	lock    *os.File
	closed  chan struct{}
	once    sync.Once
	dsn     string
}

func openSQLite(ctx context.Context, s *Store) (_ backend, err error) {
	dir := s.cfg.Dir
	if dir == "" {
		return nil, gale.Errorf(gale.Invalid, "the embedded store needs a directory")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unavailable(err, "the data directory cannot be made")
	}
	if err := refuseNetworkDisk(dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	main, err := openSQLiteFile(ctx, s, filepath.Join(dir, "gale.db"), "FULL", "sqlite", s.cfg.ReadConns)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	main.lock = lock
	main.chatter, err = openSQLiteFile(ctx, s, filepath.Join(dir, "output.db"), "NORMAL", "output", max(2, s.cfg.ReadConns/2))
	if err != nil {
		return nil, errors.Join(err, main.close())
	}
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(unavailable(err, "the data directory cannot be synced"), main.close())
	}
	return main, nil
}

// syncDir makes new files durable: a synced log is worth nothing if a power
// failure can take away its name.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func openSQLiteFile(ctx context.Context, s *Store, path, synchronous, migrations string, readers int) (*sqliteStore, error) {
	if err := precreate(path); err != nil {
		return nil, unavailable(err, "the database file cannot be made")
	}
	c, err := dialSQLite(sqliteDSN(path, synchronous, s.cfg.CacheKiB))
	if err != nil {
		return nil, sqliteError(fmt.Errorf("open %s: %w", path, err))
	}
	if err := migrate(ctx, c, migrations, "begin immediate"); err != nil {
		return nil, errors.Join(sqliteError(fmt.Errorf("open %s: %w", path, err)), c.close())
	}
	db := &sqliteStore{
		s: s, path: path, limit: readers, readers: make(chan *sqliteConn, readers), closed: make(chan struct{}),
		dsn: sqliteDSN(path, synchronous, s.cfg.CacheKiB/4, "query_only(1)"),
	}
	for range readers {
		db.readers <- nil
	}
	db.writer = newSQLiteWriter(db, c)
	go db.writer.run()
	return db, nil
}

// precreate makes the file readable to its owner only; SQLite gives its
// companions (-wal, -shm) the same mode.
func precreate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (db *sqliteStore) dialect() *dialect { return &sqliteDialect }

func (db *sqliteStore) output() backend { return db.chatter }

func (db *sqliteStore) view(ctx context.Context, fn func(*Tx) error) (err error) {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	if err := c.do("begin"); err != nil {
		db.readers <- nil
		return errors.Join(sqliteError(err), c.close())
	}
	c.ctx = ctx
	defer func() {
		c.ctx = context.Background()
		if e := c.do("rollback"); e != nil { // it is not to be trusted any more
			err = errors.Join(err, sqliteError(e), c.close())
			c = nil
		}
		db.readers <- c
	}()
	return fn(&Tx{Now: wallTime(), s: db.s, conn: c, dialect: &sqliteDialect, readOnly: true})
}

// reader takes a connection that reads, and opens it when it is the first use.
func (db *sqliteStore) reader(ctx context.Context) (*sqliteConn, error) {
	select {
	case <-db.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-db.readers:
		if c != nil {
			return c, nil
		}
		c, err := dialSQLite(db.dsn)
		if err != nil {
			db.readers <- nil
			return nil, sqliteError(fmt.Errorf("open %s: %w", db.path, err))
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-db.closed:
		return nil, errClosed
	}
}

func (db *sqliteStore) update(ctx context.Context, fn func(*Tx) error) error {
	return db.writer.do(ctx, fn)
}

func (db *sqliteStore) poll(ctx context.Context, fn func(*Tx) error) error {
	return db.writer.do(ctx, fn)
}

func (db *sqliteStore) ping(ctx context.Context) error {
	return db.view(ctx, func(tx *Tx) error {
		_, err := tx.query("select 1")
		return err
	})
}

// close waits for the writer and for every reader, empties the write-ahead
// log into the database and releases the lock.
func (db *sqliteStore) close() error {
	var errs []error
	db.once.Do(func() {
		close(db.closed)
		if db.chatter != nil {
			errs = append(errs, db.chatter.close())
		}
		errs = append(errs, db.writer.close())
		for range db.limit {
			if c := <-db.readers; c != nil {
				errs = append(errs, c.close())
			}
		}
		if db.lock != nil {
			errs = append(errs, db.lock.Close())
		}
	})
	return errors.Join(errs...)
}

var sqliteDialect = dialect{
	name:   "sqlite",
	wrap:   sqliteError,
	queue:  sqliteQueue,
	events: sqliteEvents,
	in: func(column, param string) string {
		return column + " in (select value from json_each(" + param + "))"
	},
	contains: func(column, param string) string { return "instr(" + column + ", " + param + ") > 0" },
	number:   sqliteNumber,
}

// sqliteError gives an error of the driver its Kind and a sentence.
func sqliteError(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch code := e.Code(); code & 0xff {
	case sqlite3.SQLITE_FULL:
		return unavailable(err, "the disk that holds the data directory is full")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return unavailable(err, "the database file cannot be opened for writing")
	case sqlite3.SQLITE_IOERR:
		return unavailable(err, "the disk that holds the data directory reports an error")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return unavailable(err, "the database file is locked by another program")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return gale.Errorf(gale.Internal, "the database file is damaged; restore it from a backup: %w", err)
	case sqlite3.SQLITE_INTERRUPT:
		return context.Canceled
	case sqlite3.SQLITE_TOOBIG:
		return gale.Errorf(gale.Invalid, "the document is too large to store: %w", err)
	case sqlite3.SQLITE_CONSTRAINT:
		if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
			return gale.Errorf(gale.Conflict, "%s exists already: %w", uniqueColumns(e.Error()), err)
		}
	}
	return err
}

// uniqueColumns picks "table.column, …" out of SQLite's message.
func uniqueColumns(message string) string {
	_, rest, ok := strings.Cut(message, "UNIQUE constraint failed: ")
	if !ok {
		return "a row with the same key"
	}
	columns, _, _ := strings.Cut(rest, " (")
	return "a row with the same " + columns
}

// idleCheckpoint is how long the writer must have had nothing to do before it
// empties the write-ahead log.
const idleCheckpoint = 5 * time.Second
