"""What the launcher says: messages, lines, events."""

from __future__ import annotations

from typing import Any

import pytest

from runyard.executors.launcher import ends, events, wire
from runyard.executors.launcher.depth import is_too_deep
from runyard.executors.launcher.events import ConnectionTaken, Ended, GoesOn, OnWire, Started, Waits
from runyard.executors.launcher.interpreter import needs_fresh_one
from runyard.executors.launcher.order import Order


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ("cancelled", "The run was cancelled."),
        ("timed_out", "The run did not finish within its timeout of 60 s."),
        ("launcher_lost", "The launcher that watched this process died, and the process with it."),
        ("server_maintenance", "The run was ended: server_maintenance."),
    ],
)
def test_every_cause_has_its_message(cause: str, message: str) -> None:
    assert ends.of_cause(cause, timeout_ms=60_000) == message


@pytest.mark.parametrize(
    ("exit_code", "signal_number", "message"),
    [
        (0, None, None),
        (3, None, "Command failed with exit code 3"),
        (None, 11, "The process was ended by signal 11 (SIGSEGV)."),
        (None, 40, "The process was ended by signal 40."),
    ],
)
def test_every_exit_has_its_message(exit_code: int | None, signal_number: int | None, message: str | None) -> None:
    assert ends.of_exit(exit_code, signal_number) == message


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("bad row 17"), "ValueError: bad row 17"),
        (ValueError(), "ValueError"),
        (KeyError("a"), "KeyError: 'a'"),
        (ValueError("two\nlines"), "ValueError: two\nlines"),
        (ends.__dict__["signal"].ItimerError("x"), "signal.itimer_error: x"),
        (ExceptionGroup("several", [ValueError("a")]), "ExceptionGroup: several (1 sub-exception)"),
    ],
)
def test_every_exception_has_its_message(error: BaseException, message: str) -> None:
    assert ends.of_exception(error) == message


def test_a_note_on_an_exception_does_not_take_its_place() -> None:
    error = ValueError("bad row 17")
    error.add_note("in file a.csv")

    assert ends.of_exception(error) == "ValueError: bad row 17"


def test_messages_are_cut_from_a_stream_however_it_comes() -> None:
    lines = wire.Lines()
    stream = wire.pack({"a": 1}) + wire.pack({"b": "ü\n"})
    found = [message for at in range(len(stream)) for message in lines.feed(stream[at : at + 1])]

    assert found == [{"a": 1}, {"b": "ü\n"}]


@pytest.mark.parametrize("garbage", [b"{\n", b"[]\n", b"\xff\n", b"1\n", b"[" * 99_999 + b"\n"])
def test_what_is_not_of_the_language_is_garbage(garbage: bytes) -> None:
    with pytest.raises(wire.Garbage):
        list(wire.Lines().feed(garbage))


@pytest.mark.parametrize(
    "event",
    [
        Started(attempt_id=1, pid=2, at=3),
        Waits(attempt_id=1, at=3),
        GoesOn(attempt_id=1, at=3),
        Ended(attempt_id=1, at=2, exit_code=0),
        Ended(attempt_id=1, at=2, signal=9, cause="cancelled", message="m", trace="t", category="c"),
        ConnectionTaken(),
    ],
)
def test_an_event_comes_out_as_it_went_in(event: OnWire) -> None:
    assert events.from_wire(events.to_wire(event)) == event


def test_an_order_comes_out_as_it_went_in_and_tolerates_a_newer_sender() -> None:
    order = Order(attempt_id=1, folder="/f", script="/s.py", limits={"as": 1})

    assert Order.from_wire(order.to_wire() | {"invented_later": 1}) == order


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, False),
        ({"PYTHONPATH": "/a", "PYTHONUNBUFFERED": "1", "TZ": "UTC"}, False),
        ({"PYTHONHASHSEED": "1"}, True),
        ({"LD_LIBRARY_PATH": "/same"}, False),
        ({"LD_LIBRARY_PATH": "/other"}, True),
        ({"OMP_NUM_THREADS": "1"}, True),
    ],
)
def test_only_what_counts_at_the_start_asks_for_a_fresh_interpreter(wanted: dict[str, str], *, expected: bool) -> None:
    assert needs_fresh_one(wanted, {"LD_LIBRARY_PATH": "/same"}) is expected


def test_what_a_job_told_is_in_no_log() -> None:
    assert "hunter2" not in repr(Ended(attempt_id=1, at=2, output={"result": "hunter2"}))


@pytest.mark.parametrize(("levels", "is_deep"), [(1, False), (200, False), (201, True), (100_000, True)])
def test_how_deep_a_document_is_nested_can_be_told(levels: int, *, is_deep: bool) -> None:
    document: Any = 1
    for level in range(levels):
        document = [document] if level % 2 else {"a": document}

    assert is_too_deep(document) is is_deep
