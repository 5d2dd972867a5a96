package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/galehq/gale"
)

// How often leases are renewed, how often those of others are looked at, and
// how long we must have been in touch with the database ourselves before we
// judge others: after an outage everybody needs time to renew.
const (
	renewEvery  = 3 * time.Second
	reapEvery   = 2 * time.Second
	reapContact = 10 * time.Second
)

// leases are the claims that this process has committed and not finished.
type leases struct {
	mu   sync.Mutex
	held map[int64]Item
}

func (l *leases) init() { l.held = map[int64]Item{} }

func (l *leases) add(it Item) {
	l.mu.Lock()
	l.held[it.Token] = it
	l.mu.Unlock()
}

func (l *leases) remove(it Item) {
	l.mu.Lock()
	delete(l.held, it.Token)
	l.mu.Unlock()
}

func (l *leases) has(it Item) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.held[it.Token]
	return ok
}

func (l *leases) tokens() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := make([]int64, 0, len(l.held))
	for t := range l.held {
		tokens = append(tokens, t)
	}
	return tokens
}

// Orphans returns the items that a dead predecessor held when this embedded
// store was opened. Those of step kinds have been queued again. Those of
// effect kinds are still held, under the predecessor's token, which is in the
// item: Done works for them. Whoever does not finish them leaves them to
// Config.Lost.
func (s *Store) Orphans() []Item { return slices.Clone(s.orphans) }

// takeBack ends all leases of an embedded store at open: the lock on the
// directory proves that their holders are gone.
func (s *Store) takeBack(ctx context.Context) error {
	err := s.Update(ctx, func(tx *Tx) error {
		rows, err := tx.query(`select kind, key, pool, owner, token, gen, attempt, run_at from queue
 where owner is not null order by kind, key`)
		if err != nil {
			return err
		}
		if s.orphans, err = scanItems(rows); err != nil {
			return err
		}
		if _, err := tx.Exec("update queue set until = $1 where owner is not null", tx.Now); err != nil {
			return err
		}
		for _, it := range s.orphans {
			if !s.isEffect(it.Kind) {
				if err := tx.requeue(it); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take leases back: %w", err)
	}
	return nil
}

func scanItems(rows [][]any) ([]Item, error) {
	items := make([]Item, len(rows))
	for i, row := range rows {
		it := &items[i]
		err := scan(row, []any{&it.Kind, &it.Key, &it.Pool, &it.Owner, &it.Token, &it.Gen, &it.Attempt, &it.RunAt})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (s *Store) isEffect(kind string) bool { return slices.Contains(s.cfg.Effects, kind) }

// requeue ends a lease without its holder. The attempt counts, so that an
// item which kills its handler is tried less and less often.
func (tx *Tx) requeue(it Item) error {
	return tx.Retry(it, tx.Now.Add(backOff(it.Attempt-1)))
}

// Renew makes all leases of this process good for another lease time. Work
// sees to it; it is exported for tests and for those who claim by hand.
func (s *Store) Renew(ctx context.Context) error {
	tokens := s.leases.tokens()
	if len(tokens) == 0 {
		return s.Ping(ctx)
	}
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(tx.dialect.queue.renew, s.cfg.Owner, tokens, leaseTime.Microseconds(), tx.Now)
		return err
	})
}

// reapBatch is how many lost items one transaction takes care of.
const reapBatch = 100

// Reap ends the leases that ran out. Items of step kinds are queued again,
// those of effect kinds given to Config.Lost and removed, each with what it
// writes in one transaction. It returns how many items it found. Work sees to
// it, and judges nobody before its own contact is good; Reap itself does not
// ask.
func (s *Store) Reap(ctx context.Context) (int, error) {
	var found []Item
	err := s.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(tx.dialect.queue.expired, reapBatch, s.cfg.Owner, s.leases.tokens(), tx.Now)
		if err != nil {
			return err
		}
		found, err = scanItems(rows)
		return err
	})
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, it := range found {
		done, err := s.reapOne(ctx, it)
		if err != nil {
			errs = append(errs, fmt.Errorf("reap %s %s: %w", it.Kind, it.Key, err))
		} else if done {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// reapOne takes an item from a holder whose lease ran out, unless that has
// renewed it, or somebody else has taken it, meanwhile.
func (s *Store) reapOne(ctx context.Context, it Item) (done bool, err error) {
	if s.isEffect(it.Kind) && s.cfg.Lost == nil {
		return false, nil
	}
	err = s.Update(ctx, func(tx *Tx) error {
		done = false
		rows, err := tx.query(tx.dialect.queue.stillLost, it.Kind, it.Key, it.Owner, it.Token, tx.Now)
		if err != nil || len(rows) == 0 {
			return err
		}
		done = true
		if !s.isEffect(it.Kind) {
			return tx.requeue(it)
		}
		if err := s.cfg.Lost(tx, it); err != nil {
			return err
		}
		return tx.Done(it)
	})
	if errors.Is(err, ErrLost) {
		return false, nil
	}
	if err == nil && done {
		s.log.Warn("a lease ran out", "kind", it.Kind, "key", it.Key, "owner", it.Owner, "attempt", it.Attempt)
	}
	return done, err
}

// backOff is how long an item waits after its n-th failure: 0.1 s, doubled
// each time, up to a minute.
func backOff(n int) time.Duration {
	if n < 1 {
		return 0
	}
	return min(100*time.Millisecond<<min(n-1, 20), time.Minute)
}

// upkeep renews the leases of a store and reaps those of others, from the
// first call of Work until the store is closed.
type upkeep struct {
	mu      sync.Mutex
	cancel  context.CancelFunc
	stopped bool
	wg      sync.WaitGroup

	contact time.Time // since when every renewal has succeeded; zero: the last one failed
	last    time.Time // of the last success
}

func (u *upkeep) start(s *Store) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cancel != nil || u.stopped {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	u.wg.Go(func() { u.every(ctx, renewEvery, func() { u.renew(ctx, s) }) })
	u.wg.Go(func() { u.every(ctx, reapEvery, func() { u.reap(ctx, s) }) })
}

func (u *upkeep) stop() {
	u.mu.Lock()
	u.stopped = true
	if u.cancel != nil {
		u.cancel()
	}
	u.mu.Unlock()
	u.wg.Wait()
}

func (u *upkeep) every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}

func (u *upkeep) renew(ctx context.Context, s *Store) {
	limited, cancel := context.WithTimeout(ctx, leaseTime)
	defer cancel()
	err := s.Renew(limited)
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil && !u.contact.IsZero() {
			s.log.Error("leases could not be renewed", "err", err)
		}
		u.contact = time.Time{}
		return
	}
	if u.contact.IsZero() || now.Sub(u.last) > leaseTime-renewEvery {
		u.contact = now
	}
	u.last = now
}

// steady reports whether our own contact has been good for long enough.
func (u *upkeep) steady() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	return !u.contact.IsZero() && now.Sub(u.contact) >= reapContact && now.Sub(u.last) < leaseTime-renewEvery
}

func (u *upkeep) reap(ctx context.Context, s *Store) {
	if !u.steady() {
		return
	}
	fresh, err := s.justStarted(ctx)
	if err == nil && !fresh {
		_, err = s.Reap(ctx)
	}
	if err != nil && ctx.Err() == nil && gale.KindOf(err) != gale.Unavailable {
		s.log.Error("lost leases could not be taken care of", "err", err)
	}
}

// justStarted reports whether the database server itself is too young for
// anybody to have renewed a lease.
func (s *Store) justStarted(ctx context.Context) (fresh bool, err error) {
	query := s.db.dialect().queue.fresh
	if query == "" {
		return false, nil
	}
	n, err := s.number(ctx, s.db, query)
	return n != 0, err
}
