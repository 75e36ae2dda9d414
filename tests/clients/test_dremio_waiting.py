"""Queries that wait in their queue hold no place of the server: whatever else it has to do goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from console_yard import Visitor
from dremio_live import LONG, Http
from live import Live
from waiting import until

from runyard.dialects.dremio_ids import from_job_id

PLACES, QUERIES = 2, 5
SETTINGS = f"""
grace_s = 1.0
places = {PLACES}
warm_children = 2
[dremio]
large_cost = 1000
[dremio.queues.LARGE]
slots = 1
"""
SHORT_S = 60  # a machine under load


class Busy(Http):
    """A server one of whose queries runs, and the others wait for that."""

    def told(self, path: str) -> dict[str, Any]:
        """Return what our own language tells."""
        answer: dict[str, Any] = self("GET", f"/runyard/v1/{path}")
        return answer

    def load(self) -> dict[str, int]:
        """Return how many attempts wait, and which hold a place."""
        load: dict[str, int] = self.told("server")["load"]
        return load

    def attempt(self, job: str) -> dict[str, Any]:
        """Return the only attempt of a query."""
        [attempt] = self.told(f"runs/{from_job_id(job)}/attempts")["attempts"]
        return dict(attempt)

    def holders(self) -> list[int]:
        """Return the runs that hold places, as the console shows them to an administrator."""
        work = Visitor(self.live).enter().told("GET", "/console/v1/server")["work"]
        return [one["run"] for one in work if one["holds_place"]]

    def words(self, job: str) -> list[str]:
        """Return the changes of a query's run."""
        return [event["kind"] for event in self.told(f"runs/{from_job_id(job)}/events")["events"]]

    def fill(self) -> list[str]:
        """Submit the queries, and return them once all but the first wait in their queue."""
        jobs = [self.submit(LONG)]
        self.when(jobs[0], "RUNNING")
        jobs += [self.submit(LONG) for _ in range(QUERIES - 1)]
        for job in jobs[1:]:
            self.when(job, "QUEUED")
        until(lambda: self.load()["waiting"] == QUERIES - 1, seconds=SHORT_S)
        return jobs

    def clear(self, jobs: list[str]) -> None:
        """Cancel queries, those that wait first."""
        for job in reversed(jobs):
            self("POST", f"job/{job}/cancel")
            self.when(job, "CANCELED")

    def run_script(self, name: str) -> str:
        """Run a Python shell job to its end, and return its state."""
        glue = self.live.client("glue")
        self.live.make_job(name, "print('here')")
        run = glue.start_job_run(JobName=name)["JobRunId"]

        def ended() -> str | None:
            state: str = glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"]
            return None if state in {"WAITING", "STARTING", "RUNNING", "STOPPING"} else state

        return until(ended, seconds=SHORT_S) or ""


@pytest.fixture
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    live = Live(tmp_path_factory.mktemp("waiting") / "home", settings=SETTINGS).start()
    yield Busy(live)
    live.close()


def test_a_script_runs_while_more_queries_wait_than_there_are_places(busy: Busy) -> None:
    jobs = busy.fill()
    full = busy.load()
    state = busy.run_script("beside")

    assert full == {"queued": 0, "retrying": 0, "on_process": 1, "waiting": QUERIES - 1}
    assert state == "SUCCEEDED"
    assert [busy.job(job)["jobState"] for job in jobs] == ["RUNNING", *["QUEUED"] * (QUERIES - 1)]
    assert busy.holders() == [from_job_id(jobs[0])]
    assert ["waits_since" in busy.attempt(job) for job in jobs] == [False, *[True] * (QUERIES - 1)]
    busy.clear(jobs)
    assert busy.load()["waiting"] == 0


def test_a_query_that_goes_on_holds_a_place_again(busy: Busy) -> None:
    jobs = busy.fill()
    busy.clear(jobs[:1])
    next_one = until(lambda: next((job for job in jobs[1:] if busy.job(job)["jobState"] == "RUNNING"), None))
    assert next_one is not None
    until(lambda: busy.load() == {"queued": 0, "retrying": 0, "on_process": 1, "waiting": QUERIES - 2})

    assert "waits_since" not in busy.attempt(next_one)
    assert [word for word in busy.words(next_one) if word in {"waits", "goes_on"}] == ["waits", "goes_on"]
    busy.clear([next_one, *(job for job in jobs[1:] if job != next_one)])


def test_who_waited_before_the_server_was_killed_holds_no_place_of_the_next_one(busy: Busy) -> None:
    jobs = busy.fill()
    since = [busy.attempt(job)["waits_since"] for job in jobs[1:]]
    busy.live.kill()
    busy.live.start()
    until(lambda: busy.load()["waiting"] == QUERIES - 1, seconds=SHORT_S)
    state = busy.run_script("after")

    assert state == "SUCCEEDED"
    assert [busy.attempt(job)["waits_since"] for job in jobs[1:]] == since
    assert [busy.words(job).count("waits") for job in jobs] == [0, *[1] * (QUERIES - 1)]
    busy.clear(jobs)
