# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""A Dremio query as a tree in which every function is still what was written."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlglot.errors
from sqlglot import exp
from sqlglot.dialects.dremio import Dremio
from sqlglot.parsers.dremio import DremioParser

from ..errors import DremioError, from_parser

# sqlglot's own readings of functions lose arguments silently; ours are decided by the table of functions alone.
SPECIAL = ("CAST", "CEIL", "EXTRACT", "FLOOR", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST", "OVERLAY")


class Parser(DremioParser):
    """Reads functions as what they are called."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: DremioParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("ANY", "CASE")
    }
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {name: DremioParser.FUNCTION_PARSERS[name] for name in SPECIAL}
    VERSION_PHRASES: ClassVar[dict[tuple[str, ...], str]] = {
        **DremioParser.VERSION_PHRASES,
        **{
            ("AT", word): "REFERENCE" if word == "REF" else word
            for word in ("BRANCH", "TAG", "COMMIT", "REFERENCE", "REF")
        },
    }


class Written(Dremio):
    """Dremio's words, with functions left as they were written."""

    # The validator of its open-source server leaves Calcite's default as it is: NULL is higher than every value, so
    # that it comes last, and first where the order is descending. sqlglot says otherwise.
    NULL_ORDERING = "nulls_are_large"

    Parser = Parser


def parsed(sql: str) -> exp.Expression:
    """Return one query or change as a tree; what cannot be read says where."""
    try:
        trees = [tree for tree in Written().parse(sql) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise from_parser(error) from error
    except RecursionError as error:
        raise DremioError("PLAN", "The query is nested too deeply.") from error
    if len(trees) != 1:
        raise DremioError("PARSE", f"Exactly one statement is expected; the text has {len(trees)}.")
    tree = trees[0]
    if not isinstance(tree, exp.Expression):
        raise DremioError("PARSE", "The text is no statement.")
    return tree
