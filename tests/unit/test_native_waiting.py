"""How callers of our own dialect read logs and wait for runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from native_service import Speaker, speaking

from runyard.core.queue import Overflow


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    """An engine without places: nothing ever starts, and nobody waits."""
    yield from speaking(tmp_path, places=0)


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Speaker]:
    """An engine with a place, as long polls of one without end at once."""
    yield from speaking(tmp_path, places=1)


# logs


def test_a_log_is_read_piece_by_piece_without_cutting_a_character(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]
    (speaker.attempt_folder(run_id) / "stdout").write_text("aé€z", encoding="utf-8")
    texts, offset = [], "0"
    for _ in range(3):
        page = speaker.say("GET", f"/runs/{run_id}/logs", stream="stdout", offset=offset, limit=4)
        texts.append(page["pieces"][0]["text"])
        offset = page["next_offset"]

    assert texts == ["aé", "€z", ""]
    assert offset == "7"


def test_a_character_that_never_becomes_whole_is_shown_at_the_end(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]
    (speaker.attempt_folder(run_id) / "stdout").write_bytes("a€".encode()[:-1])
    growing = speaker.say("GET", f"/runs/{run_id}/logs", stream="stdout")
    speaker.say("POST", f"/runs/{run_id}/stop")
    ended = speaker.say("GET", f"/runs/{run_id}/logs", stream="stdout", offset=growing["next_offset"])

    assert (growing["pieces"][0]["text"], growing["next_offset"], growing["complete"]) == ("a", "1", False)
    assert (ended["pieces"][0]["text"], ended["next_offset"], ended["complete"]) == ("�", "3", True)


def test_both_streams_are_read_with_an_offset_each(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]
    folder = speaker.attempt_folder(run_id)
    (folder / "stdout").write_text("out")
    (folder / "stderr").write_text("error")
    page = speaker.say("GET", f"/runs/{run_id}/logs")

    assert [(piece["stream"], piece["text"]) for piece in page["pieces"]] == [("stdout", "out"), ("stderr", "error")]
    assert page["next_offset"] == "3,5"
    assert speaker.refused("GET", f"/runs/{run_id}/logs", stream="stdout", offset="3,5")[0] == 400
    assert speaker.refused("GET", f"/runs/{run_id}/logs", offset="3")[0] == 400


def test_the_log_of_an_ended_attempt_is_complete_only_once_it_is_read(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]
    (speaker.attempt_folder(run_id) / "stdout").write_text("0123456789")
    speaker.say("POST", f"/runs/{run_id}/stop")
    first = speaker.say("GET", f"/runs/{run_id}/logs", stream="stdout", limit=6)
    second = speaker.say("GET", f"/runs/{run_id}/logs", stream="stdout", limit=6, offset=first["next_offset"])

    assert (first["complete"], second["complete"]) == (False, True)


def test_an_attempt_or_task_that_is_not_there_is_not_found(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]

    assert speaker.say("GET", f"/runs/{run_id}/logs", attempt=0)["attempt"]["number"] == 0
    assert speaker.refused("GET", f"/runs/{run_id}/logs", attempt=1)[:2] == (404, "not_found")
    assert speaker.refused("GET", f"/runs/{run_id}/logs", task="other")[:2] == (404, "not_found")


def test_a_run_that_was_skipped_has_no_log(speaker: Speaker) -> None:
    run = speaker.held(Overflow.SKIP)

    assert run.phase == "skipped"
    assert speaker.refused("GET", f"/runs/{run.id}/logs")[:2] == (404, "not_found")


# waiting


@pytest.mark.parametrize(
    "query",
    [{}, {"for": "change"}, {"for": "change", "since": "seen"}, {"for": "end"}],
    ids=["by default for the end", "for any change", "for a change since", "for the end"],
)
def test_a_caller_waits_until_a_run_has_changed_or_ended(busy: Speaker, query: dict[str, str]) -> None:
    run = busy.held(Overflow.QUEUE)
    words = {name: str(run.updated_at) if value == "seen" else value for name, value in query.items()}
    with ThreadPoolExecutor(1) as others:
        waited = others.submit(busy.say, "GET", f"/runs/{run.id}", wait_s=60, **words)
        busy.say("POST", f"/runs/{run.id}/stop")

        assert waited.result(timeout=40)["phase"] == "cancelled"


def test_a_change_that_came_before_the_question_is_told_at_once(busy: Speaker) -> None:
    run = busy.held(Overflow.QUEUE)
    words = {"for": "change", "since": run.updated_at - 1}

    assert busy.say("GET", f"/runs/{run.id}", wait_s=60, **words)["phase"] == "queued"


def test_waiting_ends_when_the_time_is_up(busy: Speaker) -> None:
    run = busy.held(Overflow.QUEUE)

    assert busy.say("GET", f"/runs/{run.id}", wait_s=0.05)["phase"] == "queued"
    assert busy.say("GET", f"/runs/{run.id}/logs", wait_s=0.05)["complete"] is False


def test_a_reader_of_a_log_waits_until_something_is_printed(busy: Speaker) -> None:
    run = busy.held(Overflow.QUEUE)
    with ThreadPoolExecutor(1) as others:
        waited = others.submit(busy.say, "GET", f"/runs/{run.id}/logs", stream="stdout", wait_s=60)
        (busy.attempt_folder(run.id) / "stdout").write_text("at last")

        assert waited.result(timeout=40)["pieces"][0]["text"] == "at last"


def test_a_reader_of_a_log_hears_at_once_that_the_run_has_ended(busy: Speaker) -> None:
    run = busy.held(Overflow.QUEUE)
    with ThreadPoolExecutor(1) as others:
        waited = others.submit(busy.say, "GET", f"/runs/{run.id}/logs", wait_s=60)
        busy.say("POST", f"/runs/{run.id}/stop")

        assert waited.result(timeout=40)["complete"] is True
