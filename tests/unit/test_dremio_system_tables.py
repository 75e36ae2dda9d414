"""Tables of the system are there for whatever text comes to them, and cost nothing where none does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, add, open_yard

PROJECT = ["sys", "project"]
VIEW = {"entityType": "dataset", "type": "VIRTUAL_DATASET"}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        add(yard, {"entityType": "space", "name": "lake"})
        yield yard


def told(yard: Yard, sql: str, *context: str) -> dict[str, int | None]:
    """Return how many rows a job is told of each table of `sys.project`; None: it may not ask for them."""
    tables: list[dict[str, Any]] = yard.context(yard.submit(sql, context=list(context)))["catalog"]["system"]
    return {
        each["path"][-1]: None if each["rows"] is None else len(each["rows"])
        for each in tables
        if each["path"][:-1] == PROJECT
    }


def test_a_view_leads_to_them_also_through_others(yard: Yard) -> None:
    add(yard, {**VIEW, "path": ["lake", "Failures"], "sql": "SELECT job_id FROM sys.project.jobs"})
    add(yard, {**VIEW, "path": ["lake", "newest"], "sql": 'SELECT * FROM lake."failures"'})
    add(yard, {**VIEW, "path": ["lake", "newestOfAll"], "sql": "SELECT 1 AS one"})

    assert told(yard, "SELECT * FROM lake.FAILURES") == {"jobs_recent": 1, "jobs": 1}
    assert told(yard, "SELECT * FROM newest", "lake") == {"jobs_recent": 2, "jobs": 2}
    assert told(yard, "SELECT * FROM lake.newestOfAll") == {}


def test_a_function_leads_to_them(yard: Yard) -> None:
    body = {"isScalar": True, "functionBody": "SELECT count(*) FROM sys.reflections", "returnType": "BIGINT"}
    add(yard, {"entityType": "function", "path": ["lake", "many"], **body})

    assert told(yard, "SELECT lake.many() AS n") == {"reflections": 0}


@pytest.mark.parametrize("context", [("sys",), ("SYS", "project")])
def test_they_have_short_names_for_who_stands_among_them(yard: Yard, context: tuple[str, ...]) -> None:
    assert told(yard, 'SELECT * FROM "jobs"', *context) == {"jobs_recent": 1, "jobs": 1}
    assert told(yard, "SELECT * FROM jobs", "lake") == {}


@pytest.mark.parametrize(
    ("sql", "context"),
    [
        ('SELECT * FROM INFORMATION_SCHEMA."TABLES", sys.jobs', ()),
        ('SELECT * FROM "TABLES", sys.jobs', ("information_schema",)),
        ("SHOW TABLES IN sys.project -- as sys.jobs", ()),
    ],
)
def test_who_asks_what_tables_there_are_is_told_all_and_the_rows_of_those_he_names(
    yard: Yard, sql: str, context: tuple[str, ...]
) -> None:
    tables = told(yard, sql, *context)

    assert {name for name, rows in tables.items() if rows is not None} == {"jobs", "jobs_recent"}
    assert {name for name, rows in tables.items() if rows is None} == {
        "user_defined_functions", "privileges", "reflections", "materializations", "refreshes",
        "reflection_dependencies",
    }  # fmt: skip
