package api

import (
	"errors"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

func (s *Service) ruleHandlers() httpapi.Handlers {
	rules, views := s.rules(s.showRule), s.rules(s.showRuleView)
	rules.attrs.Always = []string{"id", "ref"}
	return httpapi.Handlers{
		"rules.list":                  func(r *httpapi.Request) (*httpapi.Response, error) { return rules.serve(s, r) },
		"rules.create":                s.createRule,
		"rules.get":                   s.getRule(s.showRule),
		"rules.update":                s.updateRule,
		"rules.delete":                s.deleteRule,
		"rule_views.list":             func(r *httpapi.Request) (*httpapi.Response, error) { return views.serve(s, r) },
		"rule_views.get":              s.getRule(s.showRuleView),
		"rule_enforcements.list":      s.listEnforcements(showEnforcement),
		"rule_enforcements.get":       s.getEnforcement(showEnforcement),
		"rule_enforcement_views.list": s.listEnforcements(s.showEnforcementView),
		"rule_enforcement_views.get":  s.getEnforcement(s.showEnforcementView),
	}
}

var ruleLookup = lookup[gale.Rule]{table: store.Rules, column: "ref", missing: byRef}

func ruleUID(u *gale.Rule) string { return u.UID }

func (s *Service) rules(show func(*listed, *gale.Rule) (*py.Dict, error)) *listing[gale.Rule] {
	return &listing[gale.Rule]{
		table: store.Rules,
		filters: []filter{ids, equal("name", "name"), equal("pack", "pack"), equal("action", "action_ref"),
			equal("trigger", "trigger_ref"), isTrue("enabled", "enabled")},
		order: []string{"pack", "name"},
		attrs: httpapi.Attributes{
			Known: []string{"id", "ref", "uid", "name", "pack", "description", "type", "trigger", "criteria", "action",
				"enabled", "context", "tags", "metadata_file"},
			Always: []string{"id", "ref"},
		},
		show: show,
	}
}

func (s *Service) getRule(show func(*listed, *gale.Rule) (*py.Dict, error)) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		return get(s, r, ruleLookup, "ref_or_id", ruleUID, show)
	}
}

// showRule shows a rule. What it gives to secret parameters of its trigger
// type and of its action is sealed; should it be older than these, their schemas hide it.
func (s *Service) showRule(q *listed, u *gale.Rule) (*py.Dict, error) {
	shown := *u
	if q.reveal {
		if err := pack.OpenRule(s.Key, &shown); err != nil {
			return nil, err
		}
	} else if err := hideRuleSecrets(q.tx, &shown); err != nil {
		return nil, err
	}
	d, err := plain(&shown)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "tags", []any{}, "metadata_file", ""), nil
}

func hideRuleSecrets(tx *store.Tx, u *gale.Rule) error {
	if u.Trigger.Parameters.Len() > 0 {
		typ, err := store.TriggerTypes.By(tx, "ref", u.Trigger.Type)
		if err != nil && !notFound(err) {
			return err
		}
		hidden := any(u.Trigger.Parameters)
		if err == nil && typ.ParametersSchema.Len() > 0 {
			hidden = secret.MaskAt(hidden, schema.Secrets(typ.ParametersSchema, u.Trigger.Parameters))
		}
		u.Trigger.Parameters, _ = secret.MaskSealed(hidden).(*py.Dict)
	}
	if u.Action.Parameters.Len() == 0 {
		return nil
	}
	params, err := parametersOf(tx, u.Action.Ref)
	if err != nil {
		return err
	}
	hidden := any(u.Action.Parameters)
	if params != nil {
		hidden = secret.MaskAt(hidden, params.Secrets(u.Action.Parameters))
	}
	u.Action.Parameters, _ = secret.MaskSealed(hidden).(*py.Dict)
	return nil
}

// parametersOf returns what an action takes, nil when there is no such action.
func parametersOf(tx *store.Tx, ref string) (*schema.Parameters, error) {
	a, err := store.Actions.By(tx, "ref", ref)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	runner, err := store.RunnerTypes.By(tx, "name", a.RunnerType)
	if notFound(err) {
		runner, err = &gale.RunnerType{}, nil
	}
	if err != nil {
		return nil, err
	}
	return schema.Merge(runner.Parameters, a.Parameters), nil
}

// showRuleView adds the descriptions of the rule's trigger type and action.
func (s *Service) showRuleView(q *listed, u *gale.Rule) (*py.Dict, error) {
	d, err := s.showRule(q, u)
	if err != nil {
		return nil, err
	}
	typ, err := store.TriggerTypes.By(q.tx, "ref", u.Trigger.Type)
	if notFound(err) {
		typ, err = &gale.TriggerType{}, nil
	}
	if err != nil {
		return nil, err
	}
	action, err := store.Actions.By(q.tx, "ref", u.Action.Ref)
	if notFound(err) {
		action, err = &gale.Action{}, nil
	}
	if err != nil {
		return nil, err
	}
	describe(d, "trigger", typ.Description)
	describe(d, "action", action.Description)
	return d, nil
}

func describe(d *py.Dict, part, description string) {
	if sub, ok := d.GetString(part); ok {
		sub := sub.(*py.Dict).Clone()
		sub.Set("description", description)
		d.Set(part, sub)
	}
}

// readRule makes a rule of a body, which may be a view.
func readRule(r *httpapi.Request, defaultPack string) (*gale.Rule, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	u := &gale.Rule{}
	if err := fill(body, u); err != nil {
		return nil, err
	}
	if u.Pack == "" {
		u.Pack = defaultPack
	}
	pack.CompleteRule(u)
	u.Trigger.Ref = ""
	ref := gale.Ref{Pack: u.Pack, Name: u.Name}
	u.Ref, u.UID = ref.String(), ref.UID("rule")
	return u, nil
}

// authorizeRule asks for what a rule does: it starts an action, and may open a URL.
func authorizeRule(r *httpapi.Request, u *gale.Rule) error {
	if err := r.AuthorizeResource(u.UID); err != nil {
		return err
	}
	if err := authorizeAction(r, u.Action.Ref, "action_execute"); err != nil {
		return err
	}
	if u.Trigger.Type != trigger.WebhookType {
		return nil
	}
	return r.Authorize("webhook_create", "webhook:"+trigger.Hook(text(u.Trigger.Parameters, "url")))
}

// checkRule checks what only the store can tell, in words for the client.
func (s *Service) checkRule(tx *store.Tx, u *gale.Rule) error {
	err := pack.CheckRule(tx, u)
	var problem *pack.RuleProblem
	if !errors.As(err, &problem) {
		return err
	}
	if len(problem.Path) > 1 && problem.Path[0] == "trigger" && problem.Path[1] == "parameters" && !s.Config.System.ValidateTriggerParameters {
		return nil
	}
	if len(problem.Path) > 1 && problem.Path[0] == "trigger" && problem.Path[1] == "type" {
		return badRequest(`Trigger "%s" defined in the rule does not exist in system or it's missing required "parameters" attribute`, u.Trigger.Type)
	}
	return badRequest("%s: %s", schema.Path(problem.Path), problem.Message)
}

func (s *Service) createRule(r *httpapi.Request) (*httpapi.Response, error) {
	u, err := readRule(r, gale.DefaultPack)
	if err != nil {
		return nil, err
	}
	u.Context = py.DictOf("user", r.User())
	if err := authorizeRule(r, u); err != nil {
		return nil, err
	}
	q := &listed{Request: r, reveal: s.reveals(r)}
	var d *py.Dict
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		fresh := *u
		if err := vacant(tx, store.Rules, u.Ref, ""); err != nil {
			return err
		}
		if err := s.checkRule(tx, &fresh); err != nil {
			return err
		}
		if err := pack.SealRule(tx, s.Key, &fresh); err != nil {
			return err
		}
		if err := trigger.SaveRule(tx, s.Key, &fresh); err != nil {
			return err
		}
		q.tx = tx
		d, err = s.showRule(q, &fresh)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) updateRule(r *httpapi.Request) (*httpapi.Response, error) {
	q := &listed{Request: r, reveal: s.reveals(r)}
	var d *py.Dict
	err := s.Store.Update(r.Context(), func(tx *store.Tx) error {
		old, err := ruleLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return err
		}
		u, err := readRule(r, old.Pack)
		if err != nil {
			return err
		}
		if err := s.succeedRule(tx, u, old); err != nil {
			return err
		}
		if err := authorizeRule(r, u); err != nil {
			return err
		}
		if err := vacant(tx, store.Rules, u.Ref, old.ID); err != nil {
			return err
		}
		if err := s.checkRule(tx, u); err != nil {
			return err
		}
		if err := pack.SealRule(tx, s.Key, u); err != nil {
			return err
		}
		if err := trigger.ReplaceRule(tx, s.Key, old, u); err != nil {
			return err
		}
		q.tx = tx
		d, err = s.showRule(q, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

// succeedRule gives a rule what it keeps of the one that it replaces, and the
// secrets that the client was not shown.
func (s *Service) succeedRule(tx *store.Tx, u, old *gale.Rule) error {
	opened := *old
	if err := pack.OpenRule(s.Key, &opened); err != nil {
		return err
	}
	sealed := opened // with what has become a secret since it was saved
	if err := pack.SealRule(tx, s.Key, &sealed); err != nil {
		return err
	}
	u.Trigger.Parameters, _ = restore(u.Trigger.Parameters, sealed.Trigger.Parameters, opened.Trigger.Parameters).(*py.Dict)
	u.Action.Parameters, _ = restore(u.Action.Parameters, sealed.Action.Parameters, opened.Action.Parameters).(*py.Dict)
	u.Context = old.Context
	u.Pinned = old.Pinned || u.Enabled != old.Enabled
	if u.Ref == old.Ref {
		u.MetadataFile = old.MetadataFile // the file speaks of the old name
	}
	return nil
}

func (s *Service) deleteRule(r *httpapi.Request) (*httpapi.Response, error) {
	err := s.Store.Update(r.Context(), func(tx *store.Tx) error {
		u, err := ruleLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return err
		}
		if err := r.AuthorizeResource(u.UID); err != nil {
			return err
		}
		return trigger.DeleteRule(tx, u)
	})
	return nil, err
}

var enforcementLookup = lookup[gale.RuleEnforcement]{table: store.Enforcements, missing: `Unable to identify resource with id "%s".`}

func (s *Service) listEnforcements(show func(*listed, *gale.RuleEnforcement) (*py.Dict, error)) httpapi.Handler {
	l := &listing[gale.RuleEnforcement]{
		table: store.Enforcements,
		filters: []filter{ids, equal("execution", "execution_id"), equal("rule_ref", "rule_ref"), equal("rule_id", "rule_id"),
			equal("trigger_instance", "trigger_instance_id"), moment("enforced_at_gt", "enforced_at", ">"), moment("enforced_at_lt", "enforced_at", "<")},
		order: []string{"-enforced_at"},
		sort:  map[string]string{"id": "id", "enforced_at": "enforced_at", "rule_ref": "rule_ref", "rule_id": "rule_id", "execution": "execution_id", "trigger_instance": "trigger_instance_id"},
		attrs: httpapi.Attributes{
			Known: []string{"id", "uid", "trigger_instance_id", "execution_id", "failure_reason", "rule", "enforced_at", "status",
				"trigger_instance", "execution"},
			Always: []string{"id"},
		},
		show: show,
	}
	return func(r *httpapi.Request) (*httpapi.Response, error) { return l.serve(s, r) }
}

func (s *Service) getEnforcement(show func(*listed, *gale.RuleEnforcement) (*py.Dict, error)) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		return get(s, r, enforcementLookup, "id", func(e *gale.RuleEnforcement) string { return e.UID }, show)
	}
}

func showEnforcement(_ *listed, e *gale.RuleEnforcement) (*py.Dict, error) { return masked(e) }

// showEnforcementView adds the event and what it led to; both are always
// there, empty when they are gone.
func (s *Service) showEnforcementView(q *listed, e *gale.RuleEnforcement) (*py.Dict, error) {
	d, err := masked(e)
	if err != nil {
		return nil, err
	}
	d.Set("trigger_instance", py.NewDict(0))
	d.Set("execution", py.NewDict(0))
	if q.parts.Includes("trigger_instance") {
		inst, err := store.TriggerInstances.Get(q.tx, e.TriggerInstanceID)
		if err == nil {
			shown, err := showInstance(q, inst)
			if err != nil {
				return nil, err
			}
			d.Set("trigger_instance", shown)
		} else if !notFound(err) {
			return nil, err
		}
	}
	if e.ExecutionID == "" || !q.parts.Includes("execution") {
		return d, nil
	}
	x, err := store.Executions.Get(q.tx, e.ExecutionID)
	if notFound(err) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	parts, err := httpapi.NewProjection(enforcedParts, nil, executionAttributes)
	if err != nil {
		return nil, err
	}
	shown, err := s.executionDocument(q.tx, x, executionView{parts: parts})
	d.Set("execution", shown)
	return d, err
}

// enforcedParts are what a view shows of an execution.
var enforcedParts = []string{"id", "action.ref", "action.parameters", "runner.name", "runner.runner_parameters", "parameters", "status", "start_timestamp"}
