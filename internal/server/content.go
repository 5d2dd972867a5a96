package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/runner/absent"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/packs"
	"github.com/galehq/gale/py"
)

// register brings what the binary itself knows into the store: runner types,
// policy types and the system packs. Unchanged content costs a comparison.
func (p *Process) register(ctx context.Context) error {
	if err := p.Store.Update(ctx, p.registerTypes); err != nil {
		return fmt.Errorf("register runner and policy types: %w", err)
	}
	root, err := pack.Unpack(packs.FS, filepath.Join(p.dataDir(), "system"))
	if err != nil {
		return fmt.Errorf("system packs: %w", err)
	}
	entries, err := fs.ReadDir(packs.FS, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		dir := filepath.Join(root, e.Name())
		if own, err := p.Places.Find(e.Name()); err == nil {
			dir = own // an operator's copy on disk wins
		} else if e.Name() == gale.DefaultPack {
			// Files of actions that are made through the API go in here, so it
			// must not be part of what the next version replaces.
			own := filepath.Join(p.Places.Packs[0], gale.DefaultPack)
			if err := copyWhole(own, dir); err != nil {
				return fmt.Errorf("pack %s: %w", gale.DefaultPack, err)
			}
			dir = own
		}
		if _, err := p.RegisterDir(ctx, dir, false); err != nil {
			return err
		}
	}
	p.Places.Packs = append(p.Places.Packs, root)
	return nil
}

// copyWhole copies a directory to a place where there is none, whole or not at
// all: a start that was killed must not keep later ones from starting.
func copyWhole(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	part, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(part)
	if err := os.CopyFS(part, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil && !errors.Is(err, fs.ErrExist) { // another process was faster
		return err
	}
	return nil
}

// RegisterDir reads and registers the pack in a directory.
func (p *Process) RegisterDir(ctx context.Context, dir string, lenient bool) (*pack.Report, error) {
	return pack.RegisterDir(ctx, p.Store, p.Places, dir, pack.Options{Key: p.Key, Lenient: lenient})
}

func (p *Process) registerTypes(tx *store.Tx) error {
	for _, name := range p.Runners.Names() {
		entry, err := p.Runners.Find(name)
		if err != nil {
			return err
		}
		fresh := entry.Type
		fresh.UID = "runner_type:" + fresh.Name
		old, err := store.RunnerTypes.By(tx, "name", fresh.Name)
		if err != nil && gale.KindOf(err) != gale.NotFound {
			return err
		}
		if err != nil {
			fresh.ID = tx.NewID()
			if err := store.RunnerTypes.Insert(tx, &fresh); err != nil {
				return err
			}
			continue
		}
		fresh.ID, fresh.Rev = old.ID, old.Rev
		if old.RunnerModule != absent.Module || fresh.RunnerModule == absent.Module {
			fresh.Enabled = old.Enabled // what an operator set; a runner that has come is enabled
		}
		if same(&fresh, old) {
			continue
		}
		if err := store.RunnerTypes.Update(tx, &fresh); err != nil {
			return err
		}
	}
	return registerPolicyTypes(tx)
}

func same(a, b any) bool {
	x, err1 := py.Marshal(a)
	y, err2 := py.Marshal(b)
	return err1 == nil && err2 == nil && slices.Equal(x, y)
}

// policyTypes are the kinds of policies, with the schemas of their parameters.
func policyTypes() []gale.PolicyType {
	threshold := py.DictOf("type", "integer", "required", true, "minimum", int64(0),
		"description", "How many executions may be scheduled or running at once.")
	action := py.DictOf("type", "string", "enum", []any{"delay", "cancel"}, "default", "delay",
		"description", "What happens to an execution above the threshold.")
	return []gale.PolicyType{
		{Name: "concurrency", Description: "Limits how many executions of an action run at once.",
			Parameters: py.DictOf("threshold", threshold, "action", action)},
		{Name: "concurrency.attr", Description: "Limits how many executions of an action with equal parameters run at once.",
			Parameters: py.DictOf("threshold", threshold, "action", action,
				"attributes", py.DictOf("type", "array", "items", py.DictOf("type", "string", "minLength", int64(1)), "uniqueItems", true,
					"required", true, "description", "The parameters that are compared."))},
		{Name: "retry", Description: "Runs an action again after it failed.",
			Parameters: py.DictOf(
				"retry_on", py.DictOf("type", "string", "enum", []any{"failure", "timeout"}, "required", true,
					"description", "After which end it is run again."),
				"max_retry_count", py.DictOf("type", "integer", "minimum", int64(1), "maximum", int64(5), "default", int64(2), "required", true,
					"description", "How often at most."),
				"delay", py.DictOf("type", "number", "minimum", int64(0), "maximum", int64(120), "default", int64(0),
					"description", "Seconds to wait before."))},
	}
}

func registerPolicyTypes(tx *store.Tx) error {
	for _, t := range policyTypes() {
		t.ResourceType, t.Enabled = "action", true
		t.Ref = "action." + t.Name
		t.UID = "policy_type:action:" + t.Name
		old, err := store.PolicyTypes.By(tx, "ref", t.Ref)
		if err != nil && gale.KindOf(err) != gale.NotFound {
			return err
		}
		if err != nil {
			t.ID = tx.NewID()
			err = store.PolicyTypes.Insert(tx, &t)
		} else if t.ID, t.Rev = old.ID, old.Rev; !same(&t, old) {
			err = store.PolicyTypes.Update(tx, &t)
		} else {
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bootstrap makes the first administrator of a new installation and writes
// the credentials by which this machine's own command line is let in.
func (p *Process) bootstrap(ctx context.Context) error {
	var apiKey string
	err := p.Store.Update(ctx, func(tx *store.Tx) (err error) {
		apiKey, p.setup, err = auth.Bootstrap(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("first administrator: %w", err)
	}
	return p.writeCredentials(ctx, apiKey)
}

// credentialsFile is read by the command line; see package cli.
const credentialsFile = "credentials"

// writeCredentials keeps the file's URL right, and makes a new key when the
// file was lost.
func (p *Process) writeCredentials(ctx context.Context, apiKey string) error {
	path := filepath.Join(p.dataDir(), credentialsFile)
	var have struct {
		URL    string `json:"url"`
		APIKey string `json:"api_key"`
	}
	if text, err := os.ReadFile(path); err == nil && apiKey == "" {
		if err := py.Unmarshal(text, &have); err == nil && have.URL == p.URL() && have.APIKey != "" && private(path) {
			return nil
		}
		apiKey = have.APIKey
	}
	if apiKey == "" {
		err := p.Store.Update(ctx, func(tx *store.Tx) (err error) {
			apiKey, _, err = auth.CreateAPIKey(tx, auth.FirstAdmin, py.DictOf("used_by", "command line on the server's own machine"), "")
			return err
		})
		if err != nil {
			return err
		}
	}
	have.URL, have.APIKey = p.URL(), apiKey
	text, err := py.Marshal(have)
	if err != nil {
		return err
	}
	return writeFile(path, append(text, '\n'))
}

// private reports whether only a file's owner may read it.
func private(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o077 == 0
}

// writeFile replaces a file that only its owner may read, whole or not at all.
func writeFile(path string, text []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err = part.Write(text); err == nil {
		err = part.Sync()
	}
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(part.Name(), path) // CreateTemp made it 0600
}

// banner says what was started, where, and how to go on.
func (p *Process) banner(chosen []Role) {
	url := p.URL()
	p.say("Gale %s is ready at %s (%s)", gale.Version, url, describeRoles(chosen))
	database := filepath.Join(p.dataDir(), "gale.db")
	if p.Config.Database.URL != "" {
		database = "PostgreSQL"
	}
	p.say("  data: %s   database: %s   actions at once: %d", p.dataDir(), database, p.workers())
	flag := p.dataFlag()
	if p.setup != "" {
		p.say("\nFirst start. Make your user, once, within %d minutes:", int(auth.SetupTTL.Minutes()))
		p.say("  in a browser: %s/setup/%s", url, p.setup)
		p.say("  or in a terminal: gale user add NAME --admin%s", flag)
	}
	p.say("\nOn this machine the command line needs no login. Try:")
	p.say("  gale run core.local cmd=date%s", flag)
	p.say("Stop with Ctrl-C.")
}

// dataFlag is what the command line needs to find this server's data: nothing
// when it would look there by itself.
func (p *Process) dataFlag() string {
	for _, v := range p.Config.Explain() {
		if v.Key == "gale.data_dir" && (v.Source == "default" || v.Source == "$GALE_DATA_DIR") {
			return ""
		}
	}
	return " --data-dir " + p.dataDir()
}
