"""The statements of the language as records; parsing.py reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

Name = tuple[str, ...]  # the parts of a dotted name, as they were written


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A value that is given when the statement runs: its number from 1, or its name. In trees it is exp.Placeholder."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Select:
    """A query: SELECT, VALUES, WITH, set operations. Its tree is of grammar.dialect.LANGUAGE, and written by it."""

    tree: exp.Expression
    await_end: bool = False  # /*+ AWAIT */
    calls: Mapping[str, Exec] = field(
        default_factory=dict
    )  # `FROM (EXEC …)`: the table that stands for each in the tree


@dataclass(frozen=True, kw_only=True)
class Exec:
    """EXEC provider.service.resource.method @name=value, … @@json='…'."""

    method: Name
    arguments: Mapping[str, Any] = field(default_factory=dict)  # a value, or a Bind
    payload: Mapping[str, Any] | Bind | None = None  # a Bind is given as the text of a JSON object
    hints: frozenset[str] = frozenset()  # SHOWRESULTS, AWAIT


@dataclass(frozen=True, kw_only=True)
class Insert:
    """INSERT INTO resource (…) VALUES … or SELECT …."""

    resource: Name
    columns: tuple[str, ...]
    source: exp.Expression  # exp.Values or a query
    returning: tuple[exp.Expression, ...] = ()
    hints: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Change:
    """UPDATE resource SET … WHERE …, or REPLACE resource SET … WHERE …."""

    verb: str  # update or replace
    resource: Name
    values: Mapping[str, exp.Expression]
    where: exp.Expression | None
    returning: tuple[exp.Expression, ...] = ()
    hints: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Delete:
    """DELETE FROM resource WHERE …."""

    resource: Name
    where: exp.Expression | None
    returning: tuple[exp.Expression, ...] = ()
    hints: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Show:
    """SHOW [EXTENDED] PROVIDERS | SERVICES | RESOURCES | METHODS | INSERT | AUTH | VERSION … [LIKE | WHERE]."""

    what: str  # in lower case: providers, services, resources, methods, insert, auth, version, or a setting's name
    within: Name = ()
    like: str | None = None
    where: exp.Expression | None = None
    is_extended: bool = False
    only_required: bool = False  # SHOW INSERT /*+ REQUIRED */


@dataclass(frozen=True, kw_only=True)
class Describe:
    """DESCRIBE [EXTENDED] resource, or DESCRIBE METHOD [EXTENDED] method."""

    name: Name
    is_method: bool = False
    is_extended: bool = False


@dataclass(frozen=True, kw_only=True)
class Registry:
    """REGISTRY LIST [provider] or REGISTRY PULL provider [version]."""

    verb: str
    provider: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreateView:
    """CREATE [OR REPLACE] [MATERIALIZED] VIEW name AS query."""

    name: Name
    tree: exp.Expression
    replaces: bool = False
    is_materialized: bool = False


@dataclass(frozen=True, kw_only=True)
class OfView:
    """REFRESH MATERIALIZED VIEW name, or DROP [MATERIALIZED] VIEW [IF EXISTS] name."""

    verb: str  # refresh or drop
    name: Name
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT x, RELEASE x, ROLLBACK TO x."""

    verb: str
    savepoint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """SET name = value, RESET name, DISCARD …, USE …: a setting of the session."""

    verb: str  # set, reset, discard, use
    name: str
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Explain:
    """EXPLAIN statement: what would be asked of which service."""

    statement: Statement


@dataclass(frozen=True, kw_only=True)
class Copy:
    """COPY (query) TO STDOUT [WITH (…)]."""

    tree: exp.Expression
    options: Mapping[str, Any] = field(default_factory=dict)  # format text or csv, header, delimiter, null, quote


@dataclass(frozen=True, kw_only=True)
class Native:
    """NATIVEQUERY 'sql': the text goes to the database as it is, read only."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Sleep:
    """SLEEP n: wait for so many milliseconds."""

    milliseconds: int


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """A statement that has nothing to do here: PURGE, ANALYZE, AUTH …; or an empty one."""

    tag: str  # what is answered


Statement = (
    Select
    | Exec
    | Insert
    | Change
    | Delete
    | Show
    | Describe
    | Registry
    | CreateView
    | OfView
    | Transaction
    | Setting
    | Explain
    | Copy
    | Native
    | Sleep
    | Nothing
)
