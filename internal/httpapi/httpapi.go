// Package httpapi serves the API document: it reads methods, paths,
// parameters, body schemas and permissions from the document and calls one
// handler for each operation. Nothing is generated and nothing is registered
// by path; a handler belongs to an operation id.
//
// A request travels in this order, and each step may end it: the path is
// decoded and matched (404), the credentials are checked (401), the
// permission of the operation is asked for (403), parameters are read and
// cast (400), the body is read, parsed and checked against its schema (400,
// 413), and the handler runs. So nobody unknown makes the server read a body,
// and a handler sees only values of the declared types.
//
// What clients of StackStorm rely on is kept to the letter: paths match after
// decoding, one trailing slash is dropped, a wrong method is a 404, unknown
// query parameters are ignored, and every error is {"faultstring": "…"}.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/galehq/gale/py"
)

// A Handler serves one operation. The context of the request ends when the
// client leaves, when the time limit has passed, or when the server stops.
//
// It returns what to answer, or an error: an *Error as it is, an error with a
// gale.Kind by its kind, anything else as an internal error whose text is
// logged and not shown. A nil Response means the operation's success status
// without a body.
type Handler func(*Request) (*Response, error)

// Handlers maps operation ids of the document to their handlers.
type Handlers map[string]Handler

// Config is what New needs besides the document.
type Config struct {
	Handlers Handlers

	// Authenticate says who holds the credentials. Its errors should be of
	// kind gale.Unauthenticated, with the text that the client sees.
	Authenticate func(ctx context.Context, c Credentials) (*Identity, error)

	// Authorize says whether id may do what permission names, on the resource
	// with this uid or, if resource is "", at all. nil lets everybody who is
	// known do everything that is not for administrators.
	Authorize func(ctx context.Context, id *Identity, permission, resource string) error

	// ValidateBody checks a body and returns it with defaults filled in; it
	// may change body. name is the body's x-validate in the document, or the
	// name of its schema; the schema is what Document.Schema returns. An error
	// of kind gale.Invalid is shown to the client. The default is package schema.
	ValidateBody func(name string, schema *py.Dict, body any) (any, error)

	// Anonymous, when set, is who everybody is: no credentials are asked for.
	Anonymous *Identity

	// Direct is the service whose operations are also served without their
	// prefix (/v1/actions for /api/v1/actions): API, Auth or Stream. Listeners
	// that stand in for StackStorm's ports 9101, 9100 and 9102 differ in it.
	// The default is API.
	Direct Service

	AllowOrigin    []string      // api.allow_origin: origins that may read answers in a browser
	CookieInsecure bool          // send the token cookie over plain HTTP too (api.auth_cookie_secure = false)
	CookieSameSite string        // strict, lax (default), none or unset
	RBAC           bool          // rbac.enable: pages beyond MaxPageSize are for administrators
	MaxPageSize    int64         // api.max_page_size; default 100
	MaxBody        int64         // bytes; default 10 MiB. A larger body is answered with 413
	Timeout        time.Duration // of one request that is no stream; default 90 s
	Log            *slog.Logger  // default: nothing is logged
}

const (
	defaultMaxBody = 10 << 20
	defaultTimeout = 90 * time.Second
	defaultPage    = 100
)

// Service is one of the three parts of the API, which StackStorm serves on
// three ports.
type Service string

const (
	API    Service = "api"
	Auth   Service = "auth"
	Stream Service = "stream"
)

// New returns the handler for all of the document's operations. It fails when
// an operation has no handler or a handler no operation, and when the
// document asks for a hook that cfg lacks.
//
// The handler must receive paths as the client sent them: behind an
// http.ServeMux, which cleans paths and redirects, it would not be compatible.
// It limits how long a request may take and how long one piece of a stream may
// be under way; http.Server should set ReadHeaderTimeout, IdleTimeout and
// WriteTimeout (streams move their own deadline), and no ReadTimeout, which
// would end streams.
func New(doc *Document, cfg Config) (http.Handler, error) {
	return newServer(doc, cfg)
}
