"""The examples of docs/arazzo-grammar.md, each of which is read or refused as it says there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.arazzo.language.conditions import parse_condition
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import parse
from runyard.arazzo.language.jsonpath import parse_logical

GRAMMAR = Path(__file__).parents[2] / "docs" / "arazzo-grammar.md"
PARSERS: dict[str, Callable[[str], object]] = {"": parse, "-simple": parse_condition, "-logical": parse_logical}


def examples(verdict: str) -> list[tuple[str, str]]:
    """The lines of every block of this verdict, each with the kind of text it is."""
    blocks = GRAMMAR.read_text().split("```")[1::2]
    found = [block.split("\n") for block in blocks if block.startswith(verdict)]
    return [(first.removeprefix(verdict), line) for first, *lines in found for line in lines if line]


def test_each_kind_of_text_has_examples_of_both() -> None:
    for verdict in ("reads", "refused"):
        assert {kind for kind, _ in examples(verdict)} == set(PARSERS)


@pytest.mark.parametrize(("kind", "text"), examples("reads"))
def test_what_the_grammar_allows_is_read(kind: str, text: str) -> None:
    assert PARSERS[kind](text) is not None


@pytest.mark.parametrize(("kind", "text"), examples("refused"))
def test_what_the_grammar_does_not_allow_is_refused_with_its_place(kind: str, text: str) -> None:
    with pytest.raises(NotUnderstood, match="line 1, column "):
        PARSERS[kind](text)
