"""Jobs that name packages get an environment of their own, once per distinct set."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import Yard, running_yard
from waiting import until


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with running_yard(tmp_path_factory.mktemp("packages")) as yard:
        yield yard


def build_wheel(folder: Path, word: str, *, name: str = "tinyword") -> Path:
    """Write the smallest wheel that pip takes: a module with one word in it."""
    files = {
        f"{name}.py": f"WORD = {word!r}\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\nsay-{name} = {name}:WORD.title\n",
    }
    digests = {
        each: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for each, text in files.items()
    }
    record = "".join(f"{each},sha256={digests[each]},{len(files[each])}\n" for each in files)
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for each, text in files.items():
            wheel.writestr(each, text)
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", record)
    return path


def fields(yard: Yard, *packages: object) -> dict[str, object]:
    return {
        "packages": [str(each) for each in packages],
        "package_options": ["--no-index"],
        "environments": str(yard.home / "environments"),
    }


SAY = """
    import numpy, os, sys, tinyword
    print(tinyword.WORD, sys.argv[1:], __name__, sys.path[0] == os.getcwd())
"""


def test_a_package_is_installed_once_and_shared(yard: Yard, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "first")
    end = yard.run(1, SAY, argv=["x"], **fields(yard, wheel))
    yard.run(2, SAY, **fields(yard, wheel))

    assert end.exit_code == 0, yard.read(1, "stderr")
    assert yard.read(1).splitlines()[0] == f"Installing {wheel}"
    assert "Successfully installed tinyword-1.0" in yard.read(1)
    assert yard.read(1).splitlines()[-1] == "first ['x'] __main__ True"
    assert yard.read(2) == "first [] __main__ True\n"


@pytest.mark.parametrize(("attempt_id", "extras"), [(3, ""), (30, "[more]")], ids=["plain", "with extras"])
def test_another_wheel_of_the_same_name_is_another_environment(
    yard: Yard, tmp_path: Path, attempt_id: int, extras: str
) -> None:
    wheel = build_wheel(tmp_path, "before")
    yard.run(attempt_id, SAY, **fields(yard, f"{wheel}{extras}"))
    build_wheel(tmp_path, "after")
    yard.run(attempt_id + 1, SAY, **fields(yard, f"{wheel}{extras}"))

    assert yard.read(attempt_id).splitlines()[-1].startswith("before")
    assert yard.read(attempt_id + 1).splitlines()[-1].startswith("after")


def test_installed_commands_work(yard: Yard, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "command")
    script = """
        import pathlib, subprocess, sys
        print(subprocess.run([pathlib.Path(sys.executable).parent / "say-tinyword"]).returncode)
    """
    yard.run(5, script, **fields(yard, wheel))

    assert yard.read(5).splitlines()[-1] == "1"  # sys.exit("Command") prints its text and exits with 1
    assert "Command" in yard.read(5, "stderr")


def test_runs_that_want_the_same_at_once_wait_for_one_maker(yard: Yard, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "together")
    for each in (6, 7, 8):
        yard.start(each, SAY, **fields(yard, wheel))
    ends = [yard.end(each) for each in (6, 7, 8)]

    assert [end.exit_code for end in ends] == [0, 0, 0]
    told = yard.read(6) + yard.read(7) + yard.read(8)
    assert told.count("Installing /") == 1
    assert told.count("Another run is installing the same packages; waiting for it.") == 2


def test_a_package_that_cannot_be_had_fails_the_run_with_pips_reason(yard: Yard) -> None:
    end = yard.run(9, "print('never')", **fields(yard, "no-such-package-here"))

    assert end.message == (
        "Could not install no-such-package-here: No matching distribution found for no-such-package-here"
    )
    assert (end.category, end.started_at, end.exit_code) == ("library_installation", None, 1)
    assert "never" not in yard.read(9)


def test_a_half_made_environment_is_made_anew(yard: Yard, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "half")
    yard.run(10, SAY, **fields(yard, wheel))
    made = max((yard.home / "environments").glob("*/complete"), key=lambda each: each.stat().st_mtime)
    made.unlink()
    shutil.rmtree(made.parent / "lib")
    yard.run(11, SAY, **fields(yard, wheel))

    assert yard.read(11).splitlines()[-1].startswith("half")


def test_an_installation_can_be_stopped(yard: Yard, tmp_path: Path) -> None:
    package = tmp_path / "slow"
    package.mkdir()
    (package / "setup.py").write_text("import time\ntime.sleep(600)\n")
    wanted = fields(yard, package) | {"package_options": ["--no-index", "--no-build-isolation"]}
    yard.start(12, "print('never')", **wanted)
    until(lambda: "Installing" in yard.read(12))
    yard.launcher.stop(12, grace_ms=100, cause="cancelled")
    end = yard.end(12)

    assert (end.cause, end.started_at) == ("cancelled", None)
