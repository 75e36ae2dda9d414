"""Runs a query of a server: tells each step, and leaves rows and what it has changed for the server."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalog import LiveCatalog, Snapshot
from .column_types import literal
from .database import RESIDENT, SPILLED
from .errors import DremioError
from .job import execute
from .plans import cost_of
from .report import WITHDRAWN, Report
from .results import SCHEMA
from .routing import Withdrawn
from .statements import statement
from .translation.translate import Session, translate

FAILED = "sql"
REHEARSED = "SELECT 1 AS one"
FILES = (SCHEMA,)
"""What each query fills in its folder; to make a file takes longer than to fill it."""


def rehearse() -> None:
    """Open a database, and carry out a small query in it: what comes next finds everything where it needs it."""
    RESIDENT.make()
    folder = tempfile.mkdtemp(prefix="runyard-query-")
    connection = RESIDENT.taken(memory="", threads=0, temporary=SPILLED).connection
    session = Session(user="", now_ms=0)
    catalog = LiveCatalog(snapshot=Snapshot(), connection=connection, session=session)
    translation = translate(statement(REHEARSED).query, catalog, session)
    cost_of(connection, translation.sql)
    connection.execute(f"COPY ({translation.sql}) TO {literal(folder + '/rows')} (FORMAT parquet)")
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Task:
    """The query of an order, in a process that stays for the next one where it can."""

    tell_launcher: Callable[[str], None]
    told: str  # the context, as JSON; empty if it lies in the folder
    report: Report | None = None

    def main(self) -> dict[str, Any]:
        """Run the query that the context holds, and return what its server is told of it."""
        # As it is seen from the working folder: so it is called alike in each query, and in what was prepared for one.
        folder = Path(os.path.relpath(os.environ["RUNYARD_ATTEMPT_FOLDER"]))
        context = json.loads(self.told or (folder / "context.json").read_text(encoding="utf-8"))
        self.report = report = Report(folder=folder, context=context, tell_launcher=self.tell_launcher)
        RESIDENT.make()
        try:
            return report.finish(**vars(execute(context, report, folder)))
        except Withdrawn as reason:
            report.end(str(reason), WITHDRAWN)
            sys.exit(1)
        except DremioError as error:
            report.end(error.text(sql=context["sql"]), FAILED)
            sys.exit(1)
        except Exception as error:  # noqa: BLE001 - outermost of the query: whatever it is, the job says it in Dremio's shape
            traceback.print_exc()
            defect = DremioError("SYSTEM", f"{type(error).__name__}: {error}")
            report.end(defect.text(sql=context["sql"]), FAILED)
            sys.exit(1)

    def rest(self) -> bool:
        """Clear up; return whether this process may carry out another query."""
        is_as_new = self.report is not None and self.report.leave()
        return RESIDENT.clear() and is_as_new
