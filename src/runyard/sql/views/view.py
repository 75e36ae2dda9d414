"""A view that people know from elsewhere: columns with types, as SQL over resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from runyard.sql.catalog import Column, Resource
from runyard.sql.grammar.parsing import parse
from runyard.sql.local.tables import quoted
from runyard.sql.planning.kinds import TYPE
from runyard.sql.statements import Select


@dataclass(frozen=True, kw_only=True)
class View:
    """One view. The connection that a column names is passed on to the resources beneath."""

    path: str  # provider.service.name
    columns: Mapping[str, tuple[str, str]]  # name to type and SQL
    sources: tuple[str, ...]  # FROM …, one for each part of a union
    parts: tuple[Mapping[str, str], ...] = ()  # the columns in which each part differs
    alias: str = ""  # the bare name by which it is known too
    connection: str = ""
    description: str = ""

    @cached_property
    def tree(self) -> exp.Expr:
        """Its query, whose columns know their types."""
        texts = []
        for source, own in zip(self.sources, self.parts or ({},) * len(self.sources), strict=True):
            shown = ", ".join(f"{own.get(name, sql)} AS {quoted(name)}" for name, (_, sql) in self.columns.items())
            texts.append(f"SELECT {shown} {source}")
        statement = parse(" UNION ALL ".join(texts))
        assert isinstance(statement, Select)  # noqa: S101 - it is one of ours
        for select in statement.tree.find_all(exp.Select):
            if select.parent is None or isinstance(select.parent, exp.SetOperation):
                for one, (type_, _) in zip(select.expressions, self.columns.values(), strict=True):
                    one.meta[TYPE] = type_
        return statement.tree

    @property
    def resource(self) -> Resource:
        """What SHOW and DESCRIBE tell of it."""
        provider, service, name = self.path.split(".")
        return Resource(
            provider=provider,
            service=service,
            name=name,
            columns=tuple(Column(name=one, type=type_) for one, (type_, _) in self.columns.items()),
            methods=(),
            description=self.description,
        )
