from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runyard.engine.logs import BLOCK, LONGEST_LINE, Log, ends_of


def written(folder: Path, text: bytes, times: str = "") -> Log:
    (folder / "stdout").write_bytes(text)
    (folder / "times").write_text(times)
    return Log(folder, "stdout", started_at=1000)


def test_a_line_has_the_time_at_which_it_was_first_seen(tmp_path: Path) -> None:
    log = written(tmp_path, b"one\ntwo\nthree\n", "2000 4 0\n3000 8 0\n4000 14 0\n")

    assert [(line.offset, line.at, line.text) for line in log.lines()] == [
        (0, 2000, "one"),
        (4, 3000, "two"),
        (8, 4000, "three"),
    ]


def test_a_line_not_observed_yet_has_the_last_known_time(tmp_path: Path) -> None:
    log = written(tmp_path, b"one\ntwo\n", "2000 4 0\n30")

    assert [line.at for line in log.lines()] == [2000, 2000]
    assert [line.at for line in written(tmp_path, b"one\n").lines()] == [1000]


def test_reading_goes_on_from_an_offset(tmp_path: Path) -> None:
    log = written(tmp_path, b"one\ntwo\n")

    assert [line.text for line in log.lines(4)] == ["two"]
    assert (log.read(4, 2), log.size) == (b"tw", 8)


def test_bytes_that_are_no_text_and_endless_lines_are_shown_all_the_same(tmp_path: Path) -> None:
    log = written(tmp_path, b"\xff\n" + b"x" * (LONGEST_LINE + 1))

    assert [len(line.text) for line in log.lines()] == [1, LONGEST_LINE, 1]


def test_a_log_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    log = Log(tmp_path / "nowhere", "stderr", started_at=1)

    assert (list(log.lines()), log.read(0, 9), log.size) == ([], b"", 0)


def test_a_moment_is_found_in_a_log_by_its_bytes(tmp_path: Path) -> None:
    log = written(tmp_path, b"one\ntwo\nend", "2000 4 0\n3000 8 0\n")

    assert [log.first_seen(moment) for moment in (0, 2000, 2001, 3000, 3001)] == [0, 0, 4, 4, 11]
    assert [Log(tmp_path, "stdout", started_at=9000).first_seen(moment) for moment in (3001, 9000, 9001)] == [8, 8, 11]


def test_the_end_of_a_log_is_read_without_the_rest(tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("wb") as file:
        file.seek(8 * 1024**3)
        file.write(b"the end")
    log = Log(tmp_path, "stdout", started_at=1)

    assert (log.tail(3), log.tail(7), Log(tmp_path, "stderr", started_at=1).tail(9)) == (b"end", b"the end", b"")


def test_the_ends_of_two_logs_share_the_room_there_is(tmp_path: Path) -> None:
    (tmp_path / "stdout").write_bytes(b"0123456789")
    (tmp_path / "stderr").write_bytes(b"abc")
    logs = [Log(tmp_path, stream, started_at=1) for stream in ("stdout", "stderr")]

    assert ends_of(logs, 13) == (b"0123456789abc", False)
    assert ends_of(logs, 8) == (b"56789abc", True)
    assert ends_of(logs, 4) == (b"89bc", True)
    assert ends_of(logs[::-1], 8) == (b"abc56789", True)


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that grew by ten bytes a second for more than an hour; the other one spoke once, in the middle."""
    folder = tmp_path_factory.mktemp("long")
    rows = "".join(f"{1000 * second} {10 * second} {7 * (second >= 2000)}\n" for second in range(1, 5001))
    assert len(rows) > 9 * BLOCK
    for name, size in (("stdout", 50_005), ("stderr", 7)):
        (folder / name).write_bytes(b"x" * size)
    (folder / "times").write_text(rows)
    return folder


ORDERS = {
    "forwards": range(5000),
    "backwards": range(4999, -1, -1),
    "here and there": [1237 * place % 5000 for place in range(60)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_each_byte_of_a_long_log_has_its_time_in_whatever_order_it_is_read(long_log: Path, order: str) -> None:
    log = Log(long_log, "stdout", started_at=500)
    seconds = ORDERS[order]

    assert [log.seen_at(10 * second) for second in seconds] == [1000 * second + 1000 for second in seconds]
    assert [log.seen_at(10 * second + 9) for second in seconds] == [1000 * second + 1000 for second in seconds]
    assert [log.first_seen(1000 * second + 1000) for second in seconds] == [10 * second for second in seconds]
    assert [log.first_seen(1000 * second + 1) for second in seconds] == [10 * second for second in seconds]
    assert (log.observed, log.seen_at(50_000), log.first_seen(5_000_001)) == (50_000, 5_000_000, 50_005)


def test_an_output_that_spoke_once_in_a_long_time_has_that_time(long_log: Path) -> None:
    log = Log(long_log, "stderr", started_at=500)

    assert (log.observed, log.seen_at(0), log.seen_at(6), log.seen_at(7)) == (7, 2_000_000, 2_000_000, 5_000_000)
    assert [log.first_seen(moment) for moment in (1, 1_999_001, 2_000_000, 2_000_001, 5_000_000)] == [0, 0, 0, 7, 7]


def test_what_is_observed_after_the_opening_does_not_change_what_is_read(tmp_path: Path) -> None:
    log = written(tmp_path, b"one\ntwo\n", "2000 4 0\n")

    with (tmp_path / "times").open("a") as times:
        times.write("3000 8 0\n")

    assert (log.observed, log.seen_at(4)) == (4, 2000)
    assert Log(tmp_path, "stdout", started_at=1000).seen_at(4) == 3000


def test_opening_a_log_reads_only_the_end_of_what_was_observed(tmp_path: Path, holes: Any) -> None:
    log = holes(tmp_path, b"2000 4 0\n", b"\n3000 8 0\n")

    assert (log.observed, log.seen_at(5)) == (8, 3000)


def test_a_hole_in_what_was_observed_leaves_the_rest_readable(tmp_path: Path, holes: Any) -> None:
    log = holes(tmp_path, b"2000 4 0\n2500 5 0\n", b"\n3000 8 0\n4000 9 0\n")

    assert [log.seen_at(offset) for offset in (0, 4, 8, 9)] == [2000, 2500, 4000, 4000]
    assert log.seen_at(5) == 4000  # nobody knows any more: at the end it was there


@pytest.fixture
def holes() -> Any:
    """Return what writes a log whose `times` have a hole of 8 GB: to read it all would take minutes."""

    def write(folder: Path, head: bytes, tail: bytes) -> Log:
        (folder / "stdout").write_bytes(b"one\ntwo\n\n")
        with (folder / "times").open("wb") as file:
            file.write(head)
            file.seek(8 * 1024**3)
            file.write(tail)
        return Log(folder, "stdout", started_at=1000)

    return write


def test_a_log_whose_observations_are_deleted_meanwhile_is_read_without_them(long_log: Path, tmp_path: Path) -> None:
    (tmp_path / "times").write_bytes((long_log / "times").read_bytes())
    log = Log(tmp_path, "stdout", started_at=500)
    (tmp_path / "times").unlink()

    assert (log.seen_at(0), log.seen_at(49_999)) == (5_000_000, 5_000_000)
    assert log.first_seen(2000) == 50_000
