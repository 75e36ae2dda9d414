"""Which regular expressions are refused before a library compiles them, because that alone may take all memory."""

from __future__ import annotations

import math
import re

LONGEST_PATTERN = 4_096
# The library writes `(a{1000}){1000}` out in full, some 300 bytes a piece; this keeps a pattern below 200 MB.
MOST_PIECES = 2_000_000
# A pattern that calls itself fills the memory long before its time is over; no specification of patterns has it.
CALL = re.compile(r"\(\?(?:R|[+-]?\d+|&\w+|P>\w+)\)")
COUNT = re.compile(r"\{(\d*),?(\d*)\}", re.ASCII)


def problem(pattern: str) -> tuple[str, int] | None:
    """Say what is wrong with a pattern and at which character, from 0."""
    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern has at most {LONGEST_PATTERN:,} characters", LONGEST_PATTERN
    if _pieces(pattern) > MOST_PIECES:
        return "the pattern repeats too much; lower its counts", pattern.index("{")
    if called := CALL.search(pattern):
        return "a pattern does not call itself or its groups", called.start()
    return None


def _pieces(pattern: str) -> int:
    """How long the pattern is at most when its counts are written out, whatever stands inside of what."""
    counts = (
        int(number) if len(number) < len(str(MOST_PIECES)) else MOST_PIECES + 1
        for found in COUNT.finditer(pattern)
        for number in found.groups()
        if number
    )
    return len(pattern) * math.prod(max(count, 1) for count in counts)
