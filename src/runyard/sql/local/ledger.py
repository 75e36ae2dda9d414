"""The ledger's own tables: runs, task runs, attempts, events, jobs … of every language, in the core's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from runyard.core.job import Job
from runyard.core.run import Attempt, Event, Repair, Run
from runyard.core.trigger import Trigger
from runyard.dialects.native import views
from runyard.sql.local.tables import Branch, LocalColumn, LocalTable
from runyard.sql.local.words import OUTCOME, PHASE, STATE, Words, phase_of_row

PROVIDER, SERVICE = "runyard", "ledger"
_DOCUMENTS = ("Mapping", "tuple")
_WORDS: Mapping[str, Words] = {"phase": PHASE}
_NOT_TOLD = ("workspace_id", "is_listed", "idempotency_key", "unique_name")
"""What no caller is shown: whose it is he knows, and a key is good for whoever has it."""

RUNS_IN_A_LIST = "FROM run AS r WHERE r.workspace_id = :workspace AND r.is_listed = 1"
# The index of phases knows runs as `> 0`; every column of the statement must stand in it.
RUNS_IN_THE_INDEX = "FROM run AS r WHERE r.workspace_id = :workspace AND r.is_listed > 0"
BY_PHASE = frozenset({STATE, OUTCOME})
PHASED = " AND r.is_listed > 0"
OF_INDEX: Mapping[str, tuple[str, ...]] = {
    STATE: ("state",),
    OUTCOME: ("outcome",),
    "phase": ("state", "outcome"),
    "state": ("state",),
    "outcome": ("outcome",),
    "job_id": ("job_id",),
}
"""Of which columns of the index of phases ours are made."""
_OF_A_RUN = "JOIN run AS r ON r.id = {alias}.run_id WHERE r.workspace_id = :workspace"
_NEWEST = (
    " AND a.number = (SELECT max(b.number) FROM attempt AS b WHERE b.run_id = a.run_id AND b.task_key = a.task_key)"
)


def type_of(annotation: str, name: str) -> str:
    """Return the type of a column from the annotation of its field."""
    bare = annotation.removesuffix(" | None")
    if name == "at" or name.endswith("_at") or name in ("wait_until", "waits_since"):
        return "timestamp"
    if bare.startswith(_DOCUMENTS):
        return "json"
    return {"int": "bigint", "bool": "boolean", "float": "double"}.get(bare, "text")


def plain_columns(record: type, *, alias: str, names: Sequence[str] | None = None) -> dict[str, tuple[str, str]]:
    """Return the columns that a record's table has: name to type and SQL."""
    annotations = {one.name: str(one.type) for one in fields(record)}
    wanted = [name for name in annotations if name not in _NOT_TOLD] if names is None else names
    return {name: (type_of(annotations.get(name, "str"), name), f"{alias}.{name}") for name in wanted}


def _table(
    name: str,
    columns: Mapping[str, tuple[str, str]],
    source: str,
    *,
    description: str,
    rows: str = "",
    **more: Any,
) -> LocalTable:
    """Return a table; `rows` is the alias of the rows whose phase the columns tell."""
    hidden = {STATE: f"{rows}.state", OUTCOME: f"{rows}.outcome"} if rows else {}
    return LocalTable(
        path=f"{PROVIDER}.{SERVICE}.{name}",
        columns=(
            *(
                LocalColumn(name=one, type=its, words=_WORDS.get(one) if rows else None)
                for one, (its, _) in columns.items()
            ),
            *(LocalColumn(name=one, is_hidden=True) for one in hidden),
        ),
        branches=(Branch(source=source, values={one: sql for one, (_, sql) in columns.items()} | hidden, **more),),
        ended=STATE if rows else "",
        description=description,
    )


def _phase(alias: str) -> tuple[str, str]:
    return "text", phase_of_row(f"{alias}.state", f"{alias}.outcome")


_ATTEMPT = {**plain_columns(Attempt, alias="a", names=views.ATTEMPT.plain), "phase": _phase("a")}
_RUN = {
    **plain_columns(Run, alias="r", names=views.RUN.plain),
    "phase": _phase("r"),
    "tasks": ("json", "runyard_tasks(r.tasks)"),
}
_JOB = {**plain_columns(Job, alias="j", names=views.JOB.plain), "tasks": ("json", "runyard_tasks(j.tasks)")}
_QUEUE = {
    "job_id": ("bigint", "j.id"),
    "job_name": ("text", "j.name"),
    "max_concurrent_runs": ("bigint", "j.max_concurrent_runs"),
    "admitted": (
        "bigint",
        "(SELECT count(*) FROM run AS r WHERE r.job_id = j.id AND r.admitted_at IS NOT NULL AND r.state <> 'ended')",
    ),
    "waiting": (
        "bigint",
        "(SELECT count(*) FROM run AS r WHERE r.job_id = j.id AND r.admitted_at IS NULL AND r.state = 'queued')",
    ),
}
_TRIGGER = plain_columns(Trigger, alias="t")
_JOBS = "FROM job AS j WHERE j.workspace_id = :workspace"

TABLES: tuple[LocalTable, ...] = (
    _table(
        "runs",
        _RUN,
        RUNS_IN_A_LIST,
        description="Every run of every language.",
        rows="r",
        covered=frozenset(OF_INDEX),
        covered_source=RUNS_IN_THE_INDEX,
        of_index=OF_INDEX,
        by_phase=BY_PHASE,
        phased=PHASED,
    ),
    _table(
        "task_runs",
        _ATTEMPT,
        "FROM attempt AS a " + _OF_A_RUN.format(alias="a") + _NEWEST,
        description="Where every task of every run stands: its newest attempt.",
        rows="a",
    ),
    _table(
        "attempts",
        _ATTEMPT,
        "FROM attempt AS a " + _OF_A_RUN.format(alias="a"),
        description="Every try of every task: one process each.",
        rows="a",
    ),
    _table(
        "events",
        plain_columns(Event, alias="e", names=views.EVENT.plain),
        "FROM event AS e " + _OF_A_RUN.format(alias="e"),
        description="Every change of every run.",
    ),
    _table(
        "repairs",
        plain_columns(Repair, alias="p"),
        "FROM repair AS p " + _OF_A_RUN.format(alias="p"),
        description="The rounds of runs of which tasks were run again; the original is number 0.",
    ),
    _table("jobs", _JOB, _JOBS, description="Every job of every language."),
    _table(
        "queues",
        _QUEUE,
        f"{_JOBS} AND j.max_concurrent_runs IS NOT NULL",
        description="The lane of every job with a limit: how many of its runs go on, and how many wait.",
    ),
    _table(
        "triggers",
        _TRIGGER,
        "FROM trigger_of_job AS t WHERE t.workspace_id = :workspace",
        description="What starts runs by itself.",
    ),
)
