"""Conditions of the rules that choose a query's queue, as `query_type() = 'REST' AND query_cost() >= 1000`.

Standard library only: the server reads them too, to refuse what could not be decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

Facts = Mapping[str, Callable[..., Any]]
Decide = Callable[[Facts], Any]

FUNCTIONS: Mapping[str, int] = {"query_type": 0, "query_cost": 0, "query_label": 0, "user": 0, "is_member": 1, "tag": 0}
"""What a condition may ask, and of how many arguments."""
BARE = frozenset({"user"})
"""Functions that need no parentheses."""
EXTRACT, NOW = "extract", "now"  # the function with a grammar of its own, and the fact that it asks for
ASKED = (*FUNCTIONS, EXTRACT)
PARTS: Mapping[str, Callable[[datetime], int]] = {
    "YEAR": lambda now: now.year,
    "MONTH": lambda now: now.month,
    "DAY": lambda now: now.day,
    "DOW": lambda now: now.isoweekday() % 7 + 1,  # from Sunday on
    "HOUR": lambda now: now.hour,
    "MINUTE": lambda now: now.minute,
    "SECOND": lambda now: now.second,
}
MOMENTS: Mapping[str, Sequence[str]] = {
    "CURRENT_TIME": ("HOUR", "MINUTE", "SECOND"),
    "CURRENT_DATE": ("YEAR", "MONTH", "DAY", "DOW"),
    "CURRENT_TIMESTAMP": (*PARTS,),
}
"""What EXTRACT may be of, and the parts that each has; all in UTC."""
TEXT, NUMBER, FLAG = "text", "number", "condition"
GIVES: Mapping[str, str] = {"query_cost": NUMBER, "is_member": FLAG, EXTRACT: NUMBER}
"""What a function gives, if not a text."""
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<>": lambda left, right: bool(left != right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}
BEGINS, ENDS = "(", ")"
DEEPEST = 50  # parentheses in each other
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>\w+)|(?P<sign><>|!=|<=|>=|[=<>(),]))"
)


class WrongCondition(ValueError):
    """A condition that cannot be decided; the message says where and why."""


@lru_cache(1024)
def condition(text: str) -> Decide:
    """Return what decides a condition."""
    reader = _Reader(text)
    decide = reader.either()
    if reader.token:
        raise reader.wrong("is more than one condition")
    return decide


class _Reader:
    """Reads a condition from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = self.end = 0
        self.kind = self.token = ""
        self.depth = 0
        self.next()

    def next(self) -> str:
        """Go one token on, and return the one that is left behind."""
        left = self.token
        self.place = self.end
        rest = self.text[self.end :]
        found = _TOKEN.match(rest)
        if found is None:
            if rest.strip():
                self.token = rest.strip()
                raise self.wrong("cannot be read")
            self.kind = self.token = ""
            return left
        self.kind = found.lastgroup or ""
        self.token = found[self.kind]
        self.end += found.end()
        return left

    def takes(self, *words: str) -> bool:
        """Go on if the next token is one of these."""
        if self.token.upper() in words:
            self.next()
            return True
        return False

    def expect(self, sign: str) -> None:
        """Go on past a sign that must be there."""
        if not self.takes(sign):
            raise self.wrong(f"stands where {sign!r} should")

    def wrong(self, why: str) -> WrongCondition:
        """Return what is wrong at the token."""
        return WrongCondition(f"{self.token or 'The end'!r} at character {self.place + 1} of {self.text!r} {why}")

    def either(self) -> Decide:
        """Read what `OR` joins."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"is nested deeper than {DEEPEST} levels")
        parts = [self.both()]
        while self.takes("OR"):
            parts.append(self.both())
        self.depth -= 1
        return lambda facts: any(part(facts) for part in parts)

    def both(self) -> Decide:
        """Read what `AND` joins."""
        parts = [self.single()]
        while self.takes("AND"):
            parts.append(self.single())
        return lambda facts: all(part(facts) for part in parts)

    def single(self) -> Decide:
        """Read one condition."""
        if self.takes("NOT"):
            self.depth += 1
            inner = self.single()
            self.depth -= 1
            return lambda facts: not inner(facts)
        if self.takes(BEGINS):
            inside = self.either()
            self.expect(")")
            return inside
        return self.comparison()

    def comparison(self) -> Decide:
        """Read a comparison, a list, or a function that decides by itself."""
        kind = self.kind_of_operand()
        left = self.operand()
        negated = self.takes("NOT")
        if self.takes("IN"):
            listed = self.listed(kind)
            return lambda facts: (left(facts) in [one(facts) for one in listed]) is not negated
        if self.takes("BETWEEN"):
            least = self.operand(kind)
            self.expect("AND")
            most = self.operand(kind)
            return lambda facts: (least(facts) <= left(facts) <= most(facts)) is not negated
        if negated:
            raise self.wrong("stands where IN or BETWEEN should")
        compare = COMPARISONS.get(self.token)
        if compare is None:
            if kind != FLAG:
                raise self.wrong("stands where a comparison should")
            return lambda facts: bool(left(facts))
        self.next()
        right = self.operand(kind)
        return lambda facts: compare(left(facts), right(facts))

    def listed(self, kind: str = "") -> list[Decide]:
        """Read operands in parentheses."""
        self.expect(BEGINS)
        found = [] if self.token == ENDS else [self.operand(kind)]
        while self.takes(","):
            found.append(self.operand(kind))
        self.expect(")")
        return found

    def kind_of_operand(self) -> str:
        """Return what the next operand gives."""
        return self.kind if self.kind in (TEXT, NUMBER) else GIVES.get(self.token.lower(), TEXT)

    def operand(self, wanted: str = "") -> Decide:
        """Read a text, a number or a function; one that gives what is wanted, if something is."""
        kind, token = self.kind, self.token
        if wanted and (kind in (TEXT, NUMBER) or token.lower() in ASKED) and self.kind_of_operand() != wanted:
            raise self.wrong(f"is no {wanted}, and is compared with one")
        if kind == TEXT:
            plain = token[1:-1].replace("''", "'")
            self.next()
            return lambda _: plain
        if kind == NUMBER:
            number = float(token)
            self.next()
            return lambda _: number
        name = token.lower()
        if name not in ASKED:
            raise self.wrong(f"is no text, number or function; functions are {', '.join(ASKED)}")
        self.next()
        if name == EXTRACT:
            return self.extracted()
        given = [] if name in BARE and self.token != BEGINS else self.listed()
        if len(given) != FUNCTIONS[name]:
            raise self.wrong(f"follows {name}, which takes {FUNCTIONS[name]} arguments and not {len(given)}")
        return lambda facts: facts[name](*(one(facts) for one in given))

    def extracted(self) -> Decide:
        """Read what EXTRACT is of, in parentheses: a part of the moment at which a rule is looked at."""
        self.expect(BEGINS)
        part = self.token.upper()
        if part not in PARTS:
            raise self.wrong(f"is no part of a moment; parts are {', '.join(PARTS)}")
        self.next()
        self.expect("FROM")
        if part not in MOMENTS.get(self.token.upper(), ()):
            known = ", ".join(name for name, parts in MOMENTS.items() if part in parts)
            raise self.wrong(f"has no {part}; what has one is {known}")
        self.next()
        self.expect(ENDS)
        return lambda facts: PARTS[part](facts[NOW]())
