package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/galehq/gale"
)

func TestTheFirstCredentialCounts(t *testing.T) {
	const all = "x-auth-token=q-token&st2-api-key=q-key"
	tests := []struct {
		name, query string
		header      http.Header
		want        Credentials
	}{
		{"the token header", all, http.Header{"X-Auth-Token": {"h-token"}, "St2-Api-Key": {"h-key"}, "Cookie": {"auth-token=c"}}, Credentials{Token, InHeader, "h-token"}},
		{"then the key header", all, http.Header{"St2-Api-Key": {"h-key"}, "Cookie": {"auth-token=c"}}, Credentials{APIKey, InHeader, "h-key"}},
		{"then the token in the query", all, http.Header{"Cookie": {"auth-token=c"}}, Credentials{Token, InQuery, "q-token"}},
		{"then the key in the query", "st2-api-key=q%2Dkey", http.Header{"Cookie": {"auth-token=c"}}, Credentials{APIKey, InQuery, "q-key"}},
		{"then the cookie", "", http.Header{"Cookie": {"a=b; auth-token=c"}}, Credentials{Token, InCookie, "c"}},
		{"an empty one is none", "x-auth-token=", http.Header{"X-Auth-Token": {""}, "Cookie": {"auth-token="}}, Credentials{}},
		{"names in a query have one case", "X-Auth-Token=a&St2-Api-Key=b", nil, Credentials{}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/?"+tt.query, nil)
		r.Header = tt.header
		if got := credentials(r); got != tt.want {
			t.Errorf("%s: got %q in %s, want %q in %s", tt.name, got.Secret, got.Location, tt.want.Secret, tt.want.Location)
		}
	}
}

func TestCredentialsDoNotPrintThemselves(t *testing.T) {
	c := Credentials{APIKey, InQuery, "very-secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, c); strings.Contains(s, "very-secret") || !strings.Contains(s, "API key") {
			t.Errorf("%s prints %q", verb, s)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	h := testHandler(t, nil)
	tests := []struct {
		name, target string
		header       []string
		status       int
		fault        string
	}{
		{"nobody", "/v1/actions", []string{"X-Auth-Token", ""}, 401, "Unauthorized - One of Token or API key required."},
		{"the root too", "/", []string{"X-Auth-Token", ""}, 401, "Unauthorized - One of Token or API key required."},
		{"an unknown token", "/v1/actions", []string{"X-Auth-Token", "wrong"}, 401, "Unauthorized"},
		{"an expired token", "/v1/actions", []string{"X-Auth-Token", "old"}, 401, "Unauthorized - Token has expired."},
		{"a wrong credential before a right one", "/v1/actions?st2-api-key=joe-key", []string{"X-Auth-Token", "wrong"}, 401, "Unauthorized"},
		{"somebody, where administrators are asked for", "/v1/_gale/users", []string{"X-Auth-Token", "joe-token"}, 403, "Administrator access required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { want(t, call(h, "GET", tt.target, "", tt.header...), tt.status, tt.fault) })
	}
	for _, target := range []string{"/v1/actions?x-auth-token=joe-token", "/v1/actions?st2-api-key=joe-key"} {
		if w := call(h, "GET", target, "", "X-Auth-Token", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"user":"joe"`) {
			t.Errorf("%s: got %d %s, want joe", target, w.Code, w.Body)
		}
	}
	if w := call(h, "POST", "/auth/v1/tokens", "", "X-Auth-Token", "wrong"); w.Code != 201 {
		t.Errorf("an open operation: got %d %s, want 201", w.Code, w.Body)
	}
}

func TestPermissionsOfTheDocumentAreAskedFor(t *testing.T) {
	var asked []string
	h := testHandler(t, Handlers{"actions.get": func(r *Request) (*Response, error) {
		return nil, r.AuthorizeResource("action:core:noop")
	}}, func(c *Config) {
		c.Authorize = func(_ context.Context, id *Identity, permission, resource string) error {
			asked = append(asked, id.User+" "+permission+" "+resource)
			return gale.Errorf(gale.Forbidden, `User "%s" doesn't have required permission "%s"`, id.User, permission)
		}
	})
	want(t, call(h, "GET", "/v1/rules?limit=x", ""), 403, `User "root" doesn't have required permission "rule_list"`)
	want(t, call(h, "GET", "/v1/actions/core.noop", ""), 403, `User "root" doesn't have required permission "action_view"`)
	if got := strings.Join(asked, ", "); got != "root rule_list , root action_view action:core:noop" {
		t.Errorf("asked for %s", got)
	}
	if w := call(h, "GET", "/v1/triggers", ""); w.Code != 200 {
		t.Errorf("an operation without permission: got %d", w.Code)
	}
}

func TestAnonymousNeedsNoCredentials(t *testing.T) {
	h := testHandler(t, nil, func(c *Config) {
		c.Authenticate, c.Anonymous = nil, &Identity{User: "stanley", Admin: true}
	})
	w := call(h, "GET", "/v1/_gale/users", "", "X-Auth-Token", "wrong")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"user":"stanley"`) || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("got %d %s, want an answer to stanley without a cookie", w.Code, w.Body)
	}
}

func TestPagesOfOtherSitesCannotActWhereNobodyLogsIn(t *testing.T) {
	h := testHandler(t, nil, func(c *Config) {
		c.Authenticate, c.Anonymous = nil, &Identity{User: "stanley", Admin: true}
		c.AllowOrigin = []string{"https://ui.example.org"}
	})
	for origin, status := range map[string]int{"https://evil.example.org": 403, "https://ui.example.org": 202, "": 202} {
		if w := call(h, "POST", "/v1/webhooks/x", "", "Origin", origin); w.Code != status {
			t.Errorf("origin %q: got %d %s, want %d", origin, w.Code, w.Body, status)
		}
	}
}

func TestAFailingAuthenticatorIsNoAnswerToTheClient(t *testing.T) {
	h := testHandler(t, nil, func(c *Config) {
		c.Authenticate = func(context.Context, Credentials) (*Identity, error) { return nil, errors.New("dial tcp: refused") }
	})
	want(t, call(h, "GET", "/v1/actions", ""), 500, "Internal Server Error")
}

func TestTokensBecomeCookies(t *testing.T) {
	h := testHandler(t, Handlers{"rules.list": func(*Request) (*Response, error) { return nil, gale.Errorf(gale.NotFound, "no") }})
	w := call(h, "GET", "/v1/actions", "")
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("got %d cookies, want 1", len(cookies))
	}
	c := cookies[0]
	if c.Name != "auth-token" || c.Value != "admin-token" || c.Path != "/" || !c.HttpOnly || !c.Secure ||
		c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 || c.Expires.IsZero() {
		t.Errorf("got cookie %s", w.Header().Get("Set-Cookie"))
	}
	none := map[string]*httptest.ResponseRecorder{
		"a failure":     call(h, "GET", "/v1/rules", ""),
		"an API key":    call(h, "GET", "/v1/actions", "", "X-Auth-Token", "", "St2-Api-Key", "joe-key"),
		"a cookie":      call(h, "GET", "/v1/actions", "", "X-Auth-Token", "", "Cookie", "auth-token=joe-token"),
		"getting one":   call(h, "POST", "/auth/v1/tokens", ""),
		"preflight":     call(h, "OPTIONS", "/v1/actions", ""),
		"a wrong token": call(h, "GET", "/v1/actions", "", "X-Auth-Token", "wrong"),
	}
	for name, w := range none {
		if got := w.Header().Get("Set-Cookie"); got != "" {
			t.Errorf("%s: got cookie %s, want none", name, got)
		}
	}
	plainHTTP := testHandler(t, nil, func(c *Config) { c.CookieInsecure, c.CookieSameSite = true, "unset" })
	got := call(plainHTTP, "GET", "/v1/actions?x-auth-token=joe-token", "", "X-Auth-Token", "").Header().Get("Set-Cookie")
	if !strings.Contains(got, "joe-token") || strings.Contains(got, "Secure") || strings.Contains(got, "SameSite") {
		t.Errorf("insecure and unset: got cookie %s", got)
	}
}

func TestPagesOfOtherSitesCannotActWithACookie(t *testing.T) {
	h := testHandler(t, nil, func(c *Config) { c.AllowOrigin = []string{"https://ui.example.org"} })
	tests := []struct {
		name, method, origin, credential string
		status                           int
	}{
		{"another site", "POST", "https://evil.example.org", "Cookie", 403},
		{"a listed site", "POST", "https://ui.example.org", "Cookie", 202},
		{"the same site", "POST", "http://example.com", "Cookie", 202},
		{"no browser", "POST", "", "Cookie", 202},
		{"reading", "GET", "https://evil.example.org", "Cookie", 200},
		{"a header no form can send", "POST", "https://evil.example.org", "X-Auth-Token", 202},
	}
	for _, tt := range tests {
		value := map[string]string{"Cookie": "auth-token=joe-token", "X-Auth-Token": "joe-token"}[tt.credential]
		w := call(h, tt.method, "/v1/webhooks/x", "", "X-Auth-Token", "", "Origin", tt.origin, tt.credential, value)
		if w.Code != tt.status {
			t.Errorf("%s: got %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
	}
}

func TestCORS(t *testing.T) {
	tests := []struct {
		name, origin, allowed, credentials string
		list                               []string
	}{
		{"no origin", "", "http://127.0.0.1:3000", "true", nil},
		{"the default", "http://127.0.0.1:3000", "http://127.0.0.1:3000", "true", nil},
		{"a development server", "http://localhost:8080", "http://localhost:8080", "true", nil},
		{"another", "https://evil.org", "http://127.0.0.1:3000", "true", nil},
		{"from the list", "https://b.org", "https://b.org", "true", []string{"https://a.org", "https://b.org"}},
		{"not from the list", "https://c.org", "https://a.org", "true", []string{"https://a.org", "https://b.org"}},
		{"everybody, without their cookies", "https://c.org", "https://c.org", "", []string{"*"}},
		{"everybody, and one by name", "https://a.org", "https://a.org", "true", []string{"*", "https://a.org"}},
	}
	for _, tt := range tests {
		h := testHandler(t, nil, func(c *Config) { c.AllowOrigin = tt.list })
		for _, target := range []string{"/v1/actions", "/v1/nothing"} {
			got := call(h, "GET", target, "", "Origin", tt.origin).Header()
			if got.Get("Access-Control-Allow-Origin") != tt.allowed || got.Get("Access-Control-Allow-Credentials") != tt.credentials {
				t.Errorf("%s: got origin %q, credentials %q, want %q, %q", tt.name,
					got.Get("Access-Control-Allow-Origin"), got.Get("Access-Control-Allow-Credentials"), tt.allowed, tt.credentials)
			}
			if got.Get("Access-Control-Expose-Headers") != "Content-Type,X-Limit,X-Total-Count,X-Request-ID" ||
				got.Get("Access-Control-Allow-Headers") != "Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID" {
				t.Errorf("%s: headers %v", tt.name, got)
			}
		}
	}
}
