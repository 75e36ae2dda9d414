"""The two-way tables that spell our records on a vendor's wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

Getter = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One member of a wire record: how it is shown, and how it is read back (if we have a word for it)."""

    wire: str
    get: Getter
    core: str | None = None
    read: Getter | None = None
    is_plain: bool = False  # a word of `settings`, shown as it is or not at all


def field(wire: str, core: str, show: Getter | None = None, read: Getter | None = None) -> Line:
    """One of our attributes under the vendor's name."""
    own = attrgetter(core)

    def get(record: Any) -> Any:
        value = own(record)
        return None if value is None or show is None else show(value)

    return Line(wire=wire, get=own if show is None else get, core=core, read=read)


def kept(wire: str, default: Getter | None = None) -> Line:
    """A vendor's word that `settings` keep as it came; `default` is asked with the settings when it is absent."""

    def get(record: Any) -> Any:
        settings = record.settings
        if wire in settings:
            return settings[wire]
        return default(settings) if default is not None else None

    return Line(wire=wire, get=get, core="settings", is_plain=default is None)


def shown(wire: str, work: Getter, core: str | None = None, read: Getter | None = None) -> Line:
    """A member that is worked out; reading ignores it unless we have a word for it."""
    return Line(wire=wire, get=work, core=core, read=read)


class View:
    """A wire record as a table. Members of the vendor that are not shown stand in `not_shown`, with the reason."""

    def __init__(self, lines: Iterable[Line], *, not_shown: Mapping[str, str]) -> None:
        self.lines = tuple(lines)
        self.not_shown = not_shown
        # Plain words are copied in one sweep over the settings: half the cost of a page of runs.
        self._plain = frozenset(line.wire for line in self.lines if line.is_plain)
        self._getters = tuple((line.wire, line.get) for line in self.lines if not line.is_plain)

    def show(self, record: Any) -> dict[str, Any]:
        """Spell a record; what is None is left out."""
        plain = self._plain
        wire = {name: value for name, value in record.settings.items() if name in plain}
        for name, get in self._getters:
            value = get(record)
            if value is not None:
                wire[name] = value
        return wire

    def read(self, wire: Mapping[str, Any]) -> dict[str, Any]:
        """Return our words for a vendor's record; what the vendor left out stays out."""
        words: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        for line in self.lines:
            value = wire.get(line.wire)
            if value is None or line.core is None:
                continue
            if line.core == "settings":
                settings[line.wire] = value
            else:
                words[line.core] = line.read(value) if line.read else value
        return {**words, "settings": settings}
