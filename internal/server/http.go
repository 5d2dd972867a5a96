package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	apidoc "github.com/galehq/gale/api"
	"github.com/galehq/gale/internal/api"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/rule"
	"github.com/galehq/gale/internal/stream"
	"github.com/galehq/gale/py"
)

// drain is how long requests may go on when the server stops.
const drain = 5 * time.Second

// slowBody is how long a client may take to send a body that is not the API's.
const slowBody = 10 * time.Second

// serve answers HTTP until serving ends. When ctx has ended it says that this
// process is not the one to turn to any more.
func (p *Process) serve(ctx, serving context.Context, chosen []Role) error {
	hub := stream.NewHub(p.Store, p.Bus, p.Log)
	hubDone := make(chan error, 1)
	hubCtx, stopHub := context.WithCancel(serving)
	defer stopHub()
	go func() { hubDone <- hub.Run(hubCtx) }()
	site := &site{p: p}
	if has(chosen, "api") || has(chosen, "auth") || has(chosen, "stream") {
		handler, err := p.handler(hub)
		if err != nil {
			return err
		}
		site.api = handler
	}
	srv := &http.Server{
		Handler:           site,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(p.listener) }()
	site.ready.Store(true)
	p.banner(chosen)
	select {
	case err := <-failed:
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	site.ready.Store(false)
	<-serving.Done()
	hubErr := <-hubDone // first, as it ends the streams, which never end by themselves
	stopping, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if err := srv.Shutdown(stopping); err != nil {
		_ = srv.Close()
	}
	return hubErr
}

// handler is the API as its document says.
func (p *Process) handler(hub *stream.Hub) (http.Handler, error) {
	doc, err := httpapi.ParseDocument(apidoc.Document)
	if err != nil {
		return nil, err
	}
	service := &api.Service{Store: p.Store, Exec: p.Exec, Data: p.Data, Key: p.Key, Signer: p.Signer, Places: p.Places,
		Config: p.Config, URL: p.URL(), Log: p.Log, Explain: p.explain}
	handlers := service.Handlers()
	for id, h := range hub.Handlers() {
		handlers[id] = h
	}
	cfg := service.Hooks()
	cfg.Handlers = handlers
	return httpapi.New(doc, cfg)
}

// explain asks the rules engine's own functions, whether or not this process
// has that role.
func (p *Process) explain(ctx context.Context, instanceID string) (any, error) {
	e := &rule.Engine{Store: p.Store, Exec: p.Exec, Key: p.Key, Log: p.Log}
	return e.Explain(ctx, instanceID)
}

// site is everything that is served: the API, the health of the process and
// the set-up form.
type site struct {
	p     *Process
	api   http.Handler
	ready atomic.Bool
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 { // the API sets a time of its own
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(slowBody))
	}
	switch path := r.URL.Path; {
	case path == "/healthz":
		answer(w, http.StatusOK, py.DictOf("status", "ok"))
	case path == "/readyz":
		s.readiness(w, r)
	case strings.HasPrefix(path, "/setup/"):
		s.setup(w, r, strings.TrimPrefix(path, "/setup/"))
	case path == "/" && s.api != nil:
		answer(w, http.StatusOK, py.DictOf("gale", "event-driven automation", "api", "/api/v1", "auth", "/auth/v1", "stream", "/stream/v1"))
	case s.api != nil:
		s.api.ServeHTTP(w, r)
	default:
		answer(w, http.StatusNotFound, py.DictOf("faultstring", "This process serves no API; its roles are for work only."))
	}
}

// readiness names the dependency that fails.
func (s *site) readiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	switch err := s.p.Store.Ping(ctx); {
	case !s.ready.Load():
		answer(w, http.StatusServiceUnavailable, py.DictOf("status", "stopping"))
	case err != nil:
		answer(w, http.StatusServiceUnavailable, py.DictOf("status", "unavailable", "database", err.Error()))
	default:
		answer(w, http.StatusOK, py.DictOf("status", "ready"))
	}
}

func answer(w http.ResponseWriter, status int, body *py.Dict) {
	text, err := py.AppendJSON(nil, body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// setup serves the form behind the single-use link of the first start.
func (s *site) setup(w http.ResponseWriter, r *http.Request, token string) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var err error
	page := setupPage{}
	switch r.Method {
	case http.MethodGet:
		err = s.p.checkSetup(r.Context(), token)
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		page.Name = r.PostFormValue("name")
		err = s.p.useSetup(r.Context(), token, page.Name, r.PostFormValue("password"), r.PostFormValue("again"))
		page.Done = err == nil
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if err != nil {
		page.Problem = err.Error()
		page.Gone = errors.Is(err, errSetupGone)
		w.WriteHeader(http.StatusBadRequest)
	}
	if err := setupTemplate.Execute(w, page); err != nil {
		s.p.Log.Warn("the set-up page was not sent", "error", err)
	}
}
