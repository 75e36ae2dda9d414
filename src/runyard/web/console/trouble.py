"""What went wrong with a run, in plain words, with the line of the job's own code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from runyard.core.graph import newest
from runyard.core.run import Attempt, Outcome, Run
from runyard.engine.engine import Engine
from runyard.web.console.notebook_cells import cells_in

Answer = dict[str, Any]

LINES_AROUND = 4
LARGEST_SCRIPT = 4 * 1024 * 1024
TO_BLAME = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED})
_CELL = re.compile(r"<cell (\d+)>", re.ASCII)
_FRAME = re.compile(r'^  File "(.+)", line (\d+)', re.MULTILINE)

SIGNALS: Mapping[int, str] = {
    9: "The process was killed (SIGKILL). Mostly the machine had no memory left; the script's log ends where it was.",
    11: "The process broke down in native code (SIGSEGV), mostly in a package with compiled parts.",
    6: "The process gave up in native code (SIGABRT).",
    15: "The process was asked to end (SIGTERM).",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.TIMED_OUT: "It took longer than it may. Raise its timeout, or find out what it waited for in the log.",
    Outcome.CRASHED: "Its process was lost: the launcher or the machine went down while it ran. It can be repaired.",
    Outcome.FAILED: "The script raised an error that it did not catch.",
}
CATEGORIES: Mapping[str, str] = {
    "preparation": "It never began: what it needs could not be made ready.",
    "not_found": "It never began: something that it names is not there.",
    "library_installation": "It never began: a package that it names could not be installed; the message says which.",
    "queue_wait": "It never began: it waited for its turn as long as it may.",
    "launcher_lost": "Its process was lost with the launcher, or with the machine. It can be repaired.",
}


def trouble_of(engine: Engine, run: Run, attempts: Sequence[Attempt]) -> Answer | None:
    """Return what went wrong first: the earliest of the tasks that failed themselves, and are not tried again."""
    failed = [attempt for attempt in newest(attempts).values() if attempt.outcome in TO_BLAME]
    if not failed:
        return None if run.outcome in (None, Outcome.SUCCEEDED) or not run.message else {"message": run.message}
    first = min(failed, key=lambda attempt: attempt.ended_at or 0)
    return {
        "attempt_id": first.id,
        "task_key": first.task_key,
        "others": len(failed) - 1,
        "message": first.message or run.message or "",
        "advice": _advice(first),
        "place": _place(engine, first),
        "trace": first.trace,
    }


def _advice(attempt: Attempt) -> str:
    told = SIGNALS.get(attempt.signal or 0) if attempt.outcome is Outcome.FAILED else None
    told = told or CATEGORIES.get(attempt.category or "")
    if told is None and attempt.trace is None and attempt.exit_code:
        return f"Its process ended with status {attempt.exit_code}, which says that it did not succeed."
    return told or OUTCOMES[attempt.outcome or Outcome.FAILED]


def _place(engine: Engine, attempt: Attempt) -> Answer | None:
    """Return the line of the job's own code that raised the error, and those around it."""
    folder = engine.attempt_folder(attempt.id)
    frames = _FRAME.findall(attempt.trace or "")
    own = [frame for frame in frames if _CELL.fullmatch(frame[0]) or Path(frame[0]).is_relative_to(folder)]
    if not own:
        return None
    name, line = own[-1][0], int(own[-1][1])
    cell = _CELL.fullmatch(name)
    text = _source_of(folder, int(cell[1])) if cell else _content(Path(name))
    return {"file": f"cell {cell[1]}" if cell else Path(name).name, "line": line, "lines": list(_around(text, line))}


def _source_of(folder: Path, number: int) -> str:
    """Return the text of a notebook's cell, counted from 1."""
    cells = cells_in(folder)
    return str(cells[number - 1].get("source") or "") if 0 < number <= len(cells) else ""


def _content(file: Path) -> str:
    with suppress(OSError):
        if file.stat().st_size <= LARGEST_SCRIPT:
            return file.read_text(errors="replace")
    return ""


def _around(text: str, line: int) -> Iterator[tuple[int, str]]:
    first = max(1, line - LINES_AROUND)
    yield from enumerate(text.splitlines()[first - 1 : line + LINES_AROUND], first)
