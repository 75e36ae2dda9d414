"""What an OpenAPI or Swagger description says of an operation: all that a request needs, with `$ref` resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from runyard.arazzo.apis import swagger
from runyard.arazzo.apis.operations import Operation, ParameterRule, SecurityScheme, Server
from runyard.arazzo.documents.reading import read
from runyard.core.errors import InvalidRequest, NotSupported

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
MOST_HOPS = 50
"""How many references may lead from one to the next."""
STYLES: Mapping[str, str] = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
SUPPORTED = ("2.0", "3.0", "3.1", "3.2")
FetchText = Callable[[str], str]


def kind_of(data: Any) -> str:
    """What sort of description the data is: by its own word, not by its name."""
    kinds = {"openapi": "openapi", "swagger": "openapi", "arazzo": "arazzo", "asyncapi": "asyncapi"}
    if isinstance(data, dict):
        for key, kind in kinds.items():
            if key in data:
                return kind
    raise InvalidRequest("The source is neither an OpenAPI description nor an Arazzo document.")


def read_api(text: str, url: str = "", fetch: FetchText | None = None) -> Api:
    """Read a description of an API that stands at `url`; `fetch` brings the texts that it refers to."""
    data = read(text)
    if kind_of(data) == "asyncapi":
        raise NotSupported("The source is an AsyncAPI description; steps on channels cannot be run here.")
    if kind_of(data) != "openapi":
        raise InvalidRequest("The source is an Arazzo document, not the description of an API.")
    version = str(data.get("openapi") or data.get("swagger"))
    if not version.startswith(SUPPORTED):
        raise NotSupported(f"OpenAPI {version} is not known here; known are {', '.join(SUPPORTED)}.")
    return Api(data, url, fetch)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


class Api:
    """A description of an API; operations are read when somebody asks for them."""

    def __init__(self, data: Mapping[str, Any], url: str, fetch: FetchText | None) -> None:
        self.url = url
        self._data = data
        self._fetch = fetch
        self._texts: dict[str, Any] = {url: data}
        self._by_id: dict[str, tuple[str, str]] | None = None
        self._known: dict[tuple[str, str], Operation | None] = {}

    @property
    def operation_ids(self) -> tuple[str, ...]:
        """The ids of all operations that have one."""
        return tuple(self._ids())

    @property
    def pointers(self) -> tuple[str, ...]:
        """The way to each operation, as an operationPath spells it."""
        return tuple(f"/paths/{_escaped(path)}/{method}" for path, method, _ in self._operations())

    @property
    def schemes(self) -> Mapping[str, SecurityScheme]:
        """How callers of this API may prove who they are."""
        return self._schemes()

    def operation(self, id_: str) -> Operation | None:
        """The operation of this id."""
        found = self._ids().get(id_)
        return self.at(*found) if found else None

    def at_pointer(self, pointer: str) -> Operation | None:
        """The operation that a JSON Pointer such as `/paths/~1jobs~1{id}/get` leads to."""
        parts = [unquote(part).replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("#").split("/")]
        if len(parts) != 4 or parts[:2] != ["", "paths"]:  # noqa: PLR2004 - "", paths, the path, the method
            return None
        return self.at(parts[2], parts[3])

    def at(self, path: str, method: str) -> Operation | None:
        """The operation of a path and a method, read once."""
        if (path, method) not in self._known:
            self._known[path, method] = self._read(path, method)
        return self._known[path, method]

    def _read(self, path: str, method: str) -> Operation | None:
        item, base = self._item(path)
        operation = item.get(method)
        if method not in METHODS or not isinstance(operation, dict):
            return None
        rules = {(rule.name, rule.location): rule for rule in self._rules(item, base)}
        rules |= {(rule.name, rule.location): rule for rule in self._rules(operation, base)}
        body, _ = self._resolved(operation.get("requestBody") or {}, base)
        older = self._is_swagger
        security = operation.get("security", self._data.get("security")) or ()
        return Operation(
            id=operation.get("operationId"),
            method=method.upper(),
            path=path,
            parameters=tuple(rule for rule in rules.values() if rule.location not in swagger.BODIES),
            content_types=swagger.content_types(self._data, operation, rules)
            if older
            else tuple(body.get("content") or ()),
            body_required=swagger.needs_body(rules.values()) if older else bool(body.get("required")),
            servers=self._servers(item, operation),
            security=tuple(tuple(names) for names in security if isinstance(names, dict)),
            schemes=self._schemes(),
        )

    @property
    def _is_swagger(self) -> bool:
        return "swagger" in self._data

    def _ids(self) -> Mapping[str, tuple[str, str]]:
        if self._by_id is None:
            self._by_id = {}
            for path, method, operation in self._operations():
                if isinstance(operation.get("operationId"), str):
                    self._by_id.setdefault(operation["operationId"], (path, method))
        return self._by_id

    def _operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for path in self._data.get("paths") or ():
            item, _ = self._item(path)
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield path, method, item[method]

    def _item(self, path: str) -> tuple[Mapping[str, Any], str]:
        return self._resolved((self._data.get("paths") or {}).get(path) or {}, self.url)

    def _resolved(self, node: Any, base: str) -> tuple[Mapping[str, Any], str]:
        """The node that references lead to, and the URL of the text it stands in."""
        beside: dict[str, Any] = {}
        for _ in range(MOST_HOPS):
            if not isinstance(node, dict):
                raise InvalidRequest(f"A `$ref` of {base or 'the description'} leads to something that is no object.")
            if not isinstance(node.get("$ref"), str):
                return ({**node, **beside} if beside else node), base
            beside = {key: value for key, value in node.items() if key != "$ref"} | beside
            node, base = self._referred(node["$ref"], base)
        raise InvalidRequest(f"The references of {base or 'the description'} lead in a circle.")

    def _referred(self, reference: str, base: str) -> tuple[Any, str]:
        address, pointer = (
            urldefrag(urljoin(base, reference)) if not reference.startswith("#") else (base, reference[1:])
        )
        if address not in self._texts:
            if self._fetch is None:
                raise InvalidRequest(f"{reference} refers to another text, which was not given.")
            self._texts[address] = read(self._fetch(address))
        node = self._texts[address]
        for part in unquote(pointer).split("/")[1:]:
            node = _step_into(node, part.replace("~1", "/").replace("~0", "~"), reference)
        return node, address

    def _rules(self, holder: Mapping[str, Any], base: str) -> Iterator[ParameterRule]:
        for node in holder.get("parameters") or ():
            data, place = self._resolved(node, base)
            if isinstance(data.get("name"), str) and isinstance(data.get("in"), str):
                yield swagger.rule(data) if self._is_swagger else self._rule(data, place)

    def _rule(self, data: Mapping[str, Any], base: str) -> ParameterRule:
        style = data.get("style") or STYLES.get(data["in"], "form")
        schema, _ = self._resolved(data["schema"], base) if isinstance(data.get("schema"), dict) else ({}, base)
        return ParameterRule(
            name=data["name"],
            location=data["in"],
            required=bool(data.get("required")),
            style=style,
            explode=bool(data.get("explode", style == "form")),
            allow_reserved=bool(data.get("allowReserved")),
            content_type=next(iter(data.get("content") or ()), None),
            schema=schema,
        )

    def _servers(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[Server, ...]:
        if self._is_swagger:
            return tuple(Server(url=url) for url in swagger.urls(self._data, operation, self.url))
        nearest = operation.get("servers") or item.get("servers") or self._data.get("servers") or [{"url": "/"}]
        return tuple(_server(data, self.url) for data in nearest if isinstance(data, dict))

    def _schemes(self) -> Mapping[str, SecurityScheme]:
        nodes = (
            self._data.get("securityDefinitions") or (self._data.get("components") or {}).get("securitySchemes") or {}
        )
        return {name: _scheme(self._resolved(node, self.url)[0]) for name, node in nodes.items()}


def _step_into(node: Any, key: str, reference: str) -> Any:
    if isinstance(node, dict) and key in node:
        return node[key]
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        return node[int(key)]
    raise InvalidRequest(f"{reference} leads to nothing: there is no {key!r}.")


def _server(data: Mapping[str, Any], base: str) -> Server:
    url = str(data.get("url") or "/")
    variables = {name: rule for name, rule in (data.get("variables") or {}).items() if isinstance(rule, dict)}
    return Server(
        # A template that begins with its variable is no relative address, though it looks like one.
        url=url if url.startswith("{") else urljoin(base, url),
        variables={name: str(rule.get("default", "")) for name, rule in variables.items()},
        allowed={name: tuple(map(str, rule["enum"])) for name, rule in variables.items() if rule.get("enum")},
    )


def _scheme(data: Mapping[str, Any]) -> SecurityScheme:
    if data.get("type") == "basic":
        return SecurityScheme(type="http", scheme="basic")
    scheme = data.get("scheme")
    return SecurityScheme(
        type=str(data.get("type") or ""),
        name=data.get("name"),
        location=data.get("in"),
        scheme=scheme.lower() if isinstance(scheme, str) else None,
    )
