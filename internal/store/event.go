package store

import (
	"context"
	"fmt"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// EventTopic is rung when events were committed.
const EventTopic = "event"

// Event is one change as others may see it. Body is JSON without secrets,
// the resource as of that change; one of more than 256 KiB is replaced by its
// id and body_size.
type Event struct {
	Seq   int64
	Topic string // "execution", "trigger", "rule" …
	Kind  string // "create", "update", "delete" …
	Key   string // the resource's id
	Body  []byte
	TS    gale.Time
}

// eventSQL reads a log table: $1 is the cursor, $2 the limit. The last column
// is the oldest transaction that was still running at the snapshot (0 where
// the order of seq is the order of commits).
type eventSQL struct {
	read       string
	readOutput string
	fence      string // returns a transaction id newer than any given out before
	xmin       string // returns the oldest transaction that runs
}

// Emit records an event in this transaction. It is written after everything
// else, when the function given to Update has returned. Seq and TS are set by
// the store.
func (tx *Tx) Emit(e Event) { tx.events = append(tx.events, e) }

func (tx *Tx) writeEvents() error {
	for _, e := range tx.events {
		if len(e.Body) > maxEventBody {
			e.Body = leftOut(e)
		}
		err := tx.send("insert into event (topic, kind, key, body, ts) values ($1, $2, $3, $4, $5)",
			e.Topic, e.Kind, e.Key, string(e.Body), tx.Now)
		if err != nil {
			return fmt.Errorf("insert event of %s %s: %w", e.Topic, e.Key, err)
		}
	}
	if len(tx.events) > 0 {
		tx.Ring(EventTopic)
	}
	return nil
}

// maxEventBody is the largest body of an event. Readers hold hundreds of
// events in memory, so that larger ones would let a few requests fill it.
const maxEventBody = 256 << 10

// leftOut stands for a body that is too large: readers ask for the resource.
func leftOut(e Event) []byte {
	body, err := py.AppendJSON(nil, py.DictOf("id", e.Key, "body_size", int64(len(e.Body))))
	if err != nil {
		return []byte("{}")
	}
	return body
}

// eventPage is how many events are read when nobody says how many.
const eventPage = 1000

// Events returns up to limit events (0: 1000) after a cursor (0: from the start), in
// the order of Seq. It never passes a place in which an event may still
// appear: on PostgreSQL it stops before the first number that a running
// transaction may have drawn, and goes on once that has ended. So the Seq of
// the last event is the next cursor, and nothing is lost. It may return
// nothing although later events exist; EventTopic rings when they can be read,
// or a poll finds them.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]Event, error) {
	setDefault(&limit, eventPage)
	rows, err := s.readLog(ctx, s.db, &s.eventLog, s.db.dialect().events.read, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := make([]Event, len(rows))
	for i, row := range rows {
		e := &events[i]
		if err := scan(row[:6], []any{&e.Seq, &e.Topic, &e.Kind, &e.Key, &e.Body, &e.TS}); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
	}
	return events, nil
}

// FirstEvent returns the Seq of the oldest event that is kept, 0 when there
// has never been one. A cursor below it, less one, has missed events.
func (s *Store) FirstEvent(ctx context.Context) (int64, error) {
	return s.number(ctx, s.db, "select min(seq) from event")
}

// LastEvent returns a cursor for those who want only what comes next: every
// event that is committed after LastEvent returns has a greater Seq. On
// PostgreSQL it waits for the transactions that run, at most until ctx ends.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	return s.lastOf(ctx, s.db, &s.eventLog, "select max(seq) from event")
}

// LastOutput is LastEvent for output.
func (s *Store) LastOutput(ctx context.Context) (int64, error) {
	return s.lastOf(ctx, s.db.output(), &s.outputLog, "select max(seq) from output")
}

// trimBatch is how many rows are deleted in one transaction: enough to be
// cheap, few enough to let others in between.
const trimBatch = 1000

// TrimEvents deletes the events from before a moment, oldest first, and
// returns how many they were. The newest event is always kept, because it
// says where the log stands.
func (s *Store) TrimEvents(ctx context.Context, before gale.Time) (int, error) {
	return trim(ctx, s.db, "event", before)
}

// TrimOutput is TrimEvents for output.
func (s *Store) TrimOutput(ctx context.Context, before gale.Time) (int, error) {
	return trim(ctx, s.db.output(), "output", before)
}

// trim goes by seq, whose order is nearly that of time: so it reads what it
// deletes, and one row more, and needs no index.
func trim(ctx context.Context, db backend, table string, before gale.Time) (total int, err error) {
	query := "delete from " + table + " where seq in (select seq from (select seq, ts from " + table +
		" order by seq limit " + db.dialect().number("$1") + ") oldest where ts < $2) and seq < (select max(seq) from " + table + ")"
	for {
		var n int64
		err := db.update(ctx, func(tx *Tx) (err error) {
			n, err = tx.Exec(query, trimBatch, before)
			return err
		})
		total += int(n)
		if err != nil || n < trimBatch {
			return total, err
		}
	}
}

func (s *Store) number(ctx context.Context, db backend, query string) (n int64, err error) {
	err = db.view(ctx, func(tx *Tx) error {
		_, err := tx.QueryRow(query, nil, &n)
		return err
	})
	return n, err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
