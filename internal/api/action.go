package api

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) actionHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"actions.list":             s.listActions(showAction, []filter{ids, has("tags", "tags")}),
		"actions.create":           s.createAction,
		"actions.get":              s.getAction(showAction),
		"actions.update":           s.updateAction,
		"actions.delete":           s.deleteAction,
		"action_views.list":        s.listActions(showMerged, []filter{idText}),
		"action_views.get":         s.getAction(showMerged),
		"action_views.parameters":  s.getAction(showParameters),
		"action_views.entry_point": s.actionSource,
	}
}

// byRef is the complaint about content that a reference or id does not find.
const byRef = `Resource with a reference or id "%s" not found`

var actionLookup = lookup[gale.Action]{table: store.Actions, column: "ref", missing: byRef}

func actionUID(a *gale.Action) string { return a.UID }

func (s *Service) listActions(show func(*listed, *gale.Action) (*py.Dict, error), more []filter) httpapi.Handler {
	l := &listing[gale.Action]{
		table:   store.Actions,
		filters: append(more, equal("name", "name"), equal("pack", "pack")),
		order:   []string{"pack", "name"},
		attrs: httpapi.Attributes{
			Known: []string{"id", "ref", "uid", "name", "pack", "description", "enabled", "runner_type", "entry_point",
				"parameters", "output_schema", "tags", "notify", "metadata_file"},
			CanBeLeft: []string{"parameters", "notify"},
			Always:    []string{"id", "ref"},
		},
		show: show,
	}
	return func(r *httpapi.Request) (*httpapi.Response, error) { return l.serve(s, r) }
}

func (s *Service) getAction(show func(*listed, *gale.Action) (*py.Dict, error)) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		return get(s, r, actionLookup, "ref_or_id", actionUID, show)
	}
}

func showAction(_ *listed, a *gale.Action) (*py.Dict, error) {
	d, err := masked(a)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "parameters", py.NewDict(0), "output_schema", py.NewDict(0), "notify", py.NewDict(0),
		"tags", []any{}, "metadata_file", ""), nil
}

// showMerged shows an action with all parameters that it takes, those of its
// runner included.
func showMerged(q *listed, a *gale.Action) (*py.Dict, error) {
	d, err := showAction(q, a)
	if err != nil || !q.parts.Includes("parameters") {
		return d, err
	}
	all, err := allParameters(q.tx, a)
	if err == nil {
		d.Set("parameters", all)
	}
	return d, err
}

func showParameters(q *listed, a *gale.Action) (*py.Dict, error) {
	all, err := allParameters(q.tx, a)
	return py.DictOf("parameters", all), err
}

func allParameters(tx *store.Tx, a *gale.Action) (any, error) {
	runner, err := store.RunnerTypes.By(tx, "name", a.RunnerType)
	if notFound(err) {
		runner, err = &gale.RunnerType{}, nil
	}
	if err != nil {
		return nil, err
	}
	return secret.MaskSealed(schema.Merge(runner.Parameters, a.Parameters).Schemas()), nil
}

// actionInput is an action as a client sends it, with the files that come along.
type actionInput struct {
	action *gale.Action
	runner *gale.RunnerType // once it was checked
	body   *py.Dict
	files  []dataFile
}

func readAction(r *httpapi.Request, defaultPack string) (*actionInput, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	in := &actionInput{action: &gale.Action{Enabled: true}, body: body}
	if in.files, err = dataFiles(body); err != nil {
		return nil, err
	}
	if err := fill(body, in.action); err != nil {
		return nil, err
	}
	a := in.action
	if a.Pack == "" {
		a.Pack = defaultPack
	}
	if a.Pack == systemPack {
		return nil, badRequest("Resources belonging to system level packs can't be manipulated")
	}
	if a.Parameters == nil {
		a.Parameters = py.NewDict(0)
	}
	if a.Tags == nil {
		a.Tags = []gale.Tag{}
	}
	if a.RunnerType == "orchestra" {
		a.RunnerType = "orquesta"
	}
	ref := gale.Ref{Pack: a.Pack, Name: a.Name}
	a.Ref, a.UID = ref.String(), ref.UID("action")
	if a.EntryPoint != "" {
		if _, err := plainPath(a.EntryPoint); err != nil {
			return nil, badRequest("entry_point: %w", err)
		}
	}
	return in, nil
}

// systemPack is the pack that Gale itself depends on.
const systemPack = "core"

// check looks at what only the store can tell and returns the pack's directory.
func (in *actionInput) check(tx *store.Tx) (dir string, err error) {
	a := in.action
	in.runner, err = store.RunnerTypes.By(tx, "name", a.RunnerType)
	if notFound(err) {
		return "", badRequest("RunnerType %s is not found. If you are using old and unsupported runner name, please change it to one of the valid ones.", a.RunnerType)
	}
	if err != nil {
		return "", err
	}
	if found := schema.CheckActionParameters(a.Ref, a.Parameters, in.runner.Parameters); len(found) > 0 {
		return "", badRequest("%s", found[0])
	}
	p, err := store.Packs.By(tx, "ref", a.Pack)
	if notFound(err) {
		return "", badRequest(`Content pack "%s" is not found or doesn't contain actions directory. Create or register the pack first.`, a.Pack)
	}
	if err != nil {
		return "", err
	}
	return p.Path, nil
}

func (s *Service) createAction(r *httpapi.Request) (*httpapi.Response, error) {
	in, err := readAction(r, gale.DefaultPack)
	if err != nil {
		return nil, err
	}
	a := in.action
	if err := r.AuthorizeResource(a.UID); err != nil {
		return nil, err
	}
	var dir string
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		if err := vacant(tx, store.Actions, a.Ref, ""); err != nil {
			return err
		}
		dir, err = in.check(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	written, err := s.writeDataFiles(dir, in.files)
	if err != nil {
		return nil, err
	}
	a.MetadataFile = fileIn(dir, text(in.body, "metadata_file"))
	var saved gale.Action
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if err := vacant(tx, store.Actions, a.Ref, ""); err != nil {
			return err
		}
		saved = *a
		saved.ID = tx.NewID()
		if err := s.saveAction(tx, &saved, in.runner, true); err != nil {
			return err
		}
		return s.noteFiles(tx, &saved, dir, written)
	})
	if err != nil {
		return nil, err
	}
	return answerAction(&saved)
}

// vacant is a conflict when another resource has that reference.
func vacant[T any](tx *store.Tx, table store.Table[T], ref, ownID string) error {
	rows, err := tx.Query("select id from "+table.Name()+" where ref = $1", ref)
	if err != nil {
		return err
	}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if id != ownID {
			return taken(table.Kind(), ref, id)
		}
	}
	return rows.Err()
}

// saveAction stores an action whose secrets are in clear; they are sealed in a.
func (s *Service) saveAction(tx *store.Tx, a *gale.Action, runner *gale.RunnerType, fresh bool) error {
	if err := pack.SealAction(s.Key, a, runner); err != nil {
		return err
	}
	kind, err := "update", error(nil)
	if fresh {
		kind, err = "create", store.Actions.Insert(tx, a)
	} else {
		err = store.Actions.Update(tx, a)
	}
	if err != nil {
		return err
	}
	return emitResource(tx, "action", kind, a.ID, a)
}

func answerAction(a *gale.Action) (*httpapi.Response, error) {
	d, err := showAction(nil, a)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) updateAction(r *httpapi.Request) (*httpapi.Response, error) {
	var old *gale.Action
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		old, err = actionLookup.find(tx, r.String("ref_or_id"))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.AuthorizeResource(old.UID); err != nil {
		return nil, err
	}
	in, err := readAction(r, old.Pack)
	if err != nil {
		return nil, err
	}
	if err := in.restoreSecrets(s.Key, old); err != nil {
		return nil, err
	}
	var dir string
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		if err := vacant(tx, store.Actions, in.action.Ref, old.ID); err != nil {
			return err
		}
		dir, err = in.check(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	written, err := s.writeDataFiles(dir, in.files)
	if err != nil {
		return nil, err
	}
	in.succeed(old, dir)
	var saved gale.Action
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if err := vacant(tx, store.Actions, in.action.Ref, old.ID); err != nil {
			return err
		}
		saved = *in.action
		if err := s.saveAction(tx, &saved, in.runner, false); err != nil {
			return err
		}
		return s.noteFiles(tx, &saved, dir, written)
	})
	if err != nil {
		return nil, err
	}
	return answerAction(&saved)
}

// restoreSecrets puts the stored defaults of secrets where the body has masks.
func (in *actionInput) restoreSecrets(key *secret.Key, old *gale.Action) error {
	opened := *old
	if err := pack.OpenAction(key, &opened); err != nil {
		return err
	}
	in.action.Parameters, _ = restore(in.action.Parameters, old.Parameters, opened.Parameters).(*py.Dict)
	return nil
}

// succeed gives the action what it keeps of the one that it replaces.
func (in *actionInput) succeed(old *gale.Action, dir string) {
	a := in.action
	a.ID, a.Rev = old.ID, old.Rev
	a.Pinned = old.Pinned || a.Enabled != old.Enabled
	a.MetadataFile = old.MetadataFile
	if at := fileIn(dir, text(in.body, "metadata_file")); at != "" && (a.Pack != old.Pack || old.MetadataFile == "") {
		a.MetadataFile = at
	} else if a.Ref != old.Ref {
		a.MetadataFile = "" // the file speaks of another action now
	}
}

func (s *Service) deleteAction(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	var old *gale.Action
	var dir string
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		if old, err = actionLookup.find(tx, r.String("ref_or_id")); err != nil {
			return err
		}
		p, err := store.Packs.By(tx, "ref", old.Pack)
		if err == nil {
			dir = p.Path
		}
		if notFound(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.AuthorizeResource(old.UID); err != nil {
		return nil, err
	}
	if old.Pack == systemPack {
		return nil, badRequest("Resources belonging to system level packs can't be manipulated")
	}
	if remove, _ := body.GetString("remove_files"); remove == true && dir != "" {
		if err := removeActionFiles(dir, old); err != nil {
			return nil, err
		}
	}
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if err := store.Actions.Delete(tx, old.ID); err != nil {
			return err
		}
		return emitResource(tx, "action", "delete", old.ID, old)
	})
}
