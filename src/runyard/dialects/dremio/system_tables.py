"""Tables over the ledger that statements may name: what jobs there were, as no call of the API lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.core.job import Workspace
from runyard.core.run import Run
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import path_of
from runyard.dialects.dremio.machine import ENGINE
from runyard.dialects.dremio.reflections.tables import TABLES, table
from runyard.dialects.dremio.told import jobs_of
from runyard.dialects.dremio.views import LANGUAGE, Job, error_of, query_type, row_count
from runyard.dialects.dremio_ids import job_id
from runyard.engine.engine import Engine
from runyard.store.ledger import Page

MOST = 10_000  # jobs, the newest; a table of them all would be as large as the ledger
VARCHAR, BIGINT, TIMESTAMP, BOOLEAN, DOUBLE = "VARCHAR", "BIGINT", "TIMESTAMP", "BOOLEAN", "DOUBLE"
OWN = "user_defined_functions"
NONE = "privileges"
OF_JOBS = ("jobs_recent", "jobs")
NAMES = "|".join((*OF_JOBS, OWN, NONE, *TABLES))
TEXTS: Mapping[str, str] = {catalog.VIEW: "sql", catalog.FUNCTION: "functionBody"}
"""By the kind of an entity where the text stands that it is read as."""
SYSTEM = "sys"
_NAME = re.compile(rf'\bsys"?\s*\.\s*(?:"?project"?\s*\.\s*)?"?(?P<table>{NAMES})\b', re.IGNORECASE)
_SHORT = re.compile(rf"\b(?P<table>{NAMES})\b", re.IGNORECASE)  # where short names are looked up in the system
_LISTS = re.compile(r"\b(information_schema|show)\b", re.IGNORECASE)
ALL = "information_schema"
Leading = Mapping[str, frozenset[str]]
"""The views and functions that lead to tables of the system, by the last part of their paths, and those tables."""

Column = tuple[str, str, Callable[[Job], Any]]


def _step(*words: str) -> Callable[[Job], int | None]:
    """Return when a job came to the first of some steps."""
    return lambda job: next((at for word, at in job.told.steps if word in words), None)


MOMENTS: Mapping[str, Callable[[Job], int | None]] = {
    "submitted": lambda job: job.run.created_at,
    "attempt_started": lambda job: job.run.attempt_at,
    "metadata_retrieval": _step("METADATA_RETRIEVAL"),
    "planning_start": _step("PLANNING"),
    "query_enqueued": _step("QUEUED"),
    "engine_start": _step("ENGINE_START"),
    "execution_planning": _step("EXECUTION_PLANNING"),
    "execution_start": _step("RUNNING"),
    "final_state": lambda job: job.run.ended_at,
}
"""When a job came to what; what it has not come to, or skips, is NULL."""


def _engine(job: Job) -> str | None:
    """Return the engine that carried a job out; None of one that was in no queue."""
    return (job.told.engine or ENGINE) if job.told.queue else None


def _unknown(_: Job) -> None:
    """Return what Dremio tells and nobody has measured here."""


JOBS: Sequence[Column] = (
    ("job_id", VARCHAR, lambda job: job_id(job.run.id)),
    ("status", VARCHAR, lambda job: job.state),
    ("query_type", VARCHAR, lambda job: query_type(job.run)),
    ("user_name", VARCHAR, lambda job: job.run.settings.get("user")),
    ("queried_datasets", VARCHAR, lambda job: ",".join(".".join(path) for path in job.told.datasets) or None),
    ("scanned_datasets", VARCHAR, _unknown),
    ("attempt_count", BIGINT, lambda job: job.run.attempt + 1),
    *((f"{name}_ts", TIMESTAMP, moment) for name, moment in MOMENTS.items()),
    *((f"{name}_epoch_millis", BIGINT, moment) for name, moment in MOMENTS.items()),
    ("planner_estimated_cost", DOUBLE, lambda job: job.told.cost),
    ("rows_scanned", BIGINT, _unknown),
    ("bytes_scanned", BIGINT, _unknown),
    ("rows_returned", BIGINT, row_count),
    ("bytes_returned", BIGINT, _unknown),
    ("accelerated", BOOLEAN, lambda job: any(one.get("relationship") == "CHOSEN" for one in job.told.acceleration)),
    ("queue_name", VARCHAR, lambda job: job.told.queue or None),
    ("engine", VARCHAR, _engine),
    ("error_msg", VARCHAR, error_of),
    ("query", VARCHAR, lambda job: job.run.settings.get("sql")),
)
"""A job as a row."""


FUNCTIONS: Sequence[tuple[str, str, Callable[[Document], Any]]] = (
    ("argList", VARCHAR, lambda one: one.content["functionArgList"] or None),
    ("name", VARCHAR, lambda one: ".".join(one.content["path"])),
    ("sql", VARCHAR, lambda one: one.content["functionBody"]),
    ("returnType", VARCHAR, lambda one: one.content["returnType"]),
    ("createdAt", TIMESTAMP, lambda one: one.created_at),
    ("modifiedAt", TIMESTAMP, lambda one: one.updated_at),
)
"""A function of one's own as a row."""


PRIVILEGE = tuple(
    (name, VARCHAR, _unknown) for name in ("object_id", "object_type", "grantee_id", "grantee_type", "privilege")
)
"""What a privilege would be as a row: there are none by object, and who asks for them (dbt) wants to see so."""


def _kinds(columns: Sequence[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, "type": {"name": kind}} for name, kind, _ in columns]


KINDS: Mapping[str, list[dict[str, Any]]] = {
    **dict.fromkeys(OF_JOBS, _kinds(JOBS)),
    OWN: _kinds(FUNCTIONS),
    NONE: _kinds(PRIVILEGE),
    **{name: _kinds(columns) for name, (columns, _) in TABLES.items()},
}
"""The columns of each table."""


def named_in(
    engine: Engine, workspace: Workspace, sql: str, *, context: Sequence[str] = (), leading: Leading | None = None
) -> list[dict[str, Any]]:
    """Return the tables that a text may come to, in each spelling of their names; none costs nothing.

    One that asks what tables there are is told all of them; those that it does not name, without rows.
    """
    wanted = _reached(sql, context, leading or {})
    jobs = _jobs(engine, workspace) if wanted & set(OF_JOBS) else {}
    told = {name: jobs for name in OF_JOBS if jobs}
    told |= {name: table(engine, workspace, name) for name in wanted & TABLES.keys()}
    if NONE in wanted:
        told[NONE] = {"columns": KINDS[NONE], "rows": []}
    if OWN in wanted:
        told[OWN] = _functions(engine, workspace)
    return _spelled({**_without(None), **told} if ALL in wanted else told)


def empty() -> list[dict[str, Any]]:
    """Return every table without its rows, for who asks what columns a text has."""
    return _spelled(_without([]))


def _without(rows: Sequence[Any] | None) -> dict[str, Any]:
    """Return every table with no rows; None: nobody may ask for them."""
    return {name: {"columns": columns, "rows": rows} for name, columns in KINDS.items()}


def leading(documents: Iterable[Document]) -> Leading:
    """Return which views and functions of a catalog lead to tables of the system, also through others."""
    texts = [(one, path_of(one)[-1].casefold()) for one in documents if one.kind in TEXTS]
    found: dict[str, frozenset[str]] = {}
    while True:
        more = {}
        for one, name in texts:
            known = found.get(name, frozenset())
            reached = _reached(one.content[TEXTS[one.kind]], one.content.get("sqlContext") or (), found)
            if not reached <= known:
                more[name] = known | reached
        if not more:
            return found
        found |= more


def _reached(sql: str, context: Sequence[str], leading: Leading) -> frozenset[str]:
    """Return the tables that a text may name, or come to through a view or function that it may name."""
    first = context[0].casefold() if context else ""
    own = {found["table"].lower() for found in (_SHORT if first == SYSTEM else _NAME).finditer(sql)}
    own |= {ALL} if first == ALL or _LISTS.search(sql) else set()
    return frozenset(own).union(*(tables for name, tables in leading.items() if _says(sql, name)))


def _says(sql: str, name: str) -> bool:
    word = re.escape(name.replace('"', '""'))
    return re.search(rf"(?<!\w){word}(?!\w)", sql.casefold()) is not None


def _spelled(told: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"path": [SYSTEM, *project, name], **rows} for name, rows in told.items() for project in (["project"], [])]


def _functions(engine: Engine, workspace: Workspace) -> dict[str, Any]:
    known = catalog.opened(engine, workspace).read(workspace, catalog.every)
    functions = [one for one in known if one.kind == catalog.FUNCTION]
    return {
        "columns": KINDS[OWN],
        "rows": [[value(one) for _, _, value in FUNCTIONS] for one in functions],
    }


def _jobs(engine: Engine, workspace: Workspace) -> Mapping[str, Any]:
    runs = engine.runs(workspace, Page(limit=MOST, where={"language": LANGUAGE}))
    return {"columns": KINDS["jobs"], "rows": list(_rows(engine, runs))}


def _rows(engine: Engine, runs: Iterable[Run]) -> Iterable[list[Any]]:
    return ([value(job) for _, _, value in JOBS] for job in jobs_of(engine, runs))
