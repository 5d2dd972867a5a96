package httpapi

import "github.com/galehq/gale"

// CredentialKind is the kind of proof that a request carries.
type CredentialKind int

const (
	NoCredential CredentialKind = iota
	Token                       // a token, from POST /auth/v1/tokens or of a running action
	APIKey
)

// Location says where in a request a credential was found.
type Location string

const (
	InHeader Location = "header"
	InQuery  Location = "query"
	InCookie Location = "cookie"
)

// Credentials are the proof that a request carries. They are never logged.
type Credentials struct {
	Kind     CredentialKind
	Location Location
	Secret   string
}

// Method names the kind as GET /user shows it.
func (c Credentials) Method() string {
	switch c.Kind {
	case Token:
		return "authentication token"
	case APIKey:
		return "API key"
	}
	return ""
}

// String hides the secret from logs and error texts.
func (c Credentials) String() string { return c.Method() + " in " + string(c.Location) }

// GoString is String, so that %#v does not tell more.
func (c Credentials) GoString() string { return c.String() }

// Identity is who is asking. Its fields are those of auth.Identity in the
// same order, so that one converts to the other.
type Identity struct {
	User        string
	Admin       bool
	Service     bool   // a running action's or one of Gale's own tokens
	ExecutionID string // the execution whose token this is
	Method      string
	Expiry      gale.Time // zero: does not end
}
