"""Runtime expressions: `$response.body#/id`, `$inputs.token`, and texts that embed them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.values import MISSING, at_dots, at_pointer, member
from runyard.arazzo.records import Record

LONGEST = 10_000
REMEMBERED = 1_000
"""How many texts are not read again: the same ones stand in many steps."""


class Version(Enum):
    """The rules of which specification a document asks for; its patch level changes nothing."""

    V1_0 = "1.0"
    V1_1 = "1.1"

    __hash__ = object.__hash__  # as fast as what is remembered by it wants it; there is one of each


class Expression(Record):
    """A runtime expression, parted: `$steps.a.outputs.b#/c` is steps, (a, outputs, b), (c,)."""

    text: str
    root: str
    path: tuple[str, ...] = ()
    pointer: tuple[str, ...] | None = None


class Message(Record):
    """What expressions read of a request or a response."""

    headers: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, Any] = field(default_factory=dict)
    body: Any = MISSING


NOTHING = Message()


class Scope(Record):
    """Everything an expression can reach where it stands."""

    url: Any = MISSING
    method: Any = MISSING
    status_code: Any = MISSING
    request: Message = NOTHING
    response: Message = NOTHING
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # outputs by step
    workflows: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)  # inputs, outputs by id
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # url, type, name and whatever has an id
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    self_uri: Any = MISSING


# In 1.0 a name is any text; in 1.1 it is an identifier. Braces and `#` would end it in either.
IDENTIFIER = {Version.V1_0: r"[^\s.#{}]+", Version.V1_1: r"[A-Za-z0-9_\-]+"}
NAME = {Version.V1_0: r"[^#{}]+", Version.V1_1: r"[A-Za-z0-9._\-]+"}
POINTER = r"(?:#(?P<pointer>(?:/[^{}]*)?))?"
MESSAGE = r"\.(?:(?P<header>header)\.(?P<token>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)|(?P<place>query|path)\.(?P<name>[^{}]+)|"
MESSAGE += r"(?P<body>body|payload)" + POINTER + ")"

# root -> what follows it; {id} and {name} differ by version. The groups are the path, in order.
GRAMMAR: Mapping[str, str] = {
    "url": "",
    "method": "",
    "statusCode": "",
    "self": "",
    "request": MESSAGE,
    "response": MESSAGE,
    "message": MESSAGE,
    "inputs": r"\.(?P<name>{name})" + POINTER,
    "outputs": r"\.(?P<name>{name})" + POINTER,
    "steps": r"\.(?P<id>{id})\.(?P<kind>outputs)\.(?P<name>{name})" + POINTER,
    "workflows": r"\.(?P<id>{id})\.(?P<kind>inputs|outputs)\.(?P<name>{name})" + POINTER,
    "sourceDescriptions": r"\.(?P<id>{id})\.(?P<name>[^#{}]+)",
    "components": r"\.(?P<kind>inputs|parameters|successActions|failureActions)\.(?P<name>{name})",
}
SINCE_1_1 = {"self", "message"}
GROUPS = ("header", "token", "place", "id", "kind", "name", "body")
FORMS: Mapping[str, str] = {
    "request": "$request.header.NAME, .query.NAME, .path.NAME or .body#/POINTER",
    "response": "$response.header.NAME, .query.NAME, .path.NAME or .body#/POINTER",
    "message": "$message.header.NAME or .payload#/POINTER",
    "steps": "$steps.STEP.outputs.NAME",
    "workflows": "$workflows.WORKFLOW.inputs.NAME or .outputs.NAME",
    "sourceDescriptions": "$sourceDescriptions.SOURCE.url, .type, .name, or an operation's or workflow's id",
    "components": "$components.parameters.NAME, .inputs.NAME, .successActions.NAME or .failureActions.NAME",
}
ROOT = re.compile(r"\$([A-Za-z]+)")
ESCAPE = re.compile(r"~(?![01])")
EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")
BARE = re.compile(r"(?<!\S)\$[A-Za-z]\S*")


@cache
def _pattern(root: str, version: Version) -> re.Pattern[str]:
    return re.compile(GRAMMAR[root].replace("{name}", NAME[version]).replace("{id}", IDENTIFIER[version]))


@lru_cache(maxsize=REMEMBERED)
def parse(text: str, version: Version = Version.V1_1) -> Expression:
    """Read a text that is one runtime expression and nothing else."""
    if len(text) > LONGEST:
        raise NotUnderstood(f"An expression has at most {LONGEST:,} characters", text, LONGEST)
    found = ROOT.match(text)
    root = found[1] if found else ""
    if root not in GRAMMAR or (root in SINCE_1_1 and version is Version.V1_0):
        raise NotUnderstood(_unknown_root(text, root), text, 0)
    parts = _pattern(root, version).fullmatch(text, len(root) + 1)
    if parts is None:
        form = FORMS.get(root, f"${root}.NAME" if GRAMMAR[root] else f"${root} alone")
        raise NotUnderstood(f"Write {form}", text, len(root) + 1)
    groups = parts.groupdict()
    path = tuple(groups[name] for name in GROUPS if groups.get(name) is not None)
    return Expression(text=text, root=root, path=path, pointer=_pointer(groups.get("pointer"), text))


def _unknown_root(text: str, root: str) -> str:
    if root in SINCE_1_1:
        return f"${root} is known since Arazzo 1.1, and this document asks for 1.0"
    if not text.startswith("$"):
        return "A runtime expression begins with $"
    return f"Known are {', '.join('$' + name for name in GRAMMAR)}; ${root} is not"


def _pointer(text: str | None, whole: str) -> tuple[str, ...] | None:
    return None if text is None else pointer_parts(text, whole)


def pointer_parts(text: str, whole: str) -> tuple[str, ...]:
    """A JSON Pointer (RFC 6901) parted and unescaped; `whole` is the text it stands in."""
    start = whole.index(text)
    if text and not text.startswith("/"):
        raise NotUnderstood("A JSON Pointer begins with /", whole, start)
    if wrong := ESCAPE.search(text):
        raise NotUnderstood("In a JSON Pointer ~ stands only as ~0 or ~1", whole, start + wrong.start())
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def evaluate(expression: Expression, scope: Scope) -> Any:
    """The expression's value with its type, or MISSING."""
    value = READERS[expression.root](scope, expression.path)
    return at_pointer(value, expression.pointer) if expression.pointer else value


def _of_message(message: Message, path: tuple[str, ...]) -> Any:
    if path[0] == "header":
        # Header names are compared without case, all others with it.
        wanted = path[1].lower()
        return next((value for name, value in message.headers.items() if name.lower() == wanted), MISSING)
    if path[0] in {"query", "path"}:
        return getattr(message, path[0]).get(path[1], MISSING)
    return message.body


def _within(places: Mapping[str, Any], path: Iterable[str]) -> Any:
    *ways, name = path
    here: Any = places
    for way in ways:
        here = here.get(way, {})
    return at_dots(here if isinstance(here, dict) else dict(here), name)


READERS: Mapping[str, Callable[[Scope, tuple[str, ...]], Any]] = {
    "url": lambda scope, _: scope.url,
    "method": lambda scope, _: scope.method,
    "statusCode": lambda scope, _: scope.status_code,
    "self": lambda scope, _: scope.self_uri,
    "request": lambda scope, path: _of_message(scope.request, path),
    "response": lambda scope, path: _of_message(scope.response, path),
    # Only steps that speak of an asyncapi channel have one, and those are refused by name.
    "message": lambda _scope, _: MISSING,
    "inputs": lambda scope, path: _within(scope.inputs, path),
    "outputs": lambda scope, path: _within(scope.outputs, path),
    "steps": lambda scope, path: _within(scope.steps, (path[0], path[2])),
    "workflows": lambda scope, path: _within(scope.workflows, path),
    "sourceDescriptions": lambda scope, path: _within(scope.sources, path),
    "components": lambda scope, path: member(dict(scope.components.get(path[0], {})), path[1]),
}


class Bare(Record):
    """An expression that stands in a text without braces, as in `Bearer $inputs.token`."""

    expression: Expression


Template = tuple[str | Expression | Bare, ...]


def parse_template(text: str, version: Version = Version.V1_1) -> Template:
    """A text parted at the expressions it embeds; what reads like none is the text that it is."""
    marks = [(found.span(), found[1], False) for found in EMBEDDED.finditer(text)]
    marks += [(found.span(), found[0], True) for found in BARE.finditer(text)]
    parts: list[str | Expression | Bare] = []
    end = 0
    for (start, stop), inner, is_bare in sorted(marks):
        known = _known(inner, version) if start >= end else None
        if known is not None:
            parts += [text[end:start], Bare(expression=known) if is_bare else known]
            end = stop
    return tuple(part for part in (*parts, text[end:]) if part != "")


def _known(text: str, version: Version) -> Expression | None:
    try:
        return parse(text, version)
    except NotUnderstood:
        return None
