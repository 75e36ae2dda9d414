-- Every read and write of the ledger, by name. Portable between SQLite and PostgreSQL;
-- what differs is a named fragment in a comment (/* skip_locked */), filled in by each database.
-- /* run_columns */ and /* run_values */ are the fields of a record (records.py).
-- {filters} and {order} are composed by ledger.py from its fixed tables, never from a caller's text.

-- add_workspace --
-- Two callers may name a new workspace at once; the second finds the first's.
INSERT INTO workspace (/* workspace_columns */) VALUES (/* workspace_values */) ON CONFLICT (name) DO NOTHING;

-- workspace_by_name --
SELECT /* workspace_columns */ FROM workspace WHERE name = :name;

-- workspace_by_id --
SELECT /* workspace_columns */ FROM workspace WHERE id = :id;

-- add_job --
-- The unique index on (workspace_id, unique_name) decides between two creators.
INSERT INTO job (/* job_columns */) VALUES (/* job_values */)
ON CONFLICT (workspace_id, unique_name) DO NOTHING RETURNING id;

-- job_by_id --
SELECT /* job_columns */ FROM job WHERE workspace_id = :workspace_id AND id = :id;

-- job_by_name --
SELECT /* job_columns */ FROM job WHERE workspace_id = :workspace_id AND unique_name = :name;

-- hold_job --
-- On PostgreSQL, callers that start runs of one job pass here one by one, so that its limit holds.
SELECT id FROM job WHERE id = :id /* for_update */;

-- jobs --
SELECT /* job_columns */ FROM job WHERE workspace_id = :workspace_id {filters} ORDER BY id {order} LIMIT :limit;

-- save_job --
UPDATE job SET name = :name, unique_name = :unique_name, settings = :settings, tags = :tags, tasks = :tasks,
  max_concurrent_runs = :max_concurrent_runs, updated_at = :updated_at
WHERE workspace_id = :workspace_id AND id = :id RETURNING id;

-- remove_job --
-- Its runs stay in the ledger until retention takes them.
DELETE FROM job WHERE workspace_id = :workspace_id AND id = :id RETURNING id;

-- add_run --
INSERT INTO run (/* run_columns */) VALUES (/* run_values */);

-- run_by_id --
SELECT /* run_columns */ FROM run WHERE workspace_id = :workspace_id AND id = :id;

-- run_anywhere --
SELECT /* run_columns */ FROM run WHERE id = :id /* for_update */;

-- run_by_idempotency_key --
SELECT /* run_columns */ FROM run WHERE workspace_id = :workspace_id AND idempotency_key = :idempotency_key;

-- runs --
SELECT /* run_columns */ FROM run WHERE workspace_id = :workspace_id AND is_listed = 1 {filters} ORDER BY id {order} LIMIT :limit;

-- runs_alive_at --
-- What was made before a moment and had not ended then. Of what lasted less than an hour (3600000 ms), only what
-- ended within an hour after the moment can be meant; the few that lasted longer have an index of their own.
-- `+id` keeps the planners from reading by id, which would begin with the oldest run of the ledger.
SELECT /* run_columns */ FROM run WHERE id IN (
  SELECT id FROM run WHERE workspace_id = :workspace_id AND +id > :after AND +id < :before
    AND ended_at >= :moment AND ended_at < CAST(:moment AS BIGINT) + 3600000
  UNION ALL SELECT id FROM run WHERE workspace_id = :workspace_id AND +id > :after AND +id < :before
    AND ended_at >= :moment AND ended_at - created_at >= 3600000
  UNION ALL SELECT id FROM run WHERE workspace_id = :workspace_id AND id > :after AND id < :before AND state <> 'ended'
) ORDER BY id LIMIT :limit;

-- count_admitted --
SELECT count(*) AS n FROM run WHERE job_id = :job_id AND admitted_at IS NOT NULL AND state <> 'ended';

-- first_held --
-- The oldest run that waits for its job's limit.
SELECT /* run_columns */ FROM run WHERE job_id = :job_id AND admitted_at IS NULL AND state = 'queued' ORDER BY id LIMIT 1 /* skip_locked */;

-- save_run --
-- Compare and set: only if the run is still where the caller saw it.
UPDATE run SET state = :state, outcome = :outcome, reason = :reason, message = :message, attempt = :attempt, updated_at = :updated_at,
  admitted_at = :admitted_at, wait_until = :wait_until, notify_at = :notify_at, timeout_ms = :timeout_ms, timeout_at = :timeout_at, attempt_at = :attempt_at, running_at = :running_at, ended_at = :ended_at
WHERE id = :id AND state = :seen AND updated_at = :seen_at RETURNING id;

-- reopen_run --
-- A repair: an ended run goes on with tasks and settings as they are now; compared first, like every change.
UPDATE run SET state = :state, outcome = NULL, message = NULL, ended_at = NULL, running_at = NULL, reason = :reason, tasks = :tasks, settings = :settings,
  repairs = :repairs, awaited_by = NULL, admitted_at = :admitted_at, timeout_at = :timeout_at, updated_at = :updated_at
WHERE id = :id AND state = 'ended' AND updated_at = :seen_at RETURNING id;

-- run_of_attempt --
-- The run that is an attempt's work.
SELECT /* run_columns */ FROM run WHERE parent_attempt_id = :attempt_id /* for_update */;

-- runs_awaited_by --
-- The runs that an attempt's process waits for.
SELECT /* run_columns */ FROM run WHERE awaited_by = :attempt_id AND state <> 'ended' ORDER BY id /* for_update */;

-- add_repair --
INSERT INTO repair (/* repair_columns */) VALUES (/* repair_values */);

-- repairs_of_run --
SELECT /* repair_columns */ FROM repair WHERE run_id = :run_id ORDER BY number;

-- end_repair --
-- The newest round of a run has ended with it.
UPDATE repair SET ended_at = :ended_at, outcome = :outcome, message = :message WHERE run_id = :run_id AND number = :number;

-- spend_key --
-- Deleted twice at once, it is spent once.
INSERT INTO spent_key (workspace_id, idempotency_key) VALUES (:workspace_id, :idempotency_key)
ON CONFLICT (workspace_id, idempotency_key) DO NOTHING;

-- spent_key --
SELECT idempotency_key FROM spent_key WHERE workspace_id = :workspace_id AND idempotency_key = :idempotency_key;

-- remove_run --
-- Only what has ended may be forgotten; its attempts and events go with it (ON DELETE CASCADE).
DELETE FROM run WHERE id = :run_id AND state = 'ended';

-- runs_ended_before --
-- For retention: ids are ordered by time, so this reads only the oldest rows. What is part of a run goes with it.
SELECT /* run_columns */ FROM run WHERE id < :before AND state = 'ended' AND ended_at < :ended_before AND is_listed = 1 ORDER BY id LIMIT :limit;

-- due_waits --
SELECT /* run_columns */ FROM run WHERE wait_until IS NOT NULL AND wait_until <= :now ORDER BY wait_until LIMIT :limit /* skip_locked */;

-- due_notices --
SELECT /* run_columns */ FROM run WHERE notify_at IS NOT NULL AND notify_at <= :now ORDER BY notify_at LIMIT :limit /* skip_locked */;

-- due_timeouts --
SELECT /* run_columns */ FROM run WHERE timeout_at IS NOT NULL AND timeout_at <= :now ORDER BY timeout_at LIMIT :limit /* skip_locked */;

-- due_retries --
SELECT /* attempt_columns */ FROM attempt WHERE state = 'retrying' AND retry_at <= :now ORDER BY retry_at LIMIT :limit /* skip_locked */;

-- next_due --
-- The earliest moment at which something happens by itself; each part reads one end of a partial index.
SELECT min(at) AS at FROM (
  SELECT min(wait_until) AS at FROM run WHERE wait_until IS NOT NULL
  UNION ALL SELECT min(notify_at) FROM run WHERE notify_at IS NOT NULL
  UNION ALL SELECT min(timeout_at) FROM run WHERE timeout_at IS NOT NULL
  UNION ALL SELECT min(retry_at) FROM attempt WHERE state = 'retrying'
) AS due;

-- add_attempt --
INSERT INTO attempt (/* attempt_columns */) VALUES (/* attempt_values */);

-- attempt_by_id --
SELECT /* attempt_columns */ FROM attempt WHERE id = :id;

-- attempts_of_run --
SELECT /* attempt_columns */ FROM attempt WHERE run_id = :run_id ORDER BY id;

-- attempts_of_runs --
-- Of a page of runs in one query; :ids is a JSON array. No order: the reader has them by run anyway.
SELECT /* attempt_columns */ FROM attempt WHERE run_id IN (/* listed_ids */);

-- runs_of_attempts --
-- The runs that are the work of these attempts; :ids is a JSON array.
SELECT /* run_columns */ FROM run WHERE parent_attempt_id IN (/* listed_ids */);

-- save_attempt --
-- Compare and set: only if the attempt is still in the state the caller saw.
UPDATE attempt SET state = :state, outcome = :outcome, updated_at = :updated_at, retry_at = :retry_at, taken_at = :taken_at,
  running_at = :running_at, waits_since = :waits_since, ended_at = :ended_at, owner = :owner, exit_code = :exit_code, signal = :signal, category = :category, message = :message, trace = :trace, output = :output
WHERE id = :id AND state = :seen RETURNING id;

-- queued_attempts --
-- The oldest first; SKIP LOCKED lets several servers take different ones.
SELECT /* attempt_columns */ FROM attempt WHERE state = 'queued' ORDER BY id LIMIT :limit /* skip_locked */;

-- awaited_attempts --
-- Those of runs that a process waits for, which gives them its place; `+id` keeps the planners from reading all that waits.
SELECT /* attempt_columns */ FROM attempt
WHERE run_id IN (SELECT id FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended') AND state = 'queued'
ORDER BY +id LIMIT :limit /* skip_locked */;

-- attempts_to_conduct --
-- What the engine must carry out itself and has not: it has no owner, as it holds no place.
SELECT /* attempt_columns */ FROM attempt
WHERE owner IS NULL AND state IN ('starting', 'running', 'stopping') AND state = 'starting' ORDER BY id;

-- count_on_process --
-- Who waits for a run has given it the place, and is not counted; who waits for its turn is counted twice.
SELECT 'on_process' AS what, count(*) AS n FROM attempt
WHERE owner = :owner AND state IN ('starting', 'running', 'stopping')
  AND id NOT IN (SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended')
UNION ALL SELECT 'waiting', count(*) FROM attempt WHERE owner = :owner AND waits_since IS NOT NULL
  AND id NOT IN (SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended');

-- attempts_on_process --
SELECT /* attempt_columns */ FROM attempt WHERE owner = :owner AND state IN ('starting', 'running', 'stopping') ORDER BY id;

-- attempts_waiting --
-- For their turn, on a process of this owner.
SELECT /* attempt_columns */ FROM attempt WHERE owner = :owner AND waits_since IS NOT NULL ORDER BY id;

-- calling --
-- Which attempts wait for runs.
SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended';

-- add_event --
INSERT INTO event (/* event_columns */) VALUES (/* event_values */);

-- events_of_run --
SELECT /* event_columns */ FROM event WHERE run_id = :run_id AND id > :after ORDER BY id LIMIT :limit;

-- last_word --
-- What an attempt's process said last of its waiting: a word is kept only if it is newer than those before.
SELECT /* event_columns */ FROM event WHERE run_id = :run_id AND attempt_id = :attempt_id AND kind IN ('waits', 'goes_on')
ORDER BY id DESC LIMIT 1;

-- load --
-- How many attempts wait or are on a process, and how many of the latter wait there for their turn or for a run; reads only the partial indexes of what has not ended.
SELECT 'queued' AS state, count(*) AS n FROM attempt WHERE state = 'queued'
UNION ALL SELECT 'retrying', count(*) FROM attempt WHERE state = 'retrying'
UNION ALL SELECT 'on_process', count(*) FROM attempt WHERE owner IS NOT NULL AND state IN ('starting', 'running', 'stopping')
  AND id NOT IN (SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended')
UNION ALL SELECT 'waiting', count(*) FROM attempt WHERE owner IS NOT NULL AND waits_since IS NOT NULL
  AND id NOT IN (SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended')
UNION ALL SELECT 'calling', count(*) FROM attempt WHERE owner IS NOT NULL AND state IN ('starting', 'running', 'stopping')
  AND id IN (SELECT awaited_by FROM run WHERE awaited_by IS NOT NULL AND state <> 'ended');

-- add_trigger --
INSERT INTO trigger_of_job (/* trigger_of_job_columns */) VALUES (/* trigger_of_job_values */);

-- add_watch --
-- The trigger hears of every run of this job that ends.
INSERT INTO watch (job_id, trigger_id) VALUES (:job_id, :trigger_id) ON CONFLICT (job_id, trigger_id) DO NOTHING;

-- trigger_by_id --
SELECT /* trigger_of_job_columns */ FROM trigger_of_job WHERE id = :id /* for_update */;

-- triggers_of_job --
SELECT /* trigger_of_job_columns */ FROM trigger_of_job WHERE job_id = :job_id ORDER BY id /* for_update */;

-- triggers_watching --
-- Asked at the end of every run; held, so that two ends at once are both remembered.
SELECT /* trigger_of_job_columns */ FROM trigger_of_job WHERE id IN (SELECT trigger_id FROM watch WHERE job_id = :job_id) /* for_update */;

-- triggers_watching_name --
-- Asked when a run ends that a trigger started: its own workflow's links hear of it, or those of none.
SELECT /* trigger_of_job_columns */ FROM trigger_of_job
WHERE id IN (SELECT trigger_id FROM watch_by_name WHERE workspace_id = :workspace_id AND job_name = :job_name)
  AND COALESCE(flow_run_id, 0) = :flow_run_id /* for_update */;

-- add_named_trigger --
-- The unique index on (workspace_id, language, name) decides between two creators.
INSERT INTO trigger_of_job (/* trigger_of_job_columns */) VALUES (/* trigger_of_job_values */)
ON CONFLICT (workspace_id, language, name) DO NOTHING RETURNING id;

-- add_watch_by_name --
INSERT INTO watch_by_name (workspace_id, job_name, trigger_id) VALUES (:workspace_id, :job_name, :trigger_id)
ON CONFLICT (workspace_id, job_name, trigger_id) DO NOTHING;

-- remove_watches_by_name --
DELETE FROM watch_by_name WHERE trigger_id = :trigger_id;

-- trigger_by_name --
SELECT /* trigger_of_job_columns */ FROM trigger_of_job
WHERE workspace_id = :workspace_id AND language = :language AND name = :name /* for_update */;

-- named_triggers --
SELECT /* trigger_of_job_columns */ FROM trigger_of_job
WHERE workspace_id = :workspace_id AND language = :language AND name IS NOT NULL AND id > :after ORDER BY id LIMIT :limit;

-- redefine_trigger --
-- Compare and set: only if nobody changed it since the caller saw it.
UPDATE trigger_of_job SET job_id = :job_id, settings = :settings, tags = :tags, activated_at = :activated_at, kind = :kind, spec = :spec,
  memory = :memory, pending = :pending, is_paused = :is_paused, next_at = :next_at, updated_at = :updated_at
WHERE id = :id AND updated_at = :seen_at RETURNING id;

-- remove_triggers_of_flow --
DELETE FROM trigger_of_job WHERE flow_run_id = :flow_run_id;

-- add_flow_member --
INSERT INTO flow_member (flow_run_id, run_id) VALUES (:flow_run_id, :run_id) ON CONFLICT (flow_run_id, run_id) DO NOTHING;

-- flow_members --
SELECT /* run_columns */ FROM run WHERE id IN (SELECT run_id FROM flow_member WHERE flow_run_id = :flow_run_id) ORDER BY id;

-- flow_members_alive --
SELECT /* run_columns */ FROM run WHERE id IN (SELECT run_id FROM flow_member WHERE flow_run_id = :flow_run_id) AND state <> 'ended' ORDER BY id /* for_update */;

-- flow_is_busy --
-- A run of it goes on, or a link of it has something to start.
SELECT id FROM run WHERE id IN (SELECT run_id FROM flow_member WHERE flow_run_id = :flow_run_id) AND state <> 'ended'
UNION ALL SELECT id FROM trigger_of_job WHERE flow_run_id = :flow_run_id AND (next_at IS NOT NULL OR pending IS NOT NULL)
LIMIT 1;

-- put_flow_property --
INSERT INTO flow_property (flow_run_id, name, value) VALUES (:flow_run_id, :name, :value)
ON CONFLICT (flow_run_id, name) DO UPDATE SET value = excluded.value;

-- flow_properties --
SELECT name, value FROM flow_property WHERE flow_run_id = :flow_run_id ORDER BY name;

-- save_trigger --
-- Compare and set: only if nobody changed it since the caller saw it.
UPDATE trigger_of_job SET memory = :memory, pending = :pending, is_paused = :is_paused, next_at = :next_at, updated_at = :updated_at
WHERE id = :id AND updated_at = :seen_at RETURNING id;

-- remove_trigger --
DELETE FROM trigger_of_job WHERE id = :id;

-- due_triggers --
SELECT /* trigger_of_job_columns */ FROM trigger_of_job WHERE next_at IS NOT NULL AND next_at <= :now ORDER BY next_at LIMIT :limit;

-- pending_triggers --
-- Those whose run is decided and, as far as the ledger knows, not yet started.
SELECT /* trigger_of_job_columns */ FROM trigger_of_job WHERE pending IS NOT NULL ORDER BY id LIMIT :limit;

-- next_trigger --
SELECT min(next_at) AS at FROM trigger_of_job WHERE next_at IS NOT NULL;

-- add_notice --
-- Its name decides between two that would say the same.
INSERT INTO notice (/* notice_columns */) VALUES (/* notice_values */) ON CONFLICT (run_id, name) DO NOTHING;

-- notices_of_run --
SELECT /* notice_columns */ FROM notice WHERE run_id = :run_id ORDER BY id;

-- untold_notices --
SELECT /* notice_columns */ FROM notice WHERE due_at IS NOT NULL AND due_at <= :now ORDER BY due_at LIMIT :limit;

-- take_notice --
-- Compare and set: whoever moves its moment is the one who tells it now; who dies over it leaves it due again later.
UPDATE notice SET tries = tries + 1, due_at = :until WHERE id = :id AND due_at = :due_at RETURNING id;

-- save_notice --
UPDATE notice SET tries = :tries, due_at = :due_at, told_at = :told_at, trouble = :trouble WHERE id = :id;

-- next_notice --
SELECT min(due_at) AS at FROM notice WHERE due_at IS NOT NULL;

-- remove_notice --
DELETE FROM notice WHERE id = :id;

-- remove_notices --
-- With a run goes what was told of it; what was not yet goes when it is.
DELETE FROM notice WHERE run_id = :run_id AND due_at IS NULL;

-- add_bookmark --
-- Its key decides between two that would be the same version.
INSERT INTO bookmark (/* bookmark_columns */) VALUES (/* bookmark_values */);

-- bookmark_of_job --
SELECT /* bookmark_columns */ FROM bookmark WHERE job_id = :job_id ORDER BY version DESC LIMIT 1;

-- committed_bookmark --
SELECT /* bookmark_columns */ FROM bookmark WHERE job_id = :job_id AND version <= :version AND is_committed = 1 ORDER BY version DESC LIMIT 1;

-- bookmark_of_run --
SELECT /* bookmark_columns */ FROM bookmark WHERE job_id = :job_id AND run_id = :run_id ORDER BY version DESC LIMIT 1;

-- bookmark_at --
SELECT /* bookmark_columns */ FROM bookmark WHERE job_id = :job_id AND created_at <= :moment ORDER BY version DESC LIMIT 1;

-- bookmarks_of_job --
SELECT /* bookmark_columns */ FROM bookmark WHERE job_id = :job_id AND version < :before ORDER BY version DESC LIMIT :limit;

-- remove_bookmark --
DELETE FROM bookmark WHERE job_id = :job_id AND version = :version;

-- remove_bookmarks_before --
-- The last one that was committed stays, however many runs have begun since and failed.
DELETE FROM bookmark WHERE job_id = :job_id AND version < :version
  AND version < (SELECT max(version) FROM bookmark WHERE job_id = :job_id AND is_committed = 1);

-- add_statement --
INSERT INTO statement (/* statement_columns */) VALUES (/* statement_values */);

-- statement --
SELECT /* statement_columns */ FROM statement WHERE run_id = :run_id AND number = :number /* for_update */;

-- statements_of_run --
SELECT /* statement_columns */ FROM statement WHERE run_id = :run_id AND number > :after ORDER BY number LIMIT :limit;

-- last_statement --
SELECT /* statement_columns */ FROM statement WHERE run_id = :run_id ORDER BY number DESC LIMIT 1;

-- next_statement --
-- Its session runs one at a time, so the oldest that is not over is the one that it has, or the next.
SELECT /* statement_columns */ FROM statement WHERE run_id = :run_id AND ended_at IS NULL ORDER BY number LIMIT 1 /* for_update */;

-- save_statement --
-- Its row is held: whoever saves it has read it in the same transaction.
UPDATE statement SET phase = :phase, output = :output, started_at = :started_at, ended_at = :ended_at WHERE run_id = :run_id AND number = :number;

-- add_document --
-- The unique index on (workspace_id, shelf, name) decides between two that would be called the same.
INSERT INTO document (/* document_columns */) VALUES (/* document_values */)
ON CONFLICT (workspace_id, shelf, name) DO NOTHING RETURNING id;

-- document_by_id --
SELECT /* document_columns */ FROM document WHERE workspace_id = :workspace_id AND id = :id;

-- document_by_name --
SELECT /* document_columns */ FROM document WHERE workspace_id = :workspace_id AND shelf = :shelf AND name = :name;

-- documents_on_shelf --
SELECT /* document_columns */ FROM document WHERE workspace_id = :workspace_id AND shelf = :shelf ORDER BY id;

-- workspaces_with_documents --
-- Workspaces are few; of each the index on its shelves is asked once.
SELECT /* workspace_columns */ FROM workspace
WHERE EXISTS (SELECT 1 FROM document WHERE workspace_id = workspace.id AND shelf = :shelf) ORDER BY id;

-- documents_in --
SELECT /* document_columns */ FROM document WHERE workspace_id = :workspace_id AND parent_id = :parent_id ORDER BY id;

-- document_changes --
SELECT document_changes FROM workspace WHERE id = :workspace_id;

-- count_document_change --
UPDATE workspace SET document_changes = document_changes + 1 WHERE id = :workspace_id;

-- save_document --
-- Compare and set: only if it is still the version that the caller saw.
UPDATE document SET kind = :kind, content = :content, version = :version, updated_at = :updated_at
WHERE workspace_id = :workspace_id AND id = :id AND version = :seen RETURNING id;

-- remove_document --
-- What stands in it goes with it; a stale version removes nothing.
DELETE FROM document WHERE workspace_id = :workspace_id AND id = :id AND version = :seen RETURNING id;

-- runs_by_ids --
-- Of any workspace; :ids is a JSON array.
SELECT /* run_columns */ FROM run WHERE id IN (/* listed_ids */);

-- runs_told_of --
-- Whose events came behind one that a reader has; ids grow with time, so this reads only the newest.
SELECT run_id FROM event WHERE id > :after ORDER BY id LIMIT :limit;

-- count_ended --
-- What ended in a span, by how; one look at each row of that span, and no sorting.
SELECT count(*) AS n, sum(CASE WHEN outcome = 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
  sum(CASE WHEN outcome IN ('cancelled', 'skipped') THEN 1 ELSE 0 END) AS given_up
FROM run WHERE workspace_id = :workspace_id AND ended_at >= :since AND ended_at < :until AND is_listed = 1;

-- unsuccessful --
-- The newest that did not succeed, from their own index.
SELECT id, job_name, outcome, message FROM run
WHERE workspace_id = :workspace_id AND outcome <> 'succeeded' AND id > :after AND is_listed = 1 ORDER BY id DESC LIMIT :limit;

-- job_name_after --
-- One step from name to name: reads one row, however many runs have it.
SELECT min(job_name) AS name FROM run WHERE workspace_id = :workspace_id AND job_name > :after;

-- run_behind --
-- The run that stands so many further back, from the index alone: the end of a part of a long search.
SELECT id FROM run WHERE workspace_id = :workspace_id AND id < :before ORDER BY id DESC LIMIT 1 OFFSET :rows;

-- workspaces --
SELECT /* workspace_columns */ FROM workspace ORDER BY name;

-- users --
SELECT /* known_user_columns */ FROM known_user ORDER BY name;

-- user_by_id --
SELECT /* known_user_columns */ FROM known_user WHERE id = :id;

-- user_by_name --
SELECT /* known_user_columns */ FROM known_user WHERE name = :name;

-- add_user --
-- The unique name decides between two that would be called the same.
INSERT INTO known_user (/* known_user_columns */) VALUES (/* known_user_values */) ON CONFLICT (name) DO NOTHING RETURNING id;

-- save_user --
-- Compare and set: only if it is still the version that the caller saw.
UPDATE known_user SET roles = :roles, is_enabled = :is_enabled, proof = :proof, sessions_since = :sessions_since,
  version = :version, updated_at = :updated_at
WHERE id = :id AND version = :seen RETURNING id;

-- remove_user --
-- The tokens go with it.
DELETE FROM known_user WHERE id = :id RETURNING id;

-- tokens --
SELECT /* token_columns */ FROM token ORDER BY id DESC;

-- tokens_of_user --
SELECT /* token_columns */ FROM token WHERE user_id = :user_id ORDER BY id DESC;

-- token_by_id --
SELECT /* token_columns */ FROM token WHERE id = :id;

-- token_by_digest --
SELECT /* token_columns */ FROM token WHERE digest = :digest;

-- token_by_access_key --
SELECT /* token_columns */ FROM token WHERE access_key = :access_key;

-- add_token --
INSERT INTO token (/* token_columns */) VALUES (/* token_values */);

-- use_token --
-- Never back: of two servers the later one is right.
UPDATE token SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at);

-- remove_token --
DELETE FROM token WHERE id = :id RETURNING id;

-- largest_id --
-- Of all that one giver of ids gives out; each is read from the end of an index.
SELECT max(id) FROM (
  SELECT max(id) AS id FROM workspace UNION ALL SELECT max(id) FROM job UNION ALL SELECT max(id) FROM run
  UNION ALL SELECT max(id) FROM attempt UNION ALL SELECT max(id) FROM repair UNION ALL SELECT max(id) FROM event
  UNION ALL SELECT max(id) FROM trigger_of_job UNION ALL SELECT max(id) FROM notice UNION ALL SELECT max(id) FROM document
  UNION ALL SELECT max(id) FROM known_user UNION ALL SELECT max(id) FROM token
) AS largest;
