"""Hands claimed attempts to the launcher."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from runyard.core.errors import InvalidRequest, RunyardError
from runyard.core.run import Attempt, Run
from runyard.engine.categories import category_of
from runyard.engine.transaction import Claim
from runyard.executors.kinds import executor_of
from runyard.executors.launcher.client import LauncherUnavailable
from runyard.executors.launcher.order import Order
from runyard.executors.work import Place, Work

log = logging.getLogger(__name__)

LARGEST_ORDER = 2 * 1024 * 1024  # characters; Linux takes 2 MiB of arguments and environment


class Starter(Protocol):
    """The part of the launcher that the dispatcher uses."""

    def start(self, order: Order) -> None:
        """Start an attempt; one that was ordered before is not started again."""
        ...

    def stop(self, attempt_id: int, *, grace_ms: int, cause: str) -> None:
        """Stop an attempt."""
        ...


class Dispatcher:
    """Starts and stops processes, so that a stop never overtakes its start."""

    def __init__(
        self,
        launcher: Starter,
        place: Place,
        *,
        finish: Callable[[Claim], Mapping[str, Any]],
        environment: Callable[[Run], Mapping[str, str]],
        refused: Callable[[Attempt, str, str], None],
    ) -> None:
        self._launcher = launcher
        self._place = place
        self._finish = finish
        self._environment = environment
        self._refused = refused
        self._stopped: set[int] = set()  # told to stop before they were started
        self._started: set[int] = set()
        self._lock = threading.Lock()

    def start(self, claim: Claim) -> None:
        """Start a claimed attempt; what cannot be prepared ends failed, with the reason."""
        try:
            order = self._order(claim)
        except (RunyardError, OSError) as error:
            self._refused(claim.attempt, str(error), category_of(error))
            return
        except Exception as error:  # outermost of a start: the claim is recorded, and the claims behind it wait
            log.exception("attempt %d could not be prepared", claim.attempt.id)
            text = f"The run could not be prepared: {type(error).__name__}: {error}."
            self._refused(claim.attempt, text, category_of(error))
            return
        with self._lock:
            stopped = claim.attempt.id in self._stopped
            self._stopped.discard(claim.attempt.id)
            if not stopped:
                self._started.add(claim.attempt.id)
                self._send(order)
        if stopped:
            self._refused(claim.attempt, "The run was stopped by a request before it began.", "cancelled")

    def stop(self, attempt: Attempt) -> None:
        """Stop an attempt, or see to it that it is never started."""
        with self._lock:
            if attempt.id in self._started:
                with suppress(LauncherUnavailable):  # its runs end with it, or are told again when it is back
                    self._launcher.stop(attempt.id, grace_ms=self._place.grace_ms, cause="cancelled")
            else:
                self._stopped.add(attempt.id)

    def has_started(self, attempt_id: int) -> bool:
        """Tell whether an attempt was started, by this server or an earlier one."""
        with self._lock:
            return attempt_id in self._started

    def taken_up(self, attempt_id: int) -> None:
        """Remember an attempt that an earlier server started."""
        with self._lock:
            self._started.add(attempt_id)

    def forget(self, attempt_id: int) -> None:
        """Let go of an attempt that has ended."""
        with self._lock:
            self._started.discard(attempt_id)
            self._stopped.discard(attempt_id)

    def _send(self, order: Order) -> None:
        try:
            self._launcher.start(order)
        except LauncherUnavailable as error:  # whoever takes up its runs orders this one again
            log.warning("attempt %d could not be ordered: %s", order.attempt_id, error)

    def _order(self, claim: Claim) -> Order:
        executor = executor_of(claim.task.kind)
        spec = self._finish(claim)
        environment = {**self._environment(claim.run), **spec.get("environment", {})}
        work = Work(
            run=claim.run,
            attempt=claim.attempt,
            spec=spec,
            timeout_ms=claim.task.timeout_ms,
            environment=environment,
        )
        order = executor(work, self._place)
        _check_size(order)
        return order


def _check_size(order: Order) -> None:
    """Refuse what no process could be given by the kernel either, and what would keep all other orders waiting."""
    variables = [text for pair in order.environment.items() for text in pair]
    size = sum(map(len, (*order.argv, *variables, *order.packages, *order.package_options, *order.files)))
    if size > LARGEST_ORDER:
        raise InvalidRequest(
            f"The arguments, environment and packages of this run have {size} characters, more than the "
            f"{LARGEST_ORDER} that a process can be given; put them into a file and give the run its name."
        )
