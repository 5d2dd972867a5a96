package store

var sqliteEvents = eventSQL{
	// One writer: numbers are drawn in the order of commits.
	read:       "select seq, topic, kind, key, body, ts from event where seq > $1 order by seq limit " + sqliteNumber("$2"),
	readOutput: "select " + outputColumns + " from output where seq > $1 order by seq limit " + sqliteNumber("$2"),
}

// sqliteNumber hides a parameter from the planner. A plain one behind limit
// makes SQLite look at its value while it plans, and plan again at each use.
func sqliteNumber(param string) string { return param + " + 0" }
