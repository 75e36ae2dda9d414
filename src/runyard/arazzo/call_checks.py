"""What steps call, looked up as a run would: operations by id and path, workflows, and where parameters go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from runyard.arazzo.apis.sources import Api
from runyard.arazzo.documents.document import Document, Parameter, Step, Workflow
from runyard.arazzo.documents.places import Path
from runyard.arazzo.doubts import Doubt, nearest_word
from runyard.arazzo.running.calls import POINTED
from runyard.arazzo.running.loading import PREFIX, Loaded

Sources = Mapping[str, Api | Loaded]
"""Those that are at hand, by name."""
CALLS = ("operationId", "operationPath", "workflowId", "channelPath")
POINTED_FORM = "{$sourceDescriptions.NAME.url}#/paths/~1a~1b/get"


def call_doubts(document: Document, workflow: Workflow, step: Step, sources: Sources) -> Iterator[Doubt]:
    """What is wrong with the one thing that a step calls, and with what it gives it."""
    calls = (step.operation_id, step.operation_path, step.workflow_id, step.channel_path)
    if sum(call is not None for call in calls) != 1:
        message = f"The step {step.id!r} is to have exactly one of {', '.join(CALLS)}."
        yield Doubt(message=message, at=step.at)
    if step.channel_path is not None:
        yield Doubt(message="Steps on channels (AsyncAPI) cannot be run here.", at=(*step.at, "channelPath"))
    if step.workflow_id is not None:
        yield from workflow_doubts(document, step.workflow_id, (*step.at, "workflowId"), sources)
    if step.operation_id is not None:
        yield from _operation(document, step.operation_id, (*step.at, "operationId"), sources)
    if step.operation_path is not None:
        yield from _path(document, step.operation_path, (*step.at, "operationPath"), sources)
    yield from _parameters(step.parameters, needs_place=step.workflow_id is None)
    yield from _parameters(workflow.parameters, needs_place=False)


def workflow_doubts(document: Document, id_: str, at: Path, sources: Sources) -> Iterator[Doubt]:
    """A workflow that is named and is not there."""
    found, name, id_ = document, "", id_.removeprefix("{").removesuffix("}")
    if id_.startswith(PREFIX):
        name, _, id_ = id_.removeprefix(PREFIX).partition(".")
        named = [one.name for one in document.sources if one.type in (None, "arazzo")]
        names = [one for one in named if not isinstance(sources.get(one), Api)]
        source = sources.get(name)
        if name not in names:
            message = f"There is no document {name!r} among the sources."
            yield Doubt(message=message, at=at, hint=nearest_word(name, names))
            return
        if not isinstance(source, Loaded):
            return  # it is not at hand
        found = source.document
    if found.workflow(id_) is None:
        known = [workflow.id for workflow in found.workflows]
        where = f" in {name}" if name else ""
        yield Doubt(message=f"There is no workflow {id_!r}{where}.", at=at, hint=nearest_word(id_, known))


def _operation(document: Document, id_: str, at: Path, sources: Sources) -> Iterator[Doubt]:
    names = _describing(document)
    if id_.startswith(PREFIX):
        name, _, id_ = id_.removeprefix(PREFIX).partition(".")
        if name not in names:
            yield Doubt(message=f"There is no source {name!r}.", at=at, hint=nearest_word(name, names))
            return
        names = [name]
    elif len(names) > 1:
        message = f"With several sources, {id_!r} does not say which one it is of."
        yield Doubt(message=message, at=at, hint=f"Write {PREFIX}{names[0]}.{id_}.")
    apis = [api for name in names if isinstance(api := sources.get(name), Api)]
    if apis and len(apis) == len(names):
        known = [found for api in apis for found in api.operation_ids]
        if id_ not in known:
            yield Doubt(message=f"No source has an operation {id_!r}.", at=at, hint=nearest_word(id_, known))


def _describing(document: Document) -> list[str]:
    return [source.name for source in document.sources if source.type != "arazzo"]


def _path(document: Document, path: str, at: Path, sources: Sources) -> Iterator[Doubt]:
    found = POINTED.fullmatch(path)
    if found is None:
        if path.removeprefix("{").startswith(PREFIX):  # an id, as some write it
            yield from _operation(document, path.removeprefix("{").removesuffix("}"), at, sources)
        else:
            yield Doubt(message=f"{path!r} leads to no operation.", at=at, hint=f"Write {POINTED_FORM}.")
        return
    name, pointer = found[1], found[2]
    names = _describing(document)
    if name not in names:
        yield Doubt(message=f"There is no source {name!r}.", at=at, hint=nearest_word(name, names))
    elif isinstance(api := sources.get(name), Api) and api.at_pointer(pointer) is None:
        hint = nearest_word(pointer, api.pointers)
        yield Doubt(message=f"The source {name} has no operation at {pointer}.", at=at, hint=hint)


def _parameters(parameters: Sequence[Parameter], *, needs_place: bool) -> Iterator[Doubt]:
    seen = Counter[tuple[str, str | None]]()
    for one in parameters:
        seen[one.name, one.location] += 1
        if seen[one.name, one.location] == 2:  # noqa: PLR2004  # the second one is one too many
            message = f"The parameter {one.name!r} is given twice; the last one counts."
            yield Doubt(message=message, at=one.at, is_error=False)
        if needs_place and one.location is None:
            message = f"The parameter {one.name!r} does not say where it goes."
            yield Doubt(message=message, at=one.at, hint="Give `in`: path, query, header or cookie.", is_error=False)
