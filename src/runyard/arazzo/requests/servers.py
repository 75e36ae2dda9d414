"""Where an operation is called: the nearest server that its description names, with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runyard.arazzo.apis.operations import Operation, Server
from runyard.arazzo.language.values import as_text
from runyard.arazzo.requests.security import variables_of
from runyard.core.errors import InvalidRequest

VARIABLE = re.compile(r"\{([^{}]+)\}")
ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s?#]*", re.IGNORECASE)


def address(
    operation: Operation, source: str, override: str | None, inputs: Mapping[str, Any], environment: Mapping[str, str]
) -> str:
    """The URL that the operation's path is appended to; refuse one that cannot be called."""
    server = Server(url=override) if override else next(iter(operation.servers), Server(url=""))
    url = VARIABLE.sub(lambda found: _variable(found[1], server, source, inputs, environment), server.url)
    if not ADDRESS.fullmatch(url):
        raise InvalidRequest(
            f"{url!r} is no address to call. Say where {source} answers: --server {source}=https://HOST/PATH."
        )
    return url.rstrip("/")


def _variable(name: str, server: Server, source: str, inputs: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    if name in inputs:
        value = as_text(inputs[name])
    else:
        variables = [variable for variable in variables_of(source, name) if variable in environment]
        value = environment[variables[0]] if variables else server.variables.get(name, "")
    allowed = server.allowed.get(name)
    if allowed and value not in allowed:
        raise InvalidRequest(f"The server variable {name} is {value!r}; {source} knows {', '.join(allowed)}.")
    if not value:
        raise InvalidRequest(f"The server variable {name} of {source} has no value; give it as an input.")
    return value
