package schema

import (
	"fmt"
	"sort"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func onceSchema(fn func() *Schema) func() *Schema { return sync.OnceValue(fn) }

const dataFiles = `"data_files": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
	"file_path": {"type": "string", "required": true}, "content": {"type": "string", "required": true}}}}`

const timestamp = `{"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}:\\d{2}(\\.\\d{3,6})?(Z|\\+00|\\+0000|\\+00:00)$"}`

const statusWords = `"requested", "scheduled", "delayed", "running", "succeeded", "failed", "timeout", "abandoned",
	"canceling", "canceled", "pending", "pausing", "paused", "resuming"`

// bodies are the request bodies of the API. Those made with closed refuse
// unknown keys, the others let them pass: clients send back whole objects.
var bodies = map[string]func() *Schema{
	"Action":       strict(closed(actionFields + `, ` + dataFiles)),
	"ActionDelete": strict(closed(`"remove_files": {"type": "boolean", "default": false}`)),
	"ActionClone": strict(closed(`"dest_pack": {"type": "string", "required": true}, "dest_action": {"type": "string", "required": true},
		"overwrite": {"type": "boolean", "default": false}`)),
	"ActionAlias":      strict(closed(aliasFields + `, "pack": {"type": "string", "required": true}`)),
	"ActionAliasMatch": strict(open(`"command": {"type": "string", "required": true}`)),
	"AliasExecution": strict(closed(`"name": {"type": "string", "required": true}, "format": {"type": "string", "required": true},
		"command": {"type": "string", "required": true}, "user": {"type": "string"},
		"source_channel": {"type": "string", "required": true}, "source_context": {"type": "object"},
		"notification_channel": {"type": "string"}, "notification_route": {"type": "string"}`)),
	"AliasMatchAndExecute": strict(closed(`"command": {"type": "string", "required": true}, "user": {"type": "string", "required": true},
		"source_channel": {"type": "string", "required": true},
		"notification_channel": {"type": "string", "default": ""}, "notification_route": {"type": "string", "default": ""}`)),
	"Rule":   strict(closed(ruleFields)),
	"Policy": strict(closed(policyFields)),
	"Execution": strict(open(`"action": {"type": "string", "required": true}, "parameters": {"type": "object", "default": {}},
		"id": {"type": "string"}, "status": {"type": "string", "enum": [` + statusWords + `, null]},
		"context": {"type": "object"}, "callback": {"type": "object"}, "runner_info": {"type": "object"},
		"user": {"type": "string"}, "delay": {"type": "integer", "minimum": 0}, ` + notify)),
	"ExecutionUpdate": strict(closed(`"status": {"type": "string", "enum": [` + statusWords + `]}, "result": {"type": "object"}`)),
	"ExecutionReRun": strict(open(`"parameters": {"type": "object", "default": {}}, "tasks": {"type": "array", "default": []},
		"reset": {"type": "array", "default": []}, "user": {"type": "string"}, "delay": {"type": "integer", "minimum": 0}`)),
	"InquiryResponse": strict(open(`"id": {"type": "string", "required": true}, "response": {"type": "object", "required": true}`)),
	"Key": strict(open(`"name": {"type": "string", "required": true}, "value": {"type": "string", "required": true},
		"secret": {"type": "boolean", "default": false}, "encrypted": {"type": "boolean", "default": false},
		"scope": {"type": "string"}, "user": {"type": "string"}, "ttl": {"type": "integer"}`)),
	"Token":         strict(open(`"ttl": {"type": "integer", "minimum": 1}, "user": {"type": "string"}, "impersonate_user": {"type": "string"}, "nickname_origin": {"type": "string"}`)),
	"TokenValidate": strict(open(`"token": {"type": "string"}`)),
	"APIKey": strict(closed(`"id": {"type": "string"}, "uid": {"type": "string"}, "user": {"type": "string"}, "key_hash": {"type": "string"},
		"metadata": {"type": "object"}, "created_at": ` + timestamp + `, "enabled": {"type": "boolean", "default": true}`)),
	"PacksInstall": strict(open(`"packs": {"type": "array", "required": true, "items": {"type": "string"}},
		"force": {"type": "boolean", "default": false}, "skip_dependencies": {"type": "boolean", "default": false}`)),
	"PacksUninstall": strict(open(`"packs": {"type": "array", "items": {"type": "string"}}, "ref_or_id": {"type": "string"}`)),
	"PacksRegister": strict(open(`"packs": {"type": "array", "items": {"type": "string"}}, "fail_on_failure": {"type": "boolean", "default": true},
		"types": {"type": "array", "items": {"type": "string", "enum": ["all", "runner", "runners", "action", "actions", "trigger", "triggers",
			"sensor", "sensors", "rule", "rules", "rule_type", "rule_types", "alias", "aliases", "policy_type", "policy_types",
			"policy", "policies", "config", "configs"]}}`)),
	"PacksSearch": strict(open(`"query": {"type": "string"}, "pack": {"type": "string"}`)),
	"Config":      strict(`{"type": "object"}`),
	"TriggerType": strict(closed(triggerTypeFields)),
	"Trigger": strict(closed(`"id": {"type": "string"}, "ref": {"type": "string"}, "uid": {"type": "string"}, "name": {"type": "string"},
		"pack": {"type": "string"}, "type": {"type": "string", "required": true}, "parameters": {"type": "object"}, "description": {"type": "string"}`)),
	"RunnerType": strict(open(`"name": {"type": "string", "required": true}, "enabled": {"type": "boolean", "default": true}`)),
	"SensorType": strict(open(`"enabled": {"type": "boolean"}`)),
	"Webhook":    strict(`{"type": ["object", "array"]}`),
}

func open(fields string) string { return `{"type": "object", "properties": {` + fields + `}}` }

// Bodies lists the names that ValidateBody knows.
func Bodies() []string {
	names := make([]string, 0, len(bodies))
	for n := range bodies {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// ValidateBody checks the body of an API request and returns it with defaults
// filled in. Its error has the exact words of StackStorm's answer; it is of kind gale.Invalid; an unknown name is a defect of
// the caller and of kind gale.Internal. Null counts as absent for optional
// properties.
func ValidateBody(name string, body any) (any, error) {
	s, ok := bodies[name]
	if !ok {
		return nil, fmt.Errorf("no schema for request bodies of type %q", name)
	}
	whole, err := s().complete(body)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "%w", err)
	}
	if err := furtherChecks(name, whole); err != nil {
		return nil, gale.Errorf(gale.Invalid, "%w", err)
	}
	return whole, nil
}

// furtherChecks looks at the schemas inside a body, which have a dialect of their own.
func furtherChecks(name string, body any) error {
	var found []Problem
	switch name {
	case "Action":
		found = CheckAction(without(body, "data_files"))
	case "TriggerType":
		found = CheckTriggerType(without(body))
	}
	if len(found) == 0 {
		return nil
	}
	return &Error{Message: found[0].Message, Path: found[0].Path}
}

// without returns a copy of an object without some keys.
func without(body any, keys ...string) *py.Dict {
	d, _ := body.(*py.Dict)
	d = d.Clone()
	for _, k := range keys {
		d.Delete(k)
	}
	return d
}
