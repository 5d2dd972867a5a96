package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Request is what a handler sees of a call: values of the declared types.
type Request struct {
	HTTP       *http.Request // method, headers and address; the body has been read already
	Op         *Operation
	ID         string      // of the request, as sent in X-Request-ID
	Identity   *Identity   // who asks; nil on operations that are open to everybody
	Credential Credentials // what proved it; the zero value with Config.Anonymous
	Body       any         // a document value, nil when the operation takes no body

	values []value // by index of Op.Params
	srv    *server
}

// value is one parameter of one request.
type value struct {
	set  bool
	b    bool
	n    int64
	s    string
	list []string
}

// Context returns the context of the request.
func (r *Request) Context() context.Context { return r.HTTP.Context() }

// Has reports whether the parameter was given or has a default.
func (r *Request) Has(name string) bool { return r.value(name, "").set }

// String returns a parameter of type string, "" when it was not given.
func (r *Request) String(name string) string { return r.value(name, "string").s }

// Int returns a parameter of type integer, 0 when it was not given.
func (r *Request) Int(name string) int64 { return r.value(name, "integer").n }

// Bool returns a parameter of type boolean, false when it was not given.
func (r *Request) Bool(name string) bool { return r.value(name, "boolean").b }

// Strings returns a parameter of type array, nil when it was not given.
func (r *Request) Strings(name string) []string { return r.value(name, "array").list }

// value finds a parameter by the name that handlers use (x-as). Asking for
// one that the document does not declare, or as another type, is a defect of
// the handler that no request can cause or cure, so it panics.
func (r *Request) value(name, typ string) *value {
	for i := range r.Op.Params {
		p := &r.Op.Params[i]
		if p.As != name {
			continue
		}
		if typ != "" && p.Type != typ {
			panic(fmt.Sprintf("httpapi: %s reads parameter %q as %s, the document says %s", r.Op.ID, name, typ, p.Type))
		}
		return &r.values[i]
	}
	panic(fmt.Sprintf("httpapi: %s reads parameter %q, which the document does not declare", r.Op.ID, name))
}

// Object returns the body as an object; any other body is an Error for the client.
func (r *Request) Object() (*py.Dict, error) {
	if d, ok := r.Body.(*py.Dict); ok {
		return d, nil
	}
	return nil, Errorf(http.StatusBadRequest, "Input body needs to be an object, got: %s", jsonType(r.Body))
}

// User returns the name of who asks, "" when that is open.
func (r *Request) User() string {
	if r.Identity == nil {
		return ""
	}
	return r.Identity.User
}

// Admin reports whether an administrator asks.
func (r *Request) Admin() bool { return r.Identity != nil && r.Identity.Admin }

// Authorize asks whether the requester may use permission on the resource with this uid.
func (r *Request) Authorize(permission, uid string) error {
	if r.srv.cfg.Authorize == nil || permission == "" {
		return nil
	}
	return r.srv.cfg.Authorize(r.Context(), r.Identity, permission, uid)
}

// AuthorizeResource is Authorize with the permission that the document names
// for the resource an operation acts on (x-resource-permission).
func (r *Request) AuthorizeResource(uid string) error {
	return r.Authorize(r.Op.ResourcePermission, uid)
}

// RequireAdmin returns an Error unless an administrator asks.
func (r *Request) RequireAdmin() error {
	if r.Admin() {
		return nil
	}
	return &gale.Error{Kind: gale.Forbidden, Message: "Administrator access required"}
}

// jsonType names the type of a document value as JSON does.
func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case *py.Dict:
		return "object"
	case float64:
		return "number"
	}
	return "integer"
}
