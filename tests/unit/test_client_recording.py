"""Telling a server of a run: in order, again if it was not heard, and never in the way of the work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from raw_server import Line, RawServer, serving
from waiting import until

from runyard.client import recording
from runyard.client.errors import Unreachable
from runyard.client.native import NativeClient
from runyard.client.recording import Recording

BEGUN = b'{"id": 5}'
FINE = b'{"id": 5, "state": "running"}'
ENDED = b'{"error": "wrong_state", "message": "Run 5 has ended (cancelled)."}'
WRONG = b'{"error": "invalid_request", "message": "Parameter told: it is nested deeper than 200 levels."}'


def begun(server: RawServer) -> Recording:
    client = NativeClient(server.url, "secret", patience_s=0, timeout_s=5)
    return Recording(client, "flow", ["a"], verdict="flow", settings={"workflow": "flow"})


def word(**more: Any) -> dict[str, Any]:
    return {"task": "a", "number": 0, "began_at": 1, **more}


def told(server: RawServer) -> list[Any]:
    """Return the bodies of what the server heard."""
    return [json.loads(one.partition("\r\n\r\n")[2]) for one in server.heard]


def answers_all(line: Line) -> None:
    line.request()
    line.answer(BEGUN, status="201 Created")
    while True:
        line.request()
        line.answer(FINE)


def test_a_run_is_begun_and_told_until_nothing_is_left_to_say() -> None:
    with serving(answers_all) as server:
        record = begun(server)
        record.say(word())
        record.say(word(ended_at=2, outcome="succeeded"))
        heard_all = record.close()

    assert heard_all
    assert record.run_id == 5
    first, *words = told(server)
    assert server.heard[0].startswith("POST /runyard/v1/recordings ")
    assert {name: first[name] for name in ("name", "tasks", "verdict", "lease_s")} == {
        "name": "flow",
        "tasks": ["a"],
        "verdict": "flow",
        "lease_s": 60.0,
    }
    assert server.heard[1].startswith("POST /runyard/v1/recordings/5/told ")
    assert [one for body in words for one in body["told"]][-1] == word(ended_at=2, outcome="succeeded")


def test_what_was_not_heard_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "AGAIN_S", 0.01)

    def hangs_up(line: Line) -> None:
        line.request()
        line.answer(BEGUN, status="201 Created")
        line.request()

    with serving(hangs_up, hears_and_hangs_up, answers_later) as server:
        record = begun(server)
        record.say(word())
        heard_all = record.close()

    assert heard_all
    assert [body["told"] for body in told(server)[1:4]] == [[word()]] * 3


def hears_and_hangs_up(line: Line) -> None:
    line.request()


def answers_later(line: Line) -> None:
    while True:
        line.request()
        line.answer(FINE)


def test_a_server_is_told_that_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "HEARTBEAT_S", 0.01)
    with serving(answers_all) as server:
        record = begun(server)
        until(lambda: len(server.heard) >= 4)
        record.close()

    assert [body["told"] for body in told(server)[1:4]] == [[], [], []]


def test_a_run_that_has_ended_on_the_server_is_over() -> None:
    def ends(line: Line) -> None:
        line.request()
        line.answer(BEGUN, status="201 Created")
        line.request()
        line.answer(ENDED, status="409 Conflict")

    with serving(ends) as server:
        record = begun(server)
        record.say(word())
        record.close()

    assert record.is_over


def test_what_the_server_refuses_is_told_and_not_said_again() -> None:
    def refuses(line: Line) -> None:
        line.request()
        line.answer(BEGUN, status="201 Created")
        line.request()
        line.answer(WRONG, status="400 Bad Request")
        while True:
            line.request()
            line.answer(FINE)

    with serving(refuses) as server:
        record = begun(server)
        record.say(word(output={"values": {}}))
        heard_all = record.close()

    assert not heard_all
    assert "nested deeper" in record.trouble
    assert sum(bool(body.get("told")) for body in told(server)) == 1


def test_without_a_server_nothing_begins() -> None:
    client = NativeClient("http://127.0.0.1:9", "", patience_s=0, timeout_s=1)

    with pytest.raises(Unreachable):
        Recording(client, "flow", ["a"], verdict="flow", settings={})
