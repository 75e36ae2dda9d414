"""`runyard arazzo run`: from what was typed to a run, and from its report to what is printed and written."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runyard.arazzo import run as runner
from runyard.arazzo.http.fetching import Fetch, url_of
from runyard.arazzo.http.limits import Limits
from runyard.arazzo.http.transport import Transport
from runyard.arazzo.records import Record
from runyard.arazzo.running.loading import Loaded
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.plans import only_workflow
from runyard.arazzo.running.progress import Observer, WorkflowReport
from runyard.arazzo.running.waiting import Stopped
from runyard.arazzo.standing_in import stand_ins, wanted_of
from runyard.arazzo.told.document_secrets import learn_document
from runyard.arazzo.told.masked import Masked
from runyard.arazzo.told.masking import Masking
from runyard.arazzo.told.telling import length, shortened
from runyard.cli.arazzo_documents import document_text, opened, refusing, tell
from runyard.cli.arazzo_files import Files
from runyard.cli.arazzo_inputs import given_inputs, unknown_inputs
from runyard.cli.arazzo_kept import Kept, facts, whole
from runyard.cli.arazzo_watching import watching
from runyard.cli.exits import INTERRUPTED
from runyard.cli.output import print_json, print_record
from runyard.cli.target import Target
from runyard.client.errors import ClientError

if TYPE_CHECKING:
    from runyard.arazzo.running.inputs import Schema
    from runyard.cli.arazzo_recording import Recorder

LONGEST_CONDITION = 60
TOKEN = "token"  # noqa: S105 - the name of an input


class Asked(Record):
    """What somebody typed."""

    file: str
    target: Target
    workflow: str | None = None
    pairs: Sequence[tuple[str, str]] = ()
    inputs: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[str] = ()
    as_json: bool = False
    junit: Path | None = None
    har: Path | None = None
    record: bool = False
    options: Options = field(default_factory=Options)


class Ready(Record):
    """A document that can be run, with the inputs of its workflow."""

    loaded: Loaded
    workflow: str
    inputs: Mapping[str, Any]
    masking: Masking


def carry_out(asked: Asked) -> int:
    """Run a workflow as it was asked for, and return the exit status."""
    transport = Transport(Limits(hosts=tuple(asked.hosts)))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it so hears where it stood, too
    try:
        gc.freeze()  # what was loaded, and then what was read, lasts; to look through it for garbage costs time
        ready = _ready(asked, transport)
        gc.freeze()
        return _run(asked, ready, transport)
    except KeyboardInterrupt:
        tell("Interrupted.")
        return INTERRUPTED
    finally:
        transport.close()


# before anything is sent


def _ready(asked: Asked, transport: Transport) -> Ready:
    masking = Masking()
    with refusing(masking):
        text = document_text(asked.file, asked.sources, transport=transport)
        sources = {name: url_of(place) for name, place in asked.sources.items()}
        loaded = opened(text, sources, asked.servers)
        workflow = asked.workflow or only_workflow(loaded)
        standing_in = _stood_in(asked, loaded, workflow, text.fetch)
        if standing_in:
            loaded = opened(text, {**sources, **standing_in}, asked.servers)
        schema = runner.inputs_of(loaded, workflow)
        given = given_inputs(asked.pairs, asked.inputs, schema)
        wanted = wanted_of(loaded, workflow).keys()
        if wanted and not wanted - standing_in.keys():  # no other API could be sent it
            given |= _token(asked.target, schema, given)
        masking.learn_inputs(given, schema.properties)
        for line in unknown_inputs(given, schema):
            tell(f"warning: {line}")
        learn_document(masking, loaded, workflow)
        inputs = schema.completed(given)
        masking.learn_inputs(inputs, schema.properties)  # what is filled in within objects, too
    return Ready(loaded=loaded, workflow=workflow, inputs=inputs, masking=masking)


def _stood_in(asked: Asked, loaded: Loaded, workflow: str, fetch: Fetch) -> dict[str, str]:
    """Return the descriptions of our server that stand in for sources that cannot be reached, and say so."""
    found = list(stand_ins(loaded, workflow, partial(_address, asked.target), fetch=fetch, leave=asked.sources))
    for one in found:
        tell(
            f"source {one.name}: {one.why} The server's {one.url} knows its operations and stands in for it; name "
            f"another with --source {one.name}=URL|FILE."
        )
    return {one.name: one.url for one in found}


def _address(target: Target) -> str | None:
    """Return where our server is, if one runs."""
    from runyard.client.home import find_place  # noqa: PLC0415 - only without --source

    try:
        place = None if target.address is not None else find_place(target.folder)
    except ClientError:
        return None
    return target.address or (place.url if place else None)


def _token(target: Target, schema: Schema, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the server's own token if the document wants one and nobody gave it."""
    if TOKEN in given or TOKEN not in schema.properties:
        return {}
    token = _key(target)
    if token:
        tell(f"input {TOKEN}: not given; the server's own is used.")
    return {TOKEN: token} if token else {}


def _key(target: Target) -> str:
    from runyard.client.home import read_keys  # noqa: PLC0415 - only without --source

    if target.address is not None and target.home is None:
        return os.environ.get("RUNYARD_TOKEN", "")
    try:
        return read_keys(target.folder).token
    except ClientError:
        return ""


# the run, and what is told of it


def _run(asked: Asked, ready: Ready, transport: Transport) -> int:
    kept = Kept(with_steps=asked.as_json)
    files = Files.of(har=asked.har, junit=asked.junit)
    status = INTERRUPTED
    with ExitStack() as stack:
        rows = stack.enter_context(watching(ready.workflow))
        with refusing(ready.masking):
            recorder = stack.enter_context(_recorded(asked, ready)) if asked.record else None
        behind: list[Observer] = [*([recorder] if recorder else []), rows, kept, *files.observers]
        try:
            report = _carried_out(asked, ready, transport, Masked(ready.masking, behind))
            status = 0 if report.succeeded else 1
        except KeyboardInterrupt:
            pass  # where it stood was told
    files.write(ready.masking)
    run_id = recorder.recording.run_id if recorder and recorder.recording else None
    _print(asked, kept, is_interrupted=status == INTERRUPTED, run_id=run_id)
    return status


def _recorded(asked: Asked, ready: Ready) -> AbstractContextManager[Recorder]:
    from runyard.arazzo.told.drawing import drawing  # noqa: PLC0415 - see main.py
    from runyard.cli.arazzo_recording import recorded  # noqa: PLC0415 - see main.py
    from runyard.client.recording import Recording  # noqa: PLC0415 - see main.py

    settings = {
        "arazzo": ready.loaded.url,
        "title": ready.loaded.document.info.title,
        "workflow": ready.workflow,
        "inputs": ready.inputs,
    }
    masked = {
        **ready.masking.value(settings),
        "drawing": ready.masking.texts(drawing(ready.loaded, ready.workflow)),
    }
    client = asked.target.client()

    def begin(tasks: Sequence[str], verdict: str) -> Recording:
        return Recording(client, ready.workflow, tasks, verdict=verdict, settings=masked)

    return recorded(ready.loaded, ready.workflow, begin)


def _carried_out(asked: Asked, ready: Ready, transport: Transport, observer: Observer) -> WorkflowReport:
    with refusing(ready.masking):
        try:
            return runner.run_workflow(
                ready.loaded, ready.workflow, ready.inputs, send=transport, options=asked.options, observer=observer
            )
        except Stopped as stop:
            raise click.ClickException(ready.masking.text(str(stop))) from stop


def _print(asked: Asked, kept: Kept, *, is_interrupted: bool, run_id: int | None) -> None:
    for advice, conditions in kept.advice.items():
        more = f" and {len(conditions) - 1} more" if len(conditions) > 1 else ""
        tell(f"advice on `{shortened(conditions[0], LONGEST_CONDITION)}`{more}: {advice}")
    report = kept.report
    if report is None:
        tell("The workflow was interrupted before it began.")
        return
    if asked.as_json:
        recorded = {"run_id": run_id} if run_id else {}
        print_json({**whole(report), **recorded, "interrupted": is_interrupted, "executions": kept.executions})
    elif any(value is not None for value in report.outputs.values()):
        print_record(facts(report.outputs))
    verdict = "succeeded" if report.succeeded else "was interrupted" if is_interrupted else "failed"
    why = f": {report.message}" if report.message else ""
    executed = f"{report.steps} step{'' if report.steps == 1 else 's'} executed"
    tell(f"{report.workflows[-1]} {verdict} after {length(report.took_s)}, {executed}{why}")
