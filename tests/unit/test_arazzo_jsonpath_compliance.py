"""JSONPath as criteria, selectors and replacements have it, by the compliance test suite of RFC 9535.

The suite stands unchanged in jsonpath_compliance/, with its licence (BSD-2); it came with the npm package
jsonpath-rfc9535 1.3.0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runyard.arazzo.language.bounded import Paths
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.values import at_pointer

CASES = json.loads((Path(__file__).parent / "jsonpath_compliance" / "cts.json").read_text())["tests"]
VALID = [case for case in CASES if not case.get("invalid_selector")]
INVALID = [case for case in CASES if case.get("invalid_selector")]


def test_the_suite_is_there() -> None:
    assert (len(VALID), len(INVALID)) == (442, 245)


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_a_query_selects_what_the_suite_says_and_tells_where_that_is(case: dict[str, Any]) -> None:
    values = Paths(5.0).values(case["selector"], case["document"])
    ways = Paths(5.0).locations(case["selector"], case["document"])

    assert values in (case.get("results") or [case["result"]])
    assert values == [at_pointer(case["document"], [str(key) for key in way]) for way in ways]


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_what_is_no_query_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        Paths(5.0).read(case["selector"])
