"""From plain data to the records of a document. What has the wrong kind is passed over here and told by checks.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from runyard.arazzo.documents.document import (
    Action,
    Components,
    Criterion,
    Document,
    Info,
    Parameter,
    Replacement,
    RequestBody,
    Selector,
    SourceDescription,
    Step,
    Unresolved,
    Workflow,
)
from runyard.arazzo.documents.places import Path
from runyard.arazzo.language.values import as_text
from runyard.core.errors import InvalidRequest, NotSupported

VERSIONS = ("1.0", "1.1")
SELECTOR = frozenset({"context", "selector", "type"})
Made = TypeVar("Made")


def assemble(data: Any) -> Document:
    """Return the document; refuse only what is none, or one of a version whose rules we do not know."""
    if not isinstance(data, dict) or not isinstance(data.get("arazzo"), str):
        raise InvalidRequest("This is no Arazzo document: it begins with `arazzo:` and a version such as '1.0.1'.")
    if ".".join(data["arazzo"].split(".")[:2]) not in VERSIONS:
        raise NotSupported(f"Arazzo {data['arazzo']} is not known here; known are {' and '.join(VERSIONS)}.")
    return _Assembly(data).document()


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None


def mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The member of this name if it is an object, else one without members."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _number(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _objects(data: Mapping[str, Any], name: str, at: Path) -> list[tuple[Mapping[str, Any], Path]]:
    value = data.get(name)
    if not isinstance(value, list):
        return []
    return [(item, (*at, name, index)) for index, item in enumerate(value) if isinstance(item, dict)]


def kind_and_version(value: Any) -> tuple[str | None, str | None]:
    """A criterion's `type`: a word, or an object that names a version of the language too."""
    if isinstance(value, dict):
        return _text(value, "type"), _text(value, "version")
    return (value if isinstance(value, str) else None), None


def value_of(value: Any) -> Any:
    """The value, as a Selector where it is one."""
    if not isinstance(value, dict) or frozenset(value) != SELECTOR:
        return value
    kind, version = kind_and_version(value["type"])
    if kind is None or not isinstance(value["context"], str) or not isinstance(value["selector"], str):
        return value
    return Selector(context=value["context"], selector=value["selector"], type=kind, version=version)


class _Assembly:
    """One document being read; it gathers the references that lead nowhere."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._components = mapping(data, "components")
        self._unresolved: list[Unresolved] = []

    def document(self) -> Document:
        data, info = self._data, mapping(self._data, "info")
        return Document(
            version=data["arazzo"],
            self_uri=_text(data, "$self"),
            info=Info(
                title=str(info.get("title") or ""),
                version=str(info.get("version") or ""),
                summary=_text(info, "summary"),
                description=_text(info, "description"),
            ),
            sources=tuple(_source(item, at) for item, at in _objects(data, "sourceDescriptions", ())),
            workflows=tuple(self._workflow(item, at) for item, at in _objects(data, "workflows", ())),
            components=Components(
                inputs=mapping(self._components, "inputs"),
                parameters=mapping(self._components, "parameters"),
                success_actions=mapping(self._components, "successActions"),
                failure_actions=mapping(self._components, "failureActions"),
            ),
            unresolved=tuple(self._unresolved),
        )

    def _workflow(self, data: Mapping[str, Any], at: Path) -> Workflow:
        return Workflow(
            id=_text(data, "workflowId") or "",
            summary=_text(data, "summary"),
            description=_text(data, "description"),
            inputs=data.get("inputs"),
            depends_on=_texts(data, "dependsOn"),
            steps=tuple(self._step(item, place) for item, place in _objects(data, "steps", at)),
            success_actions=self._list(data, "successActions", at, self._action) or (),
            failure_actions=self._list(data, "failureActions", at, self._action) or (),
            outputs={name: value_of(value) for name, value in mapping(data, "outputs").items()},
            parameters=self._list(data, "parameters", at, _parameter) or (),
            at=at,
        )

    def _step(self, data: Mapping[str, Any], at: Path) -> Step:
        timeout = _number(data, "timeout")
        return Step(
            id=_text(data, "stepId") or "",
            description=_text(data, "description"),
            operation_id=_text(data, "operationId"),
            operation_path=_text(data, "operationPath"),
            workflow_id=_text(data, "workflowId"),
            channel_path=_text(data, "channelPath"),
            parameters=self._list(data, "parameters", at, _parameter) or (),
            request_body=_body(data["requestBody"], at) if isinstance(data.get("requestBody"), dict) else None,
            success_criteria=_criteria(data, "successCriteria", at),
            on_success=self._list(data, "onSuccess", at, self._action),
            on_failure=self._list(data, "onFailure", at, self._action),
            outputs={name: value_of(value) for name, value in mapping(data, "outputs").items()},
            timeout_ms=None if timeout is None else int(timeout),
            depends_on=_texts(data, "dependsOn"),
            at=at,
        )

    def _list(
        self, data: Mapping[str, Any], name: str, at: Path, make: Callable[[Mapping[str, Any], Path], Made]
    ) -> tuple[Made, ...] | None:
        """The records of a list whose elements may refer to components; None if there is no list."""
        if name not in data:
            return None
        found = [(self._resolved(item, place), place) for item, place in _objects(data, name, at)]
        return tuple([make(item, place) for item, place in found if item is not None])

    def _resolved(self, data: Mapping[str, Any], at: Path) -> Mapping[str, Any] | None:
        reference = data.get("reference")
        if not isinstance(reference, str):
            return data
        group, _, name = reference.removeprefix("$components.").partition(".")
        members = mapping(self._components, group)
        if not reference.startswith("$components.") or not isinstance(members.get(name), dict):
            known = tuple(f"$components.{group}.{member}" for member in members)
            self._unresolved.append(Unresolved(reference=reference, known=known, at=(*at, "reference")))
            return None
        return {**members[name], "value": data["value"]} if "value" in data else members[name]

    def _action(self, data: Mapping[str, Any], at: Path) -> Action:
        limit = _number(data, "retryLimit")
        return Action(
            name=_text(data, "name") or "",
            type=_text(data, "type") or "",
            workflow_id=_text(data, "workflowId"),
            step_id=_text(data, "stepId"),
            retry_after=_number(data, "retryAfter"),
            retry_limit=1 if limit is None else int(limit),
            criteria=_criteria(data, "criteria", at),
            parameters=self._list(data, "parameters", at, _parameter) or (),
            at=at,
        )


def _source(data: Mapping[str, Any], at: Path) -> SourceDescription:
    return SourceDescription(
        name=_text(data, "name") or "", url=_text(data, "url") or "", type=_text(data, "type"), at=at
    )


def _parameter(data: Mapping[str, Any], at: Path) -> Parameter:
    value = value_of(data.get("value"))
    return Parameter(name=_text(data, "name") or "", location=_text(data, "in"), value=value, at=at)


def _criteria(data: Mapping[str, Any], name: str, at: Path) -> tuple[Criterion, ...]:
    return tuple([_criterion(item, place) for item, place in _objects(data, name, at)])


def _criterion(data: Mapping[str, Any], at: Path) -> Criterion:
    kind, version = kind_and_version(data.get("type"))
    return Criterion(
        condition=_text(data, "condition") or "",
        context=_text(data, "context"),
        # What is no kind stays as it is written, so that it is refused rather than taken for another.
        type=kind or (as_text(data["type"]) if "type" in data else "simple"),
        version=version,
        at=at,
    )


def _body(data: Mapping[str, Any], at: Path) -> RequestBody:
    place = (*at, "requestBody")
    return RequestBody(
        content_type=_text(data, "contentType"),
        payload=data.get("payload"),
        has_payload="payload" in data,
        replacements=tuple(_replacement(item, inner) for item, inner in _objects(data, "replacements", place)),
        at=place,
    )


def _replacement(data: Mapping[str, Any], at: Path) -> Replacement:
    kind, version = kind_and_version(data.get("targetSelectorType"))
    return Replacement(
        target=_text(data, "target") or "",
        value=value_of(data.get("value")),
        target_type=kind,
        target_version=version,
        at=at,
    )
