package pack

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/criteria"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// Report says what registering a pack did.
type Report struct {
	Pack     string
	Counts   map[string]int // by plural kind: how many the pack has
	Changed  int            // resources written
	Removed  int            // resources that left the pack
	Problems []Problem      // resources left out; empty unless Lenient
}

func (r *Report) count(changed bool) {
	if changed {
		r.Changed++
	}
}

// Options of Register.
type Options struct {
	Key *secret.Key
	// Lenient registers what is sound and reports the rest. Otherwise any
	// problem refuses the whole pack and nothing is written.
	Lenient bool
}

// Problems are all that is wrong with a pack, as one error.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Register makes the system agree with a pack's content, in tx. found are the
// problems that Read had; they count like those found here.
func Register(tx *store.Tx, c *Content, found []Problem, opt Options) (*Report, error) {
	r := &registrar{tx: tx, content: c, key: opt.Key, problems: found,
		report: &Report{Pack: c.Pack.Ref, Counts: map[string]int{}}}
	if err := tx.Lock("pack:" + c.Pack.Ref); err != nil { // two that find nothing must not both insert
		return nil, err
	}
	steps := []func() error{r.pack, r.configSchema, r.triggerTypes, r.sensors, r.actions, r.rules, r.aliases, r.policies}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("register pack %s: %w", c.Pack.Ref, err)
		}
	}
	if len(r.problems) > 0 && !opt.Lenient {
		return nil, &gale.Error{Kind: gale.Invalid, Message: fmt.Sprintf("pack %s is not registered:\n%s",
			c.Pack.Ref, Problems(r.problems).Error()), Err: Problems(r.problems)}
	}
	r.report.Problems = r.problems
	return r.report, nil
}

type registrar struct {
	tx       *store.Tx
	content  *Content
	key      *secret.Key
	report   *Report
	problems []Problem
}

// refuse notes a problem of a resource; the resource is left out.
func (r *registrar) refuse(resource any, keys []any, message string) {
	s := r.content.where[resource]
	if s == nil {
		s = &source{file: r.content.Pack.Ref}
	}
	r.problems = append(r.problems, s.problem(keys, message))
}

// kind is how resources of one type are kept in step with a pack.
type kind[T any] struct {
	plural string
	table  store.Table[T]
	topic  string
	id     func(*T) (ref string, id *string, rev *int64)
	// adopt carries over from the stored resource what the file does not decide.
	adopt func(fresh, old *T)
	// seal and open turn the clear form of secrets into the stored one and
	// back; sealing the same twice gives two texts, so the clear is compared.
	seal, open func(*T) error
	// file is where a stored resource came from, "" for one that was not made
	// by a pack's file and is none of our business.
	file   func(*T) string
	save   func(tx *store.Tx, fresh *T) error // nil: insert or update in the table
	remove func(tx *store.Tx, old *T) error   // nil: delete from the table
}

// sync writes the resources that changed and removes those that left. What
// Read made is not touched: on PostgreSQL a transaction may be run again. Of
// two files with resources of one name the last one counts.
func sync[T any](r *registrar, k kind[T], fresh []*T) error {
	olds, err := k.table.Find(r.tx, store.Query{Where: []store.Cond{{Column: "pack", Op: "=", Value: r.content.Pack.Ref}}})
	if err != nil {
		return err
	}
	byRef := make(map[string]*T, len(olds))
	for _, old := range olds {
		ref, _, _ := k.id(old)
		byRef[ref] = old
	}
	last := lastOf(k, fresh)
	r.report.Counts[k.plural] = len(last)
	for _, f := range last {
		ref, _, _ := k.id(f)
		changed, err := k.step(r.tx, f, byRef[ref])
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		r.report.count(changed)
		delete(byRef, ref)
	}
	for _, ref := range slices.Sorted(maps.Keys(byRef)) {
		old := byRef[ref]
		// A file that cannot be read says nothing about what it declared.
		if file := k.file(old); file == "" || r.broken(file) {
			continue
		}
		r.report.Removed++
		if err := k.drop(r.tx, old); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	return nil
}

func lastOf[T any](k kind[T], fresh []*T) []*T {
	at := make(map[string]int, len(fresh))
	var last []*T
	for _, f := range fresh {
		ref, _, _ := k.id(f)
		if i, seen := at[ref]; seen {
			last[i] = f
			continue
		}
		at[ref] = len(last)
		last = append(last, f)
	}
	return last
}

// step brings one resource up to date; changed is false when it was.
func (k kind[T]) step(tx *store.Tx, from, old *T) (changed bool, err error) {
	f := *from
	if old != nil {
		_, id, rev := k.id(&f)
		_, oldID, oldRev := k.id(old)
		*id, *rev = *oldID, *oldRev
		if k.adopt != nil {
			k.adopt(&f, old)
		}
	}
	if k.seal != nil {
		return k.stepSealed(tx, &f, old)
	}
	if old != nil && same(&f, old) {
		return false, nil
	}
	return true, k.write(tx, &f, old == nil)
}

// stepSealed compares both the clear values and which of them are sealed: a
// parameter may have become a secret elsewhere.
func (k kind[T]) stepSealed(tx *store.Tx, f, old *T) (changed bool, err error) {
	clear := *f
	if err := k.seal(f); err != nil {
		return false, err
	}
	if old != nil {
		alike := sameMasked(f, old)
		if err := k.open(old); err != nil {
			return false, err
		}
		if alike && same(&clear, old) {
			return false, nil
		}
	}
	return true, k.write(tx, f, old == nil)
}

// broken reports whether a file of the pack has a problem.
func (r *registrar) broken(file string) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool { return p.File == file })
}

func (k kind[T]) write(tx *store.Tx, f *T, fresh bool) error {
	if k.save != nil {
		return k.save(tx, f)
	}
	_, id, _ := k.id(f)
	what := "update"
	var err error
	if fresh {
		*id, what = tx.NewID(), "create"
		err = k.table.Insert(tx, f)
	} else {
		err = k.table.Update(tx, f)
	}
	if err != nil {
		return err
	}
	return emit(tx, k.topic, what, *id, f)
}

func (k kind[T]) drop(tx *store.Tx, old *T) error {
	if k.remove != nil {
		return k.remove(tx, old)
	}
	_, id, _ := k.id(old)
	if err := k.table.Delete(tx, *id); err != nil {
		return err
	}
	return emit(tx, k.topic, "delete", *id, old)
}

func emit(tx *store.Tx, topic, what, id string, v any) error {
	body, err := masked(v)
	if err != nil {
		return err
	}
	tx.Emit(store.Event{Topic: topic, Kind: what, Key: id, Body: body})
	return nil
}

// same compares two resources by what is stored of them.
func same(a, b any) bool {
	x, err1 := py.Marshal(a)
	y, err2 := py.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// sameMasked compares two resources without what is sealed in them, which is
// another text each time it is sealed.
func sameMasked(a, b any) bool {
	x, err1 := masked(a)
	y, err2 := masked(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func masked(v any) ([]byte, error) {
	body, err := py.Marshal(v)
	if err != nil {
		return nil, err
	}
	return secret.MaskSealedJSON(body)
}

func (r *registrar) pack() error {
	p := r.content.Pack
	old, err := store.Packs.By(r.tx, "ref", p.Ref)
	switch {
	case err == nil:
		p.ID, p.Rev = old.ID, old.Rev
		if same(&p, old) {
			return nil
		}
		r.report.Changed++
		err = store.Packs.Update(r.tx, &p)
	case gale.KindOf(err) == gale.NotFound:
		r.report.Changed++
		p.ID = r.tx.NewID()
		err = store.Packs.Insert(r.tx, &p)
	}
	return err
}

func (r *registrar) configSchema() error {
	old, err := store.ConfigSchemas.By(r.tx, "pack", r.content.Pack.Ref)
	missing := err != nil && gale.KindOf(err) == gale.NotFound
	if err != nil && !missing {
		return err
	}
	if r.content.ConfigSchema == nil {
		if missing || r.broken(configSchemaFile) {
			return nil
		}
		r.report.Removed++
		return store.ConfigSchemas.Delete(r.tx, old.ID)
	}
	k := kind[gale.ConfigSchema]{
		id:   func(s *gale.ConfigSchema) (string, *string, *int64) { return s.Pack, &s.ID, &s.Rev },
		seal: func(s *gale.ConfigSchema) error { return SealConfigSchema(r.key, s) },
		open: func(s *gale.ConfigSchema) error { return OpenConfigSchema(r.key, s) },
		save: func(tx *store.Tx, s *gale.ConfigSchema) error {
			if s.ID != "" {
				return store.ConfigSchemas.Update(tx, s)
			}
			s.ID = tx.NewID()
			return store.ConfigSchemas.Insert(tx, s)
		},
	}
	if missing {
		old = nil
	}
	changed, err := k.step(r.tx, r.content.ConfigSchema, old)
	if err != nil || !changed {
		return err
	}
	r.report.count(true)
	return r.sealConfigAgain()
}

// sealConfigAgain seals the stored configuration by a schema that has changed.
func (r *registrar) sealConfigAgain() error {
	config, err := store.Configs.By(r.tx, "pack", r.content.Pack.Ref)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil
		}
		return err
	}
	if config.Values, err = secret.OpenDict(r.key, configPlace(config.Pack), config.Values); err != nil {
		return err
	}
	return SaveConfig(r.tx, r.key, r.content.ConfigSchema.Attributes, config)
}

func (r *registrar) triggerTypes() error {
	// A sensor may repeat a type that has a file of its own.
	return sync(r, kind[gale.TriggerType]{
		plural: "triggers", table: store.TriggerTypes,
		id:     func(t *gale.TriggerType) (string, *string, *int64) { return t.Ref, &t.ID, &t.Rev },
		file:   func(t *gale.TriggerType) string { return t.MetadataFile },
		save:   trigger.SaveType,
		remove: trigger.DeleteType,
	}, r.content.TriggerTypes)
}

func (r *registrar) sensors() error {
	return sync(r, kind[gale.Sensor]{
		plural: "sensors", table: store.Sensors, topic: "sensor",
		id:    func(s *gale.Sensor) (string, *string, *int64) { return s.Ref, &s.ID, &s.Rev },
		adopt: func(f, old *gale.Sensor) { f.Enabled, f.Pinned = pinned(f.Enabled, old.Enabled, old.Pinned) },
		file:  func(s *gale.Sensor) string { return s.MetadataFile },
	}, r.content.Sensors)
}

// pinned decides enabled: what an operator set stays, else the file decides.
func pinned(file, stored, operator bool) (enabled, pin bool) {
	if operator {
		return stored, true
	}
	return file, false
}

func (r *registrar) actions() error {
	runners := map[string]*gale.RunnerType{}
	all, err := store.RunnerTypes.Find(r.tx, store.Query{})
	if err != nil {
		return err
	}
	for _, t := range all {
		runners[t.Name] = t
	}
	sound := r.content.Actions[:0:0]
	for _, a := range r.content.Actions {
		runner := runners[a.RunnerType]
		if runner == nil {
			r.refuse(a, []any{"runner_type"}, fmt.Sprintf("no runner %q here; there are %s", a.RunnerType, names(runners)))
			continue
		}
		if found := schema.CheckActionParameters(a.Ref, a.Parameters, runner.Parameters); len(found) > 0 {
			for _, p := range found {
				r.refuse(a, append([]any{"parameters"}, p.Path...), p.Message)
			}
			continue
		}
		sound = append(sound, a)
	}
	return sync(r, kind[gale.Action]{
		plural: "actions", table: store.Actions, topic: "action",
		id:    func(a *gale.Action) (string, *string, *int64) { return a.Ref, &a.ID, &a.Rev },
		adopt: func(f, old *gale.Action) { f.Enabled, f.Pinned = pinned(f.Enabled, old.Enabled, old.Pinned) },
		seal:  func(a *gale.Action) error { return SealAction(r.key, a, runners[a.RunnerType]) },
		open:  func(a *gale.Action) error { return OpenAction(r.key, a) },
		file:  func(a *gale.Action) string { return a.MetadataFile },
	}, sound)
}

func names(runners map[string]*gale.RunnerType) string {
	var all []string
	for name := range runners {
		all = append(all, name)
	}
	return strings.Join(sorted(all), ", ")
}

func (r *registrar) rules() error {
	sound := r.content.Rules[:0:0]
	for _, u := range r.content.Rules {
		ok, err := r.checkRule(u)
		if err != nil {
			return err
		}
		if ok {
			sound = append(sound, u)
		}
	}
	return sync(r, kind[gale.Rule]{
		plural: "rules", table: store.Rules,
		id: func(u *gale.Rule) (string, *string, *int64) { return u.Ref, &u.ID, &u.Rev },
		adopt: func(f, old *gale.Rule) {
			f.Enabled, f.Pinned = pinned(f.Enabled, old.Enabled, old.Pinned)
			f.Trigger.Ref = old.Trigger.Ref
		},
		seal:   func(u *gale.Rule) error { return SealRule(r.tx, r.key, u) },
		open:   func(u *gale.Rule) error { return OpenRule(r.key, u) },
		file:   func(u *gale.Rule) string { return u.MetadataFile },
		save:   func(tx *store.Tx, u *gale.Rule) error { return trigger.SaveRule(tx, r.key, u) },
		remove: trigger.DeleteRule,
	}, sound)
}

// checkRule checks what only the store can tell.
func (r *registrar) checkRule(u *gale.Rule) (bool, error) {
	var invalid *RuleProblem
	err := CheckRule(r.tx, u)
	if errors.As(err, &invalid) {
		r.refuse(u, invalid.Path, invalid.Message)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, nil
}

// RuleProblem says which part of a rule cannot stand.
type RuleProblem struct {
	Path    []any
	Message string
}

func (p *RuleProblem) Error() string { return p.Message }

// CheckRule checks a rule's criteria, and its trigger parameters against the
// trigger type. A type that is not registered is accepted when there are
// parameters, as in StackStorm. The error is a *RuleProblem, or the store's.
func CheckRule(tx *store.Tx, u *gale.Rule) error {
	for _, p := range criteria.Check(u.Criteria) {
		return &RuleProblem{append([]any{"criteria"}, p.Path...), p.Message}
	}
	if u.Type.Ref != gale.RuleStandard && u.Type.Ref != gale.RuleBackstop {
		return &RuleProblem{[]any{"type", "ref"}, fmt.Sprintf("there is no rule type %q; use standard or backstop", u.Type.Ref)}
	}
	typ, err := store.TriggerTypes.By(tx, "ref", u.Trigger.Type)
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return err
	}
	if err != nil {
		if u.Trigger.Parameters.Len() > 0 {
			return nil
		}
		return &RuleProblem{[]any{"trigger", "type"}, fmt.Sprintf("Trigger type %s could not be found.", u.Trigger.Type)}
	}
	if err := trigger.CheckParameters(typ, u.Trigger.Parameters); err != nil {
		return &RuleProblem{[]any{"trigger", "parameters"}, err.Error()}
	}
	return nil
}

func (r *registrar) aliases() error {
	return sync(r, kind[gale.Alias]{
		plural: "aliases", table: store.Aliases, topic: "actionalias",
		id:    func(a *gale.Alias) (string, *string, *int64) { return a.Ref, &a.ID, &a.Rev },
		adopt: func(f, old *gale.Alias) { f.Enabled, f.Pinned = pinned(f.Enabled, old.Enabled, old.Pinned) },
		file:  func(a *gale.Alias) string { return a.MetadataFile },
	}, r.content.Aliases)
}

func (r *registrar) policies() error {
	sound := r.content.Policies[:0:0]
	for _, p := range r.content.Policies {
		typ, err := store.PolicyTypes.By(r.tx, "ref", p.PolicyType)
		if err != nil {
			if gale.KindOf(err) != gale.NotFound {
				return err
			}
			r.refuse(p, []any{"policy_type"}, fmt.Sprintf("there is no policy type %q", p.PolicyType))
			continue
		}
		full, err := schema.CheckPolicyValues(typ.Parameters, p.Parameters)
		if err != nil {
			r.refuse(p, []any{"parameters"}, err.Error())
			continue
		}
		p.Parameters = full
		sound = append(sound, p)
	}
	return sync(r, kind[gale.Policy]{
		plural: "policies", table: store.Policies, topic: "policy",
		id:    func(p *gale.Policy) (string, *string, *int64) { return p.Ref, &p.ID, &p.Rev },
		adopt: func(f, old *gale.Policy) { f.Enabled, f.Pinned = pinned(f.Enabled, old.Enabled, old.Pinned) },
		file:  func(p *gale.Policy) string { return p.MetadataFile },
	}, sound)
}
