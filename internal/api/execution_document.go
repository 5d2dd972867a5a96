package api

import (
	"slices"
	"strings"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// executionView is how an execution is shown.
type executionView struct {
	parts     *httpapi.Projection
	reveal    bool
	maxResult int64 // bytes; a larger result is left out. 0: no limit
	event     bool  // with all of the event that started it. Payloads may be large, so lists only name it
}

// executionDocument is the answer about an execution. e is not changed, but
// parts of it are shared with the document.
func (s *Service) executionDocument(tx *store.Tx, e *gale.Execution, v executionView) (*py.Dict, error) {
	shown := *e
	shown.Result = nil
	shown.Context, _ = secret.MaskSealed(e.Context).(*py.Dict)
	shown.Callback, _ = secret.MaskSealed(e.Callback).(*py.Dict)
	var err error
	if v.parts.Includes("parameters") || v.parts.Includes("liveaction") {
		if shown.Parameters, err = s.shownParameters(e, v.reveal); err != nil {
			return nil, err
		}
	}
	if v.parts.Includes("result") && (v.maxResult == 0 || e.ResultSize <= v.maxResult) {
		if shown.Result, err = s.shownResult(tx, e, v.reveal); err != nil {
			return nil, err
		}
	}
	var action, runner any
	if v.parts.Includes("action") {
		if action, err = s.snapshots.get(tx, e.ActionDigest); err != nil {
			return nil, err
		}
	}
	if v.parts.Includes("runner") {
		if runner, err = s.snapshots.get(tx, e.RunnerDigest); err != nil {
			return nil, err
		}
	}
	d := execution.Document(&shown, action, runner)
	if v.parts.Includes("children") {
		children, err := childIDs(tx, e.ID)
		if err != nil {
			return nil, err
		}
		if len(children) > 0 {
			d.Set("children", children)
		}
	}
	if v.event && e.InstanceID != "" && v.parts.Includes("trigger_instance") {
		if err := setEvent(tx, d, e.InstanceID); err != nil {
			return nil, err
		}
	}
	return v.parts.Apply(d), nil
}

// setEvent shows the event that started an execution, unless it is kept no longer.
func setEvent(tx *store.Tx, d *py.Dict, id string) error {
	event, err := store.TriggerInstances.Get(tx, id)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	shown, err := showInstance(nil, event)
	d.Set("trigger_instance", shown)
	return err
}

func (s *Service) shownParameters(e *gale.Execution, reveal bool) (*py.Dict, error) {
	if reveal {
		return s.Exec.OpenParameters(e)
	}
	d, _ := secret.MaskSealed(e.Parameters).(*py.Dict)
	return d, nil
}

// shownResult returns a result without secrets, or with them. Of a result that
// is sealed as a whole, because it holds a secret of its own execution,
// everything but that secret is shown, as long as it is certain what that is.
func (s *Service) shownResult(tx *store.Tx, e *gale.Execution, reveal bool) (any, error) {
	stored, err := execution.Result(tx, e)
	if err != nil {
		return nil, err
	}
	if !reveal && !secret.IsSealed(stored) {
		return secret.MaskSealed(stored), nil
	}
	opened, err := s.Exec.OpenResult(e, stored)
	if err != nil || reveal {
		return opened, err
	}
	def, values, err := s.asRequested(tx, e)
	if err != nil {
		return nil, err
	}
	texts, certain := def.secrets(values)
	if !certain {
		return secret.Mask, nil
	}
	masker := secret.NewMasker(texts...)
	if !masker.Contains(opened) {
		return secret.Mask, nil
	}
	return masker.Value(secret.MaskAt(opened, schema.OutputSecrets(def.action, def.runner, opened))), nil
}

// secrets returns the secret texts that a run with these parameters knew.
// certain is false when there may have been others: a default that was a
// template, or a pack with secrets in its configuration, which may have been
// changed since.
func (d *definition) secrets(values *py.Dict) (texts []string, certain bool) {
	texts = secret.Texts(values, d.params.Secrets(values))
	for _, t := range texts {
		if strings.Contains(t, "{{") || strings.Contains(t, "{%") {
			return nil, false
		}
	}
	return texts, !declaresSecret(d.config)
}

// declaresSecret reports whether a schema calls anything secret.
func declaresSecret(v any) bool {
	switch v := v.(type) {
	case *py.Dict:
		if is, _ := v.GetString("secret"); is == true {
			return true
		}
		for _, part := range v.All() {
			if declaresSecret(part) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, declaresSecret)
	}
	return false
}

// definition is what an execution was requested with.
type definition struct {
	action *gale.Action
	runner *gale.RunnerType
	params *schema.Parameters
	config *py.Dict // schema of the pack's configuration, as it is now
}

// asRequested reads an execution's snapshots and returns them with its
// parameters in clear, completed with defaults.
func (s *Service) asRequested(tx *store.Tx, e *gale.Execution) (*definition, *py.Dict, error) {
	def := &definition{action: &gale.Action{}, runner: &gale.RunnerType{}}
	for digest, into := range map[string]any{e.ActionDigest: def.action, e.RunnerDigest: def.runner} {
		body, err := tx.Snapshot(digest)
		if err != nil {
			return nil, nil, err
		}
		if err := py.Unmarshal(body, into); err != nil {
			return nil, nil, err
		}
	}
	if err := pack.OpenAction(s.Key, def.action); err != nil {
		return nil, nil, err
	}
	def.params = schema.Merge(def.runner.Parameters, def.action.Parameters)
	switch c, err := store.ConfigSchemas.By(tx, "pack", def.action.Pack); {
	case err == nil:
		def.config = c.Attributes
	case !notFound(err):
		return nil, nil, err
	}
	given, err := s.Exec.OpenParameters(e)
	if err != nil {
		return nil, nil, err
	}
	if given == nil {
		given = py.NewDict(0)
	}
	whole := schema.ObjectOf(def.params.Schemas(), true)
	values, _ := schema.WithDefaults(whole, given).(*py.Dict)
	return def, values, nil
}

// childIDs lists what an execution has started, the oldest first.
func childIDs(tx *store.Tx, id string) ([]any, error) {
	rows, err := tx.Query("select id from execution where parent = $1 order by start_timestamp, id", id)
	if err != nil {
		return nil, err
	}
	var children []any
	for rows.Next() {
		var child string
		if err := rows.Scan(&child); err != nil {
			return nil, err
		}
		children = append(children, child)
	}
	return children, rows.Err()
}

// maxSnapshots bounds the documents kept in memory; an installation has about
// two for each action in use.
const maxSnapshots = 1024

// snapshots keeps the documents of actions and runners of recent executions,
// without secrets. They never change, so nothing has to be invalidated.
type snapshots struct {
	mu   sync.Mutex
	docs map[string]any
}

func (c *snapshots) get(tx *store.Tx, digest string) (any, error) {
	if digest == "" {
		return py.NewDict(0), nil
	}
	c.mu.Lock()
	d, ok := c.docs[digest]
	c.mu.Unlock()
	if ok {
		return d, nil
	}
	body, err := tx.Snapshot(digest)
	if err != nil {
		return nil, err
	}
	if d, err = py.DecodeJSON(body); err != nil {
		return nil, err
	}
	d = secret.MaskSealed(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.docs == nil || len(c.docs) >= maxSnapshots {
		c.docs = map[string]any{}
	}
	c.docs[digest] = d
	return d, nil
}
