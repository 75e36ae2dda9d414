"""Writing a template out. What is put between the quotes of a SQL string has its own quotes doubled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runyard.sql.grammar.text import BLANK, refused
from runyard.sql.templating.functions import FUNCTIONS, Unfit, is_true, shown
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

LONGEST = 16 << 20  # characters of what is written
OUTSIDE = re.compile(rf"{BLANK}|\"(?:[^\"]|\"\")*\"|(?P<quote>')|.", re.DOTALL)


class Left(Exception):
    """{{break}} or {{continue}} leaves a turn of a range."""


class Writer:
    """Writes one template for one set of values."""

    def __init__(self, source: str, root: Any, variables: Mapping[str, str]) -> None:
        self._source = source
        self._variables = variables
        self._scopes: list[dict[str, Any]] = [{"$": root}]
        self._root = root
        self._written: list[str] = []
        self._length = 0
        self._is_quoted = False

    def write(self, nodes: tuple[Node, ...]) -> str:
        """Return the text."""
        self._all(nodes, self._root)
        return "".join(self._written)

    def _all(self, nodes: tuple[Node, ...], dot: Any) -> None:
        for node in nodes:
            WRITING[type(node)](self, node, dot)

    def _text(self, node: Text, _: Any) -> None:
        self._add(node.text, node_at=0)
        self._is_quoted = is_quoted_after(node.text, is_quoted=self._is_quoted)

    def _shown(self, node: Shown, dot: Any) -> None:
        value = self._value(node.pipeline, dot)
        if node.pipeline.declares:
            return
        text = shown(value)
        self._add(text.replace("'", "''") if self._is_quoted else text, node_at=node.at)

    def _add(self, text: str, *, node_at: int) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            raise refused(self._source, node_at, f"The template writes more than {LONGEST:,} characters")
        self._written.append(text)

    def _leave(self, node: Leave, _: Any) -> None:
        raise Left(node.kind)

    def _branch(self, node: Branch, dot: Any) -> None:
        self._scopes.append({})
        try:
            BRANCHING[node.kind](self, node, dot)
        finally:
            self._scopes.pop()

    def _if(self, node: Branch, dot: Any) -> None:
        value = self._value(node.pipeline, dot)
        self._all(node.body if is_true(value) else node.otherwise, dot)

    def _with(self, node: Branch, dot: Any) -> None:
        value = self._value(node.pipeline, dot)
        self._all(node.body, value) if is_true(value) else self._all(node.otherwise, dot)

    def _range(self, node: Branch, dot: Any) -> None:
        value = self._value(node.pipeline, dot, keeps=False)
        turns = list(self._turns(value, node))
        if not turns:
            self._all(node.otherwise, dot)
        for key, element in turns:
            names = node.pipeline.declares
            self._scopes[-1].update(zip(names, (element,) if len(names) == 1 else (key, element), strict=False))
            try:
                self._all(node.body, element)
            except Left as left:
                if str(left) == "break":
                    return

    def _turns(self, value: Any, node: Branch) -> Iterator[tuple[Any, Any]]:
        if value is None:
            return iter(())
        if isinstance(value, Mapping):
            return iter(sorted(value.items()))
        if isinstance(value, list):
            return iter(enumerate(value))
        raise refused(
            self._source, node.at, f"{{{{range}}}} goes over a list or an object, not over {shown(value)[:40]}"
        )

    def _value(self, pipeline: Pipeline, dot: Any, *, keeps: bool = True) -> Any:
        given: list[Any] = []
        for command in pipeline.commands:
            given = [self._of_command(command, dot, given)]
        if keeps and pipeline.declares:
            self._keep(pipeline, given[0])
        return given[0]

    def _keep(self, pipeline: Pipeline, value: Any) -> None:
        name = pipeline.declares[-1]
        scope = self._scopes[-1]
        if pipeline.assigns:
            scope = next((one for one in reversed(self._scopes) if name in one), scope)
        scope[name] = value

    def _of_command(self, command: Command, dot: Any, given: list[Any]) -> Any:
        first, *rest = command.operands
        if isinstance(first, Word) and first.name in FUNCTIONS:
            return self._called(first, [self._operand(one, dot) for one in rest] + given)
        if rest or given:
            name = first.name if isinstance(first, Word) else "This"
            known = ", ".join(FUNCTIONS)
            raise refused(self._source, command.at, f"{name} is no function of templates; there are {known}")
        return self._operand(first, dot)

    def _called(self, word: Word, arguments: list[Any]) -> Any:
        try:
            return FUNCTIONS[word.name](*arguments)
        except (Unfit, TypeError) as error:
            problem = str(error) if isinstance(error, Unfit) else f"it does not take {len(arguments)} values"
            raise refused(self._source, word.at, f"{word.name}: {problem}") from error

    def _operand(self, operand: Operand, dot: Any) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Pipeline):
            return self._value(operand, dot)
        if isinstance(operand, Word):
            return self._called(operand, []) if operand.name in FUNCTIONS else self._variable(operand)
        return self._field(operand, dot)

    def _variable(self, word: Word) -> Any:
        """A bare name, as the placeholders of StackQL's pages: of --var, or a member of the values."""
        for values in (
            self._variables,
            self._root,
            self._root.get("values") if isinstance(self._root, Mapping) else None,
        ):
            if isinstance(values, Mapping) and word.name in values:
                return values[word.name]
        raise refused(self._source, word.at, f"{word.name} has no value", hint=f"Give it with --var {word.name}=VALUE.")

    def _field(self, field: Field, dot: Any) -> Any:
        value = self._start(field, dot)
        for name in field.names:
            if not isinstance(value, Mapping):
                raise refused(self._source, field.at, f"{shown(value)[:40]} has no member {name}")
            if name not in value:
                known = ", ".join(map(str, value)) or "none"
                raise refused(self._source, field.at, f"There is no member {name}; there are {known}", hint=GIVE)
            value = value[name]
        return value

    def _start(self, field: Field, dot: Any) -> Any:
        if isinstance(field.of, Pipeline):
            return self._value(field.of, dot)
        if not field.of:
            return dot
        for scope in reversed(self._scopes):
            if field.of in scope:
                return scope[field.of]
        raise refused(self._source, field.at, f"The variable {field.of} is not declared")


GIVE = "Values come from --data FILE, --var NAME=VALUE and blocks <<<json … >>>."
WRITING: Mapping[type, Callable[[Any, Any, Any], None]] = {
    Text: Writer._text,  # noqa: SLF001 - a table of its own steps
    Shown: Writer._shown,  # noqa: SLF001 - same
    Branch: Writer._branch,  # noqa: SLF001 - same
    Leave: Writer._leave,  # noqa: SLF001 - same
}
BRANCHING: Mapping[str, Callable[[Any, Any, Any], None]] = {
    "if": Writer._if,  # noqa: SLF001 - same
    "with": Writer._with,  # noqa: SLF001 - same
    "range": Writer._range,  # noqa: SLF001 - same
}


def is_quoted_after(text: str, *, is_quoted: bool) -> bool:
    """Whether what follows a piece of SQL stands between the quotes of a string."""
    at = 0
    while at < len(text):
        if is_quoted:
            at = text.find("'", at) + 1
            if at == 0:
                return True
            is_quoted = False
            continue
        found = OUTSIDE.match(text, at)
        if found is None:
            return False
        is_quoted = found["quote"] is not None
        at = found.end()
    return is_quoted
