package pack

import (
	"context"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// RegisterDir reads the pack in a directory, and its configuration file if
// there is one, and registers both in one transaction.
func RegisterDir(ctx context.Context, st *store.Store, places Places, dir string, opt Options) (*Report, error) {
	content, found, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return nil, &gale.Error{Kind: gale.Invalid, Message: "pack in " + dir + " is not registered:\n" + Problems(found).Error(), Err: Problems(found)}
	}
	config, err := places.ReadConfig(content.Pack.Ref, attributesOf(content))
	if err != nil {
		if gale.KindOf(err) != gale.Invalid {
			return nil, err
		}
		found = append(found, Problem{File: places.configFile(content.Pack.Ref), Message: err.Error()})
	}
	if slices.ContainsFunc(found, func(p Problem) bool { return p.File == configSchemaFile }) {
		config = nil // without the schema nobody knows which values are secret
	}
	var report *Report
	err = st.Update(ctx, func(tx *store.Tx) (err error) {
		if report, err = Register(tx, content, found, opt); err != nil || config == nil {
			return err
		}
		return SaveConfig(tx, opt.Key, attributesOf(content), config)
	})
	return report, err
}

// SaveConfig stores the configured values of a pack, those that attributes
// calls secret sealed. An unchanged configuration is left alone.
func SaveConfig(tx *store.Tx, key *secret.Key, attributes *py.Dict, config *gale.Config) error {
	at := configPlace(config.Pack)
	old, err := store.Configs.By(tx, "pack", config.Pack)
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return err
	}
	if err != nil {
		old = nil
	}
	stored := *config
	if stored.Values, err = secret.SealDict(key, at, config.Values, schema.ParameterSecrets(attributes, config.Values)); err != nil {
		return err
	}
	if old != nil {
		alike := sameMasked(stored.Values, old.Values)
		opened, err := secret.OpenDict(key, at, old.Values)
		if err != nil {
			return err
		}
		if alike && same(opened, config.Values) {
			return nil
		}
	}
	if old == nil {
		stored.ID = tx.NewID()
		return store.Configs.Insert(tx, &stored)
	}
	stored.ID, stored.Rev = old.ID, old.Rev
	return store.Configs.Update(tx, &stored)
}

// attributesOf is the schema of a pack's configuration, nil when it has none.
func attributesOf(c *Content) *py.Dict {
	if c.ConfigSchema == nil {
		return nil
	}
	return c.ConfigSchema.Attributes
}
