"""Which files and rows are new, and how versions follow each other: pure rules, each as AWS documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.bookmark import (
    BAND_MS,
    Bookmark,
    Bound,
    Element,
    File,
    Reader,
    begun,
    bounded,
    check_keys,
    committed,
    files_between,
    last_row,
    new_files,
    rewound,
    rows_between,
    unread,
)
from runyard.core.errors import InvalidRequest, WrongState

HOUR = 3_600_000
FIRST, SECOND, THIRD = 10 * HOUR, 20 * HOUR, 30 * HOUR
READ_A = {"a": {"kind": "files", "started_at": FIRST, "marks": []}}
RUN_1, RUN_2 = Reader(job_id=1, run_id=11, attempt=0), Reader(job_id=1, run_id=12, attempt=0)


def file(name: str, at: int, size: int = 1) -> File:
    return File(name=name, modified_ns=at * 1_000_000, size=size)


def read(files: Sequence[File], before: Element | None, at: int) -> tuple[list[str], Element]:
    fresh, element = new_files(files, before, started_at=at)
    return [one.name for one in fresh], element


# files


def test_the_first_run_reads_everything_and_the_next_only_what_came_since() -> None:
    old = [file("a", FIRST - HOUR), file("b", FIRST - 1)]
    first, state = read(old, None, FIRST)
    second, state = read([*old, file("c", SECOND - HOUR)], state, SECOND)
    third, _ = read([*old, file("c", SECOND - HOUR)], state, THIRD)

    assert (first, second, third) == (["a", "b"], ["c"], [])


def test_a_late_file_is_read_if_it_is_no_older_than_the_band_of_fifteen_minutes() -> None:
    _, state = read([file("a", FIRST - 1)], None, FIRST)
    inside, outside = file("inside", FIRST - BAND_MS), file("outside", FIRST - BAND_MS - 1)

    assert read([file("a", FIRST - 1), inside, outside], state, SECOND)[0] == ["inside"]


def test_a_file_inside_the_band_is_not_read_twice() -> None:
    young = file("a", FIRST - 1)
    _, state = read([young], None, FIRST)
    again, state = read([young], state, FIRST + 1000)

    assert again == []
    assert read([young], state, FIRST + 2000)[0] == []


def test_a_modified_file_is_read_again_old_or_young() -> None:
    old, young = file("old", FIRST - HOUR), file("young", FIRST - 1)
    _, state = read([old, young], None, FIRST)
    changed = [file("old", FIRST + 1), file("young", FIRST + 2)]

    assert read(changed, state, FIRST + 1000)[0] == ["old", "young"]
    assert read([file("young", FIRST - 1, size=2)], state, FIRST + 1000)[0] == ["young"]


def test_a_file_that_was_written_while_the_run_read_is_read_by_the_next() -> None:
    _, state = read([file("a", FIRST + 5)], None, FIRST)

    assert read([file("a", FIRST + 5), file("b", FIRST + 6)], state, SECOND)[0] == ["b"]


def test_only_young_files_are_remembered_one_by_one() -> None:
    files = [file(f"{number}", FIRST - HOUR) for number in range(1000)]
    _, state = read([*files, file("young", FIRST)], None, FIRST)

    assert len(state["marks"]) == 1


def test_a_clock_that_steps_back_reads_nothing_twice() -> None:
    files = [file("a", FIRST - HOUR), file("b", FIRST - 1)]
    _, state = read(files, None, FIRST)
    again, state = read(files, state, FIRST - 2 * HOUR)

    assert again == []
    assert state["started_at"] == FIRST


def test_a_window_holds_what_one_run_read_and_an_earlier_one_had_not() -> None:
    a, b, c = file("a", FIRST - 1), file("b", SECOND - 1), file("c", THIRD - 1)
    _, first = read([a], None, FIRST)
    _, second = read([a, b], first, SECOND)
    everything = [a, b, c]

    assert [one.name for one in files_between(everything, first, second)] == ["b"]
    assert [one.name for one in files_between(everything, None, second)] == ["a", "b"]
    assert files_between(everything, second, second) == []
    assert files_between(everything, first, None) == []


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=40),
    st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True),
)
def test_every_file_that_comes_in_time_is_read_exactly_once_for_each_time_it_is_written(
    writes: list[tuple[int, int]], runs: list[int]
) -> None:
    minute = 60_000
    state: Element | None = None
    seen: list[tuple[str, int]] = []
    for run in sorted(runs):
        present = {name: at for at, name in sorted(writes) if at < run}  # the last time each was written before
        fresh, state = new_files(
            [file(f"{name}", at * minute) for name, at in present.items()], state, started_at=run * minute
        )
        seen += [(one.name, one.modified_at) for one in fresh]

    assert len(seen) == len(set(seen))
    last = max(runs)
    assert {
        (f"{name}", at * minute) for name, at in {name: at for at, name in sorted(writes) if at < last}.items()
    } <= set(seen)


# bounds


def read_some(files: Sequence[File], before: Element | None, at: int, bound: Bound) -> tuple[list[str], Element]:
    fresh, element = new_files(files, before, started_at=at)
    taken, element = bounded(files, fresh, element, bound)
    return [one.name for one in taken], element


def test_a_bound_takes_the_oldest_and_leaves_the_others_to_the_next_runs() -> None:
    files = [file("c", FIRST - 1), file("a", FIRST - HOUR), file("b", FIRST - HOUR), file("d", FIRST - 2)]
    state: Element | None = None
    runs = []
    for run in range(4):
        names, state = read_some(files, state, FIRST + run, Bound(files=2))
        runs.append(names)

    assert runs == [["a", "b"], ["d", "c"], [], []]


def test_a_bound_of_bytes_takes_at_least_one_file() -> None:
    files = [file("a", FIRST - 3, size=10), file("b", FIRST - 2, size=3), file("c", FIRST - 1, size=3)]
    first, state = read_some(files, None, FIRST, Bound(size=6))
    second, state = read_some(files, state, FIRST, Bound(size=6))

    assert (first, second) == (["a"], ["b", "c"])
    assert read_some(files, state, FIRST, Bound(size=6))[0] == []


def test_old_files_that_a_bound_left_are_read_however_late_the_next_run_is() -> None:
    files = [file("a", FIRST - 3 * HOUR), file("b", FIRST - 2 * HOUR)]
    _, state = read_some(files, None, FIRST, Bound(files=1))
    later = [*files, file("c", FIRST + 1)]

    assert read(later, state, THIRD)[0] == ["b", "c"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=40, unique_by=lambda one: one[1]),
    st.integers(1, 5),
    st.lists(st.integers(1, 100), min_size=1, max_size=12, unique=True),
)
def test_whatever_the_bound_every_file_that_was_there_is_read_exactly_once(
    writes: list[tuple[int, int]], most: int, runs: list[int]
) -> None:
    minute = 60_000
    state: Element | None = None
    seen: list[str] = []
    present = [file(f"{name}", at * minute) for at, name in writes]
    for run in [*sorted(runs), *range(101, 145)]:  # enough runs to read them all
        there = [one for one in present if one.modified_at < run * minute]
        names, state = read_some(there, state, run * minute, Bound(files=most))
        assert len(names) <= most
        seen += names

    assert sorted(seen) == sorted(one.name for one in present)


# rows


def test_the_last_row_is_told_to_who_asks_by_the_same_keys() -> None:
    element = {"kind": "rows", "keys": ["a", "b"], "order": "asc", "last": [1, "x"]}

    assert last_row(element, ["a", "b"], "asc") == [1, "x"]
    assert last_row(None, ["a"], "asc") is None
    for keys, order in ((["a"], "asc"), (["b", "a"], "asc"), (["a", "b"], "desc")):
        with pytest.raises(InvalidRequest, match="kept by a, b asc"):
            last_row(element, keys, order)


def test_a_window_of_rows_lies_behind_one_row_and_up_to_another() -> None:
    assert rows_between([1], [5]).after == [1]
    assert rows_between([1], [5]).until == [5]
    assert rows_between(None, [5]).after is None
    assert rows_between([1], None).is_empty


@pytest.mark.parametrize(("keys", "order"), [([], "asc"), (["a", "a"], "asc"), (["a"], "up")])
def test_keys_that_order_nothing_are_refused(keys: list[str], order: str) -> None:
    with pytest.raises(InvalidRequest):
        check_keys(keys, order)


def test_a_context_is_for_files_or_for_rows() -> None:
    rows = {"kind": "rows", "keys": ["a"], "order": "asc", "last": [1]}

    with pytest.raises(InvalidRequest, match="a context of its own"):
        new_files([], rows, started_at=1)
    with pytest.raises(InvalidRequest, match="a context of its own"):
        last_row(READ_A["a"], ["a"], "asc")


# versions


def test_versions_count_as_those_of_aws_do() -> None:
    first = begun(None, RUN_1, now=1)
    first_end = committed(first, RUN_1, first.version, READ_A, now=2)
    second = begun(first_end, RUN_2, now=3)
    second_end = committed(second, RUN_2, second.version, {}, now=4)

    told = [(one.version, one.run_number, one.try_number) for one in (first, first_end, second, second_end)]
    assert told == [(1, 1, 0), (2, 2, 0), (3, 2, 0), (4, 3, 0)]
    assert second_end.previous_run_id == 11
    assert second_end.elements == READ_A  # what was not read again stays


def test_a_run_that_follows_a_failed_one_is_another_try() -> None:
    failed = begun(None, RUN_1, now=1)
    retry = begun(failed, replace(RUN_1, attempt=1), now=2)
    next_run = begun(retry, RUN_2, now=3)
    done = committed(next_run, RUN_2, next_run.version, READ_A, now=4)

    assert [one.try_number for one in (failed, retry, next_run, done)] == [0, 1, 2, 0]
    assert [one.run_number for one in (failed, retry, next_run, done)] == [1, 1, 1, 2]


def test_what_is_asked_twice_is_done_once() -> None:
    first = begun(None, RUN_1, now=1)
    end = committed(first, RUN_1, first.version, READ_A, now=2)

    assert begun(first, RUN_1, now=9) is first
    assert committed(end, RUN_1, first.version, READ_A, now=9) is end


def test_of_two_runs_that_read_at_once_the_one_that_began_last_commits_and_the_other_is_refused() -> None:
    one = begun(None, RUN_1, now=1)
    other = begun(one, RUN_2, now=2)

    with pytest.raises(WrongState, match=r"^GLUE_JOB_BOOKMARK_VERSION_MISMATCH_ERROR"):
        committed(other, RUN_1, one.version, READ_A, now=3)
    end = committed(other, RUN_2, other.version, READ_A, now=4)
    with pytest.raises(WrongState, match=r"^GLUE_JOB_BOOKMARK_VERSION_MISMATCH_ERROR"):
        committed(end, RUN_1, one.version, READ_A, now=5)


def test_a_run_whose_bookmark_was_reset_meanwhile_is_refused() -> None:
    one = begun(None, RUN_1, now=1)

    with pytest.raises(WrongState, match="MISMATCH"):
        committed(rewound(one, None, now=2), RUN_1, one.version, READ_A, now=3)
    with pytest.raises(WrongState, match="MISMATCH"):
        committed(None, RUN_1, 1, READ_A, now=3)


def test_a_reset_goes_back_to_a_run_or_to_the_beginning_and_is_a_version_of_its_own() -> None:
    end = committed(begun(None, RUN_1, now=1), RUN_1, 1, READ_A, now=2)
    later = committed(begun(end, RUN_2, now=3), RUN_2, 3, {"b": READ_A["a"]}, now=4)

    back, blank = rewound(later, end, now=5), rewound(later, None, now=5)

    assert (back.version, back.elements, back.run_number, back.run_id) == (5, READ_A, 2, 11)
    assert (blank.version, blank.elements, blank.run_number, blank.run_id) == (5, {}, 1, None)
    assert begun(blank, RUN_2, now=6).try_number == 0


def test_a_state_without_anything_has_read_nothing() -> None:
    assert unread([file("a", 1)], None) == [file("a", 1)]
    assert Bookmark(job_id=1, version=1, created_at=1).elements == {}
