// Package server assembles a process of Gale: it opens the store and the bus,
// makes the services, and runs the roles that this process has.
//
// No role hands a value to another: they meet in the store. So roles start in
// any order, and one process with all of them is the same program as many
// with one each.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/galehq/gale"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/actionrunner"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/bus"
	"github.com/galehq/gale/internal/config"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
)

// Options are what a process is started with.
type Options struct {
	Config *config.Config
	Roles  []string // none: all
	Out    io.Writer
	Log    *slog.Logger
	// Bus replaces the bus inside the process; tests drop every ring with it.
	Bus bus.Bus
}

// Process is what a process has. Roles take from it what they need; none adds to it.
type Process struct {
	Options
	Store   *store.Store
	Bus     bus.Bus
	Key     *secret.Key
	Exec    *execution.Service
	Data    *datastore.Service
	Signer  auth.Signer
	Runners *runner.Registry
	Places  pack.Places
	Node    string

	listener net.Listener
	setup    string // the single-use link's token, at the first start
	storeID  string
	worker   atomic.Pointer[actionrunner.Worker]
}

// memoryLimit keeps the garbage collector from letting an idle server's heap
// grow; it is soft, so a burst of large results only costs collections.
const memoryLimit = 160 << 20

// Run runs the roles of a process until ctx ends, then stops them all and
// closes the process.
func (p *Process) Run(ctx context.Context) error {
	defer p.close()
	roles, err := choose(p.Roles)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	// Actions that are given time to end may need the API as long as they run,
	// and who follows them wants to hear of their end.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	var working sync.WaitGroup
	for _, r := range roles {
		working.Add(1)
		group.Go(func() error {
			defer working.Done()
			if err := r.Run(ctx, p); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
			return nil
		})
	}
	group.Go(func() error {
		working.Wait()
		stopServing()
		return nil
	})
	group.Go(func() error { return p.serve(ctx, serving, roles) })
	return group.Wait()
}

// Open makes a process ready to run, or leaves nothing open: it takes the
// address, opens the store, ends what a killed predecessor left, and registers
// what the binary brings along.
func Open(ctx context.Context, opt Options) (_ *Process, err error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if _, err := choose(opt.Roles); err != nil {
		return nil, err
	}
	p := &Process{Options: opt, Bus: opt.Bus, Node: nodeName(opt.Config.Gale.NodeName)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.Bus == nil {
		p.Bus = newBus()
	}
	if err := os.MkdirAll(p.runDir(), 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	// The address is taken before anything is written: a port in use is the
	// most common reason not to start.
	if p.listener, err = listen(opt.Config.Gale.Listen); err != nil {
		return nil, err
	}
	lost := "the process that ran it is gone"
	p.Store, err = store.Open(ctx, store.Config{URL: opt.Config.Database.URL, Dir: opt.Config.Gale.DataDir, Log: opt.Log,
		OnCommit: func(topics []string) { p.Bus.Ring(topics...) },
		Lost:     func(tx *store.Tx, it store.Item) error { return execution.Abandon(tx, it.Key, lost) },
	})
	if err != nil {
		return nil, err
	}
	if err := p.openKey(ctx); err != nil {
		return nil, err
	}
	if err := p.services(ctx); err != nil {
		return nil, err
	}
	if err := p.recover(ctx); err != nil {
		return nil, err
	}
	if err := p.register(ctx); err != nil {
		return nil, err
	}
	return p, p.bootstrap(ctx)
}

func nodeName(configured string) string {
	if configured != "" {
		return configured
	}
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, gale.Errorf(gale.Unavailable, "cannot listen on %s: %w; is a server running already? choose another address with --listen", addr, err)
	}
	return l, nil
}

// close ends in the reverse order of open.
func (p *Process) close() {
	if p.listener != nil {
		_ = p.listener.Close()
	}
	if p.Store != nil {
		if err := p.Store.Close(); err != nil {
			p.Log.Error("the store did not close well", "error", err)
		}
	}
	_ = p.Bus.Close()
}

// Facts about the installation, kept beside the data.
const (
	factFingerprint = "key_fingerprint"
	factStoreID     = "store_id"
)

// openKey reads the key file, or makes it for a new store, and makes sure
// that it is the key that this store was made with.
func (p *Process) openKey(ctx context.Context) error {
	path := p.Config.KeyValue.KeyPath
	var stored string
	err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
		stored, p.storeID, err = facts(tx)
		return err
	})
	if err != nil {
		return err
	}
	if p.Key, err = secret.LoadKey(path, stored == ""); err != nil {
		return err
	}
	if stored == "" {
		if stored, err = p.claimStore(ctx); err != nil {
			return err
		}
	}
	return p.Key.CheckFingerprint(stored, path)
}

// claimStore makes a new store that of our key, unless another process was
// faster, and returns the fingerprint that counts.
func (p *Process) claimStore(ctx context.Context) (stored string, err error) {
	err = p.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.Lock("installation"); err != nil {
			return err
		}
		if stored, p.storeID, err = facts(tx); err != nil || stored != "" {
			return err
		}
		stored, p.storeID = p.Key.Fingerprint(), tx.NewID()
		if err := tx.SetFact(factFingerprint, stored); err != nil {
			return err
		}
		return tx.SetFact(factStoreID, p.storeID)
	})
	return stored, err
}

func facts(tx *store.Tx) (fingerprint, id string, err error) {
	if fingerprint, err = tx.Fact(factFingerprint); err == nil {
		id, err = tx.Fact(factStoreID)
	}
	return fingerprint, id, err
}

// services makes what the roles share.
func (p *Process) services(ctx context.Context) error {
	signing, err := p.Key.Derive("gale/token/1")
	if err != nil {
		return err
	}
	p.Signer = auth.Signer{Key: signing}
	p.Data = &datastore.Service{Key: p.Key}
	p.Exec = &execution.Service{Store: p.Store, Key: p.Key, SystemUser: p.Config.SystemUser.User, WebURL: p.webURL(),
		Engine: expr.New(expr.Options{Decrypt: p.Key.Decrypt})}
	p.Places = pack.Places{Packs: p.Config.PackPaths(), Configs: p.Config.ConfigDir()}
	p.Runners, err = p.makeRunners()
	return err
}

// recover ends what a process that was killed left behind: first its
// processes, then its executions.
func (p *Process) recover(ctx context.Context) error {
	ended, err := proc.KillLeftovers(proc.Leftovers{Dir: p.runDir(), Store: p.storeID, Grace: time.Second})
	if err != nil {
		return fmt.Errorf("end the processes of an earlier server: %w", err)
	}
	if len(ended) > 0 {
		p.Log.Warn("ended processes that an earlier server left", "runs", len(ended))
	}
	for _, it := range p.Store.Orphans() {
		if it.Kind != execution.QueueRun {
			continue
		}
		err := p.Store.Update(ctx, func(tx *store.Tx) error {
			if err := execution.Abandon(tx, it.Key, "the server ended while the action was running"); err != nil {
				return err
			}
			return tx.Done(it)
		})
		if err != nil {
			return fmt.Errorf("abandon execution %s: %w", it.Key, err)
		}
	}
	return nil
}

func (p *Process) dataDir() string { return p.Config.Gale.DataDir }

// DefaultWorkers is how many actions a process runs at once unless it is told:
// most of them wait, and memory is shared with what they start.
func DefaultWorkers() int { return max(16, 8*runtime.GOMAXPROCS(0)) }

// workers is how many actions run at once here.
func (p *Process) workers() int {
	for _, v := range p.Config.Explain() {
		if v.Key == "actionrunner.actions_pool_size" && v.Source == "default" {
			return DefaultWorkers()
		}
	}
	return p.Config.ActionRunner.Workers
}

func (p *Process) runDir() string { return filepath.Join(p.dataDir(), "run") }

// webURL is the base of links to the web UI: as configured, else here.
func (p *Process) webURL() string {
	if p.Config.WebUI.BaseURL != "" {
		return p.Config.WebURL()
	}
	return p.URL()
}

// URL is where this process is reached from its own machine.
func (p *Process) URL() string {
	host, port, err := net.SplitHostPort(p.listener.Addr().String())
	if err != nil {
		return "http://" + p.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// endActions ends all running actions; they become abandoned.
func (p *Process) endActions() {
	if w := p.worker.Load(); w != nil {
		w.EndAll()
	}
}

func (p *Process) runningActions() int {
	if w := p.worker.Load(); w != nil {
		return w.Running()
	}
	return 0
}

// say prints a line for the person who started the server.
func (p *Process) say(format string, args ...any) {
	if p.Out != nil {
		fmt.Fprintf(p.Out, strings.TrimRight(format, "\n")+"\n", args...)
	}
}
