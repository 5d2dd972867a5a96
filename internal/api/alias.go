package api

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) aliasHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"aliases.list": s.listAliases,
		"aliases.get":  s.getAlias,
	}
}

var aliasLookup = lookup[gale.Alias]{table: store.Aliases, column: "ref", missing: byRef}

func showAlias(_ *listed, a *gale.Alias) (*py.Dict, error) {
	d, err := masked(a)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "formats", []any{}, "ack", py.NewDict(0), "result", py.NewDict(0), "extra", py.NewDict(0),
		"immutable_parameters", py.NewDict(0), "metadata_file", ""), nil
}

func (s *Service) listAliases(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.Alias]{
		table:   store.Aliases,
		filters: []filter{equal("name", "name"), equal("pack", "pack")},
		order:   []string{"pack", "name"},
		sort:    sortBy("name", "pack"),
		attrs: httpapi.Attributes{
			Known: []string{"id", "ref", "uid", "name", "pack", "description", "enabled", "action_ref", "formats", "ack",
				"result", "extra", "immutable_parameters", "metadata_file"},
			Always: []string{"id", "ref"},
		},
		show: showAlias,
	}
	return l.serve(s, r)
}

func (s *Service) getAlias(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, aliasLookup, "ref_or_id", func(a *gale.Alias) string { return a.UID }, showAlias)
}
