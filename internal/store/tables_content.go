package store

import "github.com/galehq/gale"

var actions = definition[gale.Action]{
	name: "action", kind: "action",
	id:  func(a *gale.Action) *string { return &a.ID },
	rev: func(a *gale.Action) *int64 { return &a.Rev },
	columns: []column[gale.Action]{
		{name: "ref", unique: true, get: func(a *gale.Action) any { return a.Ref }},
		{name: "pack", get: func(a *gale.Action) any { return a.Pack }},
		{name: "name", get: func(a *gale.Action) any { return a.Name }},
		{name: "enabled", get: func(a *gale.Action) any { return a.Enabled }},
		{name: "runner_type", get: func(a *gale.Action) any { return a.RunnerType }},
		{name: "tags", list: true, get: func(a *gale.Action) any { return tagNames(a.Tags) }},
		{name: "uid", get: func(a *gale.Action) any { return a.UID }},
	},
	aliases: map[string]string{"runner": "runner_type"},
}

func tagNames(tags []gale.Tag) any {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Name
	}
	return words(names)
}

var runnerTypes = definition[gale.RunnerType]{
	name: "runner_type", kind: "runner type",
	id:  func(r *gale.RunnerType) *string { return &r.ID },
	rev: func(r *gale.RunnerType) *int64 { return &r.Rev },
	columns: []column[gale.RunnerType]{
		{name: "name", unique: true, get: func(r *gale.RunnerType) any { return r.Name }},
		{name: "enabled", get: func(r *gale.RunnerType) any { return r.Enabled }},
		{name: "uid", get: func(r *gale.RunnerType) any { return r.UID }},
	},
}

var packs = definition[gale.Pack]{
	name: "pack", kind: "pack",
	id:  func(p *gale.Pack) *string { return &p.ID },
	rev: func(p *gale.Pack) *int64 { return &p.Rev },
	columns: []column[gale.Pack]{
		{name: "ref", unique: true, get: func(p *gale.Pack) any { return p.Ref }},
		{name: "name", get: func(p *gale.Pack) any { return p.Name }},
		{name: "uid", get: func(p *gale.Pack) any { return p.UID }},
	},
}

var configSchemas = definition[gale.ConfigSchema]{
	name: "config_schema", kind: "config schema",
	id:  func(c *gale.ConfigSchema) *string { return &c.ID },
	rev: func(c *gale.ConfigSchema) *int64 { return &c.Rev },
	columns: []column[gale.ConfigSchema]{
		{name: "pack", unique: true, get: func(c *gale.ConfigSchema) any { return c.Pack }},
	},
}

var configs = definition[gale.Config]{
	name: "config", kind: "config",
	id:  func(c *gale.Config) *string { return &c.ID },
	rev: func(c *gale.Config) *int64 { return &c.Rev },
	columns: []column[gale.Config]{
		{name: "pack", unique: true, get: func(c *gale.Config) any { return c.Pack }},
	},
}

var sensors = definition[gale.Sensor]{
	name: "sensor", kind: "sensor",
	id:  func(s *gale.Sensor) *string { return &s.ID },
	rev: func(s *gale.Sensor) *int64 { return &s.Rev },
	columns: []column[gale.Sensor]{
		{name: "ref", unique: true, get: func(s *gale.Sensor) any { return s.Ref }},
		{name: "pack", get: func(s *gale.Sensor) any { return s.Pack }},
		{name: "name", get: func(s *gale.Sensor) any { return s.Name }},
		{name: "enabled", get: func(s *gale.Sensor) any { return s.Enabled }},
		{name: "trigger_types", list: true, get: func(s *gale.Sensor) any { return words(s.TriggerTypes) }},
		{name: "uid", get: func(s *gale.Sensor) any { return s.UID }},
	},
	aliases: map[string]string{"trigger": "trigger_types"},
}

var policyTypes = definition[gale.PolicyType]{
	name: "policy_type", kind: "policy type",
	id:  func(p *gale.PolicyType) *string { return &p.ID },
	rev: func(p *gale.PolicyType) *int64 { return &p.Rev },
	columns: []column[gale.PolicyType]{
		{name: "ref", unique: true, get: func(p *gale.PolicyType) any { return p.Ref }},
		{name: "name", get: func(p *gale.PolicyType) any { return p.Name }},
		{name: "resource_type", get: func(p *gale.PolicyType) any { return p.ResourceType }},
		{name: "enabled", get: func(p *gale.PolicyType) any { return p.Enabled }},
	},
}

var policies = definition[gale.Policy]{
	name: "policy", kind: "policy",
	id:  func(p *gale.Policy) *string { return &p.ID },
	rev: func(p *gale.Policy) *int64 { return &p.Rev },
	columns: []column[gale.Policy]{
		{name: "ref", unique: true, get: func(p *gale.Policy) any { return p.Ref }},
		{name: "pack", get: func(p *gale.Policy) any { return p.Pack }},
		{name: "name", get: func(p *gale.Policy) any { return p.Name }},
		{name: "enabled", get: func(p *gale.Policy) any { return p.Enabled }},
		{name: "resource_ref", get: func(p *gale.Policy) any { return p.ResourceRef }},
		{name: "policy_type", get: func(p *gale.Policy) any { return p.PolicyType }},
	},
}

var aliases = definition[gale.Alias]{
	name: "alias", kind: "action alias",
	id:  func(a *gale.Alias) *string { return &a.ID },
	rev: func(a *gale.Alias) *int64 { return &a.Rev },
	columns: []column[gale.Alias]{
		{name: "ref", unique: true, get: func(a *gale.Alias) any { return a.Ref }},
		{name: "pack", get: func(a *gale.Alias) any { return a.Pack }},
		{name: "name", get: func(a *gale.Alias) any { return a.Name }},
		{name: "enabled", get: func(a *gale.Alias) any { return a.Enabled }},
		{name: "action_ref", get: func(a *gale.Alias) any { return a.ActionRef }},
		{name: "uid", get: func(a *gale.Alias) any { return a.UID }},
	},
	aliases: map[string]string{"action": "action_ref"},
}

var keys = definition[gale.Key]{
	name: "keyvalue", kind: "datastore item",
	id:  func(k *gale.Key) *string { return &k.ID },
	rev: func(k *gale.Key) *int64 { return &k.Rev },
	columns: []column[gale.Key]{
		{name: "scope", unique: true, group: 1, get: func(k *gale.Key) any { return k.Scope }},
		{name: "name", unique: true, group: 1, get: func(k *gale.Key) any { return k.Name }},
		{name: "expire_timestamp", get: func(k *gale.Key) any { return k.Expire }},
		{name: "uid", get: func(k *gale.Key) any { return k.UID }},
	},
	aliases: map[string]string{"expire": "expire_timestamp"},
}

var users = definition[gale.User]{
	name: "account", kind: "user",
	id:  func(u *gale.User) *string { return &u.ID },
	rev: func(u *gale.User) *int64 { return &u.Rev },
	columns: []column[gale.User]{
		{name: "name", unique: true, get: func(u *gale.User) any { return u.Name }},
		{name: "is_admin", get: func(u *gale.User) any { return u.IsAdmin }},
		{name: "is_service", get: func(u *gale.User) any { return u.IsService }},
	},
}

var tokens = definition[gale.Token]{
	name: "token", kind: "token",
	id:  func(t *gale.Token) *string { return &t.ID },
	rev: func(t *gale.Token) *int64 { return &t.Rev },
	columns: []column[gale.Token]{
		{name: "hash", unique: true, fixed: true, get: func(t *gale.Token) any { return t.Hash }},
		{name: "username", get: func(t *gale.Token) any { return t.User }},
		{name: "expiry", get: func(t *gale.Token) any { return t.Expiry }},
		{name: "service", get: func(t *gale.Token) any { return t.Service }},
	},
	aliases: map[string]string{"user": "username"},
}

var apiKeys = definition[gale.APIKey]{
	name: "api_key", kind: "API key",
	id:  func(k *gale.APIKey) *string { return &k.ID },
	rev: func(k *gale.APIKey) *int64 { return &k.Rev },
	columns: []column[gale.APIKey]{
		{name: "key_hash", unique: true, get: func(k *gale.APIKey) any { return k.KeyHash }},
		{name: "username", get: func(k *gale.APIKey) any { return k.User }},
		{name: "enabled", get: func(k *gale.APIKey) any { return k.Enabled }},
		{name: "created_at", get: func(k *gale.APIKey) any { return k.Created }},
		{name: "uid", get: func(k *gale.APIKey) any { return k.UID }},
	},
	aliases: map[string]string{"user": "username"},
}
