"""Every resource: its columns are those of its local table, its methods the operations of the dialects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from runyard.sql.catalog import Catalog, Resource
from runyard.sql.views.registry import ALIASES, VIEWS

LEDGER = "runyard.ledger."


class Everything(Catalog):
    """All there is to ask, made when it is first asked for: it takes all handlers of all dialects to be loaded."""

    def __init__(self) -> None:
        """Make nothing yet."""

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of the dialects, and the views that people know."""
        from runyard.sql.resources import databricks, dremio, glue, ledger  # noqa: PLC0415 - see above

        views = (one.resource for one in VIEWS.values())
        return (*ledger.resources(), *databricks.resources(), *glue.resources(), *dremio.resources(), *views)

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Bare names of the ledger, as PostgreSQL finds what stands in a schema of the search_path, and of views."""
        bare = {one.name: one.path for one in self.resources if one.path.startswith(LEDGER)}
        return {**bare, **ALIASES}


def catalog() -> Catalog:
    """Return all there is to ask."""
    return Everything()
