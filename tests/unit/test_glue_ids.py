from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.errors import InvalidRequest
from runyard.core.ids import LARGEST
from runyard.dialects import aws_ids as ids
from runyard.dialects.tokens import read_token, write_token

NUMBERS = st.integers(0, LARGEST)


@given(NUMBERS, st.integers(0, 10))
def test_a_run_id_is_read_back(number: int, attempt: int) -> None:
    text = ids.run_id(number, attempt)

    assert ids.from_run_id(text) == (number, attempt)


@given(NUMBERS)
def test_a_job_id_is_read_back(number: int) -> None:
    assert ids.from_job_id(ids.job_id(number)) == number


def test_ids_look_like_those_of_aws() -> None:
    run, job = ids.run_id(2**52 + 12345), ids.job_id(2**52 + 12345)

    assert run.startswith("jr_")
    assert len(run) == 3 + 64
    assert job.startswith("j_")
    assert len(job) == 2 + 64
    assert ids.run_id(7, 2) == ids.run_id(7) + "_attempt_2"


@pytest.mark.parametrize("prefix", [ids.RUN, ids.JOB, ids.WORKFLOW_RUN])
def test_no_change_of_one_digit_makes_another_id_of_ours(prefix: str) -> None:
    # A digit of the lower half that differs by d at place k shifts the number that is read by d * 16^k / factor, modulo
    # 2^256; one of the upper half is folded into the lower, and shifts there too, by some e.
    inverse = pow(ids.FACTORS[prefix], -1, ids.MODULUS)
    changes = [change for change in range(-15, 16) if change]
    low = [d * 16**k for k in range(32) for d in changes]
    high = [(d * 16**32 + e) * 16**k for k in range(32) for d in changes for e in changes]

    shifts = [change * inverse % ids.MODULUS for change in low + high]

    assert all(LARGEST < shift < ids.MODULUS - LARGEST for shift in shifts)


def test_neighbours_differ_at_both_ends_of_their_ids() -> None:
    one, other = ids.run_id(5 << 12), ids.run_id(6 << 12)

    assert one[3:9] != other[3:9]
    assert one[-6:] != other[-6:]


@given(NUMBERS, st.integers(3, 66), st.sampled_from("0123456789abcdef"))
def test_a_changed_character_is_recognised(number: int, place: int, digit: str) -> None:
    text = ids.run_id(number)
    changed = text[:place] + digit + text[place + 1 :]

    assert ids.from_run_id(changed) == ((number, 0) if changed == text else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jr_",
        "jr_" + "0" * 63,
        "jr_" + "f" * 64,
        ids.run_id(5).upper(),
        ids.run_id(5) + "\n",
        ids.run_id(5) + "_attempt_0",
        ids.run_id(5) + "_attempt_01",
        ids.run_id(5) + "_attempt_",
        ids.run_id(5) + "_attempt_-1",
        ids.run_id(5) + "_attempt_9999999999",
        ids.job_id(5),
        "j" + ids.run_id(5)[2:],
        "x" + ids.run_id(5),
    ],
)
def test_what_we_never_wrote_is_no_run_id(text: str) -> None:
    assert ids.from_run_id(text) is None


@pytest.mark.parametrize("text", ["", ids.run_id(5), ids.job_id(5) + "_attempt_1", "jr" + ids.job_id(5)[1:]])
def test_what_we_never_wrote_is_no_job_id(text: str) -> None:
    assert ids.from_job_id(text) is None


@given(st.lists(NUMBERS, max_size=3))
def test_a_page_token_is_read_back(position: list[int]) -> None:
    assert read_token("list", write_token("list", position), size=len(position)) == position


def test_a_page_token_is_good_only_for_its_list_and_size() -> None:
    token = write_token("runs of 1", (5, 0))

    for scope, size in (("runs of 2", 2), ("runs of 1", 1)):
        with pytest.raises(InvalidRequest, match="not one that this list gave out"):
            read_token(scope, token, size=size)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "=",
        "nonsense",
        "é",
        "\x00",
        "A",
        "AAAA",
        "A" * 1_000_000,
        write_token("list", (5, 0)) + "=",
        write_token("list", (5, 0))[:-1],
        write_token("list", (5, 2**60)),
        write_token("list", (-5, 0)),
    ],
)
def test_a_token_we_never_gave_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest, match="Ask for the first page again"):
        read_token("list", token, size=2)
