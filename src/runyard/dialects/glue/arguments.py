"""A Glue job as the core's one task, and the last facts that its script is told."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.job import MINUTE_MS, Task
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue import capacity, spark_words
from runyard.dialects.glue.capacity import Settings
from runyard.engine.finishing import Finishing

TASK_KEY = "main"
ATTEMPT_VARIABLE = "RUNYARD_ATTEMPT_ID"
"""How a script's process knows which attempt it is; runtime/runyard_bookmarks.py asks for its bookmark by it."""
KINDS: Mapping[str, str] = {
    capacity.PYTHON_SHELL: "python_script",
    capacity.ETL: "spark",
    capacity.STREAMING: "spark",
    capacity.RAY: "ray",
}
"""Which executor runs a job, by its command."""
ON_SPARK = (capacity.ETL, capacity.STREAMING)


def task(words: Settings) -> Task:
    """Return the one task of a job whose words are whole (see asked.py)."""
    minutes = capacity.timeout(words)
    return Task(
        key=TASK_KEY,
        kind=KINDS[capacity.command(words)],
        spec=_spec(words),
        max_retries=words.get("MaxRetries", 0),
        timeout_ms=None if minutes is None else minutes * MINUTE_MS,
    )


def _spec(words: Settings) -> dict[str, Any]:
    arguments = words["Arguments"]
    script = arguments.get("--scriptLocation") or words["Command"].get("ScriptLocation")
    return {
        **({"script": script} if script else {}),
        "files": _split(arguments.get("--extra-files", "")),
        "python_files": _split(arguments.get("--extra-py-files", "")),
        "packages": _split(arguments.get("--additional-python-modules", "")),
        "package_options": _words("--python-modules-installer-option", arguments),
        **({"spark": spark_words.spark(words)} if capacity.command(words) in ON_SPARK else {}),
    }


def finish(finishing: Finishing) -> Mapping[str, Any]:
    """Give a script the command line that AWS gives it: its job and run beside its own arguments."""
    run, attempt, planned = finishing.run, finishing.attempt, finishing.task
    if "script" not in planned.spec:
        raise InvalidRequest(f"Job {run.job_name} has no ScriptLocation; set Command.ScriptLocation with UpdateJob.")
    arguments: Mapping[str, str] = run.settings["Arguments"]
    told = {
        "--JOB_NAME": run.job_name,
        "--JOB_ID": ids.job_id(run.job_id or 0),
        **arguments,
        "--JOB_RUN_ID": ids.run_id(run.id, attempt.number),
        "--job-bookmark-option": arguments.get("--job-bookmark-option", "job-bookmark-disable"),
        **_workflow(run.started_by),
    }
    environment = {ATTEMPT_VARIABLE: str(attempt.id)}
    return {**planned.spec, "arguments": [word for pair in told.items() for word in pair], "environment": environment}


def _workflow(started_by: Mapping[str, Any]) -> dict[str, str]:
    """Return what a script in a workflow asks its run properties with."""
    if "flow_run_id" not in started_by:
        return {}
    return {
        "--WORKFLOW_NAME": started_by["workflow"],
        "--WORKFLOW_RUN_ID": ids.workflow_run_id(started_by["flow_run_id"]),
    }


def _words(name: str, arguments: Mapping[str, str]) -> list[str]:
    """Return the words of an argument that is itself a piece of a command line."""
    if name not in arguments:  # as in most runs: a whole lexer would be made for nothing
        return []
    try:
        return shlex.split(arguments[name])
    except ValueError as error:
        raise InvalidRequest(f"Argument {name} {arguments[name]!r} is no command line: {error}.") from error


def _split(names: str) -> list[str]:
    """Return the parts of one of Glue's comma-separated arguments."""
    return [name.strip() for name in names.split(",") if name.strip()]
