from __future__ import annotations

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.planning.lists import never_empty
from runyard.sql.statements import Select


def widened(text: str) -> str:
    statement = parse(text)
    assert isinstance(statement, Select)
    tree = statement.tree.copy()
    never_empty(tree)
    return LANGUAGE.generate(tree)


@pytest.mark.parametrize(
    "condition",
    [
        "a IN (SELECT b FROM t)",
        "(a IN (SELECT b FROM t WHERE 0) OR b = 1) AND c IN (SELECT 1)",
        "a IN (SELECT b FROM t UNION SELECT c FROM t ORDER BY 1 LIMIT 2)",
        "a IN (WITH q AS (SELECT 1 AS z) SELECT z FROM q)",
    ],
)
def test_a_list_that_says_which_rows_there_are_is_never_empty(condition: str) -> None:
    assert "UNION ALL SELECT NULL" in widened(f"SELECT * FROM t WHERE {condition}")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t WHERE a NOT IN (SELECT b FROM t)",
        "SELECT * FROM t WHERE NOT a IN (SELECT b FROM t)",
        "SELECT a IN (SELECT b FROM t) FROM t",
        "SELECT * FROM t WHERE (a IN (SELECT b FROM t)) = 0",
        "SELECT * FROM t WHERE a IN (1, 2)",
        "SELECT * FROM t WHERE a IN (VALUES (1), (2))",
        "SELECT * FROM t WHERE (a, b) IN (SELECT b, c FROM t)",
        "SELECT * FROM t WHERE CASE WHEN a IN (SELECT b FROM t) THEN 0 ELSE 1 END",
    ],
)
def test_where_a_null_would_say_something_else_it_is_not_put(text: str) -> None:
    assert "NULL" not in widened(text)


_VALUES = st.one_of(st.none(), st.integers(0, 3))
_ATOMS = st.sampled_from(
    [
        "a IN (SELECT b FROM t WHERE c = 1)",
        "b IN (SELECT a FROM t WHERE 0)",
        "c NOT IN (SELECT b FROM t)",
        "a = 1",
        "b IS NULL",
        "NOT (a IN (SELECT c FROM t))",
    ]
)
_CONDITIONS = st.recursive(
    _ATOMS, lambda inner: st.builds(lambda a, w, b: f"({a} {w} {b})", inner, st.sampled_from(["AND", "OR"]), inner)
)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(_VALUES, _VALUES, _VALUES), max_size=6), condition=_CONDITIONS)
def test_the_rows_stay_the_same(rows: list[tuple[int | None, ...]], condition: str) -> None:
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE t (a, b, c)")
    database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    text = f"SELECT * FROM t WHERE {condition}"

    assert database.execute(widened(text)).fetchall() == database.execute(text).fetchall()
