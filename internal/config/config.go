// Package config makes one typed Config of defaults, a configuration file in
// the format of st2.conf, the environment and the command line; what comes
// later in that list wins. It remembers where each value came from and reports
// what it does not know.
//
// An existing st2.conf can be used as it is: options of StackStorm that mean
// nothing to Gale are accepted and listed.
package config

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config holds the settings of a process. Sections and options are named as in
// the file; options without a counterpart in StackStorm are marked "(Gale)".
// Relative paths are relative to the directory that the process started in.
type Config struct {
	Gale struct {
		DataDir       string        `opt:"data_dir" doc:"(Gale) directory of the store, keys, packs and logs"`
		Listen        string        `opt:"listen" default:"${api.host}:${api.port}" doc:"(Gale) address that serves API, streams and web UI"`
		NodeName      string        `opt:"node_name" doc:"(Gale) name of this machine in the queue and in executions; empty: the host name"`
		MaxBody       int           `opt:"max_body_bytes" default:"10485760" min:"1024" doc:"(Gale) largest request body, bytes"`
		ShutdownGrace time.Duration `opt:"shutdown_grace" default:"30" doc:"(Gale) how long running actions may go on after a stop request, seconds"`
	} `section:"gale"`

	Database struct {
		URL string `opt:"url" secret:"url" doc:"(Gale) postgres://… for PostgreSQL; empty: the embedded store in gale.data_dir"`
	} `section:"database"`

	API struct {
		Host               string   `opt:"host" default:"127.0.0.1" doc:"address of the API"`
		Port               int      `opt:"port" default:"9101" min:"0" max:"65535" doc:"port of the API"`
		AllowOrigin        []string `opt:"allow_origin" default:"http://127.0.0.1:3000" doc:"origins whose pages may call the API"`
		MaskSecrets        bool     `opt:"mask_secrets" default:"true" doc:"whether answers hide secrets"`
		MaxPageSize        int      `opt:"max_page_size" default:"100" min:"1" doc:"largest limit of a list that is no administrator's"`
		AuthCookieSecure   bool     `opt:"auth_cookie_secure" default:"true" doc:"whether the login cookie is sent over TLS only"`
		AuthCookieSameSite string   `opt:"auth_cookie_same_site" default:"lax" choices:"strict lax none unset" doc:"SameSite of the login cookie"`
	} `section:"api"`

	Auth struct {
		Enable          bool          `opt:"enable" default:"true" doc:"whether requests must say who asks; false: all act as system_user.user"`
		Mode            string        `opt:"mode" default:"standalone" choices:"standalone proxy" doc:"who checks passwords: Gale, or the web server in front of it"`
		Backend         string        `opt:"backend" default:"flat_file" doc:"where passwords are checked"`
		BackendKwargs   string        `opt:"backend_kwargs" secret:"all" doc:"JSON object of the backend's settings"`
		APIURL          string        `opt:"api_url" doc:"base URL of the API as actions reach it"`
		TokenTTL        time.Duration `opt:"token_ttl" default:"86400" doc:"longest life of a token, seconds"`
		ServiceTokenTTL time.Duration `opt:"service_token_ttl" default:"86400" doc:"longest life of a token that Gale makes for actions and sensors, seconds"`
	} `section:"auth"`

	Stream struct {
		Heartbeat time.Duration `opt:"heartbeat" default:"25" doc:"pause between signs of life on an event stream, seconds"`
	} `section:"stream"`

	WebUI struct {
		BaseURL string `opt:"webui_base_url" doc:"base URL of the web UI in links; empty: the listening address"`
	} `section:"webui"`

	ActionRunner struct {
		Workers              int           `opt:"actions_pool_size" default:"60" min:"1" doc:"actions that run at the same time"`
		WorkflowWorkers      int           `opt:"workflows_pool_size" default:"40" min:"1" doc:"workflow steps computed at the same time"`
		GracefulShutdown     bool          `opt:"graceful_shutdown" default:"true" doc:"whether a stopping process waits for its actions"`
		ExitStillActiveCheck time.Duration `opt:"exit_still_active_check" default:"300" doc:"how long it waits, seconds"`
		StreamOutput         bool          `opt:"stream_output" default:"true" doc:"whether output is stored while an action runs"`
		PythonBinary         string        `opt:"python_binary" default:"python3" doc:"interpreter that virtualenvs are based on"`
		VirtualenvBinary     string        `opt:"virtualenv_binary" doc:"virtualenv program; empty: python_binary -m venv"`
		VirtualenvOpts       []string      `opt:"virtualenv_opts" default:"--system-site-packages" doc:"options for it"`
		PipOpts              []string      `opt:"pip_opts" doc:"options for pip install"`
		PythonLogLevel       string        `opt:"python_runner_log_level" default:"DEBUG" choices:"AUDIT CRITICAL ERROR WARNING INFO DEBUG" doc:"log level of Python actions that ask for DEBUG"`
	} `section:"actionrunner"`

	Content struct {
		SystemPacks string   `opt:"system_packs_base_path" default:"${system.base_path}/packs" doc:"where packs are installed; searched first"`
		Packs       string   `opt:"packs_base_paths" doc:"more directories of packs, separated by colons"`
		PackGroup   string   `opt:"pack_group" default:"st2packs" doc:"group that owns installed packs, if it exists"`
		IndexURL    []string `opt:"index_url" default:"https://index.stackstorm.org/v1/index.json" doc:"pack indexes, the leftmost has priority"`
	} `section:"content"`

	Packs struct {
		CommonLibs bool `opt:"enable_common_libs" default:"false" doc:"whether <pack>/lib is importable by its Python actions and sensors"`
	} `section:"packs"`

	System struct {
		BasePath                  string `opt:"base_path" default:"${gale.data_dir}" doc:"directory that holds packs, configs, virtualenvs and overrides"`
		Debug                     bool   `opt:"debug" default:"false" doc:"whether Gale tells more about its errors"`
		ValidateOutputSchema      bool   `opt:"validate_output_schema" default:"false" doc:"whether a result that does not fit its schema fails the execution"`
		ValidateTriggerParameters bool   `opt:"validate_trigger_parameters" default:"true" doc:"whether rules' trigger parameters must fit the type's schema"`
		ValidateTriggerPayload    bool   `opt:"validate_trigger_payload" default:"true" doc:"whether payloads must fit the type's schema"`
	} `section:"system"`

	SystemUser struct {
		User       string `opt:"user" default:"stanley" doc:"name under which rules start executions"`
		SSHKeyFile string `opt:"ssh_key_file" default:"/home/${system_user.user}/.ssh/${system_user.user}_rsa" doc:"key of remote actions that name none"`
	} `section:"system_user"`

	LocalRunner struct {
		User string `opt:"user" doc:"(Gale) Unix user of local actions, by sudo; empty: the user that Gale runs as"`
	} `section:"local_runner"`

	KeyValue struct {
		EnableEncryption bool   `opt:"enable_encryption" default:"true" doc:"whether the datastore takes secrets"`
		KeyPath          string `opt:"encryption_key_path" default:"${gale.data_dir}/keys/datastore_key.json" doc:"file of the key that opens all secrets"`
	} `section:"keyvalue"`

	Log struct {
		Level         string   `opt:"level" default:"warning" choices:"debug info warning error" doc:"(Gale) least important messages that are logged; info has a line for each request"`
		Format        string   `opt:"format" default:"text" choices:"text json" doc:"(Gale) form of log lines"`
		MaskSecrets   bool     `opt:"mask_secrets" default:"true" doc:"whether logs hide secrets"`
		MaskBlacklist []string `opt:"mask_secrets_blacklist" doc:"more names of attributes that logs hide"`
	} `section:"log"`

	TimersEngine struct {
		Enable bool `opt:"enable" default:"true" doc:"whether this process may serve timers"`
	} `section:"timersengine"`

	file     string
	settings []setting
	notes    []string
}

// File is the configuration file that was read, "" for none.
func (c *Config) File() string { return c.file }

// Notes are remarks for the log, made once: unknown options with a suggestion,
// and options of StackStorm that have no effect here.
func (c *Config) Notes() []string { return slices.Clone(c.notes) }

// PackPaths lists the directories that are searched for packs, in order.
func (c *Config) PackPaths() []string {
	paths := []string{filepath.Clean(c.Content.SystemPacks)}
	for _, p := range strings.Split(c.Content.Packs, ":") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if p = filepath.Clean(p); !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// ConfigDir is where the packs' configs are.
func (c *Config) ConfigDir() string { return filepath.Join(c.System.BasePath, "configs") }

// VirtualenvDir is where the packs' virtualenvs are.
func (c *Config) VirtualenvDir() string { return filepath.Join(c.System.BasePath, "virtualenvs") }

// OverrideDir is where overrides of packs' resources are.
func (c *Config) OverrideDir() string { return filepath.Join(c.System.BasePath, "overrides") }

// WebURL is the base of links to the web UI.
func (c *Config) WebURL() string {
	if c.WebUI.BaseURL != "" {
		return strings.TrimRight(c.WebUI.BaseURL, "/")
	}
	return c.localURL()
}

// ActionAPIURL is the base URL of the API for actions and sensors on this
// machine, without the version.
func (c *Config) ActionAPIURL() string {
	if c.Auth.APIURL != "" {
		return strings.TrimRight(c.Auth.APIURL, "/")
	}
	return c.localURL()
}

// localURL replaces an address that stands for all of the machine's by loopback.
func (c *Config) localURL() string {
	host, port, err := net.SplitHostPort(c.Gale.Listen)
	if err != nil {
		return "http://" + c.Gale.Listen
	}
	switch host {
	case "", "0.0.0.0", "::":
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// check refuses combinations that cannot work.
func (c *Config) check() error {
	_, port, err := net.SplitHostPort(c.Gale.Listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return c.invalid("gale.listen", "it is no host:port")
	}
	if c.Auth.Backend == "" {
		return c.invalid("auth.backend", "it names no backend")
	}
	if u := c.Database.URL; u != "" && !strings.HasPrefix(u, "postgres://") && !strings.HasPrefix(u, "postgresql://") {
		return c.invalid("database.url", "it does not begin with postgres://")
	}
	return nil
}
