"""Python wheel tasks as their processes run them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from executing import Workshop, running_workshop

MODULE = """
import sys

def main():
    print("main", sys.argv[1:])

def fail():
    raise ValueError("no such customer")

def leave():
    sys.exit(3)

def count():
    return 7
"""
INNER = """
import sys

def run():
    print("inner", sys.argv)
"""
ENTRY_POINTS = """
[console_scripts]
start-etl = tiny_etl:main
count = tiny_etl:count

[tiny.jobs]
nightly = tiny_etl.inner:run
counted = tiny_etl:count
"""
WHEEL = "dbfs:/wheels/tiny_etl-1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("wheels")) as shop:
        wheel = shop.place.mounts.resolve(WHEEL)
        wheel.parent.mkdir(parents=True)
        build_wheel(wheel)
        yield shop


def build_wheel(path: Path) -> None:
    """Write a wheel by hand."""
    files = {
        "tiny_etl/__init__.py": MODULE,
        "tiny_etl/inner.py": INNER,
        "tiny_etl-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny-etl\nVersion: 1.0\n",
        "tiny_etl-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_etl-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
    }
    digest = {
        name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for name, text in files.items()
    }
    record = "".join(f"{name},sha256={digest[name]},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr("tiny_etl-1.0.dist-info/RECORD", record)


def spec(entry_point: str, **more: Any) -> dict[str, Any]:
    return {
        "package_name": "tiny_etl",
        "entry_point": entry_point,
        "packages": [WHEEL],
        "package_options": ["--no-index"],
        **more,
    }


def last_line(shop: Workshop, attempt_id: int) -> str:
    return shop.yard.read(attempt_id).splitlines()[-1]


def test_a_command_of_the_package_runs_with_its_parameters(shop: Workshop) -> None:
    end = shop.run(1, "python_wheel", **spec("start-etl", parameters=["a", "--b"]))

    assert end.exit_code == 0, end.message
    assert last_line(shop, 1) == "main ['a', '--b']"


def test_named_parameters_become_options(shop: Workshop) -> None:
    shop.run(2, "python_wheel", **spec("start-etl", named_parameters={"day": "2024-01-01", "name": "a b"}))

    assert last_line(shop, 2) == "main ['--day=2024-01-01', '--name=a b']"


@pytest.mark.parametrize(
    ("attempt_id", "entry_point"),
    [(3, "nightly"), (4, "inner.run"), (5, "tiny_etl.inner.run"), (6, "tiny_etl.inner:run")],
)
def test_a_function_is_found_by_each_of_its_names(shop: Workshop, attempt_id: int, entry_point: str) -> None:
    end = shop.run(attempt_id, "python_wheel", **spec(entry_point, parameters=["x"]))

    assert end.exit_code == 0, end.message
    assert last_line(shop, attempt_id) == "inner ['tiny_etl', 'x']"


def test_a_wheel_may_be_named_with_extras(shop: Workshop) -> None:
    end = shop.run(15, "python_wheel", **spec("start-etl", packages=[f"{WHEEL}[more]"]))

    assert end.exit_code == 0, end.message
    assert last_line(shop, 15) == "main []"


def test_exceptions_and_exit_codes_are_those_of_the_code(shop: Workshop) -> None:
    failed = shop.run(7, "python_wheel", **spec("fail"))
    left = shop.run(8, "python_wheel", **spec("leave"))

    assert (failed.exit_code, failed.message) == (1, "ValueError: no such customer")
    assert failed.trace
    assert 'tiny_etl/__init__.py", line 8, in fail' in failed.trace
    assert (left.exit_code, left.message) == (3, "Command failed with exit code 3")


def test_what_a_function_returns_is_an_exit_code_only_for_a_command(shop: Workshop) -> None:
    command = shop.run(9, "python_wheel", **spec("count"))
    job = shop.run(10, "python_wheel", **spec("counted"))

    assert (command.exit_code, job.exit_code) == (7, 0)


def test_a_missing_entry_point_fails_and_lists_those_there_are(shop: Workshop) -> None:
    end = shop.run(11, "python_wheel", **spec("strat-etl"))

    assert end.exit_code == 1
    assert end.message == (
        "The package 'tiny_etl' has no entry point 'strat-etl', and there is no function tiny_etl.strat-etl. Entry "
        "points of the package: start-etl (console_scripts), count (console_scripts), nightly (tiny.jobs), "
        "counted (tiny.jobs)."
    )


def test_a_package_that_is_not_installed_is_named(shop: Workshop) -> None:
    end = shop.run(12, "python_wheel", package_name="absent-etl", entry_point="main")

    assert end.message == (
        "The package 'absent-etl' has no entry point 'main', and there is no function absent-etl.main. Entry points "
        "of the package: none. No package 'absent-etl' is installed; name its wheel among the libraries of the task."
    )


def test_a_module_without_a_distribution_will_do(shop: Workshop) -> None:
    file = shop.write("/Workspace/loose.py", "def go():\n    print('loose')\n")
    end = shop.run(13, "python_wheel", package_name="loose", entry_point="go", python_files=[str(file)])

    assert end.exit_code == 0, end.message
    assert last_line(shop, 13) == "loose"


def test_the_context_is_told_and_values_for_later_tasks_are_taken(shop: Workshop) -> None:
    shop.write(
        "/Workspace/values.py",
        "import json, os, pathlib\n"
        "def go():\n"
        "    folder = pathlib.Path(os.environ['RUNYARD_ATTEMPT_FOLDER'])\n"
        "    context = json.loads((folder / 'context.json').read_text())\n"
        "    (folder / 'output.json').write_text(json.dumps({'values': {'n': context['parameters']['n']}}))\n",
    )
    module = "/Workspace/values.py"
    context = {"parameters": {"n": "4"}}
    end = shop.run(14, "python_wheel", package_name="values", entry_point="go", python_files=[module], context=context)

    assert end.output == {"values": {"n": "4"}}, end.message
