"""Lists behind IN that turn out to be empty, over a table of a service: no error, and the rows that there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_upstream import Workspace
from databricks_yard import databricks_yard
from sql_yard import Asker, asking
from upstream import answering

RUNS = "databricks_workspace.workflows.job_runs"
SETTINGS = '[connections.prod]\nservice = "databricks"\nurl = "{url}"\ntoken = "secret-token"\n'
NONE, SOME = "SELECT value FROM json_each('[]')", "SELECT value FROM json_each('[3, 4]')"
THERE = "deployment_name = 'prod'"


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    home: Path = tmp_path_factory.mktemp("lists")
    store_url = f"sqlite:///{home / 'ledger.db'}"
    with answering(Workspace()) as cloud, databricks_yard(home, store_url):
        (home / "settings.toml").write_text(SETTINGS.format(url=cloud.url))
        with asking(home, store_url) as asker:
            yield asker


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN ({NONE})",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN (SELECT id FROM runyard.ledger.runs)",
        f"WITH none AS ({NONE}) SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN (SELECT value FROM none)",
        f"WITH none AS ({NONE}) SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN (SELECT * FROM none)",
        f"WITH none (n) AS ({NONE}) SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN none",
        f"WITH r AS (SELECT * FROM {RUNS} WHERE {THERE}) SELECT run_id FROM r WHERE run_id IN ({NONE})",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN ()",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND NOT run_id NOT IN ({NONE})",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND (run_id IN ({NONE})) IS TRUE",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND (run_id IN ({NONE})) = 1",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND +run_id IN ({NONE})",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND (run_id, job_id) IN (SELECT 1, 2 WHERE 0)",
        f"SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN ({NONE}) AND job_id IN ({NONE})",
        f"SELECT a.run_id FROM {RUNS} a JOIN {RUNS} b ON b.run_id IN ({NONE}) AND b.{THERE} WHERE a.{THERE}",
        f"SELECT run_id FROM {RUNS} WHERE deployment_name IN ('prod') AND run_id IN ({NONE})",
    ],
)
def test_an_empty_list_leaves_no_row(ask: Asker, query: str) -> None:
    assert ask.values(query) == []


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (f"run_id NOT IN ({NONE})", 60),
        (f"NOT run_id IN ({NONE})", 60),
        (f"NOT (run_id IN ({NONE}) OR job_id IN ({NONE}))", 60),
        (f"(run_id IN ({NONE})) IS FALSE", 60),
        (f"(run_id IN ({NONE})) = 0", 60),
        ("run_id NOT IN ()", 60),
        (f"CASE WHEN run_id IN ({NONE}) THEN 0 ELSE 1 END", 60),
        (f"run_id NOT IN ({SOME})", 58),
        (f"run_id IN ({NONE}) OR run_id IN ({SOME})", 2),
        (f"run_id IN ({NONE}) OR job_id = 10", 20),
        (f"run_id IN ({SOME}) AND run_id NOT IN ({NONE})", 2),
        (f"run_id IN ({NONE} UNION ALL {SOME})", 2),
        ("run_id IN (SELECT value FROM json_each('[3, null]'))", 1),
        ("run_id NOT IN (SELECT value FROM json_each('[3, null]'))", 0),
    ],
)
def test_what_is_in_no_list_stays(ask: Asker, condition: str, count: int) -> None:
    assert ask.values(f"SELECT count(*) FROM {RUNS} WHERE {THERE} AND ({condition})") == [(count,)]


def test_the_name_of_a_table_is_its_rows(ask: Asker) -> None:
    some = f"WITH some AS ({SOME}) SELECT run_id FROM {RUNS} WHERE {THERE} AND run_id IN some ORDER BY 1"
    none = f"WITH none AS ({NONE}) SELECT count(*) FROM {RUNS} WHERE {THERE} AND run_id NOT IN none"

    assert (ask.values(some), ask.values(none)) == ([(3,), (4,)], [(60,)])


def test_an_outer_join_keeps_rows_that_have_no_partner_in_an_empty_list(ask: Asker) -> None:
    rows = ask.values(
        f"SELECT count(*), count(b.run_id) FROM {RUNS} a LEFT JOIN (SELECT * FROM {RUNS} WHERE {THERE}) b "
        f"ON b.run_id = a.run_id AND b.run_id IN ({NONE}) WHERE a.{THERE}"
    )

    assert rows == [(60, 0)]


def test_a_row_may_say_whether_it_is_in_an_empty_list(ask: Asker) -> None:
    rows = ask.values(f"SELECT DISTINCT run_id IN ({NONE}), run_id NOT IN ({NONE}) FROM {RUNS} WHERE {THERE}")

    assert rows == [(0, 1)]
