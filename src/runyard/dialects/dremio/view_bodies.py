"""Views that the API makes and changes, looked at as their statement would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.looking import live_catalog

TO_ITSELF = "The view [{path}] would refer to itself"


def checked(call: Call, path: Sequence[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a view with its columns and with what it is made of; refuse it as a job would, with 400."""
    from runyard.runtime.dremio_sql.column_types import columns_document  # noqa: PLC0415 - a parser, of who makes views
    from runyard.runtime.dremio_sql.statements import statement  # noqa: PLC0415 - as above
    from runyard.runtime.dremio_sql.translation.translate import translate  # noqa: PLC0415 - as above

    context = reading.texts(told.get("sqlContext"), "sqlContext")
    with live_catalog(call.engine, call.workspace) as known:
        session = replace(known.session, user=call.user, context=(*context,))
        found = statement(told["sql"])
        if found.kind != "SELECT":
            raise wrong(f"A view is what a query gives; {found.kind.replace('_', ' ')} is none.")
        translation = translate(found.query, known, session)
        parents = [list(each) for each in known.looked_up]
    if catalog.name_of(path) in map(catalog.name_of, translation.views):
        raise wrong(TO_ITSELF.format(path=".".join(path)))
    content = {**told, "sqlContext": context} if context else told
    return {**content, "fields": columns_document(translation.columns), "parents": parents}
