"""The views that people of a workspace have made, as the catalogs tell of them."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.core.errors import RunyardError
from runyard.sql.catalog import Column
from runyard.sql.local.tables import quoted
from runyard.sql.pg_catalog.facts import View
from runyard.sql.session import Session
from runyard.sql.talking.keeping import Kept
from runyard.sql.yard import Person, Yard


class KeptViews:
    """The views that one person's workspace has."""

    def __init__(self, yard: Yard, person: Person) -> None:
        self._yard = yard
        self._person = person
        self._keeping = yard.keeping(person.workspace)

    @property
    def version(self) -> int:
        """Another number once anything has changed; 0 while there are none."""
        return self._keeping.version

    def all(self) -> Sequence[View]:
        """Every view; one that cannot be understood any more has no columns."""
        kept = self._keeping.all()
        if not kept:
            return ()
        session = self._yard.session(self._person)
        try:
            return [_view(session, kept[name]) for name in sorted(kept)]
        finally:
            session.close()


def _view(session: Session, kept: Kept) -> View:
    asked = ".".join(map(quoted, kept.name.split(".")))
    try:
        headings = session.prepare(f"SELECT * FROM {asked}").headings or ()  # noqa: S608 - a name that is quoted
    except RunyardError:
        headings = ()
    columns = tuple(Column(name=one.name, type=one.type) for one in headings)
    definition = kept.tree.sql(dialect="sqlite")
    return View(name=kept.name, columns=columns, definition=definition, is_materialized=kept.is_materialized)
