// Package runnertest is the suite that every runner passes: what package
// runner promises of all of them.
package runnertest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// A Subject is a runner and jobs to try it with. Each function returns a
// fresh job; what it leaves empty of ids and marker the suite fills in.
type Subject struct {
	Entry   runner.Entry
	Quick   func(t *testing.T) *runner.Job
	Failing func(t *testing.T) *runner.Job
	// Long is a job that runs until it is ended, and a channel that is closed
	// once it does. Nil for a runner that has no such jobs.
	Long func(t *testing.T) (*runner.Job, <-chan struct{})
	// Prints is what the quick job prints, by stream.
	Prints map[string]string
	Keys   []string // of the quick job's result
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Run("Document", func(t *testing.T) { s.document(t) })
	t.Run("Success", func(t *testing.T) { s.success(t) })
	t.Run("Failure", func(t *testing.T) { s.failure(t) })
	t.Run("EndedBeforeItBegins", func(t *testing.T) { s.endedBefore(t) })
	t.Run("ManyAtOnce", func(t *testing.T) { s.many(t) })
	if s.Long == nil {
		return
	}
	for name, test := range map[string]struct {
		cause error
		want  gale.Status
	}{
		"Cancel":    {runner.ErrCanceled, gale.Canceled},
		"Timeout":   {runner.ErrTimeout, gale.TimedOut},
		"Shutdown":  {runner.ErrShutdown, gale.Abandoned},
		"LeaseLost": {runner.ErrLeaseLost, gale.Abandoned},
		"Unknown":   {nil, gale.Canceled},
	} {
		t.Run(name, func(t *testing.T) { s.interrupted(t, test.cause, test.want) })
	}
}

var runs atomic.Int64

// prepare fills in what the suite looks at afterwards.
func prepare(t *testing.T, job *runner.Job) *runner.Job {
	t.Helper()
	job.StoreID = "runnertest" + strconv.Itoa(os.Getpid())
	job.Token = strconv.FormatInt(runs.Add(1), 10)
	job.RunDir = t.TempDir()
	if job.ExecutionID == "" {
		job.ExecutionID = "0123456789abcdef01234567"
	}
	if job.User == "" {
		job.User = "tester"
	}
	return job
}

// transcript collects output; its methods need no lock, because calls do not
// overlap, and the race detector says if they do.
type transcript map[string]string

func (o transcript) Write(stream string, data []byte) { o[stream] += string(data) }

func (s Subject) success(t *testing.T) {
	out := transcript{}
	job := prepare(t, s.Quick(t))
	got := s.Entry.Runner.Run(t.Context(), job, out)
	if got.Status != gale.Succeeded {
		t.Fatalf("status: got %s, want succeeded: %s", got.Status, py.Repr(got.Result))
	}
	var keys []string
	for k := range got.Result.All() {
		keys = append(keys, py.Str(k))
	}
	if !slices.Equal(keys, s.Keys) {
		t.Errorf("keys of the result: got %q, want %q", keys, s.Keys)
	}
	for stream, want := range s.Prints {
		if out[stream] != want {
			t.Errorf("%s: got %q, want %q", stream, out[stream], want)
		}
	}
	s.clean(t, job, got)
}

func (s Subject) failure(t *testing.T) {
	job := prepare(t, s.Failing(t))
	got := s.Entry.Runner.Run(t.Context(), job, transcript{})
	if got.Status != gale.Failed {
		t.Errorf("status: got %s, want failed", got.Status)
	}
	if got.Result.Len() == 0 {
		t.Error("a failure says nothing")
	}
	s.clean(t, job, got)
}

// endedBefore: a run whose context has ended does not report success.
func (s Subject) endedBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(runner.ErrCanceled)
	job := prepare(t, s.Quick(t))
	got := s.Entry.Runner.Run(ctx, job, transcript{})
	if got.Status != gale.Canceled {
		t.Errorf("status: got %s, want canceled: %s", got.Status, py.Repr(got.Result))
	}
	s.clean(t, job, got)
}

func (s Subject) many(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		job := prepare(t, s.Quick(t))
		wg.Go(func() {
			if got := s.Entry.Runner.Run(t.Context(), job, transcript{}); got.Status != gale.Succeeded {
				t.Errorf("status: got %s, want succeeded: %s", got.Status, py.Repr(got.Result))
			}
		})
	}
	wg.Wait()
}

func (s Subject) interrupted(t *testing.T, cause error, want gale.Status) {
	job, started := s.Long(t)
	prepare(t, job)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := make(chan runner.Result, 1)
	go func() { done <- s.Entry.Runner.Run(ctx, job, transcript{}) }()
	select {
	case <-started:
	case got := <-done:
		t.Fatalf("the job ended by itself: %s %s", got.Status, py.Repr(got.Result))
	}
	cancel(cause)
	got := <-done
	if got.Status != want {
		t.Errorf("status: got %s, want %s: %s", got.Status, want, py.Repr(got.Result))
	}
	s.clean(t, job, got)
}

// clean: nothing of the run is left, and its result can be stored.
func (s Subject) clean(t *testing.T, job *runner.Job, got runner.Result) {
	t.Helper()
	if _, err := py.AppendJSON(nil, got.Result); err != nil {
		t.Errorf("the result is not JSON: %v", err)
	}
	if files, _ := os.ReadDir(job.RunDir); len(files) != 0 {
		t.Errorf("%d marker files are left", len(files))
	}
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data)+"\x00", "GALE_RUN="+job.StoreID+"."+job.Token+"\x00") {
			if stat, err := os.ReadFile(filepath.Join(filepath.Dir(path), "stat")); err == nil && !strings.Contains(string(stat), ") Z ") {
				t.Errorf("a process of the run is left: %s", stat)
			}
		}
	}
}

var types = []string{"string", "integer", "number", "boolean", "object", "array"}

// document: the description of the runner type is complete.
func (s Subject) document(t *testing.T) {
	doc := s.Entry.Type
	if doc.Name == "" || doc.Description == "" || doc.RunnerModule == "" || doc.RunnerPackage == "" || !doc.Enabled {
		t.Errorf("incomplete: %+v", doc)
	}
	if doc.Parameters == nil || doc.OutputSchema == nil {
		t.Fatal("parameters and output schema must be objects, if empty ones")
	}
	for k, v := range doc.Parameters.All() {
		spec, ok := v.(*py.Dict)
		if !ok {
			t.Errorf("%v: not an object", k)
			continue
		}
		kind := runner.String(spec, "type")
		if !slices.Contains(types, kind) || runner.String(spec, "description") == "" {
			t.Errorf("%v: type %q, description %q", k, kind, runner.String(spec, "description"))
		}
		if value, ok := spec.GetString("default"); ok && value != nil && kindOf(value) != kind {
			t.Errorf("%v: default %s is not of type %s", k, py.Repr(value), kind)
		}
	}
	if _, err := py.AppendJSON(nil, doc.Parameters); err != nil {
		t.Errorf("parameters: %v", err)
	}
}

func kindOf(v any) string {
	return map[string]string{"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object", "list": "array"}[py.TypeName(v)]
}
