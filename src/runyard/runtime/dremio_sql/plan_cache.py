"""The plans that this process has made: one serves the same text again while all that it names is as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .catalog import LiveCatalog, Snapshot
from .marks import CHANGING, Mark, are_unchanged, size_of
from .translation.scope import Path_
from .translation.translate import Session, Translation

Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Usable:
    """The reflections that a query may be answered from, as its server tells of them, and how."""

    reflections: Sequence[Mapping[str, Any]] = ()
    floats: bool = False  # whether sums of floating-point numbers may be put together from those of parts


@dataclass(frozen=True, kw_only=True)
class Acceleration:
    """What reflections have to do with the plan of a query."""

    told: Sequence[Mapping[str, Any]] = ()  # as a job tells it
    folders: tuple[Path, ...] = ()  # of those that it reads
    until_ms: int | None = None  # when the first of those that were looked at is too old


NO_ACCELERATION = Acceleration()


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A query as it is carried out, what that is expected to cost, and the marks of all that its names led to."""

    translation: Translation
    cost: int
    size: int | None  # of all files that it reads, in bytes
    read: tuple[Path_, ...]
    marks: Mapping[Path_, Mark]
    usable: Usable
    acceleration: Acceleration

    def holds(self, catalog: LiveCatalog, usable: Usable) -> bool:
        """Tell whether all that it was made of is as it was; its reflections' files may be gone nevertheless."""
        until_ms = self.acceleration.until_ms
        is_over = until_ms is not None and until_ms <= catalog.session.now_ms
        return not is_over and self.usable == usable and are_unchanged(catalog, self.marks)


@dataclass
class PlanCache:
    """What is known of one catalog: who is told of another begins anew."""

    told: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Snapshot = field(default_factory=Snapshot)
    plans: dict[Key, Kept] = field(default_factory=dict)
    usable: Usable = field(default_factory=Usable)  # of the newest plan, so that equal ones are held once
    most: int = 200  # plans; the oldest goes

    def snapshot_of(self, told: Mapping[str, Any]) -> Snapshot:
        """Return the catalog that a document tells; the same one again, where it tells the same."""
        if told.get("system"):
            return Snapshot.of(told)  # its rows are those of a moment
        if told != self.told:
            self.told, self.snapshot, self.plans = told, Snapshot.of(told), {}
        return self.snapshot

    def plan(self, sql: str, catalog: LiveCatalog, usable: Usable) -> Kept | None:
        """Return the plan for a text, if one was made that still holds."""
        kept = self.plans.get(_key(sql, catalog.session)) if catalog.snapshot is self.snapshot else None
        if kept is None or not kept.holds(catalog, usable):
            return None
        catalog.looked_up.update(dict.fromkeys(kept.read))
        return kept

    def keep(
        self, sql: str, translation: Translation, catalog: LiveCatalog, *, cost: int, usable: Usable,
        acceleration: Acceleration,
    ) -> None:  # fmt: skip
        """Keep a plan, unless it holds for this moment alone."""
        size = size_of(catalog)
        if translation.is_of_its_moment or catalog.snapshot is not self.snapshot or CHANGING in catalog.marks.values():
            return
        if len(self.plans) >= self.most:
            del self.plans[next(iter(self.plans))]
        if usable != self.usable:
            self.usable = usable
        self.plans[_key(sql, catalog.session)] = Kept(
            translation=translation, cost=cost, size=size, read=(*catalog.looked_up,), marks=dict(catalog.marks),
            usable=self.usable, acceleration=acceleration,
        )  # fmt: skip


def _key(sql: str, session: Session) -> Key:
    return sql, session.user, session.context


PLANS = PlanCache()
"""Those of this process."""
