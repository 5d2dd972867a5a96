// Package store keeps everything that Gale must not forget: documents, the
// queue, the event log, snapshots, results and the output of actions.
//
// A Store is a database: SQLite in a directory, for one process, or
// PostgreSQL, for many. Both run the same statements, save for the few whose
// text differs by dialect, and give the same promises:
//
//   - Update commits whole or not at all, and what it committed survives the
//     death of the process. View sees one snapshot.
//   - A document is written only over the revision that was read (Rev).
//   - A queue item is held by at most one owner. The random token of its
//     claim fences what the owner writes: Done and Release fail with ErrLost
//     once the lease is somebody else's, and the transaction with them.
//   - Events are read in an order in which no later commit can insert one.
//
// Functions given to Update are short and do SQL only. On SQLite they run one
// after the other on the single writer, up to 256 to a commit. On PostgreSQL
// a function may run more than once, because its transaction may have to be
// repeated; so it must not leave traces elsewhere before Update returns.
package store
