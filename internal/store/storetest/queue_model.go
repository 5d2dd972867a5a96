package storetest

import (
	"cmp"
	"errors"
	"slices"

	"pgregory.net/rapid"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

// never is a time at which nothing is due while the tests run.
const never = gale.Time(1) << 60

func (m *queueModel) update(r *rapid.T, fn func(tx *store.Tx) error) {
	if err := m.s.Update(m.t.Context(), fn); err != nil {
		r.Fatalf("update: %v", err)
	}
}

func (m *queueModel) push(r *rapid.T) {
	p := store.Push{Kind: m.kind, Key: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(r, "key"),
		RunAt: gale.Time(rapid.IntRange(1, 5).Draw(r, "at")), Priority: rapid.IntRange(0, 2).Draw(r, "priority")}
	if rapid.Bool().Draw(r, "later") {
		p.RunAt += never
	}
	m.update(r, func(tx *store.Tx) error { return tx.Push(p) })
	it := m.items[p.Key]
	switch {
	case it == nil:
		m.items[p.Key] = &modelItem{gen: 1, runAt: p.RunAt, priority: p.Priority}
		return
	case it.held == nil || it.gen > it.seen:
		it.runAt = min(it.runAt, p.RunAt)
	default:
		it.runAt = p.RunAt
	}
	it.gen++
	it.priority = min(it.priority, p.Priority)
}

// due returns the free, due keys in the order in which they are claimed.
func (m *queueModel) due() []string {
	var due []string
	for k, it := range m.items {
		if it.held == nil && it.runAt < never {
			due = append(due, k)
		}
	}
	slices.SortFunc(due, func(a, b string) int {
		x, y := m.items[a], m.items[b]
		return cmp.Or(cmp.Compare(x.priority, y.priority), cmp.Compare(x.runAt, y.runAt))
	})
	return due
}

func (m *queueModel) claim(r *rapid.T) {
	n := rapid.IntRange(1, 3).Draw(r, "n")
	due := m.due()
	var got []store.Item
	m.update(r, func(tx *store.Tx) (err error) {
		got, err = tx.Claim(m.kind, "", n)
		return err
	})
	if len(got) != min(n, len(due)) {
		r.Fatalf("claimed %d items, want %d", len(got), min(n, len(due)))
	}
	for i, g := range got {
		it, want := m.items[g.Key], m.items[due[i]]
		if it == nil || it.held != nil || it.priority != want.priority || it.runAt != want.runAt {
			r.Fatalf("claimed %+v at place %d, want one like %s", g, i, due[i])
		}
		it.attempt++
		if g.Gen != it.gen || g.Attempt != it.attempt || g.RunAt != it.runAt {
			r.Fatalf("claimed %+v, want gen %d, attempt %d, due at %d", g, it.gen, it.attempt, it.runAt)
		}
		it.held, it.seen = &got[i], it.gen
	}
}

func (m *queueModel) anyHeld(r *rapid.T) (string, *modelItem) {
	var held []string
	for k, it := range m.items {
		if it.held != nil {
			held = append(held, k)
		}
	}
	if len(held) == 0 {
		r.Skip("nothing is held")
	}
	slices.Sort(held)
	k := rapid.SampledFrom(held).Draw(r, "held")
	return k, m.items[k]
}

func (m *queueModel) done(r *rapid.T) {
	k, it := m.anyHeld(r)
	m.update(r, func(tx *store.Tx) error { return tx.Done(*it.held) })
	m.stale = append(m.stale, *it.held)
	if it.gen == it.seen {
		delete(m.items, k)
		return
	}
	it.held, it.attempt = nil, 0
}

func (m *queueModel) release(r *rapid.T) {
	_, it := m.anyHeld(r)
	at := gale.Time(rapid.IntRange(1, 5).Draw(r, "at"))
	retry := rapid.Bool().Draw(r, "retry")
	m.update(r, func(tx *store.Tx) error {
		if retry {
			return tx.Retry(*it.held, at)
		}
		return tx.Release(*it.held, at)
	})
	m.stale = append(m.stale, *it.held)
	if it.gen > it.seen {
		at = min(at, it.runAt)
	}
	it.held, it.runAt = nil, at
	if !retry {
		it.attempt = 0
	}
}

// useStale uses a claim that is over: it must never work.
func (m *queueModel) useStale(r *rapid.T) {
	if len(m.stale) == 0 {
		r.Skip("no claim is over yet")
	}
	it := rapid.SampledFrom(m.stale).Draw(r, "stale")
	if err := m.s.Update(m.t.Context(), func(tx *store.Tx) error { return tx.Done(it) }); !errors.Is(err, store.ErrLost) {
		r.Fatalf("Done of a claim that is over = %v, want %v", err, store.ErrLost)
	}
}

func (m *queueModel) check(r *rapid.T) {
	for k, want := range m.items {
		got, found := queueItem(m.t, m.s, m.kind, k)
		if !found || got.Gen != want.gen || got.RunAt != want.runAt || got.Attempt != want.attempt || (got.Owner != "") != (want.held != nil) {
			r.Fatalf("%s = %+v, %v, want %+v", k, got, found, want)
		}
	}
}
