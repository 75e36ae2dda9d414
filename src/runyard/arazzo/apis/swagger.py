"""Where Swagger 2.0 says otherwise what OpenAPI 3 says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from runyard.arazzo.apis.operations import ParameterRule

BODIES = frozenset({"body", "formData"})
"""Parameters that are the request's body, which OpenAPI 3 describes apart."""
# collectionFormat -> style, explode. Separators that OpenAPI 3 gave up keep their old name as a style.
STYLES: Mapping[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "tsv": ("tabDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
SCHEMA = frozenset({"type", "format", "items", "enum", "default", "minimum", "maximum", "pattern"})


def rule(data: Mapping[str, Any]) -> ParameterRule:
    """A parameter as OpenAPI 3 would describe it."""
    style, explode = STYLES.get(str(data.get("collectionFormat", "csv")), STYLES["csv"])
    return ParameterRule(
        name=data["name"],
        location=data["in"],
        required=bool(data.get("required")),
        style="simple" if data["in"] in {"path", "header"} else style,
        explode=explode,
        schema=data.get("schema") or {key: data[key] for key in SCHEMA & data.keys()},
    )


def needs_body(rules: Iterable[ParameterRule]) -> bool:
    """Whether a request without a body is incomplete."""
    return any(rule.required and rule.location in BODIES for rule in rules)


def content_types(
    data: Mapping[str, Any], operation: Mapping[str, Any], rules: Mapping[Any, ParameterRule]
) -> tuple[str, ...]:
    """What the operation takes as a body: as it says, else as the whole description says, else by its parameters."""
    locations = {rule.location for rule in rules.values()}
    if not locations & BODIES:
        return ()
    said = tuple(operation.get("consumes") or data.get("consumes") or ())
    return said or (("application/x-www-form-urlencoded",) if "formData" in locations else ("application/json",))


def urls(data: Mapping[str, Any], operation: Mapping[str, Any], base: str) -> tuple[str, ...]:
    """Where the API answers: what is not said is as where its description stands."""
    here = urlsplit(base)
    schemes = operation.get("schemes") or data.get("schemes") or [here.scheme or "https"]
    host = data.get("host") or here.netloc
    path = str(data.get("basePath") or "/")
    return tuple(f"{scheme}://{host}{path}" for scheme in schemes) if host else (path,)
