"""What a process is told, by its order or by a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from records import a_run, an_attempt

from runyard.executors import context
from runyard.executors.context import FOLDER, told
from runyard.executors.mounts import Mounts
from runyard.executors.work import Place, Work


def place(home: Path) -> Place:
    return Place(
        attempt_folder=lambda number: home / str(number),
        environments=home,
        databases=home,
        mounts=Mounts(folders={"s3://": home}),
        grace_ms=1,
        limits={},
    )


def work(**spec: object) -> Work:
    return Work(run=a_run(1), attempt=an_attempt(7, run_id=1), spec=spec, timeout_ms=None, environment={"A": "b"})


def test_a_context_goes_with_the_order_and_leaves_no_folder(tmp_path: Path) -> None:
    text, environment = told(work(context={"sql": "é"}), place(tmp_path), more=1)

    assert json.loads(text) == {"sql": "é", "more": 1, "mounts": {"s3://": str(tmp_path)}}
    assert environment == {"A": "b", FOLDER: str(tmp_path / "7")}
    assert not (tmp_path / "7").exists()


def test_who_has_none_is_told_nothing(tmp_path: Path) -> None:
    assert told(work(), place(tmp_path)) == ("", {"A": "b"})


def test_one_that_is_too_large_lies_in_the_folder_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "LARGEST_WITH_ORDER", 10)
    text, environment = told(work(context={"sql": "SELECT 1"}), place(tmp_path))
    file = tmp_path / "7" / "context.json"

    assert text == ""
    assert environment[FOLDER] == str(file.parent)
    assert json.loads(file.read_text())["sql"] == "SELECT 1"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_process_that_reads_it_is_not_disturbed_when_the_same_order_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "LARGEST_WITH_ORDER", 10)
    told(work(context={"sql": "SELECT 1"}), place(tmp_path))
    with (tmp_path / "7" / "context.json").open(encoding="utf-8") as reading:
        told(work(context={"sql": "SELECT 2"}), place(tmp_path))

        assert json.load(reading)["sql"] == "SELECT 1"
    assert [each.name for each in (tmp_path / "7").iterdir()] == ["context.json"]
