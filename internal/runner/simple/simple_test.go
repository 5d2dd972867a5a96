package simple

import (
	"context"
	"errors"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/runnertest"
	"github.com/galehq/gale/py"
)

func TestNoop(t *testing.T) {
	entry := Entries(nil)[0]
	job := func(*testing.T) *runner.Job { return &runner.Job{ActionParameters: py.DictOf("anything", 1)} }
	t.Run("Document", func(t *testing.T) {
		if entry.Type.Name != "noop" || entry.Type.Parameters.Len() != 0 {
			t.Errorf("got %+v", entry.Type)
		}
	})
	got := entry.Runner.Run(t.Context(), job(t), runner.Discard)
	want := py.DictOf("failed", false, "succeeded", true, "return_code", int64(0))
	if got.Status != gale.Succeeded || !py.Equal(got.Result, want) {
		t.Errorf("got %s %s, want succeeded %s", got.Status, py.Repr(got.Result), py.Repr(want))
	}
}

func announcement() *runner.Job {
	return &runner.Job{
		ExecutionID:      "e1",
		RunnerParameters: py.DictOf("experimental", true, "route", "general"),
		ActionParameters: py.DictOf("message", "hi"),
		Context:          py.DictOf("trace_context", py.DictOf("trace_tag", "t")),
	}
}

func TestAnnouncementRunner(t *testing.T) {
	runnertest.Run(t, runnertest.Subject{
		Entry:   Entries(func(context.Context, Announcement) error { return nil })[1],
		Quick:   func(*testing.T) *runner.Job { return announcement() },
		Failing: func(*testing.T) *runner.Job { return &runner.Job{RunnerParameters: py.DictOf("experimental", false)} },
		Keys:    []string{"output", "message"},
	})
}

func TestAnnouncementsArePublished(t *testing.T) {
	var got Announcement
	entry := Entries(func(_ context.Context, a Announcement) error { got = a; return nil })[1]
	r := entry.Runner.Run(t.Context(), announcement(), runner.Discard)
	if got.Route != "general" || got.ExecutionID != "e1" || runner.String(got.Payload, "message") != "hi" || runner.String(got.TraceContext, "trace_tag") != "t" {
		t.Errorf("published %+v", got)
	}
	if want := py.DictOf("output", py.DictOf("message", "hi"), "message", "hi"); !py.Equal(r.Result, want) {
		t.Errorf("result: got %s, want %s", py.Repr(r.Result), py.Repr(want))
	}
	got.Payload.Set("message", "changed")
	if output, _ := r.Result.GetString("output"); runner.String(output.(*py.Dict), "message") != "hi" {
		t.Error("the result shares the payload that was published")
	}
}

func TestAFailingAnnouncementFailsTheAction(t *testing.T) {
	entry := Entries(func(context.Context, Announcement) error { return errors.New("bus is down") })[1]
	r := entry.Runner.Run(t.Context(), announcement(), runner.Discard)
	if r.Status != gale.Failed || runner.String(r.Result, "error") != "publish announcement: bus is down" {
		t.Errorf("got %s %s", r.Status, py.Repr(r.Result))
	}
}

// Everybody who listens sees an announcement, and the event log keeps it.
func TestAnAnnouncementHidesSecretParameters(t *testing.T) {
	var got Announcement
	entry := Entries(func(_ context.Context, a Announcement) error { got = a; return nil })[1]
	job := announcement()
	job.ActionSchema = py.DictOf("message", py.DictOf("type", "string"), "token", py.DictOf("type", "string", "secret", true))
	job.ActionParameters.Set("token", "hunter2")
	r := entry.Runner.Run(t.Context(), job, runner.Discard)
	if want := py.DictOf("message", "hi", "token", "********"); !py.Equal(got.Payload, want) {
		t.Errorf("published %s, want %s", py.Repr(got.Payload), py.Repr(want))
	}
	if runner.String(r.Result, "token") != "hunter2" || runner.String(job.ActionParameters, "token") != "hunter2" {
		t.Error("the result, which is sealed by others, or the job was changed")
	}
}

func TestARouteIsOneLine(t *testing.T) {
	entry := Entries(func(context.Context, Announcement) error { t.Error("it was published"); return nil })[1]
	job := announcement()
	job.RunnerParameters.Set("route", "x\nevent: st2.execution__update")
	if r := entry.Runner.Run(t.Context(), job, runner.Discard); r.Status != gale.Failed {
		t.Errorf("got %s", r.Status)
	}
}
