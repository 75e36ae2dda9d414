"""How far a run's stages are, told line by line as AWS's progress bar of a job is."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .facts import read_facts

FILE, TIMES = "progress", "progress.times"
PAUSE_S = 0.5
WIDTH = 20
LINE = "[Stage {number} ({name}): {bar}> ({done} + {active}) / {whole}]\n"


def tell(context: Any) -> None:
    """Tell of a context's stages while it lives, if the run is to."""
    facts = read_facts()
    if facts.tells_progress and facts.folder:
        told = Told(context, facts.folder)
        threading.Thread(target=told.go_on, name="progress", daemon=True).start()


class Told:
    """What was told of a context so far."""

    def __init__(self, context: Any, folder: Path) -> None:
        self._context = context
        self._file, self._times = folder / FILE, folder / TIMES
        self._file.touch()
        self._last: dict[int, str] = {}

    def go_on(self) -> None:
        """Look at the stages until the context is gone."""
        tracker = self._context.statusTracker()
        with suppress(Exception):  # the JVM has ended, and what is left to tell with it
            while self._context._jsc is not None:  # noqa: SLF001 - None once it is stopped
                for stage in tracker.getActiveStageIds():
                    self._look_at(tracker.getStageInfo(stage))
                time.sleep(PAUSE_S)

    def _look_at(self, stage: Any) -> None:
        if stage is None:
            return
        whole = max(stage.numTasks, 1)
        line = LINE.format(
            number=stage.stageId,
            name=stage.name,
            bar="=" * (WIDTH * stage.numCompletedTasks // whole),
            done=stage.numCompletedTasks,
            active=stage.numActiveTasks,
            whole=stage.numTasks,
        )
        if self._last.get(stage.stageId) == line:
            return
        self._last[stage.stageId] = line
        with self._file.open("a", encoding="utf-8") as told:
            told.write(line)
        with self._times.open("a", encoding="ascii") as times:
            times.write(f"{time.time_ns() // 1_000_000} {self._file.stat().st_size} 0\n")
