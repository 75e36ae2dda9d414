"""The forms in which a cell shows values: text, html, tables and images, as plain JSON."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .session import Result

MOST_ROWS = 10_000  # as the vendor shows; the value itself stays whole
SIMPLE = (str, int, bool, type(None))


def text(value: str) -> Result:
    """Return a piece of output; what colours itself is marked as such."""
    return {"type": "ansi" if "\x1b[" in value else "text", "data": value}


def html(value: str) -> Result:
    """Return a piece of a page."""
    return {"type": "html", "data": value}


def image(png: bytes) -> Result:
    """Return a picture, spelled as browsers take it."""
    return {"type": "image", "data": f"data:image/png;base64,{_base64(png)}"}


def _base64(data: bytes) -> str:
    from base64 import b64encode  # noqa: PLC0415 - few cells show bytes, and every notebook loads this module

    return b64encode(data).decode()


def table(names: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]) -> Result:
    """Return rows with what their columns are called and hold."""
    kept: list[list[Any]] = []
    for row in rows:
        if len(kept) == MOST_ROWS:
            return {**_table(names, types, kept), "truncated": True}
        kept.append([plain(value) for value in row])
    return _table(names, types, kept)


def _table(names: Sequence[str], types: Sequence[str], rows: list[list[Any]]) -> Result:
    schema = [{"name": str(name), "type": kind} for name, kind in zip(names, types, strict=True)]
    return {"type": "table", "data": rows, "schema": schema}


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has no word for becomes text."""
    if isinstance(value, SIMPLE):
        return value
    for kinds, form in FORMS:
        if isinstance(value, kinds):
            return form(value)
    if hasattr(value, "isoformat"):
        return None if str(value) == "NaT" else value.isoformat()
    return plain(value.tolist()) if type(value).__module__ == "numpy" else str(value)


def _number(value: float) -> Any:
    if math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else str(value)


FORMS: Sequence[tuple[Any, Callable[[Any], Any]]] = (
    (float, _number),
    (Mapping, lambda value: {str(key): plain(each) for key, each in value.items()}),
    ((list, tuple, set, frozenset), lambda value: [plain(each) for each in value]),
    ((bytes, bytearray, memoryview), _base64),
)
"""How JSON spells what it has no simple word for."""


def echoed(value: Any) -> Result:
    """Return how the last expression of a cell shows itself."""
    if (shown := _picture(value)) or (shown := _page(value)):
        return shown
    return text(repr(value))


def displayed(value: Any) -> Result:
    """Return how display() shows a value: whatever has rows is a table."""
    for form in (_frame, _relation, _spark, _arrow, _list, _picture, _page):
        if shown := form(value):
            return shown
    return text(value if isinstance(value, str) else repr(value))


def _kind(value: Any) -> tuple[str, str]:
    """Return the package and the name of a value's class; whoever made the value has imported the package."""
    return type(value).__module__.partition(".")[0], type(value).__name__


def _frame(value: Any) -> Result | None:
    if _kind(value) == ("pandas", "Series"):
        value = value.to_frame()
    if _kind(value) == ("pandas", "DataFrame"):
        rows = value.head(MOST_ROWS + 1).astype(object).where(value.notna(), None).itertuples(index=False, name=None)
        return table(list(value.columns), [str(kind) for kind in value.dtypes], rows)
    if _kind(value) == ("polars", "DataFrame"):
        return table(value.columns, [str(kind).lower() for kind in value.dtypes], value.iter_rows())
    return None


def _relation(value: Any) -> Result | None:
    if type(value).__name__ != "DuckDBPyRelation":
        return None
    return table(value.columns, [duckdb_type(kind) for kind in value.types], value.limit(MOST_ROWS + 1).fetchall())


DUCKDB_TYPES = {"VARCHAR": "string", "INTEGER": "int", "BLOB": "binary"}
"""Where the names of SQL's types differ from those that notebooks show."""


def duckdb_type(kind: Any) -> str:
    """Return the name under which notebooks know a type of DuckDB."""
    return DUCKDB_TYPES.get(str(kind), str(kind).lower())


def _spark(value: Any) -> Result | None:
    if _kind(value)[0] != "pyspark" or not hasattr(value, "collect"):
        return None
    types = [field.dataType.simpleString() for field in value.schema.fields]
    return table(value.columns, types, value.limit(MOST_ROWS + 1).collect())


def _arrow(value: Any) -> Result | None:
    if _kind(value) != ("pyarrow", "Table"):
        return None
    rows = (list(row.values()) for row in value.slice(0, MOST_ROWS + 1).to_pylist())
    return table(value.column_names, [str(kind) for kind in value.schema.types], rows)


def _list(value: Any) -> Result | None:
    """Show a list of records as the table that it is."""
    if not isinstance(value, list | tuple) or not value or hasattr(value, "_fields"):
        return None
    first = value[0]
    if isinstance(first, Mapping):
        names = list(dict.fromkeys(key for row in value for key in row))
        rows = [[row.get(name) for name in names] for row in value]
    elif isinstance(first, tuple | list) and len({len(row) for row in value if isinstance(row, tuple | list)}) == 1:
        names = list(getattr(first, "_fields", None) or [f"_{number}" for number in range(1, len(first) + 1)])
        rows = [list(row) for row in value]
    else:
        return None
    return table(names, [_type_of(column) for column in zip(*rows, strict=True)], rows)


TYPES = {bool: "boolean", int: "bigint", float: "double", str: "string", bytes: "binary"}


def _type_of(column: Iterable[Any]) -> str:
    kinds = {type(each) for each in column if each is not None}
    return TYPES.get(kinds.pop(), "string") if len(kinds) == 1 else "string"


def _picture(value: Any) -> Result | None:
    if _kind(value) == ("matplotlib", "Figure") or (hasattr(value, "savefig") and hasattr(value, "axes")):
        return figure(value)
    png = getattr(value, "_repr_png_", None)
    drawn = png() if callable(png) and not isinstance(value, type) else None
    return image(drawn) if isinstance(drawn, bytes) else None


def _page(value: Any) -> Result | None:
    written = getattr(value, "_repr_html_", None)
    page = written() if callable(written) and not isinstance(value, type) else None
    return html(page) if isinstance(page, str) else None


def figure(drawn: Any) -> Result:
    """Return what matplotlib has drawn."""
    import io  # noqa: PLC0415 - as in _base64()

    held = io.BytesIO()
    drawn.savefig(held, format="png", bbox_inches="tight")
    return image(held.getvalue())


def open_figures() -> list[Result]:
    """Return the figures that a cell has left open, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    shown = [figure(pyplot.figure(number)) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return shown
