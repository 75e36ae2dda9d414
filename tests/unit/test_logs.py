from __future__ import annotations

from pathlib import Path

from runyard.engine.logs import LONGEST_LINE, Log


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
