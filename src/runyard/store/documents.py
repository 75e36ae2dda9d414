"""The part of the ledger that keeps documents: what a workspace has beside jobs and runs."""

from __future__ import annotations

from runyard.core.document import Document
from runyard.core.job import Workspace
from runyard.store.records import DOCUMENT, WORKSPACE
from runyard.store.rows import Rows


class Documents(Rows):
    """The documents of workspaces, by shelf and name."""

    def document(self, workspace_id: int, document_id: int) -> Document | None:
        """Return a document by id."""
        return self._one(DOCUMENT, "document_by_id", workspace_id=workspace_id, id=document_id)

    def document_named(self, workspace_id: int, shelf: str, name: str) -> Document | None:
        """Return a document by its name."""
        return self._one(DOCUMENT, "document_by_name", workspace_id=workspace_id, shelf=shelf, name=name)

    def documents(self, workspace_id: int, shelf: str) -> list[Document]:
        """Return every document of a shelf, oldest first: what stands in another comes after it."""
        return self._all(DOCUMENT, "documents_on_shelf", workspace_id=workspace_id, shelf=shelf)

    def workspaces_with(self, shelf: str) -> list[Workspace]:
        """Return the workspaces in which a shelf is not empty."""
        return self._all(WORKSPACE, "workspaces_with_documents", shelf=shelf)

    def documents_in(self, parent: Document) -> list[Document]:
        """Return what stands in a document, oldest first."""
        return self._all(DOCUMENT, "documents_in", workspace_id=parent.workspace_id, parent_id=parent.id)

    def document_changes(self, workspace_id: int) -> int:
        """Return how often the documents of a workspace have changed."""
        return int(self._cursor.all("document_changes", {"workspace_id": workspace_id})[0][0])

    def _count_change(self, document: Document) -> None:
        """Count a change, before it is made: who makes one holds the workspace first, and waits for nothing else."""
        self._cursor.run("count_document_change", {"workspace_id": document.workspace_id})

    def add_document(self, document: Document) -> bool:
        """Add a document; False if its name is taken."""
        self._count_change(document)
        return self._did("add_document", DOCUMENT.values(document))

    def save_document(self, document: Document, *, seen: Document) -> bool:
        """Write what may change of a document; False if somebody else changed it first."""
        self._count_change(document)
        return self._did("save_document", {**DOCUMENT.values(document), "seen": seen.version})

    def remove_document(self, seen: Document) -> bool:
        """Remove a document with all that stands in it; False if it was changed since it was seen."""
        self._count_change(seen)
        parameters = {"workspace_id": seen.workspace_id, "id": seen.id, "seen": seen.version}
        return self._did("remove_document", parameters)
