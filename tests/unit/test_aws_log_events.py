from __future__ import annotations

from pathlib import Path

from runyard.dialects.aws.log_events import (
    LARGEST_PAGE,
    MOST_EVENTS,
    Extent,
    extent,
    forward,
    last_moment,
    page_backward,
    page_forward,
)
from runyard.engine.logs import LONGEST_LINE, Log

STARTED_AT = 1000


def a_log(folder: Path, text: bytes, times: str = "") -> Log:
    (folder / "stdout").write_bytes(text)
    (folder / "times").write_text(times)
    return Log(folder, "stdout", started_at=STARTED_AT)


def closed(log: Log) -> Extent:
    return extent(log, is_closed=True)


def texts(part: Extent, start: int = 0) -> list[str]:
    return [event.text for event in forward(part, start)]


def test_lines_are_events_in_their_order_without_their_line_ends(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\r\n\ntwo\n")

    assert [(event.start, event.end, event.text) for event in forward(closed(log), 0)] == [
        (0, 5, "one"),
        (5, 6, ""),
        (6, 10, "two"),
    ]


def test_the_time_of_a_line_is_when_its_end_was_seen(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\ntwo\nthree\n", "2000 6 0\n3000 14 0\n")

    assert [event.at for event in forward(closed(log), 0)] == [2000, 3000, 3000]


def test_a_line_that_still_grows_is_no_event_until_nothing_can_follow(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\ntw", "2000 6 0\n")

    assert texts(extent(log, is_closed=False)) == ["one"]
    assert texts(closed(log)) == ["one", "tw"]


def test_a_line_whose_time_is_not_known_yet_is_no_event(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\ntwo\n", "2000 4 0\n")

    assert texts(extent(log, is_closed=False)) == ["one"]
    assert texts(closed(log)) == ["one", "two"]


def test_a_log_nobody_looked_at_has_the_time_of_its_start_once_it_is_closed(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\n")

    assert [event.at for event in forward(closed(log), 0)] == [STARTED_AT]
    assert texts(extent(log, is_closed=False)) == []


def test_a_span_of_time_takes_the_lines_whose_ends_were_seen_in_it(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\ntwo\nthree\n", "2000 6 0\n3000 8 0\n4000 14 0\n")

    def between(since: int, before: int | None) -> list[str]:
        part = extent(log, is_closed=True, since=since, before=before)
        return texts(part, part.start)

    assert between(2000, None) == ["one", "two", "three"]
    assert between(2001, None) == ["two", "three"]
    assert between(3001, None) == ["three"]
    assert between(0, 4000) == ["one", "two"]
    assert between(3000, 3001) == ["two"]
    assert between(4001, None) == []
    assert between(4000, 2000) == []


def test_a_line_too_long_for_an_event_comes_in_pieces(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"x" * (2 * LONGEST_LINE + 5) + b"\nend\n")

    assert [len(text) for text in texts(closed(log))] == [LONGEST_LINE, LONGEST_LINE, 5, 3]


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path) -> None:
    assert texts(closed(a_log(tmp_path, b"caf\xe9\n"))) == ["caf\ufffd"]


def test_pages_forward_meet_without_gap_or_repeat(tmp_path: Path) -> None:
    part = closed(a_log(tmp_path, b"".join(b"line %d\n" % number for number in range(10))))
    seen, place = [], 0

    while page := page_forward(part, place, limit=3):
        seen += [event.text for event in page]
        place = page[-1].end

    assert seen == [f"line {number}" for number in range(10)]


def test_pages_backward_meet_without_gap_or_repeat(tmp_path: Path) -> None:
    part = closed(a_log(tmp_path, b"".join(b"line %d\n" % number for number in range(10)) + b"tail"))
    seen: list[str] = []
    place = part.end

    while page := page_backward(part, place, limit=3):
        seen = [event.text for event in page] + seen
        place = page[0].start

    assert seen == [*(f"line {number}" for number in range(10)), "tail"]


def test_a_page_is_never_larger_than_a_reply_may_be(tmp_path: Path) -> None:
    part = closed(a_log(tmp_path, (b"x" * 99_999 + b"\n") * 30))

    ahead = page_forward(part, 0, limit=MOST_EVENTS)
    behind = page_backward(part, part.end, limit=MOST_EVENTS)

    assert 0 < sum(event.size for event in ahead) <= LARGEST_PAGE
    assert 0 < sum(event.size for event in behind) <= LARGEST_PAGE
    assert behind[-1].end == part.end


def test_a_page_of_a_large_log_reads_only_its_own_part(tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("wb") as file:
        file.truncate(8 * 1024**3)  # a hole: to read it all would take minutes
        file.seek(0, 2)
        file.write(b"\nlast\n")
    part = closed(Log(tmp_path, "stdout", started_at=STARTED_AT))

    assert page_backward(part, part.end, limit=1)[0].text == "last"
    assert len(page_forward(part, 4 * 1024**3, limit=2)) == 2


def test_a_place_beyond_the_end_gives_nothing(tmp_path: Path) -> None:
    part = extent(a_log(tmp_path, b"one\ntwo\n", "2000 4 0\n3000 8 0\n"), is_closed=True, before=3000)

    assert page_forward(part, 8, limit=5) == []
    assert page_backward(extent(part.log, is_closed=True, since=3000), 0, limit=5) == []


def test_the_last_moment_is_that_of_the_last_whole_line(tmp_path: Path) -> None:
    log = a_log(tmp_path, b"one\ntw", "2000 4 0\n3000 6 0\n")

    assert last_moment(extent(log, is_closed=False)) == 2000
    assert last_moment(closed(log)) == 3000
