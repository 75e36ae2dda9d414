"""How attempts end, each with the truth about it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import Yard, running_yard


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with running_yard(tmp_path_factory.mktemp("ends")) as yard:
        yield yard


def test_a_script_that_runs_through_succeeds(yard: Yard) -> None:
    end = yard.run(1, "print('hello')")

    assert (end.exit_code, end.signal, end.cause, end.message) == (0, None, None, None)
    assert yard.read(1) == "hello\n"
    assert end.started_at is not None
    assert end.started_at <= end.at


def test_an_exception_is_told_by_its_last_line_and_its_trace(yard: Yard) -> None:
    end = yard.run(2, "def load():\n    raise ValueError('bad row 17')\nload()\n")

    assert (end.exit_code, end.message) == (1, "ValueError: bad row 17")
    assert end.trace is not None
    assert end.trace == yard.read(2, "stderr")
    assert end.trace.splitlines()[1:] == [
        f'  File "{yard.folder(2)}/work/script2.py", line 3, in <module>',
        "    load()",
        f'  File "{yard.folder(2)}/work/script2.py", line 2, in load',
        "    raise ValueError('bad row 17')",
        "ValueError: bad row 17",
    ]


def test_an_exception_of_the_scripts_own_type_is_named_without_main(yard: Yard) -> None:
    end = yard.run(3, "class Bad(Exception): pass\nraise Bad('no')")

    assert end.message == "Bad: no"


def test_an_exception_of_a_library_is_named_with_its_module(yard: Yard) -> None:
    end = yard.run(4, "import json\njson.loads('{')")

    assert end.message is not None
    assert end.message.startswith("json.decoder.JSONDecodeError: Expecting property name")


def test_a_script_that_python_cannot_read_says_so(yard: Yard) -> None:
    end = yard.run(5, "def:\n")

    assert end.message == "SyntaxError: invalid syntax"
    assert "script5.py" in yard.read(5, "stderr")
    assert "runner.py" not in yard.read(5, "stderr")


@pytest.mark.parametrize(
    ("attempt_id", "script", "exit_code", "message"),
    [
        (10, "import sys; sys.exit(3)", 3, "Command failed with exit code 3"),
        (11, "import os; os._exit(3)", 3, "Command failed with exit code 3"),
        (12, "import sys; sys.exit('no input today')", 1, "no input today"),
        (13, "import sys; sys.exit()", 0, None),
        (14, "raise SystemExit(256)", 0, None),
        (15, "raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
    ],
)
def test_an_exit_is_told_as_python_would(
    yard: Yard, attempt_id: int, script: str, exit_code: int, message: str | None
) -> None:
    end = yard.run(attempt_id, script)

    assert (end.exit_code, end.signal, end.message) == (exit_code, None, message)


@pytest.mark.parametrize(
    ("attempt_id", "script", "number", "message"),
    [
        (20, "import ctypes; ctypes.string_at(0)", signal.SIGSEGV, "signal 11 (SIGSEGV)"),
        (21, "import os; os.kill(os.getpid(), 9)", signal.SIGKILL, "signal 9 (SIGKILL)"),
        (22, "import os; os.abort()", signal.SIGABRT, "signal 6 (SIGABRT)"),
        (23, "import os; os.kill(os.getpid(), 15)", signal.SIGTERM, "signal 15 (SIGTERM)"),
    ],
)
def test_a_signal_is_told_by_number_and_name(
    yard: Yard, attempt_id: int, script: str, number: int, message: str
) -> None:
    end = yard.run(attempt_id, script)

    assert (end.exit_code, end.signal, end.cause) == (None, number, None)
    assert end.message == f"The process was ended by {message}."


def test_a_segfault_leaves_its_python_lines_in_the_log(yard: Yard) -> None:
    yard.run(24, "import ctypes\n\nctypes.string_at(0)")

    assert "line 3 in <module>" in yard.read(24, "stderr")


def test_a_missing_script_is_a_failed_preparation(yard: Yard) -> None:
    order = yard.order(30, "")
    Path(order.script).unlink()
    yard.launcher.start(order)
    end = yard.end(30)

    assert end.message == f"The script {order.script} does not exist."
    assert (end.category, end.started_at) == ("preparation", None)


def test_a_folder_that_cannot_be_made_is_a_failed_preparation(yard: Yard) -> None:
    yard.folder(31).write_text("in the way")

    end = yard.run(31, "print(1)")

    assert end.category == "preparation"
    assert end.message is not None
    assert str(yard.folder(31)) in end.message


def test_an_unknown_limit_is_a_failed_preparation(yard: Yard) -> None:
    end = yard.run(32, "print(1)", limits={"goodness": 1})

    assert (end.message, end.category) == (
        "There is no resource limit 'goodness' on this system.",
        "preparation",
    )


def test_exit_handlers_and_threads_run_to_their_end(yard: Yard) -> None:
    script = """
        import atexit, threading
        atexit.register(print, "handler")
        gate = threading.Event()
        threading.Thread(target=lambda: (gate.wait(), print("thread"))).start()
        threading.Timer(0.05, gate.set).start()
        print("main")
    """
    end = yard.run(33, script)

    assert end.exit_code == 0
    assert yard.read(33).splitlines() == ["main", "thread", "handler"]


def test_a_fork_that_fails_does_not_speak_for_the_run(yard: Yard) -> None:
    script = """
        import os
        if not (pid := os.fork()):
            raise ValueError("in the fork")
        os.waitpid(pid, 0)
        os._exit(4)
    """
    end = yard.run(34, script)

    assert end.message == "Command failed with exit code 4"


def test_a_very_long_message_keeps_both_its_ends(yard: Yard) -> None:
    end = yard.run(35, "raise ValueError('a' + 'x' * 5_000_000 + 'z')")

    assert end.message is not None
    assert end.message.startswith("ValueError: axx")
    assert end.message.endswith("xxz")
    assert len(end.message) < 11_000


def test_output_that_cannot_be_written_is_no_success(yard: Yard) -> None:
    end = yard.run(36, "import sys\nsys.stdout = open('/dev/full', 'w')\nprint('lost')")

    assert end.exit_code == 120
    assert end.message == "The output could not be written: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("attempt_id", "leave"),
    [
        (901, "file.write_text('{\"values\": ' + '[' * 985 + ']' * 985 + '}')"),
        (902, "file.write_text('[' * 100_000)"),
        (903, "file.write_text('{\"values\": {\"k\": ' + '9' * 5_000 + '}}')"),
        (904, "os.mkfifo(file)"),
        (905, "file.symlink_to('/dev/zero')"),
    ],
)
def test_nothing_that_a_job_leaves_keeps_the_launcher_from_telling_its_end(
    yard: Yard, attempt_id: int, leave: str
) -> None:
    folder = yard.folder(attempt_id)
    end = yard.run(attempt_id, f"import os, pathlib\nfile = pathlib.Path({str(folder)!r}, 'output.json')\n{leave}\n")

    assert (end.exit_code, end.output) == (0, None)


@pytest.mark.parametrize(
    ("attempt_id", "told", "message"),
    [
        (911, {"message": "m", "category": ["x"]}, "m"),
        (912, {"message": {"a": 1}, "trace": [5], "category": {"a": 1}}, "Command failed with exit code 3"),
    ],
)
def test_of_what_a_job_leaves_only_texts_tell_why_it_ended(
    yard: Yard, attempt_id: int, told: dict[str, object], message: str
) -> None:
    file = yard.folder(attempt_id) / "result.json"
    end = yard.run(attempt_id, f"import os\nopen({str(file)!r}, 'w').write({json.dumps(told)!r})\nos._exit(3)")

    assert (end.exit_code, end.message, end.trace, end.category) == (3, message, None, None)
