package pack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// whole is a pack with one of everything.
func whole() map[string]string {
	return map[string]string{
		"pack.yaml":           manifest,
		"config.schema.yaml":  "station: {type: string, default: north}\ntoken: {type: string, secret: true, default: schema-secret-1}\n",
		"actions/read.yaml":   "name: read\nrunner_type: shell\nparameters:\n  cmd: {default: cat /dev/gauge}\n  sudo_password: {default: runner-secret-1}\n",
		"actions/login.yaml":  "name: login\nrunner_type: script\nentry_point: login.sh\nenabled: true\nparameters:\n  password: {type: string, secret: true, default: action-secret-1}\n  host: {type: string}\n",
		"actions/login.sh":    "#!/bin/sh\n",
		"triggers/storm.yaml": "name: storm\npayload_schema: {type: object}\n",
		"sensors/gauge.py":    "class Gauge: pass\n",
		"sensors/gauge.yaml":  "class_name: Gauge\nentry_point: gauge.py\npoll_interval: 10\ntrigger_types:\n  - name: level\n    parameters_schema: {type: object, properties: {mm: {type: integer, required: true}}}\n",
		"rules/flood.yaml":    "name: flood\nenabled: true\ntrigger: {type: weather.level, parameters: {mm: 50}}\naction: {ref: weather.login, parameters: {password: rule-secret-1, host: h}}\n",
		"rules/storm.yaml":    "name: storm\ntrigger: {type: weather.storm}\naction: {ref: weather.read}\n",
		"aliases/read.yaml":   "name: read\naction_ref: weather.read\nformats: ['read {{ cmd }}']\n",
		"policies/one.yaml":   "name: one\nresource_ref: weather.read\npolicy_type: action.concurrency\nparameters: {threshold: 1}\n",
	}
}

func TestAPackBringsAllThatItHas(t *testing.T) {
	onBoth(t, func(f *fixture) {
		dir := f.write("weather", whole())
		report := f.mustRegister(dir)
		want := map[string]int{"actions": 2, "sensors": 1, "triggers": 2, "rules": 2, "aliases": 1, "policies": 1}
		for kind, n := range want {
			if report.Counts[kind] != n {
				f.Errorf("%s: got %d, want %d", kind, report.Counts[kind], n)
			}
		}
		if report.Pack != "weather" || report.Changed != 11 || report.Removed != 0 || len(report.Problems) != 0 {
			f.Errorf("report: got %+v, want 11 changes of weather", report)
		}
		if got := actions(f); got != "weather.login weather.read" {
			f.Errorf("actions: got %q", got)
		}
		f.view(func(tx *store.Tx) error {
			p, err := store.Packs.By(tx, "ref", "weather")
			if err != nil || p.Version != "1.2.3" || p.Path != dir || !slices.Contains(p.Files, "actions/login.sh") {
				f.Errorf("pack: got %+v, %v", p, err)
			}
			s, err := store.Sensors.By(tx, "ref", "weather.Gauge")
			if err != nil || s.EntryPoint != "sensors.gauge.Gauge" || s.ArtifactURI != "file://"+dir+"/sensors/gauge.py" || s.PollInterval != 10 ||
				!s.Enabled || !slices.Equal(s.TriggerTypes, []string{"weather.level"}) {
				f.Errorf("sensor: got %+v, %v", s, err)
			}
			r, err := store.Rules.By(tx, "ref", "weather.flood")
			if err != nil || !r.Enabled || r.MetadataFile != "rules/flood.yaml" || r.UID != "rule:weather:flood" {
				f.Errorf("rule: got %+v, %v", r, err)
				return nil
			}
			trig, err := store.Triggers.By(tx, "ref", r.Trigger.Ref)
			if err != nil || trig.RefCount != 1 || trig.Type != "weather.level" {
				f.Errorf("its trigger: got %+v, %v; want it counted once", trig, err)
			}
			if quiet, err := store.Rules.By(tx, "ref", "weather.storm"); err != nil || quiet.Enabled || quiet.Trigger.Ref != "weather.storm" {
				f.Errorf("a rule that does not say enabled: got %+v, %v", quiet, err)
			}
			policy, err := store.Policies.By(tx, "ref", "weather.one")
			if got := jsonOf(f, policy.Parameters); err != nil || got != `{"threshold":1,"action":"delay"}` {
				f.Errorf("policy: got parameters %s, %v; want them completed", got, err)
			}
			return nil
		})
	})
}

func TestRegisteringAgainWithoutAChangeDoesNothing(t *testing.T) {
	onBoth(t, func(f *fixture) {
		if err := os.WriteFile(filepath.Join(f.places.Configs, "weather.yaml"), []byte("token: config-secret-1\nstation: s\n"), 0o600); err != nil {
			f.Fatal(err)
		}
		dir := f.write("weather", whole())
		f.mustRegister(dir)
		f.news()
		revs := func() (list []int64) {
			f.view(func(tx *store.Tx) error {
				for _, table := range []string{"pack", "action", "rule", "sensor", "trigger_type", "trigger", "alias", "policy", "config_schema", "config"} {
					rows, err := tx.Query(`select v from "` + table + `" order by id`)
					if err != nil {
						return err
					}
					for rows.Next() {
						var v int64
						if err := rows.Scan(&v); err != nil {
							return err
						}
						list = append(list, v)
					}
				}
				return nil
			})
			return list
		}
		before := revs()
		report := f.mustRegister(dir)
		if report.Changed != 0 || report.Removed != 0 {
			f.Errorf("report: got %d changes, %d removals; want none", report.Changed, report.Removed)
		}
		if got := f.news(); len(got) != 0 {
			f.Errorf("events: got %v, want none", got)
		}
		if got := revs(); !slices.Equal(got, before) {
			f.Errorf("revisions: got %v, want %v as before", got, before)
		}
	})
}

func TestWhatLeavesThePackLeavesTheSystem(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.mustRegister(f.write("weather", whole()))
		mine := &gale.Action{Pack: "weather", Name: "mine", Ref: "weather.mine", RunnerType: "shell", Enabled: true, Parameters: py.NewDict(0)}
		f.update(func(tx *store.Tx) error { // made through the API: it has no file
			mine.ID = tx.NewID()
			return store.Actions.Insert(tx, mine)
		})
		f.news()
		report := f.mustRegister(f.write("weather", map[string]string{"pack.yaml": manifest}))
		if report.Removed != 10 {
			f.Errorf("removed: got %d, want 10", report.Removed)
		}
		if got := actions(f); got != "weather.mine" {
			f.Errorf("actions: got %q, want only the one that no file made", got)
		}
		left := map[string]string{
			"sensors":       refs(f, store.Sensors, func(s *gale.Sensor) string { return s.Ref }),
			"rules":         refs(f, store.Rules, func(r *gale.Rule) string { return r.Ref }),
			"trigger types": refs(f, store.TriggerTypes, func(t *gale.TriggerType) string { return t.Ref }),
			"triggers":      refs(f, store.Triggers, func(t *gale.Trigger) string { return t.Ref }),
			"aliases":       refs(f, store.Aliases, func(a *gale.Alias) string { return a.Ref }),
			"policies":      refs(f, store.Policies, func(p *gale.Policy) string { return p.Ref }),
			"schemas":       refs(f, store.ConfigSchemas, func(c *gale.ConfigSchema) string { return c.Pack }),
		}
		for kind, got := range left {
			if got != "" {
				f.Errorf("%s: got %q, want none", kind, got)
			}
		}
		want := []string{"action delete", "action delete", "actionalias delete", "policy delete", "rule delete", "rule delete", "sensor delete",
			"trigger delete", "trigger delete"}
		if got := f.news(); !slices.Equal(got, want) {
			f.Errorf("events: got %v, want %v", got, want)
		}
	})
}

func TestWhatAnOperatorEnabledOrDisabledStaysSo(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := whole()
		dir := f.write("weather", files)
		f.mustRegister(dir)
		pin := func(tx *store.Tx) error {
			a, err := store.Actions.By(tx, "ref", "weather.login")
			if err != nil {
				return err
			}
			a.Enabled, a.Pinned = false, true
			if err := store.Actions.Update(tx, a); err != nil {
				return err
			}
			r, err := store.Rules.By(tx, "ref", "weather.storm")
			if err != nil {
				return err
			}
			r.Enabled, r.Pinned = true, true
			return store.Rules.Update(tx, r)
		}
		f.update(pin)
		files["actions/login.yaml"] += "description: changed\n"
		files["rules/storm.yaml"] += "description: changed\n"
		files["actions/read.yaml"] += "enabled: false\n"
		f.mustRegister(f.write("weather", files))
		if a := f.action("weather.login"); a.Enabled || !a.Pinned || a.Description != "changed" {
			f.Errorf("an action that was disabled by hand: got enabled %t, pinned %t, description %q", a.Enabled, a.Pinned, a.Description)
		}
		if a := f.action("weather.read"); a.Enabled {
			f.Error("an action whose file now disables it is enabled")
		}
		f.view(func(tx *store.Tx) error {
			r, err := store.Rules.By(tx, "ref", "weather.storm")
			if err != nil || !r.Enabled || r.Description != "changed" {
				f.Errorf("a rule that was enabled by hand: got %+v, %v", r, err)
			}
			return nil
		})
	})
}

func TestRulesThatChangeTheirTriggerCountRight(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := whole()
		files["rules/flood2.yaml"] = strings.ReplaceAll(files["rules/flood.yaml"], "name: flood", "name: flood2")
		f.mustRegister(f.write("weather", files))
		counts := func() (list []int64) {
			f.view(func(tx *store.Tx) error {
				all, err := store.Triggers.Find(tx, store.Query{Where: []store.Cond{store.Eq("type", "weather.level")}})
				for _, tr := range all {
					list = append(list, tr.RefCount)
				}
				return err
			})
			slices.Sort(list)
			return list
		}
		if got := counts(); !slices.Equal(got, []int64{2}) {
			f.Errorf("two rules: got counts %v, want 2", got)
		}
		files["rules/flood2.yaml"] = strings.ReplaceAll(files["rules/flood2.yaml"], "mm: 50", "mm: 60")
		f.mustRegister(f.write("weather", files))
		if got := counts(); !slices.Equal(got, []int64{1, 1}) {
			f.Errorf("one moved: got counts %v, want 1 and 1", got)
		}
		delete(files, "rules/flood2.yaml")
		f.mustRegister(f.write("weather", files))
		if got := counts(); !slices.Equal(got, []int64{1}) {
			f.Errorf("it left: got counts %v, want 1", got)
		}
	})
}

func TestOneProblemRefusesThePackAndNothingIsWritten(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := whole()
		f.mustRegister(f.write("weather", files))
		f.news()
		files["actions/read.yaml"] += "description: new\n"
		files["actions/bad.yaml"] = "name: bad\nrunner_type: telepathy\n"
		files["rules/storm.yaml"] = "name: storm\n\ntrigger:\n  type: weather.nowhere\naction: {ref: weather.read}\n"
		files["policies/one.yaml"] = "name: one\nresource_ref: weather.read\npolicy_type: action.dance\n"
		delete(files, "aliases/read.yaml")
		_, err := f.register(f.write("weather", files), false)
		if gale.KindOf(err) != gale.Invalid {
			f.Fatalf("got %v, want it refused", err)
		}
		lines := problemsOf(err)
		for _, want := range []string{"actions/bad.yaml:2: runner_type: ", "rules/storm.yaml:4: trigger.type: ", "policies/one.yaml:3: policy_type: "} {
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
				f.Errorf("problems: none begins with %q:\n%s", want, strings.Join(lines, "\n"))
			}
		}
		if a := f.action("weather.read"); a.Description != "" {
			f.Error("a sound action of a refused pack was written")
		}
		if got := f.news(); len(got) != 0 {
			f.Errorf("events of a refused pack: %v", got)
		}
		if got := refs(f, store.Aliases, func(a *gale.Alias) string { return a.Ref }); got != "weather.read" {
			f.Errorf("aliases: got %q, want the one that was there", got)
		}
	})
}

func TestLenientlyWhatIsSoundIsRegisteredAndWhatIsBrokenStaysAsItWas(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := whole()
		f.mustRegister(f.write("weather", files))
		files["actions/read.yaml"] += "description: new\n"
		files["actions/login.yaml"] = "name: [login\n"
		files["rules/flood.yaml"] = "name: flood\ntrigger: {type: weather.level, parameters: {mm: deep}}\naction: {ref: weather.login}\n"
		files["sensors/gauge.yaml"] = "class_name: Gauge\n"
		files["config.schema.yaml"] = "station: {type: nonsense}\n"
		report, err := f.register(f.write("weather", files), true)
		if err != nil {
			f.Fatal(err)
		}
		var broken []string
		for _, p := range report.Problems {
			broken = append(broken, p.File)
		}
		slices.Sort(broken)
		if got, want := slices.Compact(broken), []string{"actions/login.yaml", "config.schema.yaml", "rules/flood.yaml", "sensors/gauge.yaml"}; !slices.Equal(got, want) {
			f.Errorf("files with problems: got %v, want %v", got, want)
		}
		if got := actions(f); got != "weather.login weather.read" {
			f.Errorf("actions: got %q; want both, since a file that cannot be read removes nothing", got)
		}
		if a := f.action("weather.read"); a.Description != "new" {
			f.Error("a sound action was not registered")
		}
		for kind, got := range map[string]string{
			"weather.Gauge":               refs(f, store.Sensors, func(s *gale.Sensor) string { return s.Ref }),
			"weather.flood weather.storm": refs(f, store.Rules, func(r *gale.Rule) string { return r.Ref }),
			"weather.level weather.storm": refs(f, store.TriggerTypes, func(t *gale.TriggerType) string { return t.Ref }),
			"weather":                     refs(f, store.ConfigSchemas, func(c *gale.ConfigSchema) string { return c.Pack }),
		} {
			if got != kind {
				f.Errorf("got %q, want %q as before", got, kind)
			}
		}
		if report.Removed != 0 {
			f.Errorf("removed: got %d, want nothing", report.Removed)
		}
	})
}

func TestOfTwoFilesWithOneNameTheLastCounts(t *testing.T) {
	onBoth(t, func(f *fixture) {
		files := map[string]string{"pack.yaml": manifest,
			"actions/a.yaml": "name: same\nrunner_type: shell\ndescription: first\n",
			"actions/b.yml":  "name: same\nrunner_type: shell\ndescription: second\n"}
		for range 2 {
			report := f.mustRegister(f.write("weather", files))
			if a := f.action("weather.same"); a.Description != "second" || report.Counts["actions"] != 1 {
				f.Errorf("got %q, counted %d; want the one of the last file, counted once", a.Description, report.Counts["actions"])
			}
		}
	})
}

func TestPacksRegisteredAtOnceDoNotDisturbEachOther(t *testing.T) {
	onBoth(t, func(f *fixture) {
		dir := f.write("weather", whole())
		errs := make(chan error)
		for range 4 {
			go func() {
				_, err := pack.RegisterDir(f.Context(), f.st, f.places, dir, pack.Options{Key: f.key})
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				f.Errorf("register: %v", err)
			}
		}
		if report := f.mustRegister(dir); report.Changed != 0 {
			f.Errorf("after four at once: %d changes left, want none", report.Changed)
		}
		f.view(func(tx *store.Tx) error {
			r, err := store.Rules.By(tx, "ref", "weather.flood")
			if err != nil {
				return err
			}
			trig, err := store.Triggers.By(tx, "ref", r.Trigger.Ref)
			if err != nil || trig.RefCount != 1 {
				f.Errorf("trigger: got %+v, %v; want it counted once", trig, err)
			}
			return nil
		})
	})
}
