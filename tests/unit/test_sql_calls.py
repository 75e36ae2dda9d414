"""Calls in the place of tables: `FROM (EXEC …)`, over a ledger here and a service that a test answers for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_upstream import Workspace
from databricks_yard import databricks_yard, script
from sql_yard import Asker, asking
from upstream import Asked, Told, Upstream, answering

from runyard.sql.errors import SqlError
from runyard.sql.local.reading import borrowed

JOBS, RUNS = "databricks_workspace.workflows.jobs", "databricks_workspace.workflows.job_runs"
SETTINGS = '[connections.prod]\nservice = "databricks"\nurl = "{url}"\ntoken = "secret-token"\n'
CANCEL = f"EXEC {RUNS}.cancelrun @deployment_name='prod', @run_id="
GET = f"EXEC {RUNS}.getrun @deployment_name='prod', @run_id="


class Cloud(Workspace):
    """A workspace that also starts and cancels runs."""

    def __call__(self, asked: Asked) -> Told:
        if asked.path.endswith("/run-now"):
            return Told(body={"run_id": 7, "number_in_job": 7, "said": asked.members.get("job_id")})
        if asked.path.endswith("/cancel"):
            known = int(asked.members["run_id"]) <= 60
            return Told() if known else Told(status=404, body={"error_code": "NOT_THERE", "message": "There is none."})
        return super().__call__(asked)


@pytest.fixture
def cloud() -> Iterator[Upstream]:
    with answering(Cloud()) as answering_for_us:
        yield answering_for_us


@pytest.fixture
def ask(tmp_path: Path, cloud: Upstream) -> Iterator[Asker]:
    (tmp_path / "settings.toml").write_text(SETTINGS.format(url=cloud.url))
    store_url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with databricks_yard(tmp_path, store_url) as yard:
        for number in (7, 8):
            yard.submit(tasks=[script("main")], run_name=f"run {number}")
        with asking(tmp_path, store_url) as asker:
            yield asker


def test_a_call_is_made_once_each_time_a_query_runs_and_never_before(ask: Asker, cloud: Upstream) -> None:
    prepared = ask.session.prepare(f"SELECT a.run_id, b.run_id AS again FROM ({GET}7) AS a, ({GET}8) AS b")
    before = len(cloud.asked)
    first, second = list(prepared.run().rows), list(prepared.run().rows)

    assert before == 0
    assert first == second == [(7, 8)]
    assert [asked.query["run_id"] for asked in cloud.asked] == ["7", "8", "7", "8"]


def test_an_answer_is_typed_as_its_resource_is_and_documents_are_texts(ask: Asker) -> None:
    prepared = ask.session.prepare(
        f"SELECT x.run_id, x.state, x.state ->> 'life_cycle_state' AS life, x.run_id = '7' AS same, "
        f"x.deployment_name, x.job_parameters FROM ({GET}7) x"
    )
    result = prepared.run()

    assert list(result.rows) == [(7, '{"life_cycle_state":"TERMINATED"}', "TERMINATED", 1, "prod", None)]
    assert [one.type for one in result.headings][:3] == ["bigint", "json", "text"]
    assert tuple(result.headings) == prepared.headings


def test_what_only_an_answer_has_is_found_by_its_name_and_in_the_whole(ask: Asker) -> None:
    call = f"(EXEC {JOBS}.runnow @deployment_name='prod', @job_id=3)"

    assert ask.values(f"SELECT run_id, SAID, nowhere FROM {call}") == [(7, 3, None)]
    assert ask.values(f"SELECT x.said + 1 FROM {call} x JOIN (SELECT 3 AS n) y ON x.said = y.n") == [(4,)]
    assert json.loads(ask.values(f"SELECT answer FROM {call}")[0][0]) == {"run_id": 7, "number_in_job": 7, "said": 3}
    assert ask.values(f"SELECT said AS s, count(*) FROM {call} GROUP BY s") == [(3, 1)]


def test_every_column_stands_for_a_star_whatever_is_answered(ask: Asker) -> None:
    described = [row[0] for row in ask.values(f"DESCRIBE {RUNS}")]
    (row,) = ask(f"SELECT * FROM ({GET}7)")
    (empty,) = ask(f"SELECT * FROM ({CANCEL}7)")

    assert list(row) == list(empty) == described
    assert (row["run_name"], empty["run_name"], empty["run_id"]) == ("run 7", None, 7)


def test_an_answer_joins_the_ledger_and_tables_of_services(ask: Asker) -> None:
    rows = ask.values(
        f"SELECT x.run_id, here.run_name, there.job_id FROM ({GET}7) x "
        f"JOIN {RUNS} AS here ON here.run_name = x.run_name "
        f"JOIN {RUNS} AS there ON there.run_id = x.run_id AND there.deployment_name = 'prod'"
    )

    assert rows == [(7, "run 7", 11)]


def test_the_pages_of_a_list_are_all_read(ask: Asker) -> None:
    assert ask.values(f"SELECT count(*), max(run_id) FROM (EXEC {RUNS}.listruns @deployment_name='prod')") == [(60, 60)]


def test_binds_stand_in_the_call_and_around_it(ask: Asker) -> None:
    prepared = ask.session.prepare(
        f"SELECT run_id FROM (EXEC {RUNS}.getrun @deployment_name='prod', @run_id=$2) x WHERE x.run_id > $1"
    )

    assert prepared.parameters == ("bigint", "text")
    assert list(prepared.run([3, "7"]).rows) == [(7,)]
    assert list(prepared.run([9, "8"]).rows) == []


def test_too_few_binds_are_refused_before_anything_is_sent(ask: Asker, cloud: Upstream) -> None:
    prepared = ask.session.prepare(f"SELECT run_id FROM (EXEC {RUNS}.getrun @deployment_name='prod', @run_id=?) x")
    with pytest.raises(SqlError, match="has 1 binds, and 0 arguments came"):
        prepared.run()

    assert cloud.asked == []


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT run_id FROM (EXEC /*+ AWAIT */ {JOBS}.runnow @deployment_name='prod', @job_id=3) x",
        f"SELECT /*+ AWAIT */ run_id FROM (EXEC {JOBS}.runnow @deployment_name='prod', @job_id=3) x",
    ],
)
def test_the_end_of_what_a_call_starts_is_waited_for(ask: Asker, cloud: Upstream, text: str) -> None:
    rows = ask.values(text.replace("run_id", "run_id, state ->> 'life_cycle_state', run_name"))

    assert rows == [(7, "TERMINATED", "run 7")]
    assert [asked.path for asked in cloud.asked] == ["/api/2.2/jobs/run-now", "/api/2.2/jobs/runs/get"]


def test_explaining_tells_the_call_and_makes_none(ask: Asker, cloud: Upstream) -> None:
    told = [row[0] for row in ask.values(f"EXPLAIN SELECT run_id FROM ({CANCEL}7) x")]

    assert told[0] == f"call {RUNS}.cancelrun once, before the query"
    assert "no service is asked" not in told
    assert cloud.asked == []


def test_in_a_transaction_it_is_refused_because_nothing_could_take_it_back(ask: Asker, cloud: Upstream) -> None:
    ask("BEGIN")
    with pytest.raises(SqlError, match="it would be sent before COMMIT, and no ROLLBACK takes it back") as refused:
        ask(f"SELECT * FROM ({CANCEL}7)")
    ask("ROLLBACK")

    assert refused.value.code == "25001"
    assert cloud.asked == []


def test_a_query_that_cannot_be_answered_sends_nothing(ask: Asker, cloud: Upstream) -> None:
    with pytest.raises(SqlError, match=r"There is no column y\.nope"):
        ask(f"SELECT y.nope FROM ({CANCEL}7) x, {RUNS} y")
    with pytest.raises(SqlError, match="has no method fly"):
        ask(f"SELECT 1 FROM (EXEC {RUNS}.fly @run_id=7)")
    with pytest.raises(SqlError, match="EXEC in parentheses stands for a table"):
        ask(f"SELECT 1 WHERE 7 = ({CANCEL}7)")

    assert cloud.asked == []


def test_a_failure_says_what_was_done_before_it(ask: Asker) -> None:
    with pytest.raises(SqlError, match=rf"There is none\..* {RUNS}\.cancelrun was carried out before\.$"):
        ask(f"SELECT 1 FROM ({CANCEL}7) x, ({CANCEL}99) y")
    with pytest.raises(SqlError, match=rf"whole number became too large\. {RUNS}\.getrun was carried out before\.$"):
        ask(f"SELECT abs(-9223372036854775808 + x.run_id - 7) FROM ({GET}7) x")


def test_nothing_of_an_answer_stays_behind(ask: Asker) -> None:
    assert ask.values(f"SELECT x.run_id FROM ({GET}7) x") == [(7,)]
    with pytest.raises(SqlError, match="There is no resource exec 1"):
        ask('SELECT * FROM "exec 1"')
    with borrowed(ask.ledger) as connection:
        assert connection.execute("SELECT name FROM sqlite_temp_schema").fetchall() == []
        assert connection.execute("PRAGMA query_only").fetchall() == [(1,)]
