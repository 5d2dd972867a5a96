package api

import (
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) createExecution(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	req := execution.Request{Action: text(body, "action")}
	if err := authorizeAction(r, req.Action, r.Op.ResourcePermission); err != nil {
		return nil, err
	}
	if err := requestOptions(r, body, &req); err != nil {
		return nil, err
	}
	given, _ := body.GetString("context")
	context, _ := given.(*py.Dict)
	req.Context = vetted(r, context)
	if err := mergeHeader(r, &req, text(body, "user") != ""); err != nil {
		return nil, err
	}
	return s.request(r, req)
}

// authorizeAction asks whether the requester may use an action. One that does
// not exist is refused later, in StackStorm's words.
func authorizeAction(r *httpapi.Request, ref, permission string) error {
	name, ok := gale.ParseRef(ref)
	if !ok {
		return nil
	}
	return r.Authorize(permission, name.UID("action"))
}

// request plans and stores an execution and answers with it as it was
// requested: what happens to it next is told by events.
func (s *Service) request(r *httpapi.Request, req execution.Request) (*httpapi.Response, error) {
	e, err := s.Exec.Request(r.Context(), req)
	if err != nil {
		return nil, err
	}
	shown := *e
	shown.Status, shown.Log = gale.Requested, e.Log[:1]
	return s.answerExecution(r, &shown)
}

// requestOptions reads what bodies of a request and of a re-run have in common.
func requestOptions(r *httpapi.Request, body *py.Dict, req *execution.Request) error {
	v, _ := body.GetString("parameters")
	req.Parameters, _ = v.(*py.Dict)
	if req.Parameters == nil {
		req.Parameters = py.NewDict(0)
	}
	delay, _ := body.GetString("delay")
	req.Delay, _ = delay.(int64)
	if req.Delay > maxDelay {
		return badRequest("delay: %d milliseconds are more than a year", req.Delay)
	}
	if v, _ = body.GetString("callback"); v != nil {
		req.Callback, _ = v.(*py.Dict)
	}
	if v, _ = body.GetString("notify"); v != nil {
		d, _ := v.(*py.Dict)
		req.Notify = &gale.Notify{}
		if err := fill(d, req.Notify); err != nil {
			return err
		}
	}
	var err error
	req.User, err = onBehalfOf(r, text(body, "user"))
	return err
}

// maxDelay is a year in milliseconds.
const maxDelay = 366 * 24 * 3600 * 1000

// onBehalfOf returns for whom something is done: only administrators may name
// somebody else.
func onBehalfOf(r *httpapi.Request, user string) (string, error) {
	switch {
	case user == "" || user == r.User():
		return r.User(), nil
	case !r.Admin():
		return "", forbidden(`"user" attribute can only be provided by admins`)
	}
	return user, nil
}

// mergeHeader adds the context that comes in a header. Its user counts unless
// the body names one.
func mergeHeader(r *httpapi.Request, req *execution.Request, userGiven bool) error {
	header := r.String("context")
	if header == "" {
		return nil
	}
	v, err := py.DecodeJSON([]byte(header))
	given, ok := v.(*py.Dict)
	if err != nil || !ok {
		return badRequest("Unable to convert st2-context from the headers into JSON (was <class 'str'>).")
	}
	for k, v := range vetted(r, given).All() {
		req.Context.Set(k, v)
	}
	if user := text(req.Context, "user"); user != "" && !userGiven {
		req.User = user
	}
	return nil
}

// privileged are the keys of a context that say who acts, and why.
var privileged = []string{"user", "pack", "rbac", "parent", "orquesta", "chain", "rule", "trigger_instance", "policies", "workflow_execution"}

// vetted returns the part of a context that the requester may set: all of it
// for administrators and for Gale's own tokens. A running action may say that
// it is the parent, of what it starts in the name of its own user.
func vetted(r *httpapi.Request, given *py.Dict) *py.Dict {
	out := given.Clone()
	if out == nil {
		out = py.NewDict(4)
	}
	id := r.Identity
	if r.Admin() || id != nil && id.Service && id.ExecutionID == "" {
		return out
	}
	parent, _ := given.GetString("parent")
	for _, key := range privileged {
		out.Delete(key)
	}
	if p, ok := parent.(*py.Dict); ok && id != nil && id.ExecutionID != "" && text(p, "execution_id") == id.ExecutionID {
		p = p.Clone()
		p.Set("user", r.User())
		out.Set("parent", p)
	}
	return out
}

// rerunExecution requests an action again, with the parameters of an earlier
// run and changes to them.
func (s *Service) rerunExecution(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	var before *gale.Execution
	err = s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		before, err = findExecution(tx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := authorizeAction(r, before.ActionRef, "action_execute"); err != nil {
		return nil, err
	}
	req := execution.Request{Action: before.ActionRef, Notify: before.Notify}
	if err := requestOptions(r, body, &req); err != nil {
		return nil, err
	}
	again, err := rerunOf(before, body, req.Parameters)
	if err != nil {
		return nil, err
	}
	req.Context = py.DictOf("re-run", again)
	if before.TraceID != "" {
		req.Context.Set("trace_context", py.DictOf("id_", before.TraceID))
	}
	if req.Parameters, err = s.overlaid(before, req.Parameters); err != nil {
		return nil, err
	}
	return s.request(r, req)
}

// rerunOf checks which tasks shall run again and returns what the context says of it.
func rerunOf(before *gale.Execution, body, parameters *py.Dict) (*py.Dict, error) {
	tasks, reset := list(body, "tasks"), list(body, "reset")
	foreign := func(task any) bool {
		return !slices.ContainsFunc(tasks, func(t any) bool { return py.Equal(t, task) })
	}
	switch {
	case len(tasks)+len(reset) > 0 && parameters.Len() > 0:
		return nil, badRequest("Parameters override is not supported when re-running task(s) for a workflow.")
	case slices.ContainsFunc(reset, foreign):
		return nil, badRequest("List of tasks to reset does not match the tasks to rerun.")
	case len(tasks) > 0 && before.RunnerName != "orquesta":
		return nil, badRequest("Task option is only supported for Orquesta workflows.")
	}
	again := py.DictOf("ref", before.ID)
	if len(tasks) > 0 {
		again.Set("tasks", tasks)
		again.Set("reset", reset)
	}
	return again, nil
}

func list(d *py.Dict, key string) []any {
	v, _ := d.GetString(key)
	l, _ := v.([]any)
	return l
}

// overlaid returns the parameters of an execution, in clear, with changes. A
// mask among the changes is what a client was shown: it changes nothing.
func (s *Service) overlaid(before *gale.Execution, changes *py.Dict) (*py.Dict, error) {
	opened, err := s.Exec.OpenParameters(before)
	if err != nil {
		return nil, err
	}
	out := opened.Clone()
	if out == nil {
		out = py.NewDict(changes.Len())
	}
	changes, _ = restore(changes, before.Parameters, opened).(*py.Dict)
	for k, v := range changes.All() {
		out.Set(k, v)
	}
	return out, nil
}
