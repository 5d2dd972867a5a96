package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

// defaultPort is the one port on which Gale serves everything.
const defaultPort = "9101"

// Settings are where the server is and who asks, put together from options,
// environment, ~/.st2/config and the credentials of the data directory, in
// that order of precedence.
type Settings struct {
	APIURL, AuthURL, StreamURL string
	CACert                     string // file, or a word that says whether certificates are checked
	BasicAuth                  string
	DataDir                    string
	ConfigFile                 string
	Debug                      bool
	Location                   *time.Location // of timestamps in tables

	Token, APIKey      string
	Username, Password string // of the configuration: a token is fetched on first use

	cacheToken bool
	config     *iniFile
}

// globalArgs are accepted before the command, and behind it by their full
// names.
func globalArgs() []argparse.Arg {
	exact := func(help string, names ...string) argparse.Arg {
		a := argparse.Option(help, names...)
		a.Exact, a.Dest = true, globalKey(names[0])
		return a
	}
	flag := func(help string, names ...string) argparse.Arg {
		a := exact(help, names...)
		a.Action = argparse.StoreTrue
		return a
	}
	return []argparse.Arg{
		exact("Base URL of the server; the other three derive from it. Environment: ST2_BASE_URL.", "--url"),
		exact("URL of the token service. Environment: ST2_AUTH_URL.", "--auth-url"),
		exact("URL of the API, version included. Environment: ST2_API_URL.", "--api-url"),
		exact("URL of the event stream, version included. Environment: ST2_STREAM_URL.", "--stream-url"),
		exact("Version of the API. Environment: ST2_API_VERSION.", "--api-version"),
		exact("File with the certificates to trust, or false to trust any. Environment: ST2_CACERT.", "--cacert"),
		exact("user:password for a proxy in front of the server.", "--basic-auth"),
		exact("Configuration file (default ~/.st2/config). Environment: ST2_CONFIG_FILE.", "--config-file"),
		flag("Ignore the configuration file.", "--skip-config"),
		exact("Data directory of a server on this machine, for its credentials. Environment: GALE_DATA_DIR.", "--data-dir"),
		flag("Show requests, as curl commands, and answers on stderr.", "--debug"),
	}
}

// globalKey is the key of a global option: none that a command's own argument
// can have.
func globalKey(name string) string { return "@" + name }

// newSettings resolves everything but a login.
func newSettings(env *Env, opts *argparse.Values) (*Settings, error) {
	s := &Settings{Debug: opts.Bool("@--debug"), DataDir: first(opts.String("@--data-dir"), env.Getenv("GALE_DATA_DIR"), defaultDataDir(env)), cacheToken: true, config: &iniFile{}}
	if err := s.readConfig(env, opts); err != nil {
		return nil, err
	}
	s.Debug = s.Debug || s.config.bool("cli", "debug", false)
	s.cacheToken = s.config.bool("cli", "cache_token", true)
	s.BasicAuth = first(opts.String("@--basic-auth"), s.config.get("credentials", "basic_auth"))
	s.CACert = first(opts.String("@--cacert"), env.Getenv("ST2_CACERT"), s.config.get("general", "cacert"))
	if err := s.readTimezone(); err != nil {
		return nil, err
	}
	s.Token, s.APIKey = env.Getenv("ST2_AUTH_TOKEN"), env.Getenv("ST2_API_KEY")
	if s.Token == "" && s.APIKey == "" {
		s.APIKey = s.config.get("credentials", "api_key")
		s.Username, s.Password = s.config.get("credentials", "username"), s.config.get("credentials", "password")
	}
	return s, s.resolve(env, opts)
}

func (s *Settings) readTimezone() error {
	s.Location = time.UTC
	name := s.config.get("cli", "timezone")
	if name == "" || name == "UTC" {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return fmt.Errorf("[cli] timezone of %s: %w", s.ConfigFile, err)
	}
	s.Location = loc
	return nil
}

func (s *Settings) readConfig(env *Env, opts *argparse.Values) error {
	given := first(opts.String("@--config-file"), env.Getenv("ST2_CONFIG_FILE"))
	s.ConfigFile = given
	if given == "" {
		s.ConfigFile = filepath.Join(env.Home, ".st2", "config")
	}
	if n, _ := strconv.Atoi(env.Getenv("ST2_CLI_SKIP_CONFIG")); n != 0 || opts.Bool("@--skip-config") {
		return nil
	}
	f, found, err := readINI(s.ConfigFile)
	if err != nil {
		return err
	}
	if given != "" && !found {
		return fmt.Errorf("Config %q not found", given) // st2's text
	}
	s.config = f
	return nil
}

// resolve works out the three addresses.
func (s *Settings) resolve(env *Env, opts *argparse.Values) error {
	base := first(opts.String("@--url"), env.Getenv("ST2_BASE_URL"), s.config.get("general", "base_url"))
	s.APIURL = first(opts.String("@--api-url"), env.Getenv("ST2_API_URL"), s.config.get("api", "url"))
	s.AuthURL = first(opts.String("@--auth-url"), env.Getenv("ST2_AUTH_URL"), s.config.get("auth", "url"))
	s.StreamURL = first(opts.String("@--stream-url"), env.Getenv("ST2_STREAM_URL"), s.config.get("stream", "url"))
	local, err := readCredentials(s.DataDir)
	if err != nil {
		fmt.Fprintf(env.Stderr, "WARNING: %s\n", err)
	}
	if base == "" && s.APIURL == "" {
		base = local.url
	}
	version := first(opts.String("@--api-version"), env.Getenv("ST2_API_VERSION"), s.config.get("general", "api_version"), "v1")
	if base == "" && s.APIURL != "" {
		base = baseOf(s.APIURL)
	} else if base, err = serverURL(first(base, "http://127.0.0.1")); err != nil {
		return err
	}
	s.APIURL = first(s.APIURL, base+"/api/"+version)
	s.AuthURL = first(s.AuthURL, base+"/auth/"+version)
	s.StreamURL = first(s.StreamURL, base+"/stream/"+version)
	if s.anonymous() && local.key != "" && sameServer(local.url, s.APIURL) {
		s.APIKey = local.key
	}
	return nil
}

// anonymous reports whether nothing so far says who asks.
func (s *Settings) anonymous() bool { return s.Token == "" && s.APIKey == "" && s.Username == "" }

// serverURL checks a base URL and adds the port when it has neither port nor
// path.
func serverURL(base string) (string, error) {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is not the URL of a server, such as http://127.0.0.1:%s", base, defaultPort)
	}
	if u.Port() == "" && u.Path == "" {
		u.Host = net.JoinHostPort(u.Hostname(), defaultPort)
	}
	return u.String(), nil
}

// baseOf returns what stands before /api/v1, or before /v1, in the URL of an
// API.
func baseOf(api string) string {
	parts := strings.Split(strings.TrimRight(api, "/"), "/")
	if last := parts[len(parts)-1]; len(parts) > 3 && len(last) > 1 && last[0] == 'v' {
		parts = parts[:len(parts)-1]
	}
	if len(parts) > 3 && parts[len(parts)-1] == "api" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, "/")
}

// sameServer reports whether two URLs have one host and port. The names of
// this machine's loopback are one. A key is never sent to another server than
// the one that wrote it down.
func sameServer(a, b string) bool {
	key := func(s string) string {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			return ""
		}
		host := u.Hostname()
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			host = "loopback"
		}
		return u.Scheme + " " + host + " " + u.Port()
	}
	return key(a) != "" && key(a) == key(b)
}

// credentials are what a server left in its data directory for its own
// machine's users.
type credentials struct{ url, key string }

func readCredentials(dir string) (credentials, error) {
	path := filepath.Join(dir, "credentials")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || dir == "" {
		return credentials{}, nil
	}
	if err != nil {
		return credentials{}, err
	}
	v, err := py.DecodeJSON(data)
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		return credentials{}, fmt.Errorf("%s is not a JSON object and is ignored", path)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		err := fmt.Errorf("%s can be read by other users; chmod 600 it", path)
		return credentials{client.String(d, "url"), client.String(d, "api_key")}, err
	}
	return credentials{client.String(d, "url"), client.String(d, "api_key")}, nil
}

func defaultDataDir(env *Env) string {
	if env.Root {
		return "/var/lib/gale"
	}
	return filepath.Join(first(env.Getenv("XDG_DATA_HOME"), filepath.Join(env.Home, ".local", "share")), "gale")
}

// tlsConfig turns --cacert into what net/http wants. Certificates are checked
// unless the word says otherwise.
func (s *Settings) tlsConfig() (*tls.Config, error) {
	switch strings.ToLower(s.CACert) {
	case "", "true", "1", "t", "y", "yes":
		return nil, nil
	case "false", "0", "f", "n", "no":
		return &tls.Config{InsecureSkipVerify: true}, nil // asked for
	}
	pem, err := os.ReadFile(s.CACert)
	if err != nil {
		return nil, fmt.Errorf("CA cert file %q does not exist.", s.CACert) // st2's text
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", s.CACert)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// newClient makes the client; nothing is sent yet.
func (s *Settings) newClient(env *Env) (*client.Client, error) {
	tlsConfig, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	cfg := client.Config{API: s.APIURL, Auth: s.AuthURL, Stream: s.StreamURL, Token: s.Token, APIKey: s.APIKey,
		BasicAuth: s.BasicAuth, TLS: tlsConfig, UserAgent: "gale/" + gale.Version}
	if s.Debug {
		env.trace = &tracer{w: env.Stderr, extra: map[string]bool{}}
		cfg.Observe = env.trace.exchange
	}
	return client.New(cfg), nil
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
