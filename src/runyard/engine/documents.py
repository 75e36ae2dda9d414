"""The verbs about documents: things of a workspace that are no jobs, kept under names on shelves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists, WrongState
from runyard.core.ids import Ids
from runyard.core.job import Workspace
from runyard.store.ledger import Ledger
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.core.run import Run

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """The documents of one workspace in one transaction."""

    ledger: Ledger
    ids: Ids
    now: int
    workspace_id: int

    def named(self, shelf: str, name: str) -> Document | None:
        """Return a document by its name."""
        return self.ledger.document_named(self.workspace_id, shelf, name)

    def get(self, document_id: int) -> Document | None:
        """Return a document by its id."""
        return self.ledger.document(self.workspace_id, document_id)

    def every(self, shelf: str) -> list[Document]:
        """Return a shelf's documents, oldest first."""
        return self.ledger.documents(self.workspace_id, shelf)

    def add(self, shelf: str, kind: str, name: str, **facts: Any) -> Document:
        """Add a document; refuse a name that is taken."""
        document = Document(
            id=self.ids.next(),
            workspace_id=self.workspace_id,
            shelf=shelf,
            kind=kind,
            name=name,
            created_at=self.now,
            updated_at=self.now,
            **facts,
        )
        if not self.ledger.add_document(document):
            raise AlreadyExists(kind, name)
        return document

    def save(self, seen: Document, content: Mapping[str, Any], *, kind: str | None = None) -> Document:
        """Give a document new content; refuse if somebody else changed it first."""
        changed = replace(seen, kind=kind or seen.kind, content=content, version=seen.version + 1, updated_at=self.now)
        if not self.ledger.save_document(changed, seen=seen):
            raise _stale(seen)
        return changed

    def remove(self, seen: Document) -> None:
        """Remove a document with what stands in it; refuse if somebody else changed it first."""
        if not self.ledger.remove_document(seen):
            raise _stale(seen)


Keep = Callable[[Shelves, "Run", Mapping[str, Any]], None]
"""Keeps what a task has made, by its output, in the transaction that records its end.

If that cannot be it raises, before it has changed anything.
"""


class Documents:
    """What the engine does with documents."""

    def __init__(self, store: Store, *, ids: Ids, clock: Callable[[], int]) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock
        self._derived: dict[tuple[int, str], tuple[int, Any]] = {}  # and of which change it is

    def derived(self, workspace: Workspace, name: str, make: Callable[[Shelves], T]) -> T:
        """Return what `make` makes of a workspace's documents alone, again only if one of them has changed since.

        `name` says which of such things it is; whoever is given it must not change it.
        """

        def look(ledger: Ledger) -> T:
            changes = ledger.document_changes(workspace.id)
            seen, made = self._derived.get((workspace.id, name), (None, None))
            if seen != changes:
                made = make(self._shelves(ledger, workspace))
                self._derived[workspace.id, name] = changes, made
            return made  # type: ignore[return-value] # what it made the last time

        return self._store.read(look)

    def read(self, workspace: Workspace, work: Callable[[Shelves], T]) -> T:
        """Read documents of a workspace as they stand at one moment."""
        return self._store.read(lambda ledger: work(self._shelves(ledger, workspace)))

    def change(self, workspace: Workspace, work: Callable[[Shelves], T]) -> T:
        """Change documents of a workspace in one transaction; nothing stays if `work` raises."""
        return self._store.write(lambda ledger: work(self._shelves(ledger, workspace)))

    def workspaces(self, shelf: str) -> list[Workspace]:
        """Return the workspaces that have anything on a shelf."""
        return self._store.read(lambda ledger: ledger.workspaces_with(shelf))

    def _shelves(self, ledger: Ledger, workspace: Workspace) -> Shelves:
        return Shelves(ledger=ledger, ids=self._ids, now=self._clock(), workspace_id=workspace.id)


def _stale(seen: Document) -> WrongState:
    return WrongState(f"{seen.kind.capitalize()} {seen.name} was changed by somebody else meanwhile; look at it again.")
