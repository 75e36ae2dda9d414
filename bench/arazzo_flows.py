"""(g) What a workflow costs beside a client that sends the same requests.

Ours: `runyard arazzo run` as a whole process, from its start to its end: the reference document (a job is started and
polled four times, without pauses) with our own API description of 100 KB, and documents of 1 to 1,000 steps, each with
two parameters, a header, a criterion and two outputs. The other: `bench/workflow_floor.py`, which sends the same
requests by the standard library's http.client on one connection and reads the answers, without a document, criteria or
a report. Both speak to one process, the standard library's http.server, one after the other in each round.

A step's own cost is the time of the longest document less that of one step, divided by the steps between: what both
pay only once is in neither. Memory is the most that the process of the longest document ever held.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Goal, Row, at_most
from bench.servers import working_folder
from bench.size import Size
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

FIGURE = "g"
HERE = Path(__file__).parent
REFERENCE = HERE.parent / "tests" / "unit" / "run-existing-job-and-wait.arazzo.yml"
MS = 1000
BYTES_A_MIB = 1024 * 1024
API = """openapi: 3.1.0
servers: [{url: URL}]
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}, {name: page, in: query}]
"""
HEAD = """arazzo: 1.0.1
info: {title: Things, version: 1.0.0}
sourceDescriptions: [{name: things, url: things.yaml, type: openapi}]
workflows:
- workflowId: things
  inputs: {type: object, properties: {id: {type: integer}, token: {type: string}}}
  steps:
"""
STEP = """  - stepId: step-NUMBER
    operationId: getThing
    parameters:
    - {name: id, in: path, value: $inputs.id}
    - {name: page, in: query, value: NUMBER}
    - {name: Authorization, in: header, value: Bearer $inputs.token}
    successCriteria: [{condition: $statusCode == 200}]
    outputs: {name: $response.body#/name, first: $response.body#/items/0}
"""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a process took."""

    ms: float
    mib: float


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    folder = working_folder()
    with responder() as url:
        (folder / "things.yaml").write_text(API.replace("URL", url))
        (folder / "databricks.json").write_bytes(described(OPERATIONS))
        arguments = {0: _reference(folder, url)} | {count: _things(folder, count) for count in size.flow_steps}
        found = _rounds(url, size, arguments)
    for count, (ours, peer) in found.items():
        yield _row(f"a flow of {count:,} steps" if count else "the reference flow, 6 requests", ours, peer)
    shortest, longest = min(size.flow_steps), max(size.flow_steps)
    yield Row(
        figure=FIGURE,
        what=f"a step, of {longest:,}",
        unit="ms",
        against="http.client",
        ours=_each(found[shortest][0], found[longest][0], longest - shortest),
        peer=_each(found[shortest][1], found[longest][1], longest - shortest),
        goal=at_most(3.5),
    )
    yield Row(
        figure=FIGURE,
        what=f"memory of a flow of {longest:,} steps",
        unit="MiB",
        against="http.client",
        ours=[spent.mib for spent in found[longest][0]],
        peer=[spent.mib for spent in found[longest][1]],
        goal=Goal(word="at most", limit=60, of_ratio=False),
    )


def _row(what: str, ours: Sequence[Spent], peer: Sequence[Spent]) -> Row:
    return Row(
        figure=FIGURE,
        what=f"{what}, a process",
        unit="ms",
        against="http.client",
        ours=[spent.ms for spent in ours],
        peer=[spent.ms for spent in peer],
    )


def _each(few: Sequence[Spent], many: Sequence[Spent], steps: int) -> list[float]:
    return [(most.ms - least.ms) / steps for least, most in zip(few, many, strict=True)]


@contextmanager
def responder() -> Iterator[str]:
    """Give the URL of the process that answers."""
    command = [sys.executable, str(HERE / "workflow_responder.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _reference(folder: Path, url: str) -> list[str]:
    given = ["-i", "jobId=5", "--source", f"azureDatabricksApi={folder / 'databricks.json'}"]
    return [str(REFERENCE), *given, "--server", f"azureDatabricksApi={url}", "--poll-interval", "0"]


def _things(folder: Path, count: int) -> list[str]:
    document = folder / f"flow-{count}.yaml"
    steps = "".join(STEP.replace("NUMBER", str(number)) for number in range(count))
    document.write_text(f"{HEAD}{steps}  outputs: {{name: $steps.step-{count - 1}.outputs.name}}\n")
    return [str(document), "-i", "id=7"]


def _rounds(url: str, size: Size, arguments: Mapping[int, Sequence[str]]) -> dict[int, tuple[list[Spent], list[Spent]]]:
    """Measure all flows in each round, so that a machine that slows down changes no difference between them."""
    found: dict[int, tuple[list[Spent], list[Spent]]] = {count: ([], []) for count in arguments}
    for number in range(1 + size.rounds):
        for count, (ours, peer) in found.items():
            mine = [sys.executable, "-m", "runyard.cli.main", "arazzo", "run", *arguments[count], "-i", "token=secret"]
            pair = _spent(mine), _spent([sys.executable, str(HERE / "workflow_floor.py"), url, str(count)])
            if number:  # the first round warms the disk's cache
                ours.append(pair[0])
                peer.append(pair[1])
    return found


def _spent(command: Sequence[str]) -> Spent:
    """Run a process to its end; one that fails would measure something else."""
    measured = [sys.executable, "-I", str(HERE / "process_cost.py"), *command]
    told = json.loads(subprocess.run(measured, stdout=subprocess.PIPE, check=True).stdout)
    return Spent(ms=told["seconds"] * MS, mib=told["bytes"] / BYTES_A_MIB)
