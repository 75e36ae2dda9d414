"""Runs one query of a server: tells each step, and leaves rows and what it has changed for the server."""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path

from .errors import DremioError
from .execution import execute
from .report import WITHDRAWN, Report
from .routing import Withdrawn

FAILED = "sql"


def main() -> None:
    """Run the query that the context holds."""
    folder = Path(os.environ["RUNYARD_ATTEMPT_FOLDER"])
    context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
    report = Report(folder=folder, context=context)
    try:
        report.finish(**asdict(execute(context, report, folder)))
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
