package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/galehq/gale"
)

// How long a statement may take, how long a transaction may lie idle (it
// holds up the readers of the event log), and how long a commit is waited for.
const (
	pgStatementTimeout = 30 * time.Second
	pgIdleTimeout      = 10 * time.Second
	pgCommitTimeout    = 20 * time.Second
)

// oldestPostgres is the first version with pg_current_xact_id.
const oldestPostgres = 130000

type pgStore struct {
	s    *Store
	pool *pgPool
}

func openPostgres(ctx context.Context, s *Store) (_ backend, err error) {
	cfg, err := pgx.ParseConfig(s.cfg.URL)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "database.url cannot be read: %s", withoutURL(err))
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	dialer := &net.Dialer{Timeout: cfg.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
	setParam(cfg.RuntimeParams, "application_name", "gale")
	setParam(cfg.RuntimeParams, "client_encoding", "UTF8")
	if err := migratePostgres(ctx, cfg.Copy()); err != nil {
		return nil, pgError(err)
	}
	setParam(cfg.RuntimeParams, "statement_timeout", millis(pgStatementTimeout))
	setParam(cfg.RuntimeParams, "idle_in_transaction_session_timeout", millis(pgIdleTimeout))
	return &pgStore{s: s, pool: newPGPool(cfg, s.cfg.PoolSize)}, nil
}

func setParam(params map[string]string, name, value string) {
	if params[name] == "" {
		params[name] = value
	}
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// withoutURL is the reason why a URL cannot be read, without the URL, which
// may hold a password.
func withoutURL(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return text
}

// migrationLock is the advisory lock under which one process at a time
// changes the schema ("gale" in bytes).
const migrationLock = 0x67616c65

func migratePostgres(ctx context.Context, cfg *pgx.ConnConfig) error {
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeConn(&pooled{Conn: c})
	var version int
	var encoding string
	const facts = "select current_setting('server_version_num')::int, current_setting('server_encoding')"
	if err := c.QueryRow(ctx, facts).Scan(&version, &encoding); err != nil {
		return err
	}
	if version < oldestPostgres {
		return gale.Errorf(gale.Invalid, "PostgreSQL %d is too old: Gale needs 13 or newer", version/10000)
	}
	if encoding != "UTF8" {
		return gale.Errorf(gale.Invalid, "the database's encoding is %s: Gale needs one that was made with encoding UTF8", encoding)
	}
	careful := &pgConn{ctx: ctx, c: c, careful: true, pending: &pgx.Batch{}}
	return migrate(ctx, careful, "postgres", fmt.Sprintf("begin; select pg_advisory_xact_lock(%d)", migrationLock))
}

// script runs several statements as one text.
func (c *pgConn) script(ctx context.Context, text string) error {
	return c.c.PgConn().Exec(ctx, text).Close()
}

func (p *pgStore) dialect() *dialect { return &pgDialect }

func (p *pgStore) output() backend { return p }

func (p *pgStore) ping(ctx context.Context) error {
	return p.view(ctx, func(*Tx) error { return nil })
}

func (p *pgStore) close() error {
	p.pool.close()
	return nil
}

const (
	pgBeginView   = "begin isolation level repeatable read read only"
	pgBeginUpdate = "begin isolation level read committed"
	pgSelectNow   = "select " + pgNow
	// The transaction id is drawn before anything else: it tells afterwards
	// whether a commit succeeded whose answer got lost, and it makes the
	// fences of logReader work. The start of the server says whether the id
	// still means the same: after a crash it may be given out again.
	pgSelectFacts = "select " + pgNow + ", " + pgStarted + ", pg_current_xact_id()::text::bigint"
	// A transaction with an id is written to the log and synced even if it
	// has changed nothing. Polls draw theirs with the claim.
	pgSelectPoll = "select " + pgNow + ", " + pgStarted + ", 0::bigint"
	pgStarted    = "(extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint"
)

// lostEarly says that a connection broke before a commit was tried, so that
// nothing happened.
type lostEarly struct{ err error }

func (e *lostEarly) Error() string { return e.err.Error() }
func (e *lostEarly) Unwrap() error { return e.err }

// outrun says that a document has moved on since it was read. Transactions of
// SQLite come one after the other: there it was read in an earlier one, and to
// repeat the later would change nothing.
type outrun struct{ err error }

func (e *outrun) Error() string { return e.err.Error() }
func (e *outrun) Unwrap() error { return e.err }

// again decides about trying once more after a failure that left nothing
// behind, and waits a little.
func again(ctx context.Context, err error, attempt int) bool {
	var lost *lostEarly
	var moved *outrun
	limit := 0
	switch {
	case isSerialization(err), errors.As(err, &moved):
		limit = 20
	case errors.As(err, &lost):
		limit = 3 // pooled connections may all have died with the server
	}
	if attempt >= limit {
		return false
	}
	return sleep(ctx, min(time.Millisecond<<attempt, 100*time.Millisecond)) == nil
}

func isSerialization(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// ended reports whether the server's answer means that the connection is over.
func ended(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (strings.HasPrefix(e.Code, "57P") || strings.HasPrefix(e.Code, "08") || e.Code == "25P03")
}

func (p *pgStore) view(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 0; ; attempt++ {
		err := p.viewOnce(ctx, fn)
		if err == nil || !again(ctx, err, attempt) {
			return pgError(err)
		}
	}
}

func (p *pgStore) viewOnce(ctx context.Context, fn func(*Tx) error) error {
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() { go c.release() }() // nobody needs to wait for the end of a snapshot
	facts, err := c.begin(pgBeginView, pgSelectNow)
	if err != nil {
		return err
	}
	tx := &Tx{Now: gale.Time(facts[0].(int64)), s: p.s, conn: c, dialect: &pgDialect, readOnly: true}
	err = fn(tx)
	if c.lost != nil {
		return c.lost
	}
	return err
}

func (p *pgStore) update(ctx context.Context, fn func(*Tx) error) error {
	return p.repeat(ctx, pgSelectFacts, fn)
}

func (p *pgStore) poll(ctx context.Context, fn func(*Tx) error) error {
	return p.repeat(ctx, pgSelectPoll, fn)
}

func (p *pgStore) repeat(ctx context.Context, facts string, fn func(*Tx) error) error {
	careful := false
	for attempt := 0; ; attempt++ {
		tx, err := p.updateOnce(ctx, facts, fn, careful)
		if err == nil {
			p.s.committed(tx)
			return FailPoint("store.after-commit")
		}
		if errors.Is(err, errCareful) {
			careful = true
			attempt--
			continue
		}
		if !again(ctx, err, attempt) {
			return pgError(err)
		}
	}
}

// updateOnce is one try. Unless careful, statements are put off and guarded,
// so that most transactions take one round trip for their writes and the
// commit together; a guard that fails gives errCareful, and nothing is left.
func (p *pgStore) updateOnce(ctx context.Context, begin string, fn func(*Tx) error, careful bool) (_ *Tx, err error) {
	c, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release()
	c.careful = careful
	facts, err := c.begin(pgBeginUpdate, begin)
	if err != nil {
		return nil, err
	}
	c.xid = facts[2].(int64)
	tx := &Tx{Now: gale.Time(facts[0].(int64)), s: p.s, conn: c, dialect: &pgDialect}
	defer func() {
		if err != nil {
			tx.undone()
		}
	}()
	err = tx.run(fn)
	switch {
	case c.lost != nil:
		return nil, c.lost
	case err != nil && !careful && c.assumed:
		// What fn was told about its writes was a guess, and may be why.
		return nil, errCareful
	case err != nil:
		return nil, err
	}
	if err = FailPoint("store.before-commit"); err != nil {
		return nil, err
	}
	if err = c.commit(); errors.Is(err, ErrUnknown) {
		err = p.resolve(ctx, c.xid, facts[1].(int64), err)
	}
	return tx, err
}

// resolve turns the unknown outcome of a commit into nil when it was done and
// into lostEarly when it was not.
func (p *pgStore) resolve(ctx context.Context, xid, started int64, unknown error) error {
	committed := false // without an id there was nothing to commit
	if xid != 0 {
		var err error
		if committed, err = p.outcome(ctx, xid, started, unknown); err != nil {
			return err
		}
	}
	if !committed {
		return &lostEarly{errors.New("the connection was lost before the commit")}
	}
	return nil
}

// outcome finds out whether a transaction was committed whose connection
// broke. As long as the server has not been restarted its id tells; else
// nobody can know, and the error is unknown.
func (p *pgStore) outcome(ctx context.Context, xid, started int64, unknown error) (committed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pgCommitTimeout)
	defer cancel()
	for {
		status, now, err := p.xactStatus(ctx, xid)
		switch {
		case err == nil && (now != started || status == ""):
			return false, unknown
		case err == nil && status == "committed":
			return true, nil
		case err == nil && status == "aborted":
			return false, nil
		}
		if sleep(ctx, 50*time.Millisecond) != nil {
			return false, unknown
		}
	}
}

func (p *pgStore) xactStatus(ctx context.Context, xid int64) (status string, started int64, err error) {
	err = p.view(ctx, func(tx *Tx) error {
		_, err := tx.QueryRow("select pg_xact_status($1::text::xid8), "+pgStarted, []any{fmt.Sprint(xid)}, &status, &started)
		return err
	})
	return status, started, err
}

// pgError gives an error of the server or of the connection its Kind and a
// sentence.
func pgError(err error) error {
	var g *gale.Error
	if err == nil || errors.As(err, &g) || errors.Is(err, ErrLost) {
		return err
	}
	var e *pgconn.PgError
	var connect *pgconn.ConnectError
	var lost *lostEarly
	switch {
	case errors.As(err, &e):
		return pgServerError(err, e)
	case errors.As(err, &connect), errors.Is(err, ErrUnknown):
		return unavailable(err, "the database cannot be reached")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &lost):
		return unavailable(err, "the database cannot be reached")
	}
	return err
}

func pgServerError(err error, e *pgconn.PgError) error {
	switch e.Code[:2] {
	case "08", "53", "57", "58":
		return unavailable(err, "the database cannot serve the request")
	case "28", "3D":
		return gale.Errorf(gale.Invalid, "the database refuses the connection: %w", err)
	case "54":
		return gale.Errorf(gale.Invalid, "a value is too long to be stored: %w", err)
	}
	switch e.Code {
	case "23505":
		return gale.Errorf(gale.Conflict, "a row with the same %s exists already: %w", strings.Replace(e.ConstraintName, "_", ".", 1), err)
	case "22021", "22P05":
		return gale.Errorf(gale.Invalid, "text holds a character that cannot be stored: %w", err)
	case "25006":
		return unavailable(err, "the database is read-only; it may be a standby")
	case "40001", "40P01", "25P03", "55P03":
		return unavailable(err, "the database was too busy")
	}
	return err
}
