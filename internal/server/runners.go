package server

import (
	"context"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/pyenv"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/runner/absent"
	"github.com/galehq/gale/internal/runner/http"
	"github.com/galehq/gale/internal/runner/local"
	"github.com/galehq/gale/internal/runner/python"
	"github.com/galehq/gale/internal/runner/simple"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// makeRunners lists the runners that are in the binary.
func (p *Process) makeRunners() (*runner.Registry, error) {
	interpreter := p.Config.ActionRunner.PythonBinary
	if interpreter == "python3" {
		interpreter = "" // found in PATH
	}
	environments := pyenv.New(pyenv.Config{Data: p.dataDir(), Virtualenvs: p.Config.VirtualenvDir(), Python: interpreter})
	return runner.NewRegistry(slices.Concat(
		simple.Entries(p.announce),
		local.Entries(local.Config{User: p.Config.LocalRunner.User}),
		python.Entries(python.Config{Environments: environments, CommonLibs: p.Config.Packs.CommonLibs, BasePath: p.Config.System.BasePath, PackPaths: p.Places.Packs}),
		http.Entries(http.Config{Version: gale.Version}),
		absent.Entries(),
	)...)
}

// announce puts an announcement into the event log, from where the stream
// takes it to whoever listens on its route.
func (p *Process) announce(ctx context.Context, a simple.Announcement) error {
	d := py.DictOf("payload", a.Payload)
	if a.TraceContext != nil {
		d.Set("trace_context", a.TraceContext)
	}
	body, err := py.AppendJSON(nil, d)
	if err != nil {
		return err
	}
	return p.Store.Update(ctx, func(tx *store.Tx) error {
		tx.Emit(store.Event{Topic: "announcement", Kind: a.Route, Key: a.ExecutionID, Body: body})
		return nil
	})
}
