package execution

import (
	"context"
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Final are the parameters with which an action runs.
type Final struct {
	Runner *py.Dict
	Action *py.Dict
	Config *py.Dict // the resolved configuration of the action's pack
}

// All returns the parameters of both in one.
func (f *Final) All() *py.Dict {
	all := f.Runner.Clone()
	if all == nil {
		all = py.NewDict(f.Action.Len())
	}
	for k, v := range f.Action.All() {
		all.Set(k, v)
	}
	return all
}

// Final makes the parameters of an execution that begins: given are those
// stored with it, in clear; what they leave out comes from defaults.
func (s *Service) Final(ctx context.Context, def *Definition, e *gale.Execution, given *py.Dict) (*Final, error) {
	src, err := s.source(ctx, def, e, true)
	if err != nil {
		return nil, err
	}
	f := &Final{}
	f.Config, _ = src.Config.(*py.Dict)
	f.Runner, f.Action, err = params.Final(s.Engine, def.Params, def.Runner.Parameters, given, src)
	if err == nil {
		err = src.Datastore.Err()
	}
	return f, err
}

// Source is what templates of a request may refer to, for callers that render
// its parameters themselves.
func (s *Service) Source(ctx context.Context, def *Definition, req Request) (params.Source, error) {
	return s.source(ctx, def, s.begin(def, req), false)
}

// source is what templates of an execution may refer to. A configuration that
// cannot be resolved is empty while an execution is requested, as in
// StackStorm, and an error (strict) when it is about to run.
func (s *Service) source(ctx context.Context, def *Definition, e *gale.Execution, strict bool) (params.Source, error) {
	data := s.Datastore(ctx, params.User(e.Context, s.SystemUser))
	config, err := s.ResolveConfig(def, data)
	if err != nil && strict {
		return params.Source{}, err
	}
	if err != nil {
		config = py.NewDict(0)
	}
	return params.Source{Datastore: data, Context: e.Context, Config: config}, nil
}

// ResolveConfig returns the configuration of an action's pack as the action gets it.
func (s *Service) ResolveConfig(def *Definition, data *params.Datastore) (*py.Dict, error) {
	if def.Config.Len() == 0 && def.ConfigSchema.Len() == 0 {
		return py.NewDict(0), nil
	}
	return params.ResolveConfig(def.ConfigSchema, def.Config, params.ConfigSource{
		Pack: def.Action.Pack, Engine: s.Engine, Datastore: data, Decrypt: s.Key.Decrypt})
}

// Datastore returns the datastore as templates of a user see it.
func (s *Service) Datastore(ctx context.Context, user string) *params.Datastore {
	return params.NewDatastore(keyReader{ctx, s.Store}, user)
}

// keyReader reads single items for templates, each when it is asked for.
type keyReader struct {
	ctx   context.Context
	store *store.Store
}

// ReadKey implements params.Reader.
func (r keyReader) ReadKey(scope, user, name string) (value string, found bool, err error) {
	if scope == gale.ScopeUser {
		name = user + ":" + name
	}
	err = r.store.View(r.ctx, func(tx *store.Tx) error {
		items, err := store.Keys.Find(tx, store.Query{Where: []store.Cond{store.Eq("scope", scope), store.Eq("name", name)}})
		if err != nil || len(items) == 0 {
			return err
		}
		if k := items[0]; k.Expire == 0 || k.Expire > tx.Now {
			value, found = k.Value, true
		}
		return nil
	})
	if err != nil {
		return "", false, fmt.Errorf("datastore item %s: %w", name, err)
	}
	return value, found, nil
}
