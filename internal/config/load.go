package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/galehq/gale"
)

// Flags are the settings of the command line. Empty ones say nothing.
type Flags struct {
	File        string // the configuration file; must exist
	DataDir     string
	Listen      string
	DatabaseURL string
	LogLevel    string
	LogFormat   string
	Set         []string // section.option=value, for everything else
}

// setting is an option with the text that won and where it came from.
type setting struct {
	section, name string
	field         reflect.StructField
	value         reflect.Value // the field of the Config
	raw           string        // the text that won
	from          string        // default, file:line, $VARIABLE or flag
}

func (s *setting) key() string { return s.section + "." + s.name }

// Load reads the settings. environ is as of os.Environ. Errors are of kind
// gale.Invalid and name file, line, variable or flag.
func Load(flags Flags, environ []string) (*Config, error) {
	env := environment(environ)
	c := &Config{}
	c.collect()
	c.settings[c.index("gale.data_dir")].raw = defaultDataDir(env)
	if err := c.readFile(flags, env); err != nil {
		return nil, err
	}
	c.readEnvironment(env)
	if err := c.readFlags(flags); err != nil {
		return nil, err
	}
	for i := range c.settings {
		if err := c.assign(&c.settings[i]); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	return env
}

func defaultDataDir(env map[string]string) string {
	if os.Geteuid() == 0 {
		return "/var/lib/gale"
	}
	if dir := env["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "gale")
	}
	return filepath.Join(env["HOME"], ".local", "share", "gale")
}

// collect lists the options from the fields of Config.
func (c *Config) collect() {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		section, ok := v.Type().Field(i).Tag.Lookup("section")
		if !ok {
			continue
		}
		group := v.Field(i)
		for j := range group.NumField() {
			f := group.Type().Field(j)
			c.settings = append(c.settings, setting{
				section: section, name: f.Tag.Get("opt"), field: f, value: group.Field(j),
				raw: f.Tag.Get("default"), from: "default",
			})
		}
	}
}

func (c *Config) index(key string) int {
	return slices.IndexFunc(c.settings, func(s setting) bool { return s.key() == key })
}

// The file is named by flag or environment and must then exist, or is the one
// in the usual place.
func (c *Config) readFile(flags Flags, env map[string]string) error {
	path := flags.File
	for _, name := range []string{"GALE_CONFIG", "ST2_CONFIG_PATH"} {
		if path == "" {
			path = env[name]
		}
	}
	named := path != ""
	if !named {
		path = usualFile(env)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return gale.Errorf(gale.Invalid, "read the configuration: %w", err)
	}
	if !utf8.Valid(text) {
		return gale.Errorf(gale.Invalid, "%s is not UTF-8 text", path)
	}
	entries, err := parseINI(path, string(text))
	if err != nil {
		return err
	}
	c.file = path
	c.take(path, entries)
	return nil
}

func usualFile(env map[string]string) string {
	if os.Geteuid() == 0 {
		return "/etc/gale/gale.conf"
	}
	if dir := env["XDG_CONFIG_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "gale", "gale.conf")
	}
	return filepath.Join(env["HOME"], ".config", "gale", "gale.conf")
}

// take puts a file's entries in place: the last assignment of an option wins.
func (c *Config) take(path string, entries []entry) {
	seen := map[string]bool{}
	for _, e := range entries {
		key := e.section + "." + e.key
		i := c.index(key)
		if i < 0 {
			c.note(seen, key, path, e)
			continue
		}
		s := &c.settings[i]
		s.from = path + ":" + strconv.Itoa(e.line)
		s.raw = e.value
	}
}

func (c *Config) note(seen map[string]bool, key, path string, e entry) {
	if seen[key] {
		return
	}
	seen[key] = true
	where := path + ":" + strconv.Itoa(e.line) + ": "
	if withoutEffect(e.section, e.key) {
		c.notes = append(c.notes, where+key+" has no effect in Gale")
		return
	}
	c.notes = append(c.notes, where+"unknown option "+key+c.suggestion(e.section, e.key))
}

// readEnvironment takes ST2_<SECTION>__<OPTION>, then GALE_<SECTION>_<OPTION>
// and, for the section gale itself, GALE_<OPTION>.
func (c *Config) readEnvironment(env map[string]string) {
	known := map[string]bool{"GALE_CONFIG": true, "ST2_CONFIG_PATH": true}
	for i := range c.settings {
		s := &c.settings[i]
		section, name := strings.ToUpper(s.section), strings.ToUpper(s.name)
		names := []string{"ST2_" + section + "__" + name, "GALE_" + section + "_" + name}
		if s.section == "gale" {
			names = append(names, "GALE_"+name)
		}
		for _, n := range names {
			known[n] = true
			if v, ok := env[n]; ok {
				s.raw, s.from = v, "$"+n
			}
		}
	}
	c.noteVariables(env, known)
}

// noteVariables reports variables that look like options and are none.
func (c *Config) noteVariables(env map[string]string, known map[string]bool) {
	var unknown []string
	for n := range env {
		if strings.HasPrefix(n, "ST2_") && strings.Contains(n, "__") && !known[n] {
			section, option, _ := strings.Cut(strings.ToLower(n[len("ST2_"):]), "__")
			if withoutEffect(section, option) {
				unknown = append(unknown, "$"+n+" has no effect in Gale")
			} else {
				unknown = append(unknown, "$"+n+": unknown option "+section+"."+option+c.suggestion(section, option))
			}
		}
	}
	slices.Sort(unknown)
	c.notes = append(c.notes, unknown...)
}

func (c *Config) readFlags(flags Flags) error {
	for key, f := range map[string]struct{ flag, value string }{
		"gale.data_dir": {"--data-dir", flags.DataDir}, "gale.listen": {"--listen", flags.Listen},
		"database.url": {"--database-url", flags.DatabaseURL},
		"log.level":    {"--log-level", flags.LogLevel}, "log.format": {"--log-format", flags.LogFormat},
	} {
		if f.value != "" {
			s := &c.settings[c.index(key)]
			s.raw, s.from = f.value, f.flag
		}
	}
	for _, set := range flags.Set {
		key, value, ok := strings.Cut(set, "=")
		i := c.index(key)
		if !ok || i < 0 {
			section, name, _ := strings.Cut(key, ".")
			return gale.Errorf(gale.Invalid, "--set %s: there is no option of that name%s", key, c.suggestion(section, name))
		}
		c.settings[i].raw, c.settings[i].from = value, "--set"
	}
	return nil
}

// text returns an option's text with its $variables replaced.
func (c *Config) text(s *setting, depth int) (string, error) {
	if depth > maxExpansion {
		return "", errors.New("its variables refer to each other in a circle")
	}
	return expand(s.raw, func(name string) (string, error) {
		i := -1
		if strings.Contains(name, ".") {
			i = c.index(name)
		} else if i = c.index(s.section + "." + name); i < 0 {
			i = c.index("default." + name)
		}
		if i < 0 {
			return "", fmt.Errorf("it refers to $%s, and there is no such option (write $$ for a dollar)", name)
		}
		return c.text(&c.settings[i], depth+1)
	})
}

// assign converts an option's text to its type.
func (c *Config) assign(s *setting) error {
	text, err := c.text(s, 0)
	if err != nil {
		return s.invalid(err.Error())
	}
	if choices := strings.Fields(s.field.Tag.Get("choices")); len(choices) > 0 && !slices.Contains(choices, text) {
		return s.invalid(fmt.Sprintf("%q is none of %s", text, strings.Join(choices, ", ")))
	}
	switch v := s.value.Addr().Interface().(type) {
	case *string:
		*v = text
	case *[]string:
		*v = splitList(text)
	case *bool:
		ok := false
		if *v, ok = truth(text); !ok {
			return s.invalid(s.quoted(text) + " is neither true nor false")
		}
	case *int:
		return s.assignInt(v, text)
	case *time.Duration:
		d, ok := duration(text)
		if !ok {
			return s.invalid(s.quoted(text) + " is not a number of seconds")
		}
		*v = d
	}
	return nil
}

func (s *setting) assignInt(v *int, text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return s.invalid(s.quoted(text) + " is not a whole number")
	}
	for tag, bad := range map[string]func(limit int) bool{
		"min": func(limit int) bool { return n < limit },
		"max": func(limit int) bool { return n > limit },
	} {
		limit, err := strconv.Atoi(s.field.Tag.Get(tag))
		if err == nil && bad(limit) {
			return s.invalid(fmt.Sprintf("%d is beyond the %simum of %d", n, tag, limit))
		}
	}
	*v = n
	return nil
}

func (s *setting) quoted(text string) string {
	if s.field.Tag.Get("secret") != "" {
		return "the value"
	}
	return strconv.Quote(text)
}

func (s *setting) invalid(why string) error {
	return gale.Errorf(gale.Invalid, "option %s (%s): %s", s.key(), s.from, why)
}

func (c *Config) invalid(key, why string) error { return c.settings[c.index(key)].invalid(why) }

// truth reads a boolean as oslo.config does.
func truth(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "on", "yes":
		return true, true
	case "false", "0", "off", "no":
		return false, true
	}
	return false, false
}

// duration reads seconds, or a number with a unit as in 1m30s.
func duration(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(n * float64(time.Second)), n >= 0 && n < 1e9
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// splitList reads a list: items are separated by commas and stripped; commas
// at the end count for nothing.
func splitList(text string) []string {
	text = strings.TrimRight(strings.TrimSpace(text), ",")
	if text == "" {
		return nil
	}
	out := strings.Split(text, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}
