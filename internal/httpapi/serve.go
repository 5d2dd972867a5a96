package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale"
)

type server struct {
	cfg         Config
	routes      *routes
	handlers    map[*Operation]Handler
	cors        cors
	crossOrigin *http.CrossOriginProtection
	sameSite    http.SameSite
}

func newServer(doc *Document, cfg Config) (*server, error) {
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxPageSize <= 0 {
		cfg.MaxPageSize = defaultPage
	}
	if cfg.Direct == "" {
		cfg.Direct = API
	}
	if cfg.ValidateBody == nil {
		cfg.ValidateBody = validateBody
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	rs, err := newRoutes(doc, cfg.Direct)
	if err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, routes: rs, cors: newCORS(cfg.AllowOrigin)}
	if s.handlers, err = bind(doc, cfg); err != nil {
		return nil, err
	}
	if s.sameSite, err = sameSiteOf(cfg); err != nil {
		return nil, err
	}
	s.crossOrigin, err = s.cors.protection()
	return s, err
}

// bind gives every operation its handler and checks that none is left over.
func bind(doc *Document, cfg Config) (map[*Operation]Handler, error) {
	handlers := make(map[*Operation]Handler, len(doc.Operations))
	var errs []error
	for _, op := range doc.Operations {
		h := cfg.Handlers[op.ID]
		if op.ID == documentID && h == nil {
			h = doc.serve
		}
		switch {
		case h == nil:
			errs = append(errs, fmt.Errorf("operation %s has no handler", op.ID))
		case !op.Open && cfg.Authenticate == nil && cfg.Anonymous == nil:
			errs = append(errs, fmt.Errorf("operation %s needs Config.Authenticate", op.ID))
		}
		handlers[op] = h
	}
	for id := range cfg.Handlers {
		if !slices.ContainsFunc(doc.Operations, func(op *Operation) bool { return op.ID == id }) {
			errs = append(errs, fmt.Errorf("handler %s belongs to no operation", id))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return handlers, errors.Join(errs...)
}

func sameSiteOf(cfg Config) (http.SameSite, error) {
	switch cfg.CookieSameSite {
	case "", "lax":
		return http.SameSiteLaxMode, nil
	case "strict":
		return http.SameSiteStrictMode, nil
	case "unset":
		return 0, nil
	case "none":
		if cfg.CookieInsecure {
			return 0, errors.New("auth_cookie_same_site = none needs auth_cookie_secure = True")
		}
		return http.SameSiteNoneMode, nil
	}
	return 0, fmt.Errorf("auth_cookie_same_site %q is none of strict, lax, none, unset", cfg.CookieSameSite)
}

// documentID is the operation that New has a handler for by itself.
const documentID = "document.get"

func (doc *Document) serve(*Request) (*Response, error) { return OK(JSON(doc.Text)) }

// exchange is one request on its way to its answer.
type exchange struct {
	*server
	w     http.ResponseWriter
	req   Request
	start time.Time
	conn  context.Context // ends when the client leaves or the server stops

	status int   // of the answer, 0 before it
	size   int64 // bytes of its body
	err    error // why it is no success
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, w: w, start: time.Now(), conn: r.Context()}
	x.req = Request{HTTP: r, srv: s, ID: requestID(r.Header.Get("X-Request-Id"))}
	defer x.finish()
	h := w.Header()
	h["X-Request-Id"] = []string{x.req.ID}
	h["X-Content-Type-Options"] = noSniff
	s.cors.headers(h, r.Header.Get("Origin"))
	if r.ContentLength != 0 {
		setReadDeadline(w, x.start.Add(s.cfg.Timeout))
	}
	if r.Method == http.MethodOptions {
		h.Set("Content-Type", "text/html; charset=UTF-8")
		x.writeHeader(http.StatusOK)
		return
	}
	rt, vars, err := x.match()
	if err != nil {
		x.fail(err)
		return
	}
	if !rt.op.Streaming {
		ctx, cancel := context.WithTimeout(x.conn, s.cfg.Timeout)
		defer cancel() // after the answer, which may still read with it
		x.req.HTTP = r.WithContext(ctx)
	}
	resp, err := x.serve(rt, &vars)
	if err != nil {
		x.fail(err)
		return
	}
	x.answer(resp)
}

var noSniff = []string{"nosniff"}

// finish logs the exchange. A panic of a handler becomes an internal error.
func (x *exchange) finish() {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			x.log()
			panic(p)
		}
		x.cfg.Log.LogAttrs(context.Background(), slog.LevelError, "handler panicked",
			slog.String("request_id", x.req.ID), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		begun := x.status != 0
		x.err = errPanic
		if begun { // a cut connection is the only way left to say that the answer is not whole
			x.log()
			panic(http.ErrAbortHandler)
		}
		x.fail(errPanic)
	}
	x.log()
}

var errPanic = &Error{Status: http.StatusInternalServerError, Fault: "Internal Server Error"}

// match finds the operation.
func (x *exchange) match() (*route, [maxVars]string, error) {
	path := x.req.HTTP.URL.Path
	if !utf8.ValidString(path) {
		return nil, [maxVars]string{}, badPath(path)
	}
	rt, vars := x.routes.find(x.req.HTTP.Method, path)
	if rt == nil {
		return nil, vars, errNotFound
	}
	x.req.Op = rt.op
	return rt, vars, nil
}

// serve takes the steps of the package comment that follow on matching.
func (x *exchange) serve(rt *route, vars *[maxVars]string) (*Response, error) {
	req := &x.req
	if err := x.identify(req.Context(), req); err != nil {
		return nil, err
	}
	var err error
	if req.values, err = rt.params(req.HTTP, vars); err != nil {
		return nil, err
	}
	if rt.op.Body != nil {
		if req.Body, err = x.readBody(x.w, req.HTTP, rt.op); err != nil {
			return nil, err
		}
	}
	return x.handlers[rt.op](req)
}

// badPath shows the path as StackStorm does, byte by byte.
func badPath(path string) error {
	runes := make([]rune, len(path))
	for i := range len(path) {
		runes[i] = rune(path[i])
	}
	return Errorf(http.StatusBadRequest, `Failed to parse request path "%s". URL likely contains invalid or incorrectly URL encoded values.`, string(runes))
}

// log writes the line of the access log. Query texts may hold credentials and
// some paths hold API keys, so neither is logged as it came.
func (x *exchange) log() {
	level := slog.LevelInfo
	if x.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	ctx := context.Background()
	if !x.cfg.Log.Enabled(ctx, level) {
		return
	}
	r := x.req.HTTP
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("method", r.Method), slog.String("path", x.shownPath()),
		slog.Int("status", x.status), slog.Int64("bytes", x.size),
		slog.Duration("took", time.Since(x.start)), slog.String("request_id", x.req.ID), slog.String("remote", r.RemoteAddr))
	if q := maskQuery(r.URL.RawQuery); q != "" {
		attrs = append(attrs, slog.String("query", q))
	}
	if u := x.req.User(); u != "" {
		attrs = append(attrs, slog.String("user", u))
	}
	if x.req.Op != nil {
		attrs = append(attrs, slog.String("operation", x.req.Op.ID))
	}
	if x.err != nil && loggable(x.status) {
		attrs = append(attrs, slog.String("error", causeText(x.err)))
	}
	x.cfg.Log.LogAttrs(ctx, level, "request", attrs...)
}

// loggable reports whether the reason of an answer may be logged. What is
// wrong with a request may quote it, passwords included; the client has been
// told and has the request id.
func loggable(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusUnauthorized ||
		status == http.StatusForbidden || status < http.StatusBadRequest
}

// causeText is what the log says about a failure: the fault and, where the
// client is told less, the cause.
func causeText(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Err != nil && e.Err.Error() != e.Fault {
		return e.Fault + ": " + e.Err.Error()
	}
	return err.Error()
}

func (x *exchange) now() gale.Time { return gale.TimeOf(x.start) }
