"""Where a step's request goes, and what proves who sends it."""

from __future__ import annotations

from typing import Any

import pytest
from arazzo_playing import answer, described, play, play_step

from runyard.core.errors import InvalidRequest, RunyardError

SERVERS = """
openapi: 3.0.3
servers:
- url: https://{region}.root.test/{stage}
  variables: {region: {default: eu, enum: [eu, us]}, stage: {default: v1}}
paths:
  /call: {servers: [{url: 'http://path.test'}], post: {operationId: call, servers: [{url: /relative}]}}
  /path: {servers: [{url: 'http://path.test'}], post: {operationId: path}}
  /root: {post: {operationId: root}}
"""


@pytest.mark.parametrize(
    ("operation", "more", "url"),
    [
        ("call", {}, "http://docs.test/relative/call"),
        ("path", {}, "http://path.test/path"),
        ("root", {}, "https://eu.root.test/v1/root"),
        ("root", {"inputs": {"region": "us"}}, "https://us.root.test/v1/root"),
        ("root", {"environment": {"ARAZZO_STAGE": "v2"}}, "https://eu.root.test/v2/root"),
        ("root", {"environment": {"ARAZZO_API_STAGE": "v3", "ARAZZO_STAGE": "v2"}}, "https://eu.root.test/v3/root"),
        ("root", {"servers": {"api": "http://localhost:1/x/"}}, "http://localhost:1/x/root"),
    ],
)
def test_the_nearest_server_is_called_or_the_one_that_is_given(operation: str, more: Any, url: str) -> None:
    workflows = f"workflows: [{{workflowId: w, steps: [{{stepId: s, operationId: {operation}}}]}}]"

    assert play(workflows, texts={"api.yaml": SERVERS}, **more).requests[0].url == url


@pytest.mark.parametrize(
    ("inputs", "servers", "said"),
    [
        ({"region": "moon"}, {}, "region is 'moon'; api knows eu, us"),
        ({}, {"api": "ftp://x"}, "'ftp://x' is no address to call"),
        ({}, {"api": "/relative"}, "--server api=https://HOST/PATH"),
    ],
)
def test_a_server_that_cannot_be_called_fails_the_play_step(inputs: Any, servers: Any, said: str) -> None:
    workflows = "workflows: [{workflowId: w, steps: [{stepId: s, operationId: root}]}]"

    report = play(workflows, inputs=inputs, texts={"api.yaml": SERVERS}, servers=servers).report

    assert said in (report.message or "")


def test_a_source_is_taken_from_where_the_caller_says() -> None:
    workflows = "workflows: [{workflowId: w, steps: [{stepId: s, operationId: root}]}]"
    played = play(workflows, texts={"other.yaml": SERVERS}, sources={"api": "http://docs.test/a/other.yaml"})

    assert played.requests[0].url == "https://eu.root.test/v1/root"
    with pytest.raises(InvalidRequest, match="has no source 'apj'; it has api"):
        play(workflows, sources={"apj": "x"})


def test_a_source_that_cannot_be_fetched_names_itself_and_says_what_to_do() -> None:
    def fetch(_: str) -> str:
        raise FileNotFoundError("no such file")

    from runyard.arazzo.run import HttpResponse, open_document, run_workflow  # noqa: PLC0415  # only here by hand

    text = "arazzo: 1.0.1\nsourceDescriptions: [{name: api, url: api.yaml}]\n"
    text += "workflows: [{workflowId: w, steps: [{stepId: s, operationId: root}]}]"
    loaded = open_document(text, url="file:///a/b.yaml", fetch=fetch)

    with pytest.raises(RunyardError, match=r"The source api cannot be read from file:///a/api.yaml.*--source api=URL"):
        run_workflow(loaded, None, {}, send=lambda _, timeout_s: HttpResponse(status=int(timeout_s)))


@pytest.mark.parametrize(
    ("scheme", "inputs", "environment", "header", "value", "url"),
    [
        ("{type: apiKey, in: header, name: X-Key}", {"x-key": "k"}, {}, "X-Key", "k", "/call"),
        ("{type: apiKey, in: query, name: key}", {}, {"ARAZZO_LOGIN": "k y"}, None, None, "/call?key=k%20y"),
        ("{type: apiKey, in: cookie, name: sid}", {"login": "k"}, {}, "Cookie", "sid=k", "/call"),
        ("{type: http, scheme: bearer}", {"token": "t"}, {}, "Authorization", "Bearer t", "/call"),
        ("{type: http, scheme: Bearer}", {}, {"ARAZZO_API_LOGIN": "t"}, "Authorization", "Bearer t", "/call"),
        ("{type: http, scheme: basic}", {"username": "u", "password": "p"}, {}, "Authorization", "Basic dTpw", "/call"),
        ("{type: http, scheme: basic}", {}, {"ARAZZO_LOGIN": "u:p"}, "Authorization", "Basic dTpw", "/call"),
        ("{type: oauth2, flows: {}}", {"access_token": "t"}, {}, "Authorization", "Bearer t", "/call"),
        ("{type: openIdConnect, openIdConnectUrl: x}", {"login": "Bearer t"}, {}, "Authorization", "Bearer t", "/call"),
        ("{type: mutualTLS}", {"login": "t"}, {}, "Authorization", None, "/call"),
    ],
)
def test_an_operation_is_proved_to_as_it_asks(
    scheme: str, inputs: Any, environment: Any, header: str | None, value: str | None, url: str
) -> None:
    more = f"components:\n  securitySchemes: {{login: {scheme}}}\n"
    played = play_step(
        "    x-a: 1\n", described("security: [{login: []}]", more), inputs=inputs, environment=environment
    )

    assert played.asked == [f"POST {url}"]
    assert header is None or played.header(header) == value


def test_the_first_way_to_prove_for_which_all_is_known_is_taken() -> None:
    schemes = "one: {type: apiKey, in: header, name: X-One}, two: {type: apiKey, in: header, name: X-Two}"
    more = f"components:\n  securitySchemes: {{{schemes}}}\n"
    description = described("security: [{one: [], two: []}, {two: []}, {}]", more)
    played = play_step("    x-a: 1\n", description, inputs={"two": "2"})

    assert (played.header("X-One"), played.header("X-Two")) == (None, "2")


def test_who_may_be_anybody_still_says_who_he_is_if_that_is_known() -> None:
    more = "components:\n  securitySchemes: {login: {type: http, scheme: bearer}}\n"
    description = described("security: [{}, {login: []}]", more)

    assert play_step("    x-a: 1\n", description, inputs={"token": "t"}).header("Authorization") == "Bearer t"
    assert play_step("    x-a: 1\n", description).header("Authorization") is None


def test_the_step_itself_and_the_callers_headers_may_prove_instead() -> None:
    description = described(
        "security: [{login: []}]", "components:\n  securitySchemes: {login: {type: http, scheme: bearer}}\n"
    )
    own = "    parameters: [{name: authorization, in: header, value: mine}]\n"
    played = play_step(own, description, inputs={"token": "t"}, headers=(("Authorization", "added"), ("X-More", "m")))
    added = play_step("    x-a: 1\n", description, headers=(("Authorization", "added"),))

    assert [name for name, _ in played.requests[0].headers] == ["authorization", "X-More"]
    assert played.header("authorization") == "mine"
    assert added.header("Authorization") == "added"


def test_a_refused_caller_hears_for_what_nothing_was_known() -> None:
    description = described(
        "security: [{login: []}]", "components:\n  securitySchemes: {login: {type: http, scheme: bearer}}\n"
    )
    played = play_step("    x-a: 1\n", description, answers=[answer(401)])

    assert "nothing was known for login: give an input of that name" in (played.report.message or "")


SWAGGER = """
swagger: '2.0'
host: things.test
basePath: /v1
schemes: [http]
consumes: [application/x-www-form-urlencoded]
paths:
  /call/{id}:
    post:
      operationId: call
      parameters:
      - {name: id, in: path, required: true, type: string}
      - {name: tags, in: query, type: array, collectionFormat: tsv}
      - {name: a, in: formData, type: string}
"""


def test_swagger_2_is_called_as_it_describes() -> None:
    text = """    parameters: [{name: id, in: path, value: x}, {name: tags, in: query, value: [a, b c, 3]}]
    requestBody: {payload: {a: a b/ü&}}
"""
    played = play_step(text, SWAGGER)

    assert played.asked == ["POST /call/x?tags=a%09b%20c%093"]
    assert played.requests[0].body == b"a=a%20b%2F%C3%BC%26"


@pytest.mark.parametrize(
    "call",
    [
        "operationPath: '{$sourceDescriptions.api.url}#/paths/~1call~1{id}/post'",
        "operationPath: $sourceDescriptions.api.url#/paths/~1call~1{id}/post",
        "operationId: $sourceDescriptions.api.call",
        "operationId: call",
    ],
)
def test_an_operation_is_found_by_each_way_to_name_it(call: str) -> None:
    given = "parameters: [{name: id, in: path, value: x}]"
    workflows = f"workflows:\n- workflowId: w\n  steps:\n  - stepId: s\n    {call}\n    {given}\n"

    assert play(workflows, texts={"api.yaml": SWAGGER}).asked == ["POST /call/x"]
