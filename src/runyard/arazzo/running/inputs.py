"""The inputs of a workflow: their defaults, and whether they are what its JSON Schema (2020-12) asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from runyard.arazzo.documents.assembly import mapping
from runyard.arazzo.documents.document import Workflow
from runyard.arazzo.documents.reading import read
from runyard.arazzo.language.expressions import pointer_parts
from runyard.arazzo.language.values import MISSING, as_text, at_pointer
from runyard.arazzo.running.loading import Loaded
from runyard.core.errors import InvalidRequest, RunyardError

PLAIN_BASE = "urn:arazzo"
"""What a document without an absolute address is called while its schemas are read."""
DEEPEST = 50
MOST_TOLD = 5
SHOWN = 120


class Schema:
    """The schema of a workflow's inputs, with what it refers to in its document."""

    def __init__(self, loaded: Loaded, workflow: Workflow) -> None:
        self._loaded = loaded
        self._schema = workflow.inputs
        self._id = workflow.id
        self._base = loaded.base if "://" in loaded.base else PLAIN_BASE
        shared = dict(loaded.document.components.inputs)
        # A reference may be a pointer into the document, or an $anchor, which is looked for under $defs.
        self._document = {"$defs": shared, "components": {"inputs": shared}, "x-inputs": {"this": workflow.inputs}}
        self._validator: Any = None

    @property
    def properties(self) -> Mapping[str, Any]:
        """The inputs that the schema declares, by name."""
        found: dict[str, Any] = {}
        for schema in self._parts(self._schema, 0):
            found |= mapping(schema, "properties")
        return found

    @property
    def defaults(self) -> dict[str, Any]:
        """The inputs as they are if nobody gives any."""
        values: dict[str, Any] = self._with_defaults({}, self._schema, 0)
        return values

    def completed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with defaults filled in; refuse what does not fit, by name and value."""
        values: dict[str, Any] = self._with_defaults(dict(given), self._schema, 0)
        if self._schema is not None:
            try:
                problems = [self._told(error) for error in self._checking().iter_errors(_checkable(values))]
            except ValueError as error:
                raise InvalidRequest(f"The inputs of {self._id} cannot be held to their schema: {error}.") from error
            if problems:
                raise InvalidRequest(f"The inputs of {self._id} are wrong: {'; '.join(problems[:MOST_TOLD])}.")
        return values

    def refuse_unreadable(self) -> None:
        """Refuse a schema that is none; one that refers to another text is known when that is read."""
        if self._schema is not None and not _refers_elsewhere(self._schema):
            self._checking()

    def from_text(self, name: str, text: str) -> Any:
        """An input as it is typed on a command line: a text where one may stand, else JSON."""
        if self.takes_text(name):
            return text
        try:
            return json.loads(text)
        except ValueError:
            return text

    def takes_text(self, name: str) -> bool:
        """Whether an input may be a text."""
        types = {kind for part in self._parts(self.properties.get(name), 0) for kind in _types(part)}
        return not types or "string" in types

    def _checking(self) -> Any:
        if self._validator is None:
            import jsonschema_rs  # noqa: PLC0415  # 16 ms that a workflow without a schema does not need

            try:
                self._validator = jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{self._base}#/x-inputs/this"},
                    pattern_options=jsonschema_rs.RegexOptions(),  # which decide in linear time
                    retriever=self._fetched,
                )
            except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
                text = getattr(error, "message", None) or str(error)
                raise InvalidRequest(f"The inputs of {self._id} have a schema that is none: {text}.") from error
        return self._validator

    def _fetched(self, url: str) -> Any:
        if url == self._base:
            return self._document
        try:
            return read(self._loaded.fetch(url))
        except (OSError, RunyardError) as error:
            raise ValueError(str(error)) from error

    def _told(self, error: Any) -> str:
        place = ".".join(map(str, error.instance_path))
        if not place:
            return str(error.message)
        if self._is_secret(str(error.instance_path[0])):
            return f"{place} is not as its schema asks ({error.kind.name})"
        value = as_text(error.instance)
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        return f"{place} is {shown}, but {_shortened(error.message)}"

    def _is_secret(self, name: str) -> bool:
        return any(
            part.get("format") == "password" or part.get("writeOnly")
            for part in self._parts(self.properties.get(name), 0)
        )

    def _with_defaults(self, value: Any, schema: Any, depth: int) -> Any:
        if not isinstance(value, dict):
            return value
        for part in self._parts(schema, depth):
            for name, inner in mapping(part, "properties").items():
                if name in value:
                    value = {**value, name: self._with_defaults(value[name], inner, depth + 1)}
                elif (default := self._default(inner, depth)) is not MISSING:
                    value = {**value, name: default}
        return value

    def _default(self, schema: Any, depth: int) -> Any:
        defaults = [part["default"] for part in self._parts(schema, depth) if "default" in part]
        return defaults[0] if defaults else MISSING

    def _parts(self, schema: Any, depth: int) -> list[Mapping[str, Any]]:
        """The schema with those that it takes in by `$ref` and `allOf`."""
        if not isinstance(schema, dict) or depth > DEEPEST:
            return []
        found: list[Mapping[str, Any]] = [schema]
        inner = list(schema["allOf"]) if isinstance(schema.get("allOf"), list) else []
        if isinstance(schema.get("$ref"), str):
            inner.append(self._referred(schema["$ref"]))
        for part in inner:
            found += self._parts(part, depth + 1)
        return found

    def _referred(self, reference: str) -> Any:
        url, fragment = urldefrag(urljoin(self._base, reference) if not reference.startswith("#") else reference)
        if url not in ("", self._base):
            return None  # another text's defaults stay there; its rules hold all the same
        if fragment.startswith("/"):
            return at_pointer(self._document, pointer_parts(fragment, reference))
        shared = self._document["$defs"].values()
        return next(
            (schema for schema in shared if isinstance(schema, dict) and schema.get("$anchor") == fragment), None
        )


def _checkable(value: Any) -> Any:
    """The value as JSON could have it: a schema knows the bytes of a file as a text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {name: _checkable(inner) for name, inner in value.items()}
    return [_checkable(inner) for inner in value] if isinstance(value, list) else value


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else list(kind) if isinstance(kind, list) else []


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _refers_elsewhere(schema: Any) -> bool:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        here = not isinstance(reference, str) or reference.startswith("#")
        return not here or any(map(_refers_elsewhere, schema.values()))
    return isinstance(schema, list) and any(map(_refers_elsewhere, schema))
