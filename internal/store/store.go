package store

import (
	"context"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/galehq/gale"
)

// Config says where the data live and how much of the machine may be used.
// The zero value of a limit means its default.
type Config struct {
	// URL is postgres://… or postgresql://… for PostgreSQL. Otherwise it is
	// the directory of an embedded store; empty means Dir. Behind a pooler
	// that shares connections between transactions the URL must say
	// default_query_exec_mode=exec, as such poolers lose prepared statements.
	URL string
	// Dir is the directory of the embedded store: gale.db, output.db and
	// gale.lock are made in it.
	Dir string
	// OnCommit is told the topics that a transaction rang, after its commit
	// and outside of it. It must not block. It may be nil.
	OnCommit func(topics []string)
	// Owner names this start of the process in leases: the node's name and a
	// random part. Empty: made from the host's name.
	Owner string
	// Effects are the kinds of queue items that start at most once: an item
	// whose holder vanished is not queued again but given to Lost. Nil: "run".
	Effects []string
	// Lost is called for an item of an effect kind whose lease ended, or whose
	// handler failed, in the transaction that removes the item. While it is
	// nil such items stay.
	Lost func(tx *Tx, it Item) error
	// Log receives what no caller is told. Nil: slog.Default().
	Log *slog.Logger
	// Rand is the source of ids and tokens. Nil: a securely seeded one.
	Rand func() uint64

	ReadConns int // embedded store: connections that read; default 2 for each core
	CacheKiB  int // embedded store: page cache of the writer, four times that of a reader; default 16384
	PoolSize  int // PostgreSQL: connections; default 4 for each core, at least 8
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	cfg       Config
	log       *slog.Logger
	db        backend
	ids       idSource
	snapshots *lru // bodies by digest
	facets    *lru // values that are known to be in table facet
	eventLog  logReader
	outputLog logReader
	leases    leases
	orphans   []Item
	upkeep    upkeep
	closing   sync.Once
}

// backend is all that differs between SQLite and PostgreSQL apart from the
// text of some statements.
type backend interface {
	view(ctx context.Context, fn func(*Tx) error) error
	update(ctx context.Context, fn func(*Tx) error) error
	// poll is update for a function that mostly finds nothing to do, and
	// writes nothing unless Claim has given it something.
	poll(ctx context.Context, fn func(*Tx) error) error
	output() backend // where output chunks go; may be the backend itself
	dialect() *dialect
	ping(ctx context.Context) error
	close() error
}

// Open opens the store that cfg names and brings its schema up to date. An
// embedded store is locked for this process: a second one gets
// gale.Conflict. The leases that a dead predecessor left in it are taken
// back; see Orphans.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg.setDefaults()
	s := &Store{cfg: cfg, log: cfg.Log, snapshots: newLRU(snapshotCacheBytes), facets: newLRU(facetCacheBytes)}
	s.ids.init(cfg.Rand)
	s.leases.init()
	var err error
	if isPostgres(cfg.URL) {
		s.db, err = openPostgres(ctx, s)
	} else {
		s.db, err = openSQLite(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	if !s.db.dialect().shared {
		if err := s.takeBack(ctx); err != nil {
			s.db.close()
			return nil, err
		}
	}
	return s, nil
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func (cfg *Config) setDefaults() {
	if cfg.URL != "" && !isPostgres(cfg.URL) {
		cfg.Dir = strings.TrimPrefix(cfg.URL, "sqlite://")
		cfg.Dir = filepath.Clean(cfg.Dir)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Uint64
	}
	if cfg.Effects == nil {
		cfg.Effects = []string{"run"}
	}
	if cfg.Owner == "" {
		host, _ := os.Hostname()
		cfg.Owner = host + "-" + strconv.FormatUint(cfg.Rand(), 36)
	}
	cores := runtime.GOMAXPROCS(0)
	setDefault(&cfg.ReadConns, 2*cores)
	setDefault(&cfg.CacheKiB, 16<<10)
	setDefault(&cfg.PoolSize, max(8, 4*cores))
	cfg.PoolSize = max(cfg.PoolSize, 2) // one to find out what became of another
}

func setDefault(p *int, n int) {
	if *p <= 0 {
		*p = n
	}
}

// View runs fn over one snapshot of the data. fn cannot write, and must not
// call View or Update. It returns fn's error, or gale.Unavailable when the
// database cannot be reached.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.db.view(ctx, fn)
}

// Update runs fn in a transaction and commits it; when fn or the commit fails
// nothing of it remains, and the Rev of documents is as before. It blocks
// until the commit is safe on disk. fn must not call Update or View: on SQLite
// that would wait for itself.
//
// On PostgreSQL fn may run more than once: after a deadlock, a broken
// connection, or when one of its writes conflicts, since it is first run as if
// all will succeed. Only what its last run did counts. So it must read what it
// changes through tx, or set fields to values that do not depend on a former
// run; appending to a variable outside of it does.
//
// An error of kind gale.Unavailable that wraps ErrUnknown means that the
// connection was lost while committing and that nobody can tell whether it was
// done.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.db.update(ctx, fn)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.ping(ctx) }

// Dialect returns "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.db.dialect().name }

// Owner returns the name under which this store holds leases.
func (s *Store) Owner() string { return s.cfg.Owner }

// Close stops the background work and closes the database. Transactions that
// run are finished first; later ones fail with gale.Unavailable.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.upkeep.stop()
		err = s.db.close()
	})
	return err
}

// committed does what a transaction left for after its commit.
func (s *Store) committed(tx *Tx) {
	for _, it := range tx.claimed {
		s.leases.add(it)
	}
	for _, it := range tx.settled {
		s.leases.remove(it)
	}
	for _, snap := range tx.snapshots {
		s.snapshots.put(snap.digest, snap.body)
	}
	for _, f := range tx.facets {
		s.facets.put(f, nil)
	}
	if s.cfg.OnCommit != nil && len(tx.rings) > 0 {
		s.cfg.OnCommit(tx.rings)
	}
}

// newToken returns a positive random number for a claim.
func (s *Store) newToken() int64 { return int64(s.cfg.Rand()>>1) | 1 }

// idSource makes ids of 24 hexadecimal digits that sort by time: 32 bits of
// seconds, as in an ObjectId, 20 bits of microseconds, a counter of 16 bits
// and 28 bits that are this process's own.
type idSource struct {
	mu      sync.Mutex
	last    int64 // microseconds
	counter uint64
	process uint64
}

func (g *idSource) init(random func() uint64) { g.process = random() & (1<<28 - 1) }

func (g *idSource) next(now gale.Time) string {
	g.mu.Lock()
	if int64(now) > g.last {
		g.last, g.counter = int64(now), 0
	} else if g.counter++; g.counter == 1<<16 {
		g.last, g.counter = g.last+1, 0
	}
	at, n := uint64(g.last), g.counter
	g.mu.Unlock()
	micros := at % 1e6
	var b [12]byte
	seconds := at / 1e6
	b[0], b[1], b[2], b[3] = byte(seconds>>24), byte(seconds>>16), byte(seconds>>8), byte(seconds)
	low := micros<<44 | n<<28 | g.process
	for i := range 8 {
		b[4+i] = byte(low >> (56 - 8*i))
	}
	return hex.EncodeToString(b[:])
}

// wallTime is the clock of the embedded store; a synctest bubble may fake it.
func wallTime() gale.Time { return gale.TimeOf(time.Now()) }
