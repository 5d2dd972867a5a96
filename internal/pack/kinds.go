package pack

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// manifest reads pack.yaml; false means that the pack cannot be used.
func (r *reader) manifest(s *source, dir, location string) bool {
	d := s.dict
	if v, ok := d.GetString("version"); ok && v != nil {
		d.Set("version", py.Str(v)) // 1.0 in YAML is a number
	}
	if !r.check(s, schema.CheckPack(d)) {
		return false
	}
	ref := packRef(d, dir)
	if ref == "" {
		r.note(s.problem([]any{"name"}, fmt.Sprintf(
			"no name for the pack: neither the directory %q nor the name fits %s; add a ref", dir, packName)))
		return false
	}
	p := &r.content.Pack
	if err := fill(d, p); err != nil {
		r.note(s.problem(nil, err.Error()))
		return false
	}
	p.ID, p.Ref, p.UID, p.Path = "", ref, "pack:"+ref, location
	p.Files = r.files()
	p.Keywords, p.Contributors, p.Dependencies = list(p.Keywords), list(p.Contributors), list(p.Dependencies)
	if p.System == nil {
		p.System = py.NewDict(0)
	}
	return true
}

// packRef chooses a pack's name: what the manifest says, else the directory, else its display name.
func packRef(d *py.Dict, dir string) string {
	if said, _ := d.GetString("ref"); said != nil && said != "" {
		return py.Str(said)
	}
	name, _ := d.GetString("name")
	for _, candidate := range []string{dir, py.Str(name)} {
		if packName.MatchString(candidate) && !reserved[candidate] {
			return candidate
		}
	}
	return ""
}

// files lists what the pack consists of.
func (r *reader) files() []string {
	files := []string{}
	_ = fs.WalkDir(r.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // a file that vanished or is closed to us is not listed
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "__pycache__"):
			return fs.SkipDir
		case !d.IsDir() && !strings.HasSuffix(p, ".pyc"):
			files = append(files, p)
		}
		return nil
	})
	return files
}

const configSchemaFile = "config.schema.yaml"

func (r *reader) configSchema() {
	s, err := r.load(configSchemaFile)
	if err != nil || s == nil {
		if err != nil && !isNotExist(err) {
			r.note(Problem{File: configSchemaFile, Message: err.Error()})
		}
		return
	}
	if r.check(s, schema.CheckConfigSchema(s.dict)) {
		r.content.ConfigSchema = &gale.ConfigSchema{Pack: r.content.Pack.Ref, Attributes: s.dict}
	}
}

func (r *reader) action(s *source) {
	if !r.check(s, schema.CheckAction(s.dict)) {
		return
	}
	a := &gale.Action{Enabled: true, Parameters: py.NewDict(0)}
	if !r.fill(s, a) {
		return
	}
	a.Ref, a.UID = r.ref("action", a.Name)
	a.MetadataFile = s.file
	if a.RunnerType == "orchestra" {
		a.RunnerType = "orquesta"
	}
	if a.EntryPoint != "" {
		if err := r.checkEntryPoint(a.EntryPoint); err != nil {
			r.note(s.problem([]any{"entry_point"}, err.Error()))
			return
		}
	}
	if a.Parameters == nil {
		a.Parameters = py.NewDict(0)
	}
	a.Tags = tags(a.Tags)
	r.content.Actions = append(r.content.Actions, a)
	r.content.where[a] = s
}

// checkEntryPoint refuses entry points that are no file of the pack. They are
// below actions/, or absolute and inside the pack.
func (r *reader) checkEntryPoint(p string) error {
	file := path.Join("actions", p)
	if path.IsAbs(p) {
		inside, ok := strings.CutPrefix(p, r.content.Pack.Path+"/")
		if !ok {
			return fmt.Errorf("%q is outside of the pack", p)
		}
		file, p = inside, inside
	}
	if err := plainPath(p); err != nil {
		return err
	}
	info, err := fs.Stat(r.fsys, file)
	switch {
	case isNotExist(err):
		return fmt.Errorf("there is no file %s", file)
	case err != nil:
		return err // such as a link that leads out of the pack
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", file)
	}
	return nil
}

// plainPath refuses paths that are not plainly below a directory.
func plainPath(p string) error {
	if path.IsAbs(p) || path.Clean(p) != p || p == "." || p == ".." || strings.HasPrefix(p, "../") || strings.ContainsRune(p, 0) {
		return fmt.Errorf("%q is not a plain path below the directory", p)
	}
	return nil
}

func (r *reader) sensor(s *source) {
	if !r.check(s, schema.CheckSensor(s.dict)) {
		return
	}
	text := func(key string) string {
		v, _ := s.dict.GetString(key)
		if v == nil {
			return ""
		}
		return py.Str(v)
	}
	class, entry := text("class_name"), text("entry_point")
	n := &gale.Sensor{Pack: r.content.Pack.Ref, Name: class, Description: text("description"), Enabled: true,
		MetadataFile: s.file, TriggerTypes: []string{}}
	n.Ref, n.UID = r.ref("sensor_type", class)
	if v, ok := s.dict.GetString("enabled"); ok {
		n.Enabled = py.Truth(v)
	}
	if v, ok := s.dict.GetString("poll_interval"); ok && v != nil {
		if i, err := py.Int(v); err == nil {
			n.PollInterval, _ = i.(int64)
		}
	}
	if err := plainPath(entry); err != nil {
		r.note(s.problem([]any{"entry_point"}, err.Error()))
		return
	}
	n.ArtifactURI = "file://" + path.Join(r.content.Pack.Path, "sensors", entry)
	n.EntryPoint = strings.ReplaceAll(strings.TrimSuffix(path.Join("sensors", entry), ".py"), "/", ".") + "." + class
	types, _ := s.dict.GetString("trigger_types")
	items, _ := types.([]any)
	for i, item := range items {
		if typ := r.typeOf(s, item, []any{"trigger_types", i}); typ != nil {
			r.content.TriggerTypes = append(r.content.TriggerTypes, typ)
			n.TriggerTypes = append(n.TriggerTypes, typ.Ref)
		}
	}
	r.content.Sensors = append(r.content.Sensors, n)
	r.content.where[n] = s
}

func (r *reader) triggerType(s *source) {
	if typ := r.typeOf(s, s.dict, nil); typ != nil {
		r.content.TriggerTypes = append(r.content.TriggerTypes, typ)
		r.content.where[typ] = s
	}
}

// typeOf reads a trigger type from a file of its own or from a sensor's list.
func (r *reader) typeOf(s *source, v any, at []any) *gale.TriggerType {
	d, ok := v.(*py.Dict)
	if !ok {
		r.note(s.problem(at, "a trigger type is a mapping"))
		return nil
	}
	found := schema.CheckTriggerType(d)
	for _, p := range found {
		r.note(s.problem(append(at[:len(at):len(at)], p.Path...), p.Message))
	}
	if len(found) > 0 {
		return nil
	}
	t := &gale.TriggerType{}
	if err := fill(d, t); err != nil {
		r.note(s.problem(at, err.Error()))
		return nil
	}
	t.Pack = r.content.Pack.Ref
	t.Ref, t.UID = r.ref("trigger_type", t.Name)
	t.MetadataFile = s.file
	t.Tags = tags(t.Tags)
	if t.PayloadSchema == nil {
		t.PayloadSchema = py.NewDict(0)
	}
	if t.ParametersSchema == nil {
		t.ParametersSchema = py.NewDict(0)
	}
	return t
}

func (r *reader) rule(s *source) {
	if !r.check(s, schema.CheckRule(s.dict)) {
		return
	}
	u := &gale.Rule{}
	if !r.fill(s, u) {
		return
	}
	u.Ref, u.UID = r.ref("rule", u.Name)
	u.MetadataFile = s.file
	CompleteRule(u)
	r.content.Rules = append(r.content.Rules, u)
	r.content.where[u] = s
}

// CompleteRule fills what a rule's author may leave out.
func CompleteRule(u *gale.Rule) {
	if u.Type.Ref == "" {
		u.Type.Ref = gale.RuleStandard
	}
	for _, d := range []**py.Dict{&u.Type.Parameters, &u.Trigger.Parameters, &u.Criteria, &u.Action.Parameters, &u.Context} {
		if *d == nil {
			*d = py.NewDict(0)
		}
	}
	u.Tags = tags(u.Tags)
}

func (r *reader) alias(s *source) {
	if !r.check(s, schema.CheckAlias(s.dict)) {
		return
	}
	a := &gale.Alias{Enabled: true}
	if !r.fill(s, a) {
		return
	}
	a.Ref, a.UID = r.ref("action_alias", a.Name)
	a.MetadataFile = s.file
	if a.Formats == nil {
		a.Formats = []any{}
	}
	r.content.Aliases = append(r.content.Aliases, a)
	r.content.where[a] = s
}

func (r *reader) policy(s *source) {
	if !r.check(s, schema.CheckPolicy(s.dict)) {
		return
	}
	p := &gale.Policy{Enabled: true, Parameters: py.NewDict(0)}
	if !r.fill(s, p) {
		return
	}
	p.Ref, p.UID = r.ref("policy", p.Name)
	p.MetadataFile = s.file
	r.content.Policies = append(r.content.Policies, p)
	r.content.where[p] = s
}

// fill copies a checked mapping into a resource and notes when it does not fit.
func (r *reader) fill(s *source, into any) bool {
	if err := fill(s.dict, into); err != nil {
		r.note(s.problem(nil, err.Error()))
		return false
	}
	return true
}

// fill goes through JSON: the resource's JSON names are the file's keys.
// Identity is never taken from a file.
func fill(d *py.Dict, into any) error {
	d = withoutNulls(d)
	for _, key := range []string{"id", "uid", "metadata_file"} {
		d.Delete(key)
	}
	text, err := py.AppendJSON(nil, d)
	if err != nil {
		return err
	}
	return py.Unmarshal(text, into)
}

func tags(t []gale.Tag) []gale.Tag {
	if t == nil {
		return []gale.Tag{}
	}
	return t
}

func list(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}
