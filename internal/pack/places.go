package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// Places says where packs and their configurations live on this machine.
type Places struct {
	Packs   []string // directories that hold packs, the first one first
	Configs string   // directory of <pack>.yaml configuration files
}

// Find returns the directory of a pack.
func (p Places) Find(ref string) (string, error) {
	if !packName.MatchString(ref) || reserved[ref] {
		return "", gale.Errorf(gale.Invalid, "%q is not the name of a pack", ref)
	}
	for _, dir := range p.Packs {
		at := filepath.Join(dir, ref)
		if info, err := os.Stat(at); err == nil && info.IsDir() {
			return at, nil
		}
	}
	return "", gale.Errorf(gale.Invalid, "Pack %q not found on disk: looked in %v", ref, p.Packs)
}

// All lists the packs that are there: name → directory, the first directory wins.
func (p Places) All() (map[string]string, error) {
	found := map[string]string{}
	for _, dir := range p.Packs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			at := filepath.Join(dir, e.Name())
			if _, seen := found[e.Name()]; seen {
				continue
			}
			if _, err := os.Stat(filepath.Join(at, "pack.yaml")); err == nil {
				found[e.Name()] = at
			}
		}
	}
	return found, nil
}

// ReadDir reads the pack in a directory. Files outside of it are out of
// reach, whatever links the pack holds.
func ReadDir(dir string) (*Content, []Problem, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, gale.Errorf(gale.Invalid, "pack directory: %w", err)
	}
	defer root.Close()
	return Read(root.FS(), filepath.Base(dir), dir)
}

// ReadConfig reads a pack's configuration file; nil when there is none. The
// schema, if any, decides whether it is accepted.
func (p Places) ReadConfig(ref string, attributes *py.Dict) (*gale.Config, error) {
	if p.Configs == "" {
		return nil, nil
	}
	file := p.configFile(ref)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := yaml.Parse(data)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "%s: %w", file, err)
	}
	values, ok := doc.Value.(*py.Dict)
	if !ok && doc.Value != nil {
		return nil, gale.Errorf(gale.Invalid, "%s holds a %s; it should hold a mapping", file, py.TypeName(doc.Value))
	}
	if values == nil {
		values = py.NewDict(0)
	}
	if attributes != nil {
		if err := schema.ConfigError(schema.CheckConfig(attributes, values), ref, file); err != nil {
			return nil, gale.Errorf(gale.Invalid, "%w", err)
		}
	}
	return &gale.Config{Pack: ref, Values: values}, nil
}

func (p Places) configFile(ref string) string { return filepath.Join(p.Configs, ref+".yaml") }

// Unpack writes an embedded tree below dir, in a directory named by its
// content, and returns that. It does nothing when that is there already; a
// half-written tree is never left behind under the final name.
func Unpack(fsys fs.FS, dir string) (string, error) {
	digest, err := digestOf(fsys)
	if err != nil {
		return "", err
	}
	final := filepath.Join(dir, digest)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(dir, "unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	if err := copyTree(fsys, part); err != nil {
		return "", fmt.Errorf("unpack into %s: %w", final, err)
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(part, final); err != nil {
		if _, there := os.Stat(final); there == nil {
			return final, nil // another process was faster
		}
		return "", err
	}
	return final, nil
}

func digestOf(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, p)
		fmt.Fprintf(h, "%s\x00%d\x00", p, len(data))
		h.Write(data)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}

func copyTree(fsys fs.FS, to string) error {
	return fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(to, filepath.FromSlash(p))
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if len(data) > 2 && data[0] == '#' && data[1] == '!' {
			mode = 0o755 // an embedded tree has no modes; scripts start by saying so
		}
		return os.WriteFile(at, data, mode)
	})
}

func sorted(list []string) []string {
	sort.Strings(list)
	return list
}
