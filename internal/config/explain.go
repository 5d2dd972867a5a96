package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Value is one setting as Explain tells it.
type Value struct {
	Key    string `json:"key"`    // section.option
	Value  string `json:"value"`  // secrets masked
	Source string `json:"source"` // default, FILE:LINE, $VARIABLE or a flag
	Doc    string `json:"doc"`
}

// Explain lists every setting, its value and where it came from, in the order
// of the documentation.
func (c *Config) Explain() []Value {
	out := make([]Value, len(c.settings))
	for i := range c.settings {
		s := &c.settings[i]
		out[i] = Value{s.key(), s.shown(), s.from, s.field.Tag.Get("doc")}
	}
	return out
}

func (s *setting) shown() string {
	text := fmt.Sprint(s.value.Interface())
	if list, ok := s.value.Interface().([]string); ok {
		text = strings.Join(list, ", ")
	}
	switch kind := s.field.Tag.Get("secret"); {
	case text == "" || kind == "":
		return text
	case kind == "url":
		if u, err := url.Parse(text); err == nil {
			return maskedURL(u)
		}
	}
	return "********"
}

// maskedURL hides the password, also where it is a parameter.
func maskedURL(u *url.URL) string {
	if q := u.Query(); q.Has("password") {
		q.Set("password", "********")
		u.RawQuery = q.Encode()
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "********")
	}
	return strings.ReplaceAll(u.String(), "%2A", "*")
}

// inert are the options of StackStorm that have no effect in Gale; "*" stands
// for all of a section.
var inert = map[string][]string{
	"default":           {"*"},
	"action_sensor":     {"*"},
	"actionrunner":      {"logging", "still_active_check_interval", "stream_output_buffer_size"},
	"api":               {"logging", "debug", "serve_webui_files"},
	"auth":              {"host", "port", "use_ssl", "cert", "key", "logging", "debug", "sso", "sso_backend", "sso_backend_kwargs"},
	"content":           {"system_runners_base_path", "runners_base_paths"},
	"coordination":      {"*"},
	"database":          {"*"},
	"exporter":          {"*"},
	"garbagecollector":  {"*"},
	"log":               {"excludes", "redirect_stderr"},
	"messaging":         {"*"},
	"metrics":           {"*"},
	"mistral":           {"*"},
	"notifier":          {"*"},
	"rbac":              {"*"},
	"results_tracker":   {"*"},
	"resultstracker":    {"*"},
	"rulesengine":       {"*"},
	"scheduler":         {"*"},
	"schema":            {"*"},
	"sensorcontainer":   {"*"},
	"ssh_runner":        {"*"},
	"stream":            {"host", "port", "logging", "debug"},
	"syslog":            {"*"},
	"timer":             {"*"},
	"timersengine":      {"local_timezone", "logging"},
	"workflow_engine":   {"*"},
	"webui":             {"logging"},
	"cloudslang":        {"*"},
	"eventlet":          {"*"},
	"garbage_collector": {"*"},
}

func withoutEffect(section, option string) bool {
	names := inert[section]
	return slices.Contains(names, "*") || slices.Contains(names, option)
}

// suggestion returns " (did you mean …?)" for the known option nearest to a name.
func (c *Config) suggestion(section, option string) string {
	best, least := "", 4
	for i := range c.settings {
		s := &c.settings[i]
		d := distance(option, s.name)
		if s.section != section {
			d += min(2, distance(section, s.section))
		}
		if d < least && d < len(s.name)/2+1 {
			best, least = s.key(), d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// distance counts the letters to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
