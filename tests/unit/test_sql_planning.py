"""A query's names, stars, paths, words and ids are put in terms of the ledger, and keep their meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard
from sql_yard import Asker, asking, varied_yard

from runyard.dialects import aws_ids
from runyard.sql.errors import SqlError
from runyard.sql.local.reading import borrowed
from runyard.store.ledger import Page

RUNS = "databricks_workspace.jobs.job_runs"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Yard, Path, str]]:
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'ledger.db'}"
    with varied_yard(home, url) as yard:
        yield yard, home, url


@pytest.fixture
def ask(yard: tuple[Yard, Path, str]) -> Iterator[Asker]:
    _, home, url = yard
    with asking(home, url) as asker:
        yield asker


def steps(ask: Asker, text: str, *arguments: Any) -> str:
    """Return how SQLite goes about a query."""
    sql = next(row[0] for row in ask.values(f"EXPLAIN {text}") if row[0].startswith("run: ")).removeprefix("run: ")
    values = {f"bind{number}": value for number, value in enumerate(arguments, 1)}
    with borrowed(ask.ledger) as connection:
        told = {"workspace": 1, "url": "", "region": "", **values}
        return "\n".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", told))


def refusal(ask: Asker, text: str) -> SqlError:
    with pytest.raises(SqlError) as refused:
        ask(text)
    return refused.value


def test_a_name_has_three_parts_or_an_alias_and_any_case(ask: Asker) -> None:
    counted = ask.values(f"SELECT count(*) FROM {RUNS}")

    assert ask.values(f"select COUNT(R.Run_Id) from {RUNS.upper()} as r") == counted
    assert ask.values("SELECT count(job_runs.run_id) FROM databricks_workspace.workflows.job_runs") == counted
    assert ask.values(f"SELECT count({RUNS}.run_id) FROM {RUNS}") == counted


def test_a_query_of_one_s_own_hides_a_view_of_that_name(ask: Asker) -> None:
    assert ask("WITH databricks_job_run AS (SELECT 1 AS one) SELECT * FROM Databricks_Job_Run") == [{"one": 1}]
    assert ask("SELECT x.* FROM (SELECT 2 AS two) AS x") == [{"two": 2}]


def test_a_star_shows_what_is_shown_and_nothing_that_is_hidden(ask: Asker) -> None:
    names = set(ask(f"SELECT * FROM {RUNS} WHERE state ->> 'result_state' = 'FAILED' LIMIT 1")[0])

    assert not any(name.startswith("#") or "." in name for name in names)
    assert set(
        ask("SELECT r.*, a.number FROM runyard.ledger.runs r JOIN runyard.ledger.attempts a ON a.run_id = r.id")[0]
    )
    joined = ask(
        "SELECT * FROM runyard.ledger.runs r NATURAL LEFT JOIN (SELECT id, 1 AS one FROM runyard.ledger.runs) x"
    )
    assert {row["one"] for row in joined} == {1}


def test_columns_alike_in_name_stay_what_they_are_behind_a_star(ask: Asker) -> None:
    assert ask("SELECT * FROM (SELECT 1 AS a, 2 AS A, 3 AS a) AS x") == [{"a": 1, "A:1": 2, "a:2": 3}]
    assert ask("WITH x AS (SELECT 1 AS a, 2 AS a UNION SELECT 3, 4) SELECT x.* FROM x ORDER BY a") == [
        {"a": 1, "a:1": 2},
        {"a": 3, "a:1": 4},
    ]
    pairs = ask.values(
        "SELECT * FROM (SELECT r.id, j.id FROM runyard.ledger.runs r JOIN runyard.ledger.jobs j ON j.id = r.job_id) x"
    )
    assert pairs
    assert all(run != job for run, job in pairs)


def test_names_behind_a_star_keep_their_case(ask: Asker) -> None:
    assert ask("WITH x(Ab) AS (SELECT 1) SELECT * FROM x") == [{"Ab": 1}]
    assert ask("SELECT x.* FROM (SELECT 1 AS OneTwo) AS x WHERE onetwo = 1") == [{"OneTwo": 1}]
    headings = ask.session.prepare("SELECT * FROM (SELECT JobName, Id FROM aws.glue.job_runs) AS x").headings
    assert headings is not None
    assert [(one.name, one.type) for one in headings] == [("JobName", "text"), ("Id", "text")]


def test_names_are_headed_as_they_were_written(ask: Asker) -> None:
    headings = ask.session.prepare(
        "SELECT JOBRUNSTATE, count(*), Attempt + 1 FROM aws.glue.job_runs GROUP BY 1, 3"
    ).headings

    assert [one.name for one in headings or ()] == ["JOBRUNSTATE", "count(*)", "Attempt + 1"]
    assert [one.type for one in headings or ()] == ["text", "bigint", "bigint"]


def test_headings_and_binds_know_their_types(ask: Asker) -> None:
    prepared = ask.session.prepare(
        "SELECT id, created_at, ended_at - created_at, phase = 'failed', settings, max(created_at), 1.5, 'x' "
        "FROM runyard.ledger.runs WHERE id = ? AND job_name = ? AND created_at > ? LIMIT ?"
    )

    types = [one.type for one in prepared.headings or ()]
    assert types == ["bigint", "timestamp", "bigint", "boolean", "json", "timestamp", "double", "text"]
    assert prepared.parameters == ("bigint", "text", "timestamp", "bigint")


def test_a_path_into_a_document_reads_the_column_beneath_and_makes_no_document(ask: Asker) -> None:
    for path in (
        "json_extract(state, '$.life_cycle_state')",
        "state ->> 'life_cycle_state'",
        "r.state->'$'->>'life_cycle_state'",
    ):
        plan = ask.values(f"EXPLAIN SELECT {path} FROM {RUNS} AS r")[0][0]
        assert ("runyard_databricks_standing" in plan) is ("'$'->>" in path)


def test_a_condition_on_a_word_is_served_by_the_index_of_phases(ask: Asker) -> None:
    for condition in (
        "state ->> 'result_state' = 'FAILED'",
        "json_extract(state, '$.life_cycle_state') IN ('RUNNING')",
    ):
        assert "run_by_phase" in steps(ask, f"SELECT job_id, count(*) FROM {RUNS} WHERE {condition} GROUP BY job_id")
    assert "run_by_phase" in steps(ask, "SELECT count(*) FROM aws.glue.job_runs WHERE JobRunState = 'FAILED'")
    assert "run_by_phase" in steps(ask, "SELECT phase, count(*) FROM runyard.ledger.runs GROUP BY phase")


def test_runs_are_found_by_their_ids_and_moments_without_looking_at_others(ask: Asker) -> None:
    glue_id = aws_ids.run_id(1)

    for text, arguments in (
        (f"SELECT Id FROM aws.glue.job_runs WHERE Id = '{glue_id}'", ()),
        ("SELECT Id FROM aws.glue.job_runs WHERE Id = ?", (glue_id,)),
        (f"SELECT state FROM {RUNS} WHERE run_id = 5", ()),
        ("SELECT * FROM runyard.ledger.runs WHERE id IN (1, 2)", ()),
        ("SELECT * FROM runyard.ledger.attempts WHERE run_id = 7", ()),
        (f"SELECT run_id FROM {RUNS} WHERE job_id = 3 ORDER BY run_id DESC LIMIT 5", ()),
        ("SELECT id FROM runyard.ledger.runs ORDER BY created_at DESC LIMIT 100", ()),
    ):
        plan = steps(ask, text, *arguments)
        assert "SCAN" not in plan, text
        assert "TEMP B-TREE FOR ORDER BY" not in plan, text


def test_a_moment_may_be_written_as_a_text(ask: Asker) -> None:
    every = ask.values("SELECT count(*) FROM runyard.ledger.runs")

    assert ask.values("SELECT count(*) FROM runyard.ledger.runs WHERE created_at > '2027-01-01T00:00:00Z'") == every
    assert ask.values("SELECT count(*) FROM runyard.ledger.runs WHERE created_at > '2028-01-01'") == [(0,)]
    assert ask.values("SELECT DISTINCT date(created_at) FROM runyard.ledger.runs") == [("2027-01-15",)]
    assert ask.values("SELECT DISTINCT strftime('%Y', created_at) FROM runyard.ledger.runs") == [("2027",)]


def test_a_number_of_a_column_may_be_written_as_a_text(ask: Asker) -> None:
    run_id, job_id = ask.values(f"SELECT run_id, job_id FROM {RUNS} ORDER BY run_id LIMIT 1")[0]

    assert ask.values(f"SELECT run_id FROM {RUNS} WHERE run_id = '{run_id}'") == [(run_id,)]
    assert ask.values(f"SELECT run_id FROM {RUNS} WHERE job_id = '{job_id}'") == [(run_id,)]


def test_this_server_goes_by_its_names_and_another_must_be_known(ask: Asker) -> None:
    here = ask.values(f"SELECT DISTINCT deployment_name FROM {RUNS} WHERE deployment_name = '127.0.0.1:0'")
    unknown = refusal(ask, f"SELECT * FROM {RUNS} WHERE deployment_name = 'prod'")

    assert here == [("127.0.0.1:0",)]
    assert ask.values("SELECT DISTINCT region FROM aws.glue.job_runs WHERE region = 'us-east-1'") == [("us-east-1",)]
    assert unknown.code == "42704"
    assert "'prod'" in str(unknown)
    assert "local" in str(unknown)


def test_a_bind_may_name_the_connection(ask: Asker) -> None:
    text = f"SELECT count(*) FROM {RUNS} WHERE deployment_name = $1 AND run_id > $2"

    assert ask.values(text, "local", 0) == ask.values(f"SELECT count(*) FROM {RUNS}")
    with pytest.raises(SqlError, match="prod"):
        ask(text, "prod", 0)


@pytest.mark.parametrize(
    ("text", "code", "position", "told"),
    [
        (f"SELECT run_idd FROM {RUNS}", "42703", 8, "Did you mean run_id?"),
        ("SELECT 1 FROM runyard.ledger.run", "42P01", 15, "Did you mean runyard.ledger.runs?"),
        ("SELECT nosuch(1)", "42883", 8, ""),
        ("SELECT id FROM runyard.ledger.runs a JOIN runyard.ledger.runs b ON a.id = b.id", "42702", 8, ""),
        ("SELECT * FROM sqlite_master", "42P01", 15, ""),
        ("SELECT * FROM job_rums", "42P01", 15, "Did you mean "),
        ("SELECT * FROM run", "42P01", 15, ""),
        ("SELECT * FROM pragma_table_info('run')", "42P01", None, ""),
        ("SELECT json_extract('{', '$.a')", "22P02", None, ""),
        ("SELECT 1 + ?1 + :name", "42601", None, ""),
    ],
)
def test_what_is_wrong_is_told_with_a_code_a_place_and_what_may_be_meant(
    ask: Asker, text: str, code: str, position: int | None, told: str
) -> None:
    refused = refusal(ask, text)

    assert (refused.code, refused.position) == (code, position)
    assert told in refused.hint


def test_nobody_sees_the_runs_of_another_workspace(yard: tuple[Yard, Path, str]) -> None:
    _, home, url = yard
    with asking(home, url, workspace="other") as other:
        for path in (
            "runyard.ledger.runs",
            "runyard.ledger.attempts",
            "runyard.ledger.events",
            RUNS,
            "aws.glue.job_runs",
        ):
            assert other.values(f"SELECT count(*) FROM {path}") == [(0,)]
        run = yard[0].engine.runs(yard[0].workspace, Page(limit=1, where={}))[0]
        assert other(f"SELECT * FROM {RUNS} WHERE run_id = {run.id}") == []


def test_many_statements_of_one_text_are_planned_once(ask: Asker) -> None:
    first = ask.session.prepare("SELECT id FROM runyard.ledger.runs")

    assert ask.session.prepare("SELECT id FROM runyard.ledger.runs").statement is first.statement


@pytest.mark.parametrize(
    "condition",
    [
        "created_at < datetime('2026-01-01')",
        "created_at <= date('2026-01-01')",
        "created_at < datetime(created_at)",
        "created_at::date <> date(created_at)",
        "created_at::date < '2018-01-01'",
        "now() + INTERVAL 2 DAYS < CURRENT_DATE",
        "now() + INTERVAL 2 DAYS < CURRENT_TIMESTAMP",
        "created_at NOT BETWEEN date(created_at) AND datetime(created_at, '+1 day')",
    ],
)
def test_a_moment_is_compared_with_dates_as_sqlite_and_postgresql_tell_them(ask: Asker, condition: str) -> None:
    every = ask.values("SELECT count(*) FROM runyard.ledger.runs")

    assert every != [(0,)]
    assert ask.values(f"SELECT count(*) FROM runyard.ledger.runs WHERE {condition}") == [(0,)]
    assert ask.values(f"SELECT count(*) FROM runyard.ledger.runs WHERE NOT ({condition})") == every


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("created_at::date", "timestamp"),
        ("CAST('2026-01-31' AS DATE)", "timestamp"),
        ("settings::jsonb", "json"),
        ("CAST(id AS SIGNED)", "bigint"),
        ("floor(id)", "bigint"),
        ("floor(id / 2.0)", "double"),
        ("power(2, 3)", "double"),
        ("greatest(attempt, 1)", "bigint"),
        ("nvl(ended_at, created_at)", "timestamp"),
        ("9223372036854775807", "bigint"),
        ("9223372036854775808", "double"),
        ("x.a", "bigint"),
        ("x.b", "double"),
        ("sum(x.a)", "bigint"),
        ("x.c", "text"),
    ],
)
def test_an_expression_has_the_type_of_its_values(ask: Asker, expression: str, type_: str) -> None:
    values = "(VALUES (1, -1.5, 'one'), (2, 3, NULL)) AS x(a, b, c)"
    prepared = ask.session.prepare(f"SELECT {expression} AS it FROM runyard.ledger.runs, {values}")

    assert prepared.headings is not None
    assert [one.type for one in prepared.headings] == [type_]


def test_rows_of_values_have_names_and_types(ask: Asker) -> None:
    assert ask("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS x WHERE column1 > 1") == [{"column1": 2, "column2": "b"}]
    prepared = ask.session.prepare("VALUES (1, NULL), (2, 1.5)")
    assert prepared.headings is not None
    assert [(one.name, one.type) for one in prepared.headings] == [("column1", "bigint"), ("column2", "double")]


@pytest.mark.parametrize(
    ("condition", "plain"),
    [
        ("phase = ANY('{failed,succeeded}')", "phase IN ('failed', 'succeeded')"),
        ("phase = SOME(ARRAY['failed', 'queued'])", "phase IN ('failed', 'queued')"),
        ("phase <> ALL('[\"failed\"]')", "phase NOT IN ('failed')"),
        ("NOT attempt = ANY('{0,2}'::int[])", "attempt NOT IN (0, 2)"),
        ("attempt = ANY(ARRAY[0, 1]::bigint[])", "attempt IN (0, 1)"),
        ("attempt = ANY('{}')", "0"),
        ("created_at = ANY('{2026-01-01,\"2027-01-15 08:00:00\"}')", "created_at = '2027-01-15 08:00:00'"),
        ("id = ANY(SELECT id FROM runyard.ledger.runs)", "1"),
        ("(phase = 'failed') = ANY('{t}')", "phase = 'failed'"),
    ],
)
def test_what_an_array_holds_is_found(ask: Asker, condition: str, plain: str) -> None:
    text = "SELECT id FROM runyard.ledger.runs WHERE {} ORDER BY id"

    assert ask.values(text.format(condition)) == ask.values(text.format(plain))


def test_an_array_names_connections_only_where_it_is_known(ask: Asker) -> None:
    counted = ask.values(f"SELECT count(*) FROM {RUNS}")

    assert ask.values(f"SELECT count(*) FROM {RUNS} WHERE deployment_name = ANY('{{local}}')") == counted
    for array in ("'{nowhere}'", "ARRAY['nowhere']"):
        assert str(refusal(ask, f"SELECT * FROM {RUNS} WHERE deployment_name = ANY({array})")).startswith(
            "There is no connection 'nowhere' for databricks."
        )
    assert str(refusal(ask, f"SELECT * FROM {RUNS} WHERE deployment_name = ANY($1)")) == (
        "deployment_name names connections, by = or IN (…): an array may hold any."
    )


def test_a_bind_that_is_an_array_has_the_type_of_what_it_is_compared_with(ask: Asker) -> None:
    text = (
        "SELECT id FROM runyard.ledger.runs WHERE id = ANY($1) AND phase <> ALL($2) OR attempt::text = ANY($3::text[])"
    )
    (first, *_) = ask.values("SELECT id FROM runyard.ledger.runs WHERE phase = 'failed' ORDER BY id")[0]

    assert ask.session.prepare(text).parameters == ("bigint[]", "text[]", "text[]")
    assert ask.values(text, f"{{{first},NULL}}", "{}", "{}") == [(first,)]
    assert ask.values(text, f"{{{first}}}", '{"failed"}', "{}") == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("1 = ANY('x')", "'x' is no array; write it as {1,2}, or as a list of JSON."),
        ("1 = ANY('{a}'::int[])", "The array's item 'a' is no bigint."),
        ("1 < ANY('{1}')", "There is no function ANY."),
    ],
)
def test_what_is_no_array_is_told(ask: Asker, expression: str, problem: str) -> None:
    assert str(refusal(ask, f"SELECT {expression}")) == problem


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("generate_series(1, 3)", [1, 2, 3]),
        ("generate_series(5, 1, -2)", [5, 3, 1]),
        ("generate_series(3, 1)", []),
        ("generate_series(1, NULL)", []),
        ("generate_series(DATE '1970-01-01', DATE '1970-01-03', INTERVAL '1 day')", [0, 86_400_000, 172_800_000]),
    ],
)
def test_a_series_has_every_number_from_the_first_to_the_last(ask: Asker, call: str, values: list[int]) -> None:
    assert [row["value"] for row in ask(f"SELECT * FROM {call} AS s LIMIT ALL")] == values


def test_a_series_of_moments_has_a_row_for_hours_in_which_nothing_ran(ask: Asker) -> None:
    text = """
    SELECT s.value AS hour, count(r.id) AS runs
    FROM generate_series(TIMESTAMP '1970-01-01', TIMESTAMP '1970-01-01 02:00:00', INTERVAL 1 HOUR) AS s
    LEFT JOIN runyard.ledger.runs AS r ON r.created_at >= s.value AND r.created_at < s.value + INTERVAL 1 HOUR
    GROUP BY 1 ORDER BY 1
    """

    assert ask.values(text) == [(0, 0), (3_600_000, 0), (7_200_000, 0)]
    headings = ask.session.prepare(text).headings
    assert headings is not None
    assert [one.type for one in headings] == ["timestamp", "bigint"]


def test_a_series_without_an_end_is_refused(ask: Asker) -> None:
    assert str(refusal(ask, "SELECT * FROM generate_series(1, 3, 0)")) == "generate_series never ends with a step of 0."
