package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/galehq/gale"
)

// leaseTime is for how long a claim, or its renewal, is good.
const leaseTime = 10 * time.Second

// QueueTopic returns the topic that is rung when items of a kind were queued.
func QueueTopic(kind string) string { return "queue:" + kind }

// Push is work to be queued. There is one item for each (Kind, Key): pushing
// again makes it due at the earlier of the two times, and when somebody holds
// it meanwhile it will be handled once more, at the time pushed last.
type Push struct {
	Kind     string
	Key      string
	Pool     string    // who may claim it; see Worker.Pools
	RunAt    gale.Time // not before; zero: now
	Priority int       // smaller goes first; of several pushes the smallest counts
}

// Item is a queue item as it was claimed.
type Item struct {
	Kind    string
	Key     string
	Pool    string
	Owner   string // who holds it
	Token   int64  // of this claim: random, positive, and no other claim's
	Gen     int64  // counts pushes
	Attempt int    // counts claims, from 1, until the item is done or handed back
	RunAt   gale.Time
}

// queueSQL is the text of the statements that differ by dialect.
type queueSQL struct {
	push    string // kind, key, pool, run_at, priority
	claim   func(tx *Tx, kind, pool string, n int) ([][]any, error)
	held    string // kind, key, owner, token
	release string // kind, key, owner, token, run_at
	retry   string // the same
	renew   string // owner, tokens, lease in µs, now
	expired string // limit, owner, tokens, now
	// stillLost locks a row whose lease ran out: kind, key, owner, token, now.
	stillLost string
	fresh     string // 1 while the server is younger than a lease; empty: never
	next      string // kind, pool
	stats     string // now
}

// Push queues work, in the transaction that made it necessary, and rings
// QueueTopic of its kind.
func (tx *Tx) Push(p Push) error {
	runAt := p.RunAt
	if runAt == 0 {
		runAt = tx.Now
	}
	if err := tx.send(tx.dialect.queue.push, p.Kind, p.Key, p.Pool, runAt, p.Priority); err != nil {
		return fmt.Errorf("push %s %s: %w", p.Kind, p.Key, err)
	}
	tx.Ring(QueueTopic(p.Kind))
	return nil
}

// Claim takes up to n items of a kind and pool that are due, those with the
// smallest priority first and then those that are due longest. They are ours
// until the lease ends: see Renew.
func (tx *Tx) Claim(kind, pool string, n int) ([]Item, error) {
	if tx.readOnly {
		return nil, errReadOnly
	}
	if n <= 0 {
		return nil, nil
	}
	rows, err := tx.dialect.queue.claim(tx, kind, pool, n)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", kind, err)
	}
	items := make([]Item, len(rows))
	for i, row := range rows {
		it := &items[i]
		*it = Item{Kind: kind, Pool: pool, Owner: tx.s.cfg.Owner}
		if err := scan(row, []any{&it.Key, &it.Gen, &it.Token, &it.Attempt, &it.RunAt}); err != nil {
			return nil, fmt.Errorf("claim %s: %w", kind, err)
		}
	}
	// Tokens were given in the order of the claim; rows come in any order.
	slices.SortFunc(items, func(a, b Item) int { return int(a.Token - b.Token) })
	tx.claimed = append(tx.claimed, items...)
	return items, nil
}

// Done removes an item that was handled, or, when it was pushed again
// meanwhile, lets it go for another look. It is ErrLost when the item is not
// ours any more; the transaction must then fail, which returning the error
// does.
func (tx *Tx) Done(it Item) error {
	n, err := tx.change("delete from queue where kind = $1 and key = $2 and owner = $3 and token = $4 and gen = $5",
		it.Kind, it.Key, it.Owner, it.Token, it.Gen)
	if err != nil {
		return fmt.Errorf("finish %s %s: %w", it.Kind, it.Key, err)
	}
	if n == 0 {
		return tx.letGo("update queue set owner = null, token = null, until = null, attempt = 0"+
			" where kind = $1 and key = $2 and owner = $3 and token = $4", it)
	}
	tx.settled = append(tx.settled, it)
	return nil
}

// Release hands an item back unhandled, to be due at runAt (zero: now). It is
// ErrLost as in Done.
func (tx *Tx) Release(it Item, runAt gale.Time) error {
	return tx.letGo(tx.dialect.queue.release, it, tx.orNow(runAt))
}

// Retry is Release after a failure: the count of attempts goes on.
func (tx *Tx) Retry(it Item, runAt gale.Time) error {
	return tx.letGo(tx.dialect.queue.retry, it, tx.orNow(runAt))
}

func (tx *Tx) orNow(t gale.Time) gale.Time {
	if t == 0 {
		return tx.Now
	}
	return t
}

func (tx *Tx) letGo(query string, it Item, more ...any) error {
	n, err := tx.change(query, append([]any{it.Kind, it.Key, it.Owner, it.Token}, more...)...)
	if err != nil {
		return fmt.Errorf("release %s %s: %w", it.Kind, it.Key, err)
	}
	if n == 0 {
		return fmt.Errorf("%s %s: %w", it.Kind, it.Key, ErrLost)
	}
	tx.settled = append(tx.settled, it)
	tx.Ring(QueueTopic(it.Kind))
	return nil
}

// Held is ErrLost unless the item is still ours; it then stays so until the
// transaction ends. It fences writes that do not finish the item.
func (tx *Tx) Held(it Item) error {
	rows, err := tx.query(tx.dialect.queue.held, it.Kind, it.Key, it.Owner, it.Token)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("%s %s: %w", it.Kind, it.Key, ErrLost)
	}
	return nil
}

// nextDue returns when the next item that nobody holds is due; 0: there is none.
func (tx *Tx) nextDue(kind, pool string) (gale.Time, error) {
	var at gale.Time
	_, err := tx.QueryRow(tx.dialect.queue.next, []any{kind, pool}, &at)
	return at, err
}

// QueueStat is the state of the queue for one kind.
type QueueStat struct {
	Kind    string
	Ready   int // due, and held by nobody
	Delayed int // due later
	Held    int
	Oldest  time.Duration // for how long the oldest ready item has been due
}

// QueueStats returns a QueueStat for each kind that has items, by kind.
func (s *Store) QueueStats(ctx context.Context) ([]QueueStat, error) {
	var stats []QueueStat
	err := s.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(tx.dialect.queue.stats, tx.Now)
		if err != nil {
			return err
		}
		for _, row := range rows {
			var q QueueStat
			var oldest gale.Time
			if err := scan(row, []any{&q.Kind, &q.Ready, &q.Delayed, &q.Held, &oldest}); err != nil {
				return err
			}
			if oldest != 0 {
				q.Oldest = tx.Now.Sub(oldest)
			}
			stats = append(stats, q)
		}
		return nil
	})
	return stats, err
}

// QueueItem returns the queue's row for a kind and key as an Item, held or
// not (Owner is then empty); found is false when nothing is queued.
func (tx *Tx) QueueItem(kind, key string) (it Item, found bool, err error) {
	it = Item{Kind: kind, Key: key}
	found, err = tx.QueryRow("select pool, owner, token, gen, attempt, run_at from queue where kind = $1 and key = $2",
		[]any{kind, key}, &it.Pool, &it.Owner, &it.Token, &it.Gen, &it.Attempt, &it.RunAt)
	return it, found, err
}

// Unpush removes an item that nobody holds yet: the work is not needed any
// more. An item that is held stays, and removed is false.
func (tx *Tx) Unpush(kind, key string) (removed bool, err error) {
	n, err := tx.Exec("delete from queue where kind = $1 and key = $2 and owner is null", kind, key)
	return n > 0, err
}
