from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runyard.core.ids import EPOCH, LARGEST, Ids, first_of, moment_of

IN_2093 = 3_900_000_000_000
MOMENTS = st.integers(EPOCH, IN_2093)
SLOTS = st.integers(0, 4095)


@given(st.lists(MOMENTS, min_size=2, max_size=50), SLOTS)
def test_ids_rise_whatever_the_clock_does(moments: list[int], slot: int) -> None:
    clock = iter(moments)
    ids = Ids(lambda: next(clock), slot=slot)

    given_out = [ids.next() for _ in moments]

    assert all(earlier < later for earlier, later in pairwise(given_out))


@given(MOMENTS, SLOTS)
def test_an_id_is_a_number_every_json_reader_keeps_and_tells_its_moment(moment: int, slot: int) -> None:
    number = Ids(lambda: moment, slot=slot).next()

    assert 0 < number <= LARGEST or (moment, slot) == (EPOCH, 0)
    assert moment_of(number) == moment


@given(MOMENTS, MOMENTS)
def test_a_later_moment_has_larger_ids(one: int, other: int) -> None:
    assert (first_of(one) < first_of(other)) == (one < other)


@given(MOMENTS)
def test_the_first_id_of_a_moment_tells_its_moment(moment: int) -> None:
    assert moment_of(first_of(moment)) == moment
    assert moment_of(first_of(moment) - 1) == moment - 1 or moment == EPOCH


def test_the_numbers_are_these() -> None:
    assert (first_of(EPOCH), first_of(EPOCH + 1), first_of(0), first_of(-5)) == (0, 4096, 0, 0)
    assert Ids(lambda: EPOCH + 2, slot=7).next() == 2 * 4096 + 7
    assert LARGEST == 9_007_199_254_740_991


def test_even_the_first_moment_gives_no_id_of_zero() -> None:
    ids = Ids(lambda: EPOCH)

    assert [ids.next(), ids.next()] == [1, 2]


def test_more_ids_than_a_millisecond_has_borrow_from_the_next() -> None:
    ids = Ids(lambda: EPOCH + 5)

    numbers = [ids.next() for _ in range(5000)]

    assert numbers == list(range(first_of(EPOCH + 5), first_of(EPOCH + 5) + 5000))


def test_threads_never_get_the_same_id() -> None:
    ids = Ids(lambda: EPOCH + 5)

    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: [ids.next() for _ in range(500)], range(8)))

    assert len({number for batch in batches for number in batch}) == 4000


def test_ids_rise_also_behind_those_that_an_earlier_server_gave_out() -> None:
    last = Ids(lambda: EPOCH + 3_600_000).next()

    assert Ids(lambda: EPOCH, last=last).next() == last + 1


def test_a_clock_that_was_years_ahead_is_forgotten() -> None:
    last = Ids(lambda: IN_2093).next()

    assert moment_of(Ids(lambda: EPOCH + 5, last=last).next()) == EPOCH + 5
