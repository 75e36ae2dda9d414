"""Documents of workspaces, in each database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from records import a_workspace, record

from runyard.core.document import Document
from runyard.store.database import ConstraintError
from runyard.store.ledger import Ledger
from runyard.store.store import Store


def a_document(id_: int, name: str, **fields: Any) -> Document:
    known = {"workspace_id": 1, "shelf": "catalog", "kind": "space", "created_at": 1, "updated_at": 1}
    return Document(**{"id": id_, "name": name, **known, **fields})


def add(store: Store, one: Document) -> bool:
    return store.write(lambda ledger: ledger.add_document(one))


@pytest.fixture
def store(store: Store) -> Store:
    record(store, a_workspace(), a_workspace(2, "other"))
    return store


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    space = a_document(1, "sales")
    full = a_document(2, "sales\nq1 é", kind="folder", parent_id=1, content={"path": ["sales", "Q1 é"]}, version=3)
    add(store, space)
    add(store, full)

    assert store.read(lambda ledger: ledger.document(1, 2)) == full
    assert store.read(lambda ledger: ledger.document_named(1, "catalog", "sales\nq1 é")) == full
    assert store.read(lambda ledger: ledger.documents(1, "catalog")) == [space, full]
    assert store.read(lambda ledger: ledger.documents_in(space)) == [full]
    assert store.read(lambda ledger: ledger.document(2, 2)) is None
    assert store.read(lambda ledger: ledger.documents(1, "queue")) == []


def test_workspaces_are_found_by_what_is_on_a_shelf(store: Store) -> None:
    add(store, a_document(1, "sales", workspace_id=2))
    add(store, a_document(2, "costs", workspace_id=2))

    found = store.read(lambda ledger: ledger.workspaces_with("catalog"))
    assert [one.name for one in found] == ["other"]
    assert store.read(lambda ledger: ledger.workspaces_with("queue")) == []


def test_a_name_is_given_once_on_a_shelf_of_a_workspace(store: Store) -> None:
    assert add(store, a_document(1, "sales"))

    assert not add(store, a_document(2, "sales"))
    assert add(store, a_document(3, "sales", shelf="queue"))
    assert add(store, a_document(4, "sales", workspace_id=2))


def test_who_saw_an_older_version_changes_and_removes_nothing(store: Store) -> None:
    first = a_document(1, "sales")
    add(store, first)
    second = replace(first, version=2, content={"text": "mine"}, updated_at=5)
    assert store.write(lambda ledger: ledger.save_document(second, seen=first))

    late = replace(first, version=2, content={"text": "late"})

    assert not store.write(lambda ledger: ledger.save_document(late, seen=first))
    assert not store.write(lambda ledger: ledger.remove_document(first))
    assert store.read(lambda ledger: ledger.document(1, 1)) == second


def test_what_stands_in_a_document_goes_with_it(store: Store) -> None:
    space = a_document(1, "a")
    add(store, space)
    add(store, a_document(2, "a\nb", parent_id=1))
    add(store, a_document(3, "a\nb\nc", parent_id=2))
    add(store, a_document(4, "d"))

    assert store.write(lambda ledger: ledger.remove_document(space))
    assert [one.id for one in store.read(lambda ledger: ledger.documents(1, "catalog"))] == [4]


def test_a_document_has_a_workspace_and_a_parent_that_are_there(store: Store) -> None:
    for wrong in (a_document(1, "a", workspace_id=9), a_document(1, "a", parent_id=9), a_document(1, "a", version=0)):
        with pytest.raises(ConstraintError):
            add(store, wrong)


def test_every_change_of_a_workspace_s_documents_is_counted(store: Store) -> None:
    def changes(workspace_id: int = 1) -> int:
        return store.read(lambda ledger: ledger.document_changes(workspace_id))

    space = a_document(1, "sales")
    steps: list[Callable[[Ledger], bool]] = [
        lambda ledger: ledger.add_document(space),
        lambda ledger: ledger.save_document(replace(space, version=2), seen=space),
        lambda ledger: ledger.remove_document(replace(space, version=2)),
    ]
    seen = [changes()]
    for step in steps:
        assert store.write(step)
        seen.append(changes())

    assert seen == sorted(set(seen))
    assert changes(2) == 0
