package store_test

import (
	"strings"
	"testing"

	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
)

// FuzzQuery builds statements from words that users choose. Whatever they
// are, they must be refused or stay parameters of a statement that runs.
func FuzzQuery(f *testing.F) {
	for _, seed := range [][4]string{
		{"status", "=", "failed", "-start_timestamp"}, {"action", "prefix", "core.", "id"}, {"id'--", "in", "x", "+id"},
		{"user", "contains-ci", "%_\\'", "--id"}, {"status", "; drop table", "\x00", ""}, {"trigger", "", "core.st2\xff", "trigger"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	s := storetest.Open(f)
	f.Fuzz(func(t *testing.T, column, op, value, order string) {
		q := store.Query{Where: []store.Cond{{Column: column, Op: op, Value: value}}, Order: []string{order}, Limit: 1}
		text, _, err := store.FindSQL(s, q)
		if err != nil {
			return
		}
		if len(value) > 3 && !strings.Contains(strings.Join(store.Executions.Columns(), " ")+" contains prefix select", value) && strings.Contains(text, value) {
			t.Errorf("the value %q is part of %s", value, text)
		}
		err = s.View(t.Context(), func(tx *store.Tx) error {
			_, err := store.Executions.Find(tx, q)
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}
