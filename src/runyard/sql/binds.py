"""The binds of a statement: each is known by its number or its name, and arguments come in their order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.results import Value

OURS = "bind"  # how a bind's name begins in our SQL, where names of our own stand beside it


class Binds:
    """What a query's tree leaves open. A rewritten tree may repeat one, so each has a name of ours."""

    def __init__(self, tree: exp.Expr) -> None:
        self._types: dict[str, str] = {}
        nodes = list(tree.find_all(exp.Placeholder))
        numbers = [int(one.name) for one in nodes if one.name.isdigit()]
        names = dict.fromkeys(one.name for one in nodes if not one.name.isdigit())
        if numbers and names:
            raise SqlError(
                SYNTAX_ERROR, "Binds have numbers or names: a statement with both has no order of arguments."
            )
        self.names = tuple(names) or tuple(str(number) for number in range(1, max(numbers, default=0) + 1))
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


def bound(names: Sequence[str], arguments: Sequence[Value]) -> dict[str, Value]:
    """Return the arguments by the names of their binds; refuse too few and too many."""
    if len(names) != len(arguments):
        raise SqlError(SYNTAX_ERROR, f"The statement has {len(names)} binds, and {len(arguments)} arguments came.")
    return {OURS + name: value for name, value in zip(names, arguments, strict=True)}
