from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runyard.executors.launcher import journal
from runyard.executors.launcher.journal import Journal


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file of this process grow further, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def finish(journal: Journal, attempt_id: int) -> None:
    journal.write("ordered", attempt_id, folder="/f")
    journal.write("ended", attempt_id, at=1, message="m" * 100)


def test_a_journal_tells_the_next_reader_what_is_active_and_what_ended(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal")
    finish(first, 1)
    first.write("ordered", 2, folder="/f")
    first.write("started", 2, pid=5, at=7)
    second = Journal(tmp_path / "journal")

    assert second.active() == [2]
    assert [entry["kind"] for entry in second.told()] == ["ended", "started"]
    assert second.entry(2, "started") == {"kind": "started", "attempt_id": 2, "pid": 5, "at": 7}


def test_an_acknowledged_attempt_is_told_no_more_but_still_known(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    finish(journal, 1)
    journal.write("acknowledged", 1)

    assert 1 in journal
    assert journal.told() == []
    assert Journal(tmp_path / "journal").told() == []


@pytest.mark.parametrize("garbage", [b'{"kind":"ended","attempt', b"\x00" * 100, b"[]", b"{}", b"\n\n", b"null"])
def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "journal"
    finish(Journal(path), 1)
    whole = path.read_bytes()
    path.write_bytes(garbage + b"\n" + whole + garbage)
    journal = Journal(path)
    finish(journal, 2)

    assert [entry["attempt_id"] for entry in Journal(path).told()] == [1, 2]


def test_a_full_disk_delays_entries_and_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    full = Journal(path)
    finish(full, 1)
    with files_limited_to(path.stat().st_size + 10):
        finish(full, 2)
        full.write("acknowledged", 1)
        assert [entry["attempt_id"] for entry in full.told()] == [2]
        copy = Path(shutil.copy(path, tmp_path / "as a crash would leave it"))
        assert [entry["attempt_id"] for entry in Journal(copy).told()] == [1]
    full.flush()

    assert [entry["attempt_id"] for entry in Journal(path).told()] == [2]


def test_a_journal_that_has_grown_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "COMPACT_FROM", 10_000)
    path = tmp_path / "journal"
    growing = Journal(path)
    finish(growing, 0)
    for attempt_id in range(1, 1000):
        finish(growing, attempt_id)
        growing.write("acknowledged", attempt_id)

    assert path.stat().st_size < 11_000
    assert [entry["attempt_id"] for entry in Journal(path).told()] == [0]
