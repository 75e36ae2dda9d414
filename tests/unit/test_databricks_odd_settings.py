"""Settings that nobody would write, and somebody sends, are taken or refused and never break anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script

from runyard.core.errors import RunyardError


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path / "home") as yard:
        yield yard


FULL: dict[str, Any] = {
    "name": "n",
    "tags": {"a": "1"},
    "timeout_seconds": 1,
    "max_concurrent_runs": 1,
    "queue": {"enabled": True},
    "parameters": [{"name": "p", "default": "1"}],
    "environments": [{"environment_key": "e", "spec": {"dependencies": ["six"]}}],
    "environment_variables": [{"environment_variables_key": "v", "spec": {"variables": {"A": "1"}}}],
    "job_clusters": [{"job_cluster_key": "c", "new_cluster": {"spark_env_vars": {"A": "1"}}}],
    "git_source": {"git_url": "u", "git_provider": "gitHub"},
    "run_as": {"user_name": "u"},
    "tasks": [
        script("s", libraries=[{"pypi": {"package": "six", "repo": "r"}}, {"whl": "/w.whl"}], job_cluster_key="c"),
        script("t", environment_key="e", environment_variables_key="v", max_retries=1, retry_on_timeout=True),
        notebook("n", base_parameters={"a": "1"}) | {"depends_on": [{"task_key": "k", "outcome": "true"}]},
        {"task_key": "k", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}, "run_if": "ALL_DONE"},
        {"task_key": "l", "for_each_task": {"inputs": "[1]", "concurrency": 2, "task": script("x")}},
        {"task_key": "j", "run_job_task": {"job_id": 1, "job_parameters": {"a": "1"}, "python_params": ["x"]}},
        {
            "task_key": "w",
            "python_wheel_task": {"package_name": "p", "entry_point": "e", "named_parameters": {"a": "1"}},
        },
        {"task_key": "q", "sql_task": {"warehouse_id": "w", "file": {"path": "/q.sql"}, "parameters": {"a": "1"}}},
        {"task_key": "d", "dbt_task": {"commands": ["dbt run"], "project_directory": "/p"}},
        {"task_key": "o", "python_operator_task": {"main": "m.f", "parameters": [{"name": "a", "value": "1"}]}},
    ],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*path, name)
        yield from places(each, (*path, name))


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """Return a copy with an odd value at one place."""
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize(
    "odd", [None, 5, -1, 1.5, "odd", True, [], {}, [5], ["odd"], {"odd": 5}, [None], [{"odd": None}]]
)
def test_an_odd_value_anywhere_is_taken_or_refused_and_never_breaks_anything(yard: Yard, odd: Any) -> None:
    for path in places(FULL):
        members = put(FULL, path, odd)
        with suppress(RunyardError):
            job_id = yard("createJob", **members)["job_id"]
            yard("updateJob", job_id=job_id, new_settings=members)
            yard.run_now(job_id)
        with suppress(RunyardError):
            yard("submitRun", **members)
