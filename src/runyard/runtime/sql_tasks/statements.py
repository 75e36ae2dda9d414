"""A SQL text as its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .tokens import SILENT, Token, tokens

_LINE = re.compile(r"^(LINE )(\d+)(: .*\n)( *)(?=\^)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement without the comments around it."""

    tokens: Sequence[Token]
    line: int  # of the whole text, where it begins

    @property
    def text(self) -> str:
        """The statement as it was written."""
        return "".join(token.text for token in self.tokens)

    def placed(self, message: str) -> str:
        """Return the database's message with its line counted in the whole text."""

        def moved(found: re.Match[str]) -> str:
            number = str(int(found[2]) + self.line - 1)
            wider = " " * (len(number) - len(found[2]))
            return f"{found[1]}{number}{found[3]}{found[4]}{wider}"

        return _LINE.sub(moved, message).strip()


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements that semicolons part."""
    held: list[Token] = []
    for token in tokens(text):
        if token.text == ";":
            yield from _statement(text, held)
            held = []
        else:
            held.append(token)
    yield from _statement(text, held)


def _statement(text: str, held: Sequence[Token]) -> Iterator[Statement]:
    said = [place for place, token in enumerate(held) if token.kind not in SILENT]
    if said:
        own = held[said[0] : said[-1] + 1]
        yield Statement(tokens=own, line=1 + text.count("\n", 0, own[0].start))
