package store

import (
	"encoding/hex"

	"github.com/galehq/gale"
)

// NewID returns a new id outside of a transaction, for documents whose
// content depends on their id.
func (s *Store) NewID() string { return s.ids.next(wallTime()) }

// IDTime returns when an id was made, to the microsecond as far as the id
// knows it; 0 for a text that is no id.
func IDTime(id string) gale.Time {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 12 {
		return 0
	}
	seconds := int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	micros := int64(b[4])<<12 | int64(b[5])<<4 | int64(b[6])>>4
	return gale.Time(seconds*1e6 + min(micros, 999_999))
}
