package pack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/py"
)

// read reads a pack in memory, in the directory weather.
func read(t *testing.T, files map[string]string) (*pack.Content, []string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	content, found, err := pack.Read(fsys, "weather", "/packs/weather")
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	var lines []string
	for _, p := range found {
		lines = append(lines, p.Error())
	}
	return content, lines
}

// Real manifests are odd in many ways; some are fine and others are refused
// with the file and the key.
func TestManifests(t *testing.T) {
	base := map[string]string{"name": "sky", "version": "2.0.1", "author": "me", "email": "me@example.org", "description": "d"}
	tests := []struct {
		name, dir string
		change    map[string]string // "" removes a key
		want      string            // the ref; or, with a !, how a problem begins
	}{
		{"the directory names it", "sky_watch", map[string]string{"name": "Sky Watch"}, "sky_watch"},
		{"the directory wins over the name", "clouds", nil, "clouds"},
		{"the ref wins over the directory", "clouds", map[string]string{"ref": "rain"}, "rain"},
		{"the name helps where the directory cannot", "Sky-Watch", nil, "sky"},
		{"neither can", "sky-watch", map[string]string{"name": "sky-watch"}, "!pack.yaml:1: name: "},
		{"a dash in the ref", "sky", map[string]string{"ref": "sky-1"}, "!pack.yaml:1: ref: "},
		{"a reserved ref", "sky", map[string]string{"ref": "_global"}, "!pack.yaml:1: ref: "},
		{"a path as ref", "sky", map[string]string{"ref": "../sky"}, "!pack.yaml:1: ref: "},
		{"a pre-release", "sky", map[string]string{"version": "1.0.0-rc.1"}, "sky"},
		{"a float as version", "sky", map[string]string{"version": "1.5"}, "!pack.yaml:1: version: "},
		{"a letter before the version", "sky", map[string]string{"version": "v1.5.0"}, "!pack.yaml:1: version: "},
		{"four numbers", "sky", map[string]string{"version": "1.5.0.1"}, "!pack.yaml:1: version: "},
		{"a date", "sky", map[string]string{"version": "2020-01-02"}, "!pack.yaml:1: version: "},
		{"no version", "sky", map[string]string{"version": ""}, "!pack.yaml:1: version: "},
		{"a host without a dot", "sky", map[string]string{"email": "me@laptop"}, "!pack.yaml:1: email: "},
		{"two addresses", "sky", map[string]string{"email": `"me@example.org, you@example.org"`}, "!pack.yaml:1: email: "},
		{"words as keywords", "sky", map[string]string{"keywords": `"rain,snow"`}, "!pack.yaml:1: keywords: "},
		{"a list of keywords", "sky", map[string]string{"keywords": "[rain, snow]"}, "sky"},
		{"a number among the Pythons", "sky", map[string]string{"python_versions": "[3]"}, "!pack.yaml:1: python_versions.0: "},
		{"Pythons as text", "sky", map[string]string{"python_versions": `["2", "3"]`}, "sky"},
		{"a key of somebody else's", "sky", map[string]string{"licence": "MIT", "id": "'5'", "uid": "x"}, "sky"},
		{"null where text may be left out", "sky", map[string]string{"stackstorm_version": "null"}, "sky"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parts := []string{}
			for _, key := range []string{"name", "version", "author", "email", "description", "ref", "keywords", "python_versions", "licence", "id", "uid", "stackstorm_version"} {
				v, changed := test.change[key]
				if !changed {
					v = base[key]
				}
				if v != "" {
					parts = append(parts, key+": "+v)
				}
			}
			fsys := fstest.MapFS{"pack.yaml": &fstest.MapFile{Data: []byte("{" + strings.Join(parts, ", ") + "}\n")}}
			content, found, err := pack.Read(fsys, test.dir, "/packs/"+test.dir)
			if err != nil {
				t.Fatal(err)
			}
			if begin, refused := strings.CutPrefix(test.want, "!"); refused {
				if content != nil || len(found) == 0 || !strings.HasPrefix(found[0].Error(), begin) || len(found[0].Message) < 10 {
					t.Errorf("got %v, want a refusal that begins with %q and says why", found, begin)
				}
				return
			}
			if content == nil || len(found) > 0 || content.Pack.Ref != test.want {
				t.Fatalf("got %v with %v, want the pack %s", content, found, test.want)
			}
			if content.Pack.ID != "" || content.Pack.UID != "pack:"+test.want {
				t.Errorf("identity: got %q, %q; want none from the file", content.Pack.ID, content.Pack.UID)
			}
		})
	}
}

func TestADirectoryWithoutAManifestIsNoPack(t *testing.T) {
	_, _, err := pack.Read(fstest.MapFS{"actions/a.yaml": &fstest.MapFile{Data: []byte("name: a\n")}}, "weather", "/packs/weather")
	if gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "no pack.yaml") || !strings.Contains(err.Error(), "/packs/weather") {
		t.Errorf("got %v, want a refusal that names the directory", err)
	}
}

func TestEveryProblemSaysWhereItIs(t *testing.T) {
	tests := []struct {
		name, file, text, want string
	}{
		{"broken YAML", "actions/a.yaml", "name: a\nrunner_type: [shell\n", "actions/a.yaml:3: "},
		{"no mapping", "actions/a.yaml", "- a\n", "actions/a.yaml"},
		{"an empty file", "config.schema.yaml", "---\n", "config.schema.yaml"},
		{"a second document", "actions/a.yaml", "name: a\nrunner_type: shell\n---\nname: b\n", "actions/a.yaml:3: "},
		{"an unknown key", "actions/a.yaml", "name: a\nrunner_type: shell\ncolour: red\n", "actions/a.yaml:"},
		{"a nested value", "actions/a.yaml", "name: a\nrunner_type: shell\nparameters:\n  x:\n    type: strong\n", "actions/a.yaml:5: parameters.x.type: "},
		{"a parameter's name", "actions/a.yaml", "name: a\nrunner_type: shell\nparameters:\n  a-b: {type: string}\n", "actions/a.yaml:4: parameters"},
		{"nothing required", "actions/a.yaml", "name: a\n", "actions/a.yaml:1: runner_type: "},
		{"another pack's file", "rules/r.yaml", "name: r\npack: ocean\ntrigger: {type: t.t}\naction: {ref: a.a}\n", "rules/r.yaml:2: pack: "},
		{"a missing entry point", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: lost.sh\n", "actions/a.yaml:3: entry_point: there is no file actions/lost.sh"},
		{"a directory as entry point", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: lib\n", "actions/a.yaml:3: entry_point: actions/lib is no file"},
		{"the dot as entry point", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: .\n", "actions/a.yaml:3: entry_point: "},
		{"up and out", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: ../../etc/passwd\n", "actions/a.yaml:3: entry_point: "},
		{"up and back", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: ../actions/run.sh\n", "actions/a.yaml:3: entry_point: "},
		{"an absolute path elsewhere", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: /bin/sh\n", "actions/a.yaml:3: entry_point: "},
		{"an absolute path that leaves", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: /packs/weather/../x\n", "actions/a.yaml:3: entry_point: "},
		{"a path that is not plain", "actions/a.yaml", "name: a\nrunner_type: script\nentry_point: ./run.sh\n", "actions/a.yaml:3: entry_point: "},
		{"a sensor's entry point", "sensors/s.yaml", "class_name: S\nentry_point: ../../s.py\n", "sensors/s.yaml:2: entry_point: "},
		{"a sensor's interval", "sensors/s.yaml", "class_name: S\nentry_point: s.py\npoll_interval: 1\n", "sensors/s.yaml:3: poll_interval: "},
		{"a sensor's trigger type", "sensors/s.yaml", "class_name: S\nentry_point: s.py\ntrigger_types:\n  - name: ok\n  - payload_schema: 7\n", "sensors/s.yaml:5: trigger_types.1"},
		{"a trigger type that is none", "sensors/s.yaml", "class_name: S\nentry_point: s.py\ntrigger_types: [7]\n", "sensors/s.yaml:3: trigger_types.0: "},
		{"an alias's representation", "aliases/a.yaml", "name: a\naction_ref: p.a\nformats:\n  - display: x\n    representation: y\n", "aliases/a.yaml:4: formats.0: "},
		{"a policy's parameters", "policies/p.yaml", "name: p\nresource_ref: p.a\npolicy_type: action.retry\nparameters: [1]\n", "policies/p.yaml:4: parameters: "},
		{"a setting's type", "config.schema.yaml", "a: {type: string}\nb: {type: text}\n", "config.schema.yaml:2: b.type: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			content, lines := read(t, map[string]string{"pack.yaml": manifest, "actions/run.sh": "", "actions/lib/x.py": "",
				"actions/good.yaml": "name: good\nrunner_type: shell\n", test.file: test.text})
			if len(lines) == 0 || !strings.HasPrefix(lines[0], test.want) {
				t.Errorf("problems: got %q, want one that begins with %q", lines, test.want)
			}
			if content == nil || len(content.Actions) != 1 {
				t.Error("the sound action beside it was lost")
			}
		})
	}
}

func TestYAMLAsPacksWriteIt(t *testing.T) {
	content, lines := read(t, map[string]string{
		"pack.yaml":        manifest,
		"actions/run.sh":   "",
		"actions/abs.yaml": "name: abs\nrunner_type: script\nentry_point: /packs/weather/actions/run.sh\n",
		"actions/a.yaml": `
defaults: &common {type: string, default: yes}
name: a.with.dots
`,
		"actions/b.yaml": `
name: first
name: b            # the last one counts
runner_type: orchestra
enabled: off
pack:
description: ~
id: '4711'
ref: other.thing
tags: [{name: team, value: sre, colour: red}]
parameters:
  size: &size {type: integer, default: 012}
  other: {<<: *size, description: "merged"}
  when: {type: string, default: 2020-02-03}
  much: {type: integer, default: 123456789012345678901234567890}
  flag: {type: string, enum: [on, off]}
notify:
  on-complete: {routes: [chat], message: done}
`,
		"actions/config.yaml":      "anything: [goes",
		"actions/workflows/w.yaml": "version: 1.0\ntasks: {}\n",
		"actions/notes.txt":        "not: [yaml",
		"rules/r.yml":              "name: r\npack: weather\ntrigger: {type: weather.storm, extra: 1}\naction: {ref: weather.b}\ncriteria:\n",
		"sensors/s.yaml":           "class_name: S\nentry_point: deep/s.py\npayload_info: [old, key]\nenabled: no\n",
		"aliases/x.yaml":           "name: x\naction_ref: weather.b\nformats: [say it]\n",
		"triggers/t.yaml":          "name: t\nunheard_of: 1\npack: weather\n",
		".git/config":              "x",
		"lib/__pycache__/x.pyc":    "x",
	})
	if want := []string{"actions/a.yaml:1"}; len(lines) == 0 || !strings.HasPrefix(lines[0], "actions/a.yaml") {
		t.Errorf("problems: got %q, want one of %v, whose key defaults is unknown", lines, want)
	}
	for _, l := range lines {
		if !strings.HasPrefix(l, "actions/a.yaml") {
			t.Errorf("unexpected: %s", l)
		}
	}
	if len(content.Actions) != 2 {
		t.Fatalf("actions: got %d, want 2", len(content.Actions))
	}
	if a := content.Actions[0]; a.EntryPoint != "/packs/weather/actions/run.sh" {
		t.Errorf("an absolute entry point inside the pack: got %q", a.EntryPoint)
	}
	b := content.Actions[1]
	if b.Ref != "weather.b" || b.ID != "" || b.Enabled || b.RunnerType != "orquesta" || b.UID != "action:weather:b" || b.MetadataFile != "actions/b.yaml" {
		t.Errorf("action: got %+v", b)
	}
	if len(b.Tags) != 1 || b.Tags[0] != (gale.Tag{Name: "team", Value: "sre"}) {
		t.Errorf("tags: got %v", b.Tags)
	}
	if b.Notify == nil || b.Notify.OnComplete == nil || !slices.Equal(b.Notify.OnComplete.Routes, []string{"chat"}) {
		t.Errorf("notify: got %+v", b.Notify)
	}
	for name, want := range map[string]string{"size": `{"type":"integer","default":10}`, "other": `{"type":"integer","default":10,"description":"merged"}`,
		"when": `{"type":"string","default":"2020-02-03"}`, "much": `{"type":"integer","default":123456789012345678901234567890}`, "flag": `{"type":"string","enum":[true,false]}`} {
		spec, _ := b.Parameters.GetString(name)
		got := jsonOf(t, spec)
		if d, ok := spec.(*py.Dict); !ok || d.Len() == 0 || !sameJSON(t, got, want) {
			t.Errorf("parameter %s: got %s, want %s", name, got, want)
		}
	}
	if r := content.Rules; len(r) != 1 || r[0].Enabled || r[0].Type.Ref != gale.RuleStandard || r[0].Criteria == nil {
		t.Errorf("rules: got %+v", r)
	}
	if s := content.Sensors; len(s) != 1 || s[0].Enabled || s[0].EntryPoint != "sensors.deep.s.S" {
		t.Errorf("sensors: got %+v", s)
	}
	if len(content.Aliases) != 1 || !content.Aliases[0].Enabled || len(content.TriggerTypes) != 1 {
		t.Errorf("aliases, trigger types: got %d, %d", len(content.Aliases), len(content.TriggerTypes))
	}
	for _, hidden := range []string{".git/config", "lib/__pycache__/x.pyc"} {
		if slices.Contains(content.Pack.Files, hidden) {
			t.Errorf("the pack lists %s", hidden)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	x, err1 := py.DecodeJSON([]byte(a))
	y, err2 := py.DecodeJSON([]byte(b))
	return err1 == nil && err2 == nil && py.Equal(x, y)
}

func TestNothingOutsideOfThePackIsRead(t *testing.T) {
	f := newFixtureDir(t)
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, []byte("name: stolen\nrunner_type: shell\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Symlink(outside, filepath.Join(f, "actions/abs.yaml")),
		os.Symlink("../../../"+filepath.Base(filepath.Dir(outside))+"/outside.yaml", filepath.Join(f, "actions/rel.yaml")),
		os.Symlink(filepath.Dir(outside), filepath.Join(f, "rules")),
		os.Symlink("/bin/sh", filepath.Join(f, "actions/sh")),
		os.Symlink("real.sh", filepath.Join(f, "actions/alias.sh")), // inside: fine
		os.WriteFile(filepath.Join(f, "actions/real.sh"), nil, 0o755),
		os.WriteFile(filepath.Join(f, "actions/linked.yaml"), []byte("name: linked\nrunner_type: script\nentry_point: sh\n"), 0o644),
		os.WriteFile(filepath.Join(f, "actions/fine.yaml"), []byte("name: fine\nrunner_type: script\nentry_point: alias.sh\n"), 0o644),
		syscall.Mkfifo(filepath.Join(f, "actions/pipe.yaml"), 0o644),
		os.Mkdir(filepath.Join(f, "actions/dir.yaml"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	content, found, err := pack.ReadDir(f)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, p := range found {
		files = append(files, p.File)
	}
	slices.Sort(files)
	if want := []string{"actions/abs.yaml", "actions/linked.yaml", "actions/pipe.yaml", "actions/rel.yaml", "rules"}; !slices.Equal(files, want) {
		t.Errorf("problems in %v, want %v: %v", files, want, found)
	}
	if len(content.Actions) != 1 || content.Actions[0].Name != "fine" || len(content.Rules) != 0 {
		t.Errorf("actions: got %v; want the one that links to a file inside", content.Actions)
	}
}

func newFixtureDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "weather")
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pack.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAHugeFileIsNotRead(t *testing.T) {
	_, lines := read(t, map[string]string{"pack.yaml": manifest, "actions/big.yaml": "name: big\nrunner_type: shell\ndescription: " + strings.Repeat("x", 5<<20)})
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "actions/big.yaml: the file has ") {
		t.Errorf("got %q, want a refusal for its size", lines)
	}
}

func TestPlacesFindPacksByNameOnly(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{filepath.Join(first, "sky"), filepath.Join(second, "sky"), filepath.Join(second, "sea"), filepath.Join(second, "empty")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(dir) != "empty" {
			if err := os.WriteFile(filepath.Join(dir, "pack.yaml"), []byte(manifest), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	places := pack.Places{Packs: []string{first, second, filepath.Join(first, "missing")}}
	if got, err := places.Find("sky"); err != nil || got != filepath.Join(first, "sky") {
		t.Errorf("sky: got %s, %v; want the first one", got, err)
	}
	if got, err := places.Find("sea"); err != nil || got != filepath.Join(second, "sea") {
		t.Errorf("sea: got %s, %v", got, err)
	}
	for _, bad := range []string{"", "..", "../sky", "sky/../sea", "_global", "Sky", "moon"} {
		if got, err := places.Find(bad); gale.KindOf(err) != gale.Invalid {
			t.Errorf("%q: got %s, %v; want it refused", bad, got, err)
		}
	}
	all, err := places.All()
	if err != nil || len(all) != 2 || all["sky"] != filepath.Join(first, "sky") {
		t.Errorf("all: got %v, %v", all, err)
	}
}

func TestUnpackWritesATreeOnce(t *testing.T) {
	fsys := fstest.MapFS{"core/pack.yaml": {Data: []byte("x")}, "core/actions/run.sh": {Data: []byte("#!/bin/sh\n")}}
	dir := filepath.Join(t.TempDir(), "system")
	at, err := pack.Unpack(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"core/pack.yaml": 0o644, "core/actions/run.sh": 0o755} {
		info, err := os.Stat(filepath.Join(at, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got %v, %v; want mode %v", name, info, err, mode)
		}
	}
	again, err := pack.Unpack(fsys, dir)
	if err != nil || again != at {
		t.Errorf("again: got %s, %v; want %s", again, err, at)
	}
	fsys["core/pack.yaml"] = &fstest.MapFile{Data: []byte("y")}
	if other, err := pack.Unpack(fsys, dir); err != nil || other == at {
		t.Errorf("other content: got %s, %v; want another directory", other, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: got %v, %v; want two trees and nothing half-written", entries, err)
	}
}
