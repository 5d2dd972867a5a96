package store

// NewID returns a new id outside of a transaction, for documents whose
// content depends on their id.
func (s *Store) NewID() string { return s.ids.next(wallTime()) }
