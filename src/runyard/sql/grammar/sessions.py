"""Statements about the conversation itself: transactions, settings, and those that have nothing to do here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar.calls import value
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.statements import Native, Nothing, Setting, Sleep, Transaction

SETTINGS: Mapping[tuple[str, ...], str] = {
    ("TIME", "ZONE"): "timezone",
    ("NAMES",): "client_encoding",
    ("ROLE",): "role",
    ("SESSION", "AUTHORIZATION"): "session_authorization",
    ("SESSION", "CHARACTERISTICS", "AS", "TRANSACTION"): "default_transaction",
    ("TRANSACTION",): "transaction",
}
"""Settings whose names are words of their own, with the names they are kept under."""
FREE = {"transaction", "default_transaction"}  # their values are words until the end


def begin(cursor: Cursor) -> Transaction:
    """BEGIN [WORK | TRANSACTION] [modes], START TRANSACTION [modes]."""
    if cursor.takes("START"):
        cursor.needs("TRANSACTION")
    else:
        cursor.needs("BEGIN")
        cursor.takes_one("WORK", "TRANSACTION", "DEFERRED", "IMMEDIATE")
    _modes(cursor)
    return Transaction(verb="begin")


def commit(cursor: Cursor) -> Transaction:
    """COMMIT or END [WORK | TRANSACTION]."""
    cursor.needs_one("COMMIT", "END")
    cursor.takes_one("WORK", "TRANSACTION")
    return Transaction(verb="commit")


def rollback(cursor: Cursor) -> Transaction:
    """ROLLBACK or ABORT [WORK | TRANSACTION] [TO [SAVEPOINT] x]."""
    cursor.needs_one("ROLLBACK", "ABORT")
    cursor.takes_one("WORK", "TRANSACTION")
    if not cursor.takes("TO"):
        return Transaction(verb="rollback")
    return Transaction(verb="rollback_to", savepoint=_savepoint(cursor))


def savepoint(cursor: Cursor) -> Transaction:
    """SAVEPOINT x."""
    cursor.needs("SAVEPOINT")
    return Transaction(verb="savepoint", savepoint=cursor.part("The savepoint"))


def release(cursor: Cursor) -> Transaction:
    """RELEASE [SAVEPOINT] x."""
    cursor.needs("RELEASE")
    return Transaction(verb="release", savepoint=_savepoint(cursor))


def _savepoint(cursor: Cursor) -> str:
    if cursor.sees("SAVEPOINT") and cursor.at + 1 < len(cursor.tokens):
        cursor.takes("SAVEPOINT")
    return cursor.part("The savepoint")


def _modes(cursor: Cursor) -> None:
    while cursor.token is not None:
        found = next((mode for mode in MODES if cursor.takes(*mode)), None)
        if found is None:
            raise cursor.wrong(
                "A mode of the transaction is expected", hint=f"As {', '.join(' '.join(mode) for mode in MODES)}."
            )
        cursor.takes(",")


MODES = (
    ("ISOLATION", "LEVEL", "SERIALIZABLE"),
    ("ISOLATION", "LEVEL", "REPEATABLE", "READ"),
    ("ISOLATION", "LEVEL", "READ", "COMMITTED"),
    ("ISOLATION", "LEVEL", "READ", "UNCOMMITTED"),
    ("READ", "ONLY"),
    ("READ", "WRITE"),
    ("NOT", "DEFERRABLE"),
    ("DEFERRABLE",),
)


def set_statement(cursor: Cursor) -> Setting:
    """SET [SESSION | LOCAL] name = | TO value."""
    cursor.needs("SET")
    if not cursor.sees("SESSION", "AUTHORIZATION") and not cursor.sees("SESSION", "CHARACTERISTICS"):
        cursor.takes_one("SESSION", "LOCAL")
    for words, name in SETTINGS.items():
        if cursor.sees(*words):
            cursor.at += len(words)
            return Setting(verb="set", name=name, value=_words(cursor) if name in FREE else _setting_value(cursor))
    name = ".".join(cursor.name("The setting"))
    cursor.needs_one("=", "TO", hint="The form is SET name = value.")
    return Setting(verb="set", name=name.lower(), value=_setting_value(cursor))


def _words(cursor: Cursor) -> str:
    found = " ".join(token.text for token in cursor.rest())
    if not found:
        raise cursor.wrong("A value is expected")
    return found.upper()


def _setting_value(cursor: Cursor) -> Any:
    found = cursor.listed(lambda: _one_value(cursor))
    return found[0] if len(found) == 1 else ", ".join(str(one) for one in found)


def _one_value(cursor: Cursor) -> Any:
    token = cursor.token
    if token is not None and token.kind in {"word", "quoted"} and token.upper not in {"TRUE", "FALSE", "NULL"}:
        cursor.at += 1
        return None if token.upper == "DEFAULT" else token.value
    return value(cursor)


def reset(cursor: Cursor) -> Setting:
    """RESET name | ALL."""
    cursor.needs("RESET")
    for words, name in SETTINGS.items():
        if cursor.takes(*words):
            return Setting(verb="reset", name=name)
    return Setting(verb="reset", name=".".join(cursor.name("The setting")).lower())


def discard(cursor: Cursor) -> Setting:
    """DISCARD ALL | PLANS | SEQUENCES | TEMP."""
    cursor.needs("DISCARD")
    return Setting(verb="discard", name=cursor.needs_one("ALL", "PLANS", "SEQUENCES", "TEMPORARY", "TEMP").lower())


def use(cursor: Cursor) -> Setting:
    """USE provider[.service]."""
    cursor.needs("USE")
    return Setting(verb="use", name="use", value=".".join(cursor.name("The provider or service")))


def native(cursor: Cursor) -> Native:
    """NATIVEQUERY 'sql'."""
    cursor.needs("NATIVEQUERY")
    return Native(text=cursor.string("The query in single quotes"))


def sleep(cursor: Cursor) -> Sleep:
    """SLEEP n."""
    cursor.needs("SLEEP")
    return Sleep(milliseconds=cursor.integer("A whole number of milliseconds"))


def nothing(cursor: Cursor) -> Nothing:
    """A statement that other servers have something to do for, with whatever follows."""
    tag = cursor.next("word", expected="A statement").upper
    check = CHECKED.get(tag)
    if check:
        check(cursor)
    cursor.rest()
    return Nothing(tag=tag)


CHECKED: Mapping[str, Callable[[Cursor], Any]] = {"AUTH": lambda cursor: cursor.needs_one("LOGIN", "REVOKE")}
NOT_OURS: Mapping[str, str] = {
    "PREPARE": "Give values as binds: the client prepares its statements by the protocol.",
    "EXECUTE": "Call a method with EXEC provider.service.resource.method.",
    "DECLARE": "Read the rows as they come: results are streamed.",
    "FETCH": "Read the rows as they come: results are streamed.",
    "ALTER": "Settings of the session are changed with SET, views with CREATE OR REPLACE VIEW.",
    "GRANT": "Roles are given by the server's settings.",
    "REVOKE": "Roles are given by the server's settings.",
    "TRUNCATE": "Rows are deleted with DELETE FROM resource WHERE ….",
    "MERGE": "Rows are changed with INSERT, UPDATE, REPLACE and DELETE.",
    "CALL": "Call a method with EXEC provider.service.resource.method.",
    "DO": "Call a method with EXEC provider.service.resource.method.",
    "LISTEN": "Follow a run with `runyard runs logs --follow`.",
    "NOTIFY": "Notices are declared with a job.",
    "ATTACH": "Another server is a connection in settings.",
    "PRAGMA": "Settings of the session are changed with SET.",
    "VACUUM": "The ledger looks after itself.",
    "LOCK": "A read sees one moment of the ledger.",
}
"""Statements of others that people may try, and what to do instead."""


def not_ours(cursor: Cursor) -> Nothing:
    """Refuse a statement that is known but not kept."""
    word = cursor.tokens[0].upper
    raise cursor.wrong_at(cursor.tokens[0], f"{word} is no statement here", code=NOT_SUPPORTED, hint=NOT_OURS[word])
