-- Every read and write of the ledger, by name. Portable between SQLite and PostgreSQL;
-- what differs is a named fragment in a comment (/* skip_locked */), filled in by each database.
-- {filters} and {order} are composed by ledger.py from its fixed tables, never from a caller's text.

-- add_workspace --
-- Two callers may name a new workspace at once; the second finds the first's.
INSERT INTO workspace (id, name, created_at) VALUES (:id, :name, :created_at) ON CONFLICT (name) DO NOTHING;

-- workspace_by_name --
SELECT * FROM workspace WHERE name = :name;

-- add_job --
-- The unique index on (workspace_id, unique_name) decides between two creators.
INSERT INTO job (id, workspace_id, name, unique_name, language, settings, tags, tasks, max_concurrent_runs, created_at, updated_at)
VALUES (:id, :workspace_id, :name, :unique_name, :language, :settings, :tags, :tasks, :max_concurrent_runs, :created_at, :updated_at)
ON CONFLICT (workspace_id, unique_name) DO NOTHING RETURNING id;

-- job_by_id --
SELECT * FROM job WHERE workspace_id = :workspace_id AND id = :id;

-- job_by_name --
SELECT * FROM job WHERE workspace_id = :workspace_id AND unique_name = :name;

-- hold_job --
-- On PostgreSQL, callers that start runs of one job pass here one by one, so that its limit holds.
SELECT id FROM job WHERE id = :id /* for_update */;

-- jobs --
SELECT * FROM job WHERE workspace_id = :workspace_id {filters} ORDER BY id {order} LIMIT :limit;

-- save_job --
UPDATE job SET name = :name, unique_name = :unique_name, settings = :settings, tags = :tags, tasks = :tasks,
  max_concurrent_runs = :max_concurrent_runs, updated_at = :updated_at
WHERE workspace_id = :workspace_id AND id = :id RETURNING id;

-- remove_job --
-- Its runs stay in the ledger until retention takes them.
DELETE FROM job WHERE workspace_id = :workspace_id AND id = :id RETURNING id;

-- add_run --
INSERT INTO run (id, workspace_id, job_id, job_name, language, settings, tasks, state, outcome, reason, message, attempt,
  previous_run_id, idempotency_key, created_at, updated_at, admitted_at, wait_until, notify_at, attempt_at, running_at, ended_at)
VALUES (:id, :workspace_id, :job_id, :job_name, :language, :settings, :tasks, :state, :outcome, :reason, :message, :attempt,
  :previous_run_id, :idempotency_key, :created_at, :updated_at, :admitted_at, :wait_until, :notify_at, :attempt_at, :running_at, :ended_at);

-- run_by_id --
SELECT * FROM run WHERE workspace_id = :workspace_id AND id = :id;

-- run_anywhere --
SELECT * FROM run WHERE id = :id /* for_update */;

-- run_by_idempotency_key --
SELECT * FROM run WHERE workspace_id = :workspace_id AND idempotency_key = :idempotency_key;

-- runs --
SELECT * FROM run WHERE workspace_id = :workspace_id {filters} ORDER BY id {order} LIMIT :limit;

-- count_admitted --
SELECT count(*) AS n FROM run WHERE job_id = :job_id AND admitted_at IS NOT NULL AND state <> 'ended';

-- first_held --
-- The oldest run that waits for its job's limit.
SELECT * FROM run WHERE job_id = :job_id AND admitted_at IS NULL AND state = 'queued' ORDER BY id LIMIT 1 /* skip_locked */;

-- save_run --
-- Compare and set: only if the run is still where the caller saw it.
UPDATE run SET state = :state, outcome = :outcome, reason = :reason, message = :message, attempt = :attempt, updated_at = :updated_at,
  admitted_at = :admitted_at, wait_until = :wait_until, notify_at = :notify_at, attempt_at = :attempt_at, running_at = :running_at, ended_at = :ended_at
WHERE id = :id AND state = :seen AND updated_at = :seen_at RETURNING id;

-- remove_events_of_run --
DELETE FROM event WHERE run_id = :run_id;

-- remove_attempts_of_run --
DELETE FROM attempt WHERE run_id = :run_id;

-- remove_run --
-- Only what has ended may be forgotten.
DELETE FROM run WHERE id = :run_id AND state = 'ended';

-- runs_ended_before --
-- For retention: ids are ordered by time, so this reads only the oldest rows.
SELECT * FROM run WHERE id < :before AND state = 'ended' AND ended_at < :ended_before ORDER BY id LIMIT :limit;

-- due_waits --
SELECT * FROM run WHERE wait_until IS NOT NULL AND wait_until <= :now ORDER BY wait_until LIMIT :limit /* skip_locked */;

-- due_notices --
SELECT * FROM run WHERE notify_at IS NOT NULL AND notify_at <= :now ORDER BY notify_at LIMIT :limit /* skip_locked */;

-- due_retries --
SELECT * FROM attempt WHERE state = 'retrying' AND retry_at <= :now ORDER BY retry_at LIMIT :limit /* skip_locked */;

-- next_due --
-- The earliest moment at which something happens by itself; each part reads one end of a partial index.
SELECT min(at) AS at FROM (
  SELECT min(wait_until) AS at FROM run WHERE wait_until IS NOT NULL
  UNION ALL SELECT min(notify_at) FROM run WHERE notify_at IS NOT NULL
  UNION ALL SELECT min(retry_at) FROM attempt WHERE state = 'retrying'
) AS due;

-- add_attempt --
INSERT INTO attempt (id, run_id, task_key, number, state, outcome, created_at, updated_at, retry_at, running_at, ended_at, owner,
  exit_code, signal, category, message, trace)
VALUES (:id, :run_id, :task_key, :number, :state, :outcome, :created_at, :updated_at, :retry_at, :running_at, :ended_at, :owner,
  :exit_code, :signal, :category, :message, :trace);

-- attempt_by_id --
SELECT * FROM attempt WHERE id = :id;

-- attempts_of_run --
SELECT * FROM attempt WHERE run_id = :run_id ORDER BY id;

-- save_attempt --
-- Compare and set: only if the attempt is still in the state the caller saw.
UPDATE attempt SET state = :state, outcome = :outcome, updated_at = :updated_at, retry_at = :retry_at, running_at = :running_at,
  ended_at = :ended_at, owner = :owner, exit_code = :exit_code, signal = :signal, category = :category, message = :message, trace = :trace
WHERE id = :id AND state = :seen RETURNING id;

-- queued_attempts --
-- The oldest first; SKIP LOCKED lets several servers take different ones.
SELECT * FROM attempt WHERE state = 'queued' ORDER BY id LIMIT :limit /* skip_locked */;

-- count_on_process --
SELECT count(*) AS n FROM attempt WHERE owner = :owner AND state IN ('starting', 'running', 'stopping');

-- attempts_on_process --
SELECT * FROM attempt WHERE owner = :owner AND state IN ('starting', 'running', 'stopping') ORDER BY id;

-- add_event --
INSERT INTO event (id, run_id, attempt_id, at, kind, detail) VALUES (:id, :run_id, :attempt_id, :at, :kind, :detail);

-- events_of_run --
SELECT * FROM event WHERE run_id = :run_id AND id > :after ORDER BY id LIMIT :limit;
