"""What languages look after by themselves: in time, when a run of theirs ends, and again after trouble."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dremio_yard import Yard, open_yard
from waiting import until

from runyard.core.run import Outcome
from runyard.dialects.dremio.views import LANGUAGE
from runyard.engine.attending import TROUBLE_MS, Attendant
from runyard.engine.engine import Engine
from runyard.engine.language import Language

NOW = 1_000_000


def attendant(attend: Callable[[Engine], int | None], engine: Any = None) -> Attendant:
    return Attendant(engine, {LANGUAGE: Language(attend=attend), "glue": Language()}, clock=lambda: NOW)


def test_it_comes_by_when_the_first_of_them_wants() -> None:
    one = attendant(lambda _: NOW + 5)

    one.do_what_is_due()

    assert one.due_at() == NOW + 5


def test_where_nothing_is_to_be_done_it_waits_for_what_happens() -> None:
    one = attendant(lambda _: None)

    one.do_what_is_due()

    assert one.due_at() is None


def test_what_could_not_be_seen_to_is_again_in_ten_seconds() -> None:
    def attend(_: Engine) -> int | None:
        raise ValueError("broken")

    one = attendant(attend)
    one.do_what_is_due()

    assert one.due_at() == NOW + TROUBLE_MS


def test_the_end_of_a_run_and_a_call_bring_it_here(tmp_path: Path) -> None:
    seen: list[int] = []

    def attend(_: Engine) -> int | None:
        seen.append(len(seen))
        return None

    with open_yard(tmp_path) as yard:
        one = attendant(attend, yard.engine)
        one.start()
        try:
            until(lambda: seen == [0])
            one.wake()
            until(lambda: seen == [0, 1])
            job = yard.submit("SELECT 1")
            yard.begin(job)
            _end(yard, job, one)
            until(lambda: seen == [0, 1, 2])
        finally:
            one.close()


def _end(yard: Yard, job: str, one: Attendant) -> None:
    attempt = yard.attempt(job)

    def end(moves: Any) -> None:
        moves.finished(attempt.id, Outcome.SUCCEEDED, at=yard.clock(), facts={})
        one.follow(moves)

    yard.move(end)
