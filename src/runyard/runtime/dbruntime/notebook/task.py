"""The process of a notebook, from its first cell to its end."""

from __future__ import annotations

import json
import os
import posixpath
import sys
from pathlib import Path
from typing import Any

from .. import UserNamespaceInitializer
from ..dbutils import RestartPython
from ..redaction import watch_streams
from ..session import NotebookExit
from .record import Record
from .runner import Here, Runner
from .source import Notebook, read_notebook

FAILED = 1
NO_FILE = frozenset({"__file__", "__cached__"})


def main() -> None:
    """Run the notebook that the context of this process names, and end the process if it fails."""
    initializer = UserNamespaceInitializer.getOrCreate()
    task = Task(initializer)
    if not task.run():
        raise SystemExit(FAILED)


class Task:
    """One notebook, its record, and the interpreter that they share with it."""

    def __init__(self, initializer: UserNamespaceInitializer) -> None:
        self._session = session = initializer.session
        self._dbutils = initializer.dbutils
        self._meet_spark = initializer.meet_spark
        told = session.facts.notebook
        file = Path(told["file"])
        name = session.facts.notebook_path or str(file)
        self._before = _told_before(session.facts.folder)
        self._namespace = sys.modules["__main__"].__dict__
        self._runner = Runner(session, self._dbutils, self._namespace, Here(file, told["endings"]))
        self._notebook: Notebook = read_notebook(file, name=posixpath.basename(name))
        self._record = Record(_in(session.facts.folder, "notebook.json"), self._notebook, session.redactor)
        self._prepare(file, initializer.get_namespace_globals())

    def _prepare(self, file: Path, names: dict[str, Any]) -> None:
        """Make this interpreter look like the start of a notebook."""
        session = self._session
        session.is_notebook = True
        session.show = self._record.add
        watch_streams(session.redactor, self._record.add_text)
        for name in [each for each in self._namespace if each in NO_FILE or not each.startswith("__")]:
            del self._namespace[name]  # of the script that brought us here
        self._namespace.update(names)
        os.chdir(file.parent)
        sys.dont_write_bytecode = True  # among its users' own files, where it may also go stale
        os.environ.setdefault("MPLBACKEND", "agg")  # there is no screen
        sys.argv = [sys.argv[0]]
        if self._before:
            self._dbutils.widgets.give(self._before["widgets"])
            previous = json.loads(_in(session.facts.folder, "notebook.json").read_text(encoding="utf-8"))
            self._record.take_up(previous, self._before["next_cell"])
        elif str(file.parent) not in sys.path:
            sys.path.insert(0, str(file.parent))

    def run(self) -> bool:
        """Run what is to be run and tell whether it succeeded."""
        first = self._before["next_cell"] if self._before else 0
        own = os.getpid()
        try:
            for number in range(first, len(self._notebook.cells)):
                self._run_cell(number)
        except NotebookExit as stop:
            self._record.end("finished", exit_text=stop.value)
        except SystemExit as stop:
            if stop.code not in (None, 0):
                return self._fail(stop, own)
            self._record.end("finished")
        except BaseException as error:  # noqa: BLE001 - outermost of the notebook: whatever it is, the run ends with it
            return self._fail(error, own)
        self._record.finish()
        return True

    def _run_cell(self, number: int) -> None:
        self._record.begin(number)
        self._meet_spark()  # which a cell before may have imported
        try:
            self._runner.run(self._notebook.cells[number], f"<cell {number + 1}>")
        except RestartPython:
            self._record.end("finished")
            self._record.flush()
            from .restart import restart  # noqa: PLC0415 - few notebooks need it

            folder = self._session.facts.folder
            assert folder  # noqa: S101 - for mypy: a notebook has one
            restart(folder, next_cell=number + 1, widgets=self._dbutils.widgets.getAll())
        self._record.end("finished")

    def _fail(self, error: BaseException, own: int) -> bool:
        """Note why the notebook failed: for its readers, for the log, and for the launcher."""
        from . import frames  # noqa: PLC0415 - only notebooks that fail need it

        redact = self._session.redactor.redact
        error = frames.without_ours(error)
        message, trace = redact(frames.message_of(error)), redact(frames.trace_of(error))
        if os.getpid() == own:  # and not a fork of it that a cell let run to the end
            self._record.add({"type": "error", "data": trace, "summary": message, "cause": trace})
            self._record.end("failed")
            self._record.finish()
            result = json.dumps({"message": message, "trace": trace})
            _in(self._session.facts.folder, "result.json").write_text(result, encoding="utf-8")
        below = sys.__stderr__
        if below:
            below.write(trace)
        return False


def _told_before(folder: Path | None) -> dict[str, Any] | None:
    """Return what an interpreter before this one has left, None in the first one."""
    if len(sys.argv) == 1:
        return None
    from .restart import told_before  # noqa: PLC0415 - few notebooks need it

    return told_before(folder)


def _in(folder: Path | None, name: str) -> Path:
    if folder is None:
        raise RuntimeError("A notebook runs in the folder of an attempt, which RUNYARD_ATTEMPT_FOLDER names.")
    return folder / name
