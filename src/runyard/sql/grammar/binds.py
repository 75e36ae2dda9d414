"""Binds: `?`, `$1`, `?1` and `:name` are all one, with a number or a name."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.sql.grammar.text import Token


def numbered(tokens: Sequence[Token]) -> list[Token]:
    """Give each `?` the number of its place among them."""
    found, count = [], 0
    for token in tokens:
        if token.kind == "bind" and token.value == "?":
            count += 1
            found.append(token._replace(value=f"?{count}"))
        else:
            found.append(token)
    return found


def bind_name(token: Token) -> str:
    """The number or the name of a bind, without its sign."""
    return token.value[1:]
