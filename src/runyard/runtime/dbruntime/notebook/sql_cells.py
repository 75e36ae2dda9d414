"""Cells of SQL, on DuckDB: the workspace's own database, held only while a cell runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..results import duckdb_type, table
from ..session import Result

MISSING = "SQL cells run on DuckDB, which is not installed where this job runs: add `duckdb` to the task's libraries."
SHOWN = "_sqldf"
"""The name under which later cells find what the last query returned, in Python and in SQL."""
NOTHING = ["Count"]  # the one column of a statement that returns nothing


class Database:
    """One connection of a notebook; temporary tables and views stay, the database is attached for each cell anew.

    So tasks that run at the same time share the file: whoever changes it has it alone for the time of a cell.
    """

    def __init__(self, file: Path | None, mounts: Mapping[str, str]) -> None:
        self._file = file
        self._mounts = mounts
        self._connection: Any = None

    def run(self, code: str, namespace: dict[str, Any], parameters: Mapping[str, str]) -> Result | None:
        """Carry out the statements of a cell and return what the last one has to show."""
        connection = self._open()
        texts = self._bound(code, parameters)
        shown = None
        with self._attached(texts):
            for text in texts:
                shown = _carry_out(connection, text, namespace)
        return shown

    def _open(self) -> Any:
        if self._connection is None:
            try:
                import duckdb  # noqa: F401, PLC0415 - looked for first; most notebooks have no SQL, and it takes 100 ms
            except ImportError as error:
                raise ImportError(MISSING, name="duckdb") from error
            from sql_tasks.database import new_connection  # noqa: PLC0415 - as above

            self._connection = new_connection()
        return self._connection

    def _bound(self, code: str, parameters: Mapping[str, str]) -> list[str]:
        from sql_tasks.binding import Binding  # noqa: PLC0415 - as above
        from sql_tasks.statements import statements  # noqa: PLC0415 - as above

        binding = Binding(parameters=parameters, mounts=self._mounts)
        return [binding.bound(each) for each in statements(code)]

    @contextlib.contextmanager
    def _attached(self, texts: list[str]) -> Iterator[None]:
        """Use the workspace's database; one that is not there yet is made by the first statement that writes."""
        from sql_tasks.database import only_reads, turn  # noqa: PLC0415 - as above

        writes = not all(only_reads(self._connection, text) for text in texts)
        if self._file is None or not (writes or self._file.exists()):
            yield
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        name = _quoted(self._file.stem)
        with turn(self._file, exclusive=writes):
            mode = "READ_WRITE" if writes else "READ_ONLY"
            self._connection.execute(f"ATTACH {_literal(str(self._file))} AS {name} ({mode})")
            try:
                self._connection.execute(f"USE {name}")
                yield
            finally:
                self._connection.execute("USE memory")
                self._connection.execute(f"DETACH {name}")


_EXECUTE = compile("_connection.execute(_text)", __file__, "eval")  # under our own name: no author's line


def _carry_out(connection: Any, text: str, namespace: dict[str, Any]) -> Result | None:
    """Carry out a statement in the notebook's namespace, so that its DataFrames are tables by their names."""
    kind = connection.extract_statements(text)[0].type.name
    wanted = f"CREATE OR REPLACE TEMP TABLE {SHOWN} AS {text}" if kind == "SELECT" else text
    inside = {"_connection": connection, "_text": wanted}
    done = eval(_EXECUTE, namespace, inside)  # noqa: S307 - a text of our own
    if kind == "SELECT":
        namespace[SHOWN] = connection.table(f"temp.{SHOWN}")
        done = connection.execute(f"FROM temp.{SHOWN}")
    names = [column[0] for column in done.description or ()]
    if not names or (kind != "SELECT" and names == NOTHING):
        return None
    return table(names, [duckdb_type(column[1]) for column in done.description], iter(done.fetchone, None))


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
