"""Paths into documents: where a column of its own holds what a path leads to, that is read instead."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.planning.sources import Sources

_STEP = re.compile(r'\.(?:(\w+)|"(\w+)")')
_WHOLE = re.compile(rf"\$(?:{_STEP.pattern})+")
Access = exp.JSONExtract | exp.JSONExtractScalar


def rewrite(sources: Sources) -> None:
    """Put columns in the places of the paths that lead to them."""
    for scope in sources.scopes:
        for node in list(scope.walk()):
            if isinstance(node, Access) and not isinstance(node.parent, Access):
                _rewrite(node, scope, sources)


def _rewrite(node: exp.Expr, scope: Scope, sources: Sources) -> None:
    root, path = _path(node)
    found = sources.find(scope, root) if path and isinstance(root, exp.Column) else None
    if found is None or found.resource is None or found.resource[0].is_plain:
        return
    occurrence, column = found.resource
    member = column.members.get(".".join(path))
    if member is None:
        return
    plain = occurrence.column(member)
    if isinstance(node, exp.JSONExtractScalar):
        node.replace(plain)
    elif occurrence.columns[member.lower()].type != "boolean":  # as JSON it is a word, as a column a number
        quoted = exp.Anonymous(this="json_quote", expressions=[plain.copy()])
        node.replace(exp.Case(ifs=[exp.If(this=plain.is_(exp.Null()).not_(), true=quoted)]))


def _path(node: exp.Expr) -> tuple[exp.Expr, tuple[str, ...]]:
    """Return what a chain of accesses begins with, and the members it goes through; none if they are not all known."""
    path: tuple[str, ...] = ()
    while isinstance(node, Access):
        steps = _steps(node)
        if not steps:
            return node, ()
        path = steps + path
        node = node.this
    return node, path


def _steps(node: Access) -> tuple[str, ...]:
    """Return the members that one access goes through: `'$.a.b'`, or, of an operator, the one that `'a'` names."""
    step = node.expression
    if not isinstance(step, exp.Literal) or not step.is_string:
        return ()
    if not step.name.startswith("$"):
        return () if node.args.get("json_subtype") else (step.name,)
    if not _WHOLE.fullmatch(step.name):
        return ()
    return tuple(found[1] or found[2] for found in _STEP.finditer(step.name))
