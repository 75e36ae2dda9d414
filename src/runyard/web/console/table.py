"""The operations that the console has beyond our own language, by method and path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from runyard.core.access import Role
from runyard.dialects.native.calls import Call
from runyard.dialects.native.operations import Operation
from runyard.dialects.native.parameters import Nothing, OneJob, OneRun
from runyard.web.console.dremio_facts import ListQueries, list_queries, show_queues, show_reflections
from runyard.web.console.insight.bookmarks import Versions, list_versions, show_bookmark
from runyard.web.console.insight.resolved import show_resolved
from runyard.web.console.job_facts import ListJobs, Matrix, Pause, list_jobs, pause_job, show_job, show_matrix
from runyard.web.console.languages import Records, show_records
from runyard.web.console.log_windows import OneLog, Search, Window, read_window, search_log, send_file
from runyard.web.console.outputs import OneAttempt, OneResult, Rows, send_page, show_cells, show_rows
from runyard.web.console.run_changes import Repair, repair_run, run_again
from runyard.web.console.run_facts import Look, show_run
from runyard.web.console.run_lists import ListNames, ListRuns, list_names, list_runs, show_picture
from runyard.web.console.server_facts import show_server
from runyard.web.console.sql.queries import Keep, OneQuery, forget_query, keep_query, list_kept
from runyard.web.console.workflows.facts import ListWorkflows, OneWorkflow, list_workflows, show_workflow

PREFIX = "/console/v1"

_TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Any], type[Struct]]] = (
    ("GET", "/picture", show_picture, Nothing),
    ("GET", "/runs", list_runs, ListRuns),
    ("GET", "/names", list_names, ListNames),
    ("GET", "/runs/{run}", show_run, Look),
    ("GET", "/runs/{run}/records", show_records, Records),
    ("GET", "/runs/{run}/log", read_window, Window),
    ("GET", "/runs/{run}/log/matches", search_log, Search),
    ("GET", "/runs/{run}/log/file", send_file, OneLog),
    ("GET", "/runs/{run}/cells", show_cells, OneAttempt),
    ("GET", "/runs/{run}/rows", show_rows, Rows),
    ("GET", "/runs/{run}/page", send_page, OneResult),
    ("GET", "/runs/{run}/resolved", show_resolved, OneAttempt),
    ("GET", "/runs/{run}/bookmark", show_bookmark, OneRun),
    ("POST", "/runs/{run}/again", run_again, OneRun),
    ("POST", "/runs/{run}/repair", repair_run, Repair),
    ("GET", "/jobs", list_jobs, ListJobs),
    ("GET", "/jobs/{job}/matrix", show_matrix, Matrix),
    ("GET", "/jobs/{job}/bookmarks", list_versions, Versions),
    ("POST", "/jobs/{job}/pause", pause_job, Pause),
    ("GET", "/jobs/{job}", show_job, OneJob),
    ("GET", "/queries", list_kept, Nothing),
    ("POST", "/queries", keep_query, Keep),
    ("DELETE", "/queries", forget_query, OneQuery),
    ("GET", "/workflows", list_workflows, ListWorkflows),
    ("GET", "/workflows/{run}", show_workflow, OneWorkflow),
    ("GET", "/dremio/queues", show_queues, Nothing),
    ("GET", "/dremio/queries", list_queries, ListQueries),
    ("GET", "/dremio/reflections", show_reflections, Nothing),
    ("GET", "/server", show_server, Nothing),
)
NEEDS: Mapping[Callable[[Call, Any], Any], Role] = {show_server: Role.ADMIN}
"""The role that an operation needs, where it is not what its method says: GET a viewer, everything else an operator."""
OPERATIONS: Sequence[Operation] = tuple(
    Operation(
        method=method,
        path=path,
        handle=handle,
        asks=asks,
        status=201 if handle is run_again else 200,
        said=NEEDS.get(handle),
    )
    for method, path, handle, asks in _TABLE
)
