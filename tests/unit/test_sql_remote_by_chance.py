from __future__ import annotations

from collections.abc import Iterator

import pytest
from databricks_upstream import NEWEST, RUNS, Workspace, desk
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sql_asking import Desk

GLUE_RUNS = "aws.glue.job_runs"


# by chance: what comes back is what the plain table gives

COLUMNS = ("run_id", "job_id", "start_time", "end_time", "run_type", "run_name")
_NUMBERS = st.sampled_from([0, 1, 7, 10, 11, 12, 59, 60, 61, NEWEST + 70_000, NEWEST + 75_000, NEWEST + 590_000, -1])
_VALUES = st.one_of(
    _NUMBERS.map(str),
    _NUMBERS.map(lambda one: f"'{one}'"),
    st.sampled_from(["NULL", "'JOB_RUN'", "'run 7'", "7.5", "11.0", "''", "'x'"]),
)
_COMPARED = st.builds(
    lambda column, operator, value: f"{column} {operator} {value}",
    st.sampled_from(COLUMNS),
    st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"]),
    _VALUES,
)
_LISTED = st.builds(
    lambda column, negated, values: f"{column} {'NOT ' if negated else ''}IN ({', '.join(values)})",
    st.sampled_from(COLUMNS),
    st.booleans(),
    st.lists(_VALUES, min_size=1, max_size=4),
)
_BETWEEN = st.builds(
    lambda column, low, high: f"{column} BETWEEN {low} AND {high}", st.sampled_from(COLUMNS), _VALUES, _VALUES
)
_CONDITIONS = st.recursive(
    st.one_of(_COMPARED, _LISTED, _BETWEEN),
    lambda inner: st.builds(
        lambda one, word, other, negated: f"{'NOT ' if negated else ''}({one} {word} {other})",
        inner,
        st.sampled_from(["AND", "OR"]),
        inner,
        st.booleans(),
    ),
    max_leaves=5,
)
_ORDERS = st.sampled_from(
    ["", *(f"ORDER BY {one} LIMIT 7" for one in ("run_id", "start_time DESC", "start_time DESC, run_id"))]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Desk]:
    with desk() as (one, _):
        one.database.execute(
            "CREATE TEMP TABLE plain (run_id INTEGER, job_id INTEGER, run_name TEXT, run_type TEXT, "
            "start_time INTEGER, end_time INTEGER)"
        )
        for row in Workspace().runs:
            one.database.execute(
                "INSERT INTO plain VALUES (:run_id, :job_id, :run_name, :run_type, :start_time, :end_time)",
                {name: value for name, value in row.items() if name != "state"},
            )
        yield one


@given(condition=_CONDITIONS, order=_ORDERS)
@example(condition="(run_id = 1 OR start_time < 1070000)", order="")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_condition_gives_the_rows_of_the_plain_table(shared: Desk, condition: str, order: str) -> None:
    asked = f"SELECT run_id, start_time FROM {{}} WHERE {condition} {order}"
    plain = shared.database.execute(asked.format("plain")).fetchall()

    found = shared.rows(asked.format(RUNS))

    assert (found if order else sorted(found)) == (plain if order else sorted(plain))


@given(left=_CONDITIONS, right=_CONDITIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_join_gives_the_rows_of_the_plain_table(shared: Desk, left: str, right: str) -> None:
    asked = (
        f"SELECT a.run_id, b.run_id FROM (SELECT * FROM {{0}} WHERE {left}) AS a "
        f"LEFT JOIN (SELECT * FROM {{0}} WHERE {right}) AS b ON a.run_id = b.run_id + 1"
    )
    plain = shared.database.execute(asked.format("plain")).fetchall()

    found = shared.rows(asked.format(RUNS))

    assert sorted(found, key=repr) == sorted(plain, key=repr)
