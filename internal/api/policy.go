package api

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) policyHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"policy_types.list": s.listPolicyTypes,
		"policy_types.get":  s.getPolicyType,
		"policies.list":     s.listPolicies,
		"policies.create":   s.createPolicy,
		"policies.get":      s.getPolicy,
		"policies.update":   s.updatePolicy,
		"policies.delete":   s.deletePolicy,
	}
}

var (
	policyTypeLookup = lookup[gale.PolicyType]{table: store.PolicyTypes, column: "ref", missing: `PolicyType with a reference of id "%s" not found.`}
	policyLookup     = lookup[gale.Policy]{table: store.Policies, column: "ref", missing: byRef}
)

func showPolicyType(_ *listed, t *gale.PolicyType) (*py.Dict, error) {
	d, err := plain(t)
	if err != nil {
		return nil, err
	}
	return withDefaults(d, "module", "st2actions.policies."+t.Name), nil
}

func (s *Service) listPolicyTypes(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.PolicyType]{
		table:   store.PolicyTypes,
		filters: []filter{ids, oneOf("name", "name"), equal("resource_type", "resource_type")},
		order:   []string{"resource_type", "name"},
		sort:    sortBy("name", "resource_type"),
		attrs: httpapi.Attributes{
			Known:  []string{"id", "uid", "ref", "name", "resource_type", "description", "enabled", "module", "parameters"},
			Always: []string{"id"},
		},
		show: showPolicyType,
	}
	return l.serve(s, r)
}

func (s *Service) getPolicyType(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, policyTypeLookup, "ref_or_id", func(t *gale.PolicyType) string { return t.UID }, showPolicyType)
}

func (s *Service) listPolicies(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.Policy]{
		table: store.Policies,
		filters: []filter{equal("pack", "pack"), equal("name", "name"), equal("resource_ref", "resource_ref"),
			equal("policy_type", "policy_type")},
		order: []string{"pack", "name"},
		attrs: httpapi.Attributes{
			Known: []string{"id", "uid", "ref", "name", "pack", "description", "enabled", "resource_ref", "policy_type",
				"parameters", "metadata_file"},
			Always: []string{"id", "ref"},
		},
		show: show[gale.Policy],
	}
	return l.serve(s, r)
}

func (s *Service) getPolicy(r *httpapi.Request) (*httpapi.Response, error) {
	return get(s, r, policyLookup, "ref_or_id", func(p *gale.Policy) string { return p.UID }, show[gale.Policy])
}

func readPolicy(r *httpapi.Request) (*gale.Policy, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	p := &gale.Policy{Enabled: true}
	if err := fill(body, p); err != nil {
		return nil, err
	}
	if p.Pack == "" {
		p.Pack = gale.DefaultPack
	}
	if p.Parameters == nil {
		p.Parameters = py.NewDict(0)
	}
	if _, ok := gale.ParseRef(p.ResourceRef); !ok {
		return nil, badRequest("Invalid reference: %s", p.ResourceRef)
	}
	ref := gale.Ref{Pack: p.Pack, Name: p.Name}
	p.Ref, p.UID = ref.String(), ref.UID("policy")
	return p, nil
}

// checkPolicy checks a policy against its type and fills in defaults.
func checkPolicy(tx *store.Tx, p *gale.Policy) error {
	typ, err := store.PolicyTypes.By(tx, "ref", p.PolicyType)
	if notFound(err) {
		return badRequest(`Referenced policy_type "%s" doesnt exist`, p.PolicyType)
	}
	if err != nil {
		return err
	}
	whole, err := schema.CheckPolicyValues(typ.Parameters, p.Parameters)
	if err != nil {
		return invalid(err)
	}
	p.Parameters = whole
	return nil
}

func (s *Service) createPolicy(r *httpapi.Request) (*httpapi.Response, error) {
	p, err := readPolicy(r)
	if err != nil {
		return nil, err
	}
	if err := r.AuthorizeResource(p.UID); err != nil {
		return nil, err
	}
	var saved gale.Policy
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		saved = *p
		if err := vacant(tx, store.Policies, p.Ref, ""); err != nil {
			return err
		}
		if err := checkPolicy(tx, &saved); err != nil {
			return err
		}
		saved.ID = tx.NewID()
		if err := store.Policies.Insert(tx, &saved); err != nil {
			return err
		}
		return emitResource(tx, "policy", "create", saved.ID, &saved)
	})
	return answerWith(&saved, err)
}

// answerWith answers with a resource that was saved.
func answerWith[T any](v *T, err error) (*httpapi.Response, error) {
	if err != nil {
		return nil, err
	}
	d, err := masked(v)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) updatePolicy(r *httpapi.Request) (*httpapi.Response, error) {
	p, err := readPolicy(r)
	if err != nil {
		return nil, err
	}
	var saved gale.Policy
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		old, err := policyLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return err
		}
		if err := r.AuthorizeResource(old.UID); err != nil {
			return err
		}
		saved = *p
		if err := vacant(tx, store.Policies, p.Ref, old.ID); err != nil {
			return err
		}
		if err := checkPolicy(tx, &saved); err != nil {
			return err
		}
		saved.ID, saved.Rev = old.ID, old.Rev
		saved.Pinned = old.Pinned || saved.Enabled != old.Enabled
		if saved.Ref == old.Ref {
			saved.MetadataFile = old.MetadataFile
		}
		if err := store.Policies.Update(tx, &saved); err != nil {
			return err
		}
		return emitResource(tx, "policy", "update", saved.ID, &saved)
	})
	return answerWith(&saved, err)
}

func (s *Service) deletePolicy(r *httpapi.Request) (*httpapi.Response, error) {
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		p, err := policyLookup.find(tx, r.String("ref_or_id"))
		if err != nil {
			return err
		}
		if err := r.AuthorizeResource(p.UID); err != nil {
			return err
		}
		if err := store.Policies.Delete(tx, p.ID); err != nil {
			return err
		}
		return emitResource(tx, "policy", "delete", p.ID, p)
	})
}
