"""Phases in a vendor's words, as SQL: the word of a row, and the rows of a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from runyard.core.run import Outcome, State

STATE, OUTCOME = "#state", "#outcome"
"""The hidden columns that hold a phase's two halves."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a language says of each phase; None where it says nothing.

    `refined` names phases that have another word where a hidden column is true.
    """

    by_phase: Mapping[str, str | None]
    refined: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # phase to the column and the word

    @property
    def is_total(self) -> bool:
        """Whether every row has a word."""
        return None not in self.by_phase.values() and not self.refined

    @property
    def known(self) -> frozenset[str]:
        """Every word there is."""
        plain = {one for one in self.by_phase.values() if one is not None}
        return frozenset(plain | {word for _, word in self.refined.values()})

    def of_row(self, state: str, outcome: str, refinements: Mapping[str, str] | None = None) -> str:
        """Return the expression that is the word; `refinements` gives the hidden columns' SQL."""
        ended = _case(outcome, {one.value: self._word(one, refinements or {}) for one in Outcome})
        alive = {one.value: _text(self.by_phase[one]) for one in State if one is not State.ENDED}
        return f"CASE {state} WHEN 'ended' THEN {ended} {_branches(alive)}END"

    def rows_of(self, wanted: Collection[str | None], alias: str) -> str:
        """Return the condition for the rows with one of these words: never NULL, and served by an index."""
        states = [one for one in State if one is not State.ENDED and self.by_phase[one] in wanted]
        plain = [one for one in Outcome if one not in self.refined and self.by_phase[one] in wanted]
        parts = [f"{alias}.{_name(STATE)} IN {_listed(states)}"] if states else []
        ends = [f"{alias}.{_name(OUTCOME)} IN {_listed(plain)}"] if plain else []
        ends += [part for phase in self.refined if (part := self._refined(phase, wanted, alias))]
        if ends:
            parts.append(f"({alias}.{_name(STATE)} = 'ended' AND ({' OR '.join(ends)}))")
        # Of no word: what is never so, but is no constant, for SQLite does not always read a table that it may skip.
        return f"({' OR '.join(parts)})" if parts else f"({alias}.{_name(STATE)} IS NULL)"

    def _word(self, phase: str, refinements: Mapping[str, str]) -> str:
        plain = _text(self.by_phase[phase])
        if phase not in self.refined:
            return plain
        column, word = self.refined[phase]
        return f"CASE WHEN {refinements[column]} THEN {_text(word)} ELSE {plain} END"

    def _refined(self, phase: str, wanted: Collection[str | None], alias: str) -> str:
        column, word = self.refined[phase]
        is_phase = f"{alias}.{_name(OUTCOME)} = {_text(phase)}"
        if self.by_phase[phase] in wanted and word in wanted:
            return f"({is_phase})"
        if word in wanted:
            return f"({is_phase} AND {alias}.{_name(column)})"
        return f"({is_phase} AND NOT {alias}.{_name(column)})" if self.by_phase[phase] in wanted else ""


def phase_of_row(state: str, outcome: str) -> str:
    """Return the expression that joins state and outcome."""
    return f"coalesce({outcome}, {state})"


PHASE = Words(by_phase={one: one for one in (*(s for s in State if s is not State.ENDED), *Outcome)})
"""Our own words."""


def _case(of: str, words: Mapping[str, str]) -> str:
    return f"CASE {of} {_branches(words)}END"


def _branches(words: Mapping[str, str]) -> str:
    return "".join(f"WHEN {_text(phase)} THEN {word} " for phase, word in words.items())


def _text(word: str | None) -> str:
    return "NULL" if word is None else f"'{word}'"


def _name(column: str) -> str:
    return f'"{column}"'


def _listed(words: Collection[str]) -> str:
    return f"({', '.join(_text(one) for one in words)})"
