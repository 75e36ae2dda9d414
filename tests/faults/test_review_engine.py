"""What one bad run, one odd word or one missing folder must not do to all the others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from live import end_launcher
from waiting import held_by, until

from runyard.core.job import Task, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Run, State
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.engine.waiting import AtEnd
from runyard.store.store import open_store

FOREVER = "import time; time.sleep(600)"
END_S = 180  # a machine under load


class Yard:
    """An engine of this process, with a launcher and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home).make()
        settings = Settings(places=1, preload=(), warm_children=1, grace_s=0.2)
        self.engine = Engine(open_store(self.home.ledger_url), self.home, settings)
        self.engine.start()
        self.workspace: Workspace = self.engine.workspace("default")

    def start(self, kind: str = "python_script", **spec: Any) -> Run:
        task = Task(key="main", kind=kind, spec=spec)
        return self.engine.start_run(self.workspace, Request(language="native", job_name="one", tasks=[task]))

    def running(self, source: str) -> Run:
        run = self.start(source=source)
        return self.engine.wait_for(
            self.workspace, run.id, timeout_s=END_S, until=lambda seen: seen.state is State.RUNNING
        )

    def ended(self, run: Run) -> Run:
        return self.engine.wait_run(self.workspace, run.id, timeout_s=END_S)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    one = Yard(tmp_path / "home")
    yield one
    one.engine.close()
    end_launcher(one.home.path)


def printed(yard: Yard, run: Run) -> int:
    """Return the number that a run has printed first of all."""
    log = yard.engine.log(yard.engine.attempts(run)[0], "stdout")
    return int(until(lambda: log.read(0, 100)))


def test_an_exception_whose_words_no_ledger_takes_is_recorded_and_the_next_run_too(yard: Yard) -> None:
    odd = yard.ended(yard.start(source="raise ValueError('half \\udcff, none \\0')"))

    assert (odd.phase, odd.message) == ("failed", "ValueError: half \\udcff, none \\x00")
    assert yard.ended(yard.start(source="pass")).phase == "succeeded"


def test_whatever_a_job_leaves_for_the_reason_of_its_end_its_end_is_recorded(yard: Yard) -> None:
    texts = ('{"message": "m", "category": "\\ud800\\u0000"}', '{"message": ["m"], "category": ["x"]}')
    leave = "import os; open('../result.json', 'w').write({!r}); os._exit(3)"

    assert [yard.ended(yard.start(source=leave.format(text))).phase for text in texts] == ["failed", "failed"]


def test_a_long_queue_of_runs_that_cannot_be_prepared_comes_to_its_end(yard: Yard) -> None:
    first = yard.running(FOREVER)
    queued = [yard.start("spark") for _ in range(250)]
    yard.engine.stop_run(yard.workspace, first.id)

    assert {yard.ended(run).phase for run in queued} == {"failed"}
    assert yard.ended(yard.start(source="pass")).phase == "succeeded"


def test_a_script_whose_place_leads_in_a_circle_or_is_no_path_ends_its_run_alone(yard: Yard) -> None:
    bucket = yard.home.path / "s3" / "bucket"
    bucket.mkdir()
    (bucket / "circle.py").symlink_to("circle.py")
    circle, nothing = yard.start(script="s3://bucket/circle.py"), yard.start(script="s3://bucket/a\0b.py")

    assert (yard.ended(circle).phase, yard.ended(nothing).phase) == ("failed", "failed")
    assert yard.ended(yard.start(source="pass")).phase == "succeeded"


def test_a_launcher_that_cannot_be_replaced_at_once_is_replaced_when_it_can(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    run = yard.running("import os, time; print(os.getppid(), flush=True); time.sleep(600)")
    folder, away = yard.home.path / "launcher", yard.home.path / "away"
    launcher = printed(yard, run)
    folder.rename(away)
    folder.write_text("in the way")
    os.kill(launcher, signal.SIGKILL)
    until(lambda: "cannot be made" in caplog.text)
    waiting = yard.start(source="pass")
    folder.unlink()
    away.rename(folder)

    assert yard.ended(run).phase == "crashed"
    assert yard.ended(waiting).phase == "succeeded"


def test_a_launcher_that_cannot_even_be_asked_is_asked_again(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    run = yard.running("import os, time; print(os.getppid(), flush=True); time.sleep(600)")
    socket = yard.home.path / "launcher" / "socket"
    socket.unlink()
    socket.symlink_to(socket.name)  # stands for all that is neither "refused" nor "not there", as too many open files
    os.kill(printed(yard, run), signal.SIGKILL)
    until(lambda: "symbolic links" in caplog.text)
    socket.unlink()

    assert yard.ended(run).phase == "crashed"


def test_a_run_that_was_skipped_waits_for_nothing_more(yard: Yard) -> None:
    task = Task(key="main", kind="python_script", spec={"source": FOREVER})
    job = yard.engine.create_job(
        yard.workspace, name="one", language="native", settings={}, tasks=(task,), max_concurrent_runs=1
    )
    request = Request(language="native", job_name="one", job=job, overflow=Overflow.SKIP, wait_ms=1, notify_after_ms=1)
    first = yard.engine.start_run(yard.workspace, request)
    skipped = yard.engine.start_run(yard.workspace, request)
    yard.engine.stop_run(yard.workspace, first.id)

    assert skipped.phase == "skipped"
    assert (skipped.wait_until, skipped.notify_at) == (None, None)


def test_a_run_with_more_words_than_a_process_takes_is_refused_and_keeps_nobody_waiting(yard: Yard) -> None:
    huge = yard.start(source="pass", arguments=["é" * 4_000_000])
    large = yard.start(source="import sys; print(len(sys.argv[1]))", arguments=["é" * 1_900_000])

    assert yard.ended(huge).message == (
        "The arguments, environment and packages of this run have 4000000 characters, more than the 2097152 that "
        "a process can be given; put them into a file and give the run its name."
    )
    assert yard.ended(large).phase == "succeeded"
    assert yard.engine.log(yard.engine.attempts(large)[0], "stdout").read(0, 100) == b"1900000\n"


def test_two_updates_of_different_facts_of_a_job_are_both_kept(yard: Yard) -> None:
    task = Task(key="main", kind="python_script", spec={"source": "pass"})
    seen = yard.engine.create_job(yard.workspace, name="one", language="native", settings={}, tasks=(task,))
    yard.engine.update_job(seen, settings={"Description": "new"})
    yard.engine.update_job(seen, tags={"team": "blue"})
    job = yard.engine.job_named(yard.workspace, "one")

    assert (job.settings, job.tags) == ({"Description": "new"}, {"team": "blue"})


def test_who_waits_may_do_something_while_an_end_is_recorded(yard: Yard, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    done: list[str] = []
    run = yard.running(held_by(gate))
    attempt = yard.engine.attempts(run)[-1]
    other = AtEnd(attempt_id=attempt.id + 1, do=lambda: done.append("other"))
    with ThreadPoolExecutor() as pool:
        told = AtEnd(attempt_id=attempt.id, do=lambda: done.append("end"))
        waiting = [
            pool.submit(yard.engine.wait_run, yard.workspace, run.id, timeout_s=END_S, at_end=each)
            for each in (told, other)
        ]
        watchers = yard.engine._works.changes._watchers
        until(lambda: len(watchers.get(run.id, ())) == len(waiting))
        gate.touch()

        assert [each.result().phase for each in waiting] == ["succeeded"] * 2
    assert done == ["end"]
