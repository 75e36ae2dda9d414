"""Glue's operations: each reads the request, calls the engine, and shows the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from runyard.core.access import Role
from runyard.core.errors import NotFound, WrongState
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue import asked, pages, rules
from runyard.dialects.glue import bookmark_operations as bookmarks
from runyard.dialects.glue import catalog_batches as batches
from runyard.dialects.glue import catalog_operations as catalog
from runyard.dialects.glue import connection_operations as connections
from runyard.dialects.glue import session_operations as sessions
from runyard.dialects.glue import tag_operations as tags
from runyard.dialects.glue import trigger_operations as triggers
from runyard.dialects.glue import workflow_operations as workflows
from runyard.dialects.glue.arguments import task
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.errors import stop_error
from runyard.dialects.glue.starting import start
from runyard.dialects.glue.views import JOB, JOB_RUN, LANGUAGE, JobRun
from runyard.dialects.glue.workflows import WORKFLOWS
from runyard.store.ledger import Page, Value

# jobs


def create_job(call: Call) -> Members:
    """Creates a job definition; nothing runs yet."""
    settings = {name: value for name, value in call.members.items() if name not in ("Name", "Tags")}
    rules.check_job(settings)
    facts = _facts(settings)
    tags = call.members.get("Tags", {})
    job = call.engine.create_job(call.workspace, name=call["Name"], language=LANGUAGE, tags=tags, **facts)
    return {"Name": job.name}


def update_job(call: Call) -> Members:
    """Overwrites a job definition; what the update leaves out goes back to its default."""
    job = call.job(call["JobName"])
    settings = asked.updated(job.settings, call["JobUpdate"])
    rules.check_job(settings)
    return {"JobName": call.engine.update_job(job, **_facts(settings)).name}


def get_job(call: Call) -> Members:
    """Shows a job definition."""
    return {"Job": JOB.show(call.job(call["JobName"]))}


def get_jobs(call: Call) -> Members:
    """Lists job definitions, the oldest first."""
    jobs, token = pages.jobs(call.engine, call.workspace, members=call.members)
    return page("Jobs", [JOB.show(job) for job in jobs], token)


def list_jobs(call: Call) -> Members:
    """Lists the names of jobs, of those with the given tags if tags are given."""
    jobs, token = pages.jobs(call.engine, call.workspace, members=call.members)
    return page("JobNames", [job.name for job in jobs], token)


def batch_get_jobs(call: Call) -> Members:
    """Shows the job definitions of the given names, and which of the names no job has."""
    found, missing = [], []
    for name in dict.fromkeys(call["JobNames"]):
        try:
            found.append(JOB.show(call.job(name)))
        except NotFound:
            missing.append(name)
    return {"Jobs": found, "JobsNotFound": missing}


def delete_job(call: Call) -> Members:
    """Deletes a job definition; one that does not exist is no error. Its runs stay in the ledger."""
    with suppress(NotFound):  # "If the job definition is not found, no exception is thrown."
        call.engine.delete_job(call.job(call["JobName"]))
    return {"JobName": call["JobName"]}


# runs


def start_job_run(call: Call) -> Members:
    """Starts a run of a job; durable when answered."""
    job = call.job(call["JobName"])
    previous = _previous_run_id(call)
    run = start(call.engine, call.workspace, job=job, members=call.members, previous=previous)
    return {"JobRunId": ids.run_id(run.id)}


def batch_stop_job_run(call: Call) -> Members:
    """Stops runs of a job with all their processes; each either stands in the successes or in the errors."""
    done, errors = [], []
    for run_id in dict.fromkeys(call["JobRunIds"]):
        names = {"JobName": call["JobName"], "JobRunId": run_id}
        try:
            call.engine.stop_run(call.workspace, _job_run(call, run_id).run.id)
            done.append(names)
        except (NotFound, WrongState) as error:
            errors.append({**names, "ErrorDetail": stop_error(error, run_id)})
    return {"SuccessfulSubmissions": done, "Errors": errors}


def get_job_run(call: Call) -> Members:
    """Shows a run of a job, with the runs whose ends started it if PredecessorsIncluded asks for them."""
    shown = JOB_RUN.show(_job_run(call, call["RunId"]))
    return {"JobRun": shown if call.members.get("PredecessorsIncluded") else _alone(shown)}


def get_job_runs(call: Call) -> Members:
    """Lists the runs of a job, the newest first."""
    of = _runs_of(call, call["JobName"])
    job_runs, token = pages.job_runs(call.engine, call.workspace, of=of, members=call.members)
    return page("JobRuns", [_alone(JOB_RUN.show(job_run)) for job_run in job_runs], token)


# how handlers find and show things


def _facts(settings: Members) -> Members:
    words = asked.effective(settings, {})
    limit = settings.get("ExecutionProperty", {}).get("MaxConcurrentRuns", rules.DEFAULT_CONCURRENT_RUNS)
    return {"settings": settings, "tasks": (task(words),), "max_concurrent_runs": limit}


def _alone(shown: Members) -> Members:
    """Return a job run without its predecessors, as Glue shows it to who does not ask for them."""
    return {**shown, "PredecessorRuns": []} if shown["PredecessorRuns"] else shown


def _runs_of(call: Call, name: str) -> Mapping[str, Value]:
    """Return the condition for a job's runs: of ours, or of any that another language made or submitted."""
    try:
        return {"job_id": call.job(name).id}
    except NotFound:
        of = {"job_name": name}
        newest = call.engine.runs(call.workspace, Page(limit=1, where=of))
        if not newest or newest[0].language == WORKFLOWS:
            raise
        return of


def _job_run(call: Call, run_id: str) -> JobRun:
    """Return the try of the job's runs that an id names."""
    number, attempt = ids.from_run_id(run_id) or (None, 0)
    try:
        run = call.engine.run(call.workspace, number) if number is not None else None
    except NotFound:
        run = None
    if run is not None and run.job_name == call["JobName"]:
        for one in pages.all_tries(call.engine, run):
            if one.number == attempt:
                return one
    raise NotFound("job run", run_id)


def _previous_run_id(call: Call) -> int | None:
    named = call.members.get("JobRunId")
    return _job_run(call, named).run.id if named else None


# the table of operations


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation: its handler, and the resource and verb under which SQL and OpenAPI know it."""

    name: str
    handle: Callable[[Call], Members]
    resource: str
    verb: str

    @property
    def need(self) -> Role:
        """The role that a caller must have."""
        is_open = self.verb in READS and self.resource not in WITH_PASSWORDS
        return Role.VIEWER if is_open else Role.OPERATOR

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handle.__doc__ or "").strip()


READS = frozenset({"get", "list", "list_names", "get_many"})
"""The verbs that change nothing."""
WITH_PASSWORDS = frozenset({"connections"})
"""What tells whoever reads it how to reach other systems."""

_TABLE = (
    ("CreateJob", create_job, "jobs", "insert"),
    ("UpdateJob", update_job, "jobs", "update"),
    ("GetJob", get_job, "jobs", "get"),
    ("GetJobs", get_jobs, "jobs", "list"),
    ("ListJobs", list_jobs, "jobs", "list_names"),
    ("BatchGetJobs", batch_get_jobs, "jobs", "get_many"),
    ("DeleteJob", delete_job, "jobs", "delete"),
    ("TagResource", tags.tag_resource, "job_tags", "insert"),
    ("UntagResource", tags.untag_resource, "job_tags", "delete"),
    ("GetTags", tags.get_tags, "job_tags", "get"),
    ("StartJobRun", start_job_run, "job_runs", "start"),
    ("BatchStopJobRun", batch_stop_job_run, "job_runs", "stop"),
    ("GetJobRun", get_job_run, "job_runs", "get"),
    ("GetJobRuns", get_job_runs, "job_runs", "list"),
    ("GetJobBookmark", bookmarks.get_job_bookmark, "job_bookmarks", "get"),
    ("GetJobBookmarks", bookmarks.get_job_bookmarks, "job_bookmarks", "list"),
    ("ResetJobBookmark", bookmarks.reset_job_bookmark, "job_bookmarks", "reset"),
    ("CreateDatabase", catalog.create_database, "databases", "insert"),
    ("GetDatabase", catalog.get_database, "databases", "get"),
    ("GetDatabases", catalog.get_databases, "databases", "list"),
    ("UpdateDatabase", catalog.update_database, "databases", "update"),
    ("DeleteDatabase", catalog.delete_database, "databases", "delete"),
    ("CreateTable", catalog.create_table, "tables", "insert"),
    ("GetTable", catalog.get_table, "tables", "get"),
    ("GetTables", catalog.get_tables, "tables", "list"),
    ("UpdateTable", catalog.update_table, "tables", "update"),
    ("DeleteTable", catalog.delete_table, "tables", "delete"),
    ("CreatePartition", catalog.create_partition, "partitions", "insert"),
    ("BatchCreatePartition", catalog.batch_create_partition, "partitions", "insert_many"),
    ("GetPartition", catalog.get_partition, "partitions", "get"),
    ("GetPartitions", catalog.get_partitions, "partitions", "list"),
    ("DeletePartition", catalog.delete_partition, "partitions", "delete"),
    ("UpdatePartition", batches.update_partition, "partitions", "update"),
    ("BatchGetPartition", batches.batch_get_partition, "partitions", "get_many"),
    ("BatchUpdatePartition", batches.batch_update_partition, "partitions", "update_many"),
    ("BatchDeletePartition", batches.batch_delete_partition, "partitions", "delete_many"),
    ("BatchDeleteTable", batches.batch_delete_table, "tables", "delete_many"),
    ("CreateConnection", connections.create_connection, "connections", "insert"),
    ("GetConnection", connections.get_connection, "connections", "get"),
    ("GetConnections", connections.get_connections, "connections", "list"),
    ("UpdateConnection", connections.update_connection, "connections", "update"),
    ("DeleteConnection", connections.delete_connection, "connections", "delete"),
    ("BatchDeleteConnection", connections.batch_delete_connection, "connections", "delete_many"),
    ("CreateTrigger", triggers.create_trigger, "triggers", "insert"),
    ("UpdateTrigger", triggers.update_trigger, "triggers", "update"),
    ("GetTrigger", triggers.get_trigger, "triggers", "get"),
    ("GetTriggers", triggers.get_triggers, "triggers", "list"),
    ("ListTriggers", triggers.list_triggers, "triggers", "list_names"),
    ("BatchGetTriggers", triggers.batch_get_triggers, "triggers", "get_many"),
    ("DeleteTrigger", triggers.delete_trigger, "triggers", "delete"),
    ("StartTrigger", triggers.start_trigger, "triggers", "activate"),
    ("StopTrigger", triggers.stop_trigger, "triggers", "stop"),
    ("CreateWorkflow", workflows.create_workflow, "workflows", "insert"),
    ("UpdateWorkflow", workflows.update_workflow, "workflows", "update"),
    ("GetWorkflow", workflows.get_workflow, "workflows", "get"),
    ("ListWorkflows", workflows.list_workflows, "workflows", "list_names"),
    ("BatchGetWorkflows", workflows.batch_get_workflows, "workflows", "get_many"),
    ("DeleteWorkflow", workflows.delete_workflow, "workflows", "delete"),
    ("StartWorkflowRun", workflows.start_workflow_run, "workflow_runs", "start"),
    ("StopWorkflowRun", workflows.stop_workflow_run, "workflow_runs", "stop"),
    ("ResumeWorkflowRun", workflows.resume_workflow_run, "workflow_runs", "resume"),
    ("GetWorkflowRun", workflows.get_workflow_run, "workflow_runs", "get"),
    ("GetWorkflowRuns", workflows.get_workflow_runs, "workflow_runs", "list"),
    ("GetWorkflowRunProperties", workflows.get_workflow_run_properties, "workflow_run_properties", "get"),
    ("CreateSession", sessions.create_session, "sessions", "insert"),
    ("GetSession", sessions.get_session, "sessions", "get"),
    ("ListSessions", sessions.list_sessions, "sessions", "list"),
    ("StopSession", sessions.stop_session, "sessions", "stop"),
    ("DeleteSession", sessions.delete_session, "sessions", "delete"),
    ("RunStatement", sessions.run_statement, "statements", "insert"),
    ("GetStatement", sessions.get_statement, "statements", "get"),
    ("ListStatements", sessions.list_statements, "statements", "list"),
    ("CancelStatement", sessions.cancel_statement, "statements", "stop"),
    ("PutWorkflowRunProperties", workflows.put_workflow_run_properties, "workflow_run_properties", "update"),
)

OPERATIONS: Mapping[str, Operation] = {
    name: Operation(name=name, handle=handle, resource=resource, verb=verb) for name, handle, resource, verb in _TABLE
}
"""Every operation we speak, by its name on the wire."""
