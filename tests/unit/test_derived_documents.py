"""What is made of documents is made again when one of them has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runyard.core.ids import Ids
from runyard.core.job import Workspace
from runyard.engine.documents import Documents, Shelves
from runyard.store.store import Store, open_store

OURS, THEIRS = (Workspace(id=number, name=name, created_at=0) for number, name in ((1, "ours"), (2, "theirs")))


@pytest.fixture
def store() -> Store:
    store = open_store("sqlite://")
    for each in (OURS, THEIRS):
        store.write(lambda ledger, each=each: ledger.add_workspace(each))  # type: ignore[misc]
    return store


@pytest.fixture
def documents(store: Store) -> Documents:
    return Documents(store, ids=Ids(lambda: 1), clock=lambda: 1)


@pytest.fixture
def names(documents: Documents) -> Callable[[Workspace], tuple[str, int]]:
    """Return what asks for the names on a shelf, and how often they have been read."""
    asked: list[int] = []

    def read(shelves: Shelves) -> str:
        asked.append(shelves.workspace_id)
        return " ".join(one.name for one in shelves.every("catalog"))

    return lambda workspace: (documents.derived(workspace, "names", read), len(asked))


def test_it_is_made_once_until_a_document_changes(
    documents: Documents, names: Callable[[Workspace], tuple[str, int]]
) -> None:
    assert [names(OURS), names(OURS)] == [("", 1), ("", 1)]

    one = documents.change(OURS, lambda shelves: shelves.add("catalog", "space", "sales"))
    assert [names(OURS), names(OURS)] == [("sales", 2), ("sales", 2)]

    documents.change(OURS, lambda shelves: shelves.remove(one))
    assert names(OURS) == ("", 3)


def test_it_is_made_for_each_workspace_and_for_each_name(
    documents: Documents, names: Callable[[Workspace], tuple[str, int]]
) -> None:
    documents.change(OURS, lambda shelves: shelves.add("catalog", "space", "sales"))

    assert [names(OURS), names(THEIRS), names(OURS)] == [("sales", 1), ("", 2), ("sales", 2)]
    assert documents.derived(OURS, "count", lambda shelves: len(shelves.every("catalog"))) == 1


def test_a_change_that_fails_is_none(documents: Documents, names: Callable[[Workspace], tuple[str, int]]) -> None:
    def fail(shelves: Shelves) -> None:
        shelves.add("catalog", "space", "sales")
        raise LookupError

    assert names(OURS) == ("", 1)
    with pytest.raises(LookupError):
        documents.change(OURS, fail)
    assert names(OURS) == ("", 1)
