"""What a document itself says of secrets: which inputs of its workflows are some, where its APIs take their keys."""

from __future__ import annotations

from collections.abc import Iterator

from runyard.arazzo.apis.sources import Api
from runyard.arazzo.documents.document import Step
from runyard.arazzo.running.calls import POINTED, WorkflowPlace
from runyard.arazzo.running.inputs import Schema
from runyard.arazzo.running.loading import PREFIX, Loaded
from runyard.arazzo.running.reach import reached
from runyard.arazzo.told.masking import Masking


def learn_document(masking: Masking, loaded: Loaded, workflow: str) -> None:
    """Mask what the workflows that a run may lead to, and the APIs that they call, have as secrets."""
    for place in reached(loaded, workflow):
        learn_defaults(masking, place)
        for name in _called(place):
            api = place.loaded.source(name)
            if isinstance(api, Api):
                schemes = api.schemes.values()
                masking.learn_names(one.name for one in schemes if one.type == "apiKey" and one.name)


def learn_defaults(masking: Masking, place: WorkflowPlace) -> None:
    """Mask the secret inputs of a workflow, and what they are if nobody gives them."""
    schema = Schema(place.loaded, place.workflow)
    masking.learn_inputs(schema.defaults, schema.properties)


def _called(place: WorkflowPlace) -> dict[str, None]:
    """The sources whose operations a workflow's steps call."""
    return dict.fromkeys(name for step in place.workflow.steps for name in _sources_of(step, place.loaded))


def _sources_of(step: Step, loaded: Loaded) -> Iterator[str]:
    described = [name for name, source in loaded.sources.items() if source.type in (None, "openapi")]
    pointed = POINTED.fullmatch(step.operation_path or "")
    id_ = (step.operation_id or step.operation_path or "").removeprefix("{")
    if pointed is not None or id_.startswith(PREFIX):
        name = pointed[1] if pointed is not None else id_.removeprefix(PREFIX).partition(".")[0]
        yield from (one for one in described if one == name)
    elif id_:  # whichever of them has it
        yield from described
