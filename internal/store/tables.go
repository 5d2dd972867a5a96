package store

import (
	"strings"

	"github.com/galehq/gale"
)

// The documents.
var (
	Executions       = newTable(executions)
	Rules            = newTable(rules)
	Triggers         = newTable(triggers)
	TriggerTypes     = newTable(triggerTypes)
	TriggerInstances = newTable(triggerInstances)
	Enforcements     = newTable(enforcements)
	Traces           = newTable(traces)
	Actions          = newTable(actions)
	RunnerTypes      = newTable(runnerTypes)
	Packs            = newTable(packs)
	ConfigSchemas    = newTable(configSchemas)
	Configs          = newTable(configs)
	Sensors          = newTable(sensors)
	PolicyTypes      = newTable(policyTypes)
	Policies         = newTable(policies)
	Aliases          = newTable(aliases)
	Keys             = newTable(keys)
	Users            = newTable(users)
	Tokens           = newTable(tokens)
	APIKeys          = newTable(apiKeys)
)

var executions = definition[gale.Execution]{
	name: "execution", kind: "execution",
	id:  func(e *gale.Execution) *string { return &e.ID },
	rev: func(e *gale.Execution) *int64 { return &e.Rev },
	columns: []column[gale.Execution]{
		{name: "status", get: func(e *gale.Execution) any { return e.Status }},
		{name: "start_timestamp", fixed: true, get: func(e *gale.Execution) any { return e.Start }},
		{name: "end_timestamp", get: func(e *gale.Execution) any { return e.End }},
		{name: "action_ref", fixed: true, facet: true, get: func(e *gale.Execution) any { return e.ActionRef }},
		{name: "runner_name", fixed: true, facet: true, get: func(e *gale.Execution) any { return e.RunnerName }},
		{name: "parent", fixed: true, get: func(e *gale.Execution) any { return e.Parent }},
		{name: "rule_ref", fixed: true, facet: true, byName: "rule_name", get: func(e *gale.Execution) any { return ruleOf(e).Ref }},
		{name: "rule_name", fixed: true, facet: true, get: func(e *gale.Execution) any { return nameOf(ruleOf(e).Ref) }},
		{name: "trigger_ref", fixed: true, facet: true, byName: "trigger_name", get: func(e *gale.Execution) any { return e.Trigger }},
		{name: "trigger_name", fixed: true, facet: true, get: func(e *gale.Execution) any { return nameOf(e.Trigger) }},
		{name: "trigger_type", fixed: true, facet: true, byName: "trigger_type_name", get: func(e *gale.Execution) any { return e.TriggerType }},
		{name: "trigger_type_name", fixed: true, facet: true, get: func(e *gale.Execution) any { return nameOf(e.TriggerType) }},
		{name: "trigger_instance_id", fixed: true, get: func(e *gale.Execution) any { return e.InstanceID }},
		{name: "trace_id", fixed: true, get: func(e *gale.Execution) any { return e.TraceID }},
		{name: "username", fixed: true, facet: true, get: contextUser},
		{name: "workflow_execution", fixed: true, get: func(e *gale.Execution) any { return e.WorkflowID }},
		{name: "task_execution", fixed: true, get: func(e *gale.Execution) any { return e.TaskID }},
	},
	aliases: map[string]string{"action": "action_ref", "runner": "runner_name", "rule": "rule_ref", "trigger": "trigger_ref",
		"trigger_instance": "trigger_instance_id", "user": "username", "start": "start_timestamp", "end": "end_timestamp"},
}

func ruleOf(e *gale.Execution) gale.RuleRef {
	if e.Rule == nil {
		return gale.RuleRef{}
	}
	return *e.Rule
}

// nameOf is the part of a reference after the pack.
func nameOf(ref string) string {
	_, name, _ := strings.Cut(ref, ".")
	return name
}

func contextUser(e *gale.Execution) any {
	user, _ := e.Context.GetString("user")
	name, _ := user.(string)
	return name
}

var rules = definition[gale.Rule]{
	name: "rule", kind: "rule",
	id:  func(r *gale.Rule) *string { return &r.ID },
	rev: func(r *gale.Rule) *int64 { return &r.Rev },
	columns: []column[gale.Rule]{
		{name: "ref", unique: true, get: func(r *gale.Rule) any { return r.Ref }},
		{name: "pack", get: func(r *gale.Rule) any { return r.Pack }},
		{name: "name", get: func(r *gale.Rule) any { return r.Name }},
		{name: "enabled", get: func(r *gale.Rule) any { return r.Enabled }},
		{name: "action_ref", get: func(r *gale.Rule) any { return r.Action.Ref }},
		{name: "trigger_ref", get: func(r *gale.Rule) any { return r.Trigger.Ref }},
		{name: "trigger_type", get: func(r *gale.Rule) any { return r.Trigger.Type }},
		{name: "uid", get: func(r *gale.Rule) any { return r.UID }},
	},
	aliases: map[string]string{"action": "action_ref", "trigger": "trigger_ref"},
}

var triggers = definition[gale.Trigger]{
	name: "trigger", kind: "trigger",
	id:  func(t *gale.Trigger) *string { return &t.ID },
	rev: func(t *gale.Trigger) *int64 { return &t.Rev },
	columns: []column[gale.Trigger]{
		{name: "ref", unique: true, get: func(t *gale.Trigger) any { return t.Ref }},
		{name: "pack", get: func(t *gale.Trigger) any { return t.Pack }},
		{name: "name", get: func(t *gale.Trigger) any { return t.Name }},
		{name: "type", get: func(t *gale.Trigger) any { return t.Type }},
		{name: "parameters_key", get: func(t *gale.Trigger) any { return parametersKey(t.UID) }},
		{name: "hook", get: hook},
		{name: "uid", get: func(t *gale.Trigger) any { return t.UID }},
	},
}

// parametersKey is the part of a trigger's uid that identifies its
// parameters: trigger:pack:name:key.
func parametersKey(uid string) string {
	if strings.Count(uid, ":") < 3 {
		return ""
	}
	return uid[strings.LastIndexByte(uid, ':')+1:]
}

// hook is the path at which a webhook trigger is reached, without slashes at
// its ends.
func hook(t *gale.Trigger) any {
	if t.Type != "core.st2.webhook" {
		return ""
	}
	url, _ := t.Parameters.GetString("url")
	path, _ := url.(string)
	return strings.Trim(path, "/")
}

var triggerTypes = definition[gale.TriggerType]{
	name: "trigger_type", kind: "trigger type",
	id:  func(t *gale.TriggerType) *string { return &t.ID },
	rev: func(t *gale.TriggerType) *int64 { return &t.Rev },
	columns: []column[gale.TriggerType]{
		{name: "ref", unique: true, get: func(t *gale.TriggerType) any { return t.Ref }},
		{name: "pack", get: func(t *gale.TriggerType) any { return t.Pack }},
		{name: "name", get: func(t *gale.TriggerType) any { return t.Name }},
		{name: "uid", get: func(t *gale.TriggerType) any { return t.UID }},
	},
}

var triggerInstances = definition[gale.TriggerInstance]{
	name: "trigger_instance", kind: "trigger instance",
	id:  func(t *gale.TriggerInstance) *string { return &t.ID },
	rev: func(t *gale.TriggerInstance) *int64 { return &t.Rev },
	columns: []column[gale.TriggerInstance]{
		{name: "trigger_ref", fixed: true, get: func(t *gale.TriggerInstance) any { return t.Trigger }},
		{name: "status", get: func(t *gale.TriggerInstance) any { return t.Status }},
		{name: "occurrence_time", fixed: true, get: func(t *gale.TriggerInstance) any { return t.OccurrenceTime }},
		{name: "trace_id", fixed: true, get: func(t *gale.TriggerInstance) any { return t.Trace.ID }},
	},
	aliases: map[string]string{"trigger": "trigger_ref"},
}

var enforcements = definition[gale.RuleEnforcement]{
	name: "rule_enforcement", kind: "rule enforcement",
	id:  func(r *gale.RuleEnforcement) *string { return &r.ID },
	rev: func(r *gale.RuleEnforcement) *int64 { return &r.Rev },
	columns: []column[gale.RuleEnforcement]{
		{name: "trigger_instance_id", unique: true, group: 1, fixed: true, get: func(r *gale.RuleEnforcement) any { return r.TriggerInstanceID }},
		{name: "rule_id", unique: true, group: 1, fixed: true, get: func(r *gale.RuleEnforcement) any { return r.Rule.ID }},
		{name: "rule_ref", fixed: true, get: func(r *gale.RuleEnforcement) any { return r.Rule.Ref }},
		{name: "execution_id", get: func(r *gale.RuleEnforcement) any { return r.ExecutionID }},
		{name: "enforced_at", get: func(r *gale.RuleEnforcement) any { return r.EnforcedAt }},
		{name: "status", get: func(r *gale.RuleEnforcement) any { return r.Status }},
	},
	aliases: map[string]string{"trigger_instance": "trigger_instance_id", "execution": "execution_id", "rule": "rule_ref"},
}

var traces = definition[gale.Trace]{
	name: "trace", kind: "trace",
	id:  func(t *gale.Trace) *string { return &t.ID },
	rev: func(t *gale.Trace) *int64 { return &t.Rev },
	columns: []column[gale.Trace]{
		{name: "trace_tag", get: func(t *gale.Trace) any { return t.Tag }},
		{name: "start_timestamp", fixed: true, get: func(t *gale.Trace) any { return t.Start }},
	},
	aliases: map[string]string{"tag": "trace_tag"},
}
