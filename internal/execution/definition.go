package execution

import (
	"context"
	"fmt"
	"sync"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Definition is all that running an action depends on, as it was at one
// moment: the action, its runner and the configuration of its pack, with
// secrets in clear. It must not be changed: requests share it.
type Definition struct {
	Action *gale.Action
	Runner *gale.RunnerType
	Params *schema.Parameters

	// ConfigSchema and Config are the attributes and values of the pack's
	// configuration; both may be nil.
	ConfigSchema *py.Dict
	Config       *py.Dict

	PackDir string // where the pack's files are; empty for a pack without files

	ActionJSON []byte // the snapshots, secret defaults sealed
	RunnerJSON []byte

	versions versions
}

// versions identify the rows that a Definition was made of. A row that was
// removed and made again has another id and starts at the same version.
type versions struct {
	action, runner, configSchema, config, pack           int64
	actionID, runnerID, configSchemaID, configID, packID string
}

// definitions keeps recent Definitions; each use asks the store whether the
// rows are still the same, in one statement.
type definitions struct {
	mu    sync.Mutex
	byRef map[string]*Definition
}

// maxDefinitions bounds the cache; when it is full it starts anew.
const maxDefinitions = 1024

// Define reads what an action's ref stands for.
func (s *Service) Define(ctx context.Context, ref string) (*Definition, error) {
	var def *Definition
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		def, err = s.define(tx, ref)
		return err
	})
	return def, err
}

func (s *Service) define(tx *store.Tx, ref string) (*Definition, error) {
	now, found, err := readVersions(tx, ref)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, gale.Errorf(gale.Invalid, "Action %q cannot be found.", ref)
	}
	s.definitions.mu.Lock()
	def := s.definitions.byRef[ref]
	s.definitions.mu.Unlock()
	if def != nil && def.versions == now {
		return def, nil
	}
	if def, err = s.load(tx, ref); err != nil {
		return nil, fmt.Errorf("action %s: %w", ref, err)
	}
	def.versions = now
	s.definitions.mu.Lock()
	defer s.definitions.mu.Unlock()
	if s.definitions.byRef == nil || len(s.definitions.byRef) >= maxDefinitions {
		s.definitions.byRef = map[string]*Definition{}
	}
	s.definitions.byRef[ref] = def
	return def, nil
}

func readVersions(tx *store.Tx, ref string) (v versions, found bool, err error) {
	found, err = tx.QueryRow(`select a.id, a.v, coalesce(r.id, ''), coalesce(r.v, 0), coalesce(s.id, ''), coalesce(s.v, 0),
			coalesce(c.id, ''), coalesce(c.v, 0), coalesce(p.id, ''), coalesce(p.v, 0)
		from action a left join runner_type r on r.name = a.runner_type
		left join config_schema s on s.pack = a.pack left join config c on c.pack = a.pack left join pack p on p.ref = a.pack
		where a.ref = $1`, []any{ref}, &v.actionID, &v.action, &v.runnerID, &v.runner, &v.configSchemaID, &v.configSchema,
		&v.configID, &v.config, &v.packID, &v.pack)
	return v, found, err
}

func (s *Service) load(tx *store.Tx, ref string) (*Definition, error) {
	action, err := store.Actions.By(tx, "ref", ref)
	if err != nil {
		return nil, err
	}
	runner, err := store.RunnerTypes.By(tx, "name", action.RunnerType)
	if err != nil {
		return nil, err
	}
	def := &Definition{Action: action, Runner: runner}
	if def.ActionJSON, err = ActionDocument(action); err != nil {
		return nil, err
	}
	if def.RunnerJSON, err = py.Marshal(runner); err != nil {
		return nil, err
	}
	opened, err := secret.Open(s.Key, secret.Place{Table: "action.parameters", ID: action.Ref}, action.Parameters)
	if err != nil {
		return nil, err
	}
	action.Parameters, _ = opened.(*py.Dict)
	def.Params = schema.Merge(runner.Parameters, action.Parameters)
	switch p, err := store.Packs.By(tx, "ref", action.Pack); {
	case err == nil:
		def.PackDir = p.Path
	case gale.KindOf(err) != gale.NotFound:
		return nil, err
	}
	return def, s.loadConfig(tx, def)
}

// ActionDocument is the JSON of an action as the API shows it; secret
// defaults stay sealed in it.
func ActionDocument(a *gale.Action) ([]byte, error) {
	shown := *a
	shown.Pinned = false
	v, err := py.FromGo(&shown)
	if err != nil {
		return nil, err
	}
	d := v.(*py.Dict)
	for _, key := range []string{"output_schema", "notify"} {
		if _, ok := d.GetString(key); !ok {
			d.Set(key, py.NewDict(0))
		}
	}
	return py.AppendJSON(nil, d)
}

func (s *Service) loadConfig(tx *store.Tx, def *Definition) error {
	pack := def.Action.Pack
	attributes, err := store.ConfigSchemas.By(tx, "pack", pack)
	switch {
	case err == nil:
		opened, err := secret.Open(s.Key, ConfigSchemaPlace(pack), attributes.Attributes)
		if err != nil {
			return err
		}
		def.ConfigSchema, _ = opened.(*py.Dict)
	case gale.KindOf(err) != gale.NotFound:
		return err
	}
	config, err := store.Configs.By(tx, "pack", pack)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil
		}
		return err
	}
	opened, err := secret.Open(s.Key, ConfigPlace(pack), config.Values)
	if err != nil {
		return err
	}
	def.Config, _ = opened.(*py.Dict)
	return nil
}

// ConfigSchemaPlace is where the secret defaults of a config schema are sealed.
func ConfigSchemaPlace(pack string) secret.Place {
	return secret.Place{Table: "config_schema.attributes", ID: pack}
}

// ConfigPlace is where a pack's configured values are sealed.
func ConfigPlace(pack string) secret.Place { return secret.Place{Table: "config.values", ID: pack} }

// place is where an execution's parts are sealed.
func place(e *gale.Execution, part string) secret.Place {
	return secret.Place{Table: "execution." + part, ID: e.ID}
}

// seal returns parameters as they are stored.
func (s *Service) seal(def *Definition, e *gale.Execution, values *py.Dict) (*py.Dict, error) {
	if values.Len() == 0 {
		return py.NewDict(0), nil
	}
	paths := def.Params.Secrets(values)
	// A secret that was given to another parameter as well is one there, too.
	if repeated := secret.NewMasker(secret.Texts(values, paths)...); repeated != nil {
		rest, _ := secret.MaskAt(values, paths).(*py.Dict)
		for name, v := range rest.All() {
			if repeated.Contains(v) {
				paths = append(paths, schema.Path{name})
			}
		}
	}
	sealed, err := secret.Seal(s.Key, place(e, "parameters"), values, paths)
	if err != nil {
		return nil, err
	}
	return sealed.(*py.Dict), nil
}

// OpenParameters returns an execution's parameters in clear.
func (s *Service) OpenParameters(e *gale.Execution) (*py.Dict, error) {
	opened, err := secret.Open(s.Key, place(e, "parameters"), e.Parameters)
	if err != nil {
		return nil, fmt.Errorf("parameters of execution %s: %w", e.ID, err)
	}
	d, _ := opened.(*py.Dict)
	return d, nil
}

// SealResult returns a result as it is stored: parts that the output schema
// calls secret are sealed, and the whole is when a secret of the execution
// itself occurs in it.
func (s *Service) SealResult(def *Definition, e *gale.Execution, result *py.Dict, secrets *secret.Masker) (any, error) {
	at := place(e, "result")
	if secrets.Contains(result) {
		return secret.Seal(s.Key, at, any(result), [][]any{{}})
	}
	return secret.Seal(s.Key, at, any(result), schema.OutputSecrets(def.Action, def.Runner, result))
}

// OpenResult returns a stored result in clear.
func (s *Service) OpenResult(e *gale.Execution, result any) (any, error) {
	return secret.Open(s.Key, place(e, "result"), result)
}

// Secrets returns a masker of the secret values among an execution's parameters, in clear.
func (def *Definition) Secrets(values *py.Dict) *secret.Masker {
	return secret.NewMasker(secret.Texts(values, def.Params.Secrets(values))...)
}

// RunSecrets is Secrets for a run: its parameters, and the secrets of the
// configuration that the action gets.
func (def *Definition) RunSecrets(f *Final) *secret.Masker {
	all := f.All()
	texts := secret.Texts(all, def.Params.Secrets(all))
	texts = append(texts, secret.Texts(f.Config, schema.ParameterSecrets(def.ConfigSchema, f.Config))...)
	return secret.NewMasker(texts...)
}
