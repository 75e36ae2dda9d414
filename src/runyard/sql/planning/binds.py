"""The binds of a statement: each is known by its number or its name, and arguments come in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.results import Value

OURS = "bind"  # how a bind's name begins in our SQL, where names of our own stand beside it


class Binds:
    """What a query's tree leaves open. A rewritten tree may repeat one, so each has a name of ours."""

    def __init__(self, tree: exp.Expr) -> None:
        self._types: dict[str, str] = {}
        nodes = list(tree.find_all(exp.Placeholder))
        self.names = ordered(one.name for one in nodes)
        for one in nodes:
            one.set("this", OURS + one.name)

    @property
    def types(self) -> tuple[str, ...]:
        """The type of each bind; a text where nothing tells."""
        return tuple(self._types.get(OURS + name, "text") for name in self.names)

    def tell(self, node: exp.Expr, type_: str) -> None:
        """Note what a bind is compared with; the first that tells is right."""
        if isinstance(node, exp.Placeholder) and type_ != "null":
            self._types.setdefault(node.name, type_)


def ordered(found: Iterable[str]) -> tuple[str, ...]:
    """Return binds in the order of their arguments: by their numbers, or as names stand first."""
    every = tuple(dict.fromkeys(found))
    numbers = [int(one) for one in every if one.isdigit()]
    if not numbers:
        return every
    if len(numbers) < len(every):
        raise SqlError(SYNTAX_ERROR, "Binds have numbers or names: a statement with both has no order of arguments.")
    return tuple(str(number) for number in range(1, max(numbers) + 1))


def bound(names: Sequence[str], arguments: Sequence[Value]) -> dict[str, Value]:
    """Return the arguments by the names of their binds; refuse too few and too many."""
    if len(names) != len(arguments):
        raise SqlError(SYNTAX_ERROR, f"The statement has {len(names)} binds, and {len(arguments)} arguments came.")
    return {OURS + name: value for name, value in zip(names, arguments, strict=True)}
