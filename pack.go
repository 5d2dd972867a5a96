package gale

import "github.com/galehq/gale/py"

// Pack is a directory of content under one name.
type Pack struct {
	ID                string   `json:"id"`
	Ref               string   `json:"ref"`
	UID               string   `json:"uid"`
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	Keywords          []string `json:"keywords"`
	Version           string   `json:"version"`
	StackStormVersion string   `json:"stackstorm_version,omitempty"`
	PythonVersions    []string `json:"python_versions,omitempty"`
	Author            string   `json:"author"`
	Email             string   `json:"email"`
	Contributors      []string `json:"contributors"`
	Files             []string `json:"files"`
	Dependencies      []string `json:"dependencies"`
	System            *py.Dict `json:"system"`
	Path              string   `json:"path,omitempty"`
	Rev               int64    `json:"-"`
}

// ConfigSchema describes the configuration of a pack: attribute name → schema.
type ConfigSchema struct {
	ID         string   `json:"id"`
	Pack       string   `json:"pack"`
	Attributes *py.Dict `json:"attributes"`
	Rev        int64    `json:"-"`
}

// Config holds the configured values of a pack as they were given, before
// templates and defaults. Values that the schema calls secret are sealed.
type Config struct {
	ID     string   `json:"id"`
	Pack   string   `json:"pack"`
	Values *py.Dict `json:"values"`
	Rev    int64    `json:"-"`
}

// RunnerType says how actions of one kind are run and which parameters that takes.
type RunnerType struct {
	ID            string   `json:"id"`
	UID           string   `json:"uid"`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Enabled       bool     `json:"enabled"`
	RunnerPackage string   `json:"runner_package"`
	RunnerModule  string   `json:"runner_module"`
	Parameters    *py.Dict `json:"runner_parameters"`
	OutputKey     string   `json:"output_key,omitempty"`
	OutputSchema  *py.Dict `json:"output_schema"`
	Rev           int64    `json:"-"`
}

// Action is something that can be run: an entry point, its runner and its parameters' schemas.
type Action struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Ref          string   `json:"ref"`
	Pack         string   `json:"pack"`
	Name         string   `json:"name"`
	Description  string   `json:"description,omitempty"`
	Enabled      bool     `json:"enabled"`
	Pinned       bool     `json:"enabled_pinned,omitempty"` // an operator set Enabled; registering keeps it
	RunnerType   string   `json:"runner_type"`
	EntryPoint   string   `json:"entry_point"`
	Parameters   *py.Dict `json:"parameters"`
	OutputSchema *py.Dict `json:"output_schema,omitempty"`
	Notify       *Notify  `json:"notify,omitempty"`
	Tags         []Tag    `json:"tags"`
	MetadataFile string   `json:"metadata_file,omitempty"`
	Rev          int64    `json:"-"`
}

// Notify says which routes hear of an execution's end.
type Notify struct {
	OnComplete *Notification `json:"on-complete,omitempty"`
	OnSuccess  *Notification `json:"on-success,omitempty"`
	OnFailure  *Notification `json:"on-failure,omitempty"`
}

// Notification is one message of a Notify section. Channels is the old name of Routes.
type Notification struct {
	Message  string   `json:"message,omitempty"`
	Data     *py.Dict `json:"data,omitempty"`
	Routes   []string `json:"routes,omitempty"`
	Channels []string `json:"channels,omitempty"`
}

// Sensor is a class in a pack that watches something and dispatches triggers.
type Sensor struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Ref          string   `json:"ref"`
	Pack         string   `json:"pack"`
	Name         string   `json:"name"` // the class name
	Description  string   `json:"description,omitempty"`
	Enabled      bool     `json:"enabled"`
	Pinned       bool     `json:"enabled_pinned,omitempty"` // an operator set Enabled; registering keeps it
	ArtifactURI  string   `json:"artifact_uri"`
	EntryPoint   string   `json:"entry_point"`
	TriggerTypes []string `json:"trigger_types"` // refs
	PollInterval int64    `json:"poll_interval,omitempty"`
	MetadataFile string   `json:"metadata_file,omitempty"`
	Rev          int64    `json:"-"`
}

// PolicyType is a kind of policy and the schema of its parameters.
type PolicyType struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Ref          string   `json:"ref"` // action.retry
	Name         string   `json:"name"`
	ResourceType string   `json:"resource_type"`
	Description  string   `json:"description"`
	Enabled      bool     `json:"enabled"`
	Parameters   *py.Dict `json:"parameters"`
	Rev          int64    `json:"-"`
}

// Policy limits or repeats executions of one action.
type Policy struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Ref          string   `json:"ref"`
	Pack         string   `json:"pack"`
	Name         string   `json:"name"`
	Description  string   `json:"description,omitempty"`
	Enabled      bool     `json:"enabled"`
	Pinned       bool     `json:"enabled_pinned,omitempty"` // an operator set Enabled; registering keeps it
	ResourceRef  string   `json:"resource_ref"`
	PolicyType   string   `json:"policy_type"`
	Parameters   *py.Dict `json:"parameters"`
	MetadataFile string   `json:"metadata_file,omitempty"`
	Rev          int64    `json:"-"`
}

// Alias maps words typed in a chat to an action.
type Alias struct {
	ID                  string   `json:"id"`
	UID                 string   `json:"uid"`
	Ref                 string   `json:"ref"`
	Pack                string   `json:"pack"`
	Name                string   `json:"name"`
	Description         string   `json:"description,omitempty"`
	Enabled             bool     `json:"enabled"`
	Pinned              bool     `json:"enabled_pinned,omitempty"` // an operator set Enabled; registering keeps it
	ActionRef           string   `json:"action_ref"`
	Formats             []any    `json:"formats"` // strings, or objects with display and representation
	Ack                 *py.Dict `json:"ack,omitempty"`
	Result              *py.Dict `json:"result,omitempty"`
	Extra               *py.Dict `json:"extra,omitempty"`
	ImmutableParameters *py.Dict `json:"immutable_parameters,omitempty"`
	MetadataFile        string   `json:"metadata_file,omitempty"`
	Rev                 int64    `json:"-"`
}
