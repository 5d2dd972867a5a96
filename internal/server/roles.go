package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/actionrunner"
	"github.com/galehq/gale/internal/rule"
	"github.com/galehq/gale/internal/schedule"
	"github.com/galehq/gale/internal/timer"
)

// Role is a duty of a process.
type Role struct {
	Name, Doc string
	Run       func(ctx context.Context, p *Process) error
}

// roles are all duties, by StackStorm's names. Those without a loop of their
// own are parts of the HTTP server.
var roles = []Role{
	{"api", "answers requests and webhooks", untilEnd},
	{"auth", "issues and checks tokens", untilEnd},
	{"stream", "tells clients what happens", untilEnd},
	{"rulesengine", "matches events with rules", func(ctx context.Context, p *Process) error {
		e := &rule.Engine{Store: p.Store, Bus: p.Bus, Exec: p.Exec, Key: p.Key, Log: p.Log}
		return e.Run(ctx)
	}},
	{"scheduler", "lets waiting executions go when they are due", func(ctx context.Context, p *Process) error {
		s := &schedule.Scheduler{Store: p.Store, Bus: p.Bus}
		return s.Run(ctx)
	}},
	{"timersengine", "fires timers", func(ctx context.Context, p *Process) error {
		e := &timer.Engine{Store: p.Store, Bus: p.Bus, Log: p.Log}
		return e.Run(ctx)
	}},
	{"actionrunner", "runs actions", func(ctx context.Context, p *Process) error {
		return p.newWorker().Run(ctx)
	}},
}

func untilEnd(ctx context.Context, _ *Process) error {
	<-ctx.Done()
	return nil
}

// choose finds roles by name; none is all.
func choose(names []string) ([]Role, error) {
	if len(names) == 0 {
		return roles, nil
	}
	var chosen []Role
	for _, name := range names {
		name = strings.TrimPrefix(strings.TrimSpace(name), "st2")
		i := slices.IndexFunc(roles, func(r Role) bool { return r.Name == name })
		if i < 0 {
			return nil, gale.Errorf(gale.Invalid, "there is no role %q; there are %s", name, roleNames())
		}
		chosen = append(chosen, roles[i])
	}
	return chosen, nil
}

func roleNames() string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Name
	}
	return strings.Join(names, ", ")
}

func has(chosen []Role, name string) bool {
	return slices.ContainsFunc(chosen, func(r Role) bool { return r.Name == name })
}

func (p *Process) newWorker() *actionrunner.Worker {
	w := actionrunner.New(actionrunner.Config{
		Store: p.Store, Bus: p.Bus, Exec: p.Exec, Runners: p.Runners, Signer: p.Signer, Log: p.Log,
		Node: p.Node, Slots: p.workers(), Grace: p.Config.Gale.ShutdownGrace, APIURL: p.actionURL(),
		StoreID: p.storeID, RunDir: p.runDir(), LogLevel: p.Config.ActionRunner.PythonLogLevel,
		ValidateOutput: p.Config.System.ValidateOutputSchema,
	})
	p.worker.Store(w)
	return w
}

// actionURL is the API as actions on this machine reach it.
func (p *Process) actionURL() string {
	if p.Config.Auth.APIURL != "" {
		return p.Config.ActionAPIURL() + "/v1"
	}
	return p.URL() + "/api/v1"
}

func describeRoles(chosen []Role) string {
	if len(chosen) == len(roles) {
		return "all roles"
	}
	names := make([]string, len(chosen))
	for i, r := range chosen {
		names[i] = r.Name
	}
	return fmt.Sprintf("roles %s", strings.Join(names, ", "))
}
