"""Reading a template."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from runyard.sql.grammar.text import refused
from runyard.sql.templating.nodes import (
    Branch,
    Command,
    Field,
    Leave,
    Literal,
    Node,
    Operand,
    Pipeline,
    Shown,
    Text,
    Word,
)

DEEPEST = 50
ACTION = re.compile(
    r"\{\{(?P<before>-\s)?(?P<inner>(?:\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|/\*.*?\*/|(?!\}\}|\s-\}\}).)*?)(?P<after>\s-)?\}\}",
    re.DOTALL,
)
WORDS = re.compile(
    r"""(?P<blank>\s+)|(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<character>'(?:[^'\\]|\\.)+')"""
    r"""|(?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))"""
    r"""|(?P<variable>\$\w*)|(?P<field>\.\w+(?:-\w+)*|\.)|(?P<word>[^\W\d]\w*)|(?P<sign>:=|[=|(),])"""
)
CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}


class Token(NamedTuple):
    """A word of an action."""

    kind: str
    text: str
    at: int
    follows: bool  # directly on what stands before it


def read(source: str) -> tuple[Node, ...]:
    """Return what a template is made of."""
    parts = Parts(source)
    nodes, ender = parts.nodes(0)
    if ender is not None:
        raise parts.wrong(ender, "nothing is open here")
    return nodes


class Parts:
    """The texts and actions of a template, one after the other."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._at = 0
        self._trims = False

    def nodes(self, depth: int) -> tuple[tuple[Node, ...], Action | None]:
        """Return the nodes up to an action that ends or parts a branch, and that action."""
        found: list[Node] = []
        while True:
            text, action = self._next()
            if text:
                found.append(Text(text=text))
            if action is None or action.word in ENDERS:
                return tuple(found), action
            node = self._node(action, depth)
            if node is not None:
                found.append(node)

    def wrong(self, action: Action, problem: str) -> Exception:
        """Say what is wrong with an action."""
        return refused(self.source, action.at, f"{{{{{action.word}}}}}: {problem}")

    def _node(self, action: Action, depth: int) -> Node | None:
        if action.word in BRANCHES:
            return self._branch(action, depth)
        if action.word in LEAVES:
            action.needs_nothing_more()
            return Leave(kind=action.word)
        if action.word in NOT_HERE:
            raise self.wrong(action, "templates define no other templates here; write the text out")
        if not action.tokens:
            return None
        return Shown(pipeline=action.pipeline(), at=action.at)

    def _branch(self, action: Action, depth: int) -> Branch:
        if depth >= DEEPEST:
            raise self.wrong(action, f"branches stand in each other more than {DEEPEST} deep")
        kind = action.take()
        pipeline = action.pipeline(most=2 if kind == "range" else 1)
        body, ender = self.nodes(depth + 1)
        otherwise: tuple[Node, ...] = ()
        if ender is not None and ender.word == "else":
            otherwise, ender = self._otherwise(ender, depth)
        if ender is None:
            raise self.wrong(Action(self.source, action.at, action.at, kind), "no {{end}} follows")
        if ender.word == "end":
            ender.take()
            ender.needs_nothing_more()
        return Branch(kind=kind, pipeline=pipeline, body=body, otherwise=otherwise, at=action.at)

    def _otherwise(self, action: Action, depth: int) -> tuple[tuple[Node, ...], Action | None]:
        action.take()
        if action.word in ("if", "with"):  # `else if` shares the {{end}}
            return (self._branch(action, depth + 1),), Action(self.source, action.at, action.at, "end")
        action.needs_nothing_more()
        nodes, ender = self.nodes(depth + 1)
        if ender is not None and ender.word == "else":
            raise self.wrong(ender, "an {{else}} stands here already")
        return nodes, ender

    def _next(self) -> tuple[str, Action | None]:
        start = self.source.find("{{", self._at)
        end = len(self.source) if start < 0 else start
        text = self.source[self._at : end]
        text = text.lstrip() if self._trims else text
        if start < 0:
            self._at = end
            return text, None
        found = ACTION.match(self.source, start)
        if found is None:
            raise refused(self.source, start, "{{ begins an action that does not end with }}")
        self._at, self._trims = found.end(), bool(found["after"])
        return (text.rstrip() if found["before"] else text), Action(
            self.source, start, found.start("inner"), found["inner"]
        )


BRANCHES = ("if", "range", "with")
ENDERS = ("end", "else")
LEAVES = ("break", "continue")
NOT_HERE = ("define", "template", "block")


class Action:
    """What stands between {{ and }}, read from left to right."""

    def __init__(self, source: str, at: int, start: int, inner: str) -> None:
        self.source = source
        self.at = at
        self.tokens: Sequence[Token] = [] if inner.strip().startswith("/*") else _tokens(source, start, inner)
        self._next = 0

    @property
    def word(self) -> str:
        """The bare name that comes next, if one does."""
        token = self._token
        return token.text if token is not None and token.kind == "word" else ""

    def take(self) -> str:
        """Step over a word."""
        word = self.word
        self._next += 1
        return word

    def needs_nothing_more(self) -> None:
        """Refuse whatever still comes."""
        self._next += self.word in LEAVES
        if self._token is not None:
            raise self._wrong("the action should end")

    def pipeline(self, *, most: int = 1) -> Pipeline:
        """Read the rest, which is one pipeline."""
        found = self._pipeline(0, most)
        if self._token is not None:
            raise self._wrong("the action should end")
        return found

    @property
    def _token(self) -> Token | None:
        return self.tokens[self._next] if self._next < len(self.tokens) else None

    def _takes(self, text: str) -> bool:
        token = self._token
        found = token is not None and token.kind == "sign" and token.text == text
        self._next += found
        return found

    def _wrong(self, problem: str) -> Exception:
        token = self._token
        if token is None:
            return refused(self.source, self.at, f"In a template {problem}, and the action ends")
        return refused(self.source, token.at, f"In a template {problem} before {token.text}")

    def _pipeline(self, depth: int, most: int = 1) -> Pipeline:
        if depth > DEEPEST:
            raise self._wrong("parentheses stand in each other too deeply")
        declares, assigns = self._declared(most)
        commands = [self._command(depth)]
        while self._takes("|"):
            commands.append(self._command(depth))
        return Pipeline(commands=tuple(commands), declares=declares, assigns=assigns)

    def _declared(self, most: int) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        at = self._next
        while (
            (token := self._token) is not None
            and token.kind == "variable"
            and len(token.text) > 1
            and len(names) < most
        ):
            names.append(token.text)
            self._next += 1
            if not self._takes(","):
                break
        if names and self._takes(":="):
            return tuple(names), False
        if len(names) == 1 and self._takes("="):
            return tuple(names), True
        self._next = at
        return (), False

    def _command(self, depth: int) -> Command:
        token = self._token
        operands: list[Operand] = []
        while (operand := self._operand(depth)) is not None:
            operands.append(operand)
        if not operands or token is None:
            raise self._wrong("a value or a function is expected")
        return Command(operands=tuple(operands), at=token.at)

    def _operand(self, depth: int) -> Operand | None:
        token = self._token
        if token is None:
            return None
        if self._takes("("):
            inner = self._pipeline(depth + 1)
            if not self._takes(")"):
                raise self._wrong("a closing parenthesis is expected")
            return self._with_fields(inner, token.at)
        reading = OPERANDS.get(token.kind)
        if reading is None:
            return None
        self._next += 1
        if token.kind in ("field", "variable"):
            names = (token.text[1:],) if token.kind == "field" and len(token.text) > 1 else ()
            return self._with_fields("" if token.kind == "field" else token.text, token.at, names)
        return reading(token)

    def _with_fields(self, of: str | Pipeline, at: int, names: tuple[str, ...] = ()) -> Operand:
        while (token := self._token) is not None and token.kind == "field" and token.follows and len(token.text) > 1:
            names += (token.text[1:],)
            self._next += 1
        return of if isinstance(of, Pipeline) and not names else Field(of=of, names=names, at=at)


def _tokens(source: str, start: int, inner: str) -> list[Token]:
    found: list[Token] = []
    at, follows = 0, False
    while at < len(inner):
        match = WORDS.match(inner, at)
        if match is None:
            raise refused(source, start + at, f"In a template nothing is written {inner[at : at + 10]!r}")
        kind = match.lastgroup or ""
        if kind != "blank":
            found.append(Token(kind, match.group(), start + at, follows))
        follows = kind != "blank"
        at = match.end()
    return found


def _string(token: Token) -> Literal:
    text = token.text
    return Literal(value=text[1:-1] if text.startswith("`") else ast.literal_eval(text))


def _number(token: Token) -> Literal:
    text = token.text.lower()
    return Literal(value=int(text, 16) if "0x" in text else int(text) if text.lstrip("+-").isdigit() else float(text))


def _word(token: Token) -> Operand:
    if token.text in CONSTANTS:
        return Literal(value=CONSTANTS[token.text])
    return Word(name=token.text, at=token.at)


OPERANDS: Mapping[str, Callable[[Token], Operand]] = {
    "string": _string,
    "character": lambda token: Literal(value=ord(ast.literal_eval(token.text))),
    "number": _number,
    "word": _word,
    "field": lambda token: Field(of="", at=token.at),
    "variable": lambda token: Field(of=token.text, at=token.at),
}
