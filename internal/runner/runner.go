// Package runner says what it means to run an action: a Job goes in, a Result
// comes out, and what the action prints goes to an Output meanwhile. The
// runners themselves are in the packages below; none of them knows a store.
package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/py"
)

// A Runner runs actions of one kind. It is safe for concurrent use.
//
// Run blocks until the action has ended and nothing of it is left running.
// It ends the action when ctx ends; the cause of ctx (one of the errors
// below) decides the status. An action that fails is a Result, as is one that
// could not be started: there is no error for anybody to lose.
type Runner interface {
	Run(ctx context.Context, job *Job, out Output) Result
}

// Causes with which the context of a run is cancelled.
var (
	ErrCanceled  = errors.New("Action canceled by user.") //lint:ignore ST1005 text of the result
	ErrTimeout   = errors.New("action timed out")
	ErrShutdown  = errors.New("the runner was shut down while the action was running")
	ErrLeaseLost = errors.New("the runner lost its claim on the action while it was running")
)

// Job is everything that running an action takes.
type Job struct {
	ExecutionID string
	ActionRef   string // pack.name
	Pack        string
	Action      string // name within the pack
	PackDir     string // absolute
	// EntryPoint is relative to <PackDir>/actions; an absolute one must be
	// inside PackDir.
	EntryPoint       string
	RunnerParameters *py.Dict
	ActionParameters *py.Dict // those that the runner type does not declare
	ActionSchema     *py.Dict // the action's parameters: name → specification
	Context          *py.Dict
	User             string // on whose behalf
	APIURL           string // with the version: http://…/v1
	AuthToken        string // of the run; empty without authentication
	PackConfig       *py.Dict
	LogLevel         string // in place of the parameter log_level where that is DEBUG
	Debug            bool   // keep temporary files

	StoreID string // with Token, the marker of the run's processes
	Token   string // of this claim on the execution
	RunDir  string // of marker files; empty: none
	Grace   time.Duration
}

// Output receives what an action prints. Stream is stdout, stderr or output;
// data is UTF-8 text in whole lines where lines end. Calls do not overlap;
// one that blocks holds the action up. Data may be kept.
type Output interface {
	Write(stream string, data []byte)
}

// OutputFunc is a function as an Output.
type OutputFunc func(stream string, data []byte)

// Write calls f.
func (f OutputFunc) Write(stream string, data []byte) { f(stream, data) }

// Discard is an Output that nobody reads.
var Discard Output = OutputFunc(func(string, []byte) {})

// Result is how a run ended. A nil Context leaves the execution's as it was.
type Result struct {
	Status  gale.Status
	Result  *py.Dict
	Context *py.Dict
}

// Fail is the result of a run that broke down around the action: it could
// not be started, or its answer made no sense.
func Fail(err error) Result {
	return Result{Status: gale.Failed, Result: py.DictOf("error", err.Error(), "traceback", "")}
}

// Failf is Fail with a message.
func Failf(format string, args ...any) Result { return Fail(fmt.Errorf(format, args...)) }

// Interrupted tells why the context of a run ended, as status and message.
// Ok is false while it has not.
func Interrupted(ctx context.Context) (status gale.Status, message string, ok bool) {
	if ctx.Err() == nil {
		return "", "", false
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrTimeout), errors.Is(cause, context.DeadlineExceeded):
		return gale.TimedOut, cause.Error(), true
	case errors.Is(cause, ErrShutdown), errors.Is(cause, ErrLeaseLost):
		return gale.Abandoned, cause.Error(), true
	}
	return gale.Canceled, ErrCanceled.Error(), true
}

// Interruption is the result of a run that ended before it had one.
func Interruption(ctx context.Context, job *Job) Result {
	status, message, ok := Interrupted(ctx)
	switch {
	case !ok:
		return Failf("the run ended without a result")
	case status == gale.Canceled:
		return Result{Status: status, Result: py.DictOf("message", message, "user", job.User)}
	}
	return Result{Status: status, Result: py.DictOf("error", message)}
}

// Marker identifies the processes of the run.
func (j *Job) Marker() proc.Marker {
	if j.Token == "" {
		return proc.Marker{}
	}
	return proc.Marker{Dir: j.RunDir, Store: j.StoreID, Token: j.Token}
}

// ActionEnv is the environment that every action's process gets, as pairs of
// name and value.
func (j *Job) ActionEnv() []string {
	debug := "False"
	if j.Debug || Bool(j.RunnerParameters, "debug") {
		debug = "True"
	}
	env := []string{
		"ST2_ACTION_PACK_NAME=" + j.Pack,
		"ST2_ACTION_EXECUTION_ID=" + j.ExecutionID,
		"ST2_ACTION_API_URL=" + j.APIURL,
		"ST2_ACTION_DEBUG=" + debug,
	}
	if j.AuthToken != "" {
		env = append(env, "ST2_ACTION_AUTH_TOKEN="+j.AuthToken)
	}
	return env
}

// EntryPath is the absolute path of the entry point; it never leaves the
// pack's directory.
func (j *Job) EntryPath() (string, error) {
	if j.EntryPoint == "" {
		return "", fmt.Errorf("action %q is missing the entry_point attribute", j.ActionRef)
	}
	path := j.EntryPoint
	if !filepath.IsAbs(path) {
		path = filepath.Join(j.PackDir, "actions", path)
	}
	if rel, err := filepath.Rel(j.PackDir, path); err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("entry point %q of action %q is outside of the pack's directory", j.EntryPoint, j.ActionRef)
	}
	return filepath.Clean(path), nil
}

// Limit returns ctx ended after the parameter timeout, in seconds; null is no
// limit. Message is what the result's error says when that has happened.
func Limit(ctx context.Context, parameters *py.Dict) (limited context.Context, cancel context.CancelFunc, message string, err error) {
	v, _ := parameters.GetString("timeout")
	if v == nil {
		limited, cancel = context.WithCancel(ctx)
		return limited, cancel, "", nil
	}
	seconds, err := py.Float(v)
	if err != nil {
		return nil, nil, "", fmt.Errorf("parameter timeout: %w", err)
	}
	const most = float64(100 * 365 * 24 * time.Hour / time.Second)
	d := time.Duration(max(0, min(seconds, most)) * float64(time.Second))
	limited, cancel = context.WithTimeoutCause(ctx, d, ErrTimeout)
	return limited, cancel, fmt.Sprintf("Action failed to complete in %s seconds", py.Str(v)), nil
}

// String is a text parameter; what is not text is printed as Python would.
func String(d *py.Dict, name string) string {
	v, _ := d.GetString(name)
	if v == nil {
		return ""
	}
	return py.Str(v)
}

// Bool is a parameter's truth.
func Bool(d *py.Dict, name string) bool {
	v, _ := d.GetString(name)
	return py.Truth(v)
}

// Object is a parameter that is an object; nil for null.
func Object(d *py.Dict, name string) (*py.Dict, error) {
	v, _ := d.GetString(name)
	if v == nil {
		return nil, nil
	}
	object, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("parameter %s is of type %s, want an object", name, py.TypeName(v))
	}
	return object, nil
}

// Strings is a parameter that is a list, its items printed; nil for null.
func Strings(d *py.Dict, name string) ([]string, error) {
	v, _ := d.GetString(name)
	if v == nil {
		return nil, nil
	}
	items, err := py.AsList(v)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", name, err)
	}
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = py.Str(item)
	}
	return out, nil
}

// ParseOutput is printed text as users see it in a result: one line end is
// dropped, and what is JSON becomes the value it spells.
func ParseOutput(text string) any {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if !mayBeJSON(text) {
		return text
	}
	if v, err := py.DecodeJSON([]byte(text)); err == nil {
		return v
	}
	return text
}

// mayBeJSON looks at the first character, which tells most text from JSON.
func mayBeJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return text != "" && strings.IndexByte(`{["-0123456789tfn`, text[0]) >= 0
}
