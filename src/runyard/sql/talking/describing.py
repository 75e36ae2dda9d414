"""What there is to ask, in the shapes that StackQL gives it: SHOW, DESCRIBE and REGISTRY over the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

import apsw

from runyard.sql.callables.functions import SERVER_VERSION, register
from runyard.sql.catalog import Catalog, Method, Parameter, Resource
from runyard.sql.errors import UNDEFINED_COLUMN, UNDEFINED_OBJECT, SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.results import Heading, Result, Row
from runyard.sql.statements import Describe, Registry, Show

Table = tuple[tuple[str, ...], list[Row]]  # the names of the columns, and the rows


def described(statement: Show | Describe | Registry, catalog: Catalog) -> Result:
    """Answer a question about what there is."""
    if isinstance(statement, Show):
        return _result(_filtered(statement, _shown(statement, catalog)), "SHOW")
    if isinstance(statement, Describe):
        return _result(
            _of_method(statement, catalog) if statement.is_method else _of_resource(statement, catalog), "DESCRIBE"
        )
    return REGISTRY[statement.verb](statement, catalog)


def _result(table: Table, tag: str, *, notices: Iterable[str] = ()) -> Result:
    names, rows = table
    return Result(
        headings=[Heading(name=name) for name in names], rows=iter(rows), tag=lambda _: tag, notices=list(notices)
    )


def _shown(statement: Show, catalog: Catalog) -> Table:
    if statement.what in SHOWN:
        return SHOWN[statement.what](statement, catalog)
    if statement.what not in FACTS:
        known = ", ".join(sorted({*SHOWN, *FACTS}))
        raise SqlError(UNDEFINED_OBJECT, f"There is nothing {statement.what} to show; there are {known}.")
    return (statement.what,), [(FACTS[statement.what],)]


def _providers(statement: Show, catalog: Catalog) -> Table:
    names = _ordered(one.provider for one in catalog.resources)
    rows: list[Row] = [(name, _version()) for name in names]
    if not statement.is_extended:
        return ("name", "version"), rows
    return ("name", "version", "services"), [(*row, ", ".join(_services_of(catalog, str(row[0])))) for row in rows]


def _services(statement: Show, catalog: Catalog) -> Table:
    within = [part.lower() for part in statement.within]
    _check_provider(catalog, within)
    pairs = _ordered(
        (one.provider, one.service) for one in catalog.resources if [one.provider] == within[:1] or not within
    )
    rows: list[Row] = [(f"{provider}.{service}", service, _title(service)) for provider, service in pairs]
    if not statement.is_extended:
        return ("id", "name", "title"), rows
    counts = {pair: sum((one.provider, one.service) == pair for one in catalog.resources) for pair in pairs}
    return ("id", "name", "title", "resources"), [
        (*row, str(counts[pair])) for row, pair in zip(rows, pairs, strict=True)
    ]


def _resources(statement: Show, catalog: Catalog) -> Table:
    found = _within(statement, catalog)
    rows: list[Row] = [(one.path, one.name, _title(one.name)) for one in found]
    if not statement.is_extended:
        return ("id", "name", "title"), rows
    return ("id", "name", "title", "connection", "description"), [
        (*row, one.connection, one.description) for row, one in zip(rows, found, strict=True)
    ]


def _within(statement: Show, catalog: Catalog) -> list[Resource]:
    within = [part.lower() for part in statement.within]
    _check_provider(catalog, within)
    found = [one for one in catalog.resources if [one.provider, one.service][: len(within)] == within]
    if not found:
        known = ", ".join(_services_of(catalog, within[0]))
        raise SqlError(UNDEFINED_OBJECT, f"There is no service {'.'.join(statement.within)}; {within[0]} has {known}.")
    return found


def _check_provider(catalog: Catalog, within: list[str]) -> None:
    known = _ordered(one.provider for one in catalog.resources)
    if within and within[0] not in known:
        raise SqlError(UNDEFINED_OBJECT, f"There is no provider {within[0]}; there are {', '.join(known)}.")


def _services_of(catalog: Catalog, provider: str) -> list[str]:
    return _ordered(one.service for one in catalog.resources if one.provider == provider)


def _methods(statement: Show, catalog: Catalog) -> Table:
    resource = catalog.resource(statement.within)
    rows: list[Row] = [(one.name, ", ".join(one.required), one.verb.upper()) for one in resource.methods]
    if not statement.is_extended:
        return ("MethodName", "RequiredParams", "SQLVerb"), rows
    return ("MethodName", "RequiredParams", "SQLVerb", "OptionalParams", "description"), [
        (*row, ", ".join(_optional(resource, one)), one.summary)
        for row, one in zip(rows, resource.methods, strict=True)
    ]


def _optional(resource: Resource, method: Method) -> list[str]:
    chosen = [resource.connection] if resource.connection else []
    return chosen + [one.name for one in method.parameters if not one.is_required]


def _insert(statement: Show, catalog: Catalog) -> Table:
    return ("result",), [(insert_template(catalog.resource(statement.within), only_required=statement.only_required),)]


def insert_template(resource: Resource, *, only_required: bool = False) -> str:
    """Return a text for `runyard sql -i`: a block of values to fill in, and the INSERT that takes them."""
    method = next(iter(resource.of_verb("insert")), None)
    if method is None:
        verbs = ", ".join(_ordered(one.verb.upper() for one in resource.methods)) or "nothing"
        raise SqlError(UNDEFINED_OBJECT, f"Nothing is inserted into {resource.path}; it has {verbs}.")
    taken = [one for one in method.parameters if one.is_required or not only_required]
    chosen = [Parameter(name=resource.connection, type="string")] if resource.connection else []
    given = {one.name: EXAMPLES.get(one.type, "") for one in (*chosen, *taken)}
    if resource.connection:
        given[resource.connection] = "local"
    columns = ",\n".join(f"  {_name(one)}" for one in given)
    values = ",\n".join(f"  {_value(one)}" for one in (*chosen, *taken))
    block = json.dumps({"values": given}, indent=2)
    return f"<<<json\n{block}\n>>>\nINSERT INTO {resource.path} (\n{columns}\n)\nSELECT\n{values}\n;"


EXAMPLES: Mapping[str, Any] = {"int": 0, "number": 0, "bool": False, "object": {}, "array": [], "string": ""}
BARE = {"int", "number", "bool"}


def _value(parameter: Parameter) -> str:
    place = (
        f"{{{{ .values.{parameter.name} }}}}"
        if parameter.name.isidentifier()
        else f'{{{{ index .values "{parameter.name}" }}}}'
    )
    return place if parameter.type in BARE else f"'{place}'"


def _name(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _auth(statement: Show, catalog: Catalog) -> Table:
    within = [part.lower() for part in statement.within]
    _check_provider(catalog, within)
    pairs = _ordered((one.provider, one.connection) for one in catalog.resources if one.connection)
    return ("provider", "connection"), [pair for pair in pairs if not within or pair[0] == within[0]]


def _versions(statement: Show, _: Catalog) -> Table:
    if not statement.is_extended:
        return ("name", "version"), [("runyard", _version())]
    parts = (("runyard", _version()), ("sqlite", apsw.sqlite_lib_version()), ("sqlglot", version("sqlglot")))
    return ("name", "version"), list(parts)


def _settings(_: Show, __: Catalog) -> Table:
    return ("name", "setting"), list(FACTS.items())


def _of_resource(statement: Describe, catalog: Catalog) -> Table:
    columns = catalog.resource(statement.name).columns
    if not statement.is_extended:
        return ("name", "type"), [(one.name, one.type) for one in columns]
    return ("name", "type", "description"), [(one.name, one.type, one.description) for one in columns]


def _columns(statement: Show, catalog: Catalog) -> Table:
    return _of_resource(Describe(name=statement.within, is_extended=statement.is_extended), catalog)


def _of_method(statement: Describe, catalog: Catalog) -> Table:
    resource, method = catalog.method(statement.name)
    chosen = [Parameter(name=resource.connection, type="string")] if resource.connection else []
    rows: list[Row] = [
        (one.name, one.type, "true" if one.is_required else "false") for one in (*chosen, *method.parameters)
    ]
    if not statement.is_extended:
        return ("name", "type", "required"), rows
    wire = method.wire
    called = f"{wire.operation}: {wire.method} {wire.path}"
    return ("name", "type", "required", "SQLVerb", "operation", "description"), [
        (*row, method.verb.upper(), called, method.summary) for row in rows
    ]


def _registered(statement: Registry, catalog: Catalog) -> Result:
    if statement.provider is not None:
        _check_provider(catalog, [statement.provider.lower()])
        return _result((("provider", "versions"), [(statement.provider, _version())]), "REGISTRY")
    return _result((("provider", "version"), [*_providers(Show(what="providers"), catalog)[1]]), "REGISTRY")


def _pulled(statement: Registry, catalog: Catalog) -> Result:
    _check_provider(catalog, [(statement.provider or "").lower()])
    notice = f"{statement.provider} {_version()} comes with runyard; there is nothing to pull."
    return Result(tag=lambda _: "REGISTRY", notices=[notice])


SHOWN: Mapping[str, Callable[[Show, Catalog], Table]] = {
    "providers": _providers,
    "services": _services,
    "resources": _resources,
    "methods": _methods,
    "columns": _columns,
    "insert": _insert,
    "auth": _auth,
    "version": _versions,
    "all": _settings,
}
REGISTRY: Mapping[str, Callable[[Registry, Catalog], Result]] = {"list": _registered, "pull": _pulled}
FACTS: Mapping[str, str] = {
    "server_version": SERVER_VERSION,
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "transaction_isolation": "read committed",
    "timezone": "UTC",
}
"""What clients of PostgreSQL ask for, unless the session knows better."""


def _filtered(statement: Show, table: Table) -> Table:
    """Keep the rows that LIKE and WHERE let through; SQLite decides."""
    names, rows = table
    if statement.like is None and statement.where is None:
        return table
    name = next((one for one in ("name", "MethodName") if one in names), names[0])
    kept = f'"{name}" LIKE ?' if statement.where is None else f"({statement.where.sql(LANGUAGE)})"
    given = (statement.like,) if statement.where is None else ()
    connection = apsw.Connection(":memory:")
    register(connection)
    columns = ", ".join(f'"{one}"' for one in names)
    connection.execute(f"CREATE TABLE shown ({columns})")
    places = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO shown VALUES ({places})", rows)  # noqa: S608 - places only
    try:
        return names, list(connection.execute(f"SELECT * FROM shown WHERE {kept}", given))  # noqa: S608 - written from a tree
    except apsw.Error as error:
        known = ", ".join(names)
        raise SqlError(
            UNDEFINED_COLUMN, f"The condition cannot be asked of what is shown: {error}; it has {known}."
        ) from error


def _version() -> str:
    return f"v{version('runyard')}"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _ordered(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))
