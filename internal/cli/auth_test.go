package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale/py"
)

const aToken = `{"user":"joe","token":"t0k3n","expiry":"2026-11-23T08:00:00.000000Z"}`

func loginAPI(t *testing.T) *api {
	return newAPI(t, map[string]answer{
		"POST /auth/v1/tokens": {201, aToken, nil},
		"GET /actions":         ok("[]"),
		"GET /user":            ok(`{"username":"joe","authentication":{"method":"authentication token","location":"header","token_expire":"2026-11-23T08:00:00Z"},"rbac":{"enabled":true,"roles":["admin","observer"],"is_admin":true}}`),
	})
}

func TestAuth(t *testing.T) {
	a := loginAPI(t)
	s := newShell(t, a)
	s.want("auth joe -p pw -t", "t0k3n\n")
	s.want("auth joe -p pw -l 60", `
+----------+-----------------------------+
| Property | Value                       |
+----------+-----------------------------+
| user     | joe                         |
| token    | t0k3n                       |
| expiry   | 2026-11-23T08:00:00.000000Z |
+----------+-----------------------------+
`)
	if user, password, _ := basicOf(a); user != "joe" || password != "pw" {
		t.Errorf("got %s:%s", user, password)
	}
	if got := a.requests(); got[1] != `POST /auth/v1/tokens {"ttl":60}` {
		t.Errorf("got %s", got[1])
	}
	s.stdin = "asked\n"
	r := s.run("auth joe -t")
	if _, password, _ := basicOf(a); password != "asked" || r.errOut != "Password: " {
		t.Errorf("got password %q after %q", password, r.errOut)
	}
	a.set("POST /auth/v1/tokens", answer{401, `{"faultstring":"Invalid or missing credentials"}`, nil})
	if r := s.run("auth joe -p wrong"); r.code != 1 || strings.Contains(r.out, "wrong") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func basicOf(a *api) (string, string, bool) {
	h := a.heads[len(a.heads)-1]
	_, code, _ := strings.Cut(h.Get("Authorization"), " ")
	plain, err := decodeBase64(code)
	user, password, ok := strings.Cut(plain, ":")
	return user, password, ok && err == nil
}

func TestLoginStaysAndLogoutEndsIt(t *testing.T) {
	a := loginAPI(t)
	s := newShell(t, a)
	delete(s.vars, "ST2_API_KEY")
	config := s.file(".st2/config", "[credentials]\npassword = old\n")
	r := s.run("login joe -p pw")
	if r.code != 0 || !strings.HasPrefix(r.out, "Logged in as joe\n") {
		t.Fatalf("got %d %q %q", r.code, r.out, r.errOut)
	}
	f, _, err := readINI(config)
	if err != nil || f.get("credentials", "username") != "joe" || f.get("credentials", "password") != "" {
		t.Errorf("configuration is %v\n%s", err, f)
	}
	cache := filepath.Join(s.home, ".st2", "token-joe")
	data, err := os.ReadFile(cache)
	if want := `{"token":"t0k3n","expire_timestamp":1795420800}`; err != nil || string(data) != want {
		t.Errorf("got %s %v, want %s", data, err, want)
	}
	for _, path := range []string{config, cache} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v %v, want 0600", path, info.Mode(), err)
		}
	}
	a.requests()
	s.run("action list")
	if got := a.requests(); len(got) != 1 || a.heads[len(a.heads)-1].Get("X-Auth-Token") != "t0k3n" {
		t.Errorf("got requests %q, want only the list, with the kept token", got)
	}
	s.want("whoami", `
Currently logged in as "joe".

Authentication method: authentication token
Authentication token expire time: 2026-11-23T08:00:00Z

RBAC:
 - Enabled: True
 - Roles: admin, observer
`)
	s.want("logout", "Logged out joe\n")
	if _, err := os.Stat(cache); !os.IsNotExist(err) {
		t.Errorf("the token is still there: %v", err)
	}
	s.want("logout", "Nobody is logged in.\n")
}

func TestLoginCanKeepThePassword(t *testing.T) {
	s := newShell(t, loginAPI(t))
	s.run("login joe -p pw -w")
	f, _, _ := readINI(filepath.Join(s.home, ".st2", "config"))
	if f.get("credentials", "password") != "pw" {
		t.Errorf("got\n%s", f)
	}
}

func TestKeptTokensEnd(t *testing.T) {
	tests := []struct {
		name string
		end  time.Time
		want string // the token that is used
	}{
		{"one that lasts", testNow.Add(16 * time.Second), "kept"},
		{"one that ends in a moment", testNow.Add(15 * time.Second), "t0k3n"},
		{"one that has ended", testNow.Add(-time.Hour), "t0k3n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := loginAPI(t)
			s := newShell(t, a)
			delete(s.vars, "ST2_API_KEY")
			s.file(".st2/config", "[credentials]\nusername = joe\npassword = pw\n")
			out, _ := py.AppendJSON(nil, py.DictOf("token", "kept", "expire_timestamp", tt.end.Unix()))
			s.file(".st2/token-joe", string(out))
			s.run("action list")
			if got := a.heads[len(a.heads)-1].Get("X-Auth-Token"); got != tt.want {
				t.Errorf("got token %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAutomaticLoginThatFails(t *testing.T) {
	a := loginAPI(t)
	a.set("POST /auth/v1/tokens", answer{401, `{"faultstring":"Invalid or missing credentials"}`, nil})
	s := newShell(t, a)
	delete(s.vars, "ST2_API_KEY")
	s.file(".st2/config", "[credentials]\nusername = joe\npassword = pw\n")
	if r := s.run("action list"); r.code != 1 || !strings.Contains(r.out, "Failed to authenticate with credentials provided in the config.") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.file(".st2/config", "[credentials]\nusername = joe\n")
	if r := s.run("action list"); r.code != 1 || !strings.Contains(r.out, "log in again with `st2 login joe`") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.file(".st2/config", "[credentials]\nusername = joe\npassword = pw\n[auth]\nurl = http://127.0.0.1:1\n")
	if r := s.run("action list"); r.code != 0 || !strings.Contains(r.errOut, "WARNING: the token service does not answer") {
		t.Errorf("got %d %q %q", r.code, r.out, r.errOut)
	}
}

func TestWhoamiOfNobody(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /user": {401, `{"faultstring":"Unauthorized"}`, nil}})
	newShell(t, a).want("whoami", "Not authenticated or authentication token expired\n")
}

func TestUsers(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /_gale/users":  ok(`[{"id":"u1","name":"joe","is_admin":true,"is_service":false,"created":"2026-11-22T07:55:42.226000Z"}]`),
		"POST /_gale/users": {201, `{"id":"u2","name":"bob","is_admin":false,"is_service":false}`, nil},
	})
	s := newShell(t, a)
	s.stdin = "pass word\n"
	r := s.run("user add bob")
	want := `POST /_gale/users {"name":"bob","is_admin":false,"is_service":false,"password":"pass word"}`
	if got := a.requests(); r.code != 0 || got[0] != want || strings.Contains(r.out, "pass word") {
		t.Errorf("got %d %s\n%s", r.code, got, r.out)
	}
	s.stdin = "\n"
	if r := s.run("user add bob"); r.code != 1 || !strings.Contains(r.out, "a password is needed") {
		t.Errorf("got %d %q", r.code, r.out)
	}
	if r := s.run("user list -a name is_admin"); !strings.Contains(r.out, "| joe  | True     |") {
		t.Errorf("got\n%s", r.out)
	}
}
