package api

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) packHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"packs.list":          s.listPacks,
		"packs.get":           s.getPack,
		"packs.register":      s.registerPacks,
		"packs.register_path": s.registerPath,
		"configs.list":        s.listConfigs,
		"configs.get":         s.getConfig,
		"configs.set":         s.setConfig,
		"config_schemas.get":  s.getConfigSchema,
		"config_schemas.list": s.listConfigSchemas,
	}
}

// The ref of a pack has no dot.
var packLookup = lookup[gale.Pack]{table: store.Packs, column: "ref", always: true, missing: `Resource with a ref or id "%s" not found`}

func showPack(_ *listed, p *gale.Pack) (*py.Dict, error) {
	d, err := plain(p)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "keywords", []any{}, "contributors", []any{}, "python_versions", []any{}, "files", []any{},
		"dependencies", []any{}, "system", py.NewDict(0)), nil
}

func (s *Service) listPacks(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.Pack]{
		table:   store.Packs,
		filters: []filter{ids, equal("name", "name"), equal("ref", "ref")},
		order:   []string{"ref"},
		sort:    sortBy("name", "ref"),
		attrs:   httpapi.Attributes{Always: []string{"id"}},
		show:    showPack,
	}
	return l.serve(s, r)
}

func (s *Service) getPack(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, packLookup, "ref_or_id", func(p *gale.Pack) string { return p.UID }, showPack)
}

// contentKinds are the kinds of content in the order in which they are
// counted, each with what has to be there before it.
var contentKinds = []struct{ plural, singular, needs string }{
	{"runners", "runner", ""},
	{"rule_types", "rule_type", ""},
	{"policy_types", "policy_type", ""},
	{"triggers", "trigger", ""},
	{"sensors", "sensor", ""},
	{"actions", "action", "runners"},
	{"rules", "rule", "rule_types"},
	{"aliases", "alias", ""},
	{"policies", "policy", "policy_types"},
	{"configs", "config", ""},
}

// kindsOf reads the types of a registration; all of them if there are none.
func kindsOf(types []any) map[string]bool {
	want := map[string]bool{}
	for _, k := range contentKinds {
		asked := func(t any) bool { return t == "all" || t == k.plural || t == k.singular }
		if len(types) == 0 || slices.ContainsFunc(types, asked) {
			want[k.plural], want[k.needs] = true, true
		}
	}
	return want
}

// registration registers directories and counts what they hold.
type registration struct {
	s       *Service
	lenient bool
	kinds   map[string]bool
	counts  map[string]int
}

func (s *Service) newRegistration(body *py.Dict) *registration {
	stop, _ := body.GetString("fail_on_failure")
	return &registration{s: s, lenient: stop == false, kinds: kindsOf(list(body, "types")), counts: map[string]int{}}
}

func (g *registration) add(ctx context.Context, dir string) error {
	report, err := pack.RegisterDir(ctx, g.s.Store, g.s.Places, dir, pack.Options{Key: g.s.Key, Lenient: g.lenient})
	if err != nil {
		if g.lenient && gale.KindOf(err) == gale.Invalid {
			g.s.Log.Warn("a pack was left out", "directory", dir, "error", err)
			return nil
		}
		return err
	}
	for _, p := range report.Problems {
		g.s.Log.Warn("a resource of a pack was left out", "pack", report.Pack, "problem", p.Error())
	}
	for kind, n := range report.Counts {
		g.counts[kind] += n
	}
	if _, err := os.Stat(filepath.Join(g.s.Places.Configs, report.Pack+".yaml")); err == nil && g.s.Places.Configs != "" {
		g.counts["configs"]++
	}
	return nil
}

// answer says how many of each kind that was asked for there are.
func (g *registration) answer(ctx context.Context) (*httpapi.Response, error) {
	g.counts["rule_types"] = len(ruleTypes)
	err := g.s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if g.counts["runners"], err = store.RunnerTypes.Count(tx, store.Query{}); err != nil {
			return err
		}
		g.counts["policy_types"], err = store.PolicyTypes.Count(tx, store.Query{})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := py.NewDict(len(contentKinds))
	for _, k := range contentKinds {
		if g.kinds[k.plural] {
			out.Set(k.plural, int64(g.counts[k.plural]))
		}
	}
	return httpapi.OK(out)
}

// ruleTypes are the types of rules that there are.
var ruleTypes = []string{gale.RuleStandard, gale.RuleBackstop}

// registerPacks registers packs by name. A pack is always registered as a
// whole; types says only what is counted.
func (s *Service) registerPacks(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	dirs, err := s.packDirs(list(body, "packs"))
	if err != nil {
		return nil, err
	}
	g := s.newRegistration(body)
	for _, dir := range dirs {
		if err := g.add(r.Context(), dir); err != nil {
			return nil, err
		}
	}
	return g.answer(r.Context())
}

// packDirs finds packs by name; no names are all that are on disk.
func (s *Service) packDirs(names []any) ([]string, error) {
	var dirs []string
	for _, name := range names {
		dir, err := s.Places.Find(py.Str(name))
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	if len(names) > 0 {
		return dirs, nil
	}
	all, err := s.Places.All()
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	for _, dir := range all {
		dirs = append(dirs, dir)
	}
	slices.SortFunc(dirs, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return dirs, nil
}

// registerPath registers the pack in a directory of this machine.
func (s *Service) registerPath(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	dir := text(body, "path")
	if !filepath.IsAbs(dir) {
		return nil, badRequest("path: %q is not an absolute path of the server's machine", dir)
	}
	g := s.newRegistration(body)
	if err := g.add(r.Context(), filepath.Clean(dir)); err != nil {
		return nil, err
	}
	return g.answer(r.Context())
}
