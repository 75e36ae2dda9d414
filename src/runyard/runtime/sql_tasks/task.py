"""Executes the statements of a SQL task one after the other."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from .binding import Binding
from .database import attached, new_connection, only_reads
from .errors import TaskFailed
from .results import Result, fetched, output_of
from .statements import Statement, statements

TEXT_LIMIT = 64 * 1024
MS = 1000


def main(arguments: Sequence[str]) -> None:
    """Execute a file's statements in a database; leave what they brought in the attempt's folder."""
    file, database = map(Path, arguments)
    folder = Path(os.environ["RUNYARD_ATTEMPT_FOLDER"])
    context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
    binding = Binding(parameters=context.get("parameters", {}), mounts=context["mounts"])
    script = Script(name=file.name, statements=list(statements(file.read_text(encoding="utf-8-sig"))))
    try:
        _execute(script, binding, Report(folder), database)
    except TaskFailed as failure:
        sys.exit(str(failure))


@dataclass(frozen=True, kw_only=True)
class Script:
    """The statements of a task under the name that their errors tell."""

    name: str
    statements: Sequence[Statement]

    @contextlib.contextmanager
    def at(self, number: int) -> Iterator[Statement]:
        """Work at a statement; what goes wrong says where."""
        statement = self.statements[number]
        try:
            yield statement
        except (duckdb.Error, TaskFailed) as error:
            place = f"{self.name}, statement {number + 1} of {len(self.statements)}, line {statement.line}"
            raise TaskFailed(f"{place}: {statement.placed(str(error))}") from error


@dataclass
class Report:
    """What the statements brought so far, rewritten after each of them."""

    folder: Path
    statements: list[Result] = field(default_factory=list)

    def add(self, statement: Statement, result: Result) -> None:
        """Keep the result of one more statement."""
        self.statements.append({"text": statement.text[:TEXT_LIMIT], **result})
        _write(self.folder / "sql.json", {"statements": self.statements})

    def close(self) -> None:
        """Tell later tasks what the last statement brought that brought anything."""
        last = next((each for each in reversed(self.statements) if each["schema"]), self.statements[-1])
        _write(self.folder / "output.json", {"values": {}, "output": output_of(last)})


def _execute(script: Script, binding: Binding, report: Report, database: Path) -> None:
    """Bind and read all statements first, so that a misspelt one leaves nothing half-done."""
    if not script.statements:
        raise TaskFailed(f"{script.name} has no statement.")
    connection = new_connection()
    numbers = range(len(script.statements))
    bound = [_bound(script, number, binding) for number in numbers]
    reads = [_reads(script, number, connection, bound[number]) for number in numbers]
    with attached(connection, database, writes=not all(reads)):
        for number in numbers:
            with script.at(number) as statement:
                report.add(statement, _result(connection, bound[number], number=number))
    report.close()


def _bound(script: Script, number: int, binding: Binding) -> str:
    with script.at(number) as statement:
        return binding.bound(statement)


def _reads(script: Script, number: int, connection: duckdb.DuckDBPyConnection, text: str) -> bool:
    with script.at(number):
        return only_reads(connection, text)


def _result(connection: duckdb.DuckDBPyConnection, text: str, *, number: int) -> Result:
    began = time.time()
    result = fetched(connection.execute(text))
    ended = time.time()
    sys.stdout.write(f"Statement {number + 1}: {result['row_count']} rows in {ended - began:.3f} s\n")
    return {"started_at": int(began * MS), "ended_at": int(ended * MS), **result}


def _write(file: Path, facts: dict[str, Any]) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(facts), encoding="utf-8")
    new.replace(file)
