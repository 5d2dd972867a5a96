package cli

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// printed returns the value that --print-config shows in a section.
func printed(s *shell, section, name string, options ...string) string {
	s.t.Helper()
	r := s.run(append(options, "--print-config")...)
	if r.code != 3 {
		s.t.Errorf("--print-config: exit code %d, want 3\n%s%s", r.code, r.out, r.errOut)
	}
	return parseINI(r.out).get(section, name)
}

func TestAddresses(t *testing.T) {
	const local = "http://127.0.0.1:9101"
	tests := []struct {
		name              string
		vars              map[string]string
		config            string
		options           string
		api, auth, stream string
	}{
		{"by default", nil, "", "", local + "/api/v1", local + "/auth/v1", local + "/stream/v1"},
		{"a base without a port", map[string]string{"ST2_BASE_URL": "http://h"}, "", "", "http://h:9101/api/v1", "http://h:9101/auth/v1", "http://h:9101/stream/v1"},
		{"a base with a port", map[string]string{"ST2_BASE_URL": "https://h:8443/"}, "", "", "https://h:8443/api/v1", "https://h:8443/auth/v1", "https://h:8443/stream/v1"},
		{"a base with a path", nil, "", "--url https://h/gale", "https://h/gale/api/v1", "https://h/gale/auth/v1", "https://h/gale/stream/v1"},
		{"options before variables", map[string]string{"ST2_BASE_URL": "http://env"}, "[general]\nbase_url = http://conf\n", "--url http://opt", "http://opt:9101/api/v1", "http://opt:9101/auth/v1", "http://opt:9101/stream/v1"},
		{"variables before the configuration", map[string]string{"ST2_BASE_URL": "http://env"}, "[general]\nbase_url = http://conf\n", "", "http://env:9101/api/v1", "http://env:9101/auth/v1", "http://env:9101/stream/v1"},
		{"the configuration", nil, "[general]\nbase_url = http://conf\napi_version = v2\n", "", "http://conf:9101/api/v2", "http://conf:9101/auth/v2", "http://conf:9101/stream/v2"},
		{"each by itself", map[string]string{"ST2_API_URL": "http://a/v1"}, "[auth]\nurl = http://b\n", "--stream-url http://c/v1", "http://a/v1", "http://b", "http://c/v1"},
		{"the others from an API behind a proxy", map[string]string{"ST2_API_URL": "https://h/api/v1"}, "", "", "https://h/api/v1", "https://h/auth/v1", "https://h/stream/v1"},
		{"the others from a bare API", map[string]string{"ST2_API_URL": "http://h:9101/v1"}, "", "", "http://h:9101/v1", "http://h:9101/auth/v1", "http://h:9101/stream/v1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShell(t, nil)
			for k, v := range tt.vars {
				s.vars[k] = v
			}
			if tt.config != "" {
				s.file(".st2/config", tt.config)
			}
			options := strings.Fields(tt.options)
			for section, want := range map[string]string{"api": tt.api, "auth": tt.auth, "stream": tt.stream} {
				if got := printed(s, section, "url", options...); got != want {
					t.Errorf("%s: got %s, want %s", section, got, want)
				}
			}
		})
	}
}

func TestPrintedConfigurationHidesSecrets(t *testing.T) {
	s := newShell(t, nil)
	s.vars["ST2_API_KEY"] = "hush-env"
	s.file(".st2/config", "[credentials]\nusername = joe\npassword = hush-pw\nbasic_auth = u:hush\n")
	r := s.run("--print-config")
	if strings.Contains(r.out, "hush") || !strings.Contains(r.out, "api_key = ********") {
		t.Errorf("got\n%s", r.out)
	}
}

func TestConfigurationThatIsNamedMustExist(t *testing.T) {
	s := newShell(t, nil)
	if r := s.run("--config-file /no/such action list"); r.code != 1 || r.out != "ERROR: Config \"/no/such\" not found\n\n" {
		t.Errorf("got %d %q", r.code, r.out)
	}
	s.vars["ST2_CONFIG_FILE"] = "/no/such"
	s.vars["ST2_CLI_SKIP_CONFIG"] = "1"
	if got := printed(s, "general", "config_file"); got != "/no/such" {
		t.Errorf("got %q, want the file skipped", got)
	}
}

func TestCredentials(t *testing.T) {
	list := func() *api {
		return newAPI(t, map[string]answer{"GET /actions": ok("[]"), "POST /auth/v1/tokens": {201, `{"token":"fresh","expiry":"2026-11-23T00:00:00.000000Z"}`, nil}})
	}
	tests := []struct {
		name   string
		vars   map[string]string
		config string
		local  bool // the server left credentials in the data directory
		line   string
		token  string
		key    string
	}{
		{"nobody", nil, "", false, "action list", "", ""},
		{"a token in the environment", map[string]string{"ST2_AUTH_TOKEN": "t"}, "", true, "action list", "t", ""},
		{"a key in the environment", map[string]string{"ST2_API_KEY": "k"}, "", true, "action list", "", "k"},
		{"the token goes first", map[string]string{"ST2_API_KEY": "k", "ST2_AUTH_TOKEN": "t"}, "", false, "action list", "t", ""},
		{"options go before the environment", map[string]string{"ST2_AUTH_TOKEN": "t"}, "", false, "action list --api-key o", "", "o"},
		{"a token option", map[string]string{"ST2_API_KEY": "k"}, "", false, "action list -t o", "o", ""},
		{"a key in the configuration", nil, "[credentials]\napi_key = c\n", true, "action list", "", "c"},
		{"a user in the configuration", nil, "[credentials]\nusername = joe\npassword = pw\n", true, "action list", "fresh", ""},
		{"the credentials that the server left", nil, "", true, "action list", "", "local-key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := list()
			s := newShell(t, a)
			delete(s.vars, "ST2_API_KEY")
			for k, v := range tt.vars {
				s.vars[k] = v
			}
			if tt.config != "" {
				s.file(".st2/config", tt.config)
			}
			if tt.local {
				s.file("data/credentials", `{"url":"`+a.URL+`","api_key":"local-key"}`)
			}
			if r := s.run(tt.line); r.code != 0 {
				t.Fatalf("exit code %d: %s%s", r.code, r.out, r.errOut)
			}
			h := a.heads[len(a.heads)-1]
			if got, gotKey := h.Get("X-Auth-Token"), h.Get("St2-Api-Key"); got != tt.token || gotKey != tt.key {
				t.Errorf("got token %q and key %q, want %q and %q", got, gotKey, tt.token, tt.key)
			}
		})
	}
}

func TestTheServersCredentialsNameItsAddress(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions": ok("[]")})
	s := newShell(t, nil)
	delete(s.vars, "ST2_API_KEY")
	dir := filepath.Dir(s.file("elsewhere/credentials", `{"url":"`+a.URL+`","api_key":"local-key"}`))
	if r := s.run("--data-dir", dir, "action", "list"); r.code != 0 || a.heads[0].Get("St2-Api-Key") != "local-key" {
		t.Errorf("got %d %q, want the key of the data directory", r.code, r.out)
	}
	if r := s.run("action", "list", "--data-dir", dir); r.code != 0 || len(a.heads) != 2 {
		t.Errorf("behind the command: got %d %q", r.code, r.out)
	}
}

func TestTheServersKeyGoesToNoOtherServer(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions": ok("[]")})
	s := newShell(t, a)
	delete(s.vars, "ST2_API_KEY")
	s.file("data/credentials", `{"url":"http://127.0.0.1:9","api_key":"local-key"}`)
	s.run("action list")
	if got := a.heads[0].Get("St2-Api-Key"); got != "" {
		t.Errorf("got key %q, want none", got)
	}
	for pair, want := range map[[2]string]bool{
		{"http://127.0.0.1:9101", "http://localhost:9101/api/v1"}: true,
		{"http://127.0.0.1:9101", "http://[::1]:9101"}:            true,
		{"http://127.0.0.1:9101", "http://127.0.0.1:9102"}:        false,
		{"http://127.0.0.1:9101", "https://127.0.0.1:9101"}:       false,
		{"http://127.0.0.1:9101", "http://127.0.0.1.evil:9101"}:   false,
		{"", ""}: false,
	} {
		if got := sameServer(pair[0], pair[1]); got != want {
			t.Errorf("sameServer(%q, %q) = %v, want %v", pair[0], pair[1], got, want)
		}
	}
}

func TestOpenCredentialsAreWarnedOf(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions": ok("[]")})
	s := newShell(t, a)
	path := s.file("data/credentials", `{"url":"`+a.URL+`","api_key":"local-key"}`)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := s.run("action list"); !strings.Contains(r.errOut, "can be read by other users") || strings.Contains(r.errOut, "local-key") {
		t.Errorf("got %q", r.errOut)
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	s := newShell(t, nil)
	r := s.run("--url http://127.0.0.1:1 action list")
	want := "ERROR: No server answers at http://127.0.0.1:1/api/v1; start one with `gale server`, or name another with --url or ST2_BASE_URL.\n\n"
	if r.code != 1 || r.out != want {
		t.Errorf("got %d %q, want 1 %q", r.code, r.out, want)
	}
	if r := s.run("--url ftp://x action list"); r.code != 1 || !strings.Contains(r.out, "is not the URL of a server") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) }))
	defer srv.Close()
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	s := newShell(t, nil)
	s.vars["ST2_BASE_URL"] = srv.URL
	if r := s.run("action list"); r.code != 1 || !strings.Contains(r.out, "is not trusted") || !strings.Contains(r.out, "--cacert FILE") {
		t.Errorf("got %d %q, want advice about --cacert", r.code, r.out)
	}
	for name, cacert := range map[string]string{
		"the CA's file": s.file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))),
		"any":           "false",
	} {
		if r := s.run("--cacert", cacert, "action", "list"); r.code != 0 {
			t.Errorf("%s: got %d %q", name, r.code, r.out)
		}
	}
	if r := s.run("--cacert /no action list"); r.code != 1 || !strings.Contains(r.out, `CA cert file "/no" does not exist.`) {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestUnauthorizedSaysWhatToDo(t *testing.T) {
	a := newAPI(t, map[string]answer{"GET /actions": {401, `{"faultstring":"Unauthorized - One of Token or API key required."}`, nil}})
	s := newShell(t, a)
	delete(s.vars, "ST2_API_KEY")
	r := s.run("action list")
	if r.code != 1 || !strings.Contains(r.out, "401 Client Error: Unauthorized") || !strings.Contains(r.out, "st2 login USER") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestINIKeepsWhatItDoesNotChange(t *testing.T) {
	f := parseINI("# mine\n[general]\nbase_url = http://h ; no comment\n\n[credentials]\n# who\nusername: joe\npassword = a=b\n\n[cli]\ndebug = True\n")
	if got, want := f.get("general", "base_url"), "http://h ; no comment"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if f.get("credentials", "username") != "joe" || f.get("credentials", "password") != "a=b" || !f.bool("cli", "debug", false) || !f.bool("cli", "nope", true) {
		t.Errorf("values are wrong: %s", f)
	}
	f.set("credentials", "username", "bob")
	f.set("credentials", "api_key", "k")
	f.set("new", "x", "1")
	f.remove("credentials", "password")
	want := "# mine\n[general]\nbase_url = http://h ; no comment\n\n[credentials]\n# who\nusername = bob\napi_key = k\n\n[cli]\ndebug = True\n\n[new]\nx = 1\n"
	if f.String() != want {
		t.Errorf("got\n%s\nwant\n%s", f, want)
	}
	empty := &iniFile{}
	empty.set("a", "b", "c")
	if empty.String() != "[a]\nb = c\n" {
		t.Errorf("got %q", empty.String())
	}
}

func FuzzINI(f *testing.F) {
	f.Add("[a]\nb = c\n# d\n[e\nf: g", "a", "b", "x")
	f.Add("", "a", "b", "")
	f.Fuzz(func(t *testing.T, text, section, name, value string) {
		clean := func(s string) bool {
			return s != "" && strings.TrimSpace(s) == s && strings.ToLower(s) == s && !strings.ContainsAny(s, "\n\r[]=:#;\v\f\u0085\u00a0\u2028")
		}
		if !clean(section) || !clean(name) || strings.TrimSpace(value) != value || strings.ContainsAny(value, "\n\r") {
			return
		}
		ini := parseINI(text)
		ini.set(section, name, value)
		if got := parseINI(ini.String()).get(section, name); got != value {
			t.Fatalf("set %s.%s=%q in %q: got %q", section, name, value, text, got)
		}
	})
}
