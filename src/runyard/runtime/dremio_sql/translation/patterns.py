# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Regular expressions in what Java and RE2 mean alike: Dremio takes both, DuckDB RE2 alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from ..column_types import literal
from ..errors import invalid, unsupported

# No look-around, no references, no possessive quantifiers, no classes of POSIX or within classes, no flags but these.
ESCAPE = r"\\(?:[dDwWsSntrfa]|x[0-9A-Fa-f]{2}|[pP](?:[LMNPSZC]|\{[LMNPSZC][a-z]?\})|[^A-Za-z0-9])"
PIECES = {
    "quoted": r"\\Q(?P<text>.*?)(?:\\E|\Z)",
    "escape": ESCAPE,
    "place": r"\\[AzbB]",
    "class": rf"\[\^?(?:{ESCAPE}|&(?!&)|[^\\\[\]&])+\]",
    "flags": r"\(\?[ims]+\)",
    "group": r"\((?!\?)|\(\?[ims]*:",
    "quantifier": r"(?:[*+?]|\{\d+(?:,\d*)?\})\??(?!\+)",
    "other": r"[)|^$.]",
    "letter": r"[^\\\[(){*+?|^$.]",
}
PIECE = re.compile("|".join(f"(?P<{name}>{words})" for name, words in PIECES.items()), re.DOTALL)
# What Python spells otherwise, where all that is asked is whether nothing matches.
IN_PYTHON = {"flags": "", r"\z": r"\Z"}
NOTHING_ALONE = frozenset({"", "^", "$"})


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A regular expression that both engines read alike."""

    text: str
    groups: int
    takes_nothing: bool  # it matches the empty text, and others

    @property
    def sql(self) -> str:
        """The expression as a literal."""
        return literal(self.text)


def pattern(text: str | None, node: exp.Expression) -> Pattern:
    """Return a regular expression; refuse one that the two might read differently."""
    if text is None:
        raise unsupported("A regular expression must be written as a literal text", node)
    place, groups, plain = 0, 0, ""
    while place < len(text):
        found = PIECE.match(text, place)
        if found is None:
            raise unsupported(
                f"The regular expression {text!r} has no faithful translation from {text[place:]!r}", node
            )
        place, kind, piece = found.end(), str(found.lastgroup), found[0]
        groups += piece == "("
        plain += re.escape(found["text"]) if kind == "quoted" else IN_PYTHON.get(kind, IN_PYTHON.get(piece, piece))
    return Pattern(text=text, groups=groups, takes_nothing=text not in NOTHING_ALONE and _takes_nothing(plain))


def _takes_nothing(plain: str) -> bool:
    try:
        return re.fullmatch(re.sub(r"\\[pP](\w|\{\w+\})|\(\?[ims]+:", _alike, plain), "") is not None
    except re.error:
        return False  # neither engine reads it


def _alike(found: re.Match[str]) -> str:
    return "(?:" if found[0].startswith("(") else r"\w"


def group(number: int, found: Pattern, node: exp.Expression) -> int:
    """Return the number of a group that an expression has."""
    if not 0 <= number <= found.groups:
        raise invalid(
            f"REGEXP_EXTRACT: invalid group_index '{number}'; must be between 0 and {found.groups} "
            "(the number of capture groups in the pattern)",
            node,
        )
    return number


def not_empty(found: Pattern, node: exp.Expression) -> Pattern:
    """Return an expression whose matches are replaced or cut out; where one is empty the two go on differently."""
    if found.takes_nothing:
        raise unsupported(
            f"The regular expression {found.text!r}, which also matches nothing, has no translation", node
        )
    return found


def like_pattern(text: str, escape: str | None, node: exp.Expression) -> None:
    """Refuse a pattern of LIKE in which the escape stands before what needs none."""
    if escape is None:
        return
    for found in re.finditer(re.escape(escape) + "(.?)", text, re.DOTALL):
        if found[1] not in {"%", "_", escape}:
            raise invalid(f"Invalid escape sequence '{text}', {found.start()}", node)
