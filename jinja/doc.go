// Package jinja is the template language Jinja 2, version 3.1, as StackStorm and
// Orquesta run it: a sandbox, undefined names as errors (or as nothing, where a
// lenient environment is asked for), no loader, no extensions.
package jinja
