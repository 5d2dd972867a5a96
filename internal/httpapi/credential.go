package httpapi

import (
	"context"
	"net/http"

	"github.com/galehq/gale"
)

const (
	tokenHeader  = "X-Auth-Token"
	apiKeyHeader = "St2-Api-Key"
	tokenQuery   = "x-auth-token"
	apiKeyQuery  = "st2-api-key"
	tokenCookie  = "auth-token"
)

// credentials returns the first credential that is present; the others do not
// count, even if it turns out to be wrong. Empty ones are not present.
func credentials(r *http.Request) Credentials {
	if s := r.Header.Get(tokenHeader); s != "" {
		return Credentials{Token, InHeader, s}
	}
	if s := r.Header.Get(apiKeyHeader); s != "" {
		return Credentials{APIKey, InHeader, s}
	}
	if r.URL.RawQuery != "" {
		if s := queryValue(r.URL.RawQuery, tokenQuery); s != "" {
			return Credentials{Token, InQuery, s}
		}
		if s := queryValue(r.URL.RawQuery, apiKeyQuery); s != "" {
			return Credentials{APIKey, InQuery, s}
		}
	}
	if c, err := r.Cookie(tokenCookie); err == nil && c.Value != "" {
		return Credentials{Token, InCookie, c.Value}
	}
	return Credentials{}
}

var errNoCredentials = &Error{Status: http.StatusUnauthorized, Fault: "Unauthorized - One of Token or API key required."}

// identify finds out who asks and whether they may use the operation at all.
func (s *server) identify(ctx context.Context, req *Request) error {
	if s.cfg.Anonymous != nil {
		// Without credentials every page that a user of this network visits
		// could act here, as nothing else tells it from a program.
		if err := s.sameOrigin(req.HTTP); err != nil {
			return err
		}
		req.Identity = s.cfg.Anonymous
	} else if err := s.authenticate(ctx, req); err != nil || req.Op.Open {
		return err
	}
	if req.Op.Admin {
		if err := req.RequireAdmin(); err != nil {
			return err
		}
	}
	return req.Authorize(req.Op.Permission, "")
}

func (s *server) authenticate(ctx context.Context, req *Request) error {
	if req.Op.Open {
		return nil
	}
	c := credentials(req.HTTP)
	if c.Kind == NoCredential {
		return errNoCredentials
	}
	if c.Location == InCookie {
		if err := s.sameOrigin(req.HTTP); err != nil {
			return err
		}
	}
	id, err := s.cfg.Authenticate(ctx, c)
	if err != nil {
		return err
	}
	if id == nil {
		return &Error{Status: http.StatusUnauthorized, Fault: "Unauthorized"}
	}
	req.Identity, req.Credential = id, c
	return nil
}

// sameOrigin refuses what a page of another site does in a visitor's place: with
// the cookie, or where no credentials are asked for. Requests that prove
// themselves otherwise cannot be made by one.
func (s *server) sameOrigin(r *http.Request) error {
	if err := s.crossOrigin.Check(r); err != nil {
		return &Error{Status: http.StatusForbidden, Fault: "A page of another site may not act here; api.allow_origin lists those that may.", Err: err}
	}
	return nil
}

// tokenCookieFor returns the cookie that lets a browser go on with a token
// where it cannot send headers (event streams, images); nil if none is due.
func (s *server) tokenCookieFor(req *Request, now gale.Time) *http.Cookie {
	c, id := req.Credential, req.Identity
	if c.Kind != Token || c.Location == InCookie || id == nil || id.Expiry <= now {
		return nil
	}
	return &http.Cookie{
		Name: tokenCookie, Value: c.Secret, Path: "/", Expires: id.Expiry.Std(),
		MaxAge: int(id.Expiry.Sub(now).Seconds()), HttpOnly: true,
		Secure: !s.cfg.CookieInsecure, SameSite: s.sameSite,
	}
}
