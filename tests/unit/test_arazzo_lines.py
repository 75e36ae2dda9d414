"""What a log has of a workflow's run: a line a step, and of a poll loop only what is new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from arazzo_reports import exchange, failed, step, workflow

from runyard.arazzo.language.values import MISSING
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport
from runyard.arazzo.told.lines import Lines
from runyard.arazzo.told.telling import explanation, length, newest_word, shown


@dataclass
class Log:
    """Lines with a clock that the test sets."""

    now: float = 0.0
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = Lines(self.lines.append)
        self.told.rows.clock = lambda: self.now

    def execute(self, report: StepReport, *, seconds: float = 0.25) -> list[str]:
        """Let a step begin and end, and return the lines that came of it."""
        before = len(self.lines)
        self.told.rows.step_began(report.place)
        self.now += seconds
        self.told.rows.step_ended(report)
        return self.lines[before:]


def asked(state: str, **facts: Any) -> StepReport:
    judged = Judged(
        condition="$.state == 'DONE'",
        type="jsonpath",
        holds=False,
        saw={"$response.body": {"state": state}, "$.state": state},
    )
    return step("poll", asked=(judged,), **facts)


def test_a_step_is_one_line_with_its_answer() -> None:
    log = Log()

    assert log.execute(step("look")) == ["look: 200, 250ms"]
    assert log.execute(step("none", exchange=exchange(None))) == ["none: no answer, 250ms"]
    assert log.execute(step("inner", exchange=None)) == ["inner: 250ms"]


def test_a_poll_loop_is_a_line_for_each_new_word_with_the_polls_so_far() -> None:
    log = Log()

    assert log.execute(asked("PENDING", follows="goto poll")) == ["poll: PENDING, 250ms"]
    assert log.execute(asked("RUNNING", follows="goto poll", tries=2)) == ["poll: RUNNING, 2 polls, 500ms"]
    for number in range(3, 15):
        assert log.execute(asked("RUNNING", follows="goto poll", tries=number), seconds=5) == []
    assert log.execute(asked("DONE", follows="end", tries=15), seconds=11.5) == ["poll: DONE, 15 polls, 1m12s"]


def test_a_poll_loop_that_ends_without_a_new_word_is_told_with_its_workflow() -> None:
    log = Log()
    log.execute(asked("RUNNING", follows="goto poll"))
    log.execute(asked("RUNNING", follows="goto poll", tries=2))
    log.told.rows.workflow_ended(workflow(succeeded=False))

    assert log.lines[-1] == "poll: RUNNING, 2 polls, 500ms"


def test_a_loop_over_several_steps_is_told_once_as_long_as_it_says_the_same() -> None:
    log = Log()
    for number in range(1, 4):
        log.execute(step("ask", tries=number))
        log.execute(step("look", tries=number, follows="goto ask"))
    log.told.rows.workflow_ended(workflow())

    assert log.lines == [
        "ask: 200, 250ms",
        "look: 200, 250ms",
        "ask: 200, 3 executions, 250ms",
        "look: 200, 3 executions, 250ms",
    ]


def test_a_failure_that_is_tried_again_is_one_line_and_one_that_is_not_is_explained() -> None:
    log = Log()
    again = log.execute(failed(follows="retry look"))
    for_good = log.execute(failed(tries=2))

    assert again == ["look: 404, 250ms", "    $statusCode == 200 does not hold; retry look"]
    assert for_good[0] == "look: 404, 2 tries, 500ms"
    assert for_good[1:3] == ["    $statusCode == 200 does not hold", "    condition  $statusCode == 200"]


def test_steps_of_a_workflow_within_are_set_in() -> None:
    log = Log()

    assert log.execute(step("ask", workflows=("main", "login"))) == ["  login/ask: 200, 250ms"]


def test_a_wait_is_shown_while_it_lasts() -> None:
    log = Log()
    place = StepPlace(workflows=("main",), step="poll")
    log.execute(asked("RUNNING", follows="goto poll"))
    log.told.rows.waits(place, 2.5, "the server's Retry-After")
    (row,) = log.told.rows

    assert row.text(1.0) == "poll: RUNNING, 1.0s, waits 2.5s (the server's Retry-After)"
    log.told.rows.step_began(place)
    assert "waits" not in row.text(1.0)


@pytest.mark.parametrize(
    ("saw", "word"),
    [
        ({"$statusCode": 200}, ""),
        ({"$response.body": {"a": 1}, "$.state": "RUNNING"}, "RUNNING"),
        ({"$.a": "FIRST", "$.b": "LAST", "$.n": 4}, "LAST"),
        ({"$.n": 4, "$.flag": True, "$.none": None}, "4"),
        ({"$.text": "x" * 41}, ""),
        ({"$.state": "RUNNING", "$.text": "two\nlines"}, "RUNNING"),
        ({"$.text": "\x1b[31mred"}, ""),
        ({}, ""),
    ],
)
def test_the_word_of_a_step_is_the_newest_short_value_that_its_criteria_saw(saw: dict[str, Any], word: str) -> None:
    assert newest_word([Judged(condition="c", type="simple", holds=True, saw=saw)]) == word


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0042, "4ms"), (0.9996, "1.0s"), (1.04, "1.0s"), (59.96, "1m00s"), (72.9, "1m12s"), (3_900, "1h05m")],
)
def test_lengths_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_a_failure_is_explained_with_its_values_and_its_exchange() -> None:
    judged = (
        Judged(
            condition="$.a == 1", type="jsonpath", holds=False, saw={"$.a": MISSING, "$.b": "x y"}, error="no answer"
        ),
        Judged(condition="fine", type="simple", holds=True, saw={"hidden": 1}),
    )
    one = exchange(None, method="POST", request_body=b'{"a":\n 1}')

    assert explanation(failed(criteria=judged, exchange=one, message="why")) == [
        "why",
        "condition  $.a == 1 (jsonpath)",
        "saw        $.a = nothing",
        "saw        $.b = 'x y'",
        "error      no answer",
        "request    POST http://api.example/things?a=1&b=",
        '           {"a": 1}',
        "response   none: api.example gave no answer within 60 s.",
    ]


def test_long_values_are_cut() -> None:
    assert shown({"a": "x" * 500}) == '{"a":"' + "x" * 193 + "…"
