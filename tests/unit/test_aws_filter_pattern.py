from __future__ import annotations

import pytest

from runyard.core.errors import InvalidRequest
from runyard.dialects.aws.filter_pattern import matcher

MESSAGE = 'ERROR 42: could not read "sales.csv" of s3://raw'


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "  ",
        '""',
        "ERROR",
        "ERROR read",
        '"could not"',
        '"\\"sales.csv\\""',
        "s3://raw",
        "?WARN ?ERROR",
        "-WARN",
        "ERROR -WARN",
        "?ERROR -WARN",
        "ERROR ?WARN",
        '-"not there"',
        '?"could not" ?WARN',
    ],
)
def test_a_message_that_fits_is_found(pattern: str) -> None:
    assert matcher(pattern)(MESSAGE)


@pytest.mark.parametrize(
    "pattern",
    [
        "error",
        "ERROR WARN",
        '"not could"',
        "?WARN ?INFO",
        "-ERROR",
        "ERROR -read",
        "?ERROR -read",
        "WARN ?ERROR",
    ],
)
def test_a_message_that_does_not_fit_is_left_out(pattern: str) -> None:
    assert not matcher(pattern)(MESSAGE)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("{ $.level = 1 }", "a pattern for JSON"),
        (" [ip, user]", "space-delimited fields"),
        ("%ERROR%", "a regular expression"),
        ('"unfinished', "a quotation mark stands alone"),
        ('half"quoted', "a quotation mark stands alone"),
        ('ERROR "a"b', "a quotation mark stands alone"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_and_named(pattern: str, what: str) -> None:
    with pytest.raises(InvalidRequest, match=what):
        matcher(pattern)
