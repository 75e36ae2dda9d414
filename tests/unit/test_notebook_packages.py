"""`%pip` and a new interpreter in the middle of a notebook."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from executing import Workshop, running_workshop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("notebooks")) as shop:
        yield shop


def build_wheel(folder: Path, word: str) -> Path:
    """Write the smallest wheel that pip takes: a module with one word in it."""
    files = {
        "tinyword.py": f"WORD = {word!r}\n",
        "tinyword-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinyword\nVersion: 1.0\n",
        "tinyword-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / "tinyword-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        record = ""
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(text)}\n"
            wheel.writestr(name, text)
        wheel.writestr("tinyword-1.0.dist-info/RECORD", record)
    return path


def run(shop: Workshop, attempt_id: int, *cells: str, **spec: Any) -> Any:
    text = "# Databricks notebook source\n" + "\n# COMMAND ----------\n".join(cells)
    shop.write(f"/Workspace/n{attempt_id}.py", text)
    return shop.run(attempt_id, "notebook", path=f"/Workspace/n{attempt_id}", **spec)


def shown(shop: Workshop, attempt_id: int) -> list[list[Any]]:
    return [[one["data"] for one in cell["results"]] for cell in shop.told(attempt_id, "notebook.json")["cells"]]


def test_an_installed_package_can_be_imported_by_the_next_cell_and_by_the_shell(shop: Workshop, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "pip")
    end = run(
        shop,
        1,
        f"# MAGIC %pip install --no-index {wheel}",
        "import tinyword\ntinyword.WORD",
        "# MAGIC %sh python -c 'import tinyword; print(tinyword.WORD)'",
    )

    assert end.message is None
    assert shown(shop, 1)[1:] == [["'pip'"], ["pip\n"]]
    assert "you may need to restart" in shop.yard.read(1)
    assert not (shop.home / "environments").exists()


def test_a_package_that_cannot_be_had_fails_the_cell(shop: Workshop) -> None:
    end = run(shop, 2, "# MAGIC %pip install --no-index no-such-package-here", "print('never')")

    assert end.exit_code == 1
    assert "pip install --no-index no-such-package-here ended with status 1" in end.message
    assert "No matching distribution found" in shop.yard.read(2)


def test_a_file_beside_the_notebook_does_not_stand_in_for_pip(shop: Workshop) -> None:
    shop.write("/Workspace/beside/pip.py", "print('not pip')")
    shop.write("/Workspace/beside/n.py", "# Databricks notebook source\n# MAGIC %pip install --no-index none-such")
    end = shop.run(20, "notebook", path="/Workspace/beside/n")

    assert end.exit_code == 1
    assert "No matching distribution found" in shop.yard.read(20)


def test_a_new_interpreter_goes_on_with_the_next_cell(shop: Workshop, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "again")
    end = run(
        shop,
        3,
        "import os\nx = 1\ndbutils.jobs.taskValues.set('pid', os.getpid())\ndbutils.widgets.text('w', 'kept')",
        f"%pip install --no-index {wheel}\ndbutils.library.restartPython()\nprint('never')",
        "import os, tinyword\n('x' in globals(), tinyword.WORD, dbutils.widgets.get('w'), dbutils.widgets.get('p'))",
        "dbutils.jobs.taskValues.set('after', os.getpid())\ndbutils.notebook.exit('done')",
        parameters={"p": "given"},
    )

    assert (end.exit_code, end.message) == (0, None)
    assert shown(shop, 3)[2] == ["(False, 'again', 'kept', 'given')"]
    assert end.output["result"] == "done"
    assert end.output["values"]["pid"] == end.output["values"]["after"]
    states = [cell["state"] for cell in shop.told(3, "notebook.json")["cells"]]
    assert states == ["finished"] * 4
    assert "never" not in shop.yard.read(3)


def test_a_failure_after_a_new_interpreter_is_told_as_any_other(shop: Workshop) -> None:
    end = run(shop, 4, "print('before')", "%restart_python", "print('after')\nx", "print('never')")

    assert (end.exit_code, end.message) == (1, "NameError: name 'x' is not defined")
    assert end.trace == (
        'Traceback (most recent call last):\n  File "<cell 3>", line 2, in <module>\n    x\n'
        "NameError: name 'x' is not defined\n"
    )
    assert shop.yard.read(4) == "before\nafter\n"


def test_packages_of_the_task_are_there_from_the_first_cell(shop: Workshop, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "task")
    spec = {"packages": [str(wheel)], "package_options": ["--no-index"]}
    end = run(shop, 5, "import tinyword\ntinyword.WORD", "# MAGIC %sql SELECT 7 AS n", **spec)

    assert end.message is None
    assert shown(shop, 5) == [["'task'"], [[[7]]]]
