// Package pack reads packs from directories and makes the system agree with
// what they say.
//
// Reading is separate from registering: Read turns files into values and
// problems without touching the store, Register makes one transaction of
// them. Registering is a synchronisation: what left the pack leaves the
// system, and what an operator enabled or disabled stays so.
package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// Problem is something wrong in a file of a pack.
type Problem struct {
	File    string // path inside the pack
	Line    int    // 1 is the first; 0 when the whole file is meant
	Field   string // dotted path inside the file
	Message string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	b.WriteString(": " + p.Message)
	return b.String()
}

// Content is all that a pack's files declare.
type Content struct {
	Pack         gale.Pack
	ConfigSchema *gale.ConfigSchema
	Actions      []*gale.Action
	Sensors      []*gale.Sensor
	TriggerTypes []*gale.TriggerType
	Rules        []*gale.Rule
	Aliases      []*gale.Alias
	Policies     []*gale.Policy

	// where remembers the file and the positions of each resource, so that
	// a problem found at registration still names file and line.
	where map[any]*source
}

// source is a parsed file.
type source struct {
	file string
	doc  *yaml.Document
	dict *py.Dict
}

func (s *source) problem(keys []any, message string) Problem {
	p := Problem{File: s.file, Message: message}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = py.Str(k)
	}
	p.Field = strings.Join(parts, ".")
	if s.doc != nil {
		p.Line = s.doc.Line(keys...)
	}
	return p
}

// maxFile is the largest metadata file that is read.
const maxFile = 4 << 20

var (
	packName   = regexp.MustCompile(`^[a-z0-9_]+$`)
	reserved   = map[string]bool{"_global": true}
	errNotPack = errors.New("not a pack: it has no pack.yaml")
)

// reader collects what one pass over a pack finds.
type reader struct {
	fsys     fs.FS
	dir      string // name of the pack's directory
	content  *Content
	problems []Problem
}

// Read reads the pack in fsys. name is the name of its directory and location
// its absolute path, kept in the pack's record. A file with a problem is left
// out of the content; the others are there.
func Read(fsys fs.FS, name, location string) (*Content, []Problem, error) {
	r := &reader{fsys: fsys, dir: name, content: &Content{where: map[any]*source{}}}
	manifest, err := r.load("pack.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, gale.Errorf(gale.Invalid, "%s is %w", location, errNotPack)
	}
	if err != nil {
		return nil, r.problems, err
	}
	if manifest == nil {
		return nil, r.problems, nil
	}
	manifest.dict = withoutNulls(manifest.dict)
	if !r.manifest(manifest, name, location) {
		return nil, r.problems, nil
	}
	r.configSchema()
	r.each("triggers", r.triggerType)
	r.each("actions", r.action)
	r.each("sensors", r.sensor)
	r.each("rules", r.rule)
	r.each("aliases", r.alias)
	r.each("policies", r.policy)
	return r.content, r.problems, nil
}

// load parses one YAML file. A nil source means that it had a problem, which is noted.
func (r *reader) load(file string) (*source, error) {
	info, err := fs.Stat(r.fsys, file)
	if err != nil {
		return nil, err
	}
	s := &source{file: file}
	if !info.Mode().IsRegular() { // reading a pipe would wait for a writer
		r.note(s.problem(nil, "this is no file"))
		return nil, nil
	}
	if info.Size() > maxFile {
		r.note(s.problem(nil, fmt.Sprintf("the file has %d bytes; metadata files may have %d", info.Size(), maxFile)))
		return nil, nil
	}
	data, err := fs.ReadFile(r.fsys, file)
	if err != nil {
		return nil, err
	}
	s.doc, err = yaml.Parse(data)
	if err != nil {
		p := Problem{File: file, Message: err.Error()}
		var syntax *yaml.Error
		if errors.As(err, &syntax) {
			p.Line, p.Message = syntax.Line, syntax.Message
		}
		r.note(p)
		return nil, nil
	}
	dict, ok := s.doc.Value.(*py.Dict)
	if !ok {
		r.note(s.problem(nil, fmt.Sprintf("the file holds a %s; it should hold a mapping", py.TypeName(s.doc.Value))))
		return nil, nil
	}
	s.dict = datesAsText(dict).(*py.Dict)
	return s, nil
}

// datesAsText returns a value of YAML with its dates as their text: who writes
// 2026-11-25 without quotes as a default or a timer's date means that text.
func datesAsText(v any) any {
	switch v := v.(type) {
	case py.Date, py.DateTime:
		return py.Str(v)
	case *py.Dict:
		out := py.NewDict(v.Len())
		for k, part := range v.All() {
			out.Set(k, datesAsText(part))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, part := range v {
			out[i] = datesAsText(part)
		}
		return out
	}
	return v
}

func (r *reader) note(p Problem) { r.problems = append(r.problems, p) }

// check notes what a schema check found and reports whether it found nothing.
func (r *reader) check(s *source, found []schema.Problem) bool {
	for _, p := range found {
		r.note(s.problem(p.Path, p.Message))
	}
	return len(found) == 0
}

// each calls add for the metadata files of a directory, in sorted order. A
// directory that is not there is empty.
func (r *reader) each(dir string, add func(*source)) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.note(Problem{File: dir, Message: err.Error()})
		}
		return
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); e.IsDir() || (ext != ".yaml" && ext != ".yml") {
			continue
		}
		if dir == "actions" && strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml") == "config" {
			continue // an old place of the pack's configuration
		}
		files = append(files, path.Join(dir, name))
	}
	sort.Strings(files)
	for _, file := range files {
		s, err := r.load(file)
		if err != nil {
			r.note(Problem{File: file, Message: err.Error()})
			continue
		}
		if s == nil {
			continue
		}
		s.dict = withoutNulls(s.dict)
		if r.belongs(s) {
			add(s)
		}
	}
}

// withoutNulls returns a mapping without the keys that have no value: a key
// that is written and left empty asks for its default, as one that is not
// written does.
func withoutNulls(d *py.Dict) *py.Dict {
	d = d.Clone()
	for _, k := range d.Keys() {
		if v, _ := d.Get(k); v == nil {
			d.Delete(k)
		}
	}
	return d
}

// belongs checks a resource's own word about its pack.
func (r *reader) belongs(s *source) bool {
	said, _ := s.dict.GetString("pack")
	// Files name the pack or, as StackStorm demands, its directory.
	if said == nil || said == "" || said == r.content.Pack.Ref || said == r.dir {
		s.dict.Set("pack", r.content.Pack.Ref)
		return true
	}
	r.note(s.problem([]any{"pack"}, fmt.Sprintf("the file is in pack %q and says that its pack is %q", r.content.Pack.Ref, py.Str(said))))
	return false
}

// ref builds the pair of reference and uid of a resource in this pack.
func (r *reader) ref(kind, name string) (string, string) {
	ref := gale.Ref{Pack: r.content.Pack.Ref, Name: name}
	return ref.String(), ref.UID(kind)
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
