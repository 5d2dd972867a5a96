-- Documents: the JSON in doc is the truth, the columns beside it are for finding it.
create table execution (
  id text primary key,
  v integer not null,
  status text,
  start_timestamp integer,
  end_timestamp integer,
  action_ref text,
  runner_name text,
  parent text,
  rule_ref text,
  rule_name text,
  trigger_ref text,
  trigger_name text,
  trigger_type text,
  trigger_type_name text,
  trigger_instance_id text,
  trace_id text,
  username text,
  workflow_execution text,
  task_execution text,
  doc text not null
) strict;
create index execution_start_timestamp_id on execution (start_timestamp, id);
create index execution_status_start_timestamp on execution (status, start_timestamp);
create index execution_action_ref_start_timestamp on execution (action_ref, start_timestamp);
create index execution_trace_id on execution (trace_id);
create index execution_parent on execution (parent) where parent is not null;
create index execution_rule_name on execution (rule_name) where rule_name is not null;
create index execution_trigger_name on execution (trigger_name) where trigger_name is not null;
create index execution_trigger_type_name on execution (trigger_type_name) where trigger_type_name is not null;
create index execution_trigger_instance_id on execution (trigger_instance_id) where trigger_instance_id is not null;
create index execution_workflow_execution on execution (workflow_execution) where workflow_execution is not null;
create index execution_task_execution on execution (task_execution) where task_execution is not null;

create table rule (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  enabled integer not null,
  action_ref text,
  trigger_ref text,
  trigger_type text,
  uid text,
  doc text not null
) strict;
create unique index rule_ref on rule (ref);
create index rule_trigger_ref on rule (trigger_ref);
create index rule_pack on rule (pack);
create index rule_action_ref on rule (action_ref);

create table trigger (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  type text,
  parameters_key text,
  hook text,
  uid text,
  doc text not null
) strict;
create unique index trigger_ref on trigger (ref);
create index trigger_type_parameters_key on trigger (type, parameters_key);
create index trigger_hook on trigger (hook) where hook is not null;

create table trigger_type (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  uid text,
  doc text not null
) strict;
create unique index trigger_type_ref on trigger_type (ref);
create index trigger_type_pack on trigger_type (pack);

create table trigger_instance (
  id text primary key,
  v integer not null,
  trigger_ref text,
  status text,
  occurrence_time integer,
  trace_id text,
  doc text not null
) strict;
create index trigger_instance_occurrence_time_id on trigger_instance (occurrence_time, id);
create index trigger_instance_trigger_ref_occurrence_time on trigger_instance (trigger_ref, occurrence_time);
create index trigger_instance_status_occurrence_time on trigger_instance (status, occurrence_time);
create index trigger_instance_trace_id on trigger_instance (trace_id);

create table rule_enforcement (
  id text primary key,
  v integer not null,
  trigger_instance_id text not null,
  rule_id text not null,
  rule_ref text,
  execution_id text,
  enforced_at integer,
  status text,
  doc text not null
) strict;
create unique index rule_enforcement_trigger_instance_id_rule_id on rule_enforcement (trigger_instance_id, rule_id);
create index rule_enforcement_enforced_at_id on rule_enforcement (enforced_at, id);
create index rule_enforcement_rule_ref_enforced_at on rule_enforcement (rule_ref, enforced_at);
create index rule_enforcement_rule_id_enforced_at on rule_enforcement (rule_id, enforced_at);
create index rule_enforcement_execution_id on rule_enforcement (execution_id) where execution_id is not null;

create table trace (
  id text primary key,
  v integer not null,
  trace_tag text,
  start_timestamp integer,
  doc text not null
) strict;
create index trace_trace_tag on trace (trace_tag);
create index trace_start_timestamp_id on trace (start_timestamp, id);

create table action (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  enabled integer not null,
  runner_type text,
  tags text,
  uid text,
  doc text not null
) strict;
create unique index action_ref on action (ref);
create index action_pack on action (pack);

create table runner_type (
  id text primary key,
  v integer not null,
  name text not null,
  enabled integer not null,
  uid text,
  doc text not null
) strict;
create unique index runner_type_name on runner_type (name);

create table pack (
  id text primary key,
  v integer not null,
  ref text not null,
  name text,
  uid text,
  doc text not null
) strict;
create unique index pack_ref on pack (ref);

create table config_schema (
  id text primary key,
  v integer not null,
  pack text not null,
  doc text not null
) strict;
create unique index config_schema_pack on config_schema (pack);

create table config (
  id text primary key,
  v integer not null,
  pack text not null,
  doc text not null
) strict;
create unique index config_pack on config (pack);

create table sensor (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  enabled integer not null,
  trigger_types text,
  uid text,
  doc text not null
) strict;
create unique index sensor_ref on sensor (ref);
create index sensor_pack on sensor (pack);

create table policy_type (
  id text primary key,
  v integer not null,
  ref text not null,
  name text,
  resource_type text,
  enabled integer not null,
  doc text not null
) strict;
create unique index policy_type_ref on policy_type (ref);

create table policy (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  enabled integer not null,
  resource_ref text,
  policy_type text,
  doc text not null
) strict;
create unique index policy_ref on policy (ref);
create index policy_pack on policy (pack);
create index policy_resource_ref on policy (resource_ref);

create table alias (
  id text primary key,
  v integer not null,
  ref text not null,
  pack text,
  name text,
  enabled integer not null,
  action_ref text,
  uid text,
  doc text not null
) strict;
create unique index alias_ref on alias (ref);
create index alias_pack on alias (pack);

create table keyvalue (
  id text primary key,
  v integer not null,
  scope text not null,
  name text not null,
  expire_timestamp integer,
  uid text,
  doc text not null
) strict;
create unique index keyvalue_scope_name on keyvalue (scope, name);
create index keyvalue_expire_timestamp on keyvalue (expire_timestamp) where expire_timestamp is not null;

create table account (
  id text primary key,
  v integer not null,
  name text not null,
  is_admin integer not null,
  is_service integer not null,
  doc text not null
) strict;
create unique index account_name on account (name);

create table token (
  id text primary key,
  v integer not null,
  hash text not null,
  username text,
  expiry integer,
  service integer not null,
  doc text not null
) strict;
create unique index token_hash on token (hash);
create index token_expiry on token (expiry);
create index token_username on token (username);

create table api_key (
  id text primary key,
  v integer not null,
  key_hash text not null,
  username text,
  enabled integer not null,
  created_at integer,
  uid text,
  doc text not null
) strict;
create unique index api_key_key_hash on api_key (key_hash);
create index api_key_username on api_key (username);

-- Texts by the SHA-256 of their bytes; never changed.
create table snapshot (digest text primary key, body text not null) strict;

-- Values that occur, or did, in columns that no index leads with.
create table facet (name text not null, value text not null, primary key (name, value)) strict, without rowid;

-- Results that are too large for the execution's row.
create table result (execution_id text primary key, body text not null) strict;

-- Work that waits, and the leases of those who do it. owner, token and until
-- are null together; seen is the gen that the holder saw when it claimed.
create table queue (
  kind text not null,
  key text not null,
  pool text not null default '',
  run_at integer not null,
  priority integer not null default 0,
  gen integer not null default 1,
  seen integer not null default 0,
  owner text,
  token integer,
  until integer,
  attempt integer not null default 0,
  primary key (kind, key)
) strict, without rowid;
create index queue_ready on queue (kind, pool, priority, run_at) where owner is null;
create index queue_held on queue (until) where owner is not null;

-- What happened, for others to read by seq, which never starts again.
create table event (
  seq integer primary key autoincrement,
  topic text not null,
  kind text not null,
  key text not null,
  body text not null,
  ts integer not null
) strict;
