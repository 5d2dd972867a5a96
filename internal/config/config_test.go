package config

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// TestFilesReadAsInOsloConfig compares with recordings of testdata/oracle.py,
// which has the options s, t, u (text) and l (list) in the sections g and h.
func TestFilesReadAsInOsloConfig(t *testing.T) {
	f, err := os.Open("testdata/ini.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		v, err := py.DecodeJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		text, _ := v.(*py.Dict).GetString("text")
		want, _ := v.(*py.Dict).GetString("want")
		got := readLikeOracle(text.(string))
		_, wantError := want.(*py.Dict).GetString("error")
		_, gotError := got.GetString("error")
		if wantError != gotError || !wantError && !py.Equal(got, want) {
			t.Errorf("%q\n got %s\nwant %s", text, py.Repr(got), py.Repr(want))
		}
	}
}

func readLikeOracle(text string) *py.Dict {
	entries, err := parseINI("f", text)
	if err != nil {
		return py.DictOf("error", err.Error())
	}
	raw := map[string]string{}
	for _, e := range entries {
		raw[e.section+"."+e.key] = e.value
	}
	var resolve func(section, value string) (string, error)
	resolve = func(section, value string) (string, error) {
		return expand(value, func(name string) (string, error) {
			other, key, dotted := strings.Cut(name, ".")
			if !dotted {
				other, key = section, name
			}
			if (other != "g" && other != "h") || len(key) != 1 || !strings.Contains("stul", key) {
				return "", errors.New("no such option")
			}
			return resolve(other, raw[other+"."+key])
		})
	}
	out := py.NewDict(0)
	for _, key := range []string{"g.s", "g.t", "g.l", "g.u", "h.s", "h.t", "h.l", "h.u"} {
		value, ok := raw[key]
		if !ok {
			continue
		}
		value, err := resolve(key[:1], value)
		if err != nil {
			return py.DictOf("error", err.Error())
		}
		if key[2:] != "l" {
			out.Set(key, value)
			continue
		}
		list := []any{}
		for _, item := range splitList(value) {
			list = append(list, item)
		}
		out.Set(key, list)
	}
	return out
}

// load reads a file of the given text, an environment and flags.
func load(t *testing.T, text string, environ []string, flags Flags) (*Config, error) {
	t.Helper()
	flags.File = filepath.Join(t.TempDir(), "st2.conf")
	if err := os.WriteFile(flags.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(flags, environ)
}

func TestEachSourceOverridesTheOneBefore(t *testing.T) {
	const file = "[api]\nmax_page_size = 5\nport = 1000\n"
	for _, c := range []struct {
		name    string
		file    string
		environ []string
		flags   Flags
		want    int
		from    string
	}{
		{"default", "", nil, Flags{}, 100, "default"},
		{"file", file, nil, Flags{}, 5, "st2.conf:2"},
		{"environment of StackStorm", file, []string{"ST2_API__MAX_PAGE_SIZE=6"}, Flags{}, 6, "$ST2_API__MAX_PAGE_SIZE"},
		{"environment of Gale", file, []string{"GALE_API_MAX_PAGE_SIZE=7", "ST2_API__MAX_PAGE_SIZE=6"}, Flags{}, 7, "$GALE_API_MAX_PAGE_SIZE"},
		{"flag", file, []string{"GALE_API_MAX_PAGE_SIZE=7"}, Flags{Set: []string{"api.max_page_size=8"}}, 8, "--set"},
	} {
		cfg, err := load(t, c.file, c.environ, c.flags)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		from := cfg.settings[cfg.index("api.max_page_size")].from
		if cfg.API.MaxPageSize != c.want || !strings.HasSuffix(from, c.from) {
			t.Errorf("%s: got %d from %s, want %d from %s", c.name, cfg.API.MaxPageSize, from, c.want, c.from)
		}
	}
}

func TestDefaults(t *testing.T) {
	c, err := load(t, "[gale]\ndata_dir = /data\n", nil, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ name, got, want string }{
		{"listen", c.Gale.Listen, "127.0.0.1:9101"},
		{"key", c.KeyValue.KeyPath, "/data/keys/datastore_key.json"},
		{"packs", strings.Join(c.PackPaths(), ","), "/data/packs"},
		{"configs", c.ConfigDir(), "/data/configs"},
		{"virtualenvs", c.VirtualenvDir(), "/data/virtualenvs"},
		{"overrides", c.OverrideDir(), "/data/overrides"},
		{"ssh key", c.SystemUser.SSHKeyFile, "/home/stanley/.ssh/stanley_rsa"},
		{"local user", c.LocalRunner.User, ""},
		{"web", c.WebURL(), "http://127.0.0.1:9101"},
		{"api", c.ActionAPIURL(), "http://127.0.0.1:9101"},
		{"ttl", c.Auth.TokenTTL.String(), "24h0m0s"},
		{"auth", fmt.Sprint(c.Auth.Enable, c.API.MaskSecrets, c.System.ValidateTriggerPayload, c.System.ValidateOutputSchema), "true true true false"},
		{"notes", strings.Join(c.Notes(), ";"), ""},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %q, want %q", v.name, v.got, v.want)
		}
	}
}

func TestAnExistingST2ConfIsUsedAsItIs(t *testing.T) {
	c, err := load(t, `
[api]
host = 0.0.0.0
port = 9999
logging = /etc/st2/logging.api.conf
allow_origin = http://a, http://b
[auth]
enable = False
mode = standalone
backend = flat_file
backend_kwargs = {"file_path": "/etc/st2/htpasswd", "password": "$$ecret"}
token_ttl = 3600
[system]
base_path = /opt/stackstorm
[content]
packs_base_paths = /a:/b/: :/a
[messaging]
url = amqp://guest:guest@127.0.0.1:5672/
[system_user]
user = ops
ssh_key_file = /home/$user/.ssh/id
[webui]
webui_base_url = https://st2.example.com/
[actionrunner]
actions_pool_size = 8
virtualenv_opts = --system-site-packages,
[api]
max_pagesize = 5
[logs]
levl = debug
`, nil, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ name, got, want string }{
		{"listen", c.Gale.Listen, "0.0.0.0:9999"},
		{"api", c.ActionAPIURL(), "http://127.0.0.1:9999"},
		{"origins", fmt.Sprint(c.API.AllowOrigin), "[http://a http://b]"},
		{"auth", fmt.Sprint(c.Auth.Enable, c.Auth.TokenTTL == time.Hour), "false true"},
		{"kwargs", c.Auth.BackendKwargs, `{"file_path": "/etc/st2/htpasswd", "password": "$ecret"}`},
		{"packs", strings.Join(c.PackPaths(), ","), "/opt/stackstorm/packs,/a,/b"},
		{"ssh", c.SystemUser.SSHKeyFile, "/home/ops/.ssh/id"},
		{"web", c.WebURL(), "https://st2.example.com"},
		{"pool", fmt.Sprint(c.ActionRunner.Workers, c.ActionRunner.VirtualenvOpts), "8 [--system-site-packages]"},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %q, want %q", v.name, v.got, v.want)
		}
	}
	var notes []string
	for _, n := range c.Notes() {
		_, text, _ := strings.Cut(n, "st2.conf:")
		_, text, _ = strings.Cut(text, ": ")
		notes = append(notes, text)
	}
	want := "api.logging has no effect in Gale\nmessaging.url has no effect in Gale\n" +
		"unknown option api.max_pagesize (did you mean api.max_page_size?)\nunknown option logs.levl (did you mean log.level?)"
	if got := strings.Join(notes, "\n"); got != want {
		t.Errorf("notes\n got %s\nwant %s", got, want)
	}
	for _, v := range c.Explain() {
		if strings.Contains(v.Value, "ecret") {
			t.Errorf("%s shows a secret: %s", v.Key, v.Value)
		}
		if v.Doc == "" || v.Source == "" {
			t.Errorf("%s is not explained: %+v", v.Key, v)
		}
	}
}

func TestMistakesNameTheirPlace(t *testing.T) {
	for _, c := range []struct {
		file    string
		environ []string
		set     []string
		want    string
	}{
		{"[api]\nport = abc\n", nil, nil, `option api.port (FILE:2): "abc" is not a whole number`},
		{"[api]\nport = 70000\n", nil, nil, `option api.port (FILE:2): 70000 is beyond the maximum of 65535`},
		{"[auth]\nenable = maybe\n", nil, nil, `option auth.enable (FILE:2): "maybe" is neither true nor false`},
		{"[auth]\nmode = other\n", nil, nil, `option auth.mode (FILE:2): "other" is none of standalone, proxy`},
		{"[auth]\ntoken_ttl = soon\n", nil, nil, `option auth.token_ttl (FILE:2): "soon" is not a number of seconds`},
		{"[auth]\nbackend = $nope\n", nil, nil, "option auth.backend (FILE:2): it refers to $nope, and there is no such option (write $$ for a dollar)"},
		{"[auth]\nbackend = $backend\n", nil, nil, "option auth.backend (FILE:2): its variables refer to each other in a circle"},
		{"[gale]\nlisten = nowhere\n", nil, nil, "option gale.listen (FILE:2): it is no host:port"},
		{"[database]\nurl = mysql://x\n", nil, nil, "option database.url (FILE:2): it does not begin with postgres://"},
		{"", []string{"GALE_LOG_LEVEL=loud"}, nil, `option log.level ($GALE_LOG_LEVEL): "loud" is none of debug, info, warning, error`},
		{"", nil, []string{"api.prt=1"}, "--set api.prt: there is no option of that name (did you mean api.port?)"},
		{"[api\n", nil, nil, `FILE:1: section "[api" does not end with ]`},
	} {
		_, err := load(t, c.file, c.environ, Flags{Set: c.set})
		if err == nil {
			t.Errorf("%q: accepted", c.file)
			continue
		}
		got := err.Error()
		if i := strings.Index(got, "st2.conf"); i >= 0 {
			start := strings.LastIndexAny(got[:i], " (") + 1
			got = got[:start] + "FILE" + got[i+len("st2.conf"):]
		}
		if got != c.want || gale.KindOf(err) != gale.Invalid {
			t.Errorf("%q:\n got %s\nwant %s", c.file, got, c.want)
		}
	}
}

func TestUnknownVariablesAreReported(t *testing.T) {
	c, err := load(t, "", []string{"ST2_API__PROT=1", "ST2_MESSAGING__URL=x", "ST2_AUTH_TOKEN=x", "GALE_RUN=x"}, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	want := "$ST2_API__PROT: unknown option api.prot (did you mean api.port?); $ST2_MESSAGING__URL has no effect in Gale"
	if got := strings.Join(c.Notes(), "; "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestPasswordsInURLsAreNotShown(t *testing.T) {
	c, err := load(t, "[database]\nurl = postgres://gale:hunter2@db/gale?sslmode=disable\n", nil, Flags{LogLevel: "debug"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Explain() {
		if v.Key == "database.url" && v.Value != "postgres://gale:********@db/gale?sslmode=disable" {
			t.Errorf("got %s", v.Value)
		}
	}
	if c.Log.Level != "debug" || c.Database.URL != "postgres://gale:hunter2@db/gale?sslmode=disable" {
		t.Errorf("got %s, %s", c.Log.Level, c.Database.URL)
	}
}

func TestANamedFileMustExist(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.conf")
	if _, err := Load(Flags{File: missing}, nil); err == nil {
		t.Error("a missing file was accepted")
	}
	if _, err := Load(Flags{}, []string{"ST2_CONFIG_PATH=" + missing}); err == nil {
		t.Error("a missing file of the environment was accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[a]\nb = c\n  d\n")
	f.Add("[a]\nb = \"x\"\n# c\nd: ${e.f}$$\\$\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseINI("f", text)
		if err != nil {
			return
		}
		c := &Config{}
		c.collect()
		c.take("f", entries)
		for i := range c.settings {
			_ = c.assign(&c.settings[i])
		}
		c.Explain()
	})
}
