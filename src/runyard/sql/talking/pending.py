"""Transactions: what changes something waits in them, and is sent when they are committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from runyard.sql.errors import IN_FAILED_TRANSACTION, SqlError
from runyard.sql.results import Result
from runyard.sql.statements import Transaction

NO_SAVEPOINT, NO_TRANSACTION = "3B001", "25P01"
QUEUED = "mutating statement queued"
FAILED = "The transaction has failed: ROLLBACK ends it."
IDLE, OPEN, BROKEN = "I", "T", "E"

Send = Callable[[], Result]


@dataclass
class Pending:
    """What waits for COMMIT."""

    state: str = IDLE
    _queue: list[Send] = field(default_factory=list)
    _savepoints: list[tuple[str, int]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether a transaction is under way."""
        return self.state != IDLE

    def refuse_if_broken(self) -> None:
        """Let nothing happen in a transaction that has failed."""
        if self.state == BROKEN:
            raise SqlError(IN_FAILED_TRANSACTION, FAILED)

    def broke(self) -> None:
        """Note a failure: in a transaction nothing goes on behind it."""
        self.state = BROKEN if self.is_open else IDLE

    def add(self, send: Send, tag: str) -> Result:
        """Let something wait."""
        self._queue.append(send)
        return Result(tag=lambda _: tag, notices=[QUEUED])

    def apply(self, statement: Transaction) -> Result:
        """Do what the statement says."""
        return _VERBS[statement.verb](self, (statement.savepoint or "").lower())

    def _begin(self, _: str) -> Result:
        if self.is_open:
            return Result(tag=lambda _: "BEGIN", notices=["There is a transaction under way already."])
        self.state = OPEN
        return Result(tag=lambda _: "BEGIN", notices=["OK"])

    def _commit(self, _: str) -> Result:
        if self.state == BROKEN:
            return self._rollback("")
        if not self.is_open:
            return Result(tag=lambda _: "COMMIT", notices=["There is no transaction under way."])
        queue, count = self._queue, len(self._queue)
        self._end()
        notices: list[str] = []
        for number, send in enumerate(queue):
            notices += _sent(send, number, count)
        return Result(tag=lambda _: "COMMIT", notices=notices)

    def _rollback(self, _: str) -> Result:
        notices = ["Rollback OK"] if self.is_open else ["There is no transaction under way."]
        self._end()
        return Result(tag=lambda _: "ROLLBACK", notices=notices)

    def _end(self) -> None:
        self.state, self._queue, self._savepoints = IDLE, [], []

    def _savepoint(self, name: str) -> Result:
        self._needs_transaction("SAVEPOINT")
        self._savepoints.append((name, len(self._queue)))
        return Result(tag=lambda _: "SAVEPOINT")

    def _release(self, name: str) -> Result:
        self._needs_transaction("RELEASE SAVEPOINT")
        del self._savepoints[self._place(name) :]
        return Result(tag=lambda _: "RELEASE")

    def _rollback_to(self, name: str) -> Result:
        self._needs_transaction("ROLLBACK TO SAVEPOINT", also_broken=True)
        place = self._place(name)
        del self._queue[self._savepoints[place][1] :]
        del self._savepoints[place + 1 :]
        self.state = OPEN
        return Result(tag=lambda _: "ROLLBACK")

    def _needs_transaction(self, what: str, *, also_broken: bool = False) -> None:
        if not self.is_open:
            raise SqlError(NO_TRANSACTION, f"{what} stands in a transaction; begin one with BEGIN.")
        if not also_broken:
            self.refuse_if_broken()

    def _place(self, name: str) -> int:
        places = [place for place, (known, _) in enumerate(self._savepoints) if known == name]
        if not places:
            raise SqlError(NO_SAVEPOINT, f"There is no savepoint {name}.")
        return places[-1]


def _sent(send: Send, number: int, count: int) -> list[str]:
    """Send what waited; say of a failure what had been sent: a service takes nothing back."""
    try:
        result = send()
        for _ in result.rows:
            pass
    except SqlError as error:
        text = f"{error} This was statement {number + 1} of {count} of the transaction; {number} before it were sent."
        raise SqlError(error.code, text, hint=error.hint) from error
    return result.notices


_VERBS: dict[str, Callable[[Pending, str], Result]] = {
    "begin": Pending._begin,  # noqa: SLF001 - its own
    "commit": Pending._commit,  # noqa: SLF001 - same
    "rollback": Pending._rollback,  # noqa: SLF001 - same
    "savepoint": Pending._savepoint,  # noqa: SLF001 - same
    "release": Pending._release,  # noqa: SLF001 - same
    "rollback_to": Pending._rollback_to,  # noqa: SLF001 - same
}
