"""What a step calls: an operation of one of the document's sources, or a workflow of this or another document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runyard.arazzo.apis.operations import Operation, ParameterRule
from runyard.arazzo.apis.sources import STYLES, Api
from runyard.arazzo.documents.document import Parameter, Step, Workflow
from runyard.arazzo.language.formulas import Formula, limited
from runyard.arazzo.records import Record
from runyard.arazzo.requests.requesting import WRITE, Given, OperationCall, Payload, parted_path
from runyard.arazzo.running.loading import PREFIX, Loaded
from runyard.core.errors import InvalidRequest, NotFound, NotSupported

POINTED = re.compile(r"\{?\$sourceDescriptions\.([^.{}]+)\.url\}?#(.*)", re.DOTALL)
MEMBER = "body"
"""Where a parameter stood in drafts of the specification, and stands in its own examples: a member of the payload."""
CALLS = ("operationId", "operationPath", "workflowId")


class WorkflowPlace(Record):
    """A workflow and the document it stands in."""

    loaded: Loaded
    workflow: Workflow


def find_workflow(loaded: Loaded, reference: str) -> WorkflowPlace:
    """The workflow that an id, or `$sourceDescriptions.NAME.ID`, names."""
    source, id_ = _parted(reference)
    if source is not None:
        other = _source(loaded, source)
        if not isinstance(other, Loaded):
            raise InvalidRequest(f"{reference} names no workflow: {source} describes an API.")
        loaded = other
    workflow = loaded.document.workflow(id_)
    if workflow is None:
        raise InvalidRequest(
            f"There is no workflow {id_!r}. {_nearest(id_, (w.id for w in loaded.document.workflows))}"
        )
    return WorkflowPlace(loaded=loaded, workflow=workflow)


def _parted(reference: str) -> tuple[str | None, str]:
    inner = reference.removeprefix("{").removesuffix("}")
    if not inner.startswith(PREFIX):
        return None, reference
    source, _, id_ = inner.removeprefix(PREFIX).partition(".")
    return source, id_


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415  # only what is wrong needs it

    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(names[:8]) or 'none'}."


def operation_call(loaded: Loaded, step: Step, parameters: Sequence[Parameter]) -> OperationCall:
    """The operation of a step with what the step gives it; refuse what HTTP cannot carry, by name."""
    if step.channel_path is not None:
        raise NotSupported(f"channelPath {step.channel_path} speaks of AsyncAPI, which is not known here.")
    calls = (step.operation_id, step.operation_path, step.workflow_id)
    if sum(call is not None for call in calls) != 1:
        raise InvalidRequest(f"It is to have exactly one of {', '.join(CALLS)}.")
    key = step.operation_path or step.operation_id or ""
    if key not in loaded.operations:  # most steps call one that others call, too
        loaded.operations[key] = _operation(loaded, step)
    source, operation = loaded.operations[key]
    return OperationCall(
        source=source,
        operation=operation,
        server=loaded.servers.get(source),
        parameters=tuple(_given(loaded, one, operation) for one in parameters if one.location != MEMBER),
        payload=_payload(loaded, step, [one for one in parameters if one.location == MEMBER]),
        path=parted_path(operation.path),
    )


def _operation(loaded: Loaded, step: Step) -> tuple[str, Operation]:
    if step.operation_path is not None:
        found = POINTED.fullmatch(step.operation_path)
        if found is not None:
            return found[1], _pointed(loaded, found[1], found[2])
        source, id_ = _parted(step.operation_path)
        if source is None:
            form = "{$sourceDescriptions.NAME.url}#/paths/~1a~1b/get"
            raise InvalidRequest(f"operationPath is to be like {form}, not {step.operation_path}.")
    else:
        source, id_ = _parted(step.operation_id or "")
    return _by_id(loaded, [source], id_) if source is not None else _by_id(loaded, _apis(loaded), id_)


def _pointed(loaded: Loaded, source: str, pointer: str) -> Operation:
    operation = _api(loaded, source).at_pointer(pointer)
    if operation is None:
        raise NotFoundOperation(f"The source {source} has no operation at {pointer}.")
    return operation


class NotFoundOperation(InvalidRequest):
    """A step names an operation that no source has."""


def _apis(loaded: Loaded) -> list[str]:
    return [name for name, source in loaded.sources.items() if source.type != "arazzo"]


def _by_id(loaded: Loaded, names: Sequence[str], id_: str) -> tuple[str, Operation]:
    """The operation of one of these sources; with several the id is to be in one of them alone."""
    silent = [name for name in names if len(names) > 1 and loaded.sources[name].type == "asyncapi"]
    apis = {name: api for name in names if name not in silent and isinstance(api := _source(loaded, name), Api)}
    found = {name: operation for name, api in apis.items() if (operation := api.operation(id_)) is not None}
    if len(found) > 1:
        raise InvalidRequest(f"{id_!r} is in {' and '.join(found)}; write {PREFIX}{next(iter(found))}.{id_}.")
    if not found:
        also = f" Of the sources {', '.join(silent)} (AsyncAPI) nothing can be run here." if silent else ""
        known = (other for api in apis.values() for other in api.operation_ids)
        raise NotFoundOperation(f"No source has an operation {id_!r}. {_nearest(id_, known)}{also}")
    return next(iter(found.items()))


def _source(loaded: Loaded, name: str) -> Api | Loaded:
    try:
        return loaded.source(name)
    except NotFound as error:
        raise InvalidRequest(str(error)) from error


def _api(loaded: Loaded, name: str) -> Api:
    found = _source(loaded, name)
    if not isinstance(found, Api):
        raise InvalidRequest(f"The source {name} is an Arazzo document, which has no operations.")
    return found


def _given(loaded: Loaded, parameter: Parameter, operation: Operation) -> Given:
    """The parameter as its operation describes it, or as OpenAPI writes one that is not described."""
    rule = None
    for one in operation.parameters:
        if _is_of(one, parameter):
            rule = one
            break
    if rule is None and parameter.location not in WRITE:
        raise InvalidRequest(f"The parameter {parameter.name} says not whether it is in {', '.join(WRITE)}.")
    if rule is None or rule.location not in WRITE:
        rule = _undescribed(parameter.name, parameter.location or "query")
    return Given(rule=rule, value=limited(parameter.value, loaded.version))


def _is_of(rule: ParameterRule, parameter: Parameter) -> bool:
    if parameter.location not in (None, rule.location):
        return False
    same = str.lower if rule.location == "header" else str
    return same(rule.name) == same(parameter.name)


def _undescribed(name: str, location: str) -> ParameterRule:
    style = STYLES.get(location, "form")
    return ParameterRule(name=name, location=location, style=style, explode=style == "form")


def _payload(loaded: Loaded, step: Step, members: Sequence[Parameter]) -> Payload | None:
    body = step.request_body
    if members and body is None:
        whole = {parameter.name: parameter.value for parameter in members}
        return Payload(content_type=None, value=limited(whole, loaded.version))
    if body is None or not (body.has_payload or body.replacements):
        return None
    replacements = tuple((one, limited(one.value, loaded.version)) for one in body.replacements)
    return Payload(
        content_type=body.content_type,
        value=limited(body.payload if body.has_payload else {}, loaded.version),
        replacements=replacements,
    )


def workflow_formulas(
    loaded: Loaded, parameters: Iterable[Parameter], own: Sequence[Parameter], inputs: Mapping[str, Any]
) -> tuple[tuple[str, Formula], ...]:
    """The inputs that parameters give to a workflow; a parameter of the whole document counts only if it is one."""
    return tuple(
        (parameter.name, limited(parameter.value, loaded.version))
        for parameter in parameters
        if parameter in own or parameter.location is None or parameter.name in inputs
    )
