"""What the console's pages may ask the SQL: to run a text, to look at what came of it, and what there is to say."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from runyard.core.errors import InvalidRequest, NotFound, RunyardError
from runyard.dialects.native.parameters import read
from runyard.sql.console.answer import Answer, Trouble
from runyard.sql.console.cells import shown
from runyard.sql.console.files import FORMS, Write
from runyard.sql.console.run import GONE, Run
from runyard.sql.console.words import words
from runyard.sql.errors import SqlError
from runyard.sql.results import Result, Row
from runyard.sql.session import Session
from runyard.sql.yard import Person, Yard

MOST_RUNS = 30  # of one person; the oldest that has ended is forgotten for a new one
CURSOR_S = 120.0  # how long a cursor waits for its reader: it keeps the ledger's log from being tidied up
ABANDONED_S = 120.0  # how long a statement runs whose reader does not ask for it
KEPT_S = 1800.0  # how long a result is kept that nobody looks at
LOOK_S = 15.0
FILE_NAME = "result"
JSON = "application/json"

Record = dict[str, Any]
Content = Callable[[Write], None]


class Start(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to run, or only to explain."""

    text: Annotated[str, Meta(min_length=1, max_length=1 << 20)]
    limit_s: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    explain: bool = False


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run of a text."""

    run: str


class Look(One, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, once it is another one than its reader saw."""

    seen: int = -1
    with_text: bool = False
    wait_s: Annotated[float, Meta(ge=0, le=60)] = 0


class Rows(One, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of a statement from one on."""

    statement: Annotated[int, Meta(ge=0)] = 0
    start: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=5000)] = 200
    ahead: Annotated[int, Meta(ge=0, le=1_000_000)] = 0  # how many rows behind them are read from the cursor too
    whole: bool = False  # of long values not only the beginning


class File(One, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rows of a statement as a file."""

    statement: Annotated[int, Meta(ge=0)] = 0
    form: Literal["csv", "json", "jsonl", "parquet"]


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No word is needed."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer: a record, or what writes a file."""

    status: int = HTTPStatus.OK
    record: Record | None = None
    content: Content | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": JSON, "cache-control": "no-store"})


class Desk:
    """The texts of all persons, each seen by who ran it."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._folder = yard.home / "sql"
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._watch: threading.Thread | None = None

    def answer(self, person: Person, method: str, path: str, members: Mapping[str, Any]) -> Told:
        """Answer one call of a page; what is wrong is told in its answer."""
        try:
            handle, kind, named = _route(method, path)
            return handle(self, person, read(kind, {**members, **named}))
        except RunyardError as error:
            return self.refusal(error)

    def refusal(self, error: RunyardError) -> Told:
        """Tell why something cannot be answered."""
        status, code = REFUSALS.get(type(error), (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"))
        return Told(status=status, record={"error": code, "message": str(error)})

    def close(self) -> None:
        """End what runs."""
        for run in list(self._runs.values()):
            run.cancel(GONE)

    # what may be asked

    def words(self, person: Person, _: Nothing) -> Told:
        """Tell what may be offered while somebody types."""
        return Told(record=words(self._yard, person.workspace))

    def start(self, person: Person, asked: Start) -> Told:
        """Begin to run a text."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        run = Run(
            id=secrets.token_hex(8),
            owner=_owner(person),
            text=asked.text,
            folder=self._folder,
            limit_s=asked.limit_s,
            explains=asked.explain,
        )
        self._keep(run)
        run.begin(lambda: self._session(person))
        return Told(status=HTTPStatus.CREATED, record=_shown(run))

    def look(self, person: Person, asked: Look) -> Told:
        """Tell how a run stands, at once or when that has changed."""
        run = self._run(person, asked.run)
        run.wait(asked.seen, asked.wait_s)
        return Told(record={**_shown(run), "text": run.text} if asked.with_text else _shown(run))

    def rows(self, person: Person, asked: Rows) -> Told:
        """Give rows of a statement; those that have not come yet are read from its cursor."""
        run = self._run(person, asked.run)
        answer = _answer(run, asked.statement)
        wanted = asked.start + asked.limit
        if answer.count < wanted and answer.state == "done":
            run.draw(answer, wanted + asked.ahead)
        rows = answer.read(asked.start, asked.limit)
        told = {"rows": shown(answer.headings, rows, **({"longest": None} if asked.whole else {}))}
        return Told(record={**told, "start": asked.start, "count": answer.count, "is_through": answer.is_through})

    def cancel(self, person: Person, asked: One) -> Told:
        """End what runs of a text."""
        run = self._run(person, asked.run)
        run.cancel()
        return Told(record=_shown(run))

    def file(self, person: Person, asked: File) -> Told:
        """Give all rows of a statement as a file."""
        run = self._run(person, asked.run)
        answer = _answer(run, asked.statement)
        if answer.state != "done" or not answer.headings:
            raise InvalidRequest(f"Statement {asked.statement} of this text has no rows that could be kept.")
        form = FORMS[asked.form]

        def content(write: Write) -> None:
            rows = self._attended(run, answer.every(lambda until: run.draw(answer, until)))
            form.write(Result(headings=answer.headings, rows=rows, tag=lambda _: ""), write, self._folder)

        headers = {
            "content-type": form.content_type,
            "content-disposition": f'attachment; filename="{FILE_NAME}.{asked.form}"',
            "cache-control": "no-store",
        }
        return Told(content=content, headers=headers)

    # what is kept

    def _session(self, person: Person) -> Session:
        return self._yard.session(person)

    def _run(self, person: Person, number: str) -> Run:
        with self._lock:
            run = self._runs.get(number)
        if run is None or run.owner != _owner(person):
            raise NotFound("result", number)
        run.seen_at = time.monotonic()
        return run

    def _attended(self, run: Run, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass on rows, and note that somebody reads them."""
        for number, row in enumerate(rows):
            if number % 1024 == 0:
                run.seen_at = time.monotonic()
            yield row

    def _keep(self, run: Run) -> None:
        gone: list[Run] = []
        with self._lock:
            own = [one for one in self._runs.values() if one.owner == run.owner and not one.is_busy]
            gone += own[: max(len(own) - MOST_RUNS + 1, 0)]
            for one in gone:
                del self._runs[one.id]
            self._runs[run.id] = run
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_after, name="console-desk", daemon=True)
                self._watch.start()
        for one in gone:
            one.close()

    def _look_after(self) -> None:
        """Let go of what nobody looks at; ends when nothing is left."""
        while True:
            threading.Event().wait(LOOK_S)
            if self._tidied(time.monotonic()):
                return

    def _tidied(self, now: float) -> bool:
        with self._lock:
            old = [run for run in self._runs.values() if now - run.seen_at > KEPT_S and not run.is_busy]
            for run in old:
                del self._runs[run.id]
            rest = list(self._runs.values())
            if not rest:
                self._watch = None
        for run in old:
            run.close()
        for run in rest:
            if run.is_busy and now - run.seen_at > ABANDONED_S:
                run.cancel(GONE)
            elif now - run.seen_at > CURSOR_S:
                run.let_go()
        return not rest


def _owner(person: Person) -> tuple[str, str]:
    return person.name, person.workspace


def _answer(run: Run, number: int) -> Answer:
    if number >= len(run.answers):
        raise NotFound("statement", f"{number} of result {run.id}")
    return run.answers[number]


def _shown(run: Run) -> Record:
    return {
        "id": run.id,
        "version": run.version,
        "state": run.state,
        "explains": run.explains,
        "error": _error(run.text, run.trouble),
        "notices": run.notices,
        "statements": [_statement(run.text, one) for one in run.answers],
    }


def _statement(text: str, answer: Answer) -> Record:
    return {
        "start": _units(text, answer.piece.start),
        "end": _units(text, answer.piece.start + len(answer.piece.text)),
        "state": answer.state,
        "tag": answer.tag,
        "headings": [{"name": one.name, "type": one.type} for one in answer.headings],
        "count": answer.count,
        "is_through": answer.is_through,
        "took_ms": answer.took_ms,
        "notices": answer.notices,
        "error": _error(text, answer.trouble),
    }


def _error(text: str, trouble: Trouble | None) -> Record | None:
    if trouble is None:
        return None
    told = asdict(trouble)
    return {**told, "position": None if trouble.position is None else _units(text, trouble.position)}


def _units(text: str, position: int) -> int:
    """Return a place as JavaScript counts it: in units of UTF-16."""
    return len(text[:position].encode("utf-16-le", "surrogatepass")) // 2


REFUSALS: Mapping[type[RunyardError], tuple[int, str]] = {
    SqlError: (HTTPStatus.UNPROCESSABLE_ENTITY, "sql"),
    NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    InvalidRequest: (HTTPStatus.BAD_REQUEST, "invalid_request"),
}


Handle = Callable[[Desk, Person, Any], Told]
TABLE: tuple[tuple[str, str, Handle, type[Struct]], ...] = (
    ("GET", "words", Desk.words, Nothing),
    ("POST", "runs", Desk.start, Start),
    ("GET", "runs/{run}", Desk.look, Look),
    ("GET", "runs/{run}/rows", Desk.rows, Rows),
    ("GET", "runs/{run}/file", Desk.file, File),
    ("POST", "runs/{run}/cancel", Desk.cancel, One),
)
"""What may be asked, by method and path below /console/v1/sql/."""


def _route(method: str, path: str) -> tuple[Handle, type[Struct], Mapping[str, str]]:
    parts = path.split("/")
    for known, pattern, handle, kind in TABLE:
        wanted = pattern.split("/")
        if known == method and len(parts) == len(wanted):
            named = {one[1:-1]: part for one, part in zip(wanted, parts, strict=True) if one.startswith("{")}
            if all(one == part or one.startswith("{") for one, part in zip(wanted, parts, strict=True)):
                return handle, kind, named
    raise NotFound("operation", f"{method} {path}")
