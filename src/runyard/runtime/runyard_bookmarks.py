"""Job bookmarks for plain Python: read only what is new since the last run of this job that committed.

    import runyard_bookmarks as bookmarks

    for uri in bookmarks.new_files("s3://raw/sales/", transformation_ctx="sales"):
        ...
    rows = bookmarks.new_rows(connection, "orders", transformation_ctx="orders", keys=["id"])
    bookmarks.commit()

`--job-bookmark-option` says what happens: job-bookmark-enable, job-bookmark-disable (everything is new, the default) or
job-bookmark-pause (read on from the bookmark and leave it as it is; with --job-bookmark-from and --job-bookmark-to,
read what lay between two runs). Nothing is kept before `commit()`, and then all of it at once. A source without a
transformation_ctx is read whole. On AWS, Python shell jobs have no bookmarks; here they do.

Standard library only, because it stands on the path of every job's own process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from runyard_rows import (
    UnreadableRows,
    check_names,
    condition,
    marker,
    primary_key,
)
from runyard_server import (  # type: ignore[import-not-found]  # beside this file, on the path of a job's process
    ServerRefused,
    ask,
)

OPTIONS = {"job-bookmark-enable": "enable", "job-bookmark-pause": "pause", "job-bookmark-disable": "disable"}
MISMATCH = "GLUE_JOB_BOOKMARK_VERSION_MISMATCH_ERROR"


class BookmarkError(RuntimeError):
    """The server refused what a script asked of its bookmark, or no bookmark can be kept of what it reads."""


class VersionMismatchException(BookmarkError):
    """Another run of the job has begun or committed meanwhile; nothing of this run's bookmark was kept."""


class Session:
    """What one run has read so far."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._asked = _asked(arguments)
        self._version: int | None = None
        self._has_begun = False
        self._elements: dict[str, Any] = {}

    @property
    def option(self) -> str:
        """Tell whether the bookmark is `enable`, `pause` or `disable`."""
        return str(self._asked["option"])

    def begin(self) -> None:
        """Begin to read; whoever does not say so begins with its first source."""
        if not self._has_begun and self.option != "disable":
            self._version = self._ask("begin")["version"]
        self._has_begun = True

    def files(self, paths: Sequence[str], context: str, **bound: int | None) -> list[str]:
        """Return the files that are new, or as many of them as a bound allows."""
        self.begin()
        given = {name: most for name, most in bound.items() if most is not None}
        answer = self._ask("files", paths=paths, context=context, **given)
        self._keep(context, answer["element"])
        return list(answer["files"])

    def span(self, context: str, keys: Sequence[str], order: str) -> tuple[Any, Any, bool]:
        """Return the keys of the last row that was read, of the last one to read, and whether there is nothing."""
        self.begin()
        answer = self._ask("rows", context=context, keys=keys, order=order)
        return _read(answer["after"]), _read(answer["until"]), bool(answer["is_empty"])

    def rows_read(self, context: str, keys: Sequence[str], order: str, last: Sequence[Any]) -> None:
        """Remember the last row that was read."""
        element = {"kind": "rows", "keys": list(keys), "order": order, "last": [_written(value) for value in last]}
        self._keep(context, element)

    def commit(self) -> None:
        """Keep all that was read, at once; what is read from now on is another commit's."""
        if self._version is not None:
            self._ask("commit", version=self._version, elements=self._elements)
        self._version, self._has_begun, self._elements = None, False, {}

    def _keep(self, context: str, element: Any) -> None:
        if context and element is not None and self.option == "enable":
            self._elements[context] = element

    def _ask(self, what: str, **more: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = ask(f"/bookmarks/{what}", {**self._asked, **more})
        except ServerRefused as error:
            raise (VersionMismatchException if MISMATCH in str(error) else BookmarkError)(str(error)) from None
        return answer


_session: Session | None = None


def session() -> Session:
    """Return what this run reads with."""
    global _session  # noqa: PLW0603 - one process is one run
    if _session is None:
        _session = Session(sys.argv)
    return _session


def begin() -> None:
    """Begin to read by the bookmark: what is written from now on is left to the next run where that is possible."""
    session().begin()


def new_files(
    path: str | Iterable[str],
    transformation_ctx: str = "",
    *,
    most_files: int | None = None,
    most_bytes: int | None = None,
) -> list[str]:
    """Return the files at or below a path (or several) that no committed run has read, or that were changed since.

    They are named as the path is. Names that begin with a dot or an underscore are no data. With `most_files` or
    `most_bytes` a run reads the oldest of them up to that, at least one, and leaves the others to the next.
    """
    paths = [path] if isinstance(path, str) else list(path)
    return session().files(paths, transformation_ctx, most_files=most_files, most_bytes=most_bytes)


def new_rows(
    connection: Any,
    table: str,
    transformation_ctx: str = "",
    *,
    keys: Sequence[str] = (),
    sort_order: str = "asc",
    columns: Sequence[str] = ("*",),
) -> list[tuple[Any, ...]]:
    """Return the rows of a table that no committed run has read, in the order of the keys.

    `connection` is of sqlite3 or another DB-API module. `keys` are columns whose values only grow (with `sort_order`
    "desc": only fall) from row to row, several together if need be; without any, the primary key.
    """
    keys = keys_of(connection, table, keys, columns=columns)
    after, until, is_empty = session().span(transformation_ctx, keys, sort_order)
    if is_empty:
        return []
    where, values = condition(keys, sort_order, after, until)
    order = ", ".join(f"{key} {sort_order}" for key in keys)
    names = ", ".join([*columns, *keys])
    # Every name was checked above; values go as parameters.
    query = f"SELECT {names} FROM {table} WHERE {where} ORDER BY {order}".replace("?", marker(connection))  # noqa: S608 - as said
    cursor = connection.cursor()
    cursor.execute(query, values)
    rows = cursor.fetchall()
    if rows:
        session().rows_read(transformation_ctx, keys, sort_order, rows[-1][-len(keys) :])
    return [tuple(row[: -len(keys)]) for row in rows]


def keys_of(connection: Any, table: str, keys: Sequence[str], *, columns: Sequence[str] = ("*",)) -> list[str]:
    """Return the keys that tell a table's rows apart, checked: those that are named, else the primary key."""
    try:
        found = list(keys) or primary_key(connection, table)
        check_names(table, [*found, *(name for name in columns if name != "*")])
    except UnreadableRows as error:
        raise BookmarkError(str(error)) from None
    return found


def bounds(transformation_ctx: str, keys: Sequence[str], sort_order: str = "asc") -> tuple[Any, Any]:
    """Return the keys of the last row that was read, and of the last one to read, for who makes his own query.

    None: there is no such bound. Tell with `rows_read` how far the query came.
    """
    after, until, is_empty = session().span(transformation_ctx, list(keys), sort_order)
    return (after, after) if is_empty else (after, until)


def rows_read(transformation_ctx: str, keys: Sequence[str], last: Sequence[Any], sort_order: str = "asc") -> None:
    """Remember, until the commit, that rows were read up to the one with these keys."""
    session().rows_read(transformation_ctx, list(keys), sort_order, last)


def commit() -> None:
    """Keep what this run has read; the next run goes on behind it."""
    session().commit()


# what the script's command line says


def _asked(arguments: Sequence[str]) -> dict[str, Any]:
    from awsglue.utils import getResolvedOptions  # noqa: PLC0415 - found on the path of a job's process alone

    told = getResolvedOptions(list(arguments), [])
    window = {"since": told["job_bookmark_from"], "until": told["job_bookmark_to"]}
    return {"option": OPTIONS[told["job_bookmark_option"]], **{key: value for key, value in window.items() if value}}


# rows


def _written(value: Any) -> Any:
    """Return a key as JSON."""
    if value is None:
        raise BookmarkError("A key of the last row is NULL; rows without keys cannot be remembered.")
    if isinstance(value, datetime | date):
        return {"type": type(value).__name__, "text": value.isoformat()}
    return {"type": "Decimal", "text": str(value)} if isinstance(value, Decimal) else value


_TYPES: Mapping[str, Any] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
}


def _read(values: Any) -> Any:
    if values is None:
        return None
    return tuple(_TYPES[one["type"]](one["text"]) if isinstance(one, dict) else one for one in values)
