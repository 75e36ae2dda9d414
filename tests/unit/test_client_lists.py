from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from runyard.client.errors import BrokenAnswer, GivenUp
from runyard.client.fanning import fan_out
from runyard.client.paging import Paging, pages
from runyard.client.stop import Stop
from runyard.client.whole import whole

RUNS = Paging(rows="runs", token=("page_token", "next_page_token"), place="listJobRuns on prod")


def serve(*answers: dict[str, Any]) -> tuple[list[Mapping[str, Any]], Any]:
    asked: list[Mapping[str, Any]] = []

    def call(members: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(dict(members))
        return answers[len(asked) - 1]

    return asked, call


def test_a_list_is_read_to_its_end() -> None:
    asked, call = serve({"runs": [1, 2], "next_page_token": "a"}, {"next_page_token": "b"}, {"runs": [3]})

    assert [row for page in pages(call, {"limit": 2}, RUNS) for row in page] == [1, 2, 3]
    assert asked == [{"limit": 2}, {"limit": 2, "page_token": "a"}, {"limit": 2, "page_token": "b"}]


def test_a_page_is_asked_for_when_it_is_wanted() -> None:
    asked, call = serve({"runs": [1], "next_page_token": "a"}, {"runs": [2]})

    assert next(pages(call, {}, RUNS)) == [1]
    assert len(asked) == 1


def test_an_empty_token_is_the_end() -> None:
    _, call = serve({"runs": [1], "next_page_token": ""})

    assert list(pages(call, {}, RUNS)) == [[1]]


def test_a_token_that_comes_twice_is_an_error_and_not_a_loop() -> None:
    _, call = serve(*[{"runs": [1], "next_page_token": "a"}] * 5)

    with pytest.raises(BrokenAnswer, match="'a' came twice"):
        list(pages(call, {}, RUNS))


@pytest.mark.parametrize("answer", [{"runs": "x"}, {"runs": 5}, {"next_page_token": {}}, {"next_page_token": True}])
def test_an_answer_of_another_shape_is_an_error(answer: dict[str, Any]) -> None:
    _, call = serve(answer)

    with pytest.raises(BrokenAnswer, match="listJobRuns on prod"):
        list(pages(call, {}, RUNS))


def test_an_answer_without_its_list_is_an_empty_one_only_if_it_says_nothing_else() -> None:
    _, empty = serve({"has_more": False})
    _, other = serve({"message": "Hello."})

    assert list(pages(empty, {}, RUNS)) == [[]]
    with pytest.raises(BrokenAnswer, match="has no runs, but message"):
        list(pages(other, {}, RUNS))


def test_the_one_record_of_an_answer_is_a_row() -> None:
    _, call = serve({"JobRun": {"Id": "a"}})

    assert list(pages(call, {}, Paging(rows="JobRun", token=None, place="x"))) == [[{"Id": "a"}]]


def test_a_run_of_many_tasks_is_put_together() -> None:
    asked, call = serve(
        {"run_id": 1, "tasks": [1, 2], "job_clusters": [1], "next_page_token": "a"},
        {"run_id": 1, "tasks": [3], "next_page_token": "b"},
        {"run_id": 1, "job_clusters": [2]},
    )

    assert whole(call, {"run_id": 1}, place="x") == {"run_id": 1, "tasks": [1, 2, 3], "job_clusters": [1, 2]}
    assert [one.get("page_token") for one in asked] == [None, "a", "b"]


def test_a_loop_of_many_iterations_has_its_task_once() -> None:
    _, call = serve({"tasks": [1], "iterations": [1, 2], "next_page_token": "a"}, {"tasks": [1], "iterations": [3]})

    assert whole(call, {}, place="x") == {"tasks": [1], "iterations": [1, 2, 3]}


def test_a_job_of_many_tasks_is_put_together() -> None:
    first = {"job_id": 1, "settings": {"name": "n", "tasks": [1]}, "has_more": True, "next_page_token": "a"}
    _, call = serve(first, {"job_id": 1, "settings": {"name": "n", "tasks": [2]}})

    assert whole(call, {}, place="x") == {"job_id": 1, "settings": {"name": "n", "tasks": [1, 2]}}
    assert first["settings"] == {"name": "n", "tasks": [1]}


def test_a_record_without_end_is_an_error() -> None:
    _, call = serve(*[{"tasks": [1], "next_page_token": "a"}] * 5)

    with pytest.raises(BrokenAnswer, match="came twice"):
        whole(call, {}, place="x")


# several at once


def test_answers_come_in_the_order_of_what_was_asked() -> None:
    assert list(fan_out(lambda one: one * 2, range(50), stop=Stop())) == [one * 2 for one in range(50)]


def test_no_more_than_so_many_are_at_work() -> None:
    lock, pause, counts = threading.Lock(), threading.Event(), [0, 0]

    def work(_: int) -> None:
        with lock:
            counts[0] += 1
            counts[1] = max(counts)
        pause.wait(0.005)
        with lock:
            counts[0] -= 1

    list(fan_out(work, range(40), stop=Stop(), at_once=4))

    assert 1 < counts[1] <= 4


def test_who_needs_no_more_asks_for_no_more() -> None:
    begun: list[int] = []

    found = fan_out(begun.append, range(100), stop=Stop(), at_once=4)
    next(found)
    found.close()  # type: ignore[attr-defined]  # it is a generator

    assert len(begun) <= 5


def test_an_error_of_one_is_raised() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise BrokenAnswer("three")
        return number

    with pytest.raises(BrokenAnswer, match="three"):
        list(fan_out(work, range(10), stop=Stop()))


def test_waiting_ends_when_somebody_gives_up() -> None:
    stop, release = Stop(), threading.Event()
    threading.Timer(0.05, stop.set).start()

    with pytest.raises(GivenUp):
        list(fan_out(lambda _: release.wait(20), [1], stop=stop))
    release.set()
