"""Glue's spellings of our numbers, by which its logs are named too: a prefix and 64 hex digits that prove themselves.

The digits are the number times a large odd factor, modulo 2^256, with the upper half folded into the lower one, so that
both ends of an id tell it from its neighbours. Only one value in 2^203 reads back as a number of
ours, and no change of a single digit ever does.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from runyard.core.ids import LARGEST

RUN = "jr"
JOB = "j"
WORKFLOW_RUN = "wr"
NODE = "wnode"

MODULUS = 2**256
HALF = 128  # bits
FACTORS = {
    RUN: 0x989F5BD7EBC3FF6F27F4D836FE77871F3AAE8D58A92C7C40F930D47B89619193,
    JOB: 0xA9DFF17B3D2662F9AA94DCFE5CCCF6BA642A3840EB40E159E6A2FF619F429D03,
    WORKFLOW_RUN: 0xB81AB1DD3DC8D4DBCBA21E949703FDA3E2F4C428EBBD6740867DAB927F607D57,
}
"""BLAKE2b-256 of "runyard " and the prefix, made odd: nothing is special about them."""
_INVERSES = {prefix: pow(factor, -1, MODULUS) for prefix, factor in FACTORS.items()}

_SPELLING = re.compile(r"(jr?|wr)_([0-9a-f]{64})(?:_attempt_([1-9][0-9]{0,8}))?", re.ASCII)


def run_id(number: int, attempt: int = 0) -> str:
    """Spell a run; automatic retries after the first attempt carry their number."""
    return f"{_spell(RUN, number)}_attempt_{attempt}" if attempt else _spell(RUN, number)


def from_run_id(text: str) -> tuple[int, int] | None:
    """Return a run's number and attempt, or None if we never wrote that id."""
    return _unspell(RUN, text)


def job_id(number: int) -> str:
    """Spell a job, as scripts get it in `--JOB_ID`."""
    return _spell(JOB, number)


def from_job_id(text: str) -> int | None:
    """Return a job's number, or None if we never wrote that id."""
    found = _unspell(JOB, text)
    return found[0] if found and not found[1] else None


def workflow_run_id(number: int) -> str:
    """Spell a workflow's run."""
    return _spell(WORKFLOW_RUN, number)


def from_workflow_run_id(text: str) -> int | None:
    """Return a workflow run's number, or None if we never wrote that id."""
    found = _unspell(WORKFLOW_RUN, text)
    return found[0] if found and not found[1] else None


def node_id(workflow_id: int, kind: str, name: str) -> str:
    """Name a node of a workflow's graph, the same in each of its runs."""
    return f"{NODE}_{blake2b(f'{workflow_id} {kind} {name}'.encode(), digest_size=32).hexdigest()}"


def _spell(prefix: str, number: int) -> str:
    product = number * FACTORS[prefix] % MODULUS
    return f"{prefix}_{product ^ product >> HALF:064x}"


def _unspell(prefix: str, text: str) -> tuple[int, int] | None:
    parts = _SPELLING.fullmatch(text)
    if parts is None or parts[1] != prefix:
        return None
    folded = int(parts[2], 16)
    number = (folded ^ folded >> HALF) * _INVERSES[prefix] % MODULUS
    return (number, int(parts[3] or 0)) if number <= LARGEST else None
