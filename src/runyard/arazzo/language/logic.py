"""What conditions of every kind share: `&&`, `||`, `!`, comparisons, parentheses and literals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.records import Record

LONGEST = 10_000
DEEPEST = 50

SPACE = re.compile(r"[ \t\r\n]*")
NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?(?![\w.])", re.ASCII)
WORD = re.compile(r"(?:true|false|null)(?![\w(])")
COMPARISON = re.compile(r"==|!=|<=|>=|<|>")
WORDS = {"true": True, "false": False, "null": None}
CLOSING = {"(": ")", "{": "}"}
# What people write who think of another language, and what to write here.
FOREIGN = {"===": "==", "!==": "!=", "=": "==", "&": "&&", "|": "||", "and": "&&", "or": "||", "not": "!"}
FOREIGN_WORD = re.compile(r"===|!==|=(?!=)|&(?!&)|\|(?!\|)|(?:and|or|not)\b")


class Literal(Record):
    """A value that stands in the condition itself."""

    value: Any


class Leaf(Record):
    """An operand that has to be looked up; what it means is the affair of the kind of condition."""

    text: str
    meaning: Any


class Not(Record):
    """The opposite of its part."""

    part: Node


class Compare(Record):
    """Two operands and what is asked of them."""

    left: Node
    operator: str
    right: Node


class Junction(Record):
    """All (`&&`) or any (`||`) of its parts, asked from left to right until one decides."""

    operator: str
    parts: tuple[Node, ...]


Node = Literal | Leaf | Not | Compare | Junction


def leaves(node: Node) -> Iterator[Leaf]:
    """Everything in a condition that has to be looked up."""
    match node:
        case Leaf():
            yield node
        case Not():
            yield from leaves(node.part)
        case Compare():
            yield from leaves(node.left)
            yield from leaves(node.right)
        case Junction():
            for part in node.parts:
                yield from leaves(part)


class Rules(Record):
    """How one kind of condition looks up, compares and takes a value for true."""

    look_up: Callable[[Any], Any]
    compare: Callable[[str, Any, Any], bool]
    is_true: Callable[[Any], bool]


def evaluate(node: Node, rules: Rules) -> Any:
    """The value of a condition or of a part of it."""
    match node:
        case Literal():
            return node.value
        case Leaf():
            return rules.look_up(node)
        case Not():
            return not rules.is_true(evaluate(node.part, rules))
        case Compare():
            return rules.compare(node.operator, evaluate(node.left, rules), evaluate(node.right, rules))
        case Junction():
            decide = any if node.operator == "||" else all
            return decide(rules.is_true(evaluate(part, rules)) for part in node.parts)


class Reader:
    """A place in a condition's text that moves on as its parts are read."""

    def __init__(self, text: str, operand: Callable[[Reader], Leaf | None], string: Callable[[Reader], str]) -> None:
        if len(text) > LONGEST:
            raise NotUnderstood(f"A condition has at most {LONGEST:,} characters", text, LONGEST)
        self.text = text
        self.position = 0
        self._depth = 0
        self._operand = operand
        self._string = string

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Move over what the pattern matches here."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found[0]

    def skip(self, word: str) -> bool:
        """Move over spaces and then this word, if it stands there."""
        self.take(SPACE)
        if not self.text.startswith(word, self.position):
            return False
        self.position += len(word)
        return True

    def wrong(self, problem: str, at: int | None = None) -> NotUnderstood:
        """The error to raise about the text here."""
        return NotUnderstood(problem, self.text, self.position if at is None else at)

    def whole(self) -> Node:
        """The condition, when nothing stands behind it."""
        node = self.junction("||")
        self.take(SPACE)
        if self.position < len(self.text):
            raise self.wrong(self._unexpected())
        return node

    def junction(self, operator: str) -> Node:
        """Parts joined by this operator; `&&` binds tighter than `||`."""
        parts = [self._tighter(operator)]
        while self.skip(operator):
            parts.append(self._tighter(operator))
        return parts[0] if len(parts) == 1 else Junction(operator=operator, parts=tuple(parts))

    def _tighter(self, operator: str) -> Node:
        return self.junction("&&") if operator == "||" else self._comparison()

    def _comparison(self) -> Node:
        left = self._unary()
        self.take(SPACE)
        operator = self.take(COMPARISON)
        if operator is None:
            return left
        right = self._unary()
        self.take(SPACE)
        if COMPARISON.match(self.text, self.position):
            raise self.wrong("A comparison has two sides; join several with && or put one in parentheses")
        return Compare(left=left, operator=operator, right=right)

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.wrong(f"Parentheses and ! nest at most {DEEPEST} deep")
        node = Not(part=self._unary()) if self.skip("!") else self._primary()
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        self.take(SPACE)
        here = self.text[self.position : self.position + 1]
        if here and here in "'\"":
            return Literal(value=self._string(self))
        leaf = self._operand(self)
        if leaf is not None:
            return leaf
        if here in CLOSING:
            return self._group(here)
        return self._word()

    def _group(self, opening: str) -> Node:
        start = self.position
        self.position += 1
        node = self.junction("||")
        if not self.skip(CLOSING[opening]):
            raise self.wrong(f"This {opening} is not closed", start)
        return node

    def _word(self) -> Literal:
        word = self.take(WORD)
        if word is not None:
            return Literal(value=WORDS[word])
        number = self.take(NUMBER)
        if number is None:
            raise self.wrong(self._unexpected())
        return Literal(value=int(number) if number.lstrip("-").isdigit() else float(number))

    def _unexpected(self) -> str:
        if self.position == len(self.text):
            return "The condition ends where a value is expected"
        foreign = FOREIGN_WORD.match(self.text, self.position)
        if foreign is not None:
            return f"{foreign[0]} is not known here; write {FOREIGN[foreign[0]]}"
        return f"Unexpected {self.text[self.position]!r}"
