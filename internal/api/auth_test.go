package api_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// withPassword gives a user a password.
func (s *site) withPassword(user, password string) {
	s.Helper()
	s.call("PUT", "/api/v1/_gale/users/"+user+"/password", py.DictOf("password", password)).is(204)
}

func TestLogin(t *testing.T) {
	s := newSite(t)
	s.withPassword(joe, "joes password: long")
	a := s.as("nobody", "POST", "/auth/v1/tokens", "", "Authorization", basic(joe, "joes password: long")).is(201)
	d := a.object()
	token := text(d, "token")
	if len(token) != 32 || text(d, "user") != joe || at(d, "service") != false || a.Header().Get("X-Api-Url") != "http://127.0.0.1:9101" {
		t.Fatalf("got %s with X-API-URL %q", a.Body, a.Header().Get("X-Api-Url"))
	}
	s.tokens["new"] = token
	who := s.as("new", "GET", "/api/v1/user", nil).is(200).object()
	for path, want := range map[string]any{"username": joe, "authentication.method": "authentication token", "authentication.location": "header",
		"rbac.enabled": false, "rbac.is_admin": false} {
		s.want(who, path, want)
	}
	if expire := text(who, "authentication.token_expire"); len(expire) != len("2026-01-01T00:00:00Z") {
		t.Errorf("token_expire is %q, want whole seconds", expire)
	}
	s.want(s.call("POST", "/auth/tokens/validate", py.DictOf("token", token)).is(200).object(), "valid", true)
	s.want(s.call("POST", "/auth/tokens/validate", `{"token": "bogus"}`).is(200).object(), "valid", false)
	s.call("POST", "/auth/tokens/validate", `{}`).fault(400, "Token is not provided.")
	s.nowhere(token, "joes password")
}

func TestRefusedLogins(t *testing.T) {
	s := newSite(t)
	s.withPassword(joe, "joes password")
	wrong := "Invalid or missing credentials"
	tests := []struct {
		name, authorization, body string
		status                    int
		words                     string
	}{
		{"nothing", "", "", 401, wrong},
		{"another scheme", "Bearer x", "", 401, wrong},
		{"no base64", "Basic !!!", "", 401, wrong},
		{"a wrong password", basic(joe, "x"), "", 401, wrong},
		{"an unknown user", basic("nobody", "joes password"), "", 401, wrong},
		{"a user without a password", basic(root, ""), "", 401, wrong},
		{"a long life", basic(joe, "joes password"), `{"ttl": 999999}`, 400, "TTL specified 999999 is greater than max allowed 86400."},
		{"no life", basic(joe, "joes password"), `{"ttl": 0}`, 400, "0 is less than the minimum of 1"},
		{"somebody else", basic(joe, "joes password"), `{"user": "root"}`, 400, "Current user is not a service and cannot request impersonated tokens"},
	}
	for _, test := range tests {
		s.sub(test.name, func(s *site) {
			s.as("nobody", "POST", "/auth/v1/tokens", test.body, "Authorization", test.authorization).refused(test.status, test.words)
		})
	}
	s.as("nobody", "POST", "/auth/tokens", `{"ttl": null}`, "Authorization", basic(joe, "joes password")).is(201)
	d := s.as("nobody", "POST", "/tokens", `{"ttl": 60, "user": "joe"}`, "Authorization", basic(joe, "joes password"))
	if d.Code != 404 { // the API's port does not serve the auth service without its prefix
		t.Errorf("POST /tokens on the API's port: status %d, want 404", d.Code)
	}
}

func TestProxyMode(t *testing.T) {
	s := newSite(t)
	s.service.Config.Auth.Mode = "proxy"
	s.want(s.as("nobody", "POST", "/auth/v1/tokens", "", "X-Forwarded-User", "ann").is(201).object(), "user", "ann")
	s.want(s.as("nobody", "POST", "/auth/v1/tokens", "", "Authorization", basic("bea", "")).is(201).object(), "user", "bea")
	s.as("nobody", "POST", "/auth/v1/tokens", "").refused(401, "Invalid or missing credentials")
	s.as("nobody", "POST", "/auth/v1/tokens", "", "X-Forwarded-User", "no:good").refused(401, "Invalid or missing credentials")
	s.view(func(tx *store.Tx) error {
		u, err := store.Users.By(tx, "name", "ann")
		if err != nil || u.IsAdmin {
			t.Errorf("user ann: %v, %v; want one that is no administrator", u, err)
		}
		return nil
	})
}

func TestServicesMaySpeakForUsers(t *testing.T) {
	s := newSite(t)
	s.withPassword(joe, "joes password")
	s.update(func(tx *store.Tx) error {
		u, err := store.Users.By(tx, "name", joe)
		if err != nil {
			return err
		}
		u.IsService = true
		if err := store.Users.Update(tx, u); err != nil {
			return err
		}
		ann, err := auth.SaveUser(tx, "ann", "", false)
		if err != nil {
			return err
		}
		ann.Nicknames = py.DictOf("slack", "annie")
		return store.Users.Update(tx, ann)
	})
	login := func(body string) answer {
		return s.as("nobody", "POST", "/auth/v1/tokens", body, "Authorization", basic(joe, "joes password"))
	}
	s.want(login(`{"user": "ann"}`).is(201).object(), "user", "ann")
	s.want(login(`{"user": "annie", "nickname_origin": "slack"}`).is(201).object(), "user", "ann")
	login(`{"user": "annie", "nickname_origin": "irc"}`).refused(400, "annie")
	login(`{"impersonate_user": "nobody"}`).refused(400, "nobody")
	login(`{"user": "root"}`).refused(403, "administrator")
}

func TestAPIKeys(t *testing.T) {
	s := newSite(t)
	d := s.as(joe, "POST", "/api/v1/apikeys", `{"metadata": {"used_by": "tests"}, "user": ""}`).is(201).object()
	key, id := text(d, "key"), text(d, "id")
	s.want(d, "user", joe)
	s.want(d, "enabled", true)
	s.want(d, "key_hash", nil)
	if len(key) < 40 || !strings.HasPrefix(text(d, "uid"), "api_key:") {
		t.Fatalf("got %s, want a key and its uid", py.Repr(d))
	}
	s.as("nobody", "GET", "/api/v1/actions?limit=1", nil, "St2-Api-Key", key).is(200)
	who := s.as("nobody", "GET", "/api/v1/user?st2-api-key="+key, nil).is(200).object()
	s.want(who, "authentication.method", "API key")
	s.want(who, "authentication.location", "query")

	for _, path := range []string{id, key} {
		shown := s.as(joe, "GET", "/api/v1/apikeys/"+path, nil).is(200).object()
		s.want(shown, "key_hash", "********")
		s.want(shown, "uid", "********")
		s.want(shown, "metadata.used_by", "tests")
		shown.Set("enabled", false)
		s.want(s.as(joe, "PUT", "/api/v1/apikeys/"+path, shown).is(200).object(), "enabled", false)
	}
	s.as("nobody", "GET", "/api/v1/actions", nil, "St2-Api-Key", key).refused(401, "disabled")
	hash := text(s.call("GET", "/api/v1/apikeys/"+id+"?show_secrets=true", nil).object(), "key_hash")
	if hash != auth.HashAPIKey(key) {
		t.Errorf("key_hash is %q, want the hash of the key", hash)
	}
	s.call("PUT", "/api/v1/apikeys/"+id, `{"key_hash": "ab"}`).fault(400, "Update of key_hash is not allowed.")

	brought := auth.HashAPIKey("a key from elsewhere")
	d = s.call("POST", "/api/v1/apikeys", py.DictOf("key_hash", brought, "user", joe, "enabled", false)).is(201).object()
	if v, ok := d.GetString("key"); !ok || v != nil || at(d, "enabled") != false {
		t.Errorf("got %s, want key null and enabled false", py.Repr(d))
	}
	s.call("POST", "/api/v1/apikeys", py.DictOf("key_hash", brought)).refused(409, "duplicate")

	s.as(joe, "POST", "/api/v1/apikeys", `{"user": "root"}`).refused(403, "admins")
	s.as(joe, "PUT", "/api/v1/apikeys/"+id, `{"user": "root"}`).refused(403, "admins")
	foreign := text(s.call("POST", "/api/v1/apikeys", "{}").is(201).object(), "id")
	s.as(joe, "GET", "/api/v1/apikeys/"+foreign, nil).refused(404, "not found")
	s.as(joe, "DELETE", "/api/v1/apikeys/"+foreign, nil).refused(404, "not found")
	if n := len(s.as(joe, "GET", "/api/v1/apikeys?show_secrets=true", nil).is(200).list()); n != 2 {
		t.Errorf("joe sees %d keys, want his two", n)
	}
	if n := len(s.call("GET", "/api/v1/apikeys", nil).is(200).list()); n != 3 {
		t.Errorf("root sees %d keys, want three", n)
	}
	if n := len(s.call("GET", "/api/v1/apikeys?user="+joe, nil).is(200).list()); n != 2 {
		t.Errorf("root sees %d keys of joe, want two", n)
	}
	if n := len(s.as(joe, "GET", "/api/v1/apikeys?user=root", nil).is(200).list()); n != 0 {
		t.Errorf("joe sees %d keys of root, want none", n)
	}
	s.as(joe, "DELETE", "/api/v1/apikeys/"+key, nil).is(204)
	a := s.call("GET", "/api/v1/apikeys/"+key, nil)
	a.fault(404, "ApiKey matching ******** for reference and id not found.")
	s.nowhere(key)
}

func TestUsers(t *testing.T) {
	s := newSite(t)
	d := s.call("POST", "/api/v1/_gale/users", `{"name": "ann", "password": "anns password", "is_admin": true}`).is(201).object()
	s.want(d, "has_password", true)
	s.want(d, "is_admin", true)
	s.want(d, "password_hash", nil)
	s.call("POST", "/api/v1/_gale/users", `{"name": "ann"}`).refused(409, "ann")
	s.call("POST", "/api/v1/_gale/users", `{"name": "a b"}`).refused(400, "user name")
	s.call("POST", "/api/v1/_gale/users", `{"name": "bob", "password": "short"}`).refused(400, "8 to 72 bytes")
	s.want(s.call("POST", "/api/v1/_gale/users", `{"name": "bob", "password": null}`).is(201).object(), "has_password", false)
	// What the command line sends.
	d = s.call("POST", "/api/v1/_gale/users", `{"name": "robot", "is_admin": false, "is_service": true}`).is(201).object()
	s.want(d, "is_service", true)
	s.want(d, "is_admin", false)
	if n := len(s.call("GET", "/api/v1/_gale/users", nil).is(200).list()); n != 5 {
		t.Errorf("got %d users, want 5", n)
	}
	for _, path := range []string{"/api/v1/_gale/users"} {
		s.as(joe, "GET", path, nil).refused(403, "Administrator access required")
	}
	s.as(joe, "DELETE", "/api/v1/_gale/users/ann", nil).refused(403, "Administrator access required")
	s.as(joe, "PUT", "/api/v1/_gale/users/ann/password", `{"password": "joe was here"}`).refused(403, "Administrator access required")
	s.as(joe, "PUT", "/api/v1/_gale/users/joe/password", `{"password": "joes password"}`).is(204)
	s.as("nobody", "POST", "/auth/v1/tokens", "", "Authorization", basic(joe, "joes password")).is(201)
	s.call("PUT", "/api/v1/_gale/users/gone/password", `{"password": "long enough"}`).refused(404, `User "gone" not found`)

	id := s.run("core.noop", nil)
	s.tokens["action"] = s.service.Signer.Token(id, joe, 4e15)
	s.as("action", "PUT", "/api/v1/_gale/users/joe/password", `{"password": "taken over"}`).refused(403, "Administrator access required")

	key := text(s.as(joe, "POST", "/api/v1/apikeys", "{}").is(201).object(), "key")
	s.call("DELETE", "/api/v1/_gale/users/joe", nil).is(204)
	s.as(joe, "GET", "/api/v1/user", nil).refused(401, "Unauthorized")
	s.as("nobody", "GET", "/api/v1/user", nil, "St2-Api-Key", key).refused(401, "Unauthorized")
	s.call("DELETE", "/api/v1/_gale/users/ann", nil).is(204)
	s.call("DELETE", "/api/v1/_gale/users/root", nil).refused(400, "last administrator")
	s.nowhere("anns password", "joes password")
}

func TestTheTokenOfAnActionEndsWithIt(t *testing.T) {
	s := newSite(t)
	id := s.run("core.noop", nil)
	s.tokens["action"] = s.service.Signer.Token(id, joe, 4e15)
	s.want(s.as("action", "GET", "/api/v1/user", nil).is(200).object(), "username", joe)
	s.finish(id, "succeeded", py.NewDict(0))
	s.as("action", "GET", "/api/v1/user", nil).refused(401, "expired")
}

func TestWithoutAuthentication(t *testing.T) {
	s := newSite(t)
	s.service.Config.Auth.Enable = false
	s.handler = s.serve()
	who := s.as("nobody", "GET", "/api/v1/user", nil).is(200).object()
	s.want(who, "username", "stanley")
	s.want(who, "rbac.is_admin", true)
	s.want(s.as("nobody", "POST", "/api/v1/executions", `{"action": "core.noop"}`).is(201).object(), "context.user", "stanley")
}

func TestInfoAndQueue(t *testing.T) {
	s := newSite(t)
	if version := text(s.call("GET", "/api/v1/", nil).is(200).object(), "version"); version == "" {
		t.Error("no version")
	}
	s.as("nobody", "GET", "/v1", nil).refused(401, "One of Token or API key required")
	s.run("core.noop", nil)
	kinds := at(s.call("GET", "/api/v1/_gale/queue", nil).is(200).object(), "kinds").([]any)
	if len(kinds) != 1 {
		t.Fatalf("got %d kinds of work, want the execution's", len(kinds))
	}
	s.want(kinds[0], "kind", "run")
	s.want(kinds[0], "ready", int64(1))
}

// Guessing passwords leaves part of the machine to others.
func TestPasswordsWaitForTheirTurn(t *testing.T) {
	s := newSite(t)
	done := make(chan int, 8)
	for range cap(done) {
		go func() {
			done <- s.as("nobody", "POST", "/auth/v1/tokens", "", "Authorization", basic("nobody", "x")).Code
		}()
	}
	for range cap(done) {
		if code := <-done; code != 401 {
			t.Errorf("a wrong password is answered with %d, want 401", code)
		}
	}
}
