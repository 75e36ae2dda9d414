"""Casts between PostgreSQL's types, of which SQLite knows few: names that stand for numbers, and the rest."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from runyard.sql.pg_catalog.relations import own_name

OTHER_WORDS: Mapping[str, str] = {
    "int": "int4",
    "smallint": "int2",
    "float": "float4",
    "decimal": "numeric",
    "char": "bpchar",
    "nchar": "bpchar",
    "timestamptz": "timestamp",
    "timestamp": "timestamp without time zone",
    "varbinary": "bytes",
    "bool": "boolean",
    "int8": "bigint",
}
"""Types as sqlglot calls them."""
NUMBERED = frozenset({"regclass", "regtype", "regnamespace", "regproc", "regprocedure", "regrole"})
TEXTS = frozenset({"text", "varchar", "bpchar", "name", "char", "json", "jsonb"})
WHOLE = frozenset({"int2", "int4", "bigint", "oid", "xid"})
BROKEN = frozenset({"numeric", "double", "float4"})


def target_of(node: exp.Cast) -> str:
    """The type that a cast is to, as results have it."""
    to = node.to
    if isinstance(to, exp.DataType) and to.this is exp.DType.ARRAY:
        inner = to.expressions[0] if to.expressions else None
        return (_word(inner) if inner is not None else "text") + "[]"
    return _word(to)


def _word(to: exp.Expr) -> str:
    kind = to.args.get("kind")
    if kind is not None:
        quoted = kind.name if isinstance(kind, exp.Expr) else str(kind)
        return own_name(quoted.rpartition(".")[2].strip('"').lower())
    told = to.this
    word = str(getattr(told, "value", told)).lower()
    return OTHER_WORDS.get(word, own_name(word))


def cast_to(node: exp.Expr) -> exp.Expr:
    """A cast as SQLite can do it."""
    assert isinstance(node, exp.Cast)  # noqa: S101 - the rule is for casts
    inner: exp.Expr = node.this
    target = target_of(node)
    if target in NUMBERED:
        return exp.Anonymous(this=f"{target.replace('procedure', 'proc')}_of", expressions=[inner])
    named = _named(inner)
    if target in TEXTS and named:
        return exp.Anonymous(this=f"{named}_out", expressions=[inner])
    sqlite = next((word for words, word in SQLITE if target in words), None)
    return exp.cast(inner, sqlite) if sqlite else inner


def _named(inner: exp.Expr) -> str:
    """The kind of name of which a number has just been made, if any."""
    is_call = isinstance(inner, exp.Anonymous) and inner.name.startswith("reg") and inner.name.endswith("_of")
    return inner.name.removesuffix("_of") if is_call else ""


SQLITE = ((TEXTS, "text"), (WHOLE, "bigint"), (BROKEN, "double"))
"""What SQLite casts to; a value of any other type stays as it is."""
