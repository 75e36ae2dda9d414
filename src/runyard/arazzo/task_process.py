"""The program of a task that runs a document: a process of its own, like any other task's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.arazzo.http.fetching import Fetch, is_remote
from runyard.arazzo.http.transport import Transport
from runyard.arazzo.run import inputs_of, run_workflow
from runyard.arazzo.running.inputs import Schema
from runyard.arazzo.running.loading import Loaded, open_document
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.plans import only_workflow
from runyard.arazzo.running.progress import WorkflowReport
from runyard.arazzo.standing_in import stand_ins, wanted_of
from runyard.arazzo.told.document_secrets import learn_document
from runyard.arazzo.told.drawing import drawing
from runyard.arazzo.told.kept_steps import KeptSteps
from runyard.arazzo.told.lines import Lines
from runyard.arazzo.told.masked import Masked
from runyard.arazzo.told.masking import Masking
from runyard.arazzo.told.veils import veiled
from runyard.core.errors import RunyardError

FOLDER = "RUNYARD_ATTEMPT_FOLDER"
SERVER = "RUNYARD_URL"
SERVERS_TOKEN = "RUNYARD_TOKEN"  # noqa: S105 - the name of a variable
TOKEN = "token"  # noqa: S105 - the name of an input


def main() -> None:
    """Run the document that the context names; leave its outputs in the attempt's folder."""
    folder = Path(os.environ[FOLDER])
    told = json.loads((folder / "context.json").read_text(encoding="utf-8"))["arazzo"]
    masking, transport = Masking(), Transport()
    masking.learn([os.environ.get(SERVERS_TOKEN), *told["secrets"]])
    try:
        report = _run(told, masking, transport)
    except RunyardError as error:
        sys.exit(masking.text(str(error)))
    finally:
        transport.close()
    masked = veiled(masking, report)
    _write(folder / "output.json", {"values": dict(masked.outputs)})
    if not report.succeeded:
        sys.exit(masked.message or f"The workflow {report.workflows[-1]} failed.")


def _run(told: Mapping[str, Any], masking: Masking, transport: Transport) -> WorkflowReport:
    text, url = Path(told["file"]).read_text(encoding="utf-8-sig"), told["url"]
    fetch = Fetch(transport=transport, files=not is_remote(url), named=told["sources"].values())
    loaded = open_document(text, url=url, fetch=fetch, sources=told["sources"], servers=told["servers"])
    workflow = told["workflow_id"] or only_workflow(loaded)
    replaced = _replaced(loaded, workflow, told["sources"], fetch)
    if replaced:
        sources = {**told["sources"], **replaced}
        loaded = open_document(text, url=url, fetch=fetch, sources=sources, servers=told["servers"])
    schema = inputs_of(loaded, workflow)
    inputs = {name: _typed(schema, name, value) for name, value in told["inputs"].items()}
    if TOKEN in schema.properties and TOKEN not in inputs and not wanted_of(loaded, workflow).keys() - replaced.keys():
        inputs[TOKEN] = os.environ.get(SERVERS_TOKEN, "")
    masking.learn_inputs(inputs, schema.properties)
    learn_document(masking, loaded, workflow)
    masking.learn_inputs(schema.completed(inputs), schema.properties)  # what is filled in within objects, too
    kept = KeptSteps(Path(os.environ[FOLDER]))
    kept.begin(
        {
            "title": loaded.document.info.title,
            "workflow": workflow,
            "inputs": masking.value(inputs),
            "drawing": masking.texts(drawing(loaded, workflow)),
        }
    )
    observer = Masked(masking, [Lines(_say).rows, kept])
    options = Options(environment=os.environ)
    return run_workflow(loaded, workflow, inputs, send=transport, options=options, observer=observer)


def _replaced(loaded: Loaded, workflow: str, sources: Mapping[str, str], fetch: Fetch) -> dict[str, str]:
    """Return the descriptions of the server that stand in for sources which cannot be reached, and say so."""
    found = list(stand_ins(loaded, workflow, lambda: os.environ.get(SERVER), fetch=fetch, leave=sources))
    for one in found:
        _say(f"source {one.name}: {one.why} This server knows its operations and stands in for it.")
    return {one.name: one.url for one in found}


def _typed(schema: Schema, name: str, value: Any) -> Any:
    """Read a text as the workflow wants it: values of other tasks and of the job come as texts."""
    return schema.from_text(name, value) if isinstance(value, str) else value


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write(file: Path, facts: Mapping[str, Any]) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(facts), encoding="utf-8")
    new.replace(file)


if __name__ == "__main__":
    main()
