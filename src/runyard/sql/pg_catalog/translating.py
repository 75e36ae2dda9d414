"""A question in PostgreSQL's words as one in SQLite's: a rule for each kind of node, from the leaves up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from runyard.sql.pg_catalog.casting import cast_to
from runyard.sql.pg_catalog.functions import FUNCTIONS
from runyard.sql.pg_catalog.naming import name_of
from runyard.sql.pg_catalog.relations import FUNCTIONS_AS_RELATIONS, relations

Node = exp.Expr
Rule = Callable[[Node], Node]

PREFIXES = frozenset({"pg_catalog", "information_schema"})
SYSTEM_COLUMNS = frozenset({"xmin", "xmax", "cmin", "cmax"})
UNNESTED = "_unnested"
IN_FROM: Mapping[str, str] = {"generate_series": "pg_generate_series", "generate_subscripts": "pg_generate_subscripts"}


def call(name: str, *arguments: Node | None) -> exp.Anonymous:
    """A call of a function of ours."""
    return exp.Anonymous(this=name, expressions=[one for one in arguments if one is not None])


def translated(tree: Node) -> str:
    """The text for SQLite of a tree of PostgreSQL."""
    tree = tree.copy()
    _name_columns(tree)
    for select in tree.find_all(exp.Select):
        _spread(select)
    _call_in_from(tree)
    root = exp.Paren(this=tree)
    for node in reversed(list(root.dfs())):
        rule = RULES.get(type(node))
        if rule is not None and node is not root:
            new = rule(node)
            if new is not node:
                node.replace(new)
    _show_names(root.this)
    return str(root.this.sql(dialect="sqlite", unsupported_level=ErrorLevel.IGNORE))


def first_select(tree: Node) -> exp.Select | None:
    """The select that gives a query's columns their names."""
    while isinstance(tree, exp.SetOperation | exp.Subquery | exp.Paren):
        tree = tree.this
    return tree if isinstance(tree, exp.Select) else None


def _name_columns(tree: Node) -> None:
    select = first_select(tree)
    for node in list(select.expressions) if select else []:
        if not isinstance(node, exp.Alias | exp.Column | exp.Star):
            node.replace(exp.alias_(node.copy(), name_of(node), quoted=True))


def _show_names(tree: Node) -> None:
    """Have numbers that stand for names shown as these, where nothing else is done with them."""
    select = first_select(tree)
    for node in select.expressions if select else []:
        shown = node.unalias()
        if isinstance(shown, exp.Anonymous) and shown.name.startswith("reg") and shown.name.endswith("_of"):
            shown.replace(call(shown.name.removesuffix("_of") + "_out", shown.copy()))


def _spread(select: exp.Select) -> None:
    """Move what gives several rows from the columns, where SQLite knows no such thing, to FROM."""
    spread = [one.unalias() for one in select.expressions]
    arrays = [one for one in spread if isinstance(one, exp.Explode | exp.Unnest)]
    numbers = [one for one in spread if isinstance(one, exp.Anonymous) and one.name.lower() == "generate_subscripts"]
    if not arrays and not numbers:
        return
    first = (arrays or numbers)[0]
    array = first.this if isinstance(first, exp.Explode) else first.expressions[0]
    for node in (*arrays, *numbers):
        node.replace(exp.column("value" if node in arrays else "ordinality", table=UNNESTED))
    table = exp.Table(this=call("pg_unnest", array.copy()), alias=exp.TableAlias(this=exp.to_identifier(UNNESTED)))
    if select.args.get("from_") is None:
        select.set("from_", exp.From(this=table))
    else:
        select.append("joins", exp.Join(this=table, kind="CROSS"))


def _call_in_from(tree: Node) -> None:
    """Have functions in FROM called by names of ours, and their columns, which SQLite cannot rename, by theirs."""
    renamed: dict[tuple[str, str], str] = {}
    for node in list(tree.find_all(exp.Table, exp.Lateral, exp.Unnest)):
        function = _function_in_from(node)
        if function is None:
            continue
        alias = node.args.get("alias")
        name = alias.name if alias is not None else function.name.removeprefix("pg_")
        columns = [one.name for one in alias.columns] if alias is not None else []
        offset = node.args.get("offset") if isinstance(node, exp.Unnest) else None
        columns += [offset.name] if isinstance(offset, exp.Identifier) else []
        renamed |= dict(zip(((name, one) for one in columns or [name]), ("value", "ordinality"), strict=False))
        node.replace(exp.Table(this=function, alias=exp.TableAlias(this=exp.to_identifier(name))))
    if renamed:
        _rename(tree, renamed)
    for join in list(tree.find_all(exp.Join)):
        _call_where_used(tree, join)


def _call_where_used(tree: Node, join: exp.Join) -> None:
    """Have a function of one value that is joined called where that value is used."""
    table = join.this
    if isinstance(table, exp.Table) and isinstance(table.this, exp.StringToArray):
        table.set("this", _split(table.this))
    is_call = isinstance(table, exp.Table) and isinstance(table.this, exp.Anonymous)
    if not is_call or table.this.name.lower() not in FUNCTIONS:
        return
    join.pop()
    for column in list(tree.find_all(exp.Column)):
        if column.name == table.alias and not column.table:
            column.replace(table.this.copy())


def _function_in_from(node: Node) -> exp.Anonymous | None:
    if isinstance(node, exp.Unnest):
        in_from = isinstance(node.parent, exp.From | exp.Join)
        return call("pg_unnest", node.expressions[0].copy()) if in_from else None
    inner = node.this
    if isinstance(inner, exp.GenerateSeries):
        arguments = [inner.args.get(name) for name in ("start", "end", "step")]
        return call("pg_generate_series", *(one.copy() for one in arguments if one is not None))
    if isinstance(inner, exp.Unnest | exp.Explode):
        return call("pg_unnest", (inner.expressions or [inner.this])[0].copy())
    if isinstance(inner, exp.Anonymous) and inner.name.lower() in IN_FROM:
        return call(IN_FROM[inner.name.lower()], *(one.copy() for one in inner.expressions))
    return None


def _rename(tree: Node, renamed: Mapping[tuple[str, str], str]) -> None:
    bare = {column: (table, name) for (table, column), name in renamed.items()}
    for column in list(tree.find_all(exp.Column)):
        table, name = (
            (column.table, renamed.get((column.table, column.name)))
            if column.table
            else bare.get(column.name, ("", None))
        )
        if name is not None:
            renamed_column: Node = exp.column(name, table=table)
            is_shown = isinstance(column.parent, exp.Select | exp.Subquery)
            column.replace(exp.alias_(renamed_column, column.name) if is_shown else renamed_column)


def _without_prefix(node: Node) -> Node:
    prefix, named = node.this, node.expression
    if isinstance(prefix, exp.Identifier) and prefix.name.lower() in PREFIXES and isinstance(named, exp.Expr):
        return named
    return (
        exp.null() if isinstance(prefix, exp.Paren | exp.Anonymous) else node
    )  # a field of a record that is not there


def _table(node: Node) -> Node:
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name.lower() in FUNCTIONS_AS_RELATIONS:
        node.set("this", exp.to_identifier(inner.name.lower()))
    elif isinstance(inner, exp.Anonymous):
        node.set("db", None)
    return node


def _column(node: Node) -> Node:
    assert isinstance(node, exp.Column)  # noqa: S101 - the rule is for columns
    name = node.name.lower()
    if name in SYSTEM_COLUMNS:
        return exp.Literal.number(1)
    if name == "tableoid":
        return call("regclass_of", exp.Literal.string(_table_of(node)))
    if name == "user" and not node.args.get("table") and not node.this.quoted:
        return call("current_user")
    return node


def _table_of(column: exp.Column) -> str:
    select = column.find_ancestor(exp.Select)
    tables = list(select.find_all(exp.Table)) if select is not None else []
    wanted = [one for one in tables if column.table in {"", one.alias_or_name}]
    return f"pg_catalog.{wanted[0].name}" if wanted else "pg_catalog.pg_class"


def _equal(node: Node) -> Node:
    left, right = node.this, node.expression
    if not isinstance(right, exp.Any):
        return node
    inner = right.this.unnest()
    if isinstance(inner, exp.Select | exp.Subquery | exp.SetOperation):
        return exp.In(this=left, query=exp.Subquery(this=inner.unnest()))
    return call("is_any", left, inner)


def _differ(node: Node) -> Node:
    left, right = node.this, node.expression
    if isinstance(right, exp.All):
        return call("differs_from_all", left, right.this.unnest())
    if isinstance(right, exp.Anonymous) and right.name.lower() == "all":
        return call("differs_from_all", left, right.expressions[0])
    return node


def _matching(name: str) -> Rule:
    def rule(node: Node) -> Node:
        matched = call(name, node.this, node.expression)
        return exp.not_(matched) if node.args.get("negate") else matched

    return rule


def _escaped(node: Node) -> Node:
    matched: Node = node.this
    found = matched.find(exp.Anonymous)
    if found is not None and found.name in {"pg_like", "pg_ilike"}:
        found.append("expressions", node.expression)
    return matched


def _operator(node: Node) -> Node:
    sign = str(node.args["operator"]).rpartition(".")[2]
    make = OPERATORS.get(sign)
    if make is None:
        return node
    return make(node.this, node.expression)


OPERATORS: Mapping[str, Callable[[Node, Node], Node]] = {
    "~": lambda left, right: call("pg_matches", left, right),
    "~*": lambda left, right: call("pg_imatches", left, right),
    "!~": lambda left, right: exp.not_(call("pg_matches", left, right)),
    "!~*": lambda left, right: exp.not_(call("pg_imatches", left, right)),
    "~~": lambda left, right: call("pg_like", left, right),
    "!~~": lambda left, right: exp.not_(call("pg_like", left, right)),
    "~~*": lambda left, right: call("pg_ilike", left, right),
    "=": lambda left, right: _equal(exp.EQ(this=left, expression=right)),
    "<>": lambda left, right: _differ(exp.NEQ(this=left, expression=right)),
    "||": lambda left, right: exp.DPipe(this=left, expression=right),
    "<": lambda left, right: exp.LT(this=left, expression=right),
    ">": lambda left, right: exp.GT(this=left, expression=right),
}


def _array(node: Node) -> Node:
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.Select | exp.SetOperation):
        select = first_select(items[0])
        if select is not None:
            first = select.expressions[0]
            first.replace(exp.alias_(first.unalias().copy(), "item"))
        gathered = exp.select(call("array_agg", exp.column("item"))).from_(items[0].subquery("_items"))
        return exp.Coalesce(this=gathered.subquery(), expressions=[exp.Literal.string("{}")])
    return call("array_of", *items)


def _bracket(node: Node) -> Node:
    at = node.expressions[0]
    if isinstance(at, exp.Literal) or (isinstance(at, exp.Neg) and isinstance(at.this, exp.Literal)):
        at = exp.Literal.number(int(at.sql()) + 1)  # sqlglot counts from 0 where PostgreSQL counts from 1
    return call("array_item", node.this.unnest(), at)


def _extract(node: Node) -> Node:
    return exp.Div(this=exp.paren(node.expression), expression=exp.Literal.number("1000.0"))


def _aggregated(node: Node) -> Node:
    return call("array_agg", node.this)


def _split(node: Node) -> exp.Anonymous:
    return call("string_to_array", node.this.copy(), node.expression.copy())


def _substring(node: Node) -> Node:
    return call("pg_substring", node.this, node.args.get("start"), node.args.get("length"))


def _named(name: str) -> Rule:
    return lambda node: call(name, *_arguments(node))


def _arguments(node: Node) -> Iterator[Node]:
    if node.this is not None and isinstance(node.this, exp.Expression):
        yield node.this
    yield from node.expressions


def _parameter(node: Node) -> Node:
    return exp.Var(this=f"?{node.name}")


def _renamed(node: Node) -> Node:
    name = RENAMED.get(node.name.lower())
    if name is not None:
        node.set("this", name)
    return node


RENAMED: Mapping[str, str] = {
    "json_build_object": "json_object",
    "jsonb_build_object": "json_object",
    "json_build_array": "json_array",
    "jsonb_build_array": "json_array",
    "json_agg": "json_group_array",
    "jsonb_agg": "json_group_array",
    "json_object_agg": "json_group_object",
    "string_agg": "group_concat",
    "to_json": "json_quote",
    "to_jsonb": "json_quote",
    "btrim": "trim",
    "char_length": "length",
}
"""Functions that SQLite has under another name."""


def _cast(node: Node) -> Node:
    return cast_to(node)


RULES: Mapping[type[Node], Rule] = {
    exp.Dot: _without_prefix,
    exp.Table: _table,
    exp.Column: _column,
    exp.EQ: _equal,
    exp.NEQ: _differ,
    exp.RegexpLike: _matching("pg_matches"),
    exp.RegexpILike: _matching("pg_imatches"),
    exp.Like: _matching("pg_like"),
    exp.ILike: _matching("pg_ilike"),
    exp.Escape: _escaped,
    exp.Operator: _operator,
    exp.Array: _array,
    exp.Bracket: _bracket,
    exp.Extract: _extract,
    exp.ArrayAgg: _aggregated,
    exp.Substring: _substring,
    exp.StringToArray: _split,
    exp.Collate: lambda node: node.this,
    exp.AtTimeZone: lambda node: node.this,
    exp.ByteString: lambda node: exp.Literal.string(node.name),
    exp.Parameter: _parameter,
    exp.Cast: _cast,
    exp.Anonymous: _renamed,
    exp.CurrentUser: _named("current_user"),
    exp.SessionUser: _named("session_user"),
    exp.CurrentSchema: _named("current_schema"),
    exp.CurrentSchemas: _named("current_schemas"),
    exp.CurrentDatabase: _named("current_database"),
    exp.CurrentCatalog: _named("current_catalog"),
    exp.CurrentVersion: _named("version"),
    exp.Concat: _named("concat"),
    exp.ArrayToString: lambda node: call("array_to_string", node.this, node.expression, node.args.get("null")),
    exp.ArraySize: lambda node: call("array_length", node.this, node.expression),
}
"""What is done to each kind of node."""


def is_known(name: str, schema: str) -> bool:
    """Tell whether a relation is one of PostgreSQL's catalogs."""
    if schema:
        return schema in PREFIXES
    return name.startswith("pg_") and f"pg_catalog.{name}" in relations()
