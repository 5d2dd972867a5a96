package gale

import "github.com/galehq/gale/py"

// TriggerType is a kind of event: a name and the schemas of its parameters and payload.
type TriggerType struct {
	ID               string   `json:"id"`
	UID              string   `json:"uid"`
	Ref              string   `json:"ref"`
	Pack             string   `json:"pack"`
	Name             string   `json:"name"`
	Description      string   `json:"description,omitempty"`
	PayloadSchema    *py.Dict `json:"payload_schema"`
	ParametersSchema *py.Dict `json:"parameters_schema"`
	Tags             []Tag    `json:"tags"`
	MetadataFile     string   `json:"metadata_file,omitempty"`
	Rev              int64    `json:"-"`
}

// Trigger is a trigger type with parameters: the exact thing that rules wait for.
type Trigger struct {
	ID          string   `json:"id"`
	UID         string   `json:"uid"`
	Ref         string   `json:"ref"`
	Pack        string   `json:"pack"`
	Name        string   `json:"name"`
	Type        string   `json:"type"` // ref of the trigger type
	Parameters  *py.Dict `json:"parameters"`
	RefCount    int64    `json:"ref_count"`
	Description string   `json:"description,omitempty"`
	Rev         int64    `json:"-"`
}

// InstanceStatus is where the rules engine stands with a trigger instance.
type InstanceStatus string

const (
	InstancePending          InstanceStatus = "pending"
	InstanceProcessing       InstanceStatus = "processing"
	InstanceProcessed        InstanceStatus = "processed"
	InstanceProcessingFailed InstanceStatus = "processing_failed"
)

// TriggerInstance is one event: a trigger fired with this payload.
type TriggerInstance struct {
	ID             string         `json:"id"`
	Trigger        string         `json:"trigger"` // ref
	Payload        *py.Dict       `json:"payload"`
	OccurrenceTime Time           `json:"occurrence_time"`
	Status         InstanceStatus `json:"status"`
	Trace          TraceContext   `json:"trace"`
	Failure        string         `json:"failure,omitempty"` // why processing_failed
	Rev            int64          `json:"-"`
}

// TraceContext names the chain of events and executions that something belongs to.
type TraceContext struct {
	ID  string `json:"id_,omitempty"`
	Tag string `json:"trace_tag,omitempty"`
}

// Trace is one such chain; its parts are found by their trace id.
type Trace struct {
	ID    string `json:"id"`
	Tag   string `json:"trace_tag"`
	Start Time   `json:"start_timestamp"`
	Rev   int64  `json:"-"`
}

// Rule connects a trigger to an action.
type Rule struct {
	ID           string      `json:"id"`
	UID          string      `json:"uid"`
	Ref          string      `json:"ref"`
	Pack         string      `json:"pack"`
	Name         string      `json:"name"`
	Description  string      `json:"description,omitempty"`
	Enabled      bool        `json:"enabled"`
	Pinned       bool        `json:"enabled_pinned,omitempty"` // an operator set Enabled; registering keeps it
	Type         RuleType    `json:"type"`
	Trigger      RuleTrigger `json:"trigger"`
	Criteria     *py.Dict    `json:"criteria"`
	Action       RuleAction  `json:"action"`
	Context      *py.Dict    `json:"context"`
	Tags         []Tag       `json:"tags"`
	MetadataFile string      `json:"metadata_file,omitempty"`
	Rev          int64       `json:"-"`
}

// Rule types.
const (
	RuleStandard = "standard"
	RuleBackstop = "backstop"
)

// RuleType is standard, or backstop for rules that fire only when no other does.
type RuleType struct {
	Ref        string   `json:"ref"`
	Parameters *py.Dict `json:"parameters"`
}

// RuleTrigger is what a rule waits for: the type and parameters that its author wrote, and the trigger that they lead to.
type RuleTrigger struct {
	Type       string   `json:"type"`
	Ref        string   `json:"ref"`
	Parameters *py.Dict `json:"parameters"`
}

// RuleAction is what a rule starts. Parameters may hold templates over `trigger`.
type RuleAction struct {
	Ref        string   `json:"ref"`
	Parameters *py.Dict `json:"parameters"`
}

// RuleRef points at a rule as it was when something happened.
type RuleRef struct {
	Ref string `json:"ref"`
	ID  string `json:"id"`
	UID string `json:"uid"`
}

// RuleEnforcement records that a rule acted, or could not act, on an event.
// There is one for each pair of instance and rule.
type RuleEnforcement struct {
	ID                string  `json:"id"`
	UID               string  `json:"uid"`
	TriggerInstanceID string  `json:"trigger_instance_id"`
	ExecutionID       string  `json:"execution_id,omitempty"`
	FailureReason     string  `json:"failure_reason,omitempty"`
	Rule              RuleRef `json:"rule"`
	EnforcedAt        Time    `json:"enforced_at"`
	Status            string  `json:"status"` // succeeded or failed
	Rev               int64   `json:"-"`
}
