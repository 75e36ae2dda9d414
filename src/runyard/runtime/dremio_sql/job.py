"""The statement of a job: from what its process is told to what that tells."""

from __future__ import annotations

import contextlib
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .column_types import columns_document
from .database import SPILLED
from .errors import unsupported
from .execution import Execution, Listener, Order
from .plan_cache import PLANS, Usable
from .recording import RECORDED, not_carried_out, recorded
from .report import SHORT_S
from .translation.translate import Session

COUNT_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What a job's process tells its server at the end."""

    row_count: int
    schema: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    datasets: list[list[str]]
    cost: int | None = None
    acceleration: list[dict[str, Any]] = field(default_factory=list)
    materialization: dict[str, Any] | None = None


class Telling(Protocol):
    """Who is told of a job while it goes on."""

    engine: tuple[str, str] | None  # name and address of what carries it out, once it has a place; None: this machine

    def step(self, word: str) -> None:
        """Hear that the job has come to a step."""
        ...

    def queue(self, cost: float) -> str:
        """Return once the job has a place in the queue for a plan of this cost, with its memory limit if it has one."""
        ...

    def rows(self, count: int) -> None:
        """Hear how many rows there are so far."""
        ...

    def leave_with(self, farewell: Callable[[], None]) -> None:
        """Hear what is to be told to an engine elsewhere before this process ends itself."""
        ...


def execute(context: Mapping[str, Any], report: Telling, folder: Path) -> Brought:
    """Carry out the statement of a job's context; its rows are left in the folder."""
    order = Order(
        sql=context["sql"],
        snapshot=PLANS.snapshot_of(context["catalog"]),
        session=Session(user=context["user"], now_ms=time.time_ns() // 1_000_000, context=tuple(context["path"])),
        results=folder,
        tables=Path(context["home"]) / "tables",
        memory=context.get("memory") or "",
        threads=context.get("threads") or 0,
        temporary=SPILLED,
        accelerates=str(context.get("query_type", "")).startswith("ACCELERATOR"),
        usable=Usable(reflections=context.get("reflections") or (), floats=bool(context.get("floats"))),
        refresh=context.get("refresh"),
        drop=context.get("drop"),
    )
    listener = Listener(
        step=lambda name, _: report.step(name), wait=lambda plan: report.queue(plan.cost),
        elsewhere=lambda: report.engine, farewell=report.leave_with,
    )  # fmt: skip
    execution = Execution(order=order, listener=listener)
    with _counted(execution, report):
        outcome = execution.run()
    if outcome.handed_on is not None:
        raise unsupported(not_carried_out(outcome.kind))
    return Brought(
        row_count=outcome.row_count,
        schema=columns_document(outcome.columns),
        changes=[recorded(change) for change in outcome.changes if change["change"] in RECORDED],
        datasets=[list(path) for path in outcome.read],
        cost=outcome.plan.cost if outcome.plan else None,
        acceleration=[dict(each) for each in outcome.acceleration],
        materialization=dict(outcome.materialization) if outcome.materialization else None,
    )


@contextlib.contextmanager
def _counted(execution: Execution, report: Telling) -> Iterator[None]:
    """Tell how many rows there are while they come, and nothing more from the moment on when it has ended."""
    ended, telling = threading.Event(), threading.Lock()

    def count() -> None:
        pause = SHORT_S
        while not ended.wait(pause):
            with telling:
                if not ended.is_set():
                    report.rows(execution.rows_so_far())
            pause = COUNT_EVERY_S

    start_new_thread(count, ())  # a threading.Thread would be waited for until it has begun, half a millisecond
    try:
        yield
    finally:
        with telling:
            ended.set()
