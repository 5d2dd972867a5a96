package pack

import (
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// actionPlace and rulePlace are where the secrets of actions and rules are sealed.
func actionPlace(ref string) secret.Place { return secret.Place{Table: "action.parameters", ID: ref} }
func rulePlace(ref string) secret.Place   { return secret.Place{Table: "rule.action", ID: ref} }

// configSchemaPlace and configPlace are those of package execution, which opens
// what is sealed here.
func configSchemaPlace(pack string) secret.Place {
	return secret.Place{Table: "config_schema.attributes", ID: pack}
}
func configPlace(pack string) secret.Place { return secret.Place{Table: "config.values", ID: pack} }

// SealAction seals the defaults of an action's secret parameters. What its
// runner calls secret is secret, though the action only gives another default.
func SealAction(key *secret.Key, a *gale.Action, runner *gale.RunnerType) error {
	effective := a.Parameters
	if runner != nil {
		effective = schema.Merge(runner.Parameters, a.Parameters).Schemas()
	}
	sealed, err := sealDict(key, actionPlace(a.Ref), a.Parameters, schema.DefaultSecrets(effective))
	a.Parameters = sealed
	return err
}

// OpenAction is the reverse of SealAction.
func OpenAction(key *secret.Key, a *gale.Action) error {
	opened, err := openDict(key, actionPlace(a.Ref), a.Parameters)
	a.Parameters = opened
	return err
}

// SealConfigSchema seals the defaults of a pack's secret settings.
func SealConfigSchema(key *secret.Key, s *gale.ConfigSchema) error {
	sealed, err := sealDict(key, configSchemaPlace(s.Pack), s.Attributes, schema.DefaultSecrets(s.Attributes))
	s.Attributes = sealed
	return err
}

// OpenConfigSchema is the reverse of SealConfigSchema.
func OpenConfigSchema(key *secret.Key, s *gale.ConfigSchema) error {
	opened, err := openDict(key, configSchemaPlace(s.Pack), s.Attributes)
	s.Attributes = opened
	return err
}

// SealRule seals what a rule gives to secret parameters of its trigger type
// and of its action. An action or runner that is not there yet has no schema to go by; registering
// or saving the rule again once it is seals them.
func SealRule(tx *store.Tx, key *secret.Key, r *gale.Rule) error {
	if err := trigger.SealRule(tx, key, r); err != nil {
		return err
	}
	action, err := store.Actions.By(tx, "ref", r.Action.Ref)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil
		}
		return err
	}
	runner, err := store.RunnerTypes.By(tx, "name", action.RunnerType)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil
		}
		return err
	}
	paths := schema.Merge(runner.Parameters, action.Parameters).Secrets(r.Action.Parameters)
	r.Action.Parameters, err = sealDict(key, rulePlace(r.Ref), r.Action.Parameters, paths)
	return err
}

// OpenRule is the reverse of SealRule.
func OpenRule(key *secret.Key, r *gale.Rule) error {
	if err := trigger.OpenRule(key, r); err != nil {
		return err
	}
	opened, err := openDict(key, rulePlace(r.Ref), r.Action.Parameters)
	r.Action.Parameters = opened
	return err
}

func sealDict(key *secret.Key, at secret.Place, d *py.Dict, paths []schema.Path) (*py.Dict, error) {
	if d.Len() == 0 {
		return d, nil
	}
	v, err := secret.Seal(key, at, any(d), paths)
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s: %w", at.Table, at.ID, err)
	}
	return v.(*py.Dict), nil
}

func openDict(key *secret.Key, at secret.Place, d *py.Dict) (*py.Dict, error) {
	if d.Len() == 0 {
		return d, nil
	}
	v, err := secret.Open(key, at, any(d))
	if err != nil {
		return nil, fmt.Errorf("open %s of %s: %w", at.Table, at.ID, err)
	}
	return v.(*py.Dict), nil
}
