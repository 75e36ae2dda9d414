"""Statements about the conversation itself, which the wire carries out: settings, cursors, what is prepared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.wire.parameters import Parameters
from runyard.sql.wire.portals import Command, Portal, Shelf, Understood

NAME = r'(?P<name>"(?:[^"]|"")+"|[A-Za-z_][\w$.]*)'
ALL = 1 << 62  # rows: as many as there are
DIRECTION = (
    r"(?P<direction>NEXT|FORWARD\s+ALL|FORWARD\s+\d+|FORWARD|ALL|\d+|PRIOR|FIRST|LAST|BACKWARD(?:\s+(?:ALL|\d+))?"
    r"|ABSOLUTE\s+-?\d+|RELATIVE\s+-?\d+|-\d+)"
)


class Surroundings(Protocol):
    """What commands reach of their conversation."""

    parameters: Parameters
    shelf: Shelf

    @property
    def transaction(self) -> str:
        """Where it stands."""
        ...

    def understand(self, text: str) -> Understood:
        """Understand another statement."""
        ...

    def reset_all(self) -> None:
        """Have all settings as at the beginning, also those that are not the wire's."""
        ...

    def run(self, understood: Understood, arguments: Sequence[Value]) -> Result:
        """Run another statement."""
        ...


Make = Callable[[Surroundings, re.Match[str]], Command | None]


def command_of(text: str, surroundings: Surroundings) -> Command | None:
    """Return the command that a text is; None if it is none."""
    word = re.match(r"\s*([A-Za-z]+)", text)
    for pattern, make in COMMANDS.get(word[1].upper(), ()) if word else ():
        found = pattern.fullmatch(text)
        command = make(surroundings, found) if found else None
        if command is not None:
            return command
    return None


def _said(tag: str, work: Callable[[], None] | None = None) -> Command:
    """A command that gives no rows."""

    def run(_: Sequence[Value]) -> Result:
        if work is not None:
            work()
        return Result(tag=lambda _: tag)

    return Command(work=run)


def _table(tag: str, names: Sequence[str], rows: Callable[[], Iterable[Row]]) -> Command:
    """A command that gives rows of text."""
    headings = tuple(Heading(name=name) for name in names)
    return Command(headings=headings, work=lambda _: Result(headings=headings, rows=iter(rows()), tag=lambda _: tag))


def plain(name: str) -> str:
    """The name that an identifier spells."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _value(text: str) -> str | None:
    written = text.strip()
    if written.upper() == "DEFAULT":
        return None
    if re.fullmatch(r"'(?:[^']|'')*'", written):
        return written[1:-1].replace("''", "'")
    return written


def _set(around: Surroundings, found: re.Match[str]) -> Command | None:
    name = plain(found["name"])
    if not around.parameters.knows(name) and "." not in name:
        return None
    is_local = (found["scope"] or "").upper() == "LOCAL"
    value = _value(found["value"])
    return _said("SET", lambda: around.parameters.set(name, value, is_local=is_local))


def _set_named(name: str) -> Make:
    return lambda around, found: _said("SET", lambda: around.parameters.set(name, _value(found["value"])))


def _set_transaction(around: Surroundings, found: re.Match[str]) -> Command:
    name = "default_transaction_read_only" if found["session"] else "transaction_read_only"
    told = re.search(r"READ\s+(ONLY|WRITE)", found["modes"], re.IGNORECASE)
    if told is None:
        return _said("SET")
    value = "on" if told[1].upper() == "ONLY" else "off"
    return _said("SET", lambda: around.parameters.set(name, value, is_local=not found["session"]))


def _show(around: Surroundings, found: re.Match[str]) -> Command | None:
    name = plain(found["name"])
    if not around.parameters.knows(name):
        return None
    return _table("SHOW", [name], lambda: [(around.parameters.get(name),)])


def _show_named(name: str) -> Make:
    return lambda around, _: _table("SHOW", [name], lambda: [(around.parameters.get(name),)])


def _show_all(around: Surroundings, _: re.Match[str]) -> Command:
    return _table("SHOW", ["name", "setting", "description"], lambda: [(*one, "") for one in around.parameters.all()])


def _reset(around: Surroundings, found: re.Match[str]) -> Command | None:
    name = plain(found["name"])
    if name == "all":
        return _said("RESET", around.reset_all)
    return _said("RESET", lambda: around.parameters.set(name, None)) if around.parameters.knows(name) else None


def _discard(around: Surroundings, found: re.Match[str]) -> Command:
    def all_of_it() -> None:
        around.shelf.close_all(also_held=True)
        around.shelf.forget_statement(None)
        around.reset_all()

    what = found["what"].upper()
    return _said(f"DISCARD {what}", all_of_it if what == "ALL" else None)


def _deallocate(around: Surroundings, found: re.Match[str]) -> Command:
    name = None if found["name"].upper() == "ALL" else plain(found["name"])

    def work() -> None:
        if name is not None:
            around.shelf.statement(name)  # refuses what is not there
        around.shelf.forget_statement(name)

    return _said("DEALLOCATE" if name else "DEALLOCATE ALL", work)


def _close(around: Surroundings, found: re.Match[str]) -> Command:
    name = plain(found["name"])
    if name == "all":
        return _said("CLOSE CURSOR ALL", lambda: around.shelf.close_all(also_held=True))

    def work() -> None:
        around.shelf.portal(name)
        around.shelf.close(name)

    return _said("CLOSE CURSOR", work)


def _declare(around: Surroundings, found: re.Match[str]) -> Command:
    name = plain(found["name"])
    is_held = bool(found["hold"])
    inner = around.understand(found["query"])

    def work(arguments: Sequence[Value]) -> Result:
        if around.transaction == "I" and not is_held:
            raise SqlError("25P01", "DECLARE CURSOR can only be used in transaction blocks")
        portal = Portal(understood=inner, arguments=arguments, is_held=is_held, formats=(int(bool(found["binary"])),))
        portal.open(around.run)
        around.shelf.open(name, portal)
        return Result(tag=lambda _: "DECLARE CURSOR")

    return Command(work=work, parameters=inner.runnable.parameters)


def _fetch(around: Surroundings, found: re.Match[str]) -> Command:
    portal = around.shelf.portal(plain(found["name"]))
    count = _forward(found["direction"] or "NEXT")
    headings = portal.understood.runnable.headings or ()
    if found["verb"].upper() == "MOVE":
        return Command(work=lambda _: _counted("MOVE", len(list(_rows(portal, count, around)))))

    def fetched(_: Sequence[Value]) -> Result:
        return Result(headings=headings, rows=_rows(portal, count, around), tag=lambda rows: f"FETCH {rows}")

    return Command(headings=headings, work=fetched)


def _counted(verb: str, count: int) -> Result:
    return Result(tag=lambda _: f"{verb} {count}")


def _rows(portal: Portal, count: int, around: Surroundings) -> islice[Row]:
    portal.open(around.run)
    return islice(portal.rows, count)


def _forward(direction: str) -> int:
    words = direction.upper().split()
    if words[0] not in {"NEXT", "FORWARD", "ALL"} and not words[0].isdigit():
        hint = "Cursors here go forward only: FETCH, FETCH n, FETCH ALL."
        raise SqlError("55000", f"cursor cannot FETCH {direction}", hint=hint)
    last = words[-1]
    return ALL if last == "ALL" else int(last) if last.isdigit() else 1


def _refuse(text: str) -> Make:
    def refused(_: Surroundings, found: re.Match[str]) -> Command:
        raise SqlError(NOT_SUPPORTED, f"{found[0].split()[0].upper()} is not supported here: {text}")

    return refused


def _nothing(tag: str) -> Make:
    return lambda _, __: _said(tag)


def _pattern(text: str) -> re.Pattern[str]:
    """A command's pattern: blanks stand for any number of them."""
    spaced = text.replace(" ", r"\s+").replace("~", r"\s*")
    return re.compile(rf"\s*{spaced}\s*;?\s*", re.IGNORECASE | re.DOTALL)


COMMANDS: Mapping[str, Sequence[tuple[re.Pattern[str], Make]]] = {
    "SET": (
        (_pattern(r"SET (?:SESSION |LOCAL )?TIME ZONE (?P<value>.+?)"), _set_named("TimeZone")),
        (_pattern(r"SET NAMES (?P<value>.+?)"), _set_named("client_encoding")),
        (_pattern(r"SET (?P<session>SESSION CHARACTERISTICS AS )?TRANSACTION (?P<modes>.+?)"), _set_transaction),
        (_pattern(rf"SET (?:(?P<scope>SESSION|LOCAL) )?{NAME}~(?:=|\bTO\b)~(?P<value>.+?)"), _set),
    ),
    "SHOW": (
        (_pattern(r"SHOW TRANSACTION ISOLATION LEVEL"), _show_named("transaction_isolation")),
        (_pattern(r"SHOW TIME ZONE"), _show_named("TimeZone")),
        (_pattern(r"SHOW ALL"), _show_all),
        (_pattern(rf"SHOW {NAME}"), _show),
    ),
    "RESET": ((_pattern(rf"RESET {NAME}"), _reset),),
    "DISCARD": ((_pattern(r"DISCARD (?P<what>ALL|PLANS|SEQUENCES|TEMP|TEMPORARY)"), _discard),),
    "DEALLOCATE": ((_pattern(rf"DEALLOCATE (?:PREPARE )?{NAME}"), _deallocate),),
    "CLOSE": ((_pattern(rf"CLOSE {NAME}"), _close),),
    "DECLARE": (
        (
            _pattern(
                rf"DECLARE {NAME} (?P<binary>BINARY )?(?:INSENSITIVE |ASENSITIVE )?(?:(?:NO )?SCROLL )?CURSOR "
                r"(?:(?P<hold>WITH HOLD )|WITHOUT HOLD )?FOR (?P<query>.+?)"
            ),
            _declare,
        ),
    ),
    **dict.fromkeys(
        ("FETCH", "MOVE"),
        ((_pattern(rf"(?P<verb>FETCH|MOVE) (?:{DIRECTION} )?(?:(?:FROM|IN) )?{NAME}"), _fetch),),
    ),
    "LISTEN": ((_pattern(r"LISTEN .+"), _refuse("runs tell nobody by notifications; ask for them")),),
    "NOTIFY": ((_pattern(r"NOTIFY .+"), _refuse("nobody listens")),),
    "UNLISTEN": ((_pattern(r"UNLISTEN .+"), _nothing("UNLISTEN")),),
    "LOCK": ((_pattern(r"LOCK .+"), _refuse("the ledger is read as of one moment, without locks")),),
}
"""The commands by their first word; a pattern that matches may still find that it is not the wire's business."""
