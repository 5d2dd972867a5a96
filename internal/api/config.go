package api

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

var (
	configLookup = lookup[gale.Config]{table: store.Configs, column: "pack", always: true, missing: `Unable to identify resource with pack_ref "%s".`}
	schemaLookup = lookup[gale.ConfigSchema]{table: store.ConfigSchemas, column: "pack", always: true, missing: `Unable to identify resource with pack_ref "%s".`}
)

// showConfig shows what was configured as it was given.
func (s *Service) showConfig(q *listed, c *gale.Config) (*py.Dict, error) {
	values, err := s.configValues(c, q.reveal)
	if err != nil {
		return nil, err
	}
	return py.DictOf("id", c.ID, "pack", c.Pack, "values", values), nil
}

func (s *Service) configValues(c *gale.Config, reveal bool) (*py.Dict, error) {
	var v any = secret.MaskSealed(c.Values)
	if reveal {
		var err error
		if v, err = secret.Open(s.Key, execution.ConfigPlace(c.Pack), c.Values); err != nil {
			return nil, err
		}
	}
	d, _ := v.(*py.Dict)
	if d == nil {
		d = py.NewDict(0)
	}
	return d, nil
}

func (s *Service) listConfigs(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.Config]{
		table:   store.Configs,
		filters: []filter{ids, oneOf("name", "pack")},
		order:   []string{"pack"},
		sort:    map[string]string{"id": "id", "name": "pack", "pack": "pack"},
		show:    s.showConfig,
	}
	return l.serve(s, r)
}

func (s *Service) getConfig(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, configLookup, "pack_ref", func(c *gale.Config) string { return "pack:" + c.Pack }, s.showConfig)
}

func showConfigSchema(_ *listed, c *gale.ConfigSchema) (*py.Dict, error) {
	hidden := schema.MaskAt(any(c.Attributes), schema.DefaultSecrets(c.Attributes))
	return py.DictOf("id", c.ID, "pack", c.Pack, "attributes", secret.MaskSealed(hidden)), nil
}

func (s *Service) listConfigSchemas(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.ConfigSchema]{
		table:   store.ConfigSchemas,
		filters: []filter{ids, oneOf("name", "pack")},
		order:   []string{"pack"},
		sort:    map[string]string{"id": "id", "name": "pack", "pack": "pack"},
		show:    showConfigSchema,
	}
	return l.serve(s, r)
}

func (s *Service) getConfigSchema(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, schemaLookup, "pack_ref", func(c *gale.ConfigSchema) string { return "pack:" + c.Pack }, showConfigSchema)
}

// setConfig replaces the configuration of a pack: first the file, which is
// what counts at the next registration, then the record.
func (s *Service) setConfig(r *httpapi.Request) (*httpapi.Response, error) {
	values, err := r.Object()
	if err != nil {
		return nil, err
	}
	ref := r.String("pack_ref")
	if err := r.AuthorizeResource("pack:" + ref); err != nil {
		return nil, err
	}
	s.writeFiles.Lock()
	defer s.writeFiles.Unlock()
	attributes, old, err := s.configBefore(r, ref)
	if err != nil {
		return nil, err
	}
	if values, err = s.unmaskConfig(values, old); err != nil {
		return nil, err
	}
	if err := invalid(schema.ConfigError(schema.CheckConfig(attributes, values), ref, "values")); err != nil {
		return nil, err
	}
	if err := s.writeConfig(ref, values); err != nil {
		return nil, err
	}
	var saved *gale.Config
	err = s.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		if err := pack.SaveConfig(tx, s.Key, attributes, &gale.Config{Pack: ref, Values: values}); err != nil {
			return err
		}
		saved, err = store.Configs.By(tx, "pack", ref)
		return err
	})
	if err != nil {
		return nil, err
	}
	d, err := s.showConfig(&listed{Request: r, reveal: s.reveals(r)}, saved)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

// configBefore reads a pack's configuration schema and what was configured,
// which may be nil.
func (s *Service) configBefore(r *httpapi.Request, ref string) (attributes *py.Dict, old *gale.Config, err error) {
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		known, err := store.ConfigSchemas.By(tx, "pack", ref)
		if notFound(err) {
			return httpapi.Errorf(404, "Unable to find the ConfigSchemaDB instance. %s", py.Repr(py.DictOf("pack", ref)))
		}
		if err != nil {
			return err
		}
		if err := pack.OpenConfigSchema(s.Key, known); err != nil {
			return err
		}
		attributes = known.Attributes
		old, err = store.Configs.By(tx, "pack", ref)
		if notFound(err) {
			old, err = nil, nil
		}
		return err
	})
	return attributes, old, err
}

// unmaskConfig puts the stored secrets where a client sends masks back.
func (s *Service) unmaskConfig(values *py.Dict, old *gale.Config) (*py.Dict, error) {
	if old == nil {
		return values, nil
	}
	opened, err := secret.Open(s.Key, execution.ConfigPlace(old.Pack), old.Values)
	if err != nil {
		return nil, err
	}
	d, _ := restore(values, old.Values, opened).(*py.Dict)
	return d, nil
}

// writeConfig replaces a pack's configuration file, whole or not at all. It
// may hold secrets, so that a new one is for its owner only.
func (s *Service) writeConfig(ref string, values *py.Dict) error {
	if s.Places.Configs == "" {
		return nil
	}
	data, err := yaml.Append(nil, values)
	if err != nil {
		return badRequest("values: %w", err)
	}
	if err := os.MkdirAll(s.Places.Configs, 0o755); err != nil {
		return fmt.Errorf("write the configuration of pack %s: %w", ref, err)
	}
	file := filepath.Join(s.Places.Configs, ref+".yaml")
	part, err := os.CreateTemp(s.Places.Configs, "."+ref+"-*")
	if err != nil {
		return fmt.Errorf("write the configuration of pack %s: %w", ref, err)
	}
	defer os.Remove(part.Name())
	if _, err = part.Write(data); err == nil {
		err = keepMode(part, file)
	}
	if err == nil {
		err = part.Sync()
	}
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write the configuration of pack %s: %w", ref, err)
	}
	return nil
}

// keepMode gives a file, which only its owner may read, the mode of the one
// that it will replace.
func keepMode(part *os.File, old string) error {
	info, err := os.Stat(old)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return part.Chmod(info.Mode().Perm())
}
