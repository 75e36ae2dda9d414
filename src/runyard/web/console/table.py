"""The operations that the console has beyond our own language, by method and path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from runyard.dialects.native.calls import Call
from runyard.dialects.native.operations import Operation
from runyard.dialects.native.parameters import Nothing, OneJob, OneRun
from runyard.web.console.job_facts import ListJobs, Matrix, Pause, list_jobs, pause_job, show_job, show_matrix
from runyard.web.console.languages import show_records
from runyard.web.console.log_windows import OneLog, Search, Window, read_window, search_log, send_file
from runyard.web.console.outputs import OneAttempt, show_cells
from runyard.web.console.run_changes import Repair, repair_run, run_again
from runyard.web.console.run_facts import show_run
from runyard.web.console.run_lists import ListRuns, list_runs, show_picture

PREFIX = "/console/v1"

_TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Any], type[Struct]]] = (
    ("GET", "/picture", show_picture, Nothing),
    ("GET", "/runs", list_runs, ListRuns),
    ("GET", "/runs/{run}", show_run, OneRun),
    ("GET", "/runs/{run}/records", show_records, OneRun),
    ("GET", "/runs/{run}/log", read_window, Window),
    ("GET", "/runs/{run}/log/matches", search_log, Search),
    ("GET", "/runs/{run}/log/file", send_file, OneLog),
    ("GET", "/runs/{run}/cells", show_cells, OneAttempt),
    ("POST", "/runs/{run}/again", run_again, OneRun),
    ("POST", "/runs/{run}/repair", repair_run, Repair),
    ("GET", "/jobs", list_jobs, ListJobs),
    ("GET", "/jobs/{job}/matrix", show_matrix, Matrix),
    ("POST", "/jobs/{job}/pause", pause_job, Pause),
    ("GET", "/jobs/{job}", show_job, OneJob),
)
OPERATIONS: Sequence[Operation] = tuple(
    Operation(method=method, path=path, handle=handle, asks=asks, status=201 if handle is run_again else 200)
    for method, path, handle, asks in _TABLE
)
