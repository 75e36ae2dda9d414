"""Runs of workflows as HAR archives."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from arazzo_reports import exchange
from har_schema import HAR

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.running.progress import StepPlace
from runyard.arazzo.told import har
from runyard.arazzo.told.har import LARGEST_TEXT, HarArchive

PLACE = StepPlace(workflows=("main", "login"), step="ask")


def entry(one: Exchange) -> dict[str, Any]:
    """Return the entry of an archive that is as the specification asks."""
    kept = HarArchive()
    kept.exchanged(PLACE, one)
    archive = json.loads(json.dumps(kept.archive(version="1.0")))
    jsonschema_rs.Draft202012Validator(HAR, validate_formats=True).validate(archive)
    (found,) = archive["log"]["entries"]
    return dict(found)


def test_an_archive_without_entries_is_valid() -> None:
    archive = HarArchive().archive(version="1.0")

    jsonschema_rs.Draft202012Validator(HAR).validate(archive)
    assert archive["log"]["creator"] == {"name": "runyard arazzo", "version": "1.0"}


def test_an_entry_tells_what_was_asked_and_answered() -> None:
    headers = (("Content-Type", "application/json"), ("Location", "/there"), ("Set-Cookie", "sid=1; Path=/"))
    found = entry(exchange(headers=headers, method="GET"))

    assert found["startedDateTime"] == "2026-01-01T00:00:00.250+00:00"
    assert found["time"] == 12.5
    assert found["comment"] == "main/login/ask"
    assert found["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert "postData" not in found["request"]
    assert found["response"]["status"] == 200
    assert found["response"]["statusText"] == "OK"
    assert found["response"]["redirectURL"] == "/there"
    assert found["response"]["cookies"] == [{"name": "sid", "value": "1"}]
    assert found["response"]["content"] == {
        "size": 17,
        "mimeType": "application/json",
        "text": '{"state": "DONE"}',
    }


def test_a_form_is_told_by_its_fields_and_other_bodies_as_text() -> None:
    form = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
    json_header = (("Content-Type", "application/json"), ("Cookie", "a=1; b=2"))

    posted = entry(exchange(method="POST", request_headers=form, request_body=b"x=1&y=%C3%A9"))["request"]["postData"]
    assert posted == {
        "mimeType": form[0][1],
        "params": [{"name": "x", "value": "1"}, {"name": "y", "value": "é"}],
    }
    request = entry(exchange(method="POST", request_headers=json_header, request_body=b'{"x": 1}'))["request"]
    assert request["postData"] == {"mimeType": "application/json", "text": '{"x": 1}'}
    assert request["cookies"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]


def test_a_request_without_an_answer_has_the_status_0_and_the_reason() -> None:
    found = entry(exchange(None))

    assert found["response"]["status"] == 0
    assert found["comment"] == "main/login/ask: api.example gave no answer within 60 s."


def test_what_is_no_text_is_told_in_base64() -> None:
    found = entry(exchange(200, b"\xff\x00", method="POST", request_body=b"\xff"))

    assert found["response"]["content"]["text"] == "/wA="
    assert found["response"]["content"]["encoding"] == "base64"
    assert found["request"]["postData"] == {"mimeType": "", "text": "/w==", "comment": "the text is in base64"}


@pytest.mark.parametrize("body", [b"x" * (LARGEST_TEXT + 1), "é".encode() * LARGEST_TEXT])
def test_of_a_large_body_the_beginning_is_told(body: bytes) -> None:
    content = entry(exchange(200, body))["response"]["content"]

    assert content["size"] == len(body)
    assert len(content["text"].encode()) == LARGEST_TEXT
    assert content["comment"].startswith("the first 1,048,576 of ")


def test_a_header_that_is_no_cookie_does_not_spoil_the_archive() -> None:
    assert entry(exchange(headers=(("Set-Cookie", "\x00;;=,"),)))["response"]["cookies"] == []


def test_an_archive_of_very_many_bodies_leaves_the_later_ones_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har, "MOST_TEXT", 30)
    kept = HarArchive()
    for _ in range(2):
        kept.exchanged(PLACE, exchange())
    archive = kept.archive(version="1.0")
    first, second = (one["response"]["content"] for one in archive["log"]["entries"])

    jsonschema_rs.Draft202012Validator(HAR).validate(archive)
    assert first["text"] == '{"state": "DONE"}'
    assert second["text"] == ""
    assert second["size"] == 17
    assert second["comment"].startswith("left out")
