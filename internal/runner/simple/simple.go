// Package simple has the runners that start nothing: noop and announcement.
package simple

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// An Announcement goes to whoever listens on a route.
type Announcement struct {
	ExecutionID  string
	Route        string
	Payload      *py.Dict
	TraceContext *py.Dict // nil without a trace
}

// Announce delivers an announcement; the error fails the action.
type Announce func(context.Context, Announcement) error

// Entries are noop and announcement. A nil announce refuses announcements.
func Entries(announce Announce) []runner.Entry {
	if announce == nil {
		announce = func(context.Context, Announcement) error {
			return errors.New("this process has nowhere to announce to")
		}
	}
	return []runner.Entry{
		{Type: noopType(), Runner: noop{}},
		{Type: announcementType(), Runner: announcer{announce}},
	}
}

type noop struct{}

// Run does nothing, with success.
func (noop) Run(ctx context.Context, job *runner.Job, _ runner.Output) runner.Result {
	if _, _, ended := runner.Interrupted(ctx); ended {
		return runner.Interruption(ctx, job)
	}
	return runner.Result{
		Status: gale.Succeeded,
		Result: py.DictOf("failed", false, "succeeded", true, "return_code", int64(0)),
	}
}

func noopType() gale.RunnerType {
	return gale.RunnerType{
		Name:          "noop",
		Description:   "Does nothing, whatever the parameters are.",
		Enabled:       true,
		RunnerPackage: "noop_runner",
		RunnerModule:  "noop_runner",
		OutputSchema:  py.NewDict(0),
		Parameters:    py.NewDict(0),
	}
}

type announcer struct{ announce Announce }

// Run publishes the action's parameters on a route.
func (a announcer) Run(ctx context.Context, job *runner.Job, _ runner.Output) runner.Result {
	if _, _, ended := runner.Interrupted(ctx); ended {
		return runner.Interruption(ctx, job)
	}
	if !runner.Bool(job.RunnerParameters, "experimental") {
		return runner.Failf("the parameter experimental must be true to use the announcement runner")
	}
	payload := py.NewDict(0)
	if job.ActionParameters != nil {
		payload = job.ActionParameters.Clone()
	}
	route := runner.String(job.RunnerParameters, "route")
	if strings.ContainsFunc(route, unicode.IsControl) {
		return runner.Failf("the route %s is no name: it has control characters", py.Repr(route))
	}
	trace, _ := job.Context.GetString("trace_context")
	traceContext, _ := trace.(*py.Dict)
	err := a.announce(ctx, Announcement{
		ExecutionID:  job.ExecutionID,
		Route:        route,
		Payload:      shown(payload, job.ActionSchema),
		TraceContext: traceContext,
	})
	if err != nil {
		return runner.Failf("publish announcement: %w", err)
	}
	result := py.DictOf("output", payload.Clone())
	for k, v := range payload.All() {
		result.Set(k, v)
	}
	return runner.Result{Status: gale.Succeeded, Result: result}
}

// shown is a payload as everybody may see it, who listens: a copy, with masks
// for what the action calls secret.
func shown(payload, parameters *py.Dict) *py.Dict {
	d, _ := schema.MaskAt(payload.Clone(), schema.ParameterSecrets(parameters, payload)).(*py.Dict)
	return d
}

func announcementType() gale.RunnerType {
	return gale.RunnerType{
		Name:          "announcement",
		Description:   "Publishes an announcement on the event stream.",
		Enabled:       true,
		RunnerPackage: "announcement_runner",
		RunnerModule:  "announcement_runner",
		OutputSchema:  py.NewDict(0),
		Parameters: py.DictOf(
			"experimental", py.DictOf("description", "Must be true: the runner may change.", "type", "boolean", "required", true, "default", false),
			"route", py.DictOf("description", "Route on which to publish; words with dots between them.", "type", "string", "default", "general", "minLength", int64(1), "maxLength", int64(255)),
		),
	}
}
