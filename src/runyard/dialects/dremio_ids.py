"""Dremio's spellings of our numbers: UUIDs that prove themselves, and the id by which its clients name a workspace.

A UUID of version 4 has 122 free bits. They hold the number times a large odd factor, modulo 2^122, with the upper half
folded into the lower one; only one value in 2^69 reads back as a number of ours.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from hashlib import blake2b

from runyard.core.ids import LARGEST

JOB = "dremio job"
ENTITY = "dremio entity"

BITS = 122
MODULUS = 2**BITS
HALF = BITS // 2
VERSION, VERSION_AT = 4, 76  # where a UUID says what it is
VARIANT, VARIANT_AT = 2, 62
FACTORS = {
    kind: int.from_bytes(blake2b(f"runyard {kind}".encode(), digest_size=15).digest(), "big") | 1
    for kind in (JOB, ENTITY)
}
"""BLAKE2b-120 of "runyard " and the kind, made odd: nothing is special about them."""
_INVERSES = {kind: pow(factor, -1, MODULUS) for kind, factor in FACTORS.items()}


@lru_cache(1024)
def project_id(workspace: str) -> str:
    """Return the id by which Dremio's clients name a workspace."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"runyard:workspace:{workspace}"))


def job_id(number: int) -> str:
    """Spell a run, which Dremio calls a job."""
    return _spell(JOB, number)


def from_job_id(text: str) -> int | None:
    """Return a run's number, or None if we never wrote that id."""
    return _unspell(JOB, text)


def entity_id(number: int) -> str:
    """Spell a document, which Dremio calls an entity of its catalog."""
    return _spell(ENTITY, number)


def from_entity_id(text: str) -> int | None:
    """Return a document's number, or None if we never wrote that id."""
    return _unspell(ENTITY, text)


def tag_of(number: int, version: int) -> str:
    """Spell which version of a document somebody has seen."""
    return str(uuid.UUID(bytes=blake2b(f"{number} {version}".encode(), digest_size=16).digest(), version=VERSION))


def _spell(kind: str, number: int) -> str:
    product = number * FACTORS[kind] % MODULUS
    return str(uuid.UUID(int=_spread(product ^ product >> HALF)))


def _unspell(kind: str, text: str) -> int | None:
    try:
        value = uuid.UUID(text).int
    except ValueError:
        return None
    folded = _gathered(value)
    if _spread(folded) != value:
        return None
    number = (folded ^ folded >> HALF) * _INVERSES[kind] % MODULUS
    return number if 0 < number <= LARGEST else None


def _spread(bits: int) -> int:
    """Put the version and the variant of a UUID between our bits."""
    low = bits & ((1 << VARIANT_AT) - 1)
    middle = bits >> VARIANT_AT & ((1 << 12) - 1)
    high = bits >> VARIANT_AT + 12
    return high << 80 | VERSION << VERSION_AT | middle << 64 | VARIANT << VARIANT_AT | low


def _gathered(value: int) -> int:
    low = value & ((1 << VARIANT_AT) - 1)
    middle = value >> 64 & ((1 << 12) - 1)
    return value >> 80 << VARIANT_AT + 12 | middle << VARIANT_AT | low
