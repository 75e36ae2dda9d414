"""Processes that carry out one order after another: what each order finds, and what makes them end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import ENVIRONMENT, Yard, is_alive, new_yard, running_yard
from waiting import until

from runyard.executors.launcher.events import GoesOn, Waits

READY = "keeper:make:db"
KEEPER = "COUNT = []\ndef make(what, streams):\n    COUNT.append(what)\n"
ASK = """\
import os, sys, keeper
keeper.COUNT.append(1)
print(os.getpid(), len(keeper.COUNT), os.getcwd(), len(sys.path), sys.argv[1:], os.environ.get("WORD"))
def rest():
    return True
"""
LEAVES = ASK.replace("return True", "return False")
FAILS = f"{ASK}raise SystemExit(3)\n"
STAYS = {"driver": READY, "stays": True}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    runtime, home = tmp_path / "runtime", tmp_path / "home"
    runtime.mkdir()
    home.mkdir()
    (runtime / "keeper.py").write_text(KEEPER)
    programs = (str(runtime), ("keeper",))
    with running_yard(home, quick=READY, programs=programs) as yard:
        yield yard


def asked(yard: Yard, attempt_id: int, script: str = ASK, **fields: object) -> list[str]:
    """Run a script in a process that stays, and return what it printed."""
    fields = STAYS | {"environment": ENVIRONMENT | {"WORD": f"of {attempt_id}"}} | fields
    yard.run(attempt_id, script, **fields)
    return yard.read(attempt_id).split(maxsplit=2)


def until_one_stays(yard: Yard) -> int:
    """Run orders until one was carried out by a process of an earlier one; return the last one's number."""
    seen: set[str] = set()
    for attempt_id in range(1, 100):
        pid, *_ = asked(yard, attempt_id)
        if pid in seen:
            return attempt_id
        seen.add(pid)
    pytest.fail(f"Each of {len(seen)} orders had a process of its own.")


def test_one_process_carries_out_order_after_order_and_each_finds_itself_alone(yard: Yard) -> None:
    last = until_one_stays(yard)
    _, count, rest = asked(yard, last + 1, argv=["a", "b"])

    assert int(count) > 1
    assert rest.startswith(f"{yard.folder(last + 1)}/work ")
    assert rest.endswith(f"['a', 'b'] of {last + 1}\n")
    paths = {yard.read(each).rsplit(" ", maxsplit=4)[1].split()[0] for each in range(1, last + 1)}
    assert len(paths) == 1, "the path grows from order to order"
    assert yard.ends[last + 1].exit_code == 0
    assert yard.read(last + 1, "stderr") == ""


@pytest.mark.parametrize("script", [LEAVES, FAILS])
def test_a_process_that_cannot_be_as_new_ends_with_its_order(yard: Yard, script: str) -> None:
    last = until_one_stays(yard)
    pid, *_ = asked(yard, last + 1, script)

    until(lambda: not is_alive(int(pid)))
    assert yard.ends[last + 1].exit_code == (3 if script is FAILS else 0)
    assert asked(yard, last + 2)[0] != pid


def test_a_process_that_is_stopped_dies_and_its_order_with_it(yard: Yard) -> None:
    last = until_one_stays(yard)
    yard.start(last + 1, f"{ASK}import signal\nprint('waits', flush=True)\nsignal.pause()", **STAYS)
    pid = yard.started(last + 1).pid
    until(lambda: "waits" in yard.read(last + 1))
    yard.launcher.stop(last + 1, grace_ms=10_000, cause="cancelled")

    assert yard.end(last + 1).cause == "cancelled"
    assert not is_alive(pid)


def test_an_order_with_other_limits_gets_another_process(yard: Yard) -> None:
    last = until_one_stays(yard)
    pid, *_ = asked(yard, last + 1)

    assert asked(yard, last + 2, limits={"nofile": 500})[0] != pid
    assert asked(yard, last + 3)[1] != "0"


def test_an_order_whose_time_is_limited_leaves_none_of_it_to_another(yard: Yard) -> None:
    last = until_one_stays(yard)
    limited = {last + place: asked(yard, last + place, limits={"cpu": 1000})[0] for place in (1, 2)}

    assert len({*limited.values()}) == 2
    until(lambda: not any(is_alive(int(pid)) for pid in limited.values()))
    assert {yard.read(each, "stderr") for each in limited} == {""}


def test_a_process_that_dies_at_rest_takes_nothing_along(yard: Yard) -> None:
    last = until_one_stays(yard)
    pid, *_ = asked(yard, last + 1)
    os.kill(int(pid), signal.SIGKILL)
    until(lambda: not is_alive(int(pid)))

    assert asked(yard, last + 2)[0] != pid
    assert yard.ends[last + 2].exit_code == 0


def test_a_process_that_dies_leaves_no_folder_for_an_order_that_never_comes(yard: Yard) -> None:
    pid, *_ = asked(yard, until_one_stays(yard) + 1)
    cradle = yard.home / "launcher" / "cradles" / pid
    until(cradle.exists)
    os.kill(int(pid), signal.SIGKILL)

    until(lambda: not cradle.exists())


def test_a_process_dies_while_it_makes_itself_ready_for_the_next(yard: Yard) -> None:
    last = until_one_stays(yard)
    pid, *_ = asked(yard, last + 1, ASK.replace("return True", "os.kill(os.getpid(), 9)"))

    until(lambda: not is_alive(int(pid)))
    assert yard.ends[last + 1].exit_code == 0
    assert asked(yard, last + 2)[0] != pid


HANGS = ASK.replace(
    "    return True",
    """\
    import signal, time
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, min(left, 0.01))  # its time is over at once, if it has any
    time.sleep(600)
""",
)


def test_a_process_that_never_gets_ready_for_the_next_dies(yard: Yard) -> None:
    last = until_one_stays(yard)
    pid, *_ = asked(yard, last + 1, HANGS)

    until(lambda: not is_alive(int(pid)))
    assert yard.ends[last + 1].exit_code == 0
    assert asked(yard, last + 2)[0] != pid


def test_many_at_once_all_end_and_few_processes_are_kept(yard: Yard) -> None:
    for attempt_id in range(1, 21):
        yard.start(attempt_id, ASK, **STAYS)

    assert {yard.end(attempt_id).exit_code for attempt_id in range(1, 21)} == {0}
    pids = {int(yard.read(attempt_id).split()[0]) for attempt_id in range(1, 21)}
    # Four that came back, and two that were made while all were at work.
    until(lambda: len([pid for pid in pids if is_alive(pid)]) <= 4 + 2)


WAITS = f"""{ASK}
import pathlib, time
tell_launcher("waits")
print("waits", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.005)
tell_launcher("goes_on")
"""


def test_who_waits_for_its_turn_is_told_and_told_again_to_a_new_server(yard: Yard, tmp_path: Path) -> None:
    last, gate = until_one_stays(yard), tmp_path / "gate"
    yard.start(last + 1, WAITS, **STAYS, argv=[str(gate)])
    until(lambda: "waits" in yard.read(last + 1))
    while not any(isinstance(each, Waits) for each in yard.others):
        yard.hear()  # the launcher might hear of the new server first
    second = new_yard(yard.home, quick=READY, programs=(str(tmp_path / "runtime"), ("keeper",)))
    second.launcher.connect()
    gate.touch()

    assert second.end(last + 1).exit_code == 0
    waits = [each for each in second.others if isinstance(each, Waits)]
    assert [each.attempt_id for each in waits] == [last + 1]
    assert waits[0] in yard.others
    assert GoesOn in {type(each) for each in second.others}
    second.launcher.shut_down()


def test_a_process_stays_only_where_the_next_order_of_its_kind_would_find_it(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    (runtime / "keeper.py").write_text(KEEPER)
    with running_yard(tmp_path, programs=(str(runtime), ("keeper",))) as yard:
        pids = [int(asked(yard, attempt_id)[0]) for attempt_id in (1, 2)]
        until(lambda: not any(map(is_alive, pids)))

        assert {yard.ends[each].exit_code for each in (1, 2)} == {0}
        assert {yard.read(each, "stderr") for each in (1, 2)} == {""}


def test_what_an_order_hands_on_goes_with_the_word_of_its_end(yard: Yard) -> None:
    last = until_one_stays(yard)
    asked(yard, last + 1, f"{ASK}output = {{'rows': [1, 'é', float('inf')]}}\n")
    asked(yard, last + 2)

    assert [yard.ends[last + place].output for place in (1, 2)] == [{"rows": [1, "é", float("inf")]}, None]


UNREADABLE = {
    "too deep to be told": "output = []\nfor _ in range(500):\n    output = [output]\noutput = {'deep': output}\n",
    "too deep to be read": "output = {'deep': ()}\nfor _ in range(900):\n    output = {'deep': [output]}\n",
    "too long": "output = {'long': 'x' * (64 * 1024 * 1024 - 100)}\n",
    "no JSON": "output = {'object': object()}\n",
    "a number with too many digits": "output = {'number': 10 ** 5000}\n",
}


@pytest.mark.parametrize("output", UNREADABLE.values(), ids=UNREADABLE)
def test_an_order_whose_output_cannot_be_told_has_not_ended_well(yard: Yard, output: str) -> None:
    asked(yard, 1, ASK + output)
    asked(yard, 2)

    assert yard.ends[1].exit_code != 0
    assert yard.ends[1].message
    assert yard.ends[2].exit_code == 0


def test_the_script_of_a_process_that_stays_is_not_copied(yard: Yard) -> None:
    last = until_one_stays(yard)
    asked(yard, last + 1)

    assert {each.name for each in yard.folder(last + 1).iterdir()} >= {"work", "stdout", "stderr"}
    assert not any((yard.folder(each) / "script").exists() for each in range(1, last + 2))
    assert not any([*(yard.folder(last + 1) / "work").iterdir()])
