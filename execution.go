package gale

import "github.com/galehq/gale/py"

// Execution is one run of an action, from the request to its end. It is the
// only record of that run; StackStorm's liveaction is a view of it.
type Execution struct {
	ID           string      `json:"id"`
	Status       Status      `json:"status"`
	Start        Time        `json:"start_timestamp"` // of the request
	End          Time        `json:"end_timestamp,omitempty"`
	ActionRef    string      `json:"action_ref"`
	RunnerName   string      `json:"runner_name"`
	IsWorkflow   bool        `json:"is_workflow,omitempty"`
	ActionDigest string      `json:"action_digest"` // of the snapshots taken at the request
	RunnerDigest string      `json:"runner_digest"`
	Parameters   *py.Dict    `json:"parameters"` // as supplied and rendered; secret leaves sealed
	Result       any         `json:"result,omitempty"`
	ResultSize   int64       `json:"result_size,omitempty"`   // bytes of the result's JSON
	ResultStored bool        `json:"result_stored,omitempty"` // the result lives in its own table
	Context      *py.Dict    `json:"context"`
	Log          []LogEntry  `json:"log"`
	Parent       string      `json:"parent,omitempty"`
	Rule         *RuleRef    `json:"rule,omitempty"`
	InstanceID   string      `json:"trigger_instance_id,omitempty"`
	Trigger      string      `json:"trigger,omitempty"`
	TriggerType  string      `json:"trigger_type,omitempty"`
	TraceID      string      `json:"trace_id,omitempty"`
	Notify       *Notify     `json:"notify,omitempty"`
	Delay        int64       `json:"delay,omitempty"` // milliseconds
	RunnerInfo   *RunnerInfo `json:"runner_info,omitempty"`
	Callback     *py.Dict    `json:"callback,omitempty"`
	WorkflowID   string      `json:"workflow_execution,omitempty"`
	TaskID       string      `json:"task_execution,omitempty"`
	WebURL       string      `json:"web_url,omitempty"`
	Reason       string      `json:"reason,omitempty"` // why it waits or was abandoned
	Rev          int64       `json:"-"`
}

// LogEntry is one step of an execution's life.
type LogEntry struct {
	Timestamp Time   `json:"timestamp"`
	Status    Status `json:"status"`
}

// RunnerInfo says which process runs, or ran, an execution.
type RunnerInfo struct {
	Hostname string `json:"hostname"`
	PID      int    `json:"pid"`
	Node     string `json:"node,omitempty"`
	Claim    string `json:"claim,omitempty"` // the token of the claim; marks the processes of the run
}

// OutputChunk is a piece of what a running action printed.
type OutputChunk struct {
	Seq         int64  `json:"id"`
	ExecutionID string `json:"execution_id"`
	ActionRef   string `json:"action_ref"`
	RunnerRef   string `json:"runner_ref"`
	Timestamp   Time   `json:"timestamp"`
	Type        string `json:"output_type"` // stdout, stderr or output
	Data        string `json:"data"`
}
