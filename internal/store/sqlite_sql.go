package store

var sqliteEvents = eventSQL{
	// One writer: numbers are drawn in the order of commits.
	read:       "select seq, topic, kind, key, body, ts from event where seq > $1 order by seq limit $2",
	readOutput: "select " + outputColumns + " from output where seq > $1 order by seq limit $2",
}
