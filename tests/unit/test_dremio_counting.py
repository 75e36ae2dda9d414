"""A query's rows are counted by another thread while it goes on, and its memory is bounded by its queue."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from dremio_engine import Yard

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Listener

DIGITS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"


def numbers(figures: int) -> str:
    """Return what has 10^figures rows."""
    return " CROSS JOIN ".join(f"{DIGITS} AS t{figure}(n)" for figure in range(figures))


def test_counting_without_a_pause_disturbs_no_query(tmp_path: Path) -> None:
    execution = Yard(tmp_path).execution(f"SELECT t0.n + t1.n AS n FROM {numbers(5)} ORDER BY 1")
    counts, ended = [], threading.Event()

    def count() -> None:
        while not ended.is_set():
            counts.append(execution.rows_so_far())

    thread = threading.Thread(target=count)
    thread.start()
    try:
        outcome = execution.run()
    finally:
        ended.set()
        thread.join()

    assert outcome.row_count == 100_000
    assert counts
    assert max(counts) <= 100_000


MILLION = (
    f"SELECT count(DISTINCT {' + '.join(f'{10**figure} * t{figure}.n' for figure in range(6))}) AS n FROM {numbers(6)}"
)


def test_a_query_has_no_more_memory_than_its_queue_gives(tmp_path: Path) -> None:
    execution = Yard(tmp_path).execution(MILLION, Listener(wait=lambda _: "10000000B"))

    with pytest.raises(DremioError, match="exceeded the memory limits set by the administrator") as caught:
        execution.run()

    assert caught.value.kind == "OUT_OF_MEMORY"


def test_a_query_has_what_the_machine_has_if_its_queue_says_nothing(tmp_path: Path) -> None:
    assert Yard(tmp_path).execution(MILLION, Listener(wait=lambda _: "")).run().row_count == 1
