"""The words of a statement, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlglot.errors
from sqlglot.dialects.dremio import Dremio
from sqlglot.tokenizer_core import Token, TokenType

from .errors import DremioError, from_parser


class Plain(Dremio):
    """Dremio's words, with none whose rest would be one opaque text."""

    class Tokenizer(Dremio.Tokenizer):
        """Reads every statement word by word."""

        COMMANDS: ClassVar[set[TokenType]] = set()


TEXTS = frozenset({TokenType.STRING})
OPENING, CLOSING = "(", ")"
DEPTHS = {OPENING: 1, CLOSING: -1, "<": 1, ">": -1, ">>": -2}  # of the words of a type, as LIST<MAP<VARCHAR, INT>>
NUMBERED = {
    "BUCKET": ("bucketTransform", "bucketCount"),
    "TRUNCATE": ("truncateTransform", "truncateLength"),
}


@dataclass
class Words:
    """A statement and how far it has been read."""

    sql: str
    tokens: list[Token]
    place: int = 0

    @classmethod
    def of(cls, sql: str) -> Words:
        """Return the words of a text, without the semicolon at its end."""
        try:
            tokens = Plain().tokenize(sql)
        except sqlglot.errors.SqlglotError as error:
            raise from_parser(error) from error
        while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
            tokens = tokens[:-1]
        return cls(sql, list(tokens))

    @property
    def at_end(self) -> bool:
        """Tell whether all is read."""
        return self.place >= len(self.tokens)

    def unexpected(self, hint: str = "") -> DremioError:
        """Return the error about the word that nothing expects here, and what to write instead."""
        if self.at_end:
            return DremioError("PARSE", "Failure parsing the query: the statement ends too early.")
        token = self.tokens[self.place]
        line, column = _place_of(token)
        message = f'Failure parsing the query: Encountered "{token.text}" at line {line}, column {column}.'
        return DremioError("PARSE", f"{message} {hint}".rstrip(), line=line, column=column)

    def see(self, *words: str) -> bool:
        """Tell whether these words come next."""
        coming = self.tokens[self.place : self.place + len(words)]
        quoted = any(each.token_type in TEXTS or self._is_quoted(each) for each in coming)
        return not quoted and [each.text.upper() for each in coming] == list(words)

    def _is_quoted(self, token: Token) -> bool:
        return self.sql[token.start] == '"'

    def take(self, *words: str) -> bool:
        """Read these words if they come next; one token may hold two of them, as `PARTITION BY`."""
        before = self.place
        left = list(words)
        while left and not self.at_end:
            said = self.tokens[self.place].text.upper().split() if not self._literal() else []
            if not said or said != left[: len(said)]:
                break
            del left[: len(said)]
            self.place += 1
        if left:
            self.place = before
        return not left

    def _literal(self) -> bool:
        token = self.tokens[self.place]
        return token.token_type in TEXTS or self._is_quoted(token)

    def need(self, *words: str) -> None:
        """Read these words, which must come next."""
        if not self.take(*words):
            raise self.unexpected()

    def next(self) -> Token:
        """Read the next token, whatever it is."""
        if self.at_end:
            raise self.unexpected()
        self.place += 1
        return self.tokens[self.place - 1]

    def name(self) -> str:
        """Read one name."""
        token = self.next()
        if token.token_type in TEXTS or not (
            self._is_quoted(token) or token.text[:1].isalnum() or token.text[:1] in "_$@"
        ):
            self.place -= 1
            raise self.unexpected()
        return token.text

    def path(self) -> tuple[str, ...]:
        """Read names with points between them."""
        names = [self.name()]
        while self.take("."):
            names.append(self.name())
        return tuple(names)

    def text(self) -> str:
        """Read one literal text."""
        token = self.next()
        if token.token_type not in TEXTS:
            self.place -= 1
            raise self.unexpected()
        return token.text

    def value(self) -> Any:
        """Read one literal: a text, a number, true, false or a word."""
        sign = "-" if self.take("-") else ""
        token = self.next()
        if token.token_type == TokenType.NUMBER:
            number = sign + token.text
            return float(number) if set(".eE") & set(number) else int(number)
        plain = token.text.lower()
        return {"true": True, "false": False}.get(plain, token.text) if token.token_type not in TEXTS else token.text

    def _listed(self, read: Any) -> list[Any]:
        self.need(OPENING)
        found = [read()]
        while self.take(","):
            found.append(read())
        self.need(CLOSING)
        return found

    def names(self) -> list[str]:
        """Read names in parentheses; a transform around a name, as `month(d)`, stays around it."""
        return self._listed(self._transformed)

    def _transformed(self) -> str:
        name = self.name()
        if not self.see(OPENING):
            return name
        return f"{name.lower()}({', '.join(str(each) for each in self._listed(self.value))})"

    def texts(self) -> list[str]:
        """Read literal texts in parentheses."""
        return self._listed(self.text)

    def columns(self) -> list[dict[str, str]]:
        """Read columns with their types in parentheses."""
        return self._listed(self._column)

    def _column(self) -> dict[str, str]:
        name = self.name()
        kind, depth = [], 0
        while not self.at_end and (depth or not (self.see(",") or self.see(CLOSING))):
            token = self.next().text
            depth += DEPTHS.get(token, 0)
            kind.append(token)
        return {"name": name, "type": " ".join(kind)}

    def declarations(self) -> list[dict[str, Any]]:
        """Read columns with their types in parentheses, each with its place."""
        return self._listed(self.declaration)

    def declaration(self) -> dict[str, Any]:
        """Read a column with its type, and its place."""
        if self.at_end:
            raise self.unexpected()
        return {"place": _place_of(self.tokens[self.place]), **self._column()}

    def pairs(self) -> dict[str, Any]:
        """Read `name => value` or `'name' = 'value'` in parentheses."""
        return dict(self._listed(self._pair))

    def _pair(self) -> tuple[str, Any]:
        name = self.next().text
        self.take("=>") or self.take("=")
        if self.see(OPENING):
            return name.lower(), self.texts()
        return name.lower(), (True if self.see(CLOSING) or self.see(",") else self.value())

    def assignments(self) -> dict[str, Any]:
        """Read `name = value, …`."""
        found: dict[str, Any] = {}
        while not found or self.take(","):
            name = self.name().lower()
            self.need("=")
            found[name] = self.value()
        return found

    def fields(self) -> list[dict[str, Any]]:
        """Read the fields of a reflection in parentheses: names, each with its measures or its granularity."""
        if self.take(OPENING, CLOSING):
            return []
        return self._listed(self._field)

    def partitions(self) -> list[dict[str, Any]]:
        """Read the fields that a reflection is partitioned by, each plain or within a transform as `month(d)`."""
        return self._listed(self._partition)

    def _partition(self) -> dict[str, Any]:
        name = self.name()
        if not self.see(OPENING):
            return {"name": name}
        given = self._listed(self.value)
        kind = name.upper()
        if kind not in NUMBERED:
            return {"name": str(given[0]), "transform": {"type": kind}}
        holder, member = NUMBERED[kind]
        return {"name": str(given[-1]), "transform": {"type": kind, holder: {member: given[0]}}}

    def _field(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name()}
        if self.see(OPENING):
            found["measures"] = self._listed(lambda: " ".join(self._measure()))
        elif self.take("BY"):
            found["granularity"] = self.name().upper()
        return found

    def _measure(self) -> list[str]:
        words = [self.name().upper()]
        while not (self.see(",") or self.see(CLOSING)):
            words.append(self.name().upper())
        return words

    def rest(self) -> str:
        """Read all that is left, blank before it so that its places are those of the whole text."""
        if self.at_end:
            raise self.unexpected()
        start, end = self.tokens[self.place].start, self.tokens[-1].end + 1
        self.place = len(self.tokens)
        before = "".join(each if each == "\n" else " " for each in self.sql[:start])
        return before + self.sql[start:end]

    def all(self) -> str:
        """Read to the end and return the whole statement."""
        self.place = len(self.tokens)
        return self.sql[: self.tokens[-1].end + 1]

    def remaining(self) -> list[str]:
        """Read all that is left as words."""
        found = [each.text for each in self.tokens[self.place :]]
        self.place = len(self.tokens)
        return found

    def remaining_until(self, word: str) -> list[str]:
        """Read the words before a word."""
        found = []
        while not self.at_end and not self.see(word):
            found.append(self.next().text)
        return found


def _place_of(token: Token) -> tuple[int, int]:
    """Return line and column, from 1, of where a token begins."""
    return token.line, max(1, token.col - (token.end - token.start))
