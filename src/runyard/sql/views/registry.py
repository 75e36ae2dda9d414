"""All views that people know, by their dotted names and, where they have one, by their bare ones."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.sql.views import lakeflow, steampipe
from runyard.sql.views.view import View

VIEWS: Mapping[str, View] = {one.path: one for one in (*lakeflow.VIEWS, *steampipe.VIEWS)}
ALIASES: Mapping[str, str] = {one.alias: one.path for one in VIEWS.values() if one.alias}


def known(name: str) -> View | None:
    """Return the view of a name in lower case."""
    return VIEWS.get(ALIASES.get(name, name))
