"""Python scripts as their processes run them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from executing import Workshop, running_workshop

SCRIPT = """
import sys
import beside
from package.inner import WORD
print(beside.NUMBER, WORD, open("notes.txt").read(), sys.argv[1:], __name__)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("scripts")) as shop:
        shop.write("/Workspace/project/main.py", SCRIPT)
        shop.write("/Workspace/project/beside.py", "NUMBER = 7\n")
        shop.write("/Workspace/project/package/inner.py", "WORD = 'inner'\n")
        shop.write("/Workspace/project/notes.txt", "noted")
        yield shop


def test_a_script_in_its_place_has_what_lies_beside_it(shop: Workshop) -> None:
    end = shop.run(1, "python_script", script="/Workspace/project/main.py", in_place=True, arguments=["a"])

    assert end.exit_code == 0, end.message
    assert shop.yard.read(1) == "7 inner noted ['a'] __main__\n"
    assert not list((shop.home / "workspace").rglob("__pycache__"))


def test_it_has_it_with_packages_of_its_own_too(shop: Workshop) -> None:
    end = shop.run(
        2,
        "python_script",
        script="/Workspace/project/main.py",
        in_place=True,
        packages=["pip"],
        package_options=["--no-index", "--no-deps"],
    )

    assert "7 inner noted [] __main__" in shop.yard.read(2), end.message


def test_any_other_script_runs_in_a_folder_of_its_own(shop: Workshop) -> None:
    end = shop.run(3, "python_script", script="/Workspace/project/main.py")

    assert end.message == "ModuleNotFoundError: No module named 'beside'"
