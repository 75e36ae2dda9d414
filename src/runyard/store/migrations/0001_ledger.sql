-- The ledger: who owns jobs and runs, what was asked, what happened.
-- Moments are integer milliseconds, documents are JSON text, ids come from core/ids.py.
-- 9007199254740992 is 2^53: every JSON reader keeps a smaller integer exactly.
-- /* id_type */ is INTEGER on SQLite (the row's own address) and BIGINT on PostgreSQL.

CREATE TABLE workspace (
  id /* id_type */ PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE job (
  id /* id_type */ PRIMARY KEY,
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  name TEXT NOT NULL,
  unique_name TEXT,
  language TEXT NOT NULL,
  settings TEXT NOT NULL,
  tags TEXT NOT NULL,
  tasks TEXT NOT NULL,
  max_concurrent_runs BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT job_limit CHECK (max_concurrent_runs >= 0),
  CONSTRAINT job_id CHECK (id > 0 AND id < 9007199254740992)
);
CREATE UNIQUE INDEX job_unique_name ON job (workspace_id, unique_name);
CREATE INDEX job_in_workspace ON job (workspace_id, id);

CREATE TABLE run (
  id /* id_type */ PRIMARY KEY,
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  job_id BIGINT,
  job_name TEXT NOT NULL,
  language TEXT NOT NULL,
  settings TEXT NOT NULL,
  tasks TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  reason TEXT,
  message TEXT,
  attempt BIGINT NOT NULL,
  previous_run_id BIGINT,
  parent_attempt_id BIGINT,
  is_listed BIGINT NOT NULL,
  tasks_at_once BIGINT,
  awaited_by BIGINT,
  repairs BIGINT NOT NULL,
  started_by TEXT NOT NULL,
  idempotency_key TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  admitted_at BIGINT,
  wait_until BIGINT,
  notify_at BIGINT,
  timeout_ms BIGINT,
  timeout_at BIGINT,
  attempt_at BIGINT NOT NULL,
  running_at BIGINT,
  ended_at BIGINT,
  CONSTRAINT run_state CHECK (state IN ('blocked', 'queued', 'starting', 'running', 'stopping', 'retrying', 'ended')),
  CONSTRAINT run_outcome CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'timed_out', 'skipped', 'upstream_failed', 'excluded', 'crashed')),
  CONSTRAINT run_ended CHECK ((state = 'ended') = (outcome IS NOT NULL) AND (state = 'ended') = (ended_at IS NOT NULL)),
  CONSTRAINT run_attempt CHECK (attempt >= 0),
  CONSTRAINT run_id CHECK (id > 0 AND id < 9007199254740992)
);
CREATE INDEX run_in_workspace ON run (workspace_id, id);
CREATE INDEX run_of_job ON run (job_id, id);
CREATE INDEX run_of_job_name ON run (workspace_id, job_name, id);
CREATE INDEX run_of_no_job ON run (workspace_id, id) WHERE job_id IS NULL;
CREATE INDEX run_active ON run (workspace_id, id) WHERE state <> 'ended';
CREATE INDEX run_unsuccessful ON run (workspace_id, id) WHERE outcome <> 'succeeded';
CREATE INDEX run_ended ON run (workspace_id, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX run_long ON run (workspace_id, ended_at, id) WHERE ended_at - created_at >= 3600000;
-- For counts by phase and job, which read nothing else. `> 0` keeps it from lists, which say `= 1` and would be sorted.
CREATE INDEX run_by_phase ON run (workspace_id, state, outcome, job_id, is_listed) WHERE is_listed > 0;
-- For SQL that asks for the newest by the moment at which they were asked for.
CREATE INDEX run_by_start ON run (workspace_id, created_at, id);
CREATE INDEX run_admitted ON run (job_id) WHERE admitted_at IS NOT NULL AND state <> 'ended';
CREATE INDEX run_held ON run (job_id, id) WHERE admitted_at IS NULL AND state = 'queued';
CREATE INDEX run_waiting ON run (wait_until) WHERE wait_until IS NOT NULL;
CREATE INDEX run_timeout ON run (timeout_at) WHERE timeout_at IS NOT NULL;
CREATE UNIQUE INDEX run_of_attempt ON run (parent_attempt_id) WHERE parent_attempt_id IS NOT NULL;
CREATE INDEX run_awaited ON run (awaited_by) WHERE awaited_by IS NOT NULL AND state <> 'ended';
CREATE INDEX run_notify ON run (notify_at) WHERE notify_at IS NOT NULL;
CREATE UNIQUE INDEX run_idempotency ON run (workspace_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE attempt (
  id /* id_type */ PRIMARY KEY,
  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  task_key TEXT NOT NULL,
  number BIGINT NOT NULL,
  series BIGINT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  retry_at BIGINT,
  taken_at BIGINT,
  running_at BIGINT,
  ended_at BIGINT,
  owner TEXT,
  exit_code BIGINT,
  signal BIGINT,
  category TEXT,
  message TEXT,
  trace TEXT,
  output TEXT NOT NULL,
  CONSTRAINT attempt_state CHECK (state IN ('blocked', 'queued', 'starting', 'running', 'stopping', 'retrying', 'ended')),
  CONSTRAINT attempt_outcome CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'timed_out', 'skipped', 'upstream_failed', 'excluded', 'crashed')),
  CONSTRAINT attempt_ended CHECK ((state = 'ended') = (outcome IS NOT NULL) AND (state = 'ended') = (ended_at IS NOT NULL)),
  CONSTRAINT attempt_number CHECK (number >= 0),
  CONSTRAINT attempt_id CHECK (id > 0 AND id < 9007199254740992)
);
CREATE UNIQUE INDEX attempt_of_run ON attempt (run_id, task_key, number);
-- Few, and looked for among many: attempts behind others, and those that did not succeed.
CREATE INDEX attempt_again ON attempt (run_id, task_key, number) WHERE number > 0;
CREATE INDEX attempt_unsuccessful ON attempt (run_id, task_key, number) WHERE outcome <> 'succeeded';
CREATE INDEX attempt_queued ON attempt (id) WHERE state = 'queued';
CREATE INDEX attempt_on_process ON attempt (owner) WHERE state IN ('starting', 'running', 'stopping');
CREATE INDEX attempt_retrying ON attempt (retry_at) WHERE state = 'retrying';

CREATE TABLE repair (
  id /* id_type */ PRIMARY KEY,
  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  settings TEXT NOT NULL,
  task_keys TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  outcome TEXT,
  message TEXT
);
CREATE UNIQUE INDEX repair_of_run ON repair (run_id, number);

-- Keys of runs that were deleted: a request that comes again must not run again.
CREATE TABLE spent_key (
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  idempotency_key TEXT NOT NULL,
  PRIMARY KEY (workspace_id, idempotency_key)
);

CREATE TABLE event (
  id /* id_type */ PRIMARY KEY,
  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  attempt_id BIGINT,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX event_of_run ON event (run_id, id);

-- What starts runs by itself: for a job, by a name of its own, or as a link of one workflow run.
CREATE TABLE trigger_of_job (
  id /* id_type */ PRIMARY KEY,
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  job_id BIGINT REFERENCES job (id) ON DELETE CASCADE,
  name TEXT,
  language TEXT,
  settings TEXT NOT NULL,
  tags TEXT NOT NULL,
  flow_run_id BIGINT REFERENCES run (id) ON DELETE CASCADE,
  activated_at BIGINT,
  kind TEXT NOT NULL,
  spec TEXT NOT NULL,
  memory TEXT NOT NULL,
  pending TEXT,
  is_paused BIGINT NOT NULL,
  next_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX trigger_of_one_job ON trigger_of_job (job_id, id);
CREATE UNIQUE INDEX trigger_name ON trigger_of_job (workspace_id, language, name);
CREATE INDEX trigger_of_language ON trigger_of_job (workspace_id, language, id) WHERE name IS NOT NULL;
CREATE INDEX trigger_of_flow ON trigger_of_job (flow_run_id) WHERE flow_run_id IS NOT NULL;
CREATE INDEX trigger_due ON trigger_of_job (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX trigger_pending ON trigger_of_job (id) WHERE pending IS NOT NULL;

-- Which triggers must hear when a run of a job ends.
CREATE TABLE watch (
  job_id BIGINT NOT NULL,
  trigger_id BIGINT NOT NULL REFERENCES trigger_of_job (id) ON DELETE CASCADE,
  PRIMARY KEY (job_id, trigger_id)
);
CREATE INDEX watch_of_trigger ON watch (trigger_id);

-- Which triggers must hear when a run ends that a trigger started, by the name of its job: it may be made again.
CREATE TABLE watch_by_name (
  workspace_id BIGINT NOT NULL,
  job_name TEXT NOT NULL,
  trigger_id BIGINT NOT NULL REFERENCES trigger_of_job (id) ON DELETE CASCADE,
  PRIMARY KEY (workspace_id, job_name, trigger_id)
);
CREATE INDEX watch_by_name_of_trigger ON watch_by_name (trigger_id);

-- Which runs are the work of a workflow's run.
CREATE TABLE flow_member (
  flow_run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  PRIMARY KEY (flow_run_id, run_id)
);
CREATE INDEX flow_member_run ON flow_member (run_id);

-- What the runs of a workflow's run tell each other.
CREATE TABLE flow_property (
  flow_run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (flow_run_id, name)
);

-- What is to be told to somebody outside, until it has been; it outlives its run.
CREATE TABLE notice (
  id /* id_type */ PRIMARY KEY,
  run_id BIGINT NOT NULL,
  attempt_id BIGINT,
  name TEXT NOT NULL,
  what TEXT NOT NULL,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  body TEXT NOT NULL,
  tries BIGINT NOT NULL,
  due_at BIGINT,
  created_at BIGINT NOT NULL,
  told_at BIGINT,
  trouble TEXT
);
CREATE INDEX notice_due ON notice (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX notice_of_run ON notice (run_id, name);

-- What jobs have already read, in versions: each run that begins to read makes one, and its commit puts the next in its place.
CREATE TABLE bookmark (
  job_id BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  run_number BIGINT NOT NULL,
  try_number BIGINT NOT NULL,
  run_id BIGINT,
  run_attempt BIGINT NOT NULL,
  previous_run_id BIGINT,
  previous_attempt BIGINT NOT NULL,
  is_committed BIGINT NOT NULL,
  elements TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (job_id, version),
  CONSTRAINT bookmark_version CHECK (version > 0 AND run_number > 0 AND try_number >= 0)
);
CREATE INDEX bookmark_of_one_run ON bookmark (job_id, run_id, version);
CREATE INDEX bookmark_committed ON bookmark (job_id, version) WHERE is_committed = 1;

-- What sessions run, one statement after the other.
CREATE TABLE statement (
  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  code TEXT NOT NULL,
  phase TEXT NOT NULL,
  output TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  PRIMARY KEY (run_id, number),
  CONSTRAINT statement_phase CHECK (phase IN ('waiting', 'running', 'available', 'cancelling', 'cancelled'))
);
CREATE INDEX statement_open ON statement (run_id, number) WHERE ended_at IS NULL;
