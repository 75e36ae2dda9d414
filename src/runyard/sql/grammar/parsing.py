"""Reading one statement: its first word says which part of the grammar reads the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import takewhile

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar import calls, changes, copies, queries, sessions, shows, views
from runyard.sql.grammar.binds import numbered
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.text import tokens_of
from runyard.sql.statements import Explain, Nothing, Select, Statement


def parse(text: str) -> Statement:
    """Return the statement that a text is; a semicolon may end it, and one without any word is Nothing."""
    cursor = Cursor(text, numbered(tokens_of(text)))
    if cursor.token is None:
        return Nothing(tag="")
    statement = _statement(cursor)
    cursor.ends()
    return statement


def _statement(cursor: Cursor) -> Statement:
    token = cursor.token
    reading = STATEMENTS.get(token.upper) if token else None
    if reading is not None:
        return reading(cursor)
    if token is None:
        raise cursor.wrong("A statement is expected")
    near = get_close_matches(token.value.upper(), STATEMENTS, n=1)
    hint = (
        f"Did you mean {near[0]}?"
        if near
        else "Statements begin with SELECT, EXEC, INSERT, SHOW, DESCRIBE and the like."
    )
    raise cursor.wrong_at(token, f"No statement begins with {token.text[:40]}", hint=hint)


def _select(cursor: Cursor) -> Select:
    tokens, found = calls.calls_within(cursor, cursor.tokens[cursor.at :])
    opening = list(takewhile(lambda token: token.upper in {"(", "SELECT"} or token.kind == "hint", tokens))
    hints: frozenset[str] = frozenset()
    for at, token in enumerate(opening):
        if token.kind == "hint" and (at == 0 or opening[at - 1].kind != "hint"):
            hints |= Cursor(cursor.text, opening[at:]).hints(("AWAIT", "SHOWRESULTS"))
    tree = queries.query(cursor, [token for token in tokens if token.kind != "hint"])
    cursor.at = len(cursor.tokens)
    return Select(tree=tree, await_end="AWAIT" in hints, calls=found)


def _explain(cursor: Cursor) -> Explain:
    cursor.needs("EXPLAIN")
    if cursor.sees("ANALYZE"):
        raise cursor.wrong(
            "EXPLAIN tells what would be done and does nothing; a statement is expected", code=NOT_SUPPORTED
        )
    if cursor.takes("("):
        cursor.rest()
        cursor.needs(")")
    cursor.takes("QUERY", "PLAN")
    cursor.takes("VERBOSE")
    if cursor.sees("EXPLAIN"):
        raise cursor.wrong("EXPLAIN stands once; a statement is expected")
    return Explain(statement=_statement(cursor))


STATEMENTS: Mapping[str, Callable[[Cursor], Statement]] = {
    "SELECT": _select,
    "WITH": _select,
    "VALUES": _select,
    "(": _select,
    "EXEC": calls.exec_statement,
    "INSERT": changes.insert,
    "UPDATE": changes.update,
    "REPLACE": changes.replace,
    "DELETE": changes.delete,
    "SHOW": shows.show,
    "DESCRIBE": shows.describe,
    "DESC": shows.describe,
    "REGISTRY": shows.registry,
    "CREATE": views.create,
    "REFRESH": views.refresh,
    "DROP": views.drop,
    "BEGIN": sessions.begin,
    "START": sessions.begin,
    "COMMIT": sessions.commit,
    "END": sessions.commit,
    "ROLLBACK": sessions.rollback,
    "ABORT": sessions.rollback,
    "SAVEPOINT": sessions.savepoint,
    "RELEASE": sessions.release,
    "SET": sessions.set_statement,
    "RESET": sessions.reset,
    "DISCARD": sessions.discard,
    "USE": sessions.use,
    "EXPLAIN": _explain,
    "COPY": copies.copy,
    "NATIVEQUERY": sessions.native,
    "SLEEP": sessions.sleep,
    **dict.fromkeys(("PURGE", "ANALYZE", "AUTH", "DEALLOCATE", "UNLISTEN", "CLOSE", "CHECKPOINT"), sessions.nothing),
    **dict.fromkeys(sessions.NOT_OURS, sessions.not_ours),
}
"""By the word that a statement begins with."""
