"""Which reflections are made before which: what a dataset is made of is refreshed before the dataset is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.reflections.shelves import Reflection
from runyard.runtime.dremio_sql.acceleration.versions import definition_token

RAW = "RAW"


@dataclass(frozen=True)
class Lineage:
    """The catalog's documents by name, as far as views tell what they are made of."""

    documents: Mapping[str, Document]

    def closure(self, dataset: Document) -> set[str]:
        """Return the names of all that a dataset is made of, its own among them."""
        found: set[str] = set()
        waiting = [dataset.name]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.documents:
                found.add(name)
                waiting += self._parents(self.documents[name])
        return found

    def _parents(self, dataset: Document) -> Iterable[str]:
        return [catalog.name_of(path) for path in dataset.content.get("parents") or ()]

    def says_else(self, held: Document) -> bool:
        """Tell whether a view or function that something was made of says something else by now."""
        for view in held.content["facts"]["views"]:
            document = self.documents.get(catalog.name_of(view["path"]))
            if document is not None and "sql" in document.content:
                said = definition_token(document.content["sql"], document.content.get("sqlContext") or [])
                if said != view["token"]:
                    return True
        return any(self._is_another(function) for function in held.content["facts"].get("functions") or ())

    def _is_another(self, function: Mapping[str, Any]) -> bool:
        document = self.documents.get(catalog.name_of(function["path"]))
        return document is not None and document.updated_at != function["modified_at"]

    def below(self, reflection: Reflection) -> set[str]:
        """Return the names of all that a reflection is made of, as its newest refresh found it or its views say."""
        held, found = reflection.current, self.closure(reflection.dataset)
        if held is None or self.says_else(held):
            return found
        return found | {catalog.name_of(path) for path in held.content["facts"]["shares"]}

    def comes_before(self, one: Reflection, other: Reflection) -> bool:
        """Tell whether one reflection may be what another is made from."""
        if one.document.id == other.document.id:
            return False
        if one.dataset.id == other.dataset.id:
            return one.kind == RAW and other.kind != RAW
        return one.dataset.name in self.below(other)
