"""What is covered on a screen that others may look at too, and what is left to be read."""

from __future__ import annotations

from runyard.web.console.insight.frames import LARGEST, framed
from runyard.web.console.insight.masks import MASK, masked


def test_values_that_are_called_like_secrets_are_covered_however_deep() -> None:
    record = {"Arguments": {"--db_password": "x", "--day": "monday"}, "more": [{"apiKey": "y", "page_token": "z"}]}

    assert masked(record) == {
        "Arguments": {"--db_password": MASK, "--day": "monday"},
        "more": [{"apiKey": MASK, "page_token": "z"}],
    }


def test_all_of_what_is_called_like_a_secret_is_covered() -> None:
    record = {"secrets": {"db": "x", "days": [1, "y"]}, "credentials": [{"user": "ana", "is_new": True}]}

    assert masked(record) == {
        "secrets": {"db": MASK, "days": [MASK, MASK]},
        "credentials": [{"user": MASK, "is_new": True}],
    }


def test_values_beside_a_name_that_is_one_of_a_secret_are_covered() -> None:
    parameters = [{"name": "password", "default": "x"}, {"name": "day", "default": "monday"}]

    assert masked(parameters) == [{"name": "password", "default": MASK}, {"name": "day", "default": "monday"}]
    assert masked({"key": "token", "value": "x", "about": "who"}) == {"key": "token", "value": MASK, "about": "who"}


def test_arguments_are_covered_as_they_are_written() -> None:
    arguments = ["--token", "x", "--password=y", "--day", "monday", "--secret", "--verbose"]

    assert masked(arguments) == ["--token", MASK, f"--password={MASK}", "--day", "monday", "--secret", "--verbose"]


def test_what_says_nothing_is_not_covered() -> None:
    record = {"password": "", "secret": None, "token": True, "page_token": "x"}

    assert masked(record) == record


def test_a_page_of_a_job_is_sent_with_an_origin_of_nobody() -> None:
    reply = framed("<p>hello</p>")

    policy = reply.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert b"<p>hello</p>" in reply.body


def test_a_page_that_is_too_large_says_so() -> None:
    assert b"too many to show" in framed("x" * (LARGEST + 1)).body
