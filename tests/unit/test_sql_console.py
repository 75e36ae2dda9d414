"""The rows and runs of the console's SQL, apart from any server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from runyard.core.access import Role
from runyard.core.errors import NotFound
from runyard.sql.console import desk as desks
from runyard.sql.console.answer import Answer
from runyard.sql.console.cells import shown
from runyard.sql.console.desk import Desk
from runyard.sql.console.run import Run
from runyard.sql.console.spool import CHUNK, IN_MEMORY, Spool
from runyard.sql.errors import SqlError
from runyard.sql.grammar.text import Piece
from runyard.sql.results import Heading, Result, Row
from runyard.sql.yard import Person, open_yard
from runyard.store.store import open_store

HEADINGS = (Heading(name="n", type="bigint"), Heading(name="text"))
ADA, BOB = Person(name="ada"), Person(name="bob")


def numbers(count: int) -> Iterator[Row]:
    return ((number, "x" * (number % 50)) for number in range(count))


def an_answer(folder: Path, rows: Iterator[Row]) -> Answer:
    answer = Answer(piece=Piece("SELECT", 0), folder=folder)
    answer.give(Result(headings=HEADINGS, rows=rows, tag=lambda count: f"SELECT {count}"))
    return answer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk over an empty ledger."""
    open_store(f"sqlite:///{tmp_path}/ledger.db").close()
    yard = open_yard(home=tmp_path)
    made = Desk(yard)
    yield made
    made.close()
    yard.close()


def started(desk: Desk, text: str, person: Person = ADA, **how: object) -> Run:
    told = desk.answer(person, "POST", "runs", {"text": text, **how})
    assert told.record is not None
    return desk._runs[told.record["id"]]


# rows


def test_rows_are_read_from_any_one_on_whether_in_memory_or_in_a_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    every = list(numbers(20_000))
    for first in range(0, len(every), CHUNK):
        spool.put(every[first : first + CHUNK])

    assert len(every) * 20 > IN_MEMORY
    assert spool.count == 20_000
    for start, limit in ((0, 3), (255, 2), (256, 1), (700, 600), (19_990, 50), (20_000, 5)):
        assert spool.read(start, limit) == every[start : start + limit]
    assert list(tmp_path.iterdir()) == []  # the file has no name: nothing stays behind, whatever happens
    spool.close()


def test_a_cursor_is_read_only_as_far_as_somebody_looks_and_says_when_it_was_let_go(tmp_path: Path) -> None:
    read = [0]

    def counted() -> Iterator[Row]:
        for row in numbers(10_000):
            read[0] += 1
            yield row

    answer = an_answer(tmp_path, counted())
    answer.draw(300)
    drawn = read[0]
    answer.let_go()

    assert 300 <= drawn < 1_000
    assert answer.read(299, 1) == [(299, "x" * 49)]
    with pytest.raises(SqlError, match="Only its first 512 rows are still here"):
        answer.draw(5_000)


def test_every_row_of_a_cursor_comes_once_behind_those_that_came_before(tmp_path: Path) -> None:
    answer = an_answer(tmp_path, numbers(3_000))
    answer.draw(10)

    assert list(answer.every(answer.draw)) == list(numbers(3_000))
    assert (answer.is_through, answer.tag) == (True, "SELECT 3000")


def test_cells_say_what_json_cannot() -> None:
    headings = (Heading(name="a", type="double"), Heading(name="b", type="boolean"), Heading(name="c", type="bigint"))
    rows: list[Row] = [(float("nan"), 1, 2**53), (float("-inf"), None, -(2**53)), (0.5, 0, 7)]

    assert shown(headings, rows) == [["NaN", True, str(2**53)], ["-Infinity", None, str(-(2**53))], [0.5, False, 7]]


# runs


def test_a_run_is_seen_by_who_began_it_only(desk: Desk) -> None:
    run = started(desk, "SELECT 1")
    own = desk.answer(ADA, "GET", f"runs/{run.id}", {"wait_s": 20})
    others = desk.answer(BOB, "GET", f"runs/{run.id}", {})

    assert (own.status, others.status) == (200, 404)


def test_what_nobody_looks_at_is_let_go_ended_and_forgotten(desk: Desk) -> None:
    many = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 100000) SELECT n FROM t"
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    open_cursor, runs = started(desk, many), started(desk, endless)
    until(lambda: open_cursor.has_ended)
    now = time.monotonic()
    desk._tidied(now + desks.CURSOR_S + 1)
    with pytest.raises(SqlError, match="still here"):
        open_cursor.draw(open_cursor.answers[0], 50_000)
    until(lambda: runs.has_ended)
    trouble = runs.answers[0].trouble
    desk._tidied(now + desks.KEPT_S + desks.CURSOR_S)

    assert trouble is not None
    assert trouble.message == "The statement was cancelled: nobody waits for it any more."
    with pytest.raises(NotFound):
        desk._run(ADA, runs.id)


def test_of_very_many_results_the_oldest_is_forgotten(desk: Desk) -> None:
    first = started(desk, "SELECT 1")
    for _ in range(desks.MOST_RUNS):
        until(lambda: not any(run.is_busy for run in desk._runs.values()))
        started(desk, "SELECT 2")

    assert desk.answer(ADA, "GET", f"runs/{first.id}", {}).status == 404


def test_a_change_is_carried_out_whole_though_nobody_reads_its_rows(desk: Desk) -> None:
    rows = "SELECT n FROM (WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 5000) SELECT n FROM t)"
    operator = Person(name="ada", role=lambda: Role.OPERATOR)
    run = started(desk, f"CREATE MATERIALIZED VIEW kept AS {rows}; SELECT count(*) FROM kept", operator)
    until(lambda: run.has_ended)

    assert [one.state for one in run.answers] == ["done", "done"], [one.trouble for one in run.answers]
    assert run.answers[1].read(0, 1) == [(5_000,)]


def test_a_reader_who_waits_hears_of_a_change_at_once(desk: Desk) -> None:
    run = started(desk, "SLEEP 60000")
    heard = threading.Event()

    def wait() -> None:
        run.wait(run.version, 600)
        heard.set()

    until(lambda: run.answers[0].state == "running")
    waiter = threading.Thread(target=wait)
    waiter.start()
    run.cancel()
    waiter.join(60)

    assert heard.is_set()
    assert run.state == "cancelled"
