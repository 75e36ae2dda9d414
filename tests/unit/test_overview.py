"""What one who looks at a whole workspace is told, however long its ledger is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from native_service import Speaker, speaking

from runyard.core.ids import first_of
from runyard.core.job import Task
from runyard.core.run import Run
from runyard.engine.engine import Engine
from runyard.engine.requests import Request
from runyard.store.ledger import Page


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    yield from speaking(tmp_path, places=0)


def start(engine: Engine, language: str) -> Run:
    task = Task(key="main", kind="python_script", spec={"source": "pass", "name": "a.py"})
    return engine.start_run(engine.workspace("default"), Request(language=language, job_name="a", tasks=[task]))


def test_a_search_tells_how_far_it_came_and_goes_on_from_there(speaker: Speaker) -> None:
    engine, workspace = speaker.engine, speaker.engine.workspace("default")
    runs = [start(engine, language) for language in ("rare", *["common"] * 5, "rare", "common")]
    rare = Page(limit=10, where={"language": "rare"})

    first, rest = engine.search_runs(workspace, rare, budget_s=-1, at_once=3)
    assert rest is not None
    second, end = engine.search_runs(
        workspace, Page(limit=10, where={"language": "rare", "before": rest}), budget_s=60, at_once=3
    )

    assert [run.id for run in first] == [runs[6].id]
    assert [run.id for run in second] == [runs[0].id]
    assert end is None


def test_a_search_finds_each_run_once_whatever_its_parts(speaker: Speaker) -> None:
    engine, workspace = speaker.engine, speaker.engine.workspace("default")
    runs = [start(engine, "common") for _ in range(9)]

    for at_once in range(1, 11):
        found, _ = engine.search_runs(
            workspace, Page(limit=100, where={"language": "common"}), budget_s=60, at_once=at_once
        )
        assert [run.id for run in found] == [run.id for run in reversed(runs)]


def test_who_missed_too_much_is_told_to_look_at_everything(speaker: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(speaker.engine, "common")
    changed = speaker.engine.runs_changed_since(first_of(run.created_at) - 1)
    monkeypatch.setattr("runyard.engine.overview.MOST_EVENTS", 1)

    assert [one.id for one in changed or ()] == [run.id]
    assert speaker.engine.runs_changed_since(first_of(run.created_at) - 1) is None


def test_names_of_runs_are_told_once_each(speaker: Speaker) -> None:
    for _ in range(3):
        start(speaker.engine, "common")

    assert speaker.engine.job_names(speaker.engine.workspace("default")) == ["a"]
