"""Dremio's catalog and queues, in each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, open_yard

VIEW = {"op": "put", "kind": "view", "sql": "SELECT 1 AS a", "sqlContext": [], "fields": []}


@pytest.fixture
def yard(tmp_path: Path, store_url: str) -> Iterator[Yard]:
    with open_yard(tmp_path / "home", store_url=store_url) as yard:
        yield yard


def run(yard: Yard, *changes: dict[str, Any]) -> str:
    job = yard.submit()
    yard.context(job)
    yard.begin(job)
    state: str = yard.end(job, output={"changes": list(changes)})["jobState"]
    return state


def test_what_is_made_by_calls_and_by_statements_stands_beside_each_other(yard: Yard) -> None:
    space = yard("POST", "catalog", {"entityType": "space", "name": "Sales"})
    yard("POST", "catalog", {"entityType": "folder", "path": ["Sales", "2024"]})

    assert run(yard, {**VIEW, "path": ["sales", "2024", "v"]}) == "COMPLETED"
    assert run(yard, {**VIEW, "path": ["Sales", "2024", "V"]}) == "FAILED"
    assert run(yard, {**VIEW, "path": ["Sales", "2024", "V"], "replace": True, "sql": "SELECT 2 AS a"}) == "COMPLETED"

    view = yard("GET", "catalog/by-path/SALES/2024/v")
    assert (view["path"], view["sql"]) == (["sales", "2024", "v"], "SELECT 2 AS a")
    assert yard.refusal("POST", "catalog", {"entityType": "space", "name": "SALES"})[0] == 409
    yard("DELETE", f"catalog/{space['id']}?tag={space['tag']}")
    assert yard.refusal("GET", f"catalog/{view['id']}")[0] == 404
    assert run(yard, {"op": "drop", "kind": "view", "path": ["Sales", "2024", "v"]}) == "FAILED"


def test_queues_rules_and_wikis_are_changed_by_who_has_seen_them(yard: Yard) -> None:
    rules = yard("GET", "wlm/rule")
    default = {"name": "rest", "acceptName": "SMALL", "action": "PLACE"}

    yard("PUT", "wlm/rule", {"tag": rules["tag"], "rules": [], "defaultRule": default})
    queue = yard("POST", "wlm/queue", {"name": "etl"})
    home = yard("GET", "catalog/by-path/@admin")
    yard("POST", f"catalog/{home['id']}/collaboration/wiki", {"text": "é \N{GRINNING FACE}"})

    assert yard.refusal("PUT", "wlm/rule", {"tag": rules["tag"], "rules": [], "defaultRule": default})[0] == 409
    assert yard("DELETE", f"wlm/queue/{queue['id']}") is None
    assert yard("GET", f"catalog/{home['id']}/collaboration/wiki")["text"] == "é \N{GRINNING FACE}"
