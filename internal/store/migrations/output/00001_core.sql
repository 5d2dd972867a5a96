-- +goose Up
-- What actions print. Blobs: programs print what they like.
create table output (
  seq integer primary key autoincrement,
  execution_id text not null,
  action_ref text not null,
  runner_ref text not null,
  ts integer not null,
  type text not null,
  data blob not null
) strict;
create index output_execution on output (execution_id, seq);
