"""Triggers on an engine: what is due starts runs, once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from triggering import EVERY_MINUTE, HOUR_MS, MINUTE_MS, START, Scene, scene, start_plainly
from waiting import until

from runyard.core.errors import InvalidRequest, LedgerUnavailable, NotFound
from runyard.core.job import Task
from runyard.core.run import Outcome, Run
from runyard.core.trigger import Trigger, Wish
from runyard.engine.settings import Settings
from runyard.engine.sights import Sights
from runyard.engine.starting import Starting
from runyard.engine.triggers import Triggers
from runyard.store.ledger import Page

ALWAYS = Wish(kind="continuous", spec={"task_retries": "as_written"})


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path / "home") as opened:
        yield opened


def test_a_due_trigger_starts_a_run_of_its_job_and_says_why(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS - 1)
    yard.look()
    before = yard.runs()
    yard.pass_ms(1)
    yard.look()
    yard.look()

    assert before == []
    assert [(run.job_id, run.started_by) for run in yard.runs()] == [
        (job.id, {"kind": "periodic", "at": START + MINUTE_MS})
    ]
    assert yard.trigger(job).memory["history"]["fired"]["run_id"] == yard.runs()[0].id


def test_a_server_that_was_down_for_a_day_fires_once(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.pass_ms(24 * HOUR_MS + 5)
    yard.look()
    yard.look()

    assert [run.started_by["at"] for run in yard.runs()] == [START + 24 * HOUR_MS]
    assert yard.trigger(job).next_at == START + 24 * HOUR_MS + MINUTE_MS


def test_a_crash_before_the_run_is_started_loses_no_moment(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS)
    with pytest.raises(LedgerUnavailable):
        dying_triggers(yard, starts=False).do_what_is_due()
    left = yard.trigger(job)
    yard.look()

    assert left.pending is not None
    assert [run.started_by["at"] for run in yard.runs()] == [START + MINUTE_MS]
    assert yard.trigger(job).pending is None


def test_a_crash_after_the_run_was_started_makes_no_second_one(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS)
    with pytest.raises(LedgerUnavailable):
        dying_triggers(yard, starts=True).do_what_is_due()
    started = yard.runs()
    yard.look()

    assert len(started) == 1
    assert yard.runs() == started
    assert yard.trigger(job).pending is None


def dying_triggers(yard: Scene, *, starts: bool) -> Triggers:
    """Return triggers of a server that goes when it should start a run, or just after it has."""

    def die(trigger: Trigger) -> list[Run]:
        assert trigger.pending is not None
        if starts:
            job = yard.engine.job(yard.workspace, trigger.job_id or 0)
            facts = {"started_by": trigger.pending["started_by"], "idempotency_key": trigger.pending["key"]}
            start_plainly(Starting(engine=yard.engine, workspace=yard.workspace, job=job, **facts))
        raise LedgerUnavailable("The server is gone.")

    home = yard.engine.home.path
    sights = Sights(yard.store, yard.engine.mounts, clock=yard.clock, poll_ms=MINUTE_MS, databases=home / "sql")
    return Triggers(yard.store, sights, clock=yard.clock, start_runs=die, change=yard.engine.change)


def test_a_run_that_is_refused_is_noted_and_the_next_moment_still_comes(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE, refused="Not on a Friday.")
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert yard.runs() == []
    assert yard.trigger(job).memory["history"]["failed"] == {"at": START + MINUTE_MS, "text": "Not on a Friday."}
    assert yard.trigger(job).next_at == START + 2 * MINUTE_MS


def test_one_trigger_that_cannot_be_looked_at_does_not_hold_up_the_others(yard: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "s3" / "in"
    blind = yard.job(Wish(kind="file_arrival", spec={"url": "s3://in/"}))
    folder.mkdir(parents=True)
    (folder / "link").symlink_to("/")
    yard.engine.surroundings.triggers.do_what_is_due()
    for number in range(10_001):
        (folder / f"{number}").touch()
    yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert len(yard.runs()) == 1
    assert "more than the 10000" in yard.trigger(blind).memory["history"]["failed"]["text"]


def test_a_jobs_limit_holds_for_its_triggers_too(yard: Scene) -> None:
    yard.job(EVERY_MINUTE, limit=1)
    for _ in range(2):
        yard.pass_ms(MINUTE_MS)
        yard.look()

    assert [run.phase for run in yard.runs()] == ["queued", "skipped"]


def test_a_paused_trigger_does_not_fire_and_goes_on_from_when_it_is_resumed(yard: Scene) -> None:
    job = yard.job(replace(EVERY_MINUTE, is_paused=True))
    yard.pass_ms(10 * MINUTE_MS + 1)
    yard.look()
    paused = yard.runs()
    yard.give(job, EVERY_MINUTE)

    assert paused == []
    assert yard.trigger(job).next_at == START + 11 * MINUTE_MS + 1


def test_pausing_stops_what_would_be_due(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.give(job, replace(EVERY_MINUTE, is_paused=True))
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert yard.runs() == []


def test_a_change_of_the_job_that_leaves_its_trigger_leaves_its_beat(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS // 2)
    before = yard.trigger(job)
    yard.engine.update_job(job, tags={"a": "b"})

    assert yard.trigger(job) == before


def test_replaced_triggers_are_gone_and_the_new_ones_are_in_their_order(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    hourly = Wish(kind="periodic", spec={"interval": 1, "unit": "hours"})
    yard.give(job, hourly, ALWAYS)
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert [one.kind for one in yard.engine.triggers(job)] == ["periodic", "continuous"]
    assert [run.started_by["kind"] for run in yard.runs()] == ["continuous"]


def test_a_wrong_trigger_changes_nothing_of_the_job(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE)
    wrong = Wish(kind="cron", spec={"expression": "each morning", "time_zone": "UTC"})

    with pytest.raises(InvalidRequest, match="each morning"):
        yard.give(job, wrong)
    with pytest.raises(InvalidRequest, match="each morning"):
        yard.job(wrong)

    assert yard.trigger(job).kind == "periodic"
    assert yard.engine.job(yard.workspace, job.id).settings == job.settings
    assert len(yard.engine.jobs(yard.workspace, Page(limit=10, where={}))) == 1


def test_a_deleted_job_takes_its_triggers_along(yard: Scene) -> None:
    job = yard.job(EVERY_MINUTE, ALWAYS)
    yard.engine.delete_job(job)
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert yard.runs() == []
    assert yard.engine.triggers(job) == []
    with pytest.raises(NotFound):
        yard.engine.job(yard.workspace, job.id)


# always


def test_a_continuous_job_has_one_run_after_the_other_and_never_two(yard: Scene) -> None:
    job = yard.job(ALWAYS)
    yard.look()
    yard.pass_ms(HOUR_MS)
    yard.look()
    first = yard.runs()
    yard.begin(first[0])
    yard.end(first[0])
    yard.look()
    waiting = yard.runs()
    yard.pass_ms(2_000)
    yard.look()

    assert len(first) == len(waiting) == 1
    assert [run.phase for run in yard.runs()] == ["succeeded", "queued"]
    assert yard.trigger(job).next_at is None


def test_a_failing_continuous_job_waits_longer_and_says_so(yard: Scene) -> None:
    job = yard.job(ALWAYS)
    for wait in (10_000, 20_000):
        yard.look()
        newest = yard.runs()[-1]
        yard.begin(newest)
        yard.end(newest, Outcome.FAILED)
        yard.pass_ms(wait - 1)
        yard.look()
        assert yard.runs()[-1].id == newest.id
        yard.pass_ms(1)

    assert yard.trigger(job).memory["failures"] == 2


def test_a_run_that_somebody_started_keeps_the_continuous_trigger_waiting(yard: Scene) -> None:
    job = yard.job(replace(ALWAYS, is_paused=True))
    mine = yard.start(job)
    yard.give(job, ALWAYS)
    yard.look()
    alone = yard.runs()
    yard.begin(mine)
    yard.end(mine)
    yard.pass_ms(2_000)
    yard.look()

    assert [run.id for run in alone] == [mine.id]
    assert len(yard.runs()) == 2


def test_a_continuous_runs_tasks_are_retried_as_the_trigger_says(yard: Scene) -> None:
    wish = Wish(kind="continuous", spec={"task_retries": "never"})
    yard.job(wish, tasks=[Task(key="main", kind="python_script", max_retries=5)])
    yard.look()

    assert [task.max_retries for task in yard.runs()[0].tasks] == [0]


# other jobs


def test_a_job_follows_when_both_others_have_succeeded(yard: Scene) -> None:
    first, second = yard.job(), yard.job()
    after = yard.job(Wish(kind="job_completion", spec={"jobs": [first.id, second.id], "ending": "succeeded"}))
    ends = [(first, Outcome.SUCCEEDED), (second, Outcome.FAILED), (second, Outcome.SUCCEEDED)]
    counts = []
    for job, outcome in ends:
        run = yard.start(job)
        yard.begin(run)
        yard.end(run, outcome)
        yard.look()
        counts.append(len(yard.runs(after)))

    assert counts == [0, 0, 1]
    started_by = yard.runs(after)[0].started_by
    assert started_by["kind"] == "job_completion"
    assert [one["job_id"] for one in started_by["jobs"]] == [first.id, second.id]


def test_a_job_cannot_wait_for_its_own_end(yard: Scene) -> None:
    job = yard.job()

    with pytest.raises(InvalidRequest, match="its own end"):
        yard.give(job, Wish(kind="job_completion", spec={"jobs": [job.id], "ending": "done"}))


# files and tables


def test_a_file_that_arrives_on_a_mount_starts_a_run(yard: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "s3" / "in" / "daily"
    folder.mkdir(parents=True)
    (folder / "old.csv").touch()
    yard.job(Wish(kind="file_arrival", spec={"url": "s3://in/"}))
    yard.look()
    (folder / "new.csv").touch()
    (folder / ".new.csv.part").touch()
    yard.pass_ms(MINUTE_MS)
    yard.look()
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert [run.started_by["location"] for run in yard.runs()] == ["s3://in/"]


def test_how_often_it_looks_at_files_is_a_setting(tmp_path: Path) -> None:
    with scene(tmp_path / "home", Settings(places=0, poll_s=5)) as yard:
        job = yard.job(Wish(kind="file_arrival", spec={"url": "s3://in/"}))
        yard.look()

        assert yard.trigger(job).next_at == START + 5_000


def test_what_lies_under_no_mount_is_refused_at_once(yard: Scene) -> None:
    with pytest.raises(InvalidRequest, match="lies under no mount"):
        yard.job(Wish(kind="file_arrival", spec={"url": "abfss://somewhere/"}))
    with pytest.raises(InvalidRequest, match="not the name of a table"):
        yard.job(Wish(kind="table_update", spec={"tables": ["a.b.c.d"], "needs": "any"}))


@pytest.mark.parametrize("name", ["orders", "sales.orders", "main.sales.orders"])
def test_a_change_of_a_table_starts_a_run_and_a_change_of_another_does_not(yard: Scene, name: str) -> None:
    schema = "main" if name == "orders" else "sales"
    execute(yard, "CREATE SCHEMA sales; CREATE TABLE main.orders (n INT); CREATE TABLE sales.orders (n INT)")
    execute(yard, "CREATE TABLE others (n INT)")
    yard.job(Wish(kind="table_update", spec={"tables": [name], "needs": "any"}))
    yard.look()
    execute(yard, "INSERT INTO others VALUES (1)")
    yard.pass_ms(MINUTE_MS)
    yard.look()
    unmoved = yard.runs()
    execute(yard, f"INSERT INTO {schema}.orders VALUES (1)")
    yard.pass_ms(MINUTE_MS)
    yard.look()
    execute(yard, f"UPDATE {schema}.orders SET n = 2")
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert unmoved == []
    assert [run.started_by["tables"] for run in yard.runs()] == [[name], [name]]


def test_a_database_that_a_task_writes_to_is_looked_at_later(yard: Scene) -> None:
    execute(yard, "CREATE TABLE orders (n INT)")
    job = yard.job(Wish(kind="table_update", spec={"tables": ["orders"], "needs": "any"}))
    yard.look()
    with duckdb.connect(str(database(yard))) as writer:
        writer.execute("INSERT INTO orders VALUES (1)")
        yard.pass_ms(MINUTE_MS)
        yard.look()
        occupied = yard.runs()
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert occupied == []
    assert "failed" not in yard.trigger(job).memory["history"]
    assert len(yard.runs()) == 1


def test_files_behind_a_mount_can_stand_for_a_table(yard: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "dbfs" / "orders"
    yard.job(Wish(kind="table_update", spec={"tables": ["dbfs:/orders"], "needs": "any"}))
    yard.look()
    folder.mkdir(parents=True)
    (folder / "part-0.parquet").write_text("1")
    yard.pass_ms(MINUTE_MS)
    yard.look()

    assert [run.started_by["tables"] for run in yard.runs()] == [["dbfs:/orders"]]


def database(yard: Scene) -> Path:
    return yard.engine.home.path / "sql" / f"workspace_{yard.workspace.id}.duckdb"


def execute(yard: Scene, statements: str) -> None:
    database(yard).parent.mkdir(exist_ok=True)
    with duckdb.connect(str(database(yard))) as connection:
        connection.execute(statements)


# the thread


def test_the_thread_fires_what_is_due_when_it_is_woken(yard: Scene) -> None:
    yard.job(EVERY_MINUTE)
    yard.pass_ms(MINUTE_MS)
    triggers = yard.engine.surroundings.triggers
    triggers.start()
    until(yard.runs)
    yard.job(replace(EVERY_MINUTE, spec={"interval": 2, "unit": "minutes"}))
    yard.pass_ms(2 * MINUTE_MS)
    triggers.wake()
    until(lambda: len(yard.runs()) == 3)
    triggers.close()

    assert [run.started_by["at"] - START for run in yard.runs()] == [MINUTE_MS, 3 * MINUTE_MS, 3 * MINUTE_MS]
