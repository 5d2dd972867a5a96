package store

import "context"

// What tests look at from outside.
const (
	PGClaimSQL = pgClaimSQL
	NextSQL    = nextSQL
)

var (
	SQLiteClaimSQL = sqliteClaimSQL
	PGExpiredSQL   = pgQueue.expired
)

// FindSQL returns the statement of a query over executions.
func FindSQL(s *Store, q Query) (string, []any, error) {
	return Executions.def.selectSQL(s.db.dialect(), "id, v, doc", q)
}

// Columns returns the columns that a table's statements use.
func (t Table[T]) Columns() []string {
	names := []string{"id", "v", "doc"}
	for _, c := range t.def.columns {
		names = append(names, c.name)
	}
	return names
}

// NetworkDisk returns the name of a file system by its number, "" if it is local.
func NetworkDisk(magic int64) string { return networkDisks[magic] }

// StartUpkeep starts the renewal of leases without a worker.
func (s *Store) StartUpkeep(context.Context) { s.upkeep.start(s) }
