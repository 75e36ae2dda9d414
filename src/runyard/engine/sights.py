"""What triggers look at: whether runs go on, which files lie in a folder, and how tables stand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from runyard.core.errors import InvalidRequest
from runyard.core.sight import Seen
from runyard.core.trigger import Trigger, Wish
from runyard.engine.tables import check_table, marks_of_tables
from runyard.executors.mounts import Mounts
from runyard.store.store import Store

MOST_NAMES = 20_000  # more are not even counted: no trigger may watch as many


class Sights:
    """The eyes of triggers."""

    def __init__(
        self, store: Store, mounts: Mounts, *, clock: Callable[[], int], poll_ms: int, databases: Path
    ) -> None:
        self._store = store
        self._mounts = mounts
        self._clock = clock
        self._poll_ms = poll_ms
        self._databases = databases
        self._looks: Mapping[str, Callable[[Trigger], Seen]] = {
            "continuous": self._busy,
            "file_arrival": self._files,
            "events": self._events,
            "table_update": self._tables,
        }

    def check(self, wish: Wish) -> None:
        """Refuse what could never be seen here."""
        if "url" in wish.spec:
            self._mounts.resolve(wish.spec["url"])
        for name in wish.spec["tables"] if wish.kind == "table_update" else ():
            check_table(name, self._mounts)

    def see(self, trigger: Trigger) -> Seen:
        """Return what there is to see for a trigger."""
        look = self._looks.get(trigger.kind)
        return self._nothing() if look is None else look(trigger)

    def _nothing(self) -> Seen:
        return Seen(now=self._clock(), poll_ms=self._poll_ms)

    def _events(self, trigger: Trigger) -> Seen:
        return self._files(trigger) if "url" in trigger.spec else self._nothing()

    def _busy(self, trigger: Trigger) -> Seen:
        job_id = trigger.job_id or 0
        goes_on = self._store.read(
            lambda ledger: ledger.count_admitted(job_id) > 0 or ledger.first_held(job_id) is not None
        )
        return Seen(now=self._clock(), is_busy=goes_on)

    def _files(self, trigger: Trigger) -> Seen:
        folder = self._mounts.resolve(trigger.spec["url"])
        return Seen(now=self._clock(), poll_ms=self._poll_ms, files=dict(files_below(folder)))

    def _tables(self, trigger: Trigger) -> Seen:
        names, workspace = trigger.spec["tables"], trigger.workspace_id
        marks = marks_of_tables(names, self._databases, self._mounts, workspace_id=workspace)
        return Seen(now=self._clock(), poll_ms=self._poll_ms, tables=marks)


def files_below(folder: Path) -> Iterator[tuple[str, int]]:
    """Return the files of a folder and of those in it, and when each was changed last; hidden ones are not meant."""
    found = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if name.startswith(".") or (changed := _changed_at(path)) is None:
                continue
            found += 1
            if found > MOST_NAMES:
                raise InvalidRequest(f"{folder} holds more than {MOST_NAMES} files; watch a folder with fewer.")
            yield path.relative_to(folder).as_posix(), changed


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError:  # it went while we looked
        return None
