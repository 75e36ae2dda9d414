"""A place in the tokens of one statement, and the steps of a parser that stands there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.grammar.text import Token, refused
from runyard.sql.statements import Name

T = TypeVar("T")
NAMES = {"word", "quoted"}


class Cursor:
    """Reads tokens one after the other; what does not fit is told with what would."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0

    @property
    def token(self) -> Token | None:
        """The token that comes next; None at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    @property
    def place(self) -> int:
        """Where the next token stands in the text, from 0."""
        return self.tokens[self.at].start if self.at < len(self.tokens) else len(self.text.rstrip())

    def sees(self, *words: str) -> bool:
        """Whether these keywords or signs come next."""
        following = self.tokens[self.at : self.at + len(words)]
        return len(following) == len(words) and all(
            one.upper == word for one, word in zip(following, words, strict=True)
        )

    def sees_one(self, *words: str) -> bool:
        """Whether one of these comes next."""
        return any(self.sees(word) for word in words)

    def takes(self, *words: str) -> bool:
        """Step over these if they come next."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def takes_one(self, *words: str) -> str | None:
        """Step over one of these if it comes next, and return it."""
        return next((word for word in words if self.takes(word)), None)

    def needs(self, *words: str, hint: str = "") -> None:
        """Step over these; refuse anything else."""
        for word in words:
            if not self.takes(word):
                raise self.wrong(f"{word} is expected", hint=hint)

    def needs_one(self, *words: str, hint: str = "") -> str:
        """Step over one of these; refuse anything else."""
        found = self.takes_one(*words)
        if found is None:
            raise self.wrong(f"{', '.join(words[:-1])} or {words[-1]} is expected", hint=hint)
        return found

    def next(self, *kinds: str, expected: str, hint: str = "") -> Token:
        """Step over a token of one of these kinds."""
        token = self.token
        if token is None or (kinds and token.kind not in kinds):
            raise self.wrong(f"{expected} is expected", hint=hint)
        self.at += 1
        return token

    def part(self, expected: str = "A name") -> str:
        """One part of a name: any word, whether or not it is a keyword, or a quoted one."""
        return self.next(*NAMES, expected=expected).value

    def name(self, expected: str = "A name", *, hint: str = "") -> Name:
        """A dotted name."""
        parts = [self.next(*NAMES, expected=expected, hint=hint).value]
        while self.takes("."):
            parts.append(self.part("The rest of a name after its point"))
        return tuple(parts)

    def string(self, expected: str = "A string in single quotes") -> str:
        """A string."""
        return self.next("string", expected=expected).value

    def integer(self, expected: str) -> int:
        """A whole number."""
        token = self.next("number", expected=expected)
        if not token.value.isdecimal():
            raise self.wrong_at(token, f"{expected} is expected")
        return int(token.value)

    def hints(self, known: Sequence[str]) -> frozenset[str]:
        """The words of the hints that stand here; refuse those that would do nothing."""
        found: set[str] = set()
        while (token := self.token) is not None and token.kind == "hint":
            for word in token.value.replace(",", " ").upper().split():
                if word not in known:
                    raise self.wrong_at(
                        token, f"The hint {word} is not known here; {' and '.join(known)} may stand here"
                    )
                found.add(word)
            self.at += 1
        return frozenset(found)

    def listed(self, one: Callable[[], T]) -> list[T]:
        """One or more, with commas between them."""
        found = [one()]
        while self.takes(","):
            found.append(one())
        return found

    def rest(self, *enders: str) -> Sequence[Token]:
        """Step over the tokens up to one of these words outside of parentheses, or to the end."""
        start, depth = self.at, 0
        while (token := self.token) is not None:
            if depth == 0 and token.upper in enders:
                break
            depth += (token.upper in OPENING) - (token.upper in CLOSING)
            if depth < 0:
                break
            self.at += 1
        return self.tokens[start : self.at]

    def ends(self) -> None:
        """Refuse anything that still comes."""
        if self.token is not None:
            raise self.wrong("The statement should end")

    def wrong(self, problem: str, *, code: str = SYNTAX_ERROR, hint: str = "") -> SqlError:
        """Say what is wrong with what comes next."""
        token = self.token
        if token is None:
            return refused(self.text, self.place, f"{problem}, and the statement ends", code=code, hint=hint)
        return self.wrong_at(token, f"{problem} before {_shown(token)}", code=code, hint=hint)

    def wrong_at(self, token: Token, problem: str, *, code: str = SYNTAX_ERROR, hint: str = "") -> SqlError:
        """Say what is wrong with a token."""
        return refused(self.text, token.start, problem, code=code, hint=hint)


OPENING = ("(", "[")
CLOSING = (")", "]")
LONGEST_SHOWN = 40


def _shown(token: Token) -> str:
    text = " ".join(token.text.split())
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
