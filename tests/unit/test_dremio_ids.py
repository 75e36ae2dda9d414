"""Dremio's ids of our runs and documents."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as some

from runyard.core.ids import LARGEST
from runyard.dialects.dremio_ids import entity_id, from_entity_id, from_job_id, job_id, tag_of

NUMBERS = some.integers(min_value=1, max_value=LARGEST)


@given(NUMBERS)
def test_an_id_is_a_uuid_that_reads_back(number: int) -> None:
    spelled = uuid.UUID(job_id(number))

    assert (spelled.version, spelled.variant) == (4, uuid.RFC_4122)
    assert from_job_id(str(spelled)) == number
    assert from_entity_id(entity_id(number)) == number


@given(NUMBERS, some.integers(min_value=0, max_value=31), some.sampled_from("0123456789abcdef"))
def test_an_id_with_another_digit_is_none_of_ours(number: int, place: int, digit: str) -> None:
    plain = job_id(number).replace("-", "")
    changed = plain[:place] + digit + plain[place + 1 :]

    assert from_job_id(changed) == (number if changed == plain else None)


def test_an_id_of_something_else_is_none() -> None:
    assert from_job_id(entity_id(7)) is None
    assert from_entity_id(job_id(7)) is None
    assert [from_job_id(text) for text in ("", "7", "x" * 36, str(uuid.UUID(int=0)))] == [None] * 4


def test_a_tag_tells_versions_and_documents_apart() -> None:
    assert len({tag_of(1, 1), tag_of(1, 2), tag_of(2, 1)}) == 3
    assert tag_of(1, 1) == tag_of(1, 1)
