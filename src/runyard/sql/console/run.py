"""The statements of one text, run one after the other in a thread, up to the first that fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runyard.sql.console.answer import Answer, Trouble
from runyard.sql.errors import CANCELLED, DEFECT, SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.grammar.text import Piece, pieces
from runyard.sql.session import Session
from runyard.sql.statements import Copy, Explain, Native, Select, Statement
from runyard.sql.wire.failures import code_of, text_of

log = logging.getLogger(__name__)

FIRST_ROWS = 1024  # that are read from a cursor before anybody asks for them
AGAIN_S = 0.1  # an interrupt that came before there was anything to end is said again
EXPLAINING = "EXPLAIN "
LATE, ASKED, GONE = "late", "asked", "gone"
REASONS = {
    LATE: "The statement took longer than the {limit:g} s that it was given, and was cancelled.",
    ASKED: "The statement was cancelled.",
    GONE: "The statement was cancelled: nobody waits for it any more.",
}
UNCOMMITTED = "The text ended in a transaction: what waits for COMMIT was not sent."


@dataclass(kw_only=True)
class Run:
    """One text that somebody had run."""

    id: str
    owner: tuple[str, str]  # user and workspace
    text: str
    folder: Path
    limit_s: float | None
    explains: bool
    answers: list[Answer] = field(default_factory=list)
    trouble: Trouble | None = None  # of the text as a whole
    notices: list[str] = field(default_factory=list)
    version: int = 0  # grows with every change
    has_ended: bool = False
    seen_at: float = field(default_factory=time.monotonic)  # when somebody last asked for it
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _session: Session | None = None
    _reason: str = ""  # why what runs is to end
    _busy: int = 0  # statements that run, and cursors that are read

    def begin(self, open_session: Callable[[], Session]) -> None:
        """Run in a thread of its own."""
        try:
            self.answers = [Answer(piece=piece, folder=self.folder) for piece in pieces(self.text)]
        except SqlError as error:
            self.trouble = _trouble(error, before=0)
            self.has_ended = True
            return
        threading.Thread(target=self._run, args=(open_session,), name="console-run", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether a statement runs, is still to run, or is read on."""
        return self._busy > 0 or not self.has_ended

    @property
    def state(self) -> str:
        """How it stands as a whole."""
        found = {one.state for one in self.answers}
        bad = next((state for state in ("failed", "cancelled") if state in found or self.trouble), "")
        return (bad or "done") if self.has_ended else "running"

    def wait(self, seen: int, seconds: float) -> None:
        """Wait until it is another one than its reader saw."""
        with self._changed:
            self._changed.wait_for(lambda: self.version > seen or self.has_ended, seconds)

    def cancel(self, reason: str = ASKED) -> None:
        """End what runs, and what has not begun."""
        if not self.is_busy:
            return
        self._reason = self._reason or reason
        while self.is_busy:
            if self._session is not None:
                self._session.interrupt()
            with self._changed:
                self._changed.wait_for(lambda: not self.is_busy, AGAIN_S)

    def draw(self, answer: Answer, until: int | None) -> None:
        """Read on in a cursor until so many rows have come, within the time that a statement may take."""
        with answer.lock, self._limited():
            try:
                answer.draw(until)
            except SqlError as error:
                raise self._explained(error) from error

    def let_go(self) -> None:
        """Close the cursors; the rows that have come stay."""
        for answer in self.answers:
            if answer.lock.acquire(blocking=False):  # or somebody reads
                try:
                    answer.let_go()
                finally:
                    answer.lock.release()

    def close(self) -> None:
        """Forget everything."""
        self.cancel(GONE)
        for answer in self.answers:
            with answer.lock:
                answer.close()
        if self._session is not None:
            self._session.close()

    def _run(self, open_session: Callable[[], Session]) -> None:
        try:
            self._session = session = open_session()
            for answer in self.answers:
                if self._reason or not self._one(session, answer):
                    break
            if session.transaction != "I":
                self.notices.append(UNCOMMITTED)
        except Exception as error:  # the outermost loop of a run: whatever it is, its reader is told
            log.exception("a text of the console failed by a defect")
            self.trouble = Trouble(code=code_of(error), message=text_of(error))
        finally:
            for answer in self.answers:
                answer.state = "skipped" if answer.state == "waiting" else answer.state
            self._tell(has_ended=True)

    def _one(self, session: Session, answer: Answer) -> bool:
        """Run one statement; tell whether the next may follow."""
        began = time.monotonic()
        answer.state = "running"
        self._tell()
        text, before = _placed(self.text, answer.piece)
        try:
            if self.explains and not isinstance(parse(text), Explain):
                text, before = EXPLAINING + text, before - len(EXPLAINING)
            with answer.lock, self._limited():
                prepared = session.prepare(text)
                answer.give(prepared.run())
                answer.draw(FIRST_ROWS if _is_read_on(prepared.statement) else None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the statement's reader is told
            self._failed(answer, error, before)
        else:
            answer.state = "done"
        answer.took_ms = (time.monotonic() - began) * 1000
        self._tell()
        return answer.state == "done"

    def _failed(self, answer: Answer, error: Exception, before: int) -> None:
        if isinstance(error, SqlError):
            error = self._explained(error)
            answer.state = "cancelled" if error.code == CANCELLED else "failed"
            answer.trouble = _trouble(error, before=before)
            return
        answer.state, answer.trouble = "failed", Trouble(code=code_of(error), message=text_of(error))
        if code_of(error) == DEFECT:
            log.error("a statement of the console failed by a defect", exc_info=error)

    def _explained(self, error: SqlError) -> SqlError:
        """Return why it was ended, if it was."""
        if error.code != CANCELLED or not self._reason:
            return error
        reason = self._reason
        if self.has_ended:  # a cursor that was read: what comes later has another reason
            self._reason = ""
        return SqlError(CANCELLED, REASONS[reason].format(limit=self.limit_s or 0))

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Note that something is under way, and end it if it takes too long."""
        done = threading.Event()
        with self._changed:
            self._busy += 1
        if self.limit_s is not None:
            told = (done, self.limit_s)
            threading.Thread(target=self._watch, args=told, name="console-limit", daemon=True).start()
        try:
            yield
        finally:
            done.set()
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _watch(self, done: threading.Event, seconds: float) -> None:
        if done.wait(seconds):
            return
        self._reason = self._reason or LATE
        while not done.wait(AGAIN_S):
            if self._session is not None:
                self._session.interrupt()

    def _tell(self, *, has_ended: bool = False) -> None:
        with self._changed:
            self.version += 1
            self.has_ended = self.has_ended or has_ended
            self._changed.notify_all()


def _is_read_on(statement: Statement) -> bool:
    """Tell whether its rows may wait in a cursor: those of a change come as it is carried out."""
    return isinstance(statement, Select | Native | Copy)


def _placed(text: str, piece: Piece) -> tuple[str, int]:
    """Return a statement on the line and in the column where it stands, and how far its places are off."""
    line = text.count("\n", 0, piece.start)
    column = piece.start - (text.rfind("\n", 0, piece.start) + 1)
    return "\n" * line + " " * column + piece.text, piece.start - line - column


def _trouble(error: SqlError, *, before: int) -> Trouble:
    at = None if error.position is None else max(error.position - 1 + before, 0)
    hint = error.hint if error.hint not in str(error) else ""
    return Trouble(code=error.code, message=str(error), hint=hint, position=at)
