"""Runs whose work a client does itself and tells of, in our own dialect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from native_service import Speaker, speaking


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    yield from speaking(tmp_path, places=0)


def recording(speaker: Speaker, **words: Any) -> Any:
    body = {"name": "flow", "tasks": ["a", "b"], "verdict": "flow", "settings": {"workflow": "flow"}, **words}
    return speaker.say("POST", "/recordings", body=body)


def test_a_run_is_recorded_as_it_is_told(speaker: Speaker) -> None:
    run = recording(speaker)
    assert run["phase"] == "blocked"
    assert run["settings"] == {"workflow": "flow"}
    assert [task["kind"] for task in run["tasks"]] == ["told", "told", "told"]

    began, path = run["created_at"], f"/recordings/{run['id']}/told"
    told = [{"task": "flow", "began_at": began}, {"task": "a", "began_at": began}]
    assert speaker.say("POST", path, body={"told": told})["phase"] == "running"
    done = {"began_at": began, "ended_at": began, "outcome": "succeeded"}
    told = [{"task": "a", "output": {"values": {"n": 1}}, **done}, {"task": "flow", **done}]
    assert speaker.say("POST", path, body={"told": told})["phase"] == "succeeded"

    attempts = speaker.say("GET", f"/runs/{run['id']}/attempts")["attempts"]
    assert {one["task_key"]: one["phase"] for one in attempts} == {
        "a": "succeeded",
        "b": "excluded",
        "flow": "succeeded",
    }
    assert attempts[0]["output"] == {"values": {"n": 1}}


def test_a_recording_begun_twice_with_one_key_is_one_run(speaker: Speaker) -> None:
    first = recording(speaker, idempotency_key="k")

    assert recording(speaker, idempotency_key="k")["id"] == first["id"]


def test_a_recorded_run_can_be_stopped_and_takes_no_more_word(speaker: Speaker) -> None:
    run = recording(speaker)
    assert speaker.say("POST", f"/runs/{run['id']}/stop")["phase"] == "cancelled"
    status, code, _ = speaker.refused("POST", f"/recordings/{run['id']}/told", body={"told": []})

    assert (status, code) == (409, "wrong_state")


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"tasks": []}, "tasks"),
        ({"tasks": ["a", "a"]}, "'a' is named twice"),
        ({"tasks": ["flow"]}, "'flow' is named twice"),
        ({"tasks": ["a\nb"]}, "tasks[0]"),
        ({"lease_s": 0.5}, "lease_s"),
        ({"settings": nested(250)}, "nested deeper than 200 levels"),
    ],
)
def test_a_recording_that_makes_no_sense_is_refused(speaker: Speaker, words: dict[str, Any], named: str) -> None:
    body = {"name": "flow", "tasks": ["a"], "verdict": "flow", **words}
    status, code, message = speaker.refused("POST", "/recordings", body=body)

    assert (status, code) == (400, "invalid_request")
    assert named in message


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"task": "a", "began_at": 1, "outcome": "succeeded"}, "outcome and ended_at, or neither"),
        ({"task": "a", "began_at": 1, "ended_at": 2, "outcome": "crashed"}, "crashed"),
        ({"task": "z", "began_at": 1}, "no task 'z'"),
        ({"task": "a", "began_at": 1, "output": nested(250)}, "nested deeper than 200 levels"),
    ],
)
def test_word_that_makes_no_sense_is_refused(speaker: Speaker, told: dict[str, Any], named: str) -> None:
    run = recording(speaker)
    status, code, message = speaker.refused("POST", f"/recordings/{run['id']}/told", body={"told": [told]})

    assert (status, code) == (400, "invalid_request")
    assert named in message
