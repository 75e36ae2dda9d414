"""Who waits is woken by what they wait for, and told what is about to be recorded."""

from __future__ import annotations

from runyard.engine.events import Changes

RUN, ATTEMPT, OTHER = 1, 2, 3


def test_who_watches_is_woken_by_that_alone() -> None:
    changes = Changes()
    with changes.watch(RUN, ATTEMPT) as seen:
        changes.publish([OTHER])
        changes.announce([OTHER])
        assert not seen.is_set()

        changes.publish([RUN])
        assert seen.is_set()
        assert not seen.is_ending


def test_an_end_is_announced_to_who_watches_the_attempt() -> None:
    changes = Changes()
    with changes.watch(RUN) as of_run, changes.watch(RUN, ATTEMPT) as of_both:
        changes.announce([ATTEMPT])
        assert (of_run.is_set(), of_both.is_set(), of_both.is_ending) == (False, True, True)


def test_nobody_is_left_behind_who_no_longer_watches() -> None:
    changes = Changes()
    with changes.watch(RUN, ATTEMPT) as gone, changes.watch(RUN) as stays:
        pass
    changes.publish([RUN])
    changes.announce([ATTEMPT])

    assert (gone.is_set(), stays.is_set()) == (False, False)


def test_everybody_is_woken_when_the_server_leaves() -> None:
    changes = Changes()
    with changes.watch(RUN, ATTEMPT) as one, changes.watch(OTHER) as other:
        changes.wake_all()
        assert one.is_set()
        assert other.is_set()
