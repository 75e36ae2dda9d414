"""Any query gives over the ledger what plain SQLite gives over tables that hold all that the operations answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer
from sql_tables import in_plain, plain_tables
from sql_yard import Asker, asking, varied_yard

DATABASES = ("sqlite file", "postgres")
RUNS, GLUE = "databricks_workspace.jobs.job_runs", "aws.glue.job_runs"
LEDGER, ATTEMPTS = "runyard.ledger.runs", "runyard.ledger.attempts"


@dataclass(frozen=True, kw_only=True, repr=False)
class Twice:
    """The same tables twice, and values that stand in them."""

    ask: Asker
    plain: apsw.Connection
    ids: list[int]

    def compare(self, text: str, *, is_ordered: bool) -> None:
        result = self.ask.session.prepare(text).run()
        kinds = [one.type for one in result.headings]
        ours = [_comparable(row, kinds) for row in result.rows]
        theirs = [_comparable(row, kinds) for row in self.plain.execute(in_plain(text))]
        assert ours == theirs if is_ordered else sorted(ours, key=repr) == sorted(theirs, key=repr), text


def _comparable(row: tuple[Any, ...], kinds: list[str]) -> tuple[Any, ...]:
    return tuple(
        json.dumps(json.loads(value), sort_keys=True) if kind == "json" and isinstance(value, str) else value
        for value, kind in zip(row, kinds, strict=True)
    )


@pytest.fixture(scope="module", params=DATABASES)
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'ledger.db'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    with ExitStack() as stack:
        yard = stack.enter_context(varied_yard(home, url))
        ask = stack.enter_context(asking(home, url))
        ids = [row[0] for row in ask.values(f"SELECT id FROM {LEDGER} ORDER BY id")]
        yield Twice(ask=ask, plain=plain_tables(yard), ids=ids)


# what queries are made of; {ids} are numbers of runs in the ledger

OF_RUNS = {
    "number": ["run_id", "job_id", "start_time", "end_time", "setup_duration", "execution_duration", "run_duration"],
    "word": [
        "state ->> 'life_cycle_state'",
        "json_extract(state, '$.life_cycle_state')",
        "state ->> '$.result_state'",
        "json_extract(state, '$.result_state')",
        "status ->> 'state'",
        "json_extract(status, '$.termination_details.code')",
        "run_type",
        "trigger",
        "run_name",
    ],
    "flag": ["state ->> 'user_cancelled_or_timedout'"],
}
OF_GLUE = {
    "number": ["StartedOn", "CompletedOn", "Attempt", "ExecutionTime", "LastModifiedOn"],
    "word": ["JobRunState", "Id", "PreviousRunId", "JobName", "ErrorMessage", "StateDetail"],
    "flag": ["JobRunQueuingEnabled"],
}
OF_LEDGER = {
    "number": ["id", "job_id", "attempt", "created_at", "ended_at", "repairs", "running_at"],
    "word": ["phase", "state", "outcome", "job_name", "language", "reason"],
    "flag": ["phase = 'failed'"],
}
TABLES = {RUNS: OF_RUNS, GLUE: OF_GLUE, LEDGER: OF_LEDGER}
KEYS = {RUNS: "run_id", GLUE: "Id", LEDGER: "id"}
WORDS = [
    "TERMINATED",
    "INTERNAL_ERROR",
    "SKIPPED",
    "QUEUED",
    "PENDING",
    "BLOCKED",
    "SUCCESS",
    "FAILED",
    "CANCELED",
    "SUCCESS_WITH_FAILURES",
    "TIMEDOUT",
    "MAXIMUM_CONCURRENT_RUNS_REACHED",
    "STOPPED",
    "SUCCEEDED",
    "WAITING",
    "failed",
    "succeeded",
    "queued",
    "ended",
    "RUN_EXECUTION_ERROR",
    "JOB_RUN",
    "SUBMIT_RUN",
    "nightly",
    "again",
    "no such word",
    "glue",
]


def words() -> st.SearchStrategy[str]:
    return st.sampled_from([f"'{word}'" for word in WORDS])


def numbers() -> st.SearchStrategy[str]:
    places = [f"{{id{place}}}" for place in (0, 3, 7, 12, 20)]
    return st.sampled_from([*places, "0", "1", "1800000000200", "-1", "NULL", "'5'", "1800000000300.5"])


@st.composite
def conditions(draw: st.DrawFn, table: str, depth: int = 0) -> str:
    columns = TABLES[table]
    shape = draw(
        st.sampled_from(["word", "word", "number", "null", "flag", "and", "or", "not"] if depth < 3 else ["word"])
    )
    if shape in {"and", "or"}:
        return f"({draw(conditions(table, depth + 1))} {shape.upper()} {draw(conditions(table, depth + 1))})"
    if shape == "not":
        return f"NOT ({draw(conditions(table, depth + 1))})"
    if shape == "flag":
        return draw(st.sampled_from(columns["flag"]))
    if shape == "null":
        column = draw(st.sampled_from(columns["word"] + columns["number"]))
        return f"{column} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"
    if shape == "number":
        column = draw(st.sampled_from(columns["number"]))
        operator = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
        return f"{column} {operator} {draw(numbers())}"
    return draw(on_words(columns["word"]))


@st.composite
def on_words(draw: st.DrawFn, columns: list[str]) -> str:
    column = draw(st.sampled_from(columns))
    shape = draw(st.sampled_from(["=", "<>", "IN", "NOT IN", "LIKE", "IS", "<", "reversed"]))
    if shape in {"IN", "NOT IN"}:
        listed = draw(st.lists(words(), min_size=1, max_size=4))
        return f"{column} {shape} ({', '.join(listed)})"
    if shape == "LIKE":
        return f"{column} LIKE '%E%'"
    if shape == "reversed":
        return f"{draw(words())} = {column}"
    return f"{column} {shape} {draw(words())}"


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, bool]:
    """A query and whether its rows come in an order."""
    table = draw(st.sampled_from(list(TABLES)))
    columns, key = TABLES[table], KEYS[table]
    where = draw(st.one_of(st.just(""), conditions(table).map(lambda one: f" WHERE {one}")))
    one = draw(st.sampled_from(columns["word"] + columns["number"]))
    other = draw(st.sampled_from(columns["word"]))
    shape = draw(st.sampled_from(SHAPES))
    text = shape.format(
        table=table, key=key, where=where, one=one, other=other, condition=draw(conditions(table)), runs=RUNS, glue=GLUE
    )
    return text, "LIMIT" in shape or shape.startswith("ordered")


SHAPES = (
    "SELECT {key}, {one} AS a, {other} FROM {table}{where}",
    "SELECT {key}, {one}, {other} AS b FROM {table}{where} ORDER BY {one} DESC, {key} LIMIT 7",
    "SELECT {key} FROM {table}{where} ORDER BY {other}, {key} DESC LIMIT 5 OFFSET 3",
    "SELECT DISTINCT {one} FROM {table}{where}",
    "SELECT {other}, count(*), count({one}), min({key}), max({one}) FROM {table}{where} GROUP BY {other}",
    "SELECT {other} AS w, count(*) AS n FROM {table}{where} GROUP BY 1 HAVING count(*) > 1 ORDER BY n DESC, w LIMIT 4",
    "SELECT sum(CASE WHEN {condition} THEN 1 ELSE 0 END), total({condition}) FROM {table}{where}",
    "SELECT {key}, {condition} AS c FROM {table}{where}",
    "WITH found AS (SELECT * FROM {table}{where}) SELECT {key}, {one} FROM found WHERE {condition}",
    "SELECT t.{key} FROM {table} AS t WHERE t.{key} IN (SELECT {key} FROM {table}{where})",
    "SELECT {key} FROM {table}{where} UNION SELECT {key} FROM {table} WHERE {condition}",
    "SELECT {key} FROM {table} WHERE {condition} EXCEPT SELECT {key} FROM {table}{where}",
    "SELECT {other}, {key}, row_number() OVER (PARTITION BY {other} ORDER BY {key}) FROM {table}{where}",
    "SELECT {key}, lag({one}) OVER (ORDER BY {key}) FROM {table}{where}",
    "SELECT (SELECT count(*) FROM {table} WHERE {condition}) AS n, {key} FROM {table}{where}",
    "SELECT * FROM {table}{where}",
    "SELECT x.* FROM (SELECT {key}, {one} AS a FROM {table}{where}) AS x JOIN {table} AS y ON x.{key} = y.{key}",
    "SELECT a.{key}, b.{key} FROM {table} AS a LEFT JOIN {table} AS b ON a.{key} = b.{key} AND b.{key} IS NULL",
    "SELECT {key}, {one} FROM {table}{where} UNION ALL SELECT {key}, {one} FROM {table} WHERE {condition}",
    "SELECT count(*) FROM {table} AS t NATURAL JOIN {table} AS u{where}",
    "SELECT {key}, coalesce({other}, 'none'), typeof({one}) FROM {table}{where}",
    "SELECT group_concat(w, ',') FROM (SELECT {other} AS w FROM {table}{where} ORDER BY {key})",
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(query=queries())
def test_any_query_gives_what_plain_sqlite_gives_over_the_same_rows(twice: Twice, query: tuple[str, bool]) -> None:
    text, is_ordered = query
    for place in (0, 3, 7, 12, 20):
        text = text.replace(f"{{id{place}}}", str(twice.ids[place]))
    twice.compare(text, is_ordered=is_ordered)


JOBS = "databricks_workspace.jobs.jobs"
JOINS = (
    f"SELECT r.run_id, g.Id FROM {RUNS} r JOIN {GLUE} g ON g.JobName = r.run_name AND g.Attempt = 0",
    f"""SELECT j.job_id, count(r.run_id) FROM {JOBS} j LEFT JOIN {RUNS} r
    ON r.job_id = j.job_id AND r.state ->> 'result_state' = 'FAILED' GROUP BY 1""",
    f"""SELECT r.run_id, a.task_key, a.phase FROM {RUNS} r, {ATTEMPTS} a
    WHERE a.run_id = r.run_id AND a.phase = 'failed'""",
    f"SELECT job_id, run_id FROM {RUNS} JOIN {JOBS} USING (job_id)",
    f"SELECT json_extract(t.value, '$.task_key'), count(*) FROM {RUNS} r, json_each(r.tasks) t GROUP BY 1",
    f"""SELECT r.run_id FROM {RUNS} r
    WHERE EXISTS (SELECT 1 FROM {ATTEMPTS} a WHERE a.run_id = r.run_id AND a.number > 0)""",
    f"SELECT r.id, (SELECT max(a.id) FROM {ATTEMPTS} a WHERE a.run_id = r.id) FROM {LEDGER} r",
    f"SELECT * FROM {LEDGER} JOIN {ATTEMPTS} a USING (id)",
    f"""SELECT j.job_id, count(*), count(r.phase) FROM {JOBS} j LEFT JOIN {LEDGER} r
    ON r.job_id = j.job_id AND r.phase = 'failed' GROUP BY 1""",
    f"""SELECT r.phase, count(*), count(r.job_id), min(r.job_id) FROM {LEDGER} r JOIN {JOBS} j ON j.job_id = r.job_id
    GROUP BY 1 HAVING count(*) > 1 ORDER BY count(*)""",
    f"SELECT a.phase, b.phase, count(*) FROM {LEDGER} a JOIN {LEDGER} b ON a.job_id = b.job_id GROUP BY 1, 2",
    f"SELECT phase, (SELECT count(*) FROM {LEDGER} b WHERE b.phase = a.phase) FROM {LEDGER} a GROUP BY phase",
    f"SELECT count(*), count(outcome), count(DISTINCT phase), max(phase) FROM {LEDGER} WHERE job_id IS NOT NULL",
    f"SELECT count(*) FROM {LEDGER} WHERE phase = 'no such phase'",
    f"SELECT DISTINCT phase, outcome FROM {LEDGER}",
    f"SELECT JobRunState, count(*), count(region) FROM {GLUE} GROUP BY JobRunState HAVING JobRunState <> 'FAILED'",
    f"SELECT state ->> 'life_cycle_state' AS s, count(*) FROM {RUNS} GROUP BY s ORDER BY count(*) DESC, s LIMIT 2",
    f"SELECT s, count(*) FROM (SELECT state ->> 'life_cycle_state' AS s FROM {RUNS}) GROUP BY s",
    f"""SELECT l.id, r.state ->> 'result_state' FROM {LEDGER} l JOIN {RUNS} r ON r.run_id = l.id
    WHERE l.phase <> 'queued'""",
)


@pytest.mark.parametrize("text", JOINS)
def test_joins_give_what_plain_sqlite_gives(twice: Twice, text: str) -> None:
    twice.compare(text, is_ordered=False)
