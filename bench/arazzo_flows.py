"""(g) What a workflow costs beside a client that sends the same requests.

Ours: `runyard arazzo run` as a whole process, from its start to its end: the reference document (a job is started and
polled four times, without pauses) with our own API description of 100 KB, and documents of 1 to 1,000 steps, each with
two parameters, a header, a criterion and two outputs. The floor: `bench/workflow_floor.py`, which sends the same
requests by the standard library's http.client on one connection that is kept alive and parses the answers, without a
document, criteria or a report. Both speak to one process (`bench/workflow_responder.py`).

The machine may be busy with other things. So the two run in turn, several times in each round; of each the least of a
round counts, because everything else only ever adds; and the ratio is the median over the rounds. A step's own cost is
the time of the longest document less that of one step, divided by the steps between: what both pay only once is in
neither. It is told as time that passed, with the standard library's http.server and with a responder that takes next to
nothing, and as time that the process computed (user and sys). Memory is the most that the process of the longest
document ever held. Bytecode is kept between the runs, as it is where runyard is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Goal, Row, at_most
from bench.servers import working_folder
from bench.size import Size
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

FIGURE = "g"
FLOOR = "bare http.client"
IN_TURN = 3
"""How often ours and the floor run in turn in each round."""
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
    cpu_ms: float
    mib: float


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A workflow that both carry out."""

    what: str
    ours: Sequence[str]
    floor: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What ours and the floor took in each round: the least."""

    ours: list[Spent]
    floor: list[Spent]


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    folder = working_folder()
    shortest, longest = min(size.flow_steps), max(size.flow_steps)
    with responders() as (url, lean):
        flows = {"reference": _reference(folder, url)}
        flows |= {f"{count}": _things(folder, url, count) for count in size.flow_steps}
        flows |= {f"lean {count}": _things(folder, lean, count) for count in (shortest, longest)}
        found = _rounds(folder, size.rounds, flows)
    for name in ("reference", *map(str, size.flow_steps)):
        yield _row(f"{flows[name].what}, a process", found[name], lambda spent: spent.ms)
    for kind, what, part in PARTS:
        few, many = found[f"{kind}{shortest}"], found[f"{kind}{longest}"]
        row = _row(f"a step, of {longest:,}, {what}", _each(few, many, longest - shortest), part)
        # The goal was set against a client and a server of the standard library: 0.20 ms a request.
        yield replace(row, goal=None if kind else at_most(3.5))
    row = _row(f"memory of a flow of {longest:,} steps", found[f"{longest}"], lambda spent: spent.mib)
    yield replace(row, unit="MiB", goal=Goal(word="at most", limit=60, of_ratio=False))


PARTS: Sequence[tuple[str, str, Callable[[Spent], float]]] = (
    ("", "http.server answers", lambda spent: spent.ms),
    ("lean ", "a lean responder answers", lambda spent: spent.ms),
    ("", "http.server answers, user + sys", lambda spent: spent.cpu_ms),
    ("lean ", "a lean responder answers, user + sys", lambda spent: spent.cpu_ms),
)
"""The flows that a step's cost is taken from, how it is told, and what of their cost is looked at."""


def _row(what: str, found: Found, part: Callable[[Spent], float]) -> Row:
    return Row(
        figure=FIGURE,
        what=what,
        unit="ms",
        against=FLOOR,
        ours=[part(spent) for spent in found.ours],
        peer=[part(spent) for spent in found.floor],
    )


def _each(few: Found, many: Found, steps: int) -> Found:
    """What one step more costs each of them, round by round."""

    def each(least: Spent, most: Spent) -> Spent:
        return Spent(ms=(most.ms - least.ms) / steps, cpu_ms=(most.cpu_ms - least.cpu_ms) / steps, mib=0.0)

    return Found(ours=list(map(each, few.ours, many.ours)), floor=list(map(each, few.floor, many.floor)))


@contextmanager
def responders() -> Iterator[tuple[str, str]]:
    """Give the URLs of the process that answers: the standard library's, and the lean one."""
    command = [sys.executable, str(HERE / "workflow_responder.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.stdout.readline().strip()
        finally:
            process.kill()


def _reference(folder: Path, url: str) -> Flow:
    description = folder / "databricks.json"
    description.write_bytes(described(OPERATIONS))
    given = ["-i", "jobId=5", "--source", f"azureDatabricksApi={description}", "--server", f"azureDatabricksApi={url}"]
    return _flow("the reference flow, 6 requests", [str(REFERENCE), *given, "--poll-interval", "0"], [url, "0"])


def _things(folder: Path, url: str, count: int) -> Flow:
    place = folder / url.rpartition(":")[2]
    place.mkdir(exist_ok=True)
    (place / "things.yaml").write_text(API.replace("URL", url))
    document = place / f"flow-{count}.yaml"
    steps = "".join(STEP.replace("NUMBER", str(number)) for number in range(count))
    document.write_text(f"{HEAD}{steps}  outputs: {{name: $steps.step-{count - 1}.outputs.name}}\n")
    return _flow(f"a flow of {count:,} steps", [str(document), "-i", "id=7"], [url, str(count)])


def _flow(what: str, ours: Sequence[str], floor: Sequence[str]) -> Flow:
    command = [sys.executable, "-m", "runyard.cli.main", "arazzo", "run", *ours, "-i", "token=secret"]
    return Flow(what=what, ours=command, floor=[sys.executable, str(HERE / "workflow_floor.py"), *floor])


def _rounds(folder: Path, rounds: int, flows: Mapping[str, Flow]) -> dict[str, Found]:
    """Measure all flows in each round, so that a machine that slows down changes no difference between them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    found = {name: Found(ours=[], floor=[]) for name in flows}
    for flow in flows.values():  # warms the disk's cache
        _spent(flow.ours, environment)
        _spent(flow.floor, environment)
    for _ in range(rounds):
        for name, flow in flows.items():
            pairs = [(_spent(flow.ours, environment), _spent(flow.floor, environment)) for _ in range(IN_TURN)]
            found[name].ours.append(_least([ours for ours, _ in pairs]))
            found[name].floor.append(_least([floor for _, floor in pairs]))
    return found


def _least(taken: Sequence[Spent]) -> Spent:
    return Spent(
        ms=min(spent.ms for spent in taken),
        cpu_ms=min(spent.cpu_ms for spent in taken),
        mib=min(spent.mib for spent in taken),
    )


def _spent(command: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """Run a process to its end; one that fails would measure something else."""
    measured = [sys.executable, "-I", str(HERE / "process_cost.py"), *command]
    told = json.loads(subprocess.run(measured, stdout=subprocess.PIPE, check=True, env=environment).stdout)
    return Spent(ms=told["seconds"] * MS, cpu_ms=told["cpu_seconds"] * MS, mib=told["bytes"] / BYTES_A_MIB)
