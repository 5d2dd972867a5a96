package execution

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

// PauseTopic is rung when workflows shall look whether they are to pause or to
// go on.
const PauseTopic = "pause"

// Pause asks a running workflow to start nothing more. It becomes paused when
// what it has started is over.
func Pause(tx *store.Tx, id, by string) (*gale.Execution, error) {
	return ask(tx, id, gale.Pausing, "paused_by", by)
}

// Resume asks a paused workflow to go on.
func Resume(tx *store.Tx, id, by string) (*gale.Execution, error) {
	return ask(tx, id, gale.Resuming, "resumed_by", by)
}

func ask(tx *store.Tx, id string, status gale.Status, key, by string) (*gale.Execution, error) {
	e, err := store.Executions.Get(tx, id)
	if err != nil {
		return nil, err
	}
	e.Context = with(e.Context, key, by)
	tx.Ring(PauseTopic)
	return e, move(tx, e, status)
}
