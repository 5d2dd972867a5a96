package execution

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Document is the API's form of an execution: StackStorm's ActionExecution
// with the snapshots of action and runner put in. Attributes without a value
// are left out, as clients expect. What is sealed in e stays sealed; callers
// open or mask it.
func Document(e *gale.Execution, action, runner any) *py.Dict {
	d := py.NewDict(24)
	d.Set("id", e.ID)
	d.Set("status", string(e.Status))
	d.Set("start_timestamp", e.Start.String())
	if e.End != 0 {
		d.Set("end_timestamp", e.End.String())
		d.Set("elapsed_seconds", e.End.Sub(e.Start).Seconds())
	}
	d.Set("action", action)
	d.Set("runner", runner)
	live := Liveaction(e)
	for _, key := range []string{"status", "start_timestamp", "end_timestamp", "result", "context", "delay"} {
		live.Delete(key)
	}
	d.Set("liveaction", live)
	setIf(d, "parameters", dict(e.Parameters))
	setIf(d, "result", e.Result)
	setIf(d, "result_size", e.ResultSize)
	d.Set("context", dict(e.Context))
	d.Set("log", logOf(e))
	setIf(d, "parent", e.Parent)
	setIf(d, "web_url", e.WebURL)
	setIf(d, "delay", e.Delay)
	setIf(d, "workflow_execution", e.WorkflowID)
	setIf(d, "task_execution", e.TaskID)
	setIf(d, "reason", e.Reason)
	if e.Rule != nil {
		rule := py.DictOf("id", e.Rule.ID, "ref", e.Rule.Ref, "uid", e.Rule.UID)
		if ref, ok := gale.ParseRef(e.Rule.Ref); ok {
			rule.Set("name", ref.Name)
			rule.Set("pack", ref.Pack)
		}
		d.Set("rule", rule)
	}
	if e.InstanceID != "" {
		d.Set("trigger_instance", py.DictOf("id", e.InstanceID, "trigger", e.Trigger))
		trigger := refDict(e.Trigger)
		trigger.Set("type", e.TriggerType)
		d.Set("trigger", trigger)
		d.Set("trigger_type", refDict(e.TriggerType))
	}
	return d
}

// Liveaction is the API's form of StackStorm's second record of an execution.
func Liveaction(e *gale.Execution) *py.Dict {
	info := py.NewDict(2)
	if e.RunnerInfo != nil {
		info.Set("hostname", e.RunnerInfo.Hostname)
		info.Set("pid", int64(e.RunnerInfo.PID))
	}
	d := py.DictOf("id", e.ID, "action", e.ActionRef, "action_is_workflow", e.IsWorkflow,
		"status", string(e.Status), "start_timestamp", e.Start.String(),
		"parameters", dict(e.Parameters), "context", dict(e.Context), "callback", dict(e.Callback), "runner_info", info)
	if e.End != 0 {
		d.Set("end_timestamp", e.End.String())
	}
	setIf(d, "result", e.Result)
	setIf(d, "delay", e.Delay)
	if e.Notify != nil {
		if notify, err := py.FromGo(e.Notify); err == nil {
			d.Set("notify", notify)
		}
	}
	return d
}

func refDict(ref string) *py.Dict {
	d := py.DictOf("ref", ref)
	if r, ok := gale.ParseRef(ref); ok {
		d.Set("name", r.Name)
		d.Set("pack", r.Pack)
	}
	return d
}

func logOf(e *gale.Execution) []any {
	log := make([]any, len(e.Log))
	for i, entry := range e.Log {
		log[i] = py.DictOf("timestamp", entry.Timestamp.String(), "status", string(entry.Status))
	}
	return log
}

func dict(d *py.Dict) *py.Dict {
	if d == nil {
		return py.NewDict(0)
	}
	return d
}

func setIf(d *py.Dict, key string, v any) {
	if py.Truth(v) {
		d.Set(key, v)
	}
}

// Snapshots returns the action and the runner of an execution as they were
// when it was requested, in the API's form, without secret defaults.
func Snapshots(tx *store.Tx, e *gale.Execution) (action, runner any, err error) {
	for _, s := range []struct {
		digest string
		into   *any
	}{{e.ActionDigest, &action}, {e.RunnerDigest, &runner}} {
		if s.digest == "" {
			*s.into = py.NewDict(0)
			continue
		}
		body, err := tx.Snapshot(s.digest)
		if err != nil {
			return nil, nil, err
		}
		v, err := py.DecodeJSON(body)
		if err != nil {
			return nil, nil, err
		}
		*s.into = secret.MaskSealed(v)
	}
	return action, runner, nil
}
