"""The tokens of a SQL text: only as many kinds as it takes to tell texts and comments from all else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = r"[^\W\d]\w*"
_BRACES = r"\{{\{{\s*(?P<{0}braces>[^{{}}]+?)\s*\}}\}}|\$\{{\s*(?P<{0}dollar>[^{{}}]+?)\s*\}}"
_KINDS = {
    "comment": r"--[^\n]*",
    "long_comment": r"/\*",
    "dollars": rf"\$(?P<tag>(?:{_NAME})?)\$.*?\$(?P=tag)\$",
    "escaped": r"(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'",
    "text": r"'(?:[^']|'')*'",
    "quoted": r'"(?:[^"]|"")*"|`[^`]*`',
    "identifier": rf"(?i:identifier)\s*\(\s*(?::(?P<of_colon>{_NAME})|{_BRACES.format('of_')})\s*\)",
    "cast": r"::",
    # Not the colon of a slice `a[1:n]`, of a struct `{'a':b}`, or of a path `a:b`.
    "marker": rf"(?<![\w:'\"\])]):(?P<colon>{_NAME})|{_BRACES.format('')}",
    "word": _NAME,
    "number": r"\d\w*",
    "space": r"\s+",
    "sign": r".",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.DOTALL)
_NAMES = [f"{of}{way}" for of in ("", "of_") for way in ("colon", "braces", "dollar")]
_COMMENT_EDGE = re.compile(r"/\*|\*/")

SILENT = frozenset({"comment", "long_comment", "space"})


@dataclass(frozen=True, kw_only=True)
class Token:
    """A piece of the text; `name` is the parameter that a marker stands for."""

    kind: str
    text: str
    start: int
    name: str = ""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens, which together are the text again."""
    place = 0
    while found := _TOKEN.match(text, place):
        kind = found.lastgroup or "sign"
        end = _end_of_comment(text, place) if kind == "long_comment" else found.end()
        name = next((found[group] for group in _NAMES if found[group]), "")
        yield Token(kind=kind, text=text[place:end], start=place, name=name)
        place = end


def _end_of_comment(text: str, start: int) -> int:
    """Return where a comment ends that may hold other comments."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return len(text)
