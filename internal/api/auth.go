package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) authHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"tokens.create":   s.createToken,
		"tokens.validate": s.validateToken,
		"api_keys.list":   s.listAPIKeys,
		"api_keys.create": s.createAPIKey,
		"api_keys.get":    s.getAPIKey,
		"api_keys.update": s.updateAPIKey,
		"api_keys.delete": s.deleteAPIKey,
	}
}

// passwordGate bounds how many passwords are hashed at once. Hashing is slow
// on purpose, and whoever guesses passwords shall not have all of the machine.
type passwordGate struct {
	once sync.Once
	gate chan struct{}
}

// enter waits for its turn; leave must be called after nil.
func (g *passwordGate) enter(ctx context.Context) error {
	g.once.Do(func() { g.gate = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)) })
	select {
	case g.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *passwordGate) leave() { <-g.gate }

var errCredentials = &httpapi.Error{Status: http.StatusUnauthorized, Fault: "Invalid or missing credentials"}

// createToken trades a name and a password for a token.
func (s *Service) createToken(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	user, err := s.login(r)
	if err != nil {
		return nil, err
	}
	ttl, err := s.tokenTTL(body)
	if err != nil {
		return nil, err
	}
	var token *gale.Token
	var secretText string
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		whom, err := s.speaksFor(tx, user, body)
		if err != nil {
			return err
		}
		secretText, token, err = auth.IssueToken(tx, whom, ttl, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("X-Api-Url", s.apiURL())
	return &httpapi.Response{Header: header, Body: py.DictOf("id", token.ID, "user", token.User, "token", secretText,
		"expiry", token.Expiry.String(), "metadata", token.Metadata, "service", token.Service)}, nil
}

// apiURL is where clients that ask for a token find the API.
func (s *Service) apiURL() string {
	if s.Config.Auth.APIURL != "" {
		return strings.TrimRight(s.Config.Auth.APIURL, "/")
	}
	return s.URL
}

// login returns who asks for a token, by password or, in proxy mode, as the
// web server in front says.
func (s *Service) login(r *httpapi.Request) (string, error) {
	name, password, basic := basicAuth(r.String("authorization"))
	if s.Config.Auth.Mode == "proxy" {
		if user := r.String("forwarded_user"); user != "" {
			name, basic = user, true
		}
		if !basic || name == "" {
			return "", errCredentials
		}
		return name, nil
	}
	if !basic || name == "" {
		return "", errCredentials
	}
	var user *gale.User
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		user, err = store.Users.By(tx, "name", name)
		if notFound(err) {
			user, err = nil, nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if err := s.passwords.enter(r.Context()); err != nil {
		return "", err
	}
	defer s.passwords.leave()
	if !auth.CheckPassword(user, password) {
		return "", errCredentials
	}
	return user.Name, nil
}

func basicAuth(header string) (name, password string, ok bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// tokenTTL is how long a token shall live.
func (s *Service) tokenTTL(body *py.Dict) (time.Duration, error) {
	longest := s.Config.Auth.TokenTTL
	v, _ := body.GetString("ttl")
	seconds, given := v.(int64)
	switch {
	case !given:
		return longest, nil
	case seconds > int64(longest/time.Second):
		return 0, badRequest("TTL specified %d is greater than max allowed %d.", seconds, int64(longest/time.Second))
	}
	return time.Duration(seconds) * time.Second, nil
}

// speaksFor returns whose token it will be, and makes sure that there is such
// a user. Only services may ask for somebody else's.
func (s *Service) speaksFor(tx *store.Tx, user string, body *py.Dict) (string, error) {
	self, err := store.Users.By(tx, "name", user)
	if notFound(err) {
		if self, err = auth.SaveUser(tx, user, "", false); gale.KindOf(err) == gale.Invalid && err != nil {
			return "", errCredentials
		}
	}
	if err != nil {
		return "", err
	}
	whom := text(body, "user")
	if whom == "" {
		whom = text(body, "impersonate_user")
	}
	if whom == "" || whom == user {
		return user, nil
	}
	if !self.IsService {
		return "", badRequest("Current user is not a service and cannot request impersonated tokens")
	}
	found, err := impersonated(tx, whom, text(body, "nickname_origin"))
	if err != nil {
		return "", err
	}
	if found.IsAdmin && !self.IsAdmin {
		return "", forbidden("A service that is no administrator cannot speak for one")
	}
	return found.Name, nil
}

// impersonated finds a user by name, or by the name that they have elsewhere.
func impersonated(tx *store.Tx, name, origin string) (*gale.User, error) {
	if origin == "" {
		u, err := store.Users.By(tx, "name", name)
		if notFound(err) {
			return nil, badRequest("User %q does not exist", name)
		}
		return u, err
	}
	users, err := store.Users.Find(tx, store.Query{Order: []string{"name"}})
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if nick, _ := u.Nicknames.GetString(origin); nick == name {
			return u, nil
		}
	}
	return nil, badRequest("No user is called %q on %q", name, origin)
}

func (s *Service) validateToken(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	token := text(body, "token")
	if token == "" {
		return nil, badRequest("Token is not provided.")
	}
	_, err = s.authenticate(r.Context(), httpapi.Credentials{Kind: httpapi.Token, Secret: token})
	if err != nil && gale.KindOf(err) != gale.Unauthenticated {
		return nil, err
	}
	return httpapi.OK(py.DictOf("valid", err == nil))
}
