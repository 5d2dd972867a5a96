package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/galehq/gale"
)

// Migrations are files named by a number and a word, 00001_core.sql, one
// directory for each schema. A number, once released, never changes.
//
//go:embed migrations
var migrationFiles embed.FS

type migration struct {
	version int64
	name    string
	text    string
}

// migrations returns those of a directory in order. They are part of the
// program, so that a bad name is a defect and found by any test.
func migrations(dir string) ([]migration, error) {
	entries, err := fs.ReadDir(migrationFiles, "migrations/"+dir)
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, e := range entries { // sorted by name
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || version != int64(len(all)+1) {
			return nil, fmt.Errorf("migration %s/%s: want number %d", dir, e.Name(), len(all)+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + dir + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version, e.Name(), string(text)})
	}
	return all, nil
}

// scripter is a connection that runs texts of several statements.
type scripter interface {
	conn
	script(ctx context.Context, text string) error
}

// migrate brings a schema up to the newest version that this build knows, all
// steps in one transaction: begin opens it and keeps other processes out. A
// schema that is newer than this build is refused.
func migrate(ctx context.Context, c scripter, dir, begin string) error {
	all, err := migrations(dir)
	if err != nil {
		return err
	}
	newest := all[len(all)-1].version
	if have, err := schemaVersion(c); err == nil && have == newest {
		return nil // the common case, without a lock
	}
	if err := c.script(ctx, begin); err != nil {
		return err
	}
	if err := upgrade(ctx, c, all); err != nil {
		_ = c.script(context.WithoutCancel(ctx), "rollback")
		return err
	}
	return c.script(ctx, "commit")
}

func schemaVersion(c conn) (version int64, err error) {
	rows, err := c.query("select max(version) from schema_version", nil)
	if err != nil {
		return 0, err
	}
	return version, scan(rows[0], []any{&version})
}

func upgrade(ctx context.Context, c scripter, all []migration) error {
	const table = "create table if not exists schema_version (version bigint primary key, name text not null)"
	if err := c.script(ctx, table); err != nil {
		return err
	}
	have, err := schemaVersion(c)
	if err != nil {
		return err
	}
	if newest := all[len(all)-1].version; have > newest {
		return gale.Errorf(gale.Invalid, "the database's schema has version %d and this program knows %d: use the newer program", have, newest)
	}
	for _, m := range all[have:] {
		if err := c.script(ctx, m.text); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		if _, err := c.exec("insert into schema_version (version, name) values ($1, $2)", []any{m.version, m.name}); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}
