"""What a query says about reflections in `/*+ … */`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

CONSIDER, EXCLUDE, CHOOSE = "consider_reflections", "exclude_reflections", "choose_reflections"
NONE, CURRENT = "no_reflections", "current_iceberg_data_only"


@dataclass(frozen=True, kw_only=True)
class Hints:
    """Which reflections a query may use."""

    considered: frozenset[str] | None = None  # by id; None: any
    excluded: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()  # used wherever they can be, whatever they cost
    none: bool = False
    current: bool = False  # only what has the data as it is now

    def allow(self, reflection: str) -> bool:
        """Tell whether a reflection may be considered."""
        if self.none or reflection.lower() in self.excluded:
            return False
        if self.chosen:
            return reflection.lower() in self.chosen
        return self.considered is None or reflection.lower() in self.considered


def hints_of(tree: exp.Expression) -> Hints:
    """Return the hints of a statement, wherever in it they stand."""
    said: dict[str, set[str]] = {}
    for hint in tree.find_all(exp.Hint):
        for each in hint.expressions:
            name = str(each.name).lower()
            said.setdefault(name, set()).update(_ids(each))
    considered = said.get(CONSIDER)
    return Hints(
        considered=frozenset(considered) if considered is not None else None,
        excluded=frozenset(said.get(EXCLUDE, ())),
        chosen=frozenset(said.get(CHOOSE, ())),
        none=NONE in said,
        current=CURRENT in said,
    )


def _ids(node: exp.Expression) -> list[str]:
    """Return the ids in the parentheses of a hint; several may stand in one text with commas between them."""
    texts = [each.name for each in node.expressions] if isinstance(node, exp.Anonymous) else []
    return [part.strip().lower() for text in texts for part in text.split(",")]
