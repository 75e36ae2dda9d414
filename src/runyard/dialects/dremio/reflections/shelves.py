"""Reflections as documents: each stands in its dataset, and what is known of it stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import DATASETS
from runyard.dialects.dremio_ids import entity_id, from_entity_id
from runyard.engine.documents import Shelves

REFLECTIONS = "dremio_reflection"
STATES = "dremio_reflection_state"
COUNTS = "dremio_reflection_counts"
MATERIALIZATIONS = "dremio_materialization"
RUNNING, DONE, FAILED, DEPRECATED, DELETED = "RUNNING", "DONE", "FAILED", "DEPRECATED", "DELETED"
COUNTED = ("considered", "matched", "chosen")


@dataclass(frozen=True, kw_only=True)
class Reflection:
    """A reflection with all that is known of it."""

    document: Document
    dataset: Document
    state: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    materializations: tuple[Document, ...] = ()

    @property
    def id(self) -> str:
        """Return its id as it is shown."""
        return entity_id(self.document.id)

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.document.content["name"])

    @property
    def kind(self) -> str:
        """Return RAW or AGGREGATION."""
        return self.document.kind

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return what it holds, in the words of the API."""
        fields: Mapping[str, Any] = self.document.content["fields"]
        return fields

    @property
    def is_enabled(self) -> bool:
        """Tell whether it is kept and used."""
        return bool(self.document.content["enabled"])

    @property
    def current(self) -> Document | None:
        """Return what it holds now."""
        return self._named(self.state.get("current"))

    @property
    def refreshing(self) -> Document | None:
        """Return what is being made."""
        return self._named(self.state.get("refreshing"))

    def _named(self, name: str | None) -> Document | None:
        return next((one for one in self.materializations if name and one.name == name), None)


def every(shelves: Shelves) -> list[Reflection]:
    """Return every reflection of a workspace, oldest first."""
    documents = shelves.every(REFLECTIONS)
    if not documents:
        return []
    datasets = {one.id: one for one in catalog.every(shelves)}
    return list(_joined(documents, datasets, shelves))


def _joined(documents: Iterable[Document], datasets: Mapping[int, Document], shelves: Shelves) -> Iterable[Reflection]:
    states = {one.parent_id: one.content for one in shelves.every(STATES)}
    counts = {one.parent_id: one.content for one in shelves.every(COUNTS)}
    made: dict[int | None, list[Document]] = {}
    for one in shelves.every(MATERIALIZATIONS):
        made.setdefault(one.parent_id, []).append(one)
    for one in documents:
        if one.parent_id is not None and one.parent_id in datasets:
            yield Reflection(
                document=one,
                dataset=datasets[one.parent_id],
                state=states.get(one.id, {}),
                counts=counts.get(one.id, {}),
                materializations=tuple(made.get(one.id, ())),
            )


def of_id(shelves: Shelves, identifier: str) -> Reflection | None:
    """Return the reflection of an id as it is shown."""
    number = from_entity_id(identifier)
    return next((one for one in every(shelves) if one.document.id == number), None) if number else None


def of_dataset(shelves: Shelves, dataset: Document) -> list[Reflection]:
    """Return the reflections of a dataset."""
    return [one for one in every(shelves) if one.dataset.id == dataset.id]


def add(shelves: Shelves, dataset: Document, kind: str, content: Mapping[str, Any]) -> Document:
    """Add a reflection to a dataset."""
    key = f"{dataset.id}\n{str(content['name']).casefold()}"
    return shelves.add(REFLECTIONS, kind, key, parent_id=dataset.id, content=content)


def note(shelves: Shelves, reflection: Document, **facts: Any) -> None:
    """Note something of a reflection beside what its owner says of it, whose tag stays as it is."""
    name = str(reflection.id)
    seen = shelves.named(STATES, name)
    if seen is None:
        shelves.add(STATES, "state", name, parent_id=reflection.id, content=facts)
    else:
        shelves.save(seen, {**seen.content, **facts})


def count(shelves: Shelves, reflection_id: int, words: Iterable[str], *, saved_rows: int = 0) -> None:
    """Count that a job has considered, matched or chosen a reflection, and how many rows that saved it."""
    name = str(reflection_id)
    seen = shelves.named(COUNTS, name)
    before: Mapping[str, int] = seen.content if seen is not None else {}
    content = {**before, **{word: before.get(word, 0) + 1 for word in words}}
    if saved_rows:
        content["saved_rows"] = before.get("saved_rows", 0) + saved_rows
    if seen is None:
        shelves.add(COUNTS, "counts", name, parent_id=reflection_id, content=content)
    else:
        shelves.save(seen, content)


def turn(shelves: Shelves, materialization: Document, kind: str, **facts: Any) -> Document:
    """Bring a materialisation into another state."""
    return shelves.save(materialization, {**materialization.content, **facts}, kind=kind)


def retire(shelves: Shelves, reflection: Document) -> None:
    """Let a reflection hold nothing any more; what it held goes when nobody reads it."""
    seen = shelves.named(STATES, str(reflection.id))
    name = seen.content.get("current") if seen is not None else None
    held = shelves.named(MATERIALIZATIONS, name) if name else None
    if held is not None and held.kind == DONE:
        turn(shelves, held, DEPRECATED)
    note(shelves, reflection, current=None)


def is_dataset(document: Document | None) -> bool:
    """Tell whether something of the catalog can have reflections."""
    return document is not None and document.kind in DATASETS
