"""A run of a workflow whose server is a list of answers, and whose clock is moved by those who wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.arazzo.run import (
    Exchange,
    HttpRequest,
    HttpResponse,
    Options,
    StepPlace,
    StepReport,
    WorkflowReport,
    open_document,
    run_workflow,
)

API = """
openapi: 3.1.0
info: {title: Things, version: '1'}
servers: [{url: 'http://things.test/v1'}]
paths:
  /things:
    get: {operationId: list}
    post: {operationId: add, requestBody: {content: {application/json: {}}}}
  /things/{id}:
    parameters: [{name: id, in: path, required: true}]
    get: {operationId: get}
    delete: {operationId: remove}
  /state: {get: {operationId: state}}
  /login: {post: {operationId: login}}
"""
HEAD = "arazzo: {version}\ninfo: {{title: t, version: '1'}}\nsourceDescriptions: {sources}\n"
SOURCES = "[{name: api, url: api.yaml, type: openapi}]"
URL = "http://docs.test/a/flow.arazzo.yaml"
API_URL = "http://docs.test/a/api.yaml"

Answer = HttpResponse | BaseException
Answers = Iterable[Answer] | Callable[[HttpRequest], Answer]


def answer(status: int = 200, body: Any = None, *, content_type: str = "application/json", **headers: str) -> Answer:
    """Return a response; a body that is no text is written as JSON."""
    content = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=(("Content-Type", content_type), *named), body=content)


@dataclass
class Clock:
    """A clock that only waiting moves."""

    at: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Played:
    """What a run did and told: each call of its observer is one line of `told`."""

    clock: Clock = field(default_factory=Clock)
    requests: list[HttpRequest] = field(default_factory=list)
    steps: list[StepReport] = field(default_factory=list)
    workflows: list[WorkflowReport] = field(default_factory=list)
    waits_: list[tuple[float, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        self.told.append(f"{'/'.join(workflows)} begins")

    def step_began(self, place: StepPlace) -> None:
        self.told.append(f"{'/'.join((*place.workflows, place.step))} begins")

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.told.append(f"{place.step} exchanged {exchange.request.method}")

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        self.waits_.append((round(seconds, 6), why))
        self.told.append(f"{place.step} waits")

    def step_ended(self, report: StepReport) -> None:
        self.steps.append(report)
        self.told.append(f"{'/'.join((*report.place.workflows, report.place.step))} ended, then {report.follows}")

    def workflow_ended(self, report: WorkflowReport) -> None:
        self.workflows.append(report)
        self.told.append(f"{'/'.join(report.workflows)} {'succeeded' if report.succeeded else 'failed'}")

    @property
    def report(self) -> WorkflowReport:
        """How the whole ended."""
        return self.workflows[-1]

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the whole gave."""
        return self.report.outputs

    @property
    def asked(self) -> list[str]:
        """The requests as method and URL."""
        return [f"{request.method} {request.url.removeprefix('http://things.test/v1')}" for request in self.requests]

    def header(self, name: str, number: int = 0) -> str | None:
        """A header of one of the requests."""
        return dict(self.requests[number].headers).get(name)

    def sent(self, number: int = 0) -> Any:
        """The JSON body of one of the requests."""
        return json.loads(self.requests[number].body or b"null")


def document(workflows: str, *, version: str = "1.0.1", sources: str = SOURCES) -> str:
    """Return a document whose workflows (and components) are these."""
    return HEAD.format(version=version, sources=sources) + workflows


def play(
    workflows: str,
    answers: Answers = (),
    *,
    inputs: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    workflow: str | None = None,
    played: Played | None = None,
    **more: Any,
) -> Played:
    """Run a document of these workflows; `more` are options, or parts of `document` and `open_document`."""
    played = played or Played()
    known = {API_URL: API, **{f"http://docs.test/a/{name}": text for name, text in (texts or {}).items()}}
    given = {name: more.pop(name) for name in ("servers", "sources") if isinstance(more.get(name), dict)}
    made = {name: more.pop(name) for name in ("version", "sources") if name in more}
    text = workflows if workflows.startswith("{") else document(workflows, **made)
    loaded = open_document(text, url=URL, fetch=lambda url: known[url], **given)
    clock = played.clock
    options = Options(**{"clock": clock, "now": clock, "sleep": clock.sleep, "chance": lambda: 0.5, **more})
    script = answers if callable(answers) else iter(answers)

    def send(request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        played.timeouts.append(timeout_s)
        played.requests.append(request)
        found = script(request) if callable(script) else next(script, answer())
        if isinstance(found, BaseException):
            raise found
        return found

    report = run_workflow(loaded, workflow, inputs or {}, send=send, options=options, observer=played)
    assert report is played.report
    return played


def play_json(members: str, answers: Answers = (), **more: Any) -> Played:
    """Run a document whose members, beside its head, are given as JSON."""
    head = {
        "arazzo": "1.1.0",
        "info": {"title": "t", "version": "1"},
        "sourceDescriptions": [{"name": "api", "url": "api.yaml"}],
    }
    return play(json.dumps(head).removesuffix("}") + ", " + members + "}", answers, **more)


def described(operation: str, more: str = "", path: str = "/call") -> str:
    """Return a description of one operation, `call`."""
    return f"""
openapi: 3.1.0
servers: [{{url: 'http://things.test/v1'}}]
paths:
  {path}:
    post: {{operationId: call, {operation}}}
{more}
"""


def play_step(text: str, description: str, **more: Any) -> Played:
    """Run one step that calls the operation of a description."""
    workflows = "workflows:\n- workflowId: w\n  steps:\n  - stepId: s\n    operationId: call\n" + text
    return play(workflows, more.pop("answers", ()), texts={"api.yaml": description}, **more)
