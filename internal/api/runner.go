package api

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) runnerHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"runner_types.list":   s.listRunners,
		"runner_types.get":    s.getRunner,
		"runner_types.update": s.switchRunner,
		"sensor_types.list":   s.listSensors,
		"sensor_types.get":    s.getSensor,
		"sensor_types.update": s.switchSensor,
	}
}

var (
	runnerLookup = lookup[gale.RunnerType]{table: store.RunnerTypes, column: "name", always: true, missing: `Resource with a name or id "%s" not found`}
	sensorLookup = lookup[gale.Sensor]{table: store.Sensors, column: "ref", missing: byRef}
)

func showRunner(_ *listed, t *gale.RunnerType) (*py.Dict, error) {
	d, err := masked(t)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "runner_parameters", py.NewDict(0), "output_schema", py.NewDict(0)), nil
}

func (s *Service) listRunners(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.RunnerType]{
		table:   store.RunnerTypes,
		filters: []filter{ids, oneOf("name", "name")},
		order:   []string{"name"},
		sort:    sortBy("name"),
		attrs: httpapi.Attributes{
			Known: []string{"id", "uid", "name", "description", "enabled", "runner_package", "runner_module", "query_module",
				"runner_parameters", "output_key", "output_schema"},
			Always: []string{"id"},
		},
		show: showRunner,
	}
	return l.serve(s, r)
}

func (s *Service) getRunner(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, runnerLookup, "name_or_id", func(t *gale.RunnerType) string { return t.UID }, showRunner)
}

// switchTo reads the only attribute that a switch takes; given is false when it is missing.
func switchTo(r *httpapi.Request) (enabled, given bool, err error) {
	body, err := r.Object()
	if err != nil {
		return false, false, err
	}
	v, _ := body.GetString("enabled")
	enabled, given = v.(bool)
	return enabled, given, nil
}

func (s *Service) switchRunner(r *httpapi.Request) (*httpapi.Response, error) {
	enabled, given, err := switchTo(r)
	if err != nil {
		return nil, err
	}
	var t *gale.RunnerType
	err = s.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		if t, err = runnerLookup.find(tx, r.String("name_or_id")); err != nil {
			return err
		}
		if err := r.AuthorizeResource(t.UID); err != nil {
			return err
		}
		if !given || t.Enabled == enabled {
			return nil
		}
		t.Enabled = enabled
		return store.RunnerTypes.Update(tx, t)
	})
	if err != nil {
		return nil, err
	}
	d, err := showRunner(nil, t)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func showSensor(_ *listed, n *gale.Sensor) (*py.Dict, error) {
	d, err := masked(n)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "trigger_types", []any{}), nil
}

func (s *Service) listSensors(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.Sensor]{
		table: store.Sensors,
		filters: []filter{ids, equal("name", "name"), equal("pack", "pack"), has("trigger", "trigger_types"),
			isTrue("enabled", "enabled")},
		order: []string{"ref"},
		attrs: httpapi.Attributes{
			Known: []string{"id", "ref", "uid", "name", "pack", "description", "artifact_uri", "entry_point", "trigger_types",
				"poll_interval", "enabled", "metadata_file"},
			Always: []string{"id", "ref"},
		},
		show: showSensor,
	}
	return l.serve(s, r)
}

func (s *Service) getSensor(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, sensorLookup, "ref_or_id", func(n *gale.Sensor) string { return n.UID }, showSensor)
}

func (s *Service) switchSensor(r *httpapi.Request) (*httpapi.Response, error) {
	enabled, given, err := switchTo(r)
	if err != nil {
		return nil, err
	}
	var n *gale.Sensor
	err = s.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
		if n, err = sensorLookup.find(tx, r.String("ref_or_id")); err != nil {
			return err
		}
		if err := r.AuthorizeResource(n.UID); err != nil {
			return err
		}
		if !given || n.Enabled == enabled {
			return nil
		}
		n.Enabled, n.Pinned = enabled, true
		if err := store.Sensors.Update(tx, n); err != nil {
			return err
		}
		return emitResource(tx, "sensor", "update", n.ID, n)
	})
	if err != nil {
		return nil, err
	}
	d, err := showSensor(nil, n)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}
