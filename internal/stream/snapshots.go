package stream

import (
	"context"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// maxSnapshots bounds the decoded snapshots kept in memory; an installation
// has about as many as it has actions in use.
const maxSnapshots = 512

// snapshots keeps the decoded actions and runners of recent executions.
// They never change, so that nothing has to be invalidated.
type snapshots struct {
	store *store.Store
	mu    *sync.Mutex
	docs  map[[2]string][2]any
}

func newSnapshots(st *store.Store) snapshots {
	return snapshots{store: st, mu: &sync.Mutex{}, docs: map[[2]string][2]any{}}
}

func (s *snapshots) of(ctx context.Context, e *gale.Execution) (action, runner any, err error) {
	key := [2]string{e.ActionDigest, e.RunnerDigest}
	s.mu.Lock()
	docs, ok := s.docs[key]
	s.mu.Unlock()
	if ok {
		return docs[0], docs[1], nil
	}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		action, runner, err = execution.Snapshots(tx, e)
		return err
	})
	if err != nil && gale.KindOf(err) == gale.NotFound { // purged: the event is still worth telling
		return py.NewDict(0), py.NewDict(0), nil
	}
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.docs) >= maxSnapshots {
		clear(s.docs)
	}
	s.docs[key] = [2]any{action, runner}
	return action, runner, nil
}
