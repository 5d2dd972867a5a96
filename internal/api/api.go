// Package api has the handlers of the API: one for each operation of the API
// document, apart from those of the event stream.
//
// Handlers translate. What a request means is decided in the packages below
// (execution, trigger, pack, datastore, auth); what is answered is a document
// in StackStorm's form, with secrets masked unless an administrator asks to
// see them.
package api

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/config"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

// Service is what the handlers have. It must not be copied once it is in use.
type Service struct {
	Store  *store.Store
	Exec   *execution.Service
	Data   *datastore.Service
	Key    *secret.Key
	Signer auth.Signer
	Places pack.Places
	Config *config.Config
	URL    string // of this server, for clients that ask where the API is
	Log    *slog.Logger

	// Explain tells what the rules made of a trigger instance. Its error is
	// gale.NotFound for an id that is none.
	Explain func(ctx context.Context, id string) (any, error)

	snapshots  snapshots
	passwords  passwordGate
	writeFiles sync.Mutex // one configuration file, or set of data files, at a time
}

// Handlers returns the handlers by operation id.
func (s *Service) Handlers() httpapi.Handlers {
	all := httpapi.Handlers{}
	for _, part := range []httpapi.Handlers{
		s.executionHandlers(),
		s.actionHandlers(),
		s.aliasHandlers(),
		s.ruleHandlers(),
		s.triggerHandlers(),
		s.packHandlers(),
		s.policyHandlers(),
		s.runnerHandlers(),
		s.keyHandlers(),
		s.authHandlers(),
		s.userHandlers(),
		s.infoHandlers(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// Hooks returns how the router asks who somebody is and what they may do.
func (s *Service) Hooks() httpapi.Config {
	cfg := httpapi.Config{
		Authenticate:   s.authenticate,
		AllowOrigin:    s.Config.API.AllowOrigin,
		CookieInsecure: !s.Config.API.AuthCookieSecure,
		CookieSameSite: s.Config.API.AuthCookieSameSite,
		MaxPageSize:    int64(s.Config.API.MaxPageSize),
		MaxBody:        int64(s.Config.Gale.MaxBody),
		Log:            s.Log,
	}
	if !s.Config.Auth.Enable {
		cfg.Anonymous = &httpapi.Identity{User: s.Config.SystemUser.User, Admin: true, Method: "none"}
	}
	return cfg
}

func (s *Service) authenticate(ctx context.Context, c httpapi.Credentials) (*httpapi.Identity, error) {
	var id *auth.Identity
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		switch {
		case c.Kind == httpapi.APIKey:
			id, err = auth.ByAPIKey(tx, c.Secret)
		case auth.IsActionToken(c.Secret):
			id, err = s.Signer.ByActionToken(tx, c.Secret)
		default:
			id, err = auth.ByToken(tx, c.Secret)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return (*httpapi.Identity)(id), nil
}
