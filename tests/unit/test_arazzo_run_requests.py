"""What a step sends: parameters by their styles, payloads of every type, servers, and what proves the caller."""

from __future__ import annotations

from typing import Any

import pytest
from arazzo_playing import Played, described, play, play_step

INPUTS: dict[str, Any] = {
    "text": "a b/ü&",
    "list": ["a", "b c", 3],
    "object": {"R": 100, "G": True},
    "nested": {"a": {"b": [1, 2]}},
    "empty": [],
    "none": None,
}


def step(text: str, description: str, **more: Any) -> Played:
    return play_step(text, description, **{**more, "inputs": {**INPUTS, **more.get("inputs", {})}})


@pytest.mark.parametrize(
    ("rule", "value", "url"),
    [
        ("in: query", "$inputs.text", "?p=a%20b%2F%C3%BC%26"),
        ("in: query", "$inputs.list", "?p=a&p=b%20c&p=3"),
        ("in: query, explode: false", "$inputs.list", "?p=a,b%20c,3"),
        ("in: query, style: pipeDelimited, explode: false", "$inputs.list", "?p=a%7Cb%20c%7C3"),
        ("in: query, style: spaceDelimited, explode: false", "$inputs.list", "?p=a%20b%20c%203"),
        ("in: query", "$inputs.object", "?R=100&G=true"),
        ("in: query, explode: false", "$inputs.object", "?p=R,100,G,true"),
        ("in: query, style: deepObject", "$inputs.object", "?p%5BR%5D=100&p%5BG%5D=true"),
        ("in: query, style: deepObject", "$inputs.nested", "?p%5Ba%5D%5Bb%5D=1&p%5Ba%5D%5Bb%5D=2"),
        ("in: query, allowReserved: true", "a/b?c=d&e#[f]", "?p=a/b?c=d&e%23%5Bf%5D"),
        ("in: query, content: {application/json: {}}", "$inputs.object", "?p=%7B%22R%22%3A100%2C%22G%22%3Atrue%7D"),
        ("in: query", "$inputs.empty", ""),
        ("in: query", "$inputs.none", ""),
        ("in: query", "$inputs.missing", ""),
        ("in: query", "$steps.later.outputs.x", ""),
        ("in: query", "{$inputs.list}-{$inputs.missing}", "?p=%5B%22a%22%2C%22b%20c%22%2C3%5D-"),
        ("in: query", "true", "?p=true"),
        ("in: query", "1.50", "?p=1.5"),
    ],
)
def test_a_query_parameter_is_written_by_its_style(rule: str, value: str, url: str) -> None:
    given = f"    parameters: [{{name: p, in: query, value: {value if value in ('true', '1.50') else repr(value)}}}]"
    played = step(given, described(f"parameters: [{{name: p, {rule}}}]"))

    assert played.asked == [f"POST /call{url}"]


@pytest.mark.parametrize(
    ("rule", "value", "path"),
    [
        ("", "$inputs.text", "a%20b%2F%C3%BC%26"),
        ("", "$inputs.list", "a,b%20c,3"),
        ("", "$inputs.object", "R,100,G,true"),
        (", explode: true", "$inputs.object", "R=100,G=true"),
        (", style: label", "$inputs.text", ".a%20b%2F%C3%BC%26"),
        (", style: label", "$inputs.list", ".a,b%20c,3"),
        (", style: label, explode: true", "$inputs.list", ".a.b%20c.3"),
        (", style: label, explode: true", "$inputs.object", ".R=100.G=true"),
        (", style: matrix", "$inputs.list", ";p=a,b%20c,3"),
        (", style: matrix, explode: true", "$inputs.list", ";p=a;p=b%20c;p=3"),
        (", style: matrix, explode: true", "$inputs.object", ";R=100;G=true"),
    ],
)
def test_a_path_parameter_is_written_by_its_style(rule: str, value: str, path: str) -> None:
    description = described(f"parameters: [{{name: p, in: path{rule}}}]", path="/call/{p}/end")
    played = step(f"    parameters: [{{name: p, in: path, value: {value}}}]", description)

    assert played.asked == [f"POST /call/{path}/end"]


def test_a_path_without_its_parameter_is_not_asked_for() -> None:
    played = step(
        "    parameters: [{name: p, in: path, value: $inputs.missing}]", described("x-a: 1", path="/call/{p}")
    )

    assert played.asked == []
    assert "The parameter p of /call/{p} has no value" in (played.report.message or "")


def test_headers_and_cookies_are_written_by_their_styles_and_known_without_case() -> None:
    description = described("parameters: [{name: X-List, in: header}, {name: X-Object, in: header, explode: true}]")
    played = step(
        """    parameters:
    - {name: x-list, in: header, value: $inputs.list}
    - {name: x-object, in: header, value: $inputs.object}
    - {name: Authorization, in: header, value: Bearer $inputs.text}
    - {name: session, in: cookie, value: a=b; c}
    - {name: ids, in: cookie, value: [1, 2]}
    outputs: {sent: $request.header.X-LIST, list: $request.header.X-Object}
""",
        description,
    )

    assert played.header("X-List") == "a,b c,3"
    assert played.header("X-Object") == "R=100,G=true"
    assert played.header("Authorization") == "Bearer a b/ü&"
    assert played.header("Cookie") == "session=a=b%3B%20c; ids=1; ids=2"
    assert played.steps[0].outputs["sent"] == ["a", "b c", 3]


def test_a_header_cannot_become_two() -> None:
    played = step('    parameters: [{name: X, in: header, value: "a\\r\\nHost: evil"}]', described("x-a: 1"))

    assert played.asked == []
    assert "'X' has a name or a value that no header may have" in (played.report.message or "")


def test_a_steps_parameters_come_before_its_workflows_and_may_stand_in_components() -> None:
    workflows = """
workflows:
- workflowId: w
  parameters:
  - {name: p, in: query, value: workflow}
  - {name: q, in: query, value: kept}
  steps:
  - stepId: s
    operationId: call
    parameters: [{reference: $components.parameters.own}, {reference: $components.parameters.given, value: 2}]
components:
  parameters:
    own: {name: p, in: query, value: step}
    given: {name: page, in: query, value: 1}
"""

    assert play(workflows, texts={"api.yaml": described("x-a: 1")}).asked == ["POST /call?p=step&q=kept&page=2"]


@pytest.mark.parametrize(
    ("value", "query"),
    [("'a=1&b=x y'", "?a=1&b=x%20y"), ("$inputs.object", "?R=100&G=true"), ("'?a={$inputs.list}'", None)],
)
def test_a_querystring_is_the_whole_query(value: str, query: str | None) -> None:
    given = f"    parameters: [{{name: all, in: querystring, value: {value}}}]"
    played = step(given, described("parameters: [{name: all, in: querystring, content: {}}]"), version="1.1.0")

    assert query is None or played.asked == [f"POST /call{query}"]
    assert played.report.succeeded


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("payload: {a: $inputs.list, b: $inputs.missing, c: null, d: ['$inputs.missing'], e: 'x{$inputs.text}'}", None),
        ("payload: $inputs.object", b'{"R":100,"G":true}'),
        ("payload: '{\"a\": {$inputs.list}}'", b'{"a": ["a","b c",3]}'),
        ("payload: $inputs.text", b'"a b/\\u00fc&"'),
        ("payload: null", b"null"),
        ("payload: 5", b"5"),
        ("payload: $inputs.missing", b""),
        ("payload: 'costs $5 {x}'", b'"costs $5 {x}"'),
    ],
)
def test_json_keeps_types_and_leaves_out_what_is_missing(body: str, sent: bytes | None) -> None:
    description = described("requestBody: {content: {text/xml: {}, application/json: {}}}")
    played = step(f"    requestBody: {{contentType: application/json, {body}}}\n", description)

    if sent is None:
        assert played.sent() == {"a": ["a", "b c", 3], "c": None, "d": [None], "e": "xa b/ü&"}
    else:
        assert (played.requests[0].body or b"") == sent
    assert played.header("Content-Type") == ("application/json" if sent != b"" else None)


@pytest.mark.parametrize(
    ("known", "payload", "content_type", "sent"),
    [
        ("application/json: {}", "{a: 1}", "application/json", b'{"a":1}'),
        ("application/merge-patch+json: {}", "{a: 1}", "application/merge-patch+json", b'{"a":1}'),
        ("application/xml: {}, application/json: {}", "{a: 1}", "application/json", b'{"a":1}'),
        ("application/xml: {}", "'<a>{$inputs.text}</a>'", "application/xml", "<a>a b/ü&</a>".encode()),
        ("text/plain: {}", "hello", "text/plain", b"hello"),
        ("application/x-ndjson: {}", "[{a: 1}, {b: 2}]", "application/x-ndjson", b'{"a":1}\n{"b":2}\n'),
        ("application/octet-stream: {}", "$inputs.bytes", "application/octet-stream", b"\x00\xff"),
        (
            "application/x-www-form-urlencoded: {}",
            "{a: $inputs.text, b: $inputs.list, c: $inputs.object, d: $inputs.missing}",
            "application/x-www-form-urlencoded",
            b"a=a%20b%2F%C3%BC%26&b=a&b=b%20c&b=3&c=%7B%22R%22%3A100%2C%22G%22%3Atrue%7D",
        ),
        (
            "application/x-www-form-urlencoded: {}",
            "'user={$inputs.name}&x=1'",
            "application/x-www-form-urlencoded",
            b"user=n&x=1",
        ),
    ],
)
def test_a_payload_is_written_as_its_operation_takes_it(
    known: str, payload: str, content_type: str, sent: bytes
) -> None:
    description = described(f"requestBody: {{content: {{{known}}}}}")
    played = step(f"    requestBody: {{payload: {payload}}}\n", description, inputs={"bytes": b"\x00\xff", "name": "n"})

    assert played.report.succeeded, played.report.message
    assert (played.header("Content-Type"), played.requests[0].body) == (content_type, sent)


def test_parameters_in_the_body_are_members_of_the_payload_as_in_the_specifications_example() -> None:
    text = "    parameters: [{name: a, in: body, value: $inputs.list}, {name: b, in: body, value: $inputs.missing}]\n"

    assert step(text, described("requestBody: {content: {application/json: {}}}")).sent() == {"a": ["a", "b c", 3]}


def test_multipart_has_a_part_for_each_member_and_is_the_same_each_time() -> None:
    description = described("requestBody: {content: {multipart/form-data: {}}}")
    text = "    requestBody: {payload: {a: x, b: $inputs.object, file: $inputs.bytes, n: [1, 2]}}\n"
    first, second = (step(text, description, inputs={"bytes": b"\x00\xff"}) for _ in range(2))

    kind, _, boundary = (first.header("Content-Type") or "").partition("; boundary=")
    assert kind == "multipart/form-data"
    assert first.requests[0].body == b"".join(
        f"--{boundary}\r\n".encode() + part + b"\r\n"
        for part in (
            b'Content-Disposition: form-data; name="a"\r\n\r\nx',
            b'Content-Disposition: form-data; name="b"\r\nContent-Type: application/json\r\n\r\n{"R":100,"G":true}',
            (
                b'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: '
                b"application/octet-stream\r\n\r\n\x00\xff"
            ),
            b'Content-Disposition: form-data; name="n"\r\n\r\n1',
            b'Content-Disposition: form-data; name="n"\r\n\r\n2',
        )
    ) + (f"--{boundary}--\r\n".encode())
    assert first.requests == second.requests


def test_an_object_that_is_to_be_xml_fails_the_step() -> None:
    played = step("    requestBody: {contentType: text/xml, payload: {a: 1}}\n", described("x-a: 1"))

    assert "A payload of type text/xml is to be a text" in (played.report.message or "")


@pytest.mark.parametrize(
    ("replacements", "sent"),
    [
        ("[{target: /a/b, value: $inputs.list}]", {"a": {"b": ["a", "b c", 3]}, "c": [1, 2]}),
        ("[{target: /new, value: x}, {target: /c/-, value: 3}]", {"a": {"b": 1}, "c": [1, 2, 3], "new": "x"}),
        ("[{target: /c/0, value: $inputs.missing}]", {"a": {"b": 1}, "c": [1, 2]}),
        ("[{target: '$.c[*]', targetSelectorType: jsonpath, value: 0}]", {"a": {"b": 1}, "c": [0, 0]}),
        ("[{target: '', value: {x: 1}}]", {"x": 1}),
    ],
)
def test_replacements_put_values_into_a_payload(replacements: str, sent: object) -> None:
    text = f"    requestBody: {{payload: {{a: {{b: 1}}, c: [1, 2]}}, replacements: {replacements}}}\n"

    assert step(text, described("x-a: 1"), version="1.1.0").sent() == sent


def test_a_replacement_in_a_template_of_json_and_in_xml() -> None:
    json_text = """    requestBody:
      contentType: application/json
      payload: '{"a": "{$inputs.text}", "b": 1}'
      replacements: [{target: /b, value: $inputs.object}]
"""
    xml_text = """    requestBody:
      contentType: application/xml
      payload: '<a><b id="1">x</b></a>'
      replacements: [{target: /a/b/@id, value: '{$inputs.object}'}, {target: /a/b, value: <new>}]
"""

    assert step(json_text, described("x-a: 1")).sent() == {"a": "a b/ü&", "b": {"R": 100, "G": True}}
    assert step(xml_text, described("x-a: 1")).requests[0].body == (
        b'<a><b id="{&quot;R&quot;:100,&quot;G&quot;:true}">&lt;new&gt;</b></a>'
    )


def test_a_replacement_of_what_is_not_there_fails_the_step() -> None:
    text = "    requestBody: {payload: {a: 1}, replacements: [{target: /b/c, value: 1}]}\n"

    assert "The target /b/c is not in the payload: there is no 'b'" in (
        step(text, described("x-a: 1")).report.message or ""
    )
