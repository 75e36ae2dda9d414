"""Who holds the places of a server, as those are told who look: the counts, the list, and who waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from runyard.core.access import Role
from runyard.core.ids import Ids
from runyard.core.job import Task
from runyard.core.run import Run
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Nothing
from runyard.dialects.native.views import ATTEMPT
from runyard.engine.engine import Engine, now_ms
from runyard.engine.home import Home
from runyard.engine.moves import Moves
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.store.ledger import Ledger
from runyard.store.store import Store, open_store
from runyard.web.console.insight.waiting import waiting_of
from runyard.web.console.run_facts import Look, show_run
from runyard.web.console.run_lists import ListRuns, list_runs
from runyard.web.console.server_facts import show_server

SCRIPT = Task(key="main", kind="python_script", spec={"source": "pass", "name": "a.py"})


@dataclass
class Server:
    """An engine with one place and no launcher, whose part the test plays."""

    engine: Engine
    store: Store
    owner: str
    ids: Ids = field(default_factory=lambda: Ids(now_ms, slot=7))

    @property
    def call(self) -> Call:
        workspace = self.engine.workspace("default")
        return Call(engine=self.engine, workspace=workspace, user="admin", role=Role.ADMIN, url="http://127.0.0.1:0")

    def start(self, name: str, *, awaited_by: int | None = None) -> Run:
        request = Request(language="glue", job_name=name, tasks=[SCRIPT], awaited_by=awaited_by)
        return self.engine.start_run(self.call.workspace, request)

    def attempt(self, run: Run) -> int:
        [attempt] = self.engine.attempts(run)
        return attempt.id

    def move(self, work: Callable[[Moves], None]) -> None:
        def body(ledger: Ledger) -> None:
            moves = Moves(ledger=ledger, ids=self.ids, clock=now_ms, owner=self.owner, places=1)
            work(moves)
            moves.claim()

        self.store.write(body)

    def begin(self, run: Run) -> int:
        number = self.attempt(run)
        self.move(lambda moves: moves.started(number, at=now_ms()))
        return number


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store, home = open_store("sqlite://"), Home(tmp_path / "home").make()
    yield Server(Engine(store, home, Settings(places=1, preload=())), store, home.server_name())
    store.close()


def test_who_waits_for_its_turn_is_counted_and_listed_without_a_place(server: Server) -> None:
    query, script, queued = (server.start(name) for name in ("query", "script", "queued"))
    number = server.begin(query)
    server.move(lambda moves: moves.waits(number, at=7))
    told = show_server(server.call, Nothing())

    assert server.engine.load() == {"queued": 1, "retrying": 0, "on_process": 1, "waiting": 1}
    assert told["queue"]["load"]["waiting"] == 1
    assert [(one["run"], one["holds_place"], one["waits_since"]) for one in told["work"]] == [
        (query.id, False, 7),
        (script.id, True, None),
    ]
    assert ATTEMPT.show(server.engine.attempts(query)[0])["waits_since"] == 7
    waiting = waiting_of(server.call, queued, server.engine.attempts(queued))
    assert waiting is not None
    assert ([run["id"] for run in waiting["runs"]], waiting["count"]) == ([script.id], 1)


def test_who_waits_for_a_run_is_counted_and_listed_without_a_place(server: Server) -> None:
    caller = server.start("caller")
    called = server.start("called", awaited_by=server.begin(caller))
    told = show_server(server.call, Nothing())

    assert server.engine.load() == {"queued": 0, "retrying": 0, "on_process": 1, "waiting": 1}
    assert [(one["run"], one["holds_place"]) for one in told["work"]] == [(caller.id, False), (called.id, True)]


def test_of_more_that_wait_than_may_without_a_place_the_last_is_shown_with_its_own(server: Server) -> None:
    for moment in range(5):
        number = server.begin(server.start(f"query {moment}"))
        server.move(partial(Moves.waits, attempt_id=number, at=moment + 1))
    told = show_server(server.call, Nothing())

    assert server.engine.load() == {"queued": 0, "retrying": 0, "on_process": 1, "waiting": 4}
    assert [one["holds_place"] for one in told["work"]] == [False, False, False, False, True]


def test_lists_and_pages_of_runs_say_since_when_one_waits_for_its_turn(server: Server) -> None:
    query, script = server.start("query"), server.start("script")
    number = server.begin(query)
    server.begin(script)
    server.move(lambda moves: moves.waits(number, at=7))
    listed = list_runs(server.call, ListRuns())["runs"]
    found = list_runs(server.call, ListRuns(text=str(query.id)))["runs"]

    assert [(one["job_name"], one.get("waits_since")) for one in listed] == [("script", None), ("query", 7)]
    assert [one["waits_since"] for one in found] == [7]
    assert show_run(server.call, Look(run=query.id))["run"]["waits_since"] == 7
    assert "waits_since" not in show_run(server.call, Look(run=script.id))["run"]
    server.move(lambda moves: moves.goes_on(number, at=8))
    assert ["waits_since" in one for one in list_runs(server.call, ListRuns())["runs"]] == [False, False]


def test_a_run_of_several_tasks_does_not_wait_because_one_of_them_does(server: Server) -> None:
    request = Request(language="glue", job_name="both", tasks=[SCRIPT, replace(SCRIPT, key="other")])
    run = server.engine.start_run(server.call.workspace, request)
    first = server.engine.attempts(run)[0].id
    server.move(lambda moves: moves.started(first, at=now_ms()))
    server.move(lambda moves: moves.waits(first, at=7))

    assert "waits_since" not in list_runs(server.call, ListRuns())["runs"][0]
    assert "waits_since" not in show_run(server.call, Look(run=run.id))["run"]
