package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"modernc.org/sqlite"

	"github.com/galehq/gale/py"
)

// statementCacheSize is how many prepared statements a connection keeps.
// Gale's own statements are about 200; the rest are combinations of filters.
const statementCacheSize = 512

// sqliteConn is one connection with its prepared statements. It speaks to the
// driver without database/sql, which would cost about as much as the small
// statements themselves.
type sqliteConn struct {
	c          driver.Conn
	ctx        context.Context // ends queries early; Background for the writer
	statements map[string]*sqliteStmt
	wrote      bool // since the last begin
	values     []driver.NamedValue
}

type sqliteStmt struct {
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	close func() error
}

// sqliteDSN gives each connection its settings. busy_timeout comes first, as
// the others may already have to wait. No statistics are ever gathered
// (analyze, optimize): without them plans follow from the indexes alone, and
// are those that the tests have seen.
func sqliteDSN(path, synchronous string, cacheKiB int, more ...string) string {
	v := url.Values{}
	pragmas := []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB), "journal_size_limit(67108864)", "temp_store(memory)",
	}
	for _, p := range append(pragmas, more...) {
		v.Add("_pragma", p)
	}
	v.Set("_dqs", "0")
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

func dialSQLite(dsn string) (*sqliteConn, error) {
	c, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{c: c, ctx: context.Background(), statements: map[string]*sqliteStmt{}}, nil
}

func (c *sqliteConn) prepare(query string) (*sqliteStmt, error) {
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	if len(c.statements) >= statementCacheSize {
		for q, s := range c.statements { // any one: random eviction needs no list
			_ = s.close()
			delete(c.statements, q)
			break
		}
	}
	s, err := c.c.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	st := &sqliteStmt{s.(driver.StmtExecContext), s.(driver.StmtQueryContext), s.Close}
	c.statements[query] = st
	return st, nil
}

func (c *sqliteConn) bindings(args []any) ([]driver.NamedValue, error) {
	c.values = c.values[:0]
	for i, v := range args {
		switch a := v.(type) {
		case []string:
			b, err := jsonArray(a)
			if err != nil {
				return nil, err
			}
			v = b
		case []int64:
			b, err := jsonArray(a)
			if err != nil {
				return nil, err
			}
			v = b
		}
		c.values = append(c.values, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.values, nil
}

func jsonArray[T any](items []T) (string, error) {
	list := make([]any, len(items))
	for i, x := range items {
		list[i] = x
	}
	b, err := py.AppendJSON(nil, list)
	return string(b), err
}

func (c *sqliteConn) exec(query string, args []any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	c.wrote = true
	values, err := c.bindings(args)
	if err != nil {
		return 0, err
	}
	r, err := s.exec.ExecContext(c.ctx, values)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c *sqliteConn) change(query string, args []any) (int64, error) { return c.exec(query, args) }

func (c *sqliteConn) send(query string, args []any) error {
	_, err := c.exec(query, args)
	return err
}

func (c *sqliteConn) query(query string, args []any) ([][]any, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	values, err := c.bindings(args)
	if err != nil {
		return nil, err
	}
	c.wrote = c.wrote || strings.Contains(query, "returning")
	rows, err := s.query.QueryContext(c.ctx, values)
	if err != nil {
		return nil, err
	}
	all, err := drain(rows)
	return all, errors.Join(err, rows.Close())
}

func drain(rows driver.Rows) ([][]any, error) {
	var all [][]any
	n := len(rows.Columns())
	buf := make([]driver.Value, n)
	for {
		switch err := rows.Next(buf); err {
		case nil:
		case io.EOF:
			return all, nil
		default:
			return nil, err
		}
		row := make([]any, n)
		for i, v := range buf {
			row[i] = v
		}
		all = append(all, row)
	}
}

// do runs a statement that has neither arguments nor an interesting result.
func (c *sqliteConn) do(query string) error {
	wrote := c.wrote
	_, err := c.exec(query, nil)
	c.wrote = wrote
	return err
}

// script runs several statements as one text.
func (c *sqliteConn) script(ctx context.Context, text string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(ctx, text, nil)
	return err
}

func (c *sqliteConn) close() error {
	for _, s := range c.statements {
		_ = s.close()
	}
	return c.c.Close()
}
