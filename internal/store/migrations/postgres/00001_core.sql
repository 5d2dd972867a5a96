-- Documents: the JSON in doc is the truth, the columns beside it are for finding it.
-- Text compares by bytes, as on SQLite.
create table execution (
  id text collate "C" primary key,
  v bigint not null,
  status text collate "C",
  start_timestamp bigint,
  end_timestamp bigint,
  action_ref text collate "C",
  runner_name text collate "C",
  parent text collate "C",
  rule_ref text collate "C",
  rule_name text collate "C",
  trigger_ref text collate "C",
  trigger_name text collate "C",
  trigger_type text collate "C",
  trigger_type_name text collate "C",
  trigger_instance_id text collate "C",
  trace_id text collate "C",
  username text collate "C",
  workflow_execution text collate "C",
  task_execution text collate "C",
  doc text not null
) with (fillfactor = 80);
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
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  enabled bigint not null,
  action_ref text collate "C",
  trigger_ref text collate "C",
  trigger_type text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index rule_ref on rule (ref);
create index rule_trigger_ref on rule (trigger_ref);
create index rule_pack on rule (pack);
create index rule_action_ref on rule (action_ref);

create table trigger (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  type text collate "C",
  parameters_key text collate "C",
  hook text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index trigger_ref on trigger (ref);
create index trigger_type_parameters_key on trigger (type, parameters_key);
create index trigger_hook on trigger (hook) where hook is not null;

create table trigger_type (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index trigger_type_ref on trigger_type (ref);
create index trigger_type_pack on trigger_type (pack);

create table trigger_instance (
  id text collate "C" primary key,
  v bigint not null,
  trigger_ref text collate "C",
  status text collate "C",
  occurrence_time bigint,
  trace_id text collate "C",
  doc text not null
) with (fillfactor = 80);
create index trigger_instance_occurrence_time_id on trigger_instance (occurrence_time, id);
create index trigger_instance_trigger_ref_occurrence_time on trigger_instance (trigger_ref, occurrence_time);
create index trigger_instance_status_occurrence_time on trigger_instance (status, occurrence_time);
create index trigger_instance_trace_id on trigger_instance (trace_id);

create table rule_enforcement (
  id text collate "C" primary key,
  v bigint not null,
  trigger_instance_id text collate "C" not null,
  rule_id text collate "C" not null,
  rule_ref text collate "C",
  execution_id text collate "C",
  enforced_at bigint,
  status text collate "C",
  doc text not null
);
create unique index rule_enforcement_trigger_instance_id_rule_id on rule_enforcement (trigger_instance_id, rule_id);
create index rule_enforcement_enforced_at_id on rule_enforcement (enforced_at, id);
create index rule_enforcement_rule_ref_enforced_at on rule_enforcement (rule_ref, enforced_at);
create index rule_enforcement_rule_id_enforced_at on rule_enforcement (rule_id, enforced_at);
create index rule_enforcement_execution_id on rule_enforcement (execution_id) where execution_id is not null;

create table trace (
  id text collate "C" primary key,
  v bigint not null,
  trace_tag text collate "C",
  start_timestamp bigint,
  doc text not null
);
create index trace_trace_tag on trace (trace_tag);
create index trace_start_timestamp_id on trace (start_timestamp, id);

create table action (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  enabled bigint not null,
  runner_type text collate "C",
  tags text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index action_ref on action (ref);
create index action_pack on action (pack);

create table runner_type (
  id text collate "C" primary key,
  v bigint not null,
  name text collate "C" not null,
  enabled bigint not null,
  uid text collate "C",
  doc text not null
);
create unique index runner_type_name on runner_type (name);

create table pack (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  name text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index pack_ref on pack (ref);

create table config_schema (
  id text collate "C" primary key,
  v bigint not null,
  pack text collate "C" not null,
  doc text not null
);
create unique index config_schema_pack on config_schema (pack);

create table config (
  id text collate "C" primary key,
  v bigint not null,
  pack text collate "C" not null,
  doc text not null
);
create unique index config_pack on config (pack);

create table sensor (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  enabled bigint not null,
  trigger_types text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index sensor_ref on sensor (ref);
create index sensor_pack on sensor (pack);

create table policy_type (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  name text collate "C",
  resource_type text collate "C",
  enabled bigint not null,
  doc text not null
);
create unique index policy_type_ref on policy_type (ref);

create table policy (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  enabled bigint not null,
  resource_ref text collate "C",
  policy_type text collate "C",
  doc text not null
);
create unique index policy_ref on policy (ref);
create index policy_pack on policy (pack);
create index policy_resource_ref on policy (resource_ref);

create table alias (
  id text collate "C" primary key,
  v bigint not null,
  ref text collate "C" not null,
  pack text collate "C",
  name text collate "C",
  enabled bigint not null,
  action_ref text collate "C",
  uid text collate "C",
  doc text not null
);
create unique index alias_ref on alias (ref);
create index alias_pack on alias (pack);

create table keyvalue (
  id text collate "C" primary key,
  v bigint not null,
  scope text collate "C" not null,
  name text collate "C" not null,
  expire_timestamp bigint,
  uid text collate "C",
  doc text not null
);
create unique index keyvalue_scope_name on keyvalue (scope, name);
create index keyvalue_expire_timestamp on keyvalue (expire_timestamp) where expire_timestamp is not null;

create table account (
  id text collate "C" primary key,
  v bigint not null,
  name text collate "C" not null,
  is_admin bigint not null,
  is_service bigint not null,
  doc text not null
);
create unique index account_name on account (name);

create table token (
  id text collate "C" primary key,
  v bigint not null,
  hash text collate "C" not null,
  username text collate "C",
  expiry bigint,
  service bigint not null,
  doc text not null
);
create unique index token_hash on token (hash);
create index token_expiry on token (expiry);
create index token_username on token (username);

create table api_key (
  id text collate "C" primary key,
  v bigint not null,
  key_hash text collate "C" not null,
  username text collate "C",
  enabled bigint not null,
  created_at bigint,
  uid text collate "C",
  doc text not null
);
create unique index api_key_key_hash on api_key (key_hash);
create index api_key_username on api_key (username);

-- Texts by the SHA-256 of their bytes; never changed.
create table snapshot (digest text collate "C" primary key, body text not null);

-- Values that occur, or did, in columns that no index leads with.
create table facet (name text collate "C" not null, value text collate "C" not null, primary key (name, value));

-- Results that are too large for the execution's row.
create table result (execution_id text collate "C" primary key, body text not null);

-- Work that waits, and the leases of those who do it. owner, token and until
-- are null together; seen is the gen that the holder saw when it claimed.
create table queue (
  kind text collate "C" not null,
  key text collate "C" not null,
  pool text collate "C" not null default '',
  run_at bigint not null,
  priority bigint not null default 0,
  gen bigint not null default 1,
  seen bigint not null default 0,
  owner text collate "C",
  token bigint,
  until bigint,
  attempt bigint not null default 0,
  primary key (kind, key)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0);
create index queue_ready on queue (kind, pool, priority, run_at) where owner is null;
create index queue_held on queue (until) where owner is not null;

-- What happened, for others to read by seq.
create table event (
  seq bigint generated always as identity (cache 1) primary key,
  topic text not null,
  kind text not null,
  key text not null,
  body text not null,
  ts bigint not null
);

-- What actions print. Bytes: programs print what they like.
create table output (
  seq bigint generated always as identity (cache 1) primary key,
  execution_id text collate "C" not null,
  action_ref text not null,
  runner_ref text not null,
  ts bigint not null,
  type text collate "C" not null,
  data bytea not null
);
create index output_execution on output (execution_id, seq);
