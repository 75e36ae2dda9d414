"""A warm process looks to its script like a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import Yard, new_yard, running_yard
from waiting import held_by, until


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with running_yard(tmp_path_factory.mktemp("state"), preload=["numpy", "no_such_module"]) as yard:
        yield yard


def test_a_script_sees_its_arguments_folder_and_environment(yard: Yard) -> None:
    script = """
        import json, os, sys
        print(json.dumps([sys.argv, os.getcwd(), __file__, __name__, sys.path[0], dict(os.environ)]))
    """
    yard.run(1, script, argv=["--a", "b c"], environment={"ONLY": "ü"})

    work = str(yard.folder(1) / "work")
    own = f"{work}/script1.py"
    assert json.loads(yard.read(1)) == [[own, "--a", "b c"], work, own, "__main__", work, {"ONLY": "ü"}]


def test_descendants_see_the_same_environment(yard: Yard) -> None:
    yard.run(2, "import subprocess\nsubprocess.run(['/usr/bin/env'])", environment={"ONLY": "this"})

    assert yard.read(2) == "ONLY=this\n"


def test_a_script_inherits_no_descriptors_and_no_blocked_signals(yard: Yard) -> None:
    script = """
        import os, signal, sys
        found = [each for each in os.listdir("/proc/self/fd")]
        print(sorted(found)[:3], len(found) - 3)  # the third further one reads the folder itself
        print(os.readlink("/proc/self/fd/0"), sys.stdin.read() == "")
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGTERM).name)
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, oct(os.umask(0)))
    """
    yard.run(3, script)

    assert yard.read(3).splitlines() == [
        "['0', '1', '2'] 1",
        "/dev/null True",
        "set() SIG_DFL",
        "True 0o22",
    ]


def test_a_script_leads_its_own_session_and_group(yard: Yard) -> None:
    script = "import os\nprint(os.getpid(), os.getsid(0), os.getpgid(0))"
    yard.run(4, script)

    pid, *others = yard.read(4).split()
    assert others == [pid, pid]


def test_random_numbers_differ_between_runs(yard: Yard) -> None:
    script = """
        import multiprocessing, random, uuid, numpy
        print(random.random(), numpy.random.random(), uuid.uuid4(), multiprocessing.current_process().authkey.hex())
    """
    yard.run(5, script)
    yard.run(6, script)

    assert len({*yard.read(5).split(), *yard.read(6).split()}) == 8


def test_output_is_live_before_the_end(yard: Yard) -> None:
    script = """
        import pathlib, sys, time
        print("out: ü")
        print("err", file=sys.stderr)
        while not pathlib.Path("go").exists():
            time.sleep(0.01)
    """
    yard.start(7, script)
    until(lambda: yard.read(7) == "out: ü\n" and yard.read(7, "stderr") == "err\n")
    (yard.folder(7) / "work" / "go").touch()

    assert yard.end(7).exit_code == 0
    assert yard.end(7).started_at is not None


def test_the_times_file_tells_when_output_came(yard: Yard) -> None:
    end = yard.run(8, "import sys\nprint('12345')\nprint('1', file=sys.stderr)")

    last = [int(each) for each in yard.read(8, "times").splitlines()[-1].split()]
    assert last[1:] == [6, 2]
    assert end.started_at is not None
    assert end.started_at <= last[0] <= end.at


def test_what_ran_is_kept_and_files_lie_beside_it(yard: Yard) -> None:
    extra = yard.home / "extra.py"
    extra.write_text("WORD = 'from beside'")
    yard.run(9, "import extra\nprint(extra.WORD)", files=[str(extra)])

    assert yard.read(9) == "from beside\n"
    assert (yard.folder(9) / "work" / "script9.py").read_text() == "import extra\nprint(extra.WORD)"


def test_the_search_path_has_the_orders_folders_before_the_rest(yard: Yard) -> None:
    environment = {"PYTHONPATH": "/from/environment"}
    yard.run(10, "import sys\nprint(*sys.path[1:3])", python_path=["/from/order"], environment=environment)

    assert yard.read(10) == "/from/order /from/environment\n"


def test_the_time_zone_is_the_orders(yard: Yard) -> None:
    yard.run(11, "import time\nprint(time.strftime('%z', time.localtime(0)))", environment={"TZ": "UTC-7"})

    assert yard.read(11) == "+0700\n"


def test_limits_hold(yard: Yard) -> None:
    script = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))\nbytes(2**33)"
    end = yard.run(12, script, limits={"as": 2**32, "nofile": 64, "core": 0})

    assert yard.read(12) == "(64, 64)\n"
    assert end.message == "MemoryError"


def test_a_variable_that_counts_at_the_start_gets_a_fresh_interpreter(yard: Yard) -> None:
    yard.run(
        13,
        "import os, sys\nprint(sys.flags.optimize, hash('a'), sys.argv[1:], os.environ['B'])",
        environment={"PYTHONOPTIMIZE": "1", "PYTHONHASHSEED": "7", "B": "c"},
        argv=["x"],
    )
    yard.run(14, "print(0, hash('a'))", environment={"PYTHONHASHSEED": "7"})

    flag, first, *rest = yard.read(13).split()
    assert [flag, *rest] == ["1", "['x']", "c"]
    assert first == yard.read(14).split()[1]
    assert not (yard.folder(13) / "order.json").exists()


def test_logging_warnings_and_modules_are_as_in_a_new_process(yard: Yard) -> None:
    script = """
        import logging, sys, warnings
        print(logging.root.handlers, logging.root.level, [each for each in sys.modules if "runyard" in each])
        logging.warning("seen")
        warnings.warn("old", DeprecationWarning)
    """
    yard.run(15, script)

    assert yard.read(15) == "[] 30 []\n"
    assert "WARNING:root:seen" in yard.read(15, "stderr")
    assert "DeprecationWarning: old" in yard.read(15, "stderr")


@pytest.mark.parametrize(("attempt_id", "method"), [(16, "fork"), (17, "spawn"), (18, "forkserver")])
def test_multiprocessing_works_in_a_script(yard: Yard, attempt_id: int, method: str) -> None:
    script = f"""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

        def double(value):
            return 2 * value

        if __name__ == "__main__":
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context({method!r})) as pool:
                print(list(pool.map(double, range(3))))
            with ThreadPoolExecutor(2) as pool:
                print(list(pool.map(double, range(3))))
    """
    end = yard.run(attempt_id, script)

    assert end.exit_code == 0, yard.read(attempt_id, "stderr")
    assert yard.read(attempt_id) == "[0, 2, 4]\n[0, 2, 4]\n"


def test_objects_of_the_script_can_be_pickled(yard: Yard) -> None:
    script = """
        import inspect, pickle
        class Row:
            pass
        print(type(pickle.loads(pickle.dumps(Row()))) is Row, inspect.getsource(Row).strip().splitlines()[0])
    """
    yard.run(19, script)

    assert yard.read(19) == "True class Row:\n"


def test_a_module_that_cannot_be_imported_in_advance_is_told_in_the_launchers_log(yard: Yard) -> None:
    yard.run(20, "pass")

    assert "no_such_module cannot be imported in advance" in (yard.home / "launcher" / "log").read_text()


def test_another_interpreter_runs_the_script(yard: Yard, tmp_path: Path) -> None:
    wrapper = tmp_path / "python"
    wrapper.write_text('#!/bin/sh\necho wrapped; exec python3 "$@"\n')
    wrapper.chmod(0o755)
    yard.run(21, "print(__name__)", python=str(wrapper))
    end = yard.run(22, "print(1)", python="/no/such/python")

    assert yard.read(21) == "wrapped\n__main__\n"
    assert end.message == "The interpreter /no/such/python cannot be started: No such file or directory."


def test_the_start_of_a_short_job_is_told_with_its_end(yard: Yard) -> None:
    end = yard.run(30, "print('short')", quiet_ms=600_000)

    assert end.started_at is not None
    assert 30 not in yard.starts


def test_the_start_of_a_long_job_is_told_while_it_runs(yard: Yard) -> None:
    gate = yard.home / "gate"
    yard.start(31, held_by(gate), quiet_ms=20)
    start = yard.started(31)
    assert 31 not in yard.ends
    gate.touch()

    assert yard.end(31).started_at == start.at


def test_a_job_that_is_stopped_in_its_quiet_time_tells_its_start_with_its_end(yard: Yard) -> None:
    yard.start(32, f"print('runs', flush=True)\n{held_by(yard.home / 'never')}", quiet_ms=600_000)
    until(lambda: "runs" in yard.read(32))
    yard.launcher.stop(32, grace_ms=200, cause="cancelled")
    end = yard.end(32)

    assert (end.cause, end.started_at is not None) == ("cancelled", True)
    assert 32 not in yard.starts


def test_a_job_times_out_in_its_quiet_time(yard: Yard) -> None:
    end = yard.run(33, held_by(yard.home / "never"), quiet_ms=600_000, timeout_ms=20)

    assert (end.cause, end.started_at is not None) == ("timed_out", True)
    assert 33 not in yard.starts


def test_a_server_that_comes_in_the_quiet_time_of_a_job_is_told_its_start_at_once(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with running_yard(tmp_path) as first:
        first.start(1, f"print('runs', flush=True)\n{held_by(gate)}", quiet_ms=600_000)
        until(lambda: "runs" in first.read(1))
        second = new_yard(tmp_path)
        second.launcher.connect()
        start = second.started(1)
        gate.touch()

        assert second.end(1).started_at == start.at
        assert 1 not in first.starts
