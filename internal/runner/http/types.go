package http

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func requestType() gale.RunnerType {
	text := func(description string) *py.Dict { return py.DictOf("description", description, "type", "string") }
	hosts := func(description string) *py.Dict {
		return py.DictOf("description", description, "required", false, "type", "array", "items", py.DictOf("type", "string"))
	}
	var kinds []any
	for _, kind := range []string{"object", "string", "integer", "number", "boolean", "array", "null"} {
		kinds = append(kinds, py.DictOf("type", kind))
	}
	return gale.RunnerType{
		Name:          "http-request",
		Description:   "Makes an HTTP request.",
		Enabled:       true,
		RunnerPackage: "http_runner",
		RunnerModule:  "http_runner",
		OutputKey:     "body",
		OutputSchema: py.DictOf(
			"type", "object",
			"properties", py.DictOf(
				"status_code", py.DictOf("type", "integer"),
				"body", py.DictOf("anyOf", kinds),
				"parsed", py.DictOf("type", "boolean"),
				"headers", py.DictOf("type", "object"),
			),
			"additionalProperties", false,
		),
		Parameters: py.DictOf(
			"allow_redirects", py.DictOf("description", "Follow redirects.", "type", "boolean", "default", false),
			"cookies", py.DictOf("description", "Cookies to send.", "type", "object"),
			"headers", py.DictOf("description", "Headers to send.", "type", "object"),
			"http_proxy", text("URL of the proxy for http (http://10.10.1.10:3128)."),
			"https_proxy", text("URL of the proxy for https (http://10.10.1.10:3128)."),
			"password", py.DictOf("description", "Password for basic authentication.", "type", "string", "secret", true),
			"url", py.DictOf("description", "URL to request.", "type", "string", "required", true),
			"username", text("User name for basic authentication."),
			"verify_ssl_cert", py.DictOf("description", "Check the server's certificate.", "type", "boolean", "default", true),
			"url_hosts_blacklist", hosts("Hosts that may not be requested (example.com, 127.0.0.1, ::1), also by redirects. Not together with a whitelist."),
			"url_hosts_whitelist", hosts("The only hosts that may be requested, also by redirects. Not together with a blacklist."),
		),
	}
}
