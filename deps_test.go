package gale_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/galehq/gale"

// layer says which packages of this module, and which modules of others, the
// packages of one tier may import. Tiers are explained in docs/architecture.md.
type layer struct {
	packages []string // paths below the module; "x/*" is every package below x
	own      []string // what they may import of this module, in the same notation
	others   []string // modules of others; the standard library is always allowed
	pure     bool     // no clock, no sleep, no operating system, no global randomness
}

var (
	languages = []string{"py", "pyre", "yaml", "jsonpath", "jinja", "expr"}
	decisions = []string{"internal/schema", "internal/criteria", "internal/schedtime", "internal/params", "internal/rulematch"}
	ground    = []string{"internal/store", "internal/bus", "internal/config", "internal/secret", "internal/proc"}
	services  = []string{"internal/auth", "internal/trigger", "internal/datastore", "internal/execution", "internal/pack",
		"internal/pyenv", "internal/runner", "internal/runner/*", "internal/httpapi"}
	leaves = []string{"internal/rule", "internal/schedule", "internal/actionrunner", "internal/timer", "internal/api", "internal/stream"}
)

var layers = []layer{
	{packages: []string{"api", "packs", "sdk/python"}},

	{packages: []string{"py"}, pure: true},
	{packages: []string{"pyre"}, own: []string{"py"}, pure: true},
	{packages: []string{"yaml"}, own: []string{"py"}, others: []string{"go.yaml.in/yaml/v4"}, pure: true},
	{packages: []string{"jsonpath"}, own: []string{"py", "yaml"}, pure: true},
	{packages: []string{"jinja"}, own: []string{"py", "pyre"}, pure: true},
	{packages: []string{"expr"}, own: languages, pure: true},

	{packages: []string{"."}, own: []string{"py"}, pure: true},
	{packages: []string{"client"}, own: []string{".", "py"}},

	{packages: decisions, own: join(languages, decisions, []string{"."}), pure: true},

	{packages: []string{"internal/secret"}, own: []string{".", "py"}, others: []string{"golang.org/x/crypto"}},
	{packages: []string{"internal/config"}, own: join(languages, []string{"."})},
	{packages: []string{"internal/proc"}, own: join(languages, []string{"."}), others: []string{"golang.org/x/sys"}},
	{packages: []string{"internal/bus", "internal/bus/*"}, own: []string{".", "internal/bus"}},
	{packages: []string{"internal/store", "internal/store/*"}, own: []string{".", "py", "internal/store", "internal/store/*"},
		others: []string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "golang.org/x/sys", "github.com/google/go-cmp", "pgregory.net/rapid"}},

	{packages: services, own: join(languages, decisions, ground, services, []string{".", "api", "packs", "sdk/python"}),
		others: []string{"golang.org/x/crypto", "golang.org/x/time"}},
	{packages: leaves, own: join(languages, decisions, ground, services, []string{"."}), others: []string{"golang.org/x/sync"}},

	{packages: []string{"internal/server"}, own: join(languages, decisions, ground, services, leaves, []string{".", "packs", "api", "internal/cli", "internal/cli/*", "client"}),
		others: []string{"golang.org/x/sync", "golang.org/x/term", "golang.org/x/sys"}},
	{packages: []string{"internal/bench"}, own: join(languages, decisions, []string{".", "client", "internal/server", "internal/cli", "internal/cli/*", "internal/store", "internal/pyenv", "internal/proc"}),
		others: []string{"golang.org/x/term", "modernc.org/sqlite"}},
	{packages: []string{"internal/cli", "internal/cli/*"}, own: join(languages, decisions, []string{".", "client", "internal/config", "internal/cli", "internal/cli/*"}),
		others: []string{"golang.org/x/term", "golang.org/x/text"}},
	{packages: []string{"cmd/gale"}, own: []string{"*"}},
	{packages: []string{"conformance", "e2e"}, own: []string{"*"}},
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func matches(patterns []string, path string) bool {
	for _, p := range patterns {
		if p == path || p == "*" || strings.HasSuffix(p, "/*") && strings.HasPrefix(path, p[:len(p)-1]) {
			return true
		}
	}
	return false
}

func layerOf(path string) *layer {
	for i := range layers {
		if matches(layers[i].packages, path) {
			return &layers[i]
		}
	}
	return nil
}

// TestImportsFollowTheTiers reads every non-test file of the module.
func TestImportsFollowTheTiers(t *testing.T) {
	for dir, files := range sources(t) {
		layer := layerOf(dir)
		if layer == nil {
			t.Errorf("package %s is in no layer: add it to deps_test.go and docs/architecture.md", dir)
			continue
		}
		for _, file := range files {
			for _, imported := range file.Imports {
				path, _ := strconv.Unquote(imported.Path.Value)
				if !allowed(layer, dir, path) {
					t.Errorf("%s imports %s, which its layer does not allow", dir, path)
				}
			}
			if layer.pure {
				checkPure(t, dir, file)
			}
		}
	}
}

func allowed(l *layer, dir, path string) bool {
	if path == module {
		path = module + "/."
	}
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		return own == dir || matches(l.own, own)
	}
	if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		return true // the standard library
	}
	for _, other := range l.others {
		if path == other || strings.HasPrefix(path, other+"/") {
			return true
		}
	}
	return matches(l.own, "*")
}

// impure lists what decisions must be given instead of asking for it.
var impure = map[string][]string{
	"time":         {"Now", "Sleep", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"},
	"os":           nil,
	"math/rand":    {"Int", "Intn", "Float64", "Perm", "Shuffle", "Seed", "Read"},
	"math/rand/v2": {"Int", "IntN", "Float64", "Perm", "Shuffle", "N", "Uint64"},
}

func checkPure(t *testing.T, dir string, file *ast.File) {
	t.Helper()
	names := map[string]string{} // local name → path
	for _, imported := range file.Imports {
		path, _ := strconv.Unquote(imported.Path.Value)
		if _, watched := impure[path]; !watched {
			continue
		}
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndex(name, "/")+1:]
		if imported.Name != nil {
			name = imported.Name.Name
		}
		names[name] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || names[x.Name] == "" {
			return true
		}
		banned := impure[names[x.Name]]
		if banned == nil || matches(banned, sel.Sel.Name) {
			t.Errorf("%s uses %s.%s: a decision takes such values as arguments", dir, x.Name, sel.Sel.Name)
		}
		return true
	})
}

// TestEachPackageHasOneComment keeps a package's story in one place.
func TestEachPackageHasOneComment(t *testing.T) {
	for dir, files := range sources(t) {
		n := 0
		for _, file := range files {
			if file.Doc != nil {
				n++
			}
		}
		if n != 1 {
			t.Errorf("package %s has %d package comments, want 1", dir, n)
		}
	}
}

// sources parses the non-test Go files of the module, by directory ("." is the root).
func sources(t *testing.T) map[string][]*ast.File {
	t.Helper()
	all := map[string][]*ast.File{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		all[dir] = append(all[dir], file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
