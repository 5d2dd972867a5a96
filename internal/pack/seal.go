package pack

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
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
	sealed, err := secret.SealDict(key, actionPlace(a.Ref), a.Parameters, schema.DefaultSecrets(effective))
	a.Parameters = sealed
	return err
}

// OpenAction is the reverse of SealAction.
func OpenAction(key *secret.Key, a *gale.Action) error {
	opened, err := secret.OpenDict(key, actionPlace(a.Ref), a.Parameters)
	a.Parameters = opened
	return err
}

// SealConfigSchema seals the defaults of a pack's secret settings.
func SealConfigSchema(key *secret.Key, s *gale.ConfigSchema) error {
	sealed, err := secret.SealDict(key, configSchemaPlace(s.Pack), s.Attributes, schema.DefaultSecrets(s.Attributes))
	s.Attributes = sealed
	return err
}

// OpenConfigSchema is the reverse of SealConfigSchema.
func OpenConfigSchema(key *secret.Key, s *gale.ConfigSchema) error {
	opened, err := secret.OpenDict(key, configSchemaPlace(s.Pack), s.Attributes)
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
	r.Action.Parameters, err = secret.SealDict(key, rulePlace(r.Ref), r.Action.Parameters, paths)
	return err
}

// OpenRule is the reverse of SealRule.
func OpenRule(key *secret.Key, r *gale.Rule) error {
	if err := trigger.OpenRule(key, r); err != nil {
		return err
	}
	opened, err := secret.OpenDict(key, rulePlace(r.Ref), r.Action.Parameters)
	r.Action.Parameters = opened
	return err
}
